"""Pictures: found by what they show, by copies of them, and by what their files say about them.

The goal is to find every file that holds the same picture, although it was recompressed, resized, cropped, turned,
mirrored or placed in a larger one, and to show where.  Two kinds of evidence decide, and without one of them nothing is
called near: a homography between ORB-like keypoints, or a small distance between PDQ hashes.

Conventions
-----------
Coordinates are pixels of the upright picture (after the EXIF orientation), x to the right and y down, with (0, 0) at
the outer corner of the upper left pixel, so that the frame is (0, 0) to (width, height).  ``turn`` is in degrees
clockwise, after mirroring left to right if ``mirrored``.

References
----------
.. [1] Facebook (2019). The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm ("hashing.pdf").
.. [2] Rublee et al. (2011). ORB: an efficient alternative to SIFT or SURF. ICCV, 2564-2571.
.. [3] Lowe (2004). Distinctive image features from scale-invariant keypoints. IJCV 60:91-110 (the ratio test).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nlsearch.handlers.contract import Buffer, Field, Format, Operator, Source, Space
from nlsearch.handlers.image.facts import FIELDS, FORMATS, OPERATORS, SPACES
from nlsearch.limits import Limits
from nlsearch.model import Picture, Probe, RawItem, Region, Scalar, Verdict

if TYPE_CHECKING:
    from nlsearch.model import Features

__all__ = ["ImageHandler"]


class ImageHandler:
    """The kind ``image``; see :class:`~nlsearch.handlers.contract.Handler` for what the members are."""

    kind = "image"
    version = 3
    formats: tuple[Format, ...] = FORMATS
    fields: tuple[Field, ...] = FIELDS
    operators: tuple[Operator, ...] = OPERATORS
    spaces: tuple[Space, ...] = SPACES
    requires = ("PIL", "cv2")

    def __init__(self) -> None:
        self.limits = Limits()

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem]:
        """Yield the picture of a file; of several frames or pages the first.

        Raises
        ------
        MalformedContent
            If the header cannot be read.  A picture that does not decode is an item with a warning.
        """
        from nlsearch.handlers.image.read import read

        yield read(source, limits)

    def features(self, item: RawItem) -> Features:
        """Derive hash bands, visual words, fields and the payload."""
        from nlsearch.handlers.image.features import features

        return features(item)

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Ask for copies of a file (Source) or of an indexed picture (its payload)."""
        from nlsearch.handlers.image.compile import compile_like

        return compile_like(operator, value, self.limits, keypoints=bool(options.get("keypoints", True)))

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:  # noqa: ARG002 - pictures have no axis
        """Decide whether the item shows the asked picture: equal pixels, a homography, or close hashes."""
        from nlsearch.handlers.image.verify import verify

        return verify(probe, payload)

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw the item's thumbnail with the matched quadrilateral, as SVG in the item's pixels."""
        from nlsearch.handlers.image.draw import draw

        return draw(payload, verdict)
