"""GenBank, GenPept and EMBL flat files (INSDC feature table definition, version 11), through Biopython.

The file is cut into records at ``//`` lines before Biopython sees it, so a broken record costs only itself.  Text
behind a ``//`` that begins no record is refused like one; before the first record it is a release's heading.

Conventions
-----------
Positions are 0-based and half-open in :class:`Place` and :class:`Annotation`; ``location`` texts are INSDC's own
notation, 1-based and closed.  A feature's own sequence is spliced and in its own direction.  A coding sequence with
its translation gives two items: the feature, and the protein.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.sequences.coding import chain_item, translation_digest, written_chain
from nlsearch.handlers.sequences.cutting import first_word, records_of, without_mark
from nlsearch.handlers.sequences.genpept import chain_items
from nlsearch.handlers.sequences.headers import versioned
from nlsearch.handlers.sequences.locations import location_text, parts_of, strand_of
from nlsearch.handlers.sequences.packed import Packed, Packer, packed_of
from nlsearch.handlers.sequences.parsed import (
    description_of,
    letters_of,
    name_of,
    qualifiers_of,
    said,
    words_of,
)
from nlsearch.handlers.sequences.records import KEPT_BASES, NUCLEOTIDE, Annotation, Place, Record
from nlsearch.handlers.sequences.residues import digest
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from Bio.SeqFeature import SeqFeature
    from Bio.SeqRecord import SeqRecord

_FIRST_LINES = {"genbank": b"LOCUS", "embl": b"ID   "}
_HIDDEN = frozenset({"translation", "codon_start", "transl_table"})


def read_flat(stream: BinaryIO, flavour: str, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield each record, then its features and the proteins of its coding sequences, of a GenBank or EMBL stream.

    Parameters
    ----------
    stream : binary stream
    flavour : {"genbank", "embl"}
        GenPept is written as GenBank is.
    limits : Limits

    Raises
    ------
    MalformedContent
        If no record begins in the file.
    """
    number, first = 0, _FIRST_LINES[flavour]
    for text in records_of(without_mark(stream), first, limits.source_bytes):
        try:
            if not text.startswith(first):
                raise MalformedContent("text behind the end of a record ('//') that begins no other record")
            record, notes = _parse(text, flavour)
        except MalformedContent as error:
            number += 1
            yield Skipped(number, error.message, error.code, first_word(text, first))
            continue
        is_protein = record.annotations.get("molecule_type") == "protein"
        for item in (chain_items if is_protein else _items)(record, notes, number, limits):
            number = item.number
            yield item
    if not number:
        raise MalformedContent(f"no record begins in the file: no line starts with {first.decode()!r}")


def _parse(text: bytes, flavour: str) -> tuple[SeqRecord, list[str]]:
    from Bio import SeqIO

    if not text.endswith(b"//\n"):
        raise MalformedContent("the record is cut short: it has no '//' line")
    parse: Callable[[io.StringIO, str], Iterator[SeqRecord]] = SeqIO.parse
    handle = io.StringIO(decoded(text), newline=None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            record = next(parse(handle, flavour), None)
        except (ValueError, AssertionError, LookupError, TypeError, AttributeError, RecursionError) as exc:
            raise MalformedContent(f"the record does not parse: {str(exc).strip() or type(exc).__name__}") from exc
    if record is None:
        raise MalformedContent("the record does not parse: it holds no entry")
    return record, list(dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught))


# --------------------------------------------------------------------------------------------------------------- items
def _items(parsed: SeqRecord, notes: list[str], number: int, limits: Limits) -> Iterator[RawItem | Skipped]:
    packer = Packer()
    letters = letters_of(parsed)
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
    number += 1
    yield RawItem(record, number, record.name, record.name or None, kind=NUCLEOTIDE, warnings=notes)
    for feature, annotation in zip(parsed.features, annotations, strict=True):
        if annotation.type != "source":
            for item in _feature_items(feature, annotation, number):
                number = item.number
                yield item


def _feature_items(feature: SeqFeature, annotation: Annotation, number: int) -> Iterator[RawItem]:
    """Yield a feature and, if it is a coding sequence with its translation, the protein."""
    hidden = {name: [str(value) for value in feature.qualifiers.get(name, [])] for name in _HIDDEN}
    chain = None
    if annotation.type == "CDS":
        chain = written_chain(annotation, hidden["translation"])
        told = ("".join(hidden[name][:1]) for name in ("transl_table", "codon_start"))
        annotation.protein_digest = digest(chain.residues) if chain else translation_digest(annotation, *told)
    yield RawItem(annotation, number + 1, annotation.name, _record_id(annotation), kind=NUCLEOTIDE)
    if chain is not None:
        yield chain_item(chain, number + 2, _record_id(annotation))


def _record(parsed: SeqRecord, sequence: Packed) -> Record:
    facts: dict[str, Any] = parsed.annotations
    name = name_of(parsed)
    return Record(
        name,
        sequence,
        description_of(parsed),
        versioned(name) if name else [],
        said(facts.get("organism")),
        "; ".join(facts.get("taxonomy", [])),
        "RNA" if "RNA" in str(facts.get("molecule_type", "")) else "DNA",
        str(facts.get("topology", "") or "linear"),
        words_of(parsed),
    )


def _annotation(feature: SeqFeature, record: Record, parsed: SeqRecord, letters: bytes | None) -> Annotation:
    qualifiers = qualifiers_of(feature.qualifiers, _HIDDEN)
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
        (start, end, annotation.name, strand if strand in {"+", "-"} else "")
        for annotation in annotations
        if annotation.type != "source"
        for start, end, strand in annotation.parts
    }
    return [Place(*place) for place in sorted(named)]


def _record_id(annotation: Annotation) -> str:
    found = (annotation.qualifiers.get(name, [""])[0] for name in ("locus_tag", "gene"))
    name = next((name for name in found if name), annotation.location)
    return f"{annotation.record.name}:{name}:{annotation.type}"
