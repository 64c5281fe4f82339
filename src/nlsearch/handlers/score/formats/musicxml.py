"""MusicXML: one item a file, part by part (``score-partwise``) or bar by bar (``score-timewise``), also compressed.

Conventions
-----------
Of a transposing part the sounding pitch counts, and the sounding key and chord symbols.  Cue notes are notes.  A voice
is what ``<voice>`` says, on whatever staff; only where two staves use one number at the same time they are two voices.
Bars are as long as what the fullest part has in them.  Pages, layout, rights and sound files are not read.

References
----------
MusicXML 4.0, W3C Music Notation Community Group, Final Report 2021.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO
from xml.etree.ElementTree import Element

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.handlers.score.formats.drafts import put_together
from nlsearch.handlers.score.formats.musicxmlbars import PartReader
from nlsearch.handlers.score.formats.musicxmlheader import Header
from nlsearch.handlers.score.formats.mxl import MAGIC, rootfile
from nlsearch.handlers.score.formats.tally import Tally
from nlsearch.handlers.score.formats.xmltree import Wanted, branches
from nlsearch.handlers.score.notation import Score
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

_HEADER = frozenset({"work", "movement-number", "movement-title", "identification", "credit", "part-list", "defaults"})
_WANTED = Wanted(closing=_HEADER | {"part", "measure"})
_ROOTS = {"score-partwise": "measure", "score-timewise": "part"}
"""Root, and the element that holds one bar of one part."""


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the score of a MusicXML file, compressed or not.

    The content is a :class:`~nlsearch.handlers.score.notation.Score`.  Where the file breaks, what is before is given
    with a warning.

    Raises
    ------
    MalformedContent
        If it is no MusicXML, breaks before its first note, or declares entities; if a container names no score.
    UnsupportedFeature
        If it is an opus, that is a list of other files, or encrypted.
    LimitExceeded
        If a container, or what stands in one bar, is over a cap.
    """
    warnings: list[str] = []
    with ExitStack() as opened:
        head = stream.read(len(MAGIC))
        stream.seek(0)
        if head == MAGIC:
            stream = opened.enter_context(rootfile(stream, limits, warnings))
        reader = _Reader(limits)
        try:
            reader.read(as_utf8(stream))
        except LimitExceeded as exc:
            yield Skipped(1, exc.message, exc.code)
            return
        score = reader.score(warnings)
    yield RawItem(score, 1, score.title, warnings=score.warnings)


class _Reader:
    """Gives bars to readers of parts, and all else to that of the header."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._tally = Tally(limits)
        self._header = Header()
        self._parts: dict[str, PartReader] = {}
        self._failure: InputError | None = None

    def read(self, stream: BinaryIO) -> None:
        """Read the score, as far as it goes.

        Raises
        ------
        InputError
            If there is nothing to be had of it.
        """
        root: Element | None = None
        last: Element | None = None
        holder = ""
        try:
            for element, has_ended, outer in branches(stream, self._limits, _WANTED):
                if not has_ended:
                    root, holder = element, _holder(element.tag)
                elif element.tag == holder:
                    self._bar(outer, element)
                    last = element
                elif element.tag in _HEADER:
                    self._header.take(element)
        except (MalformedContent, UnsupportedFeature) as exc:
            if root is not None and holder and len(root) and len(root[-1]) and root[-1][-1] is not last:
                self._bar(root[-1], root[-1][-1])  # as far as it goes
            if not self._tally.notes:
                raise
            self._failure = exc

    def _bar(self, outer: Element, inner: Element) -> None:
        """Read a bar of a part: a measure in its part, or a part in its measure."""
        part, measure = (outer, inner) if inner.tag == "measure" else (inner, outer)
        name = part.get("id", "")
        reader = self._parts.get(name)
        if reader is None:
            reader = self._parts[name] = PartReader(self._tally)
        reader.bar(measure.attrib, inner)

    def score(self, warnings: list[str]) -> Score:
        """Return what was read."""
        score = Score(warnings=warnings)
        self._header.tell(score)
        order = {name: index for index, name in enumerate(self._header.parts)}
        drafts = []
        for name, reader in sorted(self._parts.items(), key=lambda named: order.get(named[0], len(order))):
            said = self._header.parts.get(name)
            if said is not None:
                reader.draft.part.name, reader.draft.part.instrument = said
            if reader.tempo is not None and score.tempo is None:
                score.tempo = reader.tempo
                if reader.tempo_words:
                    score.words.setdefault("tempo", reader.tempo_words)
            drafts.append(reader.finished())
        put_together(score, drafts)
        self._tally.tell(score)
        if self._failure is not None:
            score.warnings.append(f"cut short: {self._failure.message}")
        return score


def _holder(root: str) -> str:
    """Return the element that holds one bar of one part under a root.

    Raises
    ------
    UnsupportedFeature
        If the root is an opus.
    MalformedContent
        If it is no score.
    """
    if root == "opus":
        raise UnsupportedFeature("a MusicXML opus is a list of other files; index these")
    if root not in _ROOTS:
        raise MalformedContent(f"the XML is a <{root[:40]}>, no score of MusicXML")
    return _ROOTS[root]
