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

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Buffer, Field, Format, Operator, Source, Space
from nlsearch.handlers.protein.facts import FIELDS, FORMATS, OPERATORS, SPACES
from nlsearch.limits import Limits
from nlsearch.model import Features, Picture, Probe, RawItem, Region, Scalar, Skipped, Verdict


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

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:  # noqa: ARG002
        """Refuse: this kind is found by words and fields.

        Raises
        ------
        QuerySyntax
            Always.
        """
        raise QuerySyntax(f"proteins have no operator {operator}")

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:  # noqa: ARG002
        """Return None: there is no operator yet."""
        return None

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw the chain as a strip with its features and the match, as SVG."""
        from nlsearch.handlers.protein.draw import draw

        return draw(payload, verdict)
