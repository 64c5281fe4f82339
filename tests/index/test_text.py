"""The text index against an obvious scan over the same entries."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.errors import IndexDamaged
from nlsearch.folding import words
from nlsearch.handlers.contract import Field
from nlsearch.index import texttokens as tokens
from nlsearch.index.text import TextIndex, TextWriter
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
    Without,
    date_span,
)
from nlsearch.model import Entry, Features

FIELDS = {
    field.name: field
    for field in (
        Field("name", "text", "Name."),
        Field("composer", "text", "Composer."),
        Field("organism", "keyword", "Organism."),
        Field("smiles", "keyword", "SMILES.", case=True),
        Field("chiral", "boolean", "Chiral."),
        Field("mass", "float", "Mass.", unit="Da"),
        Field("length", "integer", "Length."),
        Field("made", "date", "Date."),
        Field("warnings", "text", "Warnings."),
    )
}


def entry(title="", *, source=1, kind="molecule", path="/d/a.sdf", number=1, text="", terms=(), locator=None, **fields):
    features = Features(words=text, fields=fields)
    if len(terms):
        features.terms["molecule.screen"] = np.unique(np.array(terms, np.uint64))
    return Entry(source, kind, path, locator or f"#{number}", number, title, features)


def build(directory: Path, entries: list[Entry]) -> TextIndex:
    writer = TextWriter(directory, FIELDS)
    for one in entries:
        writer.add(one)
    assert writer.finish() == {"items": len(entries)}
    return TextIndex(directory, FIELDS)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    entries = [
        entry(
            "Caffeine",
            text="a stimulant, 1,3,7-trimethylxanthine",
            mass=194.08,
            organism="Coffea  Arabica",
            warnings=["Bach?"],
        ),
        entry("Serotonin", text="5-hydroxytryptamine in the gut", mass=176.095, chiral=False, made="2024-05-17"),
        entry("Prélude in C", kind="score", path="/m/bwv_846.xml", composer="Johann Sebastian Bach", made="1722"),
        entry("Sonata", kind="score", composer=["Bach, C. P. E.", "Johann Quantz"], source=2, length=12),
        entry("", kind="score", path="/m/Dvořák\udcff.xml", source=3, length=[3, 40], locator="#P01308"),
        entry("taurine", text="guts", mass="unknown", chiral=True, source=7, name="2-aminoethanesulfonic acid"),
    ]
    return build(tmp_path_factory.mktemp("shelf") / "text", entries)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        (HasWords("caffeine"), [0]),
        (HasWords("PRELUDE"), [2]),
        (HasWords("dvorak"), [4]),
        (HasWords("p01308"), [4]),
        (HasWords("gut"), [1]),
        (HasWords("5-hydroxytryptamine"), [1]),
        (HasWords("hydroxytryptamine-5"), []),
        (HasWords("gut serotonin"), [1]),
        (HasWords("gut serotonin", phrase=True), []),
        (HasWords("in the gut", phrase=True), [1]),
        (HasWords("caffeine a stimulant", phrase=True), []),
        (HasWords("bwv 846"), [2]),
        (HasWords("acid"), [5]),
        (HasWords("***"), []),
        (HasWords("\udcff"), []),
        (FieldWords("composer", "bach"), [2, 3]),
        (FieldWords("composer", "johann bach"), [2, 3]),
        (FieldWords("composer", "sebastian bach", phrase=True), [2]),
        (FieldWords("composer", "E. Johann", phrase=True), []),
        (FieldWords("name", "bach"), []),
        (FieldWords("nowhere", "bach"), []),
        (FieldWords("path", "m"), [2, 4]),
        (FieldWords("path", "dvorak"), [4]),
        (FieldWords("warnings", "bach"), [0]),
        (Keyword("organism", " coffea arabica"), [0]),
        (Keyword("organism", "coffea"), []),
        (Keyword("composer", "Johann Sebastian Bach"), [2]),
        (Keyword("chiral", "yes"), [5]),
        (Keyword("chiral", "no"), [1]),
        (Keyword("length", "40"), [4]),
        (Keyword("length", "forty"), []),
        (Keyword("made", "2024-05"), [1]),
        (Keyword("kind", "Score"), [2, 3, 4]),
        (Keyword("file", "a.sdf"), [0, 1, 3, 5]),
        (Keyword("path", "/m/BWV_846.xml"), [2]),
        (NumberRange("mass", 176.095, 200), [0, 1]),
        (NumberRange("mass", 176.095, 200, include_low=False), [0]),
        (NumberRange("mass", None, 194.08, include_high=False), [1]),
        (NumberRange("mass"), [0, 1]),
        (NumberRange("length", 10, 20), [3]),
        (NumberRange("length", 30), [4]),
        (NumberRange("organism", 1, 2), []),
        (NumberRange("made", *date_span("2024-05-17")), [1]),
        (NumberRange("made", None, date_span("1999")[1]), [2]),
        (KindIs("molecule"), [0, 1, 5]),
        (KindIs("image"), []),
        (NotSources([1, 3]), [3, 5]),
        (NotSources(range(2, 40)), [0, 1, 2]),
        (NotSources([]), [0, 1, 2, 3, 4, 5]),
        (AllItems(), [0, 1, 2, 3, 4, 5]),
        (EveryOf([]), [0, 1, 2, 3, 4, 5]),
        (SomeOf([]), []),
        (Without(AllItems()), []),
        (Without(SomeOf([])), [0, 1, 2, 3, 4, 5]),
        (EveryOf([KindIs("score"), Without(HasWords("bach"))]), [4]),
        (EveryOf([Without(KindIs("score")), NotSources([7])]), [0, 1]),
        (SomeOf([HasWords("caffeine"), Without(KindIs("molecule"))]), [0, 2, 3, 4]),
        (EveryOf([SomeOf([HasWords("caffeine"), HasWords("taurine")]), NumberRange("mass", 1)]), [0]),
        (HasTerms("molecule.screen", [1]), []),
        (HasTerms("molecule.screen", []), [0, 1, 2, 3, 4, 5]),
        (HasTerms("molecule.screen", [1], at_least=0), [0, 1, 2, 3, 4, 5]),
    ],
)
def test_golden_answers(shelf, query, keys):
    assert shelf.matching(query).tolist() == keys
    assert shelf.matching(query).dtype == np.uint32
    assert shelf.count(query) == len(keys)
    assert shelf.lightest(query, 2, 1) == keys[1:3]
    best, scores, total = shelf.top(query, 10)
    assert sorted(best) == keys
    assert total == len(keys)
    assert scores == sorted(scores, reverse=True)


def test_only_words_score(shelf):
    assert set(shelf.top(EveryOf([KindIs("score"), NumberRange("length", 1)]), 5)[1]) == {0.0}
    alone = shelf.top(HasWords("bach"), 5)
    filtered = shelf.top(EveryOf([HasWords("bach"), KindIs("score"), NotSources([99])]), 5)
    assert alone == filtered
    assert alone[1][0] > 0


def test_bm25_of_a_textbook(tmp_path):
    """BM25 with k1 = 1.2, b = 0.75 and idf = ln(1 + (N − n + 0.5) / (n + 0.5)), computed by hand."""
    index = build(
        tmp_path / "text", [entry("apple pear", path="/x"), entry("plum", path="/x"), entry("fig", path="/x")]
    )
    # documents: "apple pear ␞ x", "plum ␞ x", "fig ␞ x": lengths 4, 3, 3
    keys, scores, total = index.top(HasWords("apple"), 3)
    idf = np.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    weight = 2.2 / (1 + 1.2 * (0.25 + 0.75 * 4 / (10 / 3)))
    assert (keys, total) == ([0], 1)
    assert scores[0] == pytest.approx(idf * weight, rel=1e-6)


@pytest.mark.parametrize(
    "query",
    [
        HasWords("rare"),
        HasWords("common rare"),
        SomeOf((HasWords("rare"), HasWords("usual-one"))),
        FieldWords("composer", "bach"),
    ],
)
def test_scores_do_not_depend_on_the_split(tmp_path, query):
    texts = ["common rare", "common usual", *["usual one"] * 9, "one common", "usual rare", "usual one"]
    entries = [entry(number=n, text=text, composer="bach" if n % 3 else "liszt") for n, text in enumerate(texts)]
    whole = build(tmp_path / "whole", entries)
    parts = [build(tmp_path / "first", entries[:3]), build(tmp_path / "rest", entries[3:])]
    everywhere = parts[0].word_counts(query) + parts[1].word_counts(query)
    assert everywhere == whole.word_counts(query)
    keys, scores, _ = whole.top(query, 99)
    expected = dict(zip(keys, scores, strict=True))
    for part, offset in zip(parts, (0, 3), strict=True):
        keys, scores, _ = part.top(query, 99, everywhere=everywhere)
        for key, score in zip(keys, scores, strict=True):
            assert score == pytest.approx(expected.pop(key + offset), rel=1e-4)
    assert not expected


def test_equal_scores_come_in_the_order_of_keys(tmp_path):
    index = build(tmp_path / "text", [entry("same words", number=n) for n in range(300)])
    pages = [index.top(HasWords("same"), 70, offset)[0] for offset in range(0, 350, 70)]
    assert [key for page in pages for key in page] == list(range(300))


def test_facets_count_folded_values(shelf):
    assert shelf.facet("kind") == {"molecule": 3, "score": 3}
    assert shelf.facet("kind", HasWords("bach")) == {"score": 2}
    assert shelf.facet("organism") == {"coffea arabica": 1}
    assert shelf.facet("chiral") == {"true": 1, "false": 1}


def test_a_keyword_may_keep_its_case(tmp_path):
    values = ["c1ccccc1", "C1CCCCC1", "Co", "CO", "É  x", "É x", "e x", "x" * 300, "X" * 300]
    index = build(tmp_path / "text", [entry(number=n, smiles=v, organism=v) for n, v in enumerate(values)])
    for number, value in enumerate(values):
        same = [n for n, other in enumerate(values) if other.split() == value.split()]
        folded = [n for n, other in enumerate(values) if words(other) == words(value)]
        assert number in same
        assert index.matching(Keyword("smiles", value)).tolist() == same
        assert index.matching(Keyword("organism", value)).tolist() == folded
    assert {value: n for value, n in index.facet("smiles").items() if value[0] != "#"} == {
        "c1ccccc1": 1, "C1CCCCC1": 1, "Co": 1, "CO": 1, "É x": 2, "e x": 1,
    }  # fmt: skip


def test_a_prefix_finds_what_begins_with_it(tmp_path):
    values = ["ABC-DEF", "ABC-XYZ", "AB", "abc", "ABD", "", "É a", "é b"]
    index = build(tmp_path / "text", [entry(number=n, organism=v, smiles=v, name=v) for n, v in enumerate(values)])
    for prefix in ["A", "ABC", "ABC-", "abc-d", "ABC-DEF", "ABC-DEFG", "É ", "e  a", "x"]:
        bare = " ".join(prefix.split())
        exact = [n for n, v in enumerate(values) if v.startswith(bare)]
        folded = [n for n, v in enumerate(values) if tokens.keyword(v).startswith(tokens.keyword(prefix))]
        assert index.matching(KeywordPrefix("smiles", prefix)).tolist() == exact
        assert index.matching(KeywordPrefix("organism", prefix)).tolist() == folded
    assert index.matching(KeywordPrefix("mass", "1")).tolist() == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([0, 1, 2, 7, 63, 64, 65, 300, 70_000, 2**32 - 1, 2**32, 2**40]), max_size=4)),
    st.integers(0, 2**41),
    st.integers(0, 2**41),
)
def test_a_range_of_terms_finds_what_a_scan_finds(tmp_path_factory, held, a, b):
    index = build(tmp_path_factory.mktemp("text"), [entry(number=n, terms=terms) for n, terms in enumerate(held)])
    for low, high in ((a, b), (b, a), (a % 100, b % 100), (a % 2**20, b % 2**33), (0, 2**32 - 1), (1, 300)):
        expected = [n for n, terms in enumerate(held) if any(low <= term <= high for term in terms)]
        assert index.matching(HasTermIn("molecule.screen", low, high)).tolist() == expected
    assert index.matching(HasTermIn("another", 0, 2**41)).tolist() == []


def test_an_empty_index_answers(tmp_path):
    index = build(tmp_path / "text", [])
    for query in (AllItems(), HasWords("a"), HasTerms("s", [1], at_least=1), KindIs("molecule")):
        assert index.matching(query).tolist() == []
        assert index.top(query, 5) == ([], [], 0)
        assert index.lightest(query, 5) == []


def test_very_long_values(tmp_path):
    sequence = "acgt" * 30_000
    index = build(tmp_path / "text", [entry(sequence, organism=sequence + "x"), entry("short")])
    assert index.matching(HasWords(sequence)).tolist() == [0]
    assert index.matching(HasWords(sequence[:-1])).tolist() == []
    assert index.matching(Keyword("organism", sequence + "X")).tolist() == [0]
    assert index.matching(Keyword("organism", sequence)).tolist() == []


# --------------------------------------------------------------------------------------------------- structural terms
class Sets(list):
    def __repr__(self):
        return "the sets"


@pytest.fixture(scope="module")
def molecules(tmp_path_factory):
    rng = random.Random(3)
    sets = [rng.sample(range(400), rng.randint(0, 60)) + ([2**64 - 1] if n % 7 == 0 else []) for n in range(800)]
    made = [entry(f"m{n}", terms=terms, source=n % 5, kind="ab"[n % 2]) for n, terms in enumerate(sets)]
    return build(tmp_path_factory.mktemp("terms") / "text", made), Sets(set(terms) for terms in sets)


def test_frequencies(molecules):
    index, sets = molecules
    for term in (0, 17, 399, 400, 2**64 - 1):
        assert index.frequency("molecule.screen", term) == sum(term in one for one in sets)
    assert index.frequency("other", 0) == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 405), min_size=1, max_size=5, unique=True))
def test_all_terms(molecules, terms):
    index, sets = molecules
    expected = [n for n, one in enumerate(sets) if one.issuperset(terms)]
    assert index.matching(HasTerms("molecule.screen", terms)).tolist() == expected
    screened = index.matching(HasTerms("molecule.screen", terms, rarest=1)).tolist()
    assert set(screened) >= set(expected)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 405), min_size=1, max_size=120), st.integers(0, 12), st.booleans())
def test_at_least_some_terms(molecules, terms, at_least, filtered):
    index, sets = molecules
    counts = {n: len(one & terms) for n, one in enumerate(sets) if not (filtered and (n % 2 or n % 5 == 3))}
    expected = [n for n, count in counts.items() if count >= at_least]
    query = HasTerms("molecule.screen", tuple(terms), at_least)
    if filtered:
        query = EveryOf([KindIs("a"), query, NotSources([3])])
    assert index.matching(query).tolist() == expected
    assert index.count(query) == len(expected)
    assert index.lightest(query, 10, 2) == expected[2:12]
    keys, scores, total = index.top(query, 15)
    assert total == len(expected)
    if at_least:
        assert keys == sorted(expected, key=lambda n: (-counts[n], n))[:15]
        assert scores == [counts[n] for n in keys]


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 405), min_size=20, max_size=120), st.integers(1, 30), st.integers(1, 40))
def test_asking_few_of_the_rarest_never_misses(molecules, terms, at_least, rarest):
    index, sets = molecules
    expected = {n for n, one in enumerate(sets) if len(one & terms) >= at_least}
    found = index.matching(HasTerms("molecule.screen", tuple(terms), at_least, rarest)).tolist()
    assert expected <= set(found)


def test_rare_terms_count_more_by_rarity(molecules):
    index, sets = molecules
    wanted = tuple(range(60))
    keys, scores, total = index.top(HasTerms("molecule.screen", wanted, 1, by_rarity=True), 20)
    assert total == sum(bool(one & set(wanted)) for one in sets)
    assert scores == sorted(scores, reverse=True)
    assert min(len(sets[key] & set(wanted)) for key in keys) > np.mean([len(one & set(wanted)) for one in sets])
    few = index.matching(HasTerms("molecule.screen", wanted, 9, by_rarity=True)).tolist()
    assert few == [n for n, one in enumerate(sets) if len(one & set(wanted)) >= 9]
    assert sorted(index.top(HasTerms("molecule.screen", wanted, 9, by_rarity=True), 800)[0]) == few


def test_words_and_shared_terms_together(molecules):
    index, sets = molecules
    wanted = set(range(100))
    query = EveryOf(
        [SomeOf([HasWords("m5"), HasWords("m6"), HasWords("m7")]), HasTerms("molecule.screen", [*wanted], 2)]
    )
    expected = [n for n in (5, 6, 7) if len(sets[n] & wanted) >= 2]
    assert sorted(index.top(query, 5)[0]) == expected
    assert index.matching(query).tolist() == expected


# ---------------------------------------------------------------------------------------------------------- anything
VOCABULARY = ["Über", "uber", "beta-carotene", "β", "x1", "東京", "naïve", "the"]


@settings(max_examples=15, deadline=None)
@given(texts=st.lists(st.lists(st.sampled_from(VOCABULARY), max_size=6), min_size=1, max_size=12))
def test_words_against_a_scan(texts, tmp_path_factory):
    entries = [entry(" ".join(text), path="/q") for text in texts]
    index = build(tmp_path_factory.mktemp("any") / "text", entries)
    for word in VOCABULARY:
        wanted = words(word)
        found = [words(one.title) for one in entries]
        expected = [n for n, has in enumerate(found) if _holds_run(has, wanted)]
        assert index.matching(HasWords(word)).tolist() == expected


def _holds_run(has: list[str], wanted: list[str]) -> bool:
    return any(has[start : start + len(wanted)] == wanted for start in range(len(has)))


# ------------------------------------------------------------------------------------------------ files and processes
def test_opening_writes_nothing_beside_the_index(tmp_path):
    build(tmp_path / "text", [entry("one")])
    before = sorted((tmp_path / "text").iterdir())
    program = (
        "import os, sys; from pathlib import Path; from nlsearch.index.text import TextIndex;"
        "from nlsearch.index.textquery import HasWords; os.chmod(sys.argv[1], 0o555);"
        "index = TextIndex(Path(sys.argv[1]), {}); assert index.count(HasWords('one')) == 1;"
        "assert 'sqlalchemy' not in sys.modules and 'usearch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "text")], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert sorted((tmp_path / "text").iterdir()) == before
    assert not any(path.name.endswith(".lock") for path in before)


@pytest.mark.parametrize("victim", ["meta.json", ".term", ".idx", "spaces.json"])
def test_missing_and_broken_files_are_damage(tmp_path, victim):
    build(tmp_path / "text", [entry("one two", number=n) for n in range(50)])
    path = next(p for p in (tmp_path / "text").iterdir() if p.name.endswith(victim))
    path.write_bytes(b"\x00" * 10)
    with pytest.raises(IndexDamaged):
        TextIndex(tmp_path / "text", FIELDS).count(HasWords("one"))
    path.unlink()
    with pytest.raises(IndexDamaged):
        TextIndex(tmp_path / "text", FIELDS).count(HasWords("one"))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1970", (0.0, 365 * 86400 - 1e-6)),
        ("1970-12", (334 * 86400.0, 365 * 86400 - 1e-6)),
        ("1970-01-02T00:00:01Z", (86401.0, 86401.0)),
        ("1970-01-01 01:00+01:00", (0.0, 0.0)),
    ],
)
def test_date_spans(text, span):
    assert date_span(text) == pytest.approx(span)


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13", "2024-02-30", "20240517", "2024-05-17T99:00"])
def test_what_is_no_date(text):
    with pytest.raises(ValueError, match=r"\S"):
        date_span(text)


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 2**33) | st.sampled_from([0, 2**32 - 1, 2**32]), max_size=9))
def test_tokens_of_many_terms_are_those_of_each(terms):
    written = entry(terms=terms)
    each = [tokens.term_token("3:", int(term)) for term in written.features.terms.get("molecule.screen", ())]
    assert tokens.terms_text(written, {"molecule.screen": "3:"}).split() == each
    assert len(set(each)) == len(each)
