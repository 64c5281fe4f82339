"""Residues as letters: which there are, how texts of them are gathered, their digest and their mass.

Conventions
-----------
Letters are IUPAC's twenty, B Z J X for what is not certain, U selenocysteine, O pyrrolysine, and ``*`` for a stop
(IUPAC-IUB, Eur J Biochem 1984 138:9).  Lower case reads as upper case.  Gaps are left out.  A stop at the end says that
the chain ends there and is left out; one inside stays.  Masses are average masses of the neutral chain with its two
ends, in dalton, from IUPAC's standard atomic weights (abridged, Prohaska et al., Pure Appl Chem 2022 94:573).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from nlsearch.handlers.sequences.packed import DIGEST_BYTES

RESIDUES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
NOISE = bytes([9, 10, 11, 12, 13, 32, *range(48, 58)])
"""White space and digits, which sequence texts hold for the eye."""
GAPS = b"-.~"
_WEIGHTS = (12.011, 1.008, 14.007, 15.999, 32.06, 78.971)
_ATOMS: dict[str, tuple[int, int, int, int, int, int]] = {
    "A": (3, 5, 1, 1, 0, 0),
    "R": (6, 12, 4, 1, 0, 0),
    "N": (4, 6, 2, 2, 0, 0),
    "D": (4, 5, 1, 3, 0, 0),
    "C": (3, 5, 1, 1, 1, 0),
    "Q": (5, 8, 2, 2, 0, 0),
    "E": (5, 7, 1, 3, 0, 0),
    "G": (2, 3, 1, 1, 0, 0),
    "H": (6, 7, 3, 1, 0, 0),
    "I": (6, 11, 1, 1, 0, 0),
    "J": (6, 11, 1, 1, 0, 0),
    "L": (6, 11, 1, 1, 0, 0),
    "K": (6, 12, 2, 1, 0, 0),
    "M": (5, 9, 1, 1, 1, 0),
    "F": (9, 9, 1, 1, 0, 0),
    "P": (5, 7, 1, 1, 0, 0),
    "S": (3, 5, 1, 2, 0, 0),
    "T": (4, 7, 1, 2, 0, 0),
    "W": (11, 10, 2, 1, 0, 0),
    "Y": (9, 9, 1, 2, 0, 0),
    "V": (5, 9, 1, 1, 0, 0),
    "U": (3, 5, 1, 1, 0, 1),
    "O": (12, 19, 3, 2, 0, 0),
}
"""Atoms of C, H, N, O, S and Se of each residue within a chain; J is leucine or isoleucine, which weigh the same."""
_MASSES = {
    ord(letter): sum(count * weight for count, weight in zip(atoms, _WEIGHTS, strict=True))
    for letter, atoms in _ATOMS.items()
}
_WATER = 2 * 1.008 + 15.999


def digest(residues: bytes) -> bytes:
    """Return the first 24 bytes of SHA-512 over the letters, as GA4GH refget takes them."""
    return hashlib.sha512(residues).digest()[:DIGEST_BYTES]


def average_mass(residues: bytes) -> float | None:
    """Return the average mass in Da; None if the chain is empty or holds a letter whose mass is not known."""
    counts = {letter: residues.count(letter) for letter in set(residues)}
    if not counts or not counts.keys() <= _MASSES.keys():
        return None
    return round(sum(_MASSES[letter] * count for letter, count in counts.items()) + _WATER, 3)


@dataclass(slots=True)
class Gathered:
    """Gathers the text of one chain, of at most `most` letters.

    ``gaps`` counts the gaps that were left out; ``wrong`` holds the first character that is no residue, with its
    position (from 1) among the letters; ``length`` counts the letters, those over the cap too.
    """

    most: int
    length: int = 0
    gaps: int = 0
    wrong: tuple[int, str] | None = None
    _pieces: list[bytes] = field(default_factory=list)

    def add(self, text: bytes) -> None:
        """Take the next piece of text; white space and digits are left out."""
        dense = text.translate(None, NOISE)
        letters = dense.translate(None, GAPS).upper()
        self.gaps += len(dense) - len(letters)
        odd = letters.translate(None, RESIDUES)
        if odd and self.wrong is None:
            self.wrong = (self.length + letters.index(odd[:1]) + 1, chr(odd[0]))
        self.length += len(letters)
        if self.length <= self.most:
            self._pieces.append(letters)

    @property
    def is_over(self) -> bool:
        """Whether the chain is over the cap."""
        return self.length > self.most

    def finish(self) -> bytes:
        """Return the residues, without a stop at the end."""
        return b"".join(self._pieces).removesuffix(b"*")

    def warnings(self) -> list[str]:
        """Say what was odd."""
        found = []
        if self.gaps:
            found.append(f"{self.gaps} gap characters were left out; positions count residues")
        stops = self.finish().count(b"*")
        if stops:
            found.append(f"the chain has {stops} {'stop' if stops == 1 else 'stops'} (*) inside")
        if not self.length:
            found.append("the record has no sequence")
        return found
