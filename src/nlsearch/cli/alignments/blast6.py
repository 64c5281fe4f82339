"""BLAST's table (``-outfmt 6``): one line an alignment, columns by their names.

Conventions
-----------
Positions are 1-based and closed.  The query reads forward, and on the minus strand ``sstart`` > ``send``; of a
translated query in a negative frame ``qstart`` > ``qend``.  ``N/A`` stands for what is not known.  Coverage of a
translated query counts its nucleotides.

References
----------
Camacho et al., BMC Bioinformatics 2009 10:421; the columns are those of ``blastn -help``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from nlsearch.cli.alignments.aligned import Alignment
from nlsearch.cli.alignments.numbers import UNKNOWN, bits_text, coverage, covered, evalue_text

STANDARD = (
    "qseqid", "sseqid", "pident", "length", "mismatch", "gapopen", "qstart", "qend", "sstart", "send", "evalue",
    "bitscore",
)  # fmt: skip
"""The columns without any being named."""


def lines(alignments: Sequence[Alignment], columns: Sequence[str] = STANDARD) -> Iterator[str]:
    """Yield the lines of one query and one item."""
    for one in alignments:
        yield "\t".join(_share(one, alignments) if name == "qcovs" else COLUMNS[name][0](one) for name in columns)


def query_ends(one: Alignment) -> tuple[int, int]:
    """Return the first and the last position of the query, in the direction of the rows."""
    first, last = one.q_start + 1, one.q_end
    return (last, first) if one.translated == "query" and one.frame < 0 else (first, last)


def target_ends(one: Alignment) -> tuple[int, int]:
    """Return the first and the last position of the target, in the direction of the rows."""
    first, last = one.t_start + 1, one.t_end
    backward = one.frame < 0 if one.translated == "target" else one.backward
    return (last, first) if backward else (first, last)


def _known(value: object) -> str:
    return UNKNOWN if value in {None, ""} else str(value)


def _strand(one: Alignment) -> str:
    return UNKNOWN if one.is_protein or not one.strand else "minus" if one.strand == "-" else "plus"


def _frame(one: Alignment, side: str) -> str:
    """Return the frame of a side as BLAST does: 0 beside a translated one, 1 without any, −1 on the minus strand."""
    if one.frame:
        return str(one.frame if one.translated == side else 0)
    return "-1" if side == "target" and one.backward else "1"


def _share(one: Alignment, alignments: Sequence[Alignment]) -> str:
    if not one.query.length:
        return UNKNOWN
    return str(coverage(covered([(each.q_start, each.q_end) for each in alignments]), one.query.length))


def _row(one: Alignment, side: int) -> str:
    return UNKNOWN if one.rows is None else one.rows[side]


def btop(one: Alignment) -> str:
    """Return BLAST's trace-back operations: numbers of matches, and the two letters of every other column."""
    if one.rows is None:
        return UNKNOWN
    query, target = one.rows
    said, at = [], 0
    for length, operation in one.runs:
        if operation == "=":
            said.append(str(length))
        else:
            said.extend(q + t for q, t in zip(query[at : at + length], target[at : at + length], strict=True))
        at += length
    return "".join(said)


COLUMNS: Mapping[str, tuple[Callable[[Alignment], str], str]] = {
    "qseqid": (lambda one: one.query.id, "id of the query"),
    "sseqid": (lambda one: one.target.id, "id of the item"),
    "pident": (lambda one: f"{100 * one.identity:.3f}", "identical columns, percent"),
    "length": (lambda one: str(one.columns), "columns"),
    "mismatch": (lambda one: str(one.total("X")), "columns of different letters"),
    "gapopen": (lambda one: str(one.gap_openings), "gaps"),
    "qstart": (lambda one: str(query_ends(one)[0]), "first position of the query"),
    "qend": (lambda one: str(query_ends(one)[1]), "last position of the query"),
    "sstart": (lambda one: str(target_ends(one)[0]), "first position of the item"),
    "send": (lambda one: str(target_ends(one)[1]), "last position of the item"),
    "evalue": (lambda one: evalue_text(one.evalue), "E-value"),
    "bitscore": (lambda one: bits_text(one.bit_score), "bit score"),
    "qlen": (lambda one: _known(one.query.length), "length of the query"),
    "slen": (lambda one: _known(one.target.length), "length of the item"),
    "qcovs": (lambda one: _share(one, [one]), "query covered by all alignments with the item, percent"),
    "qcovhsp": (lambda one: _share(one, [one]), "query covered by this alignment, percent"),
    "nident": (lambda one: str(one.total("=")), "identical columns"),
    "positive": (lambda one: _known(one.positives), "columns that score more than nothing"),
    "gaps": (lambda one: str(one.total("ID")), "gap columns"),
    "qframe": (lambda one: _frame(one, "query"), "reading frame of the query"),
    "sframe": (lambda one: _frame(one, "target"), "reading frame of the item; -1 on the minus strand"),
    "sstrand": (_strand, "strand of the item"),
    "btop": (btop, "trace-back operations"),
    "stitle": (lambda one: _known(" ".join(one.target.title.split())), "description of the item"),
    "qseq": (lambda one: _row(one, 0), "row of the query, with gaps"),
    "sseq": (lambda one: _row(one, 1), "row of the item, with gaps"),
    "item": (lambda one: one.target.item, "the item's id in the collection (not BLAST's)"),
}
"""By name what to print and what it is."""
