"""Folding: golden values, and what must hold for any text."""

from __future__ import annotations

import doctest
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch import folding
from nlsearch.folding import chunks, fold, keyword, words

ANY_TEXT = st.text(max_size=60)
CAPS = settings(max_examples=300, deadline=None)


def test_examples_in_the_docstrings():
    assert doctest.testmod(folding).failed == 0
    assert doctest.testmod(folding).attempted > 3


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Dvořák", "dvorak"),
        ("Dvor\u030ca\u0301k", "dvorak"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("ﬀ Å ℃ ①", "ff a °c 1"),
        ("İstanbul", "istanbul"),
        ("Йод", "иод"),
        ("カﾞ", "ガ"),
        ("हिन्दी", "हिन्दी"),
        ("한글", "한글"),
        ("שָׁלוֹם", "שלום"),
    ],
)
def test_golden_foldings(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("C8H10N4O2_caffeine.mol", ["c8h10n4o2", "caffeine", "mol"]),
        ("naïve—façade", ["naive", "facade"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("がく", ["が", "く"]),
        ("α,β-unsaturated", ["α", "β", "unsaturated"]),
        ("a\ud800b", ["a", "b"]),
        ("", []),
    ],
)
def test_golden_words(text, found):
    assert words(text) == found


@CAPS
@given(ANY_TEXT)
def test_folding_is_idempotent(text):
    assert fold(fold(text)) == fold(text)


@CAPS
@given(ANY_TEXT)
def test_composition_and_case_do_not_matter(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    assert fold(text.casefold()) == fold(text)


@CAPS
@given(ANY_TEXT)
def test_words_are_tokens(text):
    for word in words(text):
        assert word
        assert len(word.split()) == 1
        assert words(word) == [word]


@CAPS
@given(ANY_TEXT, ANY_TEXT)
def test_words_of_a_sum_are_the_sum_of_words(left, right):
    assert words(f"{left} {right}") == words(left) + words(right)


@CAPS
@given(ANY_TEXT)
def test_chunks_hold_the_same_words(text):
    assert [word for chunk in chunks(text) for word in chunk] == words(text)


@CAPS
@given(ANY_TEXT)
def test_a_keyword_is_one_token(text):
    token = keyword(text)
    assert not any(c in token for c in " \t\n\r\x0c\x0b")
    assert keyword(f"  {text.upper().lower()}\t") == keyword(text.upper().lower())
