"""Words under the notes of MEI.

References
----------
MEI 4.0.1 and 5.0: ``verse``, ``syl``.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element


def syllables(element: Element) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Return what a note or chord is sung to, by verse: syllables, and whether the word goes on behind each."""
    found: list[tuple[str, list[tuple[str, bool]]]] = []
    if element.get("syl"):
        found.append(("1", [(" ".join(element.get("syl", "").split()), False)]))
    for child in element:
        if child.tag == "syl":
            pieces = [_piece(child)]
        elif child.tag == "verse":
            pieces = [_piece(syllable) for syllable in child.iter("syl")]
        else:
            continue
        pieces = [piece for piece in pieces if piece[0]]
        if pieces:
            found.append((child.get("n", "").strip() or "1", pieces))
    return found


def _piece(syllable: Element) -> tuple[str, bool]:
    text = " ".join("".join(syllable.itertext()).split())
    goes_on = syllable.get("wordpos") in {"i", "m"} if syllable.get("wordpos") else syllable.get("con") == "d"
    return text, goes_on
