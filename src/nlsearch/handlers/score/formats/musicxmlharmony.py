"""Chord symbols, functions and figured bass of MusicXML as text.

References
----------
MusicXML 4.0, W3C 2021: elements ``harmony``, ``figured-bass``.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from nlsearch.handlers.score.formats.musicxmlmarks import number
from nlsearch.handlers.score.formats.spelled import KINDS, root, signs
from nlsearch.handlers.score.formats.xmltree import line

_LONGEST = 100
_DEGREES = {"add": "add", "subtract": "no", "alter": ""}
_SIGNS = {
    "sharp": "#", "flat": "b", "natural": "n", "double-sharp": "##", "sharp-sharp": "##", "flat-flat": "bb",
    "double-flat": "bb", "slash": "/", "back-slash": "\\", "vertical": "+", "cross": "+",
}  # fmt: skip
_INVERSIONS = {"": ("", "6", "64"), "7": ("7", "65", "43", "42")}
_NUMERALS = ("", "I", "II", "III", "IV", "V", "VI", "VII")


def chord(element: Element, shift: int) -> tuple[str, str]:
    """Read a ``<harmony>``: its text and what sort it is, ``"symbol"`` or ``"roman"``.

    Parameters
    ----------
    element : Element
    shift : int
        How far the part is transposed, along the line of fifths; chord symbols are given as they sound.
    """
    texts: list[str] = []
    sort = "symbol"
    for group in _groups(element):
        first = group[0]
        if first.tag == "root":
            text = root(first.findtext("root-step") or "", _alter(first, "root-alter"), shift)
            text += _kind(group, is_roman=False) + _degrees(group) if text else ""
        else:
            sort = "roman"
            numeral = line(first) if first.tag == "function" else _numeral(first)
            text = numeral + _kind(group, is_roman=True)
        bass = next((child for child in group if child.tag == "bass"), None)
        if bass is not None:
            low = root(bass.findtext("bass-step") or "", _alter(bass, "bass-alter"), shift)
            text += f"/{low}" if low else ""
        kind = next((child.text for child in group if child.tag == "kind"), "")
        texts.append("N.C." if (kind or "").strip() == "none" else text)
    return ("/" if sort == "roman" else "|").join(filter(None, texts))[:_LONGEST], sort


def _groups(element: Element) -> Iterator[list[Element]]:
    """Yield the chords of a harmony, of which there may be several: polychords, V of II."""
    group: list[Element] = []
    for child in element:
        if child.tag in {"root", "function", "numeral"}:
            if group:
                yield group
            group = [child]
        elif group:
            group.append(child)
    if group:
        yield group


def _kind(group: list[Element], *, is_roman: bool) -> str:
    kind = next((child for child in group if child.tag == "kind"), None)
    if kind is None:
        return ""
    value = (kind.text or "").strip()
    text = KINDS.get(value, line_of(kind.get("text")))
    if not is_roman:
        return text
    text = {"m": "", "m7": "7", "dim": "o", "dim7": "o7", "m7b5": "/o7"}.get(text, text)
    turned = number(next((child.text for child in group if child.tag == "inversion"), None)) or 0
    figured = _INVERSIONS["7" if text.endswith("7") else ""]
    if turned and 0 < turned < len(figured):
        text = text.removesuffix("7") + figured[int(turned)]
    return text


def _degrees(group: list[Element]) -> str:
    """Return what is added, left out and altered: ``"(add9,b5)"``."""
    found: list[str] = []
    for child in group:
        if child.tag == "degree":
            sign = signs(_alter(child, "degree-alter"))
            sort = _DEGREES.get(line(child.find("degree-type")), "")
            found.append(sort + sign + line(child.find("degree-value"))[:3])
    return f"({','.join(found)})" if found else ""


def _numeral(element: Element) -> str:
    degree = number(element.findtext("numeral-root")) or 0
    text = _NUMERALS[int(degree)] if 0 < degree < len(_NUMERALS) else ""
    return signs(_alter(element, "numeral-alter")) + text if text else ""


def figures(element: Element) -> str:
    """Read a ``<figured-bass>``: ``"6 4"``, ``"#6"``, from the top down."""
    found: list[str] = []
    for figure in element.iterfind("figure"):
        before, behind = (line(figure.find(tag)) for tag in ("prefix", "suffix"))
        found.append(_SIGNS.get(before, "") + line(figure.find("figure-number"))[:4] + _SIGNS.get(behind, ""))
    return " ".join(filter(None, found))[:_LONGEST]


def _alter(element: Element, tag: str) -> int:
    value = number(element.findtext(tag)) or 0
    return int(value) if -4 <= value <= 4 else 0


def line_of(text: str | None) -> str:
    """Return a text with single spaces."""
    return " ".join((text or "").split())
