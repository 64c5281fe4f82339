"""What a kind of content must offer, so that the engine can index and search it.

A handler knows one domain and nothing of the engine.  Its module loads without the domain library: the static facts
(`kind`, `formats`, `fields`, `operators`, `spaces`) are plain data at class level, and heavy imports happen inside
methods.  Everything it derives is deterministic: equal input gives equal :class:`~nlsearch.model.Features` in every
process and under every hash seed.

The life of a handler: ``read`` and ``features`` run in an isolated worker; so does ``compile`` of a file.
``compile`` of a text, ``verify`` and ``draw`` run in the caller's process, on bytes that ``features`` made.

A handler that can tell of many payloads at once whether they match has a method ``decide`` too (:class:`Decider`); one
that can say their scores has ``scores`` (:class:`Scorer`); one that looks at single seeds has
``refine`` (:class:`Refiner`).  One with operators whose value names items has
``compile_named`` (:class:`Namer`), which gets what was found under that name instead of looking for it.  An operator
whose value is a file, of whichever kind, declares the formats (:attr:`~nlsearch.declarations.Operator.reads`).

``read`` is told the caps in force.  A handler whose other methods have caps too has an attribute ``limits``
(:class:`~nlsearch.limits.Limits`); the registry sets it before the handler is used.

A handler whose files may hold items of other kinds (a list of molecules with reactions in it) names those kinds in a
tuple ``yields`` and says the kind in each such :attr:`~nlsearch.model.RawItem.kind`.  The features of such an item come
from the handler of its own kind, so both must agree on what ``RawItem.content`` is; and a file is read again when the
version of any of these handlers rises.

A handler whose items can be had in other forms than a drawing (sound, a file for another program) declares them in a
tuple ``renderings`` (:class:`~nlsearch.declarations.Rendering`) and makes them in a method ``render``
(:class:`Renderer`), which runs where ``draw`` does.

A handler that can draw a query beside what it found has ``draw_beside`` (:class:`Comparer`).

Items of one kind may ask for those of another by what both have: a melody.  A handler that can say the melodies of its
items has ``melodies`` (:class:`Singer`); one whose items can be asked for by melodies has ``compile_melodies``
(:class:`Hearer`).  The engine joins them where ``like`` names another kind than the example's own; the handlers need
not know of each other.

What a collection may choose about its index (more fingerprints, say) a handler declares in an attribute ``settings``, a
tuple of :class:`~nlsearch.declarations.Setting`, and finds in an attribute ``chosen``
(:data:`~nlsearch.declarations.Chosen`), which the registry sets too.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from nlsearch.declarations import (
    Buffer,
    Chosen,
    Companions,
    Copies,
    Field,
    FieldType,
    Format,
    Operator,
    Option,
    PeakSpace,
    Rendering,
    SeedSpace,
    Setting,
    Space,
    TermSpace,
    VectorSpace,
)
from nlsearch.limits import Limits
from nlsearch.model import (
    Anchors,
    Features,
    Melody,
    Picture,
    Probe,
    RawItem,
    Reading,
    Refined,
    Region,
    Scalar,
    Skipped,
    Verdict,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "COMMON_FIELDS",
    "COMMON_OPTIONS",
    "Buffer",
    "Chosen",
    "Companions",
    "Comparer",
    "Copies",
    "Decider",
    "Field",
    "FieldType",
    "Format",
    "Handler",
    "Hearer",
    "Namer",
    "Operator",
    "Option",
    "PeakSpace",
    "Refiner",
    "Renderer",
    "Rendering",
    "Scorer",
    "SeedSpace",
    "Setting",
    "Singer",
    "Source",
    "Space",
    "Speller",
    "TermSpace",
    "Translator",
    "VectorSpace",
    "decider",
    "hearer",
    "is_path",
    "refiner",
    "scorer",
    "singer",
    "speller",
]


COMMON_FIELDS: tuple[Field, ...] = (
    Field("kind", "keyword", "kind of content", facet=True, example="molecule"),
    Field("name", "text", "the item's own name", example="aspirin"),
    Field("accession", "keyword", "identifier in the database that the item comes from", example="NC_005816"),
    Field("path", "text", "words of the path of the file", example="medicines"),
    Field("warnings", "text", "what was odd when the item was read"),
)
"""Fields that items of every kind have."""

COMMON_OPTIONS: tuple[Option, ...] = (
    Option("related", "boolean", "also list unverified neighbours, after all hits", default=False),
)
"""Options that every operator takes; the engine acts on them, handlers never see them."""


@runtime_checkable
class Source(Protocol):
    """A file, or a member of a container, as a handler sees it: decompressed, seekable, read-only."""

    @property
    def path(self) -> str:
        """The absolute path as users see it; members as ``archive.zip/inner/name``."""
        ...

    @property
    def name(self) -> str:
        """The last part of the path, without a compression suffix (``.gz``)."""
        ...

    @property
    def format(self) -> str:
        """The name of the detected :class:`Format`."""
        ...

    @property
    def companions(self) -> Sequence[Source]:
        """The files beside it that its format declares to be read with it (:attr:`Format.companions`), by name.

        They go equally well with it by their names; which of them is the right one their content has to say.  What the
        source gives may depend on them: it is read again when one of them appears, changes or goes.
        """
        ...

    def open(self) -> BinaryIO:
        """Open the decompressed bytes for reading; the caller closes it."""
        ...


class Handler(Protocol):
    """One kind of content.  See the module docstring for what runs where."""

    kind: str
    version: int
    formats: tuple[Format, ...]
    fields: tuple[Field, ...]
    operators: tuple[Operator, ...]
    spaces: tuple[Space, ...]
    requires: tuple[str, ...]
    """Names of the modules that must be importable, e.g. ``("rdkit",)``; missing ones raise ``MissingExtra``."""

    def read(self, source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
        """Yield every record of `source` as an item, or as skipped with its reason.

        Raises
        ------
        InputError
            If the file as a whole cannot be read (its header does not parse).  Items already yielded are kept.
        """
        ...

    def features(self, item: RawItem) -> Features:
        """Derive what the index needs.  Raises ``InputError`` to turn the item into a skipped record."""
        ...

    def compile(self, operator: str, value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
        """Turn an operator's value into a probe.

        Parameters
        ----------
        operator : str
            One of the handler's operators; ``"like"`` for query by example.
        value : str, bytes or Source
            The text of the query; for ``like`` a file (Source, in a worker) or the payload of an indexed item (bytes);
            for an operator that reads files (:attr:`Operator.reads`) such a file (Source, in a worker).
        options : mapping
            Checked against the operator's options and completed with their defaults by the engine.

        Raises
        ------
        QuerySyntax
            If the value does not parse; the message says what and where.
        """
        ...

    def verify(self, probe: Probe, payload: Buffer, regions: Sequence[Region] = ()) -> Verdict | None:
        """Decide whether the item matches.  Pure: depends on its arguments only.

        Raises
        ------
        QueryTooCostly
            If that takes more than a cap allows; the item is then listed as undecided, and the answer as incomplete.

        With `regions` (from a seed question) the handler need only look there; without, everywhere.
        """
        ...

    def draw(self, payload: Buffer, verdict: Verdict | None = None) -> Picture:
        """Draw the item, with the match highlighted when there is one."""
        ...


@runtime_checkable
class Decider(Protocol):
    """What a handler may offer besides: to tell of many items at once whether they match, without saying where.

    Candidates that are no hits are then never verified, and an exact count verifies only what is undecided.
    """

    def decide(self, probe: Probe, payloads: list[bytes | memoryview]) -> bytes | None:
        """Return for each item ``NO`` or ``YES`` (``verify`` would give None, or a verdict) or ``UNDECIDED``.

        None if nothing can be said about this probe, whatever the items (`payloads` may be empty).
        """
        ...


@runtime_checkable
class Scorer(Protocol):
    """What a handler may offer besides: to say the scores of many items at once, without saying where they match.

    Candidates whose score no organ bounds are then verified in the order of their scores.
    """

    def scores(self, probe: Probe, payloads: list[bytes | memoryview]) -> NDArray[np.float32] | None:
        """Return the score that ``verify`` would give each item, 0 for None, NaN where it is not known.

        float32, shape (n,), within 1e-6; None if nothing can be said about this probe.
        """
        ...


@runtime_checkable
class Refiner(Protocol):
    """What a handler with seeds may offer besides: to look at single seeds of many items at once (``refine``)."""

    def refine(self, probe: Probe, payloads: list[bytes | memoryview], anchors: Anchors) -> Refined:
        """Return which items stay candidates, where they have to be verified, and how high they can score.

        ``verify`` is then called with these regions, and finds what was found here.
        """
        ...


@runtime_checkable
class Translator(Protocol):
    """A handler with fields whose values have a notation of their own (:attr:`Field.notation`)."""

    def translate(self, field: str, value: str) -> Reading:
        """Turn the value of such a field into a question that the text index answers exactly.

        It runs in the caller's process.  Where several kinds have a field of that name, each reads the value for its
        own items.

        Raises
        ------
        QuerySyntax
            If the value does not parse; the message says what, at which character, and what would be right.
        """
        ...


@runtime_checkable
class Namer(Protocol):
    """A handler with operators whose value names items (:attr:`Operator.resolves`)."""

    def compile_named(
        self, operator: str, value: str, payloads: Sequence[Buffer], options: Mapping[str, Scalar]
    ) -> Probe:
        """Turn the value of such an operator into a probe.

        Parameters
        ----------
        operator, value : str
        payloads : sequence of bytes
            Of the items of the kind that the value names; none if it names nothing.
        options : mapping
            As for ``compile``.

        Raises
        ------
        QuerySyntax
            If the options do not fit.
        """
        ...


@runtime_checkable
class Speller(Protocol):
    """A handler whose items can be written as the text that operators take (:attr:`Operator.value_kind`)."""

    def spell(self, payload: Buffer) -> str:
        """Return an item's content as text, ``""`` if it has none: the letters of a sequence."""
        ...


@runtime_checkable
class Renderer(Protocol):
    """A handler whose items can be had in other forms than a drawing."""

    renderings: tuple[Rendering, ...]

    def render(self, payload: Buffer, verdict: Verdict | None, form: str) -> Picture:
        """Return the item as the rendering called `form`, one of ``renderings``; with a verdict, what matched.

        Deterministic, and bounded whatever the payload: what is left out is said in the rendering's help.

        Raises
        ------
        MissingExtra
            If a library that only this rendering needs is not installed.
        """
        ...


@runtime_checkable
class Comparer(Protocol):
    """A handler that can draw what was asked beside what was found, where an item's payload alone cannot show it."""

    def draw_beside(self, probe: Probe, payload: Buffer, verdict: Verdict) -> Picture:
        """Draw a hit: the query of a probe beside the part of the item in which the verdict found it."""
        ...


@runtime_checkable
class Singer(Protocol):
    """A handler whose items have melodies."""

    def melodies(self, payload: Buffer) -> Sequence[Melody]:
        """Return the melodies of an item, the longest first; none if it has none."""
        ...


@runtime_checkable
class Hearer(Protocol):
    """A handler whose items can be asked for by melodies, whichever kind they are from."""

    def compile_melodies(
        self, operator: str, melodies: Sequence[Melody], said: str, options: Mapping[str, Scalar]
    ) -> Probe:
        """Turn the melodies of an item of another kind into a probe.

        Parameters
        ----------
        operator : str
            ``"like"``.
        melodies : sequence of Melody
            As ``melodies`` of the other handler gives them.
        said : str
            What they are of, in words.
        options : mapping
            As for ``compile``.

        Raises
        ------
        QuerySyntax
            If there is too little in them to be found.
        """
        ...


@functools.cache
def _has_all(made: type, protocol: type) -> bool:
    return issubclass(made, protocol)


def decider(handler: Handler) -> Decider | None:
    """Return the handler as one that decides about many items, None if it does not (asked at every query)."""
    return handler if _has_all(type(handler), Decider) else None  # type: ignore[return-value]


def scorer(handler: Handler) -> Scorer | None:
    """Return the handler as one that scores many items, None if it does not (asked at every query)."""
    return handler if _has_all(type(handler), Scorer) else None  # type: ignore[return-value]


def refiner(handler: Handler) -> Refiner | None:
    """Return the handler as one that looks at single seeds, None if it does not (asked at every query)."""
    return handler if _has_all(type(handler), Refiner) else None  # type: ignore[return-value]


def speller(handler: Handler) -> Speller | None:
    """Return the handler as one that writes its items as text, None if it does not."""
    return handler if _has_all(type(handler), Speller) else None  # type: ignore[return-value]


def singer(handler: Handler) -> Singer | None:
    """Return the handler as one whose items have melodies, None if they have none."""
    return handler if _has_all(type(handler), Singer) else None  # type: ignore[return-value]


def hearer(handler: Handler) -> Hearer | None:
    """Return the handler as one that can be asked with melodies, None if it cannot."""
    return handler if _has_all(type(handler), Hearer) else None  # type: ignore[return-value]


def is_path(value: str) -> bool:
    """Say whether the value of a ``like`` names an existing file."""
    return os.path.isfile(value)  # noqa: PTH113 - Path() refuses a NUL byte, which a query may hold
