"""Fields with a notation of their own, through the whole engine: what is asked is exactly what is found."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import nlsearch
from nlsearch.errors import QuerySyntax
from nlsearch.handlers.registry import Registry
from nlsearch.index.textquery import EveryOf, HasTerms, Keyword, KindIs, NumberRange, SomeOf, Without
from nlsearch.model import AllOf, Exact, Nearest, NoneOf, Range, Scan, Terms
from nlsearch.query.parse import Names, parse
from nlsearch.search.candidates import as_text, ask
from nlsearch.search.parts import TextPart
from nlsearch.search.plan import Planner

SMILES = """
CC(=O)Oc1ccccc1C(=O)O aspirin
CC(=O)[O-].[Na+] sodium acetate
CC(=O)O acetic acid
CC(=O)[O-].CC(=O)[O-].[Ca+2] calcium acetate
[Na+].[Cl-] salt
Cl.CN1CCC[C@H]1c1cccnc1 nicotine hydrochloride
CN1CCC[C@H]1c1cccnc1 nicotine
CN1CCC[C@@H]1c1cccnc1 R-nicotine
CN1C=NC2=C1C(=O)N(C(=O)N2C)C caffeine
C[C@@H]1CC[C@H]2C[C@@H]1C2(C)C x
CC1=CCC2CC1C2(C)C \u03b1-pinene
Cc1ccccc1 toluene
C1CCCCC1 cyclohexane
CC1CCCCC1 methylcyclohexane
[13CH3]C(=O)O labelled
[O-]S(=O)(=O)[O-].[NH4+].[NH4+] ammonium sulfate
[O-]C(=O)C(=O)[O-] oxalate
OC1CCC(O)CC1 N\u2011Acetyl-17\u03b2-quinitol 2\u2032-x
ClC(Cl)Cl chloroform
BrCCBr dibromide
CO methanol
[Co] cobalt
""".strip()
SDF = """2244

  0  0  0  0  0  0  0  0  0  0999 V2000
M  END
> <X>
dropped

$$$$
2244
  test

  1  0  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 N   0  0  0  0  0  0  0  0  0  0  0  0
M  END
> <PUBCHEM_IUPAC_NAME>
azane

> <SYNONYMS>
Ammonia; Spirit of hartshorn
R-717 | 7664-41-7

> <CHEBI_ID>
CHEBI:16134

$$$$
"""


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    folder = tmp_path_factory.mktemp("fields")
    (folder / "some.smi").write_text(SMILES + "\n", encoding="utf-8")
    (folder / "more.sdf").write_text(SDF)
    with nlsearch.Collection.open(folder / "x.nls", create=True) as opened:
        opened.index([folder], jobs=1)
        yield opened


def titles(collection: nlsearch.Collection, query: str) -> set[str]:
    page = collection.search(query, limit=100)
    assert page.complete
    assert page.total == len(page.hits)
    return {hit.item.title for hit in page.hits}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("formula:C9H8O4", {"aspirin"}),
        ('formula:"O4 H8 C9"', {"aspirin"}),
        ("formula:CH3COOH", {"acetic acid", "labelled"}),
        ("formula:CO", set()),
        ("formula:CH3OH", {"methanol"}),
        ("formula:Co", {"cobalt"}),
        ("formula:C2O4-2", {"oxalate"}),
        ('formula:"C=1 Cl3"', {"chloroform"}),
        ("formula:Br>=1", {"dibromide"}),
        ('formula:"C6-7 O0 N0"', {"toluene", "cyclohexane", "methylcyclohexane"}),
        ("canonical_smiles:c1ccccc1C", {"toluene"}),
        ('canonical_smiles:"CC1CCCCC1"', {"methylcyclohexane"}),
        ("scaffold:c1ccccc1", {"aspirin", "toluene"}),
        ("scaffold:C1CCCCC1", {"cyclohexane", "methylcyclohexane", "N\u2011Acetyl-17\u03b2-quinitol 2\u2032-x"}),
        ('scaffold:"OC1=CC=CC=C1"', {"aspirin", "toluene"}),
        ('component:"[Na+]"', {"sodium acetate", "salt"}),
        ('component:"CC(=O)[O-]"', {"sodium acetate", "calcium acetate"}),
        ('component:"CC(=O)[O-].[Na+]"', {"sodium acetate"}),
        ('component:"CC(=O)O"', {"acetic acid"}),
        ('component:"CN1CCC[C@H]1c1cccnc1"', {"nicotine", "nicotine hydrochloride"}),
        ("component:FKNQFGJONOIPTF-UHFFFAOYSA-N", {"sodium acetate", "salt"}),
        ('parent:"CC(=O)O"', {"acetic acid", "sodium acetate", "calcium acetate"}),
        ('parent:"CC(=O)[O-].[K+]"', {"acetic acid", "sodium acetate", "calcium acetate"}),
        ('parent:"CN1CCC[C@H]1c1cccnc1"', {"nicotine", "nicotine hydrochloride"}),
        ("inchikey:SNICXCGAKADSCV", {"nicotine", "R-nicotine"}),
        ("inchikey:SNICXCGAKADSCV-JTQLQIEISA", {"nicotine"}),
        ("inchikey:SNICXCGAKADSCV-SNVBAGLBSA-N", {"R-nicotine"}),
        ('inchikey:"InChI=1S/CHCl3/c2-1(3)4/h1H"', {"chloroform"}),
        ('components:2 AND NOT component:"[Na+]"', {"nicotine hydrochloride"}),
        ("isotopes:yes", {"labelled"}),
        ("radicals:>0", {"cobalt"}),
        ("stereo:defined", {"nicotine hydrochloride", "nicotine", "R-nicotine", "x"}),
        ("lipinski_violations:>0", {"ammonium sulfate"}),
        ("aromatic_rings:2", {"caffeine"}),
        ("cas:7664-41-7", {"2244"}),
        ("7664-41-7", {"2244"}),
        ("synonyms:hartshorn", {"2244"}),
        ("hartshorn", {"2244"}),
        ("name:azane", {"2244"}),
        ("accession:2244", {"2244"}),
        ('accession:"CHEBI:16134"', {"2244"}),
    ],
)  # fmt: skip
def test_what_is_asked_is_found(collection: nlsearch.Collection, query: str, found: set[str]) -> None:
    assert titles(collection, query) == found


@pytest.mark.parametrize(
    "query", ["\u03b1-pinene", "alpha-pinene", "Alpha Pinene", '".alpha.-pinene"', "name:alpha-pinene",
              'name:"\u0391\u2013Pinene"']
)  # fmt: skip
def test_greek_letters_are_found_by_their_names(collection: nlsearch.Collection, query: str) -> None:
    assert titles(collection, query) == {"\u03b1-pinene"}


@pytest.mark.parametrize(
    "spelt",
    ["n-acetyl", "N\u2011acetyl", "N\u2013Acetyl", "17beta", "17-beta-quinitol", "17\u03b2", '"17.beta.-quinitol"',
     '"2\'-x"', '"2\u2019-X"'],
)  # fmt: skip
def test_names_are_found_however_they_are_spelt(collection: nlsearch.Collection, spelt: str) -> None:
    for query in (spelt, f"name:{spelt}"):
        assert titles(collection, query) == {"N\u2011Acetyl-17\u03b2-quinitol 2\u2032-x"}


def test_random_ranges_find_what_counting_finds(collection: nlsearch.Collection) -> None:
    counts = {}
    for hit in collection.search("kind:molecule", limit=100).hits:
        found = re.findall(r"([A-Z][a-z]?)(\d*)", hit.item.fields["formula"])
        counts[hit.item.title] = {symbol: int(count or 1) for symbol, count in found}
    dice = random.Random(5)
    hits = 0
    for _ in range(200):
        items, wanted = [], []
        for symbol in dice.sample(["C", "H", "N", "O", "Cl", "Na", "S", "Co"], dice.randint(1, 3)):
            low = dice.choice([0, 0, 0, 1, 1, 2, 5, 8])
            high = low + dice.randint(1, 9)
            item = dice.choice([f"{low}-{high}", f">={low}", f"<={high}"])
            low, high = (0 if "<" in item else low), (10**9 if ">" in item else high)
            items.append(symbol + item)
            wanted.append((symbol, low, high))
        right = {t for t, held in counts.items() if all(low <= held.get(s, 0) <= high for s, low, high in wanted)}
        assert titles(collection, f'formula:"{" ".join(items)}"') == right
        hits += len(right)
    assert hits > 200


def test_facets_show_the_values_as_they_are_and_they_can_be_asked(collection: nlsearch.Collection) -> None:
    page = collection.search("kind:molecule")
    for name in ("scaffold", "stereo", "formula", "canonical_smiles", "donors", "isotopes", "component"):
        counts = page.facets(name)
        assert counts
        for value, amount in counts.items():
            found = collection.search(f'{name}:"{value}"').total
            assert found == amount if name != "component" else found >= amount, (name, value)
    assert page.facets("scaffold")["c1ccccc1"] == 2


def test_the_answer_says_how_a_value_was_read_and_shows_what_it_was_found_by(collection: nlsearch.Collection) -> None:
    page = collection.search('formula:"C2-3 Na1"')
    assert page.read_as == ["formula: read as C 2 to 3, Na 1; other elements are free"]
    assert page.hits[0].evidence["fields"] == {"formula": "C2H3NaO2"}
    (hit,) = collection.search('parent:"CC(=O)O" AND sodium').hits
    assert hit.evidence["fields"]["parent"] == "QTBSBXVTEAMEQO-UHFFFAOYSA-N"


@pytest.mark.parametrize(("query", "column"), [("a formula:C6Xx", 2), ("cas:50-78-3", 0), ('x OR parent:"C(("', 5)])
def test_a_mistake_has_its_column(collection: nlsearch.Collection, query: str, column: int) -> None:
    with pytest.raises(QuerySyntax) as caught:
        collection.search(query)
    assert caught.value.column == column


# ------------------------------------------------------------------------------------------- several kinds, one field
HANDLER = """
from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Field
from nlsearch.model import NoneOf, Range, Reading


class Handler:
    kind, version, formats, operators, spaces, requires = "{kind}", 1, (), (), (), ()
    fields = (Field("code", "keyword", "A code.", notation="{notation}"),)
{method}

HANDLER = Handler
"""
METHOD = """
    def translate(self, field, value):
        if not value.startswith("{letter}"):
            raise QuerySyntax("{kind} wants {letter}")
        return Reading(NoneOf((Range("{kind}_size", None, float(value[1:])),)), "{kind} above " + value[1:])
"""


def planner(folder: Path, *kinds: tuple[str, str]) -> Planner:
    for kind, letter in kinds:
        method = METHOD.format(kind=kind, letter=letter) if letter else ""
        code = HANDLER.format(kind=kind, notation="a number" if letter else "", method=method)
        (folder / f"{kind}_{folder.name}.py").write_text(code)
    registry = Registry([folder], built_in={})
    assert not registry.problems
    made = Planner(registry, lambda *_: ())
    made.names = Names.of(registry)
    return made


def query_of(made: Planner, text: str) -> tuple[object, list[str]]:
    plan = made.plan(parse(text, made.names))
    assert isinstance(plan.root, TextPart)
    return plan.root.query, list(plan.read_as)


def above(kind: str, number: float) -> EveryOf:
    inner = Without(EveryOf((KindIs(kind), NumberRange(f"{kind}_size", None, number))))
    return EveryOf((KindIs(kind), EveryOf((KindIs(kind), inner))))


def test_each_kind_reads_a_shared_field_for_its_own_items(tmp_path: Path) -> None:
    made = planner(tmp_path, ("first", "x"), ("second", "x"))
    query, read_as = query_of(made, "code:x5")
    assert query == SomeOf((above("first", 5), above("second", 5)))
    assert read_as == ["code: read as first above 5", "code: read as second above 5"]


def test_a_kind_that_cannot_read_the_value_finds_nothing(tmp_path: Path) -> None:
    made = planner(tmp_path, ("first", "x"), ("second", "y"))
    assert query_of(made, "code:y7") == (SomeOf((above("second", 7),)), ["code: read as second above 7"])
    with pytest.raises(QuerySyntax, match="first wants x") as caught:
        query_of(made, "a OR code:z")
    assert caught.value.column == 5


def test_a_notation_without_a_reader_is_reported(tmp_path: Path) -> None:
    (tmp_path / "deaf.py").write_text(HANDLER.format(kind="deaf", notation="a number", method=""))
    (reason,) = Registry([tmp_path], built_in={}).problems.values()
    assert "does not declare translate" in reason


def test_what_no_organ_decides_is_left_to_verification(collection: nlsearch.Collection) -> None:
    """``NoneOf`` of a vector question is a candidate stage like another: it may find more, and loses nothing."""
    view = collection._found(collection.search("aspirin").hits[0].item.id)[0]
    near = Nearest("molecule.morgan", bytes(256), 0.0)
    everything = ask(Scan(), "molecule", view).keys.tolist()
    assert ask(NoneOf((near,)), "molecule", view).keys.tolist() == everything
    some = ask(NoneOf((Range("heavy_atoms", None, 5), Exact("formula", "C9H8O4"))), "molecule", view).keys.tolist()
    assert 0 < len(some) < len(everything)
    assert ask(AllOf((near, NoneOf((Range("heavy_atoms", None, 5),)))), "molecule", view).keys.tolist() != everything


def test_many_terms_are_asked_exactly_where_nothing_verifies() -> None:
    terms = Terms("space", tuple(range(40)))
    assert as_text(terms, "k") == HasTerms("space", terms.terms)
    assert as_text(terms, "k", exact=True) == HasTerms("space", terms.terms, None, 40)
    assert as_text(NoneOf((terms,)), "k") == EveryOf((KindIs("k"), Without(HasTerms("space", terms.terms, None, 40))))


def test_a_kind_without_the_notation_takes_the_value_as_it_stands(tmp_path: Path) -> None:
    made = planner(tmp_path, ("first", "x"), ("plain", ""))
    plainly = EveryOf((Without(KindIs("first")), Keyword("code", "x5")))
    assert query_of(made, "code:x5") == (SomeOf((above("first", 5), plainly)), ["code: read as first above 5"])
