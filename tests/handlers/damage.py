"""An SDF of records that RDKit wrote, and what a bad disk, a bad editor or a cut download makes of it."""

from __future__ import annotations

import random
from collections.abc import Callable

from molecules import AWKWARD
from rdkit import Chem
from rdkit.Chem import AllChem

SEPARATOR = b"$$$$"


def sdf(count: int = 1000) -> bytes:
    """Return an SDF of `count` records: V2000 and V3000, with hydrogens, isotopes, salts, radicals, data fields."""
    blocks: list[str] = []
    for i, smiles in enumerate(AWKWARD):
        mol = Chem.MolFromSmiles(smiles)
        if i % 3 == 0 and mol.GetNumAtoms() < 30:
            mol = Chem.AddHs(mol)
        AllChem.Compute2DCoords(mol)
        blocks.append(Chem.MolToMolBlock(mol, forceV3000=i % 4 == 1))
    records = []
    for i in range(count):
        block = blocks[i % len(blocks)]
        records.append(f"record {i + 1}{block}>  <NAME>  ({i + 1})\nname of {i + 1}\n\n>  <MASS>\n{i}.5\n\n$$$$\n")
    return "".join(records).encode()


def _flipped(lines: list[bytes], dice: random.Random) -> None:
    at = dice.randrange(len(lines))
    if lines[at]:
        place = dice.randrange(len(lines[at]))
        lines[at] = lines[at][:place] + bytes([dice.randrange(256)]) + lines[at][place + 1 :]


def _deleted(lines: list[bytes], dice: random.Random) -> None:
    del lines[dice.randrange(len(lines))]


def _doubled(lines: list[bytes], dice: random.Random) -> None:
    at = dice.randrange(len(lines))
    lines.insert(at, lines[at])


def _cut_line(lines: list[bytes], dice: random.Random) -> None:
    at = dice.randrange(len(lines))
    lines[at] = lines[at][: dice.randrange(len(lines[at]) + 1)]


def _torn(lines: list[bytes], dice: random.Random) -> None:
    """Lose a stretch of lines."""
    at = dice.randrange(len(lines))
    del lines[at : at + dice.randrange(1, 30)]


def _miscounted(lines: list[bytes], dice: random.Random) -> None:
    counts = [i for i, line in enumerate(lines) if line.endswith((b"V2000", b"V3000")) or b"V30 COUNTS" in line]
    at = dice.choice(counts)
    number = dice.choice([b"  0", b"  1", b" 99", b"999", b" -1", b"abc", b"   "])
    lines[at] = number + lines[at][3:] if dice.random() < 0.5 else lines[at][:3] + number + lines[at][6:]


def _unseparated(lines: list[bytes], dice: random.Random) -> None:
    ends = [i for i, line in enumerate(lines) if line.startswith(SEPARATOR)]
    if ends:
        del lines[dice.choice(ends)]


def _unended(lines: list[bytes], dice: random.Random) -> None:
    ends = [i for i, line in enumerate(lines) if line.startswith(b"M  END")]
    if ends:
        del lines[dice.choice(ends)]


def _swapped(lines: list[bytes], dice: random.Random) -> None:
    first, second = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]


WAYS: tuple[Callable[[list[bytes], random.Random], None], ...] = (
    _flipped, _deleted, _doubled, _cut_line, _torn, _miscounted, _unseparated, _unended, _swapped,
)  # fmt: skip


def damaged(content: bytes, seed: int, *, times: int) -> bytes:
    """Return `content` damaged in `times` places, and half the time cut off somewhere in its last tenth."""
    dice = random.Random(seed)
    lines = content.split(b"\n")
    for _ in range(times):
        dice.choice(WAYS)(lines, dice)
    content = b"\n".join(lines)
    return content[: len(content) * 9 // 10 + dice.randrange(len(content) // 10)] if seed % 2 else content


def separated(content: bytes) -> list[bytes]:
    """Return the records that ``$$$$`` lines separate; what is behind the last counts if it is not blank."""
    records: list[list[bytes]] = [[]]
    for line in content.split(b"\n"):
        if line.startswith(SEPARATOR):
            records.append([])
        else:
            records[-1].append(line)
    if not any(line.strip() for line in records[-1]):
        records.pop()
    return [b"\n".join(record) for record in records]
