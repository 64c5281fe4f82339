"""The options of searching by similarity of residues, which both handlers of sequences declare and read in one way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nlsearch.declarations import Option
from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.limits import Limits, how_to_raise
from nlsearch.model import Scalar

__all__ = ["CODE", "COMPOSITION", "EVALUE", "IDENTITY", "LEAST", "MATRIX", "SCORE", "Similarity", "counted"]

SCORE = "identity (matches / columns) × coverage (share of the query that is aligned) of the best local alignment"
MATRIX = Option(
    "matrix",
    "text",
    "scores of pairs of residues; gap costs are blastp's for it",
    default="BLOSUM62",
    choices=("BLOSUM45", "BLOSUM50", "BLOSUM62", "BLOSUM80", "BLOSUM90", "PAM30", "PAM70", "PAM250"),
)
EVALUE = Option("evalue", "float", "highest E-value; copies of the whole query are found whatever it is", default=1e-3)
IDENTITY = Option("identity", "float", "least identity, 0 to 1", default=0.0)
COMPOSITION = Option(
    "composition",
    "boolean",
    "an alignment of stretches of biased composition is worth less, and its E-value then has to be low enough too",
    default=True,
)
CODE = Option("code", "integer", "NCBI's number of the genetic code", default=1)
LEAST = 1e-5
"""Scores below are no hits; the least of a hit is one match in a chain, far above for all that passes."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """What is asked of alignments, from the options of a query."""

    matrix: str
    evalue: float
    identity: float
    composition: bool

    @classmethod
    def of(cls, options: Mapping[str, Scalar], longest: int, limits: Limits) -> Similarity:
        """Read the options; `longest` is the length of the longest chain that is looked for.

        Raises
        ------
        QuerySyntax
            If one is out of range.
        QueryTooCostly
            If the chain is over the cap ``query_residues``.
        """
        matrix = str(options.get("matrix", MATRIX.default))
        evalue, identity = float(options.get("evalue", 1e-3)), float(options.get("identity", 0.0))
        if longest > limits.query_residues:
            raise QueryTooCostly(
                f"a chain of {longest:,} residues is over the cap query_residues = {limits.query_residues:,}",
                hint=how_to_raise("query_residues"),
            )
        if not 0.0 < evalue < 1e9:
            raise QuerySyntax(f"evalue is a number above 0, not {evalue:g}")
        if not 0.0 <= identity <= 1.0:
            raise QuerySyntax(f"identity is a share from 0 to 1, not {identity:g}")
        return cls(matrix, evalue, identity, bool(options.get("composition", True)))

    @property
    def said(self) -> list[str]:
        """How that is read."""
        from nlsearch.handlers.sequences.statistics import GAPS

        opened, extended = GAPS[self.matrix]
        said = [f"{self.matrix} with gaps {opened}/{extended}", f"E-value ≤ {self.evalue:g}, or the whole chain"]
        said += [] if self.composition else ["whatever the composition"]
        return said + ([f"identity ≥ {self.identity:g}"] if self.identity else [])


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
