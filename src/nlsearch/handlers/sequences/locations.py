"""Feature locations: from Biopython's objects to INSDC's notation and to plain parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import SupportsInt

    from Bio.SeqFeature import CompoundLocation, SimpleLocation

_STRANDS = {1: "+", -1: "-", None: "+", 0: "+"}


def parts_of(location: SimpleLocation | CompoundLocation | None) -> list[tuple[int, int, str]]:
    """Return ``(start, end, strand)`` of the parts that lie in the record itself, in the order of the feature."""
    if location is None:
        return []
    return [
        (int(part.start), int(part.end), _STRANDS[part.strand])
        for part in location.parts
        if part.ref is None and 0 <= int(part.start) <= int(part.end)
    ]


def strand_of(location: SimpleLocation | CompoundLocation | None) -> str:
    """Return ``"+"``, ``"-"``, or ``"both"`` for a feature of parts on both strands."""
    strands = {strand for _, _, strand in parts_of(location)} or {"+"}
    return strands.pop() if len(strands) == 1 else "both"


def location_text(location: SimpleLocation | CompoundLocation | None) -> str:
    """Return the location in INSDC notation, 1-based and closed, as in ``complement(join(<1..10,20..30))``."""
    if location is None:
        return ""
    parts = list(location.parts)
    if len(parts) == 1:
        return _oriented(parts[0])
    operator = getattr(location, "operator", "join")
    if all(part.strand == -1 for part in parts):
        return f"complement({operator}({','.join(_range(part) for part in reversed(parts))}))"
    return f"{operator}({','.join(_oriented(part) for part in parts)})"


def _oriented(part: SimpleLocation) -> str:
    return f"complement({_range(part)})" if part.strand == -1 else _range(part)


def _range(part: SimpleLocation) -> str:
    place = f"{part.ref}:" if part.ref else ""
    if int(part.start) == int(part.end):  # a site between two bases
        return f"{place}{int(part.start)}^{int(part.start) + 1}"
    start, end = _position(part.start, 1), _position(part.end, 0)
    single = start == end and int(part.end) - int(part.start) == 1
    return place + (start if single else f"{start}..{end}")


def _position(position: SupportsInt, shift: int) -> str:
    """Return one end; `shift` is 1 for a start, which INSDC counts from 1."""
    text = str(position).strip("<>")
    name = type(position).__name__
    if name in {"WithinPosition", "OneOfPosition"}:
        return _within(position, shift)
    value = str(int(position) + shift) if text.lstrip("-").isdecimal() else text
    return {"BeforePosition": "<", "AfterPosition": ">"}.get(name, "") + value


def _within(position: SupportsInt, shift: int) -> str:
    """Return an uncertain end: ``(10.20)`` or ``one-of(3,6,9)``."""
    choices = getattr(position, "position_choices", None)
    if choices is not None:
        return f"one-of({','.join(str(int(choice) + shift) for choice in choices)})"
    left, right = (int(text) + shift for text in str(position).strip("()").split("."))
    return f"({left}.{right})"
