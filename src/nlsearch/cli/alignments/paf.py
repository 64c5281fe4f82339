"""PAF, the Pairwise mApping Format of minimap2 (Li, Bioinformatics 2018 34:3094).

Conventions
-----------
Positions are 0-based and half-open on the forward strand of both.  Mapping quality is 255: not known.  Tags: ``NM:i``
mismatches and gap columns, ``AS:i`` the score, ``cg:Z`` the CIGAR along the target's forward strand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nlsearch.cli.alignments.aligned import Alignment, cigar_of

UNKNOWN_QUALITY = 255


def unfit(one: Alignment) -> str:
    """Say why an alignment has no such line, ``""`` if it has one."""
    if one.frame:
        return "translated alignments are not written so"
    return "the lengths of query and item are not known" if not (one.query.length and one.target.length) else ""


def lines(alignments: Sequence[Alignment]) -> Iterator[str]:
    """Yield the lines of one query and one item."""
    for one in alignments:
        yield "\t".join(map(str, (
            one.query.id, one.query.length, one.q_start, one.q_end, one.strand or "+",
            one.target.id, one.target.length, one.t_start, one.t_end,
            one.total("="), one.columns, UNKNOWN_QUALITY, *tags(one), f"cg:Z:{cigar_of(one.forward_runs)}",
        )))  # fmt: skip


def tags(one: Alignment) -> list[str]:
    """Return the tags of errors and score that PAF and SAM share; ``AS`` is in bits where no raw score is known."""
    score = one.raw_score
    if score is None and one.bit_score is not None:
        score = round(one.bit_score)
    return [f"NM:i:{one.total('XID')}", *([] if score is None else [f"AS:i:{score}"])]
