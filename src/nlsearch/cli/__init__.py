"""The command line: ``nlsearch COMMAND``.

This module answers ``--version`` by itself and imports nothing for it; everything else is in :mod:`nlsearch.cli.app`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; ``sys.argv`` if absent.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):
        from nlsearch import __version__

        sys.stdout.write(f"nlsearch {__version__}\n")
        return 0
    # Our matrices are small, and a pool of BLAS threads costs time and memory; it must be refused before NumPy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from nlsearch.cli.app import run

    return run(given)
