"""What an indexing run did, and how far it is.

Counting: every source that was read is *added* (new) or *changed* (known, and read again); every record of it is an
item or a failure.  A source that was known and not read again is *unchanged*, also when it had failed.  Archives are
not counted, their members are; an archive that cannot be listed counts as one source with one failure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nlsearch.model import Failure


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    sources_done : int
        Files on disk that are settled; an archive is one, however many members it has.
    sources_total : int
        Files on disk that were found.
    items, failures : int
        So far.
    seconds : float
        Since the start.
    current : str
        The path that was read last.
    """

    sources_done: int
    sources_total: int
    items: int
    failures: int
    seconds: float
    current: str


@dataclass(slots=True)
class Report:
    """What a run did; see the module's docstring for how it counts.

    Parameters
    ----------
    items : int
        Items of the sources that were read.
    added, changed, unchanged, removed : int
        Sources.
    failures : list of Failure
        Of the sources that were read.
    seconds : float
        Wall clock.
    generation : int
        Of the catalog, after the run.
    """

    items: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0
    generation: int = 0

    @property
    def sources(self) -> int:
        """Sources that were read."""
        return self.added + self.changed
