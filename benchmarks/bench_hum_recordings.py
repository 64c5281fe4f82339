"""Hums and scores beside recordings: the estimated melody of accompanied tunes, its CPU, and what it finds.

Usage: ``python benchmarks/bench_hum_recordings.py [--tunes 100] [--parity 1] [--collection FOLDER]`` (needs music21,
whose installed corpus holds the tunes of the Essen collection).

Each tune is rendered as plucked tones over bass, chords and drum (:func:`hums.recording`) at three levels; its first 60
notes.  Even tunes were looked at while the estimate was made, odd ones are asked.

- right: share of the time at which the melody has the pitch that is played, within half a semitone.
- hum: the recording's place among all of the level for a hum of a phrase, of each sort in turn.
- score: the tune's place among all scores for the recording, ``like`` with kind=score; others that hold the same tune
  count as wrong.
Goal: ≤ 3 CPU s an hour.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

import nlsearch
from bench_hum import Phrase, Tunes, shares
from hums import RATE, SORTS, Jitter, hum, recording
from nlsearch.handlers.sound.beside import scores_beside
from nlsearch.handlers.sound.humming import Asked, probe_of
from nlsearch.handlers.sound.melody import melody_notes
from nlsearch.handlers.sound.notes import Notes, notes_of
from nlsearch.handlers.sound.pitch import pitch_contour

LEVELS = (0.0, 0.4, 0.8)
NOTES = 60


def right(notes: Notes, phrase: Phrase) -> float:
    """Return the share of the time at which the estimate has the pitch that is played; the key is found by it."""
    onsets = np.concatenate([[0.0], np.cumsum(phrase.seconds)])
    at = np.arange(0.02, onsets[-1] - 0.05, 0.03)
    played = phrase.pitches[np.searchsorted(onsets, at, "right") - 1]
    row = np.searchsorted(notes.onsets, at, "right") - 1
    held = (row >= 0) & (at < notes.ends[np.maximum(row, 0)])
    off = np.where(held, notes.pitches[np.maximum(row, 0)] - played, np.nan)
    return float(np.mean(np.abs(off - np.round(np.nanmedian(off))) < 0.5))


def asked_hum(rng: np.random.Generator, sort: str, phrase: Phrase) -> Asked | None:
    """Return a hum of a part of a tune; None if nothing is heard."""
    start = int(rng.integers(0, max(1, len(phrase.pitches) - 24)))
    held = slice(start, start + 24)
    sound = hum(rng, sort, phrase.pitches[held], phrase.seconds[held], Jitter())
    notes = notes_of(pitch_contour(sound))
    return Asked(probe_of("audio", notes)) if len(notes) > 3 else None


def place(scores: NDArray[np.float32], number: int) -> int:
    """Return the place of a recording, 0 if it is no hit."""
    return 1 + int((scores > scores[number]).sum()) if scores[number] > 0 else 0


def measure(opened: nlsearch.Collection, phrases: list[Phrase], level: float, path: Path) -> None:
    """Print one level."""
    melodies, sounds, spent = [], [], 0.0
    for k, phrase in enumerate(phrases):
        sounds.append(recording(np.random.default_rng([k, 5]), phrase.pitches, phrase.seconds, level))
        before = time.process_time()
        melodies.append(melody_notes([sounds[-1]]))
        spent += time.process_time() - before
    hours = sum(map(len, sounds)) / RATE / 3600
    share = np.mean([right(notes, phrase) for notes, phrase in zip(melodies, phrases, strict=True)])
    hummed, scored = [], []
    for k, phrase in enumerate(phrases):
        asked = asked_hum(np.random.default_rng([k, 6]), SORTS[k % 3], phrase)
        hummed.append(0 if asked is None else place(scores_beside(asked, melodies), k))
        soundfile.write(path, sounds[k], RATE)
        found = [hit.item.id for hit in opened.like(path, kind="score", limit=10).hits]
        scored.append(1 + found.index(phrase.item) if phrase.item in found else 0)
    print(f"{level:5} | {share:.3f} | {spent / hours:.2f} | {shares(hummed)} | {shares(scored)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tunes", type=int, default=100)
    parser.add_argument("--parity", type=int, default=1)
    parser.add_argument("--collection", type=Path, help="of the Essen tunes, if there is one already")
    given = parser.parse_args()
    import music21

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as undo:
        place_ = given.collection or Path(folder) / "essen.nls"
        opened = undo.enter_context(nlsearch.Collection.open(place_, create=True))
        if given.collection is None:
            opened.index([Path(music21.__file__).parent / "corpus" / "essenFolksong"])
        tunes = Tunes(opened)
        names = [phrase.item for phrase in tunes.phrases(given.tunes, given.parity)]
        phrases = [Phrase(name, *(column[:NOTES] for column in tunes.lines[name])) for name in names]
        print("accompaniment | right | CPU s an hour | hum: first, in ten, mean of 1 / rank | score: the same")
        for level in LEVELS:
            measure(opened, phrases, level, Path(folder) / "recording.wav")


if __name__ == "__main__":
    main()
