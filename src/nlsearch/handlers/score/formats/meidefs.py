"""Staves of an MEI score: what ``scoreDef`` and ``staffDef`` say of them.

References
----------
MEI 4.0.1 and 5.0 (CMN), Music Encoding Initiative 2019 and 2023: ``scoreDef``, ``staffGrp``, ``staffDef``,
``keySig``, ``meterSig``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from nlsearch.handlers.score.formats.drafts import Draft, Ties, Verses
from nlsearch.handlers.score.formats.spelled import letters_of, shift_of, shifted, tonic
from nlsearch.handlers.score.keys import ON_THE_LINE
from nlsearch.handlers.score.notation import TICKS, Key, Meter, Note, Part

_SIGNATURE = re.compile(r"(\d{1,2})([sf])")
_ACCIDENTALS = {
    "s": 1, "f": -1, "n": 0, "ss": 2, "x": 2, "ff": -2, "xs": 3, "sx": 3, "ts": 3, "tf": -3, "nf": -1, "ns": 1,
    "su": 1, "sd": 1, "fu": -1, "fd": -1, "nu": 0, "nd": 0, "1qf": 0, "3qf": -1, "1qs": 0, "3qs": 1,
}  # fmt: skip
_SYMBOLS = {"common": ("4", "4"), "cut": ("2", "2")}
_LONGEST_QUARTERS = 10_000


@dataclass(slots=True)
class Staff:
    """What is in force on a staff.

    Attributes
    ----------
    draft : Draft
        Of its part, which may have further staves.
    name : str
        Its number.
    letters : dict of str to int
        Alteration by letter, of the signature.
    diatonic, chromatic : int
        From the written pitch to the sounding one.
    bar_ticks : int
        Of the meter; 0 if there is none.
    ppq : int
        Units of ``dur.ppq`` in a quarter.
    """

    draft: Draft
    name: str
    letters: dict[str, int] = field(default_factory=dict)
    diatonic: int = 0
    chromatic: int = 0
    bar_ticks: int = 0
    ppq: int = 0
    duration: str = ""
    octave: str = ""
    is_percussion: bool = False
    ties: Ties = field(default_factory=Ties)
    verses: Verses = field(default_factory=Verses)
    bar_before: dict[str, list[Note]] = field(default_factory=dict)
    last_bar: dict[str, list[Note]] = field(default_factory=dict)
    clock: int = 0


class Staves:
    """The staves of a score by their numbers, in order.

    Attributes
    ----------
    drafts : list of Draft
        Of the parts.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, Staff] = {}
        self.drafts: list[Draft] = []
        self._members: dict[int, list[Staff]] = {}  # by the identity of the draft

    def get(self, name: str) -> Staff:
        """Return a staff, a new one by itself if nothing was said of it."""
        return self.by_name.get(name) or self._add(name, None)

    def of(self, draft: Draft) -> list[Staff]:
        """Return the staves of a part."""
        return self._members[id(draft)]

    def _add(self, name: str, draft: Draft | None) -> Staff:
        draft = Draft(Part()) if draft is None else draft
        if id(draft) not in self._members:
            self._members[id(draft)] = []
            self.drafts.append(draft)
        staff = self.by_name[name] = Staff(draft, name)
        self._members[id(draft)].append(staff)
        return staff

    def define(self, element: Element, bar: int, ticks: int = 0) -> None:
        """Take a ``scoreDef``, ``staffGrp`` or ``staffDef`` that holds from a place on."""
        if element.tag == "staffDef":
            self._staff(element, None, (bar, ticks))
            return
        stack: list[tuple[Element, Draft | None]] = [(element, None)]
        staves: list[tuple[Element, Draft | None]] = []
        while stack:
            group, draft = stack.pop()
            if group.tag == "staffDef":
                staves.append((group, draft))
            elif group.tag in {"scoreDef", "staffGrp"}:
                draft = draft or self._joined(group)
                stack += [(child, draft) for child in reversed(group)]
        for staff, draft in staves:
            self.get_defined(staff, draft)
        if element.tag == "scoreDef":
            for known in self.by_name.values():
                _take(known, element, (bar, ticks))
        for staff, draft in staves:
            self._staff(staff, draft, (bar, ticks))

    def get_defined(self, element: Element, draft: Draft | None) -> Staff:
        """Return the staff that a ``staffDef`` speaks of."""
        name = element.get("n", "").strip() or str(len(self.by_name) + 1)
        return self.by_name.get(name) or self._add(name, draft)

    def _staff(self, element: Element, draft: Draft | None, place: tuple[int, int]) -> None:
        staff = self.get_defined(element, draft)
        part = staff.draft.part
        part.name = part.name or _label(element)
        part.instrument = part.instrument or _instrument(element)
        _take(staff, element, place)

    def _joined(self, group: Element) -> Draft | None:
        """Return the part of a group whose staves are one instrument's: braced, and named as one."""
        symbol = group.find("grpSym")
        sort = group.get("symbol", "") if symbol is None else symbol.get("symbol", "")
        staves = group.findall("staffDef")
        if group.tag != "staffGrp" or sort != "brace" or any(map(_label, staves)):
            return None
        known = next(
            (self.by_name[name] for name in (staff.get("n", "") for staff in staves) if name in self.by_name), None
        )
        return known.draft if known is not None else Draft(Part(_label(group), _instrument(group)))


def _label(element: Element) -> str:
    said = element.find("label")
    return element.get("label", "") if said is None else " ".join("".join(said.itertext()).split())


def _instrument(element: Element) -> str:
    said = element.find("instrDef")
    return "" if said is None else (said.get("label") or said.get("midi.instrname") or "").replace("_", " ")


def _take(staff: Staff, element: Element, place: tuple[int, int]) -> None:
    """Take what a definition says; what it does not say stays."""
    if element.get("trans.semi") is not None:
        staff.chromatic = whole(element.get("trans.semi"), 60)
        said = element.get("trans.diat")
        staff.diatonic = letters_of(staff.chromatic) if said is None else whole(said, 35)
    staff.ppq = whole(element.get("ppq"), 10**6) or staff.ppq
    staff.duration = element.get("dur.default", staff.duration)
    staff.octave = element.get("oct.default", staff.octave)
    clef = element.find("clef")
    shape = element.get("clef.shape", "") if clef is None else clef.get("shape", "")
    staff.is_percussion = shape == "perc" if shape else staff.is_percussion
    key = element.find("keySig")
    if key is not None:
        take_key(staff, key, place)
    elif element.get("key.sig") is not None or element.get("keysig") is not None:
        _key(staff, element.get("key.sig") or element.get("keysig") or "", element, "key.", place)
    meter = element.find("meterSigGrp")
    meter = element.find("meterSig") if meter is None else meter
    if meter is not None:
        take_meter(staff, meter, place)
    elif element.get("meter.count") is not None or element.get("meter.sym") is not None:
        texts = (element.get("meter.count"), element.get("meter.unit"), element.get("meter.sym"))
        _meter(staff, [texts], place)


def take_key(staff: Staff, element: Element, place: tuple[int, int]) -> None:
    """Take a ``keySig``."""
    said = element.get("sig") or element.get("keysig") or ""
    _key(staff, said, element, "", place)
    for accidental in element.iterfind("keyAccid"):
        letter = accidental.get("pname", "").upper()
        if letter in ON_THE_LINE and letter:
            staff.letters[letter] = _ACCIDENTALS.get(accidental.get("accid", ""), 0)


def _key(staff: Staff, said: str, element: Element, prefix: str, place: tuple[int, int]) -> None:
    match = _SIGNATURE.fullmatch(said.strip())
    if match is None and said.strip() not in {"0", ""}:
        staff.letters = {}
        return
    count = min(7, int(match[1])) if match is not None else 0
    fifths = -count if match is not None and match[2] == "f" else count
    letters = ON_THE_LINE if fifths >= 0 else ON_THE_LINE[::-1]
    staff.letters = dict.fromkeys(letters[:count], 1 if fifths >= 0 else -1)
    mode = (element.get(prefix + "mode") or "").lower()[:20]
    sounding = shifted(fifths, shift_of(staff.diatonic, staff.chromatic))
    staff.draft.keys.append((place, Key(0, sounding, tonic(sounding, mode), mode)))


def take_meter(staff: Staff, element: Element, place: tuple[int, int]) -> None:
    """Take a ``meterSig``, or a group of them that stand side by side."""
    signs = [element] if element.tag == "meterSig" else element.findall("meterSig")
    _meter(staff, [(sign.get("count"), sign.get("unit"), sign.get("sym")) for sign in signs], place)


def _meter(staff: Staff, signs: list[tuple[str | None, str | None, str | None]], place: tuple[int, int]) -> None:
    texts: list[str] = []
    ticks = 0
    for count, unit, symbol in signs:
        usual = _SYMBOLS.get(symbol or "", ("", "4"))
        beats, beat = (count or usual[0]).replace(" ", "")[:20], (unit or usual[1]).strip()[:6]
        if beats:
            texts.append(f"{beats}/{beat}")
            counted = sum(whole(beat_count, 1000) for beat_count in beats.split("+"))
            ticks += 4 * TICKS * max(0, counted) // max(1, whole(beat, 4096))
    staff.bar_ticks = min(ticks, _LONGEST_QUARTERS * TICKS)
    meters = staff.draft.meters
    if not meters or meters[-1][0] != place:  # other staves of the part say it as well
        meters.append((place, Meter(0, "+".join(texts)[:40])))


def accidental(name: str | None) -> int | None:
    """Return the semitones of an accidental by its name in MEI, quarter tones rounded towards none; None if unknown."""
    return None if name is None else _ACCIDENTALS.get(name.strip())


def whole(text: str | None, most: int) -> int:
    """Return a whole number; 0 if there is none, or a larger one than `most`."""
    try:
        value = int(text or "0")
    except ValueError:
        return 0
    return value if -most <= value <= most else 0


def words_of(element: Element | None) -> str:
    """Return all text in an element, with single spaces."""
    return "" if element is None else " ".join("".join(element.itertext()).split())
