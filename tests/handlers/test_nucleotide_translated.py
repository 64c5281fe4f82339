"""Proteins beside translated records: what is found, with which evidence, as tblastn and a plain search have it."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nlsearch
from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.handlers.nucleotide import NucleotideHandler
from nlsearch.handlers.nucleotide.payload import encode
from nlsearch.handlers.nucleotide.windows import MARGIN
from nlsearch.handlers.sequences.aminoacids import CODES, TO_LETTERS
from nlsearch.handlers.sequences.bases import CODES as BASES
from nlsearch.handlers.sequences.codes import bases_of, six_frames
from nlsearch.handlers.sequences.matrices import scheme_of
from nlsearch.handlers.sequences.packed import packed_of
from nlsearch.handlers.sequences.records import Place
from nlsearch.kernels.residues import align_residues
from nlsearch.limits import Limits
from nlsearch.model import Extent, Probe, Verdict

GENOME = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "annotated" / "NC_005816.fna"
ALPHA = "MVLSPADKTNVKAAWGKVGAHAGEYGAEALERMFLSFPTTKTYFPHFDLSHGSAQVKGHGKKVADALTNAVAHVDDMPNALSALSDLHAHKLRVDPVNFKLLSH"
BETA = "MVHLTPEEKSAVTALWGKVNVDEVGGEALGRLLVVYPWTQRFFESFGDLSTPDAVMGNPKVKAHGKKVLGAFSDGLAHLDNLKGTFATLSELHCDKLHVDPENFRLLGN"
CODONS = dict(
    zip(
        "ARNDCQEGHILKMFPSTWYV",
        textwrap.wrap("GCACGAAACGACTGCCAAGAAGGACACATACTAAAAATGTTCCCATCAACATGGTACGTA", 3),
        strict=True,
    )
)
BIG = Extent(50_000_000, 90)


def gene(protein: str) -> str:
    return "".join(CODONS[letter] for letter in protein)


def turned(text: str) -> str:
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


PLUS = "ACGTT" * 60 + "A" + gene(BETA) + "GATTACA" * 40
MINUS = "CCATG" * 50 + turned(gene(BETA)) + "TTGAC" * 33 + "GT"


@pytest.fixture
def handler() -> NucleotideHandler:
    return NucleotideHandler()


def payload(text: str, places: tuple[Place, ...] = (), **given: Any) -> bytes:
    return encode(packed_of(text.encode().translate(BASES)), "label", list(places), **given)


def ask(handler: NucleotideHandler, value: str, within: Extent | None = BIG, **options: Any) -> Probe:
    return replace(handler.compile("tblastn", value, options), searched=within)


def found(handler: NucleotideHandler, probe: Probe, text: str) -> Verdict | None:
    verdict = handler.verify(probe, payload(text))
    expected = verdict.score if verdict else 0.0
    assert handler.scores(probe, [payload(text)]).tolist() == pytest.approx([expected], abs=1e-6)
    return verdict


# ------------------------------------------------------------------------------------------------------------ evidence
@pytest.mark.parametrize(
    ("text", "target", "frame"), [(PLUS, [310, 628], 2), (MINUS, [250, 568], -3)], ids=["plus", "minus"]
)
def test_an_alignment_is_that_of_tblastn(handler: NucleotideHandler, text: str, target: list[int], frame: int) -> None:
    """tblastn 2.12.0+, OLD_FSC=1 -comp_based_stats 0 -seg no -sum_stats false, both records in one database."""
    probe = ask(handler, ALPHA, Extent(len(PLUS) + len(MINUS), 2))
    verdict = found(handler, probe, text)
    assert verdict is not None
    evidence = verdict.evidence
    assert (evidence["query"], evidence["target"], evidence["frame"]) == ([2, 104], target, frame)
    assert (evidence["strand"], evidence["raw_score"], evidence["bit_score"]) == ("+-"[frame < 0], 212, 86.27)
    assert (evidence["positives"], evidence["gaps"], evidence["mismatches"]) == (66, 8, 55)
    assert evidence["identity"] == 45 / 108
    assert evidence["search_space"] == 41492
    assert evidence["evalue"] == pytest.approx(4.44573e-22, rel=1e-3)
    assert evidence["query_length"] == len(ALPHA)
    assert evidence["rows"] == {
        "query": ALPHA[2:47] + "------" + ALPHA[47:104],
        "midline": "L+P +K+ V A WGKV  +  E G EAL R+ + +P T+ +F  F      D   G+ +V"
        "K HGKKV  A ++ +AH+D++    + LS+LH  KL VDP NF+LL +",
        "target": "LTPEEKSAVTALWGKV--NVDEVGGEALGRLLVVYPWTQRFFESFGDLSTPDAVMGNPKV"
        "KAHGKKVLGAFSDGLAHLDNLKGTFATLSELHCDKLHVDPENFRLLGN",
    }
    assert verdict.score == pytest.approx(45 / 108 * 102 / len(ALPHA))
    assert (verdict.tier, evidence["count"], evidence["more"]) == ("near", 1, [])


@pytest.mark.parametrize("frame", [1, 2, 3, -1, -2, -3])
def test_a_copy_is_exact_in_every_frame(handler: NucleotideHandler, frame: int) -> None:
    text = "AC" * 30 + "ACG"[: abs(frame) - 1] + gene("MKWVTFISLL") + "ACGTAACG"
    text = text if frame > 0 else turned(text)
    verdict = found(handler, ask(handler, "MKWVTFISLL"), text)
    assert verdict is not None
    assert (verdict.score, verdict.tier, verdict.evidence["frame"]) == (1.0, "exact", frame)
    start, end = verdict.evidence["target"]
    part = text[start:end] if frame > 0 else turned(text[start:end])
    assert part == gene("MKWVTFISLL")
    assert verdict.evidence["cigar"] == "10="
    other = "-" if frame > 0 else "+"
    assert found(handler, ask(handler, "MKWVTFISLL", strand=other), text) is None


def test_features_that_overlap_are_named(handler: NucleotideHandler) -> None:
    places = (Place(0, 300, "before"), Place(301, 700, "hbb"), Place(500, 640, "exon"))
    verdict = handler.verify(ask(handler, ALPHA), payload(PLUS, places))
    assert verdict is not None
    assert verdict.evidence["features"] == ["hbb", "exon"]


def test_features_and_files_are_no_hits(handler: NucleotideHandler) -> None:
    feature = payload(PLUS, feature_of=5_000)
    probe = ask(handler, BETA)
    assert handler.verify(probe, feature) is None
    assert handler.scores(probe, [feature, payload(PLUS)]).tolist() == [0.0, 1.0]


def test_introns_are_further_matches(handler: NucleotideHandler) -> None:
    text = gene(BETA[:60]) + "GTAAGT" + "CCTGA" * 200 + "CAG" + gene(BETA[60:])
    verdict = found(handler, ask(handler, BETA), text)
    assert verdict is not None
    evidence = verdict.evidence
    assert evidence["count"] == 2
    first, second = evidence, evidence["more"][0]
    assert (first["query"][0], second["query"][1]) == (0, len(BETA))
    assert (first["target"][0], second["target"][1]) == (0, len(text))
    assert first["target"][1] < second["target"][0]


def test_an_alignment_goes_beyond_its_first_window(handler: NucleotideHandler) -> None:
    gap = "ACA" * (MARGIN + 30)
    text = "ACA" * 400 + gene(BETA * 3) + gap + gene(ALPHA * 3) + "ACA" * 400
    verdict = found(handler, ask(handler, BETA * 3 + ALPHA * 3, composition=False), text)
    assert verdict is not None
    assert "94D" in verdict.evidence["cigar"]
    assert verdict.evidence["query"] == [0, 3 * (len(BETA) + len(ALPHA))]


# ------------------------------------------------------------------------------------------------------------- options
def test_the_genetic_code_is_asked_for(handler: NucleotideHandler) -> None:
    text = "".join("TGA" if letter == "W" else CODONS[letter] for letter in BETA[:40]) + "AC" * 9
    usual, other = (found(handler, ask(handler, BETA[:40], code=code), text) for code in (1, 4))
    assert usual is not None
    assert other is not None
    assert (usual.tier, other.tier) == ("near", "exact")
    with pytest.raises(QuerySyntax, match="no genetic code 7"):
        handler.compile("tblastn", BETA, {"code": 7})


def test_bounds_hold(handler: NucleotideHandler) -> None:
    free = found(handler, ask(handler, ALPHA), PLUS)
    assert free is not None
    for name, bound in (("evalue", free.evidence["evalue_composition"]), ("identity", free.evidence["identity"])):
        way = 1 if name == "evalue" else -1
        assert found(handler, ask(handler, ALPHA, **{name: bound * (1 + way * 0.01)}), PLUS) is not None
        assert found(handler, ask(handler, ALPHA, **{name: bound * (1 - way * 0.01)}), PLUS) is None


@pytest.mark.parametrize(
    ("value", "options", "error"),
    [
        ("MK@", {}, QuerySyntax),
        ("", {}, QuerySyntax),
        ("MKV", {"evalue": 0.0}, QuerySyntax),
        ("MKV", {"identity": 2.0}, QuerySyntax),
        ("M" * 100_001, {}, QueryTooCostly),
    ],
)
def test_what_cannot_be_asked_is_refused(
    handler: NucleotideHandler, value: str, options: dict[str, float], error: type[Exception]
) -> None:
    with pytest.raises(error):
        handler.compile("tblastn", value, options)


def test_the_reading_says_what_is_looked_at(handler: NucleotideHandler) -> None:
    said = ask(handler, "ACGT" * 8, code=4, strand="-").read_as
    assert "32 residues" in said
    assert "read as nucleotides" in said
    assert "three reverse frames of the records by genetic code 4 (" in said


def test_what_is_listed_is_capped(handler: NucleotideHandler) -> None:
    handler.limits = Limits(evidence_more=3, verify_matches=7)
    verdict = handler.verify(ask(handler, "KKKK"), payload("AAA" * 40))
    assert verdict is not None
    evidence = verdict.evidence
    assert (len(evidence["more"]), evidence["count"], evidence["count_capped"]) == (3, 7, True)


# -------------------------------------------------------------------------------------------------- nothing is missed
PROTEINS = st.text("ARNDCQEGHILKMFPSTWYV", max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_short_peptides_are_found_wherever_they_lie(data: st.DataObject) -> None:
    peptide = data.draw(
        st.text("ARNDCQEGHILKMFPSTWYV", min_size=1, max_size=30) | st.text("ASG", min_size=7, max_size=9)
    )
    before, behind = (data.draw(st.text("ACGTN", max_size=50)) for _ in range(2))
    text = before + gene(peptide) + behind
    text = data.draw(st.sampled_from([text, turned(text.replace("N", "A"))]))
    handler = NucleotideHandler()
    probe = ask(handler, peptide, data.draw(st.sampled_from([BIG, None])), evalue=1e-9)
    verdict = found(handler, probe, text)
    assert verdict is not None
    assert verdict.tier == "exact"
    copies = {
        bases_of(frame, at, at + len(peptide), len(text))
        for frame, residues in six_frames(text.encode().translate(BASES), 1)
        for at in range(len(residues))
        if residues[at:].startswith(peptide.encode())
    }
    assert {tuple(one["target"]) for one in (verdict.evidence, *verdict.evidence["more"])} >= copies


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_best_alignment_is_that_of_smith_and_waterman(data: st.DataObject) -> None:
    pieces = st.sampled_from([gene(BETA), turned(gene(ALPHA)), gene(BETA[30:80]), turned(gene(BETA[:70]))])
    text = "".join(data.draw(st.lists(pieces | st.text("ACGTRN", max_size=40), min_size=1, max_size=4)))
    handler = NucleotideHandler()
    value = data.draw(st.sampled_from([ALPHA, BETA, BETA * 3, ALPHA[20:] + BETA]))
    probe = ask(handler, value, composition=data.draw(st.booleans()))
    verdict = found(handler, probe, text)
    matrix, codes = scheme_of("BLOSUM62").matrix, value.encode().translate(CODES)
    raw = max(
        (
            align_residues(matrix, codes, residues.translate(CODES)).score
            for _, residues in six_frames(text.encode().translate(BASES), 1)
        ),
        default=0,
    )
    if raw > 130:
        assert verdict is not None
    if verdict is not None:
        assert verdict.tier == "exact" or verdict.evidence["raw_score"] == raw


def test_long_proteins_with_unknown_residues_are_found(handler: NucleotideHandler) -> None:
    """A copy of which most scores nothing is looked for letter by letter."""
    protein = BETA + "X" * 600 + ALPHA
    text = "ACT" * 300 + gene(BETA) + "N" * 1800 + gene(ALPHA) + "ACT" * 300
    verdict = found(handler, ask(handler, protein), text)
    assert verdict is not None
    assert (verdict.tier, verdict.evidence["target"]) == ("exact", [900, 900 + 3 * len(protein)])


@pytest.mark.skipif(not GENOME.exists(), reason="needs ../shared/data")
def test_peptides_of_a_plasmid_are_all_found(handler: NucleotideHandler) -> None:
    text = "".join(GENOME.read_text().split("\n")[1:])
    target = payload(text)
    random = np.random.default_rng(3)
    for frame, residues in six_frames(text.encode().translate(BASES), 1):
        for at in random.integers(0, len(residues) - 30, 12).tolist():
            length = int(random.integers(7, 31))
            peptide = residues[at : at + length].translate(CODES).translate(TO_LETTERS).decode()
            if peptide.endswith("*"):
                continue
            probe = ask(handler, peptide)
            verdict = handler.verify(probe, target)
            assert verdict is not None
            places = [tuple(one["target"]) for one in (verdict.evidence, *verdict.evidence["more"])]
            assert bases_of(frame, at, at + length, len(text)) in places
            assert handler.scores(probe, [target]).tolist() == [1.0]


# ---------------------------------------------------------------------------------------------------------- collection
def test_a_collection_is_searched_either_way(tmp_path: Path) -> None:
    (tmp_path / "n.fa").write_text(f">plus one\n{PLUS}\n>minus one\n{MINUS}\n>none\n{'ACGGT' * 99}\n")
    (tmp_path / "p.faa").write_text(f">beta\n{BETA}\n>odd\nMSTNPKPQRKTKRNTNRRPQDVKFPGGGQIV\n")
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as collection:
        collection.index([tmp_path / "n.fa", tmp_path / "p.faa"], jobs=1)
        page = collection.search(f'tblastn:"{ALPHA}"')
        assert [hit.item.title for hit in page.hits] == ["plus", "minus"]
        assert page.guarantee == "sound"
        assert {hit.evidence["search_space"] for hit in page.hits} == {page.hits[0].evidence["search_space"]}
        assert collection.search(f'tblastn:"{BETA}"~0.5', count="exact").total == 2
        assert collection.search(f'tblastn:"{BETA}" AND name:minus').hits[0].item.title == "minus"
        assert [hit.item.title for hit in collection.search(f'blastx:"{gene(ALPHA)}"').hits] == ["beta"]
        assert all(collection.verify(hit) for hit in page.hits)
