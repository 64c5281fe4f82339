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
from nlsearch.handlers.contract import Buffer, Chosen, Field, Format, Operator, Setting, Source, Space
from nlsearch.handlers.molecule.facts import FIELDS, FORMATS, OPERATORS, SETTINGS, SPACES
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
    chosen : mapping of str to tuple of str
        What the collection chooses of :attr:`settings`: the fingerprints that it indexes.
    """

    kind = "molecule"
    version = 5
    formats: tuple[Format, ...] = FORMATS
    fields: tuple[Field, ...] = FIELDS
    operators: tuple[Operator, ...] = OPERATORS
    spaces: tuple[Space, ...] = SPACES
    settings: tuple[Setting, ...] = SETTINGS
    requires = ("rdkit",)
    yields = ("reaction",)

    def __init__(self) -> None:
        self.limits = Limits()
        self.chosen: Chosen = {}

    @property
    def _fingerprints(self) -> tuple[str, ...]:
        return self.chosen.get("fingerprints", ())

    @cached_property
    def _verifier(self) -> Verifier:
        from nlsearch.handlers.molecule.verify import Verifier

        return Verifier(self.limits)

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
        """Yield every record as an item (reactions as kind ``reaction``), or as skipped with its line and reason."""
        from nlsearch.handlers.chemistry.read import read_records

        return read_records(source, limits)

    def features(self, item: RawItem) -> Features:
        """Derive fields, subgraph terms, fingerprints and the payload."""
        from nlsearch.handlers.molecule.features import molecule_features

        return molecule_features(item, self._fingerprints)

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Turn a value into a probe.

        Raises
        ------
        QuerySyntax
            With the first mistake in the notation and its character.
        """
        from nlsearch.handlers.molecule import compile as compiler
        from nlsearch.handlers.molecule.tautomers import compile_tautomer

        if operator == "like":
            return compiler.compile_example(value, options, self.limits, self._fingerprints)
        if not isinstance(value, str):
            raise QuerySyntax(f"operator {operator} wants text")
        if operator == "smiles":
            return compiler.compile_smiles(value, options, self.limits, self._fingerprints)
        known = {
            "smarts": compiler.compile_smarts,
            "substructure": compiler.compile_substructure,
            "superstructure": compiler.compile_superstructure,
            "tautomer": compile_tautomer,
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

    def decide(self, probe: Probe, payloads: list[bytes | memoryview]) -> bytes | None:
        """Say of many molecules whether they match, without decoding them; similarity is not decided."""
        return self._verifier.decide(probe, payloads)

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw the molecule as SVG with the matched atoms and bonds highlighted."""
        from nlsearch.handlers.molecule.draw import draw_molecule

        return draw_molecule(self._verifier.decoded(payload), verdict)
