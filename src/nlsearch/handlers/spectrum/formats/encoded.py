"""Arrays of numbers as mzML and mzXML hold them: base64, perhaps of a zlib stream.

Conventions
-----------
What an array says of its length is checked: one that lies is refused, with what it says and what is there.  A zlib
stream is unpacked up to the cap ``record_bytes`` and no further.

References
----------
RFC 4648 (base64), RFC 1950 (zlib).
"""

from __future__ import annotations

import binascii
import zlib
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import LimitExceeded, MalformedContent
from nlsearch.limits import Limits, how_to_raise

if TYPE_CHECKING:
    from numpy.typing import NDArray


def unpacked(text: str, limits: Limits, *, is_zlib: bool, name: str) -> bytes:
    """Return the bytes of an array; `name` is what messages call it.

    Raises
    ------
    MalformedContent
        If it is no base64 or no whole zlib stream.
    LimitExceeded
        If it unpacks to more than the cap ``record_bytes``.
    """
    try:
        raw = binascii.a2b_base64(text.encode("ascii", "replace"), strict_mode=True)
    except binascii.Error as exc:
        raise MalformedContent(f"{name} is no base64: {exc}") from exc
    return inflated(raw, limits, name) if is_zlib and raw else raw


def inflated(raw: bytes, limits: Limits, name: str) -> bytes:
    """Return what a zlib stream holds.

    Raises
    ------
    MalformedContent
        If it is broken, cut, or followed by other bytes.
    LimitExceeded
        If that is more than the cap ``record_bytes``.
    """
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(raw, limits.record_bytes + 1)
    except zlib.error as exc:
        raise MalformedContent(f"{name} is no zlib stream: {exc}") from exc
    if len(content) > limits.record_bytes:
        cap = f"the cap record_bytes = {limits.record_bytes:,}"
        raise LimitExceeded(f"{name} unpacks to more than {cap}", hint=how_to_raise("record_bytes"))
    if not unpacking.eof:
        raise MalformedContent(f"the zlib stream of {name} is cut")
    if unpacking.unused_data:
        raise MalformedContent(f"{len(unpacking.unused_data):,} bytes stand behind the zlib stream of {name}")
    return content


def values(raw: bytes, dtype: str, count: int, name: str) -> NDArray[np.float64]:
    """Return `count` numbers of a numpy type such as ``<f4``, float64.

    Raises
    ------
    MalformedContent
        If the bytes are not so many numbers.
    """
    size = np.dtype(dtype).itemsize
    if len(raw) != count * size:
        there = f"{len(raw):,} bytes, which is {len(raw) / size:,.6g} of {size}"
        raise MalformedContent(f"{name} should hold {count:,} numbers of {size} bytes; there are {there}")
    with np.errstate(invalid="ignore"):  # a signalling NaN is one more NaN, which is refused later
        return np.frombuffer(raw, dtype).astype(np.float64)


def without_space(text: str | None) -> str:
    """Return base64 without line breaks and other white space."""
    return "".join(text.split()) if text else ""


def whole_number(text: str | None, name: str) -> int | None:
    """Return a length that an attribute says, None if there is no such attribute.

    Raises
    ------
    MalformedContent
        If it is no length.
    """
    if text is None:
        return None
    if not text.strip().isdecimal() or len(text) > 18:
        raise MalformedContent(f"{name} is {text[:40]!r}, which is no length")
    return int(text)


def check_length(said: int | None, there: int, name: str) -> None:
    """Refuse an array whose length is not the one said.

    Raises
    ------
    MalformedContent
        With both.
    """
    if said is not None and said != there:
        raise MalformedContent(f"{name} says {said:,}, there are {there:,}")
