"""Pictures for the tests: scenes with corners at all sizes, drawn from a seed, and files of them in memory."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from held import Held
from nlsearch.handlers.image import ImageHandler
from nlsearch.limits import Limits
from nlsearch.model import Features, RawItem, Verdict

HANDLER = ImageHandler()


def scene(seed: int, width: int = 800, height: int = 600) -> Image.Image:
    """Draw some two hundred coloured shapes on a soft ground."""
    dice = np.random.default_rng(seed)
    ground = Image.fromarray(dice.integers(60, 200, (6, 8, 3), dtype=np.uint8))
    picture = ground.resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(220):
        x, y = dice.integers(0, (width, height))
        w, h = dice.integers(6, 70, 2)
        colour = tuple(int(c) for c in dice.integers(0, 256, 3))
        shape = dice.choice(["rectangle", "ellipse", "line"])
        getattr(draw, shape)([int(x), int(y), int(x + w), int(y + h)], fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(0.7))


def encoded(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    """Return a file of `picture`."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **({"quality": 85} if form == "JPEG" else {}) | options)
    return buffer.getvalue()


def read(content: bytes, limits: Limits | None = None) -> RawItem:
    (item,) = HANDLER.read(Held(content), limits or Limits())
    return item


def derived(content: bytes) -> Features:
    return HANDLER.features(read(content))


def compare(query: bytes, item: bytes) -> Verdict | None:
    """Ask with one file for another."""
    return HANDLER.verify(HANDLER.compile("like", Held(query), {}), derived(item).payload)
