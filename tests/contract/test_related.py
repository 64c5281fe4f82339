"""Related items, as a user asks for them: after all hits, unverified, and only on request."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import nlsearch

ASPIRIN = 'smiles:"CC(=O)Oc1ccccc1C(=O)O"'


def tiers(page: nlsearch.Page) -> list[str]:
    return [hit.tier for hit in page.hits]


@pytest.mark.parametrize("query", [ASPIRIN, 'substructure:"c1ccccc1C(=O)O"', 'smarts:"c1ccccc1C(=O)O"'])
def test_molecules(indexed: nlsearch.Collection, query: str) -> None:
    plain, related = indexed.search(query, limit=100), indexed.search(query + "{related=yes}", limit=100)
    hits = len(plain.hits)
    assert "related" not in tiers(plain)
    assert [hit.item.id for hit in related.hits[:hits]] == [hit.item.id for hit in plain.hits]
    assert set(tiers(related)[hits:]) == {"related"}
    scores = [hit.score for hit in related.hits[hits:]]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 0.3
    assert all(hit.evidence["space"] == "molecule.morgan" for hit in related.hits[hits:])


def test_related_molecules_satisfy_the_filters(indexed: nlsearch.Collection) -> None:
    page = indexed.search(ASPIRIN + "{related=yes} AND mass:[0 TO 160]", limit=100)
    assert all(hit.item.fields["mass"] <= 160 for hit in page.hits)


def test_pictures(tmp_path: Path, example_files: Path) -> None:
    """A soft, grainy version of a picture is no copy that can be proved, but looks like it."""
    with Image.open(example_files / "pictures" / "harbour.jpg") as picture:
        picture.convert("RGB").resize((12, 9)).resize((320, 240), Image.Resampling.BICUBIC).save(tmp_path / "soft.png")
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True) as collection:
        collection.index([example_files / "pictures"], jobs=1)
        page = collection.like(tmp_path / "soft.png", related=True)
    assert any(hit.tier == "related" and hit.item.title == "harbour.jpg" for hit in page.hits)
    assert "exact" not in tiers(page)
