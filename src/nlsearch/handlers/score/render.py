"""Notes to listen to: as a Standard MIDI File, and as sound.

Conventions
-----------
Times are in :data:`~nlsearch.handlers.score.notation.TICKS` of a quarter note, 0 is where it begins; pitches are
sounding semitones, None is percussion.  Equal notes give equal bytes.

References
----------
Standard MIDI Files 1.0 (RP-001), MIDI Manufacturers Association 1996; Multimedia Programming Interface and Data
Specifications 1.0 (RIFF WAVE), IBM and Microsoft 1991.
"""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from nlsearch.handlers.score.generalmidi import PERCUSSION_CHANNEL
from nlsearch.handlers.score.notation import TICKS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Sounding = tuple[int, int, int | None]
"""Onset, duration, pitch."""
DEFAULT_TEMPO = 120.0
"""Quarter notes a minute where none is given, as the MIDI standard has it."""
RATE = 22_050
"""Samples a second."""
LONGEST_S = 60
"""Seconds of sound; what comes later is not heard."""
MOST_NOTES = 10_000
"""Notes that sound; those that begin later are not heard."""
_DIVISIONS = (480, 10_080)
"""Ticks of a quarter note in files, where the notes need no other: the usual one, and one for all usual tuplets."""
_LARGEST_DIVISION = 2**15 - 1
_VELOCITY, _SNARE = 80, 38
_RING_S, _RELEASE_S, _ATTACK_S = 3.0, 0.06, 0.004
_HARMONICS = 10
_FULL = 0.9 * (2**15 - 1)


# ---------------------------------------------------------------------------------------------------------------- MIDI
def midi_bytes(notes: Iterable[Sounding], tempo: float | None = None) -> bytes:
    """Return a Standard MIDI File of format 1: a track with the tempo, one with the notes.

    Parameters
    ----------
    notes : iterable of (int, int, int or None)
        Onset and duration in ticks, pitch from 0 to 127.
    tempo : float, optional
        Quarter notes a minute; :data:`DEFAULT_TEMPO` if None.

    Returns
    -------
    bytes
        Times are exact if a division of at most 15 bits can say them, else rounded to 1/10080 of a quarter note.  A
        note that begins again before it ends is ended there, as a key can be down only once.
    """
    given = sorted(notes, key=lambda note: (note[0], -1 if note[2] is None else note[2], note[1]))
    division = _division(given)
    events: list[tuple[int, int, int, int]] = []  # time, off before on, channel, key
    ends: dict[tuple[int, int], int] = {}
    for onset, duration, pitch in given:
        start, end = _scaled(onset, division), _scaled(onset + duration, division)
        key = (PERCUSSION_CHANNEL, _SNARE) if pitch is None else (0, min(127, max(0, pitch)))
        if key in ends:
            events.append((min(ends[key], start), 0, *key))
        events.append((start, 1, *key))
        ends[key] = max(end, start + 1)
    events += [(end, 0, *key) for key, end in ends.items()]
    events.sort()
    pieces = [_meta(0x03, b"notes")]
    before = 0
    for time, is_on, channel, key_number in events:
        status = (0x90 if is_on else 0x80) | channel
        pieces.append(_number(time - before) + bytes([status, key_number, _VELOCITY if is_on else 0]))
        before = time
    body = b"".join(pieces)
    beat = min(2**24 - 1, max(1, round(60_000_000 / tempo_or_default(tempo))))
    conductor = _meta(0x51, beat.to_bytes(3, "big"))
    header = b"".join(value.to_bytes(2, "big") for value in (1, 2, division))
    return _chunk(b"MThd", header) + b"".join(_chunk(b"MTrk", track + _meta(0x2F, b"")) for track in (conductor, body))


def _division(notes: Sequence[Sounding]) -> int:
    common = math.gcd(TICKS, *(time for onset, duration, _ in notes for time in (onset, duration)))
    needed = TICKS // common
    usual = next((division for division in _DIVISIONS if division % needed == 0), needed)
    return usual if usual <= _LARGEST_DIVISION else _DIVISIONS[-1]


def _scaled(time: int, division: int) -> int:
    return (2 * max(0, time) * division + TICKS) // (2 * TICKS)


def tempo_or_default(tempo: float | None) -> float:
    """Return a tempo in quarter notes a minute; the default for one that is none."""
    return tempo if tempo is not None and math.isfinite(tempo) and tempo > 0 else DEFAULT_TEMPO


def _number(value: int) -> bytes:
    """Return a variable-length quantity, at most 28 bits."""
    value = min(value, 2**28 - 1)
    groups = [value & 127]
    while value := value >> 7:
        groups.append(value & 127 | 128)
    return bytes(reversed(groups))


def _meta(sort: int, content: bytes) -> bytes:
    return bytes([0, 0xFF, sort]) + _number(len(content)) + content


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "big") + content


# --------------------------------------------------------------------------------------------------------------- sound
def wav_bytes(notes: Iterable[Sounding], tempo: float | None = None) -> bytes:
    """Return the notes as sound: 16 bit, one channel, :data:`RATE` samples a second, at most :data:`LONGEST_S` seconds.

    Each note is the sum of harmonics that fade away, the higher the sooner, like a string that is plucked; percussion
    is noise.  The loudest sample is at 0.9 of the full range.

    Parameters
    ----------
    notes : iterable of (int, int, int or None)
        Onset and duration in ticks, pitch.
    tempo : float, optional
        Quarter notes a minute; :data:`DEFAULT_TEMPO` if None.
    """
    import numpy as np

    samples_of_tick = 60 * RATE / tempo_or_default(tempo) / TICKS
    heard = [
        (round(max(0, onset) * samples_of_tick), max(1, round(duration * samples_of_tick)), pitch)
        for onset, duration, pitch in notes
    ]
    most = LONGEST_S * RATE
    heard = [note for note in sorted(heard, key=lambda note: (note[0], note[1], note[2] or 0)) if note[0] < most]
    heard = heard[:MOST_NOTES]
    release = round(_RELEASE_S * RATE)
    size = min(most, max((start + length + release for start, length, _ in heard), default=0))
    mixed = np.zeros(size, np.float64)
    tones: dict[int | None, NDArray[np.float64]] = {}
    for start, length, pitch in heard:
        if pitch not in tones:
            tones[pitch] = _noise() if pitch is None else _tone(pitch)
        tone = tones[pitch][: min(length + release, size - start)].copy()
        fading = tone[length:]
        fading *= np.linspace(1.0, 0.0, release)[: len(fading)]
        mixed[start : start + len(tone)] += tone
    loudest = float(np.abs(mixed).max(initial=0.0))
    if loudest > 0:
        mixed *= _FULL / loudest
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(np.rint(mixed).astype("<i2").tobytes())
    return buffer.getvalue()


def _tone(pitch: int) -> NDArray[np.float64]:
    """Return a plucked tone; float64, shape (samples,)."""
    import numpy as np

    seconds = np.arange(round(_RING_S * RATE)) / RATE
    frequency = 440.0 * 2.0 ** ((pitch - 69) / 12)
    tone = np.zeros(len(seconds), np.float64)
    for harmonic in range(1, _HARMONICS + 1):
        if harmonic * frequency < RATE / 2:
            fade = np.exp(-seconds * (1.2 + 0.9 * harmonic))
            tone += np.sin(2 * np.pi * harmonic * frequency * seconds) * fade / harmonic**1.3
    return np.asarray(tone * np.minimum(1.0, seconds / _ATTACK_S), np.float64)


def _noise() -> NDArray[np.float64]:
    import numpy as np

    seconds = np.arange(round(0.25 * RATE)) / RATE
    noise = np.random.Generator(np.random.PCG64(0)).random(len(seconds)) - 0.5
    return np.asarray(noise * np.exp(-seconds * 25.0), np.float64)
