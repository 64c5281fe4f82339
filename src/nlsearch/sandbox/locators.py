"""How records of a source are named, so that every name is unique and the same in every run.

``#id`` for a record with an id, ``#id~2`` for the second of the same id, ``#12`` for a record without, by its number.
"""

from __future__ import annotations

from array import array

_FIRST_SLOTS = 1024
_EMPTY = 0
_MASK = 2**64 - 1


class Locators:
    """Gives the records of one source their locators, in the order in which they come.

    A source may hold tens of millions of records, so what has been given is remembered as 64-bit hashes in one table
    (16 to 32 bytes a record).  Two ids with the same hash would make the second look repeated: one chance in 30 million
    for a million records.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _FIRST_SLOTS))
        self._used = 0
        self._counts: dict[str, int] = {}

    def next(self, number: int, record_id: str | None) -> str:
        """Return the locator of the next record, with its `number` from 1 and the id that the source gives it."""
        text = record_id or str(number)
        if self._add(text):
            return f"#{text}"
        count = self._counts.get(text, 1) + 1
        while not self._add(f"{text}~{count}"):
            count += 1
        self._counts[text] = count
        return f"#{text}~{count}"

    def _add(self, text: str) -> bool:
        """Remember `text`; say whether it is new."""
        if 2 * self._used >= len(self._slots):
            self._grow()
        key = hash(text) & _MASK or 1
        if not _insert(self._slots, key):
            return False
        self._used += 1
        return True

    def _grow(self) -> None:
        slots = array("Q", bytes(16 * len(self._slots)))
        for key in self._slots:
            if key != _EMPTY:
                _insert(slots, key)
        self._slots = slots


def _insert(slots: array[int], key: int) -> bool:
    mask = len(slots) - 1
    at = key & mask
    while (held := slots[at]) != _EMPTY:
        if held == key:
            return False
        at = (at + 1) & mask
    slots[at] = key
    return True
