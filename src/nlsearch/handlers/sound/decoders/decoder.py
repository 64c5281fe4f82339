"""What a decoder offers, and the file that it reads from.

Conventions
-----------
Blocks have shape (frames, channels), float32, full scale 1.0, at the file's own sampling rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from nlsearch.errors import InputError, MalformedContent
from nlsearch.limits import MIB

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK_BYTES = 8 * MIB
BLOCK_FRAMES = 65_536
COMPLAINTS = 20
"""How many complaints about one file are kept."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the header of a file says.

    Parameters
    ----------
    container : str
        ``"WAV"``, ``"Ogg"``, ``"MP4"``.
    codec : str
        ``"pcm"``, ``"vorbis"``, ``"aac"``.
    sample_rate : int
        Hz.
    channels : int
    bits : int, optional
        Of one sample, where the codec has such a number.
    duration_s : float, optional
        Seconds, as stated: a damaged file lies.
    bit_rate : int, optional
        Mean bits per second.
    protected : bool
        Whether the samples are encrypted.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    bits: int | None
    duration_s: float | None
    bit_rate: int | None
    protected: bool


class Decoder(Protocol):
    """An open file of one decoder."""

    stated: Stated
    complaints: list[str]

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the samples; never raises: what goes wrong ends them, or is left out, with a complaint."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class GuardedFile:
    """A file for a C library: an error while reading is kept, not raised through foreign frames.

    Parameters
    ----------
    inner : BinaryIO
        Seekable; :meth:`close` closes it.
    """

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._failure: InputError | None = None

    def read(self, size: int = -1) -> bytes:
        """Read as the file does; ``b""`` once reading has failed."""
        if self._failure is not None:
            return b""
        try:
            return self._inner.read(size)
        except InputError as exc:
            self._failure = exc
        except OSError as exc:
            self._failure = MalformedContent(f"cannot be read: {exc.strerror or exc}")
        return b""

    def readinto(self, buffer: memoryview) -> int:
        """Read into a writable buffer of bytes; return how many."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek as the file does; a place before its begin is its begin."""
        try:
            return self._inner.seek(offset, whence)
        except InputError as exc:
            self._failure = exc
        except (OSError, ValueError):  # a place before the begin of the file
            return self._inner.seek(0)
        return 0

    def tell(self) -> int:
        """Return where the file is read next."""
        return self._inner.tell()

    def size(self) -> int:
        """Return the bytes of the file; it is then read from its begin."""
        size = self.seek(0, 2)
        self.seek(0)
        return size

    def check(self) -> None:
        """Raise what went wrong while the library was reading.

        Raises
        ------
        InputError
        """
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Close the file."""
        self._inner.close()


class SplicedFile:
    """A file with other bytes in place of its begin.

    Parameters
    ----------
    inner : GuardedFile
    start : int
        Where the rest begins in `inner`.
    prefix : bytes
        What is in front of it.
    """

    def __init__(self, inner: GuardedFile, start: int, prefix: bytes) -> None:
        self._inner, self._start, self._prefix = inner, start, prefix
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """Read from the prefix first, then from the file."""
        front = self._prefix[self._at :] if size < 0 else self._prefix[self._at : self._at + size]
        self._inner.seek(self._start + max(0, self._at + len(front) - len(self._prefix)))
        content = front + self._inner.read(size if size < 0 else size - len(front))
        self._at += len(content)
        return content

    def readinto(self, buffer: memoryview) -> int:
        """Read into a writable buffer of bytes; return how many."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek; a place before the begin is the begin."""
        if whence == 1:
            offset += self._at
        elif whence == 2:
            offset += self._inner.seek(0, 2) - self._start + len(self._prefix)
        self._at = max(0, offset)
        return self._at

    def tell(self) -> int:
        """Return where the file is read next."""
        return self._at
