"""Groups of duplicates as rows: for a person, and for a spreadsheet or a program in a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nlsearch.cli.resulttable import DELIMITERS, JSON_LINES, protected
from nlsearch.cli.terminal import print_json, print_table
from nlsearch.cli.words import evidence_in_words

if TYPE_CHECKING:
    from nlsearch.model import Json
    from nlsearch.search.copies import Duplicates, Group, Member

COLUMNS = (
    "group", "kind", "id", "title", "score", "tier", "copy_of", "beside", "bytes", "path", "locator", "evidence",
)  # fmt: skip
"""Of ``.csv`` and ``.tsv``; the first row of a group is its representative, and copy of nothing."""
_UNITS = ("B", "kB", "MB", "GB")


def objects(found: Duplicates) -> Iterator[Json]:
    """Yield the JSON objects of the groups, of what was skipped, and last of all together."""
    for number, group in enumerate(found.groups, start=1):
        yield group.to_dict(number)
    for item in found.skipped:
        yield {"skipped": item.to_dict()}
    yield {"page": found.to_dict()}


def written(found: Duplicates, suffix: str, *, faithful: bool) -> str:
    """Return the groups as the content of a file.

    Parameters
    ----------
    found : Duplicates
    suffix : {".csv", ".tsv", ".jsonl"}
    faithful : bool
        Whether the file can hold every letter.
    """
    if suffix == JSON_LINES:
        return "".join(json.dumps(one, ensure_ascii=not faithful) + "\n" for one in objects(found))
    text = io.StringIO()
    table = csv.writer(text, delimiter=DELIMITERS[suffix], lineterminator="\n")
    table.writerow(COLUMNS)
    for number, group in enumerate(found.groups, start=1):
        table.writerows(_cells(number, member) for member in group.members)
    return text.getvalue()


def _cells(number: int, member: Member) -> tuple[str, ...]:
    item = member.item
    return (
        str(number),
        item.kind,
        protected(item.id),
        protected(item.title),
        f"{member.score:.4f}",
        member.tier,
        protected(member.copy_of),
        "" if member.beside is None else f"{member.beside:.4f}",
        "" if member.bytes is None else str(member.bytes),
        protected(item.path),
        protected(item.locator),
        protected(_evidence(member)),
    )


def print_groups(found: Duplicates) -> None:
    """Print the groups for a person, or with tabs where nobody looks; the representative of each comes first."""
    headings = ("group", "tier", "score", "kind", "title", "where", "size", "evidence")
    rows = [
        _row(number, group, member) for number, group in enumerate(found.groups, start=1) for member in group.members
    ]
    if rows:
        print_table(headings, rows, numeric=("group", "score", "size"))


def print_objects(found: Duplicates) -> None:
    """Print the groups for programs."""
    for one in objects(found):
        print_json(one)


def _row(number: int, group: Group, member: Member) -> tuple[object, ...]:
    item = member.item
    size = "" if member.bytes is None else in_bytes(member.bytes)
    if member.hit is None:
        return number, "", "", item.kind, item.title, item.id, size, "the others are compared with it"
    said = _evidence(member)
    if member.copy_of != group.representative.id:
        beside = "nothing in common" if member.beside is None else f"score {member.beside:.3f}"
        said = "; ".join(filter(None, (f"copy of {member.copy_of}, {beside} beside the first", said)))
    return number, member.tier, f"{member.score:.3f}", item.kind, item.title, item.id, size, said


def _evidence(member: Member) -> str:
    return evidence_in_words(member.item.kind, member.evidence)


def in_bytes(size: int) -> str:
    """Write a size for a person.

    Examples
    --------
    >>> in_bytes(905), in_bytes(33_831), in_bytes(5_000_000)
    ('905 B', '33.8 kB', '5.0 MB')
    """
    value, place = float(size), 0
    while value >= 1000 and place < len(_UNITS) - 1:
        value, place = value / 1000, place + 1
    return f"{value:.1f} {_UNITS[place]}" if place else f"{size} B"
