"""The things that flow through nlsearch, in the order in which they appear.

Indexing: :class:`RawItem` or :class:`Skipped` (a handler's ``read``) → :class:`Features` → :class:`Entry` (what a split
stores).  Searching: :class:`Probe` (what a query asks, as data) → :class:`Region` (where a candidate may match) →
:class:`Verdict` (a handler's ``verify``) → :class:`Item` and :class:`Hit` (what a user sees).

Conventions
-----------
Positions are 0-based; ranges are half-open.  Keys number the items of one split from 0.  Structural terms are unsigned
64-bit numbers in a named space.  Bit sets are packed with bit *i* in byte ``i // 8``, value ``1 << (i % 8)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Tier: TypeAlias = Literal["exact", "near", "related"]
Guarantee: TypeAlias = Literal["complete", "sound", "approximate"]
Scalar: TypeAlias = str | int | float | bool
FieldValue: TypeAlias = Scalar | list[str] | list[int] | list[float]
Json: TypeAlias = Any
"""A value that :mod:`json` can write: str, int, float, bool, None, list and dict of these."""

TIERS: tuple[Tier, ...] = ("exact", "near", "related")
NO, YES, UNDECIDED = 0, 1, 2
"""What a handler's ``decide`` says of an item: ``verify`` would give None, a verdict, or only it can tell."""


# ---------------------------------------------------------------------------------------------- reading and indexing
@dataclass(slots=True)
class RawItem:
    """One findable thing as a handler reads it; it never leaves the process that reads.

    Parameters
    ----------
    content : object
        The handler's own object (an RDKit molecule, a sequence record, an array of pixels).
    number : int
        The record's number in its source, from 1; skipped records count too.  0 for the source as a whole, where
        that is an item beside its records.
    title : str
        The record's own name, or ``""`` (then the file's name is used).
    record_id : str, optional
        An id that the source itself gives the record; becomes the locator ``#id``.
    kind : str, optional
        Set only when a handler yields an item of a kind that is not its own, one of its ``yields``; the handler of that
        kind derives the features.
    warnings : list of str
        What was odd about the record; shown to users in ``item.fields["warnings"]``.
    """

    content: Any
    number: int
    title: str = ""
    record_id: str | None = None
    kind: str | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that gave no item, with the reason; it becomes one entry of ``failures``."""

    number: int
    reason: str
    code: str = "malformed_content"
    record_id: str | None = None


@dataclass(slots=True)
class Seeds:
    """Positional keys of one item on one axis.

    Parameters
    ----------
    keys : ndarray of uint32 or uint64, shape (n,)
        Below ``2 ** SeedSpace.key_bits``.
    positions : ndarray of uint32, shape (n,)
        Where each key starts on the item's axis, below `length`.
    flags : ndarray of uint8, shape (n,), optional
        Below ``2 ** SeedSpace.flag_bits`` (the strand of a canonical k-mer); zeros if absent.
    length : int
        The length of the item's axis, in the space's own unit.
    """

    keys: NDArray[np.unsignedinteger[Any]]
    positions: NDArray[np.uint32]
    length: int
    flags: NDArray[np.uint8] | None = None


@dataclass(slots=True)
class Peaks:
    """A list of peaks on one axis.

    Parameters
    ----------
    positions : ndarray of float32, shape (n,)
    weights : ndarray of float32, shape (n,)
        Positive.  With their sum 1, and beside those of a query whose sum is 1, entropy gains add up to at most 1.
    reference : float
        What positions can be shifted by (the m/z of a precursor); NaN where there is none.
    exponent, scale : float
        Beside a query of products a weight counts as ``scale * weight ** exponent``.
    apart, apart_relative : float
        Which tolerances the list stands for: it would be the same for all that need peaks at most so far apart, in
        the unit of the axis, or as a share of the position; 0 if only for the one at which it was made.
    """

    positions: NDArray[np.float32]
    weights: NDArray[np.float32]
    reference: float = float("nan")
    exponent: float = 1.0
    scale: float = 1.0
    apart: float = 0.0
    apart_relative: float = 0.0


@dataclass(slots=True)
class Features:
    """What a handler derives from one item; everything that a split stores about it.

    Parameters
    ----------
    words : str
        Free text in which people find the item: names, descriptions, captions (not folded).
    fields : dict
        Values of the fields that the handler declares (and ``name``, ``accession``); absent rather than None.
    terms : dict of str to ndarray of uint64
        Structural terms by :class:`~nlsearch.handlers.contract.TermSpace` name; a set (sorted, unique).
    seeds : dict of str to Seeds
        By seed space name.
    vectors : dict of str to ndarray
        By vector space name: uint8 of shape (bits // 8,) or float32 of shape (dimensions,).
    payload : bytes
        The compact bytes from which ``verify`` and ``draw`` work.
    size : float
        What the kind's scores are divided by (heavy atoms, residues, notes); ≥ 1.  Items of a split are ordered by it,
        and ``Probe.numerator / size`` bounds a score from above.
    keys : dict of str to str
        Identities shared between items and kinds (``inchikey``, ``accession``), for links.
    peaks : dict of str to Peaks
        By peak space name.
    extent : int
        How much of it is searched, in the kind's own unit (letters of a sequence); 0 for what is not.  The statistics
        of a match count with the sum over the collection.
    """

    words: str = ""
    fields: dict[str, FieldValue] = field(default_factory=dict)
    terms: dict[str, NDArray[np.uint64]] = field(default_factory=dict)
    seeds: dict[str, Seeds] = field(default_factory=dict)
    vectors: dict[str, NDArray[Any]] = field(default_factory=dict)
    payload: bytes = b""
    size: float = 1.0
    keys: dict[str, str] = field(default_factory=dict)
    peaks: dict[str, Peaks] = field(default_factory=dict)
    extent: int = 0


@dataclass(frozen=True, slots=True)
class Melody:
    """Notes of one voice, in their order: what items of one kind sing to be found among those of another.

    Parameters
    ----------
    onsets, ends : ndarray of float32, shape (n,)
        Seconds.
    pitches : ndarray of float32, shape (n,)
        Semitones with fractions, 60 is middle C.
    """

    onsets: NDArray[np.float32]
    ends: NDArray[np.float32]
    pitches: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pitches)


@dataclass(slots=True)
class Entry:
    """An item with its place and its features, ready for a split.

    ``source_id`` is the catalog's number of the source; ``path`` and ``locator`` are what a user sees.
    """

    source_id: int
    kind: str
    path: str
    locator: str
    number: int
    title: str
    features: Features


# ---------------------------------------------------------------------------------------------------------- questions
@dataclass(frozen=True, slots=True)
class Terms:
    """Items that hold all `terms` of a term space, or at least `at_least` of them.

    With ``at_least`` the candidates come in the order of how many terms they share.
    """

    space: str
    terms: tuple[int, ...]
    at_least: int | None = None


@dataclass(frozen=True, slots=True)
class TermRange:
    """Items that hold a structural term *t* with ``low <= t <= high``: labels with a count, say."""

    space: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class SeedMatch:
    """Items in which seeds of the query line up on a diagonal (position in item − position in query).

    Parameters
    ----------
    space : str
        A seed space.
    keys, positions : tuple of int
        The query's seeds, parallel.
    flags : tuple of int
        The query's flags, parallel; a posting whose flag differs from the query's votes on the *anti*-diagonal
        (position in item + position in query), as a reverse complement does.  Empty: all zero.
    span : int
        Length of the query on the axis, in the unit of the positions.
    min_votes : int
        Weighted votes that a diagonal bin needs.
    bin_width : int
        Width of a diagonal bin, in the unit of the positions.
    max_occurrences : int
        Keys with more postings than this in a split are left out, rarest first kept; doing so makes the answer
        incomplete and says so, unless `capped_ok`.
    capped_ok : bool
        True if leaving out frequent keys cannot lose a match (the other keys suffice).
    refine : bool
        The handler looks at every seed that lines up (:class:`~nlsearch.handlers.contract.Refiner`) and says which
        items stay candidates, where, and how high they can score.
    bits : tuple of int
        How many of the highest bits of each key count, parallel; the others may be anything: keys that pack what
        follows, first symbol highest, are asked for by any prefix.  Empty: all bits.
    spans : tuple of int
        How much of the query each seed covers from its position on, parallel; needed for `pieces`.
    pieces : int
        Of the seeds, only so many are asked: those with the fewest postings that cover no part of the query twice.
        An item that differs from the query in `pieces` − 1 places has one of any such set.  0: all are asked.
    readings : tuple of int
        Which reading of the query each seed is of, parallel, ascending, 0 to 255: a sound at several speeds.  Seeds of
        different readings do not line up with each other.  Empty: there is one.  Only with `best`.
    best : int
        Only so many places are candidates, those with the most votes, each seed's vote counting the more the rarer its
        key is: ``ln(1 + bins of the axis / (20 postings))``.  Two bins side by side count together, and the place is
        between them; `bin_width` is a power of two.  The handler looks at them (`refine`).  Where a collection has
        several splits, each gives its share and a tenth of all.  0: all that have `min_votes`.
    """

    space: str
    keys: tuple[int, ...]
    positions: tuple[int, ...]
    span: int
    flags: tuple[int, ...] = ()
    min_votes: int = 1
    bin_width: int = 64
    max_occurrences: int = 4096
    capped_ok: bool = False
    refine: bool = False
    bits: tuple[int, ...] = ()
    spans: tuple[int, ...] = ()
    pieces: int = 0
    readings: tuple[int, ...] = ()
    best: int = 0


@dataclass(frozen=True, slots=True)
class Nearest:
    """Items whose vector is at least `minimum` similar to `vector`.

    `vector` holds packed bits or little-endian float32, as the space declares.  The similarity is the space's own,
    scaled to [0, 1]: Tanimoto, ``1 − hamming / bits``, or ``(1 + cosine) / 2``.

    Parameters
    ----------
    space : str
        A vector space.
    vector : bytes
    minimum : float
    limit : int, optional
        Keep only the best; None keeps all.
    lacking : bool
        Items of the kind without a vector in the space are candidates too, with bound 1: for spaces that an item need
        not have.
    weights : (float, float), optional
        In a Tanimoto space, Tversky's index instead, with both weights in [0, 1]: common / (common + α · bits of
        the query alone + β · bits of the item alone).  (1, 1) is Tanimoto, (½, ½) Dice.

    References
    ----------
    A. Tversky, Psychological Review 1977, 84, 327.
    """

    space: str
    vector: bytes
    minimum: float = 0.0
    limit: int | None = None
    lacking: bool = False
    weights: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class PeakMatch:
    """Items whose peaks are like those of the query.

    An item's score is the sum, over the peaks of the query, of the most that one of its peaks within the tolerance is
    worth; an upper bound of any similarity in which each peak is paired once.

    Parameters
    ----------
    space : str
        A peak space.
    positions, weights : tuple of float
        The query's peaks, parallel.
    tolerance : float
        In the unit of the axis, or in ppm of the query's position if `relative`.
    relative : bool
    gain : {"entropy", "product"}
        What a pair is worth: what the entropy of both together says, or the product of the weights.
    mode : {"same", "shifted", "either"}
        Whether peaks are compared where they are, at equal distances from the references, or at either.
    reference : float, optional
        The query's; needed unless `mode` is ``"same"``.
    at_least : int
        How many of the query's peaks must have one within the tolerance.
    minimum : float
        Items that score less are no candidates.
    apart : float, optional
        Only the lists that stand for peaks so far apart (:attr:`Peaks.apart`, or its share if `relative`) are compared;
        all others are candidates with bound 1.  None compares all.
    others : str, optional
        A peak space that holds the lists of those others as they are at this tolerance; they are then compared too.
    """

    space: str
    positions: tuple[float, ...]
    weights: tuple[float, ...]
    tolerance: float
    relative: bool = False
    gain: Literal["entropy", "product"] = "entropy"
    mode: Literal["same", "shifted", "either"] = "same"
    reference: float | None = None
    at_least: int = 1
    minimum: float = 0.0
    apart: float | None = None
    others: str | None = None


@dataclass(frozen=True, slots=True)
class Exact:
    """Items whose keyword field equals `value`; after folding (case, diacritics), unless the field keeps case."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """Items whose keyword field begins with `prefix`; folded as in :class:`Exact`.

    Values of more than 255 characters are not found by a prefix.
    """

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Range:
    """Items whose numeric or date field lies in [low, high]; None is open."""

    field: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """All items of the kind: what is left when nothing narrows a question.

    With `scored`, a handler that can say the scores of many items at once is asked for them.
    """

    scored: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    """Items that satisfy every part."""

    parts: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Items that satisfy at least one part."""

    parts: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """Items of the kind that satisfy no part; the text index decides it, so the parts must be questions to that."""

    parts: tuple[Question, ...]


Question: TypeAlias = (
    Terms | TermRange | SeedMatch | Nearest | PeakMatch | Exact | Prefix | Range | Scan | AllOf | AnyOf | NoneOf
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the value of a field says in the field's own notation.

    Parameters
    ----------
    ask : Question
        Answered exactly by the text index: no seeds, no vectors.
    read_as : str
        How it was understood, where that is not plain: ``"C 8 to 10, N at least 2; other elements are free"``.
    """

    ask: Question
    read_as: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """What one operator of a query asks; data, not code: msgpack-able, so that a plan can travel.

    Parameters
    ----------
    kind, operator : str
        Who compiled it.
    read_as : str
        How the value was understood: ``"SMARTS, 9 atoms, 2 aromatic rings"``.
    ask : Question
        The candidate stage.  For a ``complete`` guarantee it finds a superset of what ``verify`` accepts.
    verification : dict
        What ``verify`` needs: JSON values and bytes.
    guarantee : {"complete", "sound", "approximate"}
    minimum : float
        Verified scores below it are no hits.
    best_tier : {"exact", "near", "related"}
        The best tier that a hit can have.
    numerator : float, optional
        ``min(1, numerator / Features.size)`` bounds a score from above; None: the bound is the question's, else 1.
    exact_floor : float
        Hits of `best_tier` score at least this; a candidate whose bound is lower can only be near.
    related : Nearest, optional
        Neighbours to list, unverified, after all hits when the asker says ``related=yes``.
    searched : Extent, optional
        What there is to search in the collection that is asked, where it is known; the engine fills it in.
    otherwise : Question, optional
        Asked instead of `ask` if the whole query has no hit: what is dearer and seldom needed.
    """

    kind: str
    operator: str
    read_as: str
    ask: Question
    verification: dict[str, Any]
    guarantee: Guarantee
    minimum: float = 0.0
    best_tier: Tier = "exact"
    numerator: float | None = None
    exact_floor: float = 0.0
    related: Nearest | None = None
    searched: Extent | None = None
    otherwise: Question | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to search: the sum of :attr:`Features.extent` over the items of a kind, and their number."""

    total: int
    items: int


@dataclass(frozen=True, slots=True)
class Region:
    """Where on an item's axis a candidate may match: item positions [start, end), with the flag (strand) and votes.

    ``flag`` is 0 where query and item flags agree (same strand) and 1 where they differ; where the question has several
    readings, which of them.  ``at``, where the handler said it, is a position in the query and one in the item through
    which the match goes.  ``expected`` is how many votes the best place has by chance, where votes
    have weights.
    """

    start: int
    end: int
    flag: int
    votes: float
    at: tuple[int, int] | None = None
    expected: float = 0.0


@dataclass(frozen=True, slots=True)
class Anchors:
    """Single seeds of a query that some items share with it, or the best places of one, for the handler to look at.

    Parameters
    ----------
    items : ndarray of uint32, shape (n,)
        Which of the items, by its row in a list; ascending.
    flags : ndarray of uint8, shape (n,)
        0 where query and item flags agree; ascending within an item, and then by diagonal.  Of places: the reading.
    queries : ndarray of uint32, shape (n,)
        Where the seed is in the query.
    targets : ndarray of int64, shape (n,)
        Where it is in the item, rounded down as the space does: it may lie up to ``2 ** shift − 1`` further on.  Of
        places, where the query begins, which may be before the item does.
    votes, expected : ndarray of float32, shape (n,), optional
        Of places: the weighted votes, and how many the best place would have by chance.
    """

    items: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    queries: NDArray[np.uint32]
    targets: NDArray[np.int64]
    votes: NDArray[np.float32] | None = None
    expected: NDArray[np.float32] | None = None

    def only(self, kept: NDArray[np.bool_]) -> Anchors:
        """Return the seeds where `kept` holds; bool, shape (n,)."""
        votes = None if self.votes is None else self.votes[kept]
        expected = None if self.expected is None else self.expected[kept]
        return Anchors(self.items[kept], self.flags[kept], self.queries[kept], self.targets[kept], votes, expected)


@dataclass(frozen=True, slots=True)
class Refined:
    """What a handler makes of anchors.

    Parameters
    ----------
    scores : ndarray of float32, shape (n,)
        No item scores higher than this when it is verified; 0 for those that are no hits.
    regions : mapping of int to list of Region
        Where to verify each item with a score, by its row, best first.
    """

    scores: NDArray[np.float32]
    regions: Mapping[int, list[Region]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verified match: score in [0, 1], tier, and evidence in the source's own coordinates."""

    score: float
    tier: Tier
    evidence: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Check:
    """A probe, the regions at which its candidate stage found an item, and the verdict it gave."""

    probe: Probe
    regions: tuple[Region, ...]
    verdict: Verdict


# ------------------------------------------------------------------------------------------------------------ answers
@dataclass(frozen=True, slots=True)
class Item:
    """One findable thing as a user sees it.

    ``id`` is path + locator and stable across runs; ``fields`` holds the kind's declared fields, ``name`` and, where
    there are any, ``accession`` and ``warnings``.
    """

    id: str
    kind: str
    title: str
    path: str
    locator: str
    fields: Mapping[str, FieldValue]


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that answers a query, with the proof.

    ``checks`` are the compiled operators that it satisfies and where, from which ``Collection.verify`` re-checks it.
    """

    item: Item
    score: float
    tier: Tier
    evidence: dict[str, Json]
    checks: tuple[Check, ...] = ()

    def to_dict(self) -> dict[str, Json]:
        """Return the JSON object that ``--json`` prints for the hit."""
        return {
            "id": self.item.id,
            "kind": self.item.kind,
            "title": self.item.title,
            "path": self.item.path,
            "locator": self.item.locator,
            "score": self.score,
            "tier": self.tier,
            "evidence": self.evidence,
            "fields": dict(self.item.fields),
        }


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing or another rendering: ``media_type`` (``image/svg+xml``, ``image/png``, ``audio/wav``) and ``data``."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """A source or record that gave no item, and why.  ``locator`` is ``""`` for a whole source."""

    path: str
    locator: str
    reason: str
    code: str
