"""Drives :mod:`driver`, writes small files to index, and knows what a collection may hold after a crash."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import nlsearch

HERE = Path(__file__).parent
TALLIES = HERE.parents[1] / "examples" / "handlers"
FAIL_ONCE, FAIL_FROM, KILL_BEFORE, KILL_TORN = range(4)
INLINE = {"inline": True}
"""Read in the writing process itself: what is tested here is the writing."""


@dataclass(frozen=True)
class Answer:
    """What a child said, see :mod:`driver`."""

    acknowledged: list[Any]
    error: tuple[str, str] | None
    foreign: str | None
    calls: int
    status: int
    seconds: float

    @property
    def killed(self) -> bool:
        return self.status == 9


class Driver:
    """The server process; a context manager."""

    def __init__(self, shim: Path | None = None) -> None:
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}
        if shim is not None:
            environment["LD_PRELOAD"] = str(shim)
        self._server = subprocess.Popen(
            [sys.executable, str(HERE / "driver.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        assert self._server.wait(30) == 0
        assert self._server.stdout is not None
        self._server.stdout.close()

    def run(
        self,
        collection: Path,
        *steps: Sequence[Any],
        seconds: float | None = None,
        signal: int = 9,
        arm: tuple[int, int, int, str] | None = None,
        settings: dict[str, Any] | None = None,
        handlers: Sequence[Path] = (TALLIES,),
        limits: dict[str, int] | None = None,
    ) -> Answer:
        """Do `steps`, such as ``("index", path)``, in a child."""
        order = {
            "collection": str(collection),
            "steps": [[step[0], *map(_plain, step[1:])] for step in steps],
            "seconds": seconds,
            "signal": signal,
            "arm": arm,
            "settings": INLINE if settings is None else settings,
            "handlers": [str(folder) for folder in handlers],
            "limits": limits or {},
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        facts = json.loads(self._server.stdout.readline())
        error = facts.pop("error")
        return Answer(error=tuple(error) if error else None, **facts)


def _plain(argument: Any) -> Any:
    return [str(path) for path in argument] if isinstance(argument, list | tuple) else str(argument)


@dataclass
class Library:
    """A folder of ``.tally`` files, and what a collection of them may hold: for each path the states it may be in.

    A state is the titles of the items, which name their file and its version, so that old and new never look alike.
    """

    folder: Path
    random: random.Random
    may_be: dict[str, set[frozenset[str]]] = field(default_factory=dict)
    on_disk: dict[str, frozenset[str]] = field(default_factory=dict)
    versions: Counter[str] = field(default_factory=Counter)

    def write(self, name: str) -> Path:
        """Write a new version of the file called `name`."""
        path = self.folder / f"{name}.tally"
        self.versions[name] += 1
        titles = [f"{name}v{self.versions[name]}i{number}" for number in range(self.random.randint(1, 5))]
        rows = [f"{title}: {' '.join(str(self.random.randrange(9)) for _ in range(12))}\n" for title in titles]
        path.write_text("".join(rows))
        self.on_disk[str(path)] = frozenset(titles)
        return path

    def delete(self, path: Path) -> None:
        path.unlink()
        del self.on_disk[str(path)]

    # ------------------------------------------------------------------------------------------ what steps may change
    def begins(self, step: Sequence[Any]) -> None:
        """Say that `step` is about to be made: from now on its effects may be there, or not."""
        for path, state in self._effects(step).items():
            self.may_be.setdefault(path, {frozenset()}).add(state)

    def returned(self, step: Sequence[Any]) -> None:
        """Say that `step` has returned: its effects must be there."""
        for path, state in self._effects(step).items():
            self.may_be[path] = {state}

    def expect(self, steps: Sequence[Sequence[Any]], returned: int) -> None:
        """Say that the first steps have returned, and the one after them may have been begun."""
        for step in steps[:returned]:
            self.returned(step)
        for step in steps[returned : returned + 1]:
            self.begins(step)

    def _effects(self, step: Sequence[Any]) -> dict[str, frozenset[str]]:
        if step[0] not in {"index", "remove"}:
            return {}
        roots = step[1] if isinstance(step[1], list | tuple) else [step[1]]
        known = {*self.on_disk, *self.may_be}
        below = [path for path in known if any(path == str(r) or path.startswith(f"{r}/") for r in roots)]
        gone = frozenset[str]()
        return {path: gone if step[0] == "remove" else self.on_disk.get(path, gone) for path in below}

    def settle(self, found: dict[str, frozenset[str]]) -> None:
        """Take what was found, and allowed, for the truth from now on."""
        self.may_be = {path: {state} for path, state in found.items() if state}


def all_items(collection: nlsearch.Collection) -> list[nlsearch.Item]:
    """Return every item that a search finds."""
    page = collection.search("kind:tally", limit=100_000, count="exact")
    assert page.complete
    assert page.total == len(page.hits)
    return [hit.item for hit in page.hits]


def assert_sound(directory: Path, library: Library) -> None:
    """Open a collection after a crash: clean, and each source in a state that it may be in, each item once."""
    if not (directory / "catalog.db").exists():
        assert all(frozenset() in states for states in library.may_be.values()), "the collection is gone"
        library.settle({})
        return
    with nlsearch.Collection.open(directory, handlers_dirs=[TALLIES]) as collection:
        assert collection.check() == []
        items = all_items(collection)
        ids = Counter(item.id for item in items)
        assert [name for name, times in ids.items() if times > 1] == []
        found: dict[str, frozenset[str]] = {}
        for path in {item.path for item in items}:
            found[path] = frozenset(item.title for item in items if item.path == path)
        for path, states in library.may_be.items():
            assert found.get(path, frozenset()) in states, f"{path} is in none of the states it may be in"
        assert set(found) <= set(library.may_be)
        assert collection.stats()["items"] == len(items)
        assert collection.failures() == []
        for item in library.random.sample(items, min(2, len(items))):  # the other organs, and payloads
            page = collection.like(item.id)
            assert item.id in {hit.item.id for hit in page.hits}
    library.settle(found)


def assert_usable(driver: Driver, directory: Path, library: Library) -> None:
    """Index once more, with nothing in the way: then everything on the disk is there, once."""
    step = ("index", library.folder)
    library.begins(step)
    answer = driver.run(directory, step)
    assert answer.foreign is None, answer.foreign
    assert answer.error is None
    assert len(answer.acknowledged) == 1
    library.returned(step)
    assert_sound(directory, library)
