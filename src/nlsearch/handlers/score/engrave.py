"""Engraved notation of a passage, with the notes of a match coloured.

Verovio does it, where it is installed (extra ``music``).  It is under the LGPL and never needed: the piano roll
(:mod:`~nlsearch.handlers.score.pianoroll`) shows the same without it.
"""

from __future__ import annotations

import functools
import importlib.util
from typing import Any

from nlsearch.errors import MissingExtra
from nlsearch.handlers.markup import clean
from nlsearch.handlers.score.mei import EngravedNote, Passage, Staff, mei_of
from nlsearch.handlers.score.notation import TICKS

__all__ = ["MOST_BARS", "MOST_NOTES", "EngravedNote", "Passage", "Staff", "engraved", "is_available"]

WIDTH, SCALE = 760, 40
MOST_BARS, MOST_NOTES, MOST_QUARTERS = 64, 2_000, 1_024
"""That are engraved, and how long they last; what is larger, or one note of hours, is for a piano roll."""


@functools.cache
def is_available() -> bool:
    """Say whether verovio is installed."""
    return importlib.util.find_spec("verovio") is not None


def engraved(passage: Passage) -> bytes | None:
    """Return the passage as SVG, in the colour of matches where notes are matched.

    Returns
    -------
    bytes or None
        None if there is no bar, or more than :data:`MOST_BARS`, :data:`MOST_NOTES` or :data:`MOST_QUARTERS`.

    Raises
    ------
    MissingExtra
        If verovio is not installed.
    """
    if not is_available():
        raise MissingExtra("engraved notation needs verovio", hint="pip install nlsearch[music]")
    if not passage.bars or not passage.staves or len(passage.bars) > MOST_BARS:
        return None
    layers = [layer for staff in passage.staves for layer in staff.layers]
    start = passage.bars[0].onset
    if passage.end - start > MOST_QUARTERS * TICKS:
        return None
    if sum(start <= note.onset < passage.end for layer in layers for note in layer) > MOST_NOTES:
        return None
    toolkit = _toolkit()
    toolkit.resetXmlIdSeed(1)
    if not toolkit.loadData(mei_of(passage)):
        return None
    drawing = str(toolkit.renderToSVG(1))
    head, mark, rest = drawing.partition("<svg ")
    opening, end, body = rest.partition(">")
    title = f"<title>{clean(passage.title or 'notation')}</title>"
    return f'{head}{mark}role="img" {opening}{end}{title}{body}'.encode()


def _toolkit() -> Any:  # noqa: ANN401 - verovio has no types
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions({
        "adjustPageHeight": True,
        "breaks": "auto",
        "footer": "none",
        "header": "none",
        "inputFrom": "mei",
        "mnumInterval": 1,
        "pageHeight": 60_000,
        "pageMarginBottom": 20,
        "pageMarginTop": 20,
        "pageWidth": WIDTH * 100 // SCALE,
        "scale": SCALE,
    })  # fmt: skip
    return toolkit
