"""The compound of a spectrum: fields that follow from others are filled in, and contradictions are told.

Libraries give a structure as InChIKey, InChI, SMILES or formula, and an ion by its precursor, adduct, charge or
polarity; whatever is given, all are searched.  An InChI's key and formula follow from its text (10 µs), which is not
looked at any closer; those of a SMILES want a molecule (0.25 ms).  Both are remembered for a while, for libraries have
many spectra of a compound in a row.

Conventions
-----------
What the record says stands, except that formulas and adducts are written in their standard spelling; what is derived
fills gaps.  Masses are monoisotopic, in dalton, and rounded to 10⁻⁶.  Nothing here is fatal: what cannot be read
becomes a warning.

References
----------
S. R. Heller et al., *InChI, the IUPAC International Chemical Identifier*, J. Cheminform. 2015, 7, 23.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.chemistry.formula import NUMBERS, counted, hill
from nlsearch.handlers.chemistry.inchikeys import INCHI, inchikey
from nlsearch.handlers.spectrum.adducts import ion_mz, monoisotopic_da, neutral_mass, normalised, parse_adduct
from nlsearch.limits import Limits
from nlsearch.model import FieldValue

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

FAR_DA = 0.5
"""A precursor that is farther from what formula and adduct say contradicts them."""
_KEPT, _KEPT_CHARACTERS = 2048, 4096
"""So many texts are remembered, and none that is longer."""
_STANDARD = "InChI=1S/"
_KEY = re.compile(r"[A-Z]{14}(?:-[A-Z]{8}[SN][A-Z](?:-[A-Z])?)?")
_COMPONENT = re.compile(r"([0-9]{0,4})((?:[A-Z][a-z]?[0-9]{0,6})+)")
_COUNTED = re.compile(r"([A-Z][a-z]?)([0-9]*)")
_CHARGES = re.compile(r"(?:([0-9]{1,4})\*)?([+-][0-9]{1,4})")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Structure:
    """What a structure's text says; each ``""``, or a mass of 0, where it says nothing.

    Parameters
    ----------
    key : str
        The standard InChIKey.
    formula : str
        In Hill's order, with the charge.
    mass_da : float
    problem : str
        Why the text cannot be read.
    """

    key: str = ""
    formula: str = ""
    mass_da: float = 0.0
    problem: str = ""


def identified(
    fields: Mapping[str, FieldValue], smiles: str, inchi: str, limits: Limits
) -> tuple[dict[str, FieldValue], list[str]]:
    """Return the fields of a record with those filled in that follow from others, and what contradicts.

    Parameters
    ----------
    fields : mapping of str to FieldValue
        As a reader gives them; left as it is.
    smiles, inchi : str
        The structure, ``""`` where unknown.
    limits : Limits
        ``molecule_atoms``: larger structures are not looked at.

    Returns
    -------
    fields : dict of str to FieldValue
    warnings : list of str
        Of a SMILES only where the InChI and the InChIKey do not agree already.
    """
    found = dict(fields)
    warnings: list[str] = []
    by_inchi = _kept(_of_inchi, inchi)(inchi, limits.molecule_atoms) if inchi else Structure()
    settled = bool(by_inchi.key) and str(fields.get("inchikey", ""))[:14] == by_inchi.key[:14]
    ask_smiles = bool(smiles) and not settled  # reading a SMILES costs ten times an InChI
    by_smiles = _kept(_of_smiles, smiles)(smiles, limits.molecule_atoms) if ask_smiles else Structure()
    warnings += [one.problem for one in (by_inchi, by_smiles) if one.problem]
    _give_key(found, by_inchi.key, by_smiles.key, warnings)
    mass = _give_formula(found, by_inchi, by_smiles, warnings)
    _give_ion(found, mass, warnings)
    return found, warnings


# ----------------------------------------------------------------------------------------------------------- structure
def _give_key(found: dict[str, FieldValue], by_inchi: str, by_smiles: str, warnings: list[str]) -> None:
    """Fill in or complete the InChIKey, and compare its first block."""
    given = str(found.get("inchikey", "")).strip().upper().removeprefix("INCHIKEY=")
    derived = by_inchi or by_smiles
    if given and not _KEY.fullmatch(given):
        warnings.append(f"{_short(given)} is no InChIKey" + (f"; {derived} is taken" if derived else ""))
        given = ""
    first, other = (given, by_inchi) if given else (by_inchi, "")
    for name, key in (("InChI", other), ("SMILES", by_smiles)):
        if first and key and key[:14] != first[:14]:
            what = f"the InChIKey {first}" if given else f"the InChI's key {first}"
            warnings.append(f"{what} is not that of the {name}, {key}")
    found["inchikey"] = derived if derived.startswith(given) else given
    if not found["inchikey"]:
        del found["inchikey"]


def _give_formula(
    found: dict[str, FieldValue], by_inchi: Structure, by_smiles: Structure, warnings: list[str]
) -> float:
    """Fill in formula and mass; return the formula's mass, 0 if there is none that can be read."""
    given = str(found.get("formula", "")).strip()
    structure = by_inchi if by_inchi.formula else by_smiles
    read = _kept(_of_formula, given)(given) if given else structure
    if given and read.problem:
        warnings.append(read.problem)
        read = structure
    if read.formula:
        found["formula"] = read.formula
    if read.mass_da and "mass" not in found:
        found["mass"] = round(read.mass_da, 6)
    return read.mass_da


@lru_cache(maxsize=_KEPT)
def _of_formula(text: str) -> Structure:
    try:
        counts, charge = counted(text)
        return _made_of(counts, charge)
    except QuerySyntax as exc:
        return Structure(problem=f"the formula {_short(text)} cannot be read: {exc.message.removeprefix('formula: ')}")


def _made_of(counts: list[tuple[str, int]], charge: int) -> Structure:
    mass = monoisotopic_da(counts, charge)
    numbers: dict[int, int] = {}
    for symbol, count in counts:
        numbers[NUMBERS[symbol]] = numbers.get(NUMBERS[symbol], 0) + count
    return Structure(formula=hill(numbers) + _sign(charge), mass_da=mass)


def _sign(charge: int) -> str:
    return "" if not charge else ("+" if charge > 0 else "-") + (str(abs(charge)) if abs(charge) > 1 else "")


@lru_cache(maxsize=_KEPT)
def _of_inchi(text: str, most_atoms: int) -> Structure:
    """Return key and formula of an InChI, without making a molecule."""
    from rdkit import rdBase
    from rdkit.Chem import rdinchi

    if len(text) // 25 > most_atoms:
        return Structure(problem=f"the InChI is not looked at: more atoms than molecule_atoms = {most_atoms:,}")
    readable = text.startswith(INCHI) and text.isascii() and text.isprintable()
    with rdBase.BlockLogs():
        key = str(rdinchi.InchiToInchiKey(text)) if readable else ""
    if not key:
        return Structure(problem=f"the InChI {_short(text)} cannot be read")
    composed = _composition(text)
    return Structure(key if text.startswith(_STANDARD) else "", composed.formula, composed.mass_da)


def _composition(inchi: str) -> Structure:
    """Return the formula of an InChI: the second layer, with the protons of ``/p`` and the charges of ``/q``."""
    layers = inchi.split("/")[1:]
    components = [_COMPONENT.fullmatch(one) for one in layers[0].split(".")] if layers else []
    counts: list[tuple[str, int]] = []
    for component in components:
        if component is None:
            return Structure()
        times = int(component[1] or 1)
        for symbol, count in _COUNTED.findall(component[2]):
            counts.append((symbol, times * int(count or 1)))
    if not counts or any(symbol not in NUMBERS for symbol, _ in counts):
        return Structure()
    protons = _charge_layer(layers, "p")
    return _made_of([*counts, ("H", protons)], protons + _charge_layer(layers, "q"))


def _charge_layer(layers: list[str], letter: str) -> int:
    layer = next((one[1:] for one in layers[1:] if one.startswith(letter)), "")
    return sum(int(times or 1) * int(amount) for times, amount in _CHARGES.findall(layer))


@lru_cache(maxsize=_KEPT)
def _of_smiles(text: str, most_atoms: int) -> Structure:
    """Return key, formula and mass of a SMILES."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdMolDescriptors

    if len(text) // 20 > most_atoms:
        return Structure(problem=f"the SMILES is not looked at: more atoms than molecule_atoms = {most_atoms:,}")
    try:
        with rdBase.BlockLogs():
            mol = Chem.MolFromSmiles(text) if text.isascii() and text.isprintable() else None
            if mol is not None and 0 < mol.GetNumAtoms() <= most_atoms:
                formula, mass = rdMolDescriptors.CalcMolFormula(mol), rdMolDescriptors.CalcExactMolWt(mol)
                return Structure(inchikey(mol), str(formula), float(mass))
    except (ValueError, RuntimeError):  # RDKit's preconditions
        mol = None
    return Structure(problem=f"the SMILES {_short(text)} cannot be read" if mol is None else "")


def _kept(reader: _lru_cache_wrapper[Structure], text: str) -> Callable[..., Structure]:
    """Return `reader`, or the function without its memory if `text` is too long to be remembered."""
    return reader if len(text) <= _KEPT_CHARACTERS else reader.__wrapped__


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


# ----------------------------------------------------------------------------------------------------------------- ion
def _give_ion(found: dict[str, FieldValue], mass: float, warnings: list[str]) -> None:
    """Fill in what precursor, adduct and formula say of one another."""
    text = str(found.get("adduct", ""))
    adduct = parse_adduct(text) if text else None
    charge = found.get("charge")
    if adduct is not None:
        found["adduct"] = adduct.name
        charge = found.setdefault("charge", adduct.charge)
    elif text:
        found["adduct"] = normalised(text)
    sign = adduct.charge if adduct else charge if isinstance(charge, int) else 0
    mode = found.setdefault("ion_mode", "positive" if sign > 0 else "negative") if sign else ""
    if adduct is not None and mode != ("positive" if adduct.charge > 0 else "negative"):
        warnings.append(f"the adduct {adduct.name} is not that of {mode} ion mode")
    precursor = found.get("precursor")
    if adduct is None or not isinstance(precursor, int | float):
        return
    neutral = neutral_mass(float(precursor), adduct)
    if neutral > 0:
        found.setdefault("neutral_mass", round(neutral, 6))
    expected = ion_mz(mass, adduct)
    if mass and abs(expected - precursor) > FAR_DA:
        ion = f"{found['formula']} as {adduct.name}, {expected:.4f}"
        warnings.append(f"the precursor {precursor:.4f} is not the monoisotopic one of {ion}")
