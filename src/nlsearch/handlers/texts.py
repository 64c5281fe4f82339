"""What handlers of text formats share: text files in UTF-16 read as UTF-8, and bytes of a record read as text.

Conventions
-----------
UTF-16 is told by its byte order mark, which Windows programs write (RFC 2781, section 3.3).  A pair of bytes that is
no character becomes U+FFFD, so that the record that holds it is refused and not the file.
"""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BUFFER = 2**16


def is_utf16(head: bytes) -> bool:
    """Say whether `head` begins with a byte order mark of UTF-16, and not with that of UTF-32."""
    return head.startswith(_MARKS) and not head.startswith(codecs.BOM_UTF32_LE)


def decoded(raw: bytes) -> str:
    """Return `raw` as text: UTF-8, else Latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def as_utf8(stream: BinaryIO) -> BinaryIO:
    """Return a stream of the same text in UTF-8 if `stream` is in UTF-16, else `stream` itself, at its start.

    Closing what is returned closes `stream`.  The text can be read again from its start, not from elsewhere.
    """
    utf16 = is_utf16(stream.read(4))
    stream.seek(0)
    return io.BufferedReader(_Recoded(stream), _BUFFER) if utf16 else stream


class _Recoded(io.RawIOBase):
    """The text of a stream in UTF-16, in UTF-8 and without its byte order mark."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._start()

    def _start(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._held = b""
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True; but see :meth:`seek`."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go back to the start, or stay.

        Raises
        ------
        io.UnsupportedOperation
            If another place is asked for.
        """
        if (offset, whence) == (0, io.SEEK_SET):
            self._inner.seek(0)
            self._start()
        elif (offset, whence) != (0, io.SEEK_CUR):
            raise io.UnsupportedOperation("text in UTF-16 is read from its start")
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` with what comes next."""
        while not self._held:
            raw = self._inner.read(_BUFFER)
            self._held = self._decoder.decode(raw, final=not raw).encode("utf-8", "replace")
            if not raw:
                break
        content, self._held = self._held[: len(buffer)], self._held[len(buffer) :]
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def close(self) -> None:
        """Close the inner stream as well."""
        if not self.closed:
            self._inner.close()
        super().close()
