"""The rows of an alignment as lines of text, in blocks, each with the position of its first letter (1-based)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nlsearch.model import Json

__all__ = ["MOST_BLOCKS", "ROW", "row_lines"]

ROW = 60
MOST_BLOCKS = 20


def row_lines(evidence: Mapping[str, Json], *, translated: str = "") -> Iterator[str]:
    """Yield the lines of the best alignment of a verdict; nothing if it has no rows.

    Parameters
    ----------
    evidence : mapping
        With ``rows``, ``query`` and ``target``, 0-based and half-open.
    translated : {"", "query", "target"}
        Which side is nucleotides of a frame, and so counts three bases a letter.
    """
    rows = evidence.get("rows")
    if not rows:
        return
    query, target = rows["query"], rows["target"]
    frame, minus = int(evidence.get("frame") or 0), evidence.get("strand") == "-"
    q = _Counter(evidence["query"], translated == "query", frame < 0 if translated == "query" else minus and not frame)
    t = _Counter(evidence["target"], translated == "target", translated == "target" and frame < 0)
    midline = rows.get("midline") or "".join("|" if a == b else " " for a, b in zip(query, target, strict=True))
    for at in range(0, min(len(query), ROW * MOST_BLOCKS), ROW):
        block = slice(at, at + ROW)
        yield f"query  {q.first(query[block]):>9} {query[block]}"
        yield f"{'':>17}{midline[block]}"
        yield f"target {t.first(target[block]):>9} {target[block]}"
        yield ""
    if len(query) > ROW * MOST_BLOCKS:
        yield f"{len(query) - ROW * MOST_BLOCKS:,} more columns are not shown"


class _Counter:
    """Tells the position of the first letter of each block of a row."""

    def __init__(self, span: Json, by_three: bool, backwards: bool) -> None:
        self._step = (3 if by_three else 1) * (-1 if backwards else 1)
        self._next: int = span[1] if backwards else span[0] + 1

    def first(self, block: str) -> int:
        """Return it, and count the letters of the block."""
        found = self._next
        self._next += self._step * (len(block) - block.count("-"))
        return found
