"""Scores: melodies, rhythms and chords in written music, found however the music was written down.

The goal: every stretch of a voice that is like the melody asked for is found, at any pitch, with as many edits as are
allowed, and shown by bars and notes, with the edits in words.

Conventions
-----------
Pitches are sounding semitones, 60 is middle C.  A *line* is a voice with ties merged, without grace notes, and with the
top note of each chord; notes are numbered in it from 0.  Bars are named as they are printed.  Repeated passages stand
once, as they are written; what a melody crosses when they are played is found too, and flagged.

References
----------
.. [1] Mongeau & Sankoff (1990). Comparison of musical sequences. Computers and the Humanities 24, 161.
.. [2] Huron (1999). Music Research Using Humdrum: A User's Guide.
.. [3] Krumhansl (1990). Cognitive Foundations of Musical Pitch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Buffer, Field, Format, Operator, Rendering, Source, Space
from nlsearch.handlers.lastprobe import LastProbe
from nlsearch.handlers.score.facts import FIELDS, FORMATS, OPERATORS, RENDERINGS, SPACES
from nlsearch.limits import Limits
from nlsearch.model import Anchors, Features, Melody, Picture, Probe, RawItem, Refined, Region, Scalar, Skipped, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nlsearch.handlers.score.likeness import Example
    from nlsearch.handlers.score.verify import AskedMelody
    from nlsearch.handlers.sound.humming import Asked as AskedHum

__all__ = ["ScoreHandler"]

_MELODIES = ("notes", "abc", "pae")


class ScoreHandler:
    """The kind ``score``; see :class:`~nlsearch.handlers.contract.Handler` for what the members mean."""

    kind = "score"
    version = 1
    formats: tuple[Format, ...] = FORMATS
    fields: tuple[Field, ...] = FIELDS
    operators: tuple[Operator, ...] = OPERATORS
    spaces: tuple[Space, ...] = SPACES
    renderings: tuple[Rendering, ...] = RENDERINGS
    requires: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.limits = Limits()
        self._melody = LastProbe(_asked)
        self._example = LastProbe(_example)
        self._hum = LastProbe(_hum)

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
        """Yield every tune or movement of a file as an item, or as skipped with its reason."""
        from nlsearch.handlers.score.read import read_records

        return read_records(source, limits)

    def features(self, item: RawItem) -> Features:
        """Derive words, fields, seeds of the lines, grams and the payload."""
        from nlsearch.handlers.score.features import features_of

        return features_of(item)

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Compile an operator of a text, ``hum`` of a file of sound, or ``like`` of a file or the payload of an item.

        Raises
        ------
        QuerySyntax
            If the value does not read.
        InputError
            If the example file does not read, or holds no notes.
        """
        if isinstance(value, str):
            return self._of_text(operator, value, options)
        if operator == "hum":
            from nlsearch.handlers.sound.humming import compile_hum

            if isinstance(value, bytes | memoryview):
                raise QuerySyntax("hum wants a file of sound")
            return compile_hum(self.kind, value, self.limits, options)
        from nlsearch.handlers.score.likeness import compile_like, payload_of_file
        from nlsearch.handlers.sound.facts import SOUND_NAMES

        if isinstance(value, bytes | memoryview):
            return compile_like(bytes(value), options)
        if value.format in SOUND_NAMES:
            from nlsearch.handlers.sound.humming import compile_recording

            return compile_recording(self.kind, operator, value, self.limits)
        return compile_like(payload_of_file(self.read(value, self.limits)), options)

    def _of_text(self, operator: str, value: str, options: Mapping[str, Scalar]) -> Probe:
        from nlsearch.handlers.score import patterns
        from nlsearch.handlers.score.compile import compile_melody
        from nlsearch.handlers.score.progressions import compile_chords

        if operator in _MELODIES or (operator == "intervals" and "?" not in value):
            return compile_melody(operator, value, options)
        if operator in patterns.READERS:
            return patterns.compile_pattern(operator, value, options)
        if operator == "chords":
            return compile_chords(value, options)
        raise QuerySyntax(f"{operator} wants a file or the id of an item")

    def melodies(self, payload: Buffer) -> Sequence[Melody]:
        """Return the voices of a score, the longest first."""
        from nlsearch.handlers.score.humming import melodies
        from nlsearch.handlers.score.payload import Tune

        return melodies(Tune(payload))

    def compile_melodies(
        self,
        operator: str,
        melodies: Sequence[Melody],
        said: str,
        options: Mapping[str, Scalar],  # noqa: ARG002 - edits are those of scores beside scores
    ) -> Probe:
        """Ask for scores of which a voice is heard in a recording.

        Raises
        ------
        QuerySyntax
            If there is too little in it.
        """
        from nlsearch.handlers.sound.humming import compile_voices

        return compile_voices(self.kind, operator, melodies, said)

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:
        """Decide whether the score holds what is asked, and where."""
        from nlsearch.handlers.score.payload import Tune

        tune = Tune(payload)
        if "hum" in probe.verification:
            from nlsearch.handlers.score.humming import verify as verify_hum

            return verify_hum(self._hum.opened(probe), tune, payload, self.limits)
        if probe.operator == "like":
            from nlsearch.handlers.score.likeness import verify_like

            return verify_like(self._example.opened(probe), tune, payload, self.limits)
        if "patterns" in probe.verification:
            from nlsearch.handlers.score.patternverify import verify_pattern

            return verify_pattern(probe, tune, self.limits)
        if probe.operator == "chords":
            from nlsearch.handlers.score.progressions import verify_chords

            return verify_chords(probe, tune, self.limits)
        from nlsearch.handlers.score.verify import verify

        return verify(self._melody.opened(probe), tune, payload, regions, self.limits)

    def refine(self, probe: Probe, payloads: list[bytes | memoryview], anchors: Anchors) -> Refined:
        """Look beside the seeds that a melody shares with scores."""
        from nlsearch.handlers.score.verify import refine

        return refine(self._melody.opened(probe), payloads, anchors)

    def scores(self, probe: Probe, payloads: list[bytes | memoryview]) -> NDArray[np.float32] | None:
        """Return the scores of many items beside a hum, or a melody that is too short for seeds; else None."""
        if "hum" in probe.verification:
            from nlsearch.handlers.score.humming import scores_of as scores_of_hum

            return scores_of_hum(self._hum.opened(probe), payloads)
        if "pitches" not in probe.verification:
            return None
        from nlsearch.handlers.score.verify import scores_of

        return scores_of(self._melody.opened(probe), payloads)

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw the score, or the bars around the match with its notes highlighted, as SVG."""
        from nlsearch.handlers.score.draw import draw

        return draw(payload, verdict)

    def render(self, payload: Buffer, verdict: Verdict | None, form: str) -> Picture:
        """Return the score, or the notes of a match, as a piano roll, a MIDI file or sound."""
        from nlsearch.handlers.score.draw import render

        return render(payload, verdict, form)


def _example(probe: Probe) -> Example:
    from nlsearch.handlers.score.likeness import Example

    return Example(probe)


def _hum(probe: Probe) -> AskedHum:
    from nlsearch.handlers.sound.humming import Asked

    return Asked(probe)


def _asked(probe: Probe) -> AskedMelody:
    from nlsearch.handlers.score.verify import AskedMelody

    return AskedMelody(probe)
