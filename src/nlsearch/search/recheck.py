"""Re-verification: whether the original bytes, read again, give the evidence that a hit shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlsearch.errors import NlsearchError
from nlsearch.folding import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nlsearch.handlers.contract import Handler
    from nlsearch.index.snapshot import SourceRow
    from nlsearch.model import Features, FieldValue, Hit, Json
    from nlsearch.sandbox.pool import Pool

AT_ONCE = 500
"""Records of a source that are held while they are compared."""


def verified(
    hits: Sequence[Hit],
    source: Callable[[str], SourceRow | None],
    describe: Callable[[SourceRow], Mapping[str, Json]],
    pool: Callable[[], Pool],
    handler: Callable[[str], Handler],
) -> list[bool | NlsearchError]:
    """Say of each hit whether its source, read again, gives the same evidence; sources are read once for all hits.

    Parameters
    ----------
    hits : sequence of Hit
    source, describe : callable
        Give what the catalog says of a path, and how a worker opens it.
    pool : callable
        Gives the workers.
    handler : callable
        Gives the handler of a kind.

    Returns
    -------
    list of bool or NlsearchError
        False too where the source is none any more; an error where it cannot be read.
    """
    answers: list[bool | NlsearchError] = [False] * len(hits)
    places: dict[str, list[int]] = {}
    for place, hit in enumerate(hits):
        places.setdefault(hit.item.path, []).append(place)
    for path, listed in places.items():
        row = source(path)
        if row is None:
            continue
        for start in range(0, len(listed), AT_ONCE):
            some = listed[start : start + AT_ONCE]
            read = pool().read_some(describe(row), row.kind, [hits[place].item.locator for place in some])
            for place in some:
                hit, entry = hits[place], read[hits[place].item.locator]
                if isinstance(entry, NlsearchError):
                    answers[place] = entry
                else:
                    own = handler(hit.item.kind)
                    answers[place] = entry.kind == own.kind and same_evidence(hit, entry.title, entry.features, own)
    return answers


def same_evidence(hit: Hit, title: str, features: Features, handler: Handler) -> bool:
    """Say whether what was read again proves the hit as the index did.

    Every operator's verdict must come out equal (score, tier and evidence); every word must occur; every field that the
    evidence names must have the same value.

    Parameters
    ----------
    hit : Hit
    title : str
        The item's title, read again.
    features : Features
        The item's features, derived again from the source's bytes.
    handler : Handler
        Of the item's kind.
    """
    for check in hit.checks:
        if handler.verify(check.probe, features.payload, check.regions) != check.verdict:
            return False
    text = _all_words(hit.item.path, title, features)
    if not set(hit.evidence.get("words", ())) <= text:
        return False
    fields: dict[str, FieldValue] = {"name": title, **features.fields}
    shown = hit.evidence.get("fields", {})
    return all(name in ENGINE_FIELDS or fields.get(name) == value for name, value in shown.items())


ENGINE_FIELDS = frozenset({"kind", "path"})
"""Fields that do not come from the content."""


def _all_words(path: str, title: str, features: Features) -> set[str]:
    found = set(words(features.words)) | set(words(title)) | set(words(path))
    for value in features.fields.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str):
                found |= set(words(part))
    return found
