"""The melody of a recording of many voices, and hums beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hummed import RATE, Sound, melody, rich, tone

from nlsearch.handlers.sound.beside import evidence_beside, scores_beside
from nlsearch.handlers.sound.humming import Asked, probe_of
from nlsearch.handlers.sound.melody import melody_notes
from nlsearch.handlers.sound.notes import Notes, notes_of
from nlsearch.handlers.sound.pitch import pitch_contour

TUNE = [72, 72, 79, 79, 81, 81, 79, 77, 77, 76, 76, 74, 74, 72]
OTHER = [67, 69, 71, 74, 72, 72, 76, 74, 74, 79, 78, 79, 74, 71]
LENGTHS = [0.4] * 6 + [0.8] + [0.4] * 6 + [0.8]


def accompanied(pitches: list[int], level: float = 0.5) -> Sound:
    """Return a melody over chords and a bass."""
    sound = melody([float(p) for p in pitches], LENGTHS, rich, rest=0.03, lead=0.5)
    under = np.zeros(len(sound), np.float32)
    for number, at in enumerate(range(0, len(sound) - RATE, RATE)):
        for pitch in (48, 55, 64) if number % 2 else (53, 57, 60):
            under[at : at + RATE] += tone(float(pitch), 1.0, rich) * np.exp(-np.arange(RATE) / RATE).astype(np.float32)
    return (0.4 * (sound + level * under)).astype(np.float32)


def right(notes: Notes, pitches: list[int]) -> float:
    """Return the share of the time at which the notes have the pitch that is played."""
    onsets = 0.5 + np.cumsum([0.0, *LENGTHS])
    hits = []
    for at in np.arange(0.55, onsets[-1] - 0.05, 0.05):
        played = pitches[int(np.searchsorted(onsets, at, "right")) - 1]
        held = (notes.onsets <= at) & (at < notes.ends)
        hits.append(held.any() and abs(float(notes.pitches[held][0]) - played) < 0.5)
    return float(np.mean(hits))


@pytest.mark.parametrize("level", [0.0, 0.3, 0.6])
def test_the_voice_on_top_is_followed(level: float) -> None:
    assert right(melody_notes([accompanied(TUNE, level)]), TUNE) > 0.8


def test_blocks_make_no_difference() -> None:
    sound = accompanied(TUNE)
    whole, parts = melody_notes([sound]), melody_notes(np.split(sound, [1, 700, 701, 9_001, 30_000]))
    for name in ("onsets", "ends", "pitches"):
        assert getattr(whole, name) == pytest.approx(getattr(parts, name), abs=1e-3)


def test_long_recordings_are_followed_stretch_by_stretch() -> None:
    sound = np.concatenate([accompanied(TUNE)] * 5)
    notes = melody_notes(np.array_split(sound, 40))
    assert notes.ends[-1] > 30
    assert right(notes, TUNE) > 0.8


def test_notes_of_long_recordings_are_found_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = accompanied(TUNE, 0.0)
    whole = melody_notes([sound])
    monkeypatch.setattr("nlsearch.handlers.sound.melody.PIECE", 40)
    parts = melody_notes([sound])
    assert len(parts) >= len(whole) == len(TUNE)
    assert right(parts, TUNE) > 0.8
    assert parts.ends[-1] == pytest.approx(whole.ends[-1], abs=1e-3)
    assert (np.diff(parts.onsets) > 0).all()


def test_silence_and_nothing_have_no_melody() -> None:
    assert len(melody_notes([])) == len(melody_notes([np.zeros(3 * RATE, np.float32)])) == 0


def hummed(pitches: list[int], first: int, end: int) -> Asked:
    sound = melody([p - 14.7 for p in pitches[first:end]], [1.2 * s for s in LENGTHS[first:end]], rich)
    return Asked(probe_of("audio", notes_of(pitch_contour(sound))))


def test_a_hum_finds_its_recording_and_the_place_in_it() -> None:
    recordings = [melody_notes([accompanied(tune)]) for tune in (OTHER, TUNE)]
    asked = hummed(TUNE, 2, 14)
    scores = scores_beside(asked, recordings)
    assert scores[1] > 0.7
    assert scores[0] == 0
    score, (told, *_) = evidence_beside(asked, recordings[1])
    assert score == scores[1]
    start = 0.5 + sum(LENGTHS[:2])
    assert told["target_s"] == pytest.approx([start, 0.5 + sum(LENGTHS)], abs=0.15)
    assert told["transposition"] in (14, 15)
    assert told["pace"] == pytest.approx(1 / 1.2, rel=0.05)
    assert evidence_beside(asked, recordings[0]) == (0.0, [])


def test_no_recordings_have_no_scores() -> None:
    assert scores_beside(hummed(TUNE, 0, 12), []).tolist() == []
    none = np.empty(0, np.float32)
    assert scores_beside(hummed(TUNE, 0, 12), [Notes(none, none, none)]).tolist() == [0.0]
