"""Proteins to search: open reading frames of the genomes in ../shared/data/genomes, and a collection of them.

A frame counts from its first ATG to the stop (code 11), if it has at least 60 residues and lies for at least four
fifths where no longer one does.  The same count always gives the same proteins.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import genomes
import nlsearch
from nlsearch.handlers.sequences.bases import CODES
from nlsearch.handlers.sequences.codes import bases_of, six_frames

FRAME = re.compile(rb"M[^*]{59,}(?=\*)")
BACTERIAL = 11
TAKEN = 0.2
"""A frame is left out where longer ones take more of it."""
SEED = 20240611


def proteins(count: int) -> dict[str, str]:
    """Return so many proteins by name, drawn at random from all.

    Raises
    ------
    SystemExit
        If the genomes are not there.
    """
    found = [frame for letters in genomes.records(genomes.files()).values() for frame in _frames(letters)]
    drawn = random.Random(SEED).sample(found, min(count, len(found)))
    return {f"p{number}": residues for number, residues in enumerate(drawn)}


def _frames(letters: bytes) -> Iterator[str]:
    bases = letters.translate(CODES)
    found = [
        (len(match[0]), bases_of(frame, *match.span(), len(bases)), match[0])
        for frame, residues in six_frames(bases, BACTERIAL)
        for match in FRAME.finditer(residues)
    ]
    taken = np.zeros(len(bases), np.bool_)
    for _, (start, end), residues in sorted(found, key=lambda one: (-one[0], one[1])):
        if taken[start:end].mean() < TAKEN:
            taken[start:end] = True
            yield residues.decode()


def fragments(held: Mapping[str, str], names: list[str], rng: random.Random) -> dict[str, str]:
    """Return of each named protein a piece of 60 to 120 residues, or all of a shorter one."""
    pieces = {}
    for name in names:
        length = min(len(held[name]), rng.randint(60, 120))
        start = rng.randint(0, len(held[name]) - length)
        pieces[f"{name}_{start}"] = held[name][start : start + length]
    return pieces


def shuffled(residues: str, rng: random.Random) -> str:
    """Return the same residues in random order."""
    return "".join(rng.sample(residues, len(residues)))


def entropy(residues: str) -> float:
    """Return the bits a residue of a composition."""
    shares = [residues.count(letter) / len(residues) for letter in set(residues)]
    return -sum(share * math.log2(share) for share in shares)


@contextmanager
def collection(folder: Path, held: Mapping[str, str]) -> Iterator[nlsearch.Collection]:
    """Index proteins in `folder`, or open what is indexed there, for the time of the context."""
    place = folder / "proteins.nls"
    fasta = folder / "proteins.faa"
    if not place.exists():
        with nlsearch.Collection.open(place, create=True) as made:
            made.index([str(genomes.write_fasta(fasta, held))], jobs=1)
    with nlsearch.Collection.open(place) as opened:
        yield opened
