"""Looking for a query in a molecule by RDKit, in a bounded number of steps where there are too many ways to fail.

In cages, long chains and grids a pattern that is not there may be tried along a number of paths that grows
exponentially with its atoms (twelvefold every four atoms in C60), and scattered parts in atoms to the power of parts
ways.  Counting the steps takes eight times as long, so it is done only where that may happen.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from nlsearch.errors import QueryTooCostly

if TYPE_CHECKING:
    from rdkit.Chem import Mol

Matches = Sequence[tuple[int, ...]]
GUARDED = 8
"""Atoms of a pattern from which on it is matched step by step in fused and in long molecules."""
FUSED = 20
"""Rings of an atom beyond its first, summed over all atoms: 6 in a steroid, over 100 in C60; so many make it fused."""
LONG = 300
"""Atoms of a long molecule."""
WAYS = 1_000_000
"""Ways to place one atom of each part of a pattern from which on it is matched step by step."""


class Found(NamedTuple):
    """Matches, and whether there may be more."""

    matches: Matches
    capped: bool


def find_matches(
    search: Callable[[Any], Matches],
    mol: Mol,
    size: tuple[int, int],
    parameters: Callable[[int], Any],
    caps: tuple[int, int],
) -> Found:
    """Return the matches that `search` finds.

    Parameters
    ----------
    search : callable
        RDKit's search, given its parameters.
    mol : rdkit.Chem.Mol
        Where it looks.
    size : (int, int)
        Atoms and parts of what is looked for.
    parameters : callable
        Makes RDKit's parameters for at most so many matches.
    caps : (int, int)
        Matches that are looked for, and atoms that may be compared.

    Raises
    ------
    QueryTooCostly
        If more atoms have to be compared, and no match is found until then.
    """
    most, steps = caps
    if not has_many_ways(mol, *size):
        with _uninterrupted():
            matches = search(parameters(most))
        return Found(matches, len(matches) >= most)
    try:
        return _bounded(search, parameters(most), most, steps)
    except QueryTooCostly:
        if most == 1:
            raise
        return Found(_bounded(search, parameters(1), 1, steps).matches, capped=True)  # a match is enough for a hit


def too_costly(steps: int) -> QueryTooCostly:
    """Return the error of a search that would take more than so many steps."""
    return QueryTooCostly(f"matching takes more steps than the cap verify_steps = {steps:,}")


def has_many_ways(mol: Mol, atoms: int, parts: int) -> bool:
    """Say whether a query of so many atoms and parts may be tried in `mol` in too many ways."""
    return (atoms >= GUARDED and is_fused_or_long(mol)) or (parts > 1 and mol.GetNumAtoms() ** parts > WAYS)


def is_fused_or_long(mol: Mol) -> bool:
    """Say whether long paths in `mol` have very many ways to go on."""
    rings = mol.GetRingInfo().AtomRings()
    return mol.GetNumAtoms() > LONG or sum(map(len, rings)) - len({atom for ring in rings for atom in ring}) >= FUSED


def _bounded(search: Callable[[Any], Matches], parameters: Any, most: int, steps: int) -> Found:  # noqa: ANN401
    """Search, and end with an error after so many steps."""
    left = steps

    def count(*_: Any) -> bool:  # noqa: ANN401 - RDKit's atoms
        nonlocal left
        if left == steps:
            _take_back_interrupts()
        left -= 1
        if left < 0:
            raise too_costly(steps)
        return True

    parameters.setExtraAtomCheckFunc(count)
    matches = search(parameters)
    return Found(matches, len(matches) >= most)


# RDKit catches an interrupt while it searches, ends, and returns what it has as if that were all.
def _take_back_interrupts() -> None:
    """Let an interrupt end the search that calls this with KeyboardInterrupt."""
    handler = signal.getsignal(signal.SIGINT)
    if _in_main_thread() and handler is not None:
        signal.signal(signal.SIGINT, handler)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let an interrupt wait for the end of a short search."""
    if not _in_main_thread():
        yield
        return
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _in_main_thread() -> bool:
    """Say whether this thread may change what interrupts do."""
    return threading.current_thread() is threading.main_thread()
