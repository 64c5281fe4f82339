"""``tblastn``: a protein beside the six translated frames of every record.

How it is found
---------------
Every diagonal of every frame is scored without gaps; around each place where that score is high enough, a window is
compared with gaps (Smith-Waterman).  What has no such place, or reaches beyond its window by gaps alone, may be missed:
the answer is sound.  A copy of the whole protein is never missed: it has such a place, or, where the protein is too
short for that, is looked for letter by letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nlsearch.handlers.nucleotide.facts import RECORD_TYPE
from nlsearch.handlers.sequences.aminoacids import looks_like_bases, parse_query
from nlsearch.handlers.sequences.codes import FRAMES, genetic_code
from nlsearch.handlers.sequences.matrices import scheme_of
from nlsearch.handlers.sequences.similarity import LEAST, Similarity, counted
from nlsearch.handlers.sequences.sought import Bounds, Sought, enough_ungapped
from nlsearch.handlers.sequences.translation import codon_residues
from nlsearch.limits import Limits
from nlsearch.model import AllOf, Exact, Extent, Probe, Scalar, Scan

if TYPE_CHECKING:
    from numpy.typing import NDArray

CODON = 3
LOWEST_TRIGGER = 28
"""Proteins of which a copy scores less are looked for letter by letter: chance gives too many places of that score."""
_STRANDS = {"both": "six frames", "+": "three forward frames", "-": "three reverse frames"}


def compile_tblastn(text: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile the operator ``tblastn``.

    Raises
    ------
    QuerySyntax
        If the value is no protein, an option is out of range, or there is no such genetic code.
    QueryTooCostly
        If the protein is over the cap ``query_residues``.
    """
    number, name = genetic_code(options)
    codes = parse_query(text)
    asked, strand = Similarity.of(options, len(codes), limits), str(options.get("strand", "both"))
    said = [counted(len(codes), "residue")]
    if looks_like_bases(codes):
        said.append("which read as nucleotides: dna searches them as they are")
    said += [f"{_STRANDS[strand]} of the records by genetic code {number} ({name})", *asked.said]
    facts: dict[str, Any] = {
        "protein": codes,
        "code": number,
        "strand": strand,
        "matrix": asked.matrix,
        "evalue": asked.evalue,
        "identity": asked.identity,
        "composition": asked.composition,
    }
    ask = AllOf((Exact("feature", RECORD_TYPE), Scan(scored=True)))
    return Probe("nucleotide", "tblastn", ", ".join(said), ask, facts, "sound", minimum=LEAST, exact_floor=1.0)


class AskedProtein:
    """A protein that is looked for in translated records, as its probe says.

    Parameters
    ----------
    facts : dict
        ``Probe.verification``: protein, code, strand, matrix, evalue, identity, composition.
    searched : Extent, optional
        What there is to search, in bases; without it each record stands for itself.
    """

    def __init__(self, facts: dict[str, Any], searched: Extent | None) -> None:
        self.chain = Sought(facts["protein"], 0, scheme_of(facts["matrix"]))
        self.table = codon_residues(facts["code"])
        strand = facts["strand"]
        self.frames = tuple(frame for frame in FRAMES if strand == "both" or (frame > 0) == (strand == "+"))
        self.composition: bool = facts["composition"]
        self.searched = searched
        self.places: dict[bytes, NDArray[Any]] = {}
        """The good places of records that were scored, by the digests of their sequences."""
        self._evalue: float = facts["evalue"]
        self._identity: float = facts["identity"]
        self._known = None if searched is None else self._bounds(searched)

    def bounds(self, bases: int) -> Bounds:
        """Return when an alignment counts, in a record of so many bases; ``enough`` is the trigger of places."""
        return self._known or self._bounds(Extent(bases, 1))

    def _bounds(self, extent: Extent) -> Bounds:
        """Return that for all there is to search: a third of the bases are residues, as tblastn counts."""
        chain, scheme = self.chain, self.chain.scheme
        space = chain.space(Extent(extent.total // CODON, extent.items))
        least = scheme.gapped.least_score(self._evalue, space)
        enough = enough_ungapped(scheme, least)
        if LOWEST_TRIGGER <= chain.least_of_copy < enough:
            enough = chain.least_of_copy
        return Bounds(space, least, enough, self._identity, self.composition)
