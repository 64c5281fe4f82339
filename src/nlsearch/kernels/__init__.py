"""Hot loops over arrays: compiled where the C extension was built, NumPy everywhere else.

Every function has a public NumPy oracle ``<name>_reference``, which is also what runs when :data:`NATIVE` is false.
Arguments are checked before anything is read; a wrong shape or range raises ``ValueError``.
"""

from __future__ import annotations

from nlsearch.kernels.native import NATIVE
from nlsearch.kernels.sequence import (
    extend,
    extend_reference,
    pack2,
    pack2_reference,
    syncmers,
    syncmers_reference,
    unpack2,
    unpack2_reference,
)

__all__ = [
    "NATIVE",
    "extend",
    "extend_reference",
    "pack2",
    "pack2_reference",
    "syncmers",
    "syncmers_reference",
    "unpack2",
    "unpack2_reference",
]
