"""Random queries against brute force: screen and verification find what RDKit finds, molecule by molecule."""

from __future__ import annotations

import random

from molecules import AWKWARD
from random_smarts import GROUPS, grammar_smarts, mixed_smarts
from rdkit import Chem, rdBase


def test_what_the_generator_writes_is_smarts() -> None:
    mols = [Chem.MolFromSmiles(smiles) for smiles in AWKWARD]
    dice = random.Random(11)
    texts = [mixed_smarts(mols, dice) for _ in range(500)] + [grammar_smarts(dice) for _ in range(200)]
    with rdBase.BlockLogs():
        assert [text for text in [*texts, *GROUPS] if Chem.MolFromSmarts(text) is None] == []
    dice = random.Random(11)
    assert texts[:500] == [mixed_smarts(mols, dice) for _ in range(500)]
    assert len(set(texts)) > 500
