"""Folders of damaged scores: the good ones are indexed, and every other file is an item or told with its reason."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest

import nlsearch

MUSIC = Path(__file__).parents[2] / "examples" / "collection" / "music"
FORMATS = (".mid", ".musicxml", ".mxl", ".krn", ".abc", ".mei", ".pae")


def whole(suffix: str) -> bytes:
    """Return a good file."""
    if suffix == ".mxl":
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                "META-INF/container.xml",
                '<container><rootfiles><rootfile full-path="score.musicxml"/></rootfiles></container>',
            )
            archive.writestr("score.musicxml", whole(".musicxml"))
        return held.getvalue()
    return next(path for path in sorted(MUSIC.iterdir()) if path.suffix == suffix).read_bytes()


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return a file with bytes changed, lost, doubled, or cut."""
    held = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 20))):
        at = rng.randrange(len(held) + 1)
        sort = rng.randrange(5)
        if sort == 0 and held:
            held[min(at, len(held) - 1)] = rng.randrange(256)
        elif sort == 1:
            del held[at : at + rng.randrange(1, 40)]
        elif sort == 2:
            held[at:at] = held[at : at + rng.randrange(1, 200)]
        elif sort == 3:
            held[at:at] = rng.choice(
                (b"\0", b"\xff\xff\xff\xff", b"<a>", b"&x;", b"99999999999", b"(((((", b"\t*^\n", b"-")
            )
        else:
            del held[at + rng.randrange(1, 400) :]
    return bytes(held)


def check(folder: Path, suffix: str, count: int) -> None:
    good, bad = folder / "good", folder / "bad"
    good.mkdir()
    bad.mkdir()
    (good / f"good{suffix}").write_bytes(whole(suffix))
    rng = random.Random(suffix)
    for number in range(count):
        (bad / f"{number}{suffix}").write_bytes(mutated(whole(suffix), rng))
    with nlsearch.Collection.open(folder / "c.nls", create=True) as opened:
        opened.index([good])
        expected = opened.stats().items
        assert expected
        opened.index([good, bad])
        found = {hit.item.path for hit in opened.search("kind:score", limit=100_000, count="exact").hits}
        told = {failure.path for failure in opened.failures()}
        assert not any(failure.code == "worker" for failure in opened.failures()), opened.failures()
        assert {str(path) for path in bad.iterdir()} <= found | told
        assert sum(Path(path).parent == good for path in found) == 1
        assert opened.check() == []


@pytest.mark.parametrize("suffix", FORMATS)
def test_damaged_scores_cost_only_themselves(tmp_path: Path, suffix: str) -> None:
    check(tmp_path, suffix, 25)


@pytest.mark.long
@pytest.mark.parametrize("suffix", FORMATS)
def test_many_damaged_scores_cost_only_themselves(tmp_path: Path, suffix: str) -> None:
    check(tmp_path, suffix, 500)
