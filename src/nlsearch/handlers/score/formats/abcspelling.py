"""Pitches of a voice of ABC: its key, the accidentals of the bar, and how much higher it sounds.

References
----------
The ABC music standard 2.1 (December 2011), sections 4.2, 4.6 and 11.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nlsearch.handlers.score.formats.abcfields import Setting
from nlsearch.handlers.score.notation import LETTERS, pitch_of

_STEPS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
"""Letters that an interval of so many semitones usually spans."""


@dataclass(slots=True)
class Tone:
    """A note as written: its step, its accidental (None if it has none), its length and whether a tie begins."""

    step: int
    alter: int | None
    times: int
    over: int
    tied: bool = False


@dataclass(slots=True)
class Spelling:
    """What a written note sounds like.

    Parameters
    ----------
    propagation : str
        How far an accidental goes: ``"pitch"`` (to its letter in all octaves up to the bar line), ``"octave"``,
        ``"not"``.
    played : int, optional
        Semitones of abc2midi's ``%%MIDI transpose``, instead of what clefs and keys say.
    """

    propagation: str
    played: int | None = None
    octaves: int = 0
    semitones: int = 0
    altered: dict[str, int] = field(default_factory=dict)
    _accidentals: dict[int, int] = field(default_factory=dict)  # by step, or by letter below 0 for all octaves

    @property
    def higher(self) -> int:
        """Semitones by which it sounds higher than it is written, whole octaves of the clef left out."""
        return self.semitones if self.played is None else self.played

    def take(self, setting: Setting) -> None:
        """Take what a field sets."""
        if setting.has_key:
            self.altered = setting.altered
            self._accidentals = {}
        if setting.octaves is not None:
            self.octaves = setting.octaves
        if setting.semitones is not None:
            self.semitones = setting.semitones

    def end_bar(self) -> None:
        """Forget the accidentals of the bar."""
        self._accidentals = {}

    def sounding(self, tone: Tone, held: dict[int, int], *, is_grace: bool = False) -> tuple[int, int, int]:
        """Return pitch and step as a note sounds, and its accidental.

        The accidental is kept for the rest of the bar; that of a grace note for its octave alone.

        Parameters
        ----------
        tone : Tone
        held : dict of int to int
            Accidentals by step, of notes that are tied on.
        is_grace : bool
        """
        step = tone.step
        key = step if self.propagation == "octave" else step % 7 - 7
        if tone.alter is not None:
            alter = tone.alter
            if self.propagation != "not":
                self._accidentals[step] = alter
                if not is_grace:
                    self._accidentals[key] = alter
        else:
            alter = self._accidentals.get(key, self.altered.get(LETTERS[step % 7], 0))
            alter = self._accidentals.get(step, alter)
            alter = held.get(step, alter)
        moved = self.higher + (12 * self.octaves if self.played is None else 0)
        return pitch_of(step, alter) + moved, step + 7 * (moved // 12) + _STEPS[moved % 12], alter
