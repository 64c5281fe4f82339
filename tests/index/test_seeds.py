"""The seed index against plain Python, at every layout, and what it says about damage."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.errors import IndexDamaged
from nlsearch.handlers.contract import SeedSpace
from nlsearch.index.seeds import SeedIndex, SeedWriter, merge_seeds
from nlsearch.kernels import syncmers
from nlsearch.model import SeedMatch, Seeds

DNA = SeedSpace("nucleotide.syncmer", key_bits=21, shift=3, flag_bits=1)
SMALL = SeedSpace("tune.interval", key_bits=6)
WIDE = SeedSpace("audio.landmark", key_bits=40, shift=1)
SPACES = (DNA, SMALL, WIDE)
TINY_MEMORY = 1


def random_seeds(rng: np.random.Generator, space: SeedSpace, most: int = 60, keys: int = 40) -> Seeds:
    length = int(rng.integers(0, 300))
    n = int(rng.integers(0, most)) if length else 0
    names = rng.integers(0, 2**space.key_bits - 1, keys, dtype=np.uint64)
    return Seeds(
        keys=rng.choice(names, n) if n else np.empty(0, np.uint64),
        positions=rng.integers(0, max(length, 1), n).astype(np.uint32),
        length=length,
        flags=rng.integers(0, 2**space.flag_bits, n).astype(np.uint8),
    )


def collection(seed: int, space: SeedSpace, n: int) -> dict[int, Seeds]:
    rng = np.random.default_rng(seed)
    keys = np.sort(rng.choice(4 * n, n, replace=False))
    return {int(key): random_seeds(rng, space) for key in keys}


def build(directory: Path, space: SeedSpace, items: dict[int, Seeds], memory_bytes: int = 2**26) -> SeedIndex:
    directory.mkdir(parents=True, exist_ok=True)
    writer = SeedWriter(directory, space, memory_bytes)
    for key, seeds in items.items():
        writer.add(key, seeds)
    facts = writer.finish()
    assert facts["postings"] == sum(len(seeds.keys) for seeds in items.values())
    return SeedIndex(directory, space)


def content(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_postings_are_those_that_were_added(tmp_path: Path, space: SeedSpace) -> None:
    items = collection(1, space, 30)
    index = build(tmp_path, space, items)
    known = sorted({int(key) for seeds in items.values() for key in seeds.keys})
    expected = {
        key: sorted(
            (item, int(position) >> space.shift << space.shift, int(flag))
            for item, seeds in items.items()
            for position, flag in zip(seeds.positions[seeds.keys == key], seeds.flags[seeds.keys == key], strict=True)
        )
        for key in known
    }
    positions, flags, numbers = index.postings(known)
    rows = index.items_at(positions)
    local = positions - index.item_starts[rows]
    found: dict[int, list[tuple[int, int, int]]] = {key: [] for key in known}
    for number, row, position, flag in zip(numbers, rows, local, flags, strict=True):
        found[known[number]].append((int(index.item_keys[row]), int(position), int(flag)))
    assert {key: sorted(rest) for key, rest in found.items()} == expected
    assert [index.count(key) for key in known] == [len(expected[key]) for key in known]
    low, high = known[len(known) // 4], known[3 * len(known) // 4]
    assert index.range_count(low, high) == sum(len(expected[key]) for key in known if low <= key < high)
    assert index.range_count(0, 2**space.key_bits) == index.facts.postings
    names, _, _ = index.range_postings(low, high)
    assert names.tolist() == [key for key in known if low <= key < high for _ in expected[key]]
    missing = 2**space.key_bits - 1
    assert index.count(missing) == 0
    assert index.range_count(high, low) == 0


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_little_memory_gives_the_same_files(tmp_path: Path, space: SeedSpace) -> None:
    rng = np.random.default_rng(5)
    items = {key: random_seeds(rng, space, most=4000, keys=3 if key % 2 else 5000) for key in range(12)}
    build(tmp_path / "roomy", space, items)
    build(tmp_path / "tight", space, items, TINY_MEMORY)
    assert content(tmp_path / "tight") == content(tmp_path / "roomy")


def test_one_key_may_fill_more_than_the_memory(tmp_path: Path) -> None:
    n = 10_000
    repeat = Seeds(np.full(n, 7, np.uint32), np.arange(n, dtype=np.uint32), n)
    index = build(tmp_path, SMALL, {0: repeat, 1: repeat}, TINY_MEMORY)
    assert index.count(7) == 2 * n
    assert index.postings([7])[0].tolist() == list(range(2 * n))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), space=st.sampled_from(SPACES), parts=st.integers(1, 3))
def test_merging_gives_the_files_of_a_new_build(
    tmp_path_factory: pytest.TempPathFactory, seed: int, space: SeedSpace, parts: int
) -> None:
    home = tmp_path_factory.mktemp("merge")
    rng = np.random.default_rng(seed)
    pieces = [collection(int(rng.integers(2**31)), space, int(rng.integers(0, 12))) for _ in range(parts)]
    total = sum(map(len, pieces))
    new_keys = rng.permutation(3 * total)[:total].tolist()
    merged: dict[int, Seeds] = {}
    indexes = []
    for number, piece in enumerate(pieces):
        key_map = np.full(max(piece, default=0) + 1, -1, np.int64)
        for key, seeds in piece.items():
            new = new_keys.pop()
            if rng.random() < 0.8:
                key_map[key] = new
                merged[new] = seeds
        indexes.append((build(home / str(number), space, piece), key_map))
    (home / "merged").mkdir()
    merge_seeds(indexes, home / "merged", space, TINY_MEMORY)
    build(home / "rebuilt", space, dict(sorted(merged.items())))
    assert content(home / "merged") == content(home / "rebuilt")


def test_merging_refuses_two_items_with_one_key(tmp_path: Path) -> None:
    index = build(tmp_path, SMALL, {0: Seeds(np.array([1]), np.array([0]), 4)})
    with pytest.raises(ValueError, match="same key"):
        merge_seeds([(index, np.array([5])), (index, np.array([5]))], tmp_path, SMALL)


def test_merging_refuses_another_layout(tmp_path: Path) -> None:
    index = build(tmp_path, SMALL, {0: Seeds(np.array([1]), np.array([0]), 4)})
    with pytest.raises(ValueError, match="layout"):
        merge_seeds([(index, np.array([0]))], tmp_path, SeedSpace(SMALL.name, 7))


def test_few_postings_list_their_keys(tmp_path: Path) -> None:
    build(tmp_path, DNA, {0: Seeds(np.array([5, 9]), np.array([0, 1]), 20)})
    assert sum(map(len, content(tmp_path).values())) < 200
    assert (tmp_path / "nucleotide.syncmer.keys").exists()


def test_an_empty_space_answers_nothing(tmp_path: Path) -> None:
    index = build(tmp_path, SMALL, {})
    assert index.count(3) == 0
    assert index.lookup(SeedMatch(SMALL.name, (3, 4), (0, 1), span=2)).keys.tolist() == []


# ------------------------------------------------------------------------------------------------------------- voting
def question(space: SeedSpace, codes: np.ndarray, **options: int) -> SeedMatch:
    keys, positions, flags = syncmers(codes, 11, 8)
    return SeedMatch(
        space.name, tuple(keys.tolist()), tuple(positions.tolist()), len(codes), tuple(flags.tolist()), **options
    )


def genome_items(genomes: list[np.ndarray]) -> dict[int, Seeds]:
    items = {}
    for key, codes in enumerate(genomes):
        keys, positions, flags = syncmers(codes, 11, 8)
        items[3 * key] = Seeds(keys, positions, len(codes), flags)
    return items


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), reverse=st.booleans())
def test_a_planted_piece_is_found_with_its_whole_query_inside_the_region(
    tmp_path_factory: pytest.TempPathFactory, seed: int, reverse: bool
) -> None:
    rng = np.random.default_rng(seed)
    genomes = [rng.integers(0, 4, int(rng.integers(400, 5000))).astype(np.uint8) for _ in range(8)]
    target = int(rng.integers(8))
    start = int(rng.integers(0, len(genomes[target]) - 300))
    piece = genomes[target][start : start + 300].copy()
    spots = rng.choice(300, 15, replace=False)
    piece[spots] = (piece[spots] + 1) % 4
    index = build(tmp_path_factory.mktemp("dna"), DNA, genome_items(genomes))
    answer = index.lookup(question(DNA, (3 - piece)[::-1] if reverse else piece, min_votes=3))
    assert answer.complete
    assert answer.keys[np.argmax(answer.votes)] == 3 * target
    best = answer.regions[3 * target][0]
    assert best.flag == int(reverse)
    assert best.start <= start
    assert best.end >= start + 300
    assert 0 <= best.start < best.end <= len(genomes[target])
    assert best.end - best.start <= 300 + 4 * (64 + 8) + 64


def test_items_next_to_each_other_do_not_share_votes(tmp_path: Path) -> None:
    """A diagonal that leaves one item at its end goes on in the next; votes must not."""
    items = {key: Seeds(np.array([key], np.uint32), np.array([5], np.uint32), 6) for key in range(8)}
    index = build(tmp_path, SMALL, items)
    match = SeedMatch(SMALL.name, tuple(range(8)), tuple(6 * n for n in range(8)), span=48, min_votes=2, bin_width=4)
    assert index.lookup(match).keys.tolist() == []


def test_a_seed_counts_once_a_bin_however_often_it_occurs(tmp_path: Path) -> None:
    items = {0: Seeds(np.full(30, 1, np.uint32), np.arange(30, dtype=np.uint32), 30)}
    index = build(tmp_path, SMALL, items)
    answer = index.lookup(SeedMatch(SMALL.name, (1,), (0,), span=1, bin_width=16))
    assert answer.votes.tolist() == [2.0]


def test_the_order_of_regions_is_that_of_their_votes_and_their_number_is_bounded(tmp_path: Path) -> None:
    keys = np.tile(np.arange(3, dtype=np.uint32), 40)
    positions = np.repeat(np.arange(40, dtype=np.uint32) * 100, 3) + keys
    keep = np.ones(120, bool)
    keep[::6] = False
    index = build(tmp_path, SMALL, {4: Seeds(keys[keep], positions[keep], 4000)})
    match = SeedMatch(SMALL.name, (0, 1, 2), (0, 1, 2), span=3, bin_width=4)
    regions = index.lookup(match, regions_per_item=30).regions[4]
    assert len(regions) == 30
    votes = [region.votes for region in regions]
    assert votes == [3.0] * 20 + [2.0] * 10
    assert len(index.lookup(match).regions[4]) == 40
    assert dict(index.lookup(match).regions).keys() == {4}
    with pytest.raises(KeyError):
        index.lookup(match).regions[5]


def test_frequent_keys_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    often = np.zeros(200, np.uint32)
    rare = np.arange(1, 31, dtype=np.uint32)
    seeds = Seeds(np.concatenate([often, rare]), np.arange(230, dtype=np.uint32), 230)
    index = build(tmp_path, SMALL, {0: seeds})
    keys, positions = (0, *rare.tolist()), (199, *range(200, 230))
    match = SeedMatch(SMALL.name, keys, positions, span=230, max_occurrences=50)
    answer = index.lookup(match)
    assert (answer.complete, answer.dropped) == (False, 1)
    assert answer.votes.tolist() == [30.0]
    trusting = SeedMatch(SMALL.name, keys, positions, span=230, max_occurrences=50, capped_ok=True)
    assert index.lookup(trusting).complete
    roomy = SeedMatch(SMALL.name, keys, positions, span=230, max_occurrences=200)
    assert index.lookup(roomy).complete
    assert index.lookup(roomy).votes.tolist() == [32.0]  # key 0 votes in both bins of the best pair


def test_a_query_made_of_repeats_still_finds_something(tmp_path: Path) -> None:
    index = build(tmp_path, SMALL, {0: Seeds(np.zeros(500, np.uint32), np.arange(500, dtype=np.uint32), 500)})
    match = SeedMatch(SMALL.name, (0,) * 20, tuple(range(20)), span=20, max_occurrences=100, min_votes=5)
    answer = index.lookup(match)
    assert answer.keys.tolist() == [0]
    assert not answer.complete
    assert answer.dropped == 12


# ------------------------------------------------------------------------------------------------------- single seeds
def aligned(items: dict[int, Seeds], space: SeedSpace, match: SeedMatch) -> Counter[tuple[int, int, int, int]]:
    """Count item, flag, positions in query and item (rounded) of all pairs of equal seeds."""
    found: Counter[tuple[int, int, int, int]] = Counter()
    for item, seeds in items.items():
        flags = np.zeros(len(seeds.keys), np.uint8) if seeds.flags is None else seeds.flags
        for key, at, flag in zip(match.keys, match.positions, match.flags or (0,) * len(match.keys), strict=True):
            for n in np.flatnonzero(seeds.keys == key).tolist():
                place = int(seeds.positions[n]) >> space.shift << space.shift
                found[item, int(flag != flags[n]), at, place] += 1
    return found


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), space=st.sampled_from(SPACES), min_votes=st.sampled_from([1, 2, 4]))
def test_anchors_are_all_pairs_of_equal_seeds_that_line_up(
    tmp_path_factory: pytest.TempPathFactory, seed: int, space: SeedSpace, min_votes: int
) -> None:
    rng = np.random.default_rng(seed)
    items = collection(seed, space, int(rng.integers(1, 12)))
    known = np.concatenate([seeds.keys for seeds in items.values()])
    names = known[rng.integers(len(known), size=15)] if len(known) else np.zeros(15, np.uint64)
    places, flags = rng.integers(0, 200, 15), rng.integers(0, 2**space.flag_bits, 15)
    columns = (tuple(column.tolist()) for column in (names, places))
    match = SeedMatch(space.name, *columns, 200, tuple(flags.tolist()), min_votes, 16, 10_000)
    keys, anchors, complete = build(tmp_path_factory.mktemp("one"), space, items).anchors(match)
    assert complete
    assert keys.tolist() == sorted(set(keys.tolist()))
    assert np.unique(anchors.items).tolist() == list(range(len(keys)))
    rows = (keys[anchors.items], anchors.flags, anchors.queries, anchors.targets)
    found = Counter(zip(*(row.tolist() for row in rows), strict=True))
    every = aligned(items, space, match)
    assert found == every if min_votes == 1 else found <= every
    diagonals = Counter((item, flag, at + place if flag else place - at) for item, flag, at, place in every.elements())
    for (item, flag, at, place), count in every.items():
        if diagonals[item, flag, at + place if flag else place - at] >= min_votes:
            assert found[item, flag, at, place] == count
    by_row = zip(*(row.tolist() for row in rows), strict=True)
    order = [(item, flag, place + at if flag else place - at) for item, flag, at, place in by_row]
    assert order == sorted(order)


def test_anchors_of_frequent_keys_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    often, rare = np.zeros(200, np.uint32), np.arange(1, 31, dtype=np.uint32)
    seeds = Seeds(np.concatenate([often, rare]), np.arange(230, dtype=np.uint32), 230)
    index = build(tmp_path, SMALL, {0: Seeds(np.array([40]), np.array([0]), 4), 7: seeds})
    match = SeedMatch(SMALL.name, (0, *rare.tolist()), (199, *range(200, 230)), 230, max_occurrences=50)
    keys, anchors, complete = index.anchors(match)
    assert (keys.tolist(), complete) == ([7], False)
    assert anchors.queries.tolist() == anchors.targets.tolist() == list(range(200, 230))
    assert index.anchors(replace(match, capped_ok=True))[2]
    assert len(index.anchors(replace(match, max_occurrences=200))[1].items) == 230


def test_nothing_in_common_gives_no_anchors(tmp_path: Path) -> None:
    index = build(tmp_path, SMALL, collection(2, SMALL, 5))
    keys, anchors, complete = index.anchors(SeedMatch(SMALL.name, (63,), (0,), 1))
    assert (len(keys), len(anchors.items), complete) == (0, 0, True)
    nothing = build(tmp_path / "empty", SMALL, {}).anchors(SeedMatch(SMALL.name, (3, 4), (0, 1), 2))
    assert (len(nothing[0]), len(nothing[1].targets), nothing[2]) == (0, 0, True)


# ------------------------------------------------------------------------------------------------------------- errors
@pytest.mark.parametrize(
    "seeds",
    [
        Seeds(np.array([64]), np.array([0]), 4),
        Seeds(np.array([-1]), np.array([0]), 4),
        Seeds(np.array([1]), np.array([4]), 4),
        Seeds(np.array([1, 2]), np.array([0]), 4),
        Seeds(np.array([1]), np.array([0]), 4, np.array([1])),
    ],
    ids=["key", "negative", "position", "lengths", "flag"],
)
def test_seeds_that_are_not_of_the_space_are_refused(tmp_path: Path, seeds: Seeds) -> None:
    with pytest.raises(ValueError, match=r"space|axis"):
        SeedWriter(tmp_path, SMALL).add(0, seeds)


def test_item_keys_must_ascend(tmp_path: Path) -> None:
    writer = SeedWriter(tmp_path, SMALL)
    writer.add(3, Seeds(np.array([1]), np.array([0]), 4))
    with pytest.raises(ValueError, match="ascend"):
        writer.add(3, Seeds(np.array([1]), np.array([0]), 4))


@pytest.mark.parametrize("space", [SMALL, WIDE], ids=["direct", "listed"])
@pytest.mark.parametrize("change", [-1, 1])
def test_every_file_of_another_size_is_damage(tmp_path: Path, space: SeedSpace, change: int) -> None:
    build(tmp_path, space, collection(2, space, 20))
    for path in sorted(tmp_path.iterdir()):
        whole = path.read_bytes()
        path.write_bytes(whole + b"\0" if change > 0 else whole[:-1])
        with pytest.raises(IndexDamaged):
            SeedIndex(tmp_path, space)
        path.unlink()
        with pytest.raises(IndexDamaged):
            SeedIndex(tmp_path, space)
        path.write_bytes(whole)
    SeedIndex(tmp_path, space)


def test_starts_outside_of_the_postings_are_damage_not_a_crash(tmp_path: Path) -> None:
    build(tmp_path, SMALL, collection(2, SMALL, 20))
    path = tmp_path / "tune.interval.starts"
    starts = np.frombuffer(path.read_bytes(), "<u4").copy()
    starts[10] = starts[-1] + 1
    path.write_bytes(starts.tobytes())
    index = SeedIndex(tmp_path, SMALL)
    with pytest.raises(IndexDamaged):
        index.postings([9])
    for ask in (index.lookup, index.anchors):
        with pytest.raises(IndexDamaged):
            ask(SeedMatch(SMALL.name, (9,), (0,), span=1, max_occurrences=2**31))


def test_keys_outside_of_the_space_are_refused(tmp_path: Path) -> None:
    index = build(tmp_path, SMALL, collection(2, SMALL, 5))
    with pytest.raises(ValueError, match="below"):
        index.lookup(SeedMatch(SMALL.name, (64,), (0,), span=1))
    with pytest.raises(ValueError, match="as many"):
        index.lookup(SeedMatch(SMALL.name, (1, 2), (0,), span=1))
    for options in ({"bin_width": 0}, {"min_votes": 0}):
        with pytest.raises(ValueError, match="out of range"):
            index.lookup(SeedMatch(SMALL.name, (1,), (0,), span=1, **options))


@pytest.mark.parametrize("space", [SeedSpace("t.sorted", 64), SeedSpace("t.direct", 16)], ids=["sorted", "direct"])
def test_a_prefix_of_a_key_asks_for_all_keys_that_begin_with_it(tmp_path: Path, space: SeedSpace) -> None:
    rng = np.random.default_rng(5)
    keys = rng.integers(0, 2**12, 300).astype(np.uint64) << np.uint64(space.key_bits - 12)
    item = Seeds(keys, np.arange(300, dtype=np.uint32), 300)
    index = build(tmp_path, space, {3: item})
    for bits in (1, 4, 7, 12):
        shift = np.uint64(space.key_bits - bits)
        match = SeedMatch(
            space.name, (int(keys[17]),), (0,), 300, max_occurrences=2**40, refine=True, bits=(bits,), bin_width=1
        )
        found, anchors, complete = index.anchors(match)
        expected = np.flatnonzero(keys >> shift == keys[17] >> shift)
        assert complete
        assert found.tolist() == [3]
        assert sorted(anchors.targets.tolist()) == expected.tolist()


def test_of_pieces_only_the_cheapest_that_do_not_overlap_are_asked(tmp_path: Path) -> None:
    space = SeedSpace("t.pieces", 64)
    often, seldom = 5 << 56, 9 << 56
    keys = np.array([often] * 8 + [seldom] * 2, np.uint64)
    index = build(tmp_path, space, {0: Seeds(keys, np.arange(10, dtype=np.uint32), 10)})
    asked = SeedMatch(
        space.name, (often, seldom, seldom), (0, 1, 3), 6, bits=(8, 8, 8), spans=(2, 2, 2), pieces=1, refine=True,
        bin_width=1,
    )  # fmt: skip
    _, anchors, _ = index.anchors(asked)
    assert set(anchors.queries.tolist()) == {1}
    _, anchors, _ = index.anchors(replace(asked, pieces=2))
    assert set(anchors.queries.tolist()) == {1, 3}
    with pytest.raises(ValueError, match="do not overlap"):
        index.anchors(replace(asked, pieces=3))
    with pytest.raises(ValueError, match="as many"):
        index.anchors(replace(asked, spans=(2,)))


# -------------------------------------------------------------------------------------------------------- best places
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), most=st.integers(1, 9), bin_width=st.sampled_from([1, 2, 8]))
def test_the_best_places_are_those_of_a_count_over_all_seeds(
    tmp_path_factory: pytest.TempPathFactory, seed: int, most: int, bin_width: int
) -> None:
    rng = np.random.default_rng(seed)
    items = collection(seed, SMALL, 6)
    index = build(tmp_path_factory.mktemp("best"), SMALL, items)
    keys = tuple(rng.integers(0, 64, 12).tolist())
    positions = tuple(rng.integers(0, 50, 12).tolist())
    readings = tuple(sorted(rng.integers(0, 3, 12).tolist()))
    match = SeedMatch(
        SMALL.name, keys, positions, 50, bin_width=bin_width, capped_ok=True, refine=True, readings=readings, best=most
    )
    wanted = rng.random(max(items) + 1) < 0.7
    found, anchors, complete = index.anchors(match, wanted)
    assert complete
    assert anchors.votes is not None
    assert all(wanted[found])
    counts = index.counts(np.array(keys))
    votes: Counter[tuple[int, int]] = Counter()
    held = {place for place, count in enumerate(counts.tolist()) if count}
    bias = max((positions[place] for place in held), default=0)
    for place in held:
        weight = np.float32(np.log1p(index.facts.axis / bin_width / (20 * int(counts[place]))))
        for axis in index.postings([keys[place]])[0].tolist():
            votes[readings[place], (axis - positions[place] + bias) // bin_width] += float(weight)
    for row, reading, target, said in zip(
        anchors.items.tolist(), anchors.flags.tolist(), anchors.targets.tolist(), anchors.votes.tolist(), strict=True
    ):
        start = int(index.item_starts[np.searchsorted(index.item_keys, found[row])])
        after = (target + start + bias) // bin_width
        assert said == pytest.approx(votes[reading, after - 1] + votes[reading, after], rel=1e-4)
    pairs = [votes[reading, at] + votes[reading, at + 1] for reading, at in votes]
    if len(anchors.items) == most:
        better = [pair for pair in pairs if pair > max(anchors.votes.tolist()) * (1 + 1e-4)]
        assert all(wanted.tolist()) is False or not better


def test_readings_without_best_places_are_refused(tmp_path: Path) -> None:
    index = build(tmp_path / "one", SMALL, collection(1, SMALL, 3))
    with pytest.raises(ValueError, match="readings"):
        index.anchors(SeedMatch(SMALL.name, (1,), (0,), 5, refine=True, readings=(0,)))
