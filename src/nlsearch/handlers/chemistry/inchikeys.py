"""InChIKeys of whole molecules.

References
----------
S. R. Heller et al., *InChI, the IUPAC International Chemical Identifier*, J. Cheminform. 2015, 7, 23.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdkit.Chem import Mol

INCHI_ATOMS = 1000
"""InChI is defined up to 1023 atoms; above it the library refuses, slowly."""


def inchikey(mol: Mol) -> str:
    """Return the standard InChIKey, or ``""`` where InChI is not defined (queries, dummies, very large molecules)."""
    from rdkit.Chem import rdinchi

    if mol.GetNumHeavyAtoms() > INCHI_ATOMS:
        return ""
    return str(rdinchi.MolToInchiKey(mol))
