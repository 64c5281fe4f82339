"""The mono signal of a sound file at 8 kHz, in pieces, or the beginning of it: a hum, a whistle, a phrase."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.sound.decode import RATE, Sound, open_sound
from nlsearch.handlers.sound.mono import Mono

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.contract import Source
    from nlsearch.limits import Limits

__all__ = ["RATE", "mono_8k", "mono_pieces"]

_AT_ONCE = 30 * RATE
"""Samples after which the signal is passed on: large arrays cost less a sample."""


def mono_pieces(
    sound: Sound, heed: Callable[[NDArray[np.float32]], None] | None = None
) -> Iterator[NDArray[np.float32]]:
    """Yield the mono signal of an open sound at 8 kHz.

    Parameters
    ----------
    sound : Sound
    heed : callable, optional
        Is shown each block as it is decoded: float32, shape (n, channels), at the file's own rate.

    Yields
    ------
    ndarray of float32, shape (m,)
    """
    mono: Mono | None = None
    held: list[NDArray[np.float32]] = []
    count = 0
    for block in sound.blocks():
        if heed is not None:
            heed(block)
        mono = mono or Mono(sound.stated.sample_rate, sound.stated.channels)
        held.append(mono.feed(block))
        count += len(held[-1])
        if count >= _AT_ONCE:
            yield np.concatenate(held)
            held, count = [], 0
    if mono is not None:
        yield np.concatenate([*held, mono.finish()])


def mono_8k(source: Source, limits: Limits, most_seconds: float) -> NDArray[np.float32]:
    """Return the first seconds of a recording.

    Parameters
    ----------
    source : Source
    limits : Limits
        The caps in force; a recording is read little further than it is wanted.
    most_seconds : float

    Returns
    -------
    ndarray of float32, shape (n,)

    Raises
    ------
    InputError
        If its header does not read.
    """
    parts: list[NDArray[np.float32]] = []
    left = int(most_seconds * RATE)
    with open_sound(source, limits) as sound:
        for piece in mono_pieces(sound):
            parts.append(piece[:left])
            left -= len(parts[-1])
            if not left:
                break
    return np.concatenate([np.empty(0, np.float32), *parts])
