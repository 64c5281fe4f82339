"""Made-up items with something in every organ, for the tests of splits."""

from __future__ import annotations

import numpy as np

from nlsearch.handlers.contract import Field, SeedSpace, TermSpace, VectorSpace
from nlsearch.index.split import Split
from nlsearch.index.splitwrite import SplitWriter
from nlsearch.model import Entry, Features, Nearest, SeedMatch, Seeds

SPACES = {
    space.name: space
    for space in (
        TermSpace("molecule.screen"),
        TermSpace("unused.terms"),
        SeedSpace("dna.kmers", key_bits=12, shift=2, flag_bits=1),
        SeedSpace("unused.seeds", key_bits=24),
        VectorSpace("molecule.bits", 128, "tanimoto"),
        VectorSpace("image.look", 8, "cosine"),
    )
}
FIELDS = {
    field.name: field
    for field in (
        Field("name", "text", "Name."),
        Field("organism", "keyword", "Organism."),
        Field("mass", "float", "Mass.", unit="Da"),
    )
}
VERSIONS = {"image": 3, "molecule": 1, "nucleotide": 2}


def make_entry(rng: np.random.Generator, number: int, source_id: int) -> Entry:
    kind = ("image", "molecule", "nucleotide")[int(rng.integers(3))]
    size = float(rng.integers(1, 9)) + (0.1 if rng.random() < 0.3 else 0)
    features = Features(
        words=" ".join(rng.choice(["red", "blue", "green", "naïve"], rng.integers(0, 4))),
        fields={"name": f"thing {number}", "organism": f"Species {number % 3}", "mass": float(number) / 2},
        payload=rng.bytes(int(rng.integers(0, 40))),
        size=size,
        keys={"inchikey": f"KEY{number}"},
    )
    if kind == "molecule":
        features.terms["molecule.screen"] = np.unique(rng.integers(0, 40, rng.integers(0, 20)).astype(np.uint64))
        features.vectors["molecule.bits"] = rng.integers(0, 256, 16).astype(np.uint8)
    if kind == "image":
        features.vectors["image.look"] = rng.normal(size=8).astype(np.float32)
    if kind == "nucleotide":
        length = int(rng.integers(20, 200))
        places = np.sort(rng.choice(length, length // 3, replace=False)).astype(np.uint32)
        keys = rng.integers(0, 64, len(places)).astype(np.uint32)
        features.seeds["dna.kmers"] = Seeds(keys, places, length, rng.integers(0, 2, len(places)).astype(np.uint8))
        features.extent = length if number % 4 else 0
    return Entry(source_id, kind, f"/shelf/{source_id}\udcff.x", f"#{number}", number, f"Thing {number}", features)


def make_entries(seed: int, amount: int, sources: int = 5) -> list[Entry]:
    rng = np.random.default_rng(seed)
    return [make_entry(rng, number, 1 + int(rng.integers(sources))) for number in range(1, amount + 1)]


def write(directory, entries) -> Split:
    writer = SplitWriter(directory, SPACES, FIELDS, VERSIONS, memory_bytes=1 << 20)
    for entry in entries:
        writer.add(entry)
    assert writer.items == len(entries)
    info = writer.finish()
    split = Split(directory, info.digest)
    assert split.info == info
    return split


def ids(split: Split, keys) -> list[str]:
    return sorted(item.id for item in split.records(sorted(map(int, keys))))


QUESTIONS = (
    SeedMatch("dna.kmers", tuple(range(20)), tuple(range(20)), 20, min_votes=1, bin_width=16),
    SeedMatch("dna.kmers", tuple(range(30, 60, 2)), tuple(range(0, 30, 2)), 30, (1,) * 15, 2, bin_width=8),
)
NEAREST = (
    Nearest("molecule.bits", bytes(range(16)), 0.1),
    Nearest("image.look", np.arange(8, dtype="<f4").tobytes(), 0.3),
)
