"""What was odd about a score: complaints of one sort are one warning, with their number and the first place."""

from __future__ import annotations

from nlsearch.handlers.textlines import shortened


class Complaints:
    """Complaints of a reader about one score."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, str]] = {}

    def add(self, what: str, bar: str = "", sample: str = "", count: int = 1) -> None:
        """Complain `count` times of `what`, in a bar or a line (``"bar 12"``), where the source says `sample`."""
        before = self._found.get(what)
        if before is not None:
            self._found[what] = (before[0] + count, before[1])
            return
        place = f" in {bar}" if bar else ""
        said = f" {shortened(sample)!r}" if sample else ""
        self._found[what] = (count, f"{place}{said}")

    def warnings(self) -> list[str]:
        """Return a warning for each sort of complaint, in the order in which they arose."""
        warnings = []
        for what, (count, first) in self._found.items():
            many = f"{count:,} times" if count > 1 else ""
            told = ", first".join(filter(None, [many, first])) if many else first.strip()
            warnings.append(f"{what}: {told}" if told else what)
        return warnings
