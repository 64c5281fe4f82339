"""A plan: the query's tree with every operator compiled and every text leaf translated.

A plan is data (dataclasses of :mod:`nlsearch.model` and :mod:`nlsearch.index.textquery`) and holds nothing of any
split, so one plan serves all splits, here or elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from nlsearch.index.textquery import TextQuery
from nlsearch.model import Extent, Guarantee, Probe

GUARANTEES: tuple[Guarantee, ...] = ("complete", "sound", "approximate")


@dataclass(frozen=True, slots=True)
class TextPart:
    """A leaf that the text index decides on its own.

    ``ranked`` parts (words) contribute to the score; filters (fields, kinds) do not.  ``words`` and ``fields`` name
    what matched, for the evidence.
    """

    query: TextQuery
    label: str
    ranked: bool = False
    words: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbePart:
    """A compiled operator; ``minimum`` is the asker's lowest acceptable score."""

    probe: Probe
    minimum: float
    related: bool = False


@dataclass(frozen=True, slots=True)
class AllParts:
    """All parts hold."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class AnyPart:
    """At least one part holds."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class NotPart:
    """The part does not hold."""

    part: Part


Part: TypeAlias = TextPart | ProbePart | AllParts | AnyPart | NotPart


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled query: its tree, how each operator value was read, and the guarantee that the answer carries."""

    root: Part
    read_as: tuple[str, ...]

    @property
    def guarantee(self) -> Guarantee:
        """The weakest guarantee of the operators used; ``complete`` when there are none."""
        weakest = max((GUARANTEES.index(part.probe.guarantee) for part in probes(self.root)), default=0)
        return GUARANTEES[weakest]

    def counted(self, extent: Callable[[str], Extent]) -> Plan:
        """Return the plan with what there is to search of its kind told to every operator."""
        return replace(self, root=counted(self.root, extent))

    def widened(self) -> Plan | None:
        """Return the plan in which operators ask what they ask otherwise; None if none has anything else to ask."""
        if all(part.probe.otherwise is None for part in probes(self.root)):
            return None
        return replace(self, root=widened(self.root))


def counted(part: Part, extent: Callable[[str], Extent]) -> Part:
    """Return `part` with what there is to search of its kind told to every operator."""

    def told(probe: Probe) -> Probe:
        searched = extent(probe.kind)
        return replace(probe, searched=searched) if searched.total else probe

    return _with_probes(part, told)


def widened(part: Part) -> Part:
    """Return `part` with operators that ask what they ask otherwise (:attr:`~nlsearch.model.Probe.otherwise`)."""

    def wider(probe: Probe) -> Probe:
        return probe if probe.otherwise is None else replace(probe, ask=probe.otherwise, otherwise=None)

    return _with_probes(part, wider)


def _with_probes(part: Part, changed: Callable[[Probe], Probe]) -> Part:
    """Return `part` with what `changed` makes of the probe of every operator; an operator with the same is the same."""
    if isinstance(part, ProbePart):
        probe = changed(part.probe)
        return part if probe is part.probe else replace(part, probe=probe)
    if isinstance(part, NotPart):
        return NotPart(_with_probes(part.part, changed))
    if isinstance(part, AllParts | AnyPart):
        return type(part)(tuple(_with_probes(child, changed) for child in part.parts))
    return part


def leaves(part: Part) -> Iterator[TextPart | ProbePart]:
    """Iterate over the leaves below `part`, left to right."""
    if isinstance(part, TextPart | ProbePart):
        yield part
    elif isinstance(part, NotPart):
        yield from leaves(part.part)
    else:
        for child in part.parts:
            yield from leaves(child)


def probes(part: Part) -> Iterator[ProbePart]:
    """Iterate over the operators below `part`."""
    return (leaf for leaf in leaves(part) if isinstance(leaf, ProbePart))


def ranked(part: Part) -> Iterator[TextPart]:
    """Iterate over the word leaves below `part` that count for the score: not those under NOT."""
    if isinstance(part, TextPart):
        if part.ranked:
            yield part
    elif isinstance(part, AllParts | AnyPart):
        for child in part.parts:
            yield from ranked(child)
