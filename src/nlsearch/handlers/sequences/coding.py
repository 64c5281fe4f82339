"""Coding sequences: the proteins that are written beside them in an annotated record."""

from __future__ import annotations

from nlsearch.handlers.sequences.headers import versioned
from nlsearch.handlers.sequences.records import Annotation, Chain
from nlsearch.handlers.sequences.residues import Gathered, digest
from nlsearch.handlers.sequences.translation import translated

MOST_RESIDUES = 2**20
"""Of a translation; the longest known chains have forty thousand."""


def written_chain(annotation: Annotation, translation: list[str]) -> Chain | None:
    """Return the protein that a feature's ``/translation`` says; None if it says none, or no residues."""
    gathered = Gathered(MOST_RESIDUES)
    gathered.add("".join(translation).encode("ascii", "replace"))
    residues = gathered.finish()
    if gathered.wrong is not None or gathered.is_over or not residues:
        return None
    known = annotation.qualifiers
    record = annotation.record
    identity = next((word for word in known.get("protein_id", []) if word), "")
    names = [identity, *(known.get(name, [""])[0] for name in ("locus_tag", "gene"))]
    chain = Chain(
        next((name for name in names if name), f"{record.name}:{annotation.location}"),
        residues,
        known.get("product", [annotation.name])[0],
        versioned(identity) if identity else [],
    )
    taken = {
        "gene": known.get("gene", []),
        "gene_synonym": known.get("gene_synonym", []),
        "locus_tag": [*known.get("locus_tag", []), *known.get("old_locus_tag", [])],
        "product": known.get("product", []),
        "protein_id": chain.accessions,
        "ec": known.get("EC_number", []),
        "db_xref": known.get("db_xref", []),
        "organism": [record.organism],
        "lineage": [record.lineage],
        "coded_by": [f"{record.name}:{annotation.location}"] if record.name else [annotation.location],
    }
    chain.known = {name: kept for name, values in taken.items() if (kept := [value for value in values if value])}
    chain.text = list(dict.fromkeys(value for values in known.values() for value in values))
    return chain


def translation_digest(annotation: Annotation, table: str, start: str) -> bytes:
    """Return the digest of the protein that a feature's own sequence is translated to; ``b""`` if it is none.

    Parameters
    ----------
    annotation : Annotation
    table, start : str
        ``/transl_table`` and ``/codon_start`` as the file has them; ``""`` stands for 1.
    """
    own = annotation.sequence
    if own is None or own.length < 3:
        return b""
    number, first = (int(text) if text.isdecimal() else 1 for text in (table, start))
    if not 1 <= first <= 3:
        return b""
    cut_short = (">" if annotation.strand == "-" else "<") in annotation.location
    residues = translated(own.codes(), number, first - 1, starts=not cut_short)
    return digest(residues) if residues else b""
