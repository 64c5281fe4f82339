"""The substructure screen: how many candidates are hits, and what a molecule costs to index, store and decode.

Usage: ``python benchmarks/bench_molecule_screen.py [smiles file, .gz allowed] [molecules] [queries]``

Queries are pieces of the molecules themselves (rings, side chains, whole scaffolds, as SMILES and as SMARTS) and common
functional groups.  Equality first: the hits behind the screen must be those of matching every molecule.
"""

from __future__ import annotations

import gzip
import random
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from rdkit import Chem, rdBase

from held import Held
from nlsearch.handlers.chemistry import fingerprints, screen
from nlsearch.handlers.chemistry.payload import Decoded, encode
from nlsearch.handlers.molecule import MoleculeHandler, features
from nlsearch.handlers.molecule.facts import SUBGRAPH
from nlsearch.limits import Limits
from nlsearch.model import Features, Probe, RawItem
from timing import measure, table

DEFAULT = Path(__file__).parents[2] / "shared" / "data" / "molecules" / "muv.93k.smi.gz"
GROUPS = (
    "c1ccc2[nH]ccc2c1", "C(=O)[OX2H1]", "[NX3;H2]", "c1ccccc1-c1ccccc1", "S(=O)(=O)N", "C#N", "[F,Cl,Br,I]", "c1ccncc1",
    "[CX3](=O)[NX3]", "C1CCNCC1", "[#6]-[#16]-[#6]", "c1nnn[nH]1", "[N+](=O)[O-]", "C=C", "[C@H]", "c1ccc2ccccc2c1",
    "O=C1CCCN1", "n1cncc1", "c-[Cl]", "[OH]c1ccccc1", "[R2]", "C(F)(F)F", "N~C~N", "c1cscc1", "[#7]~[#6](~[#8])~[#6]",
)  # fmt: skip


def pieces(mols: list[Chem.Mol], count: int, dice: random.Random) -> list[tuple[str, str]]:
    """Cut connected pieces of 4 to 16 atoms out of molecules: (operator, text)."""
    smarts: list[tuple[str, str]] = []
    smiles: list[tuple[str, str]] = []
    while min(len(smarts), len(smiles)) < count // 2:
        mol = dice.choice(mols)
        atoms = [dice.randrange(mol.GetNumAtoms())]
        for _ in range(dice.randint(3, 15)):
            edge = {n.GetIdx() for a in atoms for n in mol.GetAtomWithIdx(a).GetNeighbors()} - set(atoms)
            if edge:
                atoms.append(dice.choice(sorted(edge)))
        text = Chem.MolFragmentToSmiles(mol, atoms)
        if Chem.MolFromSmiles(text) is not None and len(atoms) >= 4:
            smiles.append(("substructure", text))
        smarts.append(("smarts", Chem.MolFragmentToSmarts(mol, atoms)))
    return [*smarts[: count // 2], *smiles[: count // 2]]


def screened(probe: Probe, sets: list[set[int]]) -> list[int]:
    """Return the numbers of the molecules that the candidate stage lets through."""
    terms = set(screen.query_terms(_query(probe)))
    return [i for i, held in enumerate(sets) if terms <= held or screen.UNSCREENED in held]


def _query(probe: Probe) -> Chem.Mol:
    if "smarts" in probe.verification:
        return Chem.MergeQueryHs(Chem.MolFromSmarts(probe.verification["smarts"]))
    return Chem.MolFromSmiles(probe.verification["structure"])


def report(handler: MoleculeHandler, queries: list[tuple[str, str]], derived: list[Features]) -> None:
    """Print precision, after checking that no hit is lost."""
    sets = [set(one.terms[SUBGRAPH].tolist()) for one in derived]
    for title, wanted in (
        ("functional groups (SMARTS)", [("smarts", text) for text in GROUPS]),
        ("pieces as SMARTS", [query for query in queries if query[0] == "smarts"]),
        ("pieces as SMILES", [query for query in queries if query[0] == "substructure"]),
    ):
        precisions, hits_in_all, candidates_in_all = [], 0, 0
        for operator, text in wanted:
            probe = handler.compile(operator, text, {})
            candidates = screened(probe, sets)
            hits = {i for i, one in enumerate(derived) if handler.verify(probe, one.payload) is not None}
            if not hits <= set(candidates):
                raise SystemExit(f"the screen loses hits of {operator}:{text}")
            hits_in_all += len(hits)
            candidates_in_all += len(candidates)
            precisions.append(len(hits) / max(1, len(candidates)))
        print(f"{title:28} {len(wanted):4} queries, none loses a hit; verified / candidates:", end=" ")
        mean, median = statistics.mean(precisions), statistics.median(precisions)
        print(f"{hits_in_all / candidates_in_all:.3f} over all, {mean:.3f} mean, {median:.3f} median")


def costs(molecules: list[Chem.Mol], items: list[RawItem], derived: list[Features], handler: MoleculeHandler) -> None:
    """Print what one molecule costs, in microseconds of CPU and in bytes."""
    steps: dict[str, Callable[[int], object]] = {
        "RDKit parses SMILES": lambda i: Chem.MolFromSmiles(smiles[i]),
        "features, all": lambda i: handler.features(items[i]),
        "- subgraph terms": lambda i: screen.molecule_terms(molecules[i]),
        "- Morgan fingerprint": lambda i: fingerprints.packed(fingerprints.morgan(molecules[i])),
        "- InChIKey": lambda i: features.inchikey(molecules[i]),
        "- payload": lambda i: encode(items[i].content.structure),
        "decode payload": lambda i: Decoded(derived[i].payload),
    }
    smiles = [str(one.fields["canonical_smiles"]) for one in derived]
    count = min(300, len(items))
    stats = measure(
        {name: (lambda step=step: [step(i) for i in range(count)]) for name, step in steps.items()}, rounds=3
    )
    print(table(f"\n{count} molecules at once", stats))
    for name, one in stats.items():
        print(f"{name:24} {1e3 * one.median / count:8.1f} µs a molecule")
    print(f"terms a molecule    {statistics.mean(len(one.terms[SUBGRAPH]) for one in derived):.1f}")
    print(f"payload bytes       {statistics.mean(len(one.payload) for one in derived):.1f}")


def main(path: Path = DEFAULT, molecules: str = "2000", queries: str = "120") -> None:
    if not Path(path).is_file():
        raise SystemExit(f"{path} is not here; name a SMILES file")
    raw = Path(path).read_bytes()
    lines = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).splitlines()
    dice = random.Random(20)
    handler = MoleculeHandler()
    chosen = b"\n".join(dice.sample(lines, min(int(molecules), len(lines))))
    items = [item for item in handler.read(Held(chosen, "memory.smi", "SMILES"), Limits()) if isinstance(item, RawItem)]
    derived = [handler.features(item) for item in items]
    mols = [item.content.structure.mol for item in items]
    print(f"{len(items)} molecules of {Path(path).name}")
    with rdBase.BlockLogs():  # pieces that are no molecules of their own
        queries_cut = pieces(mols, int(queries), dice)
    report(handler, queries_cut, derived)
    costs(mols, items, derived, handler)


if __name__ == "__main__":
    main(*sys.argv[1:])
