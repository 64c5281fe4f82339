"""The command line: what goes where, in which form, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from cli_fake import ITEMS, FakeHandler

from nlsearch.cli.app import COMMANDS, app
from nlsearch.cli.options import Place
from nlsearch.errors import NlsearchError
from nlsearch.handlers.contract import Field
from nlsearch.search.links import Links
from nlsearch.search.session import Token


def token(offset):
    return Token(7, offset, "q").encode()


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


# ------------------------------------------------------------------------------------------------------------- search
def test_search_prints_hits_with_evidence_in_words(run):
    result = run("search", 'smarts:"CCO"')
    assert result.exit_code == 0
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[4] for row in rows] == ["phenol", "bold\\x1b[31m<b>", "café \\udce9"]
    assert rows[0][:4] == ["1", "exact", "0.500", "molecule"]
    assert rows[0][5:] == ["/data/drugs.sdf#1", "atoms 0, 1, 2 (0-based) and 1 more match; similarity 0.750 (morgan)"]
    assert "smarts: read as SMARTS, 6 atoms" in result.stderr
    assert "3 found · guarantee: complete · complete" in result.stderr


def test_search_json_is_one_object_a_hit_and_then_the_page(run):
    *hits, page = lines(run("search", 'smarts:"CCO"', "--json", "--limit", "2", "--facet", "kind"))
    assert [set(hit) for hit in hits] == [
        {"id", "kind", "title", "path", "locator", "score", "tier", "evidence", "fields"}
    ] * 2
    assert page == {
        "page": {
            "total": None,
            "complete": True,
            "guarantee": "complete",
            "read_as": ["smarts: read as SMARTS, 6 atoms"],
            "seconds": 0.01,
            "next": token(2),
            "facets": {"kind": {"molecule": 3}},
        }
    }


def test_pages_continue_and_all_takes_every_page(run, collection):
    first = run("search", "phenol", "--limit", "2")
    assert f"more: --after {token(2)}" in first.stderr
    second = run("search", "phenol", "--limit", "2", "--after", token(2))
    (row,) = [line.split("\t") for line in second.stdout.splitlines()]
    assert (row[0], row[5]) == ("3", ITEMS[2].id)
    everything = run("search", "phenol", "--limit", "1", "--all", "--json")
    assert [hit["id"] for hit in lines(everything)[:-1]] == [thing.id for thing in ITEMS]
    assert lines(everything)[-1]["page"]["next"] is None
    assert [call["after"] for call in collection.calls[-3:]] == [None, token(1), token(2)]


def test_search_passes_its_options_on(run, collection):
    run("search", "a", "b", "--kind", "molecule", "--deadline", "1.5", "--count", "exact", "-n", "7")
    assert collection.calls == [
        {"query": "a b", "limit": 7, "after": None, "kinds": ("molecule",), "deadline_s": 1.5, "count": "exact"}
    ]


def test_a_query_is_read_from_standard_input(run):
    assert run("search", "-", stdin="name:phenol\n").exit_code == 0
    assert "empty" in run("search", "-", stdin="\n").stderr


def test_no_match_is_exit_code_1(run):
    result = run("search", "nothing")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "0 found" in result.stderr


def test_an_answer_that_was_cut_short_with_no_hit_is_not_no_match(run, collection):
    collection.complete = False
    result = run("search", "nothing", "--deadline", "0.001")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "whether there is a match is not known" in result.stderr
    assert run("search", "nothing", "--json").exit_code == 2
    assert run("search", "phenol").exit_code == 0


def test_related_items_are_counted_apart(run, collection, tmp_path):
    collection.related = {ITEMS[1].title, ITEMS[2].title}
    result = run("search", "phenol", "--report", str(tmp_path / "x.html"))
    assert "1 found, 2 related · " in result.stderr
    assert "1 found, 2 related · " in (tmp_path / "x.html").read_text("utf-8")
    assert lines(run("search", "phenol", "--json"))[-1]["page"]["total"] == 1


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (["-aspirin"], "-aspirin"),
        (["-n", "2", "-caffeine", "--json"], "-caffeine"),
        (["a", "OR", "-kind:molecule", "-n2", "b"], "a OR -kind:molecule b"),
        (["--limit=2", "-name:x", "-(a OR b)"], "-name:x -(a OR b)"),
        (["-n", "2", "--", "-c", "--json"], "-c --json"),
    ],
)
def test_a_word_with_a_minus_belongs_to_the_query(run, collection, arguments, query):
    assert run("search", *arguments).exit_code == 0
    assert collection.calls[-1]["query"] == query
    assert run("verify", "-aspirin").exit_code == 0
    assert run("explain", "-aspirin", ITEMS[0].id).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a", "--jsn"], "Did you mean '--json'?"),
        (["--jsn", "a"], "Did you mean '--json'?"),
        (["a", "-x"], "stands behind a --"),
        (["a", "-n"], "requires an argument"),
    ],
)
def test_options_that_do_not_exist_are_refused_beside_a_query(run, arguments, said):
    result = run("search", *arguments)
    assert (result.exit_code, said in result.stderr) == (2, True)


def test_a_one_letter_option_may_hold_its_value(run, collection, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(Place, "open", lambda self, create=False: seen.append(self.collection) or collection)
    assert run("search", "phenol", f"-c{tmp_path}", "-n1").exit_code == 0
    assert (seen, collection.calls[-1]["limit"]) == ([tmp_path], 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "phenol", "--report", "no/such/x.html"),
        ("draw", ITEMS[0].id, "-o", "no/such/x.svg"),
        ("handler", "new", "recipe", "--dir", "/proc/self/no"),
    ],
)
def test_what_cannot_be_written_is_no_missing_match(run, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert (result.exit_code, "cannot write" in result.stderr) == (2, True)


def test_a_mistake_is_shown_with_a_caret_under_its_column(run):
    result = run("search", 'ph smart:"x"')
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[:3] == [
        "error: there is no operator or field called 'smart'",
        '  ph smart:"x"',
        "     ^",
    ]
    assert "did you mean smarts:?" in result.stderr


def test_the_caret_finds_its_column_in_long_and_wide_queries(run):
    from nlsearch.cli.terminal import pointed

    for query, column in (("x" * 500 + "!" + "y" * 500, 500), ("!" + "y" * 500, 0), ("x" * 500 + "!", 500)):
        shown, caret = pointed(query, column)
        assert len(shown) <= 78
        assert shown[caret.index("^")] == "!"
    assert pointed("中文 !", 3) == ("中文 !", "     ^")
    assert pointed("a\tb", 3) == ("a b", "   ^")


def test_bare_content_is_offered_on_stderr(run):
    collection_has_no_smiles = run("search", "CC(=O)Oc1ccccc1C(=O)O")
    assert "did you mean" not in collection_has_no_smiles.stderr


def test_a_file_name_is_offered_as_an_example(run, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    assert f"did you mean nlsearch like {tmp_path}/photo.jpg?" in run("search", f"{tmp_path}/photo.jpg").stderr


def test_damage_is_exit_code_4_and_says_what_to_do(run):
    result = run("search", "damaged")
    assert result.exit_code == 4
    assert result.stderr == "error: splits/1: bytes differ\n  run nlsearch check\n"


def test_a_report_is_one_page_without_outside_resources(run, tmp_path):
    target = tmp_path / "hits.html"
    result = run("search", "smarts:'<b>'", "--limit", "1", "--all", "--report", str(target))
    assert result.exit_code == 0
    page = target.read_text("utf-8")
    assert "http:" not in page
    assert "https:" not in page
    assert "<script" not in page
    assert "<b>" not in page
    assert page.count("<article") == 3
    assert page.count('src="data:image/svg+xml;base64,') == 3
    assert "atoms 0, 1, 2 (0-based)" in page
    assert "&quot;tier&quot;: &quot;exact&quot;" in page
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert "smarts: read as SMARTS, 6 atoms" in page


# --------------------------------------------------------------------------------------------------------------- like
def test_like_types_its_options(run, collection):
    result = run("like", "x.mol", "--kind", "molecule", "--minimum", "0.3", "-O", "fp=maccs", "-O", "related=yes")
    assert result.exit_code == 0
    assert collection.calls == [{"path": "x.mol", "kind": "molecule", "minimum": 0.3, "fp": "maccs", "related": True}]


@pytest.mark.parametrize(
    ("option", "message"),
    [("fpp=maccs", "did you mean fp? known: fp"), ("fp=morgen", "wants one of morgan, maccs"), ("fp", "NAME=VALUE")],
)
def test_like_refuses_unknown_options(run, option, message):
    result = run("like", "x.mol", "-O", option)
    assert result.exit_code == 2
    assert message in result.stderr


def test_like_of_nothing_is_a_query_error(run):
    result = run("like", "missing")
    assert (result.exit_code, "neither a file nor the id" in result.stderr) == (2, True)


# -------------------------------------------------------------------------------------------------------------- items
def test_show(run, collection):
    assert lines(run("show", ITEMS[0].id, "--json")) == [
        {
            "id": ITEMS[0].id,
            "kind": "molecule",
            "title": "phenol",
            "path": "/data/drugs.sdf",
            "locator": "#1",
            "fields": {"name": "phenol", "mass": 101.5, "warnings": ["no stereo", "odd"]},
            "links": [],
        }
    ]
    assert "warnings\tno stereo, odd" in run("show", ITEMS[0].id).stdout
    assert run("show", "elsewhere#1").exit_code == 2
    collection.linked = [Links("inchikey", "molecule", 31, "inchikey:ISWSIDIOOBJBQZ kind:molecule", tuple(ITEMS[1:]))]
    assert run("show", ITEMS[0].id).stdout.splitlines()[-3:] == [
        "linked by inchikey: 31 of kind molecule: nlsearch search 'inchikey:ISWSIDIOOBJBQZ kind:molecule'",
        "molecule\tbold\\x1b[31m<b>\t/data/drugs.sdf#2",
        "molecule\tcafé \\udce9\t/data/drugs.sdf#3",
    ]
    (told,) = lines(run("show", ITEMS[0].id, "--json"))[0]["links"]
    assert (told["kind"], told["total"], told["query"]) == ("molecule", 31, "inchikey:ISWSIDIOOBJBQZ kind:molecule")
    assert [one["id"] for one in told["items"]] == [thing.id for thing in ITEMS[1:]]


def test_draw_writes_the_picture(run, collection, tmp_path):
    target = tmp_path / "x.svg"
    assert run("draw", ITEMS[0].id, "-o", str(target)).exit_code == 0
    assert target.read_bytes().startswith(b"<svg")
    assert run("draw", ITEMS[0].id, "-q", "phenol", "-o", "-").stdout_bytes.startswith(b"<svg")
    assert [call["drawn"] for call in collection.calls if "drawn" in call] == ["Item", "Hit"]
    assert run("draw", ITEMS[0].id, "-q", "nothing", "-o", "-").exit_code == 2


def test_a_picture_is_not_written_under_the_name_of_another_format(run, tmp_path):
    result = run("draw", ITEMS[0].id, "-o", str(tmp_path / "x.PNG"))
    assert (result.exit_code, f"-o {tmp_path}/x.svg" in result.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
    assert run("draw", ITEMS[0].id, "-o", str(tmp_path / "aspirin.v2")).exit_code == 0


def test_draw_writes_other_forms_that_the_kind_offers(run, tmp_path):
    assert run("draw", ITEMS[0].id, "--as", "mol", "-o", "-").stdout_bytes == b"M  END"
    for name in ("x.mol", "x.sdf"):
        assert run("draw", ITEMS[0].id, "--as", "mol", "-o", str(tmp_path / name)).exit_code == 0
        assert (tmp_path / name).read_bytes() == b"M  END"
    for arguments, said in (
        (("--as", "mol", "-o", "x.svg"), "write -o x.mol"),
        (("-o", "x.mol"), "write --as mol"),
        (("--as", "wav"), "it can be had as: mol"),
    ):
        result = run("draw", ITEMS[0].id, *arguments)
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr


def test_explain(run):
    good = run("explain", "phenol", ITEMS[0].id)
    assert (good.exit_code, good.stdout) == (0, "hit: because\n  mass: holds\n")
    bad = run("explain", "phenol", ITEMS[1].id, "--json")
    assert bad.exit_code == 1
    assert lines(bad) == [{"id": ITEMS[1].id, "status": "filtered", "reason": "because", "steps": ["mass: holds"]}]


def test_verify(run, collection):
    assert run("verify", "phenol").stdout == "3 of 3 hits reproduced from their sources\n"
    collection.failed.append(ITEMS[1].id)
    result = run("verify", "phenol", "--json")
    assert result.exit_code == 3
    assert [line["verified"] for line in lines(result)] == [True, False, True]
    assert run("verify", "phenol", "--item", ITEMS[0].id).exit_code == 0
    assert run("verify", "nothing").exit_code == 1
    some = run("verify", "phenol", "-n", "2")
    assert "there are more hits, which were not looked at" in some.stderr


# ---------------------------------------------------------------------------------------------------- the collection
def test_failures_are_one_line_each(run, collection):
    collection.standing = list(collection.BROKEN)
    assert run("failures").stdout.splitlines() == [
        "/data/a.xyz\tunknown_kind\tno handler recognises it",
        "/data/drugs.sdf#4\tmalformed_content\tbad valence",
    ]
    assert lines(run("failures", "--code", "unknown_kind", "--json")) == [
        {"path": "/data/a.xyz", "locator": "", "reason": "no handler recognises it", "code": "unknown_kind"}
    ]


def test_stats(run):
    assert lines(run("stats", "--json"))[0]["kinds"] == {"molecule": 3}
    assert "kinds: molecule\t3" in run("stats").stdout


def test_check(run, collection):
    assert run("check").exit_code == 0
    problem = {"path": "/x/splits/1", "what": "bytes differ", "hint": "index again"}
    collection.problems.append(SimpleNamespace(**problem, to_dict=lambda: problem))
    result = run("check", "--json")
    assert (result.exit_code, lines(result)) == (4, [problem])
    assert run("check").stdout == "/x/splits/1: bytes differ (index again)\n"


def test_index(run, collection):
    result = run("index", "folder", "-j", "3", "--exclude", "*.tmp", "--limit", "image_pixels=5")
    assert result.exit_code == 0
    assert result.stdout == "3 items from 2 sources (2 new, 0 changed); 1 unchanged, 0 removed, 0 failures; 0.5 s\n"
    settings = {"include": (), "exclude": ("*.tmp",), "retry_failed": False, "lock_timeout_s": 10.0}
    assert collection.calls == [{"paths": ["folder"], "jobs": 3, "settings": {}, **settings}]


def test_index_with_settings(run, collection):
    assert run("index", "folder", "--with", "molecule.fingerprints=maccs,rdkit", "--with", "a.b=").exit_code == 0
    assert collection.calls[-1]["settings"] == {"molecule.fingerprints": "maccs,rdkit", "a.b": ""}
    refused = run("index", "folder", "--with", "molecule.fingerprints")
    assert refused.exit_code == 2
    assert "KIND.SETTING=VALUES" in refused.stderr


def test_index_with_failures_is_exit_code_3(run):
    result = run("index", "bad", "--json")
    assert result.exit_code == 3
    assert lines(result)[0]["failures"][1]["locator"] == "#4"
    assert "unknown_kind" in run("index", "bad").stderr


def test_failures_of_earlier_runs_are_not_forgotten(run, collection):
    collection.standing = list(collection.BROKEN)
    result = run("index", "folder", "--lock-timeout", "0.5")
    assert result.exit_code == 0
    assert "0 failures (2 more from before: nlsearch failures); " in result.stdout
    assert collection.calls[-1]["lock_timeout_s"] == 0.5
    assert lines(run("index", "folder", "--json"))[0]["failures_before"] == 2
    assert lines(run("index", "bad", "--json"))[0]["failures_before"] == 0


def test_interrupting_says_what_stays(run, collection):
    collection.interrupt = True
    result = run("index", "folder")
    assert result.exit_code == 130
    assert "what was committed stays: 3 items" in result.stderr


def test_merge_and_rm(run):
    assert run("merge").stdout == "1 splits left\n"
    assert run("rm", "/data/drugs.sdf").stdout == "3 items removed\n"
    assert run("rm", "nowhere").exit_code == 1


# ------------------------------------------------------------------------------------------------ kinds, doctor, bench
def test_kinds_lists_everything_that_a_handler_declares(run):
    told = lines(run("kinds", "--json"))[0]
    assert told["kind"] == "molecule"
    assert [field["name"] for field in told["fields"]] == ["mass", "kind", "name", "accession", "path", "warnings"]
    assert told["operators"][0]["options"][0] == {
        "name": "stereo",
        "type": "boolean",
        "help": "stereo counts",
        "default": True,
        "choices": [],
    }
    text = run("kinds", "molecule").stdout
    for said in (
        "SDF",
        ".sdf .sd",
        "Da",
        "smarts:SMARTS  [complete]",
        "stereo\tboolean\tyes",
        "matched atoms",
        "(facet)",
    ):
        assert said in text
    assert run("kinds").stdout == "molecule\tSDF\tsmarts, like\t\n"
    assert run("kinds", "unheard").exit_code == 2


def test_kinds_as_markdown(run):
    text = run("kinds", "--markdown").stdout
    assert "### `smarts`" in text
    assert "molecules that hold the pattern | or more" in text
    assert "| mass | float | Da | monoisotopic mass (facet) | mass:[100 TO 200] |" in text
    assert "| fp | morgan / maccs | morgan | fingerprint |" in text


@pytest.mark.parametrize(
    ("notation", "said"),
    [
        ("ranges", "also a field: options {…} or a minimum ~0.7 make it the operator, without them it is the field"),
        ("", "also a field, which takes ranges and comparisons only: any other value is the operator's"),
    ],
)
def test_kinds_tells_an_operator_from_the_field_of_its_name(run, monkeypatch, notation, said):
    assert "also a field" not in run("kinds", "molecule").stdout
    both = Field("smarts", "keyword", "", notation=notation)
    monkeypatch.setattr(FakeHandler, "fields", (*FakeHandler.fields, both))
    assert f"  {said}\n" in run("kinds", "molecule").stdout
    assert f"- A{said[1:]}\n" in run("kinds", "--markdown").stdout


def test_a_missing_library_is_named(run, monkeypatch):
    monkeypatch.setattr(FakeHandler, "requires", ("no_such_module",))
    assert "pip install no_such_module" in run("kinds").stdout


def test_doctor(run, monkeypatch):
    import nlsearch.sandbox.facts

    monkeypatch.setattr(nlsearch.sandbox.facts, "describe", lambda limits: {"works": True, "worker": {"core_bytes": 0}})
    told = lines(run("doctor", "--json", "--cap", "image_pixels=7"))[0]
    assert told["versions"]["lark"]
    assert {key: told["caps"][k][key] for k in _cap(told) for key in ("name", "value")} == {
        "name": "image_pixels",
        "value": 7,
    }
    assert told["handlers"] == {"molecule": "ready"}
    text = run("doctor").stdout
    assert "worker.core_bytes\t0" in text
    assert "image_pixels\t200,000,000\tpixels" in text


def _cap(told):
    return [k for k, cap in enumerate(told["caps"]) if cap["name"] == "image_pixels"]


def test_bench_times_every_query(run, tmp_path):
    (tmp_path / "queries.txt").write_text("a\n\nb\n")
    told = lines(run("bench", "c", "--queries", str(tmp_path / "queries.txt"), "--repeat", "3", "--json"))
    assert [timing["query"] for timing in told] == ["c", "a", "b"]
    assert all(0 <= timing["median_ms"] <= timing["p95_ms"] for timing in told)
    assert [line.split("\t")[0] for line in run("bench", "--repeat", "1").stdout.splitlines()] == ['smarts:"c1ccccc1"']
    assert run("bench", "nothing", "--repeat", "1").exit_code == 1


def test_percentile_is_the_nearest_rank():
    from nlsearch.bench.timing import percentile

    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0
    assert percentile(list(map(float, range(1, 101))), 0.95) == 95.0
    assert percentile([5.0], 0.5) == 5.0


# -------------------------------------------------------------------------------------------------- the whole program
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(run, name):
    result = run(name, "--help")
    assert result.exit_code == 0
    if name == "handler":
        result = run(name, "new", "--help")
    assert "Examples:\n    nlsearch" in result.stdout
    assert run("--help").stdout.count(f"\n  {name} ") == 1


def test_every_reading_command_has_json():
    import click

    context = click.Context(app)
    for name in (
        "search",
        "like",
        "show",
        "explain",
        "verify",
        "failures",
        "kinds",
        "stats",
        "check",
        "bench",
        "doctor",
    ):
        options = {option for param in app.get_command(context, name).params for option in param.opts}
        assert {"--json", "-c", "--collection", "--handlers-dir"} <= options, name


def test_an_unknown_command_is_proposed(run):
    result = run("serach", "x")
    assert result.exit_code == 2
    assert "There is no command 'serach'. Did you mean search?" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run, shell):
    assert "_NLSEARCH_COMPLETE" in run("completion", shell).stdout


def test_the_collection_is_found_by_option_variable_or_default(monkeypatch):
    from click.testing import CliRunner

    from nlsearch.cli.options import Place

    seen = []

    def open_it(self, create=False):
        seen.append((str(self.collection), [str(folder) for folder in self.handlers_dirs]))
        raise NlsearchError("stop")

    monkeypatch.setattr(Place, "open", open_it)
    monkeypatch.delenv("NLSEARCH_COLLECTION", raising=False)
    CliRunner().invoke(app, ["stats"])
    CliRunner().invoke(app, ["stats"], env={"NLSEARCH_COLLECTION": "variable"})
    CliRunner().invoke(app, ["stats", "-c", "option"], env={"NLSEARCH_COLLECTION": "variable"})
    CliRunner().invoke(app, ["-c", "above", "--handlers-dir", "a", "stats", "--handlers-dir", "b"])
    assert seen == [(".nlsearch", []), ("variable", []), ("option", []), ("above", ["a", "b"])]


@pytest.mark.parametrize(("cap", "message"), [("image_pixels", "NAME=N"), ("pixels=3", "no limit called 'pixels'")])
def test_caps_are_checked(cap, message):
    from click.testing import CliRunner

    result = CliRunner().invoke(app, ["stats", "--cap", cap])
    assert (result.exit_code, message in result.stderr) == (2, True)


def program(*arguments, **settings):
    return subprocess.run(
        [sys.executable, "-m", "nlsearch", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **settings,
    )


def test_version_imports_nothing():
    code = (
        "import sys; from nlsearch.cli import main; code = main(['--version']);"
        "sys.stderr.write(','.join({'click', 'rich', 'numpy', 'lark', 'argparse', 'dataclasses'} & set(sys.modules)));"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nlsearch 0.")


def test_there_is_no_collection(tmp_path):
    done = program("search", "x", cwd=tmp_path, env={**os.environ, "NLSEARCH_COLLECTION": str(tmp_path / "none")})
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "nlsearch index" in done.stderr


def test_an_unknown_facet_is_refused(run):
    result = run("search", "phenol", "--facet", "maas")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean mass?" in result.stderr


def test_an_error_of_the_system_is_a_message():
    done = program("show", "x", "-c", "/dev/null/collection")
    assert done.returncode == 2
    assert done.stderr.startswith("error: /dev/null/collection")


def test_a_bug_has_an_exit_code_of_its_own():
    code = (
        "import sys, click; from nlsearch.cli.app import app, COMMANDS, Row, run\n"
        "app.get_command = lambda ctx, name: click.Command('broken', callback=lambda: 1 / 0)\n"
        "COMMANDS['broken'] = Row('', '', '')\n"
        "sys.exit(run(['broken']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr


def test_commands_are_completed():
    words = {"COMP_WORDS": "nlsearch se", "COMP_CWORD": "1", "_NLSEARCH_COMPLETE": "bash_complete"}
    assert program(env={**os.environ, **words}).stdout == "plain,search\n"


def test_a_closed_pipe_is_quiet():
    code = (
        "import sys; from nlsearch.cli.app import app, COMMANDS, Row; import click\n"
        "flood = click.Command('flood', callback=lambda: [print('x' * 100) for _ in range(10**5)])\n"
        "app.get_command = lambda ctx, name: flood\n"
        "COMMANDS['flood'] = Row('', '', '')\n"
        "from nlsearch.cli.app import run; sys.exit(run(['flood']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        complaint = process.stderr.read()
        assert (process.wait(timeout=30), complaint) == (0, b"")


# --------------------------------------------------------------------------------------------------------- a terminal
@pytest.fixture
def terminal(monkeypatch):
    for module in ("terminal", "answering"):
        monkeypatch.setattr(f"nlsearch.cli.{module}.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "160")


def test_a_terminal_gets_a_table_with_headings(run, terminal):
    result = run("search", 'smarts:"CCO"')
    assert result.stdout.splitlines()[0] == "smarts: read as SMARTS, 6 atoms"
    for heading in ("tier", "score", "title", "where", "evidence"):
        assert heading in result.stdout.splitlines()[2]
    assert "\x1b" not in result.stdout.replace("\x1b[1m", "").replace("\x1b[0m", "")


def test_no_colour_is_honoured(run, terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[3" not in run("search", 'smarts:"CCO"').stdout


def test_no_progress_where_nobody_sees_it():
    from nlsearch.cli.progress import shown_progress

    with shown_progress(True) as progress:
        assert progress is None


def test_progress_says_how_far_how_fast_and_how_many_failed():
    from nlsearch.cli.progress import progress_line
    from nlsearch.ingest.report import Progress

    line = progress_line(Progress(3, 10, 1500, 2, 2.0, "/x"))
    assert line == "3 of 10 sources · 1,500 items · 750 items/s · 2 failed"
    assert "0 items/s" in progress_line(Progress(0, 0, 0, 0, 0.0, ""))


def test_progress_is_a_bar_on_a_terminal(monkeypatch):
    from io import StringIO

    from nlsearch.cli.progress import shown_progress
    from nlsearch.ingest.report import Progress

    screen = StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with shown_progress(True) as progress:
        progress(Progress(3, 10, 1500, 2, 2.0, "/x"))
    assert "750 items/s · 2 failed" in screen.getvalue()
    with shown_progress(False) as progress:
        assert progress is None


def test_kinds_imports_no_domain_library():
    code = (
        "import sys; from nlsearch.cli import main; code = main(['kinds'])\n"
        "heavy = {'rdkit', 'cv2', 'Bio', 'PIL', 'edlib', 'tantivy', 'sqlalchemy'} & set(sys.modules)\n"
        "sys.stderr.write(' '.join(sorted(heavy))); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") >= 3
