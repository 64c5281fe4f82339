"""Writing a syntax tree as a query and reading it back gives the same tree; reading never fails in an untyped way."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.errors import QueryError
from nlsearch.handlers.contract import Field, Operator, Option
from nlsearch.query.parse import Names, parse
from nlsearch.query.render import render, without_columns
from nlsearch.query.syntax import And, FieldIs, FieldRange, Node, Not, Or, Structure, Words

NAMES = Names(
    operators={
        "smarts": Operator("smarts", "", "", "complete", ""),
        "dna": Operator(
            "dna",
            "",
            "",
            "complete",
            "",
            (
                Option("mismatches", "integer", ""),
                Option("identity", "float", ""),
                Option("both", "boolean", ""),
                Option("label", "text", ""),
            ),
        ),
    },
    fields={
        field.name: field
        for field in (Field("name", "text", ""), Field("mass", "float", ""), Field("taken", "date", ""))
    },
)
FREE = st.text(max_size=30)
QUOTABLE = FREE.filter(lambda text: text.strip() and not text.endswith("\\"))
PLAIN = FREE.filter(lambda text: re.fullmatch(r"[^\s\"'()\[\]{}:]+", text))
WORD = PLAIN.filter(lambda text: text not in {"AND", "OR", "NOT"} and text[0] not in "-~")
PLAIN_VALUE = PLAIN.filter(lambda text: text[0] not in "<>" and not re.search(r"~\d*[.,]\d+$", text))
BOUND = st.none() | QUOTABLE
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "mismatches": st.integers(-(10**17), 10**17),
        "identity": st.floats(allow_nan=False, allow_infinity=False),
        "both": st.booleans(),
        "label": QUOTABLE,
    },
)
LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.builds(Words, WORD),
    st.builds(Words, QUOTABLE, st.just(True)),
    st.builds(FieldIs, st.sampled_from(sorted(NAMES.fields)), PLAIN_VALUE),
    st.builds(FieldIs, st.sampled_from(sorted(NAMES.fields)), QUOTABLE, st.just(True)),
    st.builds(FieldRange, st.sampled_from(sorted(NAMES.fields)), BOUND, BOUND),
    st.builds(Structure, st.just("smarts"), QUOTABLE, st.none() | st.floats(0, 1)),
    st.builds(Structure, st.just("dna"), QUOTABLE, st.none() | st.floats(0, 1), OPTIONS),
)


def compounds(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=4)
    return st.one_of(
        several.filter(lambda parts: not any(isinstance(p, And) for p in parts)).map(lambda parts: And(tuple(parts))),
        several.filter(lambda parts: not any(isinstance(p, Or) for p in parts)).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    )


@settings(max_examples=300, deadline=None)
@given(st.recursive(LEAVES, compounds, max_leaves=12))
def test_render_then_parse_is_the_identity(tree: Node):
    assert without_columns(parse(render(tree), NAMES)) == tree


PIECES = st.sampled_from(list("\"'()[]{}-\\ ,=*<\n\0")) | st.sampled_from(
    [
        "smarts:",
        "dna:",
        "name:",
        "mass:",
        "oops:",
        "AND",
        "OR",
        "NOT",
        " TO ",
        ">=5",
        "~0.5",
        "~0,5",
        "{mismatches=1}",
        "ACGT",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join))
def test_any_text_is_read_or_refused_with_a_column_inside_it(text: str):
    try:
        tree = parse(text, NAMES)
    except QueryError as refusal:
        column = getattr(refusal, "column", None)
        assert column is None or 0 <= column <= len(text)
    else:
        assert without_columns(parse(render(tree), NAMES)) == without_columns(tree)
