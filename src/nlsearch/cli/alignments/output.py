"""Writing alignments to a file or to standard output, and telling what could not be written so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, TextIO

from nlsearch.cli.alignments.aligned import Alignment, Query, Side, alignments_of
from nlsearch.cli.alignments.forms import Form
from nlsearch.cli.alignments.queries import of_record
from nlsearch.cli.outputfile import OutputFile
from nlsearch.cli.terminal import notice, one_line
from nlsearch.errors import QueryError

if TYPE_CHECKING:
    from nlsearch.model import Hit
    from nlsearch.search.examples import Answer

HELD_BYTES = 2**24
"""What is held in memory of lines that wait for their header."""
SHOWN_FAILURES = 10
_PIECE = 2**20


class AlignmentOutput:
    """Writes the alignments of hits in one format.

    Parameters
    ----------
    output : Path
        The file; ``-`` is `stream`.
    form : Form
    letters : callable
        Gives the letters of an item by its id.
    stream : text file
        Standard output.

    Raises
    ------
    NlsearchError
        If the file cannot be written; so do the methods.

    Attributes
    ----------
    written : int
        Hits with at least one line.
    """

    def __init__(self, output: Path, form: Form, letters: Callable[[str], str], stream: TextIO) -> None:
        self._form = form
        self._letters = letters
        self._file = OutputFile(output, stream)
        self._waiting: SpooledTemporaryFile[str] | None = None
        self._unwritten: Counter[str] = Counter()
        self._failures = 0
        self.written = 0
        if form.keeps_order:
            self._file.put(_text(form.head()))
        else:
            self._waiting = SpooledTemporaryFile(HELD_BYTES, "w+", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - it lives as long as this does

    def add(self, answer: Answer) -> None:
        """Write what a record of a file found; of one that could not be asked the reason is told."""
        if answer.error is not None:
            self._failures += 1
            if self._failures <= SHOWN_FAILURES:
                notice(one_line(f"{answer.id}: {answer.reason}"))
            return
        query = of_record(answer.title or answer.locator.lstrip("#"), answer.text)
        if not self.add_hits(answer.hits, lambda _operator, length: _sized(query, length)):
            self._put(self._form.without(query))

    def add_hits(self, hits: Sequence[Hit], query: Query, *, first: bool = True) -> bool:
        """Write the alignments of hits; return whether there was one.

        Parameters
        ----------
        hits : sequence of Hit
        query : Query
            Who asks.
        first : bool
            Whether these are the first hits of the query.
        """
        begun = not first
        for hit in hits:
            found = list(alignments_of(hit, query, self._letters))
            if not found:
                self._unwritten[f"hits of kind {hit.item.kind} without an alignment"] += 1
            fitting = [fit for fit in map(self._fit, found) if fit]
            for fit in fitting:
                self._put(self._form.lines(fit, first=not begun))
                begun = True
            self.written += bool(fitting)
        return begun

    def finish(self) -> None:
        """Write what waited, let the file appear, and say what was not written."""
        if self._waiting is not None:
            self._file.put(_text(self._form.head()))
            self._waiting.seek(0)
            while piece := self._waiting.read(_PIECE):
                self._file.put(piece)
            self._waiting.close()
        self._file.finish()
        if self._failures > SHOWN_FAILURES:
            notice(f"… and {self._failures - SHOWN_FAILURES:,} more records that could not be asked with")
        for line in self.unwritten():
            notice(f"not written: {line}")

    def unwritten(self) -> list[str]:
        """Say what has no line, and why."""
        return [f"{count:,} {reason}" for reason, count in self._unwritten.items()]

    def check(self, found: int) -> None:
        """Refuse an output that holds none of the `found` hits.

        Raises
        ------
        QueryError
        """
        if found and not self.written:
            hint = "operators that align sequences give alignments; --json writes hits of every kind"
            raise QueryError(f"nothing to write in this format: {'; '.join(self.unwritten())}", hint=hint)

    def discard(self) -> None:
        """Remove what was written and has not appeared."""
        if self._waiting is not None:
            self._waiting.close()
        self._file.discard()

    def _fit(self, alignments: Sequence[Alignment]) -> list[Alignment]:
        reasons = [self._form.unfit(one) for one in alignments]
        for reason in filter(None, reasons):
            self._unwritten[f"alignments: {reason}"] += 1
        return [one for one, reason in zip(alignments, reasons, strict=True) if not reason]

    def _put(self, lines: Iterable[str]) -> None:
        text = _text(lines)
        if self._waiting is not None:
            self._waiting.write(text)
        else:
            self._file.put(text)


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _sized(query: Side, length: int | None) -> Side:
    """Return the query with the length that the evidence tells, where its letters are not known."""
    return query if query.length or length is None else Side(query.id, length, query.letters)
