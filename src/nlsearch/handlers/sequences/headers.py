"""What header lines of FASTA say: accessions in ids, and what databases write behind them.

Conventions
-----------
The id is the first word.  Known are NCBI's ids (``gi|1|ref|NC_1.1|``) and bare accessions, ``[organism=…]`` and the
other bracketed words of NCBI's files of genes, a species in brackets at the end of a protein's line, UniProt's
``sp|P69905|HBA_HUMAN … OS=… OX=… GN=… PE=… SV=…``, UniRef's ``Tax=… TaxID=…`` and Ensembl's ``gene_symbol:…``.
"""

from __future__ import annotations

import re

from nlsearch.handlers.sequences.records import Chain

_WORD_END = re.compile(r"[\s\x00-\x1f\x7f]+")
_ACCESSION = re.compile(r"(?:[A-Z]{1,6}|[A-Z]{2}_(?:[A-Z]{1,6})?)\d{5,}(?:\.\d+)?")
_NCBI = re.compile(r"\|(?:ref|gb|emb|dbj|tpg|tpe|tpd)\|([^|\s]+)")
_UNIPROT = re.compile(
    r"((?:[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})(?:-\d+)?)(?:\.\d+)?"
)
_SWISS = re.compile(r"(sp|tr)\|([^|\s]+)\|(\S*)")
_UNIREF = re.compile(r"UniRef\d+_(\S+)")
_PDB = re.compile(r"(?:pdb\|)?(\d[A-Za-z0-9]{3})[|_:]([A-Za-z0-9]{1,4})")
_KEYED = re.compile(r"\s(OS|OX|GN|PE|SV|n|Tax|TaxID|RepID)=")
_BRACKETS = re.compile(r"\[([a-z_]+)=([^\]]*)\]")
_SPECIES = re.compile(r"\s*\[([^\[\]=]+(?:\[[^\[\]]*\])?)\]\s*$")
_ENSEMBL = re.compile(r"\b(gene|transcript|gene_symbol|description):(.*?)(?= \w+:|$)")
_ORGANISM = re.compile(r"\[organism=([^\]]+)\]")
_FIELDS = {
    "OS": "organism", "Tax": "organism", "OX": "taxid", "TaxID": "taxid", "GN": "gene", "PE": "existence",
    "gene": "gene", "locus_tag": "locus_tag", "protein_id": "protein_id", "location": "coded_by",
    "organism": "organism", "db_xref": "db_xref",
}  # fmt: skip
EXISTENCE = {
    "1": "evidence at protein level",
    "2": "evidence at transcript level",
    "3": "inferred from homology",
    "4": "predicted",
    "5": "uncertain",
}
"""UniProt's levels of evidence that a protein exists."""


def parted(header: bytes) -> tuple[str, str]:
    """Return the id and the description of a header line (without its ``>``)."""
    name, description = [*_WORD_END.split(_text(header).strip(), maxsplit=1), ""][:2]
    return name, description.strip()


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def versioned(accession: str) -> list[str]:
    """Return an accession, and then without its version if it has one."""
    bare, dot, version = accession.rpartition(".")
    return [accession, bare] if dot and version.isdecimal() else [accession]


def accessions_of(name: str) -> list[str]:
    """Return the accession in a FASTA id, with its version first and then without; empty if there is none."""
    ncbi = _NCBI.search("|" + name)
    if not ncbi and not _ACCESSION.fullmatch(name):
        return []
    return versioned(ncbi.group(1) if ncbi else name)


def organism_of(description: str) -> str:
    """Return the organism in a header line of nucleotides; ``""`` if it names none."""
    found = _ORGANISM.search(description)
    return found.group(1).strip() if found else ""


def chain_of(name: str, description: str, residues: bytes) -> Chain:
    """Return the record of a protein with what its header line says."""
    chain = Chain(name, residues, description, _protein_accessions(name))
    swiss = _SWISS.match(name)
    if swiss:
        chain.is_reviewed = swiss.group(1) == "sp"
        chain.known["entry_name"] = [swiss.group(3)]
    elif chain.accessions and not _UNIPROT.fullmatch(name):
        chain.known["protein_id"] = chain.accessions
    _tell(chain, description)
    return chain


def _protein_accessions(name: str) -> list[str]:
    for pattern, group in ((_SWISS, 2), (_UNIREF, 1)):
        found = pattern.match(name)
        if found:
            accession = found.group(group)
            return [accession, accession.partition("-")[0]] if "-" in accession else [accession]
    found = _UNIPROT.fullmatch(name)
    if found:
        return list(dict.fromkeys([*versioned(name), found.group(1).partition("-")[0]]))
    pdb = _PDB.fullmatch(name)
    if pdb:
        return [f"{pdb.group(1).upper()}_{pdb.group(2)}", pdb.group(1).upper()]
    return accessions_of(name)


def _tell(chain: Chain, description: str) -> None:
    """Fill in what the description says, and shorten it to what names the protein."""
    keyed = _KEYED.split(" " + description)
    bracketed = _BRACKETS.findall(description)
    species = _SPECIES.search(description)
    pairs: list[tuple[str, str]] = []
    if len(keyed) > 1:
        chain.description = keyed[0].strip()
        pairs = list(zip(keyed[1::2], keyed[2::2], strict=True))
    elif bracketed:
        pairs = bracketed
        chain.description = next((value for key, value in bracketed if key == "protein"), description)
    elif description.startswith("pep "):
        _tell_ensembl(chain, description)
    elif species:
        pairs = [("OS", species.group(1))]
        chain.description = description[: species.start()].strip()
    for key, value in pairs:
        if key in _FIELDS and value.strip():
            text = value.strip()
            chain.known.setdefault(_FIELDS[key], []).append(EXISTENCE.get(text, text) if key == "PE" else text)


def _tell_ensembl(chain: Chain, description: str) -> None:
    said = {key: value.strip() for key, value in _ENSEMBL.findall(description)}
    chain.description = said.get("description", "") or description
    if said.get("gene_symbol"):
        chain.known["gene"] = [said["gene_symbol"]]
    chain.known["db_xref"] = [f"Ensembl:{said[key]}" for key in ("gene", "transcript") if said.get(key)]
