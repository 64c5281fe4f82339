"""Counts of what a reader met in a score: notes, bars, and what was odd, with the first place of each."""

from __future__ import annotations

from nlsearch.handlers.score.formats.counting import Count
from nlsearch.handlers.score.notation import Score
from nlsearch.limits import Limits


class Tally(Count):
    """Counts while a score is read.

    Parameters
    ----------
    limits : Limits
        ``score_notes`` caps the notes, and the bars of all parts.
    """

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self._odd: dict[str, tuple[int, str]] = {}

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
