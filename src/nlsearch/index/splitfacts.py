"""What a split says of itself: the content of split.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from nlsearch.declarations import Field, PeakSpace, SeedSpace, Space, TermSpace, VectorSpace
from nlsearch.errors import IndexDamaged, IndexTooNew
from nlsearch.index.storage import FileSum
from nlsearch.model import Json

SPLIT_FILE = "split.json"
FORMAT = 1
EXTENTS = "extents.u8"
"""The column of what is searched of each item; absent where nothing counts it."""
_SPACES: Mapping[str, type[Space]] = {
    "term": TermSpace,
    "seed": SeedSpace,
    "vector": VectorSpace,
    "peak": PeakSpace,
}


@dataclass(frozen=True, slots=True)
class SplitInfo:
    """The facts of a split.

    Parameters
    ----------
    items : int
    kinds : mapping of str to (int, int)
        The keys [first, end) of each kind.
    sources : int
        How many sources the items come from.
    handler_versions : mapping of str to int
        By kind.
    spaces : mapping of str to Space
        Those in which any item has something.
    fields : mapping of str to Field
    files : mapping of str to FileSum
        Every file but split.json, by name relative to the split.
    format : int
    """

    items: int
    kinds: Mapping[str, tuple[int, int]]
    sources: int
    handler_versions: Mapping[str, int]
    spaces: Mapping[str, Space]
    fields: Mapping[str, Field]
    files: Mapping[str, FileSum]
    format: int = FORMAT

    @property
    def total_bytes(self) -> int:
        """Size of all files but split.json."""
        return sum(file.size for file in self.files.values())

    @property
    def digest(self) -> str:
        """SHA-256 of split.json, hexadecimal; through the checksums in it, of the whole split."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @property
    def seed_spaces(self) -> dict[str, SeedSpace]:
        """The spaces of the seed indexes."""
        return {name: space for name, space in self.spaces.items() if isinstance(space, SeedSpace)}

    @property
    def vector_spaces(self) -> dict[str, VectorSpace]:
        """The spaces of the vector indexes."""
        return {name: space for name, space in self.spaces.items() if isinstance(space, VectorSpace)}

    @property
    def peak_spaces(self) -> dict[str, PeakSpace]:
        """The spaces of the peak indexes."""
        return {name: space for name, space in self.spaces.items() if isinstance(space, PeakSpace)}

    def to_json(self) -> bytes:
        """Return the content of split.json; equal facts give equal bytes."""
        kinds_of_spaces = {made: name for name, made in _SPACES.items()}
        facts = {
            "format": self.format,
            "items": self.items,
            "kinds": {kind: list(keys) for kind, keys in self.kinds.items()},
            "sources": self.sources,
            "handler_versions": dict(self.handler_versions),
            "spaces": {
                name: {"organ": kinds_of_spaces[type(space)], **asdict(space)} for name, space in self.spaces.items()
            },
            "fields": {name: _facts(field) for name, field in self.fields.items()},
            "files": {name: asdict(file) for name, file in self.files.items()},
        }
        return json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, content: bytes) -> SplitInfo:
        """Read the content of split.json.

        Raises
        ------
        IndexTooNew
            If a newer nlsearch wrote it.
        ValueError, KeyError, TypeError, AttributeError
            If it is no such content.
        """
        facts: dict[str, Json] = json.loads(content)
        if facts["format"] > FORMAT:
            raise IndexTooNew(f"split format {facts['format']} is newer than {FORMAT}", hint="upgrade nlsearch")
        return cls(
            items=facts["items"],
            kinds={kind: (first, end) for kind, (first, end) in facts["kinds"].items()},
            sources=facts["sources"],
            handler_versions=facts["handler_versions"],
            spaces={name: _space(fact) for name, fact in facts["spaces"].items()},
            fields={name: Field(**fact) for name, fact in facts["fields"].items()},
            files={name: FileSum(**fact) for name, fact in facts["files"].items()},
            format=facts["format"],
        )

    @classmethod
    def read(cls, directory: Path) -> SplitInfo:
        """Read split.json of the split in `directory`.

        Raises
        ------
        IndexDamaged
            If it is missing or broken.
        IndexTooNew
            If a newer nlsearch wrote it.
        """
        path = directory / SPLIT_FILE
        try:
            content = path.read_bytes()
            info = cls.from_json(content)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
            raise IndexDamaged(f"cannot be read: {exc}", locator=str(path), hint="run nlsearch check") from exc
        if info.to_json() != content:
            raise IndexDamaged("its bytes differ from what was written", locator=str(path), hint="run nlsearch check")
        return info


def _facts(field: Field) -> dict[str, Json]:
    """Return the facts of a field; what a field had not in older splits is written only where it is given."""
    facts = asdict(field)
    return {name: fact for name, fact in facts.items() if fact or name not in {"case", "notation"}}


def _space(fact: dict[str, Json]) -> Space:
    return _SPACES[fact.pop("organ")](**fact)
