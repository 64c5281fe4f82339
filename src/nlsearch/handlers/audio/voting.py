"""Places in one recording, voted for by its own seeds: what the seed index does for all recordings at once."""

from __future__ import annotations

import numpy as np

from nlsearch.handlers.audio.payload import Recording
from nlsearch.kernels import Place, Postings, pack_postings, sort_pairs, vote_best, vote_weights
from nlsearch.model import Probe, Question, Region, SeedMatch


def places_voted(probe: Probe, recording: Recording) -> list[Region]:
    """Return the best places of a recording for what a probe asks, and asks otherwise."""
    keys, positions = recording.seeds()
    axis = recording.units * 32
    if not len(keys):
        return []
    ordered, values = sort_pairs(keys, positions)
    postings = Postings(pack_postings(values, 4), 4, 0, 0, np.zeros(1, np.uint64))
    asked: list[Question] = [probe.ask, *([] if probe.otherwise is None else [probe.otherwise])]
    found: list[Region] = []
    for question in asked:
        if not isinstance(question, SeedMatch):
            continue
        wanted = np.array(question.keys, np.uint64)
        begins = np.searchsorted(ordered, wanted, "left").astype(np.uint64)
        ends = np.searchsorted(ordered, wanted, "right").astype(np.uint64)
        readings = np.array(question.readings, np.uint32)
        place = Place(axis, question.span, question.bin_width, question.best)
        weights = vote_weights(place, ends - begins)
        best = vote_best(postings, begins, ends, np.array(question.positions, np.uint32), weights, readings, place)
        columns = (best[name].tolist() for name in ("diagonal", "reading", "votes", "expected"))
        for target, reading, votes, expected in zip(*columns, strict=True):
            found.append(Region(target, target + question.span, reading, votes, (0, target), expected))
    return found
