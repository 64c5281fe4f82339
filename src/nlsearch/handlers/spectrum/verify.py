"""Verification: the relation that an operator asks for, decided on the peaks of the item, with every matched pair.

Conventions
-----------
``pairs`` are [position of the query, position of the item, ppm, contribution]; ppm is (item − query) / query · 10⁶,
of a shifted pair too; the contributions add up to the score.  Positions are those of the records, or, where cleaning
merged peaks, of what it made of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.errors import QueryTooCostly
from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.lastprobe import LastProbe
from nlsearch.handlers.spectrum import asked, envelopes, ions
from nlsearch.handlers.spectrum.adducts import parse_adduct
from nlsearch.handlers.spectrum.axes import AXES
from nlsearch.handlers.spectrum.payload import PROTON, decode, precursor_of
from nlsearch.kernels.peaklists import Cleaned, Comparing, clean, compare, open_record, shares, similarities
from nlsearch.model import Json, Probe, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAME_PPM, SAME_SHARE = 1.0, 1e-4
"""How far positions and intensities of the same spectrum may differ, by rounding."""


class _Query:
    """What follows from the probe of a similarity alone: settings, cleaned peaks, both lists as evidence has them."""

    def __init__(self, probe: Probe) -> None:
        record: bytes = probe.verification["record"]
        self.record = record
        self.settings = asked.unpacked(probe.verification["settings"])
        self.cleaned = clean(self.settings, record)
        heights = (self.cleaned.intensities / max(float(self.cleaned.intensities.max(initial=0)), 1e-30)).tolist()
        drawn = zip(self.cleaned.positions.tolist(), heights, strict=True)
        self.drawn: list[Json] = [[round(position, 5), round(height, 5)] for position, height in drawn]
        self.raw: list[float] = open_record(record)[0].tolist()


class Verifier:
    """Decides about spectra; what follows from the probe alone is worked out once."""

    def __init__(self) -> None:
        self._asked = LastProbe(_Query)

    def verify(self, probe: Probe, payload: Buffer) -> Verdict | None:
        """Decide about one item.

        Raises
        ------
        QueryTooCostly
            If two spectra have millions of pairs of peaks within the tolerance.
        ValueError
            If the payload is none.
        """
        facts = probe.verification
        asks = facts["asks"]
        if asks == "similar":
            return self._similar(probe, payload)
        if asks == "positions":
            return _positions(facts, payload)
        if asks == "neutral":
            return _neutral(facts, payload)
        if asks == "isotopes":
            return _isotopes(facts, payload)
        same = decode(payload).formula == facts["formula"]
        return Verdict(1.0, "exact", {"formula": facts["formula"]}) if same else None

    def scores(self, probe: Probe, payloads: list[bytes | memoryview]) -> NDArray[np.float32] | None:
        """Return the scores of several items; None for operators that are verified one by one."""
        facts = probe.verification
        if facts["asks"] == "similar":
            return similarities(self._asked.opened(probe).settings, facts["record"], payloads)
        if facts["asks"] != "positions":
            return None
        scores = np.empty(len(payloads), np.float32)
        wide = np.array([_is_wide(facts, payload) for payload in payloads], np.bool_)
        for others in (False, True):
            chosen = np.flatnonzero(wide == others)
            if len(chosen):
                tolerance = facts["others"] if others else facts["tolerance"]
                scores[chosen] = _shares(facts, tolerance, [payloads[at] for at in chosen.tolist()])
        return scores

    def _similar(self, probe: Probe, payload: Buffer) -> Verdict | None:
        query = self._asked.opened(probe)
        settings = query.settings
        try:
            pairs = compare(settings, query.record, payload)
        except MemoryError as exc:
            raise QueryTooCostly("two spectra have millions of pairs of peaks within the tolerance") from exc
        if len(pairs) < max(1, settings.at_least):
            return None
        listed = pairs.tolist()
        score = min(1.0, sum(pair[0] for pair in listed))
        if score <= 0:
            return None
        own = precursor_of(payload)
        shift = settings.reference - own if own is not None and any(pair[5] for pair in listed) else 0.0
        evidence = _evidence(query, payload, listed, shift)
        same = score > 0.999 and not shift and _is_same(settings, query.cleaned, payload, pairs, own)
        return Verdict(score, "exact" if same else "near", evidence)


def _is_same(
    settings: Comparing, query: Cleaned, payload: Buffer, pairs: NDArray[Any], precursor: float | None
) -> bool:
    """Say whether two spectra are the same: all peaks pair, where and as high as the other's, with one precursor."""
    item = clean(settings, payload)
    if not len(pairs) == len(query.positions) == len(item.positions):
        return False
    known = precursor is not None and not math.isnan(settings.reference)
    if known and abs(settings.reference - float(precursor or 0)) > SAME_PPM * 1e-6 * settings.reference:
        return False
    apart = np.abs(query.positions - item.positions) <= SAME_PPM * 1e-6 * np.abs(query.positions) + 1e-6
    return bool(apart.all() and np.all(np.abs(query.intensities - item.intensities) <= SAME_SHARE))


def _evidence(query: _Query, payload: Buffer, pairs: list[tuple[Any, ...]], shift: float) -> dict[str, Json]:
    """Say which peaks match, and how the lists were cleaned."""
    settings, raw = query.settings, query.raw
    own, listed = open_record(payload)[0], []
    for gain, asked_for, found, asked_cleaned, found_cleaned, *_ in pairs:
        at = raw[asked_for] if asked_for >= 0 else round(asked_cleaned, 5)
        to = float(own[found]) if found >= 0 else round(found_cleaned, 5)
        ppm = (to - at) * 1e6 / at if at else 0.0
        listed.append([at, to, round(ppm, 3), gain])
    evidence: dict[str, Json] = {
        "pairs": sorted(listed),
        "metric": settings.metric,
        "shift_da": round(shift, 6),
        "cleaning": _cleaning(settings),
        "peaks_of_query": len(query.cleaned.positions),
        "query": query.drawn,
    }
    precursor = precursor_of(payload)
    if precursor is not None and not math.isnan(settings.reference):
        evidence["precursor_ppm"] = round((precursor - settings.reference) / settings.reference * 1e6, 3)
    return evidence


def _cleaning(settings: Comparing) -> dict[str, Json]:
    if not settings.clean:
        return {}
    steps: dict[str, Json] = {"merged_ppm" if settings.relative else "merged_within": settings.merging}
    if settings.axis == AXES["mz"].code:
        steps["above_precursor_minus_da"] = settings.gap
    return steps | {"noise_below": settings.noise}


# ----------------------------------------------------------------------------------------------------------- positions
def _is_wide(facts: Mapping[str, Any], payload: Buffer) -> bool:
    return facts["others"] is not None and decode(payload).nucleus not in {"", PROTON}


def _shares(facts: Mapping[str, Any], tolerance: float, payloads: Sequence[Buffer]) -> NDArray[np.float32]:
    return shares(
        facts["wanted"],
        tolerance,
        payloads,
        relative=facts["relative"],
        losses=facts["losses"],
        axis=facts["axis"],
        least=facts["least"],
    )


def _positions(facts: Mapping[str, Any], payload: Buffer) -> Verdict | None:
    tolerance = facts["others"] if _is_wide(facts, payload) else facts["tolerance"]
    score = float(_shares(facts, tolerance, [payload])[0])
    if score <= 0 or (facts["nucleus"] and decode(payload).nucleus != facts["nucleus"]):
        return None
    positions, intensities, _, reference = open_record(payload)
    total = float(intensities.sum(dtype=np.float64))
    pairs, seen = [], set()
    for wanted in facts["wanted"]:
        width = abs(wanted) * tolerance * 1e-6 if facts["relative"] else tolerance
        middle = reference - wanted if facts["losses"] else wanted
        low, high = np.searchsorted(positions, middle - width), np.searchsorted(positions, middle + width, "right")
        at = int(low + np.argmax(intensities[low:high]))
        found = round(float(reference - positions[at]), 6) if facts["losses"] else float(positions[at])
        ppm = (found - wanted) / wanted * 1e6 if wanted else 0.0
        share = 0.0 if at in seen else float(intensities[at]) / total
        seen.add(at)
        pairs.append([wanted, found, round(ppm, 3), share])
    evidence: dict[str, Json] = {"pairs": pairs, "share": sum(pair[3] for pair in pairs)}
    if facts["losses"]:
        evidence["peaks"] = [round(reference - found, 6) for _, found, _, _ in pairs]
    return Verdict(min(1.0, evidence["share"]), "exact", evidence)


# ------------------------------------------------------------------------------------------------------------ formulas
def _neutral(facts: Mapping[str, Any], payload: Buffer) -> Verdict | None:
    own = precursor_of(payload)
    if own is None:
        return None
    polarity = decode(payload).polarity
    possible = [ion for ion in facts["ions"] if _may_be(ion[0], polarity)]
    found = ions.judge_neutral(possible, own) if possible else None
    return None if found is None else Verdict(found[0], "exact", found[1])


def _may_be(adduct: str, polarity: int) -> bool:
    told = parse_adduct(adduct)
    return not polarity or told is None or (told.charge < 0) == (polarity < 0)


def _isotopes(facts: Mapping[str, Any], payload: Buffer) -> Verdict | None:
    positions, intensities, axis, _ = open_record(payload)
    if axis != AXES["mz"].code:
        return None
    polarity = decode(payload).polarity
    best: Verdict | None = None
    for packed in facts["patterns"]:
        pattern = envelopes.Pattern.of(packed)
        if polarity and (pattern.charge < 0) != (polarity < 0):
            continue
        judged = envelopes.judge_pattern(pattern, positions, intensities.astype(np.float64))
        if judged is not None and (best is None or judged[0] > best.score):
            score, pairs = judged
            best = Verdict(score, "near", {"pairs": pairs, "metric": "isotopes", "adduct": pattern.adduct})
    return best
