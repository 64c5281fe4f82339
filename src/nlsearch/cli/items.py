"""``nlsearch show``, ``draw``, ``explain`` and ``verify``: one item, or each hit, looked at closely."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nlsearch.cli.app import NO_MATCH, SOME_FAILED
from nlsearch.cli.options import Place, examples, query_shown, with_json, with_place
from nlsearch.cli.querycommand import QueryCommand
from nlsearch.cli.terminal import cannot_write, notice, one_line, print_json, print_table
from nlsearch.errors import NlsearchError, QueryError
from nlsearch.handlers.renderings import renderings_of

if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.model import Hit, Item
    from nlsearch.search.session import Page

SUFFIXES = {"image/svg+xml": ".svg", "image/png": ".png"}
PICTURES = {
    ".svg",
    ".svgz",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".webp",
    ".bmp",
    ".tif",
    ".tiff",
    ".pdf",
    ".eps",
    ".ps",
}
PAGE = 500
MOST_LOOKED_AT = 100_000


@click.command(
    epilog=examples(
        "nlsearch show /data/drugs.sdf#12",
    )
)
@click.argument("item_id", metavar="ITEM")
@with_json
@with_place()
def show(item_id: str, place: Place, as_json: bool) -> None:
    """Print everything known of ITEM, an id as `search` prints it, and the items that share its identity.

    Molecules and spectra whose InChIKeys have the same first block are linked.
    """
    with place.open() as collection:
        item = collection.item(item_id)
        linked = collection.links(item.id)
    if as_json:
        print_json({
            "id": item.id, "kind": item.kind, "title": item.title, "path": item.path, "locator": item.locator,
            "fields": dict(item.fields), "links": [links.to_dict() for links in linked],
        })  # fmt: skip
        return
    rows = [("id", item.id), ("kind", item.kind), ("title", item.title), ("path", item.path), ("locator", item.locator)]
    for name, value in item.fields.items():
        rows.append((name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)))
    print_table(("field", "value"), rows)
    for links in linked:
        query = shlex.quote(links.query)
        click.echo(one_line(f"linked by {links.key}: {links.total:,} of kind {links.kind}: nlsearch search {query}"))
        print_table(("kind", "title", "id"), [(one.kind, one.title, one.id) for one in links.items])


@click.command(
    epilog=examples(
        "nlsearch draw /data/drugs.sdf#12 -o aspirin.svg",
        "nlsearch draw /data/drugs.sdf#12 -q 'smarts:\"c1ccccc1\"' -o match.svg",
    )
)
@click.argument("item_id", metavar="ITEM")
@click.option("-q", "--query", help="Highlight what this query matches.")
@click.option(
    "--as", "form", metavar="FORM", help="Another form that the kind offers; `nlsearch kinds KIND` lists them."
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="FILE",
              help="Where to write; - or a pipe is standard output.")  # fmt: skip
@with_place()
def draw(item_id: str, query: str | None, form: str | None, output: Path | None, place: Place) -> None:
    """Draw ITEM as SVG or PNG, or write it in another form that its kind offers."""
    with place.open() as collection:
        item = collection.item(item_id)
        offered = renderings_of(collection.registry.get(item.kind))
        picture = collection.draw(item if query is None else hit_of(collection, query, item), form)
    suffix = next((one.suffix for one in offered if one.name == form), SUFFIXES.get(picture.media_type, ""))
    if output is None and sys.stdout.isatty():
        output = Path("".join(c if c.isalnum() or c in "-_." else "_" for c in item.title or "item")[:80] + suffix)
    if output is None or str(output) == "-":
        sys.stdout.buffer.write(picture.data)
        return
    named = output.suffix.lower()
    if suffix and named != suffix:
        others = [one.name for one in offered if one.suffix == named]
        if others or named in PICTURES:
            hint = f"write --as {others[0]}" if others else f"write -o {output.with_suffix(suffix)}"
            raise QueryError(f"what is written is {picture.media_type}, not {output.suffix}", hint=hint)
    _write(output, picture.data)
    notice(f"wrote {output}")


def _write(output: Path, content: bytes) -> None:
    try:
        output.write_bytes(content)
    except OSError as exc:
        raise cannot_write(output, exc) from exc


def hit_of(collection: Collection, query: str, item: Item) -> Hit:
    """Find the hit of `query` that is `item`.

    Raises
    ------
    QueryError
        If the item is no hit of it.
    """
    with query_shown(query):
        after: str | None = None
        for _ in range(MOST_LOOKED_AT // PAGE):
            page = collection.search(query, limit=PAGE, kinds=[item.kind], after=after)
            for hit in page.hits:
                if hit.item.id == item.id:
                    return hit
            after = page.next
            if after is None:
                break
    raise QueryError(f"{item.id} is no hit of the query", hint="nlsearch explain says why")


@click.command(
    cls=QueryCommand,
    epilog=examples(
        "nlsearch explain 'smarts:\"c1ccccc1O\"' /data/drugs.sdf#12",
    ),
)
@click.argument("query")
@click.argument("item_id", metavar="ITEM")
@with_json
@with_place()
def explain(query: str, item_id: str, place: Place, as_json: bool) -> int:
    """Say why ITEM is, or is not, a hit of QUERY: not indexed, filtered, candidate missed, verification failed."""
    with place.open() as collection, query_shown(query):
        found = collection.explain(query, item_id)
    if as_json:
        print_json({"id": item_id, "status": found.status, "reason": found.reason, "steps": list(found.steps)})
    else:
        click.echo(f"{found.status.replace('_', ' ')}: {one_line(found.reason)}")
        for step in found.steps:
            click.echo(f"  {one_line(step)}")
    return 0 if found.status == "hit" else NO_MATCH


@click.command(
    cls=QueryCommand,
    epilog=examples(
        "nlsearch verify 'smarts:\"c1ccccc1O\"' --limit 1000",
    ),
)
@click.argument("query")
@click.option("-n", "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="Hits to verify.")
@click.option("--item", "item_id", metavar="ITEM", help="Verify only this item.")
@with_json
@with_place()
def verify(query: str, limit: int, item_id: str | None, place: Place, as_json: bool) -> int:
    """Read the sources of the hits of QUERY again and reproduce their evidence.

    Hits of later pages are not looked at; more than --limit are announced.  Exit code 3 says that at least one hit
    could not be reproduced: its file changed, went, or the index lies.
    """
    failed = 0
    with place.open() as collection, query_shown(query):
        if item_id is None:
            page = collection.search(query, limit=limit)
            hits, unseen = page.hits, _unseen(page)
        else:
            hits, unseen = [hit_of(collection, query, collection.item(item_id))], ""
        for hit, answer in zip(hits, collection.verify_all(hits), strict=True):
            good, reason = _told(answer)
            failed += not good
            if as_json:
                print_json({"id": hit.item.id, "verified": good, "reason": reason})
            elif not good:
                click.echo(f"NOT reproduced: {one_line(hit.item.id)}: {one_line(reason)}")
    if not as_json:
        click.echo(f"{len(hits) - failed:,} of {len(hits):,} hits reproduced from their sources")
    if unseen:
        notice(unseen)
    if not hits:
        return NO_MATCH
    return SOME_FAILED if failed else 0


def _unseen(page: Page) -> str:
    """Say that there are hits behind those of `page`, ``""`` if there are none."""
    if page.next is None:
        return ""
    rest = "" if page.total is None else f" ({page.total:,} in all)"
    return f"there are more hits{rest}, which were not looked at: give a higher --limit"


def _told(answer: bool | NlsearchError) -> tuple[bool, str]:
    if isinstance(answer, NlsearchError):
        return False, str(answer)
    return answer, "" if answer else "the source no longer gives this evidence"
