"""Proteins and tables of features for the example collection: facts that we typed, in files that we wrote."""

from __future__ import annotations

HBB = (
    "MVHLTPEEKSAVTALWGKVNVDEVGGEALGRLLVVYPWTQRFFESFGDLSTPDAVMGNPKVKAHGKKVLGAFSDGLAHLDNLKGTFATLSELHCDKLHVD"
    "PENFRLLGNVLVCVLAHHFGKEFTPPVQAAYQKVVAGVANALAHKYH"
)
"""Human hemoglobin subunit beta."""
HBA = (
    "MVLSPADKTNVKAAWGKVGAHAGEYGAEALERMFLSFPTTKTYFPHFDLSHGSAQVKGHGKKVADALTNAVAHVDDMPNALSALSDLHAHKLRVDPVNFK"
    "LLSHCLLVTLAAHLPAEFTPAVHASLDKFLASVSSKYR"
)
"""Human hemoglobin subunit alpha."""
INS = "MALWMRLLPLLALLALWGPDPAAAFVNQHLCGSHLVEALYLVCGERGFFYTPKTRREAEDLQVGQVELGGGPGAGSLQPLALEGSLQKRGIVEQCCTSICSLYQLENYCN"
"""Human preproinsulin."""
GLUCAGON = "HSQGTFTSDYSKYLDSRRAQDFVQWLMNT"
_FEATURES: tuple[tuple[str, str, str, str], ...] = (
    ("SIGNAL", "1..24", "", ""),
    ("CHAIN", "25..54", "Insulin B chain", "PRO_0000015819"),
    ("PROPEP", "57..87", "C peptide", "PRO_0000015820"),
    ("CHAIN", "90..110", "Insulin A chain", "PRO_0000015821"),
    ("DISULFID", "31..96", "Interchain (between B and A chains)", ""),
    ("DISULFID", "43..109", "Interchain (between B and A chains)", ""),
    ("DISULFID", "95..100", "", ""),
)


def fasta() -> str:
    """Return proteins with header lines as UniProt and NCBI write them."""
    records = (
        ("sp|P68871|HBB_HUMAN Hemoglobin subunit beta OS=Homo sapiens OX=9606 GN=HBB PE=1 SV=2", HBB),
        ("sp|P69905|HBA_HUMAN Hemoglobin subunit alpha OS=Homo sapiens OX=9606 GN=HBA1 PE=1 SV=2", HBA),
        ("glucagon peptide hormone [Homo sapiens]", GLUCAGON),
    )
    lines = []
    for header, residues in records:
        lines.append(f">{header}")
        lines += [residues[at : at + 60] for at in range(0, len(residues), 60)]
    return "\n".join(lines) + "\n"


def swiss() -> str:
    """Return an entry about insulin in the notation of UniProt's flat files."""
    lines = [
        f"ID   INS_HUMAN               Reviewed;{len(INS):12} AA.",
        "AC   P01308;",
        "DE   RecName: Full=Insulin;",
        "DE   Contains:",
        "DE     RecName: Full=Insulin B chain;",
        "DE   Contains:",
        "DE     RecName: Full=Insulin A chain;",
        "DE   Flags: Precursor;",
        "GN   Name=INS;",
        "OS   Homo sapiens (Human).",
        "OC   Eukaryota; Metazoa; Chordata; Mammalia; Primates; Hominidae; Homo.",
        "OX   NCBI_TaxID=9606;",
        "CC   -!- FUNCTION: Lowers the concentration of glucose in the blood.",
        "DR   GO; GO:0005179; F:hormone activity; IDA:UniProtKB.",
        "DR   PDB; 4INS; X-ray; 1.50 A; A/C=90-110, B/D=25-54.",
        "PE   1: Evidence at protein level;",
        "KW   Diabetes mellitus; Disulfide bond; Hormone; Secreted; Signal.",
    ]
    for kind, place, note, own in _FEATURES:
        lines.append(f"FT   {kind:<16}{place}")
        lines += [f'FT                   /{name}="{value}"' for name, value in (("note", note), ("id", own)) if value]
    lines.append(f"SQ   SEQUENCE{len(INS):6} AA;  11981 MW;  C2C3B23B85E520E5 CRC64;")
    blocks = [INS[at : at + 10] for at in range(0, len(INS), 10)]
    lines += ["     " + " ".join(blocks[at : at + 6]) for at in range(0, len(blocks), 6)]
    return "\n".join([*lines, "//", ""])


def gff3() -> str:
    """Return features of the plasmid pTwoGenes as GFF3."""
    rows = (
        "201\t644\t.\t+\t.\tID=gene-HBB;Name=HBB;gene_synonym=beta-globin;locus_tag=NLS_HBB",
        "845\t1177\t.\t-\t.\tID=gene-INS;Name=INS;locus_tag=NLS_INS",
    )
    lines = ["##gff-version 3", "##sequence-region NLS00001.1 1 1177"]
    lines += [f"NLS00001.1\tnlsearch\tgene\t{row}" for row in rows]
    lines += [
        f"NLS00001.1\tnlsearch\tpromoter\t{low}\t{high}\t.\t+\t.\tID=promoter-{low};Note=made up"
        for low, high in ((101, 180), (700, 760))
    ]
    return "\n".join(lines) + "\n"


def bed() -> str:
    """Return two primers on pTwoGenes as BED."""
    return "NLS00001.1\t200\t220\tHBB forward primer\t0\t+\nNLS00001.1\t624\t644\tHBB reverse primer\t0\t-\n"


def fastq() -> str:
    """Return two reads with qualities, the second of them poor at its end."""
    reads = (
        ("read_2 made up", "GTGAAGGCTCATGGCAAGAAAGTGCTCGGTGCCTTTAGTGAT", "I" * 42),
        ("read_3 made up", "GGCCTGGCTCACCTGGACAACCTCAAGGGCACCTTTGCCACA", "I" * 20 + "5" * 12 + "#" * 10),
    )
    return "".join(f"@{name}\n{bases}\n+\n{qualities}\n" for name, bases, qualities in reads)


def files() -> dict[str, bytes]:
    """Return the files by their names in the collection."""
    return {
        "biology/proteins/globins.faa": fasta().encode(),
        "biology/proteins/insulin.swiss": swiss().encode(),
        "biology/plasmids/pTwoGenes.gff3": gff3().encode(),
        "biology/plasmids/primers.bed": bed().encode(),
        "biology/sequencer.fastq": fastq().encode(),
    }
