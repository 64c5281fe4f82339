"""Copies of pictures: how many attacked ones are found, how exactly they are placed, what a picture and a pair cost.

Usage: ``python benchmarks/bench_image.py [folder of pictures] [pictures]``

Each picture is indexed as a JPEG of at most 1600 pixels; the queries are attacked copies, compressed at quality 60.  A
copy is found if the candidate stage lets it through and verification says so.  *Other pictures* are hits besides the
attacked one: look at them, folders hold variants of a picture.  Peers in the same run: PDQ alone (pdqhash, quality 50
or more, at most 31 bits apart, not turned), and for cost pdqhash and OpenCV's ORB with a ratio test and RANSAC.
"""

from __future__ import annotations

import io
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from held import Held
from nlsearch.handlers.image import ImageHandler
from nlsearch.limits import Limits
from nlsearch.model import AnyOf, Exact, Features, Probe, Terms
from timing import measure, table

try:
    import pdqhash
except ImportError:
    pdqhash = None
DEFAULT = Path(__file__).parents[1] / "examples" / "collection" / "pictures"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
SIDE = 1600
Matrix = NDArray[np.float64]


@dataclass
class Tally:
    """What became of one kind of attack."""

    asked: int = 0
    found: int = 0
    by_pdq: int = 0
    false: int = 0
    errors: list[float] = field(default_factory=list)


def peer(picture: Image.Image) -> tuple[NDArray[np.uint8], int]:
    """Return the reference's hash and quality; quality 0 where pdqhash is not installed."""
    return pdqhash.compute(np.asarray(picture)) if pdqhash else (np.zeros(256, np.uint8), 0)


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """Return the picture as a JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def warped(picture: Image.Image, matrix: Matrix) -> Image.Image:
    """Return the picture under a map, in its own frame, on grey."""
    array = cv2.warpPerspective(
        np.asarray(picture), matrix, picture.size, flags=cv2.INTER_AREA, borderValue=(128, 128, 128)
    )
    return Image.fromarray(array)


def attacks(picture: Image.Image) -> Iterator[tuple[str, Image.Image, Matrix]]:
    """Yield name, query and the map from the query's pixels to the picture's."""
    w, h = picture.size
    half = picture.resize((w // 2, h // 2), Image.Resampling.LANCZOS)
    halved = np.diag([w / (w // 2), h / (h // 2), 1.0])
    yield "recompressed", picture, np.eye(3)
    yield "half the size", half, halved
    for share in (0.7, 0.5):
        x, y = int(w * (1 - share) / 2), int(h * (1 - share) / 3)
        box = (x, y, x + int(w * share), y + int(h * share))
        yield f"crop {share:.0%} a side", picture.crop(box), np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]])
    yield "mirrored", ImageOps.mirror(picture), np.array([[-1.0, 0, w], [0, 1, 0], [0, 0, 1]])
    quarter = picture.transpose(Image.Transpose.ROTATE_270)
    yield "turned by 90", quarter, np.array([[0, 1.0, 0], [-1, 0, h], [0, 0, 1]])
    cos, sin = np.cos(np.deg2rad(10)), np.sin(np.deg2rad(10))
    turn = np.array([[cos, -sin, (w - cos * w + sin * h) / 2], [sin, cos, (h - sin * w - cos * h) / 2], [0, 0, 1]])
    yield "turned by 10", warped(picture, turn), np.linalg.inv(turn)
    yield "letterbox", ImageOps.expand(half, (0, 80)), halved @ np.array([[1.0, 0, 0], [0, 1, -80], [0, 0, 1]])
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    moved = corners + np.array([[0.06, 0.04], [-0.03, 0.07], [-0.05, -0.02], [0.04, -0.06]], np.float32) * [w, h]
    perspective = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    yield "perspective", warped(picture, perspective), np.linalg.inv(perspective)
    page = Image.new("RGB", (w, h), (200, 190, 170))
    page.paste(half, (w // 4, h // 5))
    yield "embedded", page, halved @ np.array([[1.0, 0, -(w // 4)], [0, 1, -(h // 5)], [0, 0, 1]])


def admitted(probe: Probe, item: Features) -> bool:
    """Say whether the candidate stage lets the item through."""
    for part in probe.ask.parts if isinstance(probe.ask, AnyOf) else ():
        if isinstance(part, Exact) and item.fields.get("pixels") == part.value:
            return True
        if isinstance(part, Terms):
            held = item.terms.get(part.space, np.empty(0, np.uint64))
            if np.isin(held, part.terms).sum() >= (part.at_least or len(part.terms)):
                return True
    return False


def error_of(quad: list[list[float]], size: tuple[int, int], matrix: Matrix) -> float:
    """Return by how many pixels the worst corner is off."""
    w, h = size
    mapped = np.array([[0, 0, 1], [w, 0, 1], [w, h, 1], [0, h, 1]], float) @ matrix.T
    return float(np.abs(mapped[:, :2] / mapped[:, 2:] - np.array(quad)).max())


def recall(handler: ImageHandler, pictures: list[Image.Image], items: list[Features]) -> dict[str, Tally]:
    """Ask with every attacked copy for all pictures."""
    tallies: dict[str, Tally] = {}
    own = [peer(picture)[0] for picture in pictures]
    for number, picture in enumerate(pictures):
        for name, query, matrix in attacks(picture):
            tally = tallies.setdefault(name, Tally())
            content = jpeg(query, 60)
            probe = handler.compile("like", Held(content), {})
            tally.asked += 1
            bits, quality = peer(Image.open(io.BytesIO(content)).convert("RGB"))
            tally.by_pdq += quality >= 50 and int((bits != own[number]).sum()) <= 31
            for other, item in enumerate(items):
                verdict = handler.verify(probe, item.payload) if admitted(probe, item) else None
                if verdict is not None and other != number:
                    tally.false += 1
                elif verdict is not None:
                    tally.found += 1
                    if "quad" in verdict.evidence:
                        tally.errors.append(error_of(verdict.evidence["quad"], query.size, matrix))
    return tallies


def orb_pair(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> object:
    """Match descriptors of OpenCV's ORB and fit a homography."""
    orb = cv2.ORB.create(400)
    (ours, a), (theirs, b) = (orb.detectAndCompute(picture, None) for picture in (first, second))
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(a, b, k=2)
    kept = [m for m, n in pairs if m.distance < 0.8 * n.distance]
    if len(kept) < 4:
        return None
    source = np.array([ours[m.queryIdx].pt for m in kept])
    return cv2.findHomography(source, np.array([theirs[m.trainIdx].pt for m in kept]), cv2.RANSAC, 3.0)


def costs(handler: ImageHandler, picture: Image.Image) -> None:
    """Print what a picture and a pair of pictures cost."""
    content = jpeg(picture, 85)
    grey = cv2.resize(cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2GRAY), (480, 360), interpolation=cv2.INTER_AREA)
    (item,) = handler.read(Held(content), Limits())
    payload = handler.features(item).payload
    crop = picture.crop((picture.width // 5, picture.height // 5, picture.width, picture.height))
    probe = handler.compile("like", Held(jpeg(crop, 60)), {})
    steps = {
        "read": lambda: list(handler.read(Held(content), Limits())),
        "features": lambda: handler.features(item),
        "pdqhash (peer)": lambda: peer(picture),
        "ORB of OpenCV (peer)": lambda: cv2.ORB.create(400).detectAndCompute(grey, None),
        "verify a pair": lambda: handler.verify(probe, payload),
        "ORB pair, both detected (peer)": lambda: orb_pair(grey, grey),
    }
    print(table(f"\none picture of {picture.width} x {picture.height}", measure(steps, rounds=15)))


def main(folder: str = str(DEFAULT), most: str = "60") -> None:
    """Run the benchmark."""
    cv2.setNumThreads(1)
    handler = ImageHandler()
    pictures = []
    for path in sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES)[: int(most)]:
        with Image.open(path) as opened:
            picture = opened.convert("RGBA")
        ground = Image.new("RGBA", picture.size, (128, 128, 128, 255))
        picture = Image.alpha_composite(ground, picture).convert("RGB")
        picture.thumbnail((SIDE, SIDE))
        pictures.append(Image.open(io.BytesIO(jpeg(picture, 92))).convert("RGB"))
    items = [handler.features(item) for p in pictures for item in handler.read(Held(jpeg(p, 92)), Limits())]
    print(f"{len(pictures)} pictures of {folder}; payload {statistics.mean(len(i.payload) for i in items):.0f} bytes")
    print(f"{'attack':18} asked  found  PDQ alone  other pictures  corner error px: median    p90")
    for name, tally in recall(handler, pictures, items).items():
        errors = np.percentile(tally.errors, [50, 90]) if tally.errors else (np.nan, np.nan)
        print(
            f"{name:18} {tally.asked:5}  {tally.found:5}  {tally.by_pdq:9}  {tally.false:14}"
            f"  {errors[0]:23.2f} {errors[1]:6.2f}"
        )
    costs(handler, pictures[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
