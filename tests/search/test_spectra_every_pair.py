"""Similar spectra against the slow, obvious meaning: every pair compared, every hit, no other, in the right order."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import nlsearch
from nlsearch.kernels.peaklists import Comparing, clean, compare, pack_record

Peaks = list[tuple[float, float]]
FAMILIES, LIMIT = 9, 1000
CHANGES: dict[str, dict[str, object]] = {
    "": {},
    "tol_da=0.01": {},
    "tol_da=0.02": {"tolerance": 0.02},
    "tol_da=0.05": {"tolerance": 0.05},
    "tol_ppm=20": {"tolerance": 20.0, "relative": True},
    "clean=no": {"clean": False},
    "noise=0.05": {"noise": 0.05},
    "min_peaks=2": {"at_least": 2},
    "min_peaks=3, tol_da=0.02": {"at_least": 3, "tolerance": 0.02},
    "precursor_gap=0": {"gap": 0.0},
    "precursor_da=0.5": {},
    "precursor_ppm=50": {},
}
METRICS: dict[str, dict[str, object]] = {
    "metric=entropy": {"metric": "entropy"},
    "metric=cosine": {"metric": "cosine"},
    "metric=cosine, matching=optimal": {"metric": "cosine", "optimal": True},
    "metric=cosine, intensity_power=0.5, mz_power=1": {"metric": "cosine", "intensity_power": 0.5, "mz_power": 1.0},
    "metric=modified": {"metric": "modified"},
    "metric=modified, matching=optimal": {"metric": "modified", "optimal": True},
    "metric=neutral_loss": {"metric": "neutral_loss"},
    "metric=neutral_loss, similarity=cosine": {"metric": "neutral_loss", "base": "cosine"},
    "metric=hybrid": {"metric": "hybrid"},
}


@dataclass(frozen=True)
class Known:
    """A spectrum as it was written."""

    title: str
    peaks: Peaks
    precursor: float | None
    charge: int

    @property
    def record(self) -> bytes:
        """Its peaks, as kernels compare them."""
        positions = [position for position, _ in self.peaks]
        reference = math.nan if self.precursor is None else self.precursor
        return pack_record(positions, [height for _, height in self.peaks], 0, reference)

    def as_mgf(self) -> str:
        """The record of a file."""
        mass = [] if self.precursor is None else [f"PEPMASS={self.precursor!r}"]
        rows = [f"{position!r} {height!r}" for position, height in self.peaks]
        return "\n".join(["BEGIN IONS", f"TITLE={self.title}", *mass, f"CHARGE={self.charge}+", *rows, "END IONS\n\n"])


def family(rng: random.Random, name: str) -> Iterator[Known]:
    """Yield a spectrum and its kin: moved, thinned, crowded, as an analogue of another mass, and the same again."""
    precursor = round(rng.uniform(150, 600), 4)
    peaks = {
        round(rng.uniform(50, precursor + 5), 5): round(10 ** rng.uniform(0, 3), 3) for _ in range(rng.randint(4, 14))
    }
    base = sorted(peaks.items())
    yield Known(f"{name}0", base, precursor, 1)
    moved = {round(p + rng.choice([-0.03, -0.01, -0.002, 0.004, 0.015]), 5): h * rng.uniform(0.8, 1.2) for p, h in base}
    yield Known(f"{name}1", sorted(moved.items()), round(precursor + rng.uniform(-0.02, 0.02), 4), 2)
    crowd = dict(base) | {
        round(p + rng.choice([0.006, 0.012, 0.03, 0.07]), 5): h * rng.uniform(0.1, 1) for p, h in base
    }
    yield Known(f"{name}2", sorted(crowd.items()), precursor, 1)
    by = rng.choice([14.01565, -18.01056, 15.99491])
    analogue = {round(p + rng.choice([0, by]), 5): h for p, h in base if p + min(by, 0) > 0}
    yield Known(f"{name}3", sorted(analogue.items()), round(precursor + by, 5), 2)
    thin = rng.sample(base, max(1, len(base) // 2))
    yield Known(f"{name}4", sorted(thin), None, 1)
    yield Known(f"{name}5", [(p, h * 7) for p, h in base], precursor, 3)


def odd_ones() -> list[Known]:
    """Spectra of which cleaning leaves nothing, or one peak."""
    return [
        Known("above", [(300.5, 10.0), (301.5, 20.0)], 300.0, 1),
        Known("above too", [(300.5, 10.0), (301.5, 20.0)], 300.0, 2),
        Known("empty", [], 250.0, 1),
        Known("silent", [(100.0, 0.0), (120.0, 0.0)], 250.0, 1),
        Known("single", [(77.0386, 5.0)], 120.0, 1),
    ]


def spectra() -> list[Known]:
    """All of them; the last family is removed again."""
    rng = random.Random(20)
    families = [one for number in range(FAMILIES) for one in family(rng, chr(ord("a") + number))]
    return families[:-6] + odd_ones() + families[-6:]


KNOWN = spectra()
LIVING = {one.title: one for one in KNOWN[:-6]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of several splits, and the files of which it was made."""
    folder = tmp_path_factory.mktemp("spectra")
    parts = {"one": KNOWN[:17], "two": KNOWN[17:31], "three": KNOWN[31:-6], "gone": KNOWN[-6:]}
    with nlsearch.Collection.open(folder / "all.nls", create=True) as collection:
        for name, held in parts.items():
            (folder / f"{name}.mgf").write_text("".join(one.as_mgf() for one in held))
            report = collection.index([folder / f"{name}.mgf"], jobs=1)
            assert (report.items, report.failures) == (len(held), [])
        collection.remove([folder / "gone.mgf"])
    return folder


@pytest.fixture(scope="module")
def collection(folder: Path) -> Iterator[nlsearch.Collection]:
    with nlsearch.Collection.open(folder / "all.nls") as collection:
        assert int(str(collection.stats()["splits"])) >= 3
        yield collection


def query_of(known: Known, options: str, minimum: float | None = None) -> str:
    """Return the query for what is like a spectrum."""
    peaks = " ".join(f"{position!r}:{height!r}" for position, height in known.peaks)
    own = [] if known.precursor is None else [f"precursor={known.precursor!r}"]
    told = ", ".join([*own, *([options] if options else [])])
    return f'peaks:"{peaks}"' + ("" if minimum is None else f"~{minimum}") + f"{{{told}}}"


def settings_of(known: Known, metric: Mapping[str, object], change: str) -> Comparing:
    """Return how the kernels are to compare."""
    reference = math.nan if known.precursor is None else known.precursor
    made: dict[str, object] = {"metric": "entropy", "tolerance": 0.01, "reference": reference} | dict(metric)
    if change.startswith("precursor_") and "gap" not in change:
        width = 0.5 if "_da" in change else reference * 50e-6
        made["within"] = (reference - width, reference + width)
    settings = Comparing(**made | CHANGES[change])  # type: ignore[arg-type]
    return settings if len(clean(settings, known.record).positions) else replace(settings, clean=False)


def meaning(known: Known, settings: Comparing, minimum: float) -> dict[str, float]:
    """Return the score of every spectrum that is near enough, by comparing each."""
    scores = {}
    for title, one in LIVING.items():
        pairs = compare(settings, known.record, one.record)
        scores[title] = float(pairs["gain"].sum()) if len(pairs) >= settings.at_least else 0.0
    return {title: min(1.0, score) for title, score in scores.items() if score > 0 and score >= minimum - 1e-6}


def is_same(known: Known, other: Known, settings: Comparing) -> bool:
    """Say whether two spectra are one: the same cleaned peaks, the same precursor."""
    if known.precursor and other.precursor and abs(known.precursor - other.precursor) > 1e-6 * known.precursor:
        return False
    a, b = clean(settings, known.record), clean(settings, other.record)
    return (
        len(a.positions) == len(b.positions)
        and np.allclose(a.positions, b.positions, rtol=1e-6, atol=1e-6)
        and np.allclose(a.intensities, b.intensities, rtol=0, atol=1e-4)
    )


def titles(page: nlsearch.Page) -> list[str]:
    return [hit.item.title for hit in page.hits]


def check(page: nlsearch.Page, expected: Mapping[str, float], minimum: float) -> None:
    """Compare a whole page with what brute force says; what scores the minimum but for rounding may be either way."""
    found = {hit.item.title: hit.score for hit in page.hits}
    doubtful = {title for title, score in expected.items() if abs(score - minimum) <= 1e-6}
    assert set(found) - doubtful == set(expected) - doubtful
    assert found == pytest.approx({title: expected[title] for title in found}, abs=1e-6)
    order = [(hit.tier != "exact", -hit.score) for hit in page.hits]
    assert order == sorted(order)
    assert (page.total, page.complete, page.guarantee) == (len(found), True, "complete")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("metric", METRICS)
def test_hits_are_those_of_comparing_every_pair(collection: nlsearch.Collection, metric: str, change: str) -> None:
    rng = random.Random(metric + change)
    askable = [one for one in KNOWN if one.peaks and one.precursor and one.title != "silent"]
    several = 0
    for minimum in (None, 0.1, 0.9):
        for known in rng.sample(askable, 2):
            options = f"{metric}, {change}" if change else metric
            page = collection.search(query_of(known, options, minimum), limit=LIMIT, count="exact")
            settings = settings_of(known, METRICS[metric], change)
            expected = meaning(known, settings, minimum or 0.5)
            check(page, expected, minimum or 0.5)
            several += len(expected)
            for hit in page.hits:
                same = is_same(known, LIVING[hit.item.title], settings) and hit.score > 0.999
                assert (hit.tier == "exact") == same
    assert several


@pytest.mark.parametrize("metric", ["metric=entropy", "metric=cosine", "metric=cosine, matching=optimal"])
@pytest.mark.parametrize("change", ["", "tol_da=0.05", "tol_ppm=20", "clean=no"])
def test_queries_need_no_precursor(collection: nlsearch.Collection, metric: str, change: str) -> None:
    for title in ("a4", "c4", "e4", "h4"):
        known = LIVING[title]
        page = collection.search(query_of(known, f"{metric}, {change}".rstrip(", "), 0.2), limit=LIMIT, count="exact")
        expected = meaning(known, settings_of(known, METRICS[metric], change), 0.2)
        assert len(expected) > 1
        check(page, expected, 0.2)


@pytest.mark.parametrize("metric", ["metric=entropy", "metric=modified", "metric=hybrid"])
def test_fields_operators_and_their_denial_combine(collection: nlsearch.Collection, metric: str) -> None:
    first, second = LIVING["b0"], LIVING["d1"]
    a = meaning(first, settings_of(first, METRICS[metric], ""), 0.2)
    b = meaning(second, settings_of(second, METRICS[metric], ""), 0.1)
    ask_a, ask_b = query_of(first, metric, 0.2), query_of(second, metric, 0.1)
    of_two = {title for title, one in LIVING.items() if one.charge == 2}
    best = {title: max(a.get(title, 0), b.get(title, 0)) for title in {*a, *b}}
    every = {
        f"{ask_a} AND charge:2": {title: a[title] for title in a if title in of_two},
        f"{ask_a} AND NOT charge:2": {title: a[title] for title in a if title not in of_two},
        f"{ask_a} AND precursor:[100 TO 400]": {
            title: a[title] for title in a if 100 <= (LIVING[title].precursor or 0) <= 400
        },
        f"{ask_a} OR {ask_b}": best,
        f"{ask_a} AND {ask_b}": {title: (a[title] + b[title]) / 2 for title in a if title in b},
        f"{ask_a} AND NOT {ask_b}": {title: a[title] for title in a if title not in b},
        f"({ask_a} OR {ask_b}) AND charge:1": {
            title: score for title, score in best.items() if LIVING[title].charge == 1
        },
    }
    for query, expected in every.items():
        check(collection.search(query, limit=LIMIT, count="exact"), expected, 0.0)
    neither = collection.search(f"kind:spectrum AND NOT {ask_a}", limit=LIMIT, count="exact")
    assert set(titles(neither)) == set(LIVING) - set(a)
    either = collection.search(f"{ask_a} OR charge:2", limit=LIMIT, count="exact")
    assert set(titles(either)) == set(a) | of_two


@pytest.mark.parametrize("metric", ["entropy", "cosine", "modified", "neutral_loss", "hybrid"])
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_continue_in_one_order(collection: nlsearch.Collection, metric: str, limit: int) -> None:
    query = query_of(LIVING["c0"], f"metric={metric}, tol_da=0.05", 0.01)
    whole = collection.search(query, limit=LIMIT, count="exact")
    assert len(whole.hits) > 5
    seen: list[nlsearch.Hit] = []
    page = collection.search(query, limit=limit)
    seen += page.hits
    while page.next is not None:
        page = collection.search(query, limit=limit, after=page.next)
        seen += page.hits
    assert seen == whole.hits


def test_each_item_is_explained(collection: nlsearch.Collection, folder: Path) -> None:
    for metric in ("entropy", "modified"):
        query = query_of(LIVING["c0"], f"metric={metric}")
        hits = {hit.item.id for hit in collection.search(query, limit=LIMIT).hits}
        items = {hit.item.id for hit in collection.search("kind:spectrum", limit=LIMIT).hits}
        assert len(items) == len(LIVING)
        said = {one: collection.explain(query, one).status for one in items}
        assert {one for one, status in said.items() if status == "hit"} == hits
        assert {said[one] for one in items - hits} <= {"verification_failed", "filtered"}
    removed = collection.explain(query, f"{folder / 'gone.mgf'}#{KNOWN[-1].title}")
    assert removed.status == "not_indexed"
    empty = collection.explain(query, f"{folder / 'three.mgf'}#empty")
    assert empty.status != "hit"
    assert empty.steps


def test_evidence_is_the_same_when_the_file_is_read_again(collection: nlsearch.Collection) -> None:
    checked = 0
    for metric in ("entropy", "cosine", "modified", "neutral_loss", "hybrid"):
        for hit in collection.search(query_of(LIVING["g0"], f"metric={metric}", 0.2), limit=6).hits:
            assert collection.verify(hit)
            (verdict,) = [one.verdict for one in hit.checks]
            pairs = verdict.evidence["pairs"]
            assert isinstance(pairs, list)
            assert sum(pair[3] for pair in pairs) == pytest.approx(hit.score, abs=1e-6)
            checked += 1
            other = replace(hit, checks=(replace(hit.checks[0], verdict=replace(verdict, score=hit.score / 2)),))
            assert not collection.verify(other)
    assert checked > 10


def test_merged_splits_answer_alike(collection: nlsearch.Collection, folder: Path, tmp_path: Path) -> None:
    """A copy of the collection is merged, so that other tests see several splits."""
    queries = [
        query_of(LIVING[title], f"metric={metric}, {change}", 0.3)
        for title in ("a0", "d1", "e2", "above")
        for metric in ("entropy", "cosine", "modified", "neutral_loss", "hybrid")
        for change in ("tol_da=0.01", "tol_da=0.02", "tol_ppm=20")
    ]
    shutil.copytree(folder / "all.nls", tmp_path / "merged.nls")
    with nlsearch.Collection.open(tmp_path / "merged.nls") as other:
        assert other.merge() == 1
        assert other.check() == []
        for query in queries:
            before, after = collection.search(query, limit=LIMIT), other.search(query, limit=LIMIT)
            assert {hit.item.id: (hit.tier, hit.score) for hit in after.hits} == {
                hit.item.id: (hit.tier, hit.score) for hit in before.hits
            }
            assert after.read_as == before.read_as
            assert [hit.score for hit in after.hits] == [hit.score for hit in before.hits]


def test_what_cannot_be_scored_is_counted(collection: nlsearch.Collection) -> None:
    unscored = collection.search("unscored:yes", limit=LIMIT, count="exact")
    assert sorted(titles(unscored)) == ["above", "above too", "empty", "silent"]
    page = collection.search(query_of(LIVING["a0"], ""))
    assert [said for said in page.read_as if "cannot be scored" in said] == [
        "4 items of kind spectrum cannot be scored, having nothing to compare; fields find what they hold"
    ]
    without = sum(one.precursor is None for one in LIVING.values())
    page = collection.search(query_of(LIVING["a0"], "metric=modified"))
    assert any(said.startswith(f"{4 + without} items of kind spectrum cannot be scored") for said in page.read_as)
    assert not any("cannot be scored" in said for said in collection.search("charge:2").read_as)
    assert "above" in titles(collection.search('mz:"300.5, 301.5"')), "and positions find them"


def test_what_cleaning_leaves_nothing_of_finds_itself(collection: nlsearch.Collection, folder: Path) -> None:
    page = collection.like(f"{folder / 'three.mgf'}#above")
    assert [(hit.item.title, hit.tier) for hit in page.hits] == [("above", "exact"), ("above too", "exact")]
    assert [hit.score for hit in page.hits] == pytest.approx([1, 1])
    assert "none left after cleaning, so all are compared" in page.read_as[0]
    page = collection.like(f"{folder / 'one.mgf'}#a0", limit=LIMIT, count="exact")
    check(page, meaning(LIVING["a0"], settings_of(LIVING["a0"], METRICS["metric=entropy"], ""), 0.5), 0.5)
    for empty in ("empty", "silent"):
        with pytest.raises(nlsearch.NlsearchError, match=r"no peaks to compare|nothing to compare"):
            collection.like(f"{folder / 'three.mgf'}#{empty}")


PROGRAM = """
import json, sys
import nlsearch
from nlsearch.kernels import native
assert native.compiled is None
with nlsearch.Collection.open(sys.argv[1]) as collection:
    pages = [collection.search(query, limit=1000, count="exact") for query in json.load(sys.stdin)]
json.dump([[[hit.item.id, hit.tier, hit.score] for hit in page.hits] for page in pages], sys.stdout)
"""


def test_without_compiled_kernels_hits_are_the_same(collection: nlsearch.Collection, folder: Path) -> None:
    queries = [
        query_of(LIVING[title], f"metric={metric}, {change}", 0.2)
        for title, metric, change in (
            ("a0", "entropy", "tol_da=0.01"), ("b1", "entropy", "tol_da=0.02"), ("c2", "cosine", "tol_ppm=20"),
            ("d3", "cosine", "matching=optimal"), ("e0", "modified", "clean=no"), ("f0", "modified", "tol_da=0.05"),
            ("g1", "neutral_loss", "similarity=cosine"), ("h3", "hybrid", "min_peaks=2"),
        )
    ]  # fmt: skip
    queries.append('mz:"77.0386"')
    environment = os.environ | {"NLSEARCH_NO_NATIVE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder / "all.nls")],
        input=json.dumps(queries), capture_output=True, text=True, env=environment, check=True,
    )  # fmt: skip
    for query, found in zip(queries, json.loads(done.stdout), strict=True):
        hits = collection.search(query, limit=LIMIT, count="exact").hits
        assert hits
        assert {one: tier for one, tier, _ in found} == {hit.item.id: hit.tier for hit in hits}
        scores = {one: score for one, _, score in found}
        assert scores == pytest.approx({hit.item.id: hit.score for hit in hits}, abs=1e-6)
