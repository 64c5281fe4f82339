"""Deciding whether a molecule matches, with the matched atoms.

Scores: ``smarts`` and ``substructure`` matched atoms / heavy atoms of the item; ``superstructure`` heavy atoms of the
item / heavy atoms of the query; ``tautomer`` as ``substructure`` (:mod:`.tautomers`); ``smiles`` and ``like`` 1 for the
same molecule, else the similarity (:mod:`.similarity`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from nlsearch.handlers.chemistry.finding import GUARDED, Found, Matches, find_matches, is_fused_or_long, too_costly
from nlsearch.handlers.chemistry.patterns import Pattern, pattern_of
from nlsearch.handlers.chemistry.payload import GRAPH_AT, Decoded
from nlsearch.handlers.chemistry.program import Compiled, compile_pattern
from nlsearch.handlers.molecule.similarity import Similarities
from nlsearch.handlers.molecule.tautomers import tautomers_of
from nlsearch.kernels import decide, decide_parts
from nlsearch.kernels.graphs import STEREO
from nlsearch.limits import Limits
from nlsearch.model import NO, UNDECIDED, YES, Json, Probe, Verdict

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Buffer

DECODED = 4096
"""Molecules kept decoded: a page asked again, or filtered otherwise, decodes nothing."""
PATTERNS = 64
QUICK = 20
"""Steps on a graph that take no longer than one of RDKit's when they are counted."""
_YES, _UNDECIDED = bytes([YES]), bytes([UNDECIDED])


class Verifier:
    """Verifies probes on payloads; keeps the decoded molecules and compiled queries that were used last.

    Parameters
    ----------
    limits : Limits
        ``verify_matches`` and ``evidence_more`` bound the matches of one item that are looked for and listed,
        ``verify_steps`` how long.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._caps = limits.verify_matches, limits.verify_steps
        self._steps = QUICK * limits.verify_steps
        self._decoded = lru_cache(maxsize=DECODED)(Decoded)
        self._pattern = lru_cache(maxsize=PATTERNS)(self._read_pattern)
        self._template = lru_cache(maxsize=PATTERNS)(self._compile_template)
        self._similarities = Similarities(DECODED, limits)

    def decoded(self, payload: Buffer) -> Decoded:
        """Return the molecule of `payload`, decoded now or before."""
        return self._decoded(bytes(payload))

    def verify(self, probe: Probe, payload: Buffer) -> Verdict | None:
        """Return the verdict of `probe` about the molecule, or None if it is no hit."""
        if "fingerprint" in probe.verification:
            return self._similarities.verify(probe.verification, payload, self.decoded)
        item = self.decoded(payload)
        pattern = self._asked(probe)
        if probe.operator == "superstructure":
            return self._contained(pattern, item)
        found = self._tautomers(probe, pattern, item) if probe.operator == "tautomer" else self._found(pattern, item)
        if not found.matches:
            return None
        atoms, bonds = self._evidence(found.matches, pattern.bonds, item)
        evidence = {"atoms": atoms, "bonds": bonds, **_count(found)}
        return Verdict(min(1.0, pattern.atoms / item.heavy_atoms), "exact", evidence)

    def decide(self, probe: Probe, payloads: list[bytes | memoryview]) -> bytes | None:
        """Say of many molecules whether they match (:class:`nlsearch.handlers.contract.Decider`)."""
        if "fingerprint" in probe.verification:
            return None
        pattern = self._asked(probe)
        if probe.operator == "superstructure":
            if not pattern.graph:
                return None
            decided = decide_parts(pattern.graph, payloads, GRAPH_AT, self._steps)
            return _where_stereo(decided, payloads, given=True, instead=UNDECIDED) if pattern.stereo else decided
        structure = probe.verification.get("structure", "")
        compiled = self._template(structure) if probe.operator == "tautomer" else pattern.compiled
        if compiled is None:
            return None
        decided = decide(compiled.program, compiled.encoded, payloads, GRAPH_AT, self._steps)
        if compiled.stereo:
            decided = _where_stereo(decided, payloads, given=False, instead=NO)
        return decided if compiled.exact else decided.replace(_YES, _UNDECIDED)

    def _asked(self, probe: Probe) -> Pattern:
        """Return the query molecule of a probe."""
        asked = probe.verification
        smarts = "smarts" in asked
        return self._pattern(asked["smarts" if smarts else "structure"], smarts, bool(asked["stereo"]))

    def _compile_template(self, text: str) -> Compiled | None:
        """Return what every tautomer of a structure holds; it never says all."""
        compiled = compile_pattern(tautomers_of(text, self._limits).query.GetTemplateMolecule(), stereo=False)
        return None if compiled is None else replace(compiled, exact=False)

    def _read_pattern(self, text: str, smarts: bool, stereo: bool) -> Pattern:
        return pattern_of(text, smarts=smarts, stereo=stereo, limits=self._limits)

    # ------------------------------------------------------------------------------------------------------ containment
    def _found(self, pattern: Pattern, item: Decoded) -> Found:
        """Look for the pattern in the item's graph, if that says all, else by RDKit."""
        compiled = pattern.compiled
        known = None if compiled is None else compiled.matches(item.graph, self._limits.verify_matches, self._steps)
        if known is not None:
            matches, whole = known
            if not (matches or whole):
                raise too_costly(self._limits.verify_steps)
            return Found(matches, not whole)
        if compiled is not None and compiled.inner >= GUARDED and is_fused_or_long(item.mol):
            raise too_costly(self._limits.verify_steps)  # RDKit does not let the steps inside of $(…) be counted
        search = partial(item.mol.GetSubstructMatches, pattern.mol)
        return find_matches(search, item.mol, pattern.extent, pattern.parameters, self._caps)

    def _tautomers(self, probe: Probe, pattern: Pattern, item: Decoded) -> Found:
        """Look for any tautomer of the query, by RDKit."""
        query = tautomers_of(probe.verification["structure"], self._limits).query
        search = partial(query.GetSubstructMatches, item.mol)
        return find_matches(search, item.mol, pattern.extent, pattern.parameters, self._caps)

    def _evidence(
        self, matches: Matches, pairs: Sequence[tuple[int, int]], item: Decoded
    ) -> tuple[list[list[int]], list[list[list[int]]]]:
        atoms = [item.in_record(match) for match in matches[: 1 + self._limits.evidence_more]]
        return atoms, [[[match[first], match[second]] for first, second in pairs] for match in atoms]

    def _contained(self, pattern: Pattern, item: Decoded) -> Verdict | None:
        """Look for the item in the query."""
        search = partial(pattern.mol.GetSubstructMatches, item.mol)
        size = item.mol.GetNumAtoms()
        found = find_matches(search, pattern.mol, (size, item.parts), pattern.parameters, self._caps)
        if not found.matches:
            return None
        shown = found.matches[: 1 + self._limits.evidence_more]
        atoms = item.in_record(tuple(range(size)))
        index = dict(enumerate(atoms))
        bonds = [[index[b.GetBeginAtomIdx()], index[b.GetEndAtomIdx()]] for b in item.mol.GetBonds()]
        in_query = [
            [match[i] if pattern.order is None else pattern.order[match[i]] for i in range(len(atoms))]
            for match in shown
        ]
        evidence = {
            "atoms": [atoms] * len(shown),
            "bonds": [bonds] * len(shown),
            "query_atoms": in_query,
            **_count(found),
        }
        return Verdict(min(1.0, item.heavy_atoms / pattern.atoms), "exact", evidence)


def _count(found: Found) -> dict[str, Json]:
    """Return how many matches there are; ``count_capped`` says that there may be more."""
    count: dict[str, Json] = {"count": len(found.matches)}
    return count | {"count_capped": True} if found.capped else count


def _where_stereo(decided: bytes, payloads: list[bytes | memoryview], *, given: bool, instead: int) -> bytes:
    """Say `instead` of those that would match, and whose record gives stereo, or gives none."""
    return bytes(
        instead if one == YES and bool(payload[GRAPH_AT + 2] & STEREO) == given else one
        for one, payload in zip(decided, payloads, strict=True)
    )
