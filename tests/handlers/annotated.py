"""Writes what a GenBank file annotates as GFF3 with a FASTA, as NCBI writes them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from Bio import SeqIO

_ATTRIBUTES = {"db_xref": "Dbxref", "note": "Note"}
_LEFT_OUT = {"translation", "codon_start"}


def as_gff(genbank: Path) -> tuple[str, str]:
    """Return the text of the GFF3 and of the FASTA."""
    lines, fasta = ["##gff-version 3"], []
    with genbank.open() as file:
        records = list(SeqIO.parse(file, "genbank"))
    for record in records:
        name, length = record.id, len(record)
        fasta.append(f">{name} {record.description}\n{record.seq}\n")
        circular = ";Is_circular=true" if record.annotations.get("topology") == "circular" else ""
        lines.append(f"##sequence-region {name} 1 {length}")
        lines.append(f"{name}\tx\tregion\t1\t{length}\t.\t+\t.\tID={name}:whole{circular}")
        for number, feature in enumerate(record.features):
            if feature.type == "source":
                continue
            known = {
                _ATTRIBUTES.get(word, word): ",".join(quote(str(value) or "true", safe=" ():.") for value in values)
                for word, values in feature.qualifiers.items()
                if word not in _LEFT_OUT
            }
            said = ";".join([f"ID=f{number}", *(f"{word}={text}" for word, text in known.items())])
            first = int(feature.qualifiers.get("codon_start", ["1"])[0]) - 1
            done = -first
            for at, part in enumerate(feature.location.parts, start=1):
                phase = -done % 3 if feature.type == "CDS" else "."
                done += len(part)
                strand = "-" if part.strand == -1 else "+"
                place = f"{int(part.start) + 1}\t{int(part.end)}"
                spliced = f";part={at}" if "trans_splicing" in known else ""
                if len(part):
                    lines.append(f"{name}\tx\t{feature.type}\t{place}\t.\t{strand}\t{phase}\t{said}{spliced}")
    return "\n".join(lines) + "\n", "".join(fasta)
