"""Looking for a query in a molecule by RDKit, in a bounded number of steps where there are too many ways to fail.

In cages, long chains and grids a pattern that is not there may be tried along a number of paths that grows
exponentially with its atoms (twelvefold every four atoms in C60), and scattered parts in atoms to the power of parts
ways.  Counting the steps takes eight times as long, so it is done only where that may happen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nlsearch.errors import QueryTooCostly
from nlsearch.limits import Limits

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from nlsearch.handlers.chemistry.patterns import Pattern

Matches = Sequence[tuple[int, ...]]
GUARDED, CAGE, FUSED, CHAIN = 8, 20, 1.25, 300
"""Patterns of so many atoms are matched step by step in molecules of so many atoms with so many bonds an atom, and in
those of more atoms than the last."""
SCATTERED = 3
"""Patterns of more parts are matched step by step in every molecule."""


def find_matches(
    search: Callable[[Any], Matches],
    mol: Mol,
    pattern: Pattern,
    limits: Limits,
    *,
    atoms: int | None = None,
    parts: int | None = None,
    most: int | None = None,
    uniquify: bool = True,
) -> Matches:
    """Return the matches that `search` finds.

    Parameters
    ----------
    search : callable
        RDKit's search, given its parameters.
    mol : rdkit.Chem.Mol
        Where it looks.
    pattern : Pattern
        Says what the parameters are.
    limits : Limits
        ``verify_steps`` and, unless `most` is given, ``verify_matches``.
    atoms, parts : int, optional
        Of what is looked for, where that is not the pattern.
    most : int, optional
        Matches at most.
    uniquify : bool
        Whether matches have to differ in their atoms.

    Raises
    ------
    QueryTooCostly
        If more atoms have to be compared than ``verify_steps``.
    """
    parameters = pattern.parameters(limits.verify_matches if most is None else most)
    parameters.uniquify = uniquify
    if has_many_ways(mol, pattern.mol.GetNumAtoms() if atoms is None else atoms, parts or pattern.parts):
        _bound(parameters, limits.verify_steps)
    return search(parameters)


def has_many_ways(mol: Mol, atoms: int, parts: int) -> bool:
    """Say whether a query of so many atoms and parts may be tried in `mol` in too many ways."""
    size = mol.GetNumAtoms()
    caged = size > CHAIN or (size >= CAGE and mol.GetNumBonds() >= FUSED * size)
    return (caged and atoms >= GUARDED) or parts > SCATTERED


def _bound(parameters: Any, steps: int) -> None:  # noqa: ANN401 - RDKit's
    """Let a search end with an error after so many steps."""
    left = steps

    def count(*_: Any) -> bool:  # noqa: ANN401 - RDKit's atoms
        nonlocal left
        left -= 1
        if left < 0:
            raise QueryTooCostly(f"matching takes more steps than the cap verify_steps = {steps:,}")
        return True

    parameters.setExtraAtomCheckFunc(count)
