"""What the kind ``nucleotide`` declares: formats, fields, operators, spaces.  Plain data, no imports of libraries."""

from __future__ import annotations

from nlsearch.handlers.contract import (
    Companions,
    Copies,
    Field,
    Format,
    Operator,
    Option,
    SeedSpace,
    Space,
    TermSpace,
    VectorSpace,
)
from nlsearch.handlers.sequences.recognising import FASTA, GENPEPT, PROTEIN_FIRST
from nlsearch.handlers.sequences.similarity import CODE, COMPOSITION, EVALUE, IDENTITY, MATRIX, SCORE

SEEDS = "nucleotide.syncmer"
UNSEEDED = "nucleotide.unseeded"
UNSEEDED_TERM = 1
SKETCH = "nucleotide.sketch"
SIGNATURE = "nucleotide.signature"
SIGNATURE_WORDS = 136
RECORD_TYPE = "record"
"""Value of the field ``feature`` for whole records."""
FILE_TYPE = "file"
"""Value of the field ``feature`` for a file of several records."""
_TABLE = rb"[^\t\r\n]+\t[^\t\r\n]+\t[^\t\r\n]+\t\d+\t\d+\t[\d.eE+-]+\t[+.?-]\t[012.]\t"
"""The first eight columns of a line of GFF."""
GENOME = Companions(
    ("FASTA", "2bit"),
    (
        ("(genomic)", "GC[AF]_.*_(genomic)"),  # NCBI Datasets
        (r"(.+?)\.\d+(?:\.chr)?", r"(.+)\.dna(?:_sm)?\.(?:toplevel|primary_assembly)"),  # Ensembl, with its release
    ),
)
"""The sequences beside a table of features."""
FORMATS: tuple[Format, ...] = (
    Format(
        "FASTA",
        "text/x-fasta",
        (".fa", ".fasta", ".fna", ".ffn", ".frn", ".fas"),
        pattern=rb"(?!" + PROTEIN_FIRST + rb")" + FASTA,
    ),
    Format(
        "GenBank",
        "text/x-genbank",
        (".gb", ".gbk", ".gbff", ".genbank"),
        pattern=rb"(?!" + GENPEPT + rb")(?:LOCUS  |[^\0]{0,4000}?^LOCUS {4,}\S+ +\d+ bp )",
    ),
    Format("EMBL", "text/x-embl", (".embl", ".emb"), pattern=rb"ID   [^\r\n]* BP\.[ \t]*\r?\n"),
    Format(
        "FASTQ",
        "text/x-fastq",
        (".fastq", ".fq"),
        pattern=rb"\s*@[^\r\n]*\r?\n(?:[A-Za-z.*-]+\r?\n)*\r?\n?\+[^\r\n]*\r?\n",
    ),
    Format("2bit", "application/x-2bit", (".2bit",), magic=(b"\x43\x27\x41\x1a", b"\x1a\x41\x27\x43")),
    Format(
        "GFF3",
        "text/x-gff3",
        (".gff3", ".gff"),
        magic=(b"##gff-version",),
        pattern=rb"(?:#[^\n]*\n|[^\S\n]*\n)*" + _TABLE + rb"(?!\s*\w+ +[\"\w])",
        companions=GENOME,
    ),
    Format(
        "GTF",
        "text/x-gtf",
        (".gtf", ".gff2"),
        pattern=rb"(?:#[^\n]*\n|[^\S\n]*\n)*" + _TABLE + rb"\s*\w+ +[\"\w]",
        companions=GENOME,
    ),
    Format("BED", "text/x-bed", (".bed",), companions=GENOME),
)

FIELDS: tuple[Field, ...] = (
    Field(
        "feature",
        "keyword",
        "'record' for a whole record, 'file' for a file of several, else the feature's type",
        facet=True,
        example="CDS",
    ),
    Field("organism", "text", "organism, as the record names it", facet=True, example="Yersinia pestis"),
    Field("lineage", "text", "taxonomic lineage of the organism", example="Enterobacterales"),
    Field("description", "text", "description or definition line", example="complete genome"),
    Field("molecule", "keyword", "DNA or RNA", facet=True, example="DNA"),
    Field("topology", "keyword", "linear or circular, where the file says so", facet=True, example="circular"),
    Field("length", "integer", "length of the record, or of the feature's parts together", "bases", example="9609"),
    Field("records", "integer", "how many records a file holds; of files as a whole", example="3"),
    Field("gc", "float", "share of G and C among A, C, G and T, from 0 to 1", example="0.45"),
    Field("mean_quality", "float", "mean of the qualities of a read", "Phred", example="35.2"),
    Field("min_quality", "integer", "least quality of a read", "Phred", example="2"),
    Field("q20", "float", "share of bases with quality 20 or better, from 0 to 1", example="0.98"),
    Field("q30", "float", "share of bases with quality 30 or better, from 0 to 1", example="0.9"),
    Field("expected_errors", "float", "sum over a read of the chances that a base is wrong", example="0.4"),
    Field("quality_encoding", "keyword", "how qualities were read: Phred+33 or Phred+64", facet=True),
    Field("gene", "text", "gene name", example="rpmH"),
    Field("gene_name", "keyword", "any name of the gene, whole: gene, synonym, locus tag, label", example="rpmH"),
    Field("gene_synonym", "text", "other names of the gene", example="dnaR"),
    Field("locus_tag", "keyword", "locus tag", example="YP_pPCP05"),
    Field("product", "text", "what the feature makes", example="hemoglobin"),
    Field("protein_id", "keyword", "accession of the translated protein", example="NP_995570.1"),
    Field("ec", "keyword", "enzyme (EC) number", example="2.7.7.6"),
    Field("go", "keyword", "Gene Ontology term", example="GO:0005840"),
    Field("db_xref", "keyword", "cross-reference to another database", example="GeneID:2767712"),
    Field("strand", "keyword", "strand of the feature: + or -, or both", facet=True, example="-"),
    Field("record", "keyword", "name of the record, with and without version; of features too", example="NC_005816"),
    Field("start", "integer", "first base in the record, from 1", "bases", example="87"),
    Field("end", "integer", "last base in the record, from 1", "bases", example="1109"),
    Field("location", "keyword", "place in the record, in INSDC notation, 1-based and closed", example="87..1109"),
    Field("protein_refget", "keyword", "GA4GH refget digest of the protein that a coding sequence is translated to"),
    Field("refget", "keyword", "GA4GH refget digest of the sequence (U as T): equal sequences have equal digests"),
)

SPACES: tuple[Space, ...] = (
    SeedSpace(SEEDS, key_bits=21, shift=3, flag_bits=1),
    TermSpace(UNSEEDED),
    TermSpace(SKETCH),
    VectorSpace(SIGNATURE, SIGNATURE_WORDS, "cosine"),
)

_STRAND = Option("strand", "text", "strand of the target to look at", default="both", choices=("both", "+", "-"))
_SCORE = "identity (matches / columns) × coverage (share of the query that is aligned)"
OPERATORS: tuple[Operator, ...] = (
    Operator(
        "dna",
        "The record holds the sequence, or a part similar to it, on either strand; IUPAC letters match what they mean.",
        'dna:"ATGGTGCATCTGACTCCTGAGGAGAAG"{mismatches=1}',
        "sound",
        _SCORE,
        (
            Option(
                "evalue", "float", "greatest E-value of a similar part; whole copies are found whatever it is", 1e-3
            ),
            Option("identity", "float", "least identity, 0 to 1"),
            Option("mismatches", "integer", "the whole query with at most so many substitutions and indels; complete"),
            _STRAND,
        ),
        "nucleotides, IUPAC",
        value_kind="nucleotide",
    ),
    Operator(
        "tblastn",
        "A translation of the record, in any of its six frames, is similar to the protein.",
        'tblastn:"MVHLTPEEKSAVTALWGKVNVDEVGGEALGR"',
        "sound",
        SCORE,
        (CODE, MATRIX, EVALUE, IDENTITY, COMPOSITION, _STRAND),
        "amino acids",
        value_kind="protein",
    ),
    Operator(
        "iupac",
        "The record holds the motif, on either strand; all places are told, overlapping ones too, and "
        "those across the origin of a circular record.",
        'iupac:"GGWCC"',
        "complete",
        "1",
        (_STRAND,),
        "IUPAC letters, with cut marks ^ and _ if they are to be told",
    ),
    Operator(
        "region",
        "The record of that name, cut to the range, and every feature that has bases in it; positions count from 1, "
        "and both ends belong to it.",
        'region:"NLS00001:201-300"',
        "complete",
        "share of the feature's bases that lie in the region; 1 for the record",
        value="a record, and a range of it: ACC, ACC:1000-2000, ACC:1000..2000, complement(ACC:1000..2000)",
    ),
    Operator(
        "near",
        "The feature lies within so many bases of a feature that the value names, on the same record.",
        'near:"HBB"{within=500}',
        "complete",
        "1 − distance / within; 1 for what touches or overlaps",
        (
            Option("within", "integer", "most bases from the named feature", default=10_000),
            Option(
                "side",
                "text",
                "on which side of the named feature, in its own direction",
                default="both",
                choices=("both", "upstream", "downstream"),
            ),
        ),
        "a gene name, locus tag, product, protein accession or cross-reference",
        resolves=("name", "gene", "gene_synonym", "locus_tag", "product", "protein_id", "db_xref"),
    ),
    Operator(
        "like",
        "The record is similar to the first sequence of a file, or to an indexed record or feature; a genome is "
        "compared as a whole, with all records of its file.",
        'like:"human genes.fa"',
        "sound",
        _SCORE + "; of genomes the containment of the query in the item",
        (
            Option("evalue", "float", "by alignment: greatest E-value; whole copies are found whatever it is", 1e-3),
            Option("identity", "float", "by alignment: least identity, 0 to 1"),
            _STRAND,
            Option(
                "method",
                "text",
                "how to compare; if not given, examples of at least 150,000 bases by containment, others by alignment",
                choices=("alignment", "containment"),
            ),
            Option(
                "containment",
                "float",
                "by containment: least share, 0 to 1, of the query in the item or of the item in the query",
                default=0.01,
            ),
        ),
        "a file or item id",
        copies=Copies(
            0.9,
            "identity × coverage of at least 0.9, as CD-HIT-EST has by default; of genomes nine tenths of the 31-mers, "
            "about 99.7 % identity; a part is no copy of the whole",
            among=("feature", (RECORD_TYPE, FILE_TYPE)),
        ),
    ),
)
