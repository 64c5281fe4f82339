"""What a check of a collection finds wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a collection on disk.

    Parameters
    ----------
    path : str
        The file or folder concerned, absolute.
    what : str
        What is wrong with it, in one sentence.
    hint : str
        What can be done about it.
    """

    path: str
    what: str
    hint: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the problem as a JSON object."""
        return asdict(self)
