"""Sequences in memory, as :mod:`nlsearch.handlers.sequences.packed` has them."""

from __future__ import annotations

from nlsearch.handlers.sequences.packed import BLOCK, DIGEST_BYTES, Packed, Packer, packed_of, refget, window

__all__ = ["BLOCK", "DIGEST_BYTES", "Packed", "Packer", "packed_of", "refget", "window"]
