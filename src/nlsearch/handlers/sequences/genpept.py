"""Records of proteins in GenBank's notation (GenPept), from what Biopython parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nlsearch.handlers.sequences.headers import versioned
from nlsearch.handlers.sequences.locations import location_text, parts_of
from nlsearch.handlers.sequences.parsed import (
    description_of,
    letters_of,
    name_of,
    qualifiers_of,
    said,
    words_of,
)
from nlsearch.handlers.sequences.records import PROTEIN, Chain, ChainFeature, Place
from nlsearch.handlers.sequences.residues import Gathered
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from Bio.SeqFeature import SeqFeature
    from Bio.SeqRecord import SeqRecord

_SPECIES = re.compile(r"\s*\[[^\[\]]+\]$")
_TAXON = re.compile(r"taxon:(\d+)")
_TAKEN = {
    "gene": "gene",
    "gene_synonym": "gene_synonym",
    "locus_tag": "locus_tag",
    "old_locus_tag": "locus_tag",
    "product": "product",
    "EC_number": "ec",
    "db_xref": "db_xref",
    "coded_by": "coded_by",
}
_NAMES = ("region_name", "site_type", "product", "gene", "name", "bond_type", "heterogen", "note")
WHOLE = frozenset({"source", "Protein", "CDS", "gene"})
"""Features that say something of the whole chain; its record has their words."""


def chain_items(parsed: SeqRecord, notes: list[str], number: int, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the record of a protein and its features, numbered from `number` + 1."""
    letters = letters_of(parsed)
    gathered = Gathered(limits.record_bytes)
    gathered.add(letters or b"")
    if gathered.wrong is not None or gathered.is_over:
        at, letter = gathered.wrong or (gathered.length, "the end")
        yield Skipped(number + 1, f"{letter!r} at letter {at:,} is no residue", record_id=parsed.id)
        return
    chain = _chain(parsed, gathered.finish())
    features = [_feature(feature, chain) for feature in parsed.features if feature.type not in WHOLE]
    chain.places = sorted(
        {Place(start, end, feature.name) for feature in features for start, end in feature.parts},
        key=lambda place: (place.start, place.end, place.name),
    )
    notes = notes if letters is not None else [*notes, "the record comes without its sequence"]
    odd = gathered.warnings() if letters is not None else []
    yield RawItem(chain, number + 1, chain.name, chain.name or None, kind=PROTEIN, warnings=[*notes, *odd])
    for at, feature in enumerate(features, start=number + 2):
        yield RawItem(feature, at, feature.name, f"{chain.name}:{feature.type}:{feature.location}", kind=PROTEIN)


def _chain(parsed: SeqRecord, residues: bytes) -> Chain:
    facts: dict[str, Any] = parsed.annotations
    name = name_of(parsed)
    accessions = [*(versioned(name) if name else []), *map(str, facts.get("accessions", []))]
    chain = Chain(name, residues, _SPECIES.sub("", description_of(parsed)), list(dict.fromkeys(accessions)))
    known: dict[str, list[str]] = {
        "protein_id": versioned(name) if name else [],
        "organism": [said(facts.get("organism"))],
        "lineage": ["; ".join(facts.get("taxonomy", []))],
        "keywords": [said(word) for word in facts.get("keywords", [])],
        "db_xref": [*map(str, parsed.dbxrefs)],
    }
    chain.text = words_of(parsed)
    for feature in parsed.features:
        if feature.type in WHOLE:
            told = qualifiers_of(feature.qualifiers, frozenset())
            for word, field in _TAKEN.items():
                known.setdefault(field, []).extend(told.get(word, []))
            chain.text += [value for values in told.values() for value in values]
    known["taxid"] = _TAXON.findall(" ".join(known["db_xref"]))
    chain.known = {field: list(dict.fromkeys(filter(None, values))) for field, values in known.items()}
    chain.text = list(dict.fromkeys(chain.text))
    return chain


def _feature(feature: SeqFeature, chain: Chain) -> ChainFeature:
    told = qualifiers_of(feature.qualifiers, frozenset())
    known = {field: told[word] for word, field in _TAKEN.items() if word in told}
    return ChainFeature(
        feature.type,
        next((told[name][0] for name in _NAMES if told.get(name, [""])[0]), feature.type),
        location_text(feature.location),
        [(start, end) for start, end, _ in parts_of(feature.location)],
        chain,
        known,
        list(dict.fromkeys(value for values in told.values() for value in values)),
    )
