"""Reading tables: headings, delimiters, decimal commas, several spectra in a table, and tables of other things."""

from __future__ import annotations

import contextlib
import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.handlers.spectrum.facts import FORMATS
from nlsearch.handlers.spectrum.formats.table import records
from nlsearch.handlers.spectrum.records import Spectrum
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

PATTERN = re.compile(next(one.pattern for one in FORMATS if one.name == "spectrum table"), re.DOTALL)


def read(text: str | bytes, limits: Limits | None = None) -> list[RawItem | Skipped]:
    raw = text if isinstance(text, bytes) else text.encode()
    return list(records(io.BytesIO(raw), limits or Limits()))


def one(text: str | bytes) -> tuple[Spectrum, RawItem]:
    (item,) = read(text)
    assert isinstance(item, RawItem), item
    return item.content, item


@pytest.mark.parametrize(
    ("heading", "axis", "technique", "positions"),
    [
        ("m/z,intensity", "mz", "MS", [500, 1000]),
        ("mz,intensity", "mz", "MS", [500, 1000]),
        ("Mass/Charge,rel. abundance", "mz", "MS", [500, 1000]),
        ("wavenumber,absorbance", "wavenumber", "IR", [500, 1000]),
        ("Wavenumbers [1/cm],A", "wavenumber", "IR", [500, 1000]),
        ("Raman shift (cm-1),counts", "wavenumber", "Raman", [500, 1000]),
        ("Raman Shift,counts", "wavenumber", "Raman", [500, 1000]),
        ("shift (cm-1),counts", "wavenumber", "Raman", [500, 1000]),
        ("wavelength (nm),absorbance", "wavelength", "UV/Vis", [500, 1000]),
        ("Wavelength,absorbance", "wavelength", "UV/Vis", [500, 1000]),
        ("wavelength (µm),absorbance", "wavenumber", "IR", [10, 20]),
        ("ppm,intensity", "shift", "NMR", [500, 1000]),
        ("chemical shift (ppm),intensity", "shift", "NMR", [500, 1000]),
        ("shift,intensity", "shift", "NMR", [500, 1000]),
    ],
)
def test_headings_name_the_axis(heading: str, axis: str, technique: str, positions: list[float]) -> None:
    text = f"{heading}\n1000,2\n500,7\n"
    spectrum, item = one(text)
    assert (spectrum.axis, spectrum.technique) == (axis, technique)
    np.testing.assert_allclose(spectrum.positions, positions)
    assert spectrum.name == item.title == ""
    assert PATTERN.match(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "m/z,intensity\n50.5,10\n51.25,20.5\n",
        "m/z;intensity\r\n50,5;10\r\n51,25;20,5\r\n",
        "m/z\tintensity\r50,5\t10\r51.25\t20,5",
        '"m/z","intensity"\n"50.5","10"\n"51,25","20,5"\n',
        "# measured by hand\nm/z , intensity,\n\n50.5 , 10,\n# in between\n51.25 , 20.5,\n",
        "\ufeffm/z,intensity\n50.5,1e1\n51.25,2.05E+1\n",
    ],
)
def test_delimiters_decimal_commas_and_quotes(text: str) -> None:
    spectrum, item = one(text)
    assert spectrum.positions.tolist() == [50.5, 51.25]
    assert spectrum.intensities.tolist() == [10, 20.5]
    assert item.warnings == []


def test_each_column_of_intensities_is_an_item() -> None:
    text = "# name: Tea\n# nucleus: 1H\nppm,caffeine,noise,theobromine\n7.5,1,9,2\n3.9,,9,4\n-0.1,5,9,6\n"
    first, second = read(text)
    assert isinstance(first, RawItem)
    assert isinstance(second, RawItem)
    assert [first.title, second.title] == ["Tea caffeine", "Tea theobromine"]
    assert [first.number, second.number] == [1, 2]
    assert first.content.positions.tolist() == [-0.1, 7.5]
    assert second.content.intensities.tolist() == [6, 4, 2]
    assert first.content.fields == {"nucleus": "1H"}
    assert first.warnings == ["the column 'noise' is left aside", "1 row without a number in the column 'caffeine'"]


def test_a_single_column_with_a_name_of_its_own() -> None:
    assert one("wavelength,lycopene\n444,1\n470,3\n")[1].title == "lycopene"


def test_many_even_points_are_a_trace() -> None:
    x = np.arange(400, 4000, 4)
    rows = "\n".join(f"{at},{np.exp(-(((at - 1715) / 20) ** 2)) - 0.01:.6f}" for at in x)
    spectrum, _ = one(f"wavenumber,absorbance\n{rows}\n")
    assert spectrum.profile
    assert len(spectrum.positions) == len(x)
    assert spectrum.intensities.min() < 0
    few, item = one("wavenumber,absorbance\n" + "\n".join(rows.split("\n")[:30]))
    assert not few.profile
    assert item.warnings == ["30 peaks refused: a negative position or intensity"]


def test_transmittance_is_turned() -> None:
    spectrum, item = one("wavenumber (cm-1),%T\n1000,100\n1100,25\n")
    assert spectrum.intensities.tolist() == [0, 0.75]
    assert any("1 − T / max T" in text for text in item.warnings)


def test_rows_without_a_position_are_told() -> None:
    spectrum, item = one("m/z,intensity\n50,1\nn.d.,2\n52,3\n53,x\n")
    assert spectrum.positions.tolist() == [50, 52]
    assert item.warnings == [
        "1 row without a position is left out, the first in line 3",
        "1 row without a number in the column 'intensity'",
    ]


def test_a_column_without_numbers_loses_only_itself() -> None:
    skipped, item = read("m/z,who,intensity\n50,me,1\n51,you,2\n")
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "column 'who': no number in it"
    assert isinstance(item, RawItem)
    assert item.number == 2


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", MalformedContent),
        ("m/z,intensity\n", MalformedContent),
        ("m/z\n50\n", MalformedContent),
        ("x,y\n1,2\n", MalformedContent),
        ("50,1\n51,2\n", MalformedContent),
        ("shift,employee\nmorning,Ada\nevening,Grace\n", MalformedContent),
        ("mz,rt,sample1\n195.08,120,4e5\n", UnsupportedFeature),
        ("mz,mzmin,mzmax,rt,rtmin,rtmax,a\n195.08,195.07,195.09,1,2,3,4\n", UnsupportedFeature),
        ("m/z;SMILES;intensity\n195,0877;CCO;5\n", UnsupportedFeature),
        ("shifting,sand\n1,2\n", MalformedContent),
        ("precursor_mz,name\n195,caffeine\n", MalformedContent),
    ],
)
def test_tables_of_other_things_are_refused(text: str, error: type[InputError]) -> None:
    with pytest.raises(error):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "smiles,name\nCCO,ethanol\n",
        "name,m/z,intensity\na,1,2\n",
        "id;formula;mass\n1;CH4;16\n",
        "date,ppm CO2\n2020,410\n",
        "x,y\n1,2\n",
        "1,2\n3,4\n",
        "shifting,sand\n1,2\n",
        "mz,rt,sample1\n100.1,5,1000\n",
    ],
)
def test_other_tables_are_not_taken_for_spectra(text: str) -> None:
    assert PATTERN.match(text.encode()) is None


def test_caps() -> None:
    long = "m/z,intensity\n" + "50,1\n" * 2000
    with pytest.raises(LimitExceeded, match="record_bytes"):
        read(long, Limits(record_bytes=10_000))
    with pytest.raises(LimitExceeded, match="line_bytes"):
        read("m/z,intensity\n50,1" + " " * 500 + "\n", Limits(line_bytes=200))


def test_a_huge_quoted_cell_is_one_bad_row() -> None:
    spectrum, item = one('m/z,intensity\n50,1\n51,2\n"' + "9" * 200_000 + '",3\n')
    assert spectrum.positions.tolist() == [50, 51]
    assert item.warnings == ["1 row without a position is left out, the first in line 4"]


@given(st.binary(max_size=200), st.sampled_from([b"m/z,intensity\n50,1\n", b"ppm\tA\tB\n", b"wavelength;a\n5,5;1\n"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_items_or_a_typed_error(tail: bytes, head: bytes) -> None:
    with contextlib.suppress(InputError):
        for entry in read(head + tail):
            if isinstance(entry, RawItem):
                assert np.isfinite(entry.content.positions).all()
                assert np.isfinite(entry.content.intensities).all()
