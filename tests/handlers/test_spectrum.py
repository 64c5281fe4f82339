"""The kind ``spectrum``: what its operators read, what they find, and scores that the peers give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import nlsearch
from nlsearch.errors import QuerySyntax

A = "69.0447:3 83.0604:4 110.0713:18 138.0662:100 195.0877:61"
B = "67.0291:6 83.0604:7 108.0556:5 110.0718:17 138.0660:83 163.0614:22 181.0720:100"
C = "69.0447:5 97.0760:6 110.0713:9 124.0870:30 138.0700:12 152.0819:100 209.1034:20"
PRECURSORS = {"A": 195.0877, "B": 181.0720, "C": 209.1034}
METRICS = ("entropy", "neutral_loss", "hybrid", "cosine", "modified")
SCORES: dict[tuple[str, str], tuple[float, ...]] = {
    # the first three: ms_entropy 1.5.3; the others: matchms 0.33.1; both on the same cleaned peaks
    ("A", "B"): (0.750734, 0.0, 0.750734, 0.962712, 0.962712),
    ("A", "C"): (0.476558, 0.777462, 0.581814, 0.127982, 0.983237),
    ("B", "C"): (0.33523, 0.0, 0.33523, 0.12323, 0.12323),
}
LOSSES_BY_COSINE = {("A", "C"): 0.981842}


def record(title: str, peaks: str, **more: str) -> str:
    told = "".join(f"{name.upper()}={value}\n" for name, value in more.items())
    return f"BEGIN IONS\nTITLE={title}\n{told}" + peaks.replace(" ", "\n").replace(":", " ") + "\nEND IONS\n"


MGF = (
    record("A", A, pepmass="195.0877", adduct="M+H", formula="C8H10N4O2", ionmode="positive", charge="1+")
    + record("B", B, pepmass="181.0720", adduct="[M+H]1+", ionmode="positive")
    + record("C", C, pepmass="209.1034", inchikey="RYYVLZVUVIJVGH-UHFFFAOYSA-N")
    + record("odd", "nan:5 120.5:inf 130.5:-2 140.5:0 150.5:7 149.5:3 150.5:1", pepmass="300")
    + record("empty", "", pepmass="300.5")
)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    folder = tmp_path_factory.mktemp("spectrum")
    (folder / "some.mgf").write_text(MGF)
    with nlsearch.Collection.open(folder / "x.nls", create=True) as made:
        report = made.index([folder], jobs=1)
        assert (report.items, report.failures) == (5, [])
        yield made


def found(collection: nlsearch.Collection, query: str) -> dict[str, nlsearch.Hit]:
    page = collection.search(query, limit=100, count="exact")
    assert page.complete
    return {hit.item.title: hit for hit in page.hits}


# -------------------------------------------------------------------------------------------------------------- scores
@pytest.mark.parametrize("pair", SCORES)
@pytest.mark.parametrize("metric", METRICS)
def test_scores_are_those_of_the_peers(collection: nlsearch.Collection, pair: tuple[str, str], metric: str) -> None:
    peaks = {"A": A, "B": B, "C": C}[pair[0]]
    for matching in ("greedy", "optimal"):
        options = f"{{metric={metric},precursor={PRECURSORS[pair[0]]},matching={matching}}}"
        hit = found(collection, f'peaks:"{peaks}"~0{options}').get(pair[1])
        score = SCORES[pair][METRICS.index(metric)]
        assert (0.0 if hit is None else hit.score) == pytest.approx(score, abs=1e-5)
        if hit is not None:
            assert sum(part[3] for part in hit.evidence["pairs"]) == pytest.approx(score, abs=1e-5)
            assert hit.evidence["metric"] == metric
            assert hit.tier == "near"


def test_neutral_losses_by_cosine(collection: nlsearch.Collection) -> None:
    hit = found(collection, f'peaks:"{A}"{{metric=neutral_loss,similarity=cosine,precursor=195.0877}}')["C"]
    assert hit.score == pytest.approx(LOSSES_BY_COSINE["A", "C"], abs=1e-5)
    assert hit.evidence["shift_da"] == pytest.approx(195.0877 - 209.1034, abs=1e-6)
    for asked, found_at, ppm, _ in hit.evidence["pairs"]:
        assert ppm == pytest.approx((found_at - asked) / asked * 1e6, abs=1e-3)  # the shift is in it


def test_the_same_spectrum_is_exact_and_another_is_not(collection: nlsearch.Collection) -> None:
    hits = found(collection, f'peaks:"{A}"{{precursor=195.0877}}')
    assert (hits["A"].tier, hits["A"].score) == ("exact", pytest.approx(1))
    assert hits["B"].tier == "near"
    assert found(collection, f'peaks:"{A}"{{precursor=196.09}}')["A"].tier == "near"  # another precursor
    assert found(collection, f'peaks:"{A.replace("110.0713", "110.0733")}"{{precursor=195.0877}}')["A"].tier == "near"


def test_evidence_is_in_the_records_own_positions(collection: nlsearch.Collection) -> None:
    hit = found(collection, 'peaks:"138.0650:10 110.0713:2"{precursor=195.0877}')["A"]
    assert [pair[:2] for pair in hit.evidence["pairs"]] == [[110.0713, 110.0713], [138.065, 138.0662]]
    assert hit.evidence["pairs"][1][2] == pytest.approx(8.692, abs=1e-3)
    assert hit.evidence["cleaning"] == {"merged_within": 0.02, "above_precursor_minus_da": 1.6, "noise_below": 0.01}
    assert hit.evidence["precursor_ppm"] == 0
    merged = found(collection, 'peaks:"138.06:10 138.07:10"~0.1{tol_da=0.02}')
    assert merged["A"].evidence["pairs"][0][0] == pytest.approx(138.065, abs=1e-4)


# ------------------------------------------------------------------------------------------------------- what is asked
@pytest.mark.parametrize(
    "value",
    [
        "138.0662:100 110.0713:18",
        "138.0662:100,110.0713:18",
        "110.0713:18;\n138.0662:1e2",
        " 110.0713:.18e2  138.0662:100. ",
        "138.0662 100\n110.0713\t18",
        "138.0662 100; 110.0713 18",
        "138.0662,100 110.0713,18",
        "[[138.0662, 100], [110.0713, 18]]",
        "(110.0713,18),(138.0662,100)",
    ],
)
def test_peaks_are_spelt_in_several_ways(collection: nlsearch.Collection, value: str) -> None:
    page = collection.search(f'peaks:"{value}"')
    assert page.read_as[0].startswith("peaks: read as 2 peaks; entropy within 0.01 Da, 2 after cleaning")
    assert "A" in {hit.item.title for hit in page.hits}


def test_peaks_without_heights_are_equally_high(collection: nlsearch.Collection) -> None:
    page = collection.search('peaks:"138.0662 110.0713"')
    assert "all equally high" in page.read_as[0]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('peaks:","', "empty"),
        ('peaks:"abc:1"', "part 1"),
        ('peaks:"100:1 200:x"', "part 2"),
        ('peaks:"-100:1"', "above 0"),
        ('peaks:"100:-1"', "above 0"),
        ('peaks:"138,0662:45"', "a point"),
        ('peaks:"138.0662:45 110.07"', "has no intensity"),
        ('shift:"1.2"{nucleus=H1}', "like 1H or 13C"),
        ('peaks:"100:0"', "above 0"),
        (f'peaks:"{"100:1 " * 20_001}"', "at most 20,000"),
        ('peaks:"100:1"{tol_da=0.1,tol_ppm=5}', "both given"),
        ('peaks:"100:1"{tol_da=0}', "above 0"),
        ('peaks:"100:1"{tol_ppm=-1}', "above 0"),
        ('peaks:"100:1"{metric=modified}', "the query has none"),
        ('peaks:"100:1"{metric=euclid}', "wants one of"),
        ('peaks:"100:1"{precursor_da=1}', "no precursor to be near to"),
        ('peaks:"100:1"{precursor=300,precursor_da=1,precursor_ppm=1}', "both given"),
        ('peaks:"100:1"{precursor=-3}', "above 0"),
        ('peaks:"100:1"{min_peaks=0}', "at least 1"),
        ('peaks:"100:1"{noise=2}', "between 0 and 1"),
        ('mz:"x"', "part 1"),
        ('mz:"-5"', "below 0"),
        ('mz:"100"{min_intensity=3}', "from 0 to 1"),
        ('loss:" ; "', "empty"),
        ('band:"1700"{tol_per_cm=0}', "above 0"),
        ('shift:"1.2"{tol_ppm=-1}', "above 0"),
        ('neutral:"x!"', "not expected"),
        ('neutral:"194.08"{adducts="[M+Xx]+"}', "Xx"),
        ('formula:"C8-10"{isotopes=no}', "ranges"),
        ('formula:"Qq"{isotopes=yes}', "Q"),
    ],
)
def test_mistakes_say_what_is_wrong(collection: nlsearch.Collection, query: str, says: str) -> None:
    with pytest.raises(QuerySyntax) as caught:
        collection.search(query)
    assert says in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.column is not None


# ------------------------------------------------------------------------------------------------ positions and fields
def test_positions_answer_with_the_share_of_intensity(collection: nlsearch.Collection) -> None:
    hit = found(collection, 'mz:"138.0662 110.0713"')["A"]
    assert hit.score == pytest.approx(118 / 186)
    assert [pair[:2] for pair in hit.evidence["pairs"]] == [[110.0713, 110.0713], [138.0662, 138.0662]]
    assert sum(pair[3] for pair in hit.evidence["pairs"]) == pytest.approx(hit.score)
    assert set(found(collection, 'mz:"138.07"')) == {"A", "B", "C"}
    assert set(found(collection, 'mz:"138.07"{tol_ppm=30}')) == {"A", "B", "C"}
    assert set(found(collection, 'mz:"138.07"{tol_ppm=20}')) == {"C"}
    assert set(found(collection, 'mz:"138.0662"{min_intensity=0.9}')) == {"A"}
    assert set(found(collection, 'mz:"500.1"')) == set()


def test_losses_are_counted_from_the_precursor(collection: nlsearch.Collection) -> None:
    hits = found(collection, 'loss:"57.0215"')
    assert set(hits) == {"A", "C"}
    assert hits["A"].evidence["peaks"] == [138.0662]
    assert hits["A"].score == pytest.approx(100 / 186)
    assert set(found(collection, 'loss:"57.0215 85.0164"{tol_da=0.002}')) == {"A", "C"}
    assert "B" in found(collection, 'loss:"0"')


def test_neutral_masses_and_patterns(collection: nlsearch.Collection) -> None:
    hit = found(collection, 'neutral:"194.0804"')["A"]
    assert (hit.evidence["adduct"], hit.tier) == ("[M+H]+", "exact")
    assert 0.5 <= hit.score <= 1
    assert "A" in found(collection, 'neutral:"C8H10N4O2"')
    assert "A" not in found(collection, 'neutral:"194.0804"{ion_mode=negative}')
    assert "A" not in found(collection, 'neutral:"196.0950"{adducts="[M-H]-"}')  # 195.0877, but A is positive
    assert set(found(collection, 'formula:"C8H10N4O2"{isotopes=no}')) == {"A"}


def test_fields_find_spectra(collection: nlsearch.Collection) -> None:
    for query, expected in (
        ("precursor:[181 TO 196]", {"A", "B"}),
        ("adduct:[M+H]+", {"A", "B"}),
        ('adduct:"M+H"', {"A", "B"}),
        ("ion_mode:positive", {"A", "B"}),
        ("charge:1 AND formula:C8H10N4O2", {"A"}),
        ('formula:"C8-9 N>=2"', {"A"}),
        ("inchikey:RYYVLZVUVIJVGH", {"C"}),
        ("neutral_mass:194.0804", {"A"}),
        ("unscored:yes", {"empty"}),
        ("peak_count:0", {"empty"}),
        ("peak_count:[6 TO 9]", {"B", "C"}),
        ("base_peak:138.0662", {"A"}),
    ):
        quoted = query if '"' in query or "[M" not in query else 'adduct:"[M+H]+"'
        assert set(found(collection, quoted)) == expected, query


def test_odd_peaks_are_refused_and_told(collection: nlsearch.Collection) -> None:
    item = found(collection, "name:odd")["odd"].item
    told = " ".join(item.fields["warnings"])  # type: ignore[arg-type]
    assert "2 peaks refused: a position or intensity that is no finite number" in told
    assert "1 peak refused: a negative position or intensity" in told
    assert item.fields["peak_count"] == 3  # 140.5, of no height, is a peak of the record
    hit = found(collection, 'mz:"150.5"')["odd"]
    assert hit.score == pytest.approx(8 / 11)  # 7 and 1 at one position are added up
    assert not found(collection, 'mz:"140.5"')


def test_a_spectrum_without_peaks_is_no_example(collection: nlsearch.Collection, tmp_path: Path) -> None:
    empty = found(collection, "name:empty")["empty"].item
    with pytest.raises(nlsearch.NlsearchError, match="no peaks"):
        collection.like(empty.id)
    (tmp_path / "none.mgf").write_text("BEGIN IONS\nTITLE=x\nPEPMASS=1 2\nEND IONS\n")
    with pytest.raises(nlsearch.NlsearchError, match="no peaks"):
        collection.like(tmp_path / "none.mgf")


def test_an_example_may_be_a_file(collection: nlsearch.Collection, tmp_path: Path) -> None:
    (tmp_path / "query.mgf").write_text(record("q", A, pepmass="195.0877"))
    page = collection.like(tmp_path / "query.mgf", metric="cosine")
    assert [hit.item.title for hit in page.hits][:2] == ["A", "B"]
    assert page.hits[0].tier == "exact"
    picture = collection.draw(page.hits[1])
    assert picture.media_type == "image/svg+xml"
    assert b"m/z" in picture.data


def test_a_megabyte_of_name_is_cut(tmp_path: Path) -> None:
    (tmp_path / "long.mgf").write_text(record("x" * 600_000, A))
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        made.index([tmp_path / "long.mgf"], jobs=1)
        (hit,) = made.search("kind:spectrum").hits
        assert (len(hit.item.title), hit.item.locator) == (500, "#1")
        assert "600,000 characters" in " ".join(hit.item.fields["warnings"])  # type: ignore[arg-type]


def test_sources_are_read_once_for_all_hits(collection: nlsearch.Collection, tmp_path: Path) -> None:
    path = tmp_path / "some.mgf"
    path.write_text(MGF)
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as made:
        made.index([path], jobs=1)
        hits = [*made.search('mz:"138.0662"').hits, *made.like(f"{path}#A").hits]
        assert made.verify_all(hits) == [True] * len(hits)
        path.write_text(MGF.replace("138.0662 100", "138.0662 90").replace("TITLE=C", "TITLE=D"))
        told = dict(zip((hit.item.title for hit in hits), made.verify_all(hits), strict=True))
        assert (told["A"], told["B"]) == (False, True)
        assert isinstance(told["C"], nlsearch.NlsearchError)
        made.remove([path])
        assert made.verify_all(hits) == [False] * len(hits)
