"""Files of MusicXML, plain and compressed, whole and damaged; music21 on its own corpus."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from musicxmltexts import CONTAINER, DOCTYPE, NOTES, SCALE, mxl, note, part, read, records, score
from scoreoracle21 import music21_parts, tuples, voice

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.limits import Limits
from nlsearch.model import Skipped


def test_timewise_is_the_same_as_partwise():
    bars = [f'<measure number="{number}">{{}}</measure>' for number in (1, 2)]
    inside = (
        "<attributes><divisions>2</divisions></attributes>" + note("C4", 2) + note("D4", 2),
        note("E4", 4),
    )
    parts = [f'<part id="P1">{content}</part><part id="P2">{content}</part>' for content in inside]
    text = "".join(bar.format(content) for bar, content in zip(bars, parts, strict=True))
    found = read(f'<score-timewise version="4.0">{text}</score-timewise>')
    assert [voice(found, index) for index in (0, 1)] == [NOTES, NOTES]
    assert [bar.label for bar in found.parts[1].bars] == ["1", "2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings(encoding: str, packed: bool):
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    text = score(part(note("C4", 4)), head="<work><work-title>Größe</work-title></work>")
    content = (
        text.replace('version="1.0"', f'version="1.0" encoding="{name}"', 1).replace(">", ">\r\n").encode(encoding)
    )
    assert read(mxl(content) if packed else content).title == "Größe"


def test_a_file_that_ends_early_gives_what_is_there():
    found = read(SCALE[: SCALE.index("<duration>4")])
    assert voice(found)[:2] == NOTES[:2]
    assert found.warnings[-1].startswith("cut short: line 1: the XML breaks")
    with pytest.raises(MalformedContent, match="the XML breaks"):
        records(SCALE[:300])


def test_a_score_without_notes_is_an_item_with_a_warning():
    assert read(score(part(note("r", 4)))).warnings == ["the score has no notes"]


def test_notes_that_cannot_be_read_are_counted():
    bad = "<note><pitch><step>H</step><octave>4</octave></pitch><duration>2</duration></note>"
    found = read(score(part(note("C4", 2) + bad, bad + note("C9", 2) + note("G9", 2) + note("Ab9", 2))))
    assert [n.pitch for n in found.parts[0].voices[0].notes] == [60, 120, 127]
    assert found.warnings == ["a note without a pitch that can be read was left out (3 times, first in bar 1)"]


@pytest.mark.parametrize("length", ["-3", "1e30", "nan", "x", "9" * 5000])
def test_durations_that_cannot_be(length: str):
    found = read(SCALE.replace("<duration>4</duration>", f"<duration>{length}</duration>"))
    assert voice(found) == [*NOTES[:2], (2.0, 0.0, 64)]
    assert found.warnings == ["a duration that cannot be was taken for none (in bar 2)"]


def test_what_is_no_musicxml_is_refused():
    with pytest.raises(UnsupportedFeature, match="opus"):
        records("<opus/>")
    with pytest.raises(MalformedContent, match="<html>"):
        records("<html/>")
    with pytest.raises(MalformedContent, match="declares an entity"):
        records(SCALE.replace(DOCTYPE, '<!DOCTYPE score-partwise [<!ENTITY a "b">]>'))


def test_notes_are_capped():
    (found,) = records(SCALE, Limits(score_notes=2))
    assert isinstance(found, Skipped)
    assert (found.code, found.number) == ("limit_exceeded", 1)
    (found,) = records(score(part(note("C4", 2) * 5000)), Limits(record_bytes=1000))
    assert isinstance(found, Skipped)
    assert "record_bytes" in found.reason


def test_compressed_with_its_container_and_without():
    assert voice(read(mxl(SCALE))) == NOTES
    found = read(mxl(SCALE, None))
    assert voice(found) == NOTES
    assert found.warnings == ["the archive has no META-INF/container.xml"]
    lost = read(mxl(SCALE, CONTAINER.format("gone.xml")))
    assert lost.warnings == ["META-INF/container.xml names 'gone.xml', which is not in the archive"]


def test_the_root_file_is_the_first_that_is_musicxml():
    pdf = '<rootfile full-path="s.pdf" media-type="application/pdf"/>'
    container = CONTAINER.format("s.xml").replace("<rootfiles>", f"<rootfiles>{pdf}")
    assert voice(read(mxl(SCALE, container))) == NOTES


@pytest.mark.parametrize("path", ["../s.xml", "/etc/passwd", "a/../../s.xml", "..\\s.xml", "C:s.xml"])
def test_paths_that_leave_the_archive_are_refused(path: str):
    with pytest.raises(MalformedContent, match="outside of the archive"):
        records(mxl(SCALE, CONTAINER.format(path)))


def test_bombs_and_damage_are_refused():
    bomb = mxl(SCALE + " " * 40_000_000)
    with pytest.raises(LimitExceeded, match="container_ratio"):
        records(bomb)
    with pytest.raises(LimitExceeded, match="source_bytes"):
        records(mxl(SCALE), Limits(source_bytes=100))
    with pytest.raises(LimitExceeded, match="container_members"):
        records(mxl(SCALE), Limits(container_members=1))
    with pytest.raises(MalformedContent, match="damaged or cut short"):
        records(mxl(SCALE)[:-30])
    with pytest.raises(MalformedContent, match="no score"):
        records(mxl("x", None, "readme.txt"))


def test_damage_raises_only_input_errors():
    dice = random.Random(5)
    long = score(part(*[note("C4", 2, '<tie type="start"/><voice>1</voice>') + note("D4", 2) for _ in range(30)]))
    for content in (long.encode(), mxl(long)):
        for _ in range(150):
            damaged = bytearray(content)
            for _ in range(dice.choice([1, 3, 20])):
                at = dice.randrange(len(damaged))
                if dice.random() < 0.5:
                    damaged[at] = dice.randrange(256)
                else:
                    del damaged[at : at + dice.randrange(20)]
            with suppress(InputError):
                records(bytes(damaged))


@pytest.mark.parametrize("name", ["bwv66.6.mxl", "bwv253.mxl", "bwv171.6.mxl", "PMFC_04-Cara mi donna.xml"])
def test_music21_reads_the_same(name: str):
    corpus = pytest.importorskip("music21").corpus
    path = next((path for path in map(Path, corpus.getCorePaths()) if path.name == name), None)
    if path is None:
        pytest.skip("not in this corpus")
    ours = [tuples(one) for one in read(path.read_bytes()).parts]
    theirs = music21_parts(path)
    if name == "bwv171.6.mxl":  # parts of music21 run apart where one fills a bar less than others
        ours, theirs = ([[(bar, *rest[1:]) for bar, *rest in one] for one in parts] for parts in (ours, theirs))
    assert ours == theirs
