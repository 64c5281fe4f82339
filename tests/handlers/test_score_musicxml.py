"""Notes, voices and bars of MusicXML: golden values by hand from the standard."""

from __future__ import annotations

from musicxmltexts import NOTES, SCALE, note, part, read, score
from scoreoracle21 import voice

from nlsearch.handlers.score.notation import TICKS


def test_notes_have_their_places_pitches_steps_and_bars():
    found = read(score(part(note("C4", 2) + note("Bb3", 1) + note("F#5", 1), note("r", 2) + note("Cb4", 2))))
    notes = found.parts[0].voices[0].notes
    assert [(n.onset, n.duration, n.pitch, n.step, n.bar) for n in notes] == [
        (0, TICKS, 60, 28, 0),
        (TICKS, TICKS // 2, 58, 27, 0),
        (3 * TICKS // 2, TICKS // 2, 78, 38, 0),
        (3 * TICKS, TICKS, 59, 28, 1),
    ]
    assert [(bar.label, bar.onset) for bar in found.parts[0].bars] == [("1", 0), ("2", 2 * TICKS)]
    assert found.warnings == []


def test_divisions_may_change_inside_a_bar_and_need_not_divide_a_quarter_evenly():
    later = "<attributes><divisions>6</divisions></attributes>"
    found = read(score(part(note("C4", 2) + later + note("D4", 2) * 3, note("E4", 6))))
    assert [round(onset * 3) for onset, _, _ in voice(found)] == [0, 3, 4, 5, 6]
    odd = read(score(part(note("C4", 1) * 17 + note("D4", 17), attributes="<divisions>17</divisions>")))
    assert odd.parts[0].voices[0].notes[-1].onset == TICKS
    assert sum(n.duration for n in odd.parts[0].voices[0].notes) == 2 * TICKS


def test_chords_stand_from_the_top_and_their_syllable_is_that_of_the_top_note():
    lyric = "<lyric><syllabic>begin</syllabic><text>glo</text></lyric>"
    found = read(
        score(part(note("C4", 2, lyric) + note("G4", 2, before="<chord/>") + note("E4", 2, before="<chord/>")))
    )
    assert [(n.pitch, n.lower, n.syllable) for n in found.parts[0].voices[0].notes] == [
        (67, False, "glo-"),
        (64, True, ""),
        (60, True, ""),
    ]


def test_notes_of_a_chord_are_as_long_as_its_first_unless_written_as_another_value():
    chord = "<chord/>"
    found = read(
        score(
            part(
                note("C4", 3, "<type>quarter</type><dot/>")
                + note("E4", 2, "<type>quarter</type><dot/>", chord)
                + note("G4", 2, "<type>quarter</type>", chord)
                + note("C5", 1)
            )
        )
    )
    assert voice(found) == [(0.0, 1.0, 67), (0.0, 1.5, 64), (0.0, 1.5, 60), (1.5, 0.5, 72)]


def test_ties_merge_over_bars_in_chords_and_between_voices():
    start, stop = '<tie type="start"/>', '<tie type="stop"/>'
    bars = (
        note("C4", 4, start + "<voice>1</voice>") + note("E4", 4, start, "<chord/>"),
        note("C4", 4, stop + start + "<voice>1</voice>") + note("E4", 4, stop, "<chord/>"),
        note("C4", 2, stop + "<voice>2</voice>") + note("C4", 2, "<voice>2</voice>"),
    )
    found = read(score(part(*bars)))
    assert voice(found) == [(0.0, 4.0, 64), (0.0, 5.0, 60)]
    assert voice(found, which=1) == [(5.0, 1.0, 60)]
    assert found.warnings == []


def test_a_tie_that_ends_without_a_start_is_told_and_its_note_stays():
    found = read(score(part(note("C4", 4), note("D4", 2, '<tie type="stop"/>') + note("D4", 2, '<tie type="stop"/>'))))
    assert voice(found) == [(0.0, 2.0, 60), (2.0, 1.0, 62), (3.0, 1.0, 62)]
    assert found.warnings == ["a tie ends where none began; its note counts by itself (2 times, first in bar 2)"]


def test_a_drawn_tie_counts_where_none_is_said_to_sound():
    drawn = '<notations><tied type="{}"/></notations>'
    found = read(score(part(note("C4", 2, drawn.format("start")) + note("C4", 2, drawn.format("stop")))))
    assert voice(found) == [(0.0, 2.0, 60)]


def test_grace_notes_are_marked_take_no_time_and_their_ties_are_no_ties():
    grace = note("D4", None, '<tie type="start"/>', "<grace/>")
    found = read(score(part(grace + note("D4", 2, '<tie type="stop"/>') + note("E4", 2))))
    assert [(n.pitch, n.duration, n.grace, n.lower) for n in found.parts[0].voices[0].notes] == [
        (62, 0, True, False),
        (62, TICKS, False, False),
        (64, TICKS, False, False),
    ]
    assert found.warnings == []


def test_cue_notes_are_notes_and_percussion_has_no_pitch():
    found = read(score(part(note("C5", 2, before="<cue/>") + note("x", 2))))
    assert [(n.pitch, n.step) for n in found.parts[0].voices[0].notes] == [(72, 35), (None, None)]


def staffed(name: str, length: int, voice_name: str, staff: int) -> str:
    return note(name, length, f"<voice>{voice_name}</voice><staff>{staff}</staff>")


def test_a_voice_that_goes_over_to_another_staff_stays_one():
    bar = staffed("C5", 2, "1", 1) + staffed("C3", 2, "1", 2)
    bar += "<backup><duration>4</duration></backup>" + staffed("E3", 4, "2", 2)
    found = read(score(part(bar)))
    assert [v.name for v in found.parts[0].voices] == ["1", "2"]
    assert voice(found) == [(0.0, 1.0, 72), (1.0, 1.0, 48)]
    assert voice(found, which=1) == [(0.0, 2.0, 52)]


def test_staves_that_use_the_number_of_a_voice_at_once_have_two_voices():
    bar = staffed("C5", 4, "1", 1) + "<backup><duration>4</duration></backup>" + staffed("C3", 4, "1", 2)
    found = read(score(part(bar)))
    assert [(v.name, len(v.notes)) for v in found.parts[0].voices] == [("1 (staff 1)", 1), ("1 (staff 2)", 1)]


def test_forward_and_backup_move_the_cursor_and_voices_without_names_are_told_by_their_turn():
    bar = "<forward><duration>2</duration></forward>" + note("C4", 2)
    bar += "<backup><duration>4</duration></backup>" + note("E3", 4)
    found = read(score(part(bar)))
    assert [voice(found, which=which) for which in (0, 1)] == [[(1.0, 1.0, 60)], [(0.0, 2.0, 52)]]


def test_a_backup_before_the_bar_is_told():
    found = read(score(part(note("C4", 2) + "<backup><duration>9</duration></backup>" + note("D4", 2))))
    assert "a <backup> went before the start of its bar (in bar 1)" in found.warnings


def test_bars_begin_together_in_parts_that_fill_them_differently():
    meter = "<divisions>2</divisions><time><beats>2</beats><beat-type>4</beat-type></time>"
    full = part(note("C4", 4), note("D4", 4), attributes=meter)
    short = part(note("C3", 2), note("D3", 4), attributes=meter, name="P2")
    silent = part(note("r", 8), note("E3", 4), attributes=meter, name="P3")
    found = read(score(full, short, silent))
    assert [voice(found, index)[-1] for index in range(3)] == [(2.0, 2.0, 62), (2.0, 2.0, 50), (2.0, 2.0, 52)]


def test_a_bar_with_nothing_in_it_is_as_long_as_the_meter():
    meter = "<divisions>2</divisions><time><beats>6</beats><beat-type>8</beat-type></time>"
    found = read(score(part(note("C4", 6), "", note("D4", 6), attributes=meter)))
    assert voice(found) == [(0.0, 3.0, 60), (6.0, 3.0, 62)]


def test_a_pickup_keeps_its_number_and_its_length():
    text = SCALE.replace('<measure number="1">', '<measure number="0" implicit="yes">', 1)
    found = read(text.replace('number="2"', 'number="1a"'))
    assert [bar.label for bar in found.parts[0].bars] == ["0", "1a"]
    assert voice(found) == NOTES
