"""What the readers of sequences give: records of nucleotides and of proteins, and what is annotated on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nlsearch.handlers.sequences.packed import Packed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NUCLEOTIDE, PROTEIN = "nucleotide", "protein"
"""The kinds of the items."""
KEPT_BASES = 100_000
"""Features longer than this keep their place only."""


@dataclass(frozen=True, slots=True)
class Place:
    """A named stretch of a record: 0-based half-open on its forward strand; its strand, ``""`` where it has none."""

    start: int
    end: int
    name: str
    strand: str = ""


@dataclass(slots=True)
class Record:
    """A record of nucleotides.

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
    measured : dict of str to float
        Further numbers, by the fields of the kind: qualities of a read.
    encoding : str
        How the qualities of a read are written.
    sketch : ndarray of uint64, optional
        The hashes by which genomes are compared, once they are made.
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
    measured: dict[str, float] = field(default_factory=dict)
    encoding: str = ""
    sketch: NDArray[np.uint64] | None = None


@dataclass(slots=True)
class Annotation:
    """A feature of a record of nucleotides.

    Parameters
    ----------
    type : str
        As the file names it: ``gene``, ``CDS``, ``rRNA``.
    name : str
        Gene, locus tag or product, else the type.
    location : str
        In INSDC notation, 1-based and closed: ``complement(join(1..10,20..30))``.
    strand : str
        ``"+"``, ``"-"`` or ``"both"``; ``""`` where the file does not say.
    parts : list of (int, int, str)
        ``(start, end, strand)`` of each part, 0-based half-open, in the order of the feature.
    qualifiers : dict of str to list of str
    sequence : Packed or None
        The feature's own sequence, spliced and in its own direction; None if it is too long to keep or not here.
    record : Record
        The record that carries it (its sequence is not used).
    record_length : int
        Bases of that record; 0 where unknown.
    protein_digest : bytes
        Digest of the protein that it is translated to; ``b""`` if it is not.
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
    protein_digest: bytes = b""


@dataclass(slots=True)
class Chain:
    """A record of a protein.

    Parameters
    ----------
    name : str
        The FASTA id, the accession and version, or UniProt's primary accession.
    residues : bytes
        Upper-case letters.
    description : str
        The recommended name, the definition line or the product.
    accessions : list of str
        As in :class:`Record`; UniProt's secondary ones too.
    known : dict of str to list of str
        Values by the fields of the kind: ``gene``, ``gene_synonym``, ``locus_tag``, ``organism``, ``lineage``,
        ``taxid``, ``ec``, ``go``, ``db_xref``, ``keywords``, ``protein_id``, ``existence`` and others.
    text : list of str
        Further words: comments, titles of references.
    places : list of Place
        Its named features, ascending by start.
    is_reviewed : bool or None
        Whether people have looked at the record, where it says so.
    """

    name: str
    residues: bytes
    description: str = ""
    accessions: list[str] = field(default_factory=list)
    known: dict[str, list[str]] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    is_reviewed: bool | None = None


@dataclass(slots=True)
class ChainFeature:
    """A feature of a record of a protein: a domain, a site, a mature chain.

    Parameters
    ----------
    type : str
        In UniProt's words (``"signal peptide"``) or as a GenPept file names it (``"Region"``).
    name : str
        What the file calls it, else the type.
    location : str
        In INSDC notation, 1-based and closed.
    parts : list of (int, int)
        0-based half-open.
    record : Chain
        The record that carries it.
    known : dict of str to list of str
        Values by the fields of the kind that are the feature's own.
    text : list of str
        Further words.
    feature_id : str
        The id that its database gives it; ``""`` if none.
    """

    type: str
    name: str
    location: str
    parts: list[tuple[int, int]]
    record: Chain
    known: dict[str, list[str]] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)
    feature_id: str = ""

    @property
    def residues(self) -> bytes:
        """The feature's own residues; ``b""`` where its place is not known."""
        return b"".join(self.record.residues[start:end] for start, end in self.parts)
