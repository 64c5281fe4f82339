"""Local alignments of nucleotides: the kernels do what their oracles do, and what Smith-Waterman would."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch import kernels
from nlsearch.handlers.nucleotide.payload import encode
from nlsearch.handlers.sequences.bases import ALLOWED, LETTERS
from nlsearch.handlers.sequences.packed import Packer
from nlsearch.handlers.sequences.records import Place
from nlsearch.kernels.hsporacles import find_hsps_reference, trace_hsp_reference
from nlsearch.kernels.hsps import HSP, Scheme, find_hsps, trace_hsp
from nlsearch.model import Anchors

SEEDS = st.integers(0, 2**32 - 1)
LEAST = Scheme(cutoff=1, trigger=1)
needs_native = pytest.mark.skipif(not kernels.NATIVE, reason="the compiled kernels are not there")


# ------------------------------------------------------------------------------------------------------ made-up input
def payload_of(codes: np.ndarray, places: int = 0) -> bytes:
    packer = Packer()
    packer.add(bytes(ord(LETTERS[code]) for code in codes))
    named = [Place(n, n + 5, f"place {n}") for n in range(places)]
    return encode(packer.finish(), "made up", named, record=["one"] * (places % 3))


def random_letters(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, 4, n).astype(np.uint8)


def turned(codes: np.ndarray) -> np.ndarray:
    return np.where(codes[::-1] > 3, codes[::-1], 3 - codes[::-1]).astype(np.uint8)


def mutated(rng: np.random.Generator, codes: np.ndarray, rate: float, gap: int = 4) -> np.ndarray:
    """Change a share of the letters: three in five become another, the others begin or end a gap of up to `gap`."""
    out: list[int] = []
    skip = 0
    for code in codes.tolist():
        skip, left_out = max(skip - 1, 0), skip > 0
        if left_out:
            continue
        chance = rng.random()
        if chance < 0.6 * rate:
            out.append((code + int(rng.integers(1, 4))) % 4)
        elif chance < 0.8 * rate:
            skip = int(rng.integers(0, gap))
        else:
            out += [code, *(rng.integers(0, 4, rng.integers(1, gap + 1)).tolist() if chance < rate else [])]
    return np.array(out, np.uint8)


def ambiguous(rng: np.random.Generator, codes: np.ndarray, runs: int) -> np.ndarray:
    codes = codes.copy()
    for _ in range(runs if len(codes) else 0):
        start = int(rng.integers(len(codes)))
        codes[start : start + int(rng.integers(1, 12))] = rng.integers(4, 15)
    return codes


def filled(rng: np.random.Generator, query: np.ndarray) -> np.ndarray:
    """Put letters that are allowed, most of them definite, for the ambiguous ones of a query."""
    out = query.copy()
    for at in np.flatnonzero(query > 3).tolist():
        out[at] = rng.choice(np.flatnonzero(ALLOWED[query[at]])[: int(rng.integers(1, 5))])
    return out


def random_query(rng: np.random.Generator) -> np.ndarray:
    unit = random_letters(rng, int(rng.integers(1, 120)))
    repeats = int(rng.integers(2, 5)) if rng.random() < 0.3 else 1
    query = np.concatenate([mutated(rng, unit, 0.05) if n else unit for n in range(repeats)])
    return ambiguous(rng, query, int(rng.integers(1, 3))) if rng.random() < 0.3 else query


def random_target(rng: np.random.Generator, query: np.ndarray) -> np.ndarray:
    parts = [random_letters(rng, int(rng.choice([0, 0, 1, 7, 60])))]
    for _ in range(int(rng.integers(0, 4))):
        copy = filled(rng, query)
        if rng.random() < 0.7:
            copy = mutated(rng, copy & 3, float(rng.choice([0.02, 0.1, 0.2])))
        if rng.random() < 0.3:
            copy = copy[: int(rng.integers(len(copy) + 1))]
        parts += [turned(copy) if rng.random() < 0.4 else copy, random_letters(rng, int(rng.choice([0, 1, 20, 60])))]
    target = np.concatenate(parts)
    return ambiguous(rng, target, int(rng.integers(0, 3))) if rng.random() < 0.4 else target


def shared_seeds(query: np.ndarray, target: np.ndarray, seed: int) -> list[tuple[int, int, int]]:
    """Return strand, position in the given query and in the target of all words in both."""
    words: dict[bytes, list[int]] = {}
    for at in range(len(target) - seed + 1):
        words.setdefault((target[at : at + seed] & 3).tobytes(), []).append(at)
    found = []
    for strand, codes in enumerate((query, turned(query))):
        for at in range(len(query) - seed + 1):
            given_at = len(query) - seed - at if strand else at
            found += [(strand, given_at, t) for t in words.get((codes[at : at + seed] & 3).tobytes(), [])]
    return sorted(found, key=lambda one: (one[0], one[2] - one[1] if not one[0] else one[2] + one[1]))


def anchors_of(items: list[list[tuple[int, int, int]]]) -> Anchors:
    rows = [(item, *anchor) for item, anchors in enumerate(items) for anchor in anchors]
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    return Anchors(*(column.astype(d) for column, d in zip(columns, ("u4", "u1", "u4", "i8"), strict=True)))


def as_indexed(rng: np.random.Generator, anchors: list[tuple[int, int, int]], query: int) -> list[tuple[int, int, int]]:
    """Round as the index does, whose axis has the item at any place; leave some out, and put in some for nothing."""
    place = int(rng.integers(8))
    kept = [one for one in anchors if rng.random() < 0.8]
    rounded = [(strand, q, (t + place) // 8 * 8 - place) for strand, q, t in kept]
    nothing = range(3 if query > 0 else 0)
    return rounded + [(int(rng.integers(2)), int(rng.integers(query)), int(rng.integers(-7, 900))) for _ in nothing]


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    return Scheme(
        *draw(st.sampled_from([(2, -3, 5, 2), (1, -2, 0, 1), (5, -4, 8, 6), (1, -1, 3, 1), (100, -100, 250, 90)])),
        seed=draw(st.sampled_from([1, 4, 7, 8, 11, 15])),
        ungapped_drop=draw(st.sampled_from([-1, 0, 6, 22])),
        trigger=draw(st.sampled_from([1, 12, 20, 32])),
        drop=draw(st.sampled_from([0, 10, 33])),
        last_drop=draw(st.sampled_from([0, 33, 110])),
        cutoff=draw(st.sampled_from([1, 20, 50])),
        most=draw(st.sampled_from([1, 3, 1000])),
    )


# ------------------------------------------------------------------------------------------------ as their oracles do
@needs_native
@settings(max_examples=120, deadline=None)
@given(seed=SEEDS, scheme=schemes(), exact=st.booleans())
def test_alignments_are_those_of_the_oracle(seed: int, scheme: Scheme, exact: bool) -> None:
    rng = np.random.default_rng(seed)
    query = random_query(rng)
    targets = [random_target(rng, query) for _ in range(int(rng.integers(1, 4)))]
    shared = [shared_seeds(query, target, scheme.seed) for target in targets]
    shared = [[one[at] for at in sorted(rng.choice(len(one), min(len(one), 60), replace=False))] for one in shared]
    if not exact:
        shared = [as_indexed(rng, one, len(query) - scheme.seed + 1) for one in shared]
    payloads: list[bytes | memoryview] = [payload_of(target, n) for n, target in enumerate(targets)]
    found = find_hsps(scheme, query.tobytes(), payloads, anchors_of(shared))
    assert found.dtype == HSP
    assert found.tolist() == find_hsps_reference(scheme, query.tobytes(), payloads, anchors_of(shared)).tolist()
    for hsp in found[:3]:
        at = (int(hsp["q_at"]), int(hsp["t_at"]))
        asked = (scheme, query.tobytes(), payloads[hsp["item"]], int(hsp["strand"]), at)
        assert trace_hsp(*asked) == trace_hsp_reference(*asked)


@needs_native
@settings(max_examples=120, deadline=None)
@given(seed=SEEDS, scheme=schemes(), strand=st.integers(0, 1))
def test_an_alignment_through_any_pair_is_that_of_the_oracle(seed: int, scheme: Scheme, strand: int) -> None:
    rng = np.random.default_rng(seed)
    query = random_query(rng)
    target = random_target(rng, query)
    inside = (int(rng.integers(len(query) + 1)), int(rng.integers(len(target) + 1)))
    for at in {inside, (0, 0), (len(query), len(target)), (0, len(target)), (len(query), 0)}:
        asked = (scheme, query.tobytes(), payload_of(target), strand, at)
        assert trace_hsp(*asked) == trace_hsp_reference(*asked)


@needs_native
@pytest.mark.parametrize("gap", [0, 12, 15, 16, 17, 40])
@pytest.mark.parametrize("longer", ["query", "target"])
def test_long_alignments_are_those_of_the_oracle(gap: int, longer: str) -> None:
    """Several windows, and scores over what 16 bits hold."""
    rng = np.random.default_rng(gap)
    query = random_letters(rng, 5000)
    target = mutated(rng, query, 0.02)
    extra = random_letters(rng, gap)
    if longer == "query":
        query = np.insert(query, 2500, extra)
    else:
        target = np.insert(target, 2500, extra)
    scheme = replace(Scheme(), match=9, mismatch=-9, gap_open=20, gap_extend=3, last_drop=400)
    asked = (scheme, query.tobytes(), payload_of(target), 0, (1000, 1000))
    found = trace_hsp(*asked)
    assert found == trace_hsp_reference(*asked)
    assert found[4] > 2**14


WITHOUT = """
import sys
import numpy as np
from nlsearch import kernels
from nlsearch.model import Anchors
assert not kernels.NATIVE
query, payload = map(bytes.fromhex, sys.argv[1:])
anchors = Anchors(np.zeros(1, "u4"), np.zeros(1, "u1"), np.full(1, 10, "u4"), np.full(1, 8))
found = kernels.find_hsps(kernels.Scheme(), query, [payload], anchors)
print(found.tolist(), kernels.trace_hsp(kernels.Scheme(), query, payload, 0, (10, 10)))
"""


def test_everything_works_without_the_extension() -> None:
    query = random_letters(np.random.default_rng(2), 60)
    payload = payload_of(np.delete(query, [40, 41]))
    anchors = anchors_of([[(0, 10, 8)]])
    found, traced = find_hsps(Scheme(), query.tobytes(), [payload], anchors), (Scheme(), query.tobytes(), payload, 0)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT, query.tobytes().hex(), payload.hex()],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"NLSEARCH_NO_NATIVE": "1"},
    )
    assert found["score"].tolist() == [2 * 58 - 5 - 4]
    assert done.stdout.strip() == f"{found.tolist()} {trace_hsp(*traced, (10, 10))}"


# --------------------------------------------------------------------------------------------- what an alignment says
def replay(columns: bytes, query: bytes, target: bytes, scheme: Scheme) -> int:
    """Score columns, and see that they say of each letter what is so."""
    score = q = t = 0
    last = 0
    for column in columns:
        if column in b"=X":
            equal = query[q] == target[t] and query[q] < 4
            assert equal == (column == ord("="))
            score += scheme.match if equal else scheme.mismatch
        else:
            score -= scheme.gap_extend + (scheme.gap_open if column != last else 0)
        q, t, last = q + (column != ord("D")), t + (column != ord("I")), column
    assert (q, t) == (len(query), len(target))
    return score


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, scheme=schemes())
def test_columns_say_what_is_so_and_add_up(seed: int, scheme: Scheme) -> None:
    rng = np.random.default_rng(seed)
    query = random_query(rng)
    targets = [random_target(rng, query) for _ in range(2)]
    shared = [shared_seeds(query, target, scheme.seed)[:60] for target in targets]
    payloads: list[bytes | memoryview] = [payload_of(target) for target in targets]
    for hsp in find_hsps(scheme, query.tobytes(), payloads, anchors_of(shared))[:5]:
        strand, target = int(hsp["strand"]), targets[hsp["item"]]
        codes = turned(query) if strand else query
        at = (int(hsp["q_at"]), int(hsp["t_at"]))
        *ends, score, columns = trace_hsp(scheme, query.tobytes(), payloads[hsp["item"]], strand, at)
        stretch = (codes[ends[0] : ends[1]].tobytes(), target[ends[2] : ends[3]].tobytes())
        assert replay(columns, *stretch, scheme) == score
        if hsp["whole"] and max(query) > 3:  # then each letter allows the target's, which the columns do not say
            copy = target[hsp["t_start"] : hsp["t_end"]]
            assert len(copy) == len(query)
            assert ALLOWED[codes, copy].all()
            continue
        assert ends == [hsp["q_start"], hsp["q_end"], hsp["t_start"], hsp["t_end"]]
        said = (hsp["score"], hsp["matches"], hsp["columns"])
        assert said == (score, columns.count(b"="), len(columns))
        assert bool(hsp["whole"]) == (columns == b"=" * len(query))
        assert score >= scheme.cutoff or hsp["whole"]


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_no_alignment_is_kept_that_a_better_one_stands_for(seed: int) -> None:
    rng = np.random.default_rng(seed)
    query = np.tile(random_letters(rng, 40), 3)
    target = np.concatenate([mutated(rng, np.tile(query, 2), 0.08), turned(mutated(rng, query, 0.08))])
    anchors = anchors_of([shared_seeds(query, target, 11)])
    found = find_hsps(replace(LEAST, seed=11, cutoff=20), query.tobytes(), [payload_of(target)], anchors)
    for n, one in enumerate(found):
        for other in found[:n]:
            if one["strand"] == other["strand"]:
                assert other["score"] >= one["score"] or other["whole"]
                starts = [int(hsp["t_start"]) for hsp in (one, other)] + [int(hsp["q_start"]) for hsp in (one, other)]
                ends = [int(hsp["t_end"]) for hsp in (one, other)] + [int(hsp["q_end"]) for hsp in (one, other)]
                inside = all(starts[k] >= starts[k + 1] and ends[k] <= ends[k + 1] for k in (0, 2))
                assert not inside
                assert (starts[0], starts[2]) != (starts[1], starts[3])
                assert (ends[0], ends[2]) != (ends[1], ends[3])


def test_scores_are_those_of_smith_waterman() -> None:
    """Up to 15 % of differences, with short gaps: nearly always the best score there is, and never more."""
    align = pytest.importorskip("Bio.Align")
    aligner = align.PairwiseAligner(mode="local", match_score=2, mismatch_score=-3)
    aligner.open_gap_score, aligner.extend_gap_score = -7, -2  # of the first letter of a gap, and of each other
    rng = np.random.default_rng(11)
    best = 0
    rates = np.tile([0.02, 0.05, 0.1, 0.15], 50)
    for rate in rates.tolist():
        query = random_letters(rng, int(rng.integers(100, 400)))
        other = mutated(rng, query, rate)
        target = np.concatenate([random_letters(rng, 80), other, random_letters(rng, 80)])
        expected = aligner.score(*("".join(LETTERS[code] for code in codes) for codes in (query, target)))
        anchors = anchors_of([[one for one in shared_seeds(query, target, 11) if one[0] == 0]])
        found = find_hsps(LEAST, query.tobytes(), [payload_of(target)], anchors)
        score = int(found["score"].max(initial=0))
        assert score <= expected
        best += score == expected
    assert best >= 0.95 * len(rates)


# ------------------------------------------------------------------------------------------------------ known answers
@pytest.mark.parametrize("strand", [0, 1])
def test_a_whole_copy_is_kept_whatever_it_scores(strand: int) -> None:
    rng = np.random.default_rng(4)
    query = random_letters(rng, 12)
    target = np.concatenate([random_letters(rng, 50), turned(query) if strand else query, random_letters(rng, 50)])
    scheme = Scheme(trigger=24, cutoff=1000)
    found = find_hsps(scheme, query.tobytes(), [payload_of(target)], anchors_of([shared_seeds(query, target, 11)]))
    fields = ["q_start", "q_end", "t_start", "t_end", "strand", "score", "matches", "columns", "whole"]
    assert found[fields].tolist() == [(0, 12, 50, 62, strand, 24, 12, 12, 1)]


def test_a_copy_of_a_query_with_ambiguous_letters_is_whole() -> None:
    query = np.array([0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 3, LETTERS.index("R"), 2, 2, 1], np.uint8)
    purine, pyrimidine = query.copy(), query.copy()
    purine[11], pyrimidine[11] = 2, 1
    target = np.concatenate([np.zeros(9, np.uint8), purine, pyrimidine])
    anchors = anchors_of([[(0, 0, 9), (0, 0, 24)]])
    found = find_hsps(Scheme(cutoff=1000), query.tobytes(), [payload_of(target)], anchors)
    fields = ["q_start", "q_end", "t_start", "t_end", "score", "matches", "whole"]
    assert found[fields].tolist() == [(0, 15, 9, 24, 28, 15, 1)]


def test_the_cutoff_itself_is_kept() -> None:
    query = random_letters(np.random.default_rng(3), 40)
    asked = (query.tobytes(), [payload_of(query[:30])], anchors_of([[(0, 8, 8)]]))
    assert find_hsps(Scheme(cutoff=60), *asked)["score"].tolist() == [60]
    assert len(find_hsps(Scheme(cutoff=61), *asked)) == 0


@pytest.mark.parametrize("letter", "NRYSW")
def test_ambiguous_letters_match_nothing_in_an_alignment(letter: str) -> None:
    """At both ends of the target, and on both sides of the pair."""
    query = random_letters(np.random.default_rng(3), 40)
    for stored in range(4):
        asked = query.copy()
        asked[[0, 19, 20, 39]] = stored
        target = asked.copy()
        target[[0, 19, 20, 39]] = LETTERS.index(letter)
        found = trace_hsp(Scheme(), asked.tobytes(), payload_of(target), 0, (20, 20))
        assert found == (1, 39, 1, 39, 2 * 36 - 3 * 2, b"=" * 18 + b"XX" + b"=" * 18)


def test_gaps_are_where_they_were_made() -> None:
    rng = np.random.default_rng(8)
    query = random_letters(rng, 200)
    target = np.concatenate([query[:60], query[66:130], 3 - query[130:131], query[131:160], [1, 1, 0], query[160:]])
    *ends, score, columns = trace_hsp(Scheme(), query.tobytes(), payload_of(target.astype(np.uint8)), 0, (100, 94))
    assert ends == [0, 200, 0, 197]
    assert [columns.count(op) for op in (b"=", b"X", b"I", b"D")] == [193, 1, 6, 3]
    assert score == 2 * 193 - 3 - (5 + 2 * 6) - (5 + 2 * 3)


def test_nothing_to_align_gives_nothing() -> None:
    none = anchors_of([])
    assert len(find_hsps(Scheme(), b"", [], none)) == 0
    assert len(find_hsps(Scheme(), b"\0" * 50, [payload_of(np.empty(0, np.uint8))], none)) == 0
    near_nothing = anchors_of([[(0, 0, -7), (0, 39, 0), (1, 39, 2**32 - 1)]])
    assert len(find_hsps(Scheme(), b"\0" * 50, [payload_of(np.empty(0, np.uint8))], near_nothing)) == 0
    assert trace_hsp(Scheme(), b"", payload_of(np.empty(0, np.uint8)), 0, (0, 0)) == (0, 0, 0, 0, 0, b"")
    assert trace_hsp(Scheme(), b"\0\1", payload_of(np.array([3, 3])), 1, (1, 1)) == (1, 2, 1, 2, 2, b"=")


# ------------------------------------------------------------------------------------------------------------- errors
FIND = [find_hsps, find_hsps_reference]
TRACE = [trace_hsp, trace_hsp_reference]


@pytest.mark.parametrize("find", FIND)
@pytest.mark.parametrize(
    "anchors",
    [
        [(0, 0, 40, 0)],
        [(0, 0, 0, -8)],
        [(0, 0, 0, 2**32)],
        [(0, 0, 0, 2**63 - 1)],
        [(1, 0, 0, 0)],
        [(1, 0, 0, 0), (0, 0, 0, 0)],
        [(2**32 - 1, 0, 0, 0)],
        [(0, 0, 2**32 - 1, 0)],
    ],
    ids=["query", "before", "behind", "far", "item", "order", "last item", "far in the query"],
)
def test_anchors_that_do_not_fit_are_refused(find, anchors: list[tuple[int, int, int, int]]) -> None:
    columns = np.array(anchors, np.int64).T
    given_anchors = Anchors(columns[0].astype("u4"), columns[1].astype("u1"), columns[2].astype("u4"), columns[3])
    with pytest.raises(ValueError, match="anchors"):
        find(Scheme(), bytes(50), [payload_of(np.zeros(60, np.uint8))], given_anchors)


@pytest.mark.parametrize("find", FIND)
def test_columns_of_different_lengths_are_refused(find) -> None:
    one, two = anchors_of([[(0, 0, 0)]]), anchors_of([[(0, 0, 0), (0, 1, 1)]])
    for name in ("items", "flags", "queries", "targets"):
        with pytest.raises(ValueError, match="anchors"):
            find(Scheme(), bytes(50), [payload_of(np.zeros(60, np.uint8))], replace(one, **{name: getattr(two, name)}))


@pytest.mark.parametrize("trace", TRACE)
@pytest.mark.parametrize("at", [(-1, 0), (0, -1), (51, 0), (0, 61)])
def test_pairs_outside_are_refused(trace, at: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="outside"):
        trace(Scheme(), bytes(50), payload_of(np.zeros(60, np.uint8)), 0, at)
    with pytest.raises(ValueError, match="outside"):
        trace(Scheme(), bytes(50), payload_of(np.zeros(60, np.uint8)), 2, (0, 0))


@pytest.mark.parametrize("find", FIND)
@pytest.mark.parametrize("trace", TRACE)
@pytest.mark.parametrize(
    "change",
    [
        {"match": 0},
        {"mismatch": 1},
        {"gap_open": -1},
        {"gap_extend": 0},
        {"seed": 0},
        {"seed": 16},
        {"most": 0},
        {"drop": -1},
        {"last_drop": 16_000},
        {"drop": 2**31 - 1},
        {"gap_extend": 600},
    ],
    ids=str,
)
def test_schemes_out_of_range_are_refused(find, trace, change: dict[str, int]) -> None:
    scheme, payload = replace(Scheme(), **change), payload_of(np.zeros(60, np.uint8))
    with pytest.raises(ValueError, match="scheme"):
        find(scheme, bytes(50), [payload], anchors_of([]))
    with pytest.raises(ValueError, match="scheme"):
        trace(scheme, bytes(50), payload, 0, (0, 0))


@pytest.mark.parametrize("find", FIND)
@pytest.mark.parametrize("trace", TRACE)
def test_queries_whose_score_has_no_room_are_refused(find, trace) -> None:
    scheme, query = replace(Scheme(), match=100, gap_extend=50), bytes(2**31 // 101 + 1)
    with pytest.raises(ValueError, match="too long"):
        trace(scheme, query, payload_of(np.zeros(60, np.uint8)), 0, (0, 0))
    with pytest.raises(ValueError, match="too long"):
        find(scheme, query, [], anchors_of([]))


@pytest.mark.parametrize("find", FIND)
@pytest.mark.parametrize("trace", TRACE)
def test_every_cut_of_a_payload_is_damage(find, trace) -> None:
    whole = payload_of(ambiguous(np.random.default_rng(1), np.zeros(90, np.uint8), 2), 2)
    for end in range(0, len(whole), 7):
        with pytest.raises(ValueError, match="payload"):
            find(Scheme(), bytes(50), [whole, memoryview(whole)[:end]], anchors_of([]))
        with pytest.raises(ValueError, match="payload"):
            trace(Scheme(), bytes(50), whole[:end], 0, (0, 0))


@needs_native
@settings(max_examples=200, deadline=None)
@given(seed=SEEDS, at=st.integers(5, 200), byte=st.integers(0, 255))
def test_a_damaged_payload_gives_an_answer_or_is_refused(seed: int, at: int, byte: int) -> None:
    rng = np.random.default_rng(seed)
    query = random_letters(rng, 60)
    target = ambiguous(rng, np.concatenate([query, random_letters(rng, 40), query]), 3)
    payload = bytearray(payload_of(target, 1))
    payload[min(at, len(payload) - 1)] = byte
    anchors = anchors_of([shared_seeds(query, target, 11)])
    try:
        found = find_hsps(Scheme(), query.tobytes(), [bytes(payload)], anchors)
    except ValueError:
        return
    assert (found["t_end"] <= 2**32).all()
