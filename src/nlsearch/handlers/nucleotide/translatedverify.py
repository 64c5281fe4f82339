"""Whether a protein is similar to a translated frame of a record, and the alignments that prove it.

Score and tier
--------------
Score = identity × coverage: matches / columns of the best alignment, times the share of the protein that it covers.
Tier ``exact`` where a frame holds the whole protein, else ``near``.  The best alignment is the one with the highest raw
score (Smith-Waterman), of the first frame where frames tie.

Evidence
--------
``query`` counts residues, ``target`` bases on the record's forward strand, both 0-based and half-open.  ``frame`` is 1
to 3, or −1 to −3 counted from the record's end, as BLAST has it; ``strand`` is the frame's.  The CIGAR and ``rows``
count residues and run along the protein.  ``evalue`` is that of the raw score, as tblastn has it with
``-comp_based_stats 0 -sum_stats false`` and ``OLD_FSC=1``; ``evalue_composition`` that of what it is worth for the
composition of the aligned stretches, which has to be low enough too.  ``more`` lists copies of the whole protein, then
further alignments by falling score.
"""

from __future__ import annotations

from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.translated import AskedProtein
from nlsearch.handlers.nucleotide.verify import NAMED_FEATURES
from nlsearch.handlers.nucleotide.windows import Placed, matches_in
from nlsearch.handlers.sequences.codes import bases_of
from nlsearch.handlers.sequences.matches import ROW_COLUMNS, evidence_of, rows
from nlsearch.limits import Limits
from nlsearch.model import Json, Verdict


def verify_translated(asked: AskedProtein, target: Target, limits: Limits) -> Verdict | None:
    """Return the verdict on one record.

    `limits` bounds the matches that are looked for (``verify_matches``) and listed (``evidence_more``).
    """
    if target.is_feature or not target.has_sequence:
        return None
    found = matches_in(asked, target, limits.verify_matches)[: limits.verify_matches]
    if not found:
        return None
    best = found[0]
    evidence = _evidence(asked, target, best)
    if best.match.total("=XID") <= ROW_COLUMNS:
        evidence["rows"] = rows(best.match, best.window.codes)
    start, end = evidence["target"]
    named = target.places(start, end, 4 * NAMED_FEATURES)
    evidence["features"] = list(dict.fromkeys(place.name for place in named))[:NAMED_FEATURES]
    evidence["more"] = [_evidence(asked, target, one) for one in found[1 : 1 + limits.evidence_more]]
    evidence["count"] = len(found)
    if len(found) >= limits.verify_matches:
        evidence["count_capped"] = True
    whole = best.match.is_whole
    return Verdict(1.0 if whole else best.match.worth, "exact" if whole else "near", evidence)


def _evidence(asked: AskedProtein, target: Target, placed: Placed) -> dict[str, Json]:
    match, window = placed.match, placed.window
    start, end = (window.low + at for at in match.target)
    evidence = evidence_of(match, window.codes, composition=asked.composition)
    evidence["target"] = list(bases_of(window.frame, start, end, target.length))
    evidence["strand"] = "-" if window.frame < 0 else "+"
    evidence["frame"] = window.frame
    evidence["query_length"] = asked.chain.length
    return evidence
