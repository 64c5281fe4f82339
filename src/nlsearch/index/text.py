"""The text index of a split: words, keywords, numbers and structural terms, in one Tantivy segment.

The only module that knows Tantivy.  An index is written once by one thread into one segment, so that the number of a
Tantivy document *is* the key of the item; nothing is stored but the index itself.  Opening never writes beside the
index, which may lie on a read-only medium.  It cannot keep Tantivy from starting one thread per open index that looks
for changes twice a second; here that thread looks at nothing.

What is indexed is described in :mod:`nlsearch.index.texttokens`, what can be asked in :mod:`nlsearch.index.textquery`.
Scores are BM25 (Robertson and Zaragoza 2009, doi:10.1561/1500000019; k1 = 1.2, b = 0.75).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Occur, Query

from nlsearch.declarations import Field
from nlsearch.errors import IndexDamaged, StoreError
from nlsearch.folding import JOINER
from nlsearch.index import texttokens as tokens
from nlsearch.index.textguard import Guard
from nlsearch.index.textquery import (
    AllItems,
    EveryOf,
    FieldWords,
    HasTermIn,
    HasTerms,
    HasWords,
    Keyword,
    KeywordPrefix,
    KindIs,
    NotSources,
    NumberRange,
    SomeOf,
    TextQuery,
    Without,
    date_span,
)
from nlsearch.index.wordcounts import WordCounts, words_of
from nlsearch.model import Entry

HEAP_BYTES = 3 * 2**30
"""Above what any split needs, so that there is one segment; Tantivy takes only what it uses."""
RAREST_OF_ALL = 16
RAREST_AT_LEAST = 128
NUMBERED = 64
"""Up to so many terms of a range are asked by number; of more, the dictionary says which there are."""
_CODES_FILE = "spaces.json"


class TextWriter:
    """Writes the text index of a split.

    Parameters
    ----------
    directory : path
        Made if absent; must be empty.
    fields : mapping of str to Field
        The declared fields of all kinds in the split, by name.
    """

    def __init__(self, directory: Path, fields: Mapping[str, Field]) -> None:
        self.directory = Path(directory)
        self.fields = dict(fields)
        self.items = 0
        self._codes: dict[str, str] = {}
        self.directory.mkdir(parents=True, exist_ok=True)
        with Guard(self.directory, writing=True):
            index = tantivy.Index(_schema(self.fields), path=str(self.directory))
            self._writer = index.writer(heap_size=HEAP_BYTES, num_threads=1)

    def add(self, entry: Entry) -> None:
        """Add the item with the next key (0, 1, 2 …).

        Raises
        ------
        StorageFull
            If the disk takes no more.
        """
        for space in entry.features.terms:
            if space not in self._codes:
                self._codes[space] = f"{len(self._codes)}:"
        document = tantivy.Document()
        document.add_text("words", tokens.words_text(entry, self.fields))
        document.add_text("exact", tokens.exact_text(entry, self.fields))
        if field_words := tokens.field_words_text(entry, self.fields):
            document.add_text("field_words", field_words)
        if entry.features.terms:
            document.add_text("terms", tokens.terms_text(entry, self._codes))
        for name, number in tokens.numbers(entry, self.fields):
            document.add_float(f"n_{name}", number)
        with Guard(self.directory, writing=True):
            self._writer.add_document(document)
        self.items += 1

    def finish(self) -> dict[str, int]:
        """Write everything and return ``{"items": n}``.

        Raises
        ------
        StorageFull
            If the disk takes no more.
        StoreError
            If the items do not fit into one segment.
        """
        with Guard(self.directory, writing=True):
            self._writer.commit()
            self._writer.wait_merging_threads()
        (self.directory / _CODES_FILE).write_text(json.dumps(self._codes))
        for lock in self.directory.glob(".tantivy-*.lock"):
            lock.unlink()
        searcher, _ = _load(self.directory)
        if searcher.num_segments > 1 or searcher.num_docs != self.items:
            raise StoreError(
                f"{self.items} items gave {searcher.num_segments} segments of {searcher.num_docs} documents",
                locator=str(self.directory),
                hint="fewer items per split",
            )
        return {"items": self.items}


class TextIndex:
    """Searches the text index of a split.

    Parameters
    ----------
    directory : path
    fields : mapping of str to Field
        As given to the writer.

    Raises
    ------
    IndexDamaged
        If the files cannot be read; so do all methods.
    """

    def __init__(self, directory: Path, fields: Mapping[str, Field]) -> None:
        self.directory = Path(directory)
        self._fields = fields
        self._searcher, self._schema = _load(self.directory)
        try:
            self._codes: dict[str, str] = json.loads((self.directory / _CODES_FILE).read_bytes())
        except (OSError, ValueError) as exc:
            raise IndexDamaged("the list of term spaces cannot be read", locator=str(self.directory)) from exc
        self.items: int = self._searcher.num_docs

    def word_counts(self, query: TextQuery) -> WordCounts:
        """Count how many items hold each word of a query."""
        asked = {(name, token) for name, group in words_of(query) for token in group}
        return WordCounts(self.items, {pair: self._frequency(*pair) for pair in asked})

    def top(
        self, query: TextQuery, limit: int, offset: int = 0, everywhere: WordCounts | None = None
    ) -> tuple[list[int], list[float], int]:
        """Return the best items: keys, scores and the number of all matches.

        Best first; of equal scores the lower key first.  With `everywhere` words are as rare as in the whole
        collection, so that scores of several splits compare (their mean lengths of text are still their own).
        """
        if (counted := self._by_count(query, ranked=True)) is not None:
            keys, scores = counted
            return keys[offset : offset + limit].tolist(), scores[offset : offset + limit].tolist(), len(keys)
        compiled = self._compile(query, everywhere)
        if limit < 1 or self.items == 0:
            return [], [], self._count(compiled)
        with Guard(self.directory):
            found: Any = self._searcher.search(compiled, min(limit, self.items), count=True, offset=offset)
            hits = found.hits
        return [place.doc for _, place in hits], [score for score, _ in hits], found.count

    def matching(self, query: TextQuery) -> NDArray[np.uint32]:
        """Return the keys of all matches, ascending."""
        if (counted := self._by_count(query, ranked=False)) is not None:
            return np.sort(counted[0])
        compiled = self._compile(query)
        amount = self._count(compiled)
        if amount <= self.items // 2:
            return np.array(self._keys(compiled, amount), np.uint32)
        others = _boolean([(Occur.Must, Query.all_query()), (Occur.MustNot, compiled)])  # fewer to hand over
        mask = np.ones(self.items, bool)
        mask[self._keys(others, self.items - amount)] = False
        return np.flatnonzero(mask).astype(np.uint32)

    def lightest(self, query: TextQuery, limit: int, offset: int = 0) -> list[int]:
        """Return the keys of matches number `offset` to ``offset + limit`` in ascending order of key."""
        if isinstance(query, AllItems):
            return list(range(self.items)[offset : offset + limit])
        if (counted := self._by_count(query, ranked=False)) is not None:
            keys: list[int] = np.sort(counted[0])[offset : offset + limit].tolist()
            return keys
        return self._keys(self._compile(query), limit, offset)

    def count(self, query: TextQuery) -> int:
        """Return the number of matches."""
        if (counted := self._by_count(query, ranked=False)) is not None:
            return len(counted[0])
        return self._count(self._compile(query))

    def frequency(self, space: str, term: int) -> int:
        """Return how many items hold a structural term."""
        code = self._codes.get(space)
        return 0 if code is None else self._frequency("terms", tokens.term_token(code, term))

    def facet(self, field: str, query: TextQuery | None = None) -> dict[str, int]:
        """Count the matches (all items without a `query`) by the folded value of a keyword field, or ``kind``."""
        prefix = f"{field}="
        only = None if query is None else Query.const_score_query(self._compile(query), 1.0)
        with Guard(self.directory):
            found = self._searcher.terms_with_prefix("exact", prefix, only)
        return {token[len(prefix) :].replace(JOINER, " "): amount for token, amount in found if amount}

    # ------------------------------------------------------------------------------------------ asking the library
    def _count(self, compiled: Query) -> int:
        if self.items == 0:
            return 0
        with Guard(self.directory):
            found: Any = self._searcher.search(Query.const_score_query(compiled, 1.0), 1, count=True)
        return int(found.count)

    def _keys(self, compiled: Query, limit: int, offset: int = 0) -> list[int]:
        if limit < 1 or offset >= self.items:
            return []
        with Guard(self.directory):
            constant = Query.const_score_query(compiled, 1.0)  # equal scores come in the order of documents
            found = self._searcher.search(constant, min(limit, self.items), count=False, offset=offset)
            return [place.doc for _, place in found.hits]

    def _frequency(self, field: str, token: str) -> int:
        with Guard(self.directory):
            return self._searcher.doc_freq(field, token)

    def _by_count(self, query: TextQuery, *, ranked: bool) -> tuple[NDArray[np.uint32], NDArray[np.float64]] | None:
        """Answer a conjunction with one ``at_least`` by its scores, which are counts; None if it is none such.

        A minimum of matching clauses makes Tantivy six times slower than the plain union whose scores are read here.
        """
        parts = list(_flat(query))
        counting = [part for part in parts if isinstance(part, HasTerms) and part.at_least is not None]
        others = [part for part in parts if part not in counting]
        if len(counting) != 1 or (ranked and (counting[0].by_rarity or any(map(_is_scoring, others)))):
            return None
        asked, minimum = self._asked(counting[0])
        if minimum <= 1 or not asked:
            return None
        clauses = [(Occur.Must, _union([_one(_term(self._schema, "terms", token)) for token in asked]))]
        if others:
            clauses.append((Occur.Must, _unscored(self._compile(EveryOf(others)))))
        limit = 0
        while True:
            limit = min(self.items, 8 * limit or 1024)
            with Guard(self.directory):
                hits = self._searcher.search(_boolean(clauses), limit, count=False).hits
            if len(hits) < limit or hits[-1][0] < minimum or limit == self.items:
                break
        kept = [(place.doc, score) for score, place in hits if score >= minimum]
        return np.array([key for key, _ in kept], np.uint32), np.array([score for _, score in kept], np.float64)

    def _asked(self, node: HasTerms) -> tuple[list[str], int]:
        """Return the rarest terms to ask for and how many of them a match must hold, so that none is missed."""
        code = self._codes.get(node.space)
        if code is None:
            return [], 1
        asked = {tokens.term_token(code, term) for term in node.terms}
        with Guard(self.directory):
            every = {token: self._searcher.doc_freq("terms", token) for token in asked}
        rarest = sorted(every, key=lambda token: (every[token], token))
        if node.at_least is None:
            if rarest and every[rarest[0]] == 0:
                return [], 1
            rarest = rarest[: max(1, node.rarest or RAREST_OF_ALL)]
            return rarest, len(rarest)
        rarest = [token for token in rarest if every[token]]
        spare = len(rarest) - node.at_least
        if spare < 0:
            return [], 1
        kept = rarest[: max(node.rarest or RAREST_AT_LEAST, spare + 1)]
        return kept, max(1, node.at_least - (len(rarest) - len(kept)))

    # -------------------------------------------------------------------------- from our questions to the library's
    def _compile(self, node: TextQuery, everywhere: WordCounts | None = None) -> Query:
        if isinstance(node, SomeOf):
            return _boolean([(Occur.Should, self._compile(part, everywhere)) for part in node.parts])
        clauses = self._clauses(node, everywhere)
        if not any(occur == Occur.Must for occur, _ in clauses):
            clauses.append((Occur.Must, _unscored(Query.all_query())))
        return clauses[0][1] if len(clauses) == 1 else _boolean(clauses)

    def _clauses(self, node: TextQuery, everywhere: WordCounts | None) -> list[tuple[Occur, Query]]:
        """Return what must and must not hold; nested conjunctions become one, which is faster."""
        match node:
            case EveryOf(parts):
                return [clause for part in parts for clause in self._clauses(part, everywhere)]
            case HasWords() | FieldWords():
                return self._word_clauses(node, everywhere)
            case Without(part):
                return [(Occur.MustNot, self._compile(part))]
            case NotSources(sources) if sources:
                return [(Occur.MustNot, self._any_exact([tokens.source_token(one) for one in sources]))]
            case KindIs(kind) if self._frequency("exact", tokens.keyword_token("kind", kind)) < self.items:
                return [(Occur.Must, self._any_exact([tokens.keyword_token("kind", kind)]))]
            case AllItems() | NotSources() | KindIs():
                return []
        return [(Occur.Must, self._filter(node, everywhere))]

    def _filter(self, node: TextQuery, everywhere: WordCounts | None) -> Query:
        match node:
            case Keyword(field, value):
                return self._keyword(field, value)
            case KeywordPrefix(field, prefix):
                begin = tokens.keyword_text(prefix, case=self._keeps_case(field))
                return self._any_of("exact", self._beginning_with("exact", f"{field}={begin}"))
            case NumberRange():
                return self._range(node)
            case HasTermIn():
                return self._any_of("terms", self._terms_between(node))
            case HasTerms() if _asks_nothing(node):
                return _unscored(Query.all_query())
            case HasTerms():
                asked, minimum = self._asked(node)
                if not asked:
                    return Query.empty_query()
                terms = [_term(self._schema, "terms", token) for token in asked]
                if node.at_least is None:
                    return _unscored(_boolean([(Occur.Must, term) for term in terms]))
                return _union(terms if node.by_rarity else [_one(term) for term in terms], minimum)
        return self._compile(node, everywhere)

    def _word_clauses(self, node: HasWords | FieldWords, everywhere: WordCounts | None) -> list[tuple[Occur, Query]]:
        groups = list(words_of(node))
        if not groups:
            return [(Occur.Must, Query.empty_query())]
        here = None if everywhere is None else self.word_counts(node)
        made = []
        for index_field, found in groups:
            if len(found) == 1:
                query = Query.term_query(self._schema, index_field, found[0], "freq")
            else:
                query = Query.phrase_query(self._schema, index_field, list(found))
            if everywhere is not None and here is not None:
                boost = everywhere.rarity(index_field, found) / here.rarity(index_field, found)
                query = Query.boost_query(query, boost)
            made.append(query)
        return [(Occur.Must, query) for query in made]

    def _keyword(self, field: str, value: str) -> Query:
        declared = self._fields.get(field)
        kind = "keyword" if declared is None or field in tokens.BUILT_IN else declared.type
        if kind == "text":
            return self._compile(FieldWords(field, value, phrase=True))
        if kind == "boolean":
            return self._any_exact([tokens.keyword_token(field, tokens.boolean_text(value))])
        if kind not in tokens.NUMERIC:
            return self._any_exact([tokens.keyword_token(field, value, case=self._keeps_case(field))])
        try:
            low, high = date_span(value) if kind == "date" else (float(value), float(value))
        except ValueError:
            return Query.empty_query()
        return self._range(NumberRange(field, low, high))

    def _range(self, node: NumberRange) -> Query:
        declared = self._fields.get(node.field)
        if declared is None or declared.type not in tokens.NUMERIC:
            return Query.empty_query()
        low, high = (-np.inf if node.low is None else node.low), (np.inf if node.high is None else node.high)
        name, number = f"n_{node.field}", tantivy.FieldType.Float
        return _unscored(
            Query.range_query(self._schema, name, number, float(low), float(high), node.include_low, node.include_high)
        )

    def _keeps_case(self, field: str) -> bool:
        declared = self._fields.get(field)
        return declared is not None and declared.case and field not in tokens.BUILT_IN

    def _beginning_with(self, index_field: str, prefix: str) -> list[str]:
        with Guard(self.directory):
            return [token for token, _ in self._searcher.terms_with_prefix(index_field, prefix)]

    def _terms_between(self, node: HasTermIn) -> list[str]:
        code = self._codes.get(node.space)
        if code is None:
            return []
        if node.high - node.low < NUMBERED:
            return [tokens.term_token(code, term) for term in range(node.low, node.high + 1)]
        low, high = tokens.term_token(code, node.low), tokens.term_token(code, node.high)
        shared = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
        found = self._beginning_with("terms", low[:shared] if len(low) == len(high) else code)
        return [token for token in found if node.low <= int(token[len(code) :], 16) <= node.high]

    def _any_exact(self, found: list[str]) -> Query:
        return self._any_of("exact", found)

    def _any_of(self, index_field: str, found: list[str]) -> Query:
        if not found:
            return Query.empty_query()
        if len(found) == 1:
            return _unscored(_term(self._schema, index_field, found[0]))
        return _unscored(Query.term_set_query(self._schema, index_field, found))


def _flat(node: TextQuery) -> Iterator[TextQuery]:
    if isinstance(node, EveryOf):
        for part in node.parts:
            yield from _flat(part)
    else:
        yield node


def _is_scoring(node: TextQuery) -> bool:
    match node:
        case EveryOf(parts) | SomeOf(parts):
            return any(_is_scoring(part) for part in parts)
        case HasTerms(at_least=at_least):
            return at_least is not None
    return isinstance(node, HasWords | FieldWords)


def _asks_nothing(node: HasTerms) -> bool:
    return not node.terms if node.at_least is None else node.at_least < 1


def _boolean(clauses: Sequence[tuple[Occur, Query]], minimum: int | None = None) -> Query:
    return Query.boolean_query(clauses, minimum_number_should_match=minimum)


def _unscored(query: Query) -> Query:
    return Query.const_score_query(query, 0.0)


def _term(schema: tantivy.Schema, field: str, token: str) -> Query:
    return Query.term_query(schema, field, token, "basic")


def _one(query: Query) -> Query:
    return Query.const_score_query(query, 1.0)


def _union(queries: Sequence[Query], minimum: int = 1) -> Query:
    return _boolean([(Occur.Should, query) for query in queries], minimum if minimum > 1 else None)


def _schema(fields: Mapping[str, Field]) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("field_words", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("exact", tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="basic")
    for name, field in sorted(fields.items()):
        if field.type in tokens.NUMERIC:
            builder.add_float_field(f"n_{name}", fast=True)
    return builder.build()


def _load(directory: Path) -> tuple[tantivy.Searcher, tantivy.Schema]:
    """Open the index through a folder of symbolic links, because Tantivy wants to write a lock beside it.

    The files stay mapped when the links are gone.
    """
    with tempfile.TemporaryDirectory(prefix="nlsearch-", ignore_cleanup_errors=True) as links, Guard(directory):
        for path in directory.iterdir():
            Path(links, path.name).symlink_to(path.resolve())
        index = tantivy.Index.open(links)
        index.config_reader("manual", 0)
        return index.searcher(), index.schema
