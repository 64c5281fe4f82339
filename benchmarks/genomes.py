"""The bacterial genomes of ../shared/data, and stretches of them that were changed."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

GENOMES = Path(__file__).resolve().parents[2] / "shared" / "data" / "genomes"
OTHER = bytes.maketrans(b"ACGT", b"TGCA")
LETTERS = b"ACGT"
CIGAR = re.compile(r"(\d+)([=XID])")


@dataclass(frozen=True, slots=True)
class Planted:
    """A query, and the half-open range of a record that it was made from."""

    name: str
    record: str
    start: int
    end: int
    strand: str
    letters: str


def files() -> list[Path]:
    """Return the files of the genomes.

    Raises
    ------
    SystemExit
        If they are not here.
    """
    found = sorted(GENOMES.glob("*.fa.gz"))
    if not found:
        raise SystemExit("needs ../shared/data/genomes")
    return found


def records(paths: Iterable[Path]) -> dict[str, bytes]:
    """Return the letters of all records, in upper case, by identifier."""
    held = {}
    for path in paths:
        for record in gzip.decompress(path.read_bytes()).split(b">")[1:]:
            head, _, letters = record.partition(b"\n")
            held[head.split()[0].decode()] = letters.replace(b"\n", b"").replace(b"\r", b"").upper()
    return held


def write_fasta(path: Path, named: Mapping[str, bytes | str]) -> Path:
    """Write a FASTA file, each record on one line."""
    with path.open("wb") as out:
        for name, letters in named.items():
            out.write(b">%s\n%s\n" % (name.encode(), letters if isinstance(letters, bytes) else letters.encode()))
    return path


def reverse_complement(letters: bytes) -> bytes:
    """Return the other strand."""
    return letters.translate(OTHER)[::-1]


def stretch(held: Mapping[str, bytes], length: int, dice: random.Random) -> tuple[str, int]:
    """Return the record and the start of a stretch of definite letters; each stretch is as likely as any other."""
    names = [name for name, letters in held.items() if len(letters) >= length]
    weights = [len(held[name]) - length + 1 for name in names]
    while True:
        name = dice.choices(names, weights)[0]
        start = dice.randrange(len(held[name]) - length + 1)
        if not held[name][start : start + length].strip(LETTERS):
            return name, start


def mutated(letters: bytes, rate: float, dice: random.Random) -> bytes:
    """Return a stretch with edits at `rate` a letter: 9 of 10 substitutions, the rest insertions and deletions."""
    made = bytearray()
    for letter in letters:
        chance = dice.random()
        if chance >= rate:
            made.append(letter)
        elif chance < 0.9 * rate:
            made.append(dice.choice([other for other in LETTERS if other != letter]))
        elif chance < 0.95 * rate:
            made += bytes([letter, dice.choice(LETTERS)])
    return bytes(made)


def planted(held: Mapping[str, bytes], length: int, rate: float, count: int, dice: random.Random) -> list[Planted]:
    """Make queries from stretches of the records, every other one from the reverse strand."""
    made = []
    for number in range(count):
        record, start = stretch(held, length, dice)
        letters = mutated(held[record][start : start + length], rate, dice)
        strand = "+-"[number % 2]
        asked = reverse_complement(letters) if strand == "-" else letters
        made.append(Planted(f"q{number}", record, start, start + length, strand, asked.decode()))
    return made
