"""SPLASHes: those of records of MassBank, and what may and may not change one."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlsearch.handlers.spectrum.splash import splash

RECORDS = {
    "MSBNK-ACES_SU-AS000010": (
        "splash10-0002-3009000000-186bb0143f91ec83e901",
        [(79.95764, 94753936), (81.95338, 6239140), (81.96174, 6166641), (98.95605, 29018454), (398.93799, 308257984)],
    ),
    "MSBNK-Literature_Specs-LIT00007": (
        "splash10-0a4j-2894000000-81d9847ff2e9959ac64b",
        [(88.0, 30.0), (106.0, 100.0), (255.0, 20.0), (298.0, 85.0), (316.0, 50.0)],
    ),
    "MSBNK-HBM4EU-HB000203": (
        "splash10-0udi-0049000000-8d2f7990587bd97ac932",
        [(91.0542, 32921.8), (150.0911, 132950.8), (150.1276, 187504.4), (151.0753, 37291.2), (178.1223, 56059.6),
         (282.1852, 4146455.8), (300.1956, 8448392.0)],
    ),
    "MSBNK-KWR-KW101203": (
        "splash10-0006-9000000000-259115841041962180ff",
        [(90.0547, 6292702.0), (108.0939, 38686.3), (189.2199, 45388.5), (189.232, 66433.9), (214.1929, 33917.7),
         (254.2107, 564624.4)],
    ),
}  # fmt: skip
"""SPLASH and peaks of records of MassBank."""
PEAKS = st.lists(
    st.tuples(st.floats(1, 3000), st.floats(1, 1000)), min_size=1, max_size=30, unique_by=lambda peak: int(peak[0])
)


def of(peaks) -> str:
    return splash([mz for mz, _ in peaks], [height for _, height in peaks])


@pytest.mark.parametrize("accession", RECORDS)
def test_records_of_massbank(accession: str) -> None:
    expected, peaks = RECORDS[accession]
    assert of(peaks) == expected
    assert of(peaks[::-1]) == expected


def massbank(path: Path) -> Iterator[tuple[str, list[list[float]]]]:
    """Yield SPLASH and peaks of each record."""
    expected, peaks = "", None
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("PK$SPLASH: "):
                expected = line.split()[1]
            elif line.startswith("PK$PEAK: "):
                peaks = []
            elif line.startswith("//"):
                assert peaks is not None
                yield expected, peaks
                peaks = None
            elif peaks is not None:
                peaks.append([float(number) for number in line.split()[:2]])


def test_every_record_of_massbank(shared_data: Path) -> None:
    path = shared_data / "spectra" / "massbank.txt.gz"
    if not path.exists():
        pytest.skip("the records of MassBank are not here")
    found = [(expected, of(peaks)) for expected, peaks in massbank(path)]
    assert len(found) == 15_000
    assert [pair for pair in found if pair[0] != pair[1]] == []


@given(PEAKS, st.randoms(), st.sampled_from([0.25, 2.0, 1024.0]))
def test_order_and_unit_do_not_matter(peaks, random, factor) -> None:
    turned = peaks.copy()
    random.shuffle(turned)
    assert of(turned) == of(peaks)
    assert of([(mz, height * factor) for mz, height in peaks]) == of(peaks)


@given(PEAKS, st.data())
def test_every_peak_counts(peaks, data) -> None:
    changed = data.draw(st.integers(0, len(peaks) - 1))
    moved = [(mz + 1e-3 * (i == changed), height) for i, (mz, height) in enumerate(peaks)]
    assert of(moved).split("-")[3] != of(peaks).split("-")[3]


def test_peaks_at_one_position_are_hashed_by_falling_intensity() -> None:
    assert of([(100.0, 5.0), (100.0, 10.0)]) == of([(100.0, 10.0), (100.0, 5.0)])
    assert of([(100.0, 5.0), (100.0, 10.0)]) != of([(100.0, 10.0)])


def test_the_first_block_knows_the_ten_highest_peaks_alone() -> None:
    ten = [(5.0 * k + 1, 50.0 + k) for k in range(10)]
    low = [(47.0 + 50 * k, 40.0) for k in range(10)]
    assert of(ten + low).split("-")[1] == of(ten).split("-")[1]
    assert of(ten + low).split("-")[3] != of(ten).split("-")[3]
    below = [(100.0, 100.0), (108.0, 9.9)]
    assert of(below).split("-")[1] == of(below[:1]).split("-")[1]
    above = [(100.0, 100.0), (108.0, 60.0)]
    assert of(above).split("-")[1] != of(above[:1]).split("-")[1]


@pytest.mark.parametrize(
    "peaks",
    [[], [(100.0, 0.0)], [(100.0, -1.0), (101.0, 5.0)], [(100.0, np.nan)], [(100.0, 1.0), (101.0, np.nan)],
     [(np.nan, 1.0)], [(np.inf, 1.0)], [(100.0, np.inf)], [(-1.0, 1.0)], [(1e300, 1.0)]],
)  # fmt: skip
def test_what_is_no_spectrum_has_none(peaks) -> None:
    assert of(peaks) == ""


def test_a_peak_of_intensity_0_is_hashed() -> None:
    assert of([(100.0, 1.0), (200.0, 0.0)]).startswith("splash10-0udi-0900000000-")
    assert of([(100.0, 1.0), (200.0, 0.0)]) != of([(100.0, 1.0)])
