"""A file of results that appears under its name when it is complete, and replaces the one that was there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from nlsearch.cli.terminal import cannot_write
from nlsearch.errors import QueryError


class OutputFile:
    """Writes text to a file, or to a stream that is there.

    Parameters
    ----------
    output : Path
        The file; ``-`` is `stream`.
    stream : text file
        Standard output.

    Raises
    ------
    NlsearchError
        If the file cannot be written; so do the methods.
    """

    def __init__(self, output: Path, stream: TextIO) -> None:
        self._target = None if str(output) == "-" else output.resolve()
        self._shown = output
        self._file = stream
        self._begun: Path | None = None
        if self._target is not None:
            self._begin(self._target)

    @property
    def encoding(self) -> str:
        """The name of the encoding, in lower case."""
        return (self._file.encoding or "").lower()

    def put(self, text: str) -> None:
        """Write a text in one piece."""
        try:
            self._file.write(text)
        except BrokenPipeError:
            raise
        except OSError as exc:
            raise cannot_write(self._shown, exc) from exc

    def finish(self) -> None:
        """Let what was written appear."""
        try:
            self._file.flush()
            if self._begun is not None and self._target is not None:
                self._file.close()
                self._begun.replace(self._target)
                self._begun = None
        except BrokenPipeError:
            raise
        except OSError as exc:
            raise cannot_write(self._shown, exc) from exc

    def discard(self) -> None:
        """Remove what was written and has not appeared."""
        if self._begun is not None:
            with suppress(OSError):
                self._file.close()
                self._begun.unlink()

    def _begin(self, target: Path) -> None:
        if target.exists() and not target.is_file():
            raise QueryError(f"{self._shown} is no file", hint="-o - writes to standard output")
        self._begun = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            self._file = self._begun.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as exc:
            self._begun = None
            raise cannot_write(self._shown, exc) from exc
