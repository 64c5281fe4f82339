"""What UniProt's two notations share: names of features, places, and the items of an entry.

Conventions
-----------
Types of features are named as UniProt's XML and web pages name them.  An end that is not known is ``?``, one that lies
outside of the chain has ``<`` or ``>``.  Bonds join residues: their location is ``bond(36,180)``, as in GenPept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from nlsearch.handlers.sequences.records import PROTEIN, Chain, ChainFeature, Place
from nlsearch.handlers.sequences.residues import Gathered
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

LONGEST_COMMENTS = 20_000
TYPES = {
    "INIT_MET": "initiator methionine",
    "SIGNAL": "signal peptide",
    "PROPEP": "propeptide",
    "TRANSIT": "transit peptide",
    "CHAIN": "chain",
    "PEPTIDE": "peptide",
    "TOPO_DOM": "topological domain",
    "TRANSMEM": "transmembrane region",
    "INTRAMEM": "intramembrane region",
    "DOMAIN": "domain",
    "REPEAT": "repeat",
    "CA_BIND": "calcium-binding region",
    "ZN_FING": "zinc finger region",
    "DNA_BIND": "DNA-binding region",
    "NP_BIND": "nucleotide phosphate-binding region",
    "REGION": "region of interest",
    "COILED": "coiled-coil region",
    "MOTIF": "short sequence motif",
    "COMPBIAS": "compositionally biased region",
    "ACT_SITE": "active site",
    "METAL": "metal ion-binding site",
    "BINDING": "binding site",
    "SITE": "site",
    "NON_STD": "non-standard amino acid",
    "MOD_RES": "modified residue",
    "LIPID": "lipid moiety-binding region",
    "CARBOHYD": "glycosylation site",
    "DISULFID": "disulfide bond",
    "CROSSLNK": "cross-link",
    "VAR_SEQ": "splice variant",
    "VARIANT": "sequence variant",
    "MUTAGEN": "mutagenesis site",
    "UNSURE": "unsure residue",
    "CONFLICT": "sequence conflict",
    "NON_CONS": "non-consecutive residues",
    "NON_TER": "non-terminal residue",
    "HELIX": "helix",
    "STRAND": "strand",
    "TURN": "turn",
}
_BONDS = frozenset({"disulfide bond", "cross-link"})
_EVIDENCE = re.compile(r"\s*\{ECO:[^{}]*\}")


class End(NamedTuple):
    """One end of a feature: its residue from 1, None if it is not known, and the mark before it."""

    at: int | None
    mark: str = ""

    def __str__(self) -> str:
        """Return it as it is written in a location."""
        return self.mark + (str(self.at) if self.at is not None else "" if self.mark == "?" else "?")


@dataclass(slots=True)
class Told:
    """A feature as an entry tells it: type, text, id, ends, and whether it lies in another isoform."""

    type: str
    text: str
    begin: End
    end: End
    feature_id: str = ""
    words: list[str] = field(default_factory=list)
    is_elsewhere: bool = False


def plain(text: str) -> str:
    """Return a text in one line, without the tags of evidence."""
    return _EVIDENCE.sub("", " ".join(text.split()))


def referenced(database: str, identity: str) -> str:
    """Return a cross-reference as ``database:id``."""
    return identity if identity.startswith(f"{database}:") else f"{database}:{identity}"


def unique(values: Iterator[str] | list[str]) -> list[str]:
    """Return the values that say something, each once."""
    return list(dict.fromkeys(value for value in values if value))


def entry_items(
    chain: Chain, letters: str, features: list[Told], number: int, limits: Limits
) -> Iterator[RawItem | Skipped]:
    """Yield the chain of an entry and its features, numbered from `number` + 1."""
    gathered = Gathered(limits.record_bytes)
    gathered.add(letters.encode("ascii", "replace"))
    accession = chain.accessions[0] if chain.accessions else chain.name
    if gathered.wrong is not None:
        at, letter = gathered.wrong
        yield Skipped(number + 1, f"{letter!r} at letter {at:,} is no residue", record_id=accession or None)
        return
    chain.residues = gathered.finish()
    chain.known = {name: kept for name, values in chain.known.items() if (kept := unique(values))}
    chain.text = unique(chain.text)
    made = [_feature(told, chain) for told in features]
    chain.places = sorted(
        {Place(start, end, feature.name) for feature in made for start, end in feature.parts},
        key=lambda place: (place.start, -place.end, place.name),
    )
    yield RawItem(chain, number + 1, chain.name, accession or None, kind=PROTEIN, warnings=gathered.warnings())
    for at, (feature, told) in enumerate(zip(made, features, strict=True), start=number + 2):
        own = feature.feature_id or f"{feature.type.replace(' ', '_')}:{feature.location}"
        odd = _odd(told, feature, len(chain.residues))
        yield RawItem(feature, at, feature.name, f"{accession}:{own}", kind=PROTEIN, warnings=odd)


def _odd(told: Told, feature: ChainFeature, length: int) -> list[str]:
    """Say that a place is none, where the entry means one in this chain."""
    if feature.parts or told.is_elsewhere or None in {told.begin.at, told.end.at}:
        return []
    return [f"{feature.location} is no place in a chain of {length:,} residues"]


def _feature(told: Told, chain: Chain) -> ChainFeature:
    text = plain(told.text).rstrip(".")
    name = text if 0 < len(text) <= 120 else told.type
    location, parts = _place(told, len(chain.residues))
    words = [text, *told.words, told.feature_id]
    return ChainFeature(told.type, name, location, parts, chain, {}, unique(words), told.feature_id)


def _place(told: Told, length: int) -> tuple[str, list[tuple[int, int]]]:
    begin, end = told.begin, told.end
    single = begin == end
    if told.type in _BONDS and not single:
        location = f"bond({begin},{end})"
        parts = [(each.at - 1, each.at) for each in (begin, end) if each.at is not None and 1 <= each.at <= length]
        return location, [] if told.is_elsewhere else parts
    location = str(begin) if single else f"{begin}..{end}"
    known = begin.at is not None and end.at is not None and 1 <= begin.at <= end.at <= length
    if not known or told.is_elsewhere:
        return location, []
    assert begin.at is not None  # noqa: S101 - known
    assert end.at is not None  # noqa: S101 - known
    return location, [(begin.at - 1, end.at)]
