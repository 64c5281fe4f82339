"""What to say when a query does not follow the grammar: the column, what is wrong there, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax

if TYPE_CHECKING:
    from lark.exceptions import UnexpectedInput

_RANGE = "a range reads field:[low TO high], with * for an open end"
_OPTIONS = 'options read {name=value, name="quoted value"}'
_QUOTE_IT = 'a value with spaces, brackets, quotes or a colon needs quotes: operator:"value"'
_JOINERS = re.compile(r"(?:^|[\s()\"'])(AND|OR|NOT)\s*$")


def explain_mistake(mistake: UnexpectedInput, text: str, open_at: Sequence[int], proposal: str) -> QuerySyntax:
    """Translate lark's error.

    Parameters
    ----------
    mistake : UnexpectedInput
        What lark found.
    text : str
        The query.
    open_at : sequence of int
        Columns of the parentheses that were open.
    proposal : str
        What the whole text may have been meant as, ``""`` if nothing; it becomes the hint.
    """
    token = getattr(mistake, "token", None)
    at_end = token is not None and token.type == "$END"
    column = len(text) if at_end else (token.start_pos if token is not None else mistake.pos_in_stream) or 0
    before = text[:column].rstrip()
    expected = set(getattr(mistake, "expected", ()) or getattr(mistake, "allowed", ()) or ())
    if at_end or not text[column:].strip():
        message, hint, column = _cut_off(before, expected, open_at, column)
    else:
        message, hint = _misplaced(text, column, before, expected)
    return QuerySyntax(message, column=column, hint=proposal or hint)


def _cut_off(before: str, expected: set[str], open_at: Sequence[int], column: int) -> tuple[str, str, int]:
    """Say what is missing at the end of the query."""
    joiner = _JOINERS.search(before)
    if joiner:
        return f"{joiner.group(1)} needs something after it", "", joiner.start(1)
    if before.endswith(":"):
        return "a value is missing after the colon", "", column
    if "_TO" in expected or "BOUND" in expected or "_RSQB" in expected:
        return "the range is not closed", _RANGE, column
    if {"OPTION", "_EQUAL", "SETTING", "_COMMA", "_RBRACE"} & expected:
        return "the options are not closed", _OPTIONS, column
    if open_at:
        return "the parenthesis that opens here is never closed", "", open_at[-1]
    return "the query ends too early", "", column


def _misplaced(text: str, column: int, before: str, expected: set[str]) -> tuple[str, str]:
    """Say what is wrong with what stands at `column`."""
    char = text[column]
    joiner = _JOINERS.search(before)
    word = re.compile(r"(AND|OR|NOT)\b").match(text, column)
    if char in "\"'" and "QUOTED" in expected:
        return "the quote that opens here is never closed", "a backslash before a quote makes it part of the value"
    if {"OPTION", "_EQUAL", "SETTING", "_COMMA", "_RBRACE"} & expected:
        return f"{char!r} does not belong into options", _OPTIONS
    if {"_TO", "_RSQB"} & expected or ("BOUND" in expected and "VALUE" not in expected):
        return f"{char!r} does not belong into a range", _RANGE
    if before.endswith(":"):
        return f"{char!r} cannot start a value", _QUOTE_IT
    lonely = joiner or word
    if lonely:
        return f"{lonely.group(1)} needs something {'after' if joiner else 'before'} it", ""
    return _stray(char, before)


def _stray(char: str, before: str) -> tuple[str, str]:
    if char == ")":
        return ("the parentheses are empty", "") if before.endswith("(") else ("this parenthesis closes nothing", "")
    if char == "-":
        return "a - stands directly before what it excludes", "e.g. -word or -field:value"
    if char == "{":
        return "only an operator takes options", 'e.g. dna:"ACGT"{mismatches=1}'
    return f"{char!r} does not belong here", _QUOTE_IT
