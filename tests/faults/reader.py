"""Asks a collection everything that does not write, and then tries to write; prints both answers as JSON.

``python reader.py COLLECTION FILES``, as whoever is to read; :mod:`test_read_only` compares what different readers say.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nlsearch
from nlsearch.errors import NlsearchError

QUERIES = (
    "harbour",
    "kind:molecule AND mass:[150 TO 250]",
    'smarts:"c1ccccc1O"',
    'smiles:"CC(=O)Oc1ccccc1C(=O)O"~0.2',
    'dna:"ATGGTGCATCTGACTCCTGAGGAGAAG"{mismatches=1}',
    'smarts:"c1ccccc1O" OR dna:"ATGGTGCATCTGACTCC" OR harbour',
)
EXAMPLES = ("pictures/harbour.jpg", "biology/human genes.fa", "chemistry/medicines.smi")


def read(directory: Path, files: Path) -> dict[str, Any]:
    """Return all that can be read, in a form that does not depend on who asks or when."""
    with nlsearch.Collection.open(directory) as collection:
        stats = {name: value for name, value in collection.stats().items() if name != "directory"}
        pages = {query: collection.search(query, limit=100, count="exact") for query in QUERIES}
        pages |= {name: collection.like(files / name, limit=100, count="exact") for name in EXAMPLES}
        best = [page.hits[0] for page in pages.values()]
        return {
            "stats": stats,
            "found": {name: [_plain(hit) for hit in page.hits] for name, page in pages.items()},
            "items": [collection.item(hit.item.id).title for hit in best],
            "like items": [[hit.item.id for hit in collection.like(one.item.id).hits] for one in best],
            "verified": [collection.verify(hit) for hit in best],
            "drawn": [len(collection.draw(hit).data) for hit in best],
            "explained": [collection.explain(QUERIES[2], pages[QUERIES[2]].hits[0].item.id).status],
            "failures": [[one.path, one.locator, one.reason, one.code] for one in collection.failures()],
            "problems": [problem.to_dict() for problem in collection.check()],
        }


def _plain(hit: nlsearch.Hit) -> list[Any]:
    return [hit.item.id, hit.tier, hit.score, hit.evidence]


def refused(directory: Path, files: Path) -> dict[str, list[str]]:
    """Try to write in every way, and return the name and the text of each refusal."""
    said: dict[str, list[str]] = {}

    def attempt(name: str, act: Callable[[], object]) -> None:
        try:
            act()
        except NlsearchError as error:
            said[name] = [type(error).__name__, str(error)]
        except OSError as error:
            said[name] = ["OSError", str(error)]
        else:
            said[name] = ["", "it was possible"]

    with nlsearch.Collection.open(directory) as collection:
        attempt("index", lambda: collection.index(files, jobs=1))
        attempt("remove", lambda: collection.remove(files))
        attempt("merge", collection.merge)
    for folder in (directory, directory / "splits", directory / "pins", directory / "work"):
        attempt(f"new file in {folder.relative_to(directory)}", (folder / "new").touch)
    attempt("open the catalog for writing", lambda: os.close(os.open(directory / "catalog.db", os.O_RDWR)))
    return said


if __name__ == "__main__":
    where = [Path(argument) for argument in sys.argv[1:]]
    print(json.dumps({"user": os.geteuid(), "read": read(*where), "refused": refused(*where)}))
