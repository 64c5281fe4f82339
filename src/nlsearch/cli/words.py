"""Evidence in words: one line for a person, from the JSON that programs get.

Conventions
-----------
JSON ranges are 0-based and half-open; words count bases, residues and atoms as their fields do, and say so: sequence
ranges are 1-based and closed, atom indices 0-based.  A key without a phrase is shown as it is; what only programs need
(matrices, bonds, the list of further matches) is left to ``--json``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from nlsearch.cli.peakwords import SILENT, SPECTRUM, Phrase
from nlsearch.cli.wording import plural, shown

if TYPE_CHECKING:
    from nlsearch.model import Json

_SILENT = frozenset({
    "bonds", "homography", "more", "count", "frame", "strand", "query_s", "gaps", "cigar", "fingerprint",
    "expected_votes", "voice", "part_name", "query_atoms", "tier", "score", "search_space", "k", "scaled", "rows",
    "raw_score", "evalue_composition", "positives", "cut_other_strand", "ani_item_in_query", "ani_average",
    "ani_maximum", "query_hashes", "item_hashes", "query_length", "key_source", "query_notes", "edit_count",
})  # fmt: skip
SHOWN_LETTERS = 60
_UNITS = {"nucleotide": "bases", "protein": "residues"}


def evidence_in_words(kind: str, evidence: Mapping[str, Json]) -> str:
    """Say in one line what proves a hit.

    Parameters
    ----------
    kind : str
        The item's kind; decides the unit of ranges.
    evidence : mapping
        ``hit.evidence``.
    """
    parts = evidence.get("parts")
    if isinstance(parts, list) and parts:
        rest = {key: value for key, value in evidence.items() if key in {"words", "fields"}}
        said = [f"{part.get('operator', '?')}: {_one(kind, _without_operator(part))}" for part in parts]
        return " + ".join([*said, *_phrases(kind, rest)])
    return _one(kind, evidence)


def _without_operator(part: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in part.items() if key != "operator"}


def _one(kind: str, evidence: Mapping[str, Json]) -> str:
    phrases = _phrases(kind, evidence)
    more = evidence.get("count")
    if isinstance(more, int) and more > 1:
        phrases.append(f"{more:,} matches in all")
    return "; ".join(phrases)


def _phrases(kind: str, evidence: Mapping[str, Json]) -> list[str]:
    said = []
    phrases, silent = _of_kind(kind)
    for key, value in evidence.items():
        if key in silent:
            continue
        if key in phrases:
            phrase = phrases[key](kind, evidence)
            if phrase:
                said.append(phrase)
        elif value not in (None, "", [], {}):
            said.append(f"{key.replace('_', ' ')} {shown(value)}")
    return said


# ------------------------------------------------------------------------------------------------- molecule, reaction
def _atoms(_: str, evidence: Mapping[str, Json]) -> str:
    matches = evidence["atoms"]
    if not matches:
        return ""
    first: Sequence[int] = matches[0] if isinstance(matches[0], list) else matches
    said = f"atoms {shown(sorted(first))} (0-based)"
    others = len(matches) - 1 if isinstance(matches[0], list) else 0
    return said + (f" and {plural(others, 'more match')}" if others and "count" not in evidence else "")


def _similarity(_: str, evidence: Mapping[str, Json]) -> str:
    method = evidence.get("fingerprint")
    return f"similarity {evidence['similarity']:.3f}" + (f" ({shown(method)})" if method else "")


def _level(_: str, evidence: Mapping[str, Json]) -> str:
    level = evidence["level"]
    return f"the same at level {level}" if level else ""


# -------------------------------------------------------------------------------------------------------- sequences
def _target(kind: str, evidence: Mapping[str, Json]) -> str:
    unit = _UNITS.get(kind, "positions")
    said = f"{unit} {_closed(evidence['target'])} (1-based)"
    if evidence.get("strand") and (kind != "protein" or evidence.get("frame")):
        said += f" on the {evidence['strand']} strand"
    if evidence.get("frame"):
        said += f", frame {evidence['frame']}"
    return said


def _query(_: str, evidence: Mapping[str, Json]) -> str:
    return f"query {_closed(evidence['query'])}"


def _identity(_: str, evidence: Mapping[str, Json]) -> str:
    return f"{evidence['identity'] * 100:.1f} % identical"


def _mismatches(_: str, evidence: Mapping[str, Json]) -> str:
    said = plural(evidence["mismatches"], "mismatch")
    gaps = evidence.get("gaps")
    return f"{said}, {plural(gaps, 'gap')}" if isinstance(gaps, int) else said


def _evalue(_: str, evidence: Mapping[str, Json]) -> str:
    value = evidence["evalue"]
    return "" if value is None else f"E = {value:.2g}"


def _bit_score(_: str, evidence: Mapping[str, Json]) -> str:
    value = evidence["bit_score"]
    return "" if value is None else f"{value:.1f} bits"


def _cut(_: str, evidence: Mapping[str, Json]) -> str:
    said = f"cut after base {evidence['cut']:,}"
    other = evidence.get("cut_other_strand")
    return said + (f" and on the other strand after {other:,}" if isinstance(other, int) else "")


def _sequence(_: str, evidence: Mapping[str, Json]) -> str:
    text = evidence["sequence"]
    return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"


def _containment(key: str, words: str) -> Callable[[str, Mapping[str, Json]], str]:
    return lambda _, evidence: f"{evidence[key] * 100:.1f} % {words}"


def _ani(_: str, evidence: Mapping[str, Json]) -> str:
    value = evidence["ani"]
    return "" if value is None else f"ANI {value * 100 if value <= 1 else value:.2f} %"


def _is_range(value: Json) -> bool:
    return isinstance(value, list) and len(value) == 2


def _closed(value: Json) -> str:
    return f"{value[0] + 1:,}-{value[1]:,}" if _is_range(value) else shown(value)


# ------------------------------------------------------------------------------------------------------------- score
def _bars(_: str, evidence: Mapping[str, Json]) -> str:
    first, last = evidence["bars"]
    if not first and not last:
        return ""
    return f"bar {first}" if first == last else f"bars {first}-{last}"


def _part(_: str, evidence: Mapping[str, Json]) -> str:
    name = evidence.get("part_name") or f"part {evidence['part'] + 1}"
    voice = evidence.get("voice")
    return f"in {name}" + (f", voice {voice}" if voice not in (None, "", "1") else "")


def _transposition(_: str, evidence: Mapping[str, Json]) -> str:
    semitones = evidence["transposition"]
    if semitones is None:
        return ""
    return f"transposed by {semitones:+d} semitones" if semitones else "at the same pitch"


def _edits(_: str, evidence: Mapping[str, Json]) -> str:
    edits = evidence["edits"]
    if not edits:
        return "no edits"
    count = evidence.get("edit_count", len(edits))
    return f"{plural(count, 'edit')}: " + ", ".join(edit.get("words", edit.get("kind", "?")) for edit in edits[:4])


def _notes(_: str, evidence: Mapping[str, Json]) -> str:
    return plural(len(evidence["notes"]), "note") if evidence["notes"] else ""


def _key(_: str, evidence: Mapping[str, Json]) -> str:
    return f"in {evidence['key']}" + (" (estimated)" if evidence.get("key_source") == "estimated" else "")


def _share(_: str, evidence: Mapping[str, Json]) -> str:
    return f"{evidence['share'] * 100:.0f} % the same"


def _chords(_: str, evidence: Mapping[str, Json]) -> str:
    return "chords " + " ".join(evidence["chords"])


def _lyrics(_: str, evidence: Mapping[str, Json]) -> str:
    return f"“{evidence['lyrics']}”" if evidence["lyrics"] else ""


# ------------------------------------------------------------------------------------------------ audio, video, image
def _seconds(_: str, evidence: Mapping[str, Json]) -> str:
    start, end = evidence["target_s"]
    said = f"at {_clock(start)}-{_clock(end)}"
    if _is_range(evidence.get("query_s")):
        said += f" of the item, {_clock(evidence['query_s'][0])}-{_clock(evidence['query_s'][1])} of the clip"
    return said


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:05.2f}"


def _votes(_: str, evidence: Mapping[str, Json]) -> str:
    expected = evidence.get("expected_votes")
    if evidence["votes"] is None:
        return ""
    return plural(int(evidence["votes"]), "vote") + (f" ({expected:.3g} by chance)" if expected is not None else "")


def _speed(_: str, evidence: Mapping[str, Json]) -> str:
    return f"speed × {evidence['speed']:.3f}" if evidence["speed"] != 1 else ""


def _quad(_: str, evidence: Mapping[str, Json]) -> str:
    return "at " + " ".join(f"({x:.0f}, {y:.0f})" for x, y in evidence["quad"]) if evidence["quad"] else ""


def _flag(key: str, words: str) -> Callable[[str, Mapping[str, Json]], str]:
    return lambda _, evidence: words if evidence[key] else ""


def _counted(key: str, noun: str) -> Callable[[str, Mapping[str, Json]], str]:
    return lambda _, evidence: plural(int(evidence[key]), noun)


def _hamming(_: str, evidence: Mapping[str, Json]) -> str:
    value = evidence["hamming"]
    return "" if value is None else f"{value} of 256 hash bits differ"


def _turn(_: str, evidence: Mapping[str, Json]) -> str:
    return f"turned by {evidence['turn']}°" if isinstance(evidence["turn"], int | float) and evidence["turn"] else ""


# ------------------------------------------------------------------------------------------------------ words, fields
def _words(_: str, evidence: Mapping[str, Json]) -> str:
    return f"words {shown(evidence['words'])}"


def _fields(_: str, evidence: Mapping[str, Json]) -> str:
    fields = evidence["fields"]
    return ", ".join(f"{name} = {shown(value)}" for name, value in fields.items()) if fields else ""


_PHRASES: dict[str, Phrase] = {
    "atoms": _atoms,
    "similarity": _similarity,
    "level": _level,
    "target": _target,
    "query": _query,
    "identity": _identity,
    "mismatches": _mismatches,
    "evalue": _evalue,
    "bit_score": _bit_score,
    "containment_query_in_item": _containment("containment_query_in_item", "of the query is in the item"),
    "containment_item_in_query": _containment("containment_item_in_query", "of the item is in the query"),
    "ani": _ani,
    "cut": _cut,
    "sequence": _sequence,
    "wraps": _flag("wraps", "across the origin"),
    "bars": _bars,
    "part": _part,
    "notes": _notes,
    "transposition": _transposition,
    "edits": _edits,
    "through_repeat": _flag("through_repeat", "through a repeat"),
    "target_s": _seconds,
    "votes": _votes,
    "speed": _speed,
    "signal_equal": _flag("signal_equal", "the same signal"),
    "quad": _quad,
    "inliers": _counted("inliers", "inlier"),
    "mirrored": _flag("mirrored", "mirrored"),
    "pixels_equal": _flag("pixels_equal", "all pixels equal"),
    "hamming": _hamming,
    "turn": _turn,
    "words": _words,
    "fields": _fields,
}
_SPECTRUM = {**_PHRASES, **SPECTRUM}
_SCORE = {**_PHRASES, "key": _key, "share": _share, "chords": _chords, "lyrics": _lyrics}


def _of_kind(kind: str) -> tuple[Mapping[str, Phrase], frozenset[str]]:
    """Return the phrases of a kind by key, and what is not said."""
    if kind == "spectrum":
        return _SPECTRUM, _SILENT | SILENT
    if kind == "audio":
        return _PHRASES, _SILENT | {"peaks", "gain", "method"}
    return (_SCORE if kind == "score" else _PHRASES), _SILENT
