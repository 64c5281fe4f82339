"""What recordings cost: CPU of this process and of all that it started, of the parts of indexing, bytes, memory."""

from __future__ import annotations

import hashlib
import os
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile

import nlsearch
from audioclips import RATE, Track
from bench_index import MemoryWatch
from nlsearch.handlers.audio.bands import Frames
from nlsearch.handlers.audio.landmarks import Landmarks, seeds_of
from nlsearch.handlers.audio.likeness import Likeness
from nlsearch.handlers.audio.listen import in_steps
from nlsearch.handlers.audio.overview import Overview
from nlsearch.handlers.audio.payload import Around, encode
from nlsearch.handlers.sound.decode import open_sound
from nlsearch.handlers.sound.loudness import Loudness
from nlsearch.handlers.sound.mono import Mono
from nlsearch.limits import Limits

MIB = 2**20
Returned = TypeVar("Returned")
PARTS = ("decoding", "mono at 8 kHz", "levels", "landmarks", "loudness", "likeness", "preview", "digest", "payload")


def descendants(pid: int | str = "self") -> list[int]:
    """Return the processes that a process started, and those that they started."""
    found = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, listed.read_text().split()):
            found += [child, *descendants(child)]
    return found


def workers_cpu() -> dict[int, float]:
    """Return the CPU seconds of each process that this one started, to the nanosecond."""
    spent = {}
    for pid in descendants():
        try:
            threads = list(Path(f"/proc/{pid}/task").glob("*/schedstat"))
            spent[pid] = sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            continue
    return spent


def cpu_of(call: Callable[[], Returned]) -> tuple[Returned, float]:
    """Return what a call returns and its CPU seconds, those of workers included."""
    before, started = workers_cpu(), time.process_time()
    returned = call()
    here = time.process_time() - started
    return returned, here + sum(spent - before.get(pid, 0.0) for pid, spent in workers_cpu().items())


def indexed(collection: nlsearch.Collection, paths: Sequence[Path]) -> tuple[float, float]:
    """Index files with one worker; return CPU seconds of all processes and wall seconds."""
    before, started = _ended_cpu(), time.monotonic()
    report = collection.index(list(paths), jobs=1)
    if report.failures:
        raise SystemExit(f"not indexed: {report.failures}")
    return _ended_cpu() - before, time.monotonic() - started


def _ended_cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


# ---------------------------------------------------------------------------------------------------------------- parts
class _File:
    """A file as a source."""

    format = ""
    companions = ()

    def __init__(self, path: Path) -> None:
        self.path, self.name = str(path), path.name

    def open(self):
        """Open the file."""
        return Path(self.path).open("rb")


def parts(files: Sequence[Path]) -> dict[str, float]:
    """Return the CPU seconds an hour of audio of each part, in the order in which a recording is listened to."""
    spent: dict[str, float] = dict.fromkeys(PARTS, 0.0)
    _listen(files[0], defaultdict(float))  # imports and tables
    seconds = sum(_listen(path, spent) for path in files)
    return {name: 3600 * value / seconds for name, value in spent.items()}


def _listen(path: Path, spent: dict[str, float]) -> float:
    """Do what the handler does with a file; add the seconds of each part, and return the file's."""

    def timed(name: str, call: Callable[..., object], *values: object):
        started = time.process_time()
        returned = call(*values)
        spent[name] += time.process_time() - started
        return returned

    frames, landmarks, likeness, overview = Frames(), Landmarks(), Likeness(), Overview()
    digest, samples, held = hashlib.sha256(), 0, []

    def take(signal) -> None:
        timed("digest", lambda: digest.update(in_steps(signal).tobytes()))
        timed("preview", overview.feed_signal, signal)
        follow(timed("levels", frames.feed, signal))

    def follow(levels) -> None:
        timed("landmarks", landmarks.feed, levels)
        timed("likeness", likeness.feed, levels)
        timed("preview", overview.feed_levels, levels)

    with open_sound(_File(path), Limits()) as sound:  # type: ignore[arg-type]
        mono = Mono(sound.stated.sample_rate, sound.stated.channels)
        loudness = Loudness(sound.stated.sample_rate, sound.stated.channels)
        blocks = sound.blocks()
        while (block := timed("decoding", next, blocks, None)) is not None:
            timed("loudness", loudness.feed, block)
            held.append(timed("mono at 8 kHz", mono.feed, block))
            samples += len(held[-1])
            if sum(map(len, held)) >= 30 * 8000:
                take(np.concatenate(held))
                held = []
        held.append(timed("mono at 8 kHz", mono.finish))
        take(np.concatenate(held))
        follow(timed("levels", frames.finish))
    timed("loudness", loudness.finish)
    timed("likeness", likeness.finish)
    peaks = timed("landmarks", landmarks.finish)
    timed("landmarks", seeds_of, peaks)
    preview = timed("preview", lambda: overview.finish().pack())
    timed("payload", lambda: encode(peaks, Around(samples / 8000, digest.digest(), path.name, preview)))
    return samples / 8000


# --------------------------------------------------------------------------------------------------------------- memory
def memory(tracks: Sequence[Track], folder: Path, hours: float) -> tuple[float, float]:
    """Return the peak MiB of a worker that indexes one long file, and of this process.

    The file is music that rises and falls by chance.
    """
    path = folder / "long.wav"
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as written:
        done = number = 0
        while done < hours * 3600 * RATE:
            signal = tracks[number % len(tracks)].between(0, 600)
            done += len(signal)
            steps = rng.uniform(0.3, 1.0, len(signal) // RATE + 2)
            written.write(signal * np.interp(np.arange(len(signal)) / RATE, np.arange(len(steps)), steps))
            number += 1
    watch = MemoryWatch()
    watch.start()
    with nlsearch.Collection.open(folder / "long.nls", create=True) as collection:
        indexed(collection, [path])
    watch.done.set()
    path.unlink()
    own = {pid: peak for pid, peak in watch.peaks.items() if pid != os.getpid()}
    return max(own.values(), default=0) / MIB, watch.peaks.get(os.getpid(), 0) / MIB
