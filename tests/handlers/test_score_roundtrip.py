"""An excerpt of a score, saved in other formats, finds its source; the same piece in two formats is recognised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

import nlsearch
from nlsearch.handlers.score.notation import TICKS
from nlsearch.handlers.score.render import midi_bytes

Told = tuple[int, int]
"""Pitch, and length in eighths."""
SOPRANO: Sequence[Told] = (
    (67, 2), (67, 2), (74, 3), (72, 1), (71, 2), (69, 2), (67, 4), (71, 2), (72, 2), (74, 3), (76, 1), (74, 2),
    (72, 1), (71, 1), (69, 4), (66, 2), (67, 2), (69, 2), (62, 2), (64, 1), (66, 1), (67, 4),
)  # fmt: skip
BASS: Sequence[Told] = tuple((pitch - 19 + number % 3, length) for number, (pitch, length) in enumerate(SOPRANO))
SHARPS = ("C", "^C", "D", "^D", "E", "F", "^F", "G", "^G", "A", "^A", "B")
NAMES = (("C", 0), ("C", 1), ("D", 0), ("D", 1), ("E", 0), ("F", 0), ("F", 1), ("G", 0), ("G", 1), ("A", 0), ("A", 1), ("B", 0))  # fmt: skip  # noqa: E501


def abc(notes: Sequence[Told]) -> bytes:
    """Return a tune in ABC without bars, every accidental written."""
    body = []
    for pitch, length in notes:
        name = SHARPS[pitch % 12]
        name = name if name.startswith("^") else f"={name}"
        octave = pitch // 12 - 5
        marks = "'" * octave if octave > 0 else "," * -octave
        body.append(f"{name}{marks}{length}")
    return f"X:1\nT:excerpt\nM:none\nL:1/8\nK:C\n{' '.join(body)}\n".encode()


def midi(notes: Sequence[Told]) -> bytes:
    """Return it as MIDI."""
    sounding, at = [], 0
    for pitch, length in notes:
        sounding.append((at, length * TICKS // 2, pitch))
        at += length * TICKS // 2
    return midi_bytes(sounding)


def musicxml(voices: dict[str, Sequence[Told]]) -> bytes:
    """Return parts as MusicXML, in one long bar."""
    listed = "".join(
        f'<score-part id="P{n}"><part-name>{escape(name)}</part-name></score-part>' for n, name in enumerate(voices)
    )
    parts = []
    for number, notes in enumerate(voices.values()):
        written = "".join(
            f"<note><pitch><step>{NAMES[pitch % 12][0]}</step><alter>{NAMES[pitch % 12][1]}</alter>"
            f"<octave>{pitch // 12 - 1}</octave></pitch><duration>{length}</duration><voice>1</voice></note>"
            for pitch, length in notes
        )
        parts.append(
            f'<part id="P{number}"><measure number="1"><attributes><divisions>2</divisions></attributes>{written}'
            "</measure></part>"
        )
    return (
        '<?xml version="1.0"?><score-partwise version="4.0"><work><work-title>Chorale</work-title></work>'
        f"<part-list>{listed}</part-list>{''.join(parts)}</score-partwise>"
    ).encode()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    folder = tmp_path_factory.mktemp("scores")
    (folder / "chorale.musicxml").write_bytes(musicxml({"Soprano": SOPRANO, "Bass": BASS}))
    shuffled = tuple((60 + (pitch * 7) % 13, length) for pitch, length in SOPRANO)
    (folder / "another.abc").write_bytes(abc(shuffled))
    with nlsearch.Collection.open(folder / "c.nls", create=True) as collection:
        assert collection.index([folder / "chorale.musicxml", folder / "another.abc"]).items == 2
        yield collection


@pytest.mark.parametrize("up", [0, -5, 12])
@pytest.mark.parametrize("form", ["abc", "mid", "musicxml"])
def test_an_excerpt_finds_its_source(opened: nlsearch.Collection, tmp_path: Path, form: str, up: int) -> None:
    excerpt = [(pitch + up, length) for pitch, length in SOPRANO[5:17]]
    written = {"abc": abc(excerpt), "mid": midi(excerpt), "musicxml": musicxml({"x": excerpt})}[form]
    path = tmp_path / f"excerpt.{form}"
    path.write_bytes(written)
    hits = opened.like(path).hits
    assert [(hit.item.title, hit.tier, hit.score) for hit in hits] == [("Chorale", "exact", 1.0)]
    told = hits[0].evidence
    assert (told["part_name"], told["notes"], told["transposition"]) == ("Soprano", list(range(5, 17)), -up)
    assert opened.verify(hits[0])


@pytest.mark.parametrize("form", ["abc", "mid", "musicxml"])
def test_a_changed_excerpt_is_near_and_its_differences_are_listed(
    opened: nlsearch.Collection, tmp_path: Path, form: str
) -> None:
    excerpt = list(SOPRANO[2:18])
    excerpt[4] = (excerpt[4][0] + 1, excerpt[4][1])
    del excerpt[9]
    written = {"abc": abc(excerpt), "mid": midi(excerpt), "musicxml": musicxml({"x": excerpt})}[form]
    path = tmp_path / f"excerpt.{form}"
    path.write_bytes(written)
    (hit,) = opened.like(path).hits
    assert hit.tier == "near"
    assert [edit["kind"] for edit in hit.evidence["edits"]] == ["changed", "extra"]
    assert hit.evidence["edits"][0]["words"] in {f"note 5 is G4 instead of {name}4" for name in ("G#", "Ab")}
    assert hit.evidence["notes"] == list(range(2, 18))


def test_the_same_piece_in_another_format_is_recognised(opened: nlsearch.Collection, tmp_path: Path) -> None:
    path = tmp_path / "chorale.mid"
    path.write_bytes(midi([(pitch + 2, length) for pitch, length in SOPRANO]))
    (hit,) = opened.like(path).hits
    assert (hit.item.title, hit.evidence["transposition"], hit.evidence["edits"]) == ("Chorale", -2, [])
