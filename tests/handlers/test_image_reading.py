"""Picture files in every state: formats, orientation, metadata, transparency, depth, damage, bombs."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pictures import HANDLER, compare, derived, encoded, read, scene
from PIL import Image, PngImagePlugin

from held import Held
from nlsearch.errors import MalformedContent
from nlsearch.handlers.image.facts import LOOK, PDQ, PILLOW_FORMATS, WORD
from nlsearch.limits import Limits

SCENE = scene(5)
EXIF_IFD, GPS_IFD = 0x8769, 0x8825


def test_formats_are_named_by_their_bytes() -> None:
    small = SCENE.resize((120, 90))
    for form in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000", "ICO"):
        features = derived(encoded(small, form))
        assert features.fields["format"] == PILLOW_FORMATS[form]
        assert features.fields["pixels"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_first(orientation: int) -> None:
    """A file whose stored pixels are turned, with the tag that says so, is the same picture."""
    undo = {2: 0, 3: 1 + 2, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's numbers of transpositions
    stored = SCENE.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else SCENE
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = encoded(stored, "PNG", exif=exif)
    features = derived(turned)
    assert (features.fields["width"], features.fields["height"]) == (800, 600)
    verdict = compare(encoded(SCENE, "PNG"), turned)
    assert verdict is not None
    assert verdict.tier == "exact"


def test_metadata_become_fields_and_words() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x010E] = "NIKON", "NIKON D750", "Boats at dusk"
    exif[0x0112] = 1
    exif.get_ifd(EXIF_IFD).update(
        {0x9003: "2024:05:17 09:30:00", 0x8827: 400, 0x829D: 2.8, 0x920A: 50.0, 0xA434: "EF50mm"}
    )
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (48.0, 8.0, 13.2), 3: "W", 4: (11.0, 34.0, 30.0)})
    fields = derived(encoded(SCENE, exif=exif)).fields
    assert fields["camera"] == "NIKON D750"
    assert (fields["taken"], fields["iso"], fields["lens"]) == ("2024-05-17T09:30:00", 400, "EF50mm")
    assert fields["aperture"] == pytest.approx(2.8)
    assert (fields["latitude"], fields["longitude"]) == (pytest.approx(48.137), pytest.approx(-11.575))
    assert "Boats at dusk" in fields["caption"]


def test_text_chunks_of_png() -> None:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Title", "Harbour")
    chunks.add_text("Author", "M. Merian")
    chunks.add_itxt("Description", "Boote im Abendlicht")
    item = read(encoded(SCENE, "PNG", pnginfo=chunks))
    assert item.content.fields["artist"] == "M. Merian"
    assert "Abendlicht" in item.content.fields["caption"]
    assert item.title == "Harbour"


def test_transparent_pixels_lie_on_grey() -> None:
    """What a transparent pixel hides must not make pictures alike (or unlike)."""
    alpha = np.zeros((600, 800, 4), np.uint8)
    alpha[..., :3] = np.random.default_rng(1).integers(0, 256, (600, 800, 3))
    hidden = derived(encoded(Image.fromarray(alpha), "PNG"))
    assert PDQ not in hidden.terms
    assert WORD not in hidden.terms
    palette = SCENE.convert("P")
    palette.info["transparency"] = 0
    assert derived(encoded(palette, "PNG")).fields["mode"] == "P"
    for mode in ("LA", "RGBA", "CMYK", "1", "L", "YCbCr"):
        form = "TIFF" if mode in {"CMYK", "YCbCr"} else "PNG"
        assert derived(encoded(SCENE.convert(mode), form)).fields["width"] == 800


def test_deep_pictures_are_stretched_for_comparison() -> None:
    grey = np.asarray(SCENE.convert("L")).astype(np.uint16)
    deep = encoded(Image.fromarray(grey * 4 + 3000), "PNG")  # a tenth of the range
    verdict = compare(encoded(SCENE), deep)
    assert verdict is not None
    assert verdict.evidence["hamming"] <= 31
    assert compare(deep, deep).tier == "exact"


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [SCENE.resize((160, 120)), scene(6).resize((160, 120))]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    features = derived(buffer.getvalue())
    assert features.fields["animated"] is True
    assert features.fields["pixels"] == derived(encoded(frames[0], "GIF")).fields["pixels"]


# -------------------------------------------------------------------------------------------------------------- damage
@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_of_a_truncated_picture_the_rows_that_are_there_are_used(share: float) -> None:
    whole = encoded(SCENE)
    cut = whole[: int(share * len(whole))]
    item = read(cut)
    assert item.content.fields["damaged"] is True
    assert any("rows could be read" in warning for warning in item.warnings)
    features = HANDLER.features(item)
    assert PDQ not in features.terms  # a hash of filler would match other filler
    assert LOOK not in features.vectors
    verdict = compare(whole, cut)
    assert verdict is not None
    assert verdict.tier == "near"
    assert np.abs(np.array(verdict.evidence["quad"]) - [[0, 0], [800, 0], [800, 600], [0, 600]]).max() < 12


def test_filler_matches_nothing() -> None:
    cuts = [encoded(scene(seed)) for seed in (30, 31)]
    one, other = (content[: len(content) // 8] for content in cuts)
    assert derived(other).fields["damaged"] is True
    assert compare(cuts[0], other) is None
    item = read(one)
    assert item.content.picture is None or compare(one, other) is None


def test_a_bomb_is_found_by_its_metadata() -> None:
    item = read(encoded(SCENE, "PNG"), Limits(image_pixels=100_000))
    assert item.content.picture is None
    assert "image_pixels" in item.warnings[0]
    features = HANDLER.features(item)
    assert (features.fields["width"], features.fields["format"]) == (800, "PNG")
    assert not features.terms
    assert not features.vectors
    assert HANDLER.draw(features.payload).data.startswith(b"<svg")


@pytest.mark.parametrize(
    ("content", "form", "reason"),
    [
        (b"not a picture at all\n", "JPEG", "it is no JPEG picture, whatever its name says"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG", "the file ends before its JPEG header is complete"),
        (b"\x89PNG\r\n\x1a\n", "PNG", "the file ends before its PNG header is complete"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dABCD" + bytes(99), "PNG", "its PNG header cannot be read"),
        (b"BM", "BMP", "it is no BMP picture"),
        (b"", "BMP", "the file is empty"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "", "the file ends before its picture header is complete"),
    ],
)
def test_what_is_wrong_with_a_header_is_said_in_a_sentence(content: bytes, form: str, reason: str) -> None:
    with pytest.raises(MalformedContent, match=reason):
        next(HANDLER.read(Held(content, format=form), Limits()))


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xff\xd8\xff" + bytes(99)]
)
def test_what_has_no_header_is_an_error(content: bytes) -> None:
    with pytest.raises(MalformedContent):
        read(content)


def test_reading_leaves_pillow_as_it_was() -> None:
    from PIL import ImageFile

    cap, truncated = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    whole = encoded(SCENE)
    read(whole[: len(whole) // 2])
    assert cap == Image.MAX_IMAGE_PIXELS
    assert truncated == ImageFile.LOAD_TRUNCATED_IMAGES
