"""Counts of what a reader met in a score: notes, bars, and what was odd, with the first place of each."""

from __future__ import annotations

from nlsearch.handlers.score.notation import Score
from nlsearch.limits import Limits


class Tally:
    """Counts while a score is read.

    Parameters
    ----------
    limits : Limits
        ``score_notes`` caps the notes, and the bars of all parts.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._most = limits.score_notes
        self._odd: dict[str, tuple[int, str]] = {}
        self.notes = self.bars = 0

    def note(self) -> None:
        """Count a note.

        Raises
        ------
        LimitExceeded
            If there are more than the cap ``score_notes``.
        """
        self.notes += 1
        if self.notes > self._most:
            self._limits.check("score_notes", self.notes)

    def bar(self) -> None:
        """Count a bar of a part, as a note is counted."""
        self.bars += 1
        if self.bars > self._most:
            self._limits.check("score_notes", self.bars)

    def warn(self, what: str, label: str) -> None:
        """Count something odd in the bar called `label`."""
        count, first = self._odd.get(what, (0, label))
        self._odd[what] = (count + 1, first)

    def tell(self, score: Score) -> None:
        """Give a score its warnings."""
        for what, (count, label) in self._odd.items():
            places = f"in bar {label}" if count == 1 else f"{count:,} times, first in bar {label}"
            score.warnings.append(f"{what} ({places})")
        if not self.notes:
            score.warnings.append(
                "the score has harmonies and no notes" if score.harmonies else "the score has no notes"
            )
