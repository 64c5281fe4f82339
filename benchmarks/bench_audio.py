"""Clips of recordings: which recording and where, through noise, re-encoded, faster; what is found of strangers; cost.

Usage: ``OPENBLAS_NUM_THREADS=1 python benchmarks/bench_audio.py FOLDER... --voices FOLDER --calibrate FOLDER...
[--more FOLDER...] [--quick]``; folders of music (files of 45 s and more); 20 to 30 minutes, ``--quick`` one or two.

Tracks below the first folders are split by the hash of their names: the *indexed* (3 h), and *strangers*, whose clips
should find nothing.  No threshold is fixed on any of them: that of the kind ``audio`` was fixed on other music (see
``handlers/audio/calibration.py``), that of the peer is fixed in the same run, at 0.3 % of false alarms for each length,
on the tracks below ``--calibrate``, split in the same way.

- *hit*: the first hit is the right recording, or one that its waveform says is the same.
- *in place*: share of the hits that name, among all their offsets, the true one within 0.2 s; median and 95th
  percentile of the error of the nearest offset.  The peer names every offset of its track that passes its threshold.
- *alarm*: a stranger's clip that finds something.  It is *the same after all* if the waveforms correlate at the named
  offset: two packages hold the same recording.
- CPU: this process and its workers, from the file to the page; of the peer, ``fpcalc`` and matching by brute force.

Goals: alarms at most 0.5 %; clean 1.00, 0 dB at least 0.95 (5 s) and 0.99 (10 s), -5 dB 0.60 and 0.85, 5 % faster or
slower 0.99, MP3 1.00, in place 0.99, nowhere worse than the peer; 3 MB and, beside decoding, 3 CPU seconds an hour; a
query 50 ms at 4 h.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile

import audioclips
import audiocosts
import chromaprint
import nlsearch
from audioclips import CLEAN, CONDITIONS, NOISY, Clip, Noise, Track
from audiorivals import Bench, Passage, is_same
from chromaprint import ITEM_S, Fingerprints, Found
from nlsearch.handlers.audio import calibration, worths

FALSE_ALARMS = 0.003
PARTS = ("cells", "strangers", "growth", "memory")
STRANGE = (CLEAN, NOISY[0], CLEAN, NOISY[1], CLEAN, NOISY[2])
ORGANS = ("seeds", "payloads", "text", "vectors")


# --------------------------------------------------------------------------------------------------------------- tables
def calibrate(files: Sequence[Path], given: argparse.Namespace, noise: Noise, folder: Path) -> dict[float, float]:
    """Return the peer's threshold of each length, from clips of tracks that are in no index."""
    held, rest = audioclips.split(files, given.hours, given.seed)
    if not rest:
        raise SystemExit("too little music to calibrate with: more than --hours is needed")
    fingerprints, strangers = Fingerprints(held), audioclips.load(rest, folder / "tracks")
    print(
        f"peer calibrated on {len(held)} tracks, {audioclips.hours_of(held):.1f} h, and {len(rest)} strangers: ", end=""
    )
    limits = {}
    for length in given.lengths:
        asked = audioclips.clips(strangers, given.calibration, length, STRANGE, noise, f"calibrate {given.seed}")
        found = [(clip, fingerprints.find(clip.write(folder))) for clip in asked]
        strange, same = without_same(found, fingerprints.paths, folder)
        limits[length] = chromaprint.threshold(strange, FALSE_ALARMS)
        print(
            f"{length:g} s {limits[length]:.3f} ({same} clips left out: the same, or another mix)", end="  ", flush=True
        )
    print()
    return limits


def without_same(found: list[tuple[Clip, Found]], paths: list[Path], folder: Path) -> tuple[list[float], int]:
    """Return the scores without those of the same recording, or of another mix of it; and how many were left out.

    Looked at are the highest fiftieth.  It is the same if the waveforms correlate, and thought to be another mix if two
    clips of one track are found in one track; where that is chance, the threshold is too good for the peer.
    """
    found.sort(key=lambda pair: -pair[1].score)
    highest, rest = found[: len(found) // 50], found[len(found) // 50 :]
    pairs = Counter((clip.track.path, one.track) for clip, one in highest)
    kept = []
    for clip, one in highest:
        (track,) = audioclips.load([paths[one.track]], folder / "tracks")
        place = Passage(0, clip.length_s, float(one.scores.argmax()) * ITEM_S, 1.0)
        if pairs[clip.track.path, one.track] == 1 and not is_same(clip, track, place):
            kept.append(one.score)
    return [*kept, *(one.score for _, one in rest)], len(highest) - len(kept)


def cells(bench: Bench, tracks: Sequence[Track], given: argparse.Namespace, noise: Noise) -> None:
    """Print hit rates of all lengths and conditions."""
    print(f"\n{given.clips} clips a cell; error and CPU in ms; ours | Chromaprint")
    names = "hit | in place | error: median, p95 | CPU"
    print(f"| s | condition | {names} | {names} | first |\n|---|---|---|---|---|---|---|---|---|---|---|")
    others, named = [0, 0], [[], []]
    for length in given.lengths:
        for condition in CONDITIONS:
            asked = audioclips.clips(tracks, given.clips, length, [condition], noise, f"hits {given.seed}")
            both = bench.cell(asked)
            others = [count + cell.others for count, cell in zip(others, both, strict=True)]
            named = [[*counts, *cell.named] for counts, cell in zip(named, both, strict=True)]
            first = f"{both[1].first / max(1, both[1].asked):.2f}"
            print(f"| {length:g} | {condition.name} | {both[0].row()} | {both[1].row()} | {first} |", flush=True)
    means = [np.mean(counts) if counts else 0.0 for counts in named]
    print(f"places named a hit, mean: ours {means[0]:.2f}, Chromaprint {means[1]:.2f}")
    print(f"another recording in first place: ours {others[0]}, Chromaprint {others[1]}")
    print(*(f"  {line}" for line in bench.told), sep="\n")


def strange(bench: Bench, tracks: Sequence[Track], given: argparse.Namespace, noise: Noise) -> None:
    """Print false alarms of all lengths."""
    print("\nclips of strangers: alarms at clean clips, noisy clips, of all, the same after all; ours | Chromaprint")
    print("| s | clean | noisy | rate | same | clean | noisy | rate | same |\n|---|---|---|---|---|---|---|---|---|")
    told = []
    for length in given.lengths:
        asked = audioclips.clips(tracks, given.strangers, length, STRANGE, noise, f"strangers {given.seed}")
        counted = bench.alarms(asked)
        told += [f"  {line}" for line in counted.told]
        print(f"| {length:g} | {counted.row('ours')} | {counted.row('peer')} |", flush=True)
    print(*told, sep="\n")


def spread(title: str, seconds: Sequence[float]) -> str:
    """Return median and tenths of CPU times."""
    if not seconds:
        return f"  {title:24} –"
    low, median, high = 1e3 * np.percentile(seconds, [10, 50, 90])
    return f"  {title:24} {median:6.1f} ms ({low:.1f} to {high:.1f}), {len(seconds)} queries"


def peer_spread(bench: Bench, clips: Iterable[Clip], folder: Path) -> None:
    """Print the peer's CPU in its two parts."""
    found = [bench.peer.find(clip.write(folder)) for clip in clips]
    print(spread("fpcalc", [one.program_s for one in found]))
    print(spread("brute force", [one.matching_s for one in found]))


def bytes_by_organ(opened: nlsearch.Collection, hours: float) -> None:
    """Print bytes of an hour of audio by purpose, in the splits that are searched."""
    sizes: Counter[str] = Counter()
    for row in opened._view().snapshot.splits:
        home = opened.directory / "splits" / row.id
        for path in home.rglob("*"):
            if path.is_file():
                part = path.relative_to(home).parts[0].split(".")[0]
                sizes[part if part in ORGANS else "rest"] += path.stat().st_size
    told = ", ".join(f"{name} {sizes[name] / hours / 1e6:.3f}" for name in (*ORGANS, "rest"))
    print(f"  {sizes.total() / hours / 1e6:.2f} MB an hour: {told}; {opened.stats()['splits']} splits")


def built(home: Path, files: Sequence[Path], hours: float) -> nlsearch.Collection:
    """Index files into a new collection, and print what it costs."""
    opened = nlsearch.Collection.open(home, create=True)
    cpu_s, wall_s = audiocosts.indexed(opened, files)
    told = f"{cpu_s / hours:.1f} CPU s an hour, {wall_s / hours:.1f} s wall, one worker"
    print(f"\n{len(files)} tracks, {hours:.2f} h: {told}")
    bytes_by_organ(opened, hours)
    return opened


def costs(files: Sequence[Path]) -> None:
    """Print the parts of indexing."""
    taken = audiocosts.parts(files)
    print(f"CPU s an hour of audio by part, of {len(files)} tracks, in this process (all {sum(taken.values()):.2f}):")
    print("  " + ", ".join(f"{name} {value:.2f}" for name, value in taken.items()))


# --------------------------------------------------------------------------------------------------------------- growth
def copies(tracks: Sequence[Track], hours: float, folder: Path) -> list[Path]:
    """Write tracks at speeds that no clip has, 9 to 20 % away, until there are so many hours."""
    written, done, number = [], 0.0, 0
    while done < hours * 3600:
        track = tracks[number % len(tracks)]
        percent = (9, -9, 13, -12, 17, -15, 20, -18)[number // len(tracks) % 8]
        speed = Fraction(100 + percent, 100)
        signal = audioclips.at_speed(track.between(0, track.duration_s), speed)
        written.append(folder / f"{number} {track.path.stem}.wav")
        soundfile.write(written[-1], signal, audioclips.RATE, subtype="PCM_16")
        done, number = done + len(signal) / audioclips.RATE, number + 1
    return written


def grown(bench: Bench, asked: Callable[[], list[Clip]], strangers: Callable[[], list[Clip]], hours: float) -> None:
    """Print what queries cost in a collection of so many hours."""
    bench.start(asked()[:1])
    ours, theirs = bench.cell(asked())
    alarms = bench.alarms(strangers())
    print(f"{hours:.1f} h: hits ours {ours.hits} of {ours.asked}, Chromaprint {theirs.hits} of {theirs.asked}")
    print(f"  alarms: ours {alarms.row('ours')} | Chromaprint {alarms.row('peer')}")
    print(*(f"    {line}" for line in alarms.told), sep="\n")
    for title, seconds in sorted(bench.by_kind.items()):
        print(spread(title, seconds))
    print(spread("Chromaprint", theirs.cpu_s), flush=True)


def growth(bench: Bench, held: list[Path], given: argparse.Namespace, noise: Noise, strangers: list[Track]) -> None:
    """Print the same queries, in collections of 1 h, 3 h, 10 h."""
    home, length = bench.folder, given.lengths[len(given.lengths) // 2]
    small, _ = audioclips.split(held, given.growth[0], given.seed)
    tracks = [bench.tracks[str(path)] for path in small]

    def asked() -> list[Clip]:
        return list(audioclips.clips(tracks, given.clips, length, [CLEAN, NOISY[1]], noise, "growth"))

    def strange_clips() -> list[Clip]:
        return list(audioclips.clips(strangers, given.strangers // 2, length, STRANGE, noise, "growth strangers"))

    print(f"\nthe same clips of {length:g} s (clean, 0 dB; of tracks that all hold) in growing collections")
    first = Bench(built(home / "small.nls", small, audioclips.hours_of(small)), tracks, home, Fingerprints())
    first.peer, first.thresholds = Fingerprints(small if len(bench.peer) else ()), bench.thresholds
    with first.opened:
        grown(first, asked, strange_clips, audioclips.hours_of(small))
    grown(bench, asked, strange_clips, audioclips.hours_of(held))
    more = further(given, bench, audioclips.hours_of(held), home)
    every = [*held, *more]
    if len(bench.peer):
        bench.peer.extend(more)
    loaded = [*bench.tracks.values(), *audioclips.load(more, home / "tracks")]
    last = Bench(built(home / "large.nls", every, audioclips.hours_of(every)), loaded, home, bench.peer)
    last.thresholds = bench.thresholds
    with last.opened:
        grown(last, asked, strange_clips, audioclips.hours_of(every))
        last.opened.merge()
        print("\nmerged:")
        bytes_by_organ(last.opened, audioclips.hours_of(every))
        grown(last, asked, strange_clips, audioclips.hours_of(every))


def further(given: argparse.Namespace, bench: Bench, hours: float, home: Path) -> list[Path]:
    """Return files that make the collection grow to the last size: real ones first, then copies."""
    wanted = given.growth[-1] - hours
    real, _ = audioclips.split(audioclips.music_files(given.more), wanted, given.seed)
    lacking = wanted - audioclips.hours_of(real)
    made = copies(list(bench.tracks.values()), lacking, home) if lacking > 0.02 else []
    print(f"further: {len(real)} tracks of {', '.join(path.name for path in given.more) or 'none'}, {len(made)} copies")
    return [*real, *made]


# ----------------------------------------------------------------------------------------------------------------- main
def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--voices", type=Path, help="folder of speech; the first folder if not given")
    parser.add_argument("--calibrate", nargs="*", type=Path, default=[], help="music for the peer's threshold")
    parser.add_argument("--more", nargs="*", type=Path, default=[], help="music to grow with")
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--growth", type=lambda text: [float(part) for part in text.split(",")], default=[1.0, 10.0])
    parser.add_argument(
        "--lengths", type=lambda text: [float(part) for part in text.split(",")], default=[3.0, 5.0, 10.0]
    )
    parser.add_argument("--clips", type=int, default=60, help="a cell")
    parser.add_argument("--strangers", type=int, default=302, help="clips of a length")
    parser.add_argument("--calibration", type=int, default=600, help="clips of a length")
    parser.add_argument("--memory", type=float, default=3.0, help="hours of the long file")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.quick:
        given.hours, given.growth, given.lengths, given.memory = 0.3, [0.15, 0.5], [5.0], 0.3
        given.clips, given.strangers, given.calibration = 6, 24, 50
    return given


def quick_part(files: list[Path], hours: float, seed: int) -> list[Path]:
    """Return so many hours of files."""
    return audioclips.split(files, hours, seed)[0]


def main() -> None:
    """Print all tables."""
    given = arguments()
    if not given.folders:
        print("needs folders of music: see --help")
        return
    started = time.monotonic()
    files, others = audioclips.music_files(given.folders), audioclips.music_files(given.calibrate)
    if given.quick:
        files, others = (quick_part(part, 2 * given.hours, given.seed) for part in (files, others))
    held, rest = audioclips.split(files, given.hours, given.seed)
    noise = Noise(given.voices or given.folders[0], given.seed)
    print(f"measured: {', '.join(path.name for path in given.folders)}; seed {given.seed}")
    lasting = [f"{len(part)} tracks, {audioclips.hours_of(part):.2f} h" for part in (held, rest)]
    print(f"indexed {lasting[0]}; strangers {lasting[1]}")
    print(f"{len(noise.voices)} files of speech; OPENBLAS_NUM_THREADS={os.environ.get('OPENBLAS_NUM_THREADS')}")
    for module in (worths, calibration):
        print(f"of {module.__name__}: {' '.join((module.__doc__ or '').split('References')[0].split())}")
    with tempfile.TemporaryDirectory() as scratch:
        run(given, held, rest, others, noise, Path(scratch))
    print(f"\n{(time.monotonic() - started) / 60:.1f} minutes")


def run(
    given: argparse.Namespace, held: list[Path], rest: list[Path], others: list[Path], noise: Noise, folder: Path
) -> None:
    """Measure everything."""
    tracks, strangers = (audioclips.load(files, folder / "tracks") for files in (held, rest))
    has_peer = chromaprint.available() and bool(others)
    if not has_peer:
        print("without the peer: it needs fpcalc (libchromaprint-tools) and --calibrate")
    thresholds = calibrate(others, given, noise, folder) if has_peer else {}
    with built(folder / "main.nls", held, audioclips.hours_of(held)) as opened:
        costs(held[:: max(1, len(held) // 8)])
        bench = Bench(opened, tracks, folder, Fingerprints(held if has_peer else ()))
        bench.thresholds = thresholds
        if has_peer:
            size, hours = len(bench.peer), audioclips.hours_of(held)
            print(f"fpcalc: {bench.peer.cpu_s / hours:.1f} CPU s and {4 * size / hours / 1e6:.2f} MB an hour")
        bench.start(audioclips.clips(tracks, 1, 5.0, [CLEAN], noise, "start"))
        if "cells" in given.parts:
            cells(bench, tracks, given, noise)
        if "strangers" in given.parts:
            strange(bench, strangers, given, noise)
        print("\nCPU of a query, median (10 % to 90 %)")
        for title, seconds in sorted(bench.by_kind.items()):
            print(spread(title, seconds))
        if bench.refused:
            print(f"  {bench.refused} clips were refused: too little sound")
        if has_peer:
            peer_spread(bench, audioclips.clips(tracks, given.clips, 5.0, CONDITIONS, noise, "cost"), folder)
        if "growth" in given.parts:
            growth(bench, held, given, noise, strangers)
    if "memory" in given.parts:
        worker, here = audiocosts.memory(tracks, folder, given.memory)
        print(
            f"\na file of {given.memory:g} h: peak memory of a worker {worker:.0f} MiB, of this process {here:.0f} MiB"
        )


if __name__ == "__main__":
    main()
