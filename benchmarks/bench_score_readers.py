"""Readers of scores beside music21, on music21's own corpus: whether the notes are the same, and at what cost.

Usage: ``python benchmarks/bench_score_readers.py [--files N] [--format .mxl] [--keep DIR] [--out differences.md]``

Per part, every note must have the same bar, onset, duration and sounding pitch (ties merged, grace notes out), and the
notes of each bar must lie in voices in the same way.  ``--keep`` keeps what music21 read, which takes most of the
time.  The table lists every file that differs, with the reason, where one is known.  ABC is given to music21 with the
line ``%abc-2.1``, without which it does not carry accidentals through the bar.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import io
import pickle
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from nlsearch.errors import NlsearchError
from nlsearch.handlers.score.notation import TICKS, Part
from nlsearch.limits import Limits
from nlsearch.model import RawItem
from scoreoracle import GRID, Plain, PlainPart, parsed

READERS: dict[str, str] = {
    ".mxl": "musicxml",
    ".xml": "musicxml",
    ".musicxml": "musicxml",
    ".mei": "mei",
    ".krn": "kern",
    ".abc": "abc",
    ".mid": "smf",
    ".rntxt": "last",
}
"""Suffix → module of :mod:`nlsearch.handlers.score.formats`."""
APART = "music21 lets parts run apart where one fills a bar less than others; here bars begin together"
LATE = "music21 makes a bar longer for the offset of a direction, or for a rest that is longer than the bar"
CROSS = "a voice goes over two staves, which music21 reads as two parts"
REASONS: dict[str, str] = {
    "liliuokalani/aloha_oe.mxl": CROSS,
    "opus17/movement3.xml": CROSS,
    "opus41no1/movement1.mxl": "durations are rounded in the file, so that music21's bars and ties do not meet",
    "opus59no3/movement1.mxl": LATE + ", so that its tie does not meet the next",
    "opus59no3/movement2.mxl": LATE + ", so that its tie does not meet the next",
    "trecento/PMFC_13_04-Credo Cursor.xml": "an editor's sharp without <alter>, which is what sounds",
}
"""File (its last two names) → why it is read in another way than music21 reads it."""


ROUNDING = 4
"""Steps by which two readings of one place may differ."""


class Difference(NamedTuple):
    """What differs in a file, first of all."""

    sort: str
    where: str


def reader(suffix: str) -> ModuleType | None:
    """Return the reader of a suffix, if it is there."""
    name = f"nlsearch.handlers.score.formats.{READERS.get(suffix, '')}"
    return importlib.import_module(name) if suffix in READERS and importlib.util.find_spec(name) else None


def ours(module: ModuleType, content: bytes) -> tuple[list[list[PlainPart]], float, list[str]]:
    """Return the scores of a file, the seconds of CPU, and the warnings."""
    gc.collect()
    gc.freeze()  # else every reading pays for looking through what music21 left in memory
    seconds = float("inf")
    for _ in range(2):  # the second time, code and data are where a run over many files has them
        start = time.process_time()
        items = list(module.records(io.BytesIO(content), Limits()))
        seconds = min(seconds, time.process_time() - start)
    gc.unfreeze()
    scores = [[_plain(part) for part in item.content.parts] for item in items if isinstance(item, RawItem)]
    return scores, seconds, [warning for item in items if isinstance(item, RawItem) for warning in item.warnings]


def _plain(part: Part) -> PlainPart:
    notes = [
        Plain(
            note.bar,
            round(note.onset * GRID / TICKS),
            round(note.duration * GRID / TICKS),
            -1 if note.pitch is None else note.pitch,
            voice.name,
        )
        for voice in part.voices
        for note in voice.notes
        if not note.grace
    ]
    return PlainPart(sorted(notes), [round(bar.onset * GRID / TICKS) for bar in part.bars])


# ------------------------------------------------------------------------------------------------------------ comparing
def differences(mine: list[list[PlainPart]], other: list[list[PlainPart]]) -> Iterator[Difference]:
    """Yield what differs between two readings of a file."""
    if len(mine) != len(other):
        yield Difference("scores", f"{len(mine)} and {len(other)}")
        return
    for number, (first, second) in enumerate(zip(mine, other, strict=True), 1):
        if len(first) != len(second):
            yield Difference("parts", f"score {number}: {len(first)} and {len(second)}")
            continue
        for index, (one, two) in enumerate(zip(first, second, strict=True)):
            found = _part_difference(one, two)
            if found is not None:
                yield Difference(found.sort, f"score {number}, part {index}, {found.where}")


def _why_bars(mine: list[PlainPart], other: list[PlainPart]) -> str:
    """Say why bars are of other lengths than music21 has them: the reason is seen in its own parts."""
    found = set()
    for bars in zip(*map(_lengths, mine), *map(_lengths, other), strict=False):
        here, there = bars[: len(mine)], bars[len(mine) :]
        if max(there) - here[0] > ROUNDING:
            found.add(LATE)
        elif here[0] - min(there) > ROUNDING:
            found.add(APART if max(there) - min(there) > ROUNDING else "")
    return "; ".join(sorted(found))


def _lengths(part: PlainPart) -> list[int]:
    return [end - start for start, end in pairwise(part.bars)]


def _part_difference(one: PlainPart, two: PlainPart) -> Difference | None:
    if not _same(_absolute(one), _absolute(two)):
        left, right = (list(_inside(part)) for part in (one, two))
        if _same(left, right):
            return Difference("length of bars", "the notes of each bar are the same")
        more, less = Counter(left) - Counter(right), Counter(right) - Counter(left)
        return Difference("notes", f"{sum(more.values())} only here, {sum(less.values())} only there: "
                          f"{sorted(more)[:2]} and {sorted(less)[:2]}")  # fmt: skip
    voices = [_voices(part.notes) for part in (one, two)]
    bar = next((bar for bar in sorted(voices[0]) if voices[0][bar] != voices[1].get(bar)), None)
    return None if bar is None else Difference("voices", f"bar {bar}")


def _same(left: list[tuple[int, ...]], right: list[tuple[int, ...]]) -> bool:
    """Say whether two lists of bar, pitch, onset, duration are the same up to a rounding."""
    return len(left) == len(right) and all(
        a[:2] == b[:2] and _near((a[2], b[2])) and _near((a[3], b[3]))
        for a, b in zip(sorted(left), sorted(right), strict=True)
    )


def _near(pair: tuple[int, ...]) -> bool:
    return abs(pair[0] - pair[1]) <= ROUNDING


def _absolute(part: PlainPart) -> list[tuple[int, ...]]:
    return [(note.bar, note.pitch, note.onset, note.duration) for note in part.notes]


def _inside(part: PlainPart) -> Iterator[tuple[int, ...]]:
    for bar, onset, duration, pitch, _ in part.notes:
        start = part.bars[bar] if bar < len(part.bars) else 0
        yield bar, pitch, onset - start, duration


def _voices(notes: list[Plain]) -> dict[int, list[list[tuple[int, ...]]]]:
    """Return by bar how its notes lie in voices, whatever these are called."""
    found: dict[int, dict[str, list[tuple[int, ...]]]] = defaultdict(lambda: defaultdict(list))
    for note in notes:
        found[note.bar][note.voice].append((note.onset // (4 * ROUNDING), note.pitch))
    return {bar: sorted(map(sorted, voices.values())) for bar, voices in found.items()}


# -------------------------------------------------------------------------------------------------------------- running
class Tally:
    """Counts of one format."""

    def __init__(self) -> None:
        self.files = self.equal = self.same_in_bars = 0
        self.ours = self.theirs = 0.0

    def said(self) -> str:
        """Return a line of them."""
        return (
            f"{self.files} files, {self.equal / self.files:.1%} equal, {self.same_in_bars / self.files:.1%} in bars; "
            f"CPU {1e3 * self.ours / self.files:.2f} ms a file, music21 {1e3 * self.theirs / self.files:.1f} ms, "
            f"{self.theirs / max(self.ours, 1e-9):.0f} times as much"
        )


def indexed(paths: list[Path]) -> float:
    """Return the CPU seconds of indexing files, workers included."""
    code = (
        "import sys, tempfile, nlsearch\n"
        "with tempfile.TemporaryDirectory() as folder, nlsearch.Collection.open(folder + '/c.nls', create=True) as c:\n"
        "    c.index(sys.stdin.read().splitlines(), jobs=1)\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], input="\n".join(map(str, paths)), text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def oracle(path: Path, keep: Path | None) -> tuple[list[list[PlainPart]], float]:
    """Return what music21 reads, or has read before."""
    kept = None if keep is None else keep / f"{path.parent.name}-{path.name}.pickle"
    if kept is not None and kept.exists():
        return pickle.loads(kept.read_bytes())  # noqa: S301 - written by this script
    text = None
    if path.suffix == ".abc":
        text = "%abc-2.1\n" + path.read_bytes().decode("utf-8", "replace")
    try:
        found = parsed(path, text)
    except Exception as exc:  # noqa: BLE001 - music21 raises anything
        print(f"music21 does not read {path.name}: {type(exc).__name__}: {exc}"[:200], file=sys.stderr)
        found = ([], 0.0)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(found))
    return found


def compared(path: Path, module: ModuleType, keep: Path | None, tally: Tally) -> list[str]:
    """Compare one file; return rows of the table."""
    name = f"{path.parent.name}/{path.name}"
    theirs, seconds = oracle(path, keep)
    tally.files += 1
    try:
        mine, own, warned = ours(module, path.read_bytes())
    except NlsearchError as exc:
        return [f"| {name} | refused | {exc} | {REASONS.get(name, '')} |"]
    tally.ours += own
    tally.theirs += seconds
    found = list(differences(mine, theirs))
    tally.equal += not found
    tally.same_in_bars += all(one.sort == "length of bars" for one in found)
    warning = f"; warned: {warned[0]}" if warned else ""
    sorts = {one.sort: one for one in reversed(found)}
    why = {"length of bars": "" if len(mine) != 1 else _why_bars(mine[0], theirs[0])}
    return [
        f"| {name} | {one.sort} | {one.where}{warning} | {why.get(one.sort) or REASONS.get(name, '')} |"
        for one in sorts.values()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=0, help="so many of each format, spread over the corpus")
    parser.add_argument("--format", default="", help="only this suffix")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    from music21 import corpus

    by_suffix: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(map(Path, corpus.getCorePaths())):
        if given.format in {"", path.suffix}:
            by_suffix[path.suffix].append(path)
    rows: list[str] = []
    own, theirs = [], 0.0
    for suffix, paths in by_suffix.items():
        module = reader(suffix)
        if module is None:
            print(f"{suffix}: {len(paths)} files, no reader")
            continue
        tally = Tally()
        taken = paths[:: max(1, len(paths) // given.files)] if given.files else paths
        for path in taken:
            rows += compared(path, module, given.keep, tally)
        print(f"{suffix}: {tally.said()}", flush=True)
        if READERS[suffix] != "last":
            own, theirs = own + taken, theirs + tally.theirs
    if own:
        ours = indexed(own)
        print(f"indexing {len(own)} files: CPU {ours:.1f} s, music21's parse {theirs:.1f} s, {theirs / ours:.0f} times")
    table = "\n".join(["| file | differs in | where (ours, music21) | reason |", "|---|---|---|---|", *sorted(rows)])
    if given.out is None:
        print(table)
    else:
        given.out.write_text(table + "\n")


if __name__ == "__main__":
    main()
