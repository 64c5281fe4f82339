"""Molecules: substructure search with matched atoms, identity and similarity, in SDF, molfiles, SMILES, InChI, tables.

The static facts below load without RDKit; everything else imports it inside functions.

Conventions
-----------
Atoms are counted from 0 in the record's own order, explicit hydrogens as the file has them.  Aromaticity, valence and
stereo are RDKit's.  Masses are in dalton.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Buffer, Field, Format, Operator, Option, Source, Space, TermSpace, VectorSpace
from nlsearch.limits import Limits
from nlsearch.model import Features, Picture, Probe, RawItem, Region, Scalar, Skipped, Verdict

if TYPE_CHECKING:
    from nlsearch.handlers.molecule.verify import Verifier

_COUNTS = rb"(?:[^\n]{0,400}\n){3}[ \d]{6}[^\n]{0,200}V[23]000"
_COLUMN = rb"\"?(?i:canonical|isomeric|openeye|absolute)?[ _.-]?(?i:smiles)(?:[ _.-]?(?i:string))?\"?"
_STEREO = Option("stereo", "boolean", "whether stereo that the query gives must be there", default=True)
_IDENTITY = (
    Option("fp", "text", "fingerprint of the similarity: morgan = radius 2, 2048 bits", "morgan", ("morgan",)),
    Option(
        "level",
        "text",
        "what is the same molecule: stereo (with isotopes and charges) or connectivity (without stereo and isotopes)",
        "stereo",
        ("stereo", "connectivity"),
    ),
)
_MATCHED = "matched atoms / heavy atoms of the molecule"
_TANIMOTO = "1 for the same molecule, else Tanimoto similarity of Morgan fingerprints (radius 2, 2048 bits)"


class MoleculeHandler:
    """The kind ``molecule``.

    Parameters
    ----------
    limits : Limits, optional
        Bounds the matches that verification looks for (``verify_matches``) and lists (``evidence_more``).
    """

    kind = "molecule"
    version = 1
    formats = (
        Format("SDF", "chemical/x-mdl-sdfile", (".sdf", ".sd"), pattern=_COUNTS + rb"(?=.*^(?:\$\$\$\$|> ))"),
        Format("MOL", "chemical/x-mdl-molfile", (".mol", ".mdl"), pattern=_COUNTS),
        Format("InChI", "chemical/x-inchi", (".inchi",), magic=(b"InChI=1",)),
        Format(
            "SMILES table",
            "text/csv",
            (),
            pattern=rb"(?:[^\n]*[,;\t])?" + _COLUMN + rb"(?=[,;\t\r\n])",
        ),
        Format("SMILES", "chemical/x-daylight-smiles", (".smi", ".smiles", ".ism", ".can", ".cxsmiles")),
    )
    fields = (
        Field("name", "text", "the record's own name", example="aspirin"),
        Field("formula", "keyword", "molecular formula in Hill's order", example="C9H8O4"),
        Field("mass", "float", "monoisotopic mass", "Da", example="180.0423"),
        Field("mw", "float", "average molecular weight", "Da", example="180.16"),
        Field("charge", "integer", "formal charge", "e", facet=True, example="0"),
        Field("heavy_atoms", "integer", "atoms other than hydrogen", example="13"),
        Field("rings", "integer", "rings of the smallest set of smallest rings", facet=True, example="1"),
        Field("inchikey", "keyword", "standard InChIKey", example="BSYNRYMUTXBXSQ-UHFFFAOYSA-N"),
        Field("smiles", "keyword", "canonical SMILES with stereo and isotopes, as RDKit writes it"),
        Field("logp", "float", "octanol/water partition after Wildman and Crippen", example="1.31"),
        Field("tpsa", "float", "topological polar surface area after Ertl", "Å²", example="63.6"),
    )
    operators = (
        Operator(
            "smarts",
            "Molecules that hold the pattern; explicit [H] counts as hydrogen count, stereo given must be there.",
            'smarts:"c1ccc2[nH]ccc2c1"',
            "complete",
            _MATCHED,
            (_STEREO,),
            "SMARTS",
        ),
        Operator(
            "substructure",
            "Molecules that hold the structure; its aromaticity is perceived first, its hydrogens are ignored.",
            'substructure:"OC(=O)c1ccccc1"',
            "complete",
            _MATCHED,
            (_STEREO,),
            "SMILES or a molfile",
        ),
        Operator(
            "superstructure",
            "Molecules that are contained in the structure.",
            'superstructure:"CC(=O)Oc1ccccc1C(=O)O"',
            "complete",
            "heavy atoms of the molecule / heavy atoms of the query",
            (_STEREO,),
            "SMILES or a molfile",
        ),
        Operator(
            "smiles",
            "The same molecule (exact), and those near it by Tanimoto similarity of at least 0.5.",
            'smiles:"CC(=O)Oc1ccccc1C(=O)O"',
            "complete",
            _TANIMOTO,
            _IDENTITY,
            "SMILES or a molfile",
        ),
        Operator(
            "like",
            "As smiles, by example: a chemical file, of which the first readable record counts, or an item.",
            'like:"medicines.smi#1"',
            "complete",
            _TANIMOTO,
            _IDENTITY,
            "a file or item id",
        ),
    )
    spaces: tuple[Space, ...] = (
        TermSpace("molecule.subgraph"),
        VectorSpace("molecule.morgan", 2048, "tanimoto"),
    )
    requires = ("rdkit",)

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._lazy_verifier: Verifier | None = None

    @property
    def _verifier(self) -> Verifier:
        if self._lazy_verifier is None:
            from nlsearch.handlers.molecule.verify import Verifier

            self._lazy_verifier = Verifier(self._limits)
        return self._lazy_verifier

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
        """Yield every record as an item, or as skipped with its line and RDKit's reason."""
        from nlsearch.handlers.molecule.read import read_records

        return read_records(source, limits)

    def features(self, item: RawItem) -> Features:
        """Derive fields, subgraph terms, the Morgan fingerprint and the payload."""
        from nlsearch.handlers.molecule.features import molecule_features

        return molecule_features(item)

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Turn a value into a probe.

        Raises
        ------
        QuerySyntax
            With the first mistake in the notation and its character.
        """
        from nlsearch.handlers.molecule import compile as compiler

        if operator == "like":
            return compiler.compile_example(value, options)
        if not isinstance(value, str):
            raise QuerySyntax(f"operator {operator} wants text")
        known = {
            "smarts": compiler.compile_smarts,
            "substructure": compiler.compile_substructure,
            "superstructure": compiler.compile_superstructure,
            "smiles": compiler.compile_smiles,
        }
        if operator not in known:
            raise QuerySyntax(f"molecules have no operator {operator!r}")
        return known[operator](value, options)

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:  # noqa: ARG002
        """Decide whether the molecule matches; `regions` do not apply."""
        return self._verifier.verify(probe, payload)

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw the molecule as SVG with the matched atoms and bonds highlighted."""
        from nlsearch.handlers.molecule.draw import draw_molecule

        return draw_molecule(self._verifier.decoded(payload), verdict)
