"""What reading a source gives, one outcome at a time: entries and skipped records, then done or failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from nlsearch.errors import InputError, NlsearchError
from nlsearch.model import Features, Json


@dataclass(frozen=True, slots=True, eq=False)
class SourceTask:
    """A source to be read.

    Parameters
    ----------
    description : mapping
        What :func:`nlsearch.sandbox.sources.open_description` opens; JSON-able.
    kind : str
        The kind whose handler reads it.
    token : object
        The caller's own; it comes back with every outcome and never leaves this process.
    """

    description: Mapping[str, Json]
    kind: str
    token: Any = None


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """One item: its place in the source and its features (``fields`` completed with ``name`` and ``warnings``)."""

    kind: str
    number: int
    locator: str
    title: str
    features: Features


@dataclass(frozen=True, slots=True)
class SkippedRecord:
    """A record that gave no item, with its reason and the ``code`` of :mod:`nlsearch.errors`."""

    number: int
    locator: str
    reason: str
    code: str


@dataclass(frozen=True, slots=True)
class Done:
    """The whole source was read; `entries` and `skipped` count what came before."""

    entries: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The source could not be read, or not to its end.

    Outcomes that came before stand for themselves.  They are worth keeping if :attr:`readable` (an SDF cut in the
    middle keeps its earlier records); after a crash or a timeout nothing is known about them.
    """

    error: NlsearchError

    @property
    def code(self) -> str:
        """The machine-readable code of the error."""
        return self.error.code

    @property
    def reason(self) -> str:
        """What happened, and what can be done about it."""
        return f"{self.error.message} ({self.error.hint})" if self.error.hint else self.error.message

    @property
    def readable(self) -> bool:
        """True if the content is to blame (``InputError``), so that the outcomes before are sound."""
        return isinstance(self.error, InputError)


Outcome: TypeAlias = ReadEntry | SkippedRecord | Done | Failed
