"""Incipits in Plaine & Easie Code, as RISM and library catalogues give them: each is an item.

Conventions
-----------
A file has one incipit a line (``%G-2$xF@3/4 4'CDE``, before it an id and a tab if it has one), or records of fields
(``@clef:``, ``@keysig:``, ``@timesig:``, ``@data:``; a field that a record has already begins the next), or MARC 21 in
the text form of MARCMaker, whose fields 031 (UNIMARC 036) are read.  Lines that begin with ``#`` are comments.  Without
octave marks notes are in octave 4, without durations they are quarters.  An accidental holds to the end of the bar for
its letter in its octave.  Incipits are in sounding pitch.

References
----------
Plaine & Easie Code, version 1 (28 June 2019), https://plaine-and-easie.info/v1/; MARC 21 Format for Bibliographic Data,
field 031; MARCMaker, https://www.loc.gov/marc/makrbrkr.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.errors import LimitExceeded, MalformedContent
from nlsearch.handlers.score.formats.keys import add_key, fifths_of
from nlsearch.handlers.score.formats.paemusic import Incipit
from nlsearch.handlers.score.notation import Key, Score
from nlsearch.handlers.textlines import text_lines
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

_FIELD = re.compile(r"\s*@([A-Za-z]\w*)\s*:(.*)$")
_MARC = re.compile(r"=(LDR|\d{3})  (.*)$")
_SUBFIELD = re.compile(r"\$([a-z0-9])([^$]*)")
_MARC_NAMES = {
    "031": {"g": "clef", "n": "keysig", "o": "timesig", "p": "data", "r": "key", "m": "part", "d": "movement",
            "t": "text", "2": "version"},
    "036": {"m": "clef", "n": "keysig", "o": "timesig", "p": "data", "g": "key", "d": "part", "f": "movement",
            "t": "text", "2": "version"},
}  # fmt: skip
_KEY = re.compile(r"([A-Ga-g])\|?([#xb]?)(?:$|[\s,])")
_SECOND = re.compile(r"\s*;pe2")
_KEYS = ("clef", "keysig", "timesig", "data", "key", "version")


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the incipits of a file, in its order; the content of each is a ``Score``.

    Raises
    ------
    MalformedContent
        If there is none.
    """
    number = 0
    for fields in _incipits(stream, limits):
        number += 1
        yield _item(number, fields, limits)
    if not number:
        raise MalformedContent("the file holds no incipit")


def read_incipit(text: str, limits: Limits | None = None) -> Score:
    """Read an incipit in any of its forms: a line, fields (``@data:``), JSON, or notes alone.

    Parameters
    ----------
    text : str
    limits : Limits, optional

    Returns
    -------
    Score
        Of one part and one voice.  Its ``warnings`` say what was not understood; one without notes is no error.

    Raises
    ------
    LimitExceeded
        If it has more notes than ``score_notes``.
    """
    return _score(_fields_of(text), limits or Limits())


def _incipits(stream: BinaryIO, limits: Limits) -> Iterator[dict[str, str]]:
    """Yield the fields of each incipit."""
    held: dict[str, str] = {}
    catalogue: dict[str, str] = {}
    for raw in text_lines(stream, limits):
        line = decoded(raw[: limits.record_bytes]).strip("\r\n\x00")
        field, marc = _FIELD.match(line), _MARC.match(line)
        if field is not None:
            name, value = field[1].lower(), field[2]
            if "data" in held and (name in held or name in {"start", "end"}):
                yield held
                held = {}
            held[{"start": "id"}.get(name, name)] = value
        elif marc is not None:
            fields = _marc_fields(marc[1], marc[2], catalogue)
            if fields:
                yield {**catalogue, **fields}
        elif "data" in held:
            yield held
            held = {}
        if field is None and marc is None and line.strip() and line[0] != "#":
            name, tab, text = line.rpartition("\t")
            yield {**_fields_of(text), "id": name.split("\t")[0].strip()} if tab else _fields_of(text)
    if "data" in held:
        yield held


def _marc_fields(tag: str, content: str, catalogue: dict[str, str]) -> dict[str, str]:
    """Return the fields of an incipit, or none; what is said of the source is kept in `catalogue`."""
    if tag == "LDR":
        catalogue.clear()
    said: dict[str, str] = {}
    for name, value in _SUBFIELD.findall(content):
        said.setdefault(name, value.replace("{dollar}", "$").replace("{lcub}", "{").replace("{rcub}", "}").strip())
    if tag == "001":
        catalogue["source"] = content.strip()
    elif tag in {"245", "240"} and said.get("a"):
        catalogue["title"] = said["a"].rstrip(" /:")
    elif tag == "100" and said.get("a"):
        catalogue["composer"] = said["a"].rstrip(" ,")
    if tag not in _MARC_NAMES or not said.get("p"):
        return {}
    fields = {field: said[name] for name, field in _MARC_NAMES[tag].items() if name in said}
    number = ".".join(said[name] for name in "abc" if said.get(name))
    if number:
        fields["id"] = "-".join(filter(None, [catalogue.get("source"), number]))
    return fields


def _fields_of(text: str) -> dict[str, str]:
    stripped = text.strip()
    if stripped.startswith("{") and '"data"' in stripped:
        try:
            said = json.loads(stripped)
        except (ValueError, RecursionError):
            said = None
        if isinstance(said, dict):
            return {key: str(value) for key, value in said.items() if value is not None}
    lines = stripped.splitlines()
    fields = {found[1].lower(): found[2] for line in lines if (found := _FIELD.match(line)) is not None}
    if "data" in fields:
        return fields
    second = _SECOND.match(stripped)
    return {"data": stripped[second.end() :], "version": "pe2"} if second else {"data": stripped}


def _item(number: int, fields: dict[str, str], limits: Limits) -> RawItem | Skipped:
    record_id = fields.get("id", "").strip() or None
    try:
        score = _score(fields, limits)
    except LimitExceeded as error:
        return Skipped(number, str(error), error.code, record_id)
    return RawItem(score, number, score.title, record_id, warnings=score.warnings)


def _score(fields: dict[str, str], limits: Limits) -> Score:
    incipit = Incipit(limits, is_second=fields.get("version", "").strip() == "pe2")
    if "keysig" in fields:
        incipit.change("$", fields["keysig"].strip().lstrip("$"))
    if fields.get("timesig", "").strip():
        incipit.change("@", fields["timesig"].strip().lstrip("@"))
    incipit.read(fields.get("data", "").strip())
    score = incipit.finish()
    score.title = fields.get("title", "").strip()
    score.composer = fields.get("composer", "").strip()
    part = score.parts[0]
    part.name = fields.get("part", "").strip()
    if fields.get("text", "").strip():
        part.verses = [fields["text"].strip()]
    for name in ("movement", "source"):
        if fields.get(name, "").strip():
            score.words[name] = fields[name].strip()
    _name_key(score, fields.get("key", "").strip())
    return score


def _name_key(score: Score, text: str) -> None:
    """Name the first key; RISM writes ``E|b`` for E flat major and ``f|x`` for F sharp minor."""
    found = _KEY.match(text)
    if found is None:
        if text:
            score.words["mode"] = text
        return
    tonic = found[1].upper() + found[2].replace("x", "#")
    mode = "major" if found[1].isupper() else "minor"
    fifths = score.keys[0].fifths if score.keys and not score.keys[0].onset else fifths_of(tonic, mode)
    later = [key for key in score.keys if key.onset]
    score.keys = [Key(0, fifths, tonic, mode)]
    for key in later:
        add_key(score.keys, key)
