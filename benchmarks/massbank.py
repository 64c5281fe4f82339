"""MassBank's records for the benchmarks of spectra: read once, cleaned once, in a collection that is made once."""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import nlsearch
from nlsearch.handlers.spectrum import SpectrumHandler
from nlsearch.handlers.spectrum.payload import precursor_of
from nlsearch.kernels.peaklists import Cleaned, Comparing, clean, compare
from nlsearch.limits import Limits
from nlsearch.model import RawItem

EDGE = 1e-4
"""How far from the tolerance rounding may decide about a pair of peaks: steps of single precision at m/z 1,000."""
FILE = Path(__file__).resolve().parents[2] / "shared" / "data" / "spectra" / "massbank.txt.gz"


@dataclass(slots=True)
class Record:
    """A record as the benchmarks compare it.

    ``peaks`` are cleaned, float32 of shape (n, 2), intensities adding up to 1.
    """

    locator: str
    payload: bytes
    precursor: float
    inchikey: str
    cleaned: Cleaned

    @property
    def peaks(self) -> NDArray[np.float32]:
        """The cleaned peaks."""
        return np.column_stack([self.cleaned.positions, self.cleaned.intensities]).astype(np.float32)


class _Gzipped:
    path, name, format = str(FILE), "massbank.txt", "MassBank"

    def open(self):
        return gzip.open(FILE, "rb")


def records(most: int = 1 << 30, tolerance: float = 0.01) -> list[Record]:
    """Return what of the first `most` records are items, cleaned for a tolerance in dalton."""
    handler, found = SpectrumHandler(), []
    for item in handler.read(_Gzipped(), Limits()):
        if item.number > most:
            break
        if not isinstance(item, RawItem):
            continue
        features = handler.features(item)
        precursor = precursor_of(features.payload)
        settings = Comparing("entropy", tolerance, reference=math.nan if precursor is None else precursor)
        found.append(
            Record(
                f"#{item.record_id}",
                features.payload,
                math.nan if precursor is None else precursor,
                str(features.fields.get("inchikey", "")),
                clean(settings, features.payload),
            )
        )
    return found


def collection(folder: Path, most: int | None = None) -> nlsearch.Collection:
    """Return a collection of the first records, made below `folder` if it is not there."""
    path = folder / f"massbank-{most or 'all'}.nls"
    made = path.exists()
    opened = nlsearch.Collection.open(path, create=True)
    if made:
        return opened
    source = FILE
    if most is not None:
        source = folder / f"massbank-{most}.txt"
        source.write_bytes(_first(most))
    opened.index([source], jobs=2)
    return opened


def _first(most: int) -> bytes:
    with gzip.open(FILE, "rb") as stream:
        text = stream.read()
    at = 0
    for _ in range(most):
        at = text.index(b"\n//\n", at) + 4
    return text[:at]


def similarity(metric: str, a: Record, b: Record, tolerance: float, **more: object) -> float:
    """Return our score of two records, from the peaks as they are verified."""
    settings = Comparing(metric, tolerance, reference=a.precursor, **more)  # type: ignore[arg-type]
    return float(compare(settings, a.payload, b.payload)["gain"].sum())


def at_the_edge(metric: str, a: Record, b: Record, tolerance: float, said: float, **more: object) -> bool:
    """Say whether a score is explained by peaks whose distance is the tolerance but for rounding to single precision.

    Flash search keeps positions, losses and windows in single precision; so do we, but for losses.
    """
    edges = [similarity(metric, a, b, tolerance + slack, merge=2 * tolerance, **more) for slack in (-EDGE, 0.0, EDGE)]
    return min(edges) - 1e-5 <= said <= max(edges) + 1e-5
