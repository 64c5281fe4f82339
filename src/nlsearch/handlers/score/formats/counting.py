"""The cap on the notes of one score, counted over all its voices while it is read."""

from __future__ import annotations

from nlsearch.limits import Limits


class Count:
    """Notes and bars of a score so far; of each there may be ``score_notes``."""

    def __init__(self, limits: Limits) -> None:
        self.notes = 0
        self.bars = 0
        self._limits = limits
        self._most = limits.score_notes

    def note(self) -> None:
        """Count a note.

        Raises
        ------
        LimitExceeded
            If it is one too many.
        """
        self.notes += 1
        if self.notes > self._most:
            self._limits.check("score_notes", self.notes)

    def bar(self) -> None:
        """Count a bar.

        Raises
        ------
        LimitExceeded
            If it is one too many.
        """
        self.bars += 1
        if self.bars > self._most:
            self._limits.check("score_notes", self.bars)
