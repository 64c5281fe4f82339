"""Two rivals that are asked with the same clips, and what became of them: hits, places, alarms, CPU."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import audioclips
import audiocosts
import nlsearch
from audioclips import CLEAN, Clip, Track
from chromaprint import Fingerprints, Found
from nlsearch.errors import QuerySyntax
from nlsearch.model import Hit

WITHIN_S = 0.2
SAME = 0.5
"""Correlation of waveforms from which two recordings are the same."""
AROUND_S = 0.3


@dataclass
class Cell:
    """What became of the clips of a cell, by one of the rivals."""

    asked: int = 0
    hits: int = 0
    in_place: int = 0
    others: int = 0
    errors: list[float] = field(default_factory=list)
    named: list[int] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    first: int = 0
    """Clips of which the right recording is first, whatever its score; counted of the peer."""

    def add(self, is_right: bool, errors: Sequence[float], is_other: bool, cpu_s: float) -> None:
        """Count a clip; `errors` are those of all offsets of the hit."""
        self.asked += 1
        self.hits += is_right
        self.others += is_other
        self.cpu_s.append(cpu_s)
        if is_right:
            nearest = min(errors, default=np.inf)
            self.in_place += nearest <= WITHIN_S
            self.errors.append(nearest)
            self.named.append(len(errors))

    def row(self) -> str:
        """Return its part of a line of the table."""
        if not self.asked:
            return "– | – | – | –"
        cpu = f"{1e3 * statistics.median(self.cpu_s):.0f}"
        if not self.hits:
            return f"0.00 | – | – | {cpu}"
        median, high = np.percentile(self.errors, [50, 95])
        rate, place = self.hits / self.asked, self.in_place / self.hits
        return f"{rate:.2f} | {place:.2f} | {1e3 * median:.0f}, {1e3 * high:.0f} | {cpu}"


@dataclass(frozen=True)
class Passage:
    """Where a hit says that a clip is: seconds of the clip, of the recording, and by how much the clip is faster."""

    low_s: float
    high_s: float
    begin_s: float
    speed: float

    @property
    def offset_s(self) -> float:
        """Where the whole clip would begin."""
        return self.begin_s - self.speed * self.low_s


def passages(hit: Hit) -> list[Passage]:
    """Return all places that a hit names."""
    told = [hit.evidence, *hit.evidence.get("more", [])]
    return [Passage(*one["query_s"], one["target_s"][0], one["speed"]) for one in told]


def is_same(clip: Clip, track: Track, place: Passage) -> bool:
    """Say whether the waveform of what the clip was cut from is there in a track."""
    source = clip.source(place.low_s, place.high_s)
    for faster in (1.0, place.speed / float(clip.condition.speed)):  # speeds are told to a few tenths of a per cent
        ends = place.begin_s + len(source) / audioclips.RATE * faster
        there = track.between(place.begin_s - AROUND_S, ends + AROUND_S)
        if audioclips.correlation(source, there, faster) >= SAME:
            return True
    return False


def told(clip: Clip, hit: Hit) -> str:
    """Return in words what a clip was taken for."""
    asked = f"{clip.length_s:g} s of {clip.track.name} at {clip.begin_s:.1f} s, {clip.condition.name}"
    return f"{asked}: {Path(hit.item.path).name} at {passages(hit)[0].begin_s:.1f} s, score {hit.score:.3f}"


class Bench:
    """Asks both rivals with the same clips."""

    def __init__(self, opened: nlsearch.Collection, tracks: Sequence[Track], folder: Path, peer: Fingerprints) -> None:
        self.opened, self.folder, self.peer = opened, folder, peer
        self.tracks = {str(track.path): track for track in tracks}
        self.thresholds: dict[float, float] = {}
        self.by_kind: dict[str, list[float]] = defaultdict(list)
        self.told: list[str] = []
        self.refused = 0
        self._turn = 0

    def start(self, clips: Iterable[Clip]) -> None:
        """Ask once, so that the worker runs and files are open; forget what it took."""
        for clip in clips:
            self.ask(clip)
        self.by_kind.clear()

    def ask(self, clip: Clip) -> tuple[list[Hit], float, Found | None]:
        """Return our hits and CPU seconds, and what the peer found; each is first every other time."""
        path, self._turn = clip.write(self.folder), self._turn + 1
        found = self.peer.find(path) if len(self.peer) and self._turn % 2 else None
        hits, cpu_s = audiocosts.cpu_of(lambda: self._like(path))
        if len(self.peer) and found is None:
            found = self.peer.find(path)
        self.by_kind[_sort(hits)].append(cpu_s)
        return hits, cpu_s, found

    def _like(self, path: Path) -> list[Hit]:
        try:
            page = self.opened.like(path, kind="audio")
        except QuerySyntax:  # too little sound
            self.refused += 1
            return []
        return [hit for hit in page.hits if hit.tier != "related"]

    def cell(self, asked: Iterable[Clip]) -> tuple[Cell, Cell]:
        """Ask with clips of indexed tracks."""
        ours, theirs = Cell(), Cell()
        for clip in asked:
            hits, cpu_s, found = self.ask(clip)
            ours.add(*self._ours(clip, hits), cpu_s)
            if found is not None:
                theirs.add(*self._theirs(clip, found), found.program_s + found.matching_s)
                theirs.first += self.peer.paths[found.track] == clip.track.path
        return ours, theirs

    def _ours(self, clip: Clip, hits: list[Hit]) -> tuple[bool, list[float], bool]:
        if not hits:
            return False, [], False
        first, places = hits[0], passages(hits[0])
        if first.item.path == str(clip.track.path):
            return True, [abs(place.offset_s - clip.begin_s) for place in places], False
        same = is_same(clip, self.tracks[first.item.path], places[0])
        if not same:
            self.told.append(told(clip, first))
        return same, [0.0], not same

    def _theirs(self, clip: Clip, found: Found) -> tuple[bool, list[float], bool]:
        limit = self.thresholds[clip.length_s]
        if found.score < limit:
            return False, [], False
        path, offsets = self.peer.paths[found.track], found.offsets_s(limit)
        if path == clip.track.path:
            return True, np.abs(offsets - clip.begin_s).tolist(), False
        same = self._is_same(clip, path, offsets[:1])
        return same, [0.0], not same

    def _is_same(self, clip: Clip, path: Path, offsets) -> bool:
        places = [Passage(0, clip.length_s, float(at), 1.0) for at in offsets]
        return any(is_same(clip, self.tracks[str(path)], place) for place in places)

    def alarms(self, asked: Iterable[Clip]) -> Alarms:
        """Ask with clips of strangers."""
        counted = Alarms()
        for clip in asked:
            hits, cpu_s, found = self.ask(clip)
            places = [(self.tracks[hit.item.path], place) for hit in hits for place in passages(hit)]
            same = bool(hits) and all(is_same(clip, track, place) for track, place in places)
            limit = self.thresholds.get(clip.length_s, 2.0)
            if found is not None and found.score >= limit:
                is_there = self._is_same(clip, self.peer.paths[found.track], found.offsets_s(limit)[:1])
                counted.add("peer", clip, True, is_there)
            counted.add("ours", clip, bool(hits), same)
            if hits and not same:
                counted.told.append(told(clip, hits[0]))
            counted.cpu_s.append(cpu_s)
        return counted


@dataclass
class Alarms:
    """How often strangers were taken for somebody: by rival and noise, and how often it was the same after all."""

    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    false: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    same: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    told: list[str] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def add(self, rival: str, clip: Clip, is_alarm: bool, is_same: bool) -> None:
        """Count a clip."""
        half = "clean" if clip.condition is CLEAN else "noisy"
        if rival == "ours":
            self.asked[half] += 1
        self.same[rival] += is_alarm and is_same
        self.false[rival, half] += is_alarm and not is_same

    def row(self, rival: str) -> str:
        """Return its part of a line of the table."""
        halves = " | ".join(f"{self.false[rival, half]} of {self.asked[half]}" for half in ("clean", "noisy"))
        rate = sum(self.false[rival, half] for half in self.asked) / max(1, sum(self.asked.values()))
        return f"{halves} | {rate:.2%} | {self.same[rival]}"


def _sort(hits: list[Hit]) -> str:
    if not hits:
        return "nothing found"
    return "found as it is" if abs(hits[0].evidence["speed"] - 1) < 0.01 else "found at another speed"
