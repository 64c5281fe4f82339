"""Spectra as no instrument gives them, and questions as few people ask them, through the whole engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

import nlsearch
from nlsearch.errors import QuerySyntax
from nlsearch.kernels.peaklists import METRICS
from nlsearch.search import candidates

Peaks = list[tuple[float, float]]
NMR = """##TITLE= signals
##JCAMP-DX= 5.00
##DATA TYPE= NMR PEAK TABLE
##DATA CLASS= PEAK TABLE
##.OBSERVE FREQUENCY= 400.1
##.OBSERVE NUCLEUS= ^1H
##XUNITS= PPM
##YUNITS= ARBITRARY UNITS
##NPOINTS= 3
##PEAK TABLE= (XY..XY)
-0.5, 30
1.25, 100
3.5, 50
##END=
"""


def mgf(title: str, peaks: Peaks, precursor: float | None = None, mode: str = "positive") -> str:
    told = "" if precursor is None else f"PEPMASS={precursor}\n"
    lines = "\n".join(f"{where} {high}" for where, high in peaks)
    return f"BEGIN IONS\nTITLE={title}\n{told}IONMODE={mode}\n{lines}\nEND IONS\n"


def hits(collection: nlsearch.Collection, query: str) -> dict[str, float]:
    page = collection.search(query, limit=1000, count="exact")
    assert page.complete
    assert page.total == len(page.hits)
    return {hit.item.title: hit.score for hit in page.hits}


# ----------------------------------------------------------------------------------------------- numbers out of bounds
@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "odd.mgf").write_text(
        mgf("plain", [(500, 1), (500.001, 1), (501, 4)])
        + mgf("loud", [(500, 1e37), (500.001, 1e37), (501, 4e37)])
        + mgf("louder", [(500, 2e38), (500.001, 2e38), (600, 1e38)])
        + mgf("faint", [(500, 1e-44), (500.001, 1e-44), (501, 4e-44)])
        + mgf("far", [(100, 1), (3e7, 2), (1e39, 1), (1e300, 3)])
        + mgf("nowhere", [(1e39, 5)], 1e300)
        + mgf("above", [(100, 1), (103, 2)], 100)
        + mgf("many", [(50 + 0.05 * k, 1) for k in range(70_000)])
    )
    (folder / "nmr.jdx").write_text(NMR)
    with nlsearch.Collection.open(folder / "x.nls", create=True) as made:
        report = made.index([folder / "odd.mgf", folder / "nmr.jdx"], jobs=1)
        assert (report.items, report.failures) == (9, [])
        yield made


def test_numbers_that_nothing_can_be_added_to_are_indexed_and_found(odd: nlsearch.Collection) -> None:
    found = hits(odd, 'peaks:"500:2 501:4"{tol_da=0.01}')
    assert found.keys() == {"plain", "loud", "louder", "faint"} - (
        {"louder"} if found.get("louder", 0) < 0.5 else set()
    )
    assert found["loud"] == pytest.approx(found["plain"], abs=1e-6)
    assert found["faint"] == pytest.approx(found["plain"], abs=1e-3)
    assert hits(odd, "unscored:yes") == {"nowhere": 1, "above": 1}
    assert odd.check() == []


@pytest.mark.parametrize("metric", ["entropy", "cosine"])
def test_every_spectrum_finds_itself(odd: nlsearch.Collection, metric: str) -> None:
    for hit in odd.search("kind:spectrum", limit=100).hits:
        if hit.item.title == "nowhere":
            with pytest.raises(QuerySyntax, match="nothing to compare"):
                odd.like(hit.item.id, metric=metric)
            continue
        page = odd.like(hit.item.id, metric=metric, limit=100)
        best = next(one for one in page.hits if one.item.id == hit.item.id)
        assert (best.tier, best.score) == ("exact", pytest.approx(1, abs=1e-6))
        assert odd.verify(best)


def test_positions_are_found_where_there_are_no_cells(odd: nlsearch.Collection) -> None:
    assert hits(odd, 'mz:"3e7"') == {"far": pytest.approx(2 / 7)}
    assert hits(odd, 'mz:"100 1e300"{tol_da=0.001}') == {"far": pytest.approx(4 / 7)}
    assert hits(odd, 'loss:"0"{tol_da=0.5}') == {"above": pytest.approx(1 / 3)}
    assert hits(odd, 'loss:"0"{tol_da=3.5}') == {"above": pytest.approx(2 / 3)}  # 103 lies 3 above the precursor
    assert hits(odd, 'loss:"0 1"{tol_da=4}') == {"above": pytest.approx(2 / 3)}


def test_what_is_of_mass_spectra_is_not_asked_of_others(odd: nlsearch.Collection) -> None:
    signals = next(hit.item.id for hit in odd.search("technique:NMR").hits)
    assert odd.like(signals, metric="cosine", intensity_power=0.5).hits[0].score == pytest.approx(1)
    for options in ({"mz_power": 0.5}, {"precursor": 2.0}, {"metric": "modified"}):
        with pytest.raises(QuerySyntax, match=r"mass spectra|has none"):
            odd.like(signals, **options)  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------------------- many at once
@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    """Sixty spectra of five families; some peaks so close that they are merged at one tolerance and not at another."""
    folder = tmp_path_factory.mktemp("families")
    rng = np.random.default_rng(11)
    bases = [np.sort(rng.uniform(60, 180, 8)) for _ in range(5)]
    records = []
    for number in range(60):
        shift = float(rng.choice([0.0, 14.0157]))
        moved = bases[number % 5] + np.where(rng.random(8) < 0.4, shift, 0.0) + rng.normal(0, 0.003, 8)
        close = moved[:3] + rng.choice([0.008, 0.015, 0.03, 0.06], 3)
        where = np.round(np.concatenate([moved, close[: number % 4]]), 4).tolist()
        heights = np.round(rng.lognormal(4, 1, len(where)), 2).tolist()
        precursor = None if number % 9 == 8 else 200 + shift
        records.append(
            mgf(f"s{number}", list(zip(where, heights, strict=True)), precursor, ("positive", "negative")[number % 2])
        )
    (folder / "families.mgf").write_text("".join(records))
    with nlsearch.Collection.open(folder / "x.nls", create=True) as made:
        made.index([folder / "families.mgf"], jobs=1)
        yield made


WAYS = ("", "tol_da=0.02", "tol_da=0.05", "tol_ppm=20", "noise=0.05")


@pytest.mark.parametrize("metric", METRICS)
def test_a_filter_before_the_peaks_leaves_what_one_behind_them_does(
    families: nlsearch.Collection, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = families.search("name:s10").hits[0].item.id
    for way in WAYS:
        like = f'like:"{query}"~0.3{{{", ".join(filter(None, (f"metric={metric}", way)))}}}'
        whole = hits(families, like)
        kept = {title: score for title, score in whole.items() if int(title[1:]) % 2 == 0}
        assert kept
        for few in (candidates.FEW, 0):  # candidates one by one; or those that the peak index says
            monkeypatch.setattr(candidates, "FEW", few)
            assert hits(families, f"{like} AND ion_mode:positive  ") == pytest.approx(kept, abs=1e-9)


def test_threads_do_not_mix_their_questions(families: nlsearch.Collection) -> None:
    ids = [hit.item.id for hit in families.search("kind:spectrum AND precursor:[1 TO *]", limit=12).hits]
    asked = [(one, metric) for one in ids for metric in ("entropy", "cosine", "hybrid")]

    def answers(collection: nlsearch.Collection, question: tuple[str, str]) -> list[tuple[str, float, str]]:
        page = collection.like(question[0], metric=question[1], limit=100, minimum=0.1)
        return [(hit.item.id, hit.score, hit.evidence["metric"]) for hit in page.hits]

    alone = [answers(families, question) for question in asked]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with nlsearch.Collection.open(families.directory) as fresh, ThreadPoolExecutor(4) as pool:
            together = list(pool.map(partial(answers, fresh), asked * 3))
    finally:
        sys.setswitchinterval(interval)
    assert together == alone * 3
