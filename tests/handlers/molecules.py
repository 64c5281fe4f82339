"""Molecules for the tests: awkward structures, read as the handler reads them."""

from __future__ import annotations

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
