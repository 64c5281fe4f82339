"""Standard MIDI Files: what is in them, and how it is told."""

from __future__ import annotations

import random
import struct

import midifiles as mf
import pytest
from midifiles import items, notes_of, quarters, score, track

from nlsearch.handlers.score.notation import TICKS
from nlsearch.handlers.score.separation import MOST_VOICES, voices_of

END = b"\0\xff\x2f\0"
NOTE = b"\0\x90\x3c\x40\x83\x60\x80\x3c\x00"
"""C4, a quarter note of 480 ticks."""


# ---------------------------------------------------------------------------------------------------- what is in them
def test_a_song_with_a_conductor_track() -> None:
    conductor = [
        mf.meta(0, 3, "Kleines Lied"),
        mf.meta(0, 2, "(c) nobody"),
        mf.meta(0, 0x51, (500_000).to_bytes(3, "big")),
        mf.meta(0, 0x58, bytes([3, 2, 24, 8])),
        mf.meta(0, 0x59, bytes([0xFE, 1])),  # two flats, minor
        mf.meta(1440, 0x58, bytes([4, 2, 24, 8])),
        mf.meta(2000, 6, "Chorus"),
    ]
    voice = [
        mf.meta(0, 3, "Soprano"),
        mf.program(0, 73),
        *mf.note(0, 480, 67),
        *mf.note(480, 240, 70),
        *mf.note(1440, 960, 72),
    ]
    found = score(mf.smf(conductor, voice))
    assert (found.title, found.tempo, found.warnings) == ("Kleines Lied", 120.0, [])
    assert found.words == {"markers": "Chorus"}
    assert [(key.onset, key.fifths, key.tonic, key.mode) for key in found.keys] == [(0, -2, "G", "minor")]
    assert [(meter.onset, meter.text) for meter in found.meters] == [(0, "3/4"), (3 * TICKS, "4/4")]
    (part,) = found.parts
    assert (part.name, part.instrument) == ("Soprano", "Flute")
    assert quarters(part) == [(0, 1, 67), (1, 0.5, 70), (3, 2, 72)]
    assert [(bar.label, bar.onset // TICKS) for bar in part.bars] == [("1", 0), ("2", 3)]
    assert [note.bar for note in notes_of(part)] == [0, 0, 1]
    assert all(note.step is None for note in notes_of(part))


@pytest.mark.parametrize(
    ("fifths", "minor", "tonic"),
    [(0, 0, "C"), (0, 1, "A"), (7, 0, "C#"), (-7, 0, "Cb"), (3, 1, "F#"), (6, 1, "D#"), (-3, 0, "Eb"), (-7, 1, "Ab")],
)
def test_keys(fifths: int, minor: int, tonic: str) -> None:
    (key,) = score(mf.smf([mf.meta(0, 0x59, bytes([fifths % 256, minor])), *mf.note(0, 1, 60)])).keys
    assert (key.fifths, key.tonic, key.mode) == (fifths, tonic, "minor" if minor else "major")


def test_channels_of_one_track_are_parts_and_channel_10_is_percussion() -> None:
    events = [
        mf.meta(0, 3, "Band"),
        mf.program(0, 40, 1),
        *mf.note(0, 480, 60),
        *mf.note(0, 480, 62, 1),
        mf.program(480, 56, 1),
        *mf.note(480, 480, 64, 1),
        *mf.note(0, 120, 36, 9),
        *mf.note(0, 120, 42, 9),
    ]
    found = score(mf.smf(events, form=0))
    assert found.title == "Band"
    assert [(part.name, part.instrument) for part in found.parts] == [
        ("channel 1", ""),
        ("Violin, Trumpet", "Violin, Trumpet"),
        ("Percussion", "Percussion"),
    ]
    assert [(note.pitch, note.lower) for note in notes_of(found.parts[2])] == [(None, False), (None, True)]
    assert found.meters == []
    assert len(found.parts[0].bars) == 1


def test_the_first_track_names_itself_where_others_play_too() -> None:
    left, right = [mf.meta(0, 3, "Piano, left"), *mf.note(0, 9, 40)], [mf.meta(0, 3, "right"), *mf.note(0, 9, 70)]
    found = score(mf.smf(left, right))
    assert found.title == ""
    assert [part.name for part in found.parts] == ["Piano, left", "right"]
    assert score(mf.smf([mf.meta(0, 3, "Elise"), *mf.note(0, 9, 40)])).title == "Elise"


def test_format_2_is_one_score_a_track() -> None:
    data = mf.smf([mf.meta(0, 3, "one"), *mf.note(0, 480, 60)], [mf.meta(0, 3, "two"), *mf.note(0, 480, 62)], form=2)
    assert [(item.number, item.title) for item in items(data)] == [(1, "one"), (2, "two")]
    assert [notes_of(item.content)[0].pitch for item in items(data)] == [60, 62]


def test_a_riff_wrapper_and_bytes_before_the_header() -> None:
    data = track(NOTE + END)
    inside = b"RMID" + b"DISP\x03\0\0\0abc\0" + b"data" + struct.pack("<I", len(data)) + data
    wrapped = b"RIFF" + struct.pack("<I", len(inside)) + inside
    assert quarters(score(wrapped)) == [(0, 1, 60)]
    assert score(wrapped).warnings == []
    found = score(bytes(128) + data)
    assert quarters(found) == [(0, 1, 60)]
    assert found.warnings == ["128 bytes before the MIDI header are not read"]


@pytest.mark.parametrize("division", [24, 96, 120, 384, 480, 960, 1024, 10_080, 15_360])
def test_times_are_exact(division: int) -> None:
    found = score(track(mf.body([*mf.note(7, 5, 60)]), division))
    (only,) = notes_of(found)
    assert (only.onset * division, only.duration * division) == (7 * TICKS, 5 * TICKS)


def test_a_division_that_does_not_divide_is_rounded() -> None:
    (only,) = notes_of(score(track(mf.body([*mf.note(700, 50, 60)]), 500)))
    assert only.onset == round(7 * TICKS / 5)


# -------------------------------------------------------------------------------------------------------------- words
def sung(*lyrics: tuple[int, str], sort: int = 5) -> list[str]:
    events = [event for at in range(4) for event in mf.note(480 * at, 480, 60 + at)]
    found = score(mf.smf([*events, *(mf.meta(tick, sort, text) for tick, text in lyrics)]))
    (part,) = found.parts
    return [note.syllable for note in notes_of(part)] + part.verses


def test_syllables_by_spaces_by_hyphens_by_karaoke_marks() -> None:
    wanted = ["Glo-", "ri-", "a", "in", "Gloria in"]
    assert sung((0, "Glo"), (480, "ri"), (960, "a "), (1440, "in ")) == wanted
    assert sung((0, "Glo-"), (480, "ri-"), (960, "a"), (1440, "in")) == wanted
    assert sung((0, "\\Glo"), (480, "ri"), (960, "a"), (1440, "/in"), sort=1) == wanted
    assert sung((0, "O"), (480, "du"), (960, "mein"), (1440, "Herz"))[4] == "O du mein Herz"
    assert sung((5, "O "), (930, "du "))[:4] == ["O", "", "du", ""], "the nearest note"
    assert sung((240, "O "), (960, "du ")) == ["", "", "du", "", "O du"], "no note is near, the word stays"
    assert sung((0, "Text by N. N."), sort=1) == ["", "", "", ""]


def test_words_in_a_track_of_their_own_go_to_the_part_that_they_fit() -> None:
    bass = [event for at in range(3) for event in mf.note(700 * at, 480, 40)]
    melody = [event for at in range(3) for event in mf.note(480 * at, 480, 70)]
    words = [mf.meta(0, 1, "@LENGL"), mf.meta(0, 1, "@TMy tune"), mf.meta(0, 1, "\\One "), mf.meta(480, 1, "two ")]
    found = score(mf.smf([mf.meta(0, 3, "x")], bass, melody, words))
    assert found.title == "My tune"
    assert [part.verses for part in found.parts] == [[], ["One two"]]
    assert [note.syllable for note in notes_of(found.parts[1])] == ["One", "two", ""]


def test_text_is_utf8_or_latin_1() -> None:
    for raw in ("Für".encode(), "Für".encode("latin-1")):
        assert score(mf.smf([mf.meta(0, 3, raw), *mf.note(0, 9, 60)])).title == "Für"


# ------------------------------------------------------------------------------------------------------------- voices
def test_voices_under_a_line() -> None:
    """A melody of quarters over half notes in one channel: two voices, none with a note of the other."""
    tune = [event for at, pitch in enumerate([72, 74, 76, 77]) for event in mf.note(480 * at, 480, pitch)]
    bass = [event for at, pitch in enumerate([48, 43]) for event in mf.note(960 * at, 960, pitch)]
    (part,) = score(mf.smf([*tune, *bass])).parts
    assert [[note.pitch for note in voice.notes] for voice in part.voices] == [[72, 74, 76, 77], [48, 43]]
    assert not any(note.lower for note in notes_of(part))


def test_a_line_with_few_chords_stays_one_voice() -> None:
    tune = [event for at, pitch in enumerate([72, 74, 76, 77]) for event in mf.note(480 * at, 480, pitch)]
    chord = [event for pitch in (64, 60) for event in mf.note(0, 480, pitch)]
    (part,) = score(mf.smf([*tune, *chord])).parts
    (voice,) = part.voices
    assert [(note.pitch, note.lower) for note in voice.notes] == [
        (72, False),
        (64, True),
        (60, True),
        (74, False),
        (76, False),
        (77, False),
    ]


def test_voices_take_every_note_once_whatever_there_is() -> None:
    rng = random.Random(3)
    for _ in range(200):
        wide = rng.choice([2, 30])
        timed = sorted(
            {(at := rng.randrange(wide), at + rng.randrange(1, 9), rng.randrange(40, 90)) for _ in range(40)},
            key=lambda note: (note[0], -note[2], note[1]),
        )
        lines = voices_of(timed)
        assert sorted(index for line in lines for index in line) == list(range(len(timed)))
        assert len(lines) <= MOST_VOICES
        assert lines == voices_of(list(timed))
        assert all(line == sorted(line) for line in lines)


def test_chords_of_a_player_are_chords() -> None:
    rng = random.Random(5)
    events = []
    for at in range(30):
        for pitch in (60, 64, 67):
            events += mf.note(37 + 480 * at + at + rng.randrange(25), 400, pitch)
    found = score(mf.smf(events))
    assert "not quantised" in found.warnings[0]
    assert len({note.onset for note in notes_of(found)}) == 30
