"""Which tokens an item has in the text index, and how the same tokens are made from a question.

======================  ==========================================================================
field of the index      tokens
======================  ==========================================================================
``words``               words of title, text, file name, text fields (not warnings), in sections that no phrase crosses
``field_words``         ``field␟word`` for the text fields, and for ``path`` the words of the whole path
``exact``               ``field=value`` for keywords, kind, path, file, source and identity
``terms``               code of the term space + hexadecimal term (8 or 16 digits)
``n_<field>``           numbers, booleans excepted; dates as seconds since 1970-01-01 UTC
======================  ==========================================================================
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b, sha1

import numpy as np
from numpy.typing import NDArray

from nlsearch.declarations import Field
from nlsearch.folding import JOINER, keyword, words
from nlsearch.index.textquery import date_span
from nlsearch.model import Entry, FieldValue, Scalar

GAP = "\u241e"
UNIT = "\u241f"
NUMERIC = frozenset({"integer", "float", "date"})
BUILT_IN = frozenset({"kind", "path", "file", "source", "id"})
"""Keywords that every item has; a declared field of such a name is searched by word and number only."""
UNSEEN = frozenset({"warnings"})
"""Text fields that are found by ``field:word`` only: what we say of an item is not what it says."""
LONGEST = 255
_TRUE = frozenset({"true", "yes", "1"})


def bounded(token: str) -> str:
    """Return `token`, or a digest of it if it is longer than the index should hold."""
    if len(token) <= LONGEST:
        return token
    return "#" + blake2b(token.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def index_words(text: str) -> list[str]:
    """Return the words of `text` as they stand in the index."""
    return [bounded(word) for word in words(text)]


def keyword_token(field: str, value: Scalar, *, case: bool = False) -> str:
    """Return the token of ``field = value`` in the index field ``exact``; with `case` the value is not folded."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    return f"{field}={bounded(keyword_text(str(value), case=case))}"


def keyword_text(value: str, *, case: bool = False) -> str:
    """Return the whole value as one word, folded unless `case` counts."""
    text = _clean(value)
    return JOINER.join(text.split()) if case else keyword(text)


def boolean_text(value: str) -> str:
    """Return ``"true"`` for yes, true and 1 in any case, else ``"false"``."""
    return "true" if value.strip().lower() in _TRUE else "false"


def identity(path: str, locator: str) -> str:
    """Return a short name, hexadecimal, that only the item ``path + locator`` has: the value of the keyword ``id``."""
    return sha1((path + locator).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def source_token(source_id: int) -> str:
    """Return the token that all items of a source have."""
    return f"source={source_id}"


def words_text(entry: Entry, fields: Mapping[str, Field]) -> str:
    """Return the text of the index field ``words``; equal sections are written once."""
    features = entry.features
    sections = [entry.title, features.words]
    if not entry.locator[1:].isdecimal():
        sections.append(entry.locator)
    for name, value in features.fields.items():
        declared = fields.get(name)
        is_text = declared is not None and declared.type == "text" and name not in UNSEEN
        if is_text or name in {"name", "accession"}:
            sections.extend(_texts(value))
    distinct = dict.fromkeys(" ".join(index_words(section)) for section in sections)
    distinct[_file_words(entry.path)] = None
    distinct.pop("", None)
    return f" {GAP} ".join(distinct)


def field_words_text(entry: Entry, fields: Mapping[str, Field]) -> str:
    """Return the text of the index field ``field_words``."""
    sections = [_path_words(entry.path)]
    for name, value in entry.features.fields.items():
        declared = fields.get(name)
        if declared is not None and declared.type == "text":
            sections += [" ".join(f"{name}{UNIT}{word}" for word in index_words(text)) for text in _texts(value)]
    return f" {GAP} ".join(section for section in sections if section)


def exact_text(entry: Entry, fields: Mapping[str, Field]) -> str:
    """Return the text of the index field ``exact``."""
    tokens = [
        *_place_tokens(entry.kind, entry.path),
        source_token(entry.source_id),
        f"id={identity(entry.path, entry.locator)}",
    ]
    for name, value in entry.features.fields.items():
        declared = fields.get(name)
        if declared is not None and name not in BUILT_IN and declared.type in {"keyword", "boolean"}:
            tokens.extend(keyword_token(name, one, case=declared.case) for one in _values(value))
    return " ".join(dict.fromkeys(tokens))


def terms_text(entry: Entry, codes: Mapping[str, str]) -> str:
    """Return the text of the index field ``terms``; `codes` maps each term space to its code."""
    return " ".join(_tokens_of(codes[space], terms) for space, terms in entry.features.terms.items() if len(terms))


def term_token(code: str, term: int) -> str:
    """Return the token of a structural term: 8 hexadecimal digits if they are enough, else 16."""
    return f"{code}{term:08x}" if term < 2**32 else f"{code}{term:016x}"


def _tokens_of(code: str, terms: NDArray[np.uint64]) -> str:
    """Return the tokens of many terms, with a blank between: what :func:`term_token` gives for each."""
    digits = " " + np.asarray(terms, ">u8").tobytes().hex(" ", 8)
    return digits.replace(" 00000000", " ").replace(" ", f" {code}")[1:]


@lru_cache(maxsize=64)
def _place_tokens(kind: str, path: str) -> tuple[str, ...]:
    """Return the keywords that all items of a kind in a source share."""
    return keyword_token("kind", kind), keyword_token("path", path), keyword_token("file", _file_name(path))


@lru_cache(maxsize=64)
def _path_words(path: str) -> str:
    return " ".join(f"path{UNIT}{word}" for word in index_words(path))


@lru_cache(maxsize=64)
def _file_words(path: str) -> str:
    return " ".join(index_words(_file_name(path)))


def numbers(entry: Entry, fields: Mapping[str, Field]) -> Iterator[tuple[str, float]]:
    """Yield ``(field, number)`` for every finite value of a numeric or date field."""
    for name, value in entry.features.fields.items():
        declared = fields.get(name)
        if declared is not None and declared.type in NUMERIC:
            for one in _values(value):
                number = _number(one, declared)
                if number is not None:
                    yield name, number


def _number(value: Scalar, field: Field) -> float | None:
    try:
        number = date_span(value)[0] if field.type == "date" and isinstance(value, str) else float(value)
    except ValueError:  # "n/a" in a numeric field stays visible in the item, but cannot be asked for by range
        return None
    return number if math.isfinite(number) else None


def _values(value: FieldValue) -> list[Scalar]:
    return list(value) if isinstance(value, list) else [value]


def _texts(value: FieldValue) -> list[str]:
    return [str(one) for one in _values(value)]


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _clean(text: str) -> str:
    """Return `text` without lone surrogates (bytes of a file name that are not UTF-8), which the index cannot hold."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text
