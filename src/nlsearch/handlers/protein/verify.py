"""Whether a protein matches, and the alignments that prove it.

Score and tier
--------------
Score = identity × coverage: matches / columns of the best alignment, times the share of the chain that it covers; of a
translated query, of the frame's residues.  Tier ``exact`` where the whole chain occurs in the target, else ``near``.
The best alignment is the one with the highest raw score (Smith-Waterman), of the first frame where frames tie.

Evidence
--------
``query`` and ``target`` are 0-based and half-open; for a translated query ``query`` counts bases on its own forward
strand, ``frame`` says which, and ``strand`` is the query's.  The CIGAR and ``rows`` run along the target and count
residues.  ``evalue`` is that of the raw score, as blastp has it with ``-comp_based_stats 0`` and ``OLD_FSC=1``;
``evalue_composition`` is that of what the score is worth for the composition of the aligned stretches
(:mod:`~nlsearch.handlers.sequences.composition`), and has to be low enough too.  ``more`` lists further copies of the
whole chain, which may overlap, then alignments of stretches of the target that no better one takes, as far as their
E-values are low enough; ``count`` counts all.
"""

from __future__ import annotations

from nlsearch.handlers.protein.asked import Asked
from nlsearch.handlers.protein.payload import Target
from nlsearch.handlers.sequences.codes import bases_of
from nlsearch.handlers.sequences.matches import ROW_COLUMNS, Match, evidence_of, matches_of, rows
from nlsearch.limits import Limits
from nlsearch.model import Json, Verdict


def verify(asked: Asked, target: Target, limits: Limits) -> Verdict | None:
    """Return the verdict on one protein.

    `limits` bounds the matches that are looked for (``verify_matches``) and listed (``evidence_more``).
    """
    if target.is_feature and not (asked.digest and target.digest == asked.digest):
        return None
    codes = target.codes
    found = [match for number in range(len(asked.chains)) for match in _of_chain(asked, number, codes, limits)]
    if not found:
        return None
    found.sort(key=lambda match: (not match.is_whole, -match.raw))
    best = found[0]
    evidence = _evidence(asked, best, codes)
    if best.total("=XID") <= ROW_COLUMNS:
        evidence["rows"] = rows(best, codes)
    evidence["more"] = [_evidence(asked, match, codes) for match in found[1 : 1 + limits.evidence_more]]
    evidence["count"] = len(found)
    if len(found) >= limits.verify_matches:
        evidence["count_capped"] = True
    return Verdict(1.0 if best.is_whole else best.worth, "exact" if best.is_whole else "near", evidence)


def _of_chain(asked: Asked, number: int, codes: bytes, limits: Limits) -> list[Match]:
    """Return the matches of one chain: copies first, then the others, best first; none if the best does not pass."""
    return matches_of(asked.chains[number], asked.bounds(number, len(codes)), codes, limits.verify_matches)


def _evidence(asked: Asked, match: Match, codes: bytes) -> dict[str, Json]:
    evidence = evidence_of(match, codes, composition=asked.composition)
    frame = match.chain.frame
    if frame:
        evidence["query"] = list(bases_of(frame, *match.query, asked.length))
        evidence["frame"] = frame
    evidence["query_length"] = asked.length
    return evidence
