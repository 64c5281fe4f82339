"""The query language reads what its grammar promises, and says at which column it does not."""

from __future__ import annotations

import contextlib
import time

import pytest

from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.handlers.contract import Field, Operator, Option
from nlsearch.limits import Limits
from nlsearch.query.parse import Names, parse
from nlsearch.query.render import render, without_columns
from nlsearch.query.suggest import looks_like, nearest, offer
from nlsearch.query.syntax import And, FieldIs, FieldRange, Not, Or, Structure, Words

NAMES = Names(
    operators={
        name: Operator(name, "", "", "complete", "", options)
        for name, options in {
            "smarts": (),
            "smiles": (Option("fp", "text", "", choices=("morgan", "maccs")),),
            "dna": (
                Option("mismatches", "integer", ""),
                Option("identity", "float", ""),
                Option("both", "boolean", ""),
                Option("label", "text", ""),
            ),
            "notes": (),
            "peaks": (Option("tol_da", "float", ""),),
            "reaction": (),
        }.items()
    },
    fields={
        field.name: field
        for field in (
            Field("kind", "keyword", ""),
            Field("name", "text", ""),
            Field("composer", "text", ""),
            Field("inchikey", "keyword", ""),
            Field("mass", "float", "", unit="Da"),
            Field("charge", "integer", ""),
            Field("taken", "date", ""),
        )
    },
)


def read(text: str):
    return without_columns(parse(text, NAMES))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("caffeine", Words("caffeine")),
        ("n-acetyl", Words("n-acetyl")),
        ("Crohn's", Words("Crohn's")),
        ("ANDROID", Words("ANDROID")),
        ('"a phrase"', Words("a phrase", True)),
        ("'a \"quoted\" phrase'", Words('a "quoted" phrase', True)),
        ("a b", And((Words("a"), Words("b")))),
        ("a and b", And((Words("a"), Words("and"), Words("b")))),
        ("a OR b c", Or((Words("a"), And((Words("b"), Words("c")))))),
        ("(a OR b) c", And((Or((Words("a"), Words("b"))), Words("c")))),
        ("(a AND b) AND c", And((Words("a"), Words("b"), Words("c")))),
        ("a OR (b OR c)", Or((Words("a"), Words("b"), Words("c")))),
        ("NOT a b", And((Not(Words("a")), Words("b")))),
        ("a -b", And((Words("a"), Not(Words("b"))))),
        ("-kind:image", Not(FieldIs("kind", "image"))),
        ("-(a OR b)", Not(Or((Words("a"), Words("b"))))),
        ('-"a b"', Not(Words("a b", True))),
        ("NOT -a", Not(Not(Words("a")))),
        ("charge:-1", FieldIs("charge", "-1")),
        ('name:"sodium salt"', FieldIs("name", "sodium salt", True)),
        ("mass:[150 TO 250]", FieldRange("mass", "150", "250")),
        ("mass:[* TO 250.5]", FieldRange("mass", None, "250.5")),
        ("charge:[-2 TO -1]", FieldRange("charge", "-2", "-1")),
        ('taken:["2020-01-01 10:00" TO 2021-01-01T10:00]', FieldRange("taken", "2020-01-01 10:00", "2021-01-01T10:00")),
        ("mass:>=5", FieldRange("mass", "5", None)),
        ("mass:<=5", FieldRange("mass", None, "5")),
        ("mass:>5", FieldRange("mass", "5.000000000000001", None)),
        ("charge:<5", FieldRange("charge", None, "4")),
        ("charge:>-5", FieldRange("charge", "-4", None)),
        ("taken:>2020-01-01", And((FieldRange("taken", "2020-01-01", None), Not(FieldIs("taken", "2020-01-01"))))),
        ('smarts:"c1ccc2[nH]ccc2c1"', Structure("smarts", "c1ccc2[nH]ccc2c1")),
        ("smarts: 'C'", Structure("smarts", "C")),
        (r'smiles:"F/C=C\F"', Structure("smiles", r"F/C=C\F")),
        (r'smiles:"a\"b"', Structure("smiles", 'a"b')),
        (r"""smiles:'a\"b'""", Structure("smiles", r"a\"b")),
        ("smiles:CCO~0.7{fp=maccs}", Structure("smiles", "CCO", 0.7, {"fp": "maccs"})),
        ("smarts:C1CCC~1", Structure("smarts", "C1CCC~1")),
        ('(dna:"A"~0.5)', Structure("dna", "A", 0.5)),
        ("name:beta~1", FieldIs("name", "beta~1")),
        ('name:"beta~0.5"', FieldIs("name", "beta~0.5", True)),
        ("reaction:>>CC", Structure("reaction", ">>CC")),
        ('dna:"ACGT"~1{}', Structure("dna", "ACGT", 1.0)),
        (
            'dna:"ACGT"~.7{mismatches=1, identity=0.9, both=yes, label="a, b"}',
            Structure("dna", "ACGT", 0.7, {"mismatches": 1, "identity": 0.9, "both": True, "label": "a, b"}),
        ),
        (
            'peaks:"195.0877:100 138.066:45"{tol_da=0.01}',
            Structure("peaks", "195.0877:100 138.066:45", None, {"tol_da": 0.01}),
        ),
        ("smiles:C NOT(kind:image)", And((Structure("smiles", "C"), Not(FieldIs("kind", "image"))))),
    ],
)
def test_reads(text: str, tree: object):
    assert read(text) == tree


BOTH = Names(
    operators={
        "formula": Operator("formula", "", "", "complete", "", (Option("isotopes", "boolean", ""),)),
        "peaks": Operator("peaks", "", "", "complete", "", (Option("tol_da", "float", ""),)),
        "smiles": Operator("smiles", "", "", "complete", "", ()),
    },
    fields={
        "formula": Field("formula", "keyword", "", notation="ranges of elements"),
        "peaks": Field("peaks", "integer", ""),
        "smiles": Field("smiles", "keyword", ""),
    },
)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("formula:C8H10", FieldIs("formula", "C8H10")),
        ('formula:"C8-10 N>=2"', FieldIs("formula", "C8-10 N>=2", True)),
        ('formula:"C8H10"{isotopes=yes}', Structure("formula", "C8H10", None, {"isotopes": True})),
        ("formula:C8H10{isotopes=no}", Structure("formula", "C8H10", None, {"isotopes": False})),
        ('formula:"C8H10"{}', Structure("formula", "C8H10")),
        ('formula:"C8H10"~0.7', Structure("formula", "C8H10", 0.7)),
        ("formula:C8H10~0.7", Structure("formula", "C8H10", 0.7)),
        ('peaks:"195.09:100"', Structure("peaks", "195.09:100")),
        ("peaks:26", Structure("peaks", "26")),
        ("peaks:[10 TO 50]", FieldRange("peaks", "10", "50")),
        ("peaks:>10", FieldRange("peaks", "11", None)),
        ("peaks:<=10", FieldRange("peaks", None, "10")),
        ('smiles:"CCO"', Structure("smiles", "CCO")),
        ("smiles:>CC", Structure("smiles", ">CC")),
        ("smiles:[a TO b]", FieldRange("smiles", "a", "b")),
    ],
)
def test_a_name_that_is_both_is_told_apart(text: str, tree: object):
    assert without_columns(parse(text, BOTH)) == tree


@pytest.mark.parametrize(
    "tree",
    [
        Structure("formula", "C8H10"),
        Structure("formula", "C8H10", 0.0),
        Structure("formula", "C8H10", None, {"isotopes": True}),
        And((FieldIs("formula", "C8H10", True), Not(Or((Structure("formula", "C8H10"), Structure("peaks", "1:1")))))),
    ],
)
def test_a_name_that_is_both_is_written_as_it_was_meant(tree: object):
    assert without_columns(parse(render(tree, BOTH.fields), BOTH)) == tree


def test_a_comparison_with_options_is_neither():
    with pytest.raises(QuerySyntax, match="belong to operators"):
        parse("peaks:>10{tol_da=0.1}", BOTH)


def test_columns_point_at_the_start_of_each_clause():
    tree = parse('a -mass:3 "x" smarts:C', NAMES)
    assert isinstance(tree, And)
    columns = [part.part.column if isinstance(part, Not) else part.column for part in tree.parts]
    assert columns == [0, 3, 10, 14]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 0, "the query is empty"),
        ("  \n", 0, "the query is empty"),
        ("()", 1, "parentheses are empty"),
        ("a AND", 2, "AND needs something after it"),
        ("OR b", 0, "OR needs something before it"),
        ("a OR OR b", 5, "OR needs something after it"),
        ("NOT", 0, "NOT needs something after it"),
        ("x (a", 2, "never closed"),
        ("a)", 1, "closes nothing"),
        ("a - b", 2, "directly before"),
        ('smart:"x"', 0, "did you mean smarts:"),
        ("10:30", 0, "no operator or field called '10'"),
        ("a xyzzy:b", 2, "no operator or field called 'xyzzy'"),
        ('dna:"ACGT', 4, "never closed"),
        ("dna:", 4, "value is missing"),
        ("dna:(ACGT)", 4, "cannot start a value"),
        ("dna:[1 TO 2]", 0, "only fields have ranges"),
        ('smiles:""', 7, "nothing between the quotes"),
        ("smiles:CC(=O)O", 9, "needs quotes around it"),
        ('smiles:C"a b"', 8, "needs quotes around it"),
        ('"a"b', 3, "space is missing"),
        ("name:b:c", 6, "does not belong here"),
        ("mass:[1 2]", 8, "does not belong into a range"),
        ("mass:[1 TO 2", 12, "range is not closed"),
        ("mass:>>5", 5, "without a space"),
        ("mass:> 5", 5, "without a space"),
        ('mass:"3"~0.5', 0, "belong to operators"),
        ('"p q"~3', 5, "minimum score"),
        ('smarts:"C"~-1', 10, "a number from 0 to 1, not '-1'"),
        ('dna:"A"~1.5', 7, "between 0 and 1"),
        ('dna:"A"~0,5', 9, "one decimal point"),
        ('dna:"A"~.1.5', 10, "one decimal point"),
        ('dna:"A"~0.5-x', 11, "one decimal point"),
        ("dna:ACGT~0,5", 10, "decimal point"),
        ('dna:"A"~x', 7, "a number directly behind"),
        ("name:beta~0.5", 9, "belongs to operators"),
        ("name:>a~0,5", 7, "belongs to operators"),
        ('dna:"A"{both=yes}x', 17, "space is missing"),
        ("mass:[1 TO 2]x", 13, "space is missing"),
        ('"a"name:b', 3, "space is missing"),
        ('dna:"A"{mism=1}', 8, "did you mean mismatches? known: mismatches, identity, both, label"),
        ('notes:"A"{x=1}', 10, "it takes none"),
        ('dna:"A"{mismatches=x}', 19, "wants a whole number"),
        ('dna:"A"{identity=nan}', 17, "wants a number"),
        ('dna:"A"{both=maybe}', 13, "wants yes or no"),
        ('smiles:"A"{fp=morgen}', 14, "did you mean morgan?"),
        ('dna:"A"{mismatches=1,mismatches=2}', 21, "given twice"),
        ('dna:"A"{mismatches=1', 20, "options are not closed"),
        ('dna:"A"{mismatches=1 x}', 21, "does not belong into options"),
    ],
)
def test_mistakes_are_explained_at_their_column(text: str, column: int, message: str):
    with pytest.raises(QuerySyntax) as caught:
        parse(text, NAMES)
    assert caught.value.column == column
    assert message in str(caught.value)


def test_bare_content_that_does_not_parse_is_offered_as_such():
    with pytest.raises(QuerySyntax) as caught:
        parse("c1ccc2[nH]ccc2c1", NAMES)
    assert caught.value.hint == 'did you mean smiles:"c1ccc2[nH]ccc2c1"?'
    with pytest.raises(QuerySyntax) as caught:
        parse("195.0877:100 138.066:45", NAMES)
    assert caught.value.hint == 'did you mean peaks:"195.0877:100 138.066:45"?'


def test_nesting_is_bounded():
    limits = Limits(query_depth=5)
    assert parse("(" * 5 + "a" + ")" * 5, NAMES, limits) == Words("a", column=5)
    for deep in ("(" * 6 + "a" + ")" * 6, "NOT " * 6 + "a", "-(" * 3 + "a" + ")" * 3, "------a", "(" * 900_000):
        with pytest.raises(QueryTooCostly, match="query_depth = 5"):
            parse(deep, NAMES, limits)
    assert parse("(a) " * 40, NAMES, limits)


def test_size_and_clauses_are_bounded():
    with pytest.raises(QueryTooCostly, match="query_bytes"):
        parse("ä" * 51, NAMES, Limits(query_bytes=100))
    assert parse("ä" * 50, NAMES, Limits(query_bytes=100)) == Words("ä" * 50)
    with pytest.raises(QueryTooCostly, match="query_clauses"):
        parse("a " * 11, NAMES, Limits(query_clauses=10))


@pytest.mark.parametrize(
    "value", ["ACGT" * 25_000, "\\" * 99_999 + "x", "A\\" * 49_999 + "C", "a b" * 33_333, "(" * 100_000]
)
def test_a_value_of_100_kb_parses_in_50_ms(value: str):
    parse("warm", NAMES)
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        tree = parse(f'dna:"{value}"', NAMES)
        best = min(best, time.process_time() - start)
    assert tree == Structure("dna", value)
    assert best < 0.05


@pytest.mark.parametrize(
    "text", ["'" * 100_001, '\\"' * 50_000, 'dna:"' + "A\\" * 50_000, "x" * 100_000 + ":", "x'" * 50_001]
)
def test_malformed_text_of_100_kb_is_refused_without_delay(text: str):
    start = time.process_time()
    with contextlib.suppress(QuerySyntax, QueryTooCostly):
        parse(text, NAMES)
    assert time.process_time() - start < 1.0


def test_lone_surrogates_of_an_undecodable_argument_are_text():
    assert parse("caf\udce9", NAMES) == Words("caf\udce9")


@pytest.mark.parametrize(
    ("text", "proposals"),
    [
        ("CC(=O)Oc1ccccc1C(=O)O", ['smiles:"CC(=O)Oc1ccccc1C(=O)O"']),
        ("c1ccc2[nH]ccc2c1", ['smiles:"c1ccc2[nH]ccc2c1"']),
        ("CCO", ['smiles:"CCO"']),
        ("ATGGTGCATCTGACTCCTGAGGAGAAG", ['dna:"ATGGTGCATCTGACTCCTGAGGAGAAG"']),
        ("gattacagattaca", ['dna:"gattacagattaca"']),
        ("ATGRYATGCATGCATGCA", ['dna:"ATGRYATGCATGCATGCA"']),
        ("MKVLAAGIVALLAAC", ['protein:"MKVLAAGIVALLAAC"']),
        ("C4 D4 E4 F4", ['notes:"C4 D4 E4 F4"']),
        ("C4:8 D4:8 E4 F#4", ['notes:"C4:8 D4:8 E4 F#4"']),
        ("195.0877:100 138.066:45", ['peaks:"195.0877:100 138.066:45"']),
        ("RYYVLZVUVIJVGH-UHFFFAOYSA-N", ['inchikey:"RYYVLZVUVIJVGH-UHFFFAOYSA-N"']),
        *(
            (word, [])
            for word in ("caffeine", "BBC", "c3po", "sonic boom", "a b c", "C", "acid", "10:30 am", "CO2 laser", "")
        ),
        ('smiles:"CCO"', []),
        ('"CC(=O)O"', []),
    ],
)
def test_bare_content_is_offered_and_words_are_not(text: str, proposals: list[str]):
    assert looks_like(text) == proposals


def test_offers_are_shortened_and_only_for_what_exists():
    assert offer("ACGT" * 30) == 'did you mean dna:"' + "ACGT" * 10 + '…"?'
    assert looks_like("ACGT" * 30, {"smiles"}) == []
    assert offer("caffeine") == ""


def test_nearest_names():
    assert nearest("smart", ["dna", "smarts", "smiles"])[0] == "smarts"
    assert nearest("SMARTS", ["dna", "smarts"]) == ["smarts"]
    assert nearest("mis", ["mismatches", "identity"]) == ["mismatches"]
    assert nearest("zzz", ["dna", "smarts"]) == []


def test_a_value_that_needs_quotes_and_ends_in_a_backslash_has_no_spelling():
    assert read(render(Structure("smiles", "C\\"))) == Structure("smiles", "C\\")
    with pytest.raises(ValueError, match="backslash"):
        render(Structure("smiles", "C C\\"))
