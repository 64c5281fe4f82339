"""Isotopic patterns: against the literature, plain arithmetic, and another library where there is one."""

from __future__ import annotations

import importlib.util
import itertools
import math
import subprocess
import sys

import numpy as np
import pytest

from nlsearch.errors import MissingExtra, QuerySyntax, QueryTooCostly
from nlsearch.handlers.chemistry.formula import counted
from nlsearch.handlers.spectrum import isotopes
from nlsearch.handlers.spectrum.adducts import parse_adduct
from nlsearch.handlers.spectrum.isotopes import LEAST, ion_atoms, isotopes_of, pattern

NIST = {
    "H": [(1.00782503223, 0.999885), (2.01410177812, 0.000115)],
    "C": [(12.0, 0.9893), (13.00335483507, 0.0107)],
    "N": [(14.00307400443, 0.99636), (15.00010889888, 0.00364)],
    "O": [(15.99491461957, 0.99757), (16.9991317565, 0.00038), (17.99915961286, 0.00205)],
    "S": [(31.9720711744, 0.9499), (32.9714589098, 0.0075), (33.967867004, 0.0425), (35.96708071, 0.0001)],
    "Cl": [(34.968852682, 0.7576), (36.965902602, 0.2424)],
    "Br": [(78.9183376, 0.5069), (80.9162897, 0.4931)],
}
"""Masses and abundances of isotopes, 2015."""


def adduct(text: str):
    found = parse_adduct(text)
    assert found is not None
    return found


@pytest.mark.parametrize("symbol", NIST)
def test_isotopes_are_those_of_the_tables(symbol: str) -> None:
    masses, shares = isotopes_of(symbol)
    assert masses == pytest.approx([mass for mass, _ in NIST[symbol]], abs=2e-6)
    assert shares == pytest.approx([share for _, share in NIST[symbol]], abs=8e-4)


def enumerated(formula: str) -> dict[int, float]:
    """Return shares by the number of nucleons above the lightest, by going through all combinations."""
    shares = {0: 1.0}
    for symbol, count in counted(formula)[0]:
        (light, heavy), (p, q) = isotopes_of(symbol)
        step = round(heavy - light)
        one = {k * step: math.comb(count, k) * p ** (count - k) * q**k for k in range(count + 1)}
        turned: dict[int, float] = {}
        for (a, x), (b, y) in itertools.product(shares.items(), one.items()):
            turned[a + b] = turned.get(a + b, 0.0) + x * y
        shares = turned
    highest = max(shares.values())
    return {n: share / highest for n, share in sorted(shares.items()) if share / highest >= LEAST}


def test_caffeine() -> None:
    mz, abundance = pattern("C8H10N4O2", adduct("[M+H]+"))
    assert mz[0] == pytest.approx(195.087652, abs=2e-6)
    assert np.diff(mz) == pytest.approx([1.0025, 1.0021], abs=5e-4)
    assert abundance[0] == 1
    assert 0.094 <= abundance[1] < 0.1035
    assert mz.dtype == abundance.dtype == np.float64


def test_isotopologues_that_are_told_apart() -> None:
    mz, abundance = pattern("C8H10N4O2", adduct("[M+H]+"), 0.001)
    nitrogen = np.argmin(np.abs(mz - (195.087652 + 0.997035)))
    carbon = np.argmin(np.abs(mz - (195.087652 + 1.003355)))
    assert mz[[nitrogen, carbon]] == pytest.approx([196.084687, 196.091007], abs=2e-5)
    assert abundance[[nitrogen, carbon]] == pytest.approx([4 * 0.00366, 8 * 0.01082], abs=1.5e-3)


@pytest.mark.parametrize(("formula", "ratio"), [("CCl", 0.32), ("CBr", 0.973)])
def test_chlorine_is_three_to_one_and_bromine_one_to_one(formula: str, ratio: float) -> None:
    mz, abundance = pattern(formula)
    heavy = np.argmin(np.abs(mz - mz[0] - 1.9975))
    assert mz[heavy] - mz[0] == pytest.approx(1.9975, abs=6e-4)
    assert abundance[heavy] == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize("formula", ["C10H8", "C12H4Cl6", "C6Br6", "C60", "C200H300", "C2Cl4Br3", "C12H4Cl2Br4"])
def test_shares_are_those_of_all_combinations(formula: str) -> None:
    mz, abundance = pattern(formula, merge_da=0.4)
    expected = enumerated(formula)
    lightest = sum(isotopes_of(symbol)[0][0] * count for symbol, count in counted(formula)[0])
    found = dict(zip(np.rint(mz - lightest).astype(int).tolist(), abundance.tolist(), strict=True))
    assert set(found) ^ set(expected) <= {n for n, share in (found | expected).items() if share < 1.02 * LEAST}
    shared = found.keys() & expected.keys()
    assert len(shared) >= len(expected) - 1
    assert [found[n] for n in shared] == pytest.approx([expected[n] for n in shared], abs=5e-5)


@pytest.mark.skipif(importlib.util.find_spec("molmass") is None, reason="molmass is not installed")
@pytest.mark.parametrize("formula", ["C8H10N4O2", "C100H150N20O30S2", "C12H4Cl2Br4S", "C16H36Sn"])
def test_shares_are_those_of_molmass(formula: str) -> None:
    from molmass import Formula

    mz, abundance = pattern(formula, merge_da=0.4)
    expected = [peak for peak in Formula(formula).spectrum(min_intensity=0.2).values() if peak.intensity > 0.2]
    nearest = [int(np.argmin(np.abs(mz - peak.mass))) for peak in expected]
    assert mz[nearest] == pytest.approx([peak.mass for peak in expected], abs=2e-3)
    assert abundance[nearest] == pytest.approx([peak.intensity / 100 for peak in expected], abs=0.01)


def test_an_ion_has_the_atoms_that_the_adduct_brings_and_takes() -> None:
    counts, _ = counted("C6H12O6")
    assert ion_atoms(counts, adduct("[2M+Na-2H]-")) == {"C": 12, "H": 22, "O": 12, "Na": 1}
    whole, charged = pattern("C6H12O6"), pattern("C6H12O6", adduct("[M+2H]2+"))
    assert charged[0][0] == pytest.approx(whole[0][0] / 2 + 1.007276, abs=1e-5)
    assert charged[0][1] - charged[0][0] == pytest.approx((whole[0][1] - whole[0][0]) / 2, abs=1e-4)


def test_a_formula_with_a_charge_is_the_ion() -> None:
    by_charge, by_adduct = pattern("[C5H14NO]+"), pattern("C5H14NO", adduct("[M]+"))
    assert by_charge[0].tolist() == by_adduct[0].tolist()
    assert by_charge[0][0] == pytest.approx(104.10699, abs=1e-5)


def test_deuterium_stands_for_itself() -> None:
    mz, abundance = pattern("CD4")
    assert mz == pytest.approx([12 + 4 * 2.014102, 13.003355 + 4 * 2.014102], abs=1e-4)
    assert abundance[1] == pytest.approx(0.0109, abs=3e-4)


@pytest.mark.parametrize("formula", ["C8H10N4O2", "C12H4Cl2Br4S", "C254H377N65O75S6", "C16H36Sn4"])
@pytest.mark.parametrize("merge_da", [1e-5, 0.004, 0.02, 0.3])
def test_peaks_are_apart_ascending_and_not_too_low(formula: str, merge_da: float) -> None:
    mz, abundance = pattern(formula, adduct("[M+H]+"), merge_da)
    assert np.all(np.diff(mz) >= merge_da)
    assert abundance.max() == 1
    assert abundance.min() >= LEAST


@pytest.mark.parametrize(
    ("formula", "name", "words"),
    [
        ("C8H10X4", "", "no element X"), ("", "", "empty"), ("Tc2O7", "", "Tc has no natural isotopes"),
        ("C5H9*", "", "has no natural isotopes"), ("CH4", "[M+H-H2O]+", "too few O to give"),
        ("H", "[M-H]-", "no atom is left"), ("C8-10 N>=2", "", "not expected"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(formula: str, name: str, words: str) -> None:
    with pytest.raises(QuerySyntax, match=words):
        pattern(formula, adduct(name) if name else None)


@pytest.mark.parametrize("formula", ["Hg3Sn6Se4C10", "Xe200", "C99999999", "C999999999H999999999"])
def test_what_would_take_too_long_is_refused(formula: str) -> None:
    with pytest.raises(QueryTooCostly):
        pattern(formula)


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    isotopes._library.cache_clear()
    monkeypatch.setitem(sys.modules, "IsoSpecPy", None)
    with pytest.raises(MissingExtra, match="IsoSpecPy"):
        pattern("CH4")
    isotopes._library.cache_clear()


def test_the_library_is_imported_when_it_is_needed() -> None:
    code = "import sys, nlsearch.handlers.spectrum.isotopes; print('IsoSpecPy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
