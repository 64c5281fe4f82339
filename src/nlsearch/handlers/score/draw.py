"""Drawing a score, and playing it: the bars around a match, with its notes highlighted.

Where verovio is installed the bars are engraved; else, and where there is too much to engrave, they are a piano roll.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.score import engrave
from nlsearch.handlers.score.mei import EngravedNote, Passage, Staff
from nlsearch.handlers.score.notation import Bar, Key, Meter
from nlsearch.handlers.score.payload import GRACE, NONE, Tune
from nlsearch.handlers.score.pianoroll import Roll, RollNote, around, svg
from nlsearch.handlers.score.render import Sounding, midi_bytes, wav_bytes
from nlsearch.model import Json, Picture, Verdict

_TYPES = {"roll": "image/svg+xml", "midi": "audio/midi", "wav": "audio/wav"}


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A note to be drawn, in ticks, and where it is from."""

    row: int
    part: int
    voice: int
    onset: int
    duration: int
    pitch: int | None
    step: int | None
    is_matched: bool
    syllable: str


def draw(payload: Buffer, verdict: Verdict | None = None) -> Picture:
    """Draw the bars around a match, or the beginning of the score, as SVG."""
    tune = Tune(payload)
    notes = list(_notes(tune, verdict))
    roll = _roll(tune, notes, verdict)
    if engrave.is_available():
        picture = engrave.engraved(_passage(tune, notes, *around(roll)))
        if picture is not None:
            return Picture("image/svg+xml", picture)
    return Picture("image/svg+xml", svg(roll))


def render(payload: Buffer, verdict: Verdict | None, form: str) -> Picture:
    """Return the notes of the match (without one, all of the score) as a piano roll, MIDI or sound.

    Parameters
    ----------
    payload : bytes or memoryview
    verdict : Verdict or None
    form : {"roll", "midi", "wav"}
    """
    tune = Tune(payload)
    notes = list(_notes(tune, verdict))
    if form == "roll":
        return Picture(_TYPES[form], svg(_roll(tune, notes, verdict)))
    sounding = _in_order(
        notes,
        list(_matched(tune, verdict)),
        is_through_repeat=verdict is not None and bool(verdict.evidence.get("through_repeat")),
    )
    write = midi_bytes if form == "midi" else wav_bytes
    return Picture(_TYPES[form], write(sounding, tune.around.tempo))


def _in_order(notes: list[_Drawn], rows: list[int], *, is_through_repeat: bool) -> list[Sounding]:
    """Return the notes to be heard, from time 0: those of a match, through a repeat in their order, or all."""
    by_row = {note.row: note for note in notes}
    held = [by_row[row] for row in rows if row in by_row] or notes
    if not is_through_repeat:
        held = sorted(held, key=lambda note: note.onset)
    sounding: list[Sounding] = []
    begin, before = 0, held[0].onset if held else 0
    for note in held:
        if note.onset < before:
            begin = sounding[-1][0] + sounding[-1][1] - note.onset
        elif not sounding:
            begin = -note.onset
        before = note.onset
        sounding.append((begin + note.onset, note.duration, note.pitch))
    return sounding


def _notes(tune: Tune, verdict: Verdict | None) -> Iterator[_Drawn]:
    """Yield all notes but grace notes, and say which of them are matched."""
    matched = set(_matched(tune, verdict))
    syllables = dict(tune.around.syllables)
    voice = 0
    for part, around_part in enumerate(tune.around.parts):
        for place in range(len(around_part.voices)):
            for row in range(int(tune.note_starts[voice]), int(tune.note_starts[voice + 1])):
                if tune.flags[row] & GRACE:
                    continue
                pitch, step = int(tune.pitch[row]), int(tune.step[row])
                yield _Drawn(
                    row,
                    part,
                    place,
                    int(tune.onset[row]) * tune.unit,
                    int(tune.duration[row]) * tune.unit,
                    None if pitch == NONE else pitch,
                    None if step == NONE else step,
                    row in matched,
                    syllables.get(row, ""),
                )
            voice += 1


def _matched(tune: Tune, verdict: Verdict | None) -> Iterator[int]:
    """Yield the rows of the notes of the best match; of a progression all notes that begin while it lasts."""
    if verdict is None:
        return
    told = verdict.evidence
    if told.get("harmonies"):
        onsets = [harmony.onset for harmony in tune.harmonies]
        first, last = onsets[told["harmonies"][0]], onsets[told["harmonies"][-1]]
        end = min((onset for onset in onsets if onset > last), default=None)
        for row, onset in enumerate(tune.onset.tolist()):
            if onset >= first and (end is None or onset < end):
                yield row
        return
    if not told.get("notes"):
        return
    for line in tune.lines(played=False):
        if line.part == told["part"] and tune.around.parts[line.part].voices[line.voice] == told["voice"]:
            yield from (int(line.notes[at]) for at in told["notes"] if at < len(line))
            return


def _roll(tune: Tune, notes: list[_Drawn], verdict: Verdict | None) -> Roll:
    around_parts = tune.around.parts
    part = int(verdict.evidence.get("part", 0)) if verdict is not None else 0
    part = part if part < len(around_parts) else 0
    bars = around_parts[part].bars if around_parts else []
    rolled = [
        RollNote(note.onset, note.duration, note.pitch, note.part, note.is_matched, note.syllable) for note in notes
    ]
    names = [one.name or one.instrument or f"part {number}" for number, one in enumerate(around_parts, 1)]
    said = "" if verdict is None else _said(verdict.evidence)
    return Roll(tune.around.title or "untitled", said, rolled, [(at * tune.unit, label) for label, at in bars], names)


def _said(told: dict[str, Json]) -> str:
    """Return a match in a line."""
    bars = told.get("bars") or []
    words = [f"bars {bars[0]}-{bars[-1]}" if len(set(bars)) > 1 else f"bar {bars[0]}"] if bars and bars[0] else []
    up = told.get("transposition")
    if up:
        words.append(f"{abs(up)} semitone{'s' if abs(up) > 1 else ''} {'higher' if up > 0 else 'lower'} than asked")
    edits = told.get("edit_count", len(told.get("edits", ())))
    words.append(f"{edits} edit{'s' if edits != 1 else ''}" if edits else "no edits")
    return ", ".join(words)


def _passage(tune: Tune, notes: list[_Drawn], start: int, end: int) -> Passage:
    """Return the bars between two times for engraving."""
    parts = tune.around.parts
    bars = max((part.bars for part in parts), key=len, default=[])
    shown = [Bar(label, at * tune.unit) for label, at in bars if start <= at * tune.unit < end]
    first = shown[0].onset if shown else start
    staves = []
    for number, part in enumerate(parts):
        layers = [
            [
                EngravedNote(note.onset, note.duration, note.pitch, note.step, note.is_matched, note.syllable)
                for note in notes
                if (note.part, note.voice) == (number, voice) and first <= note.onset < end
            ]
            for voice in range(len(part.voices))
        ]
        staves.append(Staff(part.name or part.instrument, [layer for layer in layers if layer]))
    keys = [Key(key.onset * tune.unit, key.fifths, key.tonic, key.mode) for key in tune.keys]
    meters = [Meter(meter.onset * tune.unit, meter.text) for meter in tune.meters]
    return Passage(tune.around.title, [staff for staff in staves if staff.layers], shown, end, keys, meters)
