"""``nlsearch duplicates``: what a person sees, what programs get, and exit codes that say what is known."""

from __future__ import annotations

import csv
import io
import json
import os
import signal

import pytest
from click.testing import CliRunner

import nlsearch
from nlsearch.cli.app import app
from nlsearch.cli.duplicates import summary
from nlsearch.cli.grouptable import COLUMNS
from nlsearch.cli.progress import comparing_line, shown_comparing
from nlsearch.model import Hit, Item
from nlsearch.search.copies import Comparing, Duplicates, Group, Member, NotCompared, Pair

MOLECULES = "CCO ethanol\nOCC =alcohol\nCC(N)C(=O)O alanine\nC[C@H](N)C(=O)O L-alanine\nc1ccccc1 benzene\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Five molecules in one file: two that are the same, two that differ in stereo."""
    folder = tmp_path_factory.mktemp("duplicates")
    (folder / "a.smi").write_text(MOLECULES)
    with nlsearch.Collection.open(folder / "x.nls", create=True) as collection:
        collection.index([folder / "a.smi"], jobs=1)
    return folder


@pytest.fixture
def ask(place):
    """Run the command; the result has exit_code, stdout, stderr."""

    def call(*options):
        result = CliRunner().invoke(app, ["duplicates", "-c", str(place / "x.nls"), *options])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def test_groups_stand_in_lines(ask, place):
    result = ask()
    size = f"{len(MOLECULES)} B"
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert rows == [
        ["1", "", "", "molecule", "ethanol", f"{place}/a.smi#1", size, "the others are compared with it"],
        ["1", "exact", "1.000", "molecule", "=alcohol", f"{place}/a.smi#2", size, rows[1][7]],
        ["2", "", "", "molecule", "alanine", f"{place}/a.smi#3", size, "the others are compared with it"],
        ["2", "near", "1.000", "molecule", "L-alanine", f"{place}/a.smi#4", size, rows[3][7]],
    ]
    assert "the same at level stereo" in rows[1][7]
    assert "the same at level connectivity" in rows[3][7]
    assert result.stderr.splitlines()[0].startswith(
        "molecule: copies by like, score 1 or more: the same molecule (exact)"
    )
    said = "2 groups of 4 items · 2 could go, 1 of them exact copies · 5 compared · guarantee: complete · complete · "
    assert result.stderr.splitlines()[1].startswith(said)
    assert result.exit_code == 0


def test_programs_get_objects(ask, place):
    *groups, last = map(json.loads, ask("--json").stdout.splitlines())
    assert [(one["group"], one["kind"], one["spare"], len(one["items"])) for one in groups] == [
        (1, "molecule", 1, 2), (2, "molecule", 1, 2),
    ]  # fmt: skip
    first, second = groups[1]["items"]
    assert set(first) == set(second) == {
        "id", "kind", "title", "path", "locator", "score", "tier", "evidence", "fields", "bytes", "copy_of", "beside",
    }  # fmt: skip
    assert (first["copy_of"], first["evidence"], second["copy_of"]) == (None, {}, first["id"])
    assert (second["tier"], second["score"], second["evidence"]["level"]) == ("near", 1.0, "connectivity")
    assert second["bytes"] == (place / "a.smi").stat().st_size
    assert groups[1]["pairs"] == [{"first": first["id"], "second": second["id"], "score": 1.0, "tier": "near"}]
    page = last["page"]
    assert {key: page[key] for key in ("groups", "items", "spare", "spare_exact", "compared", "total", "skipped")} == {
        "groups": 2, "items": 4, "spare": 2, "spare_exact": 1, "compared": 5, "total": 5, "skipped": 0,
    }  # fmt: skip
    assert (page["complete"], page["guarantee"]) == (True, "complete")


def test_a_table_holds_all_members(ask, place, tmp_path):
    result = ask("-o", str(tmp_path / "copies.tsv"))
    assert (result.exit_code, result.stdout) == (0, "")
    head, *rows = csv.reader(io.StringIO((tmp_path / "copies.tsv").read_text()), delimiter="\t")
    assert tuple(head) == COLUMNS
    cells = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(one["group"], one["title"], one["copy_of"]) for one in cells] == [
        ("1", "ethanol", ""), ("1", "'=alcohol", f"{place}/a.smi#1"),
        ("2", "alanine", ""), ("2", "L-alanine", f"{place}/a.smi#3"),
    ]  # fmt: skip
    lines = (ask("-o", "-", "--json").stdout, ask("--json").stdout)
    assert [json.loads(line).get("group") for line in lines[0].splitlines()] == [1, 2, None]
    assert len(lines[0].splitlines()) == len(lines[1].splitlines())
    assert ask("-o", str(tmp_path / "copies.xls")).exit_code == 2


def test_what_is_compared_can_be_said(ask):
    assert ask("--exact").stdout.count("\n") == 2
    assert ask("-O", "level=connectivity", "--exact").stdout.count("\n") == 4
    assert ask("--min-score", "0.2").stderr.startswith("molecule: copies by like, score 0.2 or more\n")
    nothing = ask("--query", "benzene OR ethanol")
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    assert "no copies · 2 compared · guarantee: complete · complete" in nothing.stderr
    assert ask("--kind", "image").exit_code == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--kind", "recipe"), "no handler for kind 'recipe'"),
        (("--query", "ethanol AND"), "ethanol AND"),
        (("-O", "speed=3"), "no option called 'speed'"),
        (("--min-score", "1.5"), "1.5 is not in the range"),
    ],
)
def test_mistakes_are_told(ask, options, said):
    result = ask(*options)
    assert result.exit_code == 2
    assert said in result.stderr


def test_time_that_runs_out_is_no_answer(ask):
    result = ask("--deadline", "1e-9")
    assert result.exit_code == 2
    assert "0 of 5 compared · guarantee: complete · INCOMPLETE: cut short, there may be more" in result.stderr


def test_an_interrupt_shows_what_was_found(ask, monkeypatch):
    original = nlsearch.Collection.duplicates

    def interrupted(self, *given, stop, **more):
        asked = 0

        def stops():
            nonlocal asked
            asked += 1
            if asked == 3:
                os.kill(os.getpid(), signal.SIGINT)
            return stop()

        return original(self, *given, stop=stops, **more)

    monkeypatch.setattr(nlsearch.Collection, "duplicates", interrupted)
    result = ask()
    assert result.exit_code == 130
    assert [line.split("\t")[4] for line in result.stdout.splitlines()] == ["ethanol", "=alcohol"]
    assert "interrupted; found so far: 1 group of 2 items" in result.stderr
    assert "INCOMPLETE" in result.stderr


def made(number, **hit):
    item = Item(f"/a#{number}", "molecule", f"m{number}", "/a", f"#{number}", {})
    return Member(item, None, Hit(item, 0.9, "near", {}), **hit) if hit else Member(item, None)


def test_members_that_hang_on_others_say_so(ask, monkeypatch):
    members = made(1), made(2, copy_of="/a#1", beside=0.9), made(3, copy_of="/a#2", beside=0.25), made(
        4, copy_of="/a#3", beside=None
    )  # fmt: skip
    skipped = [NotCompared(made(n).item, "it is\nempty", "query_syntax") for n in range(9)]
    pairs = tuple(Pair(f"/a#{n}", f"/a#{n + 1}", 0.9, "near") for n in (1, 2, 3))
    found = Duplicates([Group("molecule", members, pairs)], 13, 13, skipped, undecided=2, complete=False)
    monkeypatch.setattr(nlsearch.Collection, "duplicates", lambda *_, **__: found)
    result = ask()
    assert [line.split("\t")[7] for line in result.stdout.splitlines()] == [
        "the others are compared with it",
        "",
        "copy of /a#2, score 0.250 beside the first",
        "copy of /a#3, nothing in common beside the first",
    ]
    assert result.stderr.splitlines() == [
        *(f"not compared: /a#{n}: it is empty" for n in range(5)),
        "not compared: 4 more; --json lists all",
        "1 group of 4 items · 1 could go, 0 of them exact copies · 13 compared, 9 of them could not be · 2 pairs "
        "undecided · guarantee: complete · INCOMPLETE: cut short, there may be more · 0.00 s",
    ]
    assert [json.loads(line).get("skipped", {}).get("id") for line in ask("--json").stdout.splitlines()[1:-1]] == [
        f"/a#{n}" for n in range(9)
    ]
    assert summary(Duplicates([], 0, 0)).startswith("no copies · 0 compared · ")


def test_progress_is_for_a_terminal():
    said = comparing_line(Comparing("image", 1500, 2000, 12, 3, 10.0))
    assert said == "image: 1,500 of 2,000 items · 150 items/s · 12 copies · 3 not compared"
    with shown_comparing(True) as progress:
        assert progress is None  # nobody looks
