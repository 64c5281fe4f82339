"""The planner refuses what cannot be meant, and says how it read what can."""

from __future__ import annotations

import pytest

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Operator, Option
from nlsearch.handlers.registry import Registry
from nlsearch.query.parse import Names, parse
from nlsearch.query.syntax import Structure
from nlsearch.search.parts import probes
from nlsearch.search.plan import Planner, complete_options

REGISTRY = Registry()
NAMES = Names.of(REGISTRY)
OPERATOR = Operator(
    "find", "", "", "complete", "",
    (Option("exact", "boolean", ""), Option("edits", "integer", ""), Option("share", "float", ""),
     Option("side", "text", "", choices=("left", "right"))),
)  # fmt: skip


def plan(text):
    return Planner(REGISTRY, lambda *_: ()).plan(parse(text, NAMES))


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("kind:molecul", 0, "there is no kind 'molecul' (did you mean molecule? known kinds: audio, image, molecule"),
        ("a -kind:foo", 3, "known kinds: audio, image, molecule"),
        ("a mass:[300 TO 100]", 2, "did you mean mass:[100 TO 300]?"),
        ("taken:[2025 TO 2024]", 0, "ends before it begins"),
    ],
)
def test_what_can_find_nothing_is_refused_at_its_column(text, column, message):
    with pytest.raises(QuerySyntax) as caught:
        plan(text)
    assert caught.value.column == column
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["kind:Molecule", "mass:[100 TO 100]", "taken:[2024-12 TO 2024]", "mass:[* TO 5]"])
def test_what_can_find_something_is_planned(text):
    assert plan(text).read_as == ()


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("aspi*", ("aspi*: read as it stands, * and ? are no wildcards",)),
        ("a OR name:*irin", ("name:*irin: read as it stands, * and ? are no wildcards",)),
        ("mode:R?B", ("mode:R?B: read as it stands, * and ? are no wildcards",)),
        ("why?", ()),
        ('"5 * 3"', ()),
    ],
)
def test_wildcards_are_said_to_be_none(text, read_as):
    assert plan(text).read_as == read_as


@pytest.mark.parametrize(("given", "wanted"), [("no", False), ("yes", True), ("False", False), (True, True)])
def test_booleans_may_be_the_words_of_the_query_language(given, wanted):
    assert complete_options(OPERATOR, {"exact": given}) == {"exact": wanted}
    asked = Structure("smiles", "CCO", options={"related": given})
    (probe,) = probes(Planner(REGISTRY, lambda *_: ()).plan(asked).root)
    assert probe.related is wanted


@pytest.mark.parametrize(
    "given",
    [
        {"exact": "perhaps"}, {"exact": 1}, {"edits": "1"}, {"edits": 1.5}, {"edits": True}, {"share": "0.9"},
        {"share": float("nan")}, {"side": True}, {"side": "up"}, {"other": 1},
    ],
)  # fmt: skip
def test_options_of_the_wrong_type_are_refused(given):
    with pytest.raises(QuerySyntax):
        complete_options(OPERATOR, given)


@pytest.mark.parametrize("given", ["perhaps", 1, 0.0])
def test_the_common_options_are_checked_too(given):
    with pytest.raises(QuerySyntax, match="related wants"):
        Planner(REGISTRY, lambda *_: ()).plan(Structure("smiles", "CCO", options={"related": given}))


def test_a_value_that_names_items_is_looked_up_first() -> None:
    """The planner asks the operator's fields, of its kind only, and hands over what was found."""
    asked: list[tuple[object, int]] = []

    def named(query: object, most: int) -> list[bytes]:
        asked.append((query, most))
        return []

    (part,) = probes(Planner(REGISTRY, lambda *_: (), named).plan(parse('near:"rpmH"{within=50}', NAMES)).root)
    ((query, most),) = asked
    assert "KindIs(kind='nucleotide')" in repr(query)
    assert "Keyword(field='gene', value='rpmH')" in repr(query)
    assert most == 1_001
    assert (part.probe.operator, part.probe.verification["within"]) == ("near", 50)
