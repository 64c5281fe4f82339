"""A split gives back what was put in, notices damage, and opens without work."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shelves import FIELDS, NEAREST, QUESTIONS, SPACES, VERSIONS, ids, make_entries, write

from nlsearch.errors import IndexDamaged, IndexTooNew, StorageFull, StoreError
from nlsearch.index.records import Records, RecordWriter
from nlsearch.index.split import Split, verify_files
from nlsearch.index.splitfacts import EXTENTS, SplitInfo
from nlsearch.index.splitwrite import SplitWriter
from nlsearch.index.storage import writing
from nlsearch.index.textquery import FieldWords, HasTerms, HasWords, Keyword, KindIs, NumberRange
from nlsearch.model import Entry, Extent, Features
from nlsearch.search.view import SplitView


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    entries = make_entries(1, 150)
    return write(tmp_path_factory.mktemp("shelf") / "split", entries), entries


def in_order(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda e: (e.kind, e.features.size, e.path, e.number))


def test_items_come_back_in_their_order(shelf):
    split, entries = shelf
    assert len(split) == 150
    for key, entry in enumerate(in_order(entries)):
        item = split.item(key)
        assert item.to_item().id == entry.path + entry.locator
        assert (item.kind, item.title, item.number, item.source_id) == (
            entry.kind,
            entry.title,
            entry.number,
            entry.source_id,
        )
        assert item.fields == entry.features.fields
        assert item.keys == entry.features.keys
        assert bytes(split.payload(key)) == entry.features.payload
        assert split.source_ids[key] == entry.source_id
        assert split.find(entry.path, entry.locator) == key
    assert split.find("/shelf", "#1") is None


def test_kinds_are_ranges(shelf):
    split, entries = shelf
    for kind in VERSIONS:
        first, end = split.kind_range(kind)
        assert end - first == sum(entry.kind == kind for entry in entries)
        assert {split.item(key).kind for key in range(first, end)} == {kind}
        assert split.text.matching(KindIs(kind)).tolist() == list(range(first, end))
    assert split.kind_range("score") == (0, 0)


def test_sizes_never_round_up(shelf, tmp_path):
    split, entries = shelf
    sizes = np.array([entry.features.size for entry in in_order(entries)])
    assert (split.sizes.astype(np.float64) <= sizes).all()
    assert np.allclose(split.sizes, sizes, rtol=2e-7)
    odd = [Entry(1, "image", "/x", f"#{n}", n, "", Features(size=size)) for n, size in enumerate((0.0, np.inf, 8.1))]
    assert write(tmp_path / "odd", odd).sizes.tolist() == [1.0, 1.0, np.nextafter(np.float32(8.1), np.float32(0))]


def test_extents_are_those_that_were_added(shelf, tmp_path):
    split, entries = shelf
    extents = [entry.features.extent for entry in in_order(entries)]
    assert split.extents.tolist() == extents
    assert split.extents.dtype == np.int64
    assert 0 < sum(map(bool, extents)) < len(extents)
    large = write(tmp_path / "large", [Entry(1, "image", "/x", "#1", 1, "", Features(extent=2**40))])
    assert large.extents.tolist() == [2**40]


def test_where_nothing_has_an_extent_nothing_is_stored(tmp_path):
    split = write(tmp_path / "split", [entry for entry in make_entries(1, 30) if not entry.features.extent])
    assert EXTENTS not in split.info.files
    assert split.extents.tolist() == [0] * len(split)


def test_extents_of_another_length_are_damage(tmp_path):
    split = write(tmp_path / "split", make_entries(1, 30))
    (split.directory / EXTENTS).write_bytes(bytes(8 * 29))
    with pytest.raises(IndexDamaged, match="29 rows for 30 items"):
        split.extents  # noqa: B018 - reading it is what is tried


def test_a_view_sums_the_extents_of_living_items(shelf):
    split, entries = shelf
    for dead in (set(), {2}, {1, 2, 3, 4, 5}, {77}):
        view = SplitView(split.directory, 0, frozenset(dead))
        for kind in (*VERSIONS, "score"):
            living = [e.features.extent for e in entries if e.kind == kind and e.source_id not in dead]
            assert view.extent(kind) == Extent(sum(living), sum(map(bool, living)))
    assert SplitView(split.directory, 0, frozenset({2})).extent("nucleotide").items > 0


def test_records_in_any_order(shelf):
    split, _ = shelf
    keys = [140, 3, 3, 149, 0, 64, 63]
    assert list(split.records(np.array(keys, np.uint32))) == [split.item(key) for key in keys]


def test_text_finds_the_same_items_as_a_scan(shelf):
    split, entries = shelf
    for query, holds in (
        (HasWords("naive"), lambda e: "naïve" in e.features.words),
        (HasWords("red blue", phrase=True), lambda e: "red blue" in e.features.words),
        (FieldWords("name", "thing 7"), lambda e: e.number == 7),
        (Keyword("organism", "species 2"), lambda e: e.number % 3 == 2),
        (NumberRange("mass", 10, 20), lambda e: 20 <= e.number <= 40),
        (
            HasTerms("molecule.screen", [3, 4]),
            lambda e: {3, 4} <= set(e.features.terms.get("molecule.screen", np.empty(0)).tolist()),
        ),
    ):
        expected = sorted(entry.path + entry.locator for entry in entries if holds(entry))
        assert ids(split, split.text.matching(query)) == expected


def test_seeds_and_vectors_answer_for_their_items(shelf):
    split, entries = shelf
    answer = split.seeds("dna.kmers").lookup(QUESTIONS[0])
    first, end = split.kind_range("nucleotide")
    assert len(answer.keys)
    assert ((answer.keys >= first) & (answer.keys < end)).all()
    bits = np.stack(
        [entry.features.vectors["molecule.bits"] for entry in in_order(entries) if entry.kind == "molecule"]
    )
    wanted = np.frombuffer(NEAREST[0].vector, np.uint8)
    both, either = np.bitwise_count(bits & wanted).sum(1), np.bitwise_count(bits | wanted).sum(1)
    keys, similarities = split.vectors("molecule.bits").nearest(NEAREST[0])
    expected = {split.kind_range("molecule")[0] + n: s for n, s in enumerate(both / either) if s >= 0.1}
    assert dict(zip(keys.tolist(), similarities.tolist(), strict=True)) == pytest.approx(expected, abs=1e-6)


def test_spaces_that_no_item_uses_have_no_organ(shelf):
    split, _ = shelf
    assert split.has_seeds("dna.kmers")
    assert split.has_vectors("image.look")
    assert not split.has_seeds("unused.seeds")
    assert not split.has_seeds("molecule.bits")
    assert "unused.terms" not in split.info.spaces
    with pytest.raises(KeyError):
        split.seeds("unused.seeds")


def test_an_empty_split(tmp_path):
    split = write(tmp_path / "empty", [])
    assert (len(split), split.info.kinds, split.sizes.tolist(), split.source_ids.tolist()) == (0, {}, [], [])
    assert split.find("/a", "#1") is None
    assert verify_files(tmp_path / "empty") == []


def test_the_order_of_adding_does_not_matter(shelf, tmp_path):
    split, entries = shelf
    other = write(tmp_path / "other", entries[::-1])
    same = [name for name in split.info.files if not name.startswith("text/")]
    assert [other.info.files[name] for name in same] == [split.info.files[name] for name in same]


def test_undeclared_things_are_refused(tmp_path):
    writer = SplitWriter(tmp_path / "split", SPACES, FIELDS, VERSIONS)
    features = Features(terms={"molecule_screen": np.array([1], np.uint64)})
    with pytest.raises(StoreError, match="molecule_screen"):
        writer.add(Entry(1, "molecule", "/a", "#1", 1, "", features))
    with pytest.raises(StoreError, match="poem"):
        writer.add(Entry(1, "poem", "/a", "#1", 1, "", Features()))
    assert writer.items == 0
    writer.abandon()
    assert not [path for path in (tmp_path / "split").rglob("*") if path.is_file()]


def test_closing_keeps_views_alive(shelf):
    split, entries = shelf
    key = int(np.argmax([len(entry.features.payload) for entry in in_order(entries)]))
    view = split.payload(key)
    split.close()
    assert bytes(view) == in_order(entries)[key].features.payload
    assert split.item(key).title == in_order(entries)[key].title


# -------------------------------------------------------------------------------------------------------------- damage
def test_facts_survive_json(shelf):
    split, _ = shelf
    assert SplitInfo.from_json(split.info.to_json()) == split.info
    assert replace(split.info, items=3).digest != split.info.digest
    assert split.info.total_bytes == sum(
        path.stat().st_size for path in split.directory.rglob("*") if path.is_file() and path.name != "split.json"
    )


def test_newer_formats_are_refused(tmp_path):
    write(tmp_path / "split", make_entries(2, 3))
    facts = (tmp_path / "split/split.json").read_bytes()
    (tmp_path / "split/split.json").write_bytes(facts.replace(b'"format": 1', b'"format": 2'))
    with pytest.raises(IndexTooNew):
        Split(tmp_path / "split")


def test_every_flipped_byte_is_found(tmp_path):
    split = write(tmp_path / "split", make_entries(3, 40))
    digest = split.info.digest
    assert verify_files(split.directory, digest) == []
    rng = np.random.default_rng(5)
    for name in [*split.info.files, "split.json"]:
        path = split.directory / name
        whole = path.read_bytes()
        if whole:
            flipped = bytearray(whole)
            flipped[int(rng.integers(len(whole)))] ^= 1 << int(rng.integers(8))
            path.write_bytes(flipped)
            assert [problem.path for problem in verify_files(split.directory, digest)] == [str(path)]
        path.write_bytes(whole + b"x")
        with pytest.raises(IndexDamaged, match=name):
            Split(split.directory, digest)
        path.unlink()
        assert str(path) in [problem.path for problem in verify_files(split.directory, digest)]
        with pytest.raises(IndexDamaged, match=name):
            Split(split.directory, digest)
        path.write_bytes(whole)
    assert verify_files(split.directory, digest) == []
    (split.directory / "text/stray").write_bytes(b"")
    assert [problem.path for problem in verify_files(split.directory)] == [str(split.directory / "text/stray")]


def test_another_split_in_its_place_is_found(tmp_path):
    split = write(tmp_path / "split", make_entries(3, 4))
    other = write(tmp_path / "other", make_entries(4, 4))
    with pytest.raises(IndexDamaged):
        Split(split.directory, other.info.digest)
    assert len(verify_files(split.directory, other.info.digest)) == 1


def test_flips_in_blocks_are_typed_errors(tmp_path):
    """Whatever byte of the compressed blocks is wrong, reading raises IndexDamaged or gives some record."""
    split = write(tmp_path / "split", make_entries(3, 70))
    path = split.directory / "items.bin"
    whole = path.read_bytes()
    raised = 0
    for place in range(0, len(whole), 29):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            list(Records(split.directory, "items").many(range(70)))
        except IndexDamaged:
            raised += 1
    assert raised > 0.5 * len(whole) / 29


def test_a_full_disk_is_named(tmp_path):
    with pytest.raises(StorageFull), writing(tmp_path):
        Path("/dev/full").write_bytes(b"x")
    with pytest.raises(StoreError), writing(tmp_path):
        (tmp_path / "absent/file").write_bytes(b"x")


NO_ROOM = """
import resource, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from shelves import *
from nlsearch.errors import StorageFull
from nlsearch.index.text import TextWriter
folder, cap, organ = Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
writer = TextWriter(folder / "text", FIELDS) if organ == "text" else SplitWriter(folder, SPACES, FIELDS, VERSIONS)
for entry in make_entries(3, 2000):
    writer.add(entry)
if organ == "split":
    writer._spool[0]  # writes what is buffered
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (cap, cap))
try:
    writer.finish()
except StorageFull as error:
    sys.exit(f"{error}")
"""


@pytest.mark.parametrize(("organ", "cap"), [("text", 100), ("text", 30_000), ("split", 2_000), ("split", 50_000)])
def test_no_room_while_writing(tmp_path, organ, cap):
    """The system's cap on the size of a file stands in for a full disk: same path through every writer."""
    arguments = [str(Path(__file__).parent), str(tmp_path / "split"), str(cap), organ]
    done = subprocess.run([sys.executable, "-c", NO_ROOM, *arguments], check=False, capture_output=True, timeout=60)
    assert done.stderr.decode().startswith(str(tmp_path / "split")), done.stderr.decode()
    assert not (tmp_path / "split/split.json").exists()


# ------------------------------------------------------------------------------------------------------------- records
def test_large_records_get_blocks_of_their_own(tmp_path):
    records = [
        [number, "x" * (300_000 if number % 5 == 0 else 10), b"\x00\xff", {"a": [1.5, None, True]}]
        for number in range(200)
    ]
    writer = RecordWriter(tmp_path, "records")
    for record in records:
        writer.add(record)
    writer.finish()
    reader = Records(tmp_path, "records")
    assert list(reader.many(range(200))) == records
    assert [reader[number] for number in (199, 0, 5, 64)] == [records[number] for number in (199, 0, 5, 64)]


def test_numpy_numbers_are_kept_as_numbers(tmp_path):
    writer = RecordWriter(tmp_path, "records")
    writer.add({"a": np.int64(3), "b": np.float32(0.5), "c": np.array([1, 2]), "d": "\udcff"})
    writer.finish()
    assert Records(tmp_path, "records")[0] == {"a": 3, "b": 0.5, "c": [1, 2], "d": "\udcff"}


# ---------------------------------------------------------------------------------------------------------- cold start
def test_opening_and_searching_words_imports_little(shelf):
    split, _ = shelf
    program = (
        "import sys; from nlsearch.index.split import Split; from nlsearch.index.textquery import HasWords;"
        "split = Split(sys.argv[1]); keys = split.text.top(HasWords('red'), 5)[0]; assert keys;"
        "assert split.item(keys[0]).title;"
        "heavy = {'sqlalchemy', 'usearch', 'nlsearch.index.seeds', 'nlsearch.index.vectors'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program, str(split.directory)], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
