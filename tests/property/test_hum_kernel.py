"""A hum beside lines: the C kernel, its NumPy reference and the plain recursion agree."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.handlers.score.notation import Bar, Note, Part, Score, Voice
from nlsearch.handlers.score.payload import Tune, encode
from nlsearch.kernels import native
from nlsearch.kernels.hum import STEPS, Costs, Hum, Lines, find_hum_in_lines, find_hum_in_payloads
from nlsearch.kernels.humreference import Beside, find_in_lines, find_in_payloads

COSTS = Costs()
NEAR = 1e-3

pitches = st.floats(50, 70, width=32)
seconds = st.floats(0.0625, 2, width=32)
hums = st.lists(st.tuples(pitches, seconds), min_size=1, max_size=9)
lines = st.lists(st.tuples(st.one_of(st.integers(50, 70), st.none()), st.integers(0, 8)), max_size=14)


def hum_of(notes: list[tuple[float, float]]) -> Hum:
    return Hum(*(np.array(side, np.float32) for side in zip(*notes, strict=True)))


def line_of(notes: list[tuple[int | None, int]]) -> tuple[np.ndarray, np.ndarray]:
    held = [(math.nan if pitch is None else pitch, gap) for pitch, gap in notes]
    table = np.array(held, np.float32).reshape(-1, 2)
    return np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1])


class Plain:
    """The recursion as it is written down: cost, pace (None before the first step) and beginning of each cell."""

    def __init__(self, hum: Hum, pitch: np.ndarray, gap: np.ndarray) -> None:
        self.hum, self.pitch = hum, pitch
        self.ours = hum.onsets
        self.theirs = np.concatenate([[0.0], np.cumsum(gap.astype(float))])
        self.known: dict[tuple[int, int], tuple[float, float | None, int]] = {}

    def cell(self, i: int, j: int) -> tuple[float, float | None, int]:
        if (i, j) not in self.known:
            self.known[i, j] = self._cell(i, j)
        return self.known[i, j]

    def _cell(self, i: int, j: int) -> tuple[float, float | None, int]:
        if math.isnan(self.pitch[j]):
            return math.inf, None, j
        best = (i * COSTS.skipped if i <= COSTS.most_skipped else math.inf, None, j)
        for a, b in STEPS:
            if a <= i and b <= j:
                cost, pace, start = self.cell(i - a, j - b)
                if cost < math.inf:
                    step, new = self._step(i, j, a, b, pace)
                    best = min(best, (cost + step, new, start), key=lambda way: way[0])
        return best

    def _step(self, i: int, j: int, a: int, b: int, pace: float | None) -> tuple[float, float]:
        off = abs((self.hum.pitches[i] - self.hum.pitches[i - a]) - (self.pitch[j] - self.pitch[j - b]))
        new = math.log2(self.ours[i] - self.ours[i - a]) - math.log2(max(self.theirs[j] - self.theirs[j - b], 1e-6))
        late = 0.0 if pace is None else min(abs(new - pace), COSTS.most_time)
        price = {(2, 2): COSTS.changed}.get((a, b), max(b - a, 0) * COSTS.split + max(a - b, 0) * COSTS.merged)
        eased = new if pace is None else pace + COSTS.ease * (new - pace)
        return COSTS.pitch * min(off, COSTS.most_pitch) + COSTS.time * late + price, eased

    def best(self) -> float:
        last = len(self.hum) - 1
        ends = [(i, j) for i in range(max(last - COSTS.most_skipped, 0), last + 1) for j in range(len(self.pitch))]
        return min((self.cell(i, j)[0] + (last - i) * COSTS.skipped for i, j in ends), default=math.inf)


@settings(max_examples=200, deadline=None)
@given(hums, lines)
def test_the_reference_is_the_recursion(hummed: list[tuple[float, float]], notes: list[tuple[int | None, int]]) -> None:
    hum, (pitch, gap) = hum_of(hummed), line_of(notes)
    best = Beside(hum, pitch, gap, COSTS).best()
    plain = Plain(hum, pitch, gap).best()
    assert (math.inf if best is None else best[2]) == pytest.approx(plain, abs=NEAR)


@settings(max_examples=200, deadline=None)
@given(hums, st.lists(lines, min_size=1, max_size=3))
def test_the_kernel_is_the_reference(
    hummed: list[tuple[float, float]], several: list[list[tuple[int | None, int]]]
) -> None:
    if native.compiled is None:
        pytest.skip("the kernels are not built")
    held = [line_of(notes) for notes in several]
    starts = np.cumsum([0, *(len(pitch) for pitch, _ in held)]).astype(np.uint32)
    every = Lines(np.concatenate([p for p, _ in held]), np.concatenate([g for _, g in held]), starts)
    fast, slow = find_hum_in_lines(hum_of(hummed), every, COSTS), find_in_lines(hum_of(hummed), every, COSTS)
    assert fast["line"].tolist() == slow["line"].tolist()
    assert np.allclose(fast["cost"], slow["cost"], atol=NEAR)
    assert ((fast["start"] < fast["end"]) & (fast["end"] <= starts[fast["line"] + 1])).all()


def score_of(voices: list[list[tuple[int | None, int]]]) -> bytes:
    made = []
    for number, notes in enumerate(voices):
        at, rows = 0, []
        for pitch, gap in notes:
            rows.append(Note(at, gap, pitch, None, 0))
            at += gap
        made.append(Part(f"part {number}", voices=[Voice("", rows)], bars=[Bar("1", 0)]))
    return encode(Score(parts=made))


def test_a_payload_is_read_as_its_lines_are() -> None:
    rng = np.random.default_rng(3)
    voices = [[(int(p), int(g)) for p, g in zip(rng.integers(50, 70, 12), rng.integers(1, 5, 12), strict=True)]] * 2
    payload = score_of([*voices, [(None, 2), (60, 2)]])
    hum = hum_of([(p + 0.2, 0.3 * g) for p, g in voices[0][2:9] if p is not None])
    fast, slow = (find(hum, [payload, payload], COSTS) for find in (find_hum_in_payloads, find_in_payloads))
    assert fast[["item", "line", "start", "end"]].tolist() == slow[["item", "line", "start", "end"]].tolist()
    assert fast["cost"] == pytest.approx(slow["cost"], abs=NEAR)
    assert (fast["start"][0], fast["end"][0]) == (2, 9)
    assert fast["cost"][0] < 0.1
    assert Tune(payload).n_lines == 3


@pytest.mark.parametrize("damage", [lambda raw: raw[:30], lambda raw: b"nope" + raw[4:], lambda raw: raw[:44]])
def test_a_damaged_payload_is_refused(damage) -> None:
    with pytest.raises(ValueError, match=r"damaged|buffer|smaller"):
        find_hum_in_payloads(hum_of([(60, 1), (62, 1)]), [damage(score_of([[(60, 1), (62, 1)]]))], COSTS)


def test_arrays_that_do_not_fit_are_refused() -> None:
    hum = hum_of([(60, 1), (62, 1)])
    none = np.zeros(3, np.float32)
    with pytest.raises(ValueError, match="do not fit"):
        find_hum_in_lines(hum, Lines(none, none, np.array([0, 2], np.uint32)), COSTS)
