"""The best alignments of a page, below its table on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nlsearch.cli.alignments.aligned import alignments_of
from nlsearch.cli.alignments.pairwise import POSITIONS, lines
from nlsearch.cli.alignments.queries import QueryTexts, item_letters

if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.model import Hit
    from nlsearch.query.syntax import Node

SHOWN_ALIGNMENTS = 5
"""Hits of a page whose alignments are shown."""
SHOWN_BLOCKS = 3
"""Blocks of an alignment that are shown."""


def best_alignments(hits: Sequence[Hit], first: int, collection: Collection, node: Node) -> Iterator[str]:
    """Yield the best alignment of each of the first hits, as lines.

    Parameters
    ----------
    hits : sequence of Hit
    first : int
        The number of the first of them.
    collection : Collection
    node : Node
        The query.
    """
    queries, letters = QueryTexts(collection, node), item_letters(collection)
    aligned = [(number, hit) for number, hit in enumerate(hits, first) if "cigar" in hit.evidence]
    yield f"Best alignments ({POSITIONS})"
    for number, hit in aligned[:SHOWN_ALIGNMENTS]:
        for alignments in alignments_of(hit, queries, letters):
            yield f"{number}  {hit.item.title}"
            yield from lines(alignments[0], SHOWN_BLOCKS)
    if len(aligned) > SHOWN_ALIGNMENTS:
        yield f"… of {len(aligned) - SHOWN_ALIGNMENTS:,} more hits: --format pairwise shows all"
