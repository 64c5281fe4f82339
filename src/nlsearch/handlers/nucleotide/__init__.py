"""Nucleotide sequences: records of FASTA, GenBank, EMBL and others, and their features, searched on both strands.

Goal: every record that holds a sequence is found, with the alignment that proves it; every annotated feature is found
by its own words.

References
----------
Closed syncmers: Edgar, PeerJ 2021 9:e10805.  Alignment: Šošić & Šikić, Bioinformatics 2017 33:1394.  Chance of a local
match: Karlin & Altschul, PNAS 1990 87:2264.  Ambiguous letters: Cornish-Bowden, Nucleic Acids Res 1985 13:3021.
Digests: GA4GH refget.

Conventions
-----------
Positions are 0-based and half-open on the forward strand of query and target, except ``location`` fields, which are
INSDC's, 1-based and closed.  For the minus strand the alignment (CIGAR, rows) runs along the target's forward strand.
``dna`` finds records; features carry their own sequence for ``like`` and drawing, and no seeds.  Of a record that says
it is circular, two parts of a match that meet at its origin are one, which ends beyond the last letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Buffer, Field, Format, Operator, Source, Space
from nlsearch.handlers.lastprobe import LastProbe
from nlsearch.handlers.nucleotide.facts import FIELDS, FORMATS, OPERATORS, SPACES
from nlsearch.limits import Limits
from nlsearch.model import (
    Anchors,
    Features,
    Picture,
    Probe,
    RawItem,
    Refined,
    Region,
    Scalar,
    Skipped,
    Verdict,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nlsearch.handlers.nucleotide.asked import Asked
    from nlsearch.handlers.nucleotide.translated import AskedProtein


class NucleotideHandler:
    """The kind ``nucleotide``; see :class:`~nlsearch.handlers.contract.Handler` for what the members mean."""

    kind = "nucleotide"
    version = 7
    formats: tuple[Format, ...] = FORMATS
    fields: tuple[Field, ...] = FIELDS
    operators: tuple[Operator, ...] = OPERATORS
    spaces: tuple[Space, ...] = SPACES
    requires = ("Bio", "edlib")
    yields = ("protein",)

    def __init__(self) -> None:
        self.limits = Limits()
        self._asked = LastProbe(_asked)
        self._protein = LastProbe(_asked_protein)

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
        """Yield the records of `source`, and after each annotated record its features; proteins as kind ``protein``.

        Raises
        ------
        MalformedContent
            If the file is not what it seems.
        """
        from nlsearch.handlers.nucleotide.read import read_records

        return read_records(source, limits)

    def features(self, item: RawItem) -> Features:
        """Return words, fields, seeds (records only) and payload."""
        from nlsearch.handlers.nucleotide.features import features_of

        return features_of(item)

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Compile an operator of a text, or ``like`` of a file or of the payload of an indexed item.

        Raises
        ------
        QuerySyntax
            If the value is no nucleotide sequence.
        InputError
            If the example file does not read, or holds no sequence.
        """
        from nlsearch.handlers.nucleotide import compile as compiling
        from nlsearch.handlers.nucleotide import genomes

        if isinstance(value, str):
            return self._of_text(operator, value, options)
        if options.get("method") != "alignment":
            genome = (
                genomes.genome_of_payload(bytes(value))
                if isinstance(value, bytes | memoryview)
                else genomes.genome_of_file(value.name, self.read(value, self.limits))
            )
            if genomes.by_containment(genome, options):
                return genomes.compile_containment(genome, options)
        if isinstance(value, bytes | memoryview):
            return compiling.compile_like(*compiling.example_of_payload(bytes(value)), options, self.limits)
        own = (item for item in self.read(value, self.limits) if isinstance(item, RawItem) and item.kind is None)
        return compiling.compile_like(*compiling.first_record(own), options, self.limits)

    def _of_text(self, operator: str, value: str, options: Mapping[str, Scalar]) -> Probe:
        if operator == "dna":
            from nlsearch.handlers.nucleotide.compile import compile_dna

            return compile_dna(value, options, self.limits)
        if operator == "tblastn":
            from nlsearch.handlers.nucleotide.translated import compile_tblastn

            return compile_tblastn(value, options, self.limits)
        if operator == "iupac":
            from nlsearch.handlers.nucleotide.motifs import compile_motif

            return compile_motif(value, options)
        if operator == "region":
            from nlsearch.handlers.nucleotide.regions import compile_region

            return compile_region(value)
        raise QuerySyntax(f"{operator} wants a file or the id of an item")

    def compile_named(
        self, operator: str, value: str, payloads: Sequence[Buffer], options: Mapping[str, Scalar]
    ) -> Probe:
        """Compile ``near`` for the features that its value names."""
        del operator
        from nlsearch.handlers.nucleotide.nearness import compile_near

        return compile_near(value, payloads, options)

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:
        """Decide whether the record matches, and where; see :mod:`nlsearch.handlers.nucleotide.verify`."""
        from nlsearch.handlers.nucleotide.payload import Target
        from nlsearch.handlers.nucleotide.verify import verify

        if probe.verification.get("method") == "containment":
            from nlsearch.handlers.nucleotide.genomes import verify_containment

            return verify_containment(probe, payload)
        if probe.operator == "iupac":
            from nlsearch.handlers.nucleotide.motifs import verify_motif

            return verify_motif(probe, Target(payload), self.limits)
        if probe.operator == "region":
            from nlsearch.handlers.nucleotide.regions import verify_region

            return verify_region(probe, Target(payload))
        if probe.operator == "near":
            from nlsearch.handlers.nucleotide.nearness import verify_near

            return verify_near(probe, Target(payload), self.limits)
        if probe.operator == "tblastn":
            from nlsearch.handlers.nucleotide.translatedverify import verify_translated

            return verify_translated(self._protein.opened(probe), Target(payload), self.limits)
        return verify(self._asked.opened(probe), Target(payload), regions, self.limits)

    def refine(self, probe: Probe, payloads: list[bytes | memoryview], anchors: Anchors) -> Refined:
        """Extend single seeds to alignments; see :mod:`nlsearch.handlers.nucleotide.similar`."""
        from nlsearch.handlers.nucleotide.similar import refine

        return refine(self._asked.opened(probe), payloads, anchors)

    def scores(self, probe: Probe, payloads: list[bytes | memoryview]) -> NDArray[np.float32] | None:
        """Return the scores of records beside a genome or a protein; None for what is found by seeds."""
        if probe.operator == "tblastn":
            from nlsearch.handlers.nucleotide.translatedscores import scores_of

            return scores_of(self._protein.opened(probe), payloads, self.limits.verify_matches)
        if probe.verification.get("method") != "containment":
            return None
        from nlsearch.handlers.nucleotide.genomes import containment_scores

        return containment_scores(probe, payloads)

    def spell(self, payload: Buffer) -> str:
        """Return the letters of a record or feature, ``""`` if it has no sequence of its own."""
        from nlsearch.handlers.nucleotide.payload import Target
        from nlsearch.handlers.sequences.bases import letters

        target = Target(payload)
        return letters(target.codes(0, target.length)) if target.has_sequence else ""

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw a map of the record around the match, with its features, and the rows of the best alignment, as SVG."""
        from nlsearch.handlers.nucleotide.draw import draw

        return draw(payload, verdict)


def _asked(probe: Probe) -> Asked:
    from nlsearch.handlers.nucleotide.asked import Asked

    return Asked(probe.verification, probe.searched)


def _asked_protein(probe: Probe) -> AskedProtein:
    from nlsearch.handlers.nucleotide.translated import AskedProtein

    return AskedProtein(probe.verification, probe.searched)
