"""The façade: the names that DESIGN promises, paging on a pinned generation, deadlines, errors that say what to do."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import nlsearch
from nlsearch.index.catalog import Catalog

EXAMPLES = Path(__file__).parents[2] / "examples"
HANDLERS = EXAMPLES / "handlers"


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    with nlsearch.Collection.open(tmp_path_factory.mktemp("facade") / "x.nls", create=True) as collection:
        collection.index(str(EXAMPLES / "collection"))
        yield collection


@pytest.fixture
def numbers(tmp_path: Path) -> Iterator[nlsearch.Collection]:
    """Forty sequences; ``tmp_path / "numbers"`` holds their files."""
    folder = tmp_path / "numbers"
    folder.mkdir()
    for name in range(8):
        rows = [f"n{name}r{row}: {row} {row + 1} {name} 7 7\n" for row in range(5)]
        (folder / f"{name}.tally").write_text("".join(rows))
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True, handlers_dirs=[HANDLERS]) as collection:
        collection.index([folder], jobs=1)
        yield collection


# ----------------------------------------------------------------------------------------------------- what is promised
def test_the_report_adds_up(tmp_path: Path) -> None:
    seen: list[object] = []
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as collection:
        report = collection.index([EXAMPLES / "collection"], jobs=2, progress=seen.append)
        assert (report.sources, report.unchanged, report.removed) == (47, 0, 0)
        assert report.items == collection.stats()["items"] == collection.search("kind:molecule OR -kind:molecule").total
        assert [vars_of(failure) for failure in report.failures] == [vars_of(one) for one in collection.failures()] or (
            sorted(map(str, report.failures)) == sorted(map(str, collection.failures()))
        )
        assert report.seconds > 0
        assert seen
        again = collection.index([EXAMPLES / "collection"])
        assert (again.sources, again.unchanged) == (0, 47)


def vars_of(failure: nlsearch.Failure) -> tuple[str, str, str, str]:
    return failure.path, failure.locator, failure.reason, failure.code


QUERIES = [
    'smarts:"c1ccccc1O"',
    'substructure:"OC(=O)c1ccccc1"',
    'superstructure:"CC(=O)Oc1ccccc1C(=O)O"',
    'smiles:"CC(=O)Oc1ccccc1C(=O)O"~0.2',
    'dna:"ATGGTGCATCTGACTCCTGAGGAGAAG"{mismatches=1}',
    'dna:"CTTCTCCTCAGGAGTCAGGTGCACCAT"',
    "harbour",
    "mass:[150 TO 250] AND kind:molecule",
    'smarts:"c1ccccc1O" OR dna:"ATGGTGCATCTGACTCC" OR harbour',
]


@pytest.mark.parametrize("query", QUERIES)
def test_every_hit_is_evidence_that_can_be_reproduced(examples: nlsearch.Collection, query: str) -> None:
    page = examples.search(query, limit=1000, count="exact")
    assert page.hits
    assert page.total == len(page.hits)
    assert page.complete
    for hit in page.hits:
        assert hit.tier in {"exact", "near"}
        assert 0 <= hit.score <= 1
        json.dumps([hit.evidence, hit.item.fields])
        assert examples.verify(hit)
        assert examples.item(hit.item.id) == hit.item
        assert hit.item.id == hit.item.path + hit.item.locator
        assert Path(hit.item.path).is_absolute()
        assert examples.explain(query, hit.item.id).status == "hit"
        assert examples.draw(hit).media_type in {"image/svg+xml", "image/png"}
    assert sum(page.facets("kind").values()) == page.total


def test_the_three_kinds_are_found_by_example(examples: nlsearch.Collection) -> None:
    for path in ("chemistry/medicines.smi", "biology/human genes.fa", "pictures/harbour.jpg"):
        example = EXAMPLES / "collection" / path
        best = examples.like(example, limit=3).hits[0]
        assert (best.tier, best.score, best.item.path) == ("exact", 1.0, str(example))
        assert examples.like(best.item.id).hits[0].item.id == best.item.id
    with pytest.raises(nlsearch.QuerySyntax, match="no option"):
        examples.like(EXAMPLES / "collection" / "pictures" / "harbour.jpg", colour="red")


def test_related_items_come_last_and_only_when_asked_for(examples: nlsearch.Collection) -> None:
    query = 'smiles:"NCCc1c[nH]c2ccc(O)cc12"~0.95'
    plain, related = examples.search(query), examples.search(query.replace("~0.95", "~0.95{related=yes}"))
    assert {hit.tier for hit in plain.hits} == {"exact"}
    assert [hit.item.id for hit in related.hits[: len(plain.hits)]] == [hit.item.id for hit in plain.hits]
    assert {hit.tier for hit in related.hits[len(plain.hits) :]} == {"related"}
    assert related.total == plain.total


def test_an_id_may_be_relative(examples: nlsearch.Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)
    assert examples.item("collection/chemistry/medicines.smi#1").title == "aspirin"
    assert examples.item("./collection/chemistry/medicines.smi#1").title == "aspirin"
    with pytest.raises(nlsearch.QueryError, match="no item"):
        examples.item("collection/chemistry/medicines.smi#999")


# --------------------------------------------------------------------------------------------------------------- paging
def test_pages_stay_on_their_generation(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    whole = [hit.item.id for hit in numbers.search('run:"7 7"', limit=100).hits]
    assert len(whole) == 40
    page = numbers.search('run:"7 7"', limit=15)
    joined = [hit.item.id for hit in page.hits]
    (tmp_path / "numbers" / "0.tally").unlink()
    (tmp_path / "numbers" / "9.tally").write_text("late: 7 7\n")
    with nlsearch.Collection.open(tmp_path / "x.nls", handlers_dirs=[HANDLERS]) as writer:
        writer.index([tmp_path / "numbers"], jobs=1)
        writer.merge()
    while page.next is not None:
        page = numbers.search('run:"7 7"', limit=15, after=page.next)
        joined += [hit.item.id for hit in page.hits]
    assert joined == whole
    titles = {hit.item.title for hit in numbers.search('run:"7 7"', limit=100).hits}
    assert "late" in titles
    assert len(titles) == 36


def test_several_threads_may_page_through_one_query(numbers: nlsearch.Collection) -> None:
    whole = [hit.item.id for hit in numbers.search('run:"7 7"', limit=100).hits]

    def read(_: int) -> list[str]:
        page = numbers.search('run:"7 7"', limit=3)
        joined = [hit.item.id for hit in page.hits]
        while page.next is not None:
            page = numbers.search('run:"7 7"', limit=3, after=page.next, count="exact")
            joined += [hit.item.id for hit in page.hits]
            assert sum(page.facets("kind").values()) == 40
        return joined

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(read, range(12))) == [whole] * 12


def test_a_token_outlives_its_process(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    page = numbers.search('run:"7 7"', limit=7)
    rest = numbers.search('run:"7 7"', limit=7, after=page.next)
    with nlsearch.Collection.open(tmp_path / "x.nls", handlers_dirs=[HANDLERS]) as other:
        again = other.search('run:"7 7"', limit=7, after=page.next)
    assert [hit.item.id for hit in again.hits] == [hit.item.id for hit in rest.hits]


def test_what_is_no_page_is_said(numbers: nlsearch.Collection) -> None:
    token = numbers.search('run:"7 7"', limit=3).next
    for settings in ({"after": "nonsense"}, {"after": token, "query": "n1r1"}, {"limit": 0}, {"limit": 100_001}):
        query = settings.pop("query", 'run:"7 7"')
        with pytest.raises(nlsearch.QueryError):
            numbers.search(str(query), **settings)  # type: ignore[arg-type]
    with pytest.raises(nlsearch.QueryError, match="'page' or 'exact'"):
        numbers.search("n1r1", count="all")  # type: ignore[arg-type]


def test_a_deadline_makes_the_page_incomplete(numbers: nlsearch.Collection) -> None:
    page = numbers.search('run:"7 7"', deadline_s=0.0)
    assert (page.hits, page.complete, page.total) == ([], False, None)
    page = numbers.search('run:"7 7"', deadline_s=60.0, count="exact")
    assert (page.complete, page.total) == (True, 40)


def test_a_page_verifies_little(numbers: nlsearch.Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = numbers.registry.get("tally")
    verified = []
    genuine = type(handler).verify
    monkeypatch.setattr(
        type(handler), "verify", lambda self, *given: verified.append(given) or genuine(self, *given), raising=True
    )
    numbers.search('run:"7 7" AND length:[1 TO 9]', limit=5)
    assert 5 <= len(verified) < 20
    verified.clear()
    numbers.search('run:"7 7" AND name:n3r2', limit=5)
    assert len(verified) == 1, "what a filter excluded is not verified"


# -------------------------------------------------------------------------------------------------------------- changes
def test_changed_removed_and_merged(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    path = tmp_path / "numbers" / "3.tally"
    path.write_text("new: 1 2 3\n")
    os.utime(path, (time.time(), time.time() + 5))
    report = numbers.index([tmp_path / "numbers"], jobs=1)
    assert (report.changed, report.unchanged, report.items) == (1, 7, 1)
    assert numbers.search('run:"1 2 3"').hits[0].item.title == "new"
    assert numbers.remove(path) == 1
    assert numbers.search("name:new").total == 0
    assert numbers.merge() == 1
    assert numbers.search("kind:tally").total == 35
    assert numbers.check() == []


def test_a_damaged_file_is_named(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    copy = tmp_path / "copy.nls"
    shutil.copytree(tmp_path / "x.nls", copy)
    payloads = next(copy.rglob("payloads*"))
    damaged = bytearray(payloads.read_bytes())
    damaged[len(damaged) // 2] ^= 4
    payloads.write_bytes(damaged)
    with nlsearch.Collection.open(copy, handlers_dirs=[HANDLERS]) as collection:
        problems = collection.check()
    assert [Path(problem.path).name for problem in problems] == [payloads.name]


def test_there_is_no_collection(tmp_path: Path) -> None:
    with pytest.raises(nlsearch.StoreError, match="nlsearch index"):
        nlsearch.Collection.open(tmp_path / "none.nls")
    assert not (tmp_path / "none.nls").exists()


# ------------------------------------------------------------------------------------------------ what a stranger tries
@pytest.mark.parametrize(
    "query",
    [
        "aspirin OR caffeine",
        "mass:[100 TO 150] OR name:serotonin",
        "kind:image OR name:INS",
        "path:chemistry OR path:biology",
        'smarts:"c1ccccc1O" OR serotonin OR name:INS',
    ],
)
def test_evidence_is_of_the_branches_that_hold(examples: nlsearch.Collection, query: str) -> None:
    hits = examples.search(query, limit=1000).hits
    assert len(hits) > 1
    assert [hit.item.id for hit in hits if not examples.verify(hit)] == []


def test_evidence_of_or_names_every_branch_that_holds(examples: nlsearch.Collection) -> None:
    (hit,) = examples.search("name:aspirin AND (aspirin OR medicines OR nonesuch)").hits
    assert hit.evidence["words"] == ["aspirin", "medicines"]


def test_evidence_of_words_names_the_fields_that_hold_them_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "drugs.smi").write_text("CC(=O)Nc1ccccc1 N-acetyl aniline\n")
    with nlsearch.Collection.open(tmp_path / "words.nls", create=True) as collection:
        collection.index([tmp_path / "drugs.smi"])
        for query in ("n-acetyl", '"acetyl aniline"', "name:n-acetyl"):
            (hit,) = collection.search(query).hits
            assert list(hit.evidence["fields"]) == ["name"], query  # keys and SMILES hold the word N, too


def test_explain_says_what_was_not_decided(tmp_path: Path) -> None:
    cage = "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3"
    (tmp_path / "cage.smi").write_text(cage + "c8c4c4c9c5c1c1c6c2c3c41 C60\n")
    limits = nlsearch.Limits(verify_steps=1000)
    with nlsearch.Collection.open(tmp_path / "cage.nls", create=True, limits=limits) as collection:
        collection.index([tmp_path / "cage.smi"])
        item = f"{tmp_path / 'cage.smi'}#1"
        undecided = collection.explain('smarts:"' + "c~" * 20 + '[!c]"', item)
        assert undecided.reason.startswith("verification did not decide: ")
        assert "verify_steps = 1,000" in undecided.reason
        denied = collection.explain('smarts:"[^2]~' + "c~" * 20 + 'Cl"', item)
        assert denied.reason.startswith("the screen says no: ")


class Ticks:
    """A clock that is over after so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def __call__(self) -> float:
        self.looks -= 1
        return 0.0 if self.looks > 0 else 1e9


@pytest.mark.parametrize("looks", [3, 8, 20, 31, 39])
def test_pages_after_a_deadline_lose_and_repeat_nothing(
    numbers: nlsearch.Collection, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    query = 'run:"7 7" AND NOT length:99'
    whole = [hit.item.id for hit in numbers.search(query, limit=100).hits]
    monkeypatch.setattr("nlsearch.search.execute.time.monotonic", Ticks(looks))
    page = numbers.search(query, limit=10, deadline_s=1.0, count="exact")
    assert not page.complete
    assert page.total is None
    if page.next is None:
        assert len(page.hits) <= 10
        assert {hit.item.id for hit in page.hits} <= set(whole)
        assert sum(page.facets("kind").values()) == 40, "facets are over all matches"
        return
    joined = [hit.item.id for hit in page.hits]
    with nlsearch.Collection.open(numbers.directory, handlers_dirs=[HANDLERS]) as other:  # as another process would
        for asked in (numbers, other):
            rest = asked.search(query, limit=100, after=page.next)
            assert rest.complete
            assert joined + [hit.item.id for hit in rest.hits] == whole


def test_a_later_page_can_be_asked_for_again_with_more_time(numbers: nlsearch.Collection) -> None:
    query = 'run:"7 7" AND NOT length:99'
    first = numbers.search(query, limit=10)
    cut = numbers.search(query, limit=30, after=first.next, deadline_s=0.0)
    assert not cut.complete
    again = numbers.search(query, limit=30, after=first.next)
    assert again.complete
    assert len({hit.item.id for hit in first.hits + again.hits}) == 40


def test_related_items_satisfy_the_rest_of_the_query(examples: nlsearch.Collection) -> None:
    query = 'smiles:"NCCc1c[nH]c2ccc(O)cc12"~0.95{related=yes}'
    hydroxyl = {hit.item.id for hit in examples.search('smarts:"[OX2H]"', limit=1000).hits}
    with_it = {hit.item.id for hit in examples.search(f'{query} AND smarts:"[OX2H]"', limit=1000).hits}
    without = {hit.item.id for hit in examples.search(f'{query} AND NOT smarts:"[OX2H]"', limit=1000).hits}
    assert with_it <= hydroxyl
    assert not without & hydroxyl
    assert without


def test_an_example_of_another_kind_is_an_error(examples: nlsearch.Collection) -> None:
    item = examples.search("name:aspirin").hits[0].item
    with pytest.raises(nlsearch.QuerySyntax, match="of kind molecule, not image"):
        examples.like(item.id, kind="image")


def test_a_path_stands_for_its_only_item(examples: nlsearch.Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES / "collection" / "biology")
    assert examples.item("../pictures/harbour.jpg").kind == "image"
    with pytest.raises(nlsearch.QueryError, match="items: name one"):
        examples.item("../chemistry/medicines.smi")


def test_explain_says_why_a_record_failed(examples: nlsearch.Collection) -> None:
    broken = EXAMPLES / "collection" / "broken" / "valence.smi"
    said = examples.explain('smarts:"C"', f"{broken}#2")
    assert said.status == "not_indexed"
    assert "valence" in said.reason
    assert "valence" not in examples.explain('smarts:"C"', f"{broken}#9").reason.replace("valence.smi", "")
    picture = EXAMPLES / "collection" / "pictures" / "harbour.jpg"
    assert examples.explain('smarts:"C"', f"{picture}#1").status == "filtered"


@pytest.mark.parametrize("settings", [{"limit": 2.5}, {"limit": "5"}, {"query": None}, {"kinds": "nothing"}])
def test_wrong_arguments_are_named(examples: nlsearch.Collection, settings: dict[str, object]) -> None:
    with pytest.raises(nlsearch.QueryError):
        examples.search(settings.pop("query", "aspirin"), **settings)  # type: ignore[arg-type]


def test_one_kind_may_be_a_text(examples: nlsearch.Collection) -> None:
    assert examples.search("aspirin OR harbour", kinds="molecule").total == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("minimum", [2, -0.1, "x"])
def test_a_minimum_is_a_score(examples: nlsearch.Collection, minimum: object) -> None:
    with pytest.raises(nlsearch.QueryError, match="0 to 1"):
        examples.like(EXAMPLES / "collection" / "pictures" / "harbour.jpg", minimum=minimum)  # type: ignore[arg-type]


def test_only_fields_are_counted(examples: nlsearch.Collection) -> None:
    with pytest.raises(nlsearch.QueryError, match="no field 'typo'"):
        examples.search("aspirin").facets("typo")


def test_a_closed_collection_says_so(tmp_path: Path) -> None:
    collection = nlsearch.Collection.open(tmp_path / "x.nls", create=True)
    collection.close()
    for use in (lambda: collection.search("x"), lambda: collection.index([tmp_path]), collection.stats):
        with pytest.raises(nlsearch.StoreError, match="closed"):
            use()


def test_every_writer_can_be_told_how_long_to_wait(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    with Catalog.open(numbers.directory).writing(1.0):
        for write in (
            lambda: numbers.index([tmp_path / "numbers"], lock_timeout_s=0.01),
            lambda: numbers.remove([tmp_path / "numbers"], lock_timeout_s=0.01),
            lambda: numbers.merge(lock_timeout_s=0.01),
        ):
            with pytest.raises(nlsearch.IndexLocked, match="--lock-timeout"):
                write()
    assert numbers.merge() == 1
