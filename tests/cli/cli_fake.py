"""A collection of three items that answers as the real one does, for tests of the command line alone."""

from __future__ import annotations

from types import SimpleNamespace

from nlsearch.errors import IndexDamaged, QueryError, QuerySyntax
from nlsearch.handlers.contract import COMMON_FIELDS, Field, Format, Operator, Option, Rendering
from nlsearch.handlers.renderings import rendered
from nlsearch.ingest.report import Report
from nlsearch.model import Failure, Hit, Item, Picture
from nlsearch.query.parse import Names, parse

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


class FakeHandler:
    kind = "molecule"
    version = 3
    formats = (Format("SDF", "chemical/x-mdl-sdfile", (".sdf", ".sd")),)
    fields = (Field("mass", "float", "monoisotopic mass", unit="Da", facet=True, example="mass:[100 TO 200]"),)
    operators = (
        Operator(
            "smarts",
            "molecules that hold the pattern | or more",
            'smarts:"c1ccccc1"',
            "complete",
            "matched atoms / heavy atoms",
            (Option("stereo", "boolean", "stereo counts", default=True),),
            "SMARTS",
        ),
        Operator(
            "like",
            "same molecule",
            'like:"x.mol"',
            "complete",
            "Tanimoto",
            (Option("fp", "text", "fingerprint", default="morgan", choices=("morgan", "maccs")),),
            "a file or item id",
        ),
    )
    spaces = ()
    requires = ()
    renderings = (Rendering("mol", "chemical/x-mdl-molfile", ".mol", "a file of | it"),)

    def draw(self, payload, verdict=None):
        return Picture("image/svg+xml", SVG)

    def render(self, payload, verdict, form):
        return Picture("chemical/x-mdl-molfile", b"M  END")


class FakeRegistry:
    def __init__(self):
        self.problems = {}

    directories = ()
    kinds = ("molecule",)

    def __iter__(self):
        return iter((FakeHandler(),))

    def get(self, kind):
        if kind != "molecule":
            raise QueryError(f"no handler for kind {kind!r}")
        return FakeHandler()

    def fields(self):
        return {field.name: field for field in (*COMMON_FIELDS, *FakeHandler.fields)}

    def operators(self):
        return {operator.name: [(FakeHandler(), operator)] for operator in FakeHandler.operators}


def item(number, title, path="/data/drugs.sdf"):
    fields = {"name": title, "mass": 100.5 + number, "warnings": ["no stereo", "odd"]}
    return Item(f"{path}#{number}", "molecule", title, path, f"#{number}", fields)


ITEMS = [item(1, "phenol"), item(2, "bold\x1b[31m<b>"), item(3, "café \udce9")]
EVIDENCE = {"atoms": [[0, 1, 2], [3, 4, 5]], "bonds": [[[0, 1]]], "similarity": 0.75, "fingerprint": "morgan"}


def offset_of(after):
    from nlsearch.search.session import Token

    return 0 if after is None else Token.decode(after).offset


class FakeCollection:
    """Pages are real :class:`Page` objects; ``calls`` records what was asked."""

    def __init__(self):
        self.registry = FakeRegistry()
        self.calls = []
        self.failed = []
        self.problems = []
        self.interrupt = False
        self.complete = True
        self.related = ()
        self.standing = []
        self.linked = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def page(self, offset, limit, found=ITEMS):
        from nlsearch.search.session import Page, Token

        hits = [
            Hit(thing, 0.5, "related" if thing.title in self.related else "exact", dict(EVIDENCE))
            for thing in found[offset : offset + limit]
        ]
        more = offset + limit < len(found)
        facets = lambda name: {"molecule": len(found)} if name == "kind" else {}  # noqa: E731
        read_as = ["smarts: read as SMARTS, 6 atoms"]
        return Page(
            hits,
            None if more else sum(thing.title not in self.related for thing in found),
            self.complete,
            "complete",
            read_as,
            0.01,
            Token(7, offset + limit, "q").encode() if more else None,
            facets,
        )

    def search(self, query, limit=20, after=None, kinds=None, deadline_s=None, count="page"):
        parse(query, Names.of(self.registry))
        self.calls.append(
            {"query": query, "limit": limit, "after": after, "kinds": kinds, "deadline_s": deadline_s, "count": count}
        )
        if "damaged" in query:
            raise IndexDamaged("bytes differ", locator="splits/1", hint="run nlsearch check")
        return self.page(offset_of(after), limit, [] if "nothing" in query else ITEMS)

    def like(self, path, kind=None, limit=20, *, after=None, deadline_s=None, count="page", minimum=None, **options):
        self.calls.append({"path": path, "kind": kind, "minimum": minimum, **options})
        if path == "missing":
            raise QuerySyntax("'missing' is neither a file nor the id of an item")
        return self.page(offset_of(after), limit)

    def item(self, item_id):
        for thing in ITEMS:
            if thing.id == item_id:
                return thing
        raise QueryError(f"there is no item {item_id!r}")

    def links(self, item_id):
        return self.linked

    def draw(self, hit_or_item, form=None):
        self.calls.append({"drawn": type(hit_or_item).__name__})
        return rendered(FakeHandler(), b"", None, form)

    def verify_all(self, hits):
        return [hit.item.id not in self.failed for hit in hits]

    def explain(self, query, item_id):
        parse(query, Names.of(self.registry))
        status = "hit" if item_id == ITEMS[0].id else "filtered"
        return SimpleNamespace(status=status, reason="because", steps=["mass: holds"])

    def failures(self):
        return self.standing

    BROKEN = (
        Failure("/data/a.xyz", "", "no handler recognises it", "unknown_kind"),
        Failure("/data/drugs.sdf", "#4", "bad\nvalence", "malformed_content"),
    )

    def stats(self):
        return {"items": 3, "kinds": {"molecule": 3}, "bytes": 12345, "directory": "/x"}

    def check(self):
        return self.problems

    def merge(self, *, lock_timeout_s):
        return 1

    def remove(self, paths, *, lock_timeout_s):
        return 0 if "nowhere" in str(paths[0]) else 3

    def index(self, paths, jobs=2, progress=None, **settings):
        if self.interrupt:
            raise KeyboardInterrupt
        self.calls.append({"paths": [str(path) for path in paths], "jobs": jobs, **settings})
        failures = list(self.BROKEN) if "bad" in str(paths[0]) else []
        self.standing = self.standing + failures
        return Report(3, added=2, unchanged=1, failures=failures, seconds=0.5, generation=7)
