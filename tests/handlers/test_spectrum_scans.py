"""Reading mzML and mzXML: scans one by one, in bounded memory, and whatever lies about itself is refused."""

from __future__ import annotations

import base64
import io
import random
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.handlers.spectrum.formats import encoded, mzml, mzxml
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

READERS = {"mzML": mzml, "mzXML": mzxml}
MZ = [100.5, 50.25, 75.125]
HEIGHTS = [1.0, 2.0, 3.0]
SORTED = [(50.25, 2.0), (75.125, 3.0), (100.5, 1.0)]


def read(kind: str, content: bytes | str, limits: Limits | None = None) -> list[RawItem | Skipped]:
    content = content.encode() if isinstance(content, str) else content
    return list(READERS[kind].records(io.BytesIO(content), limits or Limits()))


def peaks(item: RawItem | Skipped) -> list[tuple[float, float]]:
    assert isinstance(item, RawItem), item
    return list(zip(item.content.positions.tolist(), item.content.intensities.tolist(), strict=True))


def term(accession: str, name: str = "", value: str = "", more: str = "") -> str:
    return f'<cvParam cvRef="MS" accession="{accession}" name="{name}" value="{value}" {more}/>'


def array(numbers: list[float], dtype: str = "<f8", *, squeeze: bool = False, what: str = "MS:1000514") -> str:
    raw = np.array(numbers, dtype).tobytes()
    text = base64.b64encode(zlib.compress(raw) if squeeze else raw).decode()
    kind = {"<f8": "MS:1000523", "<f4": "MS:1000521", "<i4": "MS:1000519", "<i8": "MS:1000522"}[dtype]
    terms = term(kind) + term("MS:1000574" if squeeze else "MS:1000576") + term(what)
    return f'<binaryDataArray encodedLength="{len(text)}">{terms}<binary>{text}</binary></binaryDataArray>'


def arrays(mz: list[float], heights: list[float], **how: object) -> str:
    return array(mz, **how) + array(heights, what="MS:1000515", **how)  # type: ignore[arg-type]


def spectrum(number: int, inner: str = "", length: int = 3, data: str | None = None) -> str:
    data = arrays(MZ, HEIGHTS) if data is None else data
    return (
        f'<spectrum index="{number - 1}" id="scan={number}" defaultArrayLength="{length}">{inner}'
        f"<binaryDataArrayList>{data}</binaryDataArrayList></spectrum>"
    )


HEADER = (
    '<?xml version="1.0" encoding="utf-8"?><mzML xmlns="http://psi.hupo.org/ms/mzml"><referenceableParamGroupList>'
    f'<referenceableParamGroup id="g">{term("MS:1000130")}{term("MS:1000511", "ms level", "2")}'
    "</referenceableParamGroup></referenceableParamGroupList><instrumentConfigurationList>"
    f'<instrumentConfiguration id="A">{term("MS:1000449", "LTQ Orbitrap")}{term("MS:1000529", "serial", "7")}'
    f"<componentList><source>{term('MS:1000073', 'electrospray ionization')}</source></componentList>"
    f'</instrumentConfiguration><instrumentConfiguration id="B">{term("MS:1001911", "Q Exactive")}'
    "</instrumentConfiguration></instrumentConfigurationList>"
)
MINUTES = 'unitAccession="UO:0000031"'
FULL = (
    f'<referenceableParamGroupRef ref="g"/>{term("MS:1000128")}<scanList><scan instrumentConfigurationRef="B">'
    f"{term('MS:1000016', 'scan start time', '2.5', MINUTES)}"
    f"{term('MS:1000512', 'filter string', 'FTMS + p')}</scan></scanList><precursorList><precursor><selectedIonList>"
    f"<selectedIon>{term('MS:1000744', value='195.0877')}{term('MS:1000041', value='1')}</selectedIon>"
    f"</selectedIonList><activation>{term('MS:1000422')}{term('MS:1000045', value='35.0')}</activation></precursor>"
    "</precursorList>"
)


def file(*spectra: str) -> str:
    run = f'<run defaultInstrumentConfigurationRef="A"><spectrumList>{"".join(spectra)}</spectrumList></run>'
    return f"{HEADER}{run}</mzML>"


def scan(number: int, inner: str = "", count: int = 3, more: str = "", data: str | None = None) -> str:
    raw = np.array([MZ, HEIGHTS], ">f4").T.tobytes()
    text = base64.b64encode(raw).decode() if data is None else data
    return (
        f'<scan num="{number}" msLevel="1" peaksCount="{count}" {more}>'
        f'<peaks precision="32" byteOrder="network" pairOrder="m/z-int">{text}</peaks>{inner}</scan>'
    )


def xfile(*scans: str, processing: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?><mzXML><msRun><msInstrument><msManufacturer value="Thermo"/>'
        f'<msModel value="LTQ"/><msIonisation value="ESI"/></msInstrument>{processing}{"".join(scans)}</msRun></mzXML>'
    )


MANY = {
    "mzML": file(*(spectrum(i, FULL, data=arrays(MZ, HEIGHTS, squeeze=i % 2 == 0)) for i in range(1, 6))),
    "mzXML": xfile(scan(1, scan(2, scan(3)) + scan(4)), scan(5)),
}


# ---------------------------------------------------------------------------------------------------------------- mzML
def test_mzml_fields_groups_and_instruments() -> None:
    first, second = read("mzML", file(spectrum(1, FULL), spectrum(2)))
    assert isinstance(first, RawItem)
    assert isinstance(second, RawItem)
    assert (first.title, first.record_id, first.warnings) == ("scan=1", "scan=1", [])
    assert first.content.fields == {
        "precursor": 195.0877, "charge": 1, "ion_mode": "positive", "ms_level": 2, "collision_energy": 35.0,
        "fragmentation": "HCD 35.0 eV", "instrument": "Q Exactive", "retention_time": 150.0,
    }  # fmt: skip
    assert first.content.text == ["FTMS + p"]
    assert (first.content.profile, second.content.profile) == (True, False)
    assert second.content.fields == {"instrument": "LTQ Orbitrap", "ionization": "ESI"}
    assert peaks(first) == peaks(second) == SORTED


@pytest.mark.parametrize("dtype", ["<f8", "<f4", "<i4", "<i8"])
@pytest.mark.parametrize("squeeze", [False, True])
def test_mzml_types_and_compression(dtype: str, squeeze: bool) -> None:
    data = arrays([3, 1, 2], [30, 10, 20], dtype=dtype, squeeze=squeeze)
    (item,) = read("mzML", file(spectrum(1, data=data)))
    assert peaks(item) == [(1.0, 10.0), (2.0, 20.0), (3.0, 30.0)]


def test_mzml_array_length_line_breaks_and_no_encoded_length() -> None:
    data = arrays(MZ, HEIGHTS).replace("<binaryDataArray ", '<binaryDataArray arrayLength="3" ')
    broken = data.replace("<binary>", "<binary>\n ").replace("</binary>", "\n</binary>")
    for text in (data, broken, data.replace("encodedLength", "other")):
        (item,) = read("mzML", file(spectrum(1, length=99, data=text)))
        assert peaks(item) == SORTED


def test_mzml_nan_and_infinity_are_refused_peaks() -> None:
    signalling = np.array([0x7F800001], "<u4").view("<f4")[0]
    data = arrays([float("nan"), 1.0, 2.0, signalling], [1.0, float("inf"), 5.0, 1.0], dtype="<f4")
    (item,) = read("mzML", file(spectrum(1, length=4, data=data)))
    assert peaks(item) == [(2.0, 5.0)]
    assert item.warnings == ["3 peaks refused: a position or intensity that is no finite number"]


def test_mzml_diode_array() -> None:
    data = array(MZ, what="MS:1000617") + array(HEIGHTS, what="MS:1000515")
    (item,) = read("mzML", file(spectrum(1, data=data)))
    assert isinstance(item, RawItem)
    assert (item.content.axis, item.content.technique) == ("wavelength", "UV/Vis")
    assert peaks(item) == SORTED


@pytest.mark.parametrize(
    ("text", "reason", "code"),
    [
        (spectrum(1, length=4), "should hold 4 numbers of 8 bytes; there are 24 bytes", "malformed_content"),
        (spectrum(1, length=2), "the m/z array should hold 2 numbers", "malformed_content"),
        (spectrum(1).replace('encodedLength="32"', 'encodedLength="31"'), "says 31, there are 32", "malformed_content"),
        (spectrum(1).replace('encodedLength="32"', 'encodedLength="x"'), "which is no length", "malformed_content"),
        (spectrum(1).replace("<binary>A", "<binary>*"), "no base64", "malformed_content"),
        (spectrum(1).replace("MS:1000576", "MS:1000574"), "no zlib stream", "malformed_content"),
        (spectrum(1).replace("MS:1000576", "MS:1002312"), "MS-Numpress linear", "unsupported_feature"),
        (spectrum(1).replace("MS:1000523", "MS:1001479"), "known type", "unsupported_feature"),
        (spectrum(1).replace("MS:1000515", "MS:1000786"), "3 points, without the intensity array", "malformed_content"),
        (spectrum(1, data=""), "3 points, without the m/z array", "malformed_content"),
        (spectrum(1).replace("hA</binary>", "</binary>"), "says 32, there are 30", "malformed_content"),
        (spectrum(1).replace("MS:1000576", "IMS:1000101"), "another file", "unsupported_feature"),
    ],
)  # fmt: skip
def test_mzml_a_spectrum_that_lies_costs_only_itself(text: str, reason: str, code: str) -> None:
    assert text != spectrum(1)
    first, second = read("mzML", file(text, spectrum(2)))
    assert isinstance(first, Skipped)
    assert reason in first.reason
    assert (first.code, first.record_id, first.number) == (code, "scan=1", 1)
    assert peaks(second) == SORTED


def test_mzml_empty_spectra_are_items() -> None:
    found = read("mzML", file(spectrum(1, length=0, data=""), spectrum(2, length=0, data=arrays([], [], squeeze=True))))
    assert [peaks(item) for item in found] == [[], []]


def test_mzml_several_precursors_and_isolation_windows() -> None:
    ion = f"<selectedIonList><selectedIon>{term('MS:1000744', value='{}')}</selectedIon></selectedIonList>"
    ion = f"<precursor>{ion}</precursor>"
    window = f"<precursor><isolationWindow>{term('MS:1000827', value='77.5')}</isolationWindow></precursor>"
    first, second = read("mzML", file(
        spectrum(1, f"<precursorList>{ion.format(5)}{ion.format(6)}</precursorList>"),
        spectrum(2, f"<precursorList>{window}</precursorList>"),
    ))  # fmt: skip
    assert isinstance(first, RawItem)
    assert first.content.fields["precursor"] == 5.0
    assert first.warnings == ["of 2 precursors the first counts"]
    assert isinstance(second, RawItem)
    assert second.content.fields["precursor"] == 77.5


def test_mzml_without_spectra() -> None:
    with pytest.raises(UnsupportedFeature, match="chromatograms"):
        read("mzML", "<mzML><run><chromatogramList><chromatogram id='TIC'/></chromatogramList></run></mzML>")
    with pytest.raises(MalformedContent, match="no spectrum"):
        read("mzML", "<mzML><run/></mzML>")


# --------------------------------------------------------------------------------------------------------------- mzXML
def test_mzxml_nested_scans_are_flattened_in_order() -> None:
    found = read("mzXML", MANY["mzXML"])
    assert [(item.number, item.record_id) for item in found] == [(i, str(i)) for i in range(1, 6)]
    assert [peaks(item) for item in found] == [SORTED] * 5
    assert found[0].content.fields == {"ms_level": 1, "instrument": "Thermo LTQ", "ionization": "ESI"}


def test_mzxml_fields() -> None:
    precursor = '<precursorMz precursorCharge="2" activationMethod="CID">300.5</precursorMz>'
    more = 'polarity="-" retentionTime="PT1M2.5S" collisionEnergy="35" centroided="0" filterLine="FTMS - p"'
    (item,) = read("mzXML", xfile(scan(7, precursor, more=more)))
    assert isinstance(item, RawItem)
    assert item.title == "scan=7"
    assert item.content.fields == {
        "precursor": 300.5, "charge": -2, "ion_mode": "negative", "ms_level": 1, "collision_energy": 35.0,
        "fragmentation": "CID 35", "retention_time": 62.5, "instrument": "Thermo LTQ", "ionization": "ESI",
    }  # fmt: skip
    assert item.content.profile
    assert item.content.text == ["FTMS - p"]


@pytest.mark.parametrize(
    ("said", "own", "profile"), [("0", "", True), ("1", "", False), ("0", 'centroided="1"', False)]
)
def test_mzxml_profile(said: str, own: str, profile: bool) -> None:
    (item,) = read("mzXML", xfile(scan(1, more=own), processing=f'<dataProcessing centroided="{said}"/>'))
    assert isinstance(item, RawItem)
    assert item.content.profile is profile


def test_mzxml_zlib_and_double_precision() -> None:
    raw = zlib.compress(np.array([MZ, HEIGHTS], ">f8").T.tobytes())
    text = scan(1, data=base64.b64encode(raw).decode()).replace("32", "64", 1)
    text = text.replace("<peaks ", f'<peaks compressionType="zlib" compressedLen="{len(raw)}" ')
    (item,) = read("mzXML", xfile(text))
    assert peaks(item) == SORTED
    (lying,) = read("mzXML", xfile(text.replace(f'"{len(raw)}"', '"7"')))
    assert lying == Skipped(1, f"compressedLen says 7, there are {len(raw)}", "malformed_content", "1")


@pytest.mark.parametrize(
    ("text", "reason", "code"),
    [
        (scan(1, count=4), "4 peaks should hold 8 numbers of 4 bytes; there are 24 bytes", "malformed_content"),
        (scan(1, data="AAA"), "no base64", "malformed_content"),
        (scan(1).replace("m/z-int", "m/z ruler"), "m/z ruler", "unsupported_feature"),
        (scan(1).replace("network", "little"), "little", "unsupported_feature"),
        (scan(1).replace('"32"', '"7"'), "precision", "malformed_content"),
        (scan(1).replace("<peaks ", '<peaks compressionType="lzma" '), "lzma", "unsupported_feature"),
        ('<scan num="1" peaksCount="5"></scan>', "peaksCount says 5, there are 0", "malformed_content"),
    ],
)  # fmt: skip
def test_mzxml_a_scan_that_lies_costs_only_itself(text: str, reason: str, code: str) -> None:
    first, second = read("mzXML", xfile(text, scan(2)))
    assert isinstance(first, Skipped)
    assert reason in first.reason
    assert (first.code, first.record_id) == (code, "1")
    assert peaks(second) == SORTED


@pytest.mark.parametrize("data", ["", "AAAAAAAAAAA="])
def test_mzxml_scans_without_peaks(data: str) -> None:
    (item,) = read("mzXML", xfile(scan(1, count=0, data=data)))
    assert peaks(item) == []


# ---------------------------------------------------------------------------------------------------------------- both
@pytest.mark.parametrize("kind", sorted(READERS))
def test_cut_anywhere_keeps_the_scans_before(kind: str) -> None:
    content = MANY[kind].encode()
    whole = read(kind, content)
    assert len(whole) == 5
    for at in range(0, len(content), 23):
        found: list[RawItem | Skipped] = []
        with pytest.raises(MalformedContent):
            found.extend(READERS[kind].records(io.BytesIO(content[:at]), Limits()))
        assert [peaks(item) for item in found] == [peaks(item) for item in whole[: len(found)]]
    assert len(found) >= 4


@pytest.mark.parametrize("kind", sorted(READERS))
def test_damaged_anywhere_gives_records_or_a_typed_error(kind: str) -> None:
    dice = random.Random(kind)
    for _ in range(400):
        content = bytearray(MANY[kind].encode())
        for _ in range(dice.choice((1, 2, 10))):
            at = dice.randrange(len(content))
            content[at : at + dice.choice((0, 1, 9))] = dice.choice((b"", b"\x00", b"\xff", b"9", b"<", b"a", b"nan"))
        with suppress(InputError):
            found = read(kind, bytes(content), Limits(record_bytes=dice.choice((700, 2**26))))
            assert [record.number for record in found] == list(range(1, len(found) + 1))


@pytest.mark.parametrize("kind", sorted(READERS))
@pytest.mark.parametrize(
    ("prolog", "reason"),
    [
        ('<!DOCTYPE m [<!ENTITY a "b">]>', "declares an entity"),
        ('<!DOCTYPE m [<!ENTITY % a SYSTEM "file:///etc/passwd">]>', "declares an entity"),
        ('<?xml version="1.0" encoding="klingon"?>', "cannot be decoded"),
        ("<a>&undefined;</a>", "breaks"),
    ],
)
def test_entities_and_unknown_encodings_are_refused(kind: str, prolog: str, reason: str) -> None:
    with pytest.raises(MalformedContent, match=reason):
        read(kind, prolog + MANY[kind].partition("?>")[2])


@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_scan_over_the_cap_is_skipped_and_the_next_is_read(kind: str) -> None:
    long = "A" * 400_000
    texts = {
        "mzML": file(spectrum(1).replace("<binary>", f"<binary>{long}"), spectrum(2)),
        "mzXML": xfile(scan(1, scan(2), data=long)),
    }
    first, second = read(kind, texts[kind], Limits(record_bytes=200_000))
    assert isinstance(first, Skipped)
    assert (first.code, first.number) == ("limit_exceeded", 1)
    assert peaks(second) == SORTED


@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_tag_without_end_is_refused(kind: str) -> None:
    with pytest.raises(LimitExceeded, match="a tag is over"):
        read(kind, f'<mzML><spectrum id="{"x" * 1_000_000}', Limits(record_bytes=200_000))


def test_zlib_bombs_are_not_unpacked() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    tracemalloc.start()
    with pytest.raises(LimitExceeded, match="unpacks to more than"):
        encoded.inflated(bomb, Limits(record_bytes=1_000_000), "it")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
    data = arrays([0.0] * 1_000_000, [0.0] * 1_000_000, squeeze=True)
    (item,) = read("mzML", file(spectrum(1, length=1_000_000, data=data)), Limits(record_bytes=1_000_000))
    assert isinstance(item, Skipped)
    assert item.code == "limit_exceeded"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (zlib.compress(bytes(99))[:-3], "is cut"),
        (zlib.compress(b"a") + b"xx", "2 bytes stand behind"),
        (b"no", "no zlib"),
    ],
)
def test_broken_zlib_streams(raw: bytes, reason: str) -> None:
    with pytest.raises(MalformedContent, match=reason):
        encoded.inflated(raw, Limits(), "it")


class _Endless(io.RawIOBase):
    """A file of so many copies of the same scan."""

    def __init__(self, head: str, middle: str, count: int, tail: str) -> None:
        self._parts = iter([head, *[middle] * count, tail])
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._held) < size and (part := next(self._parts, None)) is not None:
            self._held += part.encode()
        found, self._held = self._held[:size], self._held[size:]
        return found


@pytest.mark.parametrize(
    ("kind", "head", "middle", "tail"),
    [
        ("mzML", HEADER + "<run><spectrumList>", spectrum(1, FULL), "</spectrumList></run></mzML>"),
        ("mzXML", '<mzXML><scan num="0" peaksCount="0">', scan(1), "</scan></mzXML>"),
    ],
)
def test_memory_is_bounded_whatever_the_number_of_scans(kind: str, head: str, middle: str, tail: str) -> None:
    peaks_of = []
    for count in (300, 3_000):
        tracemalloc.start()
        found = sum(1 for _ in READERS[kind].records(_Endless(head, middle, count, tail), Limits()))
        peaks_of.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found == count + (kind == "mzXML")
    assert peaks_of[1] < peaks_of[0] + 500_000


# ---------------------------------------------------------------------------------------------------------- real files
def test_real_mzml_gives_the_arrays_that_pyteomics_reads(shared_data: Path) -> None:
    found = read("mzML", (shared_data / "spectra" / "testdata.mzml").read_bytes())
    assert [len(peaks(item)) for item in found] == [1111, 30, 28, 21, 70, 28, 20, 22, 27, 2386, 11, 25]
    sums = [(item.content.positions.sum(), item.content.intensities.sum()) for item in found]
    assert sums[0] == pytest.approx((295440.60039520264, 21925954.64807129), rel=1e-14)
    assert sums[9] == pytest.approx((606353.8051605225, 70158206.5267334), rel=1e-14)
    assert found[1].record_id == "controllerType=0 controllerNumber=1 scan=2"
    assert found[1].content.fields == {
        "precursor": 207.159239418523, "charge": 1, "ion_mode": "positive", "ms_level": 2, "fragmentation": "HCD",
        "instrument": "Exactive", "ionization": "ESI", "retention_time": 0.616304,
    }  # fmt: skip


def test_real_mzxml_gives_the_arrays_that_pyteomics_reads(shared_data: Path) -> None:
    found = read("mzXML", (shared_data / "spectra" / "testdata.mzXML").read_bytes())
    assert [(item.record_id, len(peaks(item))) for item in found] == [
        ("217", 1148), ("218", 50), ("219", 76), ("220", 61), ("221", 68),
    ]  # fmt: skip
    sums = [(item.content.positions.sum(), item.content.intensities.sum()) for item in found]
    assert sums[0] == pytest.approx((367893.0287704468, 2731428.247039795), rel=1e-14)
    assert sums[4] == pytest.approx((6554.666042327881, 174887.34814453125), rel=1e-14)
    assert [item.content.fields["ms_level"] for item in found] == [1, 2, 3, 3, 3]
    assert found[1].content.fields["precursor"] == 343.0672302
