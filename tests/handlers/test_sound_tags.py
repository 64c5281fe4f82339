"""Tags of every kind, whole and broken, written here by hand or by the libraries."""

from __future__ import annotations

import struct

import pytest
from sounds import RATE, by_av, by_soundfile, chirp

from held import Held
from nlsearch.handlers.sound import tags as module
from nlsearch.handlers.sound.tags import LONG, SHORT, Tags, read_tags

SIGNAL = chirp(seconds=0.3)
MP3 = by_soundfile(SIGNAL, RATE, "MP3")


def _read(content: bytes) -> Tags:
    return read_tags(Held(content))


def _synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _id3(frames: list[tuple[bytes, bytes]], version: int = 4) -> bytes:
    """Write an ID3v2 tag of version 2.3 or 2.4."""
    body = b""
    for name, content in frames:
        size = _synchsafe(len(content)) if version == 4 else struct.pack(">I", len(content))
        body += name + size + b"\0\0" + content
    return b"ID3" + bytes([version, 0, 0]) + _synchsafe(len(body)) + body


def _id3v1(title: bytes, artist: bytes, year: bytes, track: int, genre: int) -> bytes:
    fixed = title.ljust(30, b"\0") + artist.ljust(30, b"\0") + b"Album".ljust(30, b"\0") + year
    return b"TAG" + fixed + b"a comment".ljust(28, b"\0") + b"\0" + bytes([track, genre])


def _vorbis(content: bytes, comments: list[bytes]) -> bytes:
    """Put comments into a FLAC file in place of its own."""
    block = struct.pack("<I", 0) + struct.pack("<I", len(comments))
    block += b"".join(struct.pack("<I", len(comment)) + comment for comment in comments)
    stream = content[4:42]  # STREAMINFO is always first, 34 bytes with a header of 4
    return (
        b"fLaC"
        + b"\0"
        + stream[1:]
        + b"\x84"
        + len(block).to_bytes(3, "big")
        + block
        + content[content.index(b"\xff\xf8") :]
    )


def test_id3v1() -> None:
    found = _read(MP3 + _id3v1("Für Elise".encode("latin-1"), b"Beethoven", b"1810", 7, 32))
    assert (found.title, found.artist, found.album, found.year) == ("Für Elise", "Beethoven", "Album", 1810)
    assert (found.track, found.genre, found.comment) == (7, "Classical", "a comment")
    assert found.complaints == []


@pytest.mark.parametrize("version", [3, 4])
def test_id3v2(version: int) -> None:
    year = b"TYER" if version == 3 else b"TDRC"
    frames = [
        (b"TIT2", b"\1" + "Dvořák: Rusalka".encode("utf-16")),
        (b"TPE1", b"\0Lucia Popp"),
        (b"TPE2", b"\0Orchestra"),
        (b"TCOM", b"\1" + "Antonín Dvořák".encode("utf-16")),
        (b"TALB", b"\0Arias"),
        (year, b"\x001988-03-01" if version == 4 else b"\x001988"),
        (b"TRCK", b"\x003/12"),
        (b"TPOS", b"\x002/2"),
        (b"TCON", b"\0(32)"),
        (b"TBPM", b"\x0096"),
        (b"TKEY", b"\0Gbm"),
        (b"TSRC", b"\0USRC17607839"),
        (b"TPUB", b"\0Label"),
        (b"USLT", b"\0eng\0line one\nline two"),
        (b"COMM", b"\0eng\0nice"),
    ]
    found = _read(_id3(frames, version) + MP3)
    assert (found.title, found.artist, found.album_artist) == ("Dvořák: Rusalka", "Lucia Popp", "Orchestra")
    assert (found.composer, found.album, found.year) == ("Antonín Dvořák", "Arias", 1988)
    assert (found.track, found.disc, found.genre, found.bpm, found.key) == (3, 2, "Classical", 96.0, "Gbm")
    assert (found.isrc, found.publisher) == ("USRC17607839", "Label")
    assert found.lyrics == "line one\nline two"
    assert found.comment.endswith("nice")
    assert found.complaints == []


def test_utf8_that_says_it_is_latin1() -> None:
    found = _read(_id3([(b"TIT2", b"\0" + "Ελλάδα — été".encode()), (b"TPE1", b"\0Caf\xe9")]) + MP3)
    assert (found.title, found.artist) == ("Ελλάδα — été", "Café")


def test_vorbis_comments() -> None:
    flac = by_soundfile(SIGNAL, RATE, "FLAC")
    comments = ["TITLE=Höhe", "ARTIST=A", "ARTIST=B", "DATE=2001-02-03", "TRACKNUMBER=04", "COMPOSER=C", "ISRC=X1"]
    found = _read(_vorbis(flac, [comment.encode() for comment in comments]))
    assert (found.title, found.artist, found.year, found.track) == ("Höhe", "A; B", 2001, 4)
    assert (found.composer, found.isrc, found.complaints) == ("C", "X1", [])
    found = _read(_vorbis(flac, [b"TITLE=H\xf6he", b"ARTIST=A"]))
    assert found.artist == "A"
    assert found.title.startswith("H")
    assert found.complaints


@pytest.mark.parametrize(
    ("container", "codec"),
    [("ipod", "aac"), ("asf", "wmav2"), ("ogg", "libopus"), ("matroska", "aac"), ("wv", "wavpack"), ("flac", "flac"),
     ("mp3", "libmp3lame"), ("tta", "tta"), ("caf", "alac"), ("aiff", "pcm_s16be"), ("wav", "pcm_s16le")],
)  # fmt: skip
def test_tags_that_ffmpeg_writes(container: str, codec: str) -> None:
    metadata = {"title": "Café", "artist": "Ä. Ö.", "album": "Ü", "date": "1999", "genre": "Jazz", "comment": "xyz"}
    options = {"write_id3v2": "1"} if container == "aiff" else {}
    found = _read(by_av(chirp(48_000, 0.3), 48_000, container, codec, metadata=metadata, options=options))
    assert (found.title, found.artist, found.album) == ("Café", "Ä. Ö.", "Ü")
    assert (found.year, found.genre) == (1999, "Jazz")


def test_strings_that_libsndfile_writes() -> None:
    import io

    import soundfile

    for container in ("WAV", "CAF", "OGG", "FLAC", "RF64"):
        out = io.BytesIO()
        with soundfile.SoundFile(out, "w", RATE, 1, format=container) as file:
            file.title, file.artist = "Title", "Artist"
            file.write(SIGNAL)
        found = _read(out.getvalue())
        assert (found.title, found.artist) == ("Title", "Artist"), container


def test_nothing() -> None:
    nothing = Tags()
    for content in (b"", b"no sound", bytes(1000), by_soundfile(SIGNAL, RATE, "WAV"), by_soundfile(SIGNAL, RATE, "AU")):
        assert _read(content) == nothing


def test_huge_pictures_and_texts() -> None:
    picture = b"\0image/png\0\3cover\0" + bytes(20_000_000)
    found = _read(_id3([(b"APIC", picture), (b"TIT2", b"\3Behind the picture")], 3) + MP3)
    assert found.title in {"Behind the picture", ""}
    assert found.title or found.complaints
    found = _read(_id3([(b"TIT2", b"\0" + b"t" * 100_000), (b"USLT", b"\0eng\0" + b"word " * 50_000)]) + MP3)
    assert len(found.title) == SHORT
    assert LONG - 10 < len(found.lyrics) <= LONG


def test_texts_are_cleaned() -> None:
    found = _read(
        _id3([(b"TIT2", b"\3  a\x07b\x1b[31m\nc  "), (b"TRCK", b"\3twelve"), (b"TDRC", b"\3about 1850?")]) + MP3
    )
    assert found.title == "a b [31m c"
    assert (found.track, found.year) == (None, 1850)
    found = _read(_id3([(b"TRCK", b"\x0399999999999"), (b"TDRC", b"\x0320010"), (b"TBPM", b"\3fast")]) + MP3)
    assert (found.track, found.year, found.bpm) == (None, None, None)


def test_broken_tags() -> None:
    lying = b"ID3\x04\x00\x00\x7f\x7f\x7f\x7fTIT2\x7f\x7f\x7f\x7f\0\0\3x"
    truncated = _id3([(b"TIT2", b"\3whole"), (b"TPE1", b"\3artist")])[:-3]
    for content in (lying + MP3, truncated, truncated + MP3, b"ID3", MP3[:20], _id3([]) + MP3):
        assert isinstance(_read(content), Tags)
    m4a = by_av(SIGNAL, RATE, "ipod", "aac", metadata={"title": "x"})
    for at in range(0, len(m4a), 97):
        broken = bytearray(m4a)
        broken[at : at + 4] = b"\xff\xff\xff\xff"
        assert isinstance(_read(bytes(broken)), Tags)


def test_reading_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_READS", 4)
    found = _read(_id3([(b"TXXX", b"\3a\0b")] * 50) + MP3)
    assert "too long" in found.complaints[0]
