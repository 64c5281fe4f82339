"""A file in memory, as handlers read it."""

from __future__ import annotations

import io
from dataclasses import dataclass


@dataclass
class Held:
    """A source in memory; its path is ``/`` and its name."""

    content: bytes
    name: str = "memory"
    format: str = ""
    companions: tuple[()] = ()

    @property
    def path(self) -> str:
        """Where users would find it."""
        return f"/{self.name}"

    def open(self) -> io.BytesIO:
        """Open the bytes."""
        return io.BytesIO(self.content)
