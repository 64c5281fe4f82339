"""Motifs: every place on both strands, palindromes once, cuts, origins, and what ambiguous targets are."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.nucleotide import NucleotideHandler, payload
from nlsearch.handlers.sequences.bases import CODES, LETTERS, SETS, letters, reverse_complement
from nlsearch.handlers.sequences.packed import packed_of
from nlsearch.limits import Limits
from nlsearch.model import Verdict

HANDLER = NucleotideHandler()


def codes(text: str) -> bytes:
    return text.encode().translate(CODES)


def find(motif: str, target: str, strand: str = "both", *, circular: bool = False) -> Verdict | None:
    held = payload.encode(packed_of(codes(target)), "t", [], circular=circular)
    return HANDLER.verify(HANDLER.compile("iupac", motif, {"strand": strand}), held)


def places(verdict: Verdict | None) -> list[tuple[int, int, str]]:
    if verdict is None:
        return []
    matches = [verdict.evidence, *verdict.evidence["more"]]
    assert verdict.evidence["count"] == len(matches)
    return [(*match["target"], match["strand"]) for match in matches]


def slowly(motif: str, target: str, *, circular: bool) -> list[tuple[int, int, str]]:
    """Return every place by looking at each letter; palindromes on the forward strand."""
    size, found = len(motif), []
    other = letters(reverse_complement(codes(motif)))
    text = target + (target[: size - 1] if circular and size <= len(target) else "")
    for strand, along in (("+", motif), ("-", other)):
        if strand == "-" and other == motif:
            continue
        for at in range(len(text) - size + 1):
            sets = [(SETS[LETTERS.index(q)], SETS[LETTERS.index(t)]) for q, t in zip(along, text[at:], strict=False)]
            if all(allowed | own == allowed for allowed, own in sets):
                found.append((at, at + size, strand))
    return sorted(found, key=lambda place: (place[0], place[2]))


@given(st.text(LETTERS, min_size=1, max_size=6), st.text(LETTERS, max_size=60), st.booleans())
def test_all_places_are_found(motif: str, target: str, circular: bool) -> None:
    assert places(find(motif, target, circular=circular)) == slowly(motif, target, circular=circular)


@given(st.integers(0, 2**32), st.integers(65, 130), st.booleans())
def test_long_motifs_are_found(seed: int, size: int, circular: bool) -> None:
    draw = random.Random(seed)
    target = "".join(draw.choices("ACGT", k=200))
    at = draw.randrange(200 if circular else 200 - size)
    motif = (target + target)[at : at + size]
    assert (at, at + size, "+") in places(find(motif, target, circular=circular))
    turned = letters(reverse_complement(codes(motif)))
    assert (at, at + size, "-") in places(find(turned, target, circular=circular))


def test_places_at_the_borders_of_windows_are_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "STEP", 16)
    target = "".join(random.Random(5).choices("ACGT", k=300))
    for motif in ("GW", "RYS", "NNNNN", "AC"):
        verdict = find(motif, target)
        assert verdict is not None
        expected = slowly(motif, target, circular=False)
        assert verdict.evidence["count"] == len(expected)
        assert places_listed(verdict) == expected[:101]


def places_listed(verdict: Verdict) -> list[tuple[int, int, str]]:
    return [(*match["target"], match["strand"]) for match in [verdict.evidence, *verdict.evidence["more"]]]


def test_cuts_of_enzymes_are_told() -> None:
    """EcoRI cuts G^AATTC; BbvCI CC^TCAGC is no palindrome; of AatII GACGT^C the other strand is cut after G."""
    verdict = find("G^AATTC", "TTGAATTCTT")
    assert verdict is not None
    assert verdict.evidence["cut"] == 3
    assert (verdict.evidence["count"], verdict.tier, verdict.score) == (1, "exact", 1.0)
    verdict = find("CC^TCAGC", "AAAGCTGAGGAAA")
    assert verdict is not None
    assert (verdict.evidence["strand"], verdict.evidence["target"], verdict.evidence["cut"]) == ("-", [3, 10], 8)
    assert verdict.evidence["sequence"] == "CCTCAGC"
    verdict = find("G_ACGT^C", "AAGACGTCAA")
    assert verdict is not None
    assert (verdict.evidence["cut"], verdict.evidence["cut_other_strand"]) == (7, 3)


def test_a_place_across_the_origin_says_so() -> None:
    assert find("GAATTC", "TTCAAAAAAGAA") is None
    verdict = find("GAATTC", "TTCAAAAAAGAA", circular=True)
    assert verdict is not None
    assert (verdict.evidence["target"], verdict.evidence["wraps"]) == ([9, 15], True)
    assert verdict.evidence["sequence"] == "GAATTC"


@pytest.mark.parametrize("wrong", ["", "^", "GA^AT^C", "GAXTC", "GA-TC", "MKV*"])
def test_what_is_no_motif_is_refused(wrong: str) -> None:
    with pytest.raises(QuerySyntax):
        HANDLER.compile("iupac", wrong, {"strand": "both"})


def test_more_places_than_are_listed_are_counted() -> None:
    terse = NucleotideHandler()
    terse.limits = Limits(evidence_more=3)
    held = payload.encode(packed_of(codes("A" * 50)), "t", [])
    verdict = terse.verify(terse.compile("iupac", "AA", {"strand": "both"}), held)
    assert verdict is not None
    assert (verdict.evidence["count"], len(verdict.evidence["more"])) == (49, 3)
