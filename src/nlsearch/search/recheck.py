"""Re-verification: whether the original bytes, read again, give the evidence that a hit shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlsearch.folding import words

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Handler
    from nlsearch.model import Features, FieldValue, Hit


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
