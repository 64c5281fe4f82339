"""Groups of copies against the slow, obvious meaning: every pair verified in both directions, connected components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nlsearch
from nlsearch.errors import QueryError, QuerySyntax
from nlsearch.handlers.registry import Registry
from nlsearch.index.split import SplitWriter
from nlsearch.model import Entry, Extent, RawItem
from nlsearch.search.copies import Comparing, Duplicates, Group, Member
from nlsearch.search.duplicates import Wanted, compared_kinds, find_duplicates
from nlsearch.search.examples import example_settings
from nlsearch.search.view import SplitView

LEVELS = '''
from nlsearch.declarations import Copies
from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.handlers.contract import Field, Format, Operator
from nlsearch.model import Features, Probe, RawItem, Scan, Skipped, Verdict


class HANDLER:
    """Whole numbers; those up to five apart are alike, by a tenth less for each.  What ends in ! finds any smaller."""

    kind = "level"
    version = 1
    formats = (Format("levels", "text/x-levels", (".levels",)),)
    fields = (Field("parity", "keyword", "even or odd", example="even"),)
    spaces = requires = ()
    operators = (
        Operator("like", "a number near it", 'like:"x"', "complete", "1 - difference / 10",
                 copies=Copies(0.8, "at most 2 apart")),
    )

    def read(self, source, limits):
        with source.open() as file:
            for number, line in enumerate(file, start=1):
                yield RawItem(line.decode().strip(), number, line.decode().strip())

    def features(self, item):
        digits = item.content.strip("!?")
        parity = "even" if int(digits) % 2 == 0 else "odd"
        return Features(payload=item.content.encode(), fields={"parity": parity})

    def compile(self, operator, value, options):
        if bytes(value).endswith(b"?"):
            raise QuerySyntax("nobody knows what it is", hint="write digits")
        return Probe("level", operator, "a level", Scan(), {"level": bytes(value)}, "complete")

    def verify(self, probe, payload, regions=()):
        asked, found = probe.verification["level"].decode(), bytes(payload).decode()
        apart = abs(int(asked.strip("!?")) - int(found.strip("!?")))
        if asked == "66" and found == "67":
            raise QueryTooCostly("they are hard to tell apart")
        if asked.endswith("!") and int(found.strip("!?")) < int(asked.strip("!?")):
            return Verdict(1.0, "exact", {"apart": apart})
        return Verdict(1 - apart / 10, "near" if apart else "exact", {"apart": apart}) if apart <= 5 else None

    def draw(self, payload, verdict=None):
        raise NotImplementedError
'''


@pytest.fixture(scope="module")
def handlers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "level.py").write_text(LEVELS)
    return folder


@pytest.fixture(scope="module")
def registry(handlers: Path) -> Registry:
    return Registry([handlers], built_in={})


class Splits:
    """Stands in for a View: levels in the splits of a test, one source each."""

    generation = 1

    @staticmethod
    def extent(kind: str) -> Extent:
        return Extent(0, 0)

    def __init__(self, folder: Path, registry: Registry, splits: Sequence[Sequence[str]], dead: Iterable[int] = ()):
        handler = registry.get("level")
        self.splits = []
        for number, levels in enumerate(splits):
            writer = SplitWriter(folder / str(number), registry.spaces(), registry.fields(), registry.versions())
            for place, level in enumerate(levels, 1):
                features = handler.features(RawItem(level, place, level))
                writer.add(Entry(number, "level", f"/{number}", f"#{place}", place, level, features))
            writer.finish()
            self.splits.append(SplitView(folder / str(number), number, frozenset(dead)))


def ask(view: Splits, registry: Registry, minimum: float | None = None, exact: bool = False) -> Duplicates:
    wanted = Wanted(minimum, exact, {})
    return find_duplicates(view, registry, None, wanted, None, size=lambda _: None, over=lambda: False)  # type: ignore[arg-type]


def components(items: Iterable[str], pairs: Iterable[tuple[str, str]]) -> set[frozenset[str]]:
    """Join the two sets of every pair, the obvious way; sets of one are none."""
    sets = [{item} for item in items]
    for one, other in pairs:
        first = next(held for held in sets if one in held)
        second = next(held for held in sets if other in held)
        if first is not second:
            first |= second
            sets.remove(second)
    return {frozenset(held) for held in sets if len(held) > 1}


def grouped(found: Duplicates) -> set[frozenset[str]]:
    return {frozenset(member.item.id for member in group.members) for group in found.groups}


def check_group(group: Group, least: float) -> None:
    """What holds of every group."""
    ids = [member.item.id for member in group.members]
    assert len(set(ids)) == len(ids) == len(group.pairs) + 1
    assert {frozenset(ids)} == components(ids, [(pair.first, pair.second) for pair in group.pairs])
    assert all(pair.score >= least - 1e-9 for pair in group.pairs)
    first, *others = group.members
    assert (first.hit, first.copy_of, first.score) == (None, "", 1.0)
    for member in others:
        assert member.hit is not None
        assert member.hit.item == member.item
        assert member.copy_of in ids
        assert member.score >= least - 1e-9
        if member.copy_of == first.item.id:
            assert member.beside == member.score
        else:
            assert member.beside is None or member.beside < least


levels = st.lists(st.lists(st.integers(0, 60).map(str), max_size=12), min_size=1, max_size=3)


@settings(max_examples=25, deadline=None)
@given(levels, st.sampled_from([None, 0.5, 0.9, 1.0]))
def test_groups_are_the_components_of_all_pairs(
    registry: Registry, tmp_path_factory: pytest.TempPathFactory, splits: list[list[str]], minimum: float | None
) -> None:
    view = Splits(tmp_path_factory.mktemp("splits"), registry, splits)
    values = {f"/{n}#{k}": int(level) for n, held in enumerate(splits) for k, level in enumerate(held, 1)}
    least = 0.8 if minimum is None else minimum
    farthest = min(5, round(10 * (1 - least)))
    alike = [(one, other) for one, other in combinations(values, 2) if abs(values[one] - values[other]) <= farthest]
    found = ask(view, registry, minimum)
    assert grouped(found) == components(values, alike)
    assert (found.total, found.compared, found.complete, found.guarantee) == (
        len(values),
        len(values),
        True,
        "complete",
    )
    for group in found.groups:
        check_group(group, least)
    assert [len(group.members) for group in found.groups] == sorted(map(len, grouped(found)), reverse=True)
    assert ask(view, registry, minimum).groups == found.groups


def test_a_chain_says_that_it_is_one(registry: Registry, tmp_path: Path) -> None:
    found = ask(Splits(tmp_path, registry, [["10", "12", "14", "17", "16", "40"]]), registry)
    (group,) = found.groups
    assert group.representative.title == "12"  # in the most pairs, and the earliest
    told = {m.item.title: (m.copy_of, m.score, m.beside, m.hit.evidence if m.hit else None) for m in group.members}
    assert told == {
        "12": ("", 1.0, 1.0, None),
        "10": ("/0#2", 0.8, 0.8, {"apart": 2}),
        "14": ("/0#2", 0.8, 0.8, {"apart": 2}),
        "17": ("/0#5", pytest.approx(0.9), 0.5, {"apart": 1}),
        "16": ("/0#3", 0.8, pytest.approx(0.6), {"apart": 2}),
    }
    assert (group.spare, found.spare, found.members) == (2, 2, 5)
    assert [(pair.first, pair.second) for pair in group.pairs] == [
        ("/0#1", "/0#2"), ("/0#2", "/0#3"), ("/0#3", "/0#5"), ("/0#4", "/0#5"),
    ]  # fmt: skip


def test_copies_of_one_are_not_verified_with_each_other(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    handler = registry.get("level")
    verify = type(handler).verify
    monkeypatch.setattr(type(handler), "verify", lambda *given: calls.append(given) or verify(*given))
    found = ask(Splits(tmp_path, registry, [["5"] * 20, ["5"] * 20]), registry)
    assert [len(group.members) for group in found.groups] == [40]
    assert len(calls) == 2 * 39  # forth and back


def test_both_have_to_find_the_other(registry: Registry, tmp_path: Path) -> None:
    view = Splits(tmp_path, registry, [["3", "50!", "51", "52!"]])
    found = ask(view, registry)
    assert [[m.item.title for m in group.members] for group in found.groups] == [["50!", "51", "52!"]]
    assert {(pair.score, pair.tier) for pair in found.groups[0].pairs} == {(0.9, "near"), (0.8, "near")}


def test_only_exact_copies(registry: Registry, tmp_path: Path) -> None:
    found = ask(Splits(tmp_path, registry, [["3", "4", "3"], ["4", "9"]]), registry, exact=True)
    assert grouped(found) == {frozenset({"/0#1", "/0#3"}), frozenset({"/0#2", "/1#1"})}
    assert (found.spare, found.spare_exact) == (2, 2)


def test_what_is_gone_is_not_compared(registry: Registry, tmp_path: Path) -> None:
    found = ask(Splits(tmp_path, registry, [["3"], ["3"], ["3"]], dead=[1]), registry)
    assert grouped(found) == {frozenset({"/0#1", "/2#1"})}
    assert found.total == 2


def test_what_cannot_be_asked_is_listed_and_what_cannot_be_decided_counted(registry: Registry, tmp_path: Path) -> None:
    found = ask(Splits(tmp_path, registry, [["3", "3?", "3", "66", "67"]]), registry)
    assert grouped(found) == {frozenset({"/0#1", "/0#3"})}
    assert [(one.item.id, one.reason, one.code) for one in found.skipped] == [
        ("/0#2", "nobody knows what it is", QuerySyntax.code)
    ]
    assert (found.compared, found.total, found.undecided, found.complete) == (5, 5, 1, False)


# ---------------------------------------------------------------------------------------------------- the collection
@pytest.fixture
def numbered(tmp_path: Path, handlers: Path) -> Iterator[nlsearch.Collection]:
    (tmp_path / "a.levels").write_text("20\n21\n40\n41\n")
    (tmp_path / "b.levels").write_text("20\n60\n")
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True, handlers_dirs=[handlers]) as collection:
        collection.index([tmp_path / "a.levels", tmp_path / "b.levels"], jobs=1)
        yield collection


def titles(found: Duplicates) -> list[list[str]]:
    return [[member.item.title for member in group.members] for group in found.groups]


def test_a_collection_is_asked(numbered: nlsearch.Collection, tmp_path: Path) -> None:
    seen: list[Comparing] = []
    found = numbered.duplicates(progress=seen.append)
    assert titles(found) == [["20", "21", "20"], ["40", "41"]]
    assert [member.bytes for member in found.groups[0].members] == [12, 12, 6]
    assert [(one.kind, one.compared, one.total) for one in seen] == [("level", n, 6) for n in range(1, 7)]
    assert seen[-1].copies == 3
    assert titles(numbered.duplicates("level", 1.0)) == [["20", "20"]]
    assert titles(numbered.duplicates(query="parity:odd OR parity:even", kind=["level"])) == titles(found)
    assert titles(numbered.duplicates(query="parity:even")) == [["20", "20"]]
    assert titles(numbered.duplicates(query='like:"' + str(tmp_path / "a.levels#3") + '"')) == [["40", "41"]]


def test_time_that_runs_out_is_told(numbered: nlsearch.Collection) -> None:
    none = numbered.duplicates(deadline_s=0.0)
    assert (none.groups, none.compared, none.total, none.complete) == ([], 0, 6, False)
    asked = iter([False] * 6 + [True] * 99)
    some = numbered.duplicates(stop=lambda: next(asked))
    assert not some.complete
    assert 0 < some.compared < some.total


def test_mistakes_are_told(numbered: nlsearch.Collection, indexed: nlsearch.Collection) -> None:
    with pytest.raises(QueryError, match="from 0 to 1"):
        numbered.duplicates(minimum=2)
    with pytest.raises(QuerySyntax, match="no option 'fp'"):
        numbered.duplicates("level", fp="maccs")
    with pytest.raises(nlsearch.NlsearchError, match="no handler"):
        indexed.duplicates("nothing")


def test_a_kind_that_does_not_say_is_refused(tmp_path: Path) -> None:
    handlers = Path(__file__).parents[2] / "examples" / "handlers"
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True, handlers_dirs=[handlers]) as collection:
        with pytest.raises(QueryError, match="tally does not say when"):
            collection.duplicates("tally")
        found = collection.duplicates()
        assert (found.groups, found.total, found.complete) == ([], 0, True)


@pytest.mark.parametrize(
    ("kind", "minimum"),
    [("molecule", None), ("molecule", 0.6), ("reaction", 0.3), ("protein", 0.3), ("nucleotide", 0.3), ("image", 0.5)],
)
def test_groups_of_the_examples_are_what_like_finds_both_ways(
    indexed: nlsearch.Collection, kind: str, minimum: float | None
) -> None:
    """As pages of single queries say, which go another way."""
    query = {"nucleotide": "feature:record", "protein": "feature:record"}.get(kind, f"kind:{kind}")
    items = [hit.item for hit in indexed.search(f"kind:{kind} AND {query}", limit=1000).hits]
    least = minimum or 1.0
    hits = {
        (item.id, hit.item.id): hit for item in items for hit in indexed.like(item.id, limit=1000, minimum=least).hits
    }
    alike = [pair for pair in combinations([item.id for item in items], 2) if pair in hits and pair[::-1] in hits]
    found = indexed.duplicates(kind, minimum, query=query)
    assert grouped(found) == components([item.id for item in items], alike)
    assert grouped(found)
    for group in found.groups:
        check_group(group, least)
        for member in group.members[1:]:
            check_member(member, hits[member.copy_of, member.item.id], hits[member.item.id, member.copy_of])


def check_member(member: Member, forth: nlsearch.Hit, back: nlsearch.Hit) -> None:
    assert member.hit is not None
    assert member.evidence == forth.evidence
    assert member.score == pytest.approx(min(forth.score, back.score), abs=1e-9)
    assert (member.tier == "exact") == (forth.tier == back.tier == "exact")


def test_copies_are_verified_again_and_drawn(indexed: nlsearch.Collection) -> None:
    found = indexed.duplicates()
    hits = [member.hit for group in found.groups for member in group.members if member.hit is not None]
    assert len(hits) >= 4
    assert indexed.verify_all(hits) == [True] * len(hits)
    assert all(indexed.draw(hit).data for hit in hits)
    assert len(found.read_as) == 8


def test_what_kinds_declare_holds() -> None:
    registry = Registry()
    declared = compared_kinds(registry, None)
    assert {"molecule", "reaction", "spectrum", "nucleotide", "protein", "score", "image"} <= declared.keys()
    for kind, copies in declared.items():
        handler = registry.get(kind)
        assert 0 < copies.score <= 1
        assert copies.help
        if copies.among is not None:
            name, values = copies.among
            assert values
            assert name in {field.name for field in handler.fields if field.type == "keyword"}
        example_settings(registry, kind, dict(copies.options))


def test_options_that_a_kind_declares_can_be_replaced(tmp_path: Path) -> None:
    """Spectra with the same peaks: two of one precursor, one of another, and two without."""
    peaks = "50.1 20\n77.04 100\n105.03 60\n"
    spectra = [("one", 150.0), ("two", 150.001), ("other", 180.0), ("bare", None), ("plain", None)]
    (tmp_path / "a.mgf").write_text(
        "\n".join(
            f"BEGIN IONS\nTITLE={title}\n" + (f"PEPMASS={mz}\n" if mz else "") + f"{peaks}END IONS"
            for title, mz in spectra
        )
    )
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as collection:
        collection.index(tmp_path / "a.mgf", jobs=1)
        assert titles(collection.duplicates()) == [["one", "two"], ["bare", "plain"]]
        narrow = collection.duplicates(precursor_ppm=1.0)
        assert titles(narrow) == []
        assert [one.item.title for one in narrow.skipped] == ["bare", "plain"]
        wide = collection.duplicates("spectrum", precursor_da=50.0)
        assert titles(wide) == [["one", "two", "other"]]
        assert [one.reason for one in wide.skipped] == ["the query has no precursor to be near to"] * 2


def test_a_file_is_no_copy_of_its_record(tmp_path: Path) -> None:
    """The whole file and its long record share nearly all 31-mers; two such files are copies of each other."""
    random = np.random.default_rng(1)
    letters = np.array(list("ACGT"))
    long, short = ("".join(random.choice(letters, n)) for n in (40_000, 1_000))
    (tmp_path / "one.fa").write_text(f">long\n{long}\n>short\n{short}\n")
    (tmp_path / "two.fa").write_text(f">short2\n{short}\n>long2\n{long}\n")
    (tmp_path / "part.fa").write_text(f">part\n{long[1000:5000]}\n")
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as collection:
        collection.index([tmp_path / "one.fa", tmp_path / "two.fa", tmp_path / "part.fa"], jobs=1)
        found = collection.duplicates(method="containment", kind="nucleotide", query="feature:file")
        assert titles(found) == [["one.fa", "two.fa"]]
        found = collection.duplicates("nucleotide")
        assert sorted(titles(found)) == [["long", "long2"], ["one.fa", "two.fa"], ["short", "short2"]]
        assert found.skipped == []
