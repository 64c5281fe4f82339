"""The layers of an MEI measure: notes, chords, and what holds them.

Conventions
-----------
A layer is a voice, whatever staff its notes are drawn on.  The sounding accidental (``@accid.ges``) goes before the
written one, and that before what stands earlier in the bar and in the signature.  Files that state sounding
accidentals for most notes that the signature alters mean a natural where they state none.

References
----------
MEI 4.0.1 and 5.0 (CMN): ``layer``, ``note``, ``chord``, ``tuplet``, ``beam``, ``graceGrp``, ``bTrem``, ``fTrem``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from nlsearch.handlers.score.formats.meidefs import Staff, Staves, accidental, take_key, take_meter, whole
from nlsearch.handlers.score.formats.meisyllables import syllables
from nlsearch.handlers.score.formats.meivalues import LONGEST, first_reading, ratio_of, ticks_of
from nlsearch.handlers.score.formats.spelled import LETTER_STEPS
from nlsearch.handlers.score.formats.tally import Tally
from nlsearch.handlers.score.notation import NATURALS, Note

_LARGEST = 10**9
_REPEATS = frozenset({"mRpt", "mRpt2", "multiRpt", "halfmRpt", "beatRpt"})
_TRANSPARENT = frozenset(
    {
        "abbr", "add", "bTrem", "beam", "corr", "damage", "expan", "gap", "handShift", "lem", "orig", "rdg", "reg",
        "restore", "seg", "sic", "supplied", "unclear", "ossia", "oLayer",
    }
)  # fmt: skip
_NO_DURATION = "a note without a duration that can be read was given none"
_NO_NOTE = "a note without a pitch that can be read was left out"
_NO_START = "a tie ends where none began; its note counts by itself"


@dataclass(frozen=True, slots=True)
class Around:
    """What holds the elements at hand: tuplets (`ratio` of sounding to written), grace groups, a chord."""

    ratio: Fraction = Fraction(1)
    is_grace: bool = False


@dataclass(slots=True)
class Marks:
    """What the control events of a measure say of notes by their ids.

    Attributes
    ----------
    ends : dict of str to list of str
        Id of a note → ids of those that go on with it.
    waiting : dict of str to Note
        Id of a note that goes on with one that was read.
    tuplets : dict of str to (Fraction, str)
        Id of the first note → ratio, and id of the last.
    places : dict of str to int
        Ticks from the start of the bar, of what was read in it and has an id.
    """

    ends: dict[str, list[str]]
    waiting: dict[str, Note]
    tuplets: dict[str, tuple[Fraction, str]]
    places: dict[str, int]


class LayerReader:
    """Reads layers into the parts of their staves."""

    def __init__(self, staves: Staves, tally: Tally) -> None:
        self._staves = staves
        self._tally = tally
        self._stated = 0
        self._unstated: dict[int, tuple[Note, int]] = {}  # by identity
        self.most_rests = 0  # bars that the measure at hand stands for, if it is a rest of several

    def measure(self, bar: int, label: str, marks: Marks) -> None:
        """Go on to the next measure."""
        self._bar, self._label, self._marks = bar, label, marks
        self.most_rests = 1

    def layer(self, staff: Staff, name: str, content: Element, altered: dict[int, int]) -> int:
        """Read a layer; return the ticks that are in it.

        Parameters
        ----------
        staff : Staff
        name : str
            Of the voice.
        content : Element
        altered : dict
            Accidentals of the bar by written step, shared by the layers of a staff.
        """
        self._staff, self._name, self._state = staff, name, altered
        self._at = 0
        self._found: list[Note] = []
        self._spanned: tuple[Fraction, str] | None = None
        stack: list[tuple[Iterator[Element], Around]] = [(iter(content), Around())]
        while stack:
            children, around = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                continue
            inner = self._take(child, around)
            if inner is not None:
                stack.append(inner)
        staff.last_bar[name] = self._found
        staff.draft.voices.setdefault(name, []).extend(note for note in self._found if note.bar == self._bar)
        return self._at

    def finish(self) -> None:
        """Decide what notes are that state no accidental although something before would alter them."""
        if self._stated and self._stated >= len(self._unstated):
            for note, alter in self._unstated.values():
                if note.pitch is not None:
                    note.pitch -= alter

    # ------------------------------------------------------------------------------------------------------- elements
    def _take(self, element: Element, around: Around) -> tuple[Iterator[Element], Around] | None:
        """Take an element, or return what is in it to be taken one by one."""
        tag = element.tag
        if tag in {"note", "chord", "rest", "space"}:
            self._event(element, around)
            return None
        if tag in _TRANSPARENT:
            return iter(element), around
        if tag == "tuplet":
            ratio = around.ratio * ratio_of(element)
            known = max(ratio.numerator, ratio.denominator) < _LARGEST
            return iter(element), replace(around, ratio=ratio) if known else around
        if tag == "graceGrp":
            return iter(element), replace(around, is_grace=True)
        if tag == "fTrem" and around.ratio.denominator < _LARGEST:
            return iter(element), replace(around, ratio=around.ratio / 2)
        if tag in {"app", "choice", "subst"}:
            self._tally.warn(f"of the readings of <{tag}> the first was taken", self._label)
            return iter(first_reading(element)), around
        self._mark(element)
        return None

    def _mark(self, element: Element) -> None:
        """Take what is neither a note nor holds notes."""
        place = (self._bar, self._at)
        match element.tag:
            case "multiRest":
                self.most_rests = max(self.most_rests, whole(element.get("num"), 10_000))
            case "keySig":
                take_key(self._staff, element, place)
            case "meterSig" | "meterSigGrp":
                take_meter(self._staff, element, place)
            case "staffDef" | "scoreDef":
                self._staves.define(element, *place)
            case tag if tag in _REPEATS:
                self._repeat(element)

    def _event(self, element: Element, around: Around) -> None:
        identity = element.get("xml:id", "")
        if identity:
            self._marks.places[identity] = self._at
            if self._spanned is None and identity in self._marks.tuplets:
                self._spanned = self._marks.tuplets[identity]
        is_grace = around.is_grace or element.get("grace") is not None
        length = 0 if is_grace else self._length(element, around.ratio)
        onset = self._at
        if not is_grace and element.get("tstamp.real") is None:
            self._at = min(onset + length, LONGEST)
        if self._spanned is not None and identity == self._spanned[1]:
            self._spanned = None
        if element.tag == "note":
            self._note(element, element, onset, length, is_grace=is_grace)
        elif element.tag == "chord":
            stack = list(reversed(element))
            while stack:
                child = stack.pop()
                if child.tag == "note":
                    self._note(child, element, onset, length, is_grace=is_grace)
                elif child.tag in _TRANSPARENT:
                    stack += reversed(child)

    def _length(self, element: Element, ratio: Fraction) -> int:
        if self._spanned is not None:
            ratio *= self._spanned[0]
        value = ticks_of(element, ratio, self._staff)
        if value is None:
            self._tally.warn(_NO_DURATION, self._label)
        return value or 0

    def _repeat(self, element: Element) -> None:
        """Take what stands for the bar before; other signs of repetition are told."""
        if element.tag != "mRpt":
            self._tally.warn(f"<{element.tag}> was not written out", self._label)
            return
        for note in self._staff.bar_before.get(self._name, []):
            self._tally.note()
            again = replace(note, bar=self._bar, syllable="")
            self._found.append(again)
            if id(note) in self._unstated:
                self._unstated[id(again)] = (again, self._unstated[id(note)][1])
            self._at = max(self._at, note.onset + note.duration)

    # ---------------------------------------------------------------------------------------------------------- notes
    def _note(self, element: Element, event: Element, onset: int, length: int, *, is_grace: bool) -> None:
        name, pitch, step, alter = self._pitch(element)
        if name is None:
            self._tally.warn(_NO_NOTE, self._label)
            return
        note = Note(onset, length, pitch, step, self._bar, "", is_grace)
        kept = note if is_grace else self._tied(element, event, note, name)
        for identity in {element.get("xml:id", ""), event.get("xml:id", "")} - {""}:
            for end in self._marks.ends.get(identity, ()):
                self._marks.waiting[end] = kept
        for verse, pieces in syllables(element) + (syllables(event) if event is not element else []):
            self._staff.verses.add((verse, self._name), kept, pieces)
        if kept is note:
            self._tally.note()
            self._found.append(note)
            if alter:
                self._unstated[id(note)] = (note, alter)

    def _tied(self, element: Element, event: Element, note: Note, name: int) -> Note:
        waiting = self._marks.waiting
        identities = (element.get("xml:id", ""), event.get("xml:id", ""))
        before = next((waiting.pop(known) for known in identities if known in waiting), None)
        tie = element.get("tie") or event.get("tie") or ""
        staff = self._staff
        onset = staff.clock + note.onset
        if before is None and ("t" in tie or "m" in tie):
            before = staff.ties.end(name, self._name, onset)
            if before is None:
                self._tally.warn(_NO_START, self._label)
        if before is not None:
            before.duration += note.duration
        kept = before or note
        if "i" in tie or "m" in tie:
            staff.ties.begin(kept, name, self._name, onset + note.duration)
        return kept

    def _pitch(self, element: Element) -> tuple[int | None, int | None, int | None, int]:
        """Return the written place (None if it cannot be read), the sounding pitch and step, and what is uncertain."""
        staff = self._staff
        letter = (element.get("pname") or "").upper()
        octave = element.get("oct.ges") or element.get("oct") or staff.octave
        if staff.is_percussion or (not letter and element.get("loc") is not None):
            return whole(element.get("loc"), 1000), None, None, 0
        if letter not in LETTER_STEPS or not octave.isdecimal() or len(octave) > 2:
            number = element.get("pnum") or element.get("midi.pitch") or ""
            if number.isdecimal() and len(number) < 4 and int(number) <= 127:
                return 1000 + int(number), int(number), None, 0
            return None, None, None, 0
        step = 7 * int(octave) + LETTER_STEPS[letter]
        alter, uncertain = self._alter(element, letter, step)
        pitch = 12 * (int(octave) + 1) + NATURALS[LETTER_STEPS[letter]] + alter + staff.chromatic
        if not 0 <= pitch - uncertain <= 127 or not 0 <= pitch <= 127:
            return None, None, None, 0
        return step, pitch, step + staff.diatonic, uncertain

    def _alter(self, element: Element, letter: str, step: int) -> tuple[int, int]:
        """Return the semitones of the accidental, and how many of them follow only from what stands before."""
        sign = element.find("accid")
        if sign is None:
            sign = element.find("*/accid")
        written = accidental(element.get("accid"))
        sounding = accidental(element.get("accid.ges"))
        if sign is not None:
            written = accidental(sign.get("accid")) if written is None else written
            sounding = accidental(sign.get("accid.ges")) if sounding is None else sounding
        implied = self._state.get(step)
        if implied is None:
            implied = self._staff.letters.get(letter, 0)
        if written is not None:
            self._state[step] = written
        if sounding is not None:
            self._stated += written is None and sounding == implied != 0
            return sounding, 0
        if written is not None:
            return written, 0
        return implied, implied
