"""What stands beside the staves of an MEI measure: ties, tuplets, chord symbols, tempo, repeats, endings.

References
----------
MEI 4.0.1 and 5.0: ``tie``, ``tupletSpan``, ``harm``, ``fb``, ``tempo``, ``measure``, ``ending``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from xml.etree.ElementTree import Element

from nlsearch.handlers.score.formats.meidefs import whole, words_of
from nlsearch.handlers.score.formats.meivalues import ratio_of
from nlsearch.handlers.score.formats.tally import Tally
from nlsearch.handlers.score.notation import TICKS, Bar, Harmony

_ROMAN = re.compile(r"[#b♯♭]*(?:VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)[°ø+o]?(?:[#b♯♭]?\d+|/\S+)*")
_UNITS = {"breve": 8.0, **{str(2**power): 4 / 2**power for power in range(8)}}
_NO_IDS = "a tie that does not say its notes was not followed"


class Spans:
    """Ties and tuplets that name their notes by ids, of the measure at hand."""

    def __init__(self) -> None:
        self.ends: dict[str, list[str]] = {}
        self.tuplets: dict[str, tuple[Fraction, str]] = {}

    def take(self, element: Element, tally: Tally, label: str) -> None:
        """Take a ``tie`` or ``tupletSpan``."""
        start, end = (element.get(name, "").lstrip("#") for name in ("startid", "endid"))
        if element.tag == "tupletSpan":
            if start and end:
                self.tuplets[start] = (ratio_of(element), end)
        elif start and end:
            self.ends.setdefault(start, []).append(end)
        else:
            tally.warn(_NO_IDS, label)


def tempo_of(element: Element) -> float | None:
    """Return the quarters a minute that a ``tempo`` or ``scoreDef`` says; None if it does not."""
    text, unit = element.get("midi.bpm"), 1.0
    if text is None and element.get("mm") is not None:
        text = element.get("mm")
        unit = _UNITS.get(element.get("mm.unit", "4"), 1.0)
        unit *= 1.5 if whole(element.get("mm.dots"), 1) else 1.0
    try:
        value = float(text or "nan") * unit
    except ValueError:
        return None
    return value if 1 <= value <= 2000 else None


def harmonies(element: Element, place: int) -> Iterator[Harmony]:
    """Yield what a ``harm`` says: a chord symbol, a roman numeral, figures; each with its place."""
    figured = element.find(".//fb")
    if figured is not None:
        text = " ".join(filter(None, map(words_of, figured.iter("f"))))
        if text:
            yield Harmony(place, text[:100], "figures")
        return
    text = words_of(element).replace("♯", "#").replace("♭", "b")[:100]
    if text:
        yield Harmony(place, text, "roman" if _ROMAN.fullmatch(text) else "symbol")


def place_of(element: Element, places: dict[str, int], bar_ticks: int, meter: str) -> int:
    """Return where in its bar a control event stands: at a note it names, or at a beat of the meter."""
    known = places.get(element.get("startid", "").lstrip("#"))
    if known is not None:
        return known
    try:
        beats = float(element.get("tstamp", "1")) - 1
    except ValueError:
        return 0
    unit = whole(meter.rpartition("/")[2], 4096)
    ticks = beats * 4 * TICKS / unit if unit > 0 else beats * TICKS
    return int(max(0.0, min(ticks, float(bar_ticks or 4 * TICKS)))) if ticks == ticks else 0  # noqa: PLR0124 - NaN


class Repeats:
    """Puts repeats and endings into bars."""

    def __init__(self) -> None:
        self.endings: tuple[int, ...] = ()
        self._starts_next = False
        self._before: Bar | None = None

    def begin_ending(self, element: Element) -> None:
        """Take an ``ending`` as it begins."""
        numbers = re.findall(r"\d{1,2}", element.get("n") or element.get("label") or "")[:32]
        self.endings = tuple(dict.fromkeys(map(int, numbers)))

    def take(self, measure: Element, bar: Bar) -> None:
        """Read the bar lines of a measure."""
        left, right = measure.get("left", ""), measure.get("right", "")
        bar.endings = self.endings
        bar.repeat_start = self._starts_next or left in {"rptstart", "rptboth"}
        self._starts_next = right in {"rptstart", "rptboth"}
        if left in {"rptend", "rptboth"} and self._before is not None:
            self._before.repeat_end = 2
        if right in {"rptend", "rptboth"}:
            bar.repeat_end = 2
        self._before = bar
