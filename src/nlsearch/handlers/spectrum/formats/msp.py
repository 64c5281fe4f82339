"""MSP, the text format of NIST's libraries, in the dialects of NIST, MoNA, RIKEN (MS-DIAL) and matchms.

Conventions
-----------
A record is lines of ``key: value``, the last of them ``Num Peaks``, then its peaks: one or many in a line, the numbers
separated by white space, ``;``, ``,`` or ``:``; what stands in quotes or in a third column is an annotation and not
kept.  A new record begins with ``Name``, or with any key behind peaks and a blank line.  ``"key=value"`` in quotes in
the comments are further keys.  The retention time of RIKEN's ``RETENTIONTIME`` is in minutes.

References
----------
NIST/EPA/NIH Mass Spectral Library, NIST MS Search user's guide, 2017.  H. Tsugawa et al., Nat. Methods 2015, 12, 523.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.errors import MalformedContent
from nlsearch.handlers.spectrum.formats.named import WORDS, Told
from nlsearch.handlers.spectrum.formats.peakrows import column
from nlsearch.handlers.spectrum.records import counted, is_number
from nlsearch.handlers.textlines import over_cap, shortened, text_lines
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

_KEY = re.compile(rb"\s*([A-Za-z][^:\"]*):")
_ROW = re.compile(rb"\s*[(\d.+-]")
_NUM_PEAKS = re.compile(rb"num[ _]*peaks?", re.IGNORECASE)
_ANNOTATION = re.compile(r'"[^"]*"?')
_SEPARATOR = re.compile(r"[\s,():]+")
_PAIR = re.compile(r'"([^"=]+)=([^"]*)"')
_NIST = re.compile(r"NIST#\s*:?\s*(\d+)")
_COMMENTS = frozenset({"comment", "comments"})


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the records of a file, in its order.

    Raises
    ------
    MalformedContent
        If there is none.
    """
    held = _Held(1, limits)
    for line in text_lines(stream, limits):
        if not line.strip():
            held.blank = bool(held.head)
            continue
        key = None if line[:1].isdigit() else _KEY.match(line)
        if key is not None and held.is_over_at(key[1].strip().lower()):
            yield _record(held, last=False)
            held = _Held(held.number + 1, limits)
        held.take(line, key)
    if held.head:
        yield _record(held, last=True)
    elif held.number == 1:
        raise MalformedContent("the file holds no record of key: value")


class _Held:
    """The record that is being read, as far as the cap ``record_bytes`` lets it in."""

    def __init__(self, number: int, limits: Limits) -> None:
        self.number = number
        self.limits = limits
        self.head: list[bytes] = []
        self.rows: list[bytes] = []
        self.odd: list[bytes] = []
        self.announced: str | None = None
        self.blank = False
        self.size = 0
        self._named = False

    def is_over_at(self, key: bytes) -> bool:
        """Say whether a line with this key begins the next record."""
        if key == b"name":
            return self._named or self.blank or self.announced is not None
        return self.blank and (self.announced is not None or bool(self.rows))

    def take(self, line: bytes, key: re.Match[bytes] | None) -> None:
        """Take a line that is not blank."""
        self.size += len(line) + 1
        if self.size > self.limits.record_bytes:
            return
        if key is not None:
            if _NUM_PEAKS.fullmatch(key[1].strip()):
                self.announced = decoded(line[key.end() :]).strip()
            self._named |= key[1].strip().lower() == b"name"
            self.head.append(line)
        elif _ROW.match(line):
            self.rows.append(line)
        else:
            self.odd.append(line)


def _record(held: _Held, *, last: bool) -> RawItem | Skipped:
    told = Told()
    comments = [comment for line in held.head if (comment := _take(told, decoded(line)))]
    for comment in comments:
        for key, value in _PAIR.findall(comment):
            told.add(key, value)
        told.put(WORDS, _PAIR.sub("", comment))
    record_id = told.said.get("accession") or told.said.get("nist")
    if held.size > held.limits.record_bytes:
        return over_cap(held.number, held.limits, record_id)
    if held.announced is None and not held.rows and not told.name:
        return Skipped(held.number, "neither Name nor Num Peaks: this is no record of a spectrum", record_id=record_id)
    positions, intensities = _peaks(decoded(b"\n".join(held.rows)), told.warnings)
    _check(held, len(positions), told.warnings, last=last)
    return told.item(held.number, positions, intensities, record_id)


def _take(told: Told, line: str) -> str:
    """Take a line of the head; return the value if it is a comment."""
    key, _, value = line.partition(":")
    word = key.strip().casefold()
    value = value.strip()
    if word in _COMMENTS:
        return value
    if word == "retentiontime":
        told.put("minutes", value)
    elif value.startswith("$:"):  # NIST's codes among the synonyms
        told.put("inchikey" if value.startswith("$:28") else WORDS, value[4:])
    else:
        told.add(key, value)
        nist = _NIST.search(value)
        if nist is not None:
            told.put("nist", nist[1])
    return ""


def _check(held: _Held, count: int, warnings: list[str], *, last: bool) -> None:
    """Warn of lines that are not understood and of a number of peaks that is not the announced one."""
    if held.odd:
        first = shortened(decoded(held.odd[0]).strip())
        warnings.append(f"{counted(len(held.odd), 'line')} not understood, the first is {first!r}")
    announced = held.announced
    if announced is None:
        warnings.append("the record has no Num Peaks" + (": it may be cut" if last and not count else ""))
    elif last and announced.isdecimal() and count < int(announced[:18]):
        warnings.append(f"the record is cut: {count:,} of {int(announced[:18]):,} peaks are there")
    elif announced != str(count):
        warnings.append(f"Num Peaks says {shortened(announced)!r}, there are {counted(count, 'peak')}")


def _peaks(text: str, warnings: list[str]) -> tuple[list[float], list[float]]:
    lines = text.split("\n") if text else []
    split = [line.split() for line in lines]
    if all(len(pair) == 2 for pair in split):
        try:
            return [float(pair[0]) for pair in split], [float(pair[1]) for pair in split]
        except ValueError:
            pass
    pairs = [pair for line in lines for pair in _pairs(line)]
    odd = [pair for pair in pairs if len(pair) < 2 or not is_number(pair[0])]
    if odd:
        first = shortened(" ".join(odd[0]))
        warnings.append(f"{counted(len(odd), 'pair')} of numbers not understood, the first is {first!r}")
        pairs = [pair for pair in pairs if len(pair) > 1 and is_number(pair[0])]
    return column([pair[0] for pair in pairs]), column([pair[1] for pair in pairs])


def _pairs(line: str) -> list[list[str]]:
    """Return the pairs of a line, without annotations."""
    found: list[list[str]] = []
    for part in _ANNOTATION.sub(" ", line).split(";"):
        words = [word for word in _SEPARATOR.split(part) if word]
        if len(words) > 3 and len(words) % 2 == 0 and all(map(is_number, words)):
            found += [words[i : i + 2] for i in range(0, len(words), 2)]
        elif len(words) == 3 and "," in part and all(map(is_number, words)):
            found.append([part.strip()])  # a decimal comma, which cannot be told from a separator
        elif words:
            found.append(words[:2])
    return found
