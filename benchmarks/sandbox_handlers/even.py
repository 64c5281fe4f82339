"""A handler that costs next to nothing: records of about 2 kB of features, as many as the file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nlsearch.handlers.contract import Buffer, Format, Source, TermSpace, VectorSpace
from nlsearch.limits import Limits
from nlsearch.model import Features, Picture, Probe, RawItem, Region, Scalar, Scan, Verdict

TERMS = np.arange(100, dtype=np.uint64) * 7919
BITS = np.arange(256, dtype=np.uint8)


class EvenHandler:
    """Yields equal records."""

    kind = "even"
    version = 1
    formats = (Format("Even", "text/x-even", (".even",)),)
    fields = ()
    operators = ()
    spaces = (TermSpace("even.t"), VectorSpace("even.v", 2048, "tanimoto"))
    requires = ()

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem]:
        """Yield as many items as the file says."""
        with source.open() as stream:
            count = int(stream.read())
        for number in range(1, count + 1):
            yield RawItem(number, number, record_id=f"E{number}")

    def features(self, item: RawItem) -> Features:
        """Return features of the size of a small molecule's."""
        return Features(
            words=f"record {item.number} of many",
            fields={"mass": 180.04 + item.number, "formula": "C9H8O4", "rings": 1},
            terms={"even.t": TERMS},
            vectors={"even.v": BITS},
            payload=b"x" * 700,
            size=13.0,
            keys={"accession": f"E{item.number}"},
        )

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Return a probe that finds everything."""
        return Probe("even", operator, "everything", Scan(), dict(options), "complete")

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:
        """Find nothing."""
        return None

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw nothing."""
        return Picture("image/svg+xml", b"<svg/>")


HANDLER = EvenHandler
