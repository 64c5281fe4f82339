"""What a MusicXML file says of the score before the first bar: titles, people, parts.

References
----------
MusicXML 4.0, W3C 2021: elements ``work``, ``identification``, ``credit``, ``part-list``.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from nlsearch.handlers.score.formats.xmltree import line
from nlsearch.handlers.score.notation import Score

_MOST_CREDITS = 100
_MOST_FIELDS = 100
_LYRICISTS = frozenset({"lyricist", "poet", "librettist", "author"})
_NO_WORDS = frozenset({"rights", "page number"})
_UNNAMED = "credits"


class Header:
    """Collects what is said of a score.

    Attributes
    ----------
    parts : dict of str to (str, str)
        Name and instrument of each part by its id, in the order of the score.
    """

    def __init__(self) -> None:
        self.parts: dict[str, tuple[str, str]] = {}
        self._words: dict[str, str] = {}
        self._credits: dict[str, list[str]] = {}
        self._credit_count = 0

    def take(self, element: Element) -> None:
        """Take an element of the header."""
        match element.tag:
            case "work":
                self._put("work", line(element.find("work-title")))
                self._put("opus", line(element.find("work-number")))
            case "movement-title" | "movement-number":
                self._put(element.tag, line(element))
            case "identification":
                self._identification(element)
            case "credit":
                self._credit(element)
            case "part-list":
                for part in element.iter("score-part"):
                    instrument = line(part.find("score-instrument/instrument-name"))
                    sound = line(part.find("score-instrument/instrument-sound")).replace(".", " ")
                    self.parts[part.get("id", "")] = (line(part.find("part-name")), instrument or sound)

    def tell(self, score: Score) -> None:
        """Give a score its title, its people and what else is said of it."""
        words = self._words
        for kind in ("composer", "arranger", "lyricist", "title", "subtitle"):
            self._put(kind, self._credited(kind))
        work, movement = words.pop("work", ""), words.pop("movement-title", "")
        title = words.pop("title", "")
        score.title = movement or work or title
        for kind, text in (("work", work), ("printed title", title)):
            if text and text != score.title:
                words[kind] = text
        if "movement-number" in words:
            words["movement"] = words.pop("movement-number")
        score.composer = words.pop("composer", "")
        score.lyricist = words.pop("lyricist", "")
        self._put(_UNNAMED, self._credited(_UNNAMED))
        if words.get(_UNNAMED) in {score.title, score.composer}:
            del words[_UNNAMED]
        score.words |= words

    def _put(self, kind: str, text: str) -> None:
        """Keep the first of each kind; people add up."""
        if text and len(self._words) < _MOST_FIELDS:
            self._words.setdefault(kind, text)

    def _identification(self, element: Element) -> None:
        people: dict[str, list[str]] = {}
        for creator in element.findall("creator"):
            kind = " ".join(creator.get("type", "creator").lower().split()) or "creator"
            kind = "lyricist" if kind in _LYRICISTS else kind
            if line(creator):
                people.setdefault(kind, []).append(line(creator))
        for kind, names in people.items():
            self._put(kind, "; ".join(dict.fromkeys(names)))
        self._put("source", line(element.find("source")))
        for field in element.findall("miscellaneous/miscellaneous-field"):
            self._put(" ".join(field.get("name", "").lower().split()) or "miscellaneous", line(field))

    def _credit(self, element: Element) -> None:
        """Take words printed on the first page, by what they are if that is said."""
        kind = line(element.find("credit-type")).lower() or _UNNAMED
        kind = "lyricist" if kind in _LYRICISTS else kind
        if kind in _NO_WORDS or element.get("page", "1") != "1" or self._credit_count >= _MOST_CREDITS:
            return
        text = " ".join(filter(None, map(line, element.findall("credit-words"))))
        is_rights = text.startswith("©") or text.lower().startswith(("copyright", "(c)"))
        if text and not (kind == _UNNAMED and is_rights):
            self._credit_count += 1
            self._credits.setdefault(kind, []).append(text)

    def _credited(self, kind: str) -> str:
        return " / ".join(dict.fromkeys(self._credits.get(kind, [])))
