"""A melody as a query has it, and its reading from notes that a person types.

Notation
--------
Notes stand apart by blanks, semicolons or bars.  A note is a letter with accidentals (``F#``, ``Bb``, ``Fis``, ``Es``)
and an octave: scientific (``C4`` is middle C), or Helmholtz's marks (``c'`` is middle C, ``c`` and ``C`` lie one and
two octaves below), or none: then each note is the nearest one to the note before it.  Where there is an ``H``,
letters are German (H is B natural, B is B flat).  ``do re mi`` are read in C.  Where there are only numbers, they are
those of MIDI (60 is middle C).  A duration follows after a colon
(``C4:8`` is an eighth, ``C4:4.`` is dotted, ``C4:3/8``), or after Helmholtz's marks at once (``c'4``); it holds until
the next one.  ``r`` is a rest, ``?`` any note, ``*`` any number of notes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.score.notation import NATURALS, TICKS, Score, pitch_of
from nlsearch.handlers.sound.keyprofiles import PITCH_CLASSES
from nlsearch.kernels.melody import MUTE, WILD, Melody

_REST = re.compile(r"[rRzZ](?P<rest>:?\d.*)?")
_NOTE = re.compile(
    r"(?P<letter>[A-Ha-h])(?P<accidental>isis|eses|is|es|s(?![a-z])|##|bb|x|#|♯|b|♭|n|♮|-(?=\d))?"
    r"(?P<marks>['’]+|,+)?(?P<octave>\d)?(?P<rest>.*)"
)
_DURATION = re.compile(r"(?P<over>\d{1,4})(?:/(?P<under>\d{1,4}))?(?P<dots>\.{0,3})$")
_ALTER = {"": 0, "n": 0, "♮": 0, "#": 1, "♯": 1, "is": 1, "##": 2, "x": 2, "isis": 2, "b": -1, "♭": -1, "es": -1}
_ALTER |= {"s": -1, "bb": -2, "eses": -2, "-": -1}
SOLFEGE = {"do": 0, "ut": 0, "re": 1, "ré": 1, "mi": 2, "fa": 3, "sol": 4, "so": 4, "la": 5, "si": 6, "ti": 6}
"""Syllables, by how many letters they are above do."""
SUNG = re.compile(rf"(?i)(?P<name>{'|'.join(sorted(SOLFEGE, key=len, reverse=True))})(?P<accidental>#|b|♯|♭)?$")
_NUMBER = re.compile(r"(?P<number>\d{1,3})(?P<rest>:.*)?")
_MIDDLE_OCTAVE = 4
_ANY = "?*"
MOST_SIGNS = 2
"""Sharps or flats of a note that are written."""
MOST_WARNINGS = 3
"""Of a reader, that are told of a value."""
HIGHEST = 127
"""The highest pitch, G9; the lowest is 0, C-1."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A note of a query: semitones and letter name as in :mod:`notation`, None for any note; times in quarters.

    ``length`` is None where no duration is given; the gap is longer than it by the rests that follow.
    """

    pitch: int | None
    step: int | None = None
    length: Fraction | None = None
    gap: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """A melody: stretches of notes, between which there may be any notes."""

    stretches: tuple[tuple[Sought, ...], ...]
    remarks: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[Sought, ...]:
        """All notes."""
        return tuple(note for stretch in self.stretches for note in stretch)

    @property
    def has_durations(self) -> bool:
        """Whether durations are given."""
        return any(note.length is not None for note in self.notes)


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    helmholtz: bool
    german: bool
    stretches: list[list[Sought]] = field(default_factory=lambda: [[]])
    before: int | None = None
    length: Fraction | None = None

    def add(self, step: int, alter: int) -> None:
        """Take a note."""
        self.before = step
        self.stretches[-1].append(Sought(pitch_of(step, alter), step, self.length, self.length))

    def rest(self, length: Fraction) -> None:
        """Take a rest: the note before it is further from the next."""
        if self.stretches[-1]:
            last = self.stretches[-1].pop()
            gap = None if last.gap is None else last.gap + length
            self.stretches[-1].append(Sought(last.pitch, last.step, last.length, gap))

    def nearest(self, letter: int) -> int:
        """Return the step of a letter nearest to the note before; in the middle octave if there is none."""
        if self.before is None:
            return 7 * _MIDDLE_OCTAVE + letter
        octave = (self.before - letter + 3) // 7
        return 7 * octave + letter


def read_notes(text: str) -> Tokens:
    """Read typed notes.

    Raises
    ------
    QuerySyntax
        If a token is no note; the message says which and how notes are written.
    """
    tokens = _tokens(text)
    if not tokens:
        raise QuerySyntax("there are no notes", hint="write them like notes:\"C4 D4 E4\", c'4 d'4 or do re mi")
    sung = [SUNG.match(_bare(token)) for token in tokens]
    if any(sung) and all(match or token[0] in _ANY for match, token in zip(sung, tokens, strict=True)):
        return _read(tokens, _Reading(False, False), _take_sung, ("do is read as C",))
    known = [token for token in tokens if token[0] not in _ANY and not _REST.fullmatch(token)]
    if known and all(_NUMBER.fullmatch(token) for token in known):
        return _read(tokens, _Reading(False, False), _take_number, ("numbers of MIDI, 60 is middle C",))
    helmholtz = any(re.match(r"[A-Ha-h](?:is|es|s|#|b)?['’,]", token) for token in tokens)
    german = any(token[0] in "Hh" for token in tokens)
    remarks = [
        *(["Helmholtz octaves"] if helmholtz else []),
        *(["German letters: H, and B for B flat"] if german else []),
    ]
    return _read(tokens, _Reading(helmholtz, german), _take_note, tuple(remarks))


def _tokens(text: str) -> list[str]:
    """Return what stands apart; a comma behind every note but the last is none of Helmholtz's marks."""
    tokens = [token for token in re.split(r"[\s;|]+|(?<=[\w'’]),(?=[A-Za-z?*])", text.strip()) if token]
    if len(tokens) > 1 and all(token.endswith(",") and not token.endswith(",,") for token in tokens[:-1]):
        tokens = [token.removesuffix(",") for token in tokens]
    return [token for token in tokens if token]


def _bare(token: str) -> str:
    return token.partition(":")[0]


def _read(
    tokens: Sequence[str], reading: _Reading, take: Callable[[str, _Reading], None], remarks: tuple[str, ...]
) -> Tokens:
    if any(":" in token for token in tokens):
        reading.length = Fraction(1)
    for token in tokens:
        if token == "*":  # noqa: S105 - a note of a melody
            reading.stretches.append([])
        elif token[0] == "?":
            _take_length(token[1:], reading, token)
            reading.stretches[-1].append(Sought(None, None, reading.length, reading.length))
        elif _REST.fullmatch(token):
            _take_length(token[1:], reading, token)
            reading.rest(reading.length or Fraction(0))
        else:
            take(token, reading)
    stretches = tuple(tuple(stretch) for stretch in reading.stretches if stretch)
    if not any(note.pitch is not None for stretch in stretches for note in stretch):
        raise QuerySyntax("there is no note in the melody, only rests, ? and *", hint="give some notes: C4 ? E4")
    return Tokens(stretches, remarks)


def _take_sung(token: str, reading: _Reading) -> None:
    match = SUNG.match(_bare(token))
    if match is None:
        raise _unread(token)
    _take_length(token[len(_bare(token)) :], reading, token)
    reading.add(reading.nearest(SOLFEGE[match["name"].lower()]), _ALTER[match["accidental"] or ""])


def _take_number(token: str, reading: _Reading) -> None:
    match = _NUMBER.fullmatch(token)
    if match is None:
        raise _unread(token)
    _take_length(match["rest"] or "", reading, token)
    reading.stretches[-1].append(Sought(int(match["number"]), None, reading.length, reading.length))


def _take_note(token: str, reading: _Reading) -> None:
    match = _NOTE.fullmatch(token)
    if match is None:
        raise _unread(token)
    letter, accidental = match["letter"], (match["accidental"] or "")
    alter = _ALTER[accidental]
    if accidental == "s" and letter.upper() not in "AE":
        raise _unread(token)
    if letter.upper() == "H":
        name = "B"
    else:
        name = letter.upper()
        if reading.german and name == "B" and not accidental:
            alter = -1
    rest, octave = match["rest"], match["octave"]
    if reading.helmholtz:
        rest, octave = (octave or "") + rest, None
    _take_length(rest, reading, token)
    at = "CDEFGAB".index(name)
    if octave is not None:
        step = 7 * int(octave) + at
    elif reading.helmholtz:
        marks = match["marks"] or ""
        up = 3 if letter.islower() else 2
        step = 7 * (up + (len(marks) if marks[:1] in ("'", "’") else -len(marks))) + at
    else:
        step = reading.nearest(at)
    reading.add(step, alter)


def _take_length(text: str, reading: _Reading, token: str) -> None:
    """Take the duration at the end of a token, if there is one."""
    if not text:
        return
    match = _DURATION.fullmatch(text.removeprefix(":"))
    if match is None or int(match["over"]) == 0 or int(match["under"] or 1) == 0:
        raise _unread(token)
    over, under = int(match["over"]), match["under"]
    length = Fraction(4 * over, int(under)) if under else Fraction(4, over)
    dotted = length
    for dot in range(1, len(match["dots"]) + 1):
        dotted += length / 2**dot
    reading.length = dotted


def _unread(token: str) -> QuerySyntax:
    return QuerySyntax(
        f"{token[:40]!r} is no note",
        hint="notes are written C4 F#4 Bb3, with a duration C4:8; c' d' by Helmholtz; ? is any note, * any number; "
        "notes without blanks between them are read by abc",
    )


# ----------------------------------------------------------------------------------------------------- other notations
def tokens_of(score: Score) -> Tokens:
    """Return the line of the first voice of a score that has notes, as a query; durations count if they differ.

    What the reader warns of stands in the remarks.

    Raises
    ------
    QuerySyntax
        If there is no note.
    """
    voices = (voice for part in score.parts for voice in part.voices)
    line = next(([n for n in v.notes if not n.grace and not n.lower] for v in voices if v.notes), [])
    line = [note for note in line if note.pitch is not None]
    if not line:
        raise QuerySyntax("there are no notes in it")
    lengths = [Fraction(note.duration, TICKS) for note in line]
    ends = [Fraction(after.onset - note.onset, TICKS) for note, after in itertools.pairwise(line)]
    told = len(set(lengths)) > 1 or ends != lengths[:-1]
    sought = [
        Sought(note.pitch, note.step, length if told else None, gap if told else None)
        for note, length, gap in zip(line, lengths, [*ends, lengths[-1]], strict=True)
    ]
    return Tokens((tuple(sought),), tuple(score.warnings[:MOST_WARNINGS]))


_INTERVAL = re.compile(r"(?P<sign>[+-]?)(?:(?P<semitones>\d{1,3})|(?P<quality>[MmPAaDd])(?P<number>\d{1,2}))$")
_PERFECT = {1, 4, 5}


def read_intervals(text: str) -> list[int | None]:
    """Read intervals: semitones (``+2 -4 0``) or names (``M3 -m2 P5``); ``?`` is any, read as None.

    Raises
    ------
    QuerySyntax
        If a token is no interval.
    """
    tokens = [token for token in re.split(r"[\s,;|]+", text.strip()) if token]
    if not tokens:
        raise QuerySyntax("there are no intervals", hint='write semitones, up and down: intervals:"+2 +2 -4"')
    return [None if token == "?" else _interval(token) for token in tokens]  # noqa: S105 - an interval


def _interval(token: str) -> int:
    match = _INTERVAL.match(token.replace("−", "-"))
    if match is None:
        raise QuerySyntax(f"{token[:40]!r} is no interval", hint="write semitones (+2 -4 0) or names (M3 -m2 P5)")
    sign = -1 if match["sign"] == "-" else 1
    if match["semitones"]:
        semitones = int(match["semitones"])
    else:
        number, quality = int(match["number"]), match["quality"]
        if number == 0:
            raise QuerySyntax(f"{token!r} is no interval", hint="a unison is P1")
        octaves, within = divmod(number - 1, 7)
        perfect = within + 1 in _PERFECT
        shifts = (
            {"P": 0, "A": 1, "a": 1, "D": -1, "d": -1}
            if perfect
            else {"M": 0, "m": -1, "A": 1, "a": 1, "D": -2, "d": -2}
        )
        if quality not in shifts:
            raise QuerySyntax(
                f"there is no interval {token!r}", hint="unisons, fourths, fifths and octaves are P, others M or m"
            )
        semitones = 12 * octaves + NATURALS[within] + shifts[quality]
    if semitones > 127:
        raise QuerySyntax(
            f"an interval of {semitones} semitones is more than there is", hint=f"at most {HIGHEST}, ten octaves"
        )
    return sign * semitones


def tokens_of_intervals(intervals: Sequence[int]) -> Tokens:
    """Return a melody with these intervals, in semitones, in the middle of what can be written."""
    heights = np.cumsum([0, *intervals])
    if int(heights.max() - heights.min()) > 127:
        raise QuerySyntax("the intervals span more than ten octaves", hint="no note is so high, or so low")
    low = 64 - int(heights.max() + heights.min()) // 2
    return Tokens((tuple(Sought(int(height) + low) for height in heights),))


# ---------------------------------------------------------------------------------------------------- for the kernel
def pack(tokens: Tokens, edits: int, is_fixed: bool, is_spelled: bool, durations: bool) -> dict[str, Any]:
    """Return a melody as plain data for a probe.  Raises ``QuerySyntax`` if a pitch is none of 0 to 127."""
    notes = tokens.notes
    for number, note in enumerate(notes, 1):
        if note.pitch is not None and not 0 <= note.pitch <= HIGHEST:
            raise QuerySyntax(
                f"note {number}, {name_of(note.pitch, note.step)}, is out of reach",
                hint="notes lie between C-1 and G9; without octaves each is the nearest to the one before",
            )
    return {
        "pitches": [WILD if note.pitch is None else note.pitch for note in notes],
        "steps": [MUTE if note.step is None or not 0 <= note.step <= HIGHEST else note.step for note in notes],
        "gaps": [float(note.gap or 1) for note in notes] if durations else None,
        "lengths": [float(note.length or 1) for note in notes] if durations else None,
        "stretches": [len(stretch) for stretch in tokens.stretches],
        "edits": edits,
        "fixed": is_fixed,
        "spelled": is_spelled,
    }


def unpack(told: dict[str, Any]) -> Melody:
    """Return the melody of :func:`pack`."""
    lengths = told["lengths"]
    return Melody(
        np.array(told["pitches"], np.uint8),
        np.array(told["steps"], np.uint8),
        None if lengths is None else np.array(told["gaps"], np.float32),
        None if lengths is None else np.array(lengths, np.float32),
        told["edits"],
        told["fixed"],
        told["spelled"],
        told["anchored"],
    )


def name_of(pitch: int, step: int | None = None) -> str:
    """Return the name of a note, ``"F#4"``; without a step as it is spelled most often."""
    if step is None:
        return f"{PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}"
    alter = pitch - pitch_of(step, 0)
    sign = "#" * alter if alter > 0 else "b" * -alter
    return f"{'CDEFGAB'[step % 7]}{sign}{step // 7}"


def written_name(pitch: int, step: int, up: int = 0) -> str:
    """Return the name of a note `up` semitones above a pitch with a letter name; whole octaves keep the letter.

    Without a letter name (255), and where the letter is not known any more, as it is spelled most often.
    """
    octaves, rest = divmod(up, 12)
    keeps = step != MUTE and rest == 0 and abs(pitch - pitch_of(step, 0)) <= MOST_SIGNS
    return name_of(pitch + up, step + 7 * octaves if keeps else None)


def spelled(tokens: Tokens) -> str:
    """Return a melody as it was read: ``"C4 D4 E4"``, with durations in quarters where they are given."""
    return " * ".join(" ".join(_told(note) for note in stretch) for stretch in tokens.stretches)


def _told(note: Sought) -> str:
    name = "?" if note.pitch is None else name_of(note.pitch, note.step)
    if not note.length:
        return name
    whole = note.length / 4
    return f"{name}:{whole.denominator if whole.numerator == 1 else whole}"
