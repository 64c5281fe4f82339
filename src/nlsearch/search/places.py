"""Where candidates may match, as a handler said it by rows of what it was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nlsearch.model import Region


class RegionsOfKeys(Mapping[int, list[Region]]):
    """The regions of candidates by key; made when they are asked for, as few of many candidates are looked at.

    Parameters
    ----------
    keys, rows : sequence of int
        Candidates, and the row of each in `regions`; parallel.
    regions : mapping of int to list of Region
        By row.
    """

    def __init__(self, keys: Sequence[int], rows: Sequence[int], regions: Mapping[int, list[Region]]) -> None:
        self._rows = dict(zip(keys, rows, strict=True))
        self._regions = regions

    def __getitem__(self, key: int) -> list[Region]:
        return self._regions[self._rows[key]]

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
