"""Text in drawings, which are XML."""

from __future__ import annotations

from xml.sax.saxutils import escape

_QUOTES = {'"': "&quot;"}


def clean(text: str) -> str:
    """Return text as XML holds it, in content and in attributes: escaped, without characters that are none there."""
    kept = "".join(c for c in text if (c >= " " or c == "\t") and c not in "\x7f\ufffe\uffff" and not _lone(c))
    return escape(kept, _QUOTES)


def _lone(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def short(text: str, most: int) -> str:
    """Return text, cut to so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
