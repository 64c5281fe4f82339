"""What picture files say about themselves: EXIF, IPTC, XMP and text chunks, as fields and words.

Nothing here raises on odd values: a tag that does not parse is left out, as cameras write many.

References
----------
.. [1] CIPA DC-008 (Exif 3.0); IPTC-IIM 4.2; Adobe XMP part 1 (``dc:title``, ``dc:description``, ``dc:subject``).
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nlsearch.model import FieldValue

if TYPE_CHECKING:
    from PIL import Image

BROKEN = (SyntaxError, ValueError, KeyError, TypeError, IndexError, AttributeError, OSError, EOFError, OverflowError)
LONGEST_TEXT = 10_000
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
PLAIN = {0x0131: "software", 0x013B: "artist", 0x8298: "copyright", 0xA434: "lens"}
NUMBERS = {0x829A: "exposure", 0x829D: "aperture", 0x920A: "focal"}
TIMES = (0x9003, 0x9004, 0x0132)
CAPTIONS = (0x010E, 0x9286, 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F)
IPTC = {(2, 5): "title", (2, 120): "caption", (2, 25): "caption", (2, 80): "artist", (2, 116): "copyright"}
CHUNKS = {"author": "artist", "copyright": "copyright", "software": "software", "title": "title"}
PRIVATE = ("raw profile", "xml:com.adobe.xmp", "icc", "exif")
_DUBLIN_CORE = re.compile(rb"<dc:(title|description|subject|creator|rights)\b[^>]*>(.{0,20000}?)</dc:\1>", re.DOTALL)
_LIST_ITEM = re.compile(rb"<rdf:li\b[^>]*>([^<]*)</rdf:li>")
XMP = {
    b"title": "title",
    b"description": "caption",
    b"subject": "caption",
    b"creator": "artist",
    b"rights": "copyright",
}


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 where there is none or it is out of range."""
    with suppress(*BROKEN):
        value = int(_tags(image).get(0x0112, 1))
        if 1 <= value <= 8:
            return value
    return 1


def read_fields(image: Image.Image) -> dict[str, FieldValue]:
    """Return the fields that the header holds; ``title`` among them is the picture's own name."""
    fields: dict[str, FieldValue] = {}
    tags = _exif(image)
    _camera(tags, fields)
    for tag, name in NUMBERS.items():
        if (number := _number(tags.get(tag))) is not None and number > 0:
            fields[name] = number
    if (speed := _number(tags.get(0x8827))) is not None and 0 < speed < 2**31:
        fields["iso"] = int(speed)
    for tag in TIMES:
        if "taken" not in fields and (moment := _moment(tags.get(tag))):
            fields["taken"] = moment
    for tag in CAPTIONS:
        _add(fields, "caption", _text(tags.get(tag), wide=tag >= 0x9C9B))
    _position(image, fields)
    _iptc(image, fields)
    _xmp(image, fields)
    return fields


def read_text(image: Image.Image, fields: dict[str, FieldValue]) -> None:
    """Add the text chunks and comments, which some formats store after the pixels."""
    for key, value in list(image.info.items()):
        name = str(key).lower()
        chunk = image.format == "PNG" and isinstance(value, str) and not name.startswith(PRIVATE)
        if chunk or name in {"comment", "description"}:
            _add(fields, CHUNKS.get(name, "caption"), _text(value))


def _tags(image: Image.Image) -> Image.Exif:
    """Return the EXIF block; of a PNG only what was read, as Pillow would decode all pixels to look behind them."""
    if image.format == "PNG" and "exif" not in image.info:
        from PIL import Image as Pillow

        return Pillow.Exif()
    return image.getexif()


def _exif(image: Image.Image) -> dict[int, Any]:
    tags: dict[int, Any] = {}
    with suppress(*BROKEN):
        exif = _tags(image)
        tags.update(exif)
        tags.update(exif.get_ifd(EXIF_IFD))
    return tags


def _camera(tags: Mapping[int, Any], fields: dict[str, FieldValue]) -> None:
    for tag, name in PLAIN.items():
        _add(fields, name, _text(tags.get(tag)))
    maker, model = _text(tags.get(0x010F)), _text(tags.get(0x0110))
    first = maker.split()[0].casefold() if maker else ""
    camera = model if model.casefold().startswith(first) else f"{maker} {model}".strip()
    _add(fields, "camera", camera or maker)


def _add(fields: dict[str, FieldValue], name: str, text: str) -> None:
    """Put a text into a field, after what is there, unless it is there already."""
    known = str(fields.get(name, ""))
    if text and text not in known:
        fields[name] = f"{known}; {text}"[:LONGEST_TEXT] if known else text


def _text(value: object, *, wide: bool = False) -> str:
    """Decode a tag's text: bytes as UTF-8, else Latin-1; `wide` is UTF-16; control characters become spaces."""
    if isinstance(value, tuple | list):
        with suppress(*BROKEN):
            return _text(bytes(value), wide=wide)
        return ""
    if isinstance(value, bytes):
        value = _decoded(value, wide=wide)
    if not isinstance(value, str):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in value[:LONGEST_TEXT]).split())


def _decoded(value: bytes, *, wide: bool) -> str:
    value = value[: 2 * LONGEST_TEXT]
    head, rest = value[:8], value[8:]
    if wide:
        return value.decode("utf-16-le", "ignore")
    if head == b"UNICODE\0":
        little = rest[1::2].count(0) >= rest[::2].count(0)
        return rest.decode("utf-16-le" if little else "utf-16-be", "ignore")
    if head in {b"ASCII\0\0\0", b"\0" * 8}:
        value = rest
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _number(value: object) -> float | None:
    if isinstance(value, tuple | list):
        value = value[0] if value else None
    if value is None or isinstance(value, str | bytes):
        return None
    with suppress(*BROKEN, ZeroDivisionError):
        number = float(value)  # type: ignore[arg-type]  # rationals of Pillow
        return number if math.isfinite(number) else None
    return None


def _moment(value: object) -> str:
    """Return an EXIF time as ISO 8601, ``""`` if it is none (cameras write zeros and blanks)."""
    text = _text(value)[:19]
    for pattern in ("%Y:%m:%d %H:%M:%S", "%Y-%m-%d %H:%M:%S"):
        with suppress(ValueError):
            return datetime.strptime(text, pattern).isoformat(timespec="seconds")
    return ""


def _position(image: Image.Image, fields: dict[str, FieldValue]) -> None:
    with suppress(*BROKEN, ZeroDivisionError):
        tags = _tags(image).get_ifd(GPS_IFD)
        latitude = _degrees(tags[2], _text(tags[1]), "S")
        longitude = _degrees(tags[4], _text(tags[3]), "W")
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            fields["latitude"], fields["longitude"] = latitude, longitude


def _degrees(parts: Iterable[Any], side: str, negative: str) -> float:
    """Return degrees, minutes and seconds as signed degrees; NaN parts give NaN, which no range accepts."""
    degrees = 0.0
    for power, part in enumerate(parts):
        degrees += float(part) / 60**power
    return round(-degrees if side.upper().startswith(negative) else degrees, 7)


def _iptc(image: Image.Image, fields: dict[str, FieldValue]) -> None:
    from PIL import ImageFile, IptcImagePlugin

    if image.format not in {"JPEG", "MPO", "TIFF"} or not isinstance(image, ImageFile.ImageFile):
        return
    with suppress(*BROKEN):
        for key, value in (IptcImagePlugin.getiptcinfo(image) or {}).items():
            if key in IPTC:
                for one in value if isinstance(value, list) else [value]:
                    _add(fields, IPTC[key], _text(one))


def _xmp(image: Image.Image, fields: dict[str, FieldValue]) -> None:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    packet = packet.encode() if isinstance(packet, str) else packet
    if not isinstance(packet, bytes):
        return
    for name, body in _DUBLIN_CORE.findall(packet[:1_000_000]):
        for one in _LIST_ITEM.findall(body):
            _add(fields, XMP[name], html.unescape(_text(one)))
