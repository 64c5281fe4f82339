"""The beginning of a recording as 8 kHz mono, for what is short: a hum, a whistle, a phrase that is played."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import MalformedContent, MissingExtra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.contract import Source
    from nlsearch.limits import Limits

RATE = 8_000
"""Samples a second of all that pitch is looked for in."""
_BLOCK_S = 10


def mono_8k(source: Source, limits: Limits, most_seconds: float) -> NDArray[np.float32]:
    """Return the first seconds of a recording.

    Parameters
    ----------
    source : Source
    limits : Limits
        The caps in force; a recording is read no further than it is wanted.
    most_seconds : float

    Returns
    -------
    ndarray of float32, shape (n,)
        The mean of the channels, 8,000 samples a second; what is no number is 0.

    Raises
    ------
    MalformedContent
        If it cannot be decoded.
    MissingExtra
        If the libraries that decode and resample are not installed.
    """
    del limits
    try:
        import soundfile
        import soxr
    except ImportError as exc:
        raise MissingExtra("sound is read with soundfile and soxr", hint="pip install soundfile soxr") from exc
    parts: list[NDArray[np.float32]] = []
    try:
        with source.open() as stream, soundfile.SoundFile(stream) as sound:
            rate = sound.samplerate
            resampled = soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ")
            left = int(most_seconds * rate)
            while left > 0:
                block = sound.read(min(left, _BLOCK_S * rate), dtype="float32", always_2d=True)
                left -= len(block)
                is_last = left <= 0 or not len(block)
                parts.append(resampled.resample_chunk(_mixed(block), last=is_last))
                if is_last:
                    break
    except soundfile.LibsndfileError as exc:
        raise MalformedContent(f"this does not decode as sound: {exc}") from exc
    return np.concatenate([*parts, np.empty(0, np.float32)])


def _mixed(block: NDArray[np.float32]) -> NDArray[np.float32]:
    mixed: NDArray[np.float32] = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0).mean(axis=1, dtype=np.float32)
    return mixed
