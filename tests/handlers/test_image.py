"""Copies of pictures: what is found, with which evidence, and what is no copy."""

from __future__ import annotations

import io
import math
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import HANDLER, compare, derived, encoded, read, scene
from PIL import Image, ImageOps

from held import Held
from nlsearch.errors import QuerySyntax, UnsupportedFeature
from nlsearch.handlers.image import hashes
from nlsearch.handlers.image.facts import LOOK, LOOK_DIMENSIONS, PDQ, WORD
from nlsearch.handlers.image.keypoints import find_keypoints, mirrored, pattern
from nlsearch.handlers.image.payload import Fingerprint
from nlsearch.handlers.image.pixels import luma
from nlsearch.model import AnyOf, Exact, Terms, Verdict

SCENES = [scene(seed) for seed in range(4)]
FILES = [encoded(picture) for picture in SCENES]
Transpose = Image.Transpose


def corners(size: tuple[int, int], matrix: np.ndarray) -> np.ndarray:
    """Return where a map takes the corners of a frame, upper left first, clockwise."""
    w, h = size
    mapped = np.array([[0, 0, 1], [w, 0, 1], [w, h, 1], [0, h, 1]], dtype=float) @ matrix.T
    return mapped[:, :2] / mapped[:, 2:]


def checked(verdict: Verdict | None, size: tuple[int, int], matrix: np.ndarray, within: float) -> dict:
    """Compare quad and homography with the map that made the query."""
    assert verdict is not None
    assert verdict.tier == "near"
    evidence = verdict.evidence
    assert evidence["pixels_equal"] is False
    quad = np.array(evidence["quad"])
    assert np.abs(corners(size, np.array(evidence["homography"])) - quad).max() < 0.05
    assert np.abs(quad - corners(size, matrix)).max() < within, quad
    assert evidence["inliers"] >= 14
    assert 0 < verdict.score <= 0.99
    return evidence


# -------------------------------------------------------------------------------------------------------------- copies
def test_equal_pixels_are_exact_in_every_format() -> None:
    reference = encoded(SCENES[0], "PNG")
    for form, options in (("TIFF", {}), ("BMP", {}), ("WEBP", {"lossless": True}), ("PPM", {})):
        verdict = compare(reference, encoded(SCENES[0], form, **options))
        assert verdict is not None, form
        assert (verdict.tier, verdict.score) == ("exact", 1.0)
        assert verdict.evidence["pixels_equal"] is True
        assert verdict.evidence["quad"] == [[0, 0], [800, 0], [800, 600], [0, 600]]
    opaque = SCENES[0].convert("RGBA")
    assert compare(reference, encoded(opaque, "PNG")).tier == "exact"
    grey = SCENES[1].convert("L")
    assert compare(encoded(grey, "PNG"), encoded(grey.convert("RGB"), "PNG")).tier == "exact"


def test_a_recompressed_smaller_copy_has_both_kinds_of_evidence() -> None:
    small = SCENES[0].resize((400, 300), Image.Resampling.LANCZOS)
    verdict = compare(encoded(small, quality=50), FILES[0])
    evidence = checked(verdict, (400, 300), np.diag([2.0, 2.0, 1.0]), 6)
    assert (evidence["turn"], evidence["mirrored"]) == (0, False)
    assert evidence["hamming"] <= 31
    assert verdict.score > 0.85


def test_a_crop_is_placed() -> None:
    crop = SCENES[1].crop((200, 150, 640, 480))
    evidence = checked(
        compare(encoded(crop), FILES[1]), (440, 330), np.array([[1, 0, 200], [0, 1, 150], [0, 0, 1.0]]), 5
    )
    assert "hamming" not in evidence


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("flipped", [False, True])
def test_turns_and_mirrorings_are_told(turn: int, flipped: bool) -> None:
    """``turn`` says how the asked picture was turned clockwise, after mirroring, to lie on the item."""
    item = ImageOps.mirror(SCENES[2]) if flipped else SCENES[2]
    turned = {90: Transpose.ROTATE_270, 180: Transpose.ROTATE_180, 270: Transpose.ROTATE_90}[turn]
    verdict = compare(FILES[2], encoded(item.transpose(turned)))
    w, h = 800, 600
    flip = np.array([[-1.0, 0, w], [0, 1, 0], [0, 0, 1]]) if flipped else np.eye(3)
    turns = {
        90: np.array([[0, -1.0, h], [1, 0, 0], [0, 0, 1]]),
        180: np.array([[-1.0, 0, w], [0, -1, h], [0, 0, 1]]),
        270: np.array([[0, 1.0, 0], [-1, 0, w], [0, 0, 1]]),
    }
    evidence = checked(verdict, (w, h), turns[turn] @ flip, 5)
    assert (evidence["mirrored"], evidence["turn"]) == (flipped, turn)


@settings(max_examples=10, deadline=None)
@given(angle=st.floats(-45, 45), factor=st.floats(0.6, 1.2), dx=st.floats(-60, 60), dy=st.floats(-60, 60))
def test_turned_by_any_angle(angle: float, factor: float, dx: float, dy: float) -> None:
    cos, sin = factor * math.cos(math.radians(angle)), factor * math.sin(math.radians(angle))
    right, down = 400 + dx - (400 * cos - 300 * sin), 300 + dy - (400 * sin + 300 * cos)
    to_item = np.array([[cos, -sin, right], [sin, cos, down], [0, 0, 1]])
    back = tuple(np.linalg.inv(to_item)[:2].ravel())
    shown = SCENES[3].transform((800, 600), Image.Transform.AFFINE, back, Image.Resampling.BICUBIC)
    checked(compare(FILES[3], encoded(shown)), (800, 600), to_item, 16)


def test_a_picture_inside_another_is_found_from_both_sides() -> None:
    page = scene(77, 1000, 800)
    page.paste(SCENES[0].resize((480, 360), Image.Resampling.LANCZOS), (300, 200))
    place = np.array([[0.6, 0, 300], [0, 0.6, 200], [0, 0, 1]])
    checked(compare(FILES[0], encoded(page)), (800, 600), place, 6)
    checked(compare(encoded(page), FILES[0]), (1000, 800), np.linalg.inv(place), 12)  # corners far outside


def test_other_pictures_are_no_copies() -> None:
    files = [*FILES, *(encoded(scene(seed)) for seed in range(20, 26))]
    payloads = [derived(content).payload for content in files]
    for i, content in enumerate(files):
        probe = HANDLER.compile("like", Held(content), {})
        assert [j for j, payload in enumerate(payloads) if HANDLER.verify(probe, payload)] == [i]


def test_flat_pictures_are_equal_or_nothing() -> None:
    white, grey = (encoded(Image.new("RGB", (300, 200), c), "PNG") for c in ("white", "#eeeeee"))
    assert compare(white, white).tier == "exact"
    assert compare(white, grey) is None
    features = derived(white)
    assert PDQ not in features.terms
    assert WORD not in features.terms


def test_the_smallest_picture() -> None:
    dot = encoded(Image.new("RGB", (1, 1), "red"), "PNG")
    assert compare(dot, dot).tier == "exact"
    assert HANDLER.draw(derived(dot).payload).data.startswith(b"<svg")


# ---------------------------------------------------------------------------------------------------- what it rests on
def test_hashes_are_those_of_the_reference() -> None:
    pdqhash = pytest.importorskip("pdqhash")
    for picture in SCENES:
        turns, quality = hashes.pdq(luma(np.asarray(picture)))
        bits, expected = pdqhash.compute_dihedral(np.asarray(picture))
        ours = np.unpackbits(turns, axis=1, bitorder="little")
        theirs = np.array(bits)[:, ::-1]
        closest = (ours[:, None, :] != theirs[None, :, :]).sum(axis=2).min(axis=1)
        assert closest.max() <= 10
        assert (ours[0] != theirs[0]).sum() <= 10
        assert abs(quality - expected) <= 2


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_turned_hashes_are_hashes_of_turned_pictures(seed: int) -> None:
    grid = np.random.default_rng(seed).normal(128, 40, (64, 64)).astype(np.float32)
    made = hashes.turned(hashes.transformed(grid))
    for turn in range(8):
        shown = np.fliplr(grid) if turn >= 4 else grid
        expected = hashes.turned(hashes.transformed(np.ascontiguousarray(np.rot90(shown, -(turn % 4)))))[0]
        assert np.bitwise_count(made[turn] ^ expected).sum() <= 2  # rounding beside the median


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), far=st.integers(0, hashes.FARTHEST))
def test_no_hash_within_31_bits_is_missed(seed: int, far: int) -> None:
    dice = np.random.default_rng(seed)
    bits = dice.integers(0, 2, 256, dtype=np.uint8)
    other = bits.copy()
    other[dice.choice(256, far, replace=False)] ^= 1
    asked = hashes.asked_terms(np.packbits(bits, bitorder="little")[None])
    stored = hashes.band_terms(np.packbits(other, bitorder="little"))
    assert np.isin(stored, asked).any()


def test_descriptors_of_the_mirror_image_are_a_permutation() -> None:
    assert np.array_equal(pattern()[128:], pattern()[:128] * [1, -1, 1, -1])
    grey = luma(np.asarray(SCENES[0].resize((480, 360))))
    here, there = find_keypoints(grey), find_keypoints(np.ascontiguousarray(grey[:, ::-1]))
    agreeing = 0
    for point, descriptor in zip(here.points, mirrored(here.descriptors), strict=True):
        apart = np.abs(there.points - [1 - point[0], point[1]]).max(axis=1)
        differing = np.bitwise_count(there.descriptors[apart < 0.004] ^ descriptor).sum(axis=1)
        agreeing += bool(len(differing)) and int(differing.min()) <= 40
    assert agreeing > 0.6 * len(here.points)


def test_the_question_admits_what_verification_accepts() -> None:
    crop = encoded(SCENES[1].crop((100, 100, 600, 500)))
    probe = HANDLER.compile("like", Held(crop), {})
    item = derived(FILES[1])
    assert isinstance(probe.ask, AnyOf)
    admitted = False
    for part in probe.ask.parts:
        if isinstance(part, Terms):
            held = set(item.terms.get(part.space, np.empty(0, np.uint64)).tolist())
            admitted |= len(held & set(part.terms)) >= part.at_least
        else:
            assert isinstance(part, Exact)
    assert admitted


# ------------------------------------------------------------------------------------------------------------- related
def test_looks_are_near_for_like_pictures_only() -> None:
    def cosine(a: bytes, b: bytes) -> float:
        x, y = (derived(content).vectors[LOOK] for content in (a, b))
        assert x.shape == (LOOK_DIMENSIONS,)
        return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))

    blurred = encoded(SCENES[0].resize((90, 70)).resize((640, 480)), quality=40)
    assert cosine(FILES[0], blurred) > 0.9
    assert max(cosine(FILES[0], other) for other in FILES[1:]) < 0.6


def test_related_pictures_are_asked_for_by_the_vector_of_the_item() -> None:
    features = derived(FILES[0])
    for value in (Held(FILES[0]), features.payload, memoryview(features.payload)):
        related = HANDLER.compile("like", value, {}).related
        assert related is not None
        assert related.space == LOOK
        assert np.array_equal(np.frombuffer(related.vector, "<f4"), features.vectors[LOOK])


# ------------------------------------------------------------------------------------------------- values and payloads
def test_without_keypoints_only_pixels_and_hashes_count() -> None:
    small = encoded(SCENES[0].resize((400, 300), Image.Resampling.LANCZOS))
    crop = encoded(SCENES[0].crop((200, 150, 640, 480)))
    probe = HANDLER.compile("like", bytes(derived(FILES[0]).payload), {"keypoints": False})
    assert isinstance(probe.ask, AnyOf)
    assert "keypoints not looked at" in probe.read_as
    assert len(probe.ask.parts) == 2  # no visual words
    near = HANDLER.verify(probe, derived(small).payload)
    assert near is not None
    assert near.evidence.keys() == {"pixels_equal", "hamming", "turn", "mirrored"}
    assert HANDLER.verify(probe, derived(crop).payload) is None
    same = HANDLER.verify(probe, derived(FILES[0]).payload)
    assert same is not None
    assert same.tier == "exact"


def test_what_cannot_be_asked() -> None:
    with pytest.raises(QuerySyntax, match="wants a picture file"):
        HANDLER.compile("like", "harbour", {})
    undecoded = Fingerprint(10, 10, b"", None, 0, find_keypoints(np.zeros((9, 9), np.uint8))).pack()
    with pytest.raises(UnsupportedFeature, match="not decoded"):
        HANDLER.compile("like", undecoded, {})


def test_a_payload_comes_back_and_damage_is_said() -> None:
    payload = derived(FILES[0]).payload
    assert Fingerprint.unpack(payload).pack() == payload
    assert len(payload) < 21_000
    for damaged in (b"", payload[:10], payload[:-1], b"\x07" + payload[1:]):
        with pytest.raises(ValueError, match=r"payload|short"):
            Fingerprint.unpack(damaged)


def test_pictures_are_drawn_with_the_quad() -> None:
    verdict = compare(encoded(SCENES[1].crop((200, 150, 640, 480))), FILES[1])
    assert verdict is not None
    payload = derived(FILES[1]).payload
    drawn = ET.fromstring(HANDLER.draw(payload, verdict).data)  # noqa: S314 - our own
    space = {"svg": "http://www.w3.org/2000/svg"}
    (points, *_) = [polygon.get("points") for polygon in drawn.findall("svg:polygon", space)]
    first = [float(value) for value in points.split()[0].split(",")]
    assert first == pytest.approx(verdict.evidence["quad"][0], abs=0.01)
    assert drawn.find("svg:image", space) is not None
    assert ET.fromstring(HANDLER.draw(payload).data).find("svg:polygon", space) is None  # noqa: S314 - our own


@pytest.mark.parametrize("behind", [False, True])
def test_the_orientation_of_a_png_counts_wherever_it_stands(behind: bool) -> None:
    plain = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 30), (200, 30, 60)).save(plain, "PNG", exif=exif)
    content = plain.getvalue()
    start = content.index(b"eXIf") - 4
    chunk = content[start : start + 12 + int.from_bytes(content[start : start + 4], "big")]
    if behind:
        content = content.replace(chunk, b"")
        end = content.index(b"IEND") - 4
        content = content[:end] + chunk + content[end:]
    item = read(content)
    assert (item.content.fields["width"], item.content.fields["height"]) == (30, 40)
    assert item.content.picture.size == (30, 40)
