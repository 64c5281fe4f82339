"""Reactions: patterns on both sides of the arrow with atom maps, identity and similarity, in RXN, RDF, SMILES, tables.

The static facts below load without RDKit; everything else imports it inside functions.

Conventions
-----------
Atoms are counted from 0 through the whole record in file order, explicit hydrogens as the file has them.  Aromaticity,
valence and stereo are RDKit's.  An atom map number of 0 is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Buffer, Field, Format, Operator, Source, Space
from nlsearch.handlers.reaction.facts import FIELDS, FORMATS, OPERATORS, SPACES
from nlsearch.limits import Limits
from nlsearch.model import Features, Picture, Probe, RawItem, Reading, Region, Scalar, Skipped, Verdict

if TYPE_CHECKING:
    from nlsearch.handlers.reaction.verify import Verifier


class ReactionHandler:
    """The kind ``reaction``.

    Attributes
    ----------
    limits : Limits
        The caps in force: atoms of a query, matches that verification looks for and lists.
    """

    kind = "reaction"
    version = 1
    formats: tuple[Format, ...] = FORMATS
    fields: tuple[Field, ...] = FIELDS
    operators: tuple[Operator, ...] = OPERATORS
    spaces: tuple[Space, ...] = SPACES
    requires = ("rdkit",)
    yields = ("molecule",)

    def __init__(self) -> None:
        self.limits = Limits()

    @cached_property
    def _verifier(self) -> Verifier:
        from nlsearch.handlers.reaction.verify import Verifier

        return Verifier(self.limits)

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
        """Yield every record as an item (a molecule of an RDF as one of kind ``molecule``), or as skipped."""
        from nlsearch.handlers.chemistry.read import read_records

        return read_records(source, limits, self.kind)

    def features(self, item: RawItem) -> Features:
        """Derive fields, subgraph terms of each side, the structural fingerprint and the payload."""
        from nlsearch.handlers.reaction.features import reaction_features

        return reaction_features(item)

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Turn a value into a probe.

        Raises
        ------
        QuerySyntax
            With the side of the reaction, the first mistake in its notation and its character there.
        """
        from nlsearch.handlers.reaction import compile as compiler

        if operator == "like":
            return compiler.compile_example(value, self.limits)
        if operator != "reaction":
            raise QuerySyntax(f"reactions have no operator {operator!r}")
        if not isinstance(value, str):
            raise QuerySyntax(f"operator {operator} wants text")
        return compiler.compile_reaction(value, options, self.limits)

    def translate(self, field: str, value: str) -> Reading:
        """Read the value of a field that has a notation of its own: reactant, agent, product.

        Raises
        ------
        QuerySyntax
            If it cannot be read, or has no InChIKey.
        """
        from nlsearch.handlers.reaction.translate import translate

        return translate(field, value, self.limits)

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:  # noqa: ARG002
        """Decide whether the reaction matches; `regions` do not apply."""
        return self._verifier.verify(probe, payload)

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw the reaction as SVG, agents above the arrow, with the matched atoms and bonds highlighted."""
        from nlsearch.handlers.reaction.draw import draw_reaction

        return draw_reaction(self._verifier.decoded(payload), verdict)
