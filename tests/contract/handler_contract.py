"""What every handler must keep.  A kind inherits all of it in two lines::

class TestMolecule(HandlerContract):
    kind = "molecule"

The samples are the kind's files in the example collection; ``samples`` and ``queries`` may be widened.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

import nlsearch
from nlsearch import wire
from nlsearch.errors import InputError, QueryError, QuerySyntax
from nlsearch.handlers.contract import COMMON_FIELDS, Handler, Source, Translator, VectorSpace
from nlsearch.handlers.registry import Registry, yields
from nlsearch.handlers.renderings import renderings_of
from nlsearch.limits import Limits
from nlsearch.model import Skipped
from nlsearch.query.parse import Names, parse
from nlsearch.query.syntax import And, Not, Or, Structure
from nlsearch.search.candidates import as_text
from nlsearch.search.parts import probes

CUTS = 64
PAIRS = 1_000


@dataclass
class Bytes:
    """A source in memory."""

    path: str
    name: str
    format: str
    content: bytes
    companions: Sequence[Source] = ()

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.content)


def structures(node: object) -> Iterator[Structure]:
    """Iterate over the operators of a query."""
    if isinstance(node, Structure):
        yield node
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from structures(part)
    elif isinstance(node, Not):
        yield from structures(node.part)


class HandlerContract:
    """Inherit and set ``kind``."""

    kind: ClassVar[str]
    queries: ClassVar[tuple[str, ...]] = ()
    """Further queries for the comparison with brute force; the operators' examples are always asked."""

    @pytest.fixture
    def handler(self) -> Handler:
        return Registry().get(self.kind)

    @pytest.fixture
    def items(self, indexed: nlsearch.Collection) -> list[nlsearch.Item]:
        page = indexed.search(f"kind:{self.kind}", limit=1000)
        assert page.hits, f"the example collection holds no {self.kind}"
        return [hit.item for hit in page.hits]

    def sources(self, handler: Handler, indexed: nlsearch.Collection) -> Iterator[Bytes]:
        """Yield the kind's plain files of the example collection that gave items."""
        from nlsearch.index.snapshot import read_sources

        for row in read_sources(indexed.directory):
            if row.kind == self.kind and row.items and not row.container and Path(row.path).suffix != ".gz":
                path = Path(row.path)
                yield Bytes(str(path), path.name, row.format, path.read_bytes())

    # ------------------------------------------------------------------------------------------------- static facts
    def test_the_facts_load_without_the_domain_library(self, handler: Handler) -> None:
        code = (
            "import sys; from nlsearch.handlers.registry import Registry\n"
            f"h = Registry().get({self.kind!r}); h.formats, h.fields, h.operators, h.spaces\n"
            "print([m for m in h.requires if m in sys.modules])"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert out.stdout.strip() == "[]"

    def test_caps_reach_a_handler_that_has_some(self) -> None:
        limits = Limits(verify_matches=7)
        handler = Registry(limits=limits).get(self.kind)
        assert getattr(handler, "limits", limits) == limits

    def test_related_items_are_asked_of_a_declared_space(
        self, handler: Handler, indexed: nlsearch.Collection, items: list[nlsearch.Item]
    ) -> None:
        spaces = {space.name: space for space in handler.spaces if isinstance(space, VectorSpace)}
        if not spaces:
            pytest.skip(f"{self.kind} has no vectors")
        for item in items:
            view, key = indexed._found(item.id)
            try:
                related = handler.compile("like", bytes(view.split.payload(key)), {}).related
            except (QuerySyntax, InputError):  # what has no content of its own
                continue
            if related is not None:
                space = spaces[related.space]
                assert len(related.vector) == (
                    4 * space.dimensions if space.metric == "cosine" else space.dimensions // 8
                )
                assert related.limit

    def test_everything_declared_is_explained(self, handler: Handler) -> None:
        for field in handler.fields:
            assert field.help, field
        for operator in handler.operators:
            assert all((operator.help, operator.example, operator.score)), operator
            for option in operator.options:
                assert option.help, option
                assert option.default is None or not option.choices or str(option.default) in option.choices

    def test_fields_with_a_notation_are_read_by_the_handler(
        self, handler: Handler, indexed: nlsearch.Collection
    ) -> None:
        """What the handler makes of an example travels, is answered by the text index alone, and can be asked."""
        for field in handler.fields:
            if not field.notation:
                continue
            assert field.type == "keyword", "other types have a notation already"
            assert isinstance(handler, Translator)
            reading = handler.translate(field.name, field.example)
            assert wire.unpack(wire.pack(reading.ask)) == reading.ask
            assert as_text(reading.ask, handler.kind, exact=True) is not None
            page = indexed.search(f'{field.name}:"{field.example}"', limit=1000)
            assert page.complete
            sharing = {
                other.kind for other in Registry() if any(f.name == field.name and f.notation for f in other.fields)
            }
            assert {hit.item.kind for hit in page.hits} <= sharing
            for nonsense in ("", "\0", "((", "\ud800", "9" * 5000, "é" * 3000):
                try:
                    handler.translate(field.name, nonsense)
                except QueryError as error:
                    assert error.message  # noqa: PT017 - every kind of outcome is allowed but an untyped one

    def test_names_of_spaces_begin_with_the_kind(self, handler: Handler) -> None:
        assert all(space.name.startswith(f"{handler.kind}.") for space in handler.spaces)

    # ----------------------------------------------------------------------------------------------------- features
    def test_features_are_the_same_in_every_process(self, handler: Handler, indexed: nlsearch.Collection) -> None:
        digests = set()
        sources = [source.path for source in self.sources(handler, indexed)]
        for seed in ("0", "1", "77"):
            out = subprocess.run(
                [sys.executable, str(Path(__file__).with_name("print_features.py")), self.kind, *sources],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            )
            digests.add(out.stdout)
        assert len(digests) == 1
        assert len(digests.pop().split()) >= len(sources)

    def test_only_declared_fields_and_spaces_are_filled(self, handler: Handler, indexed: nlsearch.Collection) -> None:
        registry = Registry()
        for source in self.sources(handler, indexed):
            for item in handler.read(source, Limits()):
                if isinstance(item, Skipped):
                    continue
                assert item.kind is None or item.kind in yields(handler)
                own = registry.get(item.kind or handler.kind)
                fields = {field.name for field in (*own.fields, *COMMON_FIELDS)}
                spaces = {space.name for space in own.spaces}
                features = own.features(item)
                assert set(features.fields) <= fields
                assert {*features.terms, *features.seeds, *features.vectors} <= spaces
                assert features.size >= 1.0

    def test_cut_input_gives_items_or_a_typed_error(self, handler: Handler, indexed: nlsearch.Collection) -> None:
        registry = Registry()
        for source in self.sources(handler, indexed):
            step = max(1, len(source.content) // CUTS)
            for cut in range(0, len(source.content), step):
                short = Bytes(source.path, source.name, source.format, source.content[:cut])
                try:
                    for item in handler.read(short, Limits()):
                        if isinstance(item, Skipped):
                            assert item.reason
                        else:
                            registry.get(item.kind or handler.kind).features(item)
                except InputError as error:
                    assert error.message  # noqa: PT017 - every kind of outcome is allowed but an untyped one

    # -------------------------------------------------------------------------------------------------------- search
    def test_an_item_finds_itself_first_and_exactly(
        self, handler: Handler, indexed: nlsearch.Collection, items: list[nlsearch.Item]
    ) -> None:
        if not any(operator.name == "like" for operator in handler.operators):
            pytest.skip(f"{self.kind} has no query by example")
        for item in items:
            try:
                page = indexed.like(item.id, limit=5)
            except QuerySyntax as error:
                assert "of its own" in error.message  # noqa: PT017 - a feature of a table has no sequence
                continue
            best = [hit.item.id for hit in page.hits if hit.tier == "exact"]
            assert item.id in best, (item.id, [(hit.item.id, hit.tier) for hit in page.hits])

    def test_an_item_written_as_text_is_found_by_the_operators_that_take_it(
        self, handler: Handler, indexed: nlsearch.Collection, items: list[nlsearch.Item]
    ) -> None:
        takers = [operator.name for operator in handler.operators if operator.value_kind == self.kind]
        if not takers:
            pytest.skip(f"no operator of {self.kind} takes its records")
        texts = [indexed.text_of(item.id)[1] for item in items]
        assert any(texts)
        for text in filter(None, texts):
            for name in takers:
                hits = indexed.search(f'{name}:"{text}"', limit=1).hits
                assert [hit.tier for hit in hits] == ["exact"], (name, text[:60])

    def test_examples_of_the_operators_find_something(self, handler: Handler, indexed: nlsearch.Collection) -> None:
        for operator in handler.operators:
            if operator.name == "like":
                continue
            page = indexed.search(operator.example)
            assert any(hit.item.kind == self.kind for hit in page.hits), operator.example
            assert page.read_as

    def test_no_stage_loses_what_brute_force_finds(
        self, handler: Handler, indexed: nlsearch.Collection, items: list[nlsearch.Item]
    ) -> None:
        names = Names.of(Registry())
        offered = {operator.name: operator for operator in handler.operators}
        asked = [operator.example for operator in handler.operators if operator.name != "like"]
        pairs = 0
        for query in [*asked, *self.queries]:
            for structure in structures(parse(query, names)):
                if structure.operator not in offered:
                    continue
                compiled = (part.probe for part in probes(indexed._planner.plan(structure).root))
                probe = next(probe for probe in compiled if probe.kind == self.kind)
                assert wire.unpack(wire.pack(probe)) == probe
                searched = indexed._view().extent(self.kind)
                probe = replace(probe, searched=searched if searched.total else None)
                minimum = probe.minimum if structure.minimum is None else structure.minimum
                expected = set()
                for item in items:
                    view, key = indexed._found(item.id)
                    verdict = handler.verify(probe, view.split.payload(key))
                    pairs += 1
                    if verdict is not None and verdict.score >= minimum - 1e-9:
                        expected.add(item.id)
                page = indexed.search(_text(structure), limit=1000, count="exact", kinds=[self.kind])
                found = {hit.item.id for hit in page.hits}
                if probe.guarantee == "complete":
                    assert found == expected, query
                else:
                    assert found <= expected, query
        if self.queries:
            assert pairs >= PAIRS, f"only {pairs} pairs compared; give more queries"

    def test_every_hit_verifies_again(self, handler: Handler, indexed: nlsearch.Collection) -> None:
        for operator in handler.operators:
            if operator.name == "like":
                continue
            for hit in indexed.search(operator.example).hits:
                assert indexed.verify(hit), hit

    def test_items_can_be_drawn(
        self, handler: Handler, indexed: nlsearch.Collection, items: list[nlsearch.Item]
    ) -> None:
        for item in items:
            picture = indexed.draw(item)
            head = picture.data.lstrip()[:64]
            if picture.media_type == "image/svg+xml":
                assert b"<svg" in head or b"<?xml" in head
            else:
                assert picture.media_type in {"image/png", "image/jpeg", "image/webp"}
            assert len(picture.data) > 100

    def test_other_forms_are_explained_and_made(
        self, handler: Handler, indexed: nlsearch.Collection, items: list[nlsearch.Item]
    ) -> None:
        declared = renderings_of(handler)
        assert len({one.name for one in declared}) == len({one.suffix for one in declared}) == len(declared)
        for one in declared:
            assert all((one.name, one.media_type, one.help)), one
            assert one.suffix.startswith(".")
            assert one.suffix == one.suffix.lower()
            for item in items:
                made = indexed.draw(item, one.name)
                assert made.media_type == one.media_type
                assert made.data
                assert made == indexed.draw(item, one.name)
        with pytest.raises(QueryError, match="cannot be had as 'nonsense'"):
            indexed.draw(items[0], "nonsense")


def _text(structure: Structure) -> str:
    from nlsearch.query.render import render

    return render(structure)
