"""``nlsearch like FILE --batch``: tables that other programs and people can read, and exit codes that say what is."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import nlsearch
from nlsearch.cli.app import app
from nlsearch.cli.progress import queries_line, shown_queries
from nlsearch.cli.resulttable import COLUMNS, ResultTable, described, protected, rows
from nlsearch.model import Hit, Item
from nlsearch.search.examples import Answer, Asked
from nlsearch.search.session import Page

QUERIES = """\
CC(=O)Oc1ccccc1C(=O)O =aspirin
C1CC nothing closes this ring
[U] uranium
CN1C=NC2=C1C(=O)N(C(=O)N2C)C caffeine
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory, example_files):
    """An indexed copy of the medicines."""
    folder = tmp_path_factory.mktemp("batch")
    shutil.copy(example_files / "chemistry" / "medicines.smi", folder / "medicines.smi")
    with nlsearch.Collection.open(folder / "x.nls", create=True) as collection:
        collection.index([folder / "medicines.smi"], jobs=1)
    return folder


@pytest.fixture
def ask(place, tmp_path):
    """Write queries to a file and ask for all of them."""

    def call(text, *options, name="queries.smi"):
        (tmp_path / name).write_text(text)
        arguments = ["like", str(tmp_path / name), "--batch", "-c", str(place / "x.nls"), *options]
        result = CliRunner().invoke(app, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def table(text, delimiter=","):
    head, *body = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    assert tuple(head) == COLUMNS
    assert {len(row) for row in body} <= {len(COLUMNS)}
    return [dict(zip(head, row, strict=True)) for row in body]


def test_one_row_a_hit_and_one_for_each_query_without(ask, place, tmp_path):
    result = ask(QUERIES, "--minimum", "0.9")
    assert result.exit_code == 3
    aspirin, broken, uranium, caffeine = table(result.stdout)
    assert aspirin == {
        "query": "1", "query_id": f"{tmp_path}/queries.smi#1", "query_title": "'=aspirin", "rank": "1",
        "score": "1.0000", "tier": "exact", "kind": "molecule", "id": f"{place}/medicines.smi#1", "title": "aspirin",
        "matched": "", "precursor_ppm": "", "accession": "", "formula": "C9H8O4",
        "inchikey": "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "reason": "",
    }  # fmt: skip
    assert (broken["query"], broken["rank"], broken["query_id"]) == ("2", "", f"{tmp_path}/queries.smi#2")
    assert "ring" in broken["reason"]
    assert (uranium["query_title"], uranium["rank"], uranium["reason"]) == ("uranium", "", "no match")
    assert (caffeine["query"], caffeine["title"]) == ("4", "caffeine")
    assert result.stderr.startswith("4 queries: 2 with hits, 1 without, 1 failed · 2 hits · guarantee: complete · comp")


@pytest.mark.parametrize(
    ("text", "code"),
    [("CCCCCCCC octane\n", 1), ("CC(=O)Oc1ccccc1C(=O)O x\n", 0), ("C1CC x\n", 3), ("[U] x\nC1CC x\n", 3)],
)
def test_exit_codes(ask, text, code):
    assert ask(text, "--minimum", "0.9").exit_code == code


def test_an_answer_that_was_cut_short_is_not_no_match(ask):
    result = ask("CC(=O)Oc1ccccc1C(=O)O x\n", "--deadline", "0.000000001")
    assert result.exit_code == 2
    assert table(result.stdout)[0]["reason"] == "cut short before a first hit: whether there is a match is not known"
    assert "INCOMPLETE: 1 cut short" in result.stderr


def test_the_format_is_in_the_name(ask, tmp_path):
    wanted = table(ask(QUERIES).stdout)
    for name, delimiter in (("hits.csv", ","), ("hits.TSV", "\t")):
        result = ask(QUERIES, "-o", str(tmp_path / name))
        assert result.stdout == ""
        assert table((tmp_path / name).read_text("utf-8"), delimiter) == wanted
    assert ask(QUERIES, "-o", str(tmp_path / "hits.jsonl")).exit_code == 3
    told = [json.loads(line) for line in (tmp_path / "hits.jsonl").read_text("utf-8").splitlines()]
    assert [one["query_title"] for one in told] == ["=aspirin", "", "uranium", "caffeine"]
    assert [len(one["hits"]) for one in told] == [sum(row["query"] == str(k) for row in wanted if row["rank"])
                                                  for k in range(1, 5)]  # fmt: skip
    assert told[0]["hits"][0]["evidence"]["similarity"] == 1.0
    assert (told[0]["error"], told[0]["complete"], told[0]["guarantee"]) == (None, True, "complete")
    assert told[1]["error"]["code"] == "malformed_content"
    lines = ask(QUERIES, "--json").stdout.splitlines()
    assert [{**json.loads(line), "seconds": 0} for line in lines] == [{**one, "seconds": 0} for one in told]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hits.TSV", "hits.csv", "hits.jsonl", "queries.smi"]


def test_ten_hits_a_query_unless_told_otherwise(ask):
    many = "CC(=O)Oc1ccccc1C(=O)O x\n"
    assert len(table(ask(many, "--minimum", "0").stdout)) == 10
    assert len(table(ask(many, "--minimum", "0", "--limit", "20").stdout)) == 20
    assert len(table(ask(many, "--minimum", "0", "-n", "1").stdout)) == 1


def test_options_of_the_kind_hold_for_each_query(ask):
    (first, *_) = [json.loads(line) for line in ask(QUERIES, "-O", "fp=maccs", "--json").stdout.splitlines()]
    assert first["hits"][0]["evidence"]["fingerprint"] == "maccs"
    wrong = ask(QUERIES, "-O", "fp=none")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "wants one of" in wrong.stderr


def test_the_own_record_can_be_left_out(place):
    def pairs(*options):
        path = str(place / "medicines.smi")
        result = CliRunner().invoke(app, ["like", path, "--batch", "-c", str(place / "x.nls"), *options])
        return {(row["query_id"], row["id"]) for row in table(result.stdout) if row["rank"]}

    whole, others = pairs(), pairs("--leave-out-itself")
    assert others == {pair for pair in whole if pair[0] != pair[1]}
    assert len(whole) - len(others) == 25


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--after", "x"], "--after does not go with --batch"),
        (["--all"], "--all does not go"),
        (["--count", "exact"], "--count does not go"),
        (["--facet", "kind"], "--facet does not go"),
        (["--report", "x.html"], "--report does not go"),
        (["-o", "hits.xlsx"], "end it with .csv, .tsv or .jsonl"),
        (["-o", "hits"], "end it with .csv, .tsv or .jsonl"),
        (["-o", "hits.csv", "--json"], "is no JSON"),
        (["-o", "no/such/hits.csv"], "cannot write"),
        (["--kind", "melody"], "no handler for kind"),
    ],
)
def test_what_does_not_go_together_is_refused(ask, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    result = ask(QUERIES, *options)
    assert (result.exit_code, result.stdout, said in result.stderr) == (2, "", True)
    assert [path.name for path in tmp_path.iterdir()] == ["queries.smi"]


@pytest.mark.parametrize("option", [["-o", "x.csv"], ["--leave-out-itself"]])
def test_options_of_batches_want_batch(option):
    result = CliRunner().invoke(app, ["like", "x.smi", *option])
    assert (result.exit_code, "wants --batch" in result.stderr) == (2, True)


def test_a_file_that_cannot_be_read_leaves_an_old_table_alone(ask, tmp_path):
    (tmp_path / "hits.csv").write_text("old")
    for text, name in (("\x00\x01", "queries.bin"), ("", "queries.smi")):
        assert ask(text, "-o", str(tmp_path / "hits.csv"), name=name).exit_code == 2
        assert (tmp_path / "hits.csv").read_text() == "old"
    assert not list(tmp_path.glob(".hits*"))


def test_a_table_follows_links_and_replaces_no_device(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    written = ResultTable(tmp_path / "link.csv", ".csv", sys.stdout)
    written.add(Answer(1, "/q.smi", "#1"))
    written.finish()
    written.discard()
    assert (tmp_path / "link.csv").is_symlink()
    assert len((tmp_path / "real.csv").read_text().splitlines()) == 2
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(nlsearch.QueryError, match="is no file"):
        ResultTable(tmp_path / "pipe.csv", ".csv", sys.stdout)


# ---------------------------------------------------------------------------------------------------------------- cells
def spectrum(score, **evidence):
    fields = {"accession": "-MSBNK", "formula": "C8H10N4O2", "inchikey": ["A", "B"]}
    item = Item("/a.mgf#1", "spectrum", "@caf\tfeine\x1b[31m", "/a.mgf", "#1", fields)
    return Hit(item, score, "near", evidence)


def page(*hits, complete=True):
    return Page(list(hits), None, complete, "complete", [], 0.0)


def test_cells_of_a_spectrum():
    hit = spectrum(0.98765, pairs=[[1, 1, 0, 0.5]] * 12, precursor_ppm=-2.3456)
    (row,) = rows(Answer(3, "/q.mgf", "#a", "+q", "spectrum", page(hit)))
    assert row == (
        "3", "/q.mgf#a", "'+q", "1", "0.9877", "near", "spectrum", "/a.mgf#1", "'@caf feine\\x1b[31m", "12", "-2.35",
        "'-MSBNK", "C8H10N4O2", "A; B", "",
    )  # fmt: skip


def test_rows_of_an_answer_that_was_cut_short_say_so():
    answer = Answer(1, "/q", "#1", "q", "spectrum", page(spectrum(1.0), spectrum(0.5), complete=False))
    assert [row[-1] for row in rows(answer)] == ["incomplete: cut short, there may be more"] * 2
    assert [row[3] for row in rows(answer)] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1", "'=1"), ("-x", "'-x"), ("a=b", "a=b"), ("(+)-x", "(+)-x"), ("", ""), ("\t=1", " =1"), ("a\nb", "a b")],
)
def test_no_text_is_a_formula(text, cell):
    assert protected(text) == cell


def test_json_is_readable_whatever_the_output_holds(tmp_path):
    answer = Answer(1, "/q.smi", "#1", "café \udce9", "molecule", page())
    for encoding in ("utf-8", "ascii"):
        held = io.BytesIO()
        stream = io.TextIOWrapper(held, encoding=encoding, errors="backslashreplace")
        written = ResultTable(Path("-"), ".jsonl", stream)
        written.add(answer)
        written.finish()
        assert json.loads(held.getvalue()) == json.loads(json.dumps(described(answer)))
    written = ResultTable(tmp_path / "x.jsonl", ".jsonl", sys.stdout)
    written.add(answer)
    written.finish()
    assert json.loads((tmp_path / "x.jsonl").read_bytes()) == described(answer)


# ------------------------------------------------------------------------------------------------------------- Ctrl-C
def test_interrupting_keeps_what_was_finished(collection, tmp_path):
    def like_all(path, **how):
        yield Answer(1, path, "#1", "a", "molecule", page(spectrum(1.0)))
        yield Answer(2, path, "#2", "b", "molecule", page())
        raise KeyboardInterrupt

    collection.like_all = like_all
    result = CliRunner().invoke(app, ["like", "q.smi", "--batch", "-o", str(tmp_path / "hits.csv")])
    assert result.exit_code == 130
    assert result.stderr.startswith("interrupted; what was finished stays: 2 queries: 1 with hits, 1 without, 0 failed")
    assert [row["query"] for row in table((tmp_path / "hits.csv").read_text())] == ["1", "2"]
    assert [path.name for path in tmp_path.iterdir()] == ["hits.csv"]


def test_an_error_of_the_collection_leaves_no_half_table(collection, tmp_path):
    def like_all(path, **how):
        yield Answer(1, path, "#1", "a", "molecule", page(spectrum(1.0)))
        raise nlsearch.IndexDamaged("bytes differ")

    collection.like_all = like_all
    result = CliRunner().invoke(app, ["like", "q.smi", "--batch", "-o", str(tmp_path / "hits.csv")])
    assert (result.exit_code, list(tmp_path.iterdir())) == (4, [])


def test_a_signal_stops_it_between_two_queries(place, tmp_path):
    queries = tmp_path / "queries.smi"
    queries.write_text("CN1C=NC2=C1C(=O)N(C(=O)N2C)C caffeine\n" * 50_000)
    target = tmp_path / "hits.csv"
    arguments = ["like", str(queries), "--batch", "-o", str(target), "-c", str(place / "x.nls")]
    with subprocess.Popen([sys.executable, "-m", "nlsearch", *arguments], stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not any(part.stat().st_size > 50_000 for part in tmp_path.glob(".hits*")) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(timeout=30) == 130
    written = table(target.read_text())
    assert said.startswith(f"interrupted; what was finished stays: {int(written[-1]['query']):,} queries: ")
    assert [int(row["query"]) for row in written] == list(range(1, len(written) + 1))
    assert not list(tmp_path.glob(".hits*"))


# ------------------------------------------------------------------------------------------------------------ progress
def test_progress_says_how_far_how_fast_and_how_many_failed():
    line = queries_line(Asked(1200, 900, 4321, 3, 4.0))
    assert line == "1,200 queries · 300 queries/s · 900 with hits · 4,321 hits · 3 failed"
    assert "0 queries/s" in queries_line(Asked())


def test_progress_is_a_bar_on_a_terminal(monkeypatch):
    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with shown_queries(True) as progress:
        progress(Asked(1200, 900, 4321, 3, 4.0))
    assert "300 queries/s · 900 with hits" in screen.getvalue()
    with shown_queries(False) as progress:
        assert progress is None
