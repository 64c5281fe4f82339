"""What the benchmarks of molecules share: real molecules with names of their own, collections of them, and queries.

Molecules come from ../shared/data/molecules in one fixed random order, so that a smaller set is the beginning of every
larger one.  Number *i* is called ``M<i>``, which tells it in a collection and beside a peer.
"""

from __future__ import annotations

import gzip
import random
import resource
import sys
from pathlib import Path

from rdkit import Chem, rdBase
from rdkit.Chem.Scaffolds import MurckoScaffold

import nlsearch

sys.path.append(str(Path(__file__).parents[1] / "tests" / "handlers"))
from random_smarts import GROUPS, piece, piece_smiles, plain_smarts  # the generator that the tests use

DATA = Path(__file__).parents[2] / "shared" / "data" / "molecules"
FILES = ("muv.93k.smi.gz", "znp.50k.smi.gz")
A_FILE = 10_000
"""Molecules in a file, so that two workers share them."""
JOBS = 2


def smiles(count: int, files: tuple[str, ...] = FILES) -> list[str]:
    """Return `count` SMILES of all files together, in a fixed random order."""
    if not DATA.is_dir():
        raise SystemExit("needs ../shared/data")
    lines = [line for name in files for line in gzip.decompress((DATA / name).read_bytes()).decode().splitlines()]
    random.Random(140).shuffle(lines)
    return [line.split()[0] for line in lines[:count]]


def write(folder: Path, texts: list[str]) -> Path:
    """Write SMILES files below `folder`, unless they are there; return the folder that holds them."""
    target = folder / "files"
    target.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(texts), A_FILE):
        path = target / f"{start}.smi.gz"
        if not path.exists():
            lines = [f"{text} M{start + i}\n" for i, text in enumerate(texts[start : start + A_FILE])]
            path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    return target


def collection(folder: Path, count: int) -> Path:
    """Return the collection of the first `count` molecules below `folder`, made or brought up to date."""
    home = folder / str(count)
    files = write(home, smiles(count))
    with nlsearch.Collection.open(home / "x.nls", create=True) as opened:
        before = cpu()
        report = opened.index([files], jobs=JOBS)
        if report.items:
            print(f"indexed {report.items:,} molecules, {cpu() - before:.1f} CPU s, {len(report.failures)} failures")
        for failure in report.failures:  # the peers cannot read it either, or their answers will differ
            print(f"not read: {failure.locator} {failure.reason}")
    return home / "x.nls"


def cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def number(hit: nlsearch.Hit) -> int:
    """Return the number of the molecule that was found."""
    return int(str(hit.item.fields["name"])[1:])


def mixed_queries(mols: list[Chem.Mol], count: int, dice: random.Random) -> list[tuple[str, str]]:
    """Return (operator, value): a third SMILES and a third SMARTS of pieces, then ring systems and functional groups.

    Pieces have 4 to 25 atoms, small ones more often, so that there are frequent and rare ones; ring systems are the
    frameworks (Bemis and Murcko) of random molecules.
    """
    made: list[tuple[str, str]] = []
    with rdBase.BlockLogs():  # pieces that are no molecules of their own
        while len(made) < count:
            mol, turn = dice.choice(mols), len(made) % 6
            atoms = 4 + int(22 * dice.random() ** 2)
            text: str | None
            if turn < 2:
                text = piece_smiles(mol, dice, atoms)
            elif turn < 4:
                text = plain_smarts(mol, dice, atoms)
            elif turn == 4:
                text = Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(mol))
            else:
                text = dice.choice(GROUPS)
            query = ("smarts" if turn in {2, 3, 5} else "substructure", text)
            if text and query not in made:
                made.append(query)
            elif turn == 5:
                made.append(("smarts", plain_smarts(mol, dice, 4)))
    return made


def query_of(operator: str, value: str) -> str:
    """Write a query in the query language."""
    quoted = value.replace('"', '\\"')
    return f'{operator}:"{quoted}"'


__all__ = ["GROUPS", "collection", "cpu", "mixed_queries", "number", "piece", "query_of", "smiles", "write"]
