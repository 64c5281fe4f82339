"""InChIKeys: computing them, and reading what people give for one: a key, its first blocks, an InChI, a structure.

A key is 14 letters for the connectivity, a hyphen, 8 letters for the rest with ``S`` (standard) and the version, a
hyphen, and a letter for the protonation.

References
----------
S. R. Heller et al., *InChI, the IUPAC International Chemical Identifier*, J. Cheminform. 2015, 7, 23.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.chemistry.patterns import read_structure
from nlsearch.limits import Limits
from nlsearch.model import Exact, Prefix, Reading

if TYPE_CHECKING:
    from rdkit.Chem import Mol

INCHI_ATOMS = 1000
"""InChI is defined up to 1023 atoms; above it the library refuses, slowly."""
INCHI = "InChI="
_STANDARD = "InChI=1S/"
_BLOCKS = (14, 10, 1)
_KEY = re.compile(r"[A-Z]{14}-[A-Z]{8}[SN][A-Z]-[A-Z]")
_EXPECTED = "a key has 14 letters, 10 letters and 1 letter with hyphens between, as in BSYNRYMUTXBXSQ-UHFFFAOYSA-N"


def inchikey(mol: Mol) -> str:
    """Return the standard InChIKey, or ``""`` where InChI is not defined (queries, dummies, very large molecules)."""
    from rdkit.Chem import rdinchi

    if mol.GetNumHeavyAtoms() > INCHI_ATOMS:
        return ""
    return str(rdinchi.MolToInchiKey(mol))


def is_key(text: str) -> bool:
    """Say whether `text` is a whole InChIKey, in any case."""
    return _KEY.fullmatch(text.upper()) is not None


def read_key(value: str, field: str, limits: Limits) -> Reading:
    """Read the value of the keyword field `field`: a key, its first block or two, or a standard InChI.

    Raises
    ------
    QuerySyntax
        With what is expected and what stands there instead.
    """
    text = value.strip()
    if text.startswith(INCHI):
        key = key_of_inchi(text, limits)
        return Reading(Exact(field, key), f"InChI, whose key is {key}")
    blocks = text.upper().removeprefix("INCHIKEY=").rstrip("-").split("-")
    for number, (block, size) in enumerate(zip(blocks, _BLOCKS, strict=False), start=1):
        _check_block(block, size, number)
    if len(blocks) > len(_BLOCKS):
        raise QuerySyntax(f"an InChIKey of {len(blocks)} blocks", hint=_EXPECTED)
    key = "-".join(blocks)
    if len(blocks) == len(_BLOCKS):
        if not is_key(key):
            raise QuerySyntax(f"{key[23]} at letter 9 of block 2 of the InChIKey; S or N is expected", hint=_EXPECTED)
        return Reading(Exact(field, key))
    what = "the connectivity" if len(blocks) == 1 else "all but the protonation"
    return Reading(Prefix(field, key + "-"), f"the first {len(key)} characters of InChIKeys: {what}")


def _check_block(block: str, size: int, number: int) -> None:
    strange = re.search(r"[^A-Z]", block)
    if strange:
        where = f"{strange.group()!r} at letter {strange.start() + 1} of block {number} of the InChIKey"
        raise QuerySyntax(f"{where}; only letters are expected", hint=_EXPECTED)
    if len(block) != size:
        plural = "" if len(block) == 1 else "s"
        raise QuerySyntax(
            f"block {number} of the InChIKey has {len(block)} letter{plural}; {size} are expected", hint=_EXPECTED
        )


def key_of_inchi(text: str, limits: Limits) -> str:
    """Return the InChIKey of a standard InChI.

    Raises
    ------
    QuerySyntax
        If it is not standard, or RDKit cannot read it.
    """
    from rdkit.Chem import rdinchi

    molecule_of_inchi(text, limits)
    return str(rdinchi.InchiToInchiKey(text))


def molecule_of_inchi(text: str, limits: Limits) -> Mol:
    """Return the molecule of a standard InChI.

    Raises
    ------
    QuerySyntax
        If it is not standard, or RDKit cannot read it.
    """
    from rdkit import rdBase
    from rdkit.Chem import rdinchi

    if not text.startswith(_STANDARD):
        raise QuerySyntax("the InChI is not standard", hint=f"a standard one begins with {_STANDARD}")
    limits.check("molecule_atoms", len(text) // 25)
    with rdBase.BlockLogs():
        mol: Mol | None = None if "\0" in text else rdinchi.InchiToMol(text, True, True)[0]
    if mol is None:
        raise QuerySyntax("not an InChI that can be read", hint="e.g. InChI=1S/CH4/h1H4")
    return mol


def read_molecule(value: str, limits: Limits) -> Mol:
    """Read a structure that is given as SMILES, molfile or standard InChI.

    Raises
    ------
    QuerySyntax
        With RDKit's reason.
    """
    text = value.strip()
    return molecule_of_inchi(text, limits) if text.startswith(INCHI) else read_structure(value, limits=limits).mol
