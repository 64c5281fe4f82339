"""The tables of the catalog in SQLAlchemy Core, for the writer.  What the rows mean: :mod:`nlsearch.index.snapshot`.

Import this module inside functions: SQLAlchemy takes 0.4 s.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, Text

METADATA = MetaData()

STATE = Table(
    "state",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("oldest_generation", Integer, nullable=False),
    Column("next_source_id", Integer, nullable=False),
)
SETTINGS = Table(
    "settings",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
SPLITS = Table(
    "splits",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("items", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("created_generation", Integer, nullable=False),
    Column("removed_generation", Integer),
)
SOURCES = Table(
    "sources",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("path", Text, nullable=False, unique=True),
    Column("container", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("mtime_ns", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("handler_version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("opener", Text, nullable=False),
)
PLACEMENTS = Table(
    "placements",
    METADATA,
    Column("source_id", Integer, primary_key=True),
    Column("split_id", Text, primary_key=True),
    Column("items", Integer, nullable=False),
)
TOMBSTONES = Table(
    "tombstones",
    METADATA,
    Column("split_id", Text, primary_key=True),
    Column("source_id", Integer, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("lifted_generation", Integer),
)
FAILURES = Table(
    "failures",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("source_id", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("locator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("code", Text, nullable=False),
)
LINKS = Table(
    "links",
    METADATA,
    Column("key_name", Text, primary_key=True),
    Column("key_value", Text, primary_key=True),
    Column("item_id", Text, primary_key=True),
)
