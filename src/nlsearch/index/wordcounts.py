"""How rare words are, over several splits: what makes their BM25 scores comparable."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nlsearch.folding import chunks
from nlsearch.index import texttokens as tokens
from nlsearch.index.textquery import EveryOf, FieldWords, HasWords, SomeOf, TextQuery


@dataclass(frozen=True, slots=True)
class WordCounts:
    """How rare the words of a query are: in one split, or (added up) in several.

    Parameters
    ----------
    items : int
    holding : mapping of (str, str) to int
        By index field and token: how many items hold it.
    """

    items: int = 0
    holding: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def __add__(self, other: WordCounts) -> WordCounts:
        """Count over both."""
        return WordCounts(self.items + other.items, Counter(self.holding) + Counter(other.holding))

    def rarity(self, index_field: str, found: Sequence[str]) -> float:
        """Return the sum of the inverse document frequencies of tokens, as Tantivy's BM25 has them."""
        held = [self.holding.get((index_field, token), 0) for token in found]
        return sum(math.log1p((self.items - count + 0.5) / (count + 0.5)) for count in held)


def words_of(node: TextQuery) -> Iterator[tuple[str, list[str]]]:
    """Yield the index field and the tokens of each run of words that a query asks for and scores by."""
    match node:
        case EveryOf(parts) | SomeOf(parts):
            for part in parts:
                yield from words_of(part)
        case HasWords(text, phrase) | FieldWords(_, text, phrase):
            index_field, prefix = ("words", "")
            if isinstance(node, FieldWords):
                index_field, prefix = "field_words", f"{node.field}{tokens.UNIT}"
            groups = chunks(text)
            if phrase and groups:
                groups = [[word for group in groups for word in group]]
            for group in groups:
                yield index_field, [prefix + tokens.bounded(word) for word in group]
