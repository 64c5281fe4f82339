"""The catalog: commits, generations, what hides and reveals, locks, pins, and what kills and full disks leave."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlsearch.errors import IndexDamaged, IndexLocked, IndexTooNew, StorageFull, StoreError
from nlsearch.index import snapshot
from nlsearch.index.catalog import Catalog, Commit, NewSplit
from nlsearch.index.layout import split_directory
from nlsearch.index.migrations import MIGRATIONS
from nlsearch.index.pins import Pin, pinned_generations, pinned_snapshot
from nlsearch.index.snapshot import SourceRow, read_snapshot
from nlsearch.model import Failure


def source(number: int, path: str = "", **changes: object) -> SourceRow:
    row = SourceRow(number, path or f"/data/{number}", "", 10, 5, "ab", "tally", "tally", 1, "ok", 2, 0)
    return replace(row, **changes)  # type: ignore[arg-type]


def split(name: str, sources: dict[int, int]) -> NewSplit:
    return NewSplit(name, 100, f"digest of {name}", sources)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "c.nls", {"made_by": "test"})


def test_a_new_catalog_is_empty_and_opened_again_as_it_is(catalog: Catalog) -> None:
    found = read_snapshot(catalog.directory)
    assert (found.generation, found.splits, found.tombstones) == (1, (), {})
    assert found.settings == {"made_by": "test"}
    Catalog.create(catalog.directory, {"made_by": "nobody"})
    assert read_snapshot(catalog.directory).settings == {"made_by": "test"}


def test_a_folder_with_other_files_is_not_made_a_collection(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match="other files"):
        Catalog.create(tmp_path)
    assert (tmp_path / "work" / "thesis.txt").read_text() == "mine"
    with pytest.raises(StoreError, match="no collection"):
        Catalog.open(tmp_path)


def test_a_commit_shows_splits_sources_and_failures_together(catalog: Catalog) -> None:
    failure = Failure("/data/1", "#3", "broken", "malformed_content")
    with catalog.writing():
        generation = catalog.commit(
            Commit(
                splits=[split("a", {1: 2, 2: 3})],
                sources=[source(1, failures=1), source(2, items=3)],
                failures=[(1, failure), (9, replace(failure, path="/data/9"))],
                next_source_id=10,
            )
        )
        assert catalog.next_source_id() == 10
    found = read_snapshot(catalog.directory)
    assert found.generation == generation == 2
    assert [(row.id, row.items, row.live, row.digest) for row in found.splits] == [("a", 5, 5, "digest of a")]
    assert found.items == 5
    assert catalog.failures() == [failure], "a failure of a reading that is not a source is not seen"
    assert [row.path for row in catalog.sources()] == ["/data/1", "/data/2"]
    assert snapshot.read_source(catalog.directory, "/data/2") == source(2, items=3)
    assert snapshot.read_source(catalog.directory, "/data/3") is None


def test_a_source_read_again_replaces_its_items_and_failures(catalog: Catalog) -> None:
    failure = Failure("/data/x", "#1", "old", "input")
    with catalog.writing():
        catalog.commit(
            Commit(
                splits=[split("a", {1: 2, 2: 3})], sources=[source(1, "/data/x"), source(2)], failures=[(1, failure)]
            )
        )
        catalog.commit(Commit(splits=[split("b", {3: 7})], sources=[source(3, "/data/x")]))
    found = read_snapshot(catalog.directory)
    assert found.tombstones == {"a": frozenset({1})}
    assert [(row.id, row.live) for row in found.splits] == [("a", 3), ("b", 7)]
    assert catalog.failures() == []
    before = read_snapshot(catalog.directory, 2)
    assert (before.tombstones, before.items) == ({}, 5), "an earlier generation stays readable"


def test_an_unfinished_reading_is_hidden_until_it_is_finished(catalog: Catalog) -> None:
    with catalog.writing():
        catalog.commit(Commit(splits=[split("a", {1: 2, 2: 30})], sources=[source(1)], hidden=[("a", 2)]))
        assert read_snapshot(catalog.directory).items == 2
        catalog.commit(Commit(splits=[split("b", {2: 5})], sources=[source(2)], revealed=[2]))
        assert read_snapshot(catalog.directory).items == 37
        assert read_snapshot(catalog.directory, 2).tombstones == {"a": frozenset({2})}
        catalog.commit(Commit(removed=["/data/2"]))
    found = read_snapshot(catalog.directory)
    assert found.items == 2
    assert found.tombstones == {"a": frozenset({2}), "b": frozenset({2})}


def test_splits_without_visible_items_go_when_nobody_reads_them(catalog: Catalog) -> None:
    with catalog.writing():
        for name, number in (("a", 1), ("b", 2)):
            split_directory(catalog.directory, name).mkdir()
            catalog.commit(Commit(splits=[split(name, {number: 2})], sources=[source(number)]))
        held, pin = pinned_snapshot(catalog.directory)
        catalog.commit(Commit(removed=["/data/1"]))
        assert catalog.placements("a") == {}
        assert catalog.placements("b") == {2: 2}
        assert catalog.drop_dead_splits() == 1
        assert catalog.collect_garbage() == []
        assert split_directory(catalog.directory, "a").exists()
        assert [row.id for row in read_snapshot(catalog.directory).splits] == ["b"]
        assert read_snapshot(catalog.directory, held.generation).splits == held.splits
        pin.close()
        assert catalog.collect_garbage() == ["a"]
        assert not split_directory(catalog.directory, "a").exists()
        with pytest.raises(StoreError, match="no longer kept"):
            read_snapshot(catalog.directory, held.generation)
        assert read_snapshot(catalog.directory).items == 2


def test_the_next_writer_removes_what_a_killed_one_left(catalog: Catalog) -> None:
    with catalog.writing():
        split_directory(catalog.directory, "a").mkdir()
        catalog.commit(Commit(splits=[split("a", {1: 2})], sources=[source(1)]))
    orphan = split_directory(catalog.directory, "orphan")
    orphan.mkdir()
    (orphan / "split.json").write_text("{}")
    (catalog.directory / "work" / "x").mkdir()
    (catalog.directory / "work" / "x" / "half").write_text("…")
    with catalog.writing():
        pass
    assert [path.name for path in (catalog.directory / "splits").iterdir()] == ["a"]
    assert list((catalog.directory / "work").iterdir()) == []


# --------------------------------------------------------------------------------------------------------------- locks
def test_a_second_writer_waits_and_then_names_the_first(catalog: Catalog) -> None:
    code = (
        "import sys, time; from nlsearch.index.catalog import Catalog\n"
        "with Catalog.open(sys.argv[1]).writing(): print('in', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(catalog.directory)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        started = time.monotonic()
        with pytest.raises(IndexLocked, match=f"process {other.pid} ") as caught, catalog.writing(timeout_s=0.3):
            pass
        assert caught.value.code == "index_locked"
        assert 0.25 < time.monotonic() - started < 5
        assert read_snapshot(catalog.directory).generation == 1, "readers do not wait for the writer's lock"
        other.kill()
        other.wait()
    with catalog.writing(timeout_s=5):
        assert catalog.commit(Commit()) == 2


def test_a_second_writer_gets_its_turn(catalog: Catalog) -> None:
    entered = threading.Event()

    def first() -> None:
        with Catalog.open(catalog.directory).writing() as other:
            entered.set()
            time.sleep(0.3)
            other.commit(Commit(settings={"who": "first"}))

    thread = threading.Thread(target=first)
    thread.start()
    entered.wait()
    with catalog.writing(timeout_s=10):
        assert read_snapshot(catalog.directory).settings["who"] == "first"
        catalog.commit(Commit(settings={"who": "second"}))
    thread.join()
    assert read_snapshot(catalog.directory).settings["who"] == "second"


def test_pins_of_dead_readers_do_not_count(catalog: Catalog) -> None:
    code = (
        "import os, sys; from nlsearch.index.pins import pinned_snapshot\n"
        "s, pin = pinned_snapshot(sys.argv[1]); assert pin.held; os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(catalog.directory)], check=False)
    pins = catalog.directory / "pins"
    assert [path.name.partition("-")[0] for path in pins.iterdir()] == ["1"]
    assert pinned_generations(catalog.directory) == set()
    assert list(pins.iterdir()) == []
    with Pin(catalog.directory, 7):
        assert pinned_generations(catalog.directory) == {7}
    assert pinned_generations(catalog.directory) == set()


# -------------------------------------------------------------------------------------------------- media and damage
def test_a_read_only_folder_is_read_and_not_written() -> None:
    code = (
        "import os, sys\n"
        "from nlsearch.errors import StoreError; from nlsearch.index.catalog import Catalog\n"
        "from nlsearch.index.pins import pinned_snapshot; import nlsearch.index.tables\n"
        "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "found, pin = pinned_snapshot(sys.argv[1])\n"
        "assert found.items == 2 and not pin.held\n"
        "try:\n"
        "    with Catalog.open(sys.argv[1]).writing(): pass\n"
        "except StoreError as error: print(error.message)"
    )
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder, "c")
        Path(folder).chmod(0o755)
        with Catalog.create(directory).writing() as catalog:
            catalog.commit(Commit(splits=[split("a", {1: 2})], sources=[source(1)]))
        paths = [directory, *directory.rglob("*")]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        out = subprocess.run([sys.executable, "-c", code, str(directory)], check=True, capture_output=True, text=True)
        for path in paths:
            path.chmod(0o755)
    assert out.stdout.startswith("the collection cannot be written")


def test_readers_leave_no_files(catalog: Catalog) -> None:
    before = sorted(path.name for path in catalog.directory.rglob("*"))
    read_snapshot(catalog.directory)
    snapshot.read_sources(catalog.directory)
    snapshot.read_failures(catalog.directory)
    assert sorted(path.name for path in catalog.directory.rglob("*")) == before


def test_a_newer_layout_is_refused(catalog: Catalog) -> None:
    with sqlite3.connect(catalog.directory / "catalog.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    (catalog.directory / "catalog.sum").write_text('{"state": "pending"}')
    with pytest.raises(IndexTooNew, match="99"):
        read_snapshot(catalog.directory)
    with pytest.raises(IndexDamaged, match="99"), catalog.writing():
        pass


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be read as a header" * 100])
def test_a_catalog_that_is_none_is_damaged(catalog: Catalog, content: bytes) -> None:
    (catalog.directory / "catalog.db").write_bytes(content)
    with pytest.raises(IndexDamaged):
        read_snapshot(catalog.directory)
    with pytest.raises(IndexDamaged), catalog.writing():
        pass


def test_a_damaged_catalog_is_not_written_on(catalog: Catalog) -> None:
    file = catalog.directory / "catalog.db"
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    with pytest.raises(IndexDamaged, match="differ"), catalog.writing():
        pass


def test_a_kill_between_the_phases_is_not_damage(catalog: Catalog) -> None:
    code = (
        "import os, sys; from nlsearch.index.catalog import Catalog, Commit\n"
        "with Catalog.open(sys.argv[1]).writing() as c:\n"
        "    c.commit(Commit(settings={'a': 'b'})); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(catalog.directory)], check=False)
    assert read_snapshot(catalog.directory).settings["a"] == "b"
    with catalog.writing():
        assert catalog.commit(Commit()) == 3


def test_an_interrupted_transaction_is_rolled_back_by_readers(catalog: Catalog) -> None:
    code = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1'); c.execute('PRAGMA cache_spill = 1'); c.execute('BEGIN IMMEDIATE')\n"
        "c.execute('UPDATE state SET generation = 50')\n"
        "c.executemany('INSERT INTO settings VALUES (?, ?)', [(str(i), 'x' * 900) for i in range(500)])\n"
        "os.kill(os.getpid(), 9)"
    )
    (catalog.directory / "catalog.sum").write_text('{"state": "pending"}')
    subprocess.run([sys.executable, "-c", code, str(catalog.directory / "catalog.db")], check=False)
    assert (catalog.directory / "catalog.db-journal").stat().st_size > 0
    assert read_snapshot(catalog.directory).generation == 1
    with catalog.writing():
        assert catalog.commit(Commit()) == 2


def test_a_full_disk_loses_nothing(catalog: Catalog) -> None:
    code = (
        "import resource, signal, sys\n"
        "from nlsearch.index.catalog import Catalog, Commit; from nlsearch.errors import StorageFull\n"
        "import nlsearch.index.tables\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "with Catalog.open(sys.argv[1]).writing() as c:\n"
        "    c.commit(Commit(settings={'before': '1'}))\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))\n"
        "    try: c.commit(Commit(settings={str(i): 'x' * 1000 for i in range(500)}))\n"
        "    except StorageFull as e: print(e.code)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    c.commit(Commit(settings={'after': '2'}))\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(catalog.directory)], check=True, capture_output=True, text=True
    )
    assert out.stdout.split() == [StorageFull.code]
    assert read_snapshot(catalog.directory).settings == {"made_by": "test", "before": "1", "after": "2"}


# ---------------------------------------------------------------------------------------------------------------- model
def test_the_migrations_make_the_tables_that_the_writer_uses(catalog: Catalog) -> None:
    from nlsearch.index.tables import METADATA

    assert len(MIGRATIONS) == snapshot.SCHEMA_VERSION
    with sqlite3.connect(catalog.directory / "catalog.db") as connection:
        for table in METADATA.sorted_tables:
            rows = connection.execute(f"PRAGMA table_info({table.name})").fetchall()
            made = [(row[1], row[2], bool(row[5])) for row in rows]
            assert made == [(column.name, str(column.type), column.primary_key) for column in table.columns]
    connection.close()


STEPS = st.lists(
    st.tuples(st.sampled_from(["read", "begin", "finish", "remove", "merge", "drop", "collect"]), st.integers(0, 3)),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_what_is_visible_follows_a_simple_model(tmp_path_factory: pytest.TempPathFactory, steps: list) -> None:  # noqa: C901
    """The oracle is a dictionary of path → items; splits hold any mixture."""
    catalog = Catalog.create(tmp_path_factory.mktemp("model") / "c")
    visible: dict[str, int] = {}
    unfinished: dict[str, tuple[int, int]] = {}
    number = 1
    with catalog.writing():
        for step, (action, which) in enumerate(steps):
            path, name = f"/{which}", f"s{step}"
            if action == "read":
                catalog.commit(Commit(splits=[split(name, {number: which + 1})], sources=[source(number, path)]))
                visible[path] = which + 1
                number += 1
            elif action == "begin":
                catalog.commit(Commit(splits=[split(name, {number: 7})], hidden=[(name, number)]))
                unfinished[path] = (number, 7)
                number += 1
            elif action == "finish" and path in unfinished:
                begun, items = unfinished.pop(path)
                catalog.commit(
                    Commit(splits=[split(name, {begun: 1})], sources=[source(begun, path)], revealed=[begun])
                )
                visible[path] = items + 1
            elif action == "remove":
                catalog.commit(Commit(removed=[path]))
                visible.pop(path, None)
            elif action == "merge" and not unfinished:
                rows = read_snapshot(catalog.directory).splits
                merged: dict[int, int] = {}
                for row in rows:
                    for source_id, items in catalog.placements(row.id).items():
                        merged[source_id] = merged.get(source_id, 0) + items
                if merged:
                    catalog.commit(Commit(splits=[split(name, merged)], removed_splits=[row.id for row in rows]))
            elif action == "drop" and not unfinished:
                catalog.drop_dead_splits()
            elif action == "collect":
                catalog.collect_garbage()
            found = read_snapshot(catalog.directory)
            assert found.items == sum(visible.values())
            assert {row.path for row in catalog.sources()} == set(visible)
            assert sum(sum(catalog.placements(row.id).values()) for row in found.splits) == found.items
