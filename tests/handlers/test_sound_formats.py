"""Formats are told from their bytes, and nothing else is taken for sound."""

from __future__ import annotations

import numpy as np
import pytest
from sounds import RATE, by_av, by_soundfile, chirp

from nlsearch.handlers.image.facts import FORMATS as IMAGES
from nlsearch.handlers.score.facts import FORMATS as SCORES
from nlsearch.handlers.sound.decode import FFMPEG_FIRST
from nlsearch.handlers.sound.formats import FORMATS

NAMES = [form.name for form in FORMATS]


def _told(content: bytes) -> list[str]:
    return [form.name for form in FORMATS if form.begins(content[:8192])]


@pytest.mark.parametrize(
    ("container", "subtype", "expected"),
    [
        ("WAV", "PCM_16", "WAV"), ("WAVEX", "PCM_16", "WAV"), ("RF64", "PCM_16", "RF64"), ("W64", "PCM_16", "W64"),
        ("FLAC", "PCM_16", "FLAC"), ("OGG", "VORBIS", "Ogg Vorbis"), ("OGG", "OPUS", "Ogg Opus"), ("MP3", None, "MP3"),
        ("AIFF", "PCM_16", "AIFF"), ("AIFF", "FLOAT", "AIFF"), ("AU", "PCM_16", "AU"), ("CAF", "PCM_16", "CAF"),
        ("VOC", "PCM_16", "VOC"), ("NIST", "PCM_16", "SPHERE"), ("SVX", "PCM_S8", "8SVX"),
    ],
)  # fmt: skip
def test_formats_of_libsndfile(container: str, subtype: str | None, expected: str) -> None:
    assert _told(by_soundfile(chirp(48_000), 48_000, container, subtype)) == [expected]


@pytest.mark.parametrize(
    ("container", "codec", "expected"),
    [
        ("adts", "aac", ["ADTS AAC"]), ("ipod", "aac", ["MP4 audio"]), ("asf", "wmav2", ["WMA"]),
        ("ac3", "ac3", ["AC-3"]),
        ("ogg", "flac", ["Ogg FLAC"]), ("webm", "libopus", ["Matroska audio"]), ("wv", "wavpack", ["WavPack"]),
        ("matroska", "aac", ["Matroska audio"]), ("tta", "tta", ["TTA"]), ("mp2", "mp2", ["MPEG audio"]),
        ("mp3", "libmp3lame", ["MP3"]), ("avi", "pcm_s16le", []), ("mpegts", "aac", []),
    ],
)  # fmt: skip
def test_formats_of_ffmpeg(container: str, codec: str, expected: list[str]) -> None:
    assert _told(by_av(chirp(48_000), 48_000, container, codec)) == expected


@pytest.mark.parametrize("rate", [44_100, 48_000, 32_000, 22_050, 24_000, 16_000, 11_025, 12_000, 8000])
@pytest.mark.parametrize("kbps", [16, 64, 320])
def test_frames_of_mp3_without_tags(rate: int, kbps: int) -> None:
    content = by_av(chirp(rate), rate, "mp3", "libmp3lame", bit_rate=kbps * 1000, options={"write_xing": "0"})
    first = content.index(b"\xff", 10)
    while not _told(content[first:]):
        first = content.index(b"\xff", first + 1)
        assert first < 3000
    assert _told(content[first:]) == ["MP3"]


def test_mp4_tells_sound_from_video() -> None:
    handler = b"\x00\x00\x00\x20hdlr\x00\x00\x00\x00\x00\x00\x00\x00"
    brand = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + bytes(50)
    assert _told(brand + handler + b"soun" + bytes(100)) == ["MP4 audio"]
    assert _told(brand + handler + b"vide" + bytes(100)) == []
    assert _told(brand + handler + b"vide" + bytes(100) + handler + b"soun") == []
    assert _told(brand + handler + b"soun" + bytes(100) + handler + b"vide") == []


def test_what_is_no_sound() -> None:
    heads = [
        b"RIFF\x10\0\0\0RMID",
        b"RIFF\x10\0\0\0WEBP",
        b"RIFF\x10\0\0\0AVI ",
        b"MThd\0\0\0\x06",
        b"\x89PNG\r\n\x1a\n",
    ]
    heads += [
        b"\0\0\0\x1cftypavif\0\0\0\0avifmif1",
        b"\0\0\0\x1cftypheic",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"MAC address: ",
    ]
    heads += [b"\xff\xfe<\0?\0x\0m\0l\0", b"\xff" * 8192, bytes(8192), b"ID3 is a format of tags", b"TTA", b"FORM 8"]
    for head in heads:
        assert _told(head.ljust(100, b" ")) == [], head
    rng = np.random.default_rng(4)
    for i in range(300):
        noise = rng.integers(0, 256, 8192, dtype=np.uint8).tobytes()
        assert _told(noise) == []
        assert _told((b"\xff\xfb", b"\xff\xf1", b"\x0b\x77", b"OggS", b"\xff\xfd")[i % 5] + noise) == []


def test_sound_is_taken_for_nothing_else() -> None:
    for container in ("WAV", "FLAC", "MP3", "OGG", "AIFF"):
        content = by_soundfile(chirp(), RATE, container)[:8192]
        assert not any(form.begins(content) for form in (*IMAGES, *SCORES))


def test_no_pattern_goes_astray() -> None:
    """It ends, that is: a pattern that backtracks would take hours."""
    pieces = [b"\xff", b"\xff\xfb", b"\xff\xf1\x50", b"\xff\xf1\x50\x80", b"\x0bw", b"hdlr", b"\0\0\0\x18ftypisom"]
    pieces += [b"\x1aE\xdf\xa3", b"\xff\xfb\x90\x00", b"ID3\x03", b"A_", b"\x86", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"]
    for first in pieces:
        for rest in pieces:
            assert len(_told((first + rest * 8192)[:8192])) <= 1


def test_names_agree() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(NAMES) >= FFMPEG_FIRST
    assert all(suffix.startswith(".") and suffix == suffix.lower() for form in FORMATS for suffix in form.suffixes)
