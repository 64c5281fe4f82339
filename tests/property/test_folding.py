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
        ("α,β-unsaturated", ["alpha", "beta", "unsaturated"]),
        ("Β-carotene Ω", ["beta", "carotene", "omega"]),
        ("Δ⁹-THC", ["delta", "9", "thc"]),
        ("β胡", ["beta", "胡"]),
        ("αpinene 5 µm η-μ", ["αpinene", "5", "μm", "eta", "mu"]),
        ("λόγος και μῦθος", ["λογοσ", "και", "μυθοσ"]),
        ("1a2beta abeta42 chinese 10mum", ["1a2beta", "abeta42", "chinese", "10mum"]),
        ("H₂O x² 2′-deoxy", ["h2o", "x2", "2", "deoxy"]),
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


ONE_NAME = {
    "α-pinene": "alpha-pinene|.alpha.-Pinene|Α-Pinene|(α)-pinene|α–pinene|&alpha;-pinene|[alpha]-pinene",
    "N-acetyl": "n-acetyl|N\u2011Acetyl|N\u2010acetyl|N\u2013acetyl|N\u2212acetyl|N\u00adacetyl|\U0001d441-acetyl",
    "17β-estradiol": "17beta-estradiol|17-beta-Estradiol|17.beta.-estradiol|17 β-estradiol|17\u00adβ-estradiol",
    "β2-agonist": "beta2 agonist|beta-2-agonist|β₂-agonist|\u03d02-agonist",
    "2'-deoxyadenosine 5''-x": "2′-deoxyadenosine 5″-x|2’-deoxyadenosine 5”-x|2`-deoxyadenosine 5''-x",
    "acetylsalicylic": "acetyl\u00adsalicylic|ace\u00adtyl\u00adsali\u00adcylic",
    "vitamin-C": "vitamin\u00adC|VITAMIN C",
    "(R)-Δ9-x": "(r)-delta9-x|R-Δ⁹-x|(R)\u2011delta-9-x",
    "naïve-κ": "naive-kappa|NAI\u0308VE κ",
    "CO₂": "co2|CO2",
}


@pytest.mark.parametrize("name", ONE_NAME)
def test_spellings_of_a_name_are_the_same_words(name):
    for spelling in ONE_NAME[name].split("|"):
        assert words(spelling) == words(name), spelling


@CAPS
@given(st.sampled_from(sorted(folding.GREEK)), st.integers(0, 9999), st.sampled_from(["", "-", " ", "."]))
def test_a_greek_letter_is_its_name(letter, number, joint):
    name = folding.GREEK[letter]
    assert words(letter) == [name]
    for left, right in ((f"{number}{joint}", ""), ("", f"{joint}{number}"), (f"{number}{joint}", f"{joint}{number}")):
        spelt = words(f"{left}{letter}{right}")
        assert spelt == words(f"{left}{name.title()}{right}") == words(f"{left}.{name}.{right}")
        assert words(f"({left}{letter.upper()}{right})-x") == [*spelt, "x"]


@CAPS
@given(st.text(sorted(folding.GREEK), min_size=2, max_size=9))
def test_greek_words_stay_greek(text):
    assert words(text) == [text]
