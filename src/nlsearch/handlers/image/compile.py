"""From a picture to the question for its copies."""

from __future__ import annotations

from nlsearch.errors import QuerySyntax, UnsupportedFeature
from nlsearch.handlers.contract import Source
from nlsearch.handlers.image import hashes
from nlsearch.handlers.image.facts import PDQ, WORD
from nlsearch.handlers.image.features import fingerprint
from nlsearch.handlers.image.keypoints import mirrored
from nlsearch.handlers.image.look import neighbours
from nlsearch.handlers.image.payload import Fingerprint
from nlsearch.handlers.image.read import Decoded, read
from nlsearch.handlers.image.visualwords import words
from nlsearch.limits import Limits
from nlsearch.model import AnyOf, Exact, Probe, Question, Terms

SHARED_WORDS = 3
"""Visual words that a candidate shares with the query or with its mirror image."""


def compile_like(operator: str, value: object, limits: Limits, *, keypoints: bool = True) -> Probe:
    """Make the probe of ``like`` from a file or from the payload of an indexed picture.

    Without `keypoints` pictures are compared by pixels and hashes only.

    Raises
    ------
    QuerySyntax
        If the value is neither.
    UnsupportedFeature
        If the picture was not decoded, so that there is nothing to compare.
    """
    if isinstance(value, bytes | memoryview):
        asked, origin = Fingerprint.unpack(value), "indexed picture"
    elif isinstance(value, Source):
        item = read(value, limits)
        decoded = item.content
        assert isinstance(decoded, Decoded)  # noqa: S101 - `read` made it
        asked, origin = fingerprint(decoded), f"{decoded.fields['format']} picture"
        if not asked.digest:
            raise UnsupportedFeature("; ".join(item.warnings) or "the picture was not decoded", locator=value.path)
    else:
        raise QuerySyntax(f"{operator} wants a picture file or the id of an item, not {value!r}")
    if not asked.digest:
        raise UnsupportedFeature("the indexed picture was not decoded", hint="its warnings say why")
    return Probe(
        kind="image",
        operator=operator,
        read_as=_read_as(asked, origin, keypoints),
        ask=_question(asked, keypoints),
        verification={"picture": asked.pack(with_thumbnail=False), "keypoints": keypoints},
        guarantee="sound",
        exact_floor=1.0,
        related=neighbours(asked.look),
    )


def _read_as(asked: Fingerprint, origin: str, keypoints: bool) -> str:
    hashed = f"hash quality {asked.quality}" if asked.turns is not None else "too flat or damaged for a hash"
    points = f"{len(asked.keypoints.points)} keypoints" if keypoints else "keypoints not looked at"
    return f"{origin}, {asked.width} × {asked.height}, {points}, {hashed}"


def _question(asked: Fingerprint, keypoints: bool) -> Question:
    """Ask for equal pixels, for a hash band up to one bit, or for common visual words."""
    parts: list[Question] = [Exact("pixels", asked.digest.hex())]
    if asked.turns is not None:
        parts.append(Terms(PDQ, tuple(hashes.asked_terms(asked.turns).tolist()), at_least=1))
    descriptors = asked.keypoints.descriptors
    if keypoints and len(descriptors) >= SHARED_WORDS:
        parts += [
            Terms(WORD, tuple(words(each).tolist()), at_least=SHARED_WORDS)
            for each in (descriptors, mirrored(descriptors))
        ]
    return AnyOf(tuple(parts))
