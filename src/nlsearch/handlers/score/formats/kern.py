r"""Humdrum files with ``**kern`` spines: scores of any number of parts, with texts and harmonies.

Conventions
-----------
A tune ends where all its spines end (``*-``); the next exclusive interpretation begins another.  Reference records
between two tunes belong to the first, from one with a key that its header has already (or ``OTL``, ``COM``) on to the
second.  ``**kern`` is always in sounding pitch; ``*ITr`` says how to print a part and ``*Tr`` how it was made, so both
change nothing.  Parts stand as printed, the leftmost spine last.

What begins on a line begins at one time.  Where durations do not fit, the line begins where the last of its notes may,
which is told; at a barline all spines are at one time again.  ``*>`` sections are read in the order of the file, as
``*thru`` without expansion.

References
----------
D. Huron, *The Humdrum Toolkit: Reference Manual*, Menlo Park 1995; https://www.humdrum.org/rep/kern.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.errors import MalformedContent
from nlsearch.handlers.score.formats.kernreference import HEADS, RECORD
from nlsearch.handlers.score.formats.kerntune import Tune
from nlsearch.handlers.textlines import text_lines
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits, how_to_raise
from nlsearch.model import RawItem, Skipped


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the tunes of a Humdrum file, in its order; the content of each is a ``Score``.

    Raises
    ------
    MalformedContent
        If the file has no exclusive interpretation (``**kern``).
    """
    number = 0
    tune = Tune(limits)
    for raw in text_lines(stream, limits):
        if len(raw) > limits.record_bytes:
            tune.complaints.add(f"a line over the cap record_bytes = {limits.record_bytes:,} is left out")
            continue
        line = decoded(raw).strip("\r\n \x00")
        if not line:
            continue
        begins_next = tune.is_ended and (
            (line[0] == "*" and line.startswith("**")) or (line[0] == "!" and _begins_header(line, tune))
        )
        if begins_next:
            number += 1
            yield _item(number, tune, limits)
            tune = Tune(limits)
        tune.take(line)
    if tune.is_begun:
        number += 1
        yield _item(number, tune, limits)
    if not number:
        raise MalformedContent(
            "the file has no exclusive interpretation such as **kern", hint="is it a Humdrum file, and is it whole?"
        )


def _begins_header(line: str, tune: Tune) -> bool:
    if line.startswith("!!!!SEGMENT"):
        return True
    found = RECORD.match(line)
    return found is not None and (found[1] in HEADS or found[1] in tune.header_keys)


def _item(number: int, tune: Tune, limits: Limits) -> RawItem | Skipped:
    score = tune.score()
    if tune.notes > limits.score_notes:
        reason = f"{tune.notes:,} notes are over the cap score_notes = {limits.score_notes:,}"
        return Skipped(number, f"{reason} ({how_to_raise('score_notes')})", "limit_exceeded")
    return RawItem(score, number, title=score.title, warnings=score.warnings)
