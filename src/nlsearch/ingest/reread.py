"""Opens an indexed source again, from what the catalog says of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nlsearch.limits import Limits
from nlsearch.model import Json
from nlsearch.sandbox.sources import Caps, FileSource, plain_name

if TYPE_CHECKING:
    from nlsearch.index.snapshot import SourceRow


def description_of(row: SourceRow, limits: Limits | None = None) -> dict[str, Json]:
    """Return the description by which a worker opens the source again."""
    if row.opener:
        description: dict[str, Json] = json.loads(row.opener)
        return description
    caps = Caps.of(limits or Limits())
    return FileSource(row.path, plain_name(row.path), row.format, row.path, (), caps).describe()
