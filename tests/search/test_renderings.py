"""Other forms than a drawing: a kind from outside declares some, and they are made of items and of matches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import nlsearch
from nlsearch.cli.app import app

TALLY = Path(__file__).parents[2] / "examples" / "handlers" / "tally.py"
SPOKEN = """
import importlib.util
from nlsearch.handlers.contract import Rendering
from nlsearch.errors import MissingExtra
from nlsearch.model import Picture

spec = importlib.util.spec_from_file_location("tally_example", {path!r})
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)

class HANDLER(example.HANDLER):
    renderings = (
        Rendering("words", "text/plain", ".txt", "the numbers in words"),
        Rendering("speech", "audio/wav", ".wav", "the numbers spoken"),
    )

    def render(self, payload, verdict, form):
        if form == "speech":
            raise MissingExtra("speech needs a voice", hint="pip install voice")
        numbers = [int.from_bytes(payload[at : at + 4], "little") for at in range(0, len(payload), 4)]
        start, end = verdict.evidence["positions"][0] if verdict else (0, len(numbers))
        words = "zero one two three four five six seven eight nine".split()
        return Picture("text/plain", " ".join(words[n] for n in numbers[start:end]).encode())
"""


@pytest.fixture
def spoken(tmp_path: Path) -> Iterator[nlsearch.Collection]:
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "tally.py").write_text(SPOKEN.format(path=str(TALLY)))
    (tmp_path / "pi.tally").write_text("pi: 3 1 4 1 5\n")
    place = tmp_path / "x.nls"
    with nlsearch.Collection.open(place, create=True, handlers_dirs=[tmp_path / "handlers"]) as collection:
        assert collection.index([tmp_path / "pi.tally"], jobs=1).items == 1
        yield collection


def test_an_item_and_a_match_in_another_form(spoken: nlsearch.Collection) -> None:
    (hit,) = spoken.search('run:"1 4"').hits
    assert spoken.draw(hit.item, "words") == nlsearch.Picture("text/plain", b"three one four one five")
    assert spoken.draw(hit, "words").data == b"one four"
    assert spoken.draw(hit).media_type == "image/svg+xml"


def test_what_cannot_be_had_is_said(spoken: nlsearch.Collection) -> None:
    (hit,) = spoken.search("pi").hits
    with pytest.raises(nlsearch.QueryError) as caught:
        spoken.draw(hit, "midi")
    assert str(caught.value) == "an item of kind tally cannot be had as 'midi' (it can be had as: words, speech)"
    with pytest.raises(nlsearch.MissingExtra, match="voice"):
        spoken.draw(hit, "speech")


def test_a_kind_without_other_forms_says_so(indexed: nlsearch.Collection) -> None:
    item = indexed.search("kind:molecule").hits[0].item
    with pytest.raises(nlsearch.QueryError, match=r"kind molecule cannot be had as 'midi' \(it can only be drawn\)"):
        indexed.draw(item, "midi")


def test_the_command_line_writes_them(spoken: nlsearch.Collection, tmp_path: Path) -> None:
    item = spoken.search("pi").hits[0].item.id
    own = ["-c", str(tmp_path / "x.nls"), "--handlers-dir", str(tmp_path / "handlers")]

    def call(*arguments: str) -> tuple[int, bytes, str]:
        result = CliRunner().invoke(app, [*own, *arguments])
        return result.exit_code, result.stdout_bytes, result.stderr

    assert call("draw", item, "--as", "words") == (0, b"three one four one five", "")
    assert call("draw", item, "--as", "words", "-q", 'run:"4 1"')[1] == b"four one"
    target = tmp_path / "y.txt"
    assert call("draw", item, "--as", "words", "-o", str(target))[0] == 0
    assert target.read_bytes() == b"three one four one five"
    code, _, told = call("draw", item, "-o", str(target))
    assert (code, "write --as words" in told) == (2, True)
    listed = call("kinds", "tally")[1].decode()
    assert "words\ttext/plain\t.txt\tthe numbers in words" in listed
    assert "| words | text/plain | .txt | the numbers in words |" in call("kinds", "tally", "--markdown")[1].decode()
