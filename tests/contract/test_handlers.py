"""The contract, for every kind."""

from __future__ import annotations

from handler_contract import HandlerContract


class TestMolecule(HandlerContract):
    kind = "molecule"
    queries = (
        'smarts:"c"', 'smarts:"[#7]"', 'smarts:"C=O"', 'smarts:"[OX2H]"', 'smarts:"c1ccccc1"', 'smarts:"[!#6;!#1]"',
        'smarts:"[CX3](=O)[OX2H1]"', 'smarts:"[$([NX3]C=O)]"', 'smarts:"*~*~*~*"', 'smarts:"[R]"', 'smarts:"[C@H]"',
        'smarts:"C.[Na+]"', 'smarts:"[N+,n]"', 'smarts:"C/C=C/C"', 'smarts:"[nH]"', 'smarts:"Cl"', 'smarts:"[U]"',
        'smiles:"Oc1ccccc1"~0.2', 'smiles:"CCO"~0.1', 'smiles:"CC(=O)Nc1ccc(O)cc1"', 'smiles:"CN1CCCC1c1cccnc1"',
        'smarts:"[#6]1~[#6]~[#6]~[#6]~[#6]~[#6]1"', 'smarts:"[C;!R]"', 'smarts:"[cH]:[cH]:[cH]"', 'smarts:"N~C~N"',
        'smarts:"[D4]"', 'smarts:"[H]O"', 'smarts:"c-O"', 'smarts:"c!:*"', 'smarts:"S"',
    )  # fmt: skip


class TestReaction(HandlerContract):
    kind = "reaction"
    queries = tuple(
        f'reaction:"{value}"{options}'
        for value in (
            "C>>", ">>C", "c>>c", "[OH]>>", "[CX3](=O)[OX2H1]>>[CX3](=O)[OX2H0]", ">>C1CCCC=C1", "C=C>>", ">[Pd]>",
            "[Br:1]>>[Br:1]", "C.O>>", "[C:1]=[C:2]>>[C:1][C:2]", "[C:1]=[C:2]>>[C:1]=[C:2]", "[#7:1]>>[#7:1]",
            "[*:1]-[*:2]>>[*:1]-[*:2]", "C#C>>C/C=C\\C", "c1ccccc1>>c1ccccc1", "*>>*", "[O-]>>", "*>*>*",
            "[c:1]1[c:2][c:3][c:4][c:5][c:6]1>>[c:1]1[c:2][c:3][c:4][c:5][c:6]1", "CO>>CO", "N>>C(=O)N", "[U]>>",
            ">>O", ">O>", "[C:1]=O>>[C:1]-O", "[OH:1][C:2]>>[O:1][C:2]",
        )
        for options in ("", "{maps=no}", "{stereo=no}")
    )  # fmt: skip


class TestNucleotide(HandlerContract):
    kind = "nucleotide"


class TestImage(HandlerContract):
    kind = "image"
