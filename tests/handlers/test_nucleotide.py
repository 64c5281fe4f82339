"""Searching nucleotides: completeness, both strands, alignments that can be replayed, and what is no match."""

from __future__ import annotations

import gzip
import io
import random
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch import wire
from nlsearch.errors import IndexDamaged, InputError, QuerySyntax, QueryTooCostly
from nlsearch.handlers.contract import Format
from nlsearch.handlers.nucleotide import NucleotideHandler
from nlsearch.handlers.nucleotide import compile as compiling
from nlsearch.handlers.nucleotide.align import parse_cigar
from nlsearch.handlers.nucleotide.payload import encode
from nlsearch.handlers.nucleotide.seeding import SURE_RUN, K, SeedList, disjoint_seeds, most_touched, untouched_seeds
from nlsearch.handlers.sequences.bases import ALLOWED, CODES, LETTERS, SETS, reverse_complement
from nlsearch.handlers.sequences.packed import packed_of
from nlsearch.handlers.sequences.records import Place
from nlsearch.limits import Limits
from nlsearch.model import AnyOf, Exact, Probe, RawItem, Region, SeedMatch, Verdict

HANDLER = NucleotideHandler()
HBB = "ATGGTGCATCTGACTCCTGAGGAGAAGTCTGCCGTTACTGCCCTGTGGGGCAAGGTGAACGTGGATGAAGTTGGTGGTGAGGCCCTGGGCAGG"
DNA = st.text("ACGT", min_size=60, max_size=220)
SEED = st.integers(0, 2**32)


def codes(text: str) -> bytes:
    return text.encode().translate(CODES)


def rc(text: str) -> str:
    return text[::-1].translate(str.maketrans("ACGTRYKMBVDH", "TGCAYRMKVBHD"))


def payload(text: str, places: list[Place] | None = None) -> bytes:
    return encode(packed_of(codes(text)), "target", places or [])


def probe_of(text: str, **options: str | float) -> Probe:
    return HANDLER.compile("dna", text, {"strand": "both", **options})


def find(query: str, target: str, **options: str | float) -> Verdict | None:
    return HANDLER.verify(probe_of(query, **options), payload(target))


def random_dna(length: int, seed: int = 0) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=length))


def mutated(text: str, rate: float, seed: int = 0) -> str:
    draw = random.Random(seed)
    return "".join(draw.choice("ACGT".replace(base, "")) if draw.random() < rate else base for base in text)


# ------------------------------------------------------------------------------- the seed question, by brute force
def seed_regions(ask: SeedMatch, target: str) -> list[Region]:
    """Return every place where `min_votes` of the query's seeds lie within `bin_width` diagonals."""
    seeds = SeedList.of(codes(target))
    asked: dict[int, list[tuple[int, int]]] = {}
    for number, (key, position) in enumerate(zip(ask.keys, ask.positions, strict=True)):
        asked.setdefault(key, []).append((position, number))
    found: list[tuple[int, int, int]] = []
    for word, position in zip(seeds.words.tolist(), seeds.positions.tolist(), strict=True):
        at = position >> 3 << 3
        for q, number in asked.get(word >> 1, ()):
            opposite = (word & 1) ^ ask.flags[number]
            found.append((opposite, at + q if opposite else at - q, number))
    regions = []
    for flag, diagonal, _ in found:
        votes = {n for f, d, n in found if f == flag and diagonal <= d < diagonal + ask.bin_width}
        if len(votes) >= ask.min_votes:
            low = diagonal - ask.bin_width - 8 - (ask.span if flag else 0)
            high = diagonal + 2 * ask.bin_width + 8 + ask.span
            regions.append(Region(max(0, low), min(len(target), high), flag, float(len(votes))))
    return sorted(regions, key=lambda region: -region.votes)[:101]


def candidate(probe: Probe, target: str) -> list[Region] | None:
    """Return the regions that the candidate stage gives, [] for everywhere, None if the record is no candidate."""
    if isinstance(probe.ask, Exact):
        assert probe.ask == Exact("feature", "record")
        return []
    assert isinstance(probe.ask, AnyOf)
    (ask,) = (part for part in probe.ask.parts if isinstance(part, SeedMatch))
    return seed_regions(ask, target) or None


def funnel(query: str, target: str, **options: str | float) -> Verdict | None:
    probe = probe_of(query, **options)
    regions = candidate(probe, target)
    return None if regions is None else HANDLER.verify(probe, payload(target), regions)


# ------------------------------------------------------------------------------------------------------------ letters
def test_a_letter_matches_what_lies_within_it() -> None:
    for q, query in enumerate(LETTERS):
        for t, target in enumerate(LETTERS):
            assert ALLOWED[q, t] == (SETS[q] | SETS[t] == SETS[q]), (query, target)
    assert not ALLOWED[LETTERS.index("A"), LETTERS.index("N")]
    assert ALLOWED[LETTERS.index("N")].all()


@pytest.mark.parametrize(
    ("query", "target", "start"),
    [
        ("GGWCC", "TTGGTCCTT", 2), ("GGWCC", "TTGGGCCTT", None), ("ACGTN", "AACGTGA", 1), ("ACGTNA", "AACGTNAA", 1),
        ("ACGTA", "AACGTNAA", None), ("RRRRYYYY", "TTAGAGCTCTTT", 2), ("ACGUACG", "TTACGTACGT", 2),
        ("acgtacg", "TTACGTACGT", 2), ("> q\nACGT\nACG", "TTACGTACGT", 2), ("1 ACGT ACG", "TTACGTACGT", 2),
    ],
)  # fmt: skip
def test_ambiguous_letters(query: str, target: str, start: int | None) -> None:
    verdict = find(query, target, strand="+")
    if start is None:
        assert verdict is None
        return
    assert verdict is not None
    assert (verdict.tier, verdict.score, verdict.evidence["target"][0]) == ("exact", 1.0, start)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "no nucleotides"), ("   12", "no nucleotides"), ("ACGTZ", "'Z' at letter 5"),
        ("ACGTX", "'X' at letter 5"),
        ("AC GT!A", "'!' at letter 5"),
        ("MKVLEE*", "reads as a protein"), ("ACGTäA", "'ä' at letter 5"), ("AC-GT", "'-' at letter 3"),
    ],
)  # fmt: skip
def test_what_is_no_dna_is_named(value: str, message: str) -> None:
    with pytest.raises(QuerySyntax, match=re.escape(message)) as refused:
        probe_of(value)
    assert ("tblastn:" in refused.value.hint) == (message == "reads as a protein" or value == "ACGTZ")


@pytest.mark.parametrize("options", [{"identity": 1.5}, {"mismatches": -1}, {"mismatches": 8}])
def test_options_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(QuerySyntax):
        probe_of("ACGTACGT", **options)


# -------------------------------------------------------------------------------------------------------- completeness
@given(st.text("ACGT", min_size=SURE_RUN, max_size=SURE_RUN))
@settings(max_examples=300, deadline=None)
def test_every_run_of_thirteen_holds_a_seed(run: str) -> None:
    assert len(SeedList.of(codes(run)).words) >= 1


@given(DNA, st.integers(12, 50), SEED, st.booleans(), st.sampled_from([None, 0, 1]))
@settings(max_examples=120, deadline=None)
def test_planted_substrings_are_always_found(
    target: str, length: int, seed: int, reverse: bool, edits: int | None
) -> None:
    start = random.Random(seed).randrange(len(target) - length + 1)
    part = target[start : start + length]
    options = {} if edits is None else {"mismatches": edits}
    verdict = funnel(rc(part) if reverse else part, target, **options)
    assert verdict is not None
    assert (verdict.tier, verdict.score) == ("exact", 1.0)
    places = [verdict.evidence, *verdict.evidence["more"]]
    assert [start, start + length] in [place["target"] for place in places]


@pytest.mark.parametrize("unit", ["A", "AC", "ACG", "AAAAAC", "CG", "ACGTTGCAAC"])
def test_low_complexity_is_not_masked(unit: str) -> None:
    target = random_dna(300, 1) + (unit * 60)[:60] + random_dna(300, 2)
    query = (unit * 30)[:30]
    for options in ({}, {"mismatches": 0}, {"mismatches": 2}):
        verdict = funnel(query, target, **options)
        assert verdict is not None
        assert (verdict.tier, verdict.evidence["target"][0] >= 290) == ("exact", True)


def edit_distance_infix(query: str, target: str) -> int:
    """Return the least edits with which `query` occurs in `target` (Sellers 1980), the oracle."""
    row = [0] * (len(target) + 1)
    for i, q in enumerate(query, 1):
        fresh = [i]
        for j, t in enumerate(target, 1):
            fresh.append(min(row[j - 1] + (q != t), row[j] + 1, fresh[j - 1] + 1))
        row = fresh
    return min(row)


@given(DNA, st.integers(10, 40), SEED, st.integers(0, 3), st.booleans())
@settings(max_examples=120, deadline=None)
def test_edits_equal_the_oracle(target: str, length: int, seed: int, edits: int, reverse: bool) -> None:
    draw = random.Random(seed)
    start = draw.randrange(len(target) - length + 1)
    query = list(target[start : start + length])
    for _ in range(draw.randrange(edits + 2)):
        at = draw.randrange(len(query))
        query[at : at + draw.randrange(2)] = draw.choice(["", "A", "C", "G", "T", "TG"])
    text = "".join(query)
    if len(text) <= edits:
        return
    least = min(edit_distance_infix(text, target), edit_distance_infix(rc(text), target))
    for verdict in (
        funnel(rc(text) if reverse else text, target, mismatches=edits),
        find(rc(text) if reverse else text, target, mismatches=edits),
    ):
        assert (verdict is not None) == (least <= edits)
        if verdict is not None:
            assert verdict.evidence["mismatches"] + verdict.evidence["gaps"] == least
            assert verdict.tier == ("exact" if least == 0 else "near")


@pytest.mark.parametrize(("length", "edits"), [(24, 1), (30, 3), (30, 6), (200, 5), (200, 12), (900, 60)])
def test_edits_are_found_in_long_records(length: int, edits: int) -> None:
    for seed in range(4):
        query = random_dna(length, seed)
        copy = list(query)
        for at in random.Random(seed).sample(range(length), edits + seed - 2 if edits > 1 else edits):
            copy[at] = ("" if at % 3 else "AC") if at % 2 else "ACGT".replace(copy[at], "")[at % 3]
        target = random_dna(30_000, seed + 50) + rc("".join(copy)) + random_dna(20_000, seed + 90)
        least = min(edlib_distance(text, target) for text in (query, rc(query)))
        verdict, narrowed = find(query, target, mismatches=edits), funnel(query, target, mismatches=edits)
        assert (verdict is not None) == (narrowed is not None) == (least <= edits)
        if verdict is not None and narrowed is not None:
            assert verdict.evidence["mismatches"] + verdict.evidence["gaps"] == least
            assert narrowed.evidence["target"] == verdict.evidence["target"]


def edlib_distance(query: str, target: str) -> int:
    import edlib

    return int(edlib.align(query, target, "HW", "distance")["editDistance"])


@given(st.text("ACGT", min_size=30, max_size=60), st.integers(0, 4), SEED)
@settings(max_examples=80, deadline=None)
def test_so_many_seeds_survive_edits(text: str, edits: int, seed: int) -> None:
    positions = SeedList.of(codes(text)).positions
    draw = random.Random(seed)
    touched = [draw.randrange(len(text)) for _ in range(edits)]
    left = [p for p in positions.tolist() if not any(p <= at < p + K for at in touched)]
    promised = untouched_seeds(positions, edits)
    if disjoint_seeds(positions) > edits:
        assert len(left) >= promised >= 1
    if len(positions) and edits == 2:
        spans = [set(range(p, p + K)) for p in positions.tolist()]
        pairs = combinations(range(len(text)), 2)
        assert most_touched(positions, 2) == max(sum(a in span or b in span for span in spans) for a, b in pairs)


def test_the_guarantee_is_said() -> None:
    assert probe_of(HBB, mismatches=2).guarantee == "complete"
    assert probe_of(HBB).guarantee == "sound"
    assert probe_of("ACGTAC").guarantee == "complete"  # nothing but exact copies can be a hit
    assert isinstance(probe_of("ACGTACGTACGTACG", mismatches=5).ask, Exact)  # too few seeds: everywhere
    assert probe_of("ACGU" * 5 + "N", mismatches=1).read_as == (
        "21 nucleotides, 1 of them ambiguous, both strands, U as T, whole query with at most 1 substitutions or indels"
    )


# ----------------------------------------------------------------------------------------------------------- evidence
def replay(evidence: dict[str, object], query: str, target: str) -> None:
    """Check an alignment letter by letter."""
    (q0, q1), (t0, t1) = evidence["query"], evidence["target"]  # type: ignore[misc]
    text = query[q0:q1] if evidence["strand"] == "+" else rc(query[q0:q1])
    q, t, counts = 0, t0, dict.fromkeys("=XID", 0)
    for length, operation in parse_cigar(str(evidence["cigar"])):
        counts[operation] += length
        for _ in range(length):
            if operation in "=X":
                assert (text[q] == target[t]) == (operation == "=")
            q += operation != "D"
            t += operation != "I"
    assert (q, t) == (len(text), t1)
    assert evidence["mismatches"] == counts["X"]
    assert evidence["gaps"] == counts["I"] + counts["D"]
    assert evidence["identity"] == pytest.approx(counts["="] / sum(counts.values()))


def similar_parts(draw: random.Random) -> Iterator[tuple[int, float, int, bool]]:
    """Draw copies to look for, always the same: ``dna`` is sound, and a short copy may share no seed with the query."""
    for number in range(60):
        yield draw.randrange(10**6), (0.0, 0.05, 0.12)[number % 3], draw.randint(60, 2500), bool(draw.randrange(2))


@pytest.mark.parametrize(("seed", "rate", "length", "reverse"), list(similar_parts(random.Random(1))))
def test_similar_parts_are_found_and_replay(seed: int, rate: float, length: int, reverse: bool) -> None:
    query = random_dna(length, seed)
    copy = mutated(query, rate, seed + 1)
    cut = length // 3
    copy = copy[:cut] + copy[cut + 2 :]
    target = random_dna(400, seed + 2) + (rc(copy) if reverse else copy) + random_dna(500, seed + 3)
    verdict = funnel(query, target)
    assert verdict is not None
    assert verdict.tier == "near"
    assert verdict.evidence["strand"] == ("-" if reverse else "+")
    for place in [verdict.evidence, *verdict.evidence["more"]]:
        replay(place, query, target)
    low, high = verdict.evidence["query"]
    coverage = (high - low) / length
    assert verdict.score == pytest.approx(verdict.evidence["identity"] * coverage)
    assert coverage > 0.55
    rows = verdict.evidence.get("rows")
    if rows:
        assert rows["target"].replace("-", "") == target[slice(*verdict.evidence["target"])]


@given(SEED, st.sampled_from([0.0, 0.03]), st.sampled_from([{}, {"mismatches": 3}]))
@settings(max_examples=40, deadline=None)
def test_both_strands_are_one_question(seed: int, rate: float, options: dict[str, float]) -> None:
    query = random_dna(80, seed)
    target = random_dna(150, seed + 1) + mutated(query, rate, seed) + random_dna(150, seed + 2)
    forward, backward = find(query, target, **options), find(rc(query), target, **options)
    assert (forward is None) == (backward is None)
    if forward is None or backward is None:
        return
    assert (forward.score, forward.tier) == (backward.score, backward.tier)
    a, b = forward.evidence, backward.evidence
    assert (a["target"], a["cigar"], a["strand"], b["strand"]) == (b["target"], b["cigar"], "+", "-")
    assert b["query"] == [80 - a["query"][1], 80 - a["query"][0]]
    turned = find(query, rc(target), **options)
    assert turned is not None
    assert turned.tier == forward.tier
    chance = find(query, target, strand="-", **options)  # a part may be nearly its own reverse complement
    assert chance is None or (chance.tier == "near" and chance.score < 0.5)


@given(DNA, SEED, st.sampled_from([{}, {"mismatches": 1}, {"mismatches": 4}, {"identity": 0.9}]))
@settings(max_examples=80, deadline=None)
def test_regions_find_nothing_that_the_whole_does_not(target: str, seed: int, options: dict[str, float]) -> None:
    draw = random.Random(seed)
    start = draw.randrange(len(target) - 30)
    query = mutated(target[start : start + 45], 0.1, seed)
    within, whole = funnel(query, target, **options), find(query, target, **options)
    if within is not None:
        assert whole is not None
        assert whole.score >= within.score - 0.05


def test_further_matches_and_features_are_listed() -> None:
    gene = random_dna(100, 5)
    target = random_dna(50, 6) + gene + random_dna(70, 7) + rc(gene) + random_dna(20, 8) + mutated(gene, 0.05, 9)
    places = [Place(40, 160, "abcD"), Place(200, 330, "xyz"), Place(400, 420, "far")]
    probe = probe_of(gene)
    verdict = HANDLER.verify(probe, payload(target, places))
    assert verdict is not None
    evidence = verdict.evidence
    assert (evidence["target"], evidence["strand"], evidence["cigar"]) == ([50, 150], "+", "100=")
    assert evidence["features"] == ["abcD"]
    assert [(m["target"], m["strand"]) for m in evidence["more"][:1]] == [([220, 320], "-")]
    assert evidence["count"] == 3
    assert 0.9 < evidence["more"][1]["identity"] < 1
    assert set(evidence["more"][0]) == {
        "query", "target", "strand", "cigar", "identity", "mismatches", "gaps", "bit_score",
        "evalue", "search_space", "query_length",
    }  # fmt: skip


def test_unrelated_sequences_do_not_match() -> None:
    queries = [random_dna(length, seed) for seed, length in enumerate([20, 40, 100, 300, 1000] * 6)]
    target = random_dna(100_000, 99)
    assert not [query for query in queries if find(query, target) is not None]
    assert find("ACGT" + random_dna(12, 1), "G" * 100) is None
    assert find(HBB, "") is None


def test_least_identity() -> None:
    query = random_dna(400, 1)
    target = random_dna(100, 2) + mutated(query, 0.12, 3) + random_dna(100, 4)
    verdict = find(query, target)
    assert verdict is not None
    assert 0.8 < verdict.evidence["identity"] < 0.95
    strict = find(query, target, identity=0.97)
    assert strict is None or strict.evidence["identity"] >= 0.97


# -------------------------------------------------------------------------------------------------------- by example
def test_an_example_finds_itself_and_its_gene() -> None:
    record = payload(random_dna(100, 1) + HBB + random_dna(100, 2))
    feature = encode(packed_of(codes(HBB)), "HBB (gene) in x", [Place(100, 193, "+")], feature_of=293)
    options = {"identity": 0.7, "strand": "both"}
    for example, target, tier in (
        (record, record, "exact"), (feature, feature, "exact"), (feature, record, "exact"), (record, feature, None),
    ):  # fmt: skip
        verdict = HANDLER.verify(HANDLER.compile("like", example, options), target)
        assert (verdict.tier if verdict else None) == tier
    assert HANDLER.verify(probe_of(HBB), feature) is None  # dna finds records


def test_a_long_example_is_aligned() -> None:
    text = random_dna(140_000, 1)
    near = mutated(text, 0.04, 2)
    probe = HANDLER.compile("like", payload(text), {"strand": "both"})
    assert wire.unpack(wire.pack(probe)) == probe
    itself, other = HANDLER.verify(probe, payload(text)), HANDLER.verify(probe, payload(near))
    assert itself is not None
    assert other is not None
    assert (itself.tier, itself.score) == ("exact", 1.0)
    assert other.tier == "near"
    assert 0.9 < other.score < 0.99
    assert HANDLER.verify(probe, payload(random_dna(50_000, 3))) is None


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize("rate", [0.0, 0.05])
def test_a_match_across_the_origin_of_a_circle_is_one(strand: str, rate: float) -> None:
    text = random_dna(3_000, 5)
    query = mutated(text[-200:] + text[:150], rate, 1)
    query = query if strand == "+" else rc(query)
    circle = encode(packed_of(codes(text)), "plasmid", [], circular=True)
    verdict = HANDLER.verify(probe_of(query), circle)
    assert verdict is not None
    assert verdict.evidence["strand"] == strand
    start, end = verdict.evidence["target"]
    assert (start - 2_800) in range(-5, 6)
    assert (end - 3_150) in range(-5, 6)
    assert verdict.evidence["wraps"] is True
    assert verdict.evidence["count"] == 1
    assert verdict.tier == ("near" if rate else "exact")
    linear = HANDLER.verify(probe_of(query), encode(packed_of(codes(text)), "line", []))
    assert linear is not None
    assert linear.tier == "near"
    assert linear.evidence["count"] == 2


def test_an_example_too_long_to_be_aligned_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "MOST_BASES", 1_000)
    with pytest.raises(QueryTooCostly, match="1,001 letters"):
        HANDLER.compile("dna", random_dna(1_001, 1), {"strand": "both"})


def test_a_file_as_example() -> None:
    class File:
        path, name, format = "/x.fa", "x.fa", "FASTA"
        text = f">empty\n>hbb\n{HBB}\n"

        def open(self) -> io.BytesIO:
            return io.BytesIO(self.text.encode())

    probe = HANDLER.compile("like", File(), {"identity": 0.7, "strand": "both"})
    assert probe.read_as.startswith("93 nucleotides of hbb")
    File.text = ">empty\n"
    with pytest.raises(InputError, match="no nucleotide sequence"):
        HANDLER.compile("like", File(), {})
    with pytest.raises(QuerySyntax):
        HANDLER.compile("like", encode(None, "far", [], feature_of=10), {})


# --------------------------------------------------------------------------------------------- parts, drawing, formats
def test_a_damaged_payload_is_said() -> None:
    for damaged in (b"", b"nlS1", payload(HBB)[:-3], b"xxxx" + payload(HBB)[4:]):
        with pytest.raises(IndexDamaged):
            HANDLER.verify(probe_of(HBB), damaged)


def test_pictures_are_well_formed() -> None:
    target = payload("ACGT" * 20 + HBB + "TTAG" * 5, [Place(80, 150, "a<b&c\x01")])
    verdict = HANDLER.verify(probe_of(HBB[:40] + HBB[42:]), target)
    assert verdict is not None
    feature = encode(packed_of(codes(HBB)), "x", [Place(1, 5, "+"), Place(7, 9, "-")], feature_of=20)
    for content, shown, wanted in ((target, verdict, "query "), (target, None, "target"), (feature, None, "x")):
        picture = HANDLER.draw(content, shown)
        ET.fromstring(picture.data)  # noqa: S314 - our own
        assert wanted.encode() in picture.data
        assert picture.media_type == "image/svg+xml"


def detected(head: bytes) -> list[str]:
    def fits(form: Format) -> bool:
        flags = re.DOTALL | re.MULTILINE
        return head.startswith(form.magic or (b"\x00never",)) or bool(
            form.pattern and re.match(form.pattern, head, flags)
        )

    return [form.name for form in HANDLER.formats if fits(form)]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b">a\nACGT\n", "FASTA"), (b"\xef\xbb\xbf>a\r\nACGT", "FASTA"), (b"; x\n>a\nAC", "FASTA"),
        (b">a\n>b\nA", "FASTA"),
        (b">only a header", "FASTA"), (b">a\n" + b"ACGT" * 2000, "FASTA"), (b"LOCUS       X  9 bp    DNA\n", "GenBank"),
        (b"ID   X; SV 1; linear; DNA; PRO; 9 BP.\nXX\n", "EMBL"), (b"ID   X  Reviewed;  9 AA.\n", None),
        (b"<html>\n", None), (b">>>> quoted mail: how are you?\n> and so, on\n", None), (b"12>3\n", None), (b"", None),
    ],
)  # fmt: skip
def test_formats_are_told_by_their_bytes(head: bytes, name: str | None) -> None:
    assert detected(head) == ([] if name is None else [name])


# --------------------------------------------------------------------------------------------------------- real genomes
def test_no_exact_substring_of_a_genome_is_missed(shared_data: Path) -> None:
    class Genome:
        path = name = "g.fa"
        format = "FASTA"

        def open(self) -> io.BytesIO:
            packed = (shared_data / "genomes" / "GCF_001096185.1.fa.gz").read_bytes()
            return io.BytesIO(gzip.decompress(packed)[:300_000])

    (record, *_) = (item for item in HANDLER.read(Genome(), Limits()) if isinstance(item, RawItem))
    stored = HANDLER.features(record)
    sequence = record.content.sequence
    text = sequence.codes()
    draw = random.Random(7)
    seeds = stored.seeds["nucleotide.syncmer"]
    assert np.all(np.diff(seeds.positions.astype(np.int64)) > 0)
    for length in range(12, 51, 2):
        start = draw.randrange(sequence.length - length)
        part = text[start : start + length]
        part = reverse_complement(part) if length % 4 else part
        probe = probe_of("".join(LETTERS[c] for c in part))
        if not isinstance(probe.ask, Exact):
            asked = {key for part in probe.ask.parts if isinstance(part, SeedMatch) for key in part.keys}  # type: ignore[union-attr]
            assert asked <= set(seeds.keys.tolist())
        verdict = HANDLER.verify(probe, stored.payload)
        assert verdict is not None
        assert verdict.tier == "exact"
        places = [verdict.evidence["target"], *(m["target"] for m in verdict.evidence["more"])]
        assert [start, start + length] in places
