"""Spines of Humdrum files: how columns split, join, change places, begin and end.

References
----------
D. Huron, *The Humdrum Toolkit: Reference Manual*, Menlo Park 1995, section "Spine path indicators".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nlsearch.handlers.score.notation import TICKS, Note, Part, Voice

_PATHS = frozenset({"*^", "*v", "*x", "*+", "*-"})
HARMONIES = {
    "**harm": "roman",
    "**rhrm": "roman",
    "**mxhm": "symbol",
    "**cdata-chord": "symbol",
    "**chord": "symbol",
    "**fb": "figures",
    "**fba": "figures",
    "**Bnum": "figures",
}
"""Exclusive interpretation → what of :class:`~nlsearch.handlers.score.notation.Harmony` it gives."""
_MOST_TIED = 8
_INEXACT = TICKS // 1000
_TEXTS = frozenset({"**text", "**silbe", "**lyrics"})


@dataclass(slots=True)
class Staff:
    """A ``**kern`` spine from its beginning on, with all spines into which it splits.

    Parameters
    ----------
    part : Part
    tied : dict
        Notes that wait to be tied on, by pitch.
    verses : list of list of str
        Syllables of each text spine that belongs to it.
    """

    part: Part
    tied: dict[int | None, list[Note]] = field(default_factory=dict)
    verses: list[list[str]] = field(default_factory=list)
    label: str = ""
    unpitched: bool = False

    def voice(self, layer: int) -> Voice:
        """Return the voice of a layer, which is made if it is new."""
        voices = self.part.voices
        while len(voices) <= layer:
            voices.append(Voice(str(len(voices) + 1)))
        return voices[layer]

    def tied_on(self, pitch: int | None, time: int, ticks: int) -> Note | None:
        """Return the note that waits to be tied on at `time`, made longer by `ticks`; None if there is none."""
        waiting = self.tied.get(pitch)
        if not waiting:
            return None
        found = next((note for note in waiting if abs(note.onset + note.duration - time) <= _INEXACT), waiting[-1])
        waiting[:] = [note for note in waiting if note is not found]
        found.duration = max(found.duration, time + ticks - found.onset)
        return found

    def wait(self, pitch: int | None, note: Note) -> bool:
        """Keep a note that is to be tied on; say whether another was given up for it."""
        waiting = self.tied.setdefault(pitch, [])
        waiting.append(note)
        return len(waiting) > _MOST_TIED and waiting.pop(0) is not None


@dataclass(slots=True)
class Spine:
    """A column of the file as it is at one place.

    Parameters
    ----------
    sort : str
        ``"kern"``, ``"text"``, ``"harmony"``, or ``""`` for one that is not read.
    origin : int
        Spines into which one has split have its origin.
    staff : Staff, optional
        Of a spine of notes, and that to which a spine of text belongs.
    layer : int
        Which of the spines of its staff it is, from the left.
    verse : int
        Of a text spine.
    next : int
        Where its next note begins, in ticks.
    harmony : str
        Sort of the harmony that it gives.
    """

    sort: str
    origin: int
    staff: Staff | None = None
    layer: int = 0
    verse: int = 0
    next: int = 0
    harmony: str = ""


class Spines:
    """The spines of a file, from the left, and the staves they have made."""

    def __init__(self) -> None:
        self.now: list[Spine] = []
        self.staves: list[Staff] = []
        self.unread: dict[str, int] = {}
        self._origins = 0

    def moves(self, cells: list[str]) -> bool:
        """Say whether an interpretation line changes the spines."""
        return any(cell in _PATHS or cell.startswith("**") for cell in cells)

    def move(self, cells: list[str], at: int) -> None:
        """Follow a line of path indicators and exclusive interpretations; new spines begin at tick `at`."""
        if not self.now:
            self.now = [self._spine(at) for _ in cells]
        moved: list[Spine] = []
        joining: Spine | None = None
        crossed: list[int] = []
        for spine, cell in zip(self.now, cells, strict=True):
            if cell == "*v" and joining is not None and joining.origin == spine.origin:
                joining.next = max(joining.next, spine.next)
                continue
            joining = spine if cell == "*v" else None
            if cell == "*-":
                continue
            if cell == "*x":
                crossed.append(len(moved))
            moved.append(spine)
            if cell == "*^":
                moved.append(self._copy(spine))
            elif cell == "*+":
                moved.append(self._spine(at))
            elif cell.startswith("**"):
                self._begin(spine, cell)
        for first, second in zip(crossed[::2], crossed[1::2], strict=False):
            moved[first], moved[second] = moved[second], moved[first]
        self.now = moved
        self._arrange()

    def _spine(self, at: int) -> Spine:
        self._origins += 1
        return Spine("", self._origins, next=at)

    @staticmethod
    def _copy(spine: Spine) -> Spine:
        return Spine(spine.sort, spine.origin, spine.staff, verse=spine.verse, next=spine.next, harmony=spine.harmony)

    def _begin(self, spine: Spine, cell: str) -> None:
        if cell == "**kern":
            spine.sort, spine.staff = "kern", Staff(Part())
            self.staves.append(spine.staff)
        elif cell in _TEXTS:
            spine.sort, spine.staff = "text", None
        elif cell in HARMONIES:
            spine.sort, spine.harmony = "harmony", HARMONIES[cell]
        else:
            spine.sort = ""
            self.unread[cell] = self.unread.get(cell, 0) + 1

    def _arrange(self) -> None:
        """Give each spine of notes its layer, and each spine of text the staff to its left."""
        layers: dict[int, int] = {}
        staff = next((spine.staff for spine in self.now if spine.sort == "kern"), None)
        for spine in self.now:
            if spine.sort == "kern":
                staff = spine.staff
                spine.layer = layers.get(id(staff), 0)
                layers[id(staff)] = spine.layer + 1
            elif spine.sort == "text" and spine.staff is None and staff is not None:
                spine.staff = staff
                spine.verse = len(staff.verses)
                staff.verses.append([])
