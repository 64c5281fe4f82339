"""Reading nmrML: arrays in every coding, axes, assignments, and what is refused."""

from __future__ import annotations

import base64
import contextlib
import io
import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.spectrum.formats.nmrml import records
from nlsearch.handlers.spectrum.records import Spectrum
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

VALUES = np.array([1.0, -2.0, 3.5, 100.0, 4.0])
ACQUISITION = """<acquisition><acquisition1D><acquisitionParameterSet numberOfScans="64">
<DirectDimensionParameterSet decoupled="false" numberOfDataPoints="5">
<acquisitionNucleus cvRef="CHEBI" accession="CHEBI_49637" name="{nucleus}"/>
<irradiationFrequency value="{frequency}" unitName="megaHertz"/></DirectDimensionParameterSet>
</acquisitionParameterSet>{fid}</acquisition1D></acquisition>"""
ABOUT = """<contactList><contact id="a" fullname="Ada Lovelace"/><contact id="b" fullname="undefined"/></contactList>
<instrumentConfigurationList><instrumentConfiguration id="i"><cvParam name="Bruker NMR instrument"/>
<userParam name="ProbeHead" value="5 mm PABBI"/></instrumentConfiguration></instrumentConfigurationList>
<sampleList><sample><solvent name="D2O"/></sample></sampleList>"""
PPM = '<xAxis unitName="parts per million" startValue="10.0" endValue="6.0"/>'


def coded(values: np.ndarray, kind: str = "float64", *, packed: bool = False) -> str:
    types = {"complex128": "<c16", "complex64": "<c8", "float64": "<f8", "float32": "<f4", "integer": "<i4"}
    raw = values.astype(types[kind.lower()]).tobytes()
    text = base64.b64encode(zlib.compress(raw) if packed else raw).decode()
    return (
        f'<spectrumDataArray compressed="{str(packed).lower()}" encodedLength="{len(text)}" byteFormat="{kind}">'
        f"{text[:20]}\n  {text[20:]}</spectrumDataArray>"
    )


def spectrum1d(array: str, axis: str = PPM, more: str = 'numberOfDataPoints="5"') -> str:
    return f'<spectrum1D id="s1" {more}>{array}{axis}</spectrum1D>'


def document(
    spectra: str, nucleus: str = "hydrogen atom", frequency: str = "600.1", fid: str = "", after: str = ""
) -> str:
    acquisition = ACQUISITION.format(nucleus=nucleus, frequency=frequency, fid=fid)
    listed = f"<spectrumList>{spectra}</spectrumList>" if spectra else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<nmrML xmlns="http://nmrml.org/schema" version="v1.0.rc1">'
        f"{ABOUT}{acquisition}{listed}{after}</nmrML>"
    )


def read(text: str, limits: Limits | None = None) -> list[RawItem | Skipped]:
    return list(records(io.BytesIO(text.encode()), limits or Limits()))


def one(text: str) -> tuple[Spectrum, list[str]]:
    (item,) = read(text)
    assert isinstance(item, RawItem), item
    return item.content, item.warnings


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["Complex128", "Complex64", "float64", "float32", "integer"])
def test_arrays_in_every_coding(kind: str, packed: bool) -> None:
    values = VALUES + 7j if kind.startswith("C") else VALUES
    spectrum, said = one(document(spectrum1d(coded(values, kind, packed=packed))))
    expected = VALUES.astype(np.int32) if kind == "integer" else VALUES
    assert spectrum.positions.tolist() == [6, 7, 8, 9, 10]
    assert spectrum.intensities.tolist() == expected[::-1].tolist()
    assert (spectrum.axis, spectrum.technique, spectrum.profile) == ("shift", "NMR", True)
    assert said == []


def test_an_array_of_another_program() -> None:
    """The base64 of zlib of three little-endian doubles, 1, −2 and 3.5, as other readers of nmrML have it in tests."""
    array = (
        '<spectrumDataArray compressed="true" encodedLength="28" byteFormat="float64">'
        "eJxjYACBD/YMEHAAQvE4AAAcPwI8</spectrumDataArray>"
    )
    spectrum, _ = one(document(spectrum1d(array, more='numberOfDataPoints="3"')))
    assert spectrum.positions.tolist() == [6, 8, 10]
    assert spectrum.intensities.tolist() == [3.5, -2, 1]


def test_fields() -> None:
    spectrum, _ = one(document(spectrum1d(coded(VALUES))))
    assert spectrum.fields == {
        "author": "Ada Lovelace",
        "instrument": "Bruker NMR instrument; 5 mm PABBI",
        "solvent": "D2O",
        "nucleus": "1H",
        "frequency": 600.1,
    }


@pytest.mark.parametrize(
    ("name", "nucleus"),
    [
        ("1H", "1H"),
        ("13C", "13C"),
        ("carbon-13 atom", "13C"),
        ("hydrogen-2", "2H"),
        ("^31P", "31P"),
        ("unobtainium", None),
    ],
)
def test_nuclei_as_they_are_written(name: str, nucleus: str | None) -> None:
    spectrum, _ = one(document(spectrum1d(coded(VALUES)), nucleus=name))
    assert spectrum.fields.get("nucleus") == nucleus


@pytest.mark.parametrize(("frequency", "megahertz"), [("599.4", 599.4), ("599400000", 599.4), ("nothing", None)])
def test_frequencies_in_hertz_and_megahertz(frequency: str, megahertz: float | None) -> None:
    spectrum, _ = one(document(spectrum1d(coded(VALUES)), frequency=frequency))
    assert spectrum.fields.get("frequency") == megahertz


def test_pairs_without_axis_and_an_axis_in_hertz() -> None:
    pairs, _ = one(document(spectrum1d(coded(np.array([9 + 5j, 8 + 1j, 7 + 2j]), "Complex128"), "<xAxis/>", "")))
    hertz, _ = one(document(spectrum1d(coded(VALUES), '<xAxis unitName="hertz" startValue="1200.2" endValue="0"/>')))
    assert pairs.positions.tolist() == [7, 8, 9]
    assert pairs.intensities.tolist() == [2, 1, 5]
    np.testing.assert_allclose(hertz.positions[[0, -1]], [0, 2])


def test_the_peaks_of_an_assignment_are_the_peaks() -> None:
    after = """<spectrumAnnotationList><atomAssignment spectrumRef="s1"><chemicalCompound name="GABA">
    <identifierList><identifier name="InChIKey" identifier="BTCSSZJGUNDROE-UHFFFAOYSA-N"/>
    <identifier name="InChI" identifier="InChI=1S/C4H9NO2/c5-3-1-2-4(6)7/h1-3,5H2,(H,6,7)"/></identifierList>
    </chemicalCompound><atomAssignmentList><multiplet center="1.9"><peakList><peak center="1.91" amplitude="0.5"/>
    <peak center="1.89"/></peakList></multiplet></atomAssignmentList></atomAssignment></spectrumAnnotationList>"""
    spectrum, said = one(document(spectrum1d(coded(VALUES)), after=after))
    assert spectrum.positions.tolist() == [1.89, 1.91]
    assert spectrum.intensities.tolist() == [1, 0.5]
    assert not spectrum.profile
    assert spectrum.name == "GABA"
    assert spectrum.inchi.startswith("InChI=1S/C4H9NO2/")
    assert spectrum.fields["inchikey"] == "BTCSSZJGUNDROE-UHFFFAOYSA-N"
    assert said == ["peaks without amplitude are taken as 1", "the peaks are those of the assignment"]


# ------------------------------------------------------------------------------------------------------------- refused
def test_only_the_decay_is_skipped() -> None:
    (skipped,) = read(document("", fid='<fidData compressed="false" byteFormat="Complex128">AAAA</fidData>'))
    assert isinstance(skipped, Skipped)
    assert skipped.code == "unsupported_feature"
    assert "free induction decay" in skipped.reason


GOOD = spectrum1d(coded(VALUES))


@pytest.mark.parametrize(
    ("spectrum", "code", "reason"),
    [
        ('<spectrumMultiD id="x"/>', "unsupported_feature", "more than one dimension"),
        ('<spectrum1D id="x"/>', "malformed_content", "without data"),
        (spectrum1d(coded(VALUES), "<xAxis/>"), "malformed_content", "where it begins"),
        (spectrum1d(coded(VALUES).replace("float64", "quad")), "unsupported_feature", "'quad'"),
        (spectrum1d(coded(VALUES).replace("</spectrumD", "!</spectrumD")), "malformed_content", "not base64"),
        (spectrum1d(coded(VALUES).replace('"false"', '"true"')), "malformed_content", "zlib"),
        (
            spectrum1d('<spectrumDataArray compressed="false" byteFormat="float64">AAAAAAAA</spectrumDataArray>'),
            "malformed_content",
            "no whole number of points",
        ),
    ],
)
def test_a_bad_spectrum_loses_only_itself(spectrum: str, code: str, reason: str) -> None:
    skipped, item = read(document(spectrum + GOOD))
    assert isinstance(skipped, Skipped)
    assert (skipped.number, skipped.code) == (1, code)
    assert reason in skipped.reason
    assert isinstance(item, RawItem)
    assert item.number == 2


def test_arrays_that_lie_about_their_length() -> None:
    spectrum, said = one(document(spectrum1d(coded(VALUES), more='numberOfDataPoints="9"')))
    assert len(spectrum.positions) == 5
    assert said == ["numberOfDataPoints says 9, there are 5"]
    cut = zlib.compress(VALUES.tobytes())[:-6]
    text = base64.b64encode(cut).decode()
    array = f'<spectrumDataArray compressed="true" byteFormat="float64">{text}</spectrumDataArray>'
    (skipped,) = read(document(spectrum1d(array)))
    assert isinstance(skipped, Skipped)
    assert "end too early" in skipped.reason


def test_a_bomb_is_not_unpacked() -> None:
    text = base64.b64encode(zlib.compress(bytes(200_000_000), 9)).decode()
    array = f'<spectrumDataArray compressed="true" byteFormat="float64">{text}</spectrumDataArray>'
    bomb = document(spectrum1d(array))
    tracemalloc.start()
    skipped, item = read(bomb.replace("</spectrumList>", GOOD + "</spectrumList>"), Limits(record_bytes=1_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(skipped, Skipped)
    assert skipped.code == "limit_exceeded"
    assert isinstance(item, RawItem)
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "break_it",
    [
        lambda text: text.replace("<nmrML", '<!DOCTYPE nmrML [<!ENTITY a "b">]><nmrML', 1),
        lambda text: text.replace("</spectrumList>", "</wrong>"),
        lambda text: text[:-20],
    ],
)
def test_broken_xml_and_entities(break_it: Callable[[str], str]) -> None:
    found: list[RawItem | Skipped] = []
    text = break_it(document(GOOD))
    with pytest.raises(MalformedContent, match="XML"):
        found.extend(records(io.BytesIO(text.encode()), Limits()))
    assert len(found) == ("ENTITY" not in text)


WHOLE = document(GOOD).encode()


@given(
    at=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=6),
    end=st.integers(0, len(WHOLE)),
)
@settings(max_examples=150, deadline=None)
def test_damage_gives_items_or_a_typed_error(at: list[tuple[int, int]], end: int) -> None:
    raw = bytearray(WHOLE)
    for where, value in at:
        raw[where] = value
    with contextlib.suppress(InputError):
        for entry in records(io.BytesIO(bytes(raw[:end])), Limits()):
            assert isinstance(entry, Skipped) or np.isfinite(entry.content.intensities).all()
