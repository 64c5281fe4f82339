"""Genomic signatures: counted as the slow way counts, the same on both strands, and what they are good for."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from held import Held
from nlsearch.errors import QueryTooCostly
from nlsearch.handlers.nucleotide import NucleotideHandler, composition
from nlsearch.handlers.nucleotide.facts import SIGNATURE
from nlsearch.handlers.sequences.bases import CODES, reverse_complement
from nlsearch.handlers.sequences.packed import Packed, packed_of
from nlsearch.handlers.sequences.records import Record
from nlsearch.limits import Limits
from nlsearch.model import RawItem

HANDLER = NucleotideHandler()
WORDS = ["".join(letters) for letters in product("ACGT", repeat=4)]
OTHER = str.maketrans("ACGT", "TGCA")


def packed(text: str) -> Packed:
    return packed_of(text.encode().translate(CODES))


def slow_signature(text: str, step: int = 1) -> np.ndarray:
    """Count word by word, but for those that share a byte of the packed sequence with an ambiguous letter."""
    known = [set(text[4 * i : 4 * i + 4]) <= set("ACGT") for i in range(len(text) // 4)] + [False]
    classes = sorted({min(word, word[::-1].translate(OTHER)) for word in WORDS})
    assert len(classes) == 136
    places = (i for i in range(0, len(text) - 3, step) if known[i // 4] and known[(i + 3) // 4])
    seen = Counter(text[i : i + 4] for i in places)
    weak, strong = sum(map(text.count, "AT")), sum(map(text.count, "GC"))
    share = {letter: (weak if letter in "AT" else strong) / (2 * (weak + strong)) for letter in "ACGT"}
    total = sum(seen[word] for word in WORDS)
    apart = []
    for name in classes:
        members = {name, name[::-1].translate(OTHER)}
        expected = total * sum(np.prod([share[letter] for letter in word]) for word in members)
        apart.append((sum(seen[word] for word in members) - expected) / expected**0.5)
    return np.array(apart) / np.linalg.norm(apart)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(5_000, 5_009))
def test_words_are_counted_as_the_slow_way_counts(seed: int, length: int) -> None:
    dice = random.Random(seed)
    text = "".join(dice.choices("ACGT", weights=[3, 2, 2, 4], k=length))
    for at in dice.sample(range(length - 30), 3):
        text = text[:at] + dice.choice("NRY") * dice.randint(1, 9) + text[at:]
    found = composition.signature(packed(text))
    assert found is not None
    assert sorted(np.round(found, 4)) == pytest.approx(sorted(slow_signature(text)), abs=2e-4)


def test_long_sequences_are_counted_at_every_fourth_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "EVERY_PLACE_BASES", 1_000)
    text = "".join(random.Random(1).choices("ACGT", k=6_002))
    found = composition.signature(packed(text))
    assert found is not None
    assert sorted(found.tolist()) == pytest.approx(sorted(slow_signature(text, 4)), abs=2e-4)


def test_both_strands_have_one_signature() -> None:
    codes = "".join(random.Random(2).choices("ACGT", weights=[4, 3, 2, 1], k=9_000)).encode().translate(CODES)
    here, there = (composition.signature(packed_of(strand)) for strand in (codes, reverse_complement(codes)))
    assert here is not None
    assert there is not None
    assert np.allclose(here, there, atol=1e-5)


def test_short_and_uniform_sequences_have_none() -> None:
    assert composition.signature(packed("ACGT" * 100)) is None
    assert composition.signature(packed("N" * 6_000)) is None
    assert HANDLER.compile("dna", "ACGT" * 100, {}).related is None


def test_pieces_of_a_genome_are_related_to_it_and_not_to_another_family(shared_data: Path) -> None:
    vectors = {}
    for name in ("GCF_001096185.1", "GCF_000148585.2", "GCF_002950215.1"):  # two Streptococcus, one Shigella
        genome = Held(gzip.decompress((shared_data / "genomes" / f"{name}.fa.gz").read_bytes()), "genome.fa", "FASTA")
        item = next(item for item in HANDLER.read(genome, Limits()) if isinstance(item, RawItem))
        vectors[name] = HANDLER.features(item).vectors[SIGNATURE]
    mitis, pneumoniae, shigella = (vectors[n] for n in ("GCF_000148585.2", "GCF_001096185.1", "GCF_002950215.1"))
    assert (1 + mitis @ pneumoniae) / 2 > composition.RELATED_MINIMUM
    assert (1 + mitis @ shigella) / 2 < composition.RELATED_MINIMUM


def test_caps_hold_for_queries_and_matches() -> None:
    tight = NucleotideHandler()
    tight.limits = Limits(mismatch_bases=50, verify_matches=4, evidence_more=2)
    with pytest.raises(QueryTooCostly, match="mismatch_bases = 50"):
        tight.compile("dna", "ACGT" * 20, {"mismatches": 1})
    record = RawItem(Record("r", packed("A" * 60)), 1)
    verdict = tight.verify(tight.compile("dna", "AAAA", {}), tight.features(record).payload)
    assert verdict is not None
    assert (verdict.evidence["count"], verdict.evidence["count_capped"], len(verdict.evidence["more"])) == (4, True, 2)
