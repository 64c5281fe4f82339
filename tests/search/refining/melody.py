"""A kind whose handler looks at single seeds: sequences of small numbers, searched by the longest run they share."""

from itertools import pairwise

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import Field, Format, Operator, SeedSpace, TermSpace
from nlsearch.model import AnyOf, Features, Picture, Probe, RawItem, Refined, Region, SeedMatch, Seeds, Terms, Verdict

LEAST = 3
"""Numbers of a run that counts."""
SEED = 2
"""Numbers of a seed: a pair ``a b`` is the key ``10 a + b``."""
SHORT = 30
"""Longer sequences have no seeds and are always looked at."""


def seeds_of(numbers):
    keys = np.array([10 * a + b for a, b in pairwise(numbers)], np.uint32)
    return keys, np.arange(len(keys), dtype=np.uint32)


def longest(run, numbers, diagonals=None):
    """Return the longest run in both, on some diagonals only if given: length, start in `run`, start in `numbers`."""
    best = (0, 0, 0)
    for diagonal in range(-len(run) + 1, len(numbers)) if diagonals is None else diagonals:
        length = 0
        for q in range(max(-diagonal, 0), min(len(run), len(numbers) - diagonal)):
            length = length + 1 if run[q] == numbers[q + diagonal] else 0
            best = max(best, (length, length - 1 - q, length - 1 - q - diagonal))
    return best[0], -best[1], -best[2]


class HANDLER:
    """Every call of ``refine`` and ``verify`` is noted, for the tests."""

    kind, version, requires = "melody", 1, ()
    formats = (Format("melody", "text/x-melody", (".melody",)),)
    fields = (Field("length", "integer", "how many numbers", example="length:>=5"),)
    spaces = (SeedSpace("melody.pair", key_bits=7), TermSpace("melody.long"))
    operators = (Operator("part", "a run is shared", 'part:"1 2 3"', "complete", "numbers shared / numbers asked"),)

    def __init__(self):
        self.refined, self.verified = [], []

    def read(self, source, limits):
        with source.open() as lines:
            for number, line in enumerate(lines, 1):
                name, _, numbers = line.decode().partition(":")
                yield RawItem([int(n) for n in numbers.split()], number, name.strip())

    def features(self, item):
        numbers = bytes(item.content)
        features = Features(fields={"length": len(numbers)}, payload=numbers, extent=len(numbers))
        if len(numbers) > SHORT:
            features.terms["melody.long"] = np.ones(1, np.uint64)
        elif len(numbers) >= SEED:
            features.seeds["melody.pair"] = Seeds(*seeds_of(item.content), len(numbers))
        return features

    def compile(self, operator, value, options):
        run = [int(n) for n in value.split()]
        if len(run) < LEAST:
            raise QuerySyntax("too few numbers")
        keys, positions = seeds_of(run)
        pairs = SeedMatch("melody.pair", tuple(keys.tolist()), tuple(positions.tolist()), len(run), refine=True)
        ask = AnyOf((pairs, Terms("melody.long", (1,))))
        return Probe("melody", operator, f"{len(run)} numbers", ask, {"run": run}, "complete")

    def refine(self, probe, payloads, anchors):
        self.refined.append((probe, [bytes(payload) for payload in payloads], anchors))
        run, scores, regions = probe.verification["run"], np.zeros(len(payloads), np.float32), {}
        for row, payload in enumerate(payloads):
            kept = anchors.items == row
            diagonals = set((anchors.targets[kept] - anchors.queries[kept]).tolist())
            length, q, t = longest(run, payload, diagonals)
            if length >= LEAST:
                scores[row] = length / len(run)
                regions[row] = [Region(t, t + length, 0, float(length), (q, t))]
        return Refined(scores, regions)

    def verify(self, probe, payload, regions=()):
        self.verified.append((bytes(payload), tuple(regions)))
        run = probe.verification["run"]
        length, q, t = longest(run, payload, {one.at[1] - one.at[0] for one in regions} or None)
        evidence = {"query": [q, q + length], "item": [t, t + length]}
        return Verdict(length / len(run), "exact", evidence) if length >= LEAST else None

    def draw(self, payload, verdict=None):
        return Picture("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>')
