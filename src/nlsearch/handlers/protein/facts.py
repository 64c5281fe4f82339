"""What the kind ``protein`` declares: formats, fields, operators, spaces.  Plain data, no imports of libraries."""

from __future__ import annotations

from nlsearch.handlers.contract import Copies, Field, Format, Operator, Option, Space
from nlsearch.handlers.sequences.recognising import FASTA, GENPEPT, PROTEIN_FIRST
from nlsearch.handlers.sequences.similarity import CODE, COMPOSITION, EVALUE, IDENTITY, MATRIX, SCORE

RECORD_TYPE = "record"
"""Value of the field ``feature`` for whole records."""

FORMATS: tuple[Format, ...] = (
    Format(
        "protein FASTA",
        "text/x-fasta",
        (".faa", ".mpfa", ".pep"),
        pattern=rb"(?=" + PROTEIN_FIRST + rb")" + FASTA,
    ),
    Format("GenPept", "text/x-genbank", (".gp", ".gpff", ".genpept"), pattern=GENPEPT),
    Format(
        "UniProt",
        "text/x-uniprot",
        (".swiss", ".sprot", ".uniprot"),
        pattern=rb"(?:\xef\xbb\xbf)?(?:[^\0]{0,4000}?^)?ID   \S[^\r\n]*\d AA\.[ \t]*\r?$",
    ),
    Format("UniProt XML", "application/xml", (), pattern=rb"[^\0]{0,4000}?<uniprot[\s>]"),
    Format("Stockholm", "text/x-stockholm", (".sto", ".stk", ".stockholm", ".sth"), magic=(b"# STOCKHOLM 1.",)),
)

FIELDS: tuple[Field, ...] = (
    Field("feature", "keyword", "'record' for a whole record, else the feature's type", facet=True, example="domain"),
    Field("entry_name", "keyword", "UniProt's entry name", example="HBA_HUMAN"),
    Field("description", "text", "recommended name, or definition line", example="hemoglobin subunit alpha"),
    Field("alternative_name", "text", "other names: short, alternative, of components", example="alpha-globin"),
    Field("organism", "text", "organism, as the record names it", facet=True, example="Homo sapiens"),
    Field("lineage", "text", "taxonomic lineage of the organism", example="Mammalia"),
    Field("taxid", "keyword", "NCBI's number of the organism", example="9606"),
    Field("gene", "text", "gene name", example="HBA1"),
    Field("gene_name", "keyword", "any name of the gene, whole: gene, synonym, locus tag", example="HBA1"),
    Field("gene_synonym", "text", "other names of the gene", example="alpha globin"),
    Field("locus_tag", "keyword", "locus tag, or ordered locus name", example="YP_pPCP05"),
    Field("product", "text", "name of the protein where a coding sequence gives it", example="hemoglobin"),
    Field("protein_id", "keyword", "NCBI's or EMBL's accession of the protein", example="NP_995570.1"),
    Field("coded_by", "keyword", "record and place of its coding sequence, INSDC notation", example="X1.1:87..1109"),
    Field("ec", "keyword", "enzyme (EC) number", example="3.6.5.2"),
    Field("go", "keyword", "Gene Ontology term", example="GO:0005525"),
    Field("db_xref", "keyword", "cross-reference to another database", example="PDB:1E0S"),
    Field("keywords", "keyword", "keyword of the database", facet=True, example="GTP-binding"),
    Field("existence", "keyword", "evidence that the protein exists (UniProt)", facet=True, example="predicted"),
    Field("reviewed", "boolean", "whether people have looked at the entry (Swiss-Prot), where the file says so"),
    Field("length", "integer", "length of the chain, or of the feature's parts together", "residues", example="142"),
    Field("mass_da", "float", "average mass of the chain as it is written, of the atoms of its residues", "Da"),
    Field("record", "keyword", "accession or id of the record that carries it, with and without version"),
    Field("start", "integer", "first residue in the record, from 1", "residues", example="36"),
    Field("end", "integer", "last residue in the record, from 1", "residues", example="562"),
    Field("location", "keyword", "place in the record, in INSDC notation, 1-based and closed", example="127..208"),
    Field("protein_refget", "keyword", "the same as refget: what coding sequences of nucleotides are linked by"),
    Field("refget", "keyword", "GA4GH refget digest of the residues: equal chains have equal digests"),
)

SPACES: tuple[Space, ...] = ()

_EXHAUSTIVE = Option(
    "exhaustive", "boolean", "compare every protein with gaps, however it scores without; then complete", default=False
)

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "protein",
        "The protein holds the sequence, or a part similar to it by chance less often than the E-value says.",
        'protein:"VHLTPEEKSAVTALWGKVNVDEVGGEALGR"',
        "sound",
        SCORE,
        (MATRIX, EVALUE, IDENTITY, COMPOSITION, _EXHAUSTIVE),
        "amino acids",
        value_kind="protein",
    ),
    Operator(
        "blastx",
        "The protein is similar to a translation of the nucleotides, in any of their six frames.",
        'blastx:"ATGGTGCATCTGACTCCTGAGGAGAAGTCTGCCGTTACTGCCCTGTGGGGCAAGGTG"',
        "sound",
        SCORE.replace("the query", "the frame"),
        (
            CODE,
            MATRIX,
            EVALUE,
            IDENTITY,
            COMPOSITION,
            _EXHAUSTIVE,
        ),
        "nucleotides, IUPAC",
        value_kind="nucleotide",
    ),
    Operator(
        "prosite",
        "The pattern occurs in the protein; uncertain residues match what they surely satisfy.",
        'prosite:"[ST]-x(2)-[DE]"',
        "complete",
        "1",
        value="a PROSITE pattern",
    ),
    Operator(
        "like",
        "The protein is similar to the first protein of a file, or to an indexed item.",
        'like:"human proteins.faa"',
        "sound",
        SCORE,
        (MATRIX, EVALUE, IDENTITY, COMPOSITION, _EXHAUSTIVE),
        "a file or item id",
        copies=Copies(
            0.9,
            "identity × coverage of at least 0.9, the identity of UniRef90's clusters; a part is no copy of the whole",
            among=("feature", (RECORD_TYPE,)),
        ),
    ),
)
