"""What a kind declares of itself, as plain data: formats, fields, operators with their options, spaces of the organs.

The index stores declarations beside what it built from them, so they live below both the index and the handlers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from nlsearch.model import Guarantee, Scalar

Buffer: TypeAlias = bytes | memoryview
FieldType: TypeAlias = Literal["text", "keyword", "integer", "float", "boolean", "date"]


@dataclass(frozen=True, slots=True)
class Companions:
    """Which files beside a file belong to it, as the sequences do that a table of features is about.

    A companion lies in the same folder (of the same archive), is of one of `formats`, and has the stem of the file: its
    name without the suffixes of format and compression (``sample.gff3`` and ``sample.fna.gz``; ``sample.fna.gff3``
    counts as well).  Only if there is none, files count whose stems go together by one of `stems`.

    Parameters
    ----------
    formats : tuple of str
        Names of formats of the same kind.
    stems : tuple of (str, str)
        Two regular expressions each, for whole stems: one of the file's own and one of the companion's, both with one
        group, which has to hold the same in both.
    """

    formats: tuple[str, ...]
    stems: tuple[tuple[str, str], ...] = ()

    def asked(self, stem: str) -> list[tuple[int, str]]:
        """Return the keys by which a file of this stem looks for companions: first its stem, then those of rules."""
        return [(0, stem), *self._by_rules(stem, 0)]

    def told(self, stem: str, name: str) -> list[tuple[int, str]]:
        """Return the keys under which a file of this stem and name may be found as a companion."""
        return [(0, stem), (0, name), *self._by_rules(stem, 1)]

    def _by_rules(self, stem: str, side: int) -> Iterator[tuple[int, str]]:
        for number, rule in enumerate(self.stems, start=1):
            found = re.fullmatch(rule[side], stem)
            if found:
                yield number, found.group(1)


@dataclass(frozen=True, slots=True)
class Format:
    """A file format that the handler reads.

    Parameters
    ----------
    name : str
        As its field calls it: ``"SDF"``.
    media_type : str
    suffixes : tuple of str
        Lower case, with the dot: ``(".sdf", ".sd")``.
    magic : tuple of bytes
        Prefixes that only this format has.
    pattern : bytes
        A regular expression (bytes, ``re.match`` with ``re.DOTALL | re.MULTILINE``) that the first 8 KiB of such a file
        match; ``b""`` if the format cannot be told from its bytes, and then the suffix decides.
    companions : Companions, optional
        Which files beside such a file are read with it; the handler finds them in
        :attr:`~nlsearch.handlers.contract.Source.companions`.
    """

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    magic: tuple[bytes, ...] = ()
    pattern: bytes = b""
    companions: Companions | None = None

    def fits(self, head: bytes) -> bool:
        """Say whether the first 8 KiB of a file match the pattern."""
        return bool(self.pattern) and re.match(self.pattern, head, re.DOTALL | re.MULTILINE) is not None

    def stem(self, name: str) -> str:
        """Return a file's name (without a compression suffix) without the suffix of this format, or else its last."""
        ends = [end for end in self.suffixes if name.lower().endswith(end) and len(name) > len(end)]
        return name[: -len(max(ends, key=len))] if ends else name.rpartition(".")[0] or name

    def begins(self, head: bytes) -> bool:
        """Say whether the first 8 KiB of a file are those of this format, by magic or by pattern."""
        return head.startswith(self.magic) or self.fits(head)


@dataclass(frozen=True, slots=True)
class Field:
    """A typed field that a person can filter by.

    ``text`` fields are searched by word and phrase, ``keyword`` fields by whole value; numbers and dates
    (ISO 8601 ``YYYY-MM-DD`` with optional time) by value and range.

    Parameters
    ----------
    name : str
    type : str
    help : str
        What it is, with its definition.
    unit : str
        ``""`` where there is none.
    facet : bool
        Whether it can be counted.
    example : str
        A value.
    case : bool
        Whether a keyword is compared as it stands.  Otherwise it is folded: case and diacritics do not count.
    notation : str
        How values are written, if the field has a notation of its own.  The handler's ``translate`` reads them.
    """

    name: str
    type: FieldType
    help: str
    unit: str = ""
    facet: bool = False
    example: str = ""
    case: bool = False
    notation: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of an operator; `choices` lists the values of an enumeration, `default` is what holds without it."""

    name: str
    type: Literal["text", "integer", "float", "boolean"]
    help: str
    default: Scalar | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Copies:
    """When two items of a kind are called copies of each other, by an operator whose value may be an item.

    Each has to be found with the other, and the score of the pair is the lower one: a score that says how much of the
    query is in the item does not make a part a copy of the whole.

    Parameters
    ----------
    score : float
        From which score on, in [0, 1].
    help : str
        What a pair with that score has in common, and why it lies there.
    among : (str, tuple of str), optional
        A keyword field and values: only items that have one of them are compared, unless the asker asks for that field.
        For kinds with items that are places in others.
    options : tuple of (str, scalar)
        Options of the operator that hold unless the asker gives them, for those items that can be asked with them.
    """

    score: float
    help: str
    among: tuple[str, tuple[str, ...]] | None = None
    options: tuple[tuple[str, Scalar], ...] = ()


@dataclass(frozen=True, slots=True)
class Operator:
    """A structural question of the kind.

    Parameters
    ----------
    name : str
    help : str
        One sentence; what relation a hit satisfies.
    example : str
        A whole query that finds something in ``examples/collection``.
    guarantee : {"complete", "sound", "approximate"}
    score : str
        How the score in [0, 1] is defined.
    options : tuple of Option
    value : str
        What the value is: ``"SMARTS"``, ``"a file or item id"``.
    resolves : tuple of str
        Fields of the kind.  If there are some, the value names items: those that have it in one of these fields are
        looked up first, and the handler's ``compile_named`` is given their payloads.
    value_kind : str
        The kind whose items, written as text, are values (:class:`~nlsearch.handlers.contract.Speller`), so that all
        records of a file can be asked with; ``""`` if there is none.
    copies : Copies, optional
        Of ``like``: when two items are copies of each other.  None: the kind has no such relation.
    reads : tuple of Format
        Formats of files, of any kind.  If there are some, the value names a file of one of them, or an item that was
        read from such a file, and the handler's ``compile`` is given the file, in a worker.  ``like`` takes such files
        besides those of the kind's own formats.
    """

    name: str
    help: str
    example: str
    guarantee: Guarantee
    score: str
    options: tuple[Option, ...] = ()
    value: str = "text"
    resolves: tuple[str, ...] = ()
    value_kind: str = ""
    copies: Copies | None = None
    reads: tuple[Format, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """What a collection may choose about the index of a kind: any of `choices`, none of them, or several.

    Features depend on it, so items of the kind are read again when it changes.

    Parameters
    ----------
    name : str
        People write ``kind.name=choice,choice``.
    help : str
        One sentence; what is gained and what it costs.
    choices : tuple of str
    default : tuple of str
        What holds until the collection chooses.
    """

    name: str
    help: str
    choices: tuple[str, ...]
    default: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendering:
    """Another form than its drawing in which an item can be had, or the part of it that matched: sound, a file.

    Parameters
    ----------
    name : str
        People write ``nlsearch draw ITEM --as NAME``: lower case, no spaces.
    media_type : str
        Of what is written: ``"audio/wav"``.
    suffix : str
        Of a file of it, lower case, with the dot: ``".wav"``.
    help : str
        What it is, with its limits.
    """

    name: str
    media_type: str
    suffix: str
    help: str


Chosen: TypeAlias = Mapping[str, tuple[str, ...]]
"""What holds of a kind's settings: by name, in the order of the setting's choices."""


@dataclass(frozen=True, slots=True)
class TermSpace:
    """A set of structural terms in the text index."""

    name: str


@dataclass(frozen=True, slots=True)
class SeedSpace:
    """An axis of positional keys in the seed index.

    Parameters
    ----------
    name : str
        ``"nucleotide.syncmer"``.
    key_bits : int
        Keys are below ``2 ** key_bits``.  Up to 24 bits they address a table directly; above, they are sorted.
    shift : int
        Positions are stored divided by ``2 ** shift`` (a coarse position is enough to find a diagonal bin).
    flag_bits : int
        Bits of flag kept beside each position (0 or 1).
    """

    name: str
    key_bits: int
    shift: int = 0
    flag_bits: int = 0


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """Fixed-length vectors or bit sets in the vector index.

    ``dimensions`` counts bits for ``tanimoto`` and ``hamming`` (a multiple of 64) and floats for ``cosine``.
    """

    name: str
    dimensions: int
    metric: Literal["tanimoto", "hamming", "cosine"]


@dataclass(frozen=True, slots=True)
class PeakSpace:
    """Lists of peaks in the peak index: positions on one axis, each with a weight."""

    name: str


Space: TypeAlias = TermSpace | SeedSpace | VectorSpace | PeakSpace
