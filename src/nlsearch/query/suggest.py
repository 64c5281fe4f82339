"""Proposals for a query that names something unknown, or that looks like content rather than words.

Goal: a person who mistypes an operator is told the nearest one, and a person who pastes a bare SMILES, sequence, melody
or peak list is offered the operator that reads it.  Proposals are only ever shown; nothing is guessed silently.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable

_SMILES = re.compile(r"(?:\[[^\[\]\s]+\]|Br|Cl|[BCNOPSFI]|[bcnops]|[-=#$:/\\.~*()]|%\d\d|\d)+")
_SMILES_RING = re.compile(r"\[[^\]]*\]|%\d\d|\d")
_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_NOTE = re.compile(r"[A-Ga-g](?:##|bb|[#b♯♭])?(-?\d)?(?::\d+\.?)?")
_PEAK = re.compile(r"\d+(?:\.\d+)?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_PLAIN_DNA = re.compile(r"[ACGTUN]{6,}|[acgtun]{10,}")
_IUPAC_DNA = re.compile(r"[ACGTURYSWKMBDHVN]{12,}")
_PROTEIN = re.compile(r"[ACDEFGHIKLMNPQRSTVWXY]{10,}")
_SHOWN = 40


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` of the `known` names that `name` may have been meant to be, nearest first."""
    by_fold: dict[str, str] = {}
    for candidate in sorted(known):
        by_fold.setdefault(candidate.casefold(), candidate)
    wanted = name.casefold()[:64]
    close = difflib.get_close_matches(wanted, by_fold, n=count, cutoff=0.6)
    if len(wanted) >= 2:
        close += [fold for fold in by_fold if fold.startswith(wanted) and fold not in close]
    return [by_fold[fold] for fold in close[:count]]


def looks_like(text: str, operators: Collection[str] | None = None) -> list[str]:
    """Return the queries that a bare `text` may have been meant as, most specific first.

    Parameters
    ----------
    text : str
        A query with neither operator nor quotes; any other gives no proposal.
    operators : collection of str, optional
        Names of the operators and fields that exist; proposals for others are left out.

    Returns
    -------
    list of str
        Whole queries such as ``smiles:"CCO"``; empty if the text looks like nothing but words.

    Examples
    --------
    >>> looks_like("CC(=O)Oc1ccccc1C(=O)O")
    ['smiles:"CC(=O)Oc1ccccc1C(=O)O"']
    >>> looks_like("caffeine")
    []
    """
    bare = text.strip()
    if not bare or '"' in bare or "'" in bare:
        return []
    found = [name for name, test in _TESTS if test(bare)]
    if "dna" in found:
        found = ["dna"]
    return [f'{name}:"{bare}"' for name in found if operators is None or name in operators]


def offer(text: str, operators: Collection[str] | None = None) -> str:
    """Return ``did you mean smiles:"CCO"?`` for a text that :func:`looks_like` something, else ``""``."""
    return " or ".join(f"did you mean {_shortened(query)}?" for query in looks_like(text, operators))


def _shortened(query: str) -> str:
    name, _, value = query.partition(":")
    inner = value[1:-1]
    return query if len(inner) <= _SHOWN else f'{name}:"{inner[:_SHOWN]}…"'


def _is_smiles(text: str) -> bool:
    if not _SMILES.fullmatch(text) or text.count("(") != text.count(")"):
        return False
    rings = [token for token in _SMILES_RING.findall(text) if not token.startswith("[")]
    if any(rings.count(ring) % 2 for ring in set(rings)):
        return False
    if rings or re.search(r"[=#()\[\]@/\\]", text):
        return bool(re.match(r"[A-Za-z\[*]", text)) and bool(re.search(r"[A-Za-z]", text))
    letters = re.sub(r"[-.]", "", text)
    return len(letters) >= 3 and letters.isupper() and letters.count("C") * 2 > len(letters)


def _is_dna(text: str) -> bool:
    joined = "".join(text.split())
    if _PLAIN_DNA.fullmatch(joined):
        return True
    return bool(_IUPAC_DNA.fullmatch(joined)) and sum(map(joined.count, "ACGT")) >= 0.8 * len(joined)


def _is_protein(text: str) -> bool:
    return bool(_PROTEIN.fullmatch("".join(text.split()))) and len(set(text)) >= 5


def _is_melody(text: str) -> bool:
    notes = [_NOTE.fullmatch(token) for token in text.split()]
    if len(notes) < 3 or not all(notes):
        return False
    octaves = sum(1 for note in notes if note is not None and note.group(1))
    return octaves * 2 >= len(notes) or (len(notes) >= 4 and text == text.upper())


def _is_peaks(text: str) -> bool:
    return all(_PEAK.fullmatch(token) for token in text.split())


_TESTS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("inchikey", lambda text: bool(_INCHIKEY.fullmatch(text))),
    ("peaks", _is_peaks),
    ("notes", _is_melody),
    ("dna", _is_dna),
    ("smiles", _is_smiles),
    ("protein", _is_protein),
)
