"""A merged split answers as one that was written from the same entries."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelves import FIELDS, NEAREST, QUESTIONS, SPACES, VERSIONS, ids, make_entries, write

from nlsearch.errors import StoreError
from nlsearch.handlers.contract import SeedSpace
from nlsearch.index.merge import merge_splits
from nlsearch.index.records import packed_terms, unpacked_terms
from nlsearch.index.split import Split, verify_files
from nlsearch.index.splitfacts import EXTENTS
from nlsearch.index.splitwrite import SplitWriter
from nlsearch.index.textquery import AllItems, FieldWords, HasTerms, HasWords, Keyword, NumberRange


def seed_answers(split, question):
    if not split.has_seeds(question.space):
        return {}
    answer = split.seeds(question.space).lookup(question)
    names = [item.id for item in split.records(answer.keys)]
    regions = {split.item(key).id: found for key, found in answer.regions.items()}
    return {name: (round(float(votes), 3), regions.get(name)) for name, votes in zip(names, answer.votes, strict=True)}


def vector_answers(split, question):
    if not split.has_vectors(question.space):
        return {}
    keys, similarities = split.vectors(question.space).nearest(question)
    return {split.item(int(key)).id: float(found) for key, found in zip(keys, similarities, strict=True)}


def assert_same(merged: Split, whole: Split) -> None:
    assert merged.info.kinds == whole.info.kinds
    assert merged.info.spaces == whole.info.spaces
    assert merged.info.sources == whole.info.sources
    assert merged.info.handler_versions == whole.info.handler_versions
    assert merged.sizes.tolist() == whole.sizes.tolist()
    assert merged.extents.tolist() == whole.extents.tolist()
    assert merged.source_ids.tolist() == whole.source_ids.tolist()
    everything = range(len(whole))
    assert list(merged.records(everything)) == list(whole.records(everything))
    assert list(merged.features.many(everything)) == list(whole.features.many(everything))
    assert [bytes(merged.payload(k)) for k in everything] == [bytes(whole.payload(k)) for k in everything]
    for query in (
        HasWords("red"),
        HasWords("naive blue"),
        FieldWords("name", "thing 3"),
        Keyword("organism", "species 1"),
        NumberRange("mass", 3, 9),
        HasTerms("molecule.screen", [3, 17]),
        HasTerms("molecule.screen", list(range(20)), at_least=4),
        AllItems(),
    ):
        assert merged.text.matching(query).tolist() == whole.text.matching(query).tolist()
        assert merged.text.top(query, 50) == whole.text.top(query, 50)
    for question in QUESTIONS:
        assert seed_answers(merged, question) == seed_answers(whole, question)
    for question in NEAREST:
        assert vector_answers(merged, question) == pytest.approx(vector_answers(whole, question), abs=1e-6)


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 1000),
    cuts=st.lists(st.integers(0, 60), min_size=1, max_size=3),
    dead=st.sets(st.integers(1, 5), max_size=3),
)
def test_merging_equals_writing_at_once(seed, cuts, dead, tmp_path_factory):
    folder = tmp_path_factory.mktemp("merge")
    entries = make_entries(seed, 60)
    bounds = [0, *sorted(cuts), 60]
    parts = [write(folder / f"part{n}", entries[a:b]) for n, (a, b) in enumerate(pairwise(bounds))]
    info = merge_splits([(part, dead) for part in parts], folder / "merged", memory_bytes=1 << 20)
    merged = Split(folder / "merged", info.digest)
    assert verify_files(merged.directory, info.digest) == []
    assert_same(merged, write(folder / "whole", [entry for entry in entries if entry.source_id not in dead]))


def test_each_part_has_its_own_dead(tmp_path):
    entries = make_entries(7, 80)
    parts = [(write(tmp_path / "a", entries[:40]), {1, 2}), (write(tmp_path / "b", entries[40:]), {3})]
    merge_splits(parts, tmp_path / "merged")
    kept = [e for e in entries[:40] if e.source_id not in {1, 2}] + [e for e in entries[40:] if e.source_id != 3]
    merged = Split(tmp_path / "merged")
    assert ids(merged, range(len(merged))) == sorted(e.path + e.locator for e in kept)
    assert len(merged) < 80
    extents = {item.id: extent for item, extent in zip(merged.records(range(len(merged))), merged.extents, strict=True)}
    assert extents == {e.path + e.locator: e.features.extent for e in kept}
    assert sum(extents.values()) > 0


def test_extents_go_with_the_last_item_that_has_one(tmp_path):
    entries = make_entries(7, 40)
    for entry in entries:
        entry.features.extent = 5 if entry.source_id == 1 else 0
    part = write(tmp_path / "a", entries)
    assert part.extents.sum() > 0
    info = merge_splits([(part, {1})], tmp_path / "merged")
    assert EXTENTS not in info.files
    assert not Split(tmp_path / "merged").extents.any()


def test_merging_a_merged_split_again(tmp_path):
    entries = make_entries(8, 60)
    merge_splits(
        [(write(tmp_path / "a", entries[:20]), ()), (write(tmp_path / "b", entries[20:40]), ())], tmp_path / "ab"
    )
    merge_splits([(Split(tmp_path / "ab"), ()), (write(tmp_path / "c", entries[40:]), ())], tmp_path / "abc")
    assert_same(Split(tmp_path / "abc"), write(tmp_path / "whole", entries))


def test_nothing_is_left(tmp_path):
    part = write(tmp_path / "a", make_entries(8, 20))
    info = merge_splits([(part, range(1, 6))], tmp_path / "merged")
    assert (info.items, info.kinds, info.spaces) == (0, {}, {})
    assert verify_files(tmp_path / "merged", info.digest) == []


def write_with(directory, entries, *, spaces=SPACES, fields=FIELDS, versions=VERSIONS):
    writer = SplitWriter(directory, spaces, fields, versions)
    for entry in entries:
        writer.add(entry)
    writer.finish()
    return Split(directory)


def test_versions_are_never_mixed(tmp_path):
    entries = make_entries(9, 30)
    newer = write_with(tmp_path / "newer", entries, versions=dict.fromkeys(VERSIONS, 9))
    older = write(tmp_path / "older", entries)
    with pytest.raises(StoreError, match="handler version"):
        merge_splits([(older, ()), (newer, ())], tmp_path / "merged")
    info = merge_splits([(older, range(1, 6)), (newer, ())], tmp_path / "upgraded")
    assert info.handler_versions == newer.info.handler_versions


def test_spaces_and_field_types_must_agree(tmp_path):
    entries = make_entries(9, 30)
    one = write(tmp_path / "one", entries)
    space = {"dna.kmers": SeedSpace("dna.kmers", key_bits=12, shift=3, flag_bits=1)}
    with pytest.raises(StoreError, match=r"dna\.kmers"):
        merge_splits([(one, ()), (write_with(tmp_path / "b", entries, spaces=SPACES | space), ())], tmp_path / "x")
    number = {"name": replace(FIELDS["name"], type="float")}
    with pytest.raises(StoreError, match="type of field name"):
        merge_splits([(one, ()), (write_with(tmp_path / "c", entries, fields=FIELDS | number), ())], tmp_path / "y")
    said = {"name": replace(FIELDS["name"], help="Said otherwise.")}
    other = write_with(tmp_path / "d", entries, fields=FIELDS | said)
    assert merge_splits([(one, ()), (other, ())], tmp_path / "z").fields["name"].help == "Said otherwise."


@given(st.lists(st.integers(0, 2**64 - 1), unique=True), st.sampled_from([2**6, 2**12, 2**30, 2**64]))
def test_packed_terms_come_back(numbers: list[int], below: int) -> None:
    terms = np.array(sorted({number % below for number in numbers}), np.uint64)
    packed = packed_terms(terms)
    assert unpacked_terms(packed).tolist() == terms.tolist()
    assert len(packed) % 8  # what splits had at first is told by its length
    assert unpacked_terms(terms.astype("<u8").tobytes()).tolist() == terms.tolist()
