"""A passage as MEI: what :mod:`~nlsearch.handlers.score.engrave` has engraved.

Conventions
-----------
A staff is a part or a voice; its layers are voices.  Notes of a layer that begin together are a chord as long as its
first; a chord ends at the latest where the next begins.  Times that no notation has (as a player held a note) are
rounded to a 32nd note.

References
----------
Music Encoding Initiative, Guidelines 5.0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from nlsearch.handlers.markup import clean, short
from nlsearch.handlers.score.beams import Leaf, joined
from nlsearch.handlers.score.notation import LETTERS, TICKS, Bar, Key, Meter
from nlsearch.handlers.score.notelengths import GRID, Value, is_written, values_of
from nlsearch.handlers.score.spelling import Accidentals, alter_of, step_of

MATCHED = "#d95f02"
LONGEST_LABEL = 20
_DIVISIONS = (64, 48, 36, 28, 20, 44, 52)
"""Of a quarter note: times on such a grid are kept."""


@dataclass(frozen=True, slots=True)
class EngravedNote:
    """A note: onset and duration in ticks, sounding pitch (None: percussion), step where it is known."""

    onset: int
    duration: int
    pitch: int | None
    step: int | None = None
    matched: bool = False
    syllable: str = ""
    grace: bool = False


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff: its name, and the notes of each of its layers by onset."""

    name: str
    layers: Sequence[Sequence[EngravedNote]]


@dataclass(frozen=True, slots=True)
class Passage:
    """Some bars.

    Parameters
    ----------
    title : str
    staves : sequence of Staff
    bars : sequence of Bar
        Those that are shown; notes before them are not.
    end : int
        Where the last bar ends, in ticks; notes that begin later are not shown.
    keys, meters : sequence
        By onset; those before the first bar count as well.
    """

    title: str
    staves: Sequence[Staff]
    bars: Sequence[Bar]
    end: int
    keys: Sequence[Key] = ()
    meters: Sequence[Meter] = ()


@dataclass(slots=True)
class _Chord:
    """What begins at one time in a layer, and how much of it is left for further bars."""

    onset: int
    end: int
    notes: list[EngravedNote]
    is_tied: bool = False


# ------------------------------------------------------------------------------------------------------------ the score
def mei_of(passage: Passage) -> str:
    """Return the passage as an MEI document."""
    start = passage.bars[0].onset
    ends = [*(bar.onset for bar in passage.bars[1:]), passage.end]
    fifths, meter = _key_at(passage, start), _meter_at(passage, start)
    layers = [[_chords(layer, start, passage.end) for layer in staff.layers] for staff in passage.staves]
    measures: list[str] = []
    for at, (bar, end) in enumerate(zip(passage.bars, ends, strict=True)):
        new = _key_at(passage, bar.onset), _meter_at(passage, bar.onset)
        change = _changes(fifths, meter, *new) if at else ""
        fifths, meter = new
        staves = "".join(
            _staff(number, staff, bar.onset, max(end, bar.onset + 1), fifths, _beat(meter))
            for number, staff in enumerate(layers, start=1)
        )
        left = ' left="rptstart"' if bar.repeat_start else ""
        right = ' right="rptend"' if bar.repeat_end else ""
        measures.append(f'{change}<measure n="{clean(bar.label)}"{left}{right}>{staves}</measure>')
    sections = ""
    for endings, run in groupby(zip(passage.bars, measures, strict=True), key=lambda pair: pair[0].endings):
        inner = "".join(measure for _, measure in run)
        sections += f'<ending n="{", ".join(map(str, endings))}">{inner}</ending>' if endings else inner
    definitions = "".join(
        _definition(number, staff, _key_at(passage, start), _meter_at(passage, start))
        for number, staff in enumerate(passage.staves, start=1)
    )
    symbol = ' symbol="bracket" bar.thru="true"' if len(passage.staves) > 1 else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0">'
        f"<meiHead><fileDesc><titleStmt><title>{clean(passage.title)}</title></titleStmt><pubStmt/></fileDesc></meiHead>"
        f"<music><body><mdiv><score><scoreDef><staffGrp{symbol}>{definitions}</staffGrp></scoreDef>"
        f"<section>{sections}</section></score></mdiv></body></music></mei>"
    )


def _key_at(passage: Passage, onset: int) -> int:
    at = bisect_right([key.onset for key in passage.keys], onset) - 1
    return max(-7, min(7, passage.keys[at].fifths)) if at >= 0 else 0


def _meter_at(passage: Passage, onset: int) -> str:
    at = bisect_right([meter.onset for meter in passage.meters], onset) - 1
    return passage.meters[at].text if at >= 0 else ""


def _signs(fifths: int | None, meter: str | None) -> str:
    """Return the elements of a key, and of a meter if it is one."""
    key = (
        "" if fifths is None else f'<keySig sig="{abs(fifths) or ""}{"s" if fifths > 0 else "f" if fifths else "0"}"/>'
    )
    count, slash, unit = (meter or "").partition("/")
    good = slash and unit in {"1", "2", "4", "8", "16", "32", "64"} and count and not count.strip("0123456789+ ")
    return key + (f'<meterSig count="{clean(count)}" unit="{unit}"/>' if good else "")


def _changes(fifths: int, meter: str, new_fifths: int, new_meter: str) -> str:
    signs = _signs(new_fifths if new_fifths != fifths else None, new_meter if new_meter != meter else None)
    return f"<scoreDef>{signs}</scoreDef>" if signs else ""


def _beat(meter: str) -> int:
    """Return how many ticks are joined by beams."""
    count, _, unit = meter.partition("/")
    if unit in {"8", "16"} and count.isdecimal() and int(count) % 3 == 0:
        return 12 * TICKS // int(unit)
    return TICKS


def _definition(number: int, staff: Staff, fifths: int, meter: str) -> str:
    pitches = [note.pitch for layer in staff.layers for note in layer if note.pitch is not None]
    if not pitches:
        clef = '<clef shape="perc"/>'
    else:
        height = sum(pitches) / len(pitches)
        shape = 'shape="G" line="2"' if height >= 58 else 'shape="F" line="4"'
        octave = ' dis="8" dis.place="above"' if height > 84 else ' dis="8" dis.place="below"' if height < 40 else ""
        clef = f"<clef {shape}{octave}/>"
    label = f"<label>{clean(short(staff.name, LONGEST_LABEL))}</label>" if staff.name else ""
    signs = _signs(fifths if pitches else None, meter)
    return f'<staffDef n="{number}" lines="5">{label}{clef}{signs}</staffDef>'


# ----------------------------------------------------------------------------------------------------------- the layers
def _snapped(time: int) -> int:
    if any(time % (TICKS // division) == 0 for division in _DIVISIONS):
        return time
    return (2 * time + GRID) // (2 * GRID) * GRID


def _chords(layer: Sequence[EngravedNote], start: int, end: int) -> list[_Chord]:
    """Return the chords of a layer within the bars shown; grace notes are chords of no length."""
    shown = sorted((note for note in layer if start <= note.onset < end), key=lambda note: (note.onset, not note.grace))
    chords: list[_Chord] = []
    for (onset, grace), group in groupby(shown, key=lambda note: (_snapped(note.onset), note.grace)):
        notes = list(group)
        length = 0 if grace else max(GRID // 4, notes[0].duration)
        chords.append(_Chord(onset, _snapped(onset + length), notes))
    limit = end
    for chord in reversed(chords):
        chord.end = min(chord.end, limit)
        if not chord.notes[0].grace:
            limit = chord.onset
    return chords


def _staff(number: int, layers: Sequence[list[_Chord]], start: int, end: int, fifths: int, beat: int) -> str:
    accidentals = Accidentals(fifths)
    written = []
    for at, chords in enumerate(layers, start=1):
        leaves = list(_leaves(chords, start, end, accidentals, fifths, beat))
        alone = all(leaf.is_rest for leaf in leaves)
        written.append(f'<layer n="{at}">{"<mRest/>" if alone else joined(leaves, start, beat)}</layer>')
    return f'<staff n="{number}">{"".join(written)}</staff>'


def _leaves(
    chords: list[_Chord], start: int, end: int, accidentals: Accidentals, fifths: int, beat: int
) -> Iterator[Leaf]:
    """Yield what is written in a bar; what goes on in the next stays in `chords`, tied."""
    here = start
    while chords and chords[0].onset < end:
        chord = chords.pop(0)
        onset, stop = max(chord.onset, here), min(chord.end, end)
        if chord.notes[0].grace:
            yield Leaf(_sounds(chord, None, "", accidentals, fifths, first=True), None, onset)
            continue
        yield from _rests(here, onset, start, beat)
        pieces = list(_pieces(onset, stop, start, beat))
        goes_on = chord.end > end
        for at, (time, value) in enumerate(pieces):
            first, last = not chord.is_tied and not at, at == len(pieces) - 1 and not goes_on
            tie = "" if first and last else "i" if first else "t" if last else "m"
            yield Leaf(_sounds(chord, value, tie, accidentals, fifths, first=first), value, time)
        here = max(here, stop)
        if goes_on:
            chords.insert(0, _Chord(end, chord.end, chord.notes, is_tied=chord.is_tied or bool(pieces)))
            break
    yield from _rests(here, end, start, beat)


def _pieces(onset: int, end: int, start: int, beat: int) -> Iterator[tuple[int, Value]]:
    """Yield the note values from a time to another, split at beats where they are no values otherwise."""
    while onset < end:
        stop = end
        if not is_written(end - onset):
            stop = min(end, start + ((onset - start) // beat + 1) * beat)
        for value in values_of(stop - onset):
            yield onset, value
            onset += value.ticks
        onset = stop


def _rests(onset: int, end: int, start: int, beat: int) -> Iterator[Leaf]:
    """Yield rests, the first as far as the next beat."""
    while onset < end:
        off = (onset - start) % beat
        stop = min(end, onset + beat - off) if off else end
        for time, value in _pieces(onset, stop, start, beat):
            yield Leaf(f'<rest dur="{value.base}"{_dots(value)}/>', value, time, is_rest=True)
        onset = stop


def _dots(value: Value) -> str:
    return f' dots="{value.dots}"' if value.dots else ""


def _sounds(chord: _Chord, value: Value | None, tie: str, accidentals: Accidentals, fifths: int, *, first: bool) -> str:
    """Return a note or a chord."""
    length = ' dur="8" grace="unacc"' if value is None else f' dur="{value.base}"{_dots(value)}'
    tied = f' tie="{tie}"' if tie else ""
    syllable = next((note.syllable for note in chord.notes if note.syllable), "") if first else ""
    verse = _verse(syllable) if syllable else ""
    single = len(chord.notes) == 1
    heads = []
    for note in chord.notes:
        colour = f' color="{MATCHED}"' if note.matched else ""
        if note.pitch is None:
            name = ' pname="c" oct="5" head.shape="x"'
        else:
            step = note.step if note.step is not None and abs(alter_of(note.pitch, note.step)) <= 2 else None
            step = step_of(note.pitch, fifths) if step is None else step
            sign = accidentals.mei(step, alter_of(note.pitch, step), is_tied=not first)
            name = f' pname="{LETTERS[step % 7].lower()}" oct="{step // 7}"{sign}'
        heads.append(f"<note{length if single else ''}{name}{tied}{colour}>{verse if single else ''}</note>")
    return heads[0] if single else f"<chord{length}>{''.join(heads)}{verse}</chord>"


def _verse(syllable: str) -> str:
    goes_on = syllable.endswith("-") and len(syllable) > 1
    connected = ' con="d"' if goes_on else ""
    return f'<verse n="1"><syl{connected}>{clean(syllable[:-1] if goes_on else syllable)}</syl></verse>'
