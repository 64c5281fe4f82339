"""MEI: one item a movement (``mdiv``) of common music notation.

Conventions
-----------
A staff is a part; staves that are braced and named as one are one part.  A layer is a voice.  Of several readings the
first counts, which is told.  Of transposing parts the sounding pitch counts.  Mensural notation, neumes and tablature
are not read.

References
----------
MEI 4.0.1 and 5.0 (module CMN), Music Encoding Initiative 2019 and 2023, https://music-encoding.org.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO
from xml.etree.ElementTree import Element

from nlsearch.errors import LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.handlers.score.formats.drafts import put_together
from nlsearch.handlers.score.formats.meidefs import Staff, Staves, words_of
from nlsearch.handlers.score.formats.meihead import Header
from nlsearch.handlers.score.formats.meilayers import LayerReader, Marks
from nlsearch.handlers.score.formats.meimarks import Repeats, Spans, harmonies, place_of, tempo_of
from nlsearch.handlers.score.formats.meivalues import first_reading
from nlsearch.handlers.score.formats.tally import Tally
from nlsearch.handlers.score.formats.xmltree import Wanted, branches
from nlsearch.handlers.score.notation import Bar, Harmony, Note, Score
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

_READINGS = frozenset({"app", "choice", "subst"})
_WANTED = Wanted(
    frozenset({"mei", "mdiv", "part", "ending", "lem", "rdg", "add", "del", "orig", "reg", "sic", "corr"}) | _READINGS,
    frozenset({"mdiv", "ending"}) | _READINGS,
    frozenset({"meiHead", "scoreDef", "staffDef", "measure"}),
)
_TRANSPARENT = frozenset({"add", "corr", "lem", "orig", "rdg", "reg", "sic", "supplied", "unclear", "damage", "seg"})
_ROOTS = frozenset({"mei", "meiCorpus", "music", "mdiv", "body"})
_OPENING_BARS = 2
_FIRST_PARTS = 16
"""Parts that are asked for the meter by which places are counted."""


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the movements of an MEI file, in its order.

    The content is a :class:`~nlsearch.handlers.score.notation.Score`.  Where the file breaks, what is before is given
    with a warning.

    Raises
    ------
    MalformedContent
        If it is no MEI, breaks before its first note, or declares entities.
    UnsupportedFeature
        If there is no measure in it: mensural notation, neumes, a header alone.
    """
    reader = _Reader(limits)
    try:
        for element, has_ended, _ in branches(as_utf8(stream), limits, _WANTED):
            if (item := reader.took(element, has_ended=has_ended)) is not None:
                yield item
    except LimitExceeded as exc:
        yield Skipped(reader.number + 1, exc.message, exc.code)
        return
    except MalformedContent as exc:
        if (item := reader.item(exc.message)) is not None:
            yield item
        elif reader.number:
            yield Skipped(reader.number + 1, exc.message, exc.code)
        else:
            raise
    if (item := reader.item("")) is not None:
        yield item
    if not reader.number:
        raise UnsupportedFeature("the MEI holds no measure of common music notation")


class _Movement:
    """A movement while it is read."""

    def __init__(self, limits: Limits, title: str, identity: str | None) -> None:
        self.limits, self.title, self.identity = limits, title, identity
        self.tally = Tally(limits)
        self.staves = Staves()
        self.layers = LayerReader(self.staves, self.tally)
        self.repeats = Repeats()
        self.bars: list[Bar] = []
        self.lengths: list[int] = []
        self.nominal: list[int] = []
        self.bar = -1
        self.waiting: dict[str, Note] = {}
        self.tempo: float | None = None
        self.tempo_words = ""
        self.harmonies: list[tuple[int, Harmony]] = []

    def measure(self, measure: Element) -> None:
        """Read a measure of all staves."""
        self.tally.bar()
        self.bar += 1
        label = " ".join((measure.get("n") or measure.get("label") or "").split())[:20] or str(self.bar + 1)
        if self.bar == len(self.bars):
            self.bars.append(Bar(label, 0))
            self.lengths.append(0)
            self.nominal.append(0)
        self.repeats.take(measure, self.bars[self.bar])
        elements = list(_flat(measure))
        spans = Spans()
        for element in elements:
            if element.tag in {"tie", "tupletSpan"}:
                spans.take(element, self.tally, label)
        marks = Marks(spans.ends, self.waiting, spans.tuplets, {})
        self.layers.measure(self.bar, label, marks)
        staves = [element for element in elements if element.tag == "staff"]
        for index, element in enumerate(staves, 1):
            self._staff(self.staves.get(element.get("n", "").strip() or str(index)), element)
        meter = next((draft.meters[-1][1].text for draft in self.staves.drafts[:_FIRST_PARTS] if draft.meters), "")
        for element in elements:
            if element.tag == "harm":
                place = place_of(element, marks.places, max(self.lengths[self.bar], self.nominal[self.bar]), meter)
                self.harmonies += [(self.bar, found) for found in harmonies(element, place)]
            elif element.tag == "tempo" and self.bar < _OPENING_BARS:
                self._tempo(element)

    def _staff(self, staff: Staff, content: Element) -> None:
        altered: dict[int, int] = {}
        staff.last_bar, staff.bar_before = {}, staff.last_bar
        reached = 0
        for index, layer in enumerate(child for child in _flat(content) if child.tag == "layer"):
            name = layer.get("n", "").strip() or str(index + 1)
            shared = len(self.staves.of(staff.draft)) > 1
            reached = max(
                reached, self.layers.layer(staff, f"{name} (staff {staff.name})" if shared else name, layer, altered)
            )
        if reached > staff.bar_ticks > 0 and not any(staff.last_bar.values()):  # a rest that is longer than its bar
            reached = staff.bar_ticks
        staff.clock += reached or staff.bar_ticks
        self.lengths[self.bar] = max(self.lengths[self.bar], reached)
        nominal = staff.bar_ticks * max(1, self.layers.most_rests)
        self.nominal[self.bar] = max(self.nominal[self.bar], nominal)

    def _tempo(self, element: Element) -> None:
        found = tempo_of(element)
        if found is not None and self.tempo is None:
            self.tempo, self.tempo_words = found, words_of(element)[:100]

    def score(self, header: Header) -> Score:
        """Return what was read.

        Raises
        ------
        LimitExceeded
            If all parts have more bars than the cap ``score_notes``.
        """
        self.limits.check("score_notes", len(self.bars) * len(self.staves.drafts))
        score = Score()
        header.tell(score, self.title)
        self.layers.finish()
        for draft in self.staves.drafts:
            draft.part.bars = [replace(bar) for bar in self.bars]
            draft.lengths, draft.nominal = self.lengths, self.nominal
            for staff in self.staves.of(draft):
                staff.verses.finish(draft.part)
        if self.staves.drafts:
            self.staves.drafts[0].harmonies += [((bar, found.onset), found) for bar, found in self.harmonies]
        put_together(score, self.staves.drafts)
        score.tempo = self.tempo
        if self.tempo_words:
            score.words.setdefault("tempo", self.tempo_words)
        self.tally.tell(score)
        return score


class _Reader:
    """Gives what is in a file to its movements."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._header = Header()
        self._now: _Movement | None = None
        self._readings: list[list[str]] = []  # of each app or choice around: the readings that began in it
        self._has_root = False
        self.number = 0

    def took(self, element: Element, *, has_ended: bool) -> RawItem | Skipped | None:
        """Take the beginning or the end of an element; return the movement that is complete with it.

        Raises
        ------
        MalformedContent
            If the root is not that of MEI.
        """
        if not self._has_root:
            if element.tag not in _ROOTS:
                raise MalformedContent(f"the XML is a <{element.tag[:40]}>, no MEI")
            self._has_root = True
        item = self.item("") if element.tag == "mdiv" else None
        if has_ended:
            self._ended(element)
        else:
            self._began(element)
        return item

    def _began(self, element: Element) -> None:
        match element.tag:
            case "mei":
                self._header = Header()  # of a corpus each has its own
            case "mdiv":
                self._now = _Movement(self._limits, " ".join(element.get("label", "").split()), element.get("xml:id"))
            case "part":
                if self._now is not None:
                    self._now.bar = -1
                    self._now.repeats = Repeats()
                    self._now.waiting.clear()
            case "ending":
                self._movement().repeats.begin_ending(element)
            case "app" | "choice" | "subst":
                self._readings.append([])
            case tag if tag in _TRANSPARENT or tag == "del":
                if self._readings:
                    self._readings[-1].append(tag)

    def _ended(self, element: Element) -> None:
        if element.tag in _READINGS:
            if self._readings:
                self._readings.pop()
            return
        if any(len(begun) > 1 for begun in self._readings):
            if element.tag == "measure":
                self._movement().tally.warn("of several readings the first was taken", element.get("n", ""))
            return
        match element.tag:
            case "meiHead":
                self._header.take(element)
            case "scoreDef" | "staffDef":
                now = self._movement()
                now.staves.define(element, now.bar + 1)
                if now.tempo is None and now.bar < 0:
                    now.tempo = tempo_of(element)
            case "ending":
                self._movement().repeats.endings = ()
            case "measure":
                self._movement().measure(element)

    def _movement(self) -> _Movement:
        if self._now is None:
            self._now = _Movement(self._limits, "", None)
        return self._now

    def item(self, broken: str) -> RawItem | Skipped | None:
        """Return the movement at hand, if it has a measure; `broken` says why the file ends in it, if it does."""
        now, self._now = self._now, None
        if now is None or not now.bars or (broken and not now.tally.notes):
            return None
        self.number += 1
        try:
            score = now.score(self._header)
        except LimitExceeded as exc:
            return Skipped(self.number, exc.message, exc.code, now.identity)
        if broken:
            score.warnings.append(f"cut short: {broken}")
        return RawItem(score, self.number, score.title, now.identity, warnings=score.warnings)


def _flat(element: Element) -> Iterator[Element]:
    """Yield what is in a measure or staff, with the first of several readings in place."""
    stack = list(reversed(element))
    while stack:
        child = stack.pop()
        if child.tag in _READINGS:
            stack += reversed(first_reading(child))
        elif child.tag in _TRANSPARENT:
            stack += reversed(child)
        else:
            yield child
