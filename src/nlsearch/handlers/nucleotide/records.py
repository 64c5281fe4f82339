"""What the readers give, as :mod:`nlsearch.handlers.sequences.records` has it."""

from __future__ import annotations

from nlsearch.handlers.sequences.records import Annotation, Place, Record

__all__ = ["Annotation", "Place", "Record"]
