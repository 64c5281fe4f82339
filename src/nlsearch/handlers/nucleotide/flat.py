"""GenBank and EMBL flat files (INSDC feature table definition, version 11), through Biopython, one record at a time.

The file is cut into records at ``//`` lines before Biopython sees it, so a broken record costs only itself.  Text
behind a ``//`` that begins no record is refused like one; before the first record it is a release's heading.

Conventions
-----------
Positions are 0-based and half-open in :class:`Place` and :class:`Annotation`; ``location`` texts are INSDC's own
notation, 1-based and closed.  A feature's own sequence is spliced and in its own direction.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from nlsearch.errors import InputError, MalformedContent, UnsupportedFeature
from nlsearch.handlers.nucleotide.locations import location_text, parts_of, strand_of
from nlsearch.handlers.nucleotide.records import Annotation, Place, Record
from nlsearch.handlers.nucleotide.sequence import Packed, Packer, packed_of
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from Bio.SeqFeature import SeqFeature
    from Bio.SeqRecord import SeqRecord

KEPT_BASES = 100_000
"""Features longer than this keep their place only."""
LONGEST_COMMENT = 20_000
_READ = 2**16
_FIRST_LINES = {"genbank": b"LOCUS", "embl": b"ID   "}
_HIDDEN = frozenset({"translation", "codon_start", "transl_table"})


def read_flat(stream: BinaryIO, flavour: str, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield each record, then its features, of a GenBank or EMBL stream.

    Parameters
    ----------
    flavour : {"genbank", "embl"}

    Raises
    ------
    MalformedContent
        If no record begins in the file.
    UnsupportedFeature
        If the records are proteins.
    """
    number = 0
    for text in _records(stream, _FIRST_LINES[flavour]):
        limits.check("source_bytes", len(text))
        try:
            if not text.startswith(_FIRST_LINES[flavour]):
                raise MalformedContent("text behind the end of a record ('//') that begins no other record")
            record, notes = _parse(text, flavour)
        except MalformedContent as error:
            number += 1
            yield Skipped(number, error.message, error.code, _first_word(text, flavour))
            continue
        if record.annotations.get("molecule_type") == "protein":
            if not number:
                raise UnsupportedFeature("the records are proteins, not nucleotides")
            number += 1
            yield Skipped(number, "the record is a protein, not nucleotides", "unsupported_feature", record.id)
            continue
        for item in _items(record, notes, number, limits):
            number = item.number
            yield item
    if not number:
        raise MalformedContent(f"no record begins in the file: no line starts with {_FIRST_LINES[flavour].decode()!r}")


def _records(stream: BinaryIO, first: bytes) -> Iterator[bytes]:
    """Cut the stream at ``//`` lines and before the first line of a record; of text between records, give a line."""
    lines: list[bytes] = []
    begun = stray = False
    for line in iter(lambda: stream.readline(_READ), b""):
        if line.startswith(first):
            if lines:
                yield b"".join(lines)
            lines, begun, stray = [line], True, False
        elif line.rstrip() == b"//":
            if lines:
                yield b"".join(lines if stray else [*lines, b"//\n"])
            lines, stray = [], False
        elif lines and not stray:
            lines.append(line)
        elif begun and not stray and line.strip():
            lines, stray = [line], True
    if lines:
        yield b"".join(lines)


def _first_word(text: bytes, flavour: str) -> str | None:
    if not text.startswith(_FIRST_LINES[flavour]):
        return None
    words = text[:200].split()[1:2]
    return words[0].decode("latin-1").rstrip(";") if words else None


def _parse(text: bytes, flavour: str) -> tuple[SeqRecord, list[str]]:
    from Bio import SeqIO

    if not text.endswith(b"//\n"):
        raise MalformedContent("the record is cut short: it has no '//' line")
    parse: Callable[[io.StringIO, str], Iterator[SeqRecord]] = SeqIO.parse
    handle = io.StringIO(_decoded(text), newline=None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            record = next(parse(handle, flavour), None)
        except (ValueError, AssertionError, LookupError, TypeError, AttributeError, RecursionError) as exc:
            raise MalformedContent(f"the record does not parse: {str(exc).strip() or type(exc).__name__}") from exc
    if record is None:
        raise MalformedContent("the record does not parse: it holds no entry")
    return record, list(dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught))


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


# --------------------------------------------------------------------------------------------------------------- items
def _items(parsed: SeqRecord, notes: list[str], number: int, limits: Limits) -> Iterator[RawItem | Skipped]:
    packer = Packer()
    letters = _letters(parsed)
    if letters is None:
        notes = [*notes, "the record comes without its sequence"]
    packer.add(letters or b"")
    if packer.wrong is not None:
        at, letter = packer.wrong
        yield Skipped(number + 1, f"{letter!r} at letter {at:,} is no nucleotide", record_id=parsed.id)
        return
    try:
        limits.check("nucleotide_bases", packer.length)
    except InputError as error:
        yield Skipped(number + 1, error.message, error.code, parsed.id)
        return
    record = _record(parsed, packer.finish())
    annotations = [_annotation(feature, record, parsed, letters) for feature in parsed.features]
    record.places = _places(annotations)
    yield RawItem(record, number + 1, record.name, record.name or None, warnings=notes)
    for annotation in annotations:
        if annotation.type != "source":
            number += 1
            yield RawItem(annotation, number + 1, annotation.name, _record_id(annotation))


def _letters(parsed: SeqRecord) -> bytes | None:
    from Bio.Seq import UndefinedSequenceError

    try:
        return b"" if parsed.seq is None else bytes(parsed.seq)
    except UndefinedSequenceError:
        return None


def _record(parsed: SeqRecord, sequence: Packed) -> Record:
    facts: dict[str, Any] = parsed.annotations
    known = parsed.id if parsed.id not in {"<unknown id>", "<unknown name>", None, "."} else parsed.name
    name = "" if known in {"<unknown id>", "<unknown name>"} else str(known or "")
    bare, dot, version = name.rpartition(".")
    return Record(
        name,
        sequence,
        "" if parsed.description.startswith("<unknown") else parsed.description.rstrip("."),
        [name, bare] if dot and version.isdecimal() else [name] if name else [],
        _known(facts.get("organism")),
        "; ".join(facts.get("taxonomy", [])),
        "RNA" if "RNA" in str(facts.get("molecule_type", "")) else "DNA",
        str(facts.get("topology", "") or "linear"),
        _text(parsed),
    )


def _known(value: object) -> str:
    text = str(value or "").strip()
    return "" if text == "." else text


def _text(parsed: SeqRecord) -> list[str]:
    """Return further words of a record: what people write about it."""
    facts: dict[str, Any] = parsed.annotations
    found = [*facts.get("accessions", []), *facts.get("keywords", []), facts.get("source", ""), *parsed.dbxrefs]
    found.append(str(facts.get("comment", ""))[:LONGEST_COMMENT])
    for reference in facts.get("references", []):
        found += [reference.title, reference.authors, reference.journal]
    for feature in parsed.features:
        if feature.type == "source":
            found += [value for values in feature.qualifiers.values() for value in values]
    return [text for text in dict.fromkeys(map(str, found)) if text not in {"", "."}]


def _annotation(feature: SeqFeature, record: Record, parsed: SeqRecord, letters: bytes | None) -> Annotation:
    qualifiers = {
        name: [" ".join(str(value).split()) for value in values]
        for name, values in feature.qualifiers.items()
        if name not in _HIDDEN
    }
    names = (qualifiers.get(name, [""])[0] for name in ("gene", "locus_tag", "product", "label", "note"))
    return Annotation(
        feature.type,
        next((name for name in names if name), feature.type),
        location_text(feature.location),
        strand_of(feature.location),
        parts_of(feature.location),
        qualifiers,
        _own(feature, parsed) if letters is not None else None,
        record,
        record.sequence.length or len(parsed.seq or ""),
    )


def _own(feature: SeqFeature, parsed: SeqRecord) -> Packed | None:
    """Return the feature's own sequence, or None if it is too long to keep or lies in another record."""
    if feature.location is None or feature.type == "source":
        return None
    if sum(int(part.end) - int(part.start) for part in feature.location.parts) > KEPT_BASES:
        return None
    extract: Callable[[object], bytes] = feature.extract
    try:
        text = bytes(extract(parsed.seq))
    except (ValueError, TypeError, LookupError):  # parts in other records, or beyond the end
        return None
    packer = Packer()
    packer.add(text)
    return packer.finish() if packer.wrong is None else packed_of(b"")


def _places(annotations: list[Annotation]) -> list[Place]:
    """Return the named stretches of the record, once for gene and CDS of the same name and place."""
    named = {
        (start, end, annotation.name)
        for annotation in annotations
        if annotation.type != "source"
        for start, end, _ in annotation.parts
    }
    return [Place(*place) for place in sorted(named)]


def _record_id(annotation: Annotation) -> str:
    found = (annotation.qualifiers.get(name, [""])[0] for name in ("locus_tag", "gene"))
    name = next((name for name in found if name), annotation.location)
    return f"{annotation.record.name}:{name}:{annotation.type}"
