"""Files that hold items of several kinds: who derives their features, what is read again, what verifies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rdkit import Chem

import nlsearch
from nlsearch.errors import QuerySyntax
from nlsearch.handlers.registry import Registry
from nlsearch.index.snapshot import read_sources
from nlsearch.ingest.pipeline import index
from nlsearch.sandbox.pool import Pool

PAIR = '''
from nlsearch.handlers.contract import Format
from nlsearch.model import Features, RawItem

class HANDLER:
    """One item a line, of the kind that the line names."""

    kind, version, requires = {kind!r}, 1, ()
    formats = ({formats})
    fields = spaces = operators = ()
    {yields}

    def read(self, source, limits):
        with source.open() as lines:
            for number, line in enumerate(lines, 1):
                kind, _, name = line.decode().strip().partition(" ")
                yield RawItem(name, number, name, kind=kind)

    def features(self, item):
        return Features(words="made by " + self.kind)
'''


@pytest.fixture
def handlers(tmp_path: Path) -> Path:
    """Two kinds: a ``left`` file yields items of kind ``right`` too."""
    folder = tmp_path / "handlers"
    folder.mkdir()
    left = PAIR.format(kind="left", formats='Format("left", "text/x", (".left",)),', yields='yields = ("right",)')
    (folder / "left.py").write_text(left)
    (folder / "right.py").write_text(PAIR.format(kind="right", formats="", yields=""))
    return folder


def test_the_handler_of_its_own_kind_derives_an_items_features(tmp_path: Path, handlers: Path) -> None:
    (tmp_path / "a.left").write_text("left one\nright two\nimage three\n")
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True, handlers_dirs=[handlers]) as collection:
        report = collection.index([tmp_path / "a.left"], jobs=1)
        assert report.items == 2
        (failure,) = report.failures
        assert failure.locator == "#3"
        assert "does not declare that it yields image" in failure.reason
        found = {hit.item.title: hit.item.kind for hit in collection.search("made").hits}
        assert found == {"one": "left", "two": "right"}
        assert [hit.item.title for hit in collection.search('"made by right"').hits] == ["two"]
        assert all(collection.verify(hit) for hit in collection.search("made").hits)


@pytest.mark.parametrize("kind", ["left", "right"])
def test_a_new_version_of_either_kind_reads_the_file_again(tmp_path: Path, handlers: Path, kind: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.left").write_text("left one\nright two\n")
    registry = Registry([handlers])
    pool = Pool(registry.directories, inline=True)

    def changed() -> int:
        return index(tmp_path / "c.nls", [folder], registry=registry, pool=pool).changed

    index(tmp_path / "c.nls", [folder], registry=registry, pool=pool)
    assert changed() == 0
    registry.get(kind).version = 2
    assert changed() == 1
    assert changed() == 0
    (row,) = [row for row in read_sources(tmp_path / "c.nls") if row.items]
    assert row.handler_version == 3


# --------------------------------------------------------------------------------------------- molecules and reactions
@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[nlsearch.Collection]:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "list.smi").write_text("CCO ethanol\n[CH3:1][OH:2]>>[CH2:1]=[O:2] oxidation\nC>C odd\n")
    molecule = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
    methane = Chem.MolToMolBlock(Chem.MolFromSmiles("C"))
    (folder / "both.rdf").write_text(
        f"$RDFILE 1\n$MFMT $MIREG 5\nspirit{molecule}$RFMT $RIREG 6\n$RXN\ncracking\n\n\n  1  1\n"
        f"$MOL\n{molecule}$MOL\n{methane}"
    )
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True) as collection:
        report = collection.index([folder], jobs=1)
        assert (report.items, [failure.locator for failure in report.failures]) == (4, ["#3"])
        yield collection


def names(page: nlsearch.Page) -> set[tuple[str, str, str]]:
    return {(hit.item.kind, hit.item.title, hit.item.locator) for hit in page.hits}


def test_molecules_and_reactions_share_files(mixed: nlsearch.Collection) -> None:
    molecules = mixed.search('smarts:"CCO"', count="exact")
    assert names(molecules) == {("molecule", "ethanol", "#1"), ("molecule", "spirit", "#5")}
    reactions = mixed.search('reaction:"C>>"', count="exact")
    assert names(reactions) == {("reaction", "oxidation", "#2"), ("reaction", "cracking", "#6")}
    assert names(mixed.search('reaction:"[C:1][O:2]>>[C:1]=[O:2]"')) == {("reaction", "oxidation", "#2")}
    for hit in [*molecules.hits, *reactions.hits]:
        assert mixed.verify(hit)
        assert b"<svg" in mixed.draw(hit).data
        assert mixed.like(hit.item.id).hits[0].item.kind == hit.item.kind
    assert names(mixed.search("reactant:LFQSCWFLJHTTHZ-UHFFFAOYSA-N")) == {("reaction", "cracking", "#6")}
    assert names(mixed.search("mapped:yes")) == {("reaction", "oxidation", "#2")}


def test_a_changed_kind_does_not_verify(mixed: nlsearch.Collection, tmp_path: Path) -> None:
    hit = mixed.search('reaction:"[C:1][O:2]>>[C:1]=[O:2]"').hits[0]
    (tmp_path / "files" / "list.smi").write_text("CCO ethanol\nC=O oxidation\n")
    assert not mixed.verify(hit)


def test_an_example_of_a_mixed_file_can_be_asked_as_either_kind(mixed: nlsearch.Collection, tmp_path: Path) -> None:
    example = tmp_path / "files" / "list.smi"
    assert mixed.like(example).hits[0].item.title in {"ethanol", "spirit"}
    assert mixed.like(example, kind="reaction").hits[0].item.title == "oxidation"
    with pytest.raises(QuerySyntax, match="is of kind reaction"):
        mixed.like(f"{example}#2", kind="molecule")
