"""Fields whose values have a notation of their own: the components of the sides."""

from __future__ import annotations

from nlsearch.errors import LimitExceeded, QueryTooCostly
from nlsearch.handlers.chemistry.salts import read_parts
from nlsearch.limits import Limits
from nlsearch.model import Exact, Reading


def translate(field: str, value: str, limits: Limits) -> Reading:
    """Read the value of ``reactant``, ``agent`` or ``product``: a whole InChIKey, or a structure.

    Map numbers do not count: the key of a structure does not know them.

    Raises
    ------
    QuerySyntax
        If it cannot be read, or has no InChIKey.
    QueryTooCostly
        If a structure has more atoms than molecules may have.
    """
    from rdkit import rdBase

    try:
        with rdBase.BlockLogs():
            return read_parts(value, field, limits, lambda key: Exact(field, key))
    except LimitExceeded as error:
        raise QueryTooCostly(error.message, hint=error.hint) from error
