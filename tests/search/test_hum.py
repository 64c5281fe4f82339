"""Query by humming, from a file of sound to the bars of a score; and operators whose value is a file."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import nlsearch
from nlsearch.cli.kinds import described
from nlsearch.errors import MalformedContent, QuerySyntax, UnknownKind
from nlsearch.handlers.registry import Registry

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "handlers"))
from hummed import RATE, melody, rich, wav  # noqa: E402 - the tests of handlers have them

QUERY = ROOT / "examples" / "queries" / "frère jacques.wav"
FREUDE = [4, 4, 5, 7, 7, 5, 4, 2, 0, 0, 2, 4]
"""An die Freude: semitones above the tonic."""


def hummed(folder: Path, pitches: list[float], seconds: list[float] | None = None, name: str = "hum.wav") -> str:
    path = folder / name
    path.write_bytes(wav(melody(pitches, seconds or [0.4] * len(pitches), rich)))
    return str(path)


def found(collection: nlsearch.Collection, path: str | Path) -> nlsearch.Page:
    return collection.search(f'hum:"{path}"')


def test_the_example_is_found(indexed: nlsearch.Collection) -> None:
    page = found(indexed, QUERY)
    assert page.read_as[0].startswith("hum: read as a hum, 14 notes in 7.")
    assert page.read_as[0].endswith("tuned 21 cents high")
    best = page.hits[0]
    assert (best.item.title, best.tier, page.guarantee) == ("Frère Jacques", "near", "approximate")
    assert indexed.verify(best)


def test_the_evidence_says_where(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    page = found(indexed, hummed(tmp_path, [52.3 + step for step in FREUDE]))
    (hit,) = page.hits
    told = hit.evidence
    assert (hit.item.title, told["bars"], told["notes"]) == ("An die Freude", ["1", "3"], list(range(12)))
    assert told["transposition"] == 62 - 52
    assert told["edits"] == []
    assert told["cents_off"] <= 3
    assert told["query_s"] == pytest.approx([0.2, 0.2 + 12 * 0.4 - 0.05], abs=0.03)
    assert told["tempo"] == pytest.approx(60 / 0.4, rel=0.02)
    assert hit.score > 0.95


def test_wrong_notes_drift_and_tempo_are_forgiven_and_said(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    drift = np.linspace(0, 1, 12)
    pitches = [48 + step + off for step, off in zip(FREUDE, drift, strict=True)]
    pitches[5] += 2
    seconds = (0.7 * np.tile([1.1, 0.9, 1.0], 4)).tolist()
    (hit, *_) = found(indexed, hummed(tmp_path, pitches, seconds)).hits
    assert hit.item.title == "An die Freude"
    assert [edit["kind"] for edit in hit.evidence["edits"]] == ["changed"]
    assert hit.evidence["edits"][0]["note_index"] == 5
    assert 0.6 < hit.score < 0.9


def test_merged_and_split_notes_are_forgiven(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    steps = [4, 5, 7, 5, 4, 2, 0, 2, 4, 4, 2, 2]  # the pairs of equal notes as one
    seconds = [0.8, 0.4, 0.8, 0.4, 0.4, 0.4, 0.8, 0.4, 0.4, 0.6, 0.2, 0.8]
    (hit, *_) = found(indexed, hummed(tmp_path, [55.0 + step for step in steps], seconds)).hits
    assert hit.item.title == "An die Freude"
    assert {edit["kind"] for edit in hit.evidence["edits"]} == {"extra"}


def test_what_nobody_wrote_is_not_found(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    assert not found(indexed, hummed(tmp_path, rng.uniform(50, 66, 12).tolist())).hits


def test_a_hum_goes_together_with_filters(indexed: nlsearch.Collection) -> None:
    assert not indexed.search(f'hum:"{QUERY}" AND title:greensleeves').hits
    assert indexed.search(f'hum:"{QUERY}" AND key:"G major"').hits


def test_stereo_at_another_rate_is_heard_alike(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    sound = melody([60.0 + step for step in FREUDE], [0.4] * 12, rich)
    often = np.interp(np.arange(0, len(sound), RATE / 22_050), np.arange(len(sound)), sound).astype(np.float32)
    path = tmp_path / "other.wav"
    path.write_bytes(wav(often, 22_050, 2))
    assert [hit.item.title for hit in found(indexed, path).hits] == ["An die Freude"]


# ------------------------------------------------------------------------------------------- values that are files
def test_a_file_that_is_not_there_is_said_with_the_folder(
    indexed: nlsearch.Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hummed(tmp_path, [60.0 + step for step in FREUDE])
    assert found(indexed, "hum.wav").hits
    with pytest.raises(QuerySyntax, match="neither a file nor the id") as error:
        found(indexed, "nothing.wav")
    assert str(tmp_path) in error.value.hint
    assert error.value.column == 0


def test_silence_is_too_little_sound(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    path.write_bytes(wav(np.zeros(RATE, np.float32)))
    with pytest.raises(QuerySyntax, match="too little sound"):
        found(indexed, path)


def test_a_broken_file_and_one_of_another_format_are_refused(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(QUERY.read_bytes()[:30])
    with pytest.raises(MalformedContent, match="does not read it"):
        found(indexed, broken)
    score = ROOT / "examples" / "collection" / "music" / "frère jacques.mid"
    with pytest.raises(UnknownKind, match="it is MIDI; wanted is one of WAV, RF64"):
        found(indexed, score)
    text = tmp_path / "hum.txt"
    text.write_text("la la la")
    with pytest.raises(UnknownKind, match="wanted is one of WAV"):
        found(indexed, text)


def test_an_item_of_another_format_is_refused(indexed: nlsearch.Collection) -> None:
    item = found(indexed, QUERY).hits[0].item
    with pytest.raises(QuerySyntax, match=r"hum reads WAV, .* is ABC"):
        found(indexed, item.id)


def test_a_compressed_file_is_undone(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "hum.wav.gz"
    path.write_bytes(gzip.compress(QUERY.read_bytes()))
    assert found(indexed, path).hits


def test_what_is_read_is_declared() -> None:
    operators = {told["name"]: told for told in described(Registry().get("score"))["operators"]}
    assert operators["hum"]["reads"][:3] == ["WAV", "RF64", "W64"]
    assert operators["notes"]["reads"] == []


def test_a_rendering_finds_its_score(indexed: nlsearch.Collection, tmp_path: Path) -> None:
    item = found(indexed, QUERY).hits[0].item
    path = tmp_path / "rendered.wav"
    path.write_bytes(indexed.draw(item, "wav").data)
    page = indexed.like(path, kind="score")
    assert page.read_as[0].startswith("like: read as the melody of a recording, estimated, ")
    assert (page.hits[0].item.id, page.hits[0].tier) == (item.id, "near")
    assert indexed.search(f'like:"{path}"{{kind=score}}').hits[0].item.id == item.id
    assert indexed.verify(page.hits[0])
