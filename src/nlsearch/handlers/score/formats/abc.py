r"""ABC tune books: every tune is an item.

Conventions
-----------
A tune begins with its ``X:`` field.  Fields before the first are those of the file and hold for all tunes.  An
accidental holds to the next bar line for its letter in all octaves, as the standard says where ``propagate-
accidentals`` does not say otherwise, and for a note that is tied on.  Octave marks of clefs, ``octave=`` and
``transpose=`` are followed, for pitches are those that sound; where abc2midi's ``%%MIDI transpose`` is given, it is
followed instead.  Each ``V:`` is a part, each overlay (``&``) a voice of it.  Parts (``P:``) and repeats are not
expanded.

References
----------
The ABC music standard 2.1 (December 2011), https://abcnotation.com/wiki/abc:standard:v2.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.errors import LimitExceeded, MalformedContent
from nlsearch.handlers.score.formats.abctune import Tune
from nlsearch.handlers.score.notation import Score
from nlsearch.handlers.textlines import over_cap, sections
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

_MARKER = re.compile(rb"\nX[ \t]*:")
_FILE_FIELD = re.compile(r"[A-Za-z]:|%%")
_MAILED = re.compile(r"=20|=3D")
_KEY_LINE = re.compile(r"K[ \t]*:")


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the tunes of a file, in its order; the content of each is a ``Score``, its id the number of ``X:``.

    Raises
    ------
    MalformedContent
        If there is none: no ``X:`` and no ``K:``.
    """
    number = 0
    header: list[str] = []
    for section in sections(stream, limits, _MARKER):
        lines = section.lines()
        if not section.marker:
            if not any(map(_KEY_LINE.match, lines)):
                header = [line for line in lines if _FILE_FIELD.match(line)]
                continue
            lines.insert(0, "% no X:")
        number += 1
        yield over_cap(number, limits, None) if section.is_over else _item(number, header, lines, limits)
    if not number:
        raise MalformedContent("the file holds no tune, for it has no X: field", hint="is it ABC notation?")


def _item(number: int, header: list[str], lines: list[str], limits: Limits) -> RawItem | Skipped:
    tune = Tune(limits)
    if any(map(_MAILED.search, lines)):
        lines = _unquoted("\n".join(lines)).split("\n")
        tune.complaints.add("signs that mail programs put in (=20, =3D) are undone")
    try:
        for line in [*header, *lines]:
            tune.take(line)
    except LimitExceeded as error:
        return Skipped(number, str(error), error.code, tune.number or None)
    score = tune.score()
    if not tune.number:
        score.warnings.append("the tune has no X: field with a number")
    return RawItem(score, number, score.title, tune.number or None, warnings=score.warnings)


def _unquoted(text: str) -> str:
    """Undo what is left of quoted-printable text (RFC 2045, section 6.7); an accidental before a digit is no music."""
    return text.replace("=20\n", "\n").replace("=\n", "").replace("=20", " ").replace("=3D", "=")


def read_melody(body: str, limits: Limits | None = None) -> Score:
    """Read a melody without a header, such as ``"CDE F2"``.

    The unit note length is 1/8, the key C major, the meter free, unless fields within say otherwise (``[K:G]``, or
    lines with ``L:``, ``M:``, ``K:``).

    Parameters
    ----------
    body : str
        Lines of music.
    limits : Limits, optional

    Returns
    -------
    Score
        Its ``warnings`` say what was not understood; a melody without notes is no error.

    Raises
    ------
    LimitExceeded
        If it has more notes than ``score_notes``.
    """
    tune = Tune(limits or Limits(), is_body=True)
    for line in body.splitlines():
        tune.take(line)
    return tune.score()
