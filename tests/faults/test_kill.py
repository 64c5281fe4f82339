"""Kill -9 loses nothing that was acknowledged: at random moments, and at each single call that writes."""

from __future__ import annotations

import random
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from crashing import KILL_BEFORE, KILL_TORN, Driver, Library, assert_sound, assert_usable

ROUNDS = 110
LONG_ROUNDS = 1_100
BATCHES = 10
FILES = 6


def plan(library: Library, rng: random.Random) -> list[tuple[object, ...]]:
    """Change some files, and return steps that make the collection follow."""
    names = [f"f{number}" for number in range(FILES)]
    if not library.on_disk:
        for name in names[:3]:
            library.write(name)
    steps: list[tuple[object, ...]] = []
    for _ in range(rng.randint(1, 3)):
        act = rng.choice(["new", "changed", "deleted", "remove", "remove all", "merge", "merge"])
        # A step that has not run yet sees the files as they are when it runs: none is changed twice in one plan.
        if act in {"new", "changed", "deleted"} and steps:
            continue
        if act == "new":
            steps.append(("index", [library.write(rng.choice(names)) for _ in range(2)]))
        elif act == "changed":
            for path in rng.sample(sorted(library.on_disk), min(2, len(library.on_disk))):
                library.write(Path(path).stem)
            steps.append(("index", library.folder))
        elif act == "deleted":
            library.delete(Path(rng.choice(sorted(library.on_disk))))
            steps.append(("index", library.folder))
        else:
            steps.append(unread(act, library, rng))
    return steps


def unread(act: str, library: Library, rng: random.Random) -> tuple[object, ...]:
    """Return a step that reads no file."""
    if act == "remove":
        return ("remove", rng.choice(sorted(library.on_disk) or [str(library.folder)]))
    return ("remove", library.folder) if act == "remove all" else ("merge",)


@dataclass
class Pace:
    """How long a step lasts, learnt from the steps that were not cut short: kills shall fall on all of its moments."""

    seconds: float

    def learn(self, seconds: float, cut_short: bool) -> None:
        self.seconds = 1.1 * self.seconds if cut_short else 0.5 * (self.seconds + seconds)


def crash(
    driver: Driver, directory: Path, library: Library, rng: random.Random, number: int, paces: dict[bool, Pace]
) -> bool:
    """One round; return whether the child was ended before it was done."""
    if not (directory / "catalog.db").exists():
        steps: list[tuple[object, ...]] = [("index", library.folder)]
        library.write("f0")
    else:
        steps = plan(library, rng)
    inline = rng.random() < 0.8  # else with workers in processes of their own
    pace = paces[inline]
    answer = driver.run(
        directory,
        *steps,
        seconds=rng.uniform(0.0, pace.seconds * len(steps)),
        signal=number,
        settings={"inline": True} if inline else {"jobs": 2},
    )
    assert answer.foreign is None, answer.foreign
    assert answer.error is None or answer.error[0] == "KeyboardInterrupt", answer.error
    library.expect(steps, len(answer.acknowledged))
    assert_sound(directory, library)
    cut_short = len(answer.acknowledged) < len(steps)
    pace.learn(answer.seconds / len(steps), cut_short)
    return cut_short


@pytest.mark.parametrize("batch", range(BATCHES))
def test_killed_at_random_moments(driver, quick_folder, batch):
    _rounds(driver, quick_folder, batch, ROUNDS // BATCHES, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_politely_at_random_moments(driver, quick_folder, number):
    _rounds(driver, quick_folder, 1_000 + number, 8, number)


@pytest.mark.long
@pytest.mark.parametrize("batch", range(100, 100 + BATCHES))
def test_killed_at_random_moments_long(driver, quick_folder, batch):
    _rounds(driver, quick_folder, batch, LONG_ROUNDS // BATCHES, signal.SIGKILL)


def _rounds(driver: Driver, folder: Path, seed: int, rounds: int, number: int) -> None:
    """Crash that many times before the end; rounds that end in time do not count, and have an end."""
    rng = random.Random(seed)
    (folder / "files").mkdir()
    library = Library(folder / "files", rng)
    paces = {True: Pace(0.15), False: Pace(0.6)}
    crashed = 0
    for _ in range(5 * rounds):
        crashed += crash(driver, folder / "c.nls", library, rng, number, paces)
        if crashed == rounds:
            break
    assert crashed == rounds
    assert_usable(driver, folder / "c.nls", library)


# ------------------------------------------------------------------------------------------------- at each single call
SCENES = {
    "first": [("index", "files")],
    "changed": [("index", "files")],
    "remove": [("remove", "files/f1.tally")],
    "merge": [("merge",)],
}


def scene(driver: Driver, folder: Path, name: str) -> tuple[Library, list[tuple[object, ...]]]:
    """Make the collection ``c.nls`` in which the steps of a scene are due, and return them."""
    (folder / "files").mkdir()
    library = Library(folder / "files", random.Random(7))
    for number in range(3):
        library.write(f"f{number}")
    if name != "first":
        for step in (("index", library.folder), ("index", [library.folder / "f0.tally", library.folder / "f3.tally"])):
            library.begins(step)
            assert driver.run(folder / "c.nls", step).error is None
            library.returned(step)
            library.write("f0")
            library.write("f3")
    if name == "changed":
        library.write("f4")
        library.delete(library.folder / "f2.tally")
    steps = [(step[0], *(folder / path for path in step[1:])) for step in SCENES[name]]
    return library, steps


def counted(driver: Driver, folder: Path, steps: list[tuple[object, ...]]) -> int:
    """Return how many calls write while `steps` are made on a copy of the collection."""
    answer = driver.run(copied(folder), *steps, arm=(0, 0, 0, "/dev/null"))
    assert answer.error is None
    assert answer.foreign is None, answer.foreign
    assert answer.calls > 20
    return answer.calls


def copied(folder: Path) -> Path:
    """Return a fresh copy of the collection ``c.nls``, or the path where there will be one."""
    copy = folder / "copy.nls"
    shutil.rmtree(copy, ignore_errors=True)
    if (folder / "c.nls").exists():
        shutil.copytree(folder / "c.nls", copy)
    return copy


def sample(calls: int, most: int | None, seed: int) -> list[int]:
    """Return numbers of calls: all, or some of them."""
    numbers = range(1, calls + 1)
    return list(numbers) if most is None or most >= calls else sorted(random.Random(seed).sample(numbers, most))


def _kill_at_calls(driver: Driver, folder: Path, name: str, most: int | None) -> None:
    library, steps = scene(driver, folder, name)
    before = dict(library.may_be)
    calls = counted(driver, folder, steps)
    for number in sample(calls, most, seed=3):
        how = [KILL_BEFORE, KILL_TORN] if most is None else [KILL_BEFORE if number % 2 else KILL_TORN]
        for mode in how:
            library.may_be = {path: set(states) for path, states in before.items()}
            copy = copied(folder)
            answer = driver.run(copy, *steps, arm=(number, 0, mode, "/dev/null"))
            assert answer.foreign is None, answer.foreign
            assert answer.error is None
            assert answer.killed or number > calls - 10  # the count may differ by a few from run to run
            library.expect(steps, len(answer.acknowledged))
            assert_sound(copy, library)
            if number % 5 == 0 or most is None:
                assert_usable(driver, copy, library)


@pytest.mark.parametrize("name", SCENES)
def test_killed_at_calls_that_write(driver, quick_folder, name):
    _kill_at_calls(driver, quick_folder, name, 14)


@pytest.mark.long
@pytest.mark.parametrize("name", SCENES)
def test_killed_at_every_call_that_writes(driver, quick_folder, name):
    _kill_at_calls(driver, quick_folder, name, None)
