"""Bit scores and E-values are those of BLAST+."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlsearch.handlers.sequences.statistics import GAPS, nucleotide_statistics, protein_statistics

# blastp 2.12.0+ with OLD_FSC=1, -comp_based_stats 0 and default gap costs on the 85 proteins of NC_000932 (26,409
# residues): matrix, length of the query, raw score, bits, E-value as printed.
BLASTP = [
    ("BLOSUM45", 20, 68, 24.1, 0.029),
    ("BLOSUM45", 150, 492, 143.0, 1.15e-37),
    ("BLOSUM45", 400, 1350, 384.0, 9.29e-110),
    ("BLOSUM45", 1200, 46, 17.9, 83.0),
    ("BLOSUM50", 20, 72, 24.9, 0.017),
    ("BLOSUM50", 150, 34, 14.3, 95.0),
    ("BLOSUM50", 1200, 50, 18.8, 50.0),
    ("BLOSUM62", 35, 25, 14.2, 35.0),
    ("BLOSUM62", 60, 29, 15.8, 12.0),
    ("BLOSUM62", 150, 27, 15.0, 66.0),
    ("BLOSUM62", 400, 1087, 423.0, 2.7e-121),
    ("BLOSUM62", 1200, 50, 23.9, 1.5),
    ("BLOSUM62", 1200, 41, 20.4, 17.0),
    ("BLOSUM80", 60, 23, 13.7, 60.0),
    ("BLOSUM80", 1200, 38, 20.2, 22.0),
    ("BLOSUM90", 20, 64, 30.5, 0.000237),
    ("BLOSUM90", 400, 31, 16.7, 81.0),
    ("PAM30", 20, 65, 30.8, 0.000141),
    ("PAM30", 1200, 46, 22.7, 4.3),
    ("PAM70", 20, 63, 29.9, 0.000307),
    ("PAM70", 400, 33, 17.3, 56.0),
    ("PAM250", 35, 30, 13.3, 94.0),
    ("PAM250", 400, 49, 18.2, 16.0),
    ("PAM250", 1200, 68, 23.2, 1.7),
]
# blastn 2.12.0+ with -dust no on GCF_000006945.2 (2 sequences, 4,951,383 bases); of an odd score under 2/-3 the E-value
# is that of the even one below.
BLASTN = [
    ((2, -3, 5, 2), 30, 50.0, 46.4, 5.99e-07),
    ((2, -3, 5, 2), 100, 24.0, 22.9, 48.0),
    ((2, -3, 5, 2), 500, 29.0, 27.4, 24.0),
    ((2, -3, 5, 2), 500, 25.0, 23.8, 296.0),
    ((2, -3, 5, 2), 500, 24.0, 22.9, 296.0),
    ((2, -3, 5, 2), 2000, 29.0, 27.4, 101.0),
    ((1, -2, 0, 0), 30, 24.0, 45.4, 1.24e-06),
    ((1, -2, 0, 0), 500, 12.0, 23.3, 232.0),
    ((1, -2, 0, 0), 2000, 13.0, 25.1, 267.0),
    ((1, -2, 2, 2), 30, 24.0, 46.7, 6.32e-07),
    ((1, -2, 2, 2), 500, 14.0, 27.6, 12.0),
    ((1, -2, 2, 2), 2000, 12.0, 23.7, 712.0),
    ((2, -3, 4, 4), 30, 50.0, 46.7, 5.21e-07),
    ((2, -3, 4, 4), 500, 25.0, 24.0, 270.0),
    ((2, -3, 4, 4), 2000, 30.0, 28.5, 25.0),
]


@pytest.mark.parametrize(("matrix", "length", "raw", "bits", "evalue"), BLASTP)
def test_values_are_those_of_blastp(matrix: str, length: int, raw: int, bits: float, evalue: float) -> None:
    found = protein_statistics(matrix, *GAPS[matrix])
    assert found is not None
    assert found.bit_score(raw) == pytest.approx(bits, abs=0.06 if bits < 100 else 1)
    assert found.evalue(raw, length, 26_409, 85) == pytest.approx(evalue, rel=0.031)
    assert found.raw_score(found.bit_score(raw)) == pytest.approx(raw)


@pytest.mark.parametrize(("scheme", "length", "raw", "bits", "evalue"), BLASTN)
def test_values_are_those_of_blastn(
    scheme: tuple[int, int, int, int], length: int, raw: float, bits: float, evalue: float
) -> None:
    found = nucleotide_statistics(*scheme)
    assert found is not None
    assert found.bit_score(raw) == pytest.approx(bits, abs=0.06)
    assert found.evalue(raw, length, 4_951_383, 2) == pytest.approx(evalue, rel=0.03)


def test_a_scheme_without_a_table_has_no_statistics() -> None:
    assert protein_statistics("BLOSUM62", 7, 7) is None
    assert protein_statistics("BLOSUM62", 0, 0) is None
    assert protein_statistics("GONNET1992", 11, 1) is None
    assert nucleotide_statistics(7, -9, 5, 2) is None
    ungapped = protein_statistics("BLOSUM62", None, None)
    assert ungapped is not None
    assert ungapped.scale == 0.3176


@given(st.integers(0, 10**6), st.integers(0, 10**12), st.integers(1, 10**8))
def test_the_length_adjustment_leaves_something_to_search(query: int, database: int, sequences: int) -> None:
    found = protein_statistics("BLOSUM62", 11, 1)
    assert found is not None
    shorter = found.length_adjustment(query, database, sequences)
    assert 0 <= shorter <= query
    assert shorter * sequences <= database or not shorter
    assert found.search_space(query, database, sequences) >= 1
    assert found.evalue(40, query, database, sequences) > found.evalue(41, query, database, sequences) > 0


def test_the_length_adjustment_is_the_largest_within_what_is_expected() -> None:
    found = protein_statistics("BLOSUM62", 11, 1)
    assert found is not None
    query, database, sequences = 300, 9_000_000, 20_000

    def expected(length: int) -> float:
        room = (query - length) * (database - sequences * length)
        return found.alpha / found.scale * math.log(found.kappa * room) + found.beta

    lengths = [length for length in range(query) if length <= expected(length)]
    assert found.length_adjustment(query, database, sequences) == max(lengths)


def test_the_least_score_for_an_evalue() -> None:
    found = protein_statistics("BLOSUM62", 11, 1)
    assert found is not None
    space = found.search_space(300, 9_000_000, 20_000)
    assert found.expected(found.least_score(1e-3, space), space) == pytest.approx(1e-3)


@pytest.mark.parametrize("evalue", [1e-30, 1e-3, 1.0, 7.0, 10.0])
def test_no_alignment_counts_whose_evalue_is_over_what_was_asked(evalue: float) -> None:
    found = nucleotide_statistics(2, -3, 5, 2)
    assert found is not None
    space = found.search_space(1000, 54_000_000, 89)
    least = math.ceil(found.least_score(evalue, space))
    assert found.expected(least, space) <= evalue < found.expected(least - 1, space)
