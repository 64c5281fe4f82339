"""Local alignment of proteins: the kernels do what their slow oracles do, and what Biopython does."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from Bio import Align
from Bio.Align import substitution_matrices
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nlsearch.kernels import native
from nlsearch.kernels import residues as kernels
from nlsearch.kernels.residueoracles import align_reference, ungapped_reference
from nlsearch.kernels.residues import (
    LETTERS,
    align_residues,
    local_places,
    smith_waterman,
    ungapped_scores,
)

LAYOUT = {"offset": 12, "length_at": 5}
FEW = st.lists(st.sampled_from([0, 1, 4, 17, 26]), max_size=24).map(bytes)
ANY = st.lists(st.integers(0, 26), max_size=40).map(bytes)
FOREIGN = st.lists(st.sampled_from([0, 1, 4, 17, 27, 255]), max_size=24).map(bytes)
SCORES = st.lists(st.integers(-9, 11), min_size=27 * 27, max_size=27 * 27)
COSTS = st.sampled_from([(11, 1), (0, 1), (3, 2), (1, 1), (14, 2)])


@cache
def blosum62() -> NDArray[np.int8]:
    matrix = np.full((27, 27), -1, np.int8)
    matrix[:24, :24] = np.array(substitution_matrices.load("BLOSUM62")).astype(np.int8)
    return matrix


def record(codes: bytes) -> bytes:
    return b"head " + struct.pack("<I", len(codes)) + b"..." + codes + b"behind"


def related(draw: Callable[..., bytes], query: bytes) -> bytes:
    """A target that shares pieces with the query, so that gaps pay."""
    cut = draw(st.integers(0, len(query)))
    return draw(FEW)[:6] + query[:cut] + draw(FEW)[:4] + query[cut + draw(st.integers(0, 3)) :] + draw(FEW)[:6]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_kernels_agree_with_their_oracles(data: st.DataObject) -> None:
    query = data.draw(FEW | ANY)
    targets = data.draw(st.lists(FEW | ANY | FOREIGN, max_size=20))
    targets += [related(data.draw, query) for _ in range(data.draw(st.integers(0, 3)))]
    matrix = np.array(data.draw(SCORES), np.int8).reshape(27, 27) if data.draw(st.booleans()) else blosum62()
    opened, extended = data.draw(COSTS)
    cap = data.draw(st.sampled_from([20, 90]))
    records = [record(target) for target in targets]
    costs = {"gap_open": opened, "gap_extend": extended}
    ungapped = ungapped_scores(matrix, query, records, **LAYOUT, cap=cap)
    assert ungapped.tolist() == [ungapped_reference(matrix, query, target, cap) for target in targets]
    expected = [align_reference(matrix, query, target, opened, extended) for target in targets]
    scores = smith_waterman(matrix, query, records, **LAYOUT, **costs)
    assert scores.tolist() == [one.score for one in expected]
    assert (ungapped <= np.minimum(scores, cap)).all()
    assert [align_residues(matrix, query, target, **costs) for target in targets] == expected
    for times in (1, 4):  # few are placed one by one, more of them beside each other
        places = local_places(matrix, query, records * times, np.tile(scores, times), **LAYOUT, **costs)
        wanted = [(one.q_start, one.q_end, one.t_end, one.matches, one.columns) for one in expected]
        assert places.tolist() == wanted * times


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_an_alignment_is_worth_its_score(data: st.DataObject) -> None:
    query = data.draw(ANY)
    target = related(data.draw, query)
    found = align_residues(blosum62(), query, target)
    worth, q, t = 0, found.q_start, found.t_start
    for length, operation in found.runs:
        if operation in "=X":
            pairs = list(zip(query[q : q + length], target[t : t + length], strict=True))
            assert all((a == b) == (operation == "=") for a, b in pairs)
            worth += sum(int(blosum62()[pair]) for pair in pairs)
        else:
            worth -= 11 + length
        q += length if operation != "D" else 0
        t += length if operation != "I" else 0
    assert (worth, q, t) == (found.score, found.q_end, found.t_end)
    assert found.score >= 0


@cache
def aligner() -> Align.PairwiseAligner:
    made = Align.PairwiseAligner(mode="local")
    made.substitution_matrix = substitution_matrices.load("BLOSUM62")
    made.open_gap_score, made.extend_gap_score = -12, -1
    return made


def proteins(count: int, seed: int) -> list[bytes]:
    """Random proteins in families of related ones."""
    rng = np.random.default_rng(seed)
    made: list[bytes] = []
    for length in rng.integers(5, 400, count).tolist():
        parent = np.frombuffer(made[-1], np.uint8) if made and rng.random() < 0.6 else rng.integers(0, 20, length)
        kept = parent[rng.random(len(parent)) > 0.02]
        changed = np.where(rng.random(len(kept)) < 0.4, rng.integers(0, 20, len(kept)), kept)
        made.append(changed.astype(np.uint8).tobytes())
    return made


def test_scores_are_those_of_biopython() -> None:
    targets = proteins(60, 1)
    records = [record(target) for target in targets]
    for query in targets[::6]:
        written = "".join(LETTERS[code] for code in query)
        expected = [aligner().score(written, "".join(LETTERS[c] for c in target)) for target in targets]
        assert smith_waterman(blosum62(), query, records, **LAYOUT).tolist() == expected
        assert align_residues(blosum62(), query, targets[0]).score == expected[0]


def test_many_targets_of_all_lengths_are_scored_as_one_by_one() -> None:
    targets = [b"", *proteins(300, 2), b"\x07" * 3000, b""]
    records = [memoryview(record(target)) for target in targets]
    query = targets[5]
    scores = smith_waterman(blosum62(), query, records, **LAYOUT)
    found = [align_residues(blosum62(), query, target) for target in targets]
    assert scores.tolist() == [one.score for one in found]
    places = local_places(blosum62(), query, records, scores, **LAYOUT)
    assert places.tolist() == [(one.q_start, one.q_end, one.t_end, one.matches, one.columns) for one in found]


def test_scores_beyond_16_bits_and_tables_beyond_memory() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 20, 9_000).astype(np.uint8)
    query = codes.tobytes()
    target = query[:5000] + query[5040:]
    own = int(blosum62()[codes, codes].sum(dtype=np.int64))
    lost = int(blosum62()[codes[5000:5040], codes[5000:5040]].sum(dtype=np.int64))
    assert own > 2**15
    records = [record(query), record(target), record(query[:50])]
    scores = smith_waterman(blosum62(), query, records, **LAYOUT)
    assert scores[0] == own
    assert scores[1] >= own - lost - 11 - 40
    found = align_residues(blosum62(), query, target)
    assert found.score == scores[1]
    assert sum(length for length, op in found.runs if op == "I") == 40
    assert (found.q_start, found.q_end, found.t_start, found.t_end) == (0, 9000, 0, 8960)
    places = local_places(blosum62(), query, records * 2, np.tile(scores, 2), **LAYOUT)
    assert places.tolist() == [(0, 9000, 9000, 9000, 9000), (0, 9000, 8960, 8960, 9000), (0, 50, 50, 50, 50)] * 2


def test_without_the_extension_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = [target[:30] for target in proteins(12, 4)]
    records = [record(target) for target in targets]
    query = targets[3]

    def answers() -> list[object]:
        scores = smith_waterman(blosum62(), query, records, **LAYOUT)
        places = local_places(blosum62(), query, records, scores, **LAYOUT)
        ungapped = ungapped_scores(blosum62(), query, records, **LAYOUT)
        return [scores.tolist(), places.tolist(), ungapped.tolist(), align_residues(blosum62(), query, targets[0])]

    fast = answers()
    monkeypatch.setattr(native, "compiled", None)
    assert answers() == fast


@pytest.mark.parametrize("without", [False, True])
def test_what_is_wrong_is_refused(without: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if without:
        monkeypatch.setattr(native, "compiled", None)
    good = record(b"\1\2\3")
    for bad in (b"", good[:8], good[:14], b"head " + struct.pack("<I", 2**31) + b"..." + bytes(40)):
        with pytest.raises(ValueError, match="not a record"):
            ungapped_scores(blosum62(), b"\1", [good, bad], **LAYOUT)
        with pytest.raises(ValueError, match="not a record"):
            smith_waterman(blosum62(), b"\1", [good, bad], **LAYOUT)
    with pytest.raises(ValueError, match="no code"):
        align_residues(blosum62(), b"\x1b", b"\1")
    with pytest.raises(ValueError, match="27 rows"):
        align_residues(blosum62().astype(np.int16), b"\1", b"\1")
    with pytest.raises(ValueError, match="exceed"):
        ungapped_scores(blosum62(), b"\1", [good], **LAYOUT, cap=120)
    with pytest.raises(ValueError, match="costs"):
        align_residues(blosum62(), b"\1", b"\1", gap_extend=0)


def test_nothing_against_nothing() -> None:
    for query, target in ((b"", b""), (b"", b"\1\2"), (b"\1\2", b"")):
        assert align_residues(blosum62(), query, target) == (0, 0, 0, 0, 0, [])
        assert ungapped_scores(blosum62(), query, [record(target)], **LAYOUT).tolist() == [0]
        assert smith_waterman(blosum62(), query, [record(target)], **LAYOUT).tolist() == [0]
        assert local_places(blosum62(), query, [record(target)], np.zeros(1, np.int32), **LAYOUT)["q_end"].tolist() == [
            0
        ]
    assert kernels.ungapped_scores(blosum62(), b"\1", [], **LAYOUT).tolist() == []
