"""Melodies from one kind to another: hums, scores and recordings find each other."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import nlsearch
from nlsearch.errors import IndexDamaged, QuerySyntax
from nlsearch.handlers.audio import melodies
from nlsearch.handlers.audio.payload import Recording
from nlsearch.handlers.contract import hearer, singer
from nlsearch.handlers.registry import Registry
from nlsearch.handlers.sound.notes import Notes

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "handlers"))
from hummed import RATE, melody, rich, wav  # noqa: E402 - the tests of handlers have them

QUERY = ROOT / "examples" / "queries" / "frère jacques.wav"
MUSIC = ROOT / "examples" / "collection" / "music"
TITLES = ["An die Freude", "Frère Jacques"]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    """Scores, renderings of two of them, a tune that is none of theirs, and sounds without melody."""
    folder = tmp_path_factory.mktemp("recorded")
    rng = np.random.default_rng(3)
    (folder / "silence.wav").write_bytes(wav(np.zeros(3 * RATE, np.float32)))
    (folder / "noise.wav").write_bytes(wav((0.2 * rng.standard_normal(5 * RATE)).astype(np.float32)))
    other = melody(rng.uniform(55, 75, 40).tolist(), rng.uniform(0.2, 0.6, 40).tolist(), rich)
    (folder / "other.wav").write_bytes(wav(other))
    (folder / "empty.wav").write_bytes(wav(np.zeros(0, np.float32)))
    with nlsearch.Collection.open(folder / "x.nls", create=True) as made:
        made.index([MUSIC], jobs=1)
        for hit in made.search("kind:score", limit=1000).hits:
            if hit.item.title in TITLES:
                (folder / f"{hit.item.title}.wav").write_bytes(made.draw(hit.item, "wav").data)
        assert made.index([folder], jobs=1).items == 6
        yield made


def score(collection: nlsearch.Collection, title: str) -> nlsearch.Item:
    return next(h.item for h in collection.search("kind:score", limit=1000).hits if h.item.title == title)


def titles(page: nlsearch.Page) -> list[str]:
    return [hit.item.title for hit in page.hits]


@pytest.mark.parametrize("title", TITLES)
def test_a_score_finds_its_rendering_and_is_found_by_it(recorded: nlsearch.Collection, title: str) -> None:
    item = score(recorded, title)
    page = recorded.search(f'like:"{item.id}"{{kind=audio}}')
    assert titles(page) == [f"{title}.wav"]
    (hit,) = page.hits
    assert (hit.tier, hit.evidence["method"], page.guarantee) == ("near", "melody", "approximate")
    assert (hit.evidence["transposition"], hit.evidence["edits"]) == (0, [])
    assert recorded.verify(hit)
    assert page.read_as[0].startswith(f"like: read as the melody of '{title}' (score), ")
    back = recorded.like(hit.item.id, kind="score")
    assert back.hits[0].item.id == item.id
    assert back.hits[0].tier == "near"
    assert recorded.verify(back.hits[0])


def test_a_file_of_a_score_finds_recordings(recorded: nlsearch.Collection, tmp_path: Path) -> None:
    path = tmp_path / "tune.abc"
    path.write_text("X:1\nT:a tune\nM:4/4\nL:1/4\nK:A\ncc d e|e d c B|A A B c|c3/2B/2B2|\n")  # An die Freude, elsewhere
    page = recorded.like(path, kind="audio")
    assert titles(page) == ["An die Freude.wav"]
    low, high = page.hits[0].evidence["target_s"]
    assert 0 <= low < high
    assert page.hits[0].evidence["query_s"] == pytest.approx([0, 8], abs=0.6)


def test_a_hum_finds_recordings(indexed: nlsearch.Collection) -> None:
    page = indexed.search(f'hum:"{QUERY}"', kinds=["audio"])
    assert titles(page) == ["Frère Jacques"]
    told = page.hits[0].evidence
    assert told["target_s"] == pytest.approx([0, 14 * 0.3 + 0.6], abs=0.5)
    assert told["notes"][:4] == ["D5", "E5", "F#5", "D5"]
    assert (told["method"], told["edits"]) == ("melody", [])
    assert told["pace"] == pytest.approx(0.3 / 0.46, rel=0.05)
    assert indexed.verify(page.hits[0])
    assert indexed.draw(page.hits[0]).data
    assert {hit.item.kind for hit in indexed.search(f'hum:"{QUERY}"').hits} == {"audio", "score"}


def test_a_page_holds_what_brute_force_finds(recorded: nlsearch.Collection) -> None:
    handler = Registry().get("audio")
    for title in TITLES:
        page = recorded.search(f'like:"{score(recorded, title).id}"{{kind=audio}}', count="exact")
        probe = page.hits[0].checks[0].probe
        items = [hit.item for hit in recorded.search("kind:audio", limit=1000).hits]
        payloads = [bytes(view.split.payload(key)) for view, key in (recorded._found(item.id) for item in items)]
        verdicts = [handler.verify(probe, payload) for payload in payloads]
        scores = [0.0 if verdict is None else verdict.score for verdict in verdicts]
        assert handler.scores(probe, payloads).tolist() == pytest.approx(scores, abs=1e-6)
        found = {item.id for item, reached in zip(items, scores, strict=True) if reached >= probe.minimum}
        assert found == {hit.item.id for hit in page.hits}


def test_what_has_no_melody_cannot_ask(recorded: nlsearch.Collection) -> None:
    for title in ("silence.wav", "empty.wav"):
        item = next(h.item for h in recorded.search("kind:audio", limit=100).hits if h.item.title == title)
        with pytest.raises(QuerySyntax, match="too little melody"):
            recorded.like(item.id, kind="score")


def test_kinds_without_melodies_say_what_they_did(indexed: nlsearch.Collection) -> None:
    molecule = indexed.search("kind:molecule", limit=1).hits[0].item
    with pytest.raises(QuerySyntax, match="is of kind molecule, not audio"):
        indexed.like(molecule.id, kind="audio")
    with pytest.raises(QuerySyntax, match="is of kind score, not molecule"):
        indexed.like(score(indexed, TITLES[0]).id, kind="molecule")
    with pytest.raises(QuerySyntax, match="has no option 'edits'"):
        indexed.search(f'like:"{score(indexed, TITLES[0]).id}"{{kind=audio,edits=1}}')


def test_who_sings_and_hears() -> None:
    kinds = {handler.kind: handler for handler in Registry()}
    assert {kind for kind, handler in kinds.items() if singer(handler)} == {"audio", "score"}
    assert {kind for kind, handler in kinds.items() if hearer(handler)} == {"audio", "score"}


# ---------------------------------------------------------------------------------------------------------- payloads
def test_the_voices_of_a_score_are_those_that_are_written(recorded: nlsearch.Collection, tmp_path: Path) -> None:
    path = tmp_path / "voices.abc"
    path.write_text("X:1\nM:4/4\nL:1/4\nQ:1/4=60\nK:C\nV:1\nC D E z|: F2 z2 :|\nV:2\nC,4|C,4|\n")
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        made.index([path], jobs=1)
        view, key = made._found(str(path))
        long, written, low = Registry().get("score").melodies(view.split.payload(key))
    assert written.pitches.tolist() == [60, 62, 64, 65]
    assert written.onsets.tolist() == [0, 1, 2, 4]
    assert written.ends.tolist() == [1, 2, 3, 6]
    assert long.pitches.tolist() == [60, 62, 64, 65, 65]
    assert low.pitches.tolist() == [48, 48]


def test_a_melody_in_a_payload_is_rounded_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    onsets = np.cumsum(rng.uniform(0.05, 900, 500)).astype(np.float32)
    notes = Notes(onsets, onsets + rng.uniform(0.05, 3, 500).astype(np.float32), rng.uniform(48, 90, 500).astype("f4"))
    again = melodies.unpack(melodies.pack(notes))
    assert again.onsets == pytest.approx(notes.onsets, abs=0.02)
    assert again.ends == pytest.approx(notes.ends, abs=0.03)
    assert again.pitches == pytest.approx(notes.pitches, abs=0.006)
    assert len(melodies.unpack(melodies.pack(Notes(*(onsets[:0],) * 3)))) == 0


def test_a_damaged_melody_is_said() -> None:
    with pytest.raises(IndexDamaged, match="melody"):
        melodies.unpack(b"nonsense")
    cut = zlib.compress(b"1234567")
    with pytest.raises(IndexDamaged, match="melody"):
        melodies.unpack(cut)


def test_a_payload_holds_the_melody(recorded: nlsearch.Collection) -> None:
    item = next(h.item for h in recorded.search("kind:audio", limit=100).hits if h.item.title == "An die Freude.wav")
    view, key = recorded._found(item.id)
    played = Recording(view.split.payload(key)).melody
    assert played.rounded[:8].tolist() == [66, 66, 67, 69, 69, 67, 66, 64]  # in D
