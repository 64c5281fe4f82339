"""What the readers of this kind give: a record, or a feature that is annotated on one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.nucleotide.sequence import Packed


@dataclass(frozen=True, slots=True)
class Place:
    """A named stretch of a record: 0-based half-open on its forward strand."""

    start: int
    end: int
    name: str


@dataclass(slots=True)
class Record:
    """A sequence record.

    Parameters
    ----------
    name : str
        The FASTA id, or accession and version.
    sequence : Packed
    description : str
    accessions : list of str
        With version first, then without; empty if the name is not an accession.
    organism, lineage, molecule, topology : str
        ``""`` where unknown; topology is ``"linear"`` or ``"circular"``.
    text : list of str
        Further words: keywords, comments, titles of references.
    places : list of Place
        Its named features, ascending by start.
    sketch : ndarray of uint64, optional
        Its hashes (:mod:`sketching`), once they are made.
    """

    name: str
    sequence: Packed
    description: str = ""
    accessions: list[str] = field(default_factory=list)
    organism: str = ""
    lineage: str = ""
    molecule: str = ""
    topology: str = ""
    text: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    sketch: NDArray[np.uint64] | None = None


@dataclass(slots=True)
class Whole:
    """A file of several records, as one item; ``molecule`` and ``organism`` are ``""`` unless all records agree."""

    name: str
    records: int
    bases: int
    sketch: NDArray[np.uint64]
    digest: bytes
    organism: str = ""
    molecule: str = ""
    places: list[Place] = field(default_factory=list)


@dataclass(slots=True)
class Annotation:
    """A feature of a record.

    Parameters
    ----------
    type : str
        As the file names it: ``gene``, ``CDS``, ``rRNA``.
    name : str
        Gene, locus tag or product, else the type.
    location : str
        In INSDC notation, 1-based and closed: ``complement(join(1..10,20..30))``.
    strand : str
        ``"+"``, ``"-"`` or ``"both"``.
    parts : list of (int, int, str)
        ``(start, end, strand)`` of each part, 0-based half-open, in the order of the feature.
    qualifiers : dict of str to list of str
    sequence : Packed or None
        The feature's own sequence, spliced and in its own direction; None if it is too long to keep or not here.
    record : Record
        The record that carries it (its sequence is not used).
    """

    type: str
    name: str
    location: str
    strand: str
    parts: list[tuple[int, int, str]]
    qualifiers: dict[str, list[str]]
    sequence: Packed | None
    record: Record
    record_length: int = 0
