"""What the two handlers of sequences make of a file in memory, with the kind said for all items."""

from __future__ import annotations

from held import Held
from nlsearch.handlers.nucleotide import NucleotideHandler
from nlsearch.handlers.protein import ProteinHandler
from nlsearch.limits import Limits
from nlsearch.model import Features, RawItem, Skipped

HANDLERS = {"protein": ProteinHandler(), "nucleotide": NucleotideHandler()}


def read_as(kind: str, content: bytes | str, name: str, form: str) -> list[RawItem | Skipped]:
    raw = content.encode() if isinstance(content, str) else content
    items = list(HANDLERS[kind].read(Held(raw, name, form), Limits()))
    for item in items:
        if isinstance(item, RawItem):
            assert item.kind != kind, "an item of the handler's own kind does not say so"
            item.kind = item.kind or kind
    return items


def features(item: RawItem | Skipped) -> Features:
    assert isinstance(item, RawItem)
    assert item.kind is not None
    return HANDLERS[item.kind].features(item)
