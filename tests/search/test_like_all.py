"""Query by example for every record of a file: the same answers as one by one, and nothing dropped."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import islice
from pathlib import Path

import pytest

import nlsearch
from nlsearch.search.examples import Asked

Answers = Generator[nlsearch.Answer, None, None]
EXAMPLES = Path(__file__).parents[2] / "examples" / "collection"
NUMBERS = '''
import os

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Field, Format, Operator
from nlsearch.model import Features, Probe, RawItem, Scan, Skipped, Verdict


class HANDLER:
    """Lines of numbers; equal ones match.  Some words misbehave."""

    kind = "number"
    version = 1
    formats = (Format("numbers", "text/x-numbers", (".numbers",)),)
    fields = spaces = requires = ()
    operators = (Operator("like", "the same number", 'like:"x"', "complete", "1"),)

    def read(self, source, limits):
        with source.open() as file:
            for number, line in enumerate(file, start=1):
                word = line.decode().strip()
                if word == "crash":
                    os._exit(3)
                if word == "skip":
                    yield Skipped(number, "it says so", "unsupported_feature")
                    continue
                yield RawItem(word, number, word)
                while word == "endless":
                    number += 1
                    yield RawItem("7", number, "7")

    def features(self, item):
        return Features(payload=item.content.encode())

    def compile(self, operator, value, options):
        if bytes(value) == b"obscure":
            raise QuerySyntax("obscure is no number", hint="write digits")
        return Probe("number", operator, "a number", Scan(), {"number": bytes(value)}, "complete")

    def verify(self, probe, payload, regions=()):
        return Verdict(1.0, "exact", {}) if bytes(payload) == probe.verification["number"] else None

    def draw(self, payload, verdict=None):
        raise NotImplementedError
'''


@pytest.fixture
def numbers(tmp_path: Path) -> Iterator[nlsearch.Collection]:
    """Six numbers, three of them 7; ``tmp_path`` is where further files may lie."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "number.py").write_text(NUMBERS)
    (tmp_path / "known.numbers").write_text("7\n8\n7\n9\n10\n7\n")
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True, handlers_dirs=[tmp_path / "handlers"]) as collection:
        collection.index([tmp_path / "known.numbers"], jobs=1)
        yield collection


def asked(collection: nlsearch.Collection, folder: Path, text: str, **how: object) -> Answers:
    (folder / "queries.numbers").write_text(text)
    return collection.like_all(folder / "queries.numbers", **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("chemistry/alkaloids.sdf", {}),
        ("chemistry/medicines.smi", {"fp": "maccs", "minimum": 0.6}),
        ("biology/human genes.fa", {}),
        ("biology/plasmids/pTwoGenes.gb", {}),
        ("chemistry/registered reactions.rdf", {}),
        ("pictures/harbour, detail.png", {}),
    ],
)
def test_the_answers_are_those_of_the_items_one_by_one(
    indexed: nlsearch.Collection, name: str, options: dict[str, object]
) -> None:
    path = str(EXAMPLES / name)
    answers = list(indexed.like_all(path, limit=3, **options))  # type: ignore[arg-type]
    items = {hit.item.id for hit in indexed.search("kind:molecule OR -kind:molecule", limit=1000).hits}
    assert [answer.id for answer in answers] == [answer.path + answer.locator for answer in answers]
    assert {answer.id for answer in answers} == {
        one for one in items if one.startswith(path + "#") and not one.endswith("#file")
    }
    assert [answer.number for answer in answers] == list(range(1, len(answers) + 1))
    for answer in answers:
        page = indexed.like(answer.id, limit=3, **options)  # type: ignore[arg-type]
        assert answer.page is not None
        assert answer.page.hits == page.hits
        assert answer.hits
        assert (answer.page.total, answer.page.complete, answer.page.next) == (page.total, True, None)
        assert answer.page.read_as == page.read_as
        assert (answer.kind, answer.title) == (indexed.item(answer.id).kind, indexed.item(answer.id).title)


def test_what_cannot_be_read_or_compiled_is_listed(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    seen: list[Asked] = []
    answers = list(asked(numbers, tmp_path, "7\nskip\nobscure\n99\n8\n", progress=seen.append))
    assert [(answer.locator, answer.title, len(answer.hits)) for answer in answers] == [
        ("#1", "7", 3),
        ("#2", "", 0),
        ("#3", "obscure", 0),
        ("#4", "99", 0),
        ("#5", "8", 1),
    ]
    assert [type(answer.error) for answer in answers] == [
        type(None), nlsearch.UnsupportedFeature, nlsearch.QuerySyntax, type(None), type(None),
    ]  # fmt: skip
    assert [answer.reason for answer in answers[1:3]] == ["it says so", "obscure is no number (write digits)"]
    assert [answer.page is None for answer in answers] == [False, True, True, False, False]
    last = seen[-1]
    assert (len(seen), last.queries, last.found, last.hits, last.failures) == (5, 5, 2, 4, 2)
    assert last.seconds >= seen[0].seconds > 0


def test_a_file_that_breaks_off_keeps_what_came_before(numbers: nlsearch.Collection) -> None:
    cut = list(numbers.like_all(EXAMPLES / "broken" / "cut in the middle.sdf"))
    assert [answer.error is None for answer in cut] == [True, False]
    assert "the record ends after 15 of 48" in cut[1].reason


def test_a_crash_is_the_last_answer(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    with pytest.raises(nlsearch.WorkerCrashed):
        list(asked(numbers, tmp_path, "crash\n7\n"))
    answers = asked(numbers, tmp_path, "7\n" * 3000 + "crash\n8\n")
    *good, last = answers
    assert isinstance(last.error, nlsearch.WorkerCrashed)
    assert (last.locator, last.id) == ("", str(tmp_path / "queries.numbers"))
    assert all(answer.hits for answer in good)
    assert len(list(asked(numbers, tmp_path, "7\n8\n"))) == 2, "and the next file is read as ever"


def test_no_more_is_read_than_is_asked(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    answers = asked(numbers, tmp_path, "endless\n")
    assert [answer.title for answer in islice(answers, 4)] == ["endless", "7", "7", "7"]
    answers.close()
    assert next(answers, None) is None


def test_all_are_asked_of_one_generation(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    answers = asked(numbers, tmp_path, "7\n" * 5)
    counts = [len(next(answers).hits)]
    numbers.remove([tmp_path / "known.numbers"])
    for k in range(6):
        (tmp_path / f"{k}.numbers").write_text("7\n")
        numbers.index([tmp_path / f"{k}.numbers"], jobs=1)
        numbers.like(tmp_path / f"{k}.numbers#1")
    counts += [len(answer.hits) for answer in answers]
    assert counts == [3] * 5
    assert [len(answer.hits) for answer in asked(numbers, tmp_path, "7\n")] == [6]


@pytest.mark.parametrize("limit", [1, 2, 3, 20])
def test_the_own_record_can_be_left_out(numbers: nlsearch.Collection, tmp_path: Path, limit: int) -> None:
    whole = list(numbers.like_all(tmp_path / "known.numbers", limit=20))
    others = list(numbers.like_all(tmp_path / "handlers" / ".." / "known.numbers", limit=limit, leave_out_itself=True))
    for one, rest in zip(whole, others, strict=True):
        assert one.page is not None
        assert rest.page is not None
        kept = [hit.item.id for hit in one.hits if hit.item.id != one.id]
        assert len(kept) == len(one.hits) - 1
        assert [hit.item.id for hit in rest.hits] == kept[:limit]
        assert rest.page.total in {len(kept), None if len(kept) > limit else len(kept)}
    copy = list(asked(numbers, tmp_path, "7\n", leave_out_itself=True))
    assert [len(answer.hits) for answer in copy] == [3], "an equal record elsewhere is not its own"


def test_a_deadline_holds_for_each_query(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    pages = [answer.page for answer in asked(numbers, tmp_path, "7\n8\n", deadline_s=0.0)]
    assert [(page.hits, page.complete) for page in pages if page] == [([], False)] * 2


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"fp": "maccs"}, "no option 'fp'"),
        ({"related": "perhaps"}, "related wants"),
        ({"minimum": 1.5}, "from 0 to 1"),
        ({"limit": 0}, "limit is a whole number"),
        ({"kind": "melody"}, "no handler for kind"),
    ],
)
def test_mistakes_are_told_at_once(
    numbers: nlsearch.Collection, tmp_path: Path, how: dict[str, object], said: str
) -> None:
    with pytest.raises(nlsearch.NlsearchError, match=said):
        asked(numbers, tmp_path, "7\n", **how)


def test_what_is_no_file_of_queries_is_refused(numbers: nlsearch.Collection, tmp_path: Path) -> None:
    for path, error in (
        (tmp_path / "missing.numbers", nlsearch.QuerySyntax),
        (tmp_path, nlsearch.QuerySyntax),
        (str(tmp_path / "known.numbers") + "#1", nlsearch.QuerySyntax),
        (EXAMPLES / "archive of plates.zip", nlsearch.UnknownKind),
        (EXAMPLES / "broken" / "mystery.bin", nlsearch.UnknownKind),
    ):
        with pytest.raises(error):
            numbers.like_all(path)
    with pytest.raises(nlsearch.InputError, match="no record"):
        list(asked(numbers, tmp_path, ""))
    numbers.close()
    with pytest.raises(nlsearch.StoreError, match="closed"):
        asked(numbers, tmp_path, "7\n")
