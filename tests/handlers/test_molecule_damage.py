"""Every record of a damaged SDF is an item or skipped, and it is an item just where RDKit reads a molecule."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from damage import damaged, sdf, separated
from molecules import read
from rdkit import Chem

import nlsearch
from nlsearch.model import RawItem, Skipped


@pytest.fixture(scope="module")
def whole() -> bytes:
    return sdf()


def peer(record: bytes) -> Chem.Mol | None:
    """Return what RDKit's own supplier makes of one record."""
    return next(Chem.ForwardSDMolSupplier(io.BytesIO(record + b"\n$$$$\n")))


def check(content: bytes) -> tuple[int, int]:
    """Compare with RDKit record by record; return the numbers of items and of skipped records."""
    records, outcomes = separated(content), read(content, "SDF")
    assert [outcome.number for outcome in outcomes] == list(range(1, len(records) + 1))
    for record, outcome in zip(records, outcomes, strict=True):
        mol = peer(record)
        if isinstance(outcome, Skipped):
            assert outcome.reason.startswith("line ")
            assert mol is None or mol.GetNumAtoms() == 0, (record, outcome)  # RDKit takes no atoms for a molecule
        else:
            assert mol is not None, record
            assert Chem.MolToSmiles(mol) == Chem.MolToSmiles(outcome.content.structure.mol)
    items = sum(isinstance(outcome, RawItem) for outcome in outcomes)
    return items, len(outcomes) - items


def test_an_undamaged_file_has_all_its_records(whole: bytes) -> None:
    assert check(whole) == (1000, 0)


@pytest.mark.parametrize("seed", range(2))
def test_damaged_records_are_items_just_where_rdkit_reads_them(whole: bytes, seed: int) -> None:
    items, skipped = check(damaged(whole, seed, times=600))
    assert items > 400
    assert skipped > 150


def test_real_records_damaged(shared_data: Path) -> None:
    content = gzip.decompress((shared_data / "molecules" / "mols.1000.sdf.gz").read_bytes())
    assert content.count(b"$$$$\n") == 1000
    items, skipped = check(damaged(content, 1, times=600))
    assert min(items, skipped) > 100


def test_the_numbers_of_a_collection_add_up(whole: bytes, tmp_path: Path) -> None:
    content = damaged(whole, 3, times=600)
    path = tmp_path / "damaged.sdf.gz"
    path.write_bytes(gzip.compress(content))
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as collection:
        report = collection.index([path], jobs=1)
        locators = [failure.locator for failure in report.failures]
        assert len(set(locators)) == len(locators)
        assert report.items + len(locators) == len(separated(content))
        assert (report.items, len(locators)) == check(content)


def test_lines_that_look_like_ends_are_none_in_the_header(whole: bytes) -> None:
    record = whole.split(b"$$$$")[0].replace(b"record 1", b"M  END")
    (item,) = read(record, "SDF")
    assert isinstance(item, RawItem)
    assert item.title == "M  END"
