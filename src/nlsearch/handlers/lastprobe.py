"""What follows from a probe alone, kept for the next item: a page verifies many items with one probe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from nlsearch.model import Probe

Opened = TypeVar("Opened")


class LastProbe(Generic[Opened]):
    """Keeps what the last probe was opened as.

    Several threads may ask: each gets what its own probe says, and at worst a probe is opened again.

    Parameters
    ----------
    open_probe : callable
        Works out what follows from a probe.
    """

    def __init__(self, open_probe: Callable[[Probe], Opened]) -> None:
        self._open = open_probe
        self._last: tuple[Probe, Opened] | None = None

    def opened(self, probe: Probe) -> Opened:
        """Return what follows from a probe; of the last one that is known."""
        last = self._last  # read and set at once
        if last is None or last[0] is not probe:
            last = self._last = (probe, self._open(probe))
        return last[1]
