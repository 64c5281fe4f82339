"""Genomes by containment: sourmash's numbers, nothing lost, files as a whole, and examples that are too short."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nlsearch
from nlsearch.errors import QueryError
from nlsearch.handlers.nucleotide import NucleotideHandler, genomes
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.sketching import MOST_HASH, Overlap, ani_of, shared, sketch_of
from nlsearch.handlers.sequences.bases import CODES
from nlsearch.handlers.sequences.packed import packed_of
from nlsearch.kernels import sketch
from nlsearch.model import Terms

CLOSE = 1e-12
GOLDEN = [
    ("same", 1.0, 1.0, 1.0, 1.0, 1.0, 175, 175, 175),
    ("mutated", 0.5371428571428571, 0.49473684210526314, 0.9801515239865682, 0.9775547828710364, 0.34686346863468637,
     94, 175, 190),
    ("far", 0.05142857142857143, 0.049723756906077346, 0.9087113454576186, 0.9077237012643242, 0.025936599423631124,
     9, 175, 181),
    ("half", 0.44, 1.0, 0.9738643621448548, 1.0, 0.44, 77, 175, 77),
    ("more", 1.0, 0.5384615384615384, 1.0, 0.9802290533467525, 0.5384615384615384, 175, 175, 325),
]  # fmt: skip
"""By sourmash 4.9.4: contained_by both ways, 1 − containment_ani().dist both ways, jaccard; shared, query, item."""
GENOMES = [
    ("GCF_003697165.2", "GCF_002950215.1", 0.36998574628385256, 0.41267317737905973, 0.9684350152849396,
     0.9701435844001727, 0.9718521535154058, 0.24236361211151128),
    ("GCF_003697165.2", "GCF_000006945.2", 0.014660965180207697, 0.014693877551020407, 0.8726577573363645,
     0.872689320284278, 0.8727208832321917, 0.007392956155662799),
    ("GCF_000006945.2", "GCF_002950215.1", 0.01653061224489796, 0.018396547808312513, 0.8760430522189551,
     0.8775568231922515, 0.8790705941655478, 0.00878334417696812),
]  # fmt: skip
"""By sourmash 4.9.4: contained_by both ways, containment_ani, avg_ and max_containment_ani, jaccard."""


def random_dna(length: int, seed: int) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=length))


def mutated(text: str, rate: float, seed: int) -> str:
    draw = random.Random(seed)
    return "".join(draw.choice("ACGT".replace(base, "")) if draw.random() < rate else base for base in text)


GENOME = random_dna(200_000, 7)
OTHERS = {
    "same": GENOME,
    "mutated": mutated(GENOME, 0.02, 1),
    "far": mutated(GENOME, 0.1, 2),
    "half": GENOME[:100_000],
    "more": GENOME + random_dna(150_000, 8),
    "strange": random_dna(200_000, 9),
}


def fasta(records: dict[str, str]) -> str:
    return "".join(f">{name}\n{text}\n" for name, text in records.items())


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    folder = tmp_path_factory.mktemp("genomes")
    (folder / "source").mkdir()
    for name, text in OTHERS.items():
        (folder / "source" / f"{name}.fa").write_text(fasta({name: text}))
    (folder / "source" / "parts.fa").write_text(
        fasta({f"p{i}": GENOME[at : at + 50_000] for i, at in enumerate(range(0, 200_000, 50_000))})
    )
    (folder / "source" / "short.fa").write_text(fasta({"a": "ACGT" * 20, "b": "ACCT" * 20}))
    with nlsearch.Collection.open(folder / "c.nls", create=True) as made:
        made.index([folder / "source"], jobs=1)
        yield made


@pytest.fixture
def query(tmp_path: Path) -> Path:
    """Return a file of the genome in three records, in another order and with a strand turned."""
    turned = GENOME[:90_000][::-1].translate(str.maketrans("ACGT", "TGCA"))
    path = tmp_path / "query.fa"
    path.write_text(fasta({"x": GENOME[120_000:], "y": turned, "z": GENOME[90_000 - 30 : 120_030]}))
    return path


def hits(page: nlsearch.Page) -> dict[str, nlsearch.Hit]:
    return {hit.item.title: hit for hit in page.hits}


@pytest.mark.parametrize("golden", GOLDEN, ids=[row[0] for row in GOLDEN])
def test_numbers_are_sourmashs(collection: nlsearch.Collection, golden: tuple[str, float, float]) -> None:
    name, forth, back, ani, ani_back, similarity, *counts = golden
    (query,) = (hit.item for hit in collection.search("name:same").hits)
    hit = hits(collection.like(query.id))[name]
    evidence = hit.evidence
    assert hit.score == pytest.approx(forth, abs=CLOSE)
    assert hit.tier == ("exact" if name == "same" else "near")
    said = [evidence["containment_query_in_item"], evidence["containment_item_in_query"], evidence["ani"]]
    assert said == pytest.approx([forth, back, ani], abs=CLOSE)
    assert evidence["ani_item_in_query"] == pytest.approx(ani_back, abs=CLOSE)
    assert evidence["ani_average"] == pytest.approx((ani + ani_back) / 2, abs=CLOSE)
    assert evidence["ani_maximum"] == pytest.approx(max(ani, ani_back), abs=CLOSE)
    assert evidence["similarity"] == pytest.approx(similarity, abs=CLOSE)
    assert [evidence["shared_hashes"], evidence["query_hashes"], evidence["item_hashes"]] == counts
    assert (evidence["k"], evidence["scaled"]) == (31, 1000)
    assert collection.verify(hit)


def test_all_records_of_a_file_are_one_query(collection: nlsearch.Collection, query: Path) -> None:
    page = collection.like(query)
    found = hits(page)
    assert page.guarantee == "complete"
    assert "3 records" in page.read_as[0]
    assert "containment" in page.read_as[0]
    assert "strange" not in found
    assert {found[name].score for name in ("same", "more", "parts.fa")} == {1.0}
    assert {found[name].tier for name in ("same", "more", "parts.fa")} == {"near"}
    assert found["p0"].evidence["containment_item_in_query"] == 1.0
    assert all(collection.verify(hit) for hit in page.hits)


def test_a_file_of_several_records_is_an_item_of_its_own(collection: nlsearch.Collection) -> None:
    page = collection.search("feature:file")
    (item,) = (hit.item for hit in page.hits)  # none for the file of records that are too short for a sketch
    assert (item.title, item.locator) == ("parts.fa", "#file")
    assert (item.fields["records"], item.fields["length"]) == (4, 200_000)
    best = collection.like(item.id).hits[0]
    assert (best.item.id, best.tier, best.score) == (item.id, "exact", 1.0)
    assert b"<svg" in collection.draw(best).data
    assert not any(hit.item.id == item.id for hit in collection.search(f'dna:"{GENOME[500:560]}"').hits)


def test_the_order_of_a_files_records_does_not_matter(collection: nlsearch.Collection, tmp_path: Path) -> None:
    path = tmp_path / "turned.fa"
    path.write_text(fasta({f"q{at}": GENOME[at : at + 50_000] for at in range(150_000, -1, -50_000)}))
    assert {hit.item.title for hit in collection.like(path).hits if hit.tier == "exact"} == {"parts.fa"}


def test_the_least_containment_counts_either_way(collection: nlsearch.Collection) -> None:
    (query,) = (hit.item for hit in collection.search("name:same").hits)
    assert set(hits(collection.like(query.id, containment=0.5))) == {
        "same", "mutated", "half", "more", "parts.fa", "p0", "p1", "p2", "p3",
    }  # fmt: skip
    assert "half" not in hits(collection.like(query.id, minimum=0.5))
    with pytest.raises(QueryError, match="share from 0 to 1"):
        collection.like(query.id, containment=1.5)


def test_the_method_can_be_chosen(collection: nlsearch.Collection, tmp_path: Path) -> None:
    small = tmp_path / "small.fa"
    small.write_text(fasta({"s": GENOME[20_000:40_000]}))
    assert "cigar" in collection.like(small).hits[0].evidence
    assert "ani" in collection.like(small, method="containment").hits[0].evidence
    (query,) = (hit.item for hit in collection.search("name:same").hits)
    assert "cigar" in collection.like(query.id, method="alignment").hits[0].evidence
    tiny = tmp_path / "tiny.fa"
    tiny.write_text(">t\nACGTACGTAC\n")
    with pytest.raises(QueryError, match="too short for containment"):
        collection.like(tiny, method="containment")


def test_no_item_that_shares_a_hash_is_lost(collection: nlsearch.Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside verifying every item: by terms, and for queries of too many terms."""
    for most in (genomes.MOST_TERMS, 10):
        monkeypatch.setattr(genomes, "MOST_TERMS", most)
        for name in ("same", "far", "strange", "parts.fa"):
            (query,) = (hit.item for hit in collection.search(f'name:"{name}"').hits if hit.item.title == name)
            view, key = collection._found(query.id)
            probe = NucleotideHandler().compile("like", bytes(view.split.payload(key)), {"containment": 0.0})
            assert isinstance(probe.ask, Terms)
            expected = set()
            for hit in collection.search("kind:nucleotide", limit=100).hits:
                other, place = collection._found(hit.item.id)
                if NucleotideHandler().verify(probe, other.split.payload(place)) is not None:
                    expected.add(hit.item.id)
            page = collection.like(query.id, containment=0.0, limit=100, count="exact")
            assert {hit.item.id for hit in page.hits} == expected
            assert page.total == len(expected)


def test_scores_of_many_are_those_of_verify(collection: nlsearch.Collection) -> None:
    items = [hit.item for hit in collection.search("kind:nucleotide", limit=100).hits]
    payloads = []
    for item in items:
        view, key = collection._found(item.id)
        payloads.append(bytes(view.split.payload(key)))
    handler = NucleotideHandler()
    for payload in payloads:
        if len(Target(payload).sketch):
            probe = handler.compile("like", payload, {"method": "containment"})
            verdicts = [handler.verify(probe, other) for other in payloads]
            expected = [0.0 if verdict is None else verdict.score for verdict in verdicts]
            np.testing.assert_allclose(handler.scores(probe, payloads), expected, atol=1e-6)
    assert handler.scores(handler.compile("dna", "ACGT", {}), payloads) is None


def test_a_sketch_made_in_windows_is_that_of_the_whole() -> None:
    text = random_dna(2**21 + 5_000, 3)
    codes = (text[: 2**20 - 10] + "N" + text[2**20 - 10 :]).encode().translate(CODES)
    np.testing.assert_array_equal(sketch_of(packed_of(codes)), sketch(codes, MOST_HASH))


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_shared_hashes_are_those_of_both_sets(a: set[int], b: set[int]) -> None:
    first, second = (np.array(sorted(values), np.uint64) for values in (a, b))
    assert shared(first, second) == len(a & b)


@given(st.integers(1, 50), st.integers(0, 50), st.integers(0, 50))
def test_containment_is_a_share(common: int, more_a: int, more_b: int) -> None:
    found = Overlap(common, common + more_a, common + more_b)
    assert 0 < found.similarity <= min(found.query_in_item, found.item_in_query) <= 1
    assert 0 < ani_of(found.query_in_item) <= 1


@pytest.mark.parametrize("golden", GENOMES, ids=[f"{row[0]}-{row[1]}" for row in GENOMES])
def test_genomes_have_sourmashs_numbers(
    shared_data: Path, tmp_path: Path, golden: tuple[str, str, float, float, float, float, float, float]
) -> None:
    query, item, *numbers = golden
    for name in (query, item):
        shutil.copy(shared_data / "genomes" / f"{name}.fa.gz", tmp_path)
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True) as made:
        made.index([tmp_path / f"{item}.fa.gz"], jobs=1)
        evidence = hits(made.like(tmp_path / f"{query}.fa.gz"))[f"{item}.fa"].evidence
    names = (
        "containment_query_in_item",
        "containment_item_in_query",
        "ani",
        "ani_average",
        "ani_maximum",
        "similarity",
    )
    assert [evidence[name] for name in names] == pytest.approx(numbers, abs=CLOSE)
