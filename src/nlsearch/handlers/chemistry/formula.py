"""Molecular formulas: how they are indexed, and reading the formulas and ranges that people ask for.

A formula counts isotopes as their element and may end in a charge.  It stands as RDKit's ``CalcMolFormula`` writes it:
carbon, hydrogen, then the others in the order of the alphabet (Hill's order, but hydrogen stands first where there is
no carbon).  Each element with its number of atoms is one structural term, so that a range of
numbers is a range of terms, and everything asked of a formula is answered exactly.

References
----------
E. A. Hill, J. Am. Chem. Soc. 1900, 22, 478.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.kernels.graphs import SYMBOLS
from nlsearch.model import AllOf, Exact, NoneOf, Question, Reading, Scan, TermRange

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBERS = {symbol: number for number, symbol in enumerate(SYMBOLS)} | {"D": 1, "T": 1}
COUNT_BITS = 20
"""A term is the atomic number, then the number of atoms in so many bits."""
MOST = (1 << COUNT_BITS) - 1
CASELESS, READINGS = 200, 8
"""Formulas in letters of one case are read up to so many characters, and so many ways to are looked at."""

_COUNTED = re.compile(r"([A-Z][a-z]?|\*)(\d*)")
_CHARGE = re.compile(r"(?:\^(\d*)([+-])|([+-])(\d*))$")
_BRACKETED = re.compile(r"\[([^\[\]]+)\](\d{0,3})([+-])")
_BLANKS = re.compile(r"\s+")
_ITEM = re.compile(r"([A-Z][a-z]?|\*)(?:(\d+)-(\d+)|\s*(>=|<=|>|<|=)\s*(\d+)|(\d+)|(\*))?")
_RANGED = re.compile(r"[<>=]|\d-\d|[A-Za-z]\*|(?<![\d.])0(?!\d)")
_SIGNS = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2212": "-", "\u2265": ">=", "\u2264": "<="})
_HINT = 'a formula like C8H10N4O2, or ranges: "C8-10 N>=2 S0"'


# ------------------------------------------------------------------------------------------------------------ indexing
def formula_terms(formula: str) -> NDArray[np.uint64]:
    """Return the terms of a formula as RDKit writes it: uint64, ascending, one for each element that occurs."""
    counts = _COUNTED.findall(formula)
    return np.array(sorted(_term(NUMBERS[symbol], int(count or 1)) for symbol, count in counts), dtype=np.uint64)


def _term(number: int, count: int) -> int:
    return number << COUNT_BITS | min(count, MOST)


# ------------------------------------------------------------------------------------------------------------- reading
@dataclass(frozen=True, slots=True)
class Asked:
    """How many atoms of an element are wanted; `high` None is open."""

    number: int
    low: int
    high: int | None


def read_formula(value: str, field: str, space: str) -> Reading:
    """Read a formula, or ranges of numbers of atoms.

    A formula names all elements, in any order; a symbol that comes again is added up, D and T are hydrogen.  Ranges
    (``C8-10 N>=2 S0``) leave the elements free that are not named.

    Parameters
    ----------
    value : str
    field : str
        The keyword field that holds formulas as RDKit writes them.
    space : str
        The term space of :func:`formula_terms`.

    Raises
    ------
    QuerySyntax
        With the character of the first mistake.
    """
    text = unicodedata.normalize("NFKC", value).translate(_SIGNS).strip()
    if not text or re.search(r"\d{10}", text):
        raise QuerySyntax("formula: a number of more than 9 digits" if text else "formula: empty", hint=_HINT)
    charge = _charge_of(text)
    if charge is None and not _is_written(text) and _RANGED.search(text):
        asked = _read_ranges(text)
        return Reading(_question(asked, space), ", ".join(map(_in_words, asked)) + "; other elements are free")
    whole, sign = (text, "") if charge is None else charge
    formula = hill(_read_whole(whole)) + sign
    said = f"the formula {formula}" + (f", charge {sign if sign[1:] else sign + '1'}" if sign else "")
    return Reading(Exact(field, formula), "" if formula == text and not sign else said)


def _charge_of(text: str) -> tuple[str, str] | None:
    """Cut a charge, ``+``, ``-2`` or ``^2-``, from the end of a formula; None if there is none.

    ``C8-10`` is a range.  ``C2O4-2`` is a charge, because RDKit writes it so, and so is ``SO4-2``, which would be a
    range the wrong way round.
    """
    found = _CHARGE.search(text)
    whole = text[: found.start()] if found else ""
    if found is None or not whole.strip():
        return None
    after, sign, before, digits = found.groups()
    if before == "-" and digits and not _takes_charge(whole, int(digits)):
        return None
    amount = int(after or digits or 1)
    return whole, (sign or before) + (str(amount) if amount > 1 else "") if amount else ""


def _takes_charge(whole: str, amount: int) -> bool:
    """Say whether ``-amount`` behind a formula in one word is a charge, and not the end of a range."""
    if _BLANKS.search(whole):
        return False
    count = re.search(r"\d+$", whole)
    if count is None:
        return True
    if len(_COUNTED.findall(whole)) == 1:
        return int(count.group()) == amount
    return amount < int(count.group()) or _is_written(whole)


def _is_written(text: str) -> bool:
    """Say whether `text` is a formula as :func:`hill` writes it; then a ``*`` in it is a dummy atom."""
    found = _COUNTED.findall(text)
    if "".join(symbol + count for symbol, count in found) != text or any(s not in NUMBERS for s, _ in found):
        return False
    return hill({NUMBERS[symbol]: int(count or 1) for symbol, count in found}) == text


def hill(counts: dict[int, int]) -> str:
    """Write numbers of atoms by atomic number as a formula: carbon, hydrogen, then by the alphabet."""
    first = [NUMBERS["C"], NUMBERS["H"]]
    rest = sorted((n for n in counts if n not in first), key=lambda n: SYMBOLS[n])
    listed = [number for number in (*first, *rest) if counts.get(number)]
    return "".join(SYMBOLS[n] + (str(counts[n]) if counts[n] > 1 else "") for n in listed)


# ------------------------------------------------------------------------------------------------------------- formulas
def counted(text: str) -> tuple[list[tuple[str, int]], int]:
    """Read a formula that names all elements, as spectra's records and people write it: ``C8H10N4O2``, ``[C5H14NO]+``.

    Parameters
    ----------
    text : str

    Returns
    -------
    counts : list of (str, int)
        The symbols in the order of `text`, D and T among them, each with its number of atoms.
    charge : int

    Raises
    ------
    QuerySyntax
        With the character of the first mistake, or that there are several ways to read it.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
    bracketed = _BRACKETED.fullmatch(plain)
    if not plain or re.search(r"\d{10}", plain):
        raise QuerySyntax("formula: a number of more than 9 digits" if plain else "formula: empty", hint=_HINT)
    if bracketed:
        return _symbols(bracketed.group(1)), int(bracketed.group(3) + (bracketed.group(2) or "1"))
    whole, sign = _charge_of(plain) or (plain, "")
    return _symbols(whole), int(sign if sign[1:] else sign + "1") if sign else 0


def _read_whole(text: str) -> dict[int, int]:
    """Read a formula that names all elements."""
    counts: dict[int, int] = {}
    for symbol, amount in _symbols(text):
        number = NUMBERS[symbol]
        counts[number] = counts.get(number, 0) + amount
    return counts


def _symbols(text: str) -> list[tuple[str, int]]:
    mistake: QuerySyntax | None = None
    found: list[tuple[str, int]] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        item = _COUNTED.match(text, position)
        if item is None or item.group(1) not in NUMBERS:
            mistake = _unknown(text, position)
            break
        found.append((item.group(1), int(item.group(2) or 1)))
        position = item.end()
    if mistake is None:
        return found
    if len(text) > CASELESS or not re.fullmatch(r"[A-Z\d\s]+|[a-z\d\s]+", text):
        raise mistake
    return _without_case(text, mistake)


def _without_case(text: str, mistake: QuerySyntax) -> list[tuple[str, int]]:
    """Read a formula that is all in capitals or all in small letters, if there is only one way to.

    Raises
    ------
    QuerySyntax
        `mistake` if it cannot be read; else that there are several ways, with two of them.
    """
    ways: list[list[tuple[str, int]]] = [[]]
    for letters, amount in re.findall(r"([a-z]+)(\d*)", _BLANKS.sub("", text).lower()):
        split = _split(letters)
        ends = [[*((one, 1) for one in way[:-1]), (way[-1], int(amount or 1))] for way in split]
        ways = [way + end for way in ways for end in ends][:READINGS]
    if not ways or text[:1].isdigit():
        raise mistake
    if len(ways) > 1:
        listed = " or ".join("".join(s + (str(n) if n > 1 else "") for s, n in way) for way in ways[:2])
        raise QuerySyntax(f"the formula {text!r} can be read in several ways", hint=f"write capitals: {listed}")
    return ways[0]


def _split(letters: str) -> list[list[str]]:
    """Return every way to cut small letters into symbols of elements."""
    ways: list[list[list[str]]] = [[[]]]
    for end in range(1, len(letters) + 1):
        here = [
            [*way, symbol]
            for size in (1, 2)
            if end >= size and (symbol := letters[end - size : end].capitalize()) in NUMBERS
            for way in ways[end - size]
        ]
        ways.append(here[:READINGS])
    return ways[-1]


# -------------------------------------------------------------------------------------------------------------- ranges
def _read_ranges(text: str) -> list[Asked]:
    asked: dict[int, Asked] = {}
    position = 0
    while position < len(text):
        if text[position] in " \t,;":
            position += 1
            continue
        item = _ITEM.match(text, position)
        if item is None or item.group(1) not in NUMBERS:
            raise _unknown(text, position)
        one = _range_of(item, position)
        if one.number in asked:
            raise QuerySyntax(f"formula: {SYMBOLS[one.number]} is given twice, again at character {position + 1}")
        asked[one.number] = one
        position = item.end()
    return list(asked.values())


def _range_of(item: re.Match[str], position: int) -> Asked:
    symbol, low, high, sign, bound, count, free = item.groups()
    number = NUMBERS[symbol]
    if free:
        return Asked(number, 0, None)
    if low:
        if int(low) > int(high):
            raise QuerySyntax(
                f"formula: the range {item.group()} at character {position + 1} ends before it begins",
                hint=f"did you mean {symbol}{high}-{low}? a charge is written {symbol}{low}^{high}-",
            )
        return Asked(number, int(low), int(high))
    if not sign:
        return Asked(number, int(count or 1), int(count or 1))
    amount = int(bound)
    if sign == "<" and amount == 0:
        raise QuerySyntax(f"formula: nothing has {item.group()} at character {position + 1}", hint=f"{symbol}0: none")
    return {
        ">=": Asked(number, amount, None),
        ">": Asked(number, amount + 1, None),
        "<=": Asked(number, 0, amount),
        "<": Asked(number, 0, amount - 1),
        "=": Asked(number, amount, amount),
    }[sign]


def _unknown(text: str, position: int) -> QuerySyntax:
    symbol = re.match(r"[A-Z][a-z]?", text[position:])
    if symbol:
        return QuerySyntax(f"formula: there is no element {symbol.group()} (character {position + 1})", hint=_HINT)
    shown = text[position]
    return QuerySyntax(f"formula: {shown!r} at character {position + 1} is not expected", hint=_HINT)


def _question(asked: list[Asked], space: str) -> Question:
    """Return what to ask: an element that may be absent is asked for by what it must not be."""
    parts: list[Question] = []
    for one in asked:
        high = MOST if one.high is None else min(one.high, MOST)
        if one.low > 0:
            parts.append(TermRange(space, _term(one.number, one.low), _term(one.number, high)))
        elif high < MOST:
            parts.append(NoneOf((TermRange(space, _term(one.number, high + 1), _term(one.number, MOST)),)))
    return AllOf(tuple(parts)) if parts else Scan()


def _in_words(one: Asked) -> str:
    symbol = SYMBOLS[one.number]
    if one.high is None:
        return f"{symbol} at least {one.low}" if one.low else f"{symbol} any number"
    if one.low == one.high:
        return f"{symbol} {one.low}" if one.low else f"no {symbol}"
    return f"{symbol} {one.low} to {one.high}" if one.low else f"{symbol} at most {one.high}"
