"""Pages of JCAMP-DX 5 (``##NTUPLES=``): which variables a block has, and which of its tables are spectra.

Conventions
-----------
Variables go by their symbols: X (or F, T) is what the axis shows, Y, or R and I of a complex spectrum, what is drawn
over it, and a further one (N, T) tells the pages apart.  Of an NMR spectrum the first real page is taken; of others
every page is a spectrum of its own, such as the scans of a chromatogram.

References
----------
A. N. Davies and P. Lampen, Appl. Spectrosc. 1993, 47, 1093.  P. Lampen et al., Appl. Spectrosc. 1994, 48, 1545.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from nlsearch.errors import UnsupportedFeature
from nlsearch.handlers.spectrum.formats.jdxaxes import Span, number, unit_of
from nlsearch.handlers.spectrum.formats.jdxblocks import Block, Table
from nlsearch.handlers.spectrum.formats.jdxgroups import assigned
from nlsearch.model import FieldValue

_PROPERTIES = ("VARNAME", "VARTYPE", "VARDIM", "UNITS", "FACTOR", "FIRST", "LAST")
_FORM = re.compile(r"\(\s*(\w+?)(?:\s*\+\+\s*\(\s*(\w+)|(\w)\s*)\s*\.\.")
_SECONDS = {"second": 1.0, "sec": 1.0, "s": 1.0, "minute": 60.0, "min": 60.0}


@dataclass(slots=True)
class Variables:
    """The variables of a block's tables: symbol → property (``UNITS``, ``FACTOR`` …) → value; empty without pages."""

    named: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, labels: Mapping[str, str]) -> Variables:
        """Return the variables that the labels declare."""
        symbols = [symbol.strip().upper() for symbol in labels.get("SYMBOL", "").split(",")]
        columns = {name: labels[name].split(",") for name in _PROPERTIES if name in labels}
        return cls(
            {
                symbol: {name: values[at].strip() for name, values in columns.items() if at < len(values)}
                for at, symbol in enumerate(symbols)
                if symbol
            }
        )

    def unit(self, symbol: str) -> str:
        """Return the unit of a variable as :func:`unit_of` does."""
        return unit_of(self.named.get(symbol.upper(), {}).get("UNITS", ""))

    def span(self, table: Table, labels: Mapping[str, str]) -> tuple[Span, float]:
        """Return what is told of X, and the factor of Y."""
        x, y = symbols_of(table)
        over, drawn = self.named.get(x, {}), self.named.get(y, {})

        def told(label: str, name: str) -> float:
            value = number(table.local.get(label) or over.get(name))
            return number(labels.get(label)) if math.isnan(value) else value

        span = Span(
            _factor(told("XFACTOR", "FACTOR")),
            told("FIRSTX", "FIRST"),
            told("LASTX", "LAST"),
            told("NPOINTS", "VARDIM"),
            number(labels.get("DELTAX")),
        )
        return span, _factor(number(drawn.get("FACTOR") or labels.get("YFACTOR")))

    def is_imaginary(self, table: Table) -> bool:
        """Say whether a table is the imaginary part of a complex spectrum."""
        symbol = symbols_of(table)[1]
        return symbol == "I" or "IMAG" in self.named.get(symbol, {}).get("VARNAME", "").upper()

    def page_fields(self, table: Table) -> dict[str, FieldValue]:
        """Return what the page says: the retention time of a scan."""
        symbol, _, value = table.page.partition("=")
        variable = self.named.get(symbol.strip().upper(), {})
        unit = variable.get("UNITS", "").strip().lower().rstrip("s") or "s"
        time = number(value) * _SECONDS.get(unit, math.nan)
        if "TIME" not in variable.get("VARNAME", "").upper() or not math.isfinite(time):
            return {}
        return {"retention_time": time}


def _factor(told: float) -> float:
    return told if told and math.isfinite(told) else 1.0


def _holds_peaks(table: Table) -> bool:
    return bool(table.lines) if table.label == "PEAKTABLE" else bool(assigned(table.lines))


def symbols_of(table: Table) -> tuple[str, str]:
    """Return the symbols of what a table's form runs over and of what it lists: X and R of ``(X++(R..R))``."""
    found = _FORM.match(table.form)
    if not found:
        return "X", "Y"
    return found.group(1).upper(), (found.group(2) or found.group(3)).upper()


def chosen(block: Block, variables: Variables, technique: str, warnings: list[str]) -> list[Table]:
    """Return the tables of a block that are spectra.

    Raises
    ------
    UnsupportedFeature
        If there is none, or if the pages make up a spectrum of two dimensions.
    """
    tables = [table for table in block.tables if table.label != "RADATA"]
    if not tables:
        raise UnsupportedFeature("an interferogram (RADATA), from which the spectrum was not yet made")
    independent = [name for name, kept in variables.named.items() if kept.get("VARTYPE", "").upper() == "INDEPENDENT"]
    if technique == "NMR" and len(independent) > 1:
        raise UnsupportedFeature(f"an NMR spectrum over {' and '.join(independent)}: more than one dimension")
    real = [table for table in tables if not variables.is_imaginary(table)]
    if not real:
        raise UnsupportedFeature("only the imaginary part of a complex spectrum")
    if any(table.page for table in real):
        return real[:1] if technique == "NMR" else real
    peaks = [table for table in real if table.label.startswith("PEAK") and _holds_peaks(table)]
    best = (peaks or real)[0]
    if len(real) > 1:
        others = ", ".join(table.label for table in real if table is not best)
        warnings.append(f"{best.label} is taken; what else the block holds ({others}) is not read")
    return [best]
