"""``nlsearch search … --report hits.html``: one page that needs nothing else.

Styles stand in the page, pictures are data URIs, there is no script, and a content security policy forbids every fetch:
the page can be mailed, archived and opened offline.  Everything that came from a file is escaped, and SVG pictures are
shown as images, where scripts in them do not run.
"""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from nlsearch.cli.terminal import cannot_write
from nlsearch.cli.words import evidence_in_words
from nlsearch.errors import NlsearchError

if TYPE_CHECKING:
    from nlsearch.cli.answering import Seen
    from nlsearch.collection import Collection
    from nlsearch.model import Hit
    from nlsearch.search.session import Page

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
.hit { border-top: 1px solid var(--line); padding: 1rem 0; display: grid; gap: .3rem 1.5rem;
       grid-template-columns: 14rem 1fr; }
.hit img { max-width: 14rem; max-height: 14rem; background: #fff; border: 1px solid var(--line); }
.hit p { margin: 0; overflow-wrap: anywhere; } .where, .none { opacity: .75; font-size: .9rem; }
.tier { border: 1px solid; border-radius: .3rem; padding: 0 .4rem; font-size: .85rem; }
.exact { color: #18794e; } .near { color: #946800; } .related { color: #5b5bd6; }
details pre { background: var(--soft); padding: .5rem; font-size: .8rem; max-height: 20rem; overflow: auto; }
.notice { background: var(--soft); padding: .5rem .8rem; }
@media (max-width: 40rem) { .hit { grid-template-columns: 1fr; } }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write_report(path: Path, asked: str, page: Page, seen: Seen, collection: Collection) -> None:
    """Write the report of `page` to `path`.

    Parameters
    ----------
    path : Path
        Overwritten if it exists.
    asked : str
        The query, as the heading.
    page : Page
        Its ``hits`` are all listed.
    seen : Seen
        How many of them are matches, and how many stand on earlier pages.
    collection : Collection
        Draws the pictures.

    Raises
    ------
    NlsearchError
        If `path` cannot be written.
    """
    text = report_html(asked, page, seen, collection)
    try:
        path.write_text(text, "utf-8", errors="backslashreplace")
    except OSError as exc:
        raise cannot_write(path, exc) from exc


def report_html(asked: str, page: Page, seen: Seen, collection: Collection) -> str:
    """Return the report as one HTML page."""
    from nlsearch.cli.answering import summary

    read_as = "".join(f"<li>{escape(line)}</li>" for line in page.read_as)
    hits = "\n".join(_hit_html(hit, number, collection) for number, hit in enumerate(page.hits, seen.before + 1))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(asked[:80])} – nlsearch</title>
<style>{_STYLE}</style>
</head>
<body>
<h1><code>{escape(asked)}</code></h1>
<p class="notice">{escape(summary(page, seen))}</p>
{f"<ul>{read_as}</ul>" if read_as else ""}
<main>
{hits or "<p>No match.</p>"}
</main>
</body>
</html>
"""


def _hit_html(hit: Hit, number: int, collection: Collection) -> str:
    item = hit.item
    as_json = json.dumps(hit.to_dict(), indent=1, ensure_ascii=False)
    words = evidence_in_words(item.kind, hit.evidence)
    return f"""<article class="hit" id="hit-{number}">
<div>{_picture_html(hit, collection)}</div>
<div>
<h2>{number}. {escape(item.title)}</h2>
<p><span class="tier {hit.tier}">{hit.tier}</span> {hit.score:.3f} · {escape(item.kind)}</p>
<p>{escape(words)}</p>
<p class="where">{escape(item.id)}</p>
<details><summary>Evidence and fields as JSON</summary><pre>{escape(as_json)}</pre></details>
</div>
</article>"""


def _picture_html(hit: Hit, collection: Collection) -> str:
    try:
        picture = collection.draw(hit)
    except NlsearchError as error:
        return f'<p class="none">no picture: {escape(error.message)}</p>'
    encoded = base64.b64encode(picture.data).decode("ascii")
    title = escape(hit.item.title, quote=True)
    return f'<img src="data:{escape(picture.media_type, quote=True)};base64,{encoded}" alt="{title}">'
