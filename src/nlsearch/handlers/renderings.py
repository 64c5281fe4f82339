"""Other forms than its drawing in which an item can be had: what the kinds declare, and how one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlsearch.errors import QueryError
from nlsearch.handlers.contract import Comparer, Renderer

if TYPE_CHECKING:
    from nlsearch.declarations import Buffer, Rendering
    from nlsearch.handlers.contract import Handler
    from nlsearch.model import Check, Picture


def renderings_of(handler: Handler) -> tuple[Rendering, ...]:
    """Return the renderings that a handler declares; most declare none."""
    return tuple(handler.renderings) if isinstance(handler, Renderer) else ()


def rendered(handler: Handler, payload: Buffer, check: Check | None, form: str | None) -> Picture:
    """Return the drawing of an item, or with `form` the rendering of that name; with a check, of what matched.

    Raises
    ------
    QueryError
        If the kind has no such rendering; the hint lists those that it has.
    """
    verdict = None if check is None else check.verdict
    if form is None and check is not None and check.probe.kind == handler.kind and isinstance(handler, Comparer):
        return handler.draw_beside(check.probe, payload, check.verdict)
    if form is None:
        return handler.draw(payload, verdict)
    known = [rendering.name for rendering in renderings_of(handler)]
    if form not in known or not isinstance(handler, Renderer):
        hint = f"it can be had as: {', '.join(known)}" if known else "it can only be drawn"
        raise QueryError(f"an item of kind {handler.kind} cannot be had as {form!r}", hint=hint)
    return handler.render(payload, verdict, form)
