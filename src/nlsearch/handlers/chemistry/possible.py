"""Whether the atoms of a pattern can be there at all, and whether it matches everything.

Conditions on one atom are tried with every combination of the values that they mention and the values beside these;
what no combination satisfies, no atom does.  Where that would be too many combinations, or where a condition depends on
others (``R0`` and ``x2``), the pattern counts as possible: the search then finds nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

from nlsearch.kernels.matching import AT_LEAST, AT_MOST, EQUAL, Op, Operation, Program

_IDENTITY = frozenset({Op.ELEMENT, Op.AROMATIC, Op.KIND_OF_ATOM})
_LOGICAL = frozenset({Op.TRUTH, Op.INSIDE, Op.AND, Op.OR, Op.NOT})
_OTHER_ELEMENT = 500
_MOST = 20_000
"""Combinations that are tried."""


def is_possible(program: Program) -> bool:
    """Say whether there could be an atom for each of the pattern's; True also where that is not clear.

    Bonds do not count: a pattern without a kind for one (dative, quadruple) is in no graph, but may be in a molecule.
    """
    return all(_can_hold(program.conditions[number]) for number in {row.condition for row in program.patterns[0]})


def is_everything(program: Program) -> bool:
    """Say whether the pattern is one atom that is any atom."""
    rows = program.patterns[0]
    return len(rows) == 1 and all(found is True for found in _outcomes(program.conditions[rows[0].condition]))


def _can_hold(operations: Sequence[Operation]) -> bool:
    return len(operations) == 1 or any(found is not False for found in _outcomes(operations))


def _outcomes(operations: Sequence[Operation]) -> Iterator[bool | None]:
    """Yield what a condition says of each combination of values; None where it depends on more than the atom."""
    domains: dict[Op, list[int]] = {}
    elements = {_OTHER_ELEMENT}
    for op, _, value in operations:
        if op is Op.ELEMENT or op is Op.KIND_OF_ATOM:
            elements.add(value % 1000)
        elif op not in _LOGICAL and op not in _IDENTITY:
            domains.setdefault(op, []).extend((value - 1, value, value + 1))
    domains = {op: sorted(set(values)) for op, values in domains.items()}
    domains |= {Op.ELEMENT: sorted(elements), Op.AROMATIC: [0, 1]}
    if prod(map(len, domains.values())) > _MOST:
        yield None
        return
    for values in product(*domains.values()):
        facts = dict(zip(domains, values, strict=True))
        facts[Op.KIND_OF_ATOM] = facts[Op.ELEMENT] + 1000 * facts[Op.AROMATIC]
        yield _evaluate(operations, facts)


def _evaluate(operations: Sequence[Operation], facts: Mapping[Op, int]) -> bool | None:
    """Evaluate a condition in Kleene's three-valued logic."""
    stack: list[bool | None] = []
    for op, comparison, wanted in operations:
        if op in {Op.AND, Op.OR}:
            last, first = stack.pop(), stack.pop()
            decisive = op is Op.OR
            stack.append(decisive if decisive in {last, first} else None if None in {last, first} else not decisive)
        elif op is Op.NOT:
            inner = stack.pop()
            stack.append(None if inner is None else not inner)
        elif op in _LOGICAL:
            stack.append(True if op is Op.TRUTH else None)
        else:
            stack.append(_compare(facts[op], comparison, wanted))
    return stack.pop()


def _compare(value: int, comparison: int, wanted: int) -> bool:
    if comparison == AT_LEAST:
        return value >= wanted
    if comparison == AT_MOST:
        return value <= wanted
    return (value == wanted) == (comparison == EQUAL)
