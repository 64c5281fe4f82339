"""The ions that are asked for by a mass or a formula, and how precursors and isotopic patterns are judged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlsearch import wire
from nlsearch.errors import QuerySyntax
from nlsearch.handlers.spectrum.adducts import USUAL, neutral_mass, parse_adduct
from nlsearch.handlers.spectrum.envelopes import Pattern, asked_patterns, judge_pattern
from nlsearch.handlers.spectrum.ions import asked_ions, judge_neutral
from nlsearch.handlers.spectrum.isotopes import pattern

CAFFEINE_DA = 194.080376


# ------------------------------------------------------------------------------------------------------------- neutral
def test_a_mass_is_asked_for_as_every_usual_ion() -> None:
    asked = asked_ions("194.0804", {})
    assert {ion.adduct for ion in asked} == {*USUAL["positive"], *USUAL["negative"]}
    assert [ion.expected for ion in asked] == sorted(ion.expected for ion in asked)
    by_name = {ion.adduct: ion for ion in asked}
    assert by_name["[M+H]+"].expected == pytest.approx(195.087676, abs=1e-6)
    assert by_name["[2M-H]-"].expected == pytest.approx(387.153524, abs=1e-6)
    for ion in asked:
        assert ion.high - ion.expected == pytest.approx(ion.expected * 1e-5, rel=1e-6)
        assert ion.expected - ion.low == pytest.approx(ion.expected * 1e-5, rel=1e-6)


def test_a_formula_is_its_mass() -> None:
    by_mass, by_formula = asked_ions(f"{CAFFEINE_DA}", {}), asked_ions(" O2 N4 C8H10 ", {})
    assert [ion.adduct for ion in by_formula] == [ion.adduct for ion in by_mass]
    assert [ion.expected for ion in by_formula] == pytest.approx([ion.expected for ion in by_mass], abs=2e-6)


def test_a_formula_gives_no_ion_that_lacks_what_it_loses() -> None:
    names = {ion.adduct for ion in asked_ions("C10H8", {})}
    assert "[M+H]+" in names
    assert not names & {"[M+H-H2O]+", "[M-H-H2O]-", "[M+H-NH3]+"}
    with pytest.raises(QuerySyntax, match="too few O"):
        asked_ions("C10H8", {"adducts": "[M+H-H2O]+"})


def test_a_formula_with_a_charge_is_the_ion() -> None:
    (ion,) = asked_ions("[C5H14NO]+", {})
    assert (ion.adduct, ion.expected) == ("[M]+", pytest.approx(104.106990, abs=1e-6))
    with pytest.raises(QuerySyntax, match="takes no adducts"):
        asked_ions("C5H14NO+", {"adducts": "[M+H]+"})
    with pytest.raises(QuerySyntax, match="none of the adducts is negative"):
        asked_ions("C5H14NO+", {"ion_mode": "negative"})


def test_options() -> None:
    (ion,) = asked_ions("100", {"adducts": "M+H", "tol_da": 0.5})
    assert (ion.low, ion.high) == pytest.approx((100.507276, 101.507276), abs=1e-6)
    (ion,) = asked_ions("100", {"adducts": "M+H M-H", "ion_mode": "negative", "tol_ppm": 100.0})
    assert (ion.adduct, ion.high - ion.low) == ("[M-H]-", pytest.approx(2 * 98.9927e-4, rel=1e-4))


@pytest.mark.parametrize(
    ("value", "options", "words"),
    [
        ("194.08", {"tol_da": 0.1, "tol_ppm": 5.0}, "tol_da and tol_ppm are given"),
        ("194.08", {"tol_da": 0.0}, "tol_da is above 0"), ("194.08", {"tol_ppm": math.nan}, "tol_ppm is above 0"),
        ("-5", {}, "above 0 Da"), ("nan", {}, "above 0 Da"), ("inf", {}, "above 0 Da"),
        ("194,08", {}, "neither a mass"), ("", {}, "neither a mass"), ("C8Xx2", {}, "no element Xx"),
        ("C5*", {}, "has no mass"), ("194.08", {"adducts": "[M+Foo]+"}, "is no adduct"),
        ("10", {"adducts": "[M+H-H2O]+"}, "too light"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(value: str, options, words: str) -> None:
    with pytest.raises(QuerySyntax, match=words):
        asked_ions(value, options)


def test_a_precursor_is_judged_by_its_error() -> None:
    asked = asked_ions("C8H10N4O2", {})
    score, evidence = judge_neutral(asked, 195.087652) or (0, {})
    assert score == pytest.approx(1, abs=2e-4)
    assert evidence == {
        "adduct": "[M+H]+", "expected": pytest.approx(195.087652, abs=1e-6), "precursor": 195.087652,
        "ppm": pytest.approx(0, abs=0.01), "neutral_mass": pytest.approx(CAFFEINE_DA, abs=1e-6),
    }  # fmt: skip
    score, evidence = judge_neutral(asked, 195.087652 * (1 - 5e-6)) or (0, {})
    assert (score, evidence["ppm"]) == (pytest.approx(0.75, abs=1e-3), pytest.approx(-5, abs=0.01))
    assert judge_neutral(asked, 195.087652 * (1 + 1.01e-5)) is None


def test_the_nearest_ion_is_told() -> None:
    asked = asked_ions("200", {"adducts": "[M+H]+ [M+2H]2+ [M+NH4]+", "tol_da": 300.0})
    _, evidence = judge_neutral([list(ion) for ion in asked], 218.0) or (0, {})
    assert evidence["adduct"] == "[M+NH4]+"


@given(st.floats(50, 2000), st.floats(0.1, 50), st.floats(-1, 1))
def test_scores_lie_between_a_half_and_one(mass: float, ppm: float, share: float) -> None:
    asked = asked_ions(repr(mass), {"tol_ppm": ppm})
    for ion in asked:
        precursor = ion.expected + share * (ion.high - ion.expected) * (1 - 1e-9)
        judged = judge_neutral(asked, precursor)
        assert judged is not None
        assert judged[0] >= 1 - abs(share) / 2 - 1e-6
        assert 0.5 <= judged[0] <= 1
        adduct = parse_adduct(judged[1]["adduct"])
        assert adduct is not None
        assert judged[1]["neutral_mass"] == neutral_mass(precursor, adduct)
    assert judge_neutral([ion for ion in asked if ion.adduct == "[M+H]+"], mass + 1.00728 + 3e-6 * mass * ppm) is None


# ------------------------------------------------------------------------------------------------------------ isotopes
def one(formula: str, **options) -> Pattern:
    (asked,) = asked_patterns(formula, {"adducts": "[M+H]+"} | options)
    return asked


def test_a_pattern_for_each_ion() -> None:
    asked = asked_patterns("C8H10N4O2", {})
    assert [ion.adduct for ion in asked] == [*USUAL["positive"], *USUAL["negative"]]
    assert all((ion.charge > 0) == (ion.adduct in USUAL["positive"]) for ion in asked)
    whole = asked[0]
    assert whole.mz == pytest.approx([195.08765, 196.09016, 197.09226], abs=1e-4)
    assert whole.required.tolist() == [True, True, False]
    expected = [(m * (1 - 1e-5), m * (1 + 1e-5)) for m in whole.mz[:2].tolist()]
    assert np.array(whole.windows()) == pytest.approx(np.array(expected))
    assert {ion.adduct for ion in asked_patterns("C10H8", {})}.isdisjoint({"[M+H-H2O]+", "[M+H-NH3]+"})


def test_least_says_what_must_be_there() -> None:
    assert one("C8H10N4O2", least=0.001).required.tolist() == [True, True, True]
    assert one("C8H10N4O2", least=0.5).required.tolist() == [True, False, False]
    assert one("C6Br6", least=1.0).required.sum() == 1


@pytest.mark.parametrize("options", [{}, {"tol_da": 0.003}, {"tol_ppm": 20.0}, {"tol_ppm": 2.0}, {"tol_da": 0.1}])
@pytest.mark.parametrize("formula", ["C12H4Cl2Br4S", "C100H150N20O30S2"])
def test_windows_do_not_overlap(formula: str, options) -> None:
    asked = one(formula, **options)
    high, low = (asked.mz + asked.tolerance_da)[:-1], (asked.mz - asked.tolerance_da)[1:]
    assert np.all(high <= low + 1e-9)


def test_tolerance_in_ppm_is_that_of_each_peak() -> None:
    asked = one("C100H150N20O30S2", tol_ppm=5.0)
    assert asked.tolerance_da == pytest.approx(asked.mz * 5e-6)


def test_a_pattern_travels() -> None:
    asked = one("C12H4Cl6")
    back = Pattern.of(wire.unpack(wire.pack(asked.to_json())))
    assert (back.adduct, back.charge) == (asked.adduct, asked.charge)
    for name in ("mz", "abundance", "tolerance_da", "required"):
        assert getattr(back, name).tolist() == getattr(asked, name).tolist()
        assert getattr(back, name).dtype == getattr(asked, name).dtype


@pytest.mark.parametrize(
    ("value", "options", "words"),
    [
        ("C8H10N4O2", {"tol_da": 0.01, "tol_ppm": 5.0}, "tol_da and tol_ppm are given"),
        ("C8H10N4O2", {"least": 0.0}, "least is a share"), ("C8H10N4O2", {"least": 1.5}, "least is a share"),
        ("C8H10N4O2", {"tol_da": 0.6}, r"does not tell the isotopic peaks of \[M\+H\]\+ apart"),
        ("C8H10N4O2", {"tol_da": 0.3}, r"peaks of \[M\+2H\]2\+ apart"), ("C8H10Xx", {}, "no element Xx"),
        ("CH4", {"adducts": "[M+H-H2O]+"}, "too few O"), ("C8H10N4O2", {"adducts": "H+"}, "is no adduct"),
        ("C8H10Tc", {}, "no natural isotopes"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_for_is_told(value: str, options, words: str) -> None:
    with pytest.raises(QuerySyntax, match=words):
        asked_patterns(value, options)


def test_the_pattern_itself_scores_one() -> None:
    mz, abundance = pattern("C12H4Cl6", parse_adduct("[M+H]+"))
    asked = one("C12H4Cl6")
    score, pairs = judge_pattern(asked, mz, abundance * 5000) or (0, [])
    assert score == pytest.approx(1)
    assert [pair[:3] for pair in pairs] == [[m, m, 0] for m in mz.tolist()]
    assert sum(pair[3] for pair in pairs) == pytest.approx(score)


def test_a_pattern_that_lacks_a_peak() -> None:
    asked = one("C12H4Cl6")
    for gone in range(len(asked.mz)):
        kept = np.arange(len(asked.mz)) != gone
        judged = judge_pattern(asked, asked.mz[kept], asked.abundance[kept])
        assert (judged is None) == bool(asked.required[gone])
        if judged is not None:
            length = np.linalg.norm(asked.abundance)
            assert judged[0] == pytest.approx(np.linalg.norm(asked.abundance[kept]) / length)
    zero = asked.abundance.copy()
    zero[np.argmax(zero)] = 0
    assert judge_pattern(asked, asked.mz, zero) is None
    assert judge_pattern(asked, np.zeros(0), np.zeros(0)) is None


def oracle(asked: Pattern, positions: list[float], heights: list[float]) -> tuple[float, list[list[float]]] | None:
    """Judge in the obvious way."""
    seen, where = [], []
    rows = zip(asked.mz.tolist(), asked.tolerance_da.tolist(), asked.required.tolist(), strict=True)
    for mz, tolerance, required in rows:
        inside = [(h, -i) for i, (p, h) in enumerate(zip(positions, heights, strict=True))
                  if mz - tolerance <= p <= mz + tolerance]  # fmt: skip
        height, place = max(inside, default=(0.0, 1))
        if required and not height:
            return None
        seen.append(height)
        where.append(-place)
    dot = [a * h for a, h in zip(asked.abundance.tolist(), seen, strict=True)]
    length = math.sqrt(sum(a * a for a in asked.abundance.tolist())) * math.sqrt(sum(h * h for h in seen))
    pairs = [
        [mz, positions[place], (positions[place] - mz) / mz * 1e6, part / length]
        for mz, place, part in zip(asked.mz.tolist(), where, dot, strict=True)
        if place >= 0
    ]
    return sum(dot) / length, pairs


@given(
    st.sampled_from(["C8H10N4O2", "C12H4Cl6", "C6H5Br", "C2H6O"]),
    st.lists(st.tuples(st.integers(0, 6), st.floats(-0.02, 0.02), st.floats(0.001, 1)), max_size=14),
    st.lists(st.floats(-0.012, 0.012), min_size=12, max_size=12),
    st.sampled_from([0.001, 0.05, 0.3]),
)
def test_judging_is_the_plain_definition(formula, extra, moved, least) -> None:
    asked = one(formula, least=least)
    peaks = [(mz + shift, a) for mz, a, shift in zip(asked.mz.tolist(), asked.abundance.tolist(), moved, strict=False)]
    peaks += [(float(asked.mz[k % len(asked.mz)]) + shift, height) for k, shift, height in extra]
    peaks.sort()
    positions, heights = [p for p, _ in peaks], [h for _, h in peaks]
    judged, expected = judge_pattern(asked, np.array(positions), np.array(heights)), oracle(asked, positions, heights)
    assert (judged is None) == (expected is None)
    if judged is not None and expected is not None:
        assert judged[0] == pytest.approx(expected[0], abs=1e-12)
        assert np.array(judged[1]) == pytest.approx(np.array(expected[1]), abs=1e-9)
        assert sum(pair[3] for pair in judged[1]) == pytest.approx(judged[0], abs=1e-12)
        assert 0 < judged[0] <= 1
