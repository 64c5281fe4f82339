"""Molecular formulas: what is indexed, and how people's formulas and ranges are read."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from molecules import AWKWARD
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.chemistry.formula import COUNT_BITS, MOST, formula_terms, hill, read_formula
from nlsearch.kernels.graphs import SYMBOLS
from nlsearch.model import AllOf, Exact, NoneOf, Question, Scan, TermRange

SPACE = "x"


def asked(text: str) -> Question:
    return read_formula(text, "formula", SPACE).ask


def holds(question: Question, terms: set[int]) -> bool:
    match question:
        case AllOf(parts):
            return all(holds(part, terms) for part in parts)
        case NoneOf(parts):
            return not any(holds(part, terms) for part in parts)
        case TermRange(_, low, high):
            return any(low <= term <= high for term in terms)
        case Scan():
            return True
    raise AssertionError(question)


def test_the_elements_are_those_of_rdkit() -> None:
    table = Chem.GetPeriodicTable()
    assert [table.GetElementSymbol(number) for number in range(119)] == list(SYMBOLS)


@pytest.mark.parametrize("smiles", [*AWKWARD, "*C(Br)Cl", "*O", "[O-]S(=O)(=O)[O-]", "[O-]C(=O)C([O-])=O", "[2H]OC",
                                    "[O-]P(=O)([O-])OP(=O)([O-])OC1CCCCC1"])  # fmt: skip
def test_a_formula_as_rdkit_writes_it_is_that_formula(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    formula = rdMolDescriptors.CalcMolFormula(mol)
    assert asked(formula) == Exact("formula", formula)
    counts = dict.fromkeys(range(119), 0)
    for atom in Chem.AddHs(mol).GetAtoms():
        counts[atom.GetAtomicNum()] += 1
    assert set(formula_terms(formula).tolist()) == {n << COUNT_BITS | k for n, k in counts.items() if k}
    assert formula.startswith(hill(counts))


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("C8H10N4O2", "C8H10N4O2"), ("C8 H10 N4 O2", "C8H10N4O2"), ("O2N4H10C8", "C8H10N4O2"),
        ("c8h10n4o2", "C8H10N4O2"), ("C₈H₁₀N₄O₂", "C8H10N4O2"), ("CH3COOH", "C2H4O2"), ("C2D6O", "C2H6O"),
        ("CDCl3", "CHCl3"), ("NACL", "ClNa"), ("H2SO4", "H2O4S"), ("SO4-2", "O4S-2"), ("SO4^2-", "O4S-2"),
        ("C2O4-2", "C2O4-2"), ("NH4+", "H4N+"), ("Ca^2+", "Ca+2"), ("C2H3O2 -", "C2H3O2-"), ("O2-2", "O2-2"),
        ("S4^2-", "S4-2"), ("CO", "CO"), ("Co", "Co"), ("CH*BrCl", "CH*BrCl"),
    ],
)  # fmt: skip
def test_formulas_as_chemists_write_them(text: str, formula: str) -> None:
    assert asked(text) == Exact("formula", formula)


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("C8-10 N>=2", "C 8 to 10, N at least 2; other elements are free"),
        ("C8–10 N≥2", "C 8 to 10, N at least 2; other elements are free"),
        ("C8-10", "C 8 to 10; other elements are free"),
        ("S0-6", "S at most 6; other elements are free"),
        ("C8 H10-12", "C 8, H 10 to 12; other elements are free"),
        ("S0 Cl<=1 Br* N=2 O > 3 F<2", "no S, Cl at most 1, Br any number, N 2, O at least 4, F at most 1; "
         "other elements are free"),
        ("C2O4-2", "the formula C2O4-2, charge -2"),
        ("NH4+", "the formula H4N+, charge +1"),
        ("C8H10", ""),
    ],
)  # fmt: skip
def test_it_is_said_how_a_formula_was_read(text: str, read_as: str) -> None:
    assert read_formula(text, "formula", SPACE).read_as == read_as


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C6Xx2", "no element Xx (character 3)"),
        ("C8-10 Qq>=2", "no element Qq (character 7)"),
        ("C10-8", "C10-8 at character 1 ends before it begins (did you mean C8-10?"),
        ("N2 C10-8", "C10-8 at character 4 ends before it begins"),
        ("C8-10 N2 C3", "C is given twice, again at character 10"),
        ("Ca(OH)2", "'(' at character 3"),
        ("6C", "'6' at character 1"),
        ("c6h6co", "several ways (write capitals: C6H6CO or C6H6Co"),
        ("N<0", "nothing has N<0 at character 1"),
        ("C>=", "'>' at character 2"),
        ("glucose", "'g' at character 1"),
        (" ", "empty"),
        ("C9999999999", "more than 9 digits"),
        ("co" * 50_000, "'c' at character 1"),
    ],
)
def test_mistakes_are_named_with_their_character(text: str, message: str) -> None:
    with pytest.raises(QuerySyntax, match=re.escape(message)):
        asked(text)


USUAL = st.sampled_from(["C", "H", "N", "O", "S", "Cl", "Br", "Na"])


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(USUAL, st.integers(0, 12)),
    st.dictionaries(
        USUAL,
        st.tuples(st.sampled_from(["-", ">=", "<=", ">", "<", "=", "*", "n"]), st.integers(0, 12), st.integers(0, 12)),
        min_size=1,
    ),
)
def test_ranges_find_what_counting_finds(counts: dict, wanted: dict) -> None:
    items, right = [], []
    for symbol, (sign, a, b) in wanted.items():
        low, high = min(a, b), max(a, b)
        low, high, item = {
            "-": (low, high, f"{low}-{high}"),
            ">=": (a, MOST, f">={a}"),
            "<=": (0, a, f"<={a}"),
            ">": (a + 1, MOST, f">{a}"),
            "<": (0, a, f"<{a + 1}"),
            "=": (a, a, f"={a}"),
            "*": (0, MOST, "*"),
            "n": (a, a, f"{a}"),
        }[sign]
        items.append(symbol + item)
        right.append(low <= counts.get(symbol, 0) <= high)
    random.Random(len(items)).shuffle(items)
    question = asked(" ".join([*items, "Og<=5"]))
    terms = set(formula_terms(hill({SYMBOLS.index(s): n for s, n in counts.items()})).tolist())
    assert holds(question, terms) == all(right)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(SYMBOLS[1:]), st.integers(1, 40), min_size=1), st.randoms())
def test_the_order_of_a_formula_does_not_matter(counts: dict, dice: random.Random) -> None:
    items = [f"{symbol}{count}" for symbol, count in counts.items()]
    dice.shuffle(items)
    formula = hill({SYMBOLS.index(s): n for s, n in counts.items()})
    assert asked(" ".join(items)) == asked("".join(items)) == asked(formula) == Exact("formula", formula)
