"""A nucleotide sequence in memory: two bits a base, with everything that is not A, C, G or T kept as sparse runs.

Sequences are gathered piece by piece, so a chromosome on one line needs a quarter of a byte a base and one piece.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.sequences.bases import CODES, DEFINITE, GAP, IGNORED, INVALID, LETTERS, TO_LETTERS
from nlsearch.kernels import pack2, unpack2

BLOCK = 2**20
DIGEST_BYTES = 24


@dataclass(frozen=True, slots=True)
class Packed:
    """A finished sequence.

    Parameters
    ----------
    length : int
        Bases.
    packed : bytes
        As of :func:`nlsearch.kernels.pack2`; a base that is not definite is stored as anything.
    runs : ndarray of uint32, shape (r, 3)
        ``(start, length, code)`` of the stretches of one ambiguous letter, ascending.
    counts : tuple of int
        How many A, C, G and T there are.
    molecule : str
        ``"RNA"`` if it was written with U and without T, else ``"DNA"``.
    digest : bytes
        The first 24 bytes of SHA-512 over the upper-case letters with T for U, as in GA4GH refget.
    """

    length: int
    packed: bytes
    runs: NDArray[np.uint32]
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)
    molecule: str = "DNA"
    digest: bytes = b""

    def codes(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the codes of ``[start, end)``."""
        end = self.length if end is None else end
        return window(self.packed, self.runs, start, end)

    @property
    def gc(self) -> float | None:
        """The share of G and C among the definite bases; None if there are none."""
        total = sum(self.counts)
        return round((self.counts[1] + self.counts[2]) / total, 6) if total else None


def window(packed: bytes | memoryview | NDArray[np.uint8], runs: NDArray[np.uint32], start: int, end: int) -> bytes:
    """Return the codes of ``[start, end)`` of a packed sequence with its runs, without unpacking the rest."""
    codes = unpack2(packed, end - start, start)
    if len(runs):
        stops = runs[:, 0].astype(np.int64) + runs[:, 1]
        first, last = np.searchsorted(stops, start, "right"), np.searchsorted(runs[:, 0], end, "left")
        for at, length, code in runs[first:last].tolist():
            codes[max(at - start, 0) : max(at + length - start, 0)] = code
    return codes.tobytes()


def refget(digest: bytes) -> str:
    """Return the digest as GA4GH refget writes it: ``SQ.`` and base64url."""
    return "SQ." + base64.urlsafe_b64encode(digest).decode("ascii")


@dataclass(slots=True)
class Packer:
    """Gathers the text of one sequence.

    ``gaps`` counts alignment gaps, which are left out; ``wrong`` holds the first character that is no nucleotide, with
    its position (from 1) among the letters, and ``wrong_letters`` all of them.
    """

    length: int = 0
    gaps: int = 0
    wrong: tuple[int, str] | None = None
    wrong_letters: set[str] = field(default_factory=set)
    _rest: bytes = b""
    _packed: list[bytes] = field(default_factory=list)
    _runs: list[NDArray[np.int64]] = field(default_factory=list)
    _counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(LETTERS), np.int64))
    _has_u: bool = False
    _has_t: bool = False
    _sha: hashlib._Hash = field(default_factory=hashlib.sha512)

    def add(self, text: bytes) -> None:
        """Take the next piece of text; white space and digits are left out."""
        for start in range(0, len(text), BLOCK):
            self._add(text[start : start + BLOCK])

    def _add(self, text: bytes) -> None:
        raw = text.translate(CODES, IGNORED)
        if not raw:
            return
        codes = np.frombuffer(raw, np.uint8)
        top = int(codes.max())
        if top >= DEFINITE:
            if top >= GAP:
                raw, codes = self._refuse(text, raw)
            self._note_runs(codes)
        self._has_u = self._has_u or b"U" in text or b"u" in text
        self._has_t = self._has_t or b"T" in text or b"t" in text
        self._counts += np.bincount(codes, minlength=len(LETTERS))[: len(LETTERS)]
        self._sha.update(raw.translate(TO_LETTERS))
        self.length += len(raw)
        raw = self._rest + raw
        whole = len(raw) // 4 * 4
        self._packed.append(pack2(np.frombuffer(raw, np.uint8, whole)))
        self._rest = raw[whole:]

    def _refuse(self, text: bytes, raw: bytes) -> tuple[bytes, NDArray[np.uint8]]:
        """Leave out gaps, and note what is no letter at all (it is kept as N)."""
        self.gaps += raw.count(GAP)
        kept = text.translate(None, IGNORED + b"-.~")
        raw = kept.translate(CODES)
        invalid = np.flatnonzero(np.frombuffer(raw, np.uint8) == INVALID)
        if len(invalid):
            if self.wrong is None:
                at = int(invalid[0])
                self.wrong = (self.length + at + 1, chr(kept[at]))
            self.wrong_letters |= {chr(kept[at]).upper() for at in invalid[:10_000].tolist()}
            raw = raw.replace(bytes([INVALID]), bytes([LETTERS.index("N")]))
        return raw, np.frombuffer(raw, np.uint8)

    def _note_runs(self, codes: NDArray[np.uint8]) -> None:
        at = np.flatnonzero(codes >= DEFINITE)
        if not len(at):
            return
        first = np.concatenate([[True], (np.diff(at) != 1) | (np.diff(codes[at].astype(np.int16)) != 0)])
        starts = np.flatnonzero(first)
        lengths = np.diff(np.append(starts, len(at)))
        self._runs.append(np.stack([at[starts] + self.length, lengths, codes[at[starts]]], axis=1).astype(np.int64))

    @property
    def acgt_share(self) -> float:
        """The share of A, C, G and T among all letters."""
        return int(self._counts[:DEFINITE].sum()) / self.length if self.length else 1.0

    def finish(self) -> Packed:
        """Return the sequence."""
        packed = b"".join(self._packed) + pack2(np.frombuffer(self._rest, np.uint8))
        counts = self._counts.tolist()
        return Packed(
            self.length,
            packed,
            _joined(self._runs),
            (counts[0], counts[1], counts[2], counts[3]),
            "RNA" if self._has_u and not self._has_t else "DNA",
            self._sha.digest()[:DIGEST_BYTES],
        )


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.uint32]:
    """Join runs that continue over the border of two pieces."""
    if not parts:
        return np.empty((0, 3), np.uint32)
    runs = np.concatenate(parts)
    fresh = np.ones(len(runs), np.bool_)
    fresh[1:] = (runs[1:, 0] != runs[:-1, 0] + runs[:-1, 1]) | (runs[1:, 2] != runs[:-1, 2])
    first = np.flatnonzero(fresh)
    lengths = np.add.reduceat(runs[:, 1], first)
    return np.stack([runs[first, 0], lengths, runs[first, 2]], axis=1).astype(np.uint32)


def packed_of(codes: bytes) -> Packed:
    """Pack codes that are already known to be good."""
    packer = Packer()
    packer.add(codes.translate(TO_LETTERS))
    return packer.finish()
