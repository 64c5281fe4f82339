"""Proteins: records of FASTA, GenPept, UniProt and Stockholm, and the domains and sites that are annotated on them.

Goal: every record that holds a chain is found, with the alignment that proves it; every annotated feature is found by
its own words.

References
----------
UniProt Consortium, Nucleic Acids Res 2023 51:D523.  Digests: GA4GH refget.

Conventions
-----------
Positions are 0-based and half-open, except ``location``, ``start`` and ``end``, which are 1-based and closed as INSDC
and UniProt write them.  Masses are average masses in dalton.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Buffer, Field, Format, Operator, Source, Space
from nlsearch.handlers.lastprobe import LastProbe
from nlsearch.handlers.protein.facts import FIELDS, FORMATS, OPERATORS, SPACES
from nlsearch.limits import Limits
from nlsearch.model import Features, Picture, Probe, RawItem, Region, Scalar, Skipped, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nlsearch.handlers.protein.asked import Asked
    from nlsearch.handlers.protein.patterns import Pattern


class ProteinHandler:
    """The kind ``protein``; see :class:`~nlsearch.handlers.contract.Handler` for what the members mean."""

    kind = "protein"
    version = 1
    formats: tuple[Format, ...] = FORMATS
    fields: tuple[Field, ...] = FIELDS
    operators: tuple[Operator, ...] = OPERATORS
    spaces: tuple[Space, ...] = SPACES
    requires = ("Bio",)
    yields = ("nucleotide",)

    def __init__(self) -> None:
        self.limits = Limits()
        self._asked = LastProbe(_asked)

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
        """Yield the records of `source`, and after each annotated record its features.

        Raises
        ------
        MalformedContent
            If the file is not what it seems.
        """
        from nlsearch.handlers.protein.read import read_records

        return read_records(source, limits)

    def features(self, item: RawItem) -> Features:
        """Return words, fields, links and payload."""
        from nlsearch.handlers.protein.features import features_of

        return features_of(item)

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Compile ``protein``, ``blastx`` or ``prosite`` of a text, or ``like`` of a file or of a payload.

        Raises
        ------
        QuerySyntax
            If the value is none of that.
        InputError
            If the example file does not read, or holds no protein.
        """
        from nlsearch.handlers.protein import compile as compiling

        if isinstance(value, str):
            if operator == "protein":
                return compiling.compile_protein(value, options, self.limits)
            if operator == "blastx":
                return compiling.compile_blastx(value, options, self.limits)
            if operator == "prosite":
                return compiling.compile_prosite(value)
            raise QuerySyntax(f"{operator} wants a file or the id of an item")
        if isinstance(value, bytes | memoryview):
            return compiling.compile_like(*compiling.example_of_payload(bytes(value)), options, self.limits)
        return compiling.compile_like(*compiling.first_protein(self.read(value, self.limits)), options, self.limits)

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:  # noqa: ARG002 - whole chains are compared
        """Decide whether the protein matches, and where."""
        from nlsearch.handlers.protein.occurrences import find
        from nlsearch.handlers.protein.patterns import Pattern
        from nlsearch.handlers.protein.payload import Target
        from nlsearch.handlers.protein.verify import verify

        opened, target = self._asked.opened(probe), Target(payload)
        if isinstance(opened, Pattern):
            return find(opened, target, self.limits)
        return verify(opened, target, self.limits)

    def scores(self, probe: Probe, payloads: list[bytes | memoryview]) -> NDArray[np.float32] | None:
        """Return the scores of many proteins at once; None for a pattern."""
        from nlsearch.handlers.protein.patterns import Pattern
        from nlsearch.handlers.protein.scores import scores_of

        opened = self._asked.opened(probe)
        return None if isinstance(opened, Pattern) else scores_of(opened, payloads)

    def decide(self, probe: Probe, payloads: list[bytes | memoryview]) -> bytes | None:
        """Say of many proteins at once whether a pattern occurs in them; None for other operators."""
        from nlsearch.handlers.protein.occurrences import decide
        from nlsearch.handlers.protein.patterns import Pattern

        opened = self._asked.opened(probe)
        return decide(opened, payloads) if isinstance(opened, Pattern) else None

    def spell(self, payload: Buffer) -> str:
        """Return the residues of a record or feature."""
        from nlsearch.handlers.protein.payload import Target
        from nlsearch.handlers.sequences.aminoacids import letters

        return letters(Target(payload).codes)

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw a map of the chain around the match, with its features, and the rows of the best alignment, as SVG."""
        from nlsearch.handlers.protein.draw import draw

        return draw(payload, verdict)


def _asked(probe: Probe) -> Asked | Pattern:
    from nlsearch.handlers.protein.asked import Asked
    from nlsearch.handlers.protein.patterns import Pattern

    facts = probe.verification
    return Pattern.parse(facts["pattern"]) if facts["asks"] == "pattern" else Asked(facts, probe.searched)
