"""Regions: how they are written, what overlaps them, beside every item looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

import nlsearch
from nlsearch.errors import QueryError, QuerySyntax
from nlsearch.handlers.nucleotide.regions import Stretch

PLASMID = "NLS00001"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NC_005816:1000-2000", ("NC_005816", 999, 2000, "+")),
        ("NC_005816.1:1,000..2,000", ("NC_005816.1", 999, 2000, "+")),
        ("complement(NC_005816:5..9)", ("NC_005816", 4, 9, "-")),
        ("NC_005816:complement(5..9)", ("NC_005816", 4, 9, "-")),
        ("complement(NC_005816:complement(5..9))", ("NC_005816", 4, 9, "+")),
        ("chr1:77", ("chr1", 76, 77, "+")),
        ("NC_005816", ("NC_005816", 0, None, "+")),
        ("a:b:3 - 4", ("a:b", 2, 4, "+")),
        ("HLA:HLA00001", ("HLA:HLA00001", 0, None, "+")),
    ],
)  # fmt: skip
def test_regions_are_read_as_people_write_them(text: str, expected: tuple[str, int, int | None, str]) -> None:
    stretch = Stretch.parse(text)
    assert (stretch.record, stretch.start, stretch.end, stretch.strand) == expected


@pytest.mark.parametrize(
    "wrong", ["", ":", ":1-5", "x:0-5", "x:9-5", "complement()", "x:complement(no)", "x:" + "9" * 40]
)
def test_what_is_no_region_is_refused(wrong: str) -> None:
    with pytest.raises(QuerySyntax):
        Stretch.parse(wrong)


def titles(page: nlsearch.Page) -> list[tuple[str, str]]:
    """Return what the record's own file says; features of GFF3 and BED files on it are found too."""
    return sorted((hit.item.fields["feature"], hit.item.title) for hit in page.hits if hit.item.path.endswith(".gb"))


def test_the_record_and_its_features_are_found(indexed: nlsearch.Collection) -> None:
    page = indexed.search(f'region:"{PLASMID}:600-850"', count="exact")
    assert titles(page) == [
        ("CDS", "HBB"), ("CDS", "INS"), ("gene", "HBB"), ("gene", "INS"), ("record", "NLS00001.1")
    ]  # fmt: skip
    assert (page.guarantee, page.total) == ("complete", len(page.hits))
    assert ("gene", "INS", "gff3") in {
        (hit.item.fields["feature"], hit.item.title, hit.item.path.rpartition(".")[2]) for hit in page.hits
    }
    record = next(hit for hit in page.hits if hit.item.fields["feature"] == "record")
    assert record.evidence["target"] == [599, 850]
    assert record.evidence["features"] == ["HBB", "INS"]
    assert len(record.evidence["sequence"]) == 251
    insulin = next(hit for hit in page.hits if hit.item.title == "INS" and hit.item.path.endswith(".gb"))
    assert (insulin.evidence["target"], insulin.evidence["strand"]) == ([844, 1177], "-")
    assert insulin.score == pytest.approx(6 / 333)
    assert all(indexed.verify(hit) for hit in page.hits)


def test_the_sequence_is_that_of_the_file(indexed: nlsearch.Collection) -> None:
    record = indexed.search(f'region:"{PLASMID}.1:201-210" feature:record').hits[0]
    assert record.evidence["sequence"] == "ATGGTGCATC"
    record = indexed.search(f'region:"complement({PLASMID.lower()}:201..210)" feature:record').hits[0]
    assert record.evidence["sequence"] == "GATGCACCAT"
    assert record.evidence["strand"] == "-"


def test_borders_belong_to_a_region(indexed: nlsearch.Collection) -> None:
    assert titles(indexed.search(f'region:"{PLASMID}:200"')) == [("record", "NLS00001.1")]
    assert ("gene", "HBB") in titles(indexed.search(f'region:"{PLASMID}:201"'))
    assert ("gene", "HBB") in titles(indexed.search(f'region:"{PLASMID}:644"'))
    assert titles(indexed.search(f'region:"{PLASMID}:645-844"')) == [("record", "NLS00001.1")]
    assert not indexed.search(f'region:"{PLASMID}:1178-2000"').hits
    assert not indexed.search('region:"NLS0000:1-50"').hits
    assert len(titles(indexed.search(f'region:"{PLASMID}"'))) == 5


def test_nothing_that_overlaps_is_lost(shared_data: Path, tmp_path: Path) -> None:
    """Beside Biopython's own reading of the plasmid of Yersinia pestis."""
    from Bio import SeqIO

    (path,) = (shared_data / "annotated").glob("NC_005816.gb")
    parsed = SeqIO.read(path, "genbank")
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True) as made:
        made.index([path], jobs=1)
        for low, high in ((1, 90), (1000, 2000), (4343, 4780), (9000, 9609), (87, 87), (1109, 1110)):
            expected = sum(
                any(int(part.start) < high and int(part.end) >= low for part in feature.location.parts)
                for feature in parsed.features
                if feature.type != "source"
            )
            page = made.search(f'region:"NC_005816:{low}-{high}"', count="exact", limit=100)
            assert page.total == expected + 1
            (record,) = (hit for hit in page.hits if hit.item.fields["feature"] == "record")
            assert record.evidence["sequence"] == str(parsed.seq[low - 1 : high])


def test_a_mistake_is_told_with_its_place(indexed: nlsearch.Collection) -> None:
    with pytest.raises(QueryError, match="runs upwards"):
        indexed.search('region:"NC_005816:20-10"')
