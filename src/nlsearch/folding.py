"""How text is made comparable: one folding for what is indexed and what is asked.

The folding is language neutral.  It follows Unicode (UAX #15 normalisation form KC, full case folding) and then drops
diacritics, so that ``Dvořák``, ``DVORAK`` and ``dvorak`` are one word.  Letters stay letters: Greek words are not
transcribed, and vowel signs of Indic and Thai scripts and the voicing marks of kana, which make other words, are kept.

A single Greek letter that no other letter touches is a label, as in α-pinene, β2 and 17β, and is the same word as its
name: ``alpha``.  Digits beside such a name are words of their own, so that ``17β``, ``17-beta`` and ``17.beta.`` are
found alike.

A soft hyphen only says where a line may break, and is dropped.  Beside a digit or a single letter, where no line is
broken, it stands for a hyphen (``N-acetyl``).

Han characters and kana are written without spaces, so each is a word of its own; what stands together is found as a
phrase (:func:`chunks`).
"""

from __future__ import annotations

import re
import unicodedata

JOINER = "\u00a0"
"""Stands for a space inside a keyword; folding never leaves it in a text (NFKC makes it a space)."""

_GREEK_NAMES = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau
upsilon phi chi psi omega"""
GREEK = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", _GREEK_NAMES.split(), strict=True))
"""Names of the Greek letters, as they are written in Latin letters."""

_LABEL = "(?:" + "|".join(sorted(set(GREEK.values()), key=len, reverse=True)) + ")"
_ASCII_WORD = re.compile(  # first what most words are, letters alone or digits alone: it is twice as fast
    rf"[a-z]++(?![0-9])|[0-9]++(?![a-z])|{_LABEL}(?=[0-9])|[0-9]+(?={_LABEL}(?![a-z]))|[a-z0-9]+"
)
_IDEOGRAPH = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARK = re.compile(r"[^\w\s!-/:-@\[-`{-~]")  # what may be a combining mark: neither word, space nor ASCII punctuation
_LETTER = rf"[^\W\d_{_IDEOGRAPH}]"
_LABELLED = rf"{_LABEL}(?=[0-9])|[0-9]+(?={_LABEL}(?!{_LETTER}))"
_UNICODE_WORD = re.compile(rf"{_LABELLED}|[{_IDEOGRAPH}]|[^\W_{_IDEOGRAPH}]+")
_GREEK_LETTER = re.compile(rf"(?<!{_LETTER})[{''.join(GREEK)}](?!{_LETTER})")
_SOFT_HYPHEN = "\u00ad"
_REAL_HYPHEN = re.compile(
    rf"(?<=\d){_SOFT_HYPHEN}|(?<=(?<!{_LETTER}){_LETTER}){_SOFT_HYPHEN}|{_SOFT_HYPHEN}(?=\d|{_LETTER}(?!{_LETTER}))"
)


def fold(text: str) -> str:
    """Return `text` in compatibility form, case-folded and without diacritics.

    Folding a folded text changes nothing.

    Examples
    --------
    >>> fold("Dvořák"), fold("Straße"), fold("β-Carotène"), fold("ﬁve ½")
    ('dvorak', 'strasse', 'β-carotene', 'five 1⁄2')
    """
    if text.isascii():
        return text.lower()
    folded = _fold_once(text)
    while (again := _fold_once(folded)) != folded:  # a few characters need a second round, e.g. U+1E9E with marks
        folded = again
    return folded


def words(text: str) -> list[str]:
    """Return the folded words of `text` in order: runs of letters and digits; Han characters and kana one by one.

    Examples
    --------
    >>> words("1,2-Dichloroethane (puriss.)")
    ['1', '2', 'dichloroethane', 'puriss']
    >>> words("東京 Tower")
    ['東', '京', 'tower']
    >>> words("17β-Estradiol"), words("α,β-unsaturated")
    (['17', 'beta', 'estradiol'], ['alpha', 'beta', 'unsaturated'])
    """
    folded = fold(text)
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    folded = _GREEK_LETTER.sub(_name_of, folded)
    marks = {c for c in _MARK.findall(folded) if unicodedata.category(c)[0] == "M"}
    if not marks:
        return _UNICODE_WORD.findall(folded)
    kept = "".join(re.escape(c) for c in sorted(marks))
    return re.findall(rf"{_LABELLED}|[{_IDEOGRAPH}][{kept}]*|(?:[^\W_{_IDEOGRAPH}]|[{kept}])+", folded)


def chunks(text: str) -> list[list[str]]:
    """Return the words of each run of non-space characters: ``"beta-carotene oil"`` → ``[[beta, carotene], [oil]]``."""
    return [found for part in text.split() if (found := words(part))]


def keyword(value: str) -> str:
    """Return the whole value as one token: folded, trimmed, each run of white space one :data:`JOINER`.

    Examples
    --------
    >>> keyword("  Homo  Sapiens ").split()[0] == keyword("homo sapiens").split()[0]
    True
    """
    return JOINER.join(fold(value).split())


def _fold_once(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    marks = [c for c in set(decomposed) if c >= "\x80" and _is_diacritic(c)]
    bare = decomposed.translate(dict.fromkeys(map(ord, marks))) if marks else decomposed
    if _SOFT_HYPHEN in bare:
        bare = _REAL_HYPHEN.sub("-", bare).replace(_SOFT_HYPHEN, "")
    return unicodedata.normalize("NFKC", bare)


def _name_of(letter: re.Match[str]) -> str:
    return GREEK[letter.group()]


def _is_diacritic(character: str) -> bool:
    """Say whether it is an overlay (class 1), a nukta (7), a Semitic point (10-36) or a positioned mark (200-240)."""
    order = unicodedata.combining(character)
    return order >= 200 or order in {1, 7} or 10 <= order <= 36
