"""What Biopython's records of flat files say, in the shapes that this project uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

LONGEST_COMMENT = 20_000
_UNKNOWN = frozenset({"<unknown id>", "<unknown name>", "<unknown description>", "."})


def name_of(parsed: SeqRecord) -> str:
    """Return accession and version, else the name; ``""`` if there is neither."""
    return next((str(name) for name in (parsed.id, parsed.name) if name and name not in _UNKNOWN), "")


def description_of(parsed: SeqRecord) -> str:
    """Return the definition line without its full stop."""
    return "" if parsed.description in _UNKNOWN else str(parsed.description).rstrip(".")


def letters_of(parsed: SeqRecord) -> bytes | None:
    """Return the sequence; None if the record comes without."""
    from Bio.Seq import UndefinedSequenceError

    try:
        return b"" if parsed.seq is None else bytes(parsed.seq)
    except UndefinedSequenceError:
        return None


def said(value: object) -> str:
    """Return a value as text; ``""`` where it is missing, or a full stop, which stands for that."""
    text = str(value or "").strip()
    return "" if text == "." else text


def words_of(parsed: SeqRecord) -> list[str]:
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


def qualifiers_of(qualifiers: dict[str, list[object]], left_out: frozenset[str]) -> dict[str, list[str]]:
    """Return the qualifiers of a feature with single spaces, without those that are `left_out`."""
    return {
        name: [" ".join(str(value).split()) for value in values]
        for name, values in qualifiers.items()
        if name not in left_out
    }
