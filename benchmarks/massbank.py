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
from nlsearch.kernels.peaklists import Cleaned, Comparing, clean
from nlsearch.limits import Limits
from nlsearch.model import RawItem

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
    """Return the first records that are items, cleaned for a tolerance in dalton."""
    handler, found = SpectrumHandler(), []
    for item in handler.read(_Gzipped(), Limits()):
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
        if len(found) == most:
            break
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
