"""Hums among folk songs: which tune is found first, at what CPU, and whether tunes that are not there are.

Usage: ``python benchmarks/bench_hum.py [--tunes 200] [--parity 1] [--collection FOLDER] [--strangers 100]`` (needs
music21, whose installed corpus holds the tunes of the Essen collection, and Irish and American ones besides).

Each tune is hummed three times (:mod:`hums`): a pure tone, a whistle, a voice with formants, vibrato and glides.  A
hum is a phrase of 8 to 14 s, half of them from the start; transposed and detuned at random, each note off by 30 cents
(σ), a drift of a semitone over the phrase, tempo ±30 %, durations ±15 %.  Tunes are taken by their number: even ones
tuned the costs and, of the strangers, the threshold; odd ones are asked.  A tune is found first if no other is before
it but those that hold the very same phrase.

- strangers: hums of Irish and American tunes, of which no hit is right, though some folk songs have travelled.
- grams: tunes by the number of interval 3-grams that they share with the rounded notes of the same transcription.
Goal: in ten ≥ 0.95 of each sort; false alarms ≤ 0.05; < 500 ms CPU.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

import nlsearch
from hums import RATE, SORTS, Jitter, hum
from nlsearch.handlers.score.notation import TICKS
from nlsearch.handlers.score.payload import NONE, Tune
from nlsearch.handlers.sound.notes import Notes, notes_of
from nlsearch.handlers.sound.pitch import pitch_contour

STRANGERS = ("airdsAirs", "oneills1850", "ryansMammoth")
BEAT_S = 0.5
"""Of a quarter note, before the tempo is jittered."""


@dataclass(frozen=True)
class Phrase:
    """What is hummed: whose it is, pitches, seconds from each note to the next."""

    item: str
    pitches: NDArray[np.int64]
    seconds: NDArray[np.float64]


class Tunes:
    """The first lines of the scores of a collection."""

    def __init__(self, opened: nlsearch.Collection) -> None:
        self.lines: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for split in opened._view().splits:
            for key in range(split.split.info.items):
                tune = Tune(split.split.payload(key))
                line = tune.line(0) if tune.n_lines else None
                if line is not None and len(line) >= 20 and not (line.pitches == NONE).any():
                    seconds = line.gaps * (BEAT_S * tune.unit / TICKS)
                    self.lines[split.split.item(key).id] = (line.pitches.astype(np.int64), seconds)
        self.steps = {name: np.diff(p).astype(np.int8).tobytes() for name, (p, _) in self.lines.items()}
        self.grams: dict[bytes, set[str]] = defaultdict(set)
        for name, text in self.steps.items():
            for at in range(len(text) - 2):
                self.grams[text[at : at + 3]].add(name)

    def phrases(self, count: int, parity: int) -> Iterator[Phrase]:
        """Yield phrases of random tunes of one parity."""
        rng = np.random.default_rng([0, parity])
        names = sorted(self.lines)[parity::2]
        for at in rng.permutation(len(names))[:count].tolist():
            pitches, seconds = self.lines[names[at]]
            start = 0 if rng.random() < 0.5 else int(rng.integers(0, max(1, len(pitches) - 12)))
            end = start + int(np.searchsorted(np.cumsum(seconds[start:]), rng.uniform(8, 14)))
            end = max(min(end, len(pitches)), min(start + 8, len(pitches)))
            yield Phrase(names[at], pitches[start:end], seconds[start:end])

    def holders(self, phrase: Phrase) -> set[str]:
        """Return the tunes that hold the same intervals."""
        steps = np.diff(phrase.pitches).astype(np.int8).tobytes()
        return {name for name, text in self.steps.items() if steps in text}

    def by_grams(self, notes: Notes) -> list[str]:
        """Return tunes by the 3-grams that they share."""
        text = np.clip(np.diff(notes.rounded), -128, 127).astype(np.int8).tobytes()
        votes: Counter[str] = Counter()
        for gram in {text[at : at + 3] for at in range(len(text) - 2)}:
            votes.update(self.grams.get(gram, ()))
        return [name for name, _ in votes.most_common(1000)]


def rank(found: list[str], phrase: Phrase, same: set[str]) -> int:
    """Return the place of the tune, from 1, those that hold the same phrase left out; 0 if it is not there."""
    if phrase.item not in found:
        return 0
    return 1 + sum(name not in same for name in found[: found.index(phrase.item)])


def ask(opened: nlsearch.Collection, sound: NDArray[np.float32], path: Path) -> tuple[list[str], float]:
    """Return what is found for a hum, and the CPU ms of the search (what the worker takes is measured apart)."""
    soundfile.write(path, sound, RATE)
    before = time.process_time()
    try:
        page = opened.search(f'hum:"{path}"', limit=20)
    except nlsearch.QuerySyntax:
        return [], 1e3 * (time.process_time() - before)
    return [hit.item.id for hit in page.hits], 1e3 * (time.process_time() - before)


def measure(opened: nlsearch.Collection, strangers: list[Phrase], given: argparse.Namespace, path: Path) -> None:
    """Print recall, false alarms and CPU of each sort."""
    tunes = Tunes(opened)
    asked = list(tunes.phrases(given.tunes, given.parity))
    print(f"{opened.stats()['items']:,} tunes; {len(asked)} of parity {given.parity} hummed")
    print("sort: first, in ten, mean of 1 / rank | by 3-grams | CPU ms: median, p95, of hearing | false alarms")
    for number, sort in enumerate(SORTS):
        ranks, grams, times, heard = [], [], [], []
        for k, phrase in enumerate(asked):
            rng = np.random.default_rng([k, number, given.parity])
            sound = hum(rng, sort, phrase.pitches, phrase.seconds, Jitter())
            same = tunes.holders(phrase)
            found, ms = ask(opened, sound, path)
            before = time.process_time()
            notes = notes_of(pitch_contour(sound))
            heard.append(1e3 * (time.process_time() - before))
            ranks.append(rank(found, phrase, same))
            grams.append(rank(tunes.by_grams(notes), phrase, same))
            times.append(ms)
        alarms = [
            bool(ask(opened, hum(np.random.default_rng([k, 9]), sort, p.pitches, p.seconds, Jitter()), path)[0])
            for k, p in enumerate(strangers)
        ]
        p95 = statistics.quantiles(times, n=20)[-1]
        cpu = f"{statistics.median(times):.0f} {p95:.0f} {statistics.median(heard):.0f}"
        print(f"{sort:8} | {shares(ranks)} | {shares(grams)} | {cpu} | {np.mean(alarms or [0]):.3f}", flush=True)


def shares(ranks: list[int]) -> str:
    """Return how many are found first, among ten, and the mean reciprocal rank."""
    held = np.array(ranks)
    mean = np.mean(np.where(held > 0, 1 / np.maximum(held, 1), 0))
    return f"{np.mean(held == 1):.3f} {np.mean((held > 0) & (held <= 10)):.3f} {mean:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tunes", type=int, default=200)
    parser.add_argument("--parity", type=int, default=1)
    parser.add_argument("--collection", type=Path, help="of the Essen tunes, if there is one already")
    parser.add_argument("--strangers", type=int, default=100)
    given = parser.parse_args()
    import music21

    corpus = Path(music21.__file__).parent / "corpus"
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as undo:
        place = given.collection or Path(folder) / "essen.nls"
        opened = undo.enter_context(nlsearch.Collection.open(place, create=True))
        if given.collection is None:
            opened.index([corpus / "essenFolksong"])
        with nlsearch.Collection.open(Path(folder) / "strangers.nls", create=True) as others:
            if given.strangers:
                others.index([corpus / name for name in STRANGERS])
            strangers = list(Tunes(others).phrases(given.strangers, given.parity))
        measure(opened, strangers, given, Path(folder) / "hum.wav")


if __name__ == "__main__":
    main()
