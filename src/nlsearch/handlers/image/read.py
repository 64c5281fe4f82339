"""Opening and decoding picture files with Pillow, whatever state they are in.

A header that does not read is an error; everything after it is not: a picture over the pixel cap or one that does not
decode is found by its metadata, and of a truncated one the rows that are there are used.

Conventions
-----------
The picture is turned upright by its EXIF orientation before anything looks at it.  Of animations the first frame is
taken, of TIFF pages the first, of an MPO the first view.
"""

from __future__ import annotations

import contextlib
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from nlsearch.errors import LimitExceeded, MalformedContent
from nlsearch.handlers.contract import Source
from nlsearch.handlers.image import metadata
from nlsearch.handlers.image.facts import FORMATS, PILLOW_FORMATS
from nlsearch.limits import Limits
from nlsearch.model import FieldValue, RawItem

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

READING_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, AttributeError,
    ZeroDivisionError, NotImplementedError, RuntimeError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's readers raise on broken files."""
ORIENTATION = 0x0112
WARNINGS_KEPT = 5
_HEAD = 8192
LEAST_RESCUED = 0.1
"""Share of the rows below which a damaged picture is found by its metadata only."""


@dataclass(slots=True)
class Decoded:
    """A picture as it was read.

    Parameters
    ----------
    width, height : int
        Upright, in pixels.
    picture : PIL.Image.Image or None
        Decoded and upright; None if it was not decoded.
    rows : ndarray of bool, shape (stored height,), optional
        For damaged pictures: which stored rows hold more than filler.
    orientation : int
        The EXIF orientation, 1-8, that made it upright.
    fields : dict
        Values of the declared fields.
    words : str
        Further text in the file.
    """

    width: int
    height: int
    picture: Image.Image | None = None
    rows: NDArray[np.bool_] | None = None
    orientation: int = 1
    fields: dict[str, FieldValue] = field(default_factory=dict)
    words: str = ""


def read(source: Source, limits: Limits) -> RawItem:
    """Read the picture of a file.

    Raises
    ------
    MalformedContent
        If the header cannot be read.
    """
    with _quiet() as complaints, source.open() as stream:
        image = _opened(stream, source)
        told: list[str] = []
        decoded = _described(image, told)
        _decode(decoded, image, stream, limits, told)
        if decoded.picture is not None:
            metadata.read_text(image, decoded.fields)
    told += sorted({f"Pillow: {complaint}" for complaint in complaints})[:WARNINGS_KEPT]
    title = str(decoded.fields.pop("title", ""))
    return RawItem(decoded, 1, title, warnings=told)


@contextlib.contextmanager
def _quiet() -> Iterator[list[str]]:
    """Collect Pillow's warnings, and lift its own cap on pixels: ours decides.  Both are put back at the end."""
    from PIL import Image

    complaints: list[str] = []
    cap = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield complaints
        finally:
            Image.MAX_IMAGE_PIXELS = cap
            unlike = (DeprecationWarning, ResourceWarning)
            complaints += [str(one.message).strip() for one in caught if not issubclass(one.category, unlike)]


def _readers() -> list[str]:
    """Return which of Pillow's readers may open a file; an MPO is opened by that of JPEG."""
    from PIL import Image

    Image.init()
    return [name for name in PILLOW_FORMATS if name in Image.OPEN]


def _opened(stream: BinaryIO, source: Source) -> Image.Image:
    from PIL import Image

    try:
        image = Image.open(stream, formats=_readers())
    except READING_ERRORS as exc:
        raise MalformedContent(_complaint(stream, source.format, exc), locator=source.path) from exc
    if min(image.size) < 1:
        raise MalformedContent("the picture has no pixels", locator=source.path)
    return image


def _complaint(stream: BinaryIO, name: str, error: Exception) -> str:
    """Say why a file that was taken for the format called `name` has no header that reads."""
    from PIL import UnidentifiedImageError

    ended = not stream.read(1)
    stream.seek(0)
    head = stream.read(_HEAD)
    if not head:
        return "the file is empty"
    form = next((form for form in FORMATS if form.name == name), None)
    if form is not None and not form.begins(head):
        return f"it is no {name} picture, whatever its name says: it does not begin like one"
    header = f"its {name or 'picture'} header"
    if ended:
        return f"the file ends before {header} is complete"
    words = "" if isinstance(error, UnidentifiedImageError) else str(error).strip()
    return f"{header} cannot be read" + (f": {words}" if words else "")


def _described(image: Image.Image, told: list[str]) -> Decoded:
    """Take from the header what can be known without decoding."""
    fields = metadata.read_fields(image)
    orientation = metadata.orientation(image)
    width, height = image.size if orientation < 5 else image.size[::-1]
    fields |= {
        "format": PILLOW_FORMATS.get(image.format or "", image.format or ""),
        "width": width,
        "height": height,
        "megapixels": width * height / 1e6,
        "mode": image.mode,
        "animated": False,
        "damaged": False,
    }
    if image.format not in {"MPO", "TIFF", "PSD", "ICO"}:
        with contextlib.suppress(*READING_ERRORS):
            fields["animated"] = bool(getattr(image, "is_animated", False))
    elif image.format == "TIFF":
        with contextlib.suppress(*READING_ERRORS):
            pages = int(getattr(image, "n_frames", 1))
            if pages > 1:
                told.append(f"only the first of {pages} pages is searched")
    return Decoded(width, height, orientation=orientation, fields=fields)


def _decode(decoded: Decoded, image: Image.Image, stream: BinaryIO, limits: Limits, told: list[str]) -> None:
    try:
        limits.check("image_pixels", decoded.width * decoded.height)
    except LimitExceeded as refusal:
        told.append(f"not decoded: {refusal.message}")
        return
    try:
        image.load()
    except READING_ERRORS as exc:
        decoded.fields["damaged"] = True
        told.append(f"damaged: {str(exc) or type(exc).__name__}")
        rescued = _rescued(stream, image.size)
        if rescued is None:
            return
        decoded.rows = _filled_rows(rescued)
        share = float(decoded.rows.mean())
        told.append(f"only {share:.0%} of the rows could be read")
        if share < LEAST_RESCUED:
            return
        image = rescued
    if image.format == "PNG" and "exif" in image.info:  # it may stand behind the pixels
        late = _described(image, [])
        decoded.width, decoded.height, decoded.orientation = late.width, late.height, late.orientation
        decoded.fields = late.fields | {"damaged": decoded.fields["damaged"]}
    decoded.picture = upright(image, decoded.orientation)


def _rescued(stream: BinaryIO, size: tuple[int, int]) -> Image.Image | None:
    """Decode what there is of a damaged picture."""
    from PIL import Image, ImageFile

    strict = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        stream.seek(0)
        image = Image.open(stream, formats=_readers())
        if image.size != size:
            return None
        image.load()
    except READING_ERRORS:
        return None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = strict
    return image


def _filled_rows(picture: Image.Image) -> NDArray[np.bool_]:
    """Return which rows are not of a single colour, as the filler of decoders is."""
    pixels = np.asarray(picture)
    return np.asarray((pixels != pixels[:, :1]).reshape(len(pixels), -1).any(axis=1))


def upright(picture: Image.Image, orientation: int) -> Image.Image:
    """Apply an EXIF orientation (1-8)."""
    from PIL.Image import Transpose

    steps = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return picture.transpose(steps[orientation]) if orientation in steps else picture
