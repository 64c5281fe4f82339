"""The kernel of melodies beside its oracle, the oracle beside the definition, and the seeds beside all pairs."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from nlsearch.handlers.score.compile import pieces_of
from nlsearch.handlers.score.notation import TICKS, Bar, Note, Part, Score, Voice
from nlsearch.handlers.score.payload import Tune, encode
from nlsearch.handlers.score.seeding import packed_intervals, seeds_of
from nlsearch.index.seeds import cheapest_pieces
from nlsearch.kernels.melody import MUTE, WILD, Melody, find_melodies, trace_melody
from nlsearch.kernels.melodyoracle import find_melodies_reference, trace_melody_reference

SCALE = (60, 62, 64, 65)
LENGTHS = (TICKS, TICKS // 2, TICKS * 2)


def voice(rng: random.Random, count: int) -> Voice:
    notes, at = [], 0
    for _ in range(count):
        length = rng.choice(LENGTHS)
        if rng.random() < 0.9:
            pitch = None if rng.random() < 0.03 else rng.choice(SCALE)
            notes.append(Note(at, length, pitch, None, min(at // (4 * TICKS), 8)))
        at += length
    return Voice("1", notes)


def score(rng: random.Random, most: int = 25) -> Score:
    parts = []
    for _ in range(rng.randint(1, 2)):
        bars = [Bar(str(number + 1), number * 4 * TICKS) for number in range(9)]
        if rng.random() < 0.4:
            bars[2].repeat_end = 2
        parts.append(Part("part", voices=[voice(rng, rng.randint(0, most))], bars=bars))
    return Score("tune", parts=parts)


def melody(rng: random.Random, *, durations: bool, wild: bool = True, least: int = 1) -> Melody:
    count = rng.randint(least, 7)
    pitches = [rng.choice([*SCALE, *([WILD] if wild else [])]) for _ in range(count)]
    lengths = np.array([rng.choice([1, 0.5, 2]) for _ in range(count)], np.float32) if durations else None
    gaps = None if lengths is None else lengths * np.array([rng.choice([1, 1, 2]) for _ in range(count)], np.float32)
    edits = rng.randint(0, min(count // 2, 3))
    steps = np.full(count, MUTE, np.uint8)
    return Melody(
        np.array(pitches, np.uint8), steps, gaps, lengths, edits, rng.random() < 0.2, False, rng.random() < 0.3
    )


def cheapest(found: np.ndarray) -> dict[tuple[int, ...], int]:
    """Return the fewest edits of each stretch and transposition."""
    best: dict[tuple[int, ...], int] = {}
    for row in found.tolist():
        best[row[:5]] = min(best.get(row[:5], 99), row[6])
    return best


@pytest.mark.parametrize("seed", range(60))
def test_the_kernel_finds_what_its_oracle_finds(seed: int) -> None:
    rng = random.Random(seed)
    payloads = [encode(score(rng)) for _ in range(3)]
    for _ in range(5):
        asked = melody(rng, durations=rng.random() < 0.5)
        queries = asked.certain()
        ours, theirs = find_melodies(asked, payloads, queries), find_melodies_reference(asked, payloads, queries)
        assert cheapest(ours) == cheapest(theirs)
        assert set(ours.tolist()) <= set(theirs.tolist())
        for row in ours:
            payload = payloads[row["item"]]
            fit = (int(row["transposition"]), int(row["steps"]), float(row["scale"]))
            moves = trace_melody(asked, payload, row)
            assert moves == trace_melody_reference(asked, payload, int(row["start"]), int(row["end"]), fit)
            assert sum(move != "same" for move in moves) <= row["edits"]


def distances(pitches: list[int], line: np.ndarray, up: int, *, is_anchored: bool = False) -> list[int]:
    """Return for each end the edit distance to the best stretch that ends there: the definition, without durations."""
    before = list(range(len(line) + 1)) if is_anchored else [0] * (len(line) + 1)
    for i, pitch in enumerate(pitches):
        row = [i + 1]
        for at, got in enumerate(line.tolist()):
            same = pitch == WILD or (got != MUTE and got == pitch + up)
            row.append(min(before[at] + (not same), before[at + 1] + 1, row[at] + 1))
        before = row
    return before


@pytest.mark.parametrize("seed", range(40))
def test_edits_are_the_edit_distance_under_one_transposition(seed: int) -> None:
    """Splitting and merging cost what an extra and a missing note cost, as long as durations do not count."""
    rng = random.Random(seed)
    payloads = [encode(score(rng)) for _ in range(4)]
    for _ in range(5):
        asked = melody(rng, durations=False)
        if not len(asked.certain()) > asked.edits:
            continue
        found = find_melodies(asked, payloads, asked.certain())
        best = dict.fromkeys(range(len(payloads)), 99)
        for row in found.tolist():
            best[row[0]] = min(best[row[0]], row[6])
        for item, payload in enumerate(payloads):
            ups = (0,) if asked.is_fixed else range(-10, 11)
            lines = list(Tune(payload).lines())
            costs = [
                min(distances(asked.pitches.tolist(), line.pitches, up, is_anchored=asked.is_anchored), default=99)
                for line, up in itertools.product(lines, ups)
                if len(line)
            ]
            least = min(costs, default=99)
            assert (best[item] if best[item] <= asked.edits else 99) == (least if least <= asked.edits else 99)


@pytest.mark.parametrize("durations", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_seeds_of_pieces_lead_to_every_match(seed: int, durations: bool) -> None:
    rng = random.Random(seed)
    payloads = [encode(score(rng, 40)) for _ in range(4)]
    held = [seeds_of(Tune(payload)) for payload in payloads]
    for _ in range(6):
        asked = melody(rng, durations=durations, least=4)
        pieces = pieces_of(asked, [len(asked)])
        if pieces is None:
            continue
        keys, positions, bits, spans = (np.array(column) for column in (np.array(pieces[0], np.uint64), *pieces[1:]))
        shifts = (64 - bits).astype(np.uint64)
        counts = np.array(
            [
                sum(int((seeds.keys >> shift == key >> shift).sum()) for seeds in held)
                for key, shift in zip(keys, shifts, strict=True)
            ]
        )
        chosen = cheapest_pieces(counts, positions, spans, asked.edits + 1)
        items, queries, targets = [], [], []
        for item, seeds in enumerate(held):
            for which in chosen.tolist():
                here = seeds.positions[seeds.keys >> shifts[which] == keys[which] >> shifts[which]]
                items += [item] * len(here)
                queries += [int(positions[which])] * len(here)
                targets += here.tolist()
        anchors = (np.array(queries, np.uint32), np.array(items, np.uint32), np.array(targets, np.int64))
        by_seeds, by_all = find_melodies(asked, payloads, *anchors), find_melodies(asked, payloads, asked.certain())

        def least(found: np.ndarray) -> dict[int, int]:
            best: dict[int, int] = {}
            for row in found.tolist():
                best[row[0]] = min(best.get(row[0], 99), row[6])
            return best

        assert least(by_seeds) == least(by_all)


@pytest.mark.parametrize("seed", range(40))
def test_the_cheapest_pieces_are_the_cheapest(seed: int) -> None:
    rng = random.Random(seed)
    count = rng.randint(1, 9)
    positions = np.array([rng.randrange(8) for _ in range(count)])
    spans = np.array([rng.randint(1, 4) for _ in range(count)])
    counts = np.array([rng.randrange(20) for _ in range(count)])

    def is_apart(chosen: tuple[int, ...]) -> bool:
        covered = [at for one in chosen for at in range(positions[one], positions[one] + spans[one])]
        return len(covered) == len(set(covered))

    for pieces in range(1, 4):
        sets = [chosen for chosen in itertools.combinations(range(count), pieces) if is_apart(chosen)]
        if not sets:
            with pytest.raises(ValueError, match="do not overlap"):
                cheapest_pieces(counts, positions, spans, pieces)
            continue
        chosen = cheapest_pieces(counts, positions, spans, pieces)
        assert is_apart(tuple(chosen.tolist()))
        assert counts[chosen].sum() == min(counts[list(one)].sum() for one in sets)


def test_a_key_is_the_intervals_that_follow() -> None:
    keys = packed_intervals(np.array([60, 62, MUTE, 64, 63], np.uint8))
    assert [key.to_bytes(8, "big").rstrip(b"\0") for key in keys.tolist()] == [b"\x82", b"", b"", b"\x7f", b""]


@pytest.mark.parametrize("wrong", [b"", b"nlM1", b"nlS2" + bytes(60), b"nlM1" + b"\xff" * 60])
def test_a_damaged_payload_is_told(wrong: bytes) -> None:
    asked = Melody(np.array([60, 62], np.uint8), np.full(2, MUTE, np.uint8))
    with pytest.raises(ValueError, match=r"damaged|outside|must be|buffer"):
        find_melodies(asked, [wrong], asked.certain())
