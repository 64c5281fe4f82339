"""The seed index: positional keys of items on one concatenated axis, and voting on diagonals.

It finds where anything that lines up along an axis may match: k-mers of genomes, melodies, landmarks of sounds, frames.
Good for: exact keys and ranges of keys at one memory access each.  Not for: similarity without shared keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nlsearch.declarations import SeedSpace
from nlsearch.errors import IndexDamaged
from nlsearch.index.seedbuild import MEMORY_BYTES, SeedWriter, merge_seeds
from nlsearch.index.seedfiles import HEADER_BYTES, SeedFacts, file_of, read_facts
from nlsearch.index.storage import mapped
from nlsearch.kernels import MAX_BIN, Place, Postings, gather_postings, line_up, vote, vote_best, vote_weights
from nlsearch.limits import Limits
from nlsearch.model import Anchors, Region, SeedMatch

__all__ = ["MEMORY_BYTES", "SeedAnswer", "SeedIndex", "SeedWriter", "merge_seeds"]

POSTINGS_A_QUERY = 2**23
"""How many postings one question may read in one split; the rarest keys go first."""

RARE_SEEDS = 8
"""When all keys are over the question's cap, so many of the rarest are asked all the same."""


class Regions(Mapping[int, list[Region]]):
    """Where each candidate may match, best first; the lists are made when they are asked for."""

    def __init__(self, keys: NDArray[np.uint32], first: NDArray[np.int64], table: NDArray[np.int64]) -> None:
        self._keys, self._first, self._table = keys, first, table

    def __getitem__(self, key: int) -> list[Region]:
        at = int(np.searchsorted(self._keys, key))
        if at == len(self._keys) or self._keys[at] != key:
            raise KeyError(key)
        rows = self._table[self._first[at] : self._first[at + 1]].tolist()
        return [Region(start, end, flag, float(votes)) for start, end, flag, votes in rows]

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys.tolist())

    def __len__(self) -> int:
        return len(self._keys)


@dataclass(frozen=True, slots=True)
class SeedAnswer:
    """Candidates of a seed question.

    Parameters
    ----------
    keys : ndarray of uint32, shape (m,)
        Items, ascending.
    votes : ndarray of float32, shape (m,)
        Query seeds on the best diagonal of each item.
    regions : mapping of int to list of Region
        Where each item may match, best first.
    complete : bool
        False when keys were left out without the question's leave.
    dropped : int
        Query seeds that were left out because their keys are too frequent.
    """

    keys: NDArray[np.uint32]
    votes: NDArray[np.float32]
    regions: Mapping[int, list[Region]]
    complete: bool
    dropped: int


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The seeds of a question that are asked: where their postings lie, and what is in the query."""

    begins: NDArray[np.uint64]
    ends: NDArray[np.uint64]
    positions: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    complete: bool
    dropped: int
    readings: NDArray[np.uint32]


class SeedIndex:
    """Reads the seed index of one space; files are memory-mapped.

    Parameters
    ----------
    directory : Path
    space : SeedSpace

    Attributes
    ----------
    facts : SeedFacts
        What the header says.
    item_keys : ndarray of uint32, shape (items,)
        Ascending.
    item_starts, item_lengths : ndarray of uint64, shape (items,)
        Place of each item on the axis.

    Raises
    ------
    IndexDamaged
        If a file is missing or not of the size that the header implies.
    """

    def __init__(self, directory: Path, space: SeedSpace) -> None:
        self.space = space
        self._directory = Path(directory)
        axis = file_of(self._directory, space, "axis")
        self.facts: SeedFacts = read_facts(axis)
        if (self.facts.key_bits, self.facts.shift, self.facts.flag_bits) != (
            space.key_bits,
            space.shift,
            space.flag_bits,
        ):
            raise IndexDamaged(f"was not written for space {space.name}", locator=str(axis), hint="index again")
        items = self.facts.items
        raw = self._file("axis", "u1", HEADER_BYTES + 20 * items)[HEADER_BYTES:]
        self.item_starts: NDArray[np.uint64] = raw[: 8 * items].view("<u8")
        self.item_lengths: NDArray[np.uint64] = raw[8 * items : 16 * items].view("<u8")
        self.item_keys: NDArray[np.uint32] = raw[16 * items :].view("<u4")
        self._starts = self._file("starts", self.facts.start_type, self.facts.keys + 1)
        self._keys = None if self.facts.direct else self._file("keys", self.facts.key_type, self.facts.keys)
        self._postings = Postings(
            self._file("postings", "u1", self.facts.postings * self.facts.width),
            self.facts.width,
            space.shift,
            space.flag_bits,
            self.item_starts,
        )

    def _file(self, part: str, dtype: str, count: int) -> NDArray[Any]:
        return mapped(file_of(self._directory, self.space, part), dtype, count)

    # ------------------------------------------------------------------------------------------------------- look-ups
    def _places(self, keys: ArrayLike, bits: tuple[int, ...] = ()) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Return where the postings of each key begin and end, checked to be inside of the file.

        With `bits`, those of all keys that agree with it in so many of the highest bits.
        """
        begins, ends = self._prefixes(keys, bits) if bits else self._table(keys)
        if np.any(begins > ends) or np.any(ends > self.facts.postings):
            raise self._damaged("points outside of the postings")
        return begins, ends

    def _prefixes(self, keys: ArrayLike, bits: tuple[int, ...]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        free = np.uint64(self.facts.key_bits) - np.array(bits, np.uint64)
        low = self._asked(keys).astype(np.uint64) >> free << free
        high = low | ((np.uint64(1) << free) - np.uint64(1))
        if self._keys is None:
            first, last = low.astype(np.int64), high.astype(np.int64) + 1
        else:
            first = np.searchsorted(self._keys, low.astype(self._keys.dtype), "left")
            last = np.searchsorted(self._keys, high.astype(self._keys.dtype), "right")
        return self._starts[first].astype(np.uint64), self._starts[last].astype(np.uint64)

    def _asked(self, keys: ArrayLike) -> NDArray[Any]:
        """Return keys, checked to be of the space."""
        asked = np.asarray(keys)
        if len(asked) and (asked.min() < 0 or int(asked.max()) >= 2**self.facts.key_bits):
            raise ValueError(f"keys of space {self.space.name} are below 2 ** {self.facts.key_bits}")
        return asked

    def _table(self, keys: ArrayLike) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        asked = self._asked(keys)
        if self._keys is None:
            where = asked.astype(np.int64)
            return self._starts[where].astype(np.uint64), self._starts[where + 1].astype(np.uint64)
        wanted = asked.astype(self._keys.dtype)
        entry = np.searchsorted(self._keys, wanted)
        found = entry < len(self._keys)
        found[found] = self._keys[entry[found]] == wanted[found]
        begins = self._starts[entry].astype(np.uint64)
        return begins, np.where(found, self._starts[entry + found], begins).astype(np.uint64)

    def _entries(self, low: int, high: int) -> tuple[int, int]:
        """Return the entries of the table of starts for keys [low, high)."""
        low, high = max(low, 0), min(high, 2**self.facts.key_bits)
        if self._keys is None:
            return low, max(high, low)
        first = _place(self._keys, low)
        return first, max(_place(self._keys, high), first)

    def count(self, key: int) -> int:
        """Count the postings of a key."""
        begins, ends = self._places([key])
        return int(ends[0]) - int(begins[0])

    def counts(self, keys: ArrayLike) -> NDArray[np.uint64]:
        """Count the postings of each key."""
        begins, ends = self._places(keys)
        return ends - begins

    def range_count(self, low: int, high: int) -> int:
        """Count the postings of the keys [low, high)."""
        first, last = self._entries(low, high)
        return int(self._starts[last]) - int(self._starts[first])

    def postings(self, keys: ArrayLike) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint32]]:
        """Return the postings of keys, one key after the other.

        Returns
        -------
        positions : ndarray of uint64, shape (m,)
            On the axis, rounded down to a multiple of ``2 ** shift``.
        flags : ndarray of uint8, shape (m,)
        numbers : ndarray of uint32, shape (m,)
            Which of the keys asked for each posting is of.

        Raises
        ------
        IndexDamaged
            If the table of starts points outside of the postings.
        """
        return self._decoded(*self._places(keys))

    def range_postings(self, low: int, high: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint8]]:
        """Return key, axis position and flag of all postings of the keys [low, high), by key."""
        first, last = self._entries(low, high)
        edges = self._starts[first : last + 1].astype(np.uint64)
        positions, flags, _ = self._decoded(edges[:1], edges[-1:])
        names = np.arange(first, last, dtype=np.uint64) if self._keys is None else self._keys[first:last]
        return np.repeat(names.astype(np.uint64), np.diff(edges).astype(np.int64)), positions, flags

    def _decoded(
        self, begins: NDArray[np.uint64], ends: NDArray[np.uint64]
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint32]]:
        try:
            values, numbers = gather_postings(self._postings.packed, self.facts.width, begins, ends)
        except ValueError as exc:
            raise self._damaged(str(exc)) from exc
        flags = (values & np.uint64(2**self.facts.flag_bits - 1)).astype(np.uint8)
        return values >> np.uint64(self.facts.flag_bits) << np.uint64(self.facts.shift), flags, numbers

    def _damaged(self, message: str) -> IndexDamaged:
        path = file_of(self._directory, self.space, "starts")
        return IndexDamaged(message, locator=str(path), hint="run nlsearch check")

    def items_at(self, positions: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the row (in `item_keys`, `item_starts`, `item_lengths`) of the item at each axis position."""
        return np.searchsorted(self.item_starts, positions, side="right").astype(np.int64) - 1

    def sample_keys(self, step: int) -> NDArray[np.uint64]:
        """Return the key of every `step`-th posting, ascending."""
        at = np.arange(0, self.facts.postings, step).astype(self._starts.dtype)
        entries = np.searchsorted(self._starts, at, side="right") - 1
        return entries.astype(np.uint64) if self._keys is None else self._keys[entries].astype(np.uint64)

    # --------------------------------------------------------------------------------------------------------- voting
    def lookup(self, match: SeedMatch, regions_per_item: int = 1 + Limits().evidence_more) -> SeedAnswer:
        """Find items in which seeds of the query line up on a diagonal.

        Every query seed has one vote on a diagonal bin, however often it occurs there.  A bin and one of its
        neighbours must have ``match.min_votes`` together: all places are found where so many seeds lie within
        ``match.bin_width`` diagonals.  Keys over ``match.max_occurrences`` are left out; if that leaves fewer than
        `RARE_SEEDS` (or ``min_votes``), the rarest of them are asked all the same, so that a query made of repeats
        finds something.

        Parameters
        ----------
        match : SeedMatch
        regions_per_item : int
            How many regions are listed of one item.

        Returns
        -------
        SeedAnswer

        Raises
        ------
        IndexDamaged
            If the files contradict themselves.
        ValueError
            If the question is not one for this space.
        """
        chosen = self._chosen(match)
        if not len(chosen.positions):
            return SeedAnswer(np.empty(0, np.uint32), np.empty(0, np.float32), {}, chosen.complete, chosen.dropped)
        found = self._answer(self._counted(vote, chosen, match), match, regions_per_item)
        return SeedAnswer(*found, complete=chosen.complete, dropped=chosen.dropped)

    def _chosen(self, match: SeedMatch) -> _Chosen:
        """Return the seeds of a question that are asked."""
        keys, positions, flags = _columns(match)
        begins, ends = self._places(keys, match.bits)
        counts = (ends - begins).astype(np.int64)
        if match.pieces:
            held = cheapest_pieces(counts, positions.astype(np.int64), np.array(match.spans, np.int64), match.pieces)
            begins, ends, positions, flags = begins[held], ends[held], positions[held], flags[held]
            counts = counts[held]
        asked, over, beyond = _admitted(counts, match)
        complete = not beyond and (not over or match.capped_ok)
        readings = np.array(match.readings, np.uint32) if match.readings else np.zeros(len(counts), np.uint32)
        told = (complete, over + beyond, readings[asked])
        return _Chosen(begins[asked], ends[asked], positions[asked], flags[asked], *told)

    def _counted(self, count: Callable[..., NDArray[np.void]], chosen: _Chosen, match: SeedMatch) -> NDArray[np.void]:
        """Return what a kernel of voting makes of the seeds that are asked."""
        seeds = (chosen.begins, chosen.ends, chosen.positions, chosen.flags)
        try:
            return count(self._postings, *seeds, match.bin_width, match.min_votes)
        except ValueError as exc:
            raise self._damaged(str(exc)) from exc

    def anchors(
        self, match: SeedMatch, wanted: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.uint32], Anchors, bool]:
        """Return the single seeds that line up, instead of where they do; or the best places of a question for these.

        Parameters
        ----------
        match : SeedMatch
        wanted : ndarray of bool, shape (items,), optional
            Of which items, by their keys, the best places are wanted; None: of all.

        Returns
        -------
        keys : ndarray of uint32, shape (m,)
            Items, ascending.
        anchors : Anchors
            By row in `keys`.
        complete : bool
            False when keys were left out without the question's leave.

        Raises
        ------
        IndexDamaged
            If the files contradict themselves.
        ValueError
            If the question is not one for this space.
        """
        chosen = self._chosen(match)
        if match.best:
            return self._best(chosen, match, wanted)
        found = self._counted(line_up, chosen, match)
        items = found["item"]
        fresh = np.diff(items.astype(np.int64), prepend=-1) != 0
        rows = np.cumsum(fresh, dtype=np.uint32) - np.uint32(1)
        queries = chosen.positions[found["seed"]]
        anchors = Anchors(rows, found["flag"].astype(np.uint8), queries, found["target"].copy())
        return self.item_keys[items[fresh]], anchors, chosen.complete

    def _best(
        self, chosen: _Chosen, match: SeedMatch, wanted: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.uint32], Anchors, bool]:
        """Return the places with the most weighted votes."""
        place = Place(self.facts.axis, match.span, match.bin_width, match.best)
        weights = vote_weights(place, chosen.ends - chosen.begins)
        seeds = (chosen.begins, chosen.ends, chosen.positions, weights, chosen.readings)
        rows = None if wanted is None else wanted[self.item_keys].astype(np.uint8)
        try:
            found = vote_best(self._postings, *seeds, place, rows)
        except ValueError as exc:
            raise self._damaged(str(exc)) from exc
        found = found[np.lexsort((found["diagonal"], found["reading"], found["item"]))]
        held, rank = np.unique(found["item"], return_inverse=True)
        targets = found["diagonal"] - self.item_starts[found["item"]].astype(np.int64)
        nowhere = np.zeros(len(found), np.uint32)
        flags, votes, expected = found["reading"].astype(np.uint8), found["votes"].copy(), found["expected"].copy()
        anchors = Anchors(rank.astype(np.uint32), flags, nowhere, targets, votes, expected)
        return self.item_keys[held], anchors, chosen.complete

    def _answer(
        self, bands: NDArray[np.void], match: SeedMatch, most: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.float32], Regions]:
        items = bands["item"].astype(np.int64)
        first = np.flatnonzero(np.concatenate([np.ones(min(len(items), 1), bool), items[1:] != items[:-1]]))
        sizes = np.diff(np.append(first, len(items)))
        rank = np.arange(len(items)) - np.repeat(first, sizes)
        bands, items = bands[rank < most], items[rank < most]
        starts, lengths = self.item_starts[items].astype(np.int64), self.item_lengths[items].astype(np.int64)
        opposite = bands["flag"] == 1
        margin = match.bin_width + 2**self.facts.shift
        tail = max(match.span - max(match.positions), 0)
        low = bands["low"] - starts - margin - np.where(opposite, match.span, 0)
        high = bands["high"] - starts + margin + np.where(opposite, tail, match.span)
        table = np.stack([np.clip(low, 0, lengths), np.clip(high, 0, lengths), opposite, bands["votes"]], axis=1)
        kept = np.minimum(sizes, most)
        edges = np.concatenate([[0], np.cumsum(kept)])
        keys = self.item_keys[items[edges[:-1]]]
        return keys, bands["votes"][edges[:-1]].astype(np.float32), Regions(keys, edges, table.astype(np.int64))


def _place(keys: NDArray[Any], key: int) -> int:
    return len(keys) if key > np.iinfo(keys.dtype).max else int(np.searchsorted(keys, keys.dtype.type(key)))


def _columns(match: SeedMatch) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint8]]:
    keys = np.array(match.keys, np.uint64)
    positions = np.array(match.positions, np.uint32)
    flags = np.array(match.flags, np.uint8) if match.flags else np.zeros(len(keys), np.uint8)
    if not keys.shape == positions.shape == flags.shape:
        raise ValueError("keys, positions and flags of a seed question must be as many")
    if not 1 <= match.bin_width <= MAX_BIN or match.min_votes < 1:
        raise ValueError("bin_width or min_votes of a seed question is out of range")
    if match.readings and (len(match.readings) != len(keys) or not match.best):
        raise ValueError("readings of a seed question must be as many as its keys, and its best places asked for")
    if (match.bits and len(match.bits) != len(keys)) or (match.pieces and len(match.spans) != len(keys)):
        raise ValueError("bits and spans of a seed question must be as many as its keys")
    return keys, positions, flags


def cheapest_pieces(
    counts: NDArray[np.int64], positions: NDArray[np.int64], spans: NDArray[np.int64], pieces: int
) -> NDArray[np.int64]:
    """Choose seeds that do not overlap in the query and have the fewest postings together.

    Dynamic programming over the places of the query and the number of pieces.

    Parameters
    ----------
    counts, positions, spans : ndarray of int64, shape (n,)
        Postings of each seed, and the part [position, position + span) of the query that it covers.
    pieces : int

    Returns
    -------
    ndarray of int64, shape (pieces,)
        Which seeds, by position.

    Raises
    ------
    ValueError
        If there are not so many that do not overlap.
    """
    length = int((positions + spans).max(initial=0))
    none = float("inf")
    best = [[0.0] + [none] * pieces for _ in range(length + 1)]
    taken: list[list[int]] = [[-1] * (pieces + 1) for _ in range(length + 1)]
    ending: list[list[int]] = [[] for _ in range(length + 1)]
    for seed, end in enumerate((positions + spans).tolist()):
        ending[end].append(seed)
    for end in range(1, length + 1):
        best[end] = best[end - 1].copy()
        for seed in ending[end]:
            before = best[int(positions[seed])]
            for number in range(1, pieces + 1):
                cost = before[number - 1] + int(counts[seed])
                if cost < best[end][number]:
                    best[end][number], taken[end][number] = cost, seed
    if best[length][pieces] == none:
        raise ValueError(f"a seed question has no {pieces} seeds that do not overlap")
    chosen: list[int] = []
    end, number = length, pieces
    while number:
        seed = taken[end][number]
        if seed < 0 or best[end][number] == best[end - 1][number]:
            end -= 1
            continue
        chosen.append(seed)
        end, number = int(positions[seed]), number - 1
    return np.array(chosen[::-1], np.int64)


def _admitted(counts: NDArray[np.int64], match: SeedMatch) -> tuple[NDArray[np.int64], int, int]:
    """Choose the query seeds to ask, rarest first.

    Returns
    -------
    asked : ndarray of int64
        Seeds with postings, in the order of the query.
    over, beyond : int
        Seeds left out by the question's cap, and by `POSTINGS_A_QUERY`.
    """
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > 0]
    rare = counts[order] <= match.max_occurrences
    least = max(match.min_votes, RARE_SEEDS)
    wanted = rare | (np.arange(len(order)) < least)
    affordable = np.cumsum(counts[order]) <= POSTINGS_A_QUERY
    asked = np.sort(order[wanted & affordable])
    return asked, int(np.count_nonzero(~wanted)), int(np.count_nonzero(wanted & ~affordable))
