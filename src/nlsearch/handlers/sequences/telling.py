"""Telling nucleotides from proteins by their letters.

Conventions
-----------
Of a record the first :data:`DECIDED` characters decide.  *Bases* are the letters A, C, G, T, U and N, in either case;
E, F, I, L, P, Q, Z, J, O and ``*`` occur in proteins only.

- With a letter that only proteins have and less than nine tenths bases it is a protein.
- With 50 letters or more, of which nine tenths or more are bases, it is of nucleotides; a protein of 50 residues has
  such letters by chance once in 10²⁵.
- All else (short peptides of few letters, sequences of ambiguous letters) is what its file is: by the suffix of the
  name (``.faa`` for proteins, ``.fna`` for nucleotides, and their like), else by the letters at the file's beginning.
"""

from __future__ import annotations

import re

from nlsearch.handlers.sequences.bases import PROTEIN_ONLY
from nlsearch.handlers.sequences.records import NUCLEOTIDE, PROTEIN
from nlsearch.handlers.sequences.residues import GAPS, NOISE

DECIDED = 2**16
SHORT = 50
MOSTLY = 0.9
_LINES_LOOKED_AT = 20
_SUFFIXES = {
    ".faa": PROTEIN,
    ".mpfa": PROTEIN,
    ".pep": PROTEIN,
    ".prot": PROTEIN,
    ".fna": NUCLEOTIDE,
    ".ffn": NUCLEOTIDE,
    ".frn": NUCLEOTIDE,
}
_BASES = b"ACGTUNacgtun"
_LEFT_OUT = NOISE + GAPS
_ONLY = bytes(sorted(ord(letter) for each in PROTEIN_ONLY for letter in {each, each.lower()}))


def kind_of(text: bytes, lean: str) -> str:
    """Return the kind of a record whose text begins with `text`, in a file that is `lean` where letters do not say."""
    letters = text[:DECIDED].translate(None, _LEFT_OUT)
    others = letters.translate(None, _BASES)
    mostly = len(letters) - len(others) >= MOSTLY * len(letters)
    if not mostly and len(others.translate(None, _ONLY)) < len(others):
        return PROTEIN
    return NUCLEOTIDE if mostly and len(letters) >= SHORT else lean


def lean_of(name: str, head: bytes) -> str:
    """Return what a FASTA file called `name` that begins with `head` holds where letters do not say."""
    suffix = "." + name.lower().rpartition(".")[2]
    return _SUFFIXES.get(suffix) or lean_of_lines(re.split(rb"[\r\n]+", head[:DECIDED]))


def lean_of_lines(lines: list[bytes]) -> str:
    """Return what most letters of some lines are, where header lines begin with ``>`` or ``;``."""
    letters = b"".join(line for line in lines if line[:1] not in {b">", b";", b""}).translate(None, _LEFT_OUT)
    bases = len(letters) - len(letters.translate(None, _BASES))
    has_only = len(letters.translate(None, _ONLY)) < len(letters)
    return PROTEIN if 2 * bases < len(letters) and has_only else NUCLEOTIDE


def is_prose(text: bytes) -> bool:
    """Say whether a record is made of words: its lines have blanks that do not part it into blocks of one length."""
    for line in text[:DECIDED].splitlines()[:_LINES_LOOKED_AT]:
        blocks = [len(word) for word in line.split() if not word.isdigit()]
        if len(blocks) > 1 and (len(set(blocks[:-1])) > 1 or blocks[-1] > blocks[0]):
            return True
    return False
