"""Reading MassBank, MGF, MSP and JSON: every dialect and every damage gives items, skipped records or a typed error."""

from __future__ import annotations

import gzip
import io
import json
import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from held import Held
from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.spectrum.formats import json as jsonformat
from nlsearch.handlers.spectrum.formats import massbank, mgf, msp, values
from nlsearch.handlers.spectrum.read import read_records
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

MASSBANK = """ACCESSION: MSBNK-X-1
RECORD_TITLE: Caffeine; LC-ESI-QFT; MS2
DATE: 2020.05.07 (Created 2011.01.02)
AUTHORS: A. Uthor
LICENSE: CC BY
PUBLICATION: On tea
CH$NAME: Caffeine
CH$NAME: Theine
CH$COMPOUND_CLASS: N/A; Natural Product
CH$FORMULA: C8H10N4O2
CH$EXACT_MASS: 194.0804
CH$SMILES: CN1C=NC2=C1C(=O)N(C)C(=O)N2C
CH$IUPAC: N/A
CH$LINK: CAS 58-08-2
CH$LINK: INCHIKEY RYYVLZVUVIJVGH-UHFFFAOYSA-N
CH$LINK: PUBCHEM CID:2519
AC$INSTRUMENT: Q Exactive
AC$INSTRUMENT_TYPE: LC-ESI-QFT
AC$MASS_SPECTROMETRY: MS_TYPE MS2
AC$MASS_SPECTROMETRY: ION_MODE POSITIVE
AC$MASS_SPECTROMETRY: IONIZATION ESI
AC$MASS_SPECTROMETRY: FRAGMENTATION_MODE HCD
AC$MASS_SPECTROMETRY: COLLISION_ENERGY Ramp 20%-70% (nominal)
AC$CHROMATOGRAPHY: RETENTION_TIME 2.5 min
MS$FOCUSED_ION: PRECURSOR_M/Z 195.0877
MS$FOCUSED_ION: PRECURSOR_TYPE [M+H]+
PK$SPLASH: splash10-0002-0900000000-b112e4e059e1ecf98c5f
PK$ANNOTATION: m/z formula
  110.0713 C5H8N3+
PK$NUM_PEAK: 3
PK$PEAK: m/z int. rel.int.
  195.0877 5000 999
  138.0662 2500 499
  110.0713 40 8
//
"""
FIELDS = {
    "accession": "MSBNK-X-1",
    "precursor": 195.0877,
    "charge": 1,
    "adduct": "[M+H]+",
    "ion_mode": "positive",
    "ms_level": 2,
    "collision_energy": [20.0, 70.0],
    "fragmentation": "HCD Ramp 20%-70% (nominal)",
    "instrument": "Q Exactive",
    "instrument_type": "LC-ESI-QFT",
    "ionization": "ESI",
    "retention_time": 150.0,
    "formula": "C8H10N4O2",
    "mass": 194.0804,
    "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
    "synonyms": ["Theine"],
    "cas": "58-08-2",
    "compound_class": "Natural Product",
    "splash": "splash10-0002-0900000000-b112e4e059e1ecf98c5f",
    "author": "A. Uthor",
    "license": "CC BY",
    "date": "2020-05-07",
}
MGF = """# a comment
CHARGE=2+
INSTRUMENT=Trap
BEGIN IONS
TITLE=first
PEPMASS=300.5 1000.0
RTINSECONDS=61.5
SCANS=7
100.5 10 1+
\t50.25\t20
END IONS

BEGIN IONS
TITLE=second
PEPMASS=0
CHARGE=1-
END IONS
"""
MSP = """Name: Caffeine
Synon: Theine
DB#: 7
PrecursorMZ: 195.0877
Precursor_type: [M+H]+
Spectrum_type: MS2
Ion_mode: P
RETENTIONTIME: 2.5
Collision_energy: 35
Comments: "SMILES=CN1C=NC2=C1C(=O)N(C)C(=O)N2C" "author=A. Uthor" "exact mass=194.0804" seen in tea
Num Peaks: 3
110.0713\t8\t"C5H8N3+; 2/3"
138.0662 25
195.0877 100

NAME: Nothing
Num peaks: 0

Name: Packed
MW: 78
CASNO: 71432
Num Peaks: 5
51 2; 52 8; 63 4;
77,9  78,100
"""
JSON = [
    {
        "spectrum_id": "CCMS1",
        "peaks_json": "[[138.0662,25.0],[110.0713,8.0]]",
        "Compound_Name": "Caffeine",
        "Precursor_MZ": "195.0877",
        "Adduct": "M+H",
        "Charge": "0",
        "Ion_Mode": "Positive",
        "ms_level": "2",
        "Smiles": "CN1",
        "INCHI": "N/A",
    },
    {"compound_name": 'x}{"', "precursor_mz": 100.5, "charge": -1, "peaks_json": [[50.0, 1.0], [25.0, 2.0]]},
    {
        "id": "MoNA1",
        "compound": [{"names": [{"name": "Caffeine"}, {"name": "Theine"}], "inchiKey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N"}],
        "metaData": [
            {"name": "precursor m/z", "value": 195.0877},
            {"name": "retention time", "value": 2.5, "unit": "min"},
            {"name": "ionization mode", "value": "positive"},
        ],
        "spectrum": "110.0713:8 138.0662:25",
        "splash": {"splash": "splash10-0002-0900000000-b112e4e059e1ecf98c5f"},
        "dateCreated": 1588809600000,
    },
    {"params": {"title": "pyteomics"}, "m/z array": [2.0, 1.0], "intensity array": [5.0, 6.0]},
]
READERS = {"MassBank": massbank, "MGF": mgf, "MSP": msp, "spectra JSON": jsonformat}
TEXTS = {"MassBank": MASSBANK * 3, "MGF": MGF, "MSP": MSP, "spectra JSON": json.dumps(JSON)}


def read(kind: str, content: bytes | str, limits: Limits | None = None) -> list[RawItem | Skipped]:
    content = content.encode() if isinstance(content, str) else content
    return list(READERS[kind].records(io.BytesIO(content), limits or Limits()))


def one(kind: str, content: bytes | str) -> RawItem:
    (item,) = read(kind, content)
    assert isinstance(item, RawItem)
    return item


def peaks(item: RawItem | Skipped) -> list[tuple[float, float]]:
    assert isinstance(item, RawItem)
    return list(zip(item.content.positions.tolist(), item.content.intensities.tolist(), strict=True))


# ------------------------------------------------------------------------------------------------------------ MassBank
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n \n"])
def test_massbank_record(end: str, start: str) -> None:
    item = one("MassBank", (start + MASSBANK).replace("\n", end))
    assert (item.title, item.record_id, item.warnings) == ("Caffeine", "MSBNK-X-1", [])
    assert item.content.fields == FIELDS
    assert (item.content.smiles, item.content.inchi) == ("CN1C=NC2=C1C(=O)N(C)C(=O)N2C", "")
    assert {"On tea", "PUBCHEM CID:2519", "Caffeine; LC-ESI-QFT; MS2"} <= set(item.content.text)
    assert peaks(item) == [(110.0713, 40.0), (138.0662, 2500.0), (195.0877, 5000.0)]


@pytest.mark.parametrize(
    ("old", "new", "kept", "warning"),
    [
        ("PK$NUM_PEAK: 3", "PK$NUM_PEAK: 4", 3, "PK$NUM_PEAK says 4, there are 3 peaks"),
        ("  110.0713 40 8\n", "N/A\n", 2, "PK$NUM_PEAK says 3, there are 2 peaks"),
        ("  110.0713 40 8", "  110.0713", 2, "1 line of peaks not understood, the first is '110.0713'"),
        ("2500 499", "nan 499", 2, "1 peak refused: a position or intensity that is no finite number"),
        ("//\n", "", 3, "the record has no // at its end: it may be cut"),
        ("58-08-2", "none known", 3, "cas 'none known' is not understood and left out"),
        ("2020.05.07 (Created 2011.01.02)", "2020.13.07", 3, "date '2020.13.07' is not understood and left out"),
        ("PRECURSOR_TYPE [M+H]+", "PRECURSOR_TYPE [M-H]-", 3, None),
        ("195.0877\n", "NA\n", 3, None),
    ],
)
def test_massbank_oddities(old: str, new: str, kept: int, warning: str | None) -> None:
    item = one("MassBank", MASSBANK.replace(old, new))
    assert len(peaks(item)) == kept
    assert warning in item.warnings if warning else item.warnings == []


def test_massbank_relative_intensities_stand_in() -> None:
    text = MASSBANK.replace(" 5000 ", " 1 ").replace(" 2500 ", " 1 ").replace(" 40 ", " 1 ")
    item = one("MassBank", text)
    assert [height for _, height in peaks(item)] == [8.0, 499.0, 999.0]
    assert item.warnings == ["the absolute intensities are all the same: the relative ones are used"]


def test_massbank_deprecated_and_foreign_records_are_skipped_and_counted() -> None:
    deprecated = MASSBANK.replace("RECORD_TITLE", "DEPRECATED: wrong annotation\nRECORD_TITLE")
    found = read("MassBank", f"{MASSBANK}{deprecated}some prose\n//\n{MASSBANK}")
    assert [record.number for record in found] == [1, 2, 3, 4]
    assert found[1] == Skipped(2, "the record is deprecated: wrong annotation", "unsupported_feature", "MSBNK-X-1")
    assert isinstance(found[2], Skipped)
    assert isinstance(found[3], RawItem)


def test_massbank_a_lost_end_costs_no_record() -> None:
    first, second = read("MassBank", MASSBANK.replace("//\n", "") + MASSBANK)
    assert isinstance(first, RawItem)
    assert first.warnings == ["the record has no // at its end: it may be cut"]
    assert peaks(first) == peaks(second)


# ----------------------------------------------------------------------------------------------------------------- MGF
def test_mgf() -> None:
    first, second = read("MGF", MGF)
    assert isinstance(first, RawItem)
    assert isinstance(second, RawItem)
    assert (first.title, first.record_id, first.warnings) == ("first", "first", [])
    assert first.content.fields == {
        "precursor": 300.5, "charge": 2, "ion_mode": "positive", "retention_time": 61.5, "instrument": "Trap",
    }  # fmt: skip
    assert peaks(first) == [(50.25, 20.0), (100.5, 10.0)]
    assert second.content.fields == {"charge": -1, "ion_mode": "negative", "instrument": "Trap"}
    assert peaks(second) == []


@pytest.mark.parametrize(
    ("inside", "kept", "warning"),
    [
        ("1 2\nhello there\n3 4", 2, "1 line not understood, the first is 'hello there'"),
        ("1 2\n3", 1, "1 line not understood, the first is '3'"),
        ("1 2\nnan 4\n3 inf", 1, "2 peaks refused: a position or intensity that is no finite number"),
        ("1 2\n3 x", 1, "1 peak refused: a position or intensity that is no finite number"),
        ("1 2\n1 5", 1, "1 peak at a position that another one has: intensities added up"),
        ("1 -2\n-1 2", 0, "2 peaks refused: a negative position or intensity"),
        ("CHARGE=2+ and 3+\n1 2", 1, "charge '2+ and 3+' is not understood and left out"),
        ("CHARGE=1+\nIONMODE=negative\n1 2", 1, "charge 1+ in negative ion mode: read as -1"),
    ],
)
def test_mgf_oddities(inside: str, kept: int, warning: str) -> None:
    item = one("MGF", f"BEGIN IONS\n{inside}\nEND IONS\n")
    assert len(peaks(item)) == kept
    assert item.warnings == [warning]


def test_mgf_lists_without_end() -> None:
    found = read("MGF", "BEGIN IONS\nTITLE=a\n1 2\nBEGIN IONS\nTITLE=b\n3 4")
    assert [(item.title, item.warnings) for item in found] == [
        (name, ["the record has no END IONS: it may be cut"]) for name in "ab"
    ]
    assert [peaks(item) for item in found] == [[(1.0, 2.0)], [(3.0, 4.0)]]


# ----------------------------------------------------------------------------------------------------------------- MSP
def test_msp() -> None:
    first, second, third = read("MSP", MSP)
    assert isinstance(first, RawItem)
    assert (first.title, first.record_id, first.warnings) == ("Caffeine", "7", [])
    assert first.content.fields == {
        "accession": "7", "precursor": 195.0877, "adduct": "[M+H]+", "charge": 1, "ion_mode": "positive", "ms_level": 2,
        "retention_time": 150.0, "collision_energy": 35.0, "fragmentation": "35", "author": "A. Uthor",
        "mass": 194.0804, "synonyms": ["Theine"],
    }  # fmt: skip
    assert first.content.smiles == "CN1C=NC2=C1C(=O)N(C)C(=O)N2C"
    assert first.content.text == ["seen in tea"]
    assert peaks(first) == [(110.0713, 8.0), (138.0662, 25.0), (195.0877, 100.0)]
    assert peaks(second) == []
    assert peaks(third) == [(51.0, 2.0), (52.0, 8.0), (63.0, 4.0), (77.0, 9.0), (78.0, 100.0)]
    assert third.content.fields == {"cas": "71-43-2"}


@pytest.mark.parametrize(
    ("text", "expected", "warning"),
    [
        ("Name: a\nNum Peaks: 2\n1 2\n\nName: b\nNum Peaks: 0", [(1.0, 2.0)], "Num Peaks says '2', there are 1 peak"),
        ("Name: a\nNum Peaks: 3\n1 2\n3 4", [(1.0, 2.0), (3.0, 4.0)], "the record is cut: 2 of 3 peaks are there"),
        ("Name: a\nFormula: C", [], "the record has no Num Peaks: it may be cut"),
        ("Name: a\nNum Peaks: 1\n1 2\nfoo", [(1.0, 2.0)], "1 line not understood, the first is 'foo'"),
        ("Name: a\nSpectrum_type: Profile\nNum Peaks: 1\n(1,2)", [(1.0, 2.0)], None),
        ("Name: a\nNum Peaks: 2\n1:2 3:4", [(1.0, 2.0), (3.0, 4.0)], None),
        ("Name: a\nNum Peaks: 1\n\n1 2 C6H5+", [(1.0, 2.0)], None),
        ("Name: a\nNum Peaks: 1\n1e2 2", [(100.0, 2.0)], None),
    ],
)
def test_msp_oddities(text: str, expected: list[tuple[float, float]], warning: str | None) -> None:
    item = read("MSP", text)[0]
    assert peaks(item) == expected
    assert isinstance(item, RawItem)
    assert item.warnings == ([warning] if warning else [])
    assert item.content.profile == ("Profile" in text)


def test_msp_records_without_names_end_at_blank_lines() -> None:
    found = read("MSP", "SPECTRUM_ID: a\nNUM PEAKS: 1\n1 2\n\nSPECTRUM_ID: b\nNUM PEAKS: 1\n3 4\n\n\n")
    assert [record.record_id for record in found] == ["a", "b"]
    assert [peaks(record) for record in found] == [[(1.0, 2.0)], [(3.0, 4.0)]]


# ---------------------------------------------------------------------------------------------------------------- JSON
@pytest.mark.parametrize(
    "text",
    [json.dumps(JSON), json.dumps(JSON, indent=2), "\n".join(map(json.dumps, JSON)), "\ufeff" + json.dumps(JSON)],
    ids=["list", "indented", "lines", "mark"],
)
def test_json(text: str) -> None:
    gnps, matchms, mona, pyteomics = read("spectra JSON", text)
    assert peaks(gnps) == [(110.0713, 8.0), (138.0662, 25.0)]
    assert gnps.record_id == "CCMS1"
    assert gnps.content.fields == {
        "accession": "CCMS1", "precursor": 195.0877, "adduct": "[M+H]+", "charge": 1, "ion_mode": "positive",
        "ms_level": 2,
    }  # fmt: skip
    assert (gnps.content.smiles, gnps.content.inchi) == ("CN1", "")
    assert (matchms.title, matchms.content.fields["charge"]) == ('x}{"', -1)
    assert peaks(matchms) == [(25.0, 2.0), (50.0, 1.0)]
    assert (mona.title, mona.record_id) == ("Caffeine", "MoNA1")
    assert mona.content.fields["synonyms"] == ["Theine"]
    assert mona.content.fields["retention_time"] == 150.0
    assert mona.content.fields["date"] == "2020-05-07"
    assert mona.content.fields["splash"].startswith("splash10-0002")
    assert peaks(mona) == [(110.0713, 8.0), (138.0662, 25.0)]
    assert (pyteomics.title, peaks(pyteomics)) == ("pyteomics", [(1.0, 6.0), (2.0, 5.0)])


def test_json_numbers_that_are_none_are_refused_peaks() -> None:
    item = one("spectra JSON", '{"peaks": [[1, NaN], [Infinity, 2], [null, 3], ["4", 5], [1e999, 6], [7, "x"], [8]]}')
    assert peaks(item) == [(4.0, 5.0)]
    assert item.warnings == [
        "1 peak not understood, the first is [8]",
        "5 peaks refused: a position or intensity that is no finite number",
    ]
    assert peaks(one("spectra JSON", '{"peaks_json": "[[1, NaN], [-Infinity, 2], [3, 4]]"}')) == [(3.0, 4.0)]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('{"id": "b", "peaks": [[1 2]]}', "the JSON breaks at character"),
        ('{"id": "b", "peaks": {[[1, 2]]}', "the object does not end before the next one"),
        ('{"id": "b, "peaks": [[1, 2]]}', "the object does not end before the next one"),
        ('{"id": "b", "peaks": "hello ["}', ""),
        ('{"id": "b", "name": "no peaks"}', "no list of peaks"),
        ('{"id": "b", "mz": [1, 2], "intensities": [3]}', "2 positions, 1 intensity value"),
        ('"b"', "this is no JSON object: '\"b\"'"),
        ('{"id": "b", "peaks": ' + "[" * 100_000 + "}", "the JSON breaks"),
    ],
)
def test_json_a_broken_record_costs_only_itself(broken: str, reason: str) -> None:
    good = '{{"id": "{}", "peaks": [[1, 2]]}}'
    found = read("spectra JSON", f"[{good.format('a')}, {broken}, {good.format('c')}, {good.format('d')}]")
    assert [record.record_id for record in (found[0], *found[2:])] == ["a", "c", "d"]
    assert [record.number for record in found] == [1, 2, 3, 4]
    if reason:
        assert isinstance(found[1], Skipped)
        assert reason in found[1].reason


def test_json_escapes_and_texts_across_the_pieces_that_are_read() -> None:
    filler = '\\"{' * 150_000
    text = "[" + ",".join(f'{{"id": "{i}", "f": "{" " * i}{filler}", "peaks": [[{i + 1}, 2]]}}' for i in range(4)) + "]"
    assert [peaks(item) for item in read("spectra JSON", text)] == [[(i + 1.0, 2.0)] for i in range(4)]


def test_json_cut_between_records_is_told() -> None:
    records = jsonformat.records(io.BytesIO(b'[{"id": "a", "peaks": [[1, 2]]},'), Limits())
    assert next(records).record_id == "a"
    with pytest.raises(MalformedContent, match="does not end"):
        next(records)


# ------------------------------------------------------------------------------------------------------ all of them
@pytest.mark.parametrize("kind", sorted(READERS))
def test_cut_anywhere_gives_records_or_a_typed_error(kind: str) -> None:
    content = TEXTS[kind].encode()
    whole = read(kind, content)
    for at in range(0, len(content), max(1, len(content) // 200)):
        found: list[RawItem | Skipped] = []
        with suppress(MalformedContent):
            found.extend(READERS[kind].records(io.BytesIO(content[:at]), Limits()))
        assert [record.number for record in found] == list(range(1, len(found) + 1))
        assert len(found) <= len(whole)
        for cut, full in zip(found[:-1], whole, strict=False):
            assert peaks(cut) == peaks(full)


@pytest.mark.parametrize("kind", sorted(READERS))
def test_damaged_anywhere_gives_records_or_a_typed_error(kind: str) -> None:
    dice = random.Random(kind)
    for _ in range(300):
        content = bytearray(TEXTS[kind].encode())
        for _ in range(dice.choice((1, 3, 30))):
            at = dice.randrange(len(content) + 1)
            content[at : at + dice.choice((0, 1, 50))] = dice.choice(
                (b"", b"\x00\xff", b"\n", b'"', b"{", b"1e999 ", b":")
            )
        try:
            found = read(kind, bytes(content), Limits(record_bytes=dice.choice((300, 2**26))))
        except InputError:
            continue
        assert [record.number for record in found] == list(range(1, len(found) + 1))
        for item in found:
            if isinstance(item, RawItem):
                assert np.all(np.diff(item.content.positions) > 0)


@pytest.mark.parametrize("kind", sorted(READERS))
@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xff\xfe\x00"])
def test_nothing_is_an_error(kind: str, content: bytes) -> None:
    try:
        found = read(kind, content)
    except MalformedContent:
        found = []
    assert all(isinstance(record, Skipped) for record in found)


@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_record_over_the_cap_is_skipped_and_the_next_is_read(kind: str) -> None:
    many = "1 2\n" * 500_000  # several of the pieces in which files are read
    long = "1" * 2_000_000  # without a line end
    mgf_list = "BEGIN IONS\nTITLE={}\n{}\nEND IONS\n"
    msp_record = "Name: x\nDB#: {}\nNum Peaks: 1\n{}\n\n"
    texts = {
        "MassBank": f"ACCESSION: a\nPK$PEAK: m/z int.\n {many}//\nACCESSION: b\nPK$PEAK: x\n {long}\n//\n{MASSBANK}",
        "MGF": mgf_list.format("a", many) + mgf_list.format("b", long) + mgf_list.format("c", "1 2"),
        "MSP": msp_record.format("a", many) + msp_record.format("b", long) + msp_record.format("c", "1 2"),
        "spectra JSON": f'[{{"id": "a", "peaks": [{long}]}}, {{"id": "b", "peaks": [{long}]}}, {{"peaks": [[1, 2]]}}]',
    }
    first, second, third = read(kind, texts[kind], Limits(record_bytes=1_000_000))
    reason = "the record is over the cap record_bytes = 1,000,000"
    assert first == Skipped(1, reason, "limit_exceeded", "a")
    assert second == Skipped(2, reason, "limit_exceeded", "b")
    assert isinstance(third, RawItem)
    assert len(peaks(third)) > 0


def test_latin_1_and_utf_16() -> None:
    text = "Name: Théine\nNum Peaks: 1\n1 2\n"
    for content in (text.encode(), text.encode("latin-1"), text.encode("utf-16")):
        (item,) = read_records(Held(content, "x.msp", "MSP"), Limits())
        assert isinstance(item, RawItem)
        assert item.title == "Théine"


# -------------------------------------------------------------------------------------------------------------- values
@pytest.mark.parametrize(
    ("text", "mode", "expected", "charge"),
    [
        ("[M+H]+", "", "[M+H]+", 1),
        ("M+H", "", "[M+H]+", 1),
        ("M-H", "negative", "[M-H]-", -1),
        ("[M+H]", "", "[M+H]+", 1),
        ("[M+H]1+", "", "[M+H]+", 1),
        ("[M+H]+1", "", "[M+H]+", 1),
        ("[M+2H]++", "", "[M+2H]2+", 2),
        ("M+2H", "", "[M+2H]2+", 2),
        ("M+H+Na", "", "[M+H+Na]2+", 2),
        ("[M]+*", "", "[M]+*", 1),
        ("[M]+.", "", "[M]+*", 1),
        ("[M]•+", "", "[M]+*", 1),
        ("M+.", "", "[M]+*", 1),
        ("M+", "", "[M]+", 1),
        ("M-H2O-H", "", "[M-H2O-H]-", -1),
        ("M+FA-H", "", "[M+FA-H]-", -1),
        ("M+Cl", "", "[M+Cl]-", -1),
        ("M+K-2H", "", "[M+K-2H]-", -1),
        ("[2M + Na]+", "", "[2M+Na]+", 1),
        ("M", "negative", "[M]-", -1),
        ("M+H", "negative", "M+H", None),
        ("M", "", "M", None),
        ("in-source", "", "in-source", None),
        ("[M+H]+/[M+Na]+", "", "[M+H]+/[M+Na]+", None),
    ],
)
def test_adducts(text: str, mode: str, expected: str, charge: int | None) -> None:
    assert values.adduct(text, mode) == (expected, charge)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 eV", 10.0),
        ("15 % (nominal)", 15.0),
        ("CE35", 35.0),
        ("15, 30, 45 or 60 (nominal)", [15.0, 30.0, 45.0, 60.0]),
        ("Ramp 20.5-30 eV", [20.5, 30.0]),
        ("42% (nominal) with stepped collision energies 30% and 55%", [42.0, 30.0, 55.0]),
        ("35 eV FT-MS II", 35.0),
        ("1 keV", 1000.0),
        ("-20 V", -20.0),
        ("scaled 80 (m/z=200) to 110 (m/z=120)", None),
        ("high", None),
    ],
)
def test_collision_energies(text: str, expected: object) -> None:
    assert values.energies(text) == expected


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [("2.5 min", None, 150.0), ("2.5", 60.0, 150.0), ("61 s", 60.0, 61.0), ("500 ms", None, 0.5), ("-1", 1.0, None)],
)
def test_times(text: str, unit: float | None, expected: float | None) -> None:
    assert values.seconds(text, unit, pytest.fail) == expected


def test_times_without_unit_are_left_out_and_it_is_said() -> None:
    said: list[str] = []
    assert values.seconds("2.5", None, said.append) is None
    assert said == ["retention time '2.5' is left out: it has no unit"]


# ----------------------------------------------------------------------------------------------------------- real files
@pytest.mark.parametrize(
    ("name", "kind", "records", "positions", "intensities"),
    [
        ("pesticides.mgf", "MGF", 76, 1085643.961565, 1600695399.3417773),
        ("MoNA-export-GC-MS-first10.msp", "MSP", 10, 53692.0, 6896.81),
        ("gnps_spectra.json", "spectra JSON", 5, 466025.906297, 699079285.801452),
    ],
)
def test_real_files_give_the_peaks_that_matchms_reads(
    shared_data: Path, name: str, kind: str, records: int, positions: float, intensities: float
) -> None:
    found = read(kind, (shared_data / "spectra" / name).read_bytes())
    assert len(found) == records
    assert all(isinstance(item, RawItem) and not item.warnings for item in found)
    assert sum(item.content.positions.sum() for item in found) == pytest.approx(positions, rel=1e-12)
    assert sum(item.content.intensities.sum() for item in found) == pytest.approx(intensities, rel=1e-12)


def test_all_of_massbank(shared_data: Path) -> None:
    """Each of the records is an item, or skipped because it is deprecated; fields are there as often as in the text."""
    with gzip.open(shared_data / "spectra" / "massbank.txt.gz") as stream:
        found = list(massbank.records(stream, Limits()))
    skipped = [record for record in found if isinstance(record, Skipped)]
    items = [record for record in found if isinstance(record, RawItem)]
    assert (len(items), len(skipped)) == (14_980, 20)
    assert all(record.reason.startswith("the record is deprecated: ") for record in skipped)
    assert len({record.record_id for record in found}) == 15_000
    fields = [item.content.fields for item in items]
    assert sum("precursor" in each for each in fields) == 14_447
    assert all(each["ion_mode"] in {"positive", "negative"} for each in fields)
    assert sum(bool(item.warnings) for item in items) == 26


def test_msp_decimal_commas_are_told() -> None:
    (item,) = read("MSP", b"Name: x\nNum Peaks: 2\n100,25 5\n150.75 6\n")
    assert item.content.positions.tolist() == [150.75]
    assert any("100,25 5" in warning for warning in item.warnings)
