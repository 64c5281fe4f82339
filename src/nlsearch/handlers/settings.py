"""What a collection chooses about its index: read from texts, checked against what the kinds declare, written back.

A setting stands in the catalog, and is given by people, as ``molecule.fingerprints`` = ``"maccs,rdkit"``: the kind, the
name, and the chosen values.  The empty text chooses none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from nlsearch.declarations import Chosen, Setting
from nlsearch.errors import QueryError

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Handler


def settings_of(handler: Handler) -> tuple[Setting, ...]:
    """Return the settings that a handler declares; most declare none."""
    declared: tuple[Setting, ...] = tuple(getattr(handler, "settings", ()))
    return declared


def chosen_of(handler: Handler, settings: Mapping[str, str]) -> Chosen:
    """Return what holds of the settings of `handler`: what `settings` choose, else the defaults.

    Values that the handler does not know (any more) are left out, so that an old collection opens.
    """
    chosen = {}
    for setting in settings_of(handler):
        text = settings.get(f"{handler.kind}.{setting.name}")
        wanted = setting.default if text is None else text.split(",")
        chosen[setting.name] = tuple(choice for choice in setting.choices if choice in wanted)
    return chosen


def checked(given: Mapping[str, str | Iterable[str]], handlers: Iterable[Handler]) -> dict[str, str]:
    """Return settings as they are stored: every value known, in the order of its choices.

    Parameters
    ----------
    given : mapping of str to str or iterable of str
        ``"kind.name"`` to the values, as one text with commas or one by one.
    handlers : iterable of Handler

    Raises
    ------
    QueryError
        If a setting or a value is unknown; the hint lists what is known.
    """
    declared = {f"{handler.kind}.{setting.name}": setting for handler in handlers for setting in settings_of(handler)}
    stored = {}
    for name, values in given.items():
        if name not in declared:
            raise QueryError(f"there is no setting called {name!r}", hint="known: " + ", ".join(sorted(declared)))
        texts = values.split(",") if isinstance(values, str) else list(values)
        wanted = [text.strip().casefold() for text in texts if text.strip()]
        choices = declared[name].choices
        strange = [text for text in wanted if text not in choices]
        if strange:
            raise QueryError(f"setting {name} has no value {strange[0]!r}", hint="its values: " + ", ".join(choices))
        stored[name] = ",".join(choice for choice in choices if choice in wanted)
    return stored
