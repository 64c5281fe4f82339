"""Items that share an identity are linked, whatever their kinds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import nlsearch

ASSAY = """
from nlsearch.handlers.contract import Field, Format
from nlsearch.model import Features, RawItem, Reading
from nlsearch.model import Prefix


class HANDLER:
    kind = "{kind}"
    version = 1
    formats = (Format("{kind}s", "text/x-{kind}", (".{kind}",)),)
    fields = (Field("inchikey", "keyword", "", example="", notation="{notation}"),)
    operators = spaces = requires = ()

    def read(self, source, limits):
        with source.open() as file:
            for number, line in enumerate(file.read().decode().splitlines(), start=1):
                yield RawItem(line.split(), number, line.split()[0])

    def features(self, item):
        name, key = item.content
        return Features(fields=dict(name=name, inchikey=key), keys=dict(inchikey=key))

    def compile(self, operator, value, options):
        raise NotImplementedError

    def verify(self, probe, payload, regions=()):
        return None

    def draw(self, payload, verdict=None):
        raise NotImplementedError

    def translate(self, field, value):
        return Reading(Prefix(field, value), "")
"""
MOLECULES = """\
CN1C=NC2=C1C(=O)N(C(=O)N2C)C caffeine
[2H]C([2H])([2H])n1cnc2c1c(=O)n(C)c(=O)n2C caffeine-d3
CN1C(=O)C2=C(N=CN2)N(C)C1=O theophylline
[Na+].[Cl-] salt
"""
CAFFEINE = "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
DEUTERATED = "RYYVLZVUVIJVGH-FIBGUPNXSA-N"


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    """Molecules, 31 assays whose field reads first blocks, and two doses whose field reads whole keys only."""
    folder = tmp_path_factory.mktemp("linked")
    handlers = folder / "handlers"
    handlers.mkdir()
    (handlers / "assay.py").write_text(ASSAY.format(kind="assay", notation="whole or the first block"))
    (handlers / "dose.py").write_text(ASSAY.format(kind="dose", notation=""))
    (folder / "all.smi").write_text(MOLECULES)
    (folder / "some.assay").write_text("".join(f"a{k} {DEUTERATED if k % 2 else CAFFEINE}\n" for k in range(31)))
    (folder / "more.dose").write_text(f"d1 {CAFFEINE}\nd2 {DEUTERATED}\n")
    with nlsearch.Collection.open(folder / "x.nls", create=True, handlers_dirs=[handlers]) as collection:
        for name in ("all.smi", "some.assay", "more.dose"):
            assert collection.index([folder / name], jobs=1).failures == []
        yield collection


def of(collection: nlsearch.Collection, query: str) -> dict[str, nlsearch.Links]:
    return {links.kind: links for links in collection.links(collection.search(query).hits[0].item.id)}


def test_a_molecule_knows_what_else_is_of_it(linked: nlsearch.Collection) -> None:
    found = of(linked, "name:caffeine inchikey:RYYVLZVUVIJVGH-UHFFFAOYSA-N kind:molecule")
    assert {kind: links.total for kind, links in found.items()} == {"assay": 31, "dose": 1, "molecule": 1}
    assert [item.title for item in found["molecule"].items] == ["caffeine-d3"]
    assert len(found["assay"].items) == 20
    assert [item.title for item in found["dose"].items] == ["d1"], "its field reads whole keys only"


def test_the_query_lists_all_of_them(linked: nlsearch.Collection) -> None:
    for query in ("kind:molecule caffeine", "kind:assay a7", "kind:dose d2"):
        item = linked.search(query).hits[0].item
        for links in linked.links(item.id):
            page = linked.search(links.query, limit=100)
            ids = {hit.item.id for hit in page.hits}
            assert page.total == links.total + (links.kind == item.kind)
            assert {one.id for one in links.items} <= ids - {item.id}
            assert len(links.items) == min(20, links.total)
            assert {hit.item.kind for hit in page.hits} == {links.kind}


def test_an_item_is_not_linked_to_itself(linked: nlsearch.Collection) -> None:
    assert of(linked, "kind:molecule theophylline") == {}
    assert of(linked, "kind:molecule salt") == {}
    assays = of(linked, "kind:assay a0")["assay"]
    assert assays.total == 30
    assert "a0" not in [item.title for item in assays.items]
    with pytest.raises(nlsearch.QueryError, match="no item"):
        linked.links("nothing#1")


def test_links_are_written_as_json(linked: nlsearch.Collection) -> None:
    told = of(linked, "kind:assay a1")["molecule"].to_dict()
    assert told["query"] == "inchikey:RYYVLZVUVIJVGH kind:molecule"
    assert (told["key"], told["kind"], told["total"]) == ("inchikey", "molecule", 2)
    assert {item["title"] for item in told["items"]} == {"caffeine", "caffeine-d3"}
    assert set(told["items"][0]) == {"id", "title", "path", "locator", "fields"}


def test_what_was_removed_is_not_linked(linked: nlsearch.Collection) -> None:
    path = linked.search("kind:dose d1").hits[0].item.path
    linked.remove([path])
    assert "dose" not in of(linked, "kind:molecule caffeine")
    linked.index([path], jobs=1)
    assert of(linked, "kind:molecule caffeine")["dose"].total == 1


def test_records_and_their_features_are_not_linked(indexed: nlsearch.Collection) -> None:
    hit = indexed.search("kind:nucleotide accession:NLS00001").hits[0]
    assert indexed.links(hit.item.id) == []


def test_a_gene_is_linked_to_its_protein(indexed: nlsearch.Collection) -> None:
    """The coding sequences hold no translation: what they are translated to equals the residues of the protein."""
    gene = indexed.search("kind:nucleotide feature:CDS gene_name:hbb").hits[0]
    (links,) = indexed.links(gene.item.id)
    assert (links.key, links.kind, links.total) == ("protein_refget", "protein", 1)
    assert links.items[0].fields["entry_name"] == "HBB_HUMAN"
    (back,) = indexed.links(links.items[0].id)
    assert (back.kind, [item.id for item in back.items]) == ("nucleotide", [gene.item.id])
    insulin = indexed.search("kind:protein entry_name:INS_HUMAN feature:record").hits[0]
    assert {(links.kind, links.total) for links in indexed.links(insulin.item.id)} == {("nucleotide", 1)}


@pytest.mark.parametrize("name", ["HBB", "beta-globin", "nls_hbb"])
def test_a_gene_is_found_by_any_of_its_names(indexed: nlsearch.Collection, name: str) -> None:
    found = indexed.search(f"gene_name:{name} kind:nucleotide feature:gene").hits
    assert {hit.item.fields["location"] for hit in found} == {"201..644"}
    assert indexed.search("gene_name:glob").total == 0
    placed = indexed.search("record:NLS00001 start:[1 TO 300] end:[600 TO 700] feature:gene")
    assert {hit.item.fields["start"] for hit in placed.hits} == {201}
