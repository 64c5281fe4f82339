"""Operators of the kind ``spectrum``: scores of the peers, ends of tolerances, other axes, odd records, mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

import nlsearch
from nlsearch.errors import QuerySyntax

QUERY = "100:10 100.06:7 120.5:3 150.25:20"
ITEM = "99.96:6 100.03:9 134.52:4 150.2:15 164.3:8"
COSINES = [
    ("cosine", "greedy", {}, 0.803695, 2),
    ("cosine", "optimal", {}, 0.871700, 3),
    ("cosine", "greedy", {"intensity_power": 0.5, "mz_power": 1.0}, 0.675834, 2),
    ("cosine", "optimal", {"intensity_power": 0.5, "mz_power": 1.0}, 0.762058, 3),
    ("modified", "greedy", {}, 0.828424, 3),
    ("modified", "optimal", {}, 0.896429, 4),
    ("modified", "greedy", {"intensity_power": 0.5, "mz_power": 1.0}, 0.753955, 3),
    ("modified", "optimal", {"intensity_power": 0.5, "mz_power": 1.0}, 0.840179, 4),
    ("neutral_loss", "greedy", {}, 0.354450, 2),
]
"""matchms 0.33.1: CosineGreedy, CosineHungarian, ModifiedCosineGreedy, ModifiedCosineHungarian, NeutralLossesCosine."""
ENTROPIES = {False: 0.421119, True: 0.352843}
"""ms_entropy 1.5.3, calculate_entropy_similarity within 0.05 Da; by whether spectra are cleaned."""


def mgf(title: str, peaks: str, *parameters: str) -> str:
    rows = peaks.replace(" ", "\n").replace(":", " ")
    return "\n".join(["BEGIN IONS", f"TITLE={title}", *parameters, rows, "END IONS", ""])


def nmr(title: str, nucleus: str, peaks: str) -> str:
    return (
        f"##TITLE= {title}\n##JCAMP-DX= 5.00\n##DATA TYPE= NMR PEAK TABLE\n##ORIGIN= test\n##OWNER= test\n"
        f"##.OBSERVE FREQUENCY= 400\n##.OBSERVE NUCLEUS= ^{nucleus}\n##XUNITS= PPM\n##YUNITS= ARBITRARY UNITS\n"
        f"##XFACTOR= 1\n##YFACTOR= 1\n##NPOINTS= {peaks.count(',')}\n##PEAK TABLE= (XY..XY)\n{peaks}\n##END=\n"
    )


def optical(title: str, kind: str, unit: str, peaks: str) -> str:
    return (
        f"##TITLE= {title}\n##JCAMP-DX= 4.24\n##DATA TYPE= {kind}\n##ORIGIN= test\n##OWNER= test\n##XUNITS= {unit}\n"
        f"##YUNITS= ABSORBANCE\n##XFACTOR= 1\n##YFACTOR= 1\n##NPOINTS= {peaks.count(',')}\n"
        f"##PEAK TABLE= (XY..XY)\n{peaks}\n##END=\n"
    )


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    folder = tmp_path_factory.mktemp("asking")
    records = [
        mgf("peer", ITEM, "PEPMASS=214", "ADDUCT=[M-H]-", "CHARGE=1-", "IONMODE=negative", "FORMULA=C2H6O"),
        mgf("halves", "100.5:1 200.25:3 300.125:4", "PEPMASS=400.5", "ADDUCT=(M+FA-H)-"),
        mgf("mixed up", "300:5 100:1 200:2 100:3 50:0 -7:4 inf:1 75:-2 80:nan", "PEPMASS=500"),
        mgf("no peaks", "", "PEPMASS=123.5", "ADDUCT=M+NH4", "FORMULA=C6H12O6", "CHARGE=1+"),
    ]
    (folder / "mass.mgf").write_text("\n".join(records))
    (folder / "proton.jdx").write_text(nmr("proton", "1H", "-0.5, 10  1.25, 30  7.5, 60"))
    (folder / "carbon.jdx").write_text(nmr("carbon", "13C", "1.5, 50  7.75, 50"))
    (folder / "infrared.jdx").write_text(optical("infrared", "INFRARED PEAK TABLE", "1/CM", "1700, 3  2950, 1"))
    (folder / "uv.jdx").write_text(optical("uv", "UV-VIS PEAK TABLE", "NANOMETERS", "260, 1  340, 3"))
    with nlsearch.Collection.open(folder / "x.nls", create=True) as made:
        report = made.index([folder], jobs=1)
        assert (report.items, report.failures) == (8, [])
        yield made


def found(collection: nlsearch.Collection, query: str) -> dict[str, nlsearch.Hit]:
    page = collection.search(query, limit=100, count="exact")
    assert page.complete
    return {hit.item.title: hit for hit in page.hits}


# -------------------------------------------------------------------------------------------------------------- scores
@pytest.mark.parametrize(("metric", "matching", "powers", "score", "pairs"), COSINES)
def test_cosines_are_those_of_matchms(
    collection: nlsearch.Collection, metric: str, matching: str, powers: Mapping[str, float], score: float, pairs: int
) -> None:
    options = ", ".join(
        [f"metric={metric}, matching={matching}, similarity=cosine, tol_da=0.055, clean=no, precursor=200"]
        + [f"{name}={value}" for name, value in powers.items()]
    )
    hit = found(collection, f'peaks:"{QUERY}"~0.1{{{options}}}')["peer"]
    assert hit.score == pytest.approx(score, abs=2e-6)
    assert len(hit.evidence["pairs"]) == pairs
    assert sum(pair[3] for pair in hit.evidence["pairs"]) == pytest.approx(score, abs=2e-6)
    assert hit.evidence["cleaning"] == {}
    assert hit.evidence["peaks_of_query"] == 4
    assert hit.evidence["shift_da"] == (0 if metric == "cosine" else -14)
    enough, too_many = (
        found(collection, f'peaks:"{QUERY}"~0.1{{{options}, min_peaks={n}}}') for n in (pairs, pairs + 1)
    )
    assert "peer" in enough
    assert "peer" not in too_many


@pytest.mark.parametrize("cleaned", [False, True])
def test_entropies_are_those_of_ms_entropy(collection: nlsearch.Collection, cleaned: bool) -> None:
    options = f"tol_da=0.05, clean={'yes' if cleaned else 'no'}"
    hit = found(collection, f'peaks:"{QUERY}"~0.1{{{options}, precursor=1000, precursor_gap=0}}')["peer"]
    assert hit.score == pytest.approx(ENTROPIES[cleaned], abs=2e-6)
    assert hit.tier == "near"


# --------------------------------------------------------------------------------------------------- ends of tolerances
@pytest.mark.parametrize(
    ("query", "inside", "outside"),
    [
        ('mz:"200"{tol_da=%s}', "0.25", "0.2499"),
        ('mz:"200.5"{tol_da=%s}', "0.25", "0.2499"),
        ('mz:"200"{tol_ppm=%s}', "1250", "1249.9"),
        ('loss:"100"{tol_da=%s}', "0.375", "0.3749"),
        ('loss:"300.5"{tol_da=%s}', "0.5", "0.4999"),
        ('peaks:"100.5:1 200:3 300.125:4"~0.9{tol_da=%s, clean=no}', "0.25", "0.2499"),
    ],
)
def test_tolerances_include_their_ends(collection: nlsearch.Collection, query: str, inside: str, outside: str) -> None:
    """All numbers are exact in binary, so that the ends are too."""
    assert "halves" in found(collection, query % inside)
    assert "halves" not in found(collection, query % outside)


def test_one_peak_may_answer_twice_and_counts_once(collection: nlsearch.Collection) -> None:
    hit = found(collection, 'mz:"200.1 200.3"{tol_da=0.2}')["halves"]
    assert hit.score == pytest.approx(3 / 8)
    assert [pair[1] for pair in hit.evidence["pairs"]] == [200.25, 200.25]
    losses = found(collection, 'loss:"100.375, 200.25"')["halves"]
    assert losses.evidence["peaks"] == [300.125, 200.25]
    assert losses.score == pytest.approx(7 / 8)


# ----------------------------------------------------------------------------------------------------------- other axes
def test_signals_of_nmr(collection: nlsearch.Collection) -> None:
    hit = found(collection, 'shift:"-0.5 1.27"')["proton"]
    assert hit.score == pytest.approx(0.4)
    assert [pair[:2] for pair in hit.evidence["pairs"]] == [[-0.5, -0.5], [1.27, 1.25]]
    assert set(found(collection, 'shift:"7.5"')) == {"proton", "carbon"}, "carbon within half a ppm"
    assert set(found(collection, 'shift:"7.4"')) == {"carbon"}
    assert set(found(collection, 'shift:"7.5"{nucleus=1H}')) == {"proton"}
    assert set(found(collection, 'shift:"7.5"{nucleus=13C}')) == {"carbon"}
    assert set(found(collection, 'shift:"7.5"{tol_ppm=0.25}')) == {"proton", "carbon"}
    assert set(found(collection, 'shift:"7.5"{tol_ppm=0.2}')) == {"proton"}
    assert not found(collection, 'shift:"0.5"{nucleus=1H}')
    assert set(found(collection, 'shift:"-0.5"{min_intensity=0.2, nucleus=1H}')) == set()


def test_bands(collection: nlsearch.Collection) -> None:
    assert found(collection, 'band:"1710"')["infrared"].score == pytest.approx(0.75)
    assert set(found(collection, 'band:"1711"')) == set()
    assert set(found(collection, 'band:"1711"{tol_per_cm=11}')) == {"infrared"}
    assert set(found(collection, 'band:"1700 2950"')) == {"infrared"}
    assert set(found(collection, 'band:"265"{unit=nm}')) == {"uv"}
    assert set(found(collection, 'band:"266"{unit=nm}')) == set()
    assert set(found(collection, 'band:"260 340"{unit=nm}')) == {"uv"}
    assert set(found(collection, 'band:"260"')) == set(), "wavenumbers are no wavelengths"
    assert not found(collection, 'mz:"260"'), "nor masses"


def test_examples_stay_on_their_axis(collection: nlsearch.Collection) -> None:
    for title in ("proton", "carbon", "infrared", "uv"):
        (item,) = [hit.item for hit in collection.search(f"name:{title}").hits]
        page = collection.like(item.id, minimum=0.01)
        assert [(hit.item.title, hit.tier) for hit in page.hits] == [(title, "exact")]
        with pytest.raises(QuerySyntax, match="compares precursors"):
            collection.like(item.id, metric="modified")


# -------------------------------------------------------------------------------------------------- fields, odd records
def test_spectra_without_peaks_are_found_by_their_fields(collection: nlsearch.Collection) -> None:
    for query in (
        "precursor:[123 TO 124]", 'adduct:"[M+NH4]+"', 'adduct:"M+NH4"', 'adduct:"[M+H+NH3]1+" AND charge:1',
        'formula:"O6H12C6"', 'formula:"C>=6 H0-20" AND peak_count:0', "unscored:yes",
    ):  # fmt: skip
        assert set(found(collection, query)) == {"no peaks"}, query
    assert set(found(collection, 'adduct:"[M+HCOO]-"')) == {"halves"}
    assert set(found(collection, "charge:-1")) == {"peer", "halves"}, "which its adduct tells"


def test_peaks_in_disorder_are_put_in_order(collection: nlsearch.Collection) -> None:
    item = found(collection, 'name:"mixed up"')["mixed up"].item
    told = item.fields["warnings"]
    assert isinstance(told, list)
    assert told == [
        "2 peaks refused: a position or intensity that is no finite number",
        "2 peaks refused: a negative position or intensity",
        "1 peak at a position that another one has: intensities added up",
    ]
    assert (item.fields["peak_count"], item.fields["base_peak"]) == (4, 300)
    hit = found(collection, 'mz:"100, 200"')["mixed up"]
    assert [pair[3] for pair in hit.evidence["pairs"]] == pytest.approx([4 / 11, 2 / 11])
    assert found(collection, 'peaks:"300:5 200:2 100:4"')["mixed up"].tier == "exact"


# ------------------------------------------------------------------------------------------------------------- mistakes
@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('peaks:"1e999:1"', "above 0"),
        ('peaks:"100:1e39"', "above 0"),
        ('peaks:"100:1:2"', "part 1"),
        ('peaks:"nan:1"', "part 1"),
        ('peaks:"100:"', "part 1"),
        ('peaks:"100:1"{metric=hybrid}', "give it: {precursor="),
        ('peaks:"100:1"{metric=neutral_loss}', "give it: {precursor="),
        ('peaks:"100:1"{precursor=300, precursor_da=-1}', "cannot lie"),
        ('peaks:"100:1"{intensity_power=11}', "between 0 and 10"),
        ('peaks:"100:1"{mz_power=-11}', "between -10 and 10"),
        ('peaks:"100:1"{precursor_gap=-1}', "between 0"),
        ('peaks:"100:1"{tolerance=1}', "known: tol_da, tol_ppm"),
        ('mz:"1 2 1e999"', "part 3"),
        (f'mz:"{" ".join(map(str, range(1, 202)))}"', "at most 200"),
        ('mz:"100"{tol_da=0.1, tol_ppm=1}', "both given"),
        ('mz:"100"{tol_ppm=100000}', "below 100,000"),
        ('shift:"a"', "part 1"),
        ('band:"1700"{unit=m}', "wants one of"),
        ('neutral:"-1"', "above 0"),
        ('neutral:"nan"', "above 0"),
        ('neutral:"1"{adducts="[M-H2O+H]+"}', "too light"),
        ('neutral:"194"{adducts="[M+H]+", ion_mode=negative}', "none of the adducts is negative"),
        ('neutral:"194"{tol_da=1, tol_ppm=1}', "one of them is enough"),
        ('formula:"C2H6O"{isotopes=yes, least=0}', "share above 0"),
        ('formula:"C2H6O"{isotopes=yes, tol_da=0.5}', "does not tell"),
    ],
)
def test_mistakes_are_told(collection: nlsearch.Collection, query: str, says: str) -> None:
    with pytest.raises(QuerySyntax) as caught:
        collection.search(query)
    assert says in f"{caught.value.message} {caught.value.hint}"
