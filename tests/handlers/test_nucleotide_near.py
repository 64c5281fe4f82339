"""Features near a named one: beside Biopython's positions, on either side, across an origin, and in the planner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import nlsearch
from nlsearch.errors import QueryError
from nlsearch.handlers.nucleotide import NucleotideHandler
from nlsearch.handlers.nucleotide.payload import encode
from nlsearch.handlers.sequences.records import Place
from nlsearch.model import Verdict

HANDLER = NucleotideHandler()
LENGTH = 10_000


def feature(
    start: int, end: int, strand: str = "+", *, circular: bool = False, record: str = "R1.1", identity: str = ""
) -> bytes:
    """Return the payload of a feature; `identity` is written ``type name gene …``."""
    parts = [Place(start, end, strand)] if start < end else [Place(start, LENGTH, strand), Place(0, end, strand)]
    return encode(None, "f", parts, feature_of=LENGTH, circular=circular, record=[record], identity=identity.split())


def near(anchor: bytes, other: bytes, within: int = 100, side: str = "both") -> Verdict | None:
    probe = HANDLER.compile_named("near", "x", [anchor], {"within": within, "side": side})
    return HANDLER.verify(probe, other)


def test_the_last_base_within_reach_counts() -> None:
    anchor = feature(1000, 1100)
    for start, end, distance in ((1199, 1300, 99), (850, 901, 99), (1100, 1101, 0), (1050, 1060, 0), (900, 1200, 0)):
        found = near(anchor, feature(start, end))
        assert found is not None
        assert found.evidence["distance"] == distance
        assert found.score == pytest.approx(1 - distance / 100)
    assert near(anchor, feature(1200, 1300)) is None
    assert near(anchor, feature(850, 900)) is None
    assert near(anchor, feature(1150, 1200, record="R2")) is None


def test_a_feature_is_not_near_itself() -> None:
    assert near(feature(1000, 1100), feature(1000, 1100)) is None
    assert near(feature(1000, 1100), feature(1000, 1100, "-")) is not None


@pytest.mark.parametrize(
    ("anchor", "other", "is_neighbour"),
    [
        ("gene lysZ lysZ T_1", "CDS lysZ lysZ", False),
        ("gene lysZ lysZ", "CDS LYSZ LysZ T_1", False),
        ("gene lysZ lysZ", "CDS lysozyme", False),  # it does not say which gene it is of
        ("gene lysZ T_1", "gene rzoD T_2", True),
        ("gene lysZ lysZ", "CDS rzoD rzoD", True),
        ("CDS lysozyme", "gene rzoD rzoD", False),
        ("region peak_1", "region peak_2", True),
        ("region peak_1", "region PEAK_1", False),
        ("region peak_1", "", False),
    ],
)
def test_what_lies_at_the_very_place_is_the_same_gene_or_another(anchor: str, other: str, is_neighbour: bool) -> None:
    payloads = [feature(1000, 1100, identity=text) for text in (anchor, other)]
    assert (near(*payloads) is not None) == is_neighbour
    assert near(payloads[0], feature(1000, 1101, identity=other)) is not None


def test_both_of_two_genes_that_a_name_finds_at_one_place_are_anchors() -> None:
    payloads = [feature(1000, 1100, identity=f"gene {name} {name}") for name in ("lysZ", "rzoD")]
    probe = HANDLER.compile_named("near", "x", payloads, {"within": 10, "side": "both"})
    assert [HANDLER.verify(probe, payload) for payload in payloads] == [None, None]
    assert "the place named x" in probe.read_as
    assert HANDLER.verify(probe, feature(1000, 1100, identity="gene third third")) is not None


@pytest.mark.parametrize(
    ("strand", "before", "after"), [("+", "upstream", "downstream"), ("-", "downstream", "upstream")]
)
def test_sides_are_those_of_the_anchors_strand(strand: str, before: str, after: str) -> None:
    anchor = feature(1000, 1100, strand)
    for other, side, not_side in ((feature(900, 950), before, after), (feature(1150, 1160), after, before)):
        found = near(anchor, other, side=side)
        assert found is not None
        assert found.evidence["side"] == side
        assert near(anchor, other, side=not_side) is None
    assert near(anchor, feature(1020, 1030), side="upstream") is None
    assert near(anchor, feature(1020, 1030)).evidence["side"] == "overlapping"


def test_a_circle_has_no_end() -> None:
    anchor = feature(9_950, 9_990, circular=True)
    found = near(anchor, feature(20, 60, circular=True))
    assert found is not None
    assert (found.evidence["distance"], found.evidence["side"]) == (30, "downstream")
    assert near(feature(9_950, 9_990), feature(20, 60)) is None
    across = feature(9_980, 30, circular=True)
    assert near(across, feature(5_000, 5_100, circular=True)) is None
    assert near(across, feature(80, 90, circular=True)).evidence["distance"] == 50


def test_a_negative_distance_is_refused() -> None:
    with pytest.raises(QueryError, match="from 0 on"):
        near(feature(10, 20), feature(30, 40), within=-1)


@pytest.fixture(scope="module")
def plasmid(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    with nlsearch.Collection.open(tmp_path_factory.mktemp("near") / "c.nls", create=True) as made:
        made.index([shared_data / "annotated" / "NC_005816.gb", shared_data / "annotated" / "NC_000932.gb"], jobs=1)
        yield made


@pytest.mark.parametrize("side", ["both", "upstream", "downstream"])
@pytest.mark.parametrize(
    ("name", "within"), [("rpl16", 3_000), ("psbA", 5_000), ("trnH", 2_000), ("rbcL", 0), ("ndhA", 800)]
)
def test_features_near_a_gene_are_those_of_the_file(
    plasmid: nlsearch.Collection, shared_data: Path, name: str, within: int, side: str
) -> None:
    """Beside Biopython's positions on the circular chloroplast of thale cress."""
    from Bio import SeqIO

    parsed = SeqIO.read(shared_data / "annotated" / "NC_000932.gb", "genbank")
    length = len(parsed.seq)
    features = [feature for feature in parsed.features if feature.type != "source"]
    spans = [
        ([(int(part.start), int(part.end)) for part in feature.location.parts], feature.location.strand)
        for feature in features
    ]
    anchors = [
        (min(a for a, _ in parts), max(b for _, b in parts), strand)
        for (parts, strand), feature in zip(spans, features, strict=True)
        if name.casefold() in {v.casefold() for values in feature.qualifiers.values() for v in values}
    ]
    assert anchors
    expected = 0
    for parts, strand in spans:
        own = (min(a for a, _ in parts), max(b for _, b in parts), strand)
        expected += any(
            _is_near(part, (low, high), direction, within, side, length)
            for low, high, direction in anchors
            if own != (low, high, direction) and (low, high) not in parts
            for part in parts
        )
    page = plasmid.search(f'near:"{name}"{{within={within},side={side}}}', limit=1000, count="exact")
    assert page.total == expected
    assert page.guarantee == "complete"
    assert all(hit.item.path.endswith("NC_000932.gb") for hit in page.hits)
    assert all(plasmid.verify(hit) for hit in page.hits[:5])


def _is_near(part: tuple[int, int], anchor: tuple[int, int], strand: int, within: int, side: str, length: int) -> bool:
    """Say by the bases themselves: whether one of the part's is in the stretch asked for."""
    low, high = anchor
    stretch = {
        "both": (low - within, high + within),
        "upstream": (low - within, low) if strand == 1 else (high, high + within),
        "downstream": (high, high + within) if strand == 1 else (low - within, low),
    }[side]
    bases = {base % length for base in range(part[0], part[1])}
    return any(base % length in bases for base in range(*stretch))


def test_a_name_that_nothing_has_is_no_match(plasmid: nlsearch.Collection) -> None:
    page = plasmid.search('near:"thereisnosuchgene"')
    assert (page.hits, page.complete) == ([], True)
    assert "0 places named thereisnosuchgene" in page.read_as[0]
    with pytest.raises(QueryError, match="no letter or digit"):
        plasmid.search('near:"--"')


def test_a_name_of_too_many_is_refused(plasmid: nlsearch.Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlsearch.search.plan.MOST_NAMED", 3)
    with pytest.raises(QueryError, match="more than 3 items"):
        plasmid.search('near:"hypothetical protein"')
    assert plasmid.search('near:"YP_pPCP05"').hits


def test_near_joins_with_the_rest_of_a_query(plasmid: nlsearch.Collection) -> None:
    page = plasmid.search('near:"psbA"{within=3000} AND feature:tRNA')
    assert page.hits
    assert {hit.item.fields["feature"] for hit in page.hits} == {"tRNA"}
    assert plasmid.search('near:"YP_pPCP05"{within=1000}').hits[0].item.path.endswith("NC_005816.gb")
