"""The command line on the example collection, from indexing to a damaged index."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from nlsearch.cli.app import app

EXAMPLES = Path(__file__).parents[2] / "examples" / "collection"


def call(*arguments, collection=None):
    where = () if collection is None else ("-c", str(collection))
    result = CliRunner().invoke(app, [*where, *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def objects(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    directory = tmp_path_factory.mktemp("cli") / "examples.nls"
    folders = [EXAMPLES / name for name in ("chemistry", "biology", "broken")]
    result = call("index", *folders, "-j", "1", "--json", collection=directory)
    assert result.exit_code == 3
    report = objects(result)[0]
    assert report["items"] > 30
    assert {failure["code"] for failure in report["failures"]} >= {"malformed_content", "unknown_kind"}
    return directory


def test_indexing_again_reads_nothing(collection):
    report = objects(call("index", EXAMPLES / "chemistry", "-j", "1", "--json", collection=collection))[0]
    assert (report["sources"], report["unchanged"]) == (0, 11)


def test_a_structure_is_found_with_its_atoms(collection):
    result = call("search", 'smarts:"c1ccc2[nH]ccc2c1"', "--json", "--count", "exact", collection=collection)
    assert result.exit_code == 0
    *hits, page = objects(result)
    assert page["page"]["total"] == len(hits) == 3
    assert page["page"]["complete"] is True
    assert page["page"]["guarantee"] == "complete"
    assert page["page"]["read_as"][0].startswith("smarts: read as SMARTS, 9 atoms")
    assert {hit["title"] for hit in hits} == {"serotonin", "L-tryptophan", "melatonin"}
    assert all(hit["tier"] == "exact" and len(hit["evidence"]["atoms"][0]) == 9 for hit in hits)


def test_a_long_query_is_no_file_name(collection):
    long = "caffeine OR " + " OR ".join(f"name:foo{n}" for n in range(400))
    assert len(long) > 5_000
    found = objects(call("search", long, "--json", "-n", "5", collection=collection))
    assert found[0]["title"] == "caffeine"


def test_pages_join_to_the_whole(collection):
    whole = objects(call("search", 'smarts:"c1ccccc1"', "-n", "1000", "--json", collection=collection))[:-1]
    ids, token = [], None
    for _ in range(100):
        after = ("--after", token) if token else ()
        *hits, page = objects(call("search", 'smarts:"c1ccccc1"', "-n", "4", "--json", *after, collection=collection))
        ids += [hit["id"] for hit in hits]
        token = page["page"]["next"]
        if token is None:
            break
    assert ids == [hit["id"] for hit in whole]
    together = objects(call("search", 'smarts:"c1ccccc1"', "-n", "4", "--all", "--json", collection=collection))
    assert [hit["id"] for hit in together[:-1]] == ids


def test_every_hit_is_reproduced(collection):
    for query in ('smarts:"c1ccccc1O"', 'dna:"ATGGTGCATCTGACTCCTGAGGAGAAG"{mismatches=1}', "serotonin"):
        result = call("verify", query, collection=collection)
        assert result.exit_code == 0, result.output


def test_an_item_is_shown_drawn_and_explained(collection, tmp_path):
    hit = objects(call("search", "name:serotonin", "--json", collection=collection))[0]
    assert objects(call("show", hit["id"], "--json", collection=collection))[0]["title"] == "serotonin"
    plain, marked = tmp_path / "plain.svg", tmp_path / "marked.svg"
    assert call("draw", hit["id"], "-o", plain, collection=collection).exit_code == 0
    assert call("draw", hit["id"], "-q", 'smarts:"c1ccccc1"', "-o", marked, collection=collection).exit_code == 0
    assert b"<svg" in plain.read_bytes()
    assert plain.read_bytes() != marked.read_bytes()
    assert call("explain", 'smarts:"c1ccccc1"', hit["id"], collection=collection).stdout.startswith("hit")
    missed = call("explain", 'smarts:"[U]"', hit["id"], "--json", collection=collection)
    assert (missed.exit_code, objects(missed)[0]["status"]) == (1, "verification_failed")
    away = call("explain", "serotonin", "/nowhere#1", "--json", collection=collection)
    assert (away.exit_code, objects(away)[0]["status"]) == (1, "not_indexed")


def test_like_an_item(collection):
    hit = objects(call("search", "name:serotonin", "--json", collection=collection))[0]
    found = objects(call("like", hit["id"], "--minimum", "0.3", "--json", collection=collection))
    assert found[0]["id"] == hit["id"]
    assert found[0]["tier"] == "exact"
    assert len(found) > 2


def test_a_report_needs_nothing_else(collection, tmp_path):
    page = tmp_path / "hits.html"
    assert call("search", 'smarts:"c1ccccc1"', "--report", page, collection=collection).exit_code == 0
    text = page.read_text("utf-8")
    assert text.count('<img src="data:image/') == text.count("<article") > 5
    assert "http" not in text.replace("http-equiv", "")


def test_facets_are_counted(collection):
    result = call("search", "kind:molecule OR kind:nucleotide", "--facet", "kind", "--json", collection=collection)
    counted = objects(result)[-1]["page"]["facets"]["kind"]
    assert set(counted) == {"molecule", "nucleotide"}


def test_kinds_restrict_the_answer(collection):
    hits = objects(call("search", "HBB", "--kind", "molecule", "--json", collection=collection))[:-1]
    assert hits == []
    refused = call("search", "HBB", "--kind", "molecul", collection=collection)
    assert (refused.exit_code, "known kinds: " in refused.stderr) == (2, True)


def test_bare_content_is_offered_and_not_guessed(collection):
    result = call("search", "CC(=O)Oc1ccccc1C(=O)O", collection=collection)
    assert 'did you mean smiles:"CC(=O)Oc1ccccc1C(=O)O"?' in result.stderr


def test_mistakes_in_values_are_query_errors(collection):
    result = call("search", 'name:x smarts:"c1ccccc"', collection=collection)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[1:3] == ['  name:x smarts:"c1ccccc"', "         ^"]


def test_damage_is_found(collection):
    assert call("check", collection=collection).exit_code == 0
    victim = max(collection.glob("splits/*/*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(bytes(content))
    result = call("check", "--json", collection=collection)
    assert result.exit_code == 4
    assert any(problem["path"].endswith(victim.name) for problem in objects(result))
    content[len(content) // 2] ^= 1
    victim.write_bytes(bytes(content))
    assert call("check", collection=collection).exit_code == 0


def test_removing_and_merging(collection):
    assert call("rm", EXAMPLES / "broken", collection=collection).exit_code == 0
    assert call("merge", collection=collection).exit_code == 0
    assert "splits\t1" in call("stats", collection=collection).stdout
    assert call("rm", EXAMPLES / "broken", collection=collection).exit_code == 1


def test_bench_times_the_examples(collection):
    timings = objects(call("bench", "--repeat", "1", "--json", collection=collection))
    assert any(timing["query"].startswith("smarts:") and timing["hits"] for timing in timings)


def test_a_broken_handler_of_ones_own_stops_nothing(collection, tmp_path):
    (tmp_path / "broken.py").write_text("x = 1 / 0")
    own = ("--handlers-dir", tmp_path)
    said = f"handler {tmp_path}/broken.py is left out: ZeroDivisionError: division by zero"
    found = call(*own, "search", "serotonin", collection=collection)
    assert (found.exit_code, said in found.stderr) == (0, True)
    listed = call(*own, "kinds")
    assert (listed.exit_code, said in listed.stderr, "molecule" in listed.stdout) == (0, True, True)
    examined = call(*own, "doctor")
    assert examined.exit_code == 3
    assert f"left out: {tmp_path}/broken.py: ZeroDivisionError" in examined.stdout
    assert call("--handlers-dir", tmp_path / "absent", "kinds").exit_code == 2


def test_a_file_is_no_collection(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    for command in (("index", tmp_path), ("stats",)):
        result = call(*command, collection=tmp_path / "notes.txt")
        assert (result.exit_code, "it is no folder" in result.stderr) == (2, True)
    assert (tmp_path / "notes.txt").read_text() == "x"


def test_hints_name_options_that_the_command_has(collection):
    hint = call("search", f'smiles:"{"C" * 60}"', "--cap", "molecule_atoms=50", collection=collection)
    assert hint.exit_code == 2
    assert "raise it with --cap molecule_atoms=N" in hint.stderr
    assert call("search", "serotonin", "--cap", "molecule_atoms=60", collection=collection).exit_code == 0


def test_index_waits_for_the_lock_as_long_as_it_is_told(tmp_path):
    from nlsearch.index.lock import write_lock

    where = tmp_path / "x.nls"
    assert call("index", EXAMPLES / "chemistry", collection=where).exit_code == 0
    with write_lock(where):
        result = call("index", EXAMPLES / "chemistry", "--lock-timeout", "0", collection=where)
    assert (result.exit_code, "--lock-timeout" in result.stderr) == (2, True)


def test_an_answer_without_time_is_not_no_match(collection):
    result = call("search", 'smarts:"[U]" OR smarts:"c1ccccc1"', "--deadline", "0.0000001", collection=collection)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "whether there is a match is not known" in result.stderr
