"""Molecules: substructure search with matched atoms, identity and similarity, in SDF, molfiles, SMILES, InChI, tables.

The static facts below load without RDKit; everything else imports it inside functions.

Conventions
-----------
Atoms are counted from 0 in the record's own order, explicit hydrogens as the file has them.  Aromaticity, valence and
stereo are RDKit's.  Masses are in dalton.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Buffer, Field, Format, Operator, Source, Space
from nlsearch.handlers.molecule.facts import FIELDS, FORMATS, OPERATORS, SPACES
from nlsearch.limits import Limits
from nlsearch.model import Features, Picture, Probe, RawItem, Reading, Region, Scalar, Skipped, Verdict

if TYPE_CHECKING:
    from nlsearch.handlers.molecule.verify import Verifier


class MoleculeHandler:
    """The kind ``molecule``.

    Attributes
    ----------
    limits : Limits
        The caps in force: atoms of a query, matches that verification looks for and lists.
    """

    kind = "molecule"
    version = 3
    formats: tuple[Format, ...] = FORMATS
    fields: tuple[Field, ...] = FIELDS
    operators: tuple[Operator, ...] = OPERATORS
    spaces: tuple[Space, ...] = SPACES
    requires = ("rdkit",)

    def __init__(self) -> None:
        self.limits = Limits()

    @cached_property
    def _verifier(self) -> Verifier:
        from nlsearch.handlers.molecule.verify import Verifier

        return Verifier(self.limits)

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
        """Yield every record as an item, or as skipped with its line and RDKit's reason."""
        from nlsearch.handlers.chemistry.read import read_records

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
            return compiler.compile_example(value, options, self.limits)
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
        return known[operator](value, options, self.limits)

    def translate(self, field: str, value: str) -> Reading:
        """Read the value of a field that has a notation of its own: formulas, keys, components, scaffolds.

        Raises
        ------
        QuerySyntax
            With the first mistake and its character.
        """
        from nlsearch.handlers.molecule.translate import translate

        return translate(field, value, self.limits)

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:  # noqa: ARG002
        """Decide whether the molecule matches; `regions` do not apply."""
        return self._verifier.verify(probe, payload)

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw the molecule as SVG with the matched atoms and bonds highlighted."""
        from nlsearch.handlers.molecule.draw import draw_molecule

        return draw_molecule(self._verifier.decoded(payload), verdict)
