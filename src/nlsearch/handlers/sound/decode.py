"""From a sound file to blocks of samples: which decoder reads it, what it says of itself, what was odd.

libsndfile comes first for the formats that it reads, FFmpeg for the others; each is tried where the other refuses (a
wrong suffix, an MP3 behind something that is no MP3).  FFmpeg comes with PyAV, an optional part: its wheels bundle
libraries under the GPL.

Conventions
-----------
Blocks have shape (frames, channels), float32, full scale 1.0, at the file's own rate, at most 8 MiB each whatever the
file claims.  Samples are finite.  Time 0 is where the sound begins: what encoders put in front is taken out, within
50 ms.  Opening raises; after that nothing does: what goes wrong is a complaint, and the samples end there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

import numpy as np

from nlsearch.errors import InputError, MalformedContent, MissingExtra, UnsupportedFeature
from nlsearch.handlers.contract import Source
from nlsearch.handlers.sound.decoders.decoder import COMPLAINTS, Decoder, Stated
from nlsearch.handlers.sound.decoders.ffmpeg import FFmpegDecoder
from nlsearch.handlers.sound.decoders.sndfile import SndfileDecoder
from nlsearch.limits import Limits, how_to_raise

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RATE", "Sound", "Stated", "open_sound"]

RATE = 8000
"""Hz of the mono signal that features are taken from (:mod:`.mono`)."""
SLOWEST, FASTEST = 1000, 800_000
"""Sampling rates in Hz that are taken for sound: slower is a series of measurements, faster is radio."""
LOUDEST = 1e6
"""Samples beyond are clipped: floating-point files may have a full scale of 32768, but not this."""

FFMPEG_FIRST = frozenset(
    {"MP4 audio", "ADTS AAC", "WMA", "AC-3", "AMR", "APE", "WavPack", "TTA", "DSF", "Matroska audio", "Ogg Speex"}
)
"""Formats that libsndfile does not read (:data:`~nlsearch.handlers.sound.formats.FORMATS`)."""


class Sound:
    """An open sound file; a context manager that closes it.

    Parameters
    ----------
    decoder : Decoder
    limits : Limits
    complaints : list of str
        What was odd so far.

    Attributes
    ----------
    stated : Stated
        What the header says.
    complaints : list of str
        What was odd, one short sentence each; complete when the blocks have been read, at most 20.
    """

    def __init__(self, decoder: Decoder, limits: Limits, complaints: list[str]) -> None:
        self._decoder = decoder
        self._limits = limits
        self.stated = decoder.stated
        self.complaints = complaints
        self._unreadable = self._why_not()
        if self._unreadable:
            self._complain(self._unreadable)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._decoder.close()

    def _why_not(self) -> str:
        """Say why the samples cannot be had although the header reads, ``""`` if they can."""
        stated, most = self.stated, self._limits.audio_channels
        if stated.protected:
            return "protected: only the tags are read"
        if stated.channels < 1:
            return "it states no channels"
        if stated.channels > most:
            raised = how_to_raise("audio_channels")
            return f"{stated.channels} channels are over the cap audio_channels = {most} ({raised})"
        if not SLOWEST <= stated.sample_rate <= FASTEST:
            return f"a sampling rate of {stated.sample_rate} Hz is not that of sound"
        return ""

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the samples, once.

        Yields
        ------
        ndarray of float32, shape (n, channels)
            n ≥ 1; finite, full scale 1.
        """
        if self._unreadable:
            return
        left = self._limits.audio_seconds * self.stated.sample_rate
        read = 0
        for block in self._decoder.blocks():
            kept = self._finite(block[: left - read])
            read += len(kept)
            if len(kept):
                yield kept
            if len(kept) < len(block):
                raised = how_to_raise("audio_seconds")
                self._complain(f"only the first {self._limits.audio_seconds} s are read ({raised})")
                break
        self._conclude(read / self.stated.sample_rate)

    def _finite(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the block without samples that are no numbers, or absurd."""
        if not block.size or max(float(block.max()), -float(block.min())) <= LOUDEST:  # false for NaN
            return block
        if not np.isfinite(block).all():
            self._complain("samples that are not numbers count as 0")
            block = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
        if np.abs(block).max() > LOUDEST:
            self._complain(f"samples beyond {LOUDEST:g} times full scale are clipped")
            block = np.clip(block, -LOUDEST, LOUDEST).astype(np.float32)
        return block

    def _conclude(self, seconds: float) -> None:
        for complaint in self._decoder.complaints:
            self._complain(complaint)
        stated = self.stated.duration_s
        if not seconds:
            self._complain("it holds no samples")
        elif stated is not None and seconds < 0.95 * min(stated, self._limits.audio_seconds) - 1:
            self._complain(f"it states {stated:.1f} s, and {seconds:.1f} s can be read")

    def _complain(self, complaint: str) -> None:
        if complaint not in self.complaints and len(self.complaints) < COMPLAINTS:
            self.complaints.append(complaint)


def open_sound(source: Source, limits: Limits) -> Sound:
    """Open a sound file with the decoder that reads it.

    Raises
    ------
    MalformedContent
        If it is empty, or no decoder reads its header; the message is that of the first.
    MissingExtra
        If only PyAV could read it, which is not installed.
    InputError
        If the source cannot be read.
    """
    with source.open() as stream:
        if not stream.read(1):
            raise MalformedContent("the file is empty")
    first: InputError | MissingExtra | None = None
    for opener in _openers(source.format):
        try:
            decoder = opener(source.open(), source.format)
        except (MalformedContent, UnsupportedFeature) as exc:
            first = first or exc
        except MissingExtra as exc:
            if first is None:
                first = exc
        else:
            return Sound(decoder, limits, [])
    raise first or MalformedContent("no decoder reads it")


def _openers(form: str) -> list[Callable[[BinaryIO, str], Decoder]]:
    openers: list[Callable[[BinaryIO, str], Decoder]] = [SndfileDecoder, FFmpegDecoder]
    return openers[::-1] if form in FFMPEG_FIRST else openers
