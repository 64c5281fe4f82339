"""Recordings: which one a clip is from, where in it, and when it is from none.

The goal: a few seconds from a loudspeaker, through noise, re-encoded, or a few per cent faster, name their recording
and the second in it; a clip from no recording of the collection names none.  Landmarks of the clip vote for places;
a place is a match only if the clip's spectrum agrees there with the peaks of the recording more than it does anywhere
beside, and a threshold that was fixed on other recordings says how much more.

Conventions
-----------
Times are seconds from the first decoded sample, with what encoders put in front taken out.  ``speed`` is by how much
the clip is faster.  Levels, bands and frames are those of :mod:`nlsearch.handlers.audio.bands`.

References
----------
.. [1] Wang (2003). An industrial-strength audio search algorithm. ISMIR.
.. [2] ITU-R BS.1770-4 (2015). Algorithms to measure audio programme loudness.
.. [3] Ellis (2007). Beat tracking by dynamic programming. Journal of New Music Research 36, 51.
.. [4] Krumhansl (1990). Cognitive foundations of musical pitch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.audio.facts import FIELDS, FORMATS, OPERATORS, SPACES
from nlsearch.handlers.contract import Buffer, Field, Format, Operator, Source, Space
from nlsearch.handlers.lastprobe import LastProbe
from nlsearch.limits import Limits
from nlsearch.model import Anchors, Features, Melody, Picture, Probe, RawItem, Refined, Region, Scalar, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nlsearch.handlers.audio.verify import Question
    from nlsearch.handlers.sound.humming import Asked as AskedHum

__all__ = ["AudioHandler"]


class AudioHandler:
    """The kind ``audio``; see :class:`~nlsearch.handlers.contract.Handler` for what the members mean."""

    kind = "audio"
    version = 1
    formats: tuple[Format, ...] = FORMATS
    fields: tuple[Field, ...] = FIELDS
    operators: tuple[Operator, ...] = OPERATORS
    spaces: tuple[Space, ...] = SPACES
    requires: tuple[str, ...] = ("soundfile", "tinytag")

    def __init__(self) -> None:
        self.limits = Limits()
        self._question = LastProbe(_opened)
        self._hum = LastProbe(_hum)

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem]:
        """Yield the recording of a file.

        Raises
        ------
        InputError
            If the header does not read; a recording that does not decode is an item with a warning.
        """
        from nlsearch.handlers.audio.read import read

        yield read(source, limits)

    def features(self, item: RawItem) -> Features:
        """Derive seeds, fields, the vector of likeness and the payload."""
        from nlsearch.handlers.audio.features import features

        return features(item)

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Ask for recordings that hold a clip, a file or an indexed recording, or whose melody goes as a hum does.

        Raises
        ------
        QuerySyntax
            If there is too little sound in it to compare.
        """
        if operator == "hum":
            from nlsearch.handlers.sound.humming import compile_hum

            if isinstance(value, str | bytes | memoryview):
                raise QuerySyntax("hum wants a file of sound")
            return compile_hum(self.kind, value, self.limits, options)
        from nlsearch.handlers.audio.compile import compile_like

        return compile_like(operator, value, self.limits)

    def melodies(self, payload: Buffer) -> Sequence[Melody]:
        """Return the melody that is heard in a recording, estimated."""
        from nlsearch.handlers.audio.payload import Recording

        melody = Recording(payload).melody
        return [melody] if len(melody) else []

    def compile_melodies(
        self,
        operator: str,
        melodies: Sequence[Melody],
        said: str,
        options: Mapping[str, Scalar],  # noqa: ARG002 - `like` has no options
    ) -> Probe:
        """Ask for recordings in which voices of a score are heard.

        Raises
        ------
        QuerySyntax
            If there is too little in them.
        """
        from nlsearch.handlers.sound.humming import compile_voices

        return compile_voices(self.kind, operator, melodies, said)

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:
        """Decide whether the recording holds the clip, or its melody goes as what is hummed, and where."""
        if "hum" in probe.verification:
            from nlsearch.handlers.audio.humming import verify as verify_hum

            return verify_hum(self._hum.opened(probe), payload, self.limits)
        from nlsearch.handlers.audio.verify import verify

        return verify(self._question.opened(probe), payload, regions, self.limits)

    def refine(self, probe: Probe, payloads: list[bytes | memoryview], anchors: Anchors) -> Refined:
        """Weigh the places that the landmarks of a clip vote for."""
        from nlsearch.handlers.audio.verify import refine

        return refine(self._question.opened(probe), payloads, anchors)

    def scores(self, probe: Probe, payloads: list[bytes | memoryview]) -> NDArray[np.float32] | None:
        """Return the scores of many recordings beside a hum; else None."""
        if "hum" not in probe.verification:
            return None
        from nlsearch.handlers.audio.humming import scores_of

        return scores_of(self._hum.opened(probe), payloads)

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw waveform and spectrogram, with the passages of a match, as SVG."""
        from nlsearch.handlers.audio.pictures import draw

        return draw(payload, verdict)

    def draw_beside(self, probe: Probe, payload: Buffer, verdict: Verdict) -> Picture:
        """Draw the clip's spectrogram above the recording's peaks, where the best match is; of a hum the recording."""
        if "hum" in probe.verification:
            return self.draw(payload, verdict)
        from nlsearch.handlers.audio.pictures import draw_beside

        return draw_beside(self._question.opened(probe).asked, payload, verdict)


def _hum(probe: Probe) -> AskedHum:
    from nlsearch.handlers.sound.humming import Asked

    return Asked(probe)


def _opened(probe: Probe) -> Question:
    from nlsearch.handlers.audio.verify import Question

    return Question(probe)
