"""A kind from outside, in one file: the documented example works through the whole engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import nlsearch

HANDLERS = Path(__file__).parents[2] / "examples" / "handlers"


@pytest.fixture
def tallies(tmp_path: Path) -> Iterator[nlsearch.Collection]:
    folder = tmp_path / "numbers"
    folder.mkdir()
    (folder / "constants.tally").write_text("pi: 3 1 4 1 5 9 2 6 5\ne: 2 7 1 8 2 8\nbroken line\nroot two: 1 4 1 4 2\n")
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True, handlers_dirs=[HANDLERS]) as collection:
        report = collection.index([folder], jobs=1)
        assert (report.items, len(report.failures)) == (3, 1)
        assert report.failures[0].locator == "#3"
        yield collection


def test_the_example_is_short() -> None:
    assert len((HANDLERS / "tally.py").read_text().splitlines()) <= 60


def test_a_run_is_found_with_its_position(tallies: nlsearch.Collection) -> None:
    page = tallies.search('run:"1 4 1"')
    assert [(hit.item.title, hit.evidence["positions"]) for hit in page.hits] == [
        ("root two", [[0, 3]]),
        ("pi", [[1, 4]]),
    ]
    assert page.total == 2
    assert page.guarantee == "complete"
    assert page.read_as == ["run: read as 3 numbers"]
    assert all(tallies.verify(hit) for hit in page.hits)


def test_operators_mix_with_fields_words_and_not(tallies: nlsearch.Collection) -> None:
    assert [hit.item.title for hit in tallies.search('run:"1 4 1" AND length:>=6').hits] == ["pi"]
    assert [hit.item.title for hit in tallies.search('run:"1 4 1" AND NOT name:pi').hits] == ["root two"]
    assert {hit.item.title for hit in tallies.search('run:"7 1 8" OR pi').hits} == {"e", "pi"}
    assert {hit.item.title for hit in tallies.search('kind:tally AND NOT run:"1 4 1"').hits} == {"e"}


def test_query_by_example(tallies: nlsearch.Collection, tmp_path: Path) -> None:
    item = tallies.search("pi").hits[0].item
    assert tallies.like(item.id).hits[0].item.id == item.id
    example = tmp_path / "asked.tally"
    example.write_text("some digits: 1 5 9\n")
    assert [hit.item.title for hit in tallies.like(example).hits] == ["pi"]
