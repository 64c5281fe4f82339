"""Coding sequences: the proteins that are written beside them in an annotated record, or that they are translated to.

Conventions
-----------
Positions in a coding sequence count from 0, spliced and in its own direction.

References
----------
INSDC feature table definition, version 11: ``/transl_table``, ``/codon_start``, ``/transl_except``, ``/exception``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nlsearch.handlers.sequences.headers import versioned
from nlsearch.handlers.sequences.records import PROTEIN, Annotation, Chain
from nlsearch.handlers.sequences.residues import Gathered, digest
from nlsearch.handlers.sequences.translation import translated
from nlsearch.model import RawItem

MOST_RESIDUES = 2**20
"""Of a translation; the longest known chains have forty thousand."""
PSEUDO = ("pseudo", "pseudogene")
"""Qualifiers of what makes no product."""
_EXCEPTION = re.compile(r"pos:([^:]{0,200}?),\s*aa:(\w{1,20})")
_ODD_RESIDUES = {"sec": "U", "pyl": "O", "term": "*", "other": "X", "asx": "B", "glx": "Z", "xle": "J", "xaa": "X"}
_SPLICED = frozenset({"trans-splicing", "ribosomal slippage"})
"""What ``/exception`` says of joints, which the parts of the feature tell."""
_OTHER_START = "alternative start codon"


@dataclass(frozen=True, slots=True)
class Coding:
    """How a coding sequence is read.

    Parameters
    ----------
    table : int
        NCBI's number of the genetic code.
    skipped : int
        Bases before the first whole codon, 0 to 2.
    starts : bool
        Whether its start is the protein's.
    odd : mapping of int to str
        Residues that the code does not tell, by the first base of their codon.
    """

    table: int = 1
    skipped: int = 0
    starts: bool = True
    odd: Mapping[int, str] = field(default_factory=dict)


def is_pseudo(qualifiers: Mapping[str, Sequence[str]]) -> bool:
    """Say whether a feature makes no product: ``/pseudo``, ``/pseudogene``."""
    return any(value.lower() != "false" for word in PSEUDO for value in qualifiers.get(word, ()))


def odd_residues(texts: Sequence[str], parts: Sequence[tuple[int, int, str]]) -> dict[int, str]:
    """Return what ``/transl_except`` says, by positions in the coding sequence of these parts.

    What does not begin inside a part says nothing.
    """
    found = {}
    for place, name in _EXCEPTION.findall(",".join(texts)):
        residue = _ODD_RESIDUES.get(name.lower()) or _letter(name)
        bases = [int(number) - 1 for number in re.findall(r"\d{1,10}", place)]
        at = _spliced(bases, parts) if bases and residue else None
        if at is not None:
            found[at] = residue
    return found


def _letter(name: str) -> str:
    from Bio.Data.IUPACData import protein_letters_3to1

    return str(protein_letters_3to1.get(name.capitalize(), ""))


def _spliced(bases: Sequence[int], parts: Sequence[tuple[int, int, str]]) -> int | None:
    """Return where the first of some bases of a record lies in what its parts make, in their direction."""
    before = 0
    for start, end, strand in parts:
        inside = [base for base in bases if start <= base < end]
        if inside:
            return before + (end - 1 - max(inside) if strand == "-" else min(inside) - start)
        before += end - start
    return None


def written_chain(annotation: Annotation, translation: list[str]) -> Chain | None:
    """Return the protein that a feature's ``/translation`` says; None if it says none, or no residues."""
    gathered = Gathered(MOST_RESIDUES)
    gathered.add("".join(translation).encode("ascii", "replace"))
    residues = gathered.finish()
    if gathered.wrong is not None or gathered.is_over or not residues:
        return None
    return _chain(annotation, residues)


def translated_chain(annotation: Annotation, codes: bytes, coding: Coding) -> tuple[Chain | None, list[str]]:
    """Return the protein that a coding sequence is translated to, None if to none, and what is odd about it.

    Parameters
    ----------
    annotation : Annotation
    codes : bytes
        Codes of the nucleotides.
    coding : Coding
    """
    said = " ".join(annotation.qualifiers.get("exception", [])).lower()
    found = translated(codes, coding.table, coding.skipped, starts=coding.starts)
    if not found or found == b"*":
        unknown = found is None and len(codes) - coding.skipped >= 3
        return None, [f"there is no genetic code {coding.table}"] if unknown else []
    residues = bytearray(found)
    for at, residue in coding.odd.items():
        codon, rest = divmod(at - coding.skipped, 3)
        if not rest and 0 <= codon < len(residues):
            residues[codon] = ord(residue)
    if said == _OTHER_START and coding.starts and not coding.skipped:
        residues[0] = ord("M")
    elif said and said not in _SPLICED:
        return _told(annotation, residues, [f"the file says {said}: the protein may not be what its bases say"])
    return _told(annotation, residues, [])


def _told(annotation: Annotation, residues: bytearray, notes: list[str]) -> tuple[Chain | None, list[str]]:
    gathered = Gathered(MOST_RESIDUES)
    gathered.add(bytes(residues))
    if gathered.is_over:
        return None, [f"its protein has {gathered.length:,} residues, and more than {MOST_RESIDUES:,} are not kept"]
    return _chain(annotation, gathered.finish()), [*notes, *gathered.warnings()]


def _chain(annotation: Annotation, residues: bytes) -> Chain:
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


def chain_item(chain: Chain, number: int, feature_id: str, warnings: Sequence[str] = ()) -> RawItem:
    """Return the item of a protein that the feature with this id codes for."""
    chain_id = chain.name if chain.accessions else f"{feature_id}:protein"
    return RawItem(chain, number, chain.name, chain_id, kind=PROTEIN, warnings=list(warnings))


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
