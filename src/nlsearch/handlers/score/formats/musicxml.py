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

_OPENING = frozenset({"part", "measure"})
_HEADER = frozenset({"work", "movement-number", "movement-title", "identification", "credit", "part-list", "defaults"})
_WANTED = Wanted(_OPENING, _OPENING | _HEADER)
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
        self._open: dict[str, Element] = {}
        self._failure: InputError | None = None

    def read(self, stream: BinaryIO) -> None:
        """Read the score, as far as it goes.

        Raises
        ------
        InputError
            If there is nothing to be had of it.
        """
        root = ""
        try:
            for has_ended, element in branches(stream, self._limits, _WANTED):
                tag = element.tag
                if not root:
                    root = tag
                    _check(root)
                elif not has_ended:
                    self._open[tag] = element
                elif tag == _ROOTS[root]:
                    self._bar(element)
                elif tag in _HEADER:
                    self._header.take(element)
                if has_ended:
                    self._open.pop(tag, None)
        except (MalformedContent, UnsupportedFeature) as exc:
            if root in _ROOTS and _ROOTS[root] in self._open:
                self._bar(self._open[_ROOTS[root]])
            if not self._tally.notes or root not in _ROOTS:
                raise
            self._failure = exc

    def _bar(self, content: Element) -> None:
        part, measure = self._open.get("part"), self._open.get("measure")
        name = "" if part is None else part.get("id", "")
        reader = self._parts.get(name)
        if reader is None:
            reader = self._parts[name] = PartReader(self._tally)
        reader.bar({} if measure is None else measure.attrib, content)

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


def _check(root: str) -> None:
    if root == "opus":
        raise UnsupportedFeature("a MusicXML opus is a list of other files; index these")
    if root not in _ROOTS:
        raise MalformedContent(f"the XML is a <{root[:40]}>, no score of MusicXML")
