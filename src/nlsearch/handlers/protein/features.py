"""Features: words, fields, links and payload of a protein or of one of its features."""

from __future__ import annotations

import re

from nlsearch.handlers.protein.facts import RECORD_TYPE
from nlsearch.handlers.protein.payload import encode
from nlsearch.handlers.sequences.aminoacids import CODES
from nlsearch.handlers.sequences.names import gene_names
from nlsearch.handlers.sequences.packed import refget
from nlsearch.handlers.sequences.records import Chain, ChainFeature, Place
from nlsearch.handlers.sequences.residues import average_mass, digest
from nlsearch.model import Features, FieldValue, RawItem

_GO = re.compile(r"GO:\d{7}")
_SINGLE = frozenset({"entry_name", "gene", "organism", "lineage", "existence", "coded_by", "product"})
_OF_RECORD = ("organism", "lineage", "taxid", "gene", "gene_synonym", "locus_tag", "existence", "entry_name")
"""What a feature has from the record that carries it."""


def features_of(item: RawItem) -> Features:
    """Return the features of what the readers give."""
    content = item.content
    return _feature(content) if isinstance(content, ChainFeature) else _record(content)


def _filled(values: dict[str, FieldValue | None]) -> dict[str, FieldValue]:
    return {name: value for name, value in values.items() if value is not None and value not in ("", [])}


def _value(name: str, values: list[str]) -> FieldValue:
    """Return the values of a field: one text where the field has one by its nature and there is one."""
    return values[0] if len(values) == 1 and name in _SINGLE else values


def _given(known: dict[str, list[str]]) -> dict[str, FieldValue | None]:
    return {name: _value(name, values) for name, values in known.items()}


def _go(known: dict[str, list[str]], text: list[str]) -> list[str]:
    return sorted(set(_GO.findall(" ".join([*known.get("db_xref", []), *known.get("go", []), *text]))))


def _words(known: dict[str, list[str]], *texts: str) -> str:
    """Return all that people may look for: the texts, then every value, each once."""
    every = [*texts, *(value for values in known.values() for value in values)]
    return " \n".join(dict.fromkeys(text for text in every if text))


def _record(chain: Chain) -> Features:
    residues = chain.residues
    own = digest(residues)
    name = refget(own) if residues else None
    fields = _filled(
        {
            **_given(chain.known),
            "name": chain.name,
            "accession": chain.accessions if len(chain.accessions) > 1 else "".join(chain.accessions),
            "description": chain.description,
            "gene_name": gene_names(chain.known),
            "go": _go(chain.known, chain.text),
            "reviewed": chain.is_reviewed,
            "length": len(residues),
            "mass_da": average_mass(residues),
            "feature": RECORD_TYPE,
            "record": chain.accessions or chain.name,
            "start": 1 if residues else None,
            "end": len(residues) or None,
            "refget": name,
            "protein_refget": name,
        }
    )
    keys = {
        "accession": chain.accessions[0] if chain.accessions else "",
        "protein_id": chain.known.get("protein_id", [""])[0],
        "protein_refget": name or "",
    }
    return Features(
        words=_words(chain.known, chain.name, chain.description, *chain.text),
        fields=fields,
        payload=encode(residues.translate(CODES), chain.name, chain.places, digest=own),
        extent=len(residues),
        keys={key: value for key, value in keys.items() if value},
    )


def _feature(feature: ChainFeature) -> Features:
    chain, residues = feature.record, feature.residues
    own = digest(residues)
    known = {name: chain.known[name] for name in _OF_RECORD if name in chain.known} | feature.known
    fields = _filled(
        {
            **_given(known),
            "name": feature.name,
            "accession": chain.accessions if len(chain.accessions) > 1 else "".join(chain.accessions),
            "description": chain.description,
            "gene_name": gene_names(known),
            "go": _go(feature.known, feature.text),
            "feature": feature.type,
            "length": sum(end - start for start, end in feature.parts) or None,
            "mass_da": average_mass(residues),
            "record": chain.accessions or chain.name,
            "start": min((start for start, _ in feature.parts), default=-1) + 1 or None,
            "end": max((end for _, end in feature.parts), default=None),
            "location": feature.location,
            "refget": refget(own) if residues else None,
        }
    )
    places = [Place(start, end, feature.name) for start, end in feature.parts]
    return Features(
        words=_words(feature.known, feature.name, feature.type, *feature.text),
        fields=fields,
        payload=encode(
            residues.translate(CODES),
            f"{feature.name} ({feature.type}) in {chain.name}",
            places,
            feature=True,
            digest=own,
        ),
        keys={"accession": chain.accessions[0]} if chain.accessions else {},
    )
