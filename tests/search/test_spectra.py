"""Similar spectra through the whole engine: pages are what comparing with every spectrum gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import nlsearch
from nlsearch.errors import QuerySyntax
from nlsearch.handlers.spectrum.payload import precursor_of
from nlsearch.kernels.peaklists import METRICS, Comparing, clean, compare

FILES, EACH = 4, 16
OPTIONS: tuple[dict[str, object], ...] = (
    {},
    {"tol_da": 0.02},
    {"tol_da": 0.05},
    {"tol_ppm": 20.0},
    {"clean": False},
    {"noise": 0.05},
    {"min_peaks": 3},
    {"precursor_da": 12.0},
    {"matching": "optimal", "tol_da": 0.05},
    {"intensity_power": 0.5, "mz_power": 1.0},
    {"similarity": "cosine"},
)


def mgf(seed: int) -> str:
    """Spectra of a few families: peaks come again, moved a little or by the difference of the precursors."""
    rng = np.random.default_rng(seed)
    family = [np.sort(np.random.default_rng(n).uniform(60, 180, 9)) for n in range(4)]
    records = []
    for number in range(EACH):
        shift = float(rng.choice([0.0, 0.0, 14.0157, 18.0106]))
        base = family[int(rng.integers(4))]
        moved = base + np.where(rng.random(9) < 0.4, shift, 0) + rng.normal(0, 0.004, 9)
        moved = np.concatenate([moved, moved[:3] + rng.uniform(0.005, 0.06, 3)])[rng.random(12) < 0.8]
        heights = rng.lognormal(4, 1.5, len(moved))
        precursor = "" if number % 8 == 7 else f"PEPMASS={200 + shift:.4f}\n"
        lines = "\n".join(f"{a:.4f} {b:.2f}" for a, b in zip(moved, heights, strict=True))
        if number == 5:
            lines = (
                f"{199.5 + shift:.4f} 10\n{199.9 + shift:.4f} 20"  # above the precursor but for the gap: cleaned away
            )
        mode = "positive" if number % 2 else "negative"
        records.append(
            f"BEGIN IONS\nTITLE=s{seed}-{number}\nSCANS={number}\n{precursor}IONMODE={mode}\n{lines}\nEND IONS\n"
        )
    return "\n".join(records)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    folder = tmp_path_factory.mktemp("spectra")
    with nlsearch.Collection.open(folder / "x.nls", create=True) as made:
        for seed in range(FILES):
            (folder / f"{seed}.mgf").write_text(mgf(seed))
            made.index([folder / f"{seed}.mgf"], jobs=1)
        made.remove([folder / "2.mgf"])
        yield made


def payloads(collection: nlsearch.Collection) -> dict[str, bytes]:
    found = {}
    for hit in collection.search("kind:spectrum", limit=1000).hits:
        view, key = collection._found(hit.item.id)
        found[hit.item.id] = bytes(view.split.payload(key))
    return found


def brute(held: dict[str, bytes], query: str, metric: str, options: dict[str, object]) -> dict[str, float]:
    """Compare with every spectrum."""
    own = precursor_of(held[query])
    given = {name: value for name, value in options.items() if name not in {"tol_da", "tol_ppm", "matching"}}
    renamed = {"min_peaks": "at_least", "similarity": "base"}
    given = {renamed.get(name, name): value for name, value in given.items()}
    near = given.pop("precursor_da", None)
    asked = Comparing(
        metric,
        float(options.get("tol_ppm", options.get("tol_da", 0.01))),  # type: ignore[arg-type]
        "tol_ppm" in options,
        reference=float("nan") if own is None else own,
        optimal=options.get("matching") == "optimal",
        within=None if near is None or own is None else (own - float(near), own + float(near)),  # type: ignore[arg-type]
        **given,  # type: ignore[arg-type]
    )
    if asked.clean and not len(clean(asked, held[query]).positions):
        asked = Comparing(**{name: getattr(asked, name) for name in Comparing.__slots__} | {"clean": False})
    found = {}
    for item, payload in held.items():
        pairs = compare(asked, held[query], payload)
        if len(pairs) >= asked.at_least:
            found[item] = float(pairs["gain"].sum())
    return found


@pytest.mark.parametrize("metric", METRICS)
def test_a_page_is_what_comparing_with_all_gives(collection: nlsearch.Collection, metric: str) -> None:
    held = payloads(collection)
    assert len(held) == (FILES - 1) * EACH
    compared = 0
    for number, query in enumerate(sorted(held)[::5]):
        lacks = precursor_of(held[query]) is None
        for options in OPTIONS:
            minimum = (0.5, 0.1, 0.9)[number % 3]
            if lacks and (metric not in {"entropy", "cosine"} or "precursor_da" in options):
                with pytest.raises(QuerySyntax, match="precursor"):
                    collection.like(query, metric=metric, **options)
                continue
            page = collection.like(query, limit=1000, count="exact", minimum=minimum, metric=metric, **options)
            expected = {i: s for i, s in brute(held, query, metric, options).items() if s >= minimum}
            said = {hit.item.id: hit.score for hit in page.hits}
            assert said.keys() == expected.keys(), (query, options)
            assert said == pytest.approx(expected, abs=1e-6)
            assert (page.total, page.complete, page.guarantee) == (len(expected), True, "complete")
            order = [(hit.tier, -round(hit.score, 9)) for hit in page.hits]
            assert order == sorted(order)
            for hit in page.hits:
                assert sum(pair[3] for pair in hit.evidence["pairs"]) == pytest.approx(hit.score, abs=1e-6)
            compared += len(held)
    assert compared > 2_000


def test_operators_filters_and_words_combine(collection: nlsearch.Collection) -> None:
    held = payloads(collection)
    query = next(item for item in sorted(held) if precursor_of(held[item]) is not None)
    like = f'like:"{query}"~0.2'
    alike = {hit.item.id for hit in collection.search(like, limit=1000).hits}
    positive = {hit.item.id for hit in collection.search("ion_mode:positive", limit=1000).hits}
    assert alike & positive
    assert alike - positive
    for asked, expected in (
        (f"{like} AND ion_mode:positive", alike & positive),
        (f"{like} AND NOT ion_mode:positive", alike - positive),
        (f"kind:spectrum AND NOT {like}", set(held) - alike),
        (f"{like} OR ion_mode:positive", alike | positive),
        (
            f"{like} AND {like[:-4]}~0.5{{metric=cosine}}",
            alike & {hit.item.id for hit in collection.like(query, metric="cosine", limit=1000).hits},
        ),
    ):
        page = collection.search(asked, limit=1000, count="exact")
        assert {hit.item.id for hit in page.hits} == expected, asked
        assert page.total == len(expected)


def test_pages_follow_each_other_and_every_hit_verifies(collection: nlsearch.Collection) -> None:
    held = payloads(collection)
    query = sorted(held)[0]
    whole = [hit.item.id for hit in collection.like(query, limit=1000, minimum=0.05).hits]
    seen, after = [], None
    while True:
        page = collection.like(query, limit=3, minimum=0.05, after=after)
        seen += [hit.item.id for hit in page.hits]
        assert all(collection.verify(hit) for hit in page.hits)
        after = page.next
        if after is None:
            break
    assert seen == whole
    assert len(whole) > 6
    asked = f'like:"{query}"~0.05'
    assert collection.explain(asked, whole[-1]).status == "hit"
    other = next(item for item in held if item not in whole)
    assert collection.explain(asked, other).status == "verification_failed"


def test_what_cannot_be_scored_is_counted_and_found_by_itself(collection: nlsearch.Collection) -> None:
    held = payloads(collection)
    emptied = [hit.item.id for hit in collection.search("unscored:yes", limit=100).hits]
    assert len(emptied) == FILES - 1
    page = collection.like(sorted(held)[0])
    assert any(line.startswith("3 items of kind spectrum cannot be scored") for line in page.read_as)
    lacking = sum(precursor_of(payload) is None for payload in held.values())
    page = collection.like(sorted(held)[0], metric="hybrid")
    assert any(line.startswith(f"{3 + lacking} items of kind") for line in page.read_as)
    page = collection.like(emptied[0])
    assert page.hits[0].tier == "exact"
    assert emptied[0] in {hit.item.id for hit in page.hits if hit.tier == "exact"}
    assert "none left after cleaning" in page.read_as[0]


def test_numpy_finds_the_same(collection: nlsearch.Collection) -> None:
    query = sorted(payloads(collection))[0]
    asked = [{"metric": metric, "tol_da": tolerance} for metric in METRICS for tolerance in (0.01, 0.02, 0.05)]
    code = (
        "import json, sys, nlsearch\n"
        "c = nlsearch.Collection.open(sys.argv[1])\n"
        "print(json.dumps([[(h.item.id, round(h.score, 5)) for h in c.like(sys.argv[2], limit=100, **o).hits]"
        " for o in json.loads(sys.argv[3])]))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(collection.directory), query, json.dumps(asked)],
        env={**os.environ, "NLSEARCH_NO_NATIVE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = [[[h.item.id, round(h.score, 5)] for h in collection.like(query, limit=100, **o).hits] for o in asked]
    assert [sorted(one) for one in json.loads(out.stdout)] == [sorted(one) for one in here]


def test_merging_changes_nothing(tmp_path: Path) -> None:
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        for seed in range(3):
            (tmp_path / f"{seed}.mgf").write_text(mgf(seed))
            made.index([tmp_path / f"{seed}.mgf"], jobs=1)
        made.remove([tmp_path / "1.mgf"])
        queries = sorted(payloads(made))[::7]

        def answers() -> list[dict[str, float]]:
            return [
                {hit.item.id: hit.score for hit in made.like(query, limit=100, tol_da=0.02, minimum=0.2).hits}
                for query in queries
            ]

        before = answers()
        assert made.merge() == 1
        assert answers() == before
        assert not made.check()
