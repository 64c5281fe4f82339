"""Molecules for the tests: awkward structures, read as the handler reads them."""

from __future__ import annotations

import gzip
import random
from itertools import product
from pathlib import Path

from held import Held
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.limits import Limits
from nlsearch.model import AllOf, AnyOf, Question, Range, RawItem, Scan, Skipped, Terms

AWKWARD = """
CC(=O)Oc1ccccc1C(=O)O
c1ccc(-c2ccccc2)cc1
c1ccc2c(c1)-c1cccc3cccc-2c13
c1ccc2c(c1)c1ccccc1c1ccccc21
c1ccc2c(c1)-c1ccccc1-2
c1ccc2cccc-2cc1
C1=CC2=CC=CC2=CC=C1
c1ccc(-c2ccc(-c3ccccc3)nc2)cc1
n1ccccc1-c1ccccn1
O=c1cccc[nH]1
O=C1C=CC(=O)C=C1
CN1C=NC2=C1C(=O)N(C(=O)N2C)C
C1=CC(=C2C=CC=C2)C=C1
c1cc2ccc3cccc4ccc(c1)c2c34
C1CC2CCC1C2
C12C3C4C1C5C2C3C45
OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O
OC[C@H]1O[C@H](O)[C@H](O)[C@@H](O)[C@@H]1O
N[C@@H](Cc1c[nH]c2ccccc12)C(=O)O
N[C@H](Cc1c[nH]c2ccccc12)C(=O)O
F/C=C/F
F/C=C\\F
FC=CF
CC(=O)[O-].[Na+]
[NH4+].[Cl-]
[2H]C([2H])([2H])O
[13CH3]C(=O)O
[CH3]
[O]N=O
C[N+](=O)[O-]
C#N
[C-]#[O+]
N#[N+]c1ccccc1
C[Si](C)(C)Cl
CS(=O)(=O)N
OP(=O)(O)O
BrC(Br)(Br)Br
[H][H]
[H]O[H]
[Na+].[H-]
B1OB(OB(O1)c1ccccc1)c1ccccc1
c1cc[se]c1
c1ccsc1-c1cccs1
C[Fe]C
Cl[Pt](Cl)(<-N)<-N
*c1ccccc1
C=C=C
CC(C)=CCC/C(C)=C/C=O
CCCCCCCCCCCCCCCC(=O)O
C1CCCCCCCCCCC1
c1ccc(cc1)C(c1ccccc1)(c1ccccc1)c1ccccc1
O=C(Nc1ccccc1)c1ccc(-c2ccccc2-c2nnn[nH]2)cc1
CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O
F[C@H](Cl)Br
F[C@@H](Cl)Br
CC(C)(C)c1ccc(O)cc1 |$;;;;;;;;;;$|
[O-][n+]1ccccc1-c1cccc[n+]1[O-]
C1=CC=C[CH+]C=C1
[cH-]1cccc1.[Na+]
""".strip().splitlines()


def read(content: bytes | str, form: str = "SMILES", limits: Limits | None = None) -> list[RawItem | Skipped]:
    raw = content.encode() if isinstance(content, str) else content
    return list(MoleculeHandler().read(Held(raw, format=form), limits or Limits()))


def one(text: str, form: str = "SMILES") -> RawItem:
    (item,) = read(text, form)
    assert isinstance(item, RawItem), item
    return item


def payload_of(text: str, form: str = "SMILES") -> bytes:
    return MoleculeHandler().features(one(text, form)).payload


def admits(question: Question, terms: frozenset[int], size: float) -> bool:
    """Say whether the candidate stage lets an item with these terms and this size through."""
    match question:
        case AnyOf(parts):
            return any(admits(part, terms, size) for part in parts)
        case AllOf(parts):
            return all(admits(part, terms, size) for part in parts)
        case Terms(_, wanted):
            return set(wanted) <= terms
        case Range("heavy_atoms", _, high):
            return high is None or size <= high
        case Scan():
            return True
    raise AssertionError(question)


REAL = Path(__file__).parents[3] / "shared" / "data" / "molecules" / "muv.93k.smi.gz"


def many(count: int, seed: int = 5) -> list[str]:
    """Return SMILES of different molecules: drawn from MUV where the real data is, else made of pieces."""
    dice = random.Random(seed)
    if not REAL.exists():
        return dice.sample(["".join(pieces) for pieces in product(*map(str.split, (LEFT, MIDDLE, RIGHT)))], count)
    lines = gzip.decompress(REAL.read_bytes()).decode().splitlines()
    return [line.split()[0] for line in dice.sample(lines, count)]


LEFT = """
C CC CCC CO CCO N CN CC(C) F Cl Br O OC NC(=O) CC(=O) CC(=O)N CS N#C OC(=O) FC(F)(F) C1CC1
"""
MIDDLE = """
c1ccc(cc1) c1cc(ccn1) c1cnc(nc1) c1cc(c[nH]1) c1ccc(s1) C1CCC(CC1) C1CCN(CC1) C1CN(CCN1) c1ccc2c(c1)[nH]cc2 C=C
c1cc2ccccc2nc1 C(=O)N C(=O)O CN C[C@H](N)C(=O)N c1nnc(o1) S(=O)(=O)N
"""
RIGHT = """
C CC CCC CCO O N C(=O)C C(=O)O C(=O)N CN OC F c1ccccc1 c1ccncc1 C(F)(F)F C#N CCN1CCOCC1 Cc1c[nH]cn1
"""
