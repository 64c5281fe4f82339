"""Two hundred hostile files leave every good one indexed, and each of them leaves a word about itself."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import hostile
import pytest

import nlsearch
from nlsearch.index.snapshot import read_sources
from nlsearch.ingest.pipeline import index
from nlsearch.ingest.report import Report
from nlsearch.limits import GIB, MIB, Limits
from nlsearch.sandbox.pool import Pool
from nlsearch.sandbox.sources import visible

LIMITS = Limits(
    source_bytes=64 * MIB,
    container_bytes=256 * MIB,
    worker_memory_bytes=2 * GIB,
    worker_seconds=20,
    image_pixels=20_000_000,
)
MEMORY = 700 * MIB
"""How much more than before the indexing process may take: parts of files are read in it, bombs are not."""
CODES = {
    "bomb.fa.gz": "limit_exceeded",
    "bomb.zip/bomb.smi": "limit_exceeded",
    "bomb.tar.gz": "limit_exceeded",
    "packed five times.smi.gz": "limit_exceeded",
    "seven deep.zip/x.zip/x.zip/x.zip": "limit_exceeded",
    "a thousand that are one.zip": "limit_exceeded",
    "1 TB of holes.smi": "limit_exceeded",
    "20,000 atoms.smi#1": "limit_exceeded",
    "leaves 0.zip/../evil.smi": "unsupported_feature",
    f"leaves 1.zip/{hostile.EVIL}": "unsupported_feature",
    "leaves 0.tar/../evil.smi": "unsupported_feature",
    "link.smi.tar/link.smi": "unsupported_feature",
    "a link.zip/link.smi": "unsupported_feature",
    "device.smi.tar/device.smi": "unsupported_feature",
    "encrypted.zip/x.smi": "unsupported_feature",
    "method 99.zip/x.smi": "unsupported_feature",
    "pipe.smi": "unsupported_feature",
    "socket.smi": "unsupported_feature",
    "endless.smi": "unsupported_feature",
    "loop a.smi": "unsupported_feature",
    "up": "unsupported_feature",
    "leads nowhere.smi": "input",
    "noise.bin": "unknown_kind",
    "empty file.xyz": "unknown_kind",
    "html.jpg": "malformed_content",
    "five bonds.smi#1": "malformed_content",
    "cut at 4.zip": "malformed_content",
    "cut at 12.png": "malformed_content",
    "cut at 200.fa.gz": "malformed_content",
}
"""What some of them must be refused for."""


@dataclass(frozen=True)
class World:
    """A folder of good and hostile files, and a collection of it, indexed once."""

    folder: Path
    files: Path
    hostile: list[str]
    collection: nlsearch.Collection
    report: Report
    before: dict[str, tuple[int, int]]
    temporary: Path
    grown: int


def everything_in(folder: Path, without: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file below `folder`, but not of the collection."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if Path(place, name) != without]
        for name in names:
            state = Path(place, name).lstat()
            found[f"{place}/{name}"] = (state.st_size, state.st_mtime_ns)
    return found


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="nlsearch-hostile-") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        folder.chmod(0o755)
        files, temporary = folder / "files", folder / "temporary"
        temporary.mkdir()
        temporary.chmod(0o777)
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", str(temporary))
        (files / "good").mkdir(parents=True)
        (files / "hostile").mkdir()
        for title, (content, _) in hostile.good_files().items():
            (files / "good" / title).write_bytes(content)
        made = hostile.hostile_files()
        for title, content in made.items():
            (files / "hostile" / title).write_bytes(content)
        names = [*made, *hostile.no_files(files / "hostile")]
        before = everything_in(folder, folder / "c.nls")
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with nlsearch.Collection.open(folder / "c.nls", create=True, limits=LIMITS) as collection:
            report = collection.index(files)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024
            yield World(folder, files, names, collection, report, before, temporary, grown)


def items_of(collection: nlsearch.Collection) -> list[nlsearch.Item]:
    """Return every item, by way of a search for each kind."""
    kinds = collection.stats()["kinds"]
    assert isinstance(kinds, dict)
    found = []
    for kind in kinds:
        page = collection.search(f"kind:{kind}", limit=100_000, count="exact")
        assert page.total == len(page.hits) == kinds[kind]
        found += [hit.item for hit in page.hits]
    return found


def test_the_files_are_two_hundred(world):
    assert len(world.hostile) >= 200


def test_every_good_file_is_indexed_in_full(world):
    paths = [item.path for item in items_of(world.collection) if not item.fields.get("warnings")]
    failed = {failure.path for failure in world.collection.failures()}
    for name, (_, items) in hostile.good_files().items():
        path = visible(str(world.files / "good" / name))
        assert sum(one == path or one.startswith(f"{path}/") for one in paths) == items, name
        assert path not in failed


def test_every_hostile_file_leaves_a_word(world):
    warned = {item.path for item in items_of(world.collection) if item.fields.get("warnings")}
    failed = {failure.path for failure in world.collection.failures()}
    told = warned | failed
    silent = []
    for name in world.hostile:
        path = visible(str(world.files / "hostile" / name))
        if not any(one == path or one.startswith(f"{path}/") for one in told):
            silent.append(name)
    assert silent == []


def test_every_failure_says_why(world):
    failures = world.collection.failures()
    for failure in failures:
        assert 0 < len(failure.reason.strip()) <= 2_100, failure
        assert failure.code not in {"", "error"}, failure
        assert "Traceback" not in failure.reason
        assert failure.path.startswith(str(world.files))
    start = len(str(world.files / "hostile")) + 1
    assert max(len(text) for item in items_of(world.collection) for text in item.fields.get("warnings", [""])) <= 2_000
    codes = {failure.path[start:] + failure.locator: failure.code for failure in failures}
    assert {name: codes.get(name) for name in CODES} == CODES


def test_sources_items_and_failures_add_up(world):
    items, failures = items_of(world.collection), world.collection.failures()
    rows = read_sources(world.collection.directory)
    assert len({item.id for item in items}) == len(items)
    assert Counter(item.path for item in items) == Counter({row.path: row.items for row in rows if row.items})
    assert Counter(failure.path for failure in failures) == Counter(
        {row.path: row.failures for row in rows if row.failures}
    )
    assert all(row.items or row.failures for row in rows)
    assert {row.path for row in rows if row.status != "ok"} <= {failure.path for failure in failures}
    report, stats = world.report, world.collection.stats()
    assert report.sources == report.added == len(rows) == stats["sources"]
    assert report.items == len(items) == stats["items"]
    assert sorted(map(repr, report.failures)) == sorted(map(repr, failures))
    assert (report.unchanged, report.removed, stats["failures"]) == (0, 0, len(failures))


def test_nothing_is_written_outside_of_the_collection(world):
    assert everything_in(world.folder, world.collection.directory) == world.before
    assert not Path(hostile.EVIL).exists()
    assert list(world.temporary.iterdir()) == []
    assert list((world.collection.directory / "work").iterdir()) == []


def test_the_process_stays_small_and_the_collection_sound(world):
    assert world.grown < MEMORY
    assert world.collection.check() == []
    world.collection.merge()
    assert world.collection.check() == []


def test_none_of_them_is_read_again_while_it_is_unchanged(world):
    before = (len(items_of(world.collection)), len(world.collection.failures()))
    again = world.collection.index(world.files)
    assert (again.sources, again.removed, again.failures) == (0, 0, [])
    assert again.unchanged == world.report.sources
    assert (len(items_of(world.collection)), len(world.collection.failures())) == before


def test_good_items_are_found_and_verified_between_them(world):
    for query in ('smarts:"CCO"', 'dna:"gatcctccat"', "alcohol7"):
        page = world.collection.search(query, limit=3)
        assert page.hits
        assert all(world.collection.verify(hit) for hit in page.hits)
    best = world.collection.like(world.files / "good" / "picture.png").hits[0]
    assert (best.tier, Path(best.item.path).name) == ("exact", "picture.png")


@pytest.mark.parametrize(
    "name", ["bomb.fa.gz", "pixel bomb.png", "100,000 brackets.smi", "pipe.smi", "noise.bin", "seven deep.zip"]
)
def test_a_hostile_file_as_an_example_is_refused_or_answered(world, name):
    with suppress(nlsearch.NlsearchError):
        assert world.collection.like(world.files / "hostile" / name).read_as


# ------------------------------------------------------------------------------------------------------ on their own
@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[nlsearch.Collection, Path]]:
    """An empty collection, and a folder of one good file."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "good.smi").write_text("CCO good\n")
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True, limits=LIMITS) as collection:
        yield collection, folder


def titles(collection: nlsearch.Collection) -> list[str]:
    return sorted(item.title for item in items_of(collection))


@pytest.mark.parametrize(("name", "levels"), [("d", 1_500), ("d" * 250, 40)], ids=["many", "long"])
def test_folders_in_folders(fresh, name, levels):
    """Deeper than Python calls itself; deeper than a path can say."""
    collection, folder = fresh
    hostile.deep_folders(folder, levels, name)
    try:
        collection.index(folder)
        reasons = [failure.reason for failure in collection.failures()]
        if len(name) * levels < 4096:
            assert (titles(collection), reasons) == (["deepest", "good"], [])
        else:
            assert (titles(collection), set(reasons)) == (["good"], {"cannot be read: File name too long"})
    finally:
        subprocess.run(["rm", "-rf", folder / name], check=True)  # shutil.rmtree calls itself too often


def test_memory_that_an_archive_asks_for(fresh):
    """The indexing process looks at the first bytes of a file, and goes on where it has no memory for these."""
    collection, folder = fresh
    (folder / "greedy.fa.xz").write_bytes(hostile.greedy_xz(b">x\nACGT\n"))
    (folder / "greedy.tar.xz").write_bytes(hostile.greedy_xz(hostile.tarred((hostile.entry("x.smi"), b"CC x\n"))))
    command = f'ulimit -v {3 * GIB // 1024} && exec \'{sys.executable}\' -m nlsearch -c "$1" index "$2"'
    ran = subprocess.run(
        ["sh", "-c", command, "sh", collection.directory, folder], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 3, ran.stderr
    assert titles(collection) == ["good"]
    assert {(Path(one.path).name, one.code) for one in collection.failures()} == {
        ("greedy.fa.xz", "limit_exceeded"), ("greedy.tar.xz", "limit_exceeded"),
    }  # fmt: skip


def test_what_may_not_be_read(unprivileged):
    closed = {"closed.smi": 0o000, "closed": 0o000, "no entry": 0o666, "no list": 0o111}
    with tempfile.TemporaryDirectory(dir="/tmp") as name:  # everybody can reach it
        place = Path(name)
        place.chmod(0o777)
        folder = place / "files"
        folder.mkdir()
        (folder / "good.smi").write_text("CCO good\n")
        index(place / "0.nls", [folder], pool=Pool(inline=True))  # imports all while it may
        for title, mode in closed.items():
            if not title.endswith(".smi"):
                (folder / title).mkdir()
            (folder / title / "x.smi" if (folder / title).is_dir() else folder / title).write_text("CCO hidden\n")
            (folder / title).chmod(mode)
        with unprivileged():
            report = index(place / "1.nls", [folder], pool=Pool(inline=True))
        assert (report.items, report.sources) == (1, 1 + len({failure.path for failure in report.failures}))
        assert {Path(failure.path).relative_to(folder).parts[0] for failure in report.failures} == set(closed)
        assert {failure.reason for failure in report.failures} == {"cannot be read: Permission denied"}
        for title in closed:
            (folder / title).chmod(0o755)


def test_rules_that_cannot_be_read(fresh):
    collection, folder = fresh
    (folder / "below").mkdir()
    (folder / "below" / ".nlsignore").write_bytes(b"\xff\xfe*\n")
    (folder / "below" / "x.smi").write_text("CCO below\n")
    report = collection.index(folder)
    assert [Path(failure.path).name for failure in report.failures] == [".nlsignore"]
    assert titles(collection) == ["below", "good"]


@pytest.mark.parametrize(
    ("name", "words"), [("pixel bomb.png", "not decoded"), ("damaged.png", "damaged")], ids=["bomb", "damaged"]
)
def test_a_picture_of_which_only_the_header_reads_is_an_item_with_a_warning(fresh, name, words):
    collection, folder = fresh
    (folder / name).write_bytes(hostile.pixel_bomb() if "bomb" in name else hostile.damaged_png())
    assert collection.index(folder).failures == []
    (item,) = (item for item in items_of(collection) if item.path == str(folder / name))
    assert any(words in warning for warning in item.fields.get("warnings", []))


def _meddle(folder: Path, stop: threading.Event, rng: random.Random) -> None:
    """Let files grow, shrink, vanish and come back until told to stop."""
    number = 0
    while not stop.is_set():
        number += 1
        with (folder / "growing.smi").open("a") as file:
            file.write(f"CCO grown{number}\n")
        (folder / "shrinking.fa").write_text(f">shrunk{number}\n" + "ACGT" * rng.randrange(1, 5_000))
        (folder / "replaced.new").write_bytes(hostile.picture(number, "PNG"))
        (folder / "replaced.new").rename(folder / "replaced.png")
        here = folder / "here and gone.zip"
        if number % 2:
            here.write_bytes(hostile.zipped({f"{n}.smi": b"CCO member\n" for n in range(rng.randrange(1, 30))}))
        else:
            here.unlink()
        time.sleep(0.01)


@pytest.mark.parametrize("seed", range(2))
def test_files_that_change_while_they_are_read(fresh, seed):
    collection, folder = fresh
    for number in range(30):
        (folder / f"still {number}.smi").write_text(f"CCO still{number}\n")
    (folder / "growing.smi").write_text("CCO grown0\n" * 300)
    stop = threading.Event()
    thread = threading.Thread(target=_meddle, args=(folder, stop, random.Random(seed)))
    thread.start()
    try:
        for _ in range(3):
            report = collection.index(folder)
            items = items_of(collection)
            assert len(items) == collection.stats()["items"]
            assert {"good", *(f"still{number}" for number in range(30))} <= {item.title for item in items}
            assert {failure.path.partition(".zip")[0] for failure in report.failures} <= {
                str(folder / name)
                for name in ("growing.smi", "shrinking.fa", "replaced.png", "replaced.new", "here and gone")
            }
    finally:
        stop.set()
        thread.join()
    (folder / "replaced.new").unlink(missing_ok=True)
    assert collection.index(folder).failures == []
    assert collection.check() == []
    assert collection.failures() == []
    grown = (folder / "growing.smi").read_text().splitlines()
    assert sum(item.path.endswith("growing.smi") for item in items_of(collection)) == len(grown)
