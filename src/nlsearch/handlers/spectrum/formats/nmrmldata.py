"""Decoding the data arrays of nmrML: numbers in base64, with zlib or without.

Conventions
-----------
All numbers are little-endian; complex ones are two numbers.

References
----------
nmrML.xsd 1.0, ``BinaryDataArrayType``.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

import numpy as np

from nlsearch.errors import LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.limits import Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FORMATS = {
    "complex128": ("<f8", 2),
    "complex64": ("<f4", 2),
    "float64": ("<f8", 1),
    "double": ("<f8", 1),
    "float32": ("<f4", 1),
    "float": ("<f4", 1),
    "integer": ("<i4", 1),
    "integer32": ("<i4", 1),
    "int32": ("<i4", 1),
    "integer64": ("<i8", 1),
    "int64": ("<i8", 1),
}
"""``byteFormat`` → type of a number, numbers of a point; all little-endian."""


def points_of(array: Element, limits: Limits) -> NDArray[np.float64]:
    """Return the points of a data array.

    Parameters
    ----------
    array : Element
        With the attributes ``byteFormat`` and ``compressed``.
    limits : Limits

    Returns
    -------
    ndarray of float64, shape (n, 1), or (n, 2) if complex

    Raises
    ------
    UnsupportedFeature
        If the format of the numbers is not known.
    MalformedContent
        If it is not base64 or not zlib, ends too early, or is no whole number of points.
    LimitExceeded
        If it unpacks to more than ``record_bytes``.
    """
    form = array.get("byteFormat", "").lower().rpartition(".")[2].rpartition(" ")[2]
    if form not in _FORMATS:
        raise UnsupportedFeature(f"data of the format {array.get('byteFormat', '(none)')!r}")
    kind, width = _FORMATS[form]
    try:
        raw = base64.b64decode("".join((array.text or "").split()), validate=True)
    except binascii.Error as error:
        raise MalformedContent(f"data that are not base64 ({error})") from error
    if array.get("compressed", "false").strip().lower() not in {"false", "none", "0", ""}:
        raw = _inflated(raw, limits.record_bytes)
    limits.check("record_bytes", len(raw))
    bytes_each = np.dtype(kind).itemsize * width
    if not raw or len(raw) % bytes_each:
        raise MalformedContent(f"{len(raw):,} bytes of data are no whole number of points of {bytes_each} bytes")
    return np.frombuffer(raw, kind).astype(np.float64).reshape(-1, width)


def _inflated(raw: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(raw, most + 1)
    except zlib.error as error:
        raise MalformedContent(f"data that zlib cannot decompress ({error})") from error
    if len(content) > most:
        raise LimitExceeded(f"data that unpack to more than record_bytes = {most:,}")
    if not inflater.eof:
        raise MalformedContent("compressed data that end too early")
    return content
