"""The optional C extension, or None where it was not built or is switched off (``NLSEARCH_NO_NATIVE=1``)."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

__all__ = ["NATIVE", "compiled"]


NEWEST = "pitch_saliences"
"""A function of the extension that one which was built before it lacks: that one is left alone."""


def _load() -> Any:  # noqa: ANN401 - an extension module has no static type
    if os.environ.get("NLSEARCH_NO_NATIVE") == "1" or sys.byteorder != "little":
        return None
    try:
        module = importlib.import_module("nlsearch._kernels")
    except ImportError:
        return None
    return module if hasattr(module, NEWEST) else None


compiled: Any = _load()
"""The module ``nlsearch._kernels`` or None."""

NATIVE: bool = compiled is not None
"""Whether the compiled kernels are in use; without them every function falls back to its NumPy reference."""
