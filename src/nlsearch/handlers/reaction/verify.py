"""Deciding whether a reaction matches, with the matched atoms of all sides.

Sides without ties are matched on their own, and a match of the reaction is one of each.  With ties the matches of both
sides are joined by the map numbers of their tied atoms.  RDKit stops at the cap ``verify_matches``; where that cuts a
list short and the lists have nothing in common, tie after tie is tried until a match is found or none can exist, so
that the cap bounds what is listed and never loses a hit.

Scores: ``reaction`` matched atoms / heavy atoms of all sides; ``like`` 1 for the same reaction, else Tanimoto.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from nlsearch.handlers.chemistry.finding import Found, find_matches
from nlsearch.handlers.reaction.patterns import ReactionPattern, read_reaction
from nlsearch.handlers.reaction.payload import Decoded
from nlsearch.limits import Limits
from nlsearch.model import Json, Probe, Verdict

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from nlsearch.handlers.contract import Buffer

DECODED = 2048
"""Reactions kept decoded: a page asked again, or filtered otherwise, decodes nothing."""
PATTERNS = 64
TIED = ("reactants", "products")
Match: TypeAlias = tuple[int, ...]
Matches: TypeAlias = dict[str, Match]
"""A match of the reaction: atoms of each side that the query asks for."""


class Verifier:
    """Verifies probes on payloads; keeps the decoded reactions and compiled queries that were used last.

    Parameters
    ----------
    limits : Limits
        ``verify_matches`` and ``evidence_more`` bound the matches of one item that are looked for and listed.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._decoded = lru_cache(maxsize=DECODED)(Decoded)
        self._pattern = lru_cache(maxsize=PATTERNS)(self._read_pattern)

    def decoded(self, payload: Buffer) -> Decoded:
        """Return the reaction of `payload`, decoded now or before."""
        return self._decoded(bytes(payload))

    def verify(self, probe: Probe, payload: Buffer) -> Verdict | None:
        """Return the verdict of `probe` about the reaction, or None if it is no hit."""
        item = self.decoded(payload)
        asked = probe.verification
        if "fingerprint" in asked:
            return _similar(asked, item)
        matcher = self._pattern(asked["reaction"], bool(asked["stereo"]), bool(asked["maps"]))
        found = matcher.find(item)
        if found is None:
            return None
        matches, count, capped = found
        atoms = [
            [atom for name, part in match.items() for atom in item.in_record(name, part)]
            for match in itertools.islice(matches, 1 + self._limits.evidence_more)
        ]
        bonds = [[[match[first], match[second]] for first, second in matcher.pattern.bonds] for match in atoms]
        evidence: dict[str, Json] = {"atoms": atoms, "bonds": bonds, "count": count}
        if capped:
            evidence["count_capped"] = True
        return Verdict(min(1.0, matcher.pattern.atoms / item.heavy_atoms), "exact", evidence)

    def _read_pattern(self, text: str, stereo: bool, maps: bool) -> Matcher:
        pattern = read_reaction(text, stereo=stereo, maps=maps, limits=self._limits)
        return Matcher(pattern, self._limits)


class Matcher:
    """Finds the matches of a query reaction.

    Parameters
    ----------
    pattern : ReactionPattern
    limits : Limits
        ``verify_matches`` bounds the matches of one side that are looked for, ``verify_steps`` how long.
    """

    def __init__(self, pattern: ReactionPattern, limits: Limits) -> None:
        self.pattern = pattern
        self._limits = limits
        self._most = limits.verify_matches
        self._mols = {name: side.mol for name, side in pattern.sides.items()}
        if pattern.mapped:
            for name in TIED:
                self._mols[name] = pattern.tied(name, [None] * len(pattern.mapped))

    def find(self, item: Decoded) -> tuple[Iterable[Matches], int, bool] | None:
        """Return the matches, how many there are, and whether there may be more; None if there is none."""
        if not self._mols.keys() <= item.sides.keys():
            return None
        found: dict[str, tuple[Match, ...]] = {}
        capped = False
        for name, mol in self._mols.items():
            matches, more = self._side(item, name, mol, self._most)
            if not matches:
                return None
            found[name], capped = tuple(matches), capped or more
        if not self.pattern.mapped:
            combined = (dict(zip(found, parts, strict=True)) for parts in itertools.product(*found.values()))
            return combined, math.prod(map(len, found.values())), capped
        pairs = list(itertools.islice(self._joined(item, found), self._most))
        if not pairs and capped:
            pairs = self._searched(item)
        if not pairs:
            return None
        agents = found.get("agents", ())
        capped |= len(pairs) >= self._most
        return self._with_agents(pairs, agents), len(pairs) * max(1, len(agents)), capped

    def _side(self, item: Decoded, name: str, query: Mol, most: int) -> Found:
        """Return the matches of a query in one side; those of ties differ in which of their atoms is the tied one."""
        mol, pattern = item.sides[name].mol, self.pattern.sides[name]
        tied = bool(self.pattern.mapped) and name in TIED
        parameters = partial(pattern.parameters, uniquify=not tied)
        caps = most, self._limits.verify_steps
        return find_matches(partial(mol.GetSubstructMatches, query), mol, pattern.extent, parameters, caps)

    def _with_agents(self, pairs: list[tuple[Match, Match]], agents: tuple[Match, ...]) -> Iterator[Matches]:
        for before, behind in pairs:
            for agent in agents or ((),):
                parts = {"reactants": before, "agents": agent, "products": behind}
                yield {name: parts[name] for name in self.pattern.sides}

    def _joined(self, item: Decoded, found: dict[str, tuple[Match, ...]]) -> Iterator[tuple[Match, Match]]:
        """Yield the pairs of matches whose tied atoms carry the same numbers and that differ in their atoms."""
        ties = list(self.pattern.mapped.values())
        before, behind = item.maps["reactants"], item.maps["products"]
        by_numbers: dict[Match, list[Match]] = {}
        for match in found["products"]:
            numbers = tuple(behind[match[atom]] for _, atom in ties)
            if all(numbers):
                by_numbers.setdefault(numbers, []).append(match)
        seen: set[tuple[frozenset[int], frozenset[int]]] = set()
        for match in found["reactants"]:
            for other in by_numbers.get(tuple(before[match[atom]] for atom, _ in ties), ()):
                atoms = frozenset(match), frozenset(other)
                if atoms not in seen:
                    seen.add(atoms)
                    yield match, other

    def _searched(self, item: Decoded) -> list[tuple[Match, Match]]:
        """Return one pair of matches if there is any: ties get number after number, going back where none fits.

        The tie that fewest numbers fit comes first.
        """
        common = sorted((set(item.maps["reactants"]) & set(item.maps["products"])) - {0})
        free: list[int | None] = [None] * len(self.pattern.mapped)
        fitting = [
            [number for number in common if self._pair(item, _with(free, tie, number))] for tie in range(len(free))
        ]
        order = sorted(range(len(free)), key=lambda tie: len(fitting[tie]))
        open_ends = [free]
        while open_ends:
            numbers = open_ends.pop()
            pair = self._pair(item, numbers)
            if pair is None:
                continue
            tie = next((tie for tie in order if numbers[tie] is None), None)
            if tie is None:
                return [pair]
            open_ends += [_with(numbers, tie, number) for number in reversed(fitting[tie])]
        return []

    def _pair(self, item: Decoded, numbers: list[int | None]) -> tuple[Match, Match] | None:
        """Return a match of each side under the numbers given so far, whatever the other ties match."""
        pair = []
        for name in TIED:
            matches = self._side(item, name, self.pattern.tied(name, numbers), 1).matches
            if not matches:
                return None
            pair.append(matches[0])
        return pair[0], pair[1]


def _with(numbers: list[int | None], tie: int, number: int) -> list[int | None]:
    """Return a copy of `numbers` in which `tie` has `number`."""
    return [*numbers[:tie], number, *numbers[tie + 1 :]]


def _similar(asked: dict[str, Any], item: Decoded) -> Verdict:
    from rdkit import DataStructs

    from nlsearch.handlers.chemistry.fingerprints import unpacked

    wanted = asked["fingerprint"]
    similarity = float(DataStructs.TanimotoSimilarity(unpacked(wanted), unpacked(item.fingerprint)))
    # Different fingerprints exclude identity, so canonical SMILES are written only where they may agree.
    same = wanted == item.fingerprint and asked["smiles"] == item.smiles
    evidence = {"similarity": similarity, "fingerprint": "structural", "level": "stereo" if same else None}
    return Verdict(1.0 if same else similarity, "exact" if same else "near", evidence)
