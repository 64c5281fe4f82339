"""From a value to a probe: which seeds to ask for, or whether to look everywhere.

Completeness
------------
An exact copy of the query holds all of its seeds on one diagonal (see :mod:`seeding`), so one seed in the query is
enough to find every exact copy; every run of 12 definite letters holds one.  A copy with at most *k* edits leaves one
of *k* + 1 seeds that do not overlap untouched (the pigeonhole principle), so *k* + 1 such seeds are enough for
``mismatches=k``. Whatever has fewer seeds is scanned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nlsearch.errors import InputError, QuerySyntax, QueryTooCostly
from nlsearch.handlers.nucleotide.alphabet import parse_query
from nlsearch.handlers.nucleotide.composition import neighbours
from nlsearch.handlers.nucleotide.facts import RECORD_TYPE, SEEDS, UNSEEDED, UNSEEDED_TERM
from nlsearch.handlers.nucleotide.payload import Target, encode
from nlsearch.handlers.nucleotide.seeding import SeedList, disjoint_seeds, untouched_seeds
from nlsearch.handlers.sequences.packed import Packed, packed_of, refget
from nlsearch.handlers.sequences.records import Record
from nlsearch.limits import Limits
from nlsearch.model import AnyOf, Exact, Guarantee, Probe, Question, RawItem, Scalar, SeedMatch, Skipped, Terms

MOST_BASES = 1_000_000
"""Longer queries are not aligned."""
DEFAULT_EVALUE = 1e-3
ALL = 2**31 - 1
_STRANDS = {"both": "both strands", "+": "forward strand", "-": "reverse strand"}


def compile_dna(text: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile the operator ``dna``."""
    query = packed_of(parse_query(text))
    if "U" in text.upper():
        query = replace(query, molecule="RNA")
    return _compile("dna", query, options, "", limits)


def compile_like(example: Packed, name: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile the operator ``like`` for the sequence of a file or of an indexed item."""
    if not example.length:
        raise QuerySyntax(f"{name or 'the example'} has no sequence to search with")
    return _compile("like", example, options, name, limits)


def example_of_payload(payload: bytes) -> tuple[Packed, str]:
    """Return the sequence of an indexed item and its label."""
    target = Target(payload)
    if not target.has_sequence or not target.length:
        raise QuerySyntax(f"{target.label} has no sequence of its own", hint="ask with the record that carries it")
    return target.sequence(), target.label


# ------------------------------------------------------------------------------------------------------------- parts
def _compile(operator: str, query: Packed, options: Mapping[str, Scalar], name: str, limits: Limits) -> Probe:
    edits = options.get("mismatches")
    most = None if edits is None else _edits(int(edits), query.length, limits)
    if query.length > MOST_BASES:
        raise QueryTooCostly(
            f"a query of {query.length:,} letters is too long to be aligned", hint=f"at most {MOST_BASES:,}"
        )
    identity, evalue = float(options.get("identity", 0.0)), float(options.get("evalue", DEFAULT_EVALUE))
    if not 0.0 <= identity <= 1.0:
        raise QuerySyntax(f"identity is a share from 0 to 1, not {identity:g}")
    if evalue <= 0.0:
        raise QuerySyntax(f"evalue is a number above 0, not {evalue:g}")
    strand = str(options.get("strand", "both"))
    seeds = SeedList.of(query.codes())
    votes = _votes(query.length) if most is None else untouched_seeds(seeds.positions, most)
    enough = bool(len(seeds.words)) if most is None else disjoint_seeds(seeds.positions) > most
    ask: Question = _question(seeds, query.length, votes, refine=most is None) if enough else _everywhere()
    if operator == "like":
        ask = AnyOf((ask, Exact("refget", refget(query.digest))))
    verification: dict[str, Any] = {
        "query": encode(query, name, []),
        "length": query.length,
        "digest": query.digest if operator == "like" else b"",
        "edits": most,
        "seeded": enough,
        "identity": identity,
        "evalue": evalue,
        "strand": strand,
        "votes": votes,
    }
    said = _read_as(query, most, identity, evalue, strand, name)
    guarantee: Guarantee = "sound" if most is None and enough else "complete"
    return Probe(
        "nucleotide",
        operator,
        said,
        ask,
        verification,
        guarantee,
        exact_floor=1.0,
        related=neighbours(query),
    )


def _edits(most: int, length: int, limits: Limits) -> int:
    if not 0 <= most < length:
        raise QuerySyntax(f"mismatches is a whole number from 0 to less than the {length} letters of the query")
    if length > limits.mismatch_bases:
        raise QueryTooCostly(
            f"mismatches for {length:,} letters is over the cap mismatch_bases = {limits.mismatch_bases:,}"
        )
    return most


def _votes(length: int) -> int:
    """Return how many seeds must line up before one is looked at: of short queries, each is."""
    return 1 + sum(length > bound for bound in (5_000, 100_000))


def _question(seeds: SeedList, length: int, votes: int, *, refine: bool) -> Question:
    order = np.argsort(seeds.positions, kind="stable")
    words = seeds.words[order]
    ask = SeedMatch(
        SEEDS,
        tuple((words >> np.uint32(1)).tolist()),
        tuple(seeds.positions[order].tolist()),
        length,
        tuple((words & np.uint32(1)).tolist()),
        min_votes=min(votes, len(words)),
        max_occurrences=ALL,
        refine=refine,
    )
    return AnyOf((ask, Terms(UNSEEDED, (UNSEEDED_TERM,))))


def _everywhere() -> Question:
    return Exact("feature", RECORD_TYPE)


def _read_as(query: Packed, most: int | None, identity: float, evalue: float, strand: str, name: str) -> str:
    what = f"{query.length:,} nucleotides" + (f" of {name}" if name else "")
    ambiguous = int(query.runs[:, 1].sum()) if len(query.runs) else 0
    parts = [what, _STRANDS[strand]]
    if ambiguous:
        parts.insert(1, f"{ambiguous:,} of them ambiguous")
    if query.molecule == "RNA":
        parts.append("U as T")
    if most is None:
        least = f" and identity ≥ {identity:g}" if identity else ""
        parts.append(f"whole copies, or similar parts of E-value ≤ {evalue:g}{least}")
    else:
        parts.append("exact" if most == 0 else f"whole query with at most {most} substitutions or indels")
    return ", ".join(parts)


def first_record(items: Iterable[RawItem | Skipped]) -> tuple[Packed, str]:
    """Return the sequence of the first record of a file that is read as an example.

    Raises
    ------
    InputError
        If it holds none.
    """
    for item in items:
        if isinstance(item, RawItem) and isinstance(item.content, Record) and item.content.sequence.length:
            return item.content.sequence, item.title
    raise InputError("the example holds no nucleotide sequence")
