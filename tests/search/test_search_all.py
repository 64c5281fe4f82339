"""One query for every record of a file: the same answers as one by one, and nothing dropped."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path

import pytest

import nlsearch
from nlsearch.search.examples import Asked

EXAMPLES = Path(__file__).parents[2] / "examples" / "collection"
GENES = EXAMPLES / "biology" / "human genes.fa"


def letters(path: Path) -> dict[str, str]:
    records = path.read_text().split(">")[1:]
    return {record.split()[0]: "".join(record.splitlines()[1:]) for record in records}


@pytest.mark.parametrize(
    ("query", "options", "one"),
    [
        ("dna", {}, 'dna:"{}"'),
        ("dna", {"strand": "-"}, 'dna:"{}"{{strand=-}}'),
        ("dna", {"mismatches": 5, "minimum": 0.5}, 'dna:"{}"~0.5{{mismatches=5}}'),
        ("dna:@", {}, 'dna:"{}"'),
        ("dna:@{identity=0.9} AND NOT hemoglobin", {}, 'dna:"{}"{{identity=0.9}} AND NOT hemoglobin'),
        (
            "dna:@{strand=+} OR (dna:@{strand=-} plasmid)",
            {},
            'dna:"{0}"{{strand=+}} OR (dna:"{0}"{{strand=-}} plasmid)',
        ),
    ],
)
def test_the_answers_are_those_of_the_records_one_by_one(
    indexed: nlsearch.Collection, query: str, options: dict[str, object], one: str
) -> None:
    answers = list(indexed.search_all(query, GENES, limit=3, **options))  # type: ignore[arg-type]
    known = letters(GENES)
    assert [answer.title for answer in answers] == list(known)
    assert [answer.number for answer in answers] == list(range(1, len(answers) + 1))
    for answer in answers:
        assert answer.text == known[answer.title]
        page = indexed.search(one.format(answer.text), limit=3)
        assert answer.page is not None
        assert answer.page.hits == page.hits
        assert (answer.page.total, answer.page.complete, answer.page.next) == (page.total, page.complete, None)
        assert (answer.error, answer.kind, answer.id) == (None, "nucleotide", f"{GENES}#{answer.title}")


def test_what_cannot_be_asked_is_listed(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    path = tmp_path / "queries.fa.gz"
    good = letters(GENES)["HBB"][:60]
    with gzip.open(path, "wt") as file:
        file.write(f">a first\n{good}\n>bad\nACGT!\n>empty\n>c\n{good.lower()}\n")
    seen: list[Asked] = []
    answers = list(indexed.search_all("dna", path, progress=seen.append))
    assert [(answer.locator, len(answer.hits) > 0, answer.error is None) for answer in answers] == [
        ("#a", True, True), ("#bad", False, False), ("#empty", False, False), ("#c", True, True),
    ]  # fmt: skip
    assert "is no nucleotide" in answers[1].reason
    assert answers[2].reason == "the record holds nothing to ask with"
    assert answers[0].hits == answers[3].hits
    assert (seen[-1].queries, seen[-1].found, seen[-1].failures) == (4, 2, 2)


def test_kinds_limit_and_deadline_hold_for_each_record(indexed: nlsearch.Collection) -> None:
    assert all(not answer.hits for answer in indexed.search_all("dna", GENES, kinds=["molecule"]))
    assert [len(answer.hits) for answer in islice(indexed.search_all("dna", GENES, limit=1), 2)] == [1, 1]
    (first, *_) = indexed.search_all("dna", GENES, deadline_s=0.0)
    assert first.page is not None
    assert (first.page.hits, first.page.complete) == ([], False)


@pytest.mark.parametrize(
    ("query", "how", "said"),
    [
        ("dna", {"nix": 1}, "no option 'nix'"),
        ("dna", {"strand": "x"}, "one of both"),
        ("dna", {"minimum": 2.0}, "from 0 to 1"),
        ("dna:@", {"strand": "+"}, "options and the minimum stand in the query"),
        ("dna:@{nix=1}", {}, "nix"),
        ("dna:@ AND length:[a TO 2]", {}, "'a' is not a number"),
        ("dna:ACGT", {}, "no operator of the query takes the records"),
        ("like", {}, "like takes no records"),
        ("smarts:@", {}, "operators that do: dna"),
        ("dna:@", {"kinds": ["melody"]}, "there is no kind 'melody'"),
        ("dna", {"limit": 0}, "limit is a whole number"),
    ],
)
def test_mistakes_are_told_at_once(indexed: nlsearch.Collection, query: str, how: dict[str, object], said: str) -> None:
    with pytest.raises(nlsearch.QueryError) as raised:
        indexed.search_all(query, GENES, **how)  # type: ignore[arg-type]
    assert said in str(raised.value)


def test_a_file_is_read_as_what_the_operator_takes(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    (tmp_path / "odd.txt").write_text(f">a\n{letters(GENES)['HBB']}\n")
    (answer,) = indexed.search_all("dna", tmp_path / "odd.txt")
    assert answer.hits
    with pytest.raises(nlsearch.QuerySyntax, match="is no file"):
        indexed.search_all("dna", tmp_path / "missing.fa")
    (tmp_path / "none.fa").write_text("no header\n")
    with pytest.raises(nlsearch.InputError):
        list(indexed.search_all("dna", tmp_path / "none.fa"))


def test_the_text_of_an_item_and_of_a_file(indexed: nlsearch.Collection) -> None:
    assert indexed.text_of(GENES) == ("HBB", letters(GENES)["HBB"])
    assert indexed.text_of(f"{GENES}#INS") == ("INS", letters(GENES)["INS"])
    with pytest.raises(nlsearch.QueryError, match="not written as text"):
        indexed.text_of(f"{EXAMPLES}/pictures/harbour.jpg#1")
    with pytest.raises(nlsearch.QueryError):
        indexed.text_of("nowhere#1")


def test_an_alignment_says_how_long_its_query_was(indexed: nlsearch.Collection) -> None:
    hit = indexed.search(f'dna:"{letters(GENES)["HBB"][:80]}{"ACGGT" * 4}"').hits[0]
    assert (hit.evidence["query_length"], hit.evidence["query"][1] < 100) == (100, True)
