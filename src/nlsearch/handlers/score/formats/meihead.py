"""Titles and people of an MEI file.

References
----------
MEI 4.0.1 and 5.0: ``meiHead`` (``fileDesc``, ``workList``); MEI 3.0 for ``workDesc``.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from nlsearch.handlers.score.formats.meidefs import words_of
from nlsearch.handlers.score.notation import Score

_LYRICISTS = frozenset({"lyricist", "librettist", "poet", "author"})
_PEOPLE = frozenset({"composer", "arranger"}) | _LYRICISTS
_MOST = 200


class Header:
    """What a file says of all the scores in it."""

    def __init__(self) -> None:
        self._title = ""
        self._words: dict[str, str] = {}

    def take(self, head: Element) -> None:
        """Take a ``meiHead``: of works before files, the first of each kind."""
        places = [
            *head.iterfind("workList/work"),
            *head.iterfind("workDesc/work"),
            *head.iterfind("workDesc/work/titleStmt"),
            *head.iterfind("fileDesc/titleStmt"),
        ][:_MOST]
        for place in places:
            self._title = self._title or _title(place)
            self._people(place)
        for element in head.iterfind("fileDesc/sourceDesc/source"):
            self._put("source", words_of(element)[:500])
        for element in head.iterfind("workList/work/creation"):
            self._put("creation", words_of(element)[:200])
        for element in head.iterfind("workList/work/key"):
            self._put("key", words_of(element)[:100])

    def tell(self, score: Score, movement: str) -> None:
        """Give a score its title and people.

        Parameters
        ----------
        score : Score
        movement : str
            Title of its own, where the file holds several.
        """
        words = dict(self._words)
        score.title = movement or self._title
        score.composer, score.lyricist = words.pop("composer", ""), words.pop("lyricist", "")
        if movement and self._title and movement != self._title:
            words["work"] = self._title
        score.words |= words

    def _put(self, kind: str, text: str) -> None:
        if text:
            self._words.setdefault(kind, text)

    def _people(self, place: Element) -> None:
        found: dict[str, list[str]] = {}
        for element in [*place, *place.iterfind("respStmt/*"), *place.iterfind("contributor/*")][:_MOST]:
            kind = (element.get("role") or element.tag).lower()
            if kind in _PEOPLE and words_of(element):
                kind = "lyricist" if kind in _LYRICISTS else kind
                found.setdefault(kind, []).append(words_of(element))
        for kind, names in found.items():
            self._put(kind, "; ".join(dict.fromkeys(names)))


def _title(place: Element) -> str:
    """Return the main title, and what stands below it."""
    titles = place.findall("title")
    main = [title for title in titles if title.get("type") in {None, "main", "uniform"}] or titles
    parts = [title for title in titles if title.get("type") == "subordinate"]
    return ": ".join(filter(None, map(words_of, [*main[:1], *parts[:1]])))[:500]
