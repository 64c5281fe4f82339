"""A stream of music21 as a score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nlsearch.handlers.score.formats.drafts import Draft, Ties, Verses, put_together
from nlsearch.handlers.score.formats.tally import Tally
from nlsearch.handlers.score.notation import TICKS, Bar, Harmony, Key, Meter, Note, Part, Score
from nlsearch.limits import Limits

_LONGEST = 10_000
_NO_START = "a tie ends where none began; its note counts by itself"


def score_of(stream: Any, limits: Limits) -> Score:  # noqa: ANN401 - music21 has no types
    """Convert a stream of music21: a score, a part, or less.

    Parameters
    ----------
    stream : music21.stream.Stream
    limits : Limits

    Raises
    ------
    LimitExceeded
        If it has more notes than the cap ``score_notes``.
    """
    from music21 import stream as streams

    tally = Tally(limits)
    score = Score()
    _tell(score, stream.metadata)
    if isinstance(stream, streams.Score) and stream.atSoundingPitch is not True:
        stream = stream.toSoundingPitch()
    parts = list(stream.parts) if isinstance(stream, streams.Score) else [stream]
    drafts = [_PartReader(part, tally, score).read() for part in parts]
    put_together(score, drafts)
    tally.tell(score)
    return score


def _tell(score: Score, metadata: Any) -> None:  # noqa: ANN401
    if metadata is None:
        return
    score.title, work = _bare(metadata.movementName) or _bare(metadata.title), _bare(metadata.title)
    score.composer, score.lyricist = _bare(metadata.composer), _bare(metadata.lyricist)
    if work and work != score.title:
        score.words["work"] = work


def _bare(text: str | None) -> str:
    """Return a text without the quotation marks and escapes that are left of its file."""
    return " ".join((text or "").replace("\\r\\n", " ").strip(' "').split())


class _PartReader:
    """Reads one part."""

    def __init__(self, part: Any, tally: Tally, score: Score) -> None:  # noqa: ANN401
        self._part = part
        self._tally = tally
        self._score = score
        self._ties = Ties()
        self._verses = Verses()
        self._key: tuple[str, str] | None = None
        self._draft = Draft(Part(part.partName or "" if hasattr(part, "partName") else ""))

    def read(self) -> Draft:
        """Return the part with its bars, voices and what is written around them."""
        from music21 import stream as streams

        part, draft = self._part, self._draft
        instrument = next(iter(part.getInstruments(returnDefault=False)), None)
        draft.part.instrument = "" if instrument is None else instrument.instrumentName or ""
        measures = list(part.getElementsByClass(streams.Measure)) or [part]
        starts = [_ticks(measure.offset) if measure is not part else 0 for measure in measures]
        starts.append(starts[-1] + _ticks(measures[-1].duration.quarterLength))
        for index, measure in enumerate(measures):
            self._tally.bar()
            self._index, self._start = index, starts[index]
            label = measure.measureNumberWithSuffix() if measure is not part else "1"
            bar = Bar(label, 0)
            self._repeats(bar, measure)
            draft.part.bars.append(bar)
            draft.lengths.append(max(0, starts[index + 1] - starts[index]))
            draft.nominal.append(0)
            for voice, ticks, element in _elements(measure):
                self._take(voice, ticks, element)
        for bracket in part.recurse().getElementsByClass("RepeatBracket"):
            for index, measure in enumerate(measures):
                if bracket.hasSpannedElement(measure):
                    draft.part.bars[index].endings = tuple(bracket.numberRange)
        self._verses.finish(draft.part)
        return draft

    def _repeats(self, bar: Bar, measure: Any) -> None:  # noqa: ANN401
        from music21 import bar as bars

        left, right = getattr(measure, "leftBarline", None), getattr(measure, "rightBarline", None)
        bar.repeat_start = isinstance(left, bars.Repeat) and left.direction == "start"
        if isinstance(right, bars.Repeat) and right.direction == "end":
            bar.repeat_end = max(2, min(int(right.times or 2), 100))

    def _take(self, voice: str, ticks: int, element: Any) -> None:  # noqa: ANN401
        from music21 import harmony, key, meter, note, roman, tempo

        place = (self._index, ticks)
        if isinstance(element, roman.RomanNumeral):
            self._local_key(element.key, place)
            self._draft.harmonies.append((place, Harmony(0, str(element.figure)[:100], "roman")))
        elif isinstance(element, harmony.Harmony):
            self._draft.harmonies.append((place, Harmony(0, str(element.figure)[:100])))
        elif isinstance(element, key.Key):
            self._local_key(element, place)
        elif isinstance(element, key.KeySignature):
            self._draft.keys.append((place, Key(0, int(element.sharps or 0))))
        elif isinstance(element, meter.TimeSignature):
            self._draft.meters.append((place, Meter(0, str(element.ratioString))))
        elif isinstance(element, tempo.MetronomeMark):
            quarters = element.getQuarterBPM()
            if self._score.tempo is None and quarters and not self._index:
                self._score.tempo = float(quarters)
        elif isinstance(element, note.NotRest):
            self._notes(voice, ticks, element)

    def _local_key(self, found: Any, place: tuple[int, int]) -> None:  # noqa: ANN401
        if found is None or not hasattr(found, "tonic"):
            return
        tonic = found.tonic.name.replace("-", "b")
        if self._key != (tonic, found.mode):
            self._key = (tonic, found.mode)
            tonic = tonic[:1].upper() + tonic[1:]
            self._draft.keys.append((place, Key(0, int(found.sharps), tonic, found.mode or "")))

    def _notes(self, voice: str, ticks: int, element: Any) -> None:  # noqa: ANN401
        is_grace = bool(element.duration.isGrace)
        length = 0 if is_grace else _ticks(element.duration.quarterLength)
        members = list(element.notes) if hasattr(element, "notes") else [element]
        first: Note | None = None
        for member in members:
            pitch = getattr(member, "pitch", None)
            number = None if pitch is None else int(pitch.ps)
            if number is not None and not 0 <= number <= 127:
                self._tally.warn("a note that no one can hear was left out", self._draft.part.bars[-1].label)
                continue
            step = None if pitch is None else int(pitch.diatonicNoteNum) - 1
            note = Note(ticks, length, number, step, self._index, "", is_grace)
            tie = member.tie or (element.tie if len(members) == 1 else None)
            kept = note if tie is None or is_grace else self._tied(note, voice, str(tie.type))
            if kept is note:
                self._tally.note()
                self._draft.voices.setdefault(voice or "1", []).append(note)
            first = first or kept
        if first is not None:
            for lyric in element.lyrics:
                pieces = [(_bare(lyric.text), lyric.syllabic in {"begin", "middle"})]
                self._verses.add((str(lyric.number), voice), first, pieces)

    def _tied(self, note: Note, voice: str, sort: str) -> Note:
        onset = self._start + note.onset
        before = None
        if sort in {"stop", "continue"}:
            before = self._ties.end(note.pitch, voice, onset)
            if before is None:
                self._tally.warn(_NO_START, self._draft.part.bars[-1].label)
            else:
                before.duration += note.duration
        kept = before or note
        if sort in {"start", "continue"}:
            self._ties.begin(kept, note.pitch, voice, onset + note.duration)
        return kept


def _elements(measure: Any) -> Iterator[tuple[str, int, Any]]:  # noqa: ANN401
    from music21 import stream as streams

    for element in measure:
        if isinstance(element, streams.Voice):
            for inner in element:
                yield str(element.id), _ticks(element.offset) + _ticks(inner.offset), inner
        else:
            yield "", _ticks(element.offset), element


def _ticks(quarters: Any) -> int:  # noqa: ANN401 - a float or a fraction
    return int(min(quarters, _LONGEST) * TICKS)
