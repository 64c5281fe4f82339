"""Features: words, fields, seeds, signature and payload of a record or of a feature."""

from __future__ import annotations

import re

import numpy as np

from nlsearch.handlers.nucleotide.composition import signature
from nlsearch.handlers.nucleotide.facts import (
    FILE_TYPE,
    RECORD_TYPE,
    SEEDS,
    SIGNATURE,
    SKETCH,
    UNSEEDED,
    UNSEEDED_TERM,
)
from nlsearch.handlers.nucleotide.payload import encode, encode_file
from nlsearch.handlers.nucleotide.records import Whole
from nlsearch.handlers.nucleotide.seeding import SEEDED_BASES, K, seeds_of
from nlsearch.handlers.nucleotide.sketching import sketch_of, terms_of
from nlsearch.handlers.sequences.names import gene_names, own_names
from nlsearch.handlers.sequences.packed import refget
from nlsearch.handlers.sequences.records import Annotation, Place, Record
from nlsearch.model import Features, FieldValue, RawItem

_GO = re.compile(r"GO:\d{7}")


def features_of(item: RawItem) -> Features:
    """Return the features of what the readers give."""
    content = item.content
    if isinstance(content, Whole):
        return _file(content)
    return _annotation(content) if isinstance(content, Annotation) else _record(content)


def _filled(values: dict[str, FieldValue | None]) -> dict[str, FieldValue]:
    return {name: value for name, value in values.items() if value is not None and value not in ("", [])}


def _names(record: Record) -> list[str]:
    return [name for name in dict.fromkeys([record.name, *record.accessions]) if name]


def _accession(record: Record) -> FieldValue | None:
    return record.accessions if len(record.accessions) > 1 else "".join(record.accessions)


def _file(whole: Whole) -> Features:
    fields = _filled(
        {
            "name": whole.name,
            "organism": whole.organism,
            "molecule": whole.molecule,
            "length": whole.bases,
            "records": whole.records,
            "feature": FILE_TYPE,
        }
    )
    return Features(whole.name, fields, {SKETCH: terms_of(whole.sketch)}, payload=encode_file(whole))


def _record(record: Record) -> Features:
    sequence = record.sequence
    sketch = sketch_of(sequence) if record.sketch is None else record.sketch
    fields = _filled(
        {
            "name": record.name,
            "accession": _accession(record),
            "description": record.description,
            "organism": record.organism,
            "lineage": record.lineage,
            "molecule": record.molecule,
            "topology": record.topology,
            "length": sequence.length,
            "record": _names(record),
            "start": 1 if sequence.length else None,
            "end": sequence.length or None,
            "gc": sequence.gc,
            "feature": RECORD_TYPE,
            "refget": refget(sequence.digest),
            **record.measured,
            "quality_encoding": record.encoding,
        }
    )
    features = Features(
        words=" \n".join(text for text in [record.name, record.description, *record.text] if text),
        fields=fields,
        payload=encode(
            sequence,
            record.name,
            record.places,
            circular=record.topology == "circular",
            sketch=sketch,
            record=_names(record),
        ),
        keys={"accession": record.accessions[0]} if record.accessions else {},
        extent=sequence.length,
    )
    if len(sketch):
        features.terms[SKETCH] = terms_of(sketch)
    vector = signature(sequence)
    if vector is not None:
        features.vectors[SIGNATURE] = vector
    if sequence.length > SEEDED_BASES:
        features.terms[UNSEEDED] = np.array([UNSEEDED_TERM], np.uint64)
    elif sequence.length >= K:
        features.seeds[SEEDS] = seeds_of(sequence)
    return features


def _first(annotation: Annotation, name: str) -> str:
    return annotation.qualifiers.get(name, [""])[0]


def _annotation(annotation: Annotation) -> Features:
    record, own = annotation.record, annotation.sequence
    references = annotation.qualifiers.get("db_xref", [])
    every = [value for values in annotation.qualifiers.values() for value in values]
    fields = _filled(
        {
            "name": annotation.name,
            "accession": _accession(record),
            "organism": record.organism,
            "lineage": record.lineage,
            "molecule": record.molecule,
            "feature": annotation.type,
            "gene": _first(annotation, "gene"),
            "gene_name": gene_names(annotation.qualifiers),
            "gene_synonym": annotation.qualifiers.get("gene_synonym"),
            "locus_tag": _first(annotation, "locus_tag"),
            "product": _first(annotation, "product"),
            "protein_id": _first(annotation, "protein_id"),
            "ec": annotation.qualifiers.get("EC_number"),
            "go": sorted(set(_GO.findall(" ".join(every)))),
            "db_xref": references,
            "strand": annotation.strand,
            "location": annotation.location,
            "record": _names(record),
            "start": min((start + 1 for start, _, _ in annotation.parts), default=None),
            "end": max((end for _, end, _ in annotation.parts), default=None),
            "protein_refget": refget(annotation.protein_digest) if annotation.protein_digest else None,
            "length": sum(end - start for start, end, _ in annotation.parts),
            "gc": own.gc if own else None,
            "refget": refget(own.digest) if own and own.length else None,
        }
    )
    keys = {
        "accession": record.accessions[0] if record.accessions else "",
        "protein_id": _first(annotation, "protein_id"),
        "protein_refget": str(fields.get("protein_refget", "")),
    }
    parts = [Place(start, end, strand) for start, end, strand in annotation.parts]
    label = f"{annotation.name} ({annotation.type}) in {record.name}"
    return Features(
        words=" \n".join(dict.fromkeys([annotation.name, annotation.type, *every])),
        fields=fields,
        payload=encode(
            own,
            label,
            parts,
            feature_of=annotation.record_length or 1,
            circular=record.topology == "circular",
            record=_names(record),
            identity=[annotation.type, annotation.name, *own_names(annotation.qualifiers)],
        ),
        keys={name: found for name, found in keys.items() if found},
    )
