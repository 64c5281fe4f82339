"""``like`` of genomes: how much of one sketch is in another; all records of a file are one query.

Completeness
------------
Every hash of a sketch is a structural term of its item, so all items that share one are candidates.  Of a query with
more than :data:`MOST_TERMS` hashes every item with a sketch is a candidate.

Score and tier
--------------
Score = containment of the query in the item.  Tier ``near``; ``exact`` where the sequences are equal, letter by letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.nucleotide.composition import neighbours
from nlsearch.handlers.nucleotide.facts import SKETCH
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.sketching import (
    PRESENT,
    SCALED,
    Hashes,
    Overlap,
    ani_of,
    shared,
    sketch_of,
)
from nlsearch.handlers.nucleotide.wholefile import Gathered
from nlsearch.handlers.sequences.packed import packed_of
from nlsearch.handlers.sequences.records import Record
from nlsearch.kernels import SKETCH_K
from nlsearch.model import Nearest, Probe, Question, RawItem, Scalar, Skipped, Terms, Verdict

GENOME_BASES = 150_000
"""Examples from this length on are compared by containment, unless the asker says otherwise."""
MOST_TERMS = 20_000
LEAST = 0.01
"""Containment either way from which on items are hits: an ANI of 0.86, and more than genes that all life shares."""


@dataclass(frozen=True, slots=True)
class Genome:
    """An example that may be compared by containment."""

    name: str
    records: int
    bases: int
    sketch: Hashes
    digest: bytes
    related: Nearest | None = None
    has_sequence: bool = True
    """False for the item of a file as a whole, which cannot be aligned."""


def genome_of_file(name: str, items: Iterable[RawItem | Skipped]) -> Genome:
    """Read all records of an example file as one genome."""
    gathered, longest = Gathered(), packed_of(b"")
    for item in items:
        if isinstance(item, RawItem) and isinstance(item.content, Record):
            gathered.add(item.content)
            longest = max(longest, item.content.sequence, key=lambda sequence: sequence.length)
    related = neighbours(longest)
    return Genome(name, gathered.records, gathered.bases, gathered.sketch(), gathered.digest(), related)


def genome_of_payload(payload: bytes) -> Genome:
    """Return an indexed item as a genome; features are sketched here."""
    target = Target(payload)
    if target.is_file:
        return Genome(target.label, target.records, target.bases, target.sketch, target.digest, has_sequence=False)
    sequence = target.sequence()
    sketch = sketch_of(sequence) if target.is_feature else target.sketch
    return Genome(target.label, 1, target.length, sketch, target.digest, neighbours(sequence))


def by_containment(genome: Genome, options: Mapping[str, Scalar]) -> bool:
    """Say whether an example is compared by containment: as asked, else if it is long enough to tell.

    Raises
    ------
    QuerySyntax
        If it is to be, and has no sketch.
    """
    method = options.get("method")
    if method == "containment" and not len(genome.sketch):
        raise QuerySyntax(
            f"{genome.name or 'the example'} is too short for containment: no word is in its sketch",
            hint="{method=alignment} compares letters",
        )
    is_genome = len(genome.sketch) > 0 and (genome.bases >= GENOME_BASES or not genome.has_sequence)
    return method == "containment" or (method is None and is_genome)


def compile_containment(genome: Genome, options: Mapping[str, Scalar]) -> Probe:
    """Return the probe for items that share hashes with a genome."""
    least = float(options.get("containment", LEAST))
    if not 0.0 <= least <= 1.0:
        raise QuerySyntax(f"containment is a share from 0 to 1, not {least:g}")
    hashes = tuple(genome.sketch.tolist())
    ask: Question = Terms(SKETCH, hashes, at_least=1) if len(hashes) <= MOST_TERMS else Terms(SKETCH, (PRESENT,))
    what = f"{genome.bases:,} nucleotides of {genome.name}"
    if genome.records > 1:
        what += f" in {genome.records:,} records"
    said = (
        f"{what}, compared by containment: {len(hashes):,} hashes, one in {SCALED:,} of all words "
        f"of {SKETCH_K} letters; at least {least:g} of the one is in the other"
    )
    verification = {
        "method": "containment",
        "hashes": genome.sketch.astype("<u8").tobytes(),
        "digest": genome.digest,
        "bases": genome.bases,
        "least": least,
    }
    return Probe("nucleotide", "like", said, ask, verification, "complete", exact_floor=1.0, related=genome.related)


def verify_containment(probe: Probe, payload: Buffer) -> Verdict | None:
    """Decide whether one item shares enough with the genome."""
    target = Target(payload)
    query = _hashes(probe)
    overlap = Overlap(shared(query, target.sketch), len(query), len(target.sketch))
    if not overlap.is_enough(probe.verification["least"]):
        return None
    asked = probe.verification
    equal = asked["digest"] == target.digest and asked["bases"] == target.bases
    back, forth = overlap.item_in_query, overlap.query_in_item
    evidence = {
        "containment_query_in_item": forth,
        "containment_item_in_query": back,
        "ani": ani_of(forth),
        "ani_item_in_query": ani_of(back),
        "ani_average": (ani_of(forth) + ani_of(back)) / 2,
        "ani_maximum": max(ani_of(forth), ani_of(back)),
        "similarity": overlap.similarity,
        "shared_hashes": overlap.common,
        "query_hashes": overlap.query,
        "item_hashes": overlap.item,
        "k": SKETCH_K,
        "scaled": SCALED,
    }
    return Verdict(1.0 if equal else forth, "exact" if equal else "near", evidence)


def containment_scores(probe: Probe, payloads: Sequence[Buffer]) -> NDArray[np.float32]:
    """Return the score of each item, 0 for those that share too little; shape (n,)."""
    query = _hashes(probe)
    return np.fromiter((_score(probe, query, Target(payload)) for payload in payloads), np.float32, len(payloads))


def _score(probe: Probe, query: Hashes, target: Target) -> float:
    own = target.sketch
    overlap = Overlap(shared(query, own), len(query), len(own))
    return overlap.query_in_item if overlap.is_enough(probe.verification["least"]) else 0.0


def _hashes(probe: Probe) -> Hashes:
    return np.frombuffer(probe.verification["hashes"], "<u8")
