"""Reading JCAMP-DX: every form of its numbers, its checks, units, pages and blocks, and damage."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.spectrum.formats.asdf import ordinates
from nlsearch.handlers.spectrum.formats.jcamp import records
from nlsearch.handlers.spectrum.records import Spectrum
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

POSITIVE, NEGATIVE = "@ABCDEFGHI", "@abcdefghi"
UPWARD, DOWNWARD = "%JKLMNOPQR", "%jklmnopqr"
TIMES = " STUVWXYZs"
IR = {"DATA TYPE": "INFRARED SPECTRUM", "XUNITS": "1/CM", "YUNITS": "ABSORBANCE"}
NMR = {"DATA TYPE": "NMR SPECTRUM", "XUNITS": "PPM", ".OBSERVE NUCLEUS": "^1H"}


def read(content: bytes | str, limits: Limits | None = None) -> list[RawItem | Skipped]:
    raw = content if isinstance(content, bytes) else content.encode()
    return list(records(io.BytesIO(raw), limits or Limits()))


def one(content: bytes | str) -> tuple[Spectrum, list[str]]:
    (item,) = read(content)
    assert isinstance(item, RawItem), item
    return item.content, item.warnings


def block(labels: dict[str, str], table: str, form: str = "XYDATA=(X++(Y..Y))", title: str = "t") -> str:
    lines = [f"##TITLE={title}", "##JCAMP-DX=5.01", *(f"##{name}={value}" for name, value in labels.items())]
    return "\n".join([*lines, f"##{form}", table, "##END=", ""])


def spaced(first: float, last: float, points: int) -> dict[str, str]:
    return {"FIRSTX": f"{first:.10g}", "LASTX": f"{last:.10g}", "NPOINTS": str(points), "XFACTOR": "1"}


# ------------------------------------------------------------------------------------------------ an encoder, for tests
def squeezed(value: int, up: str = POSITIVE, down: str = NEGATIVE) -> str:
    digits = str(abs(value))
    return (down if value < 0 else up)[int(digits[0])] + digits[1:]


def repeated(texts: Sequence[str]) -> str:
    """Write each text once, and how often it stands there."""
    out, at = "", 0
    while at < len(texts):
        run = 1
        while at + run < len(texts) and texts[at + run] == texts[at]:
            run += 1
        digits = str(run)
        out += texts[at] + (TIMES[int(digits[0])] + digits[1:] if run > 1 else "")
        at += run
    return out


def written(values: list[int], form: str, x: Callable[[int], str], width: int) -> Iterator[str]:
    at = 0
    while at < len(values):
        row = values[at : at + width]
        if form == "AFFN":
            yield f"{x(at)} " + " ".join(map(str, row))
        elif form == "PAC":
            yield x(at) + "".join(f"{value:+d}" for value in row)
        elif form == "SQZ":
            yield x(at) + "".join(map(squeezed, row))
        elif form == "SQZDUP":
            yield x(at) + repeated([squeezed(value) for value in row])
        else:
            row = values[at : at + width + 1]
            steps = [squeezed(b - a, UPWARD, DOWNWARD) for a, b in pairwise(row)]
            yield x(at) + squeezed(row[0]) + (repeated(steps) if form == "DIFDUP" else "".join(steps))
            if at + width + 1 >= len(values):
                yield x(len(values) - 1) + squeezed(values[-1]) if steps else ""
                return
        at += width


FORMS = ["AFFN", "PAC", "SQZ", "SQZDUP", "DIF", "DIFDUP"]
RUNS = st.lists(st.tuples(st.integers(-99_999, 99_999), st.integers(1, 30)), min_size=1, max_size=40)


@pytest.mark.parametrize("form", FORMS)
@given(runs=RUNS, width=st.integers(1, 17), down=st.booleans())
@settings(max_examples=60, deadline=None)
def test_each_form_decodes_to_what_was_encoded(form: str, runs: list[tuple[int, int]], width: int, down: bool) -> None:
    values = [value for value, times in runs for _ in range(times)]
    first, last = (4000.0, 4000.0 - 2 * (len(values) - 1)) if down else (400.0, 400.0 + 2 * (len(values) - 1))
    step = -2 if down else 2
    table = "\n".join(written(values, form, lambda at: str(int(first) + step * at), width))
    spectrum, said = one(block(IR | spaced(first, last, len(values)) | {"YFACTOR": "0.5"}, table))
    expected = np.array(values, float) * 0.5
    if len(values) >= 16:
        assert said == []
        assert spectrum.profile
        np.testing.assert_array_equal(spectrum.intensities, expected[::-1] if down else expected)
    else:  # a few points are a list of bands, of which negative ones are refused
        np.testing.assert_array_equal(
            spectrum.intensities, [v for v in (expected[::-1] if down else expected) if v >= 0]
        )
    assert np.all(np.diff(spectrum.positions) > 0)
    assert spectrum.positions.max(initial=min(first, last)) <= max(first, last)


@pytest.mark.parametrize(
    "row", ["1 2 3 3 2 1 0 -1 -2 -3", "1+2+3+3+2+1+0-1-2-3", "1BCCBA@abc", "1JJ%jjjjjj", "1JT%jX", "ABCCBA@abc"]
)
def test_the_example_of_the_standard(row: str) -> None:
    """McDonald and Wilks 1988, table of the five forms of one line."""
    found = ordinates([(1, f"0 {row}")], 100)
    assert found.values.tolist() == [1, 2, 3, 3, 2, 1, 0, -1, -2, -3]
    assert found.warnings == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("100 1.5E+02 2.5e-1 -3E0", [150, 0.25, -3]),
        ("100 12,13;14", [12, 13, 14]),
        ("100 1 ? 3", [1, np.nan, 3]),
        ("100E839", [5839]),
        ("100.5B2 C4", [22, 34]),
        ("100A1TS", [11, 11]),
    ],
)
def test_odd_but_allowed_rows(row: str, expected: list[float]) -> None:
    found = ordinates([(1, row)], 100)
    np.testing.assert_array_equal(found.values, expected)


# -------------------------------------------------------------------------------------------------------------- checks
VALUES = [round(1000 * np.exp(-(((at - 30) / 6) ** 2))) + at for at in range(60)]


def dif_rows() -> list[str]:
    return list(written(VALUES, "DIF", lambda at: str(400 + at), 10))


def test_a_failed_y_check_is_told_with_its_line() -> None:
    rows = dif_rows()
    rows[2] = rows[2].replace(rows[2][5:7], "R7", 1)
    spectrum, said = one(block(IR | spaced(400, 459, 60), "\n".join(rows)))
    assert any("line 14 of the data does not begin with the value before" in text for text in said)
    np.testing.assert_array_equal(spectrum.intensities[:20], VALUES[:20])
    np.testing.assert_array_equal(spectrum.intensities[30:], VALUES[30:])


def test_a_missing_line_does_not_move_what_follows() -> None:
    rows = dif_rows()
    del rows[2]
    spectrum, said = one(block(IR | spaced(400, 459, 60), "\n".join(rows)))
    kept = dict(zip(spectrum.positions.tolist(), spectrum.intensities.tolist(), strict=True))
    assert any("##NPOINTS= says 60 points, there are 50" in text for text in said)
    assert any("points are placed by the X of their line" in text for text in said)
    assert [kept[400.0 + at] for at in (*range(20), *range(30, 60))] == [*VALUES[:20], *VALUES[30:]]


def test_a_damaged_line_counts_up_to_the_damage() -> None:
    rows = dif_rows()
    rows[3] = rows[3][:8] + "!" + rows[3][9:]
    spectrum, said = one(block(IR | spaced(400, 459, 60), "\n".join(rows)))
    kept = dict(zip(spectrum.positions.tolist(), spectrum.intensities.tolist(), strict=True))
    assert any(text.startswith("line 14 of the data cannot be read") for text in said)
    assert all(kept[400.0 + at] == VALUES[at] for at in (*range(30), *range(40, 60)))


def test_an_x_that_does_not_fit_is_told() -> None:
    rows = list(written(VALUES, "AFFN", lambda at: str(400 + at), 10))
    rows[4] = "540" + rows[4][3:]
    spectrum, said = one(block(IR | spaced(400, 459, 60), "\n".join(rows)))
    assert any("the X of 1 line does not fit, first in line 15; the number of points does" in text for text in said)
    np.testing.assert_array_equal(spectrum.positions, np.arange(400.0, 460))


def test_an_npoints_that_lies_is_told() -> None:
    table = "\n".join(written(VALUES, "AFFN", lambda at: str(400 + at), 10))
    spectrum, said = one(block(IR | spaced(400, 459, 77), table))
    assert any("says 77 points, there are 60" in text for text in said)
    np.testing.assert_allclose(spectrum.positions, np.arange(400.0, 460))


def test_x_without_factor_and_y_with_another_first() -> None:
    labels = IR | spaced(400, 459, 60) | {"XFACTOR": "0.25", "FIRSTY": "55"}
    _, said = one(block(labels, "\n".join(written(VALUES, "AFFN", lambda at: str(400 + at), 10))))
    assert "the X of the lines are not divided by XFACTOR" in said
    assert any(text.startswith("##FIRSTY= says 55") for text in said)


def test_deltax_serves_where_the_ends_are_not_told() -> None:
    labels = IR | {"FIRSTX": "400", "DELTAX": "2"}
    spectrum, said = one(block(labels, "\n".join(written(VALUES, "SQZ", lambda at: str(400 + 2 * at), 10))))
    np.testing.assert_array_equal(spectrum.positions, 400.0 + 2 * np.arange(60))
    assert said == []


@pytest.mark.parametrize(
    ("labels", "table"),
    [({}, "400A1Z99999999"), ({}, "400A1JZ99999999"), ({"NPOINTS": "900000000"}, "400 1 2 3")],
)
def test_what_unpacks_to_too_much_is_refused(labels: dict[str, str], table: str) -> None:
    bomb = block(IR | {"FIRSTX": "1", "LASTX": "2"} | labels, table)
    refused, item = read(bomb + block(IR | spaced(1, 2, 2), "1 5 6"))
    assert isinstance(refused, Skipped)
    assert refused.code == "limit_exceeded"
    assert isinstance(item, RawItem)


def test_a_block_or_line_over_the_cap_loses_only_itself() -> None:
    long = "\n".join(f"{at} {at}" for at in range(3000))
    for limits in (Limits(record_bytes=10_000), Limits(line_bytes=200)):
        text = block(IR, long if limits.line_bytes > 200 else "1 " + "5 " * 300) + block(IR | spaced(1, 2, 2), "1 5 6")
        refused, item = read(text, limits)
        assert isinstance(refused, Skipped)
        assert refused.code == "limit_exceeded"
        assert isinstance(item, RawItem)
        assert item.content.intensities.tolist() == [5, 6]


# ------------------------------------------------------------------------------------------------------ units and axes
RAMP = "\n".join(f"{2 + at} {at + 1}" for at in range(20))


@pytest.mark.parametrize(
    ("labels", "axis", "technique", "convert"),
    [
        ({"DATA TYPE": "INFRARED SPECTRUM", "XUNITS": "MICROMETERS"}, "wavenumber", "IR", lambda x: 1e4 / x),
        ({"DATA TYPE": "INFRARED SPECTRUM", "XUNITS": "nanometers"}, "wavenumber", "IR", lambda x: 1e7 / x),
        ({"DATATYPE": "RAMAN SPECTRUM", "XUNITS": "1/CM"}, "wavenumber", "Raman", lambda x: x),
        ({"DATA_TYPE": "UV-VISIBLE SPECTRUM", "X UNITS": "Wavelength (nm)"}, "wavelength", "UV/Vis", lambda x: x),
        ({"data type": "UV/VIS SPECTRUM", "xunits": "cm-1"}, "wavelength", "UV/Vis", lambda x: 1e7 / x),
        ({"XUNITS": "M/Z"}, "mz", "MS", lambda x: x),
        ({"DATA TYPE": "MASS SPECTRUM"}, "mz", "MS", lambda x: x),
        ({"DATA TYPE": "NMR SPECTRUM", "XUNITS": "PPM"}, "shift", "NMR", lambda x: x),
        (
            {"DATA TYPE": "NMR SPECTRUM", "XUNITS": "HZ", ".OBSERVE FREQUENCY": "200"},
            "shift",
            "NMR",
            lambda x: x / 200,
        ),
    ],
)
def test_units_become_those_of_the_axis(
    labels: dict[str, str], axis: str, technique: str, convert: Callable[[np.ndarray], np.ndarray]
) -> None:
    spectrum, _ = one(block(labels, RAMP, "XYPOINTS=(XY..XY)"))
    assert (spectrum.axis, spectrum.technique) == (axis, technique)
    np.testing.assert_allclose(spectrum.positions, np.sort(convert(np.arange(2.0, 22))))


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"DATA TYPE": "NMR FID", "XUNITS": "SECONDS"}, "over time"),
        ({"DATA TYPE": "INFRARED INTERFEROGRAM", "XUNITS": "POINTS"}, "over time"),
        ({"DATA TYPE": "nD NMR SPECTRUM", "XUNITS": "HZ"}, "more than one dimension"),
        ({"DATA TYPE": "ION MOBILITY SPECTRUM", "XUNITS": "MILLISECONDS"}, "no spectrum by"),
        ({"DATA TYPE": "GAS CHROMATOGRAPH", "XUNITS": "MINUTES"}, "no spectrum by"),
        ({"DATA TYPE": "NMR SPECTRUM", "XUNITS": "HZ"}, "OBSERVE FREQUENCY"),
        ({"DATA TYPE": "CONTINUOUS MASS SPECTRUM", "XUNITS": "SECONDS"}, "not an axis"),
        ({"DATA TYPE": "RAMAN SPECTRUM", "XUNITS": "NANOMETERS"}, "not an axis"),
    ],
)
def test_other_techniques_are_skipped_with_the_reason(labels: dict[str, str], reason: str) -> None:
    (skipped,) = read(block(labels, RAMP, "XYDATA=(XY..XY)"))
    assert isinstance(skipped, Skipped)
    assert skipped.code == "unsupported_feature"
    assert reason in skipped.reason


@pytest.mark.parametrize(("units", "top"), [("TRANSMITTANCE", 1.0), ("% TRANSMITTANCE", 98.0), ("REFLECTANCE", 0.5)])
def test_transmittance_is_turned(units: str, top: float) -> None:
    share = np.linspace(0.1, 1.0, 19)
    table = "\n".join(f"{400 + at},{value:.9f}" for at, value in enumerate(share * top))
    spectrum, said = one(block(IR | {"YUNITS": units}, table, "XYDATA=(XY..XY)"))
    np.testing.assert_allclose(spectrum.intensities, 1 - share, atol=1e-8)
    assert any("was turned into 1 − T / max T" in text for text in said)


def test_the_shift_reference_counts_its_point_from_one() -> None:
    """As ACD/SpecManager writes: the last of n points, at the shift that FIRSTX, LASTX and the frequency imply."""
    table = "\n".join(written([5] * 100, "AFFN", lambda at: f"{4000 - 40 * at}", 10))
    labels = NMR | {"XUNITS": "HZ", ".OBSERVE FREQUENCY": "400"} | spaced(4000, 40, 100)
    plain, _ = one(block(labels, table))
    same, _ = one(block(labels | {".SHIFT REFERENCE": "INTERNAL, TMS, 100, 0.1"}, table))
    moved, said = one(block(labels | {".SHIFT REFERENCE": "INTERNAL, CDCl3, 1, 12.5"}, table))
    odd, warned = one(block(labels | {".SHIFT REFERENCE": "INTERNAL, CDCl3, 0, 7.26"}, table))
    offset, told = one(block(labels | {"$OFFSET": "11.0"}, table))
    np.testing.assert_allclose(plain.positions[[0, -1]], [0.1, 10.0])
    np.testing.assert_allclose(same.positions, plain.positions)
    np.testing.assert_allclose(moved.positions, plain.positions + 2.5)
    np.testing.assert_allclose(odd.positions, plain.positions)
    np.testing.assert_allclose(offset.positions, plain.positions + 1)
    assert said == []
    assert any("names a point that is not there" in text for text in warned)
    assert any("$OFFSET" in text for text in told)


# --------------------------------------------------------------------------------------------------------------- pages
def ntuples(pages: str, labels: dict[str, str]) -> str:
    head = "".join(f"##{name}={value}\n" for name, value in labels.items())
    return f"##TITLE=n\n##JCAMP-DX=5.0\n##DATA CLASS=NTUPLES\n{head}{pages}##END NTUPLES=x\n##END=\n"


COMPLEX = {
    "DATA TYPE": "NMR SPECTRUM",
    ".OBSERVE FREQUENCY": "100",
    "VAR_NAME": "FREQUENCY, SPECTRUM/REAL, SPECTRUM/IMAG, PAGE NUMBER",
    "SYMBOL": "X, R, I, N",
    "VAR_TYPE": "INDEPENDENT, DEPENDENT, DEPENDENT, PAGE",
    "VAR_DIM": "20, 20, 20, 2",
    "UNITS": "HZ, ARBITRARY UNITS, ARBITRARY UNITS, ",
    "FIRST": "1900, 1, 100, 1",
    "LAST": "0, 20, 119, 2",
    "FACTOR": "100, 0.5, 7, 1",
}


def test_of_a_complex_spectrum_the_real_page_is_taken() -> None:
    real = "19A1" + "J" * 19
    pages = f"##PAGE=N=2\n##DATA TABLE=(X++(I..I)), XYDATA\n19 {' '.join(['9'] * 20)}\n"
    pages += f"##PAGE=N=1\n##DATA TABLE= (X++(R..R)), XYDATA\n{real}\n"
    spectrum, said = one(ntuples(pages, COMPLEX))
    np.testing.assert_allclose(spectrum.positions, np.arange(20.0))
    np.testing.assert_allclose(spectrum.intensities, np.arange(30, 10, -1) * 0.5)
    assert spectrum.profile
    assert said == []


def test_every_scan_of_a_chromatogram_is_an_item() -> None:
    """In the manner of Lampen et al. 1994: pages by retention time, a peak table on each."""
    labels = {
        "DATA TYPE": "MASS SPECTRUM",
        "VAR_NAME": "MASS, INTENSITY, RETENTION TIME",
        "SYMBOL": "X, Y, T",
        "UNITS": "M/Z, RELATIVE ABUNDANCE, MINUTES",
    }
    pages = "##PAGE= T= 2.5\n##NPOINTS= 2\n##DATA TABLE= (XY..XY), PEAKS\n50, 2.52; 51, 9.32\n"
    pages += "##PAGE= T= 3\n##NPOINTS= 3\n##DATA TABLE= (XY..XY), PEAKS\n60, 5.0; 61, 1\n"
    first, second = read(ntuples(pages, labels))
    assert isinstance(first, RawItem)
    assert isinstance(second, RawItem)
    assert first.content.positions.tolist() == [50, 51]
    assert (first.content.fields["retention_time"], second.content.fields["retention_time"]) == (150, 180)
    assert (first.number, second.number) == (1, 2)
    assert first.warnings == []
    assert second.warnings == ["##NPOINTS= says 3 points, there are 2"]


def test_pages_over_two_frequencies_are_refused() -> None:
    labels = COMPLEX | {"SYMBOL": "F1, F2, Y", "VAR_TYPE": "INDEPENDENT, INDEPENDENT, DEPENDENT"}
    (skipped,) = read(ntuples("##PAGE=F1=3\n##DATA TABLE=(F2++(Y..Y)), PROFILE\n1 2 3\n", labels))
    assert isinstance(skipped, Skipped)
    assert "more than one dimension" in skipped.reason


# -------------------------------------------------------------------------------------------------------------- blocks
PEAKS = block({"DATA TYPE": "MASS SPECTRUM"}, "50,1 51,2", "PEAK TABLE=(XY..XY)", "inner")


def test_blocks_of_a_link_are_items_and_the_link_is_none() -> None:
    structure = "##TITLE=s\n##JCAMP-CS=3.7\n##ATOMLIST=\n1 C\n##END=\n"
    text = f"##TITLE=all\n##DATA TYPE=LINK\n##BLOCKS=3\n{structure}{PEAKS}{PEAKS}##END= $$ of the link\n"
    skipped, first, second = read(text)
    assert isinstance(skipped, Skipped)
    assert skipped.code == "unsupported_feature"
    assert "JCAMP-CS" in skipped.reason
    assert [entry.number for entry in (skipped, first, second)] == [1, 2, 3]
    assert isinstance(first, RawItem)
    assert first.title == "inner"
    assert first.content.positions.tolist() == [50, 51]


def test_blocks_without_link_and_blocks_without_end() -> None:
    cut = PEAKS.replace("##END=\n", "")
    first, second = read(cut + cut)
    assert isinstance(first, RawItem)
    assert isinstance(second, RawItem)
    assert any("##END= is missing before line 6" in text for text in first.warnings)
    assert any("##END= is missing; the file may be cut off" in text for text in second.warnings)


@pytest.mark.parametrize(
    "text", ["##TITLE=a\n##DATA TYPE=MASS SPECTRUM\n##END=\n", "##TITLE=a\n##DATA TYPE=LINK\n##END=\n"]
)
def test_a_block_without_data_is_skipped(text: str) -> None:
    (skipped,) = read(text)
    assert isinstance(skipped, Skipped)
    assert "without data" in skipped.reason


def test_a_file_without_block_is_malformed() -> None:
    with pytest.raises(MalformedContent, match="no ##TITLE="):
        read("just text\n")


def test_deep_links_do_not_pile_up() -> None:
    found = read("##TITLE=a\n##DATA TYPE=LINK\n" * 2000 + PEAKS)
    assert sum(isinstance(entry, RawItem) for entry in found) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_comments_and_old_encodings(end: str) -> None:
    text = "$$ made by hand\n ##title = Öl $$ a comment\n##data_type=mass spectrum\n##OWNER=Müller\nund Söhne\n"
    text += "##PEAK TABLE= (XY..XY) $$ pairs\n50,1 $$ not 60,2\n51,2\n##END=\x1a"
    for encoding in ("utf-8", "latin-1"):
        spectrum, said = one(text.replace("\n", end).encode(encoding))
        assert spectrum.name == "Öl"
        assert spectrum.fields["author"] == "Müller und Söhne"
        assert spectrum.positions.tolist() == [50, 51]
        assert said == []


def test_own_peaks_go_before_the_trace() -> None:
    text = block(NMR | spaced(1, 20, 20), "1 " + " ".join(["1"] * 20)).replace(
        "##END=", "##PEAKTABLE= (XY..XY)\n7.26, 100; -0.5, 3\n##END="
    )
    spectrum, said = one(text)
    assert spectrum.positions.tolist() == [-0.5, 7.26]
    assert not spectrum.profile
    assert any("PEAKTABLE is taken" in text for text in said)


def test_assigned_peaks() -> None:
    table = "( 27.00, 2.0,, < 7>)\n(125.7,, D, <17>)\n(nothing)"
    labels = {"DATA TYPE": "NMR PEAK ASSIGNMENTS", "XUNITS": "PPM", ".OBSERVE NUCLEUS": "^13C", "NPOINTS": "9"}
    spectrum, said = one(block(labels, table, "PEAK ASSIGNMENTS=(XYMA)"))
    assert spectrum.positions.tolist() == [27, 125.7]
    assert spectrum.intensities.tolist() == [2, 1]
    assert spectrum.fields["nucleus"] == "13C"
    assert any("without intensity" in text for text in said)


# -------------------------------------------------------------------------------------------------------------- fields
def test_fields_of_the_labels() -> None:
    labels = {
        "DATA TYPE": "MASS SPECTRUM",
        "CAS REGISTRY NO": "58-08-2",
        "MOLFORM": "C8 H10 N4 O2",
        "MW": "194",
        "NAMES": "Caffeine\ntheine",
        "SPECTROMETER/DATA SYSTEM": "Finnigan 4000",
        ".SPECTROMETER TYPE": "Q",
        ".IONIZATION MODE": "EI+",
        ".IONIZATION ENERGY": "70",
        "ORIGIN": "Widener",
        "OWNER": "public domain",
        "DATE": "96/11/05",
        "$INCHIKEY": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
        "$SMILES": "CN1C=NC2=C1C(=O)N(C)C(=O)N2C",
        "INCHI": "InChI=1S/C8H10N4O2/x",
        "SAMPLE DESCRIPTION": "white powder",
    }
    spectrum, said = one(block(labels, "194,100 109,50", "PEAK TABLE=(XY..XY)", "Caffeine"))
    assert spectrum.fields == {
        "cas": "58-08-2",
        "formula": "C8H10N4O2",
        "synonyms": ["Caffeine", "theine"],
        "instrument": "Finnigan 4000",
        "instrument_type": "Q",
        "ionization": "EI",
        "ion_mode": "positive",
        "fragmentation": "EI 70 eV",
        "author": "Widener; public domain",
        "date": "1996-11-05",
        "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
    }
    assert (spectrum.name, spectrum.smiles[:5], spectrum.inchi[:8]) == ("Caffeine", "CN1C=", "InChI=1S")
    assert spectrum.text == ["white powder"]
    assert said == []


@pytest.mark.parametrize(
    ("labels", "field", "value"),
    [
        ({"MW": "78.11"}, "mass", 78.11),
        ({"MOLFORM": "C6 H5 CL"}, "formula", "C6H5Cl"),
        ({"LONG DATE": "1997/08/29 16:47:44.00 +0500", "DATE": "01/01/01"}, "date", "1997-08-29"),
        ({"DATE": "28/8/2023"}, "date", "2023-08-28"),
        ({".OBSERVE NUCLEUS": "1H"}, "nucleus", None),
        ({"DATE": "03/30/90"}, "date", None),
        ({"CAS REGISTRY NO": "0 - 00 - 0"}, "cas", None),
        ({"MOLFORM": "C H2: C H C N"}, "formula", None),
    ],
)
def test_values_as_they_are_written(labels: dict[str, str], field: str, value: object) -> None:
    spectrum, _ = one(block({"DATA TYPE": "MASS SPECTRUM"} | labels, "50,1", "PEAK TABLE=(XY..XY)"))
    assert spectrum.fields.get(field) == value


def test_resonance_fields() -> None:
    labels = NMR | {".OBSERVE NUCLEUS": "^13C", ".SOLVENT NAME": "CDCl3", ".OBSERVE FREQUENCY": "100.4"}
    spectrum, _ = one(block(labels, "77,1", "PEAK TABLE=(XY..XY)"))
    assert spectrum.fields == {"nucleus": "13C", "solvent": "CDCl3", "frequency": 100.4}


# -------------------------------------------------------------------------------------------------------------- damage
TRACE = block(IR | spaced(400, 459, 60), "\n".join(dif_rows()))
WHOLE = f"##TITLE=all\n##DATA TYPE=LINK\n##BLOCKS=2\n{PEAKS}{TRACE}##END=\n"


@pytest.mark.parametrize("share", range(64))
def test_cut_files_give_items_or_a_typed_error(share: int) -> None:
    cut = WHOLE.encode()[: len(WHOLE) * share // 64]
    try:
        found = read(cut)
    except InputError:
        assert b"##TITLE=" not in cut
        return
    assert all(isinstance(entry, RawItem) or entry.reason for entry in found)
    if share > 32:
        assert any(isinstance(entry, RawItem) and entry.title == "inner" for entry in found)


@given(at=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_flipped_bytes_never_break_the_reader(at: list[tuple[int, int]]) -> None:
    raw = bytearray(WHOLE.encode())
    for where, value in at:
        raw[where] = value
    with contextlib.suppress(InputError):
        for entry in read(bytes(raw)):
            if isinstance(entry, RawItem):
                assert np.isfinite(entry.content.positions).all()
                assert np.all(np.diff(entry.content.positions) > 0)
                assert len(entry.content.positions) == len(entry.content.intensities)


# --------------------------------------------------------------------------------------------------------------- peers
@pytest.mark.parametrize("form", ["AFFN", "PAC", "SQZ", "DIF", "DIFDUP"])
def test_jcamp_reads_the_same(form: str, tmp_path: Path) -> None:
    jcamp = pytest.importorskip("jcamp", reason="the package jcamp is an oracle only")
    path = tmp_path / "a.jdx"
    values = [value + 100 for value in VALUES]  # it takes a last check that begins with E for an exponent,
    rows = [row for row in written(values, form, lambda at: str(400 + at), 8) if row]  # and reads no DUP of two digits
    path.write_text(block(IR | spaced(400, 459, 60) | {"YFACTOR": "0.25"}, "\n".join(rows)))
    theirs = jcamp.readfile(str(path))
    spectrum, said = one(path.read_bytes())
    assert said == []
    np.testing.assert_allclose(spectrum.positions, theirs["x"])
    np.testing.assert_allclose(spectrum.intensities, theirs["y"])


@pytest.mark.parametrize("form", FORMS)
def test_nmrglue_reads_the_same(form: str, tmp_path: Path) -> None:
    nmrglue = pytest.importorskip("nmrglue", reason="nmrglue is an oracle only")
    path = tmp_path / "a.dx"
    rows = [row for row in written(VALUES, form, lambda at: str(400 + at), 10) if row]
    path.write_text(block(NMR | spaced(400, 459, 60) | {"YFACTOR": "0.25"}, "\n".join(rows)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, theirs = nmrglue.jcampdx.read(str(path))
    spectrum, _ = one(path.read_bytes())
    np.testing.assert_allclose(spectrum.intensities, theirs)
