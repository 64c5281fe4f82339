"""Spectra: mass spectra first, and NMR, IR, Raman and UV/Vis, found by their peaks and by what records say of them.

The goal is a library search as people know it, with the score defined, complete, and with every matched pair of peaks
shown: entropy similarity, cosine, modified cosine, neutral losses and their hybrid, and questions for single peaks.

Conventions
-----------
Positions are m/z, ppm, cm⁻¹ or nm; differences of m/z are in dalton, as if charges were 1.  Intensities are those of
the record.  Spectra are compared after the cleaning of ms_entropy, whose numbers stand in the evidence.

References
----------
.. [1] Li et al. (2021). Spectral entropy outperforms MS/MS dot product similarity. Nat. Methods 18, 1524.
.. [2] Li & Fiehn (2023). Flash entropy search to query all mass spectral libraries in real time. Nat. Methods 20, 1475.
.. [3] Watrous et al. (2012). Mass spectral molecular networking of living microbial colonies. PNAS 109, E1743.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from nlsearch.handlers.contract import Buffer, Field, Format, Operator, Source, Space
from nlsearch.handlers.spectrum.facts import FIELDS, FORMATS, FORMULA, OPERATORS, SPACES
from nlsearch.limits import Limits
from nlsearch.model import Picture, Probe, RawItem, Reading, Region, Scalar, Skipped, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nlsearch.handlers.spectrum.verify import Verifier
    from nlsearch.model import Features

__all__ = ["SpectrumHandler"]


class SpectrumHandler:
    """The kind ``spectrum``; see :class:`~nlsearch.handlers.contract.Handler` for what the members are."""

    kind = "spectrum"
    version = 1
    formats: tuple[Format, ...] = FORMATS
    fields: tuple[Field, ...] = FIELDS
    operators: tuple[Operator, ...] = OPERATORS
    spaces: tuple[Space, ...] = SPACES
    requires = ("rdkit",)

    def __init__(self) -> None:
        self.limits = Limits()

    @cached_property
    def _verifier(self) -> Verifier:
        from nlsearch.handlers.spectrum.verify import Verifier

        return Verifier()

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
        """Yield every spectrum of a file as an item, or as skipped with its reason."""
        from nlsearch.handlers.spectrum.read import read_records

        return read_records(source, limits)

    def features(self, item: RawItem) -> Features:
        """Derive fields, grid cells, cleaned peaks and the payload."""
        from nlsearch.handlers.spectrum.features import spectrum_features

        return spectrum_features(item, self.limits)

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Read the value of an operator, or take a spectrum as the example."""
        from nlsearch.handlers.spectrum.compile import compile_operator

        return compile_operator(operator, value, options, self.limits)

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:  # noqa: ARG002 - peaks have no regions
        """Compare the peaks of the item with what is asked."""
        return self._verifier.verify(probe, payload)

    def scores(self, probe: Probe, payloads: list[bytes | memoryview]) -> NDArray[np.float32] | None:
        """Return the scores of many items at once."""
        return self._verifier.scores(probe, payloads)

    def translate(self, field: str, value: str) -> Reading:
        """Read a formula, an InChIKey, a CAS number or an adduct."""
        from nlsearch.handlers.chemistry.formula import read_formula
        from nlsearch.handlers.chemistry.inchikeys import read_key
        from nlsearch.handlers.chemistry.names import read_cas

        if field == "cas":
            return read_cas(value)
        if field == "adduct":
            return _read_adduct(value)
        return read_formula(value, "formula", FORMULA) if field == "formula" else read_key(value, field, self.limits)

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw the spectrum, or with a match the mirror plot, as SVG."""
        from nlsearch.handlers.spectrum.draw import draw_peaks
        from nlsearch.handlers.spectrum.payload import decode

        return draw_peaks(decode(payload), verdict)


def _read_adduct(value: str) -> Reading:
    from nlsearch.handlers.spectrum.adductnames import normalised
    from nlsearch.model import Exact

    written = normalised(value)
    return Reading(Exact("adduct", written), "" if written == value.strip() else f"the adduct {written}")
