"""Formats that only music21 reads: RomanText, MuseData, NoteWorthy text, capella, Volpiano."""

from __future__ import annotations

import importlib.util
import io
import zipfile

import pytest
from scoreoracle21 import voice

from nlsearch.errors import LimitExceeded, MalformedContent, MissingExtra, UnsupportedFeature
from nlsearch.handlers.score.formats import last
from nlsearch.handlers.score.notation import TICKS, Score
from nlsearch.limits import Limits
from nlsearch.model import RawItem

ROMAN = """Composer: A. B.
Title: Song
Time Signature: 3/4

m1 G: I b2 V6
m2 e: i || b3 V7/V
"""


def records(content: bytes | str, limits: Limits | None = None) -> list[RawItem]:
    content = content.encode() if isinstance(content, str) else content
    found = list(last.records(io.BytesIO(content), limits or Limits()))
    assert all(isinstance(item, RawItem) for item in found)
    return found  # type: ignore[return-value]


def read(content: bytes | str) -> Score:
    pytest.importorskip("music21")
    (item,) = records(content)
    return item.content


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_romantext_gives_numerals_keys_and_no_notes(ends: str):
    found = read(ROMAN.replace("\n", ends))
    assert [(h.onset / TICKS, h.text, h.sort) for h in found.harmonies] == [
        (0, "I", "roman"),
        (1, "V6", "roman"),
        (3, "i", "roman"),
        (5, "V7/V", "roman"),
    ]
    assert [(key.onset / TICKS, key.tonic, key.mode, key.fifths) for key in found.keys] == [
        (0, "G", "major", 1),
        (3, "E", "minor", 1),
    ]
    assert [meter.text for meter in found.meters] == ["3/4"]
    assert (found.title, found.composer) == ("Song", "A. B.")
    assert found.warnings == ["the score has harmonies and no notes"]


def test_noteworthy_text():
    text = "!NoteWorthyComposer(2.0)\n|AddStaff\n|Clef|Type:Treble\n|Note|Dur:4th|Pos:-6^\n|Note|Dur:Half|Pos:-5\n"
    notes = read(text).parts[0].voices[0].notes
    assert [(n.onset / TICKS, n.duration / TICKS, n.pitch, n.step) for n in notes] == [(0, 1, 60, 28), (1, 2, 62, 29)]


def test_volpiano():
    assert [pitch for _, _, pitch in voice(read("1---c--d---f"))] == [60, 62, 65]


def packed(name: str, content: bytes | str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("score.xml", b"<score>" + b" " * 40_000_000 + b"</score>", LimitExceeded),
        ("other.xml", "", MalformedContent),
        ("score.xml", '<!DOCTYPE score [<!ENTITY a "b">]><score/>', MalformedContent),
        ("score.xml", "<score/>", MalformedContent),
    ],
)
def test_capella_is_unpacked_within_the_caps(name: str, content: bytes | str, error: type[Exception]):
    pytest.importorskip("music21")
    with pytest.raises(error):
        records(packed(name, content))


def test_what_music21_does_not_read_is_told():
    pytest.importorskip("music21")
    with pytest.raises(UnsupportedFeature):
        records("once upon a time")
    with pytest.raises(LimitExceeded):
        records(ROMAN, Limits(record_bytes=10))
    with pytest.raises(MalformedContent, match="music21 does not read it as noteworthytext"):
        records("!NoteWorthyComposer(2.0)\n|AddStaff\n|Note|Dur:4th|Pos:q\n")


def test_without_music21_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="music21") as raised:
        records(ROMAN)
    assert raised.value.hint == "pip install 'nlsearch[music]'"
