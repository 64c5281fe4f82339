"""Recordings: a clip finds its recording and the second in it, through noise, other speeds and codecs, or nothing."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile
from synthesised import RATE, cadence, drums, noise, placed, tone

import nlsearch
from nlsearch.errors import QuerySyntax
from nlsearch.handlers.audio import places
from nlsearch.handlers.audio.bands import Frames, levels_of
from nlsearch.handlers.audio.calibration import SEVERAL_WINDOWS, asked_of
from nlsearch.handlers.audio.clip import clip_of_levels, stepped_levels, windows_of
from nlsearch.handlers.audio.landmarks import KEPT, STRONG, UNIT, Landmarks, highest, seeds_of
from nlsearch.handlers.audio.payload import Around, Recording, encode
from nlsearch.kernels.landmarks import marks_of_payload


def piece(seed: int, seconds: float) -> np.ndarray:
    """Make music that does not repeat: tones of changing length and pitch, in three voices."""
    rng = np.random.default_rng(seed)
    struck = []
    for low, high, shortest in ((45, 57, 0.4), (57, 72, 0.2), (72, 88, 0.15)):
        at = 0.0
        while at < seconds:
            length = rng.uniform(shortest, 4 * shortest)
            struck.append((at, tone(rng.uniform(low, high), length + 0.3)))
            at += length
    return placed(struck, seconds)


def written(path: Path, signal: np.ndarray, **more) -> Path:
    steps = np.rint(signal * (16_000 / np.abs(signal).max())).astype(np.int16)  # the same in every lossless file
    soundfile.write(path, steps, RATE, **more)
    return path


@pytest.fixture(scope="module")
def pieces() -> dict[str, np.ndarray]:
    return {f"piece {n}": piece(n, 40.0) for n in range(5)}


@pytest.fixture(scope="module")
def collection(tmp_path_factory, pieces):
    folder = tmp_path_factory.mktemp("recordings")
    for name, signal in pieces.items():
        written(folder / f"{name}.flac", signal)
    with nlsearch.Collection.open(folder / "x.nls", create=True) as made:
        report = made.index([folder], jobs=1)
        assert (report.items, report.failures) == (5, [])
        yield made


def asked(collection, tmp_path, signal, suffix=".flac", **more):
    return collection.like(written(tmp_path / f"clip{suffix}", signal, **more), kind="audio")


def noisy(signal: np.ndarray, snr_db: float) -> np.ndarray:
    return signal + noise(len(signal) / RATE, 5, 1.0)[: len(signal)] * signal.std() * 10 ** (-snr_db / 20)


@pytest.mark.parametrize("start", [0.0, 7.3, 33.9])
@pytest.mark.parametrize("snr_db", [60, 0])
def test_a_clip_finds_its_recording_and_its_second(collection, pieces, tmp_path, start, snr_db):
    clip = pieces["piece 3"][int(start * RATE) : int((start + 5) * RATE)]
    page = asked(collection, tmp_path, noisy(clip, snr_db))
    assert [(hit.item.title, hit.tier) for hit in page.hits] == [("piece 3.flac", "near")]
    evidence = page.hits[0].evidence
    assert evidence["target_s"] == pytest.approx([start, start + 5], abs=0.1)
    assert evidence["query_s"] == pytest.approx([0, 5], abs=0.1)
    assert evidence["speed"] == 1
    assert evidence["votes"] > evidence["expected_votes"] > 0
    assert collection.verify(page.hits[0])


@pytest.mark.parametrize("speed", [0.95, 0.98, 1.02, 1.05])
def test_a_clip_at_another_speed(collection, pieces, tmp_path, speed):
    whole = pieces["piece 1"]
    at = np.arange(int(8 * RATE)) * speed + 12 * RATE
    page = asked(collection, tmp_path, np.interp(at, np.arange(len(whole)), whole))
    assert [hit.item.title for hit in page.hits] == ["piece 1.flac"]
    evidence = page.hits[0].evidence
    assert evidence["target_s"] == pytest.approx([12, 12 + 8 * speed], abs=0.2)
    assert evidence["speed"] == pytest.approx(speed, abs=0.012)
    assert collection.verify(page.hits[0])
    assert collection.explain(f'like:"{tmp_path / "clip.flac"}"', page.hits[0].item.id).status == "hit"


def test_a_drifting_clip_is_followed(collection, pieces, tmp_path):
    """A speed between two readings: over 30 s the clip runs away by 19 frames."""
    whole = pieces["piece 2"]
    at = np.arange(int(30 * RATE)) * 1.0293 + 3 * RATE
    page = asked(collection, tmp_path, np.interp(at, np.arange(len(whole)), whole))
    assert [hit.item.title for hit in page.hits] == ["piece 2.flac"]
    assert page.hits[0].evidence["speed"] == pytest.approx(1.0293, abs=0.004)
    assert page.hits[0].evidence["target_s"] == pytest.approx([3, 3 + 30 * 1.0293], abs=0.3)


@pytest.mark.parametrize("seconds", [6.0, 15.0])
def test_a_clip_from_no_recording_finds_nothing(collection, tmp_path, seconds):
    for seed in range(20, 28):
        page = asked(collection, tmp_path, piece(seed, seconds))
        assert (page.hits, page.complete) == ([], True)


@pytest.mark.parametrize(
    ("suffix", "more"),
    [(".ogg", {}), (".mp3", {"bitrate_mode": "CONSTANT", "compression_level": 0.9}), (".wav", {"subtype": "ULAW"})],
)
def test_a_clip_in_another_codec(collection, pieces, tmp_path, suffix, more):
    page = asked(collection, tmp_path, pieces["piece 0"][10 * RATE : 15 * RATE], suffix, **more)
    assert [hit.item.title for hit in page.hits] == ["piece 0.flac"]
    assert page.hits[0].evidence["target_s"] == pytest.approx([10, 15], abs=0.15)


def test_the_passage_is_what_the_recording_holds(collection, pieces, tmp_path):
    """A clip whose first 9 s of 30 are something else."""
    clip = np.concatenate([piece(77, 9.0), pieces["piece 4"][5 * RATE : 26 * RATE]])
    page = asked(collection, tmp_path, clip)
    assert [hit.item.title for hit in page.hits] == ["piece 4.flac"]
    evidence = page.hits[0].evidence
    begin, end = evidence["query_s"]
    assert 4.5 < begin < 11.5
    assert end == pytest.approx(30, abs=0.2)
    assert evidence["target_s"][0] - begin == pytest.approx(5 - 9, abs=0.15)


def test_less_than_half_of_a_clip_is_no_hit(collection, pieces, tmp_path):
    clip = np.concatenate([piece(78, 20.0), pieces["piece 4"][5 * RATE : 17 * RATE]])
    assert asked(collection, tmp_path, clip).hits == []


def test_the_same_signal_is_exact_in_any_lossless_file(collection, pieces, tmp_path):
    page = collection.like(written(tmp_path / "same.wav", pieces["piece 2"], subtype="PCM_16"), kind="audio")
    assert [(hit.item.title, hit.tier, hit.score) for hit in page.hits] == [("piece 2.flac", "exact", 1.0)]
    assert page.hits[0].evidence["signal_equal"] is True
    assert page.hits[0].evidence["target_s"] == [0, 40]
    assert collection.verify(page.hits[0])


def test_an_indexed_recording_finds_itself_and_its_copies(tmp_path, pieces):
    signal = pieces["piece 1"]
    folder = tmp_path / "copies"
    folder.mkdir()
    written(folder / "a.flac", signal)
    written(folder / "b.ogg", noisy(signal[2 * RATE : 38 * RATE], 10))
    written(folder / "c.flac", pieces["piece 0"])
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        made.index([folder], jobs=1)
        page = made.like(str(folder / "a.flac"), kind="audio")
        assert [(hit.item.title, hit.tier) for hit in page.hits] == [("a.flac", "exact"), ("b.ogg", "near")]
        by_id = made.like(page.hits[1].item.id)
        assert [hit.item.title for hit in by_id.hits] == ["b.ogg", "a.flac"]
        assert by_id.hits[1].evidence["target_s"][0] == pytest.approx(2, abs=0.15)
        found = made.duplicates("audio")
        assert [sorted(Path(member.item.path).name for member in group.members) for group in found.groups] == [
            ["a.flac", "b.ogg"]
        ]


def test_copies_at_another_speed_are_duplicates(tmp_path, pieces):
    """The slower copy is behind one at the same speed, so that each is a hit of a question at the speed as it is."""
    whole = pieces["piece 3"]
    slower = np.interp(np.arange(int(30 * RATE)) * 0.97 + 4 * RATE, np.arange(len(whole)), whole)
    folder = tmp_path / "copies"
    folder.mkdir()
    for name, signal in (("a", whole), ("b", noisy(whole, 20)), ("c", slower), ("d", pieces["piece 0"])):
        written(folder / f"{name}.flac", signal)
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        made.index([folder], jobs=1)
        found = made.duplicates("audio").groups
        assert [sorted(member.item.title for member in group.members) for group in found] == [
            ["a.flac", "b.flac", "c.flac"]
        ]


def test_every_place_of_a_loop_is_told(tmp_path):
    loop = piece(9, 6.0)
    path = written(tmp_path / "loop.flac", np.concatenate([loop] * 4))
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        made.index([path], jobs=1)
        page = asked(made, tmp_path, loop[RATE : 5 * RATE])
        evidence = page.hits[0].evidence
        starts = sorted(one["target_s"][0] for one in (evidence, *evidence["more"]))
        for expected in (1, 7, 13, 19):
            assert min(abs(start - expected) for start in starts) < 0.1
        assert evidence["count"] == len(starts)


def test_a_short_clip_finds_only_the_same_signal(collection, tmp_path, pieces):
    page = asked(collection, tmp_path, pieces["piece 0"][:RATE])
    assert page.hits == []
    assert "too little sound to be found in others (it lasts 1.00 s" in page.read_as[0]
    path = written(tmp_path / "short.wav", pieces["piece 0"][:RATE], subtype="PCM_16")
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        made.index([path], jobs=1)
        page = asked(made, tmp_path, pieces["piece 0"][:RATE])
        assert [(hit.tier, hit.evidence["signal_equal"]) for hit in page.hits] == [("exact", True)]
        assert made.verify(page.hits[0])


def test_silence_cannot_be_asked_for(collection, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(4 * RATE), RATE)
    with pytest.raises(QuerySyntax, match="no sound of its own"):
        collection.like(tmp_path / "silence.wav", kind="audio")


def test_what_has_no_samples_says_why(collection, tmp_path):
    path = written(tmp_path / "cut.wav", noise(4.0, 1, 1.0), subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:44])
    with pytest.raises(QuerySyntax, match="no sound of its own to compare: it is cut short"):
        collection.like(path, kind="audio")


def test_the_shorter_a_passage_the_more_is_asked():
    seconds = np.array([1.5, 2.0, 3.0, 5.0, 10.0])
    asked = asked_of(seconds, 1, 10.0)
    assert (np.diff(asked) < 0).all()
    assert asked[0] - asked[2] > 3
    assert (asked_of(seconds, 1, 100.0) > asked).all()
    assert asked_of(seconds, 1, 0.01) == pytest.approx(asked_of(seconds, 1, 3.3))
    assert asked_of(np.array([5.0, 30.0]), 6, 3.3).tolist() == [SEVERAL_WINDOWS] * 2


def test_only_what_lies_in_the_recording_speaks_for_a_place(tmp_path, monkeypatch):
    """A clip of 2.8 s, of which 1.6 s are laid beside a word, has to be as sure as one of 1.6 s."""
    word = piece(31, 1.6)
    path = written(tmp_path / "word.flac", word)
    lasted: list[float] = []

    def spy(seconds, windows, hours):
        lasted.extend(seconds.tolist())
        return asked_of(seconds, windows, hours)

    monkeypatch.setattr(places, "asked_of", spy)
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        made.index([path], jobs=1)
        page = asked(made, tmp_path, np.concatenate([word, piece(32, 1.2)]))
        assert page.hits[0].evidence["target_s"] == pytest.approx([0, 1.6], abs=0.15)
    assert 1.5 < max(lasted) < 1.8


def test_recordings_without_sound_are_items_that_are_never_hits(tmp_path, pieces):
    folder = tmp_path / "quiet"
    folder.mkdir()
    silent = {"silent": np.zeros(5 * RATE), "constant": np.full(5 * RATE, 0.25), "short": pieces["piece 0"][:RATE]}
    for name, signal in silent.items():
        soundfile.write(folder / f"{name}.wav", signal, RATE)
    soundfile.write(folder / "header only.wav", np.zeros(0), RATE)
    soundfile.write(folder / "not a number.wav", np.full(5 * RATE, np.nan), RATE, subtype="FLOAT")
    (folder / "empty.wav").write_bytes(b"")
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        report = made.index([folder], jobs=1)
        assert report.items == 5
        assert [Path(failure.path).name for failure in report.failures] == ["empty.wav"]
        items = made.search("kind:audio").hits
        assert all("too little audio" in str(hit.item.fields["warnings"]) for hit in items)
        assert asked(made, tmp_path, pieces["piece 0"][: 4 * RATE]).hits == []
        assert made.search("silence_share:1").total == 4


# -------------------------------------------------------------------------------------------------------------- parts
def test_landmarks_do_not_depend_on_how_a_sound_comes():
    signal = noise(7.3, 3)
    levels = levels_of(signal)
    whole = Landmarks()
    whole.feed(levels)
    expected = whole.finish()
    frames, pieces_ = Frames(), Landmarks()
    for part in np.split(signal, [1, 300, 9_000, 9_001, 40_000]):
        pieces_.feed(frames.feed(part))
    pieces_.feed(frames.finish())
    made = pieces_.finish()
    for name in ("frames", "bands", "grades", "strong"):
        assert np.array_equal(getattr(made, name), getattr(expected, name)), name
    units = made.frames // UNIT
    assert np.bincount(units).max() <= KEPT
    assert np.bincount(units[made.strong]).max() <= STRONG


def test_a_payload_gives_back_peaks_and_seeds():
    landmarks = Landmarks()
    landmarks.feed(levels_of(noise(9, 4)))
    peaks = landmarks.finish()
    payload = encode(peaks, Around(9.0, b"d" * 32, "noise", b"preview"))
    recording = Recording(payload)
    assert recording.around == Around(9.0, b"d" * 32, "noise", b"preview")
    assert len(recording) == len(peaks)
    for made, expected in zip(recording.seeds(), seeds_of(peaks), strict=True):
        assert np.array_equal(made, expected)
    frames, bands, grades = marks_of_payload(payload)
    held = sorted(zip(frames.tolist(), bands.tolist(), grades.tolist(), strict=True))
    assert held == list(zip(peaks.frames.tolist(), peaks.bands.tolist(), peaks.grades.tolist(), strict=True))
    middle = recording.between(50, 130)
    assert sorted(middle[0].tolist()) == [frame for frame in peaks.frames.tolist() if 50 <= frame < 130]


def test_windows_cover_a_clip_or_stand_for_it():
    for frames in (1, 47, 160, 320, 321, 3_000, 3_840):
        windows = windows_of(frames)
        assert windows[0][0] == 0
        assert sum(windows[-1]) == frames
        assert all(a + n == b for (a, n), (b, _) in itertools.pairwise(windows))
    long = windows_of(100_000)
    assert (long[0][0], sum(long[-1])) == (0, 100_000)


def test_a_clip_travels():
    clip = clip_of_levels(stepped_levels(levels_of(noise(12, 1))))
    again = type(clip).unpack(clip.pack())
    assert (again.frames, again.windows) == (clip.frames, clip.windows)
    assert np.array_equal(again.levels, clip.levels)


def test_the_highest_of_a_unit():
    found = np.zeros(5, [("frame", "<u4"), ("band", "<u4"), ("level", "<f4")])
    found["frame"], found["level"] = [0, 1, 31, 32, 33], [1, 3, 2, 1, 1]
    assert highest(found, 2).tolist() == [False, True, True, True, True]
    assert highest(found, 1).tolist() == [False, True, False, True, False]
    assert highest(found[:0], 1).tolist() == []


def test_pictures(collection, pieces, tmp_path):
    page = asked(collection, tmp_path, pieces["piece 3"][8 * RATE : 13 * RATE])
    recording, match = collection.draw(page.hits[0].item), collection.draw(page.hits[0])
    assert {recording.media_type, match.media_type} == {"image/svg+xml"}
    assert "of the clip is 0:08" in match.data.decode()
    assert io.BytesIO(recording.data).getvalue() != match.data


def test_related_recordings_sound_alike(tmp_path):
    """Drums are related to drums at another tempo; a chorale is not."""
    folder = tmp_path / "alike"
    folder.mkdir()
    written(folder / "drums.flac", drums(118, 30))
    written(folder / "other drums.flac", drums(121, 30, seed=5))
    written(folder / "chorale.flac", np.concatenate([cadence(tonic, times=2) for tonic in (0, 7, 2)]))
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        made.index([folder], jobs=1)
        for query in (str(folder / "drums.flac"), made.search("name:drums").hits[0].item.id):
            page = made.like(query, kind="audio", related=True)
            assert page.hits[0].tier == "exact"
            told = {hit.item.title: hit.tier for hit in page.hits}
            assert "chorale.flac" not in told
            assert sorted(told.values()) == ["exact", "related"]
