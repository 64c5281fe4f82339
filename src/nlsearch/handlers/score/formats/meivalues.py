"""How long notes of MEI are, and which of several readings is taken.

References
----------
MEI 4.0.1 and 5.0 (CMN): ``@dur``, ``@dots``, ``@dur.ppq``, ``tuplet``, ``app``, ``choice``.
"""

from __future__ import annotations

from fractions import Fraction
from xml.etree.ElementTree import Element

from nlsearch.handlers.score.formats.meidefs import Staff, whole
from nlsearch.handlers.score.notation import TICKS

_VALUES = {
    "maxima": 32 * TICKS, "long": 16 * TICKS, "breve": 8 * TICKS,
    **{str(2**power): 4 * TICKS // 2**power for power in range(12)},
}  # fmt: skip
_MOST_DOTS = 10
LONGEST = 10_000 * TICKS
"""No bar is longer."""


def ticks_of(element: Element, ratio: Fraction, staff: Staff) -> int | None:
    """Return the ticks of a note, chord or rest: as written, times the tuplets around it; None if it does not say.

    Parameters
    ----------
    element : Element
    ratio : Fraction
        Of sounding to written time.
    staff : Staff
        Says the units of ``@dur.ppq``, which counts where nothing is written, and the usual value.
    """
    written = element.get("dur")
    if written is None and element.tag == "chord":
        first = element.find("note")
        written = None if first is None else first.get("dur")
    if written is None and element.get("dur.ppq") is not None and staff.ppq > 0:
        return max(0, min(whole(element.get("dur.ppq"), 10**9) * TICKS // staff.ppq, LONGEST))
    value = _VALUES.get(written or element.get("dur.ges") or staff.duration, 0)
    if not value:
        return None
    dots = min(_MOST_DOTS, whole(element.get("dots"), 1000) or len(element.findall("dot")))
    if dots > 0:
        value = 2 * value - (value >> dots)
    return min(value if ratio == 1 else int(value * ratio.numerator // ratio.denominator), LONGEST)


def ratio_of(element: Element) -> Fraction:
    """Return the sounding to the written time of a ``tuplet`` or ``tupletSpan``; 1 if it does not say."""
    num, base = whole(element.get("num"), 1000), whole(element.get("numbase"), 1000)
    return Fraction(base, num) if num > 0 and base > 0 else Fraction(1)


def first_reading(element: Element) -> list[Element]:
    """Return the reading of an ``app``, ``choice`` or ``subst`` that is taken: the lemma, what was added, the first."""
    wanted = {"app": "lem", "subst": "add"}.get(element.tag, "")
    found = element.find(wanted) if wanted else None
    return [found] if found is not None else list(element)[:1]
