"""FASTQ, 2bit, GFF3, GTF, BED and Stockholm: what they give, and what damage does to them."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers import features, read_as

from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.registry import Registry
from nlsearch.handlers.sequences.bases import letters
from nlsearch.ingest.detect import detect
from nlsearch.model import RawItem, Skipped

GFF3 = """##gff-version 3
##sequence-region NC_10000.1 1 500
NC_10000.1\tRefSeq\tregion\t1\t500\t.\t+\t.\tID=reg;Dbxref=taxon:9606;Is_circular=true
NC_10000.1\tRefSeq\tgene\t11\t90\t.\t-\t.\tID=gene-1;Name=abcD;gene_synonym=dcbA,xyz%2C1;locus_tag=T_1
NC_10000.1\tRefSeq\tCDS\t11\t30\t.\t-\t2\tID=cds-1;Parent=rna-1;product=ring protein;protein_id=NP_1.1;Note=GO:0005840
NC_10000.1\tRefSeq\tCDS\t61\t90\t.\t-\t0\tID=cds-1;Parent=rna-1;product=ring protein;protein_id=NP_1.1
NC_10000.1\tRefSeq\texon\t200\t200\t.\t.\t.\tParent=rna-1
###
NC_10000.1\tRefSeq\tCDS\t61\t90\t.\t-\t0\tID=cds-1
broken line
NC_10000.1\tx\tgene\t9\t3\t.\t+\t.\tID=z
##FASTA
>NC_10000.1 the record
ACGTACGT
"""
GTF = """#!genome-build x
chr1\tsrc\tgene\t101\t400\t.\t+\t.\tgene_id "G1"; gene_name "BRCA2"; gene_biotype "protein_coding";
chr1\tsrc\tCDS\t101\t150\t.\t+\t0\tgene_id "G1"; transcript_id "T1"; exon_number 1;
chr1\tsrc\tCDS\t301\t400\t.\t+\t1\tgene_id "G1"; transcript_id "T1"; exon_number 2;
chr1\tsrc\tCDS\t301\t390\t.\t+\t1\tgene_id "G1"; transcript_id "T2";
"""
BED = """track name=x
chr1\t99\t200
chr2\t0\t1\tfirst base\t0\t-
chr3\t10\t100\tblocky\t0\t+\t10\t100\t0\t2\t10,20,\t0,70,
chr3\t10\t5
"""
FASTQ = "@r1 1:N:0\nACGTN\n+\nIIII#\n@r2\nAC\nGT\n+r2\n@+\n@@\n@r1\nA\n+\n!\n"
STOCKHOLM = """# STOCKHOLM 1.0
#=GF ID Globin
#=GF DE Globin family
#=GS HBA/1-4 OS Homo sapiens
#=GS HBA/1-4 AC P69905
HBA/1-4 MK-
HBB/2-6 .KL
#=GC SS HHH

HBA/1-4 LV
HBB/2-6 VE
//
# STOCKHOLM 1.0
#=GF ID RNA
one AC-GU
two ACGGU
//
"""


def read(content: bytes | str, form: str, kind: str = "nucleotide") -> list[RawItem | Skipped]:
    return read_as(kind, content, "x", form)


def sequence(item: RawItem | Skipped) -> str:
    assert isinstance(item, RawItem)
    return letters(item.content.sequence.codes())


@pytest.mark.parametrize(
    ("name", "head", "form"),
    [
        ("x", FASTQ, "FASTQ"),
        ("x", GFF3, "GFF3"),
        ("x.gff", GFF3.split("\n", 2)[2], "GFF3"),
        ("x", GFF3.split("\n", 2)[2], "GFF3"),
        ("x", GTF, "GTF"),
        ("x.gff", GTF, "GTF"),
        ("x.bed", BED, "BED"),
        ("x", "\x1a\x41\x27\x43", "2bit"),
    ],
)
def test_formats_are_told_by_their_bytes(name: str, head: str, form: str) -> None:
    found = detect(head.encode("latin-1"), name, Registry())
    assert found is not None
    assert (found[0], found[1].name) == ("nucleotide", form)


# ------------------------------------------------------------------------------------------------------------- FASTQ
def test_reads_have_their_letters_and_what_their_qualities_say() -> None:
    one, two, three = read(FASTQ, "FASTQ")
    assert [sequence(item) for item in (one, two, three)] == ["ACGTN", "ACGT", "A"]
    assert [item.record_id for item in (one, two, three)] == ["r1", "r2", "r1"]
    fields = features(one).fields
    assert fields["mean_quality"] == pytest.approx((4 * 40 + 2) / 5)
    assert (fields["min_quality"], fields["q20"], fields["q30"]) == (2, 0.8, 0.8)
    assert fields["expected_errors"] == pytest.approx(4 * 1e-4 + 10**-0.2, abs=1e-4)
    assert fields["quality_encoding"] == "Phred+33"
    assert fields["description"] == "1:N:0"


def test_windows_line_ends_a_mark_and_empty_reads() -> None:
    items = read("\ufeff" + FASTQ.replace("\n", "\r\n") + "@empty\r\n\r\n+\r\n\r\n", "FASTQ")
    assert [sequence(item) for item in items] == ["ACGTN", "ACGT", "A", ""]
    assert isinstance(items[3], RawItem)
    assert items[3].warnings == ["the record has no sequence"]


def test_old_qualities_are_known_by_their_range() -> None:
    old = "@a\nACGT\n+\nhhBh\n"
    assert features(read(old, "FASTQ")[0]).fields["quality_encoding"] == "Phred+64"
    assert features(read(old, "FASTQ")[0]).fields["min_quality"] == 2
    assert features(read(old + "@b\nA\n+\n#\n", "FASTQ")[0]).fields["quality_encoding"] == "Phred+33"
    assert features(read("@a\nA\n+\n~\n", "FASTQ")[0]).fields["quality_encoding"] == "Phred+33"


def test_a_broken_read_costs_only_itself() -> None:
    wrong, right, short = read("@a\nA!\n+\nII\n@b\nAC\n+\nII\n@c\nACG\n+\nII", "FASTQ")
    assert isinstance(wrong, Skipped)
    assert isinstance(short, Skipped)
    assert sequence(right) == "AC"
    assert wrong.reason == "'!' at letter 2 is no nucleotide"
    assert (short.record_id, short.reason) == ("c", "2 qualities for 3 letters")
    stray = read("@a\nA\n+\nI\nstray\nmore\n@b\nAC\n+\nII\n", "FASTQ")
    assert [type(item) for item in stray] == [RawItem, Skipped, RawItem]
    with pytest.raises(MalformedContent):
        read("ACGT\n", "FASTQ")


@given(st.lists(st.tuples(st.text("ACGTN", min_size=1, max_size=30), st.integers(0, 41)), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_qualities_are_those_of_the_slow_way(reads: list[tuple[str, int]]) -> None:
    dice = random.Random(5)
    text, wanted = "", []
    for at, (bases, top) in enumerate(reads):
        values = [dice.randrange(top + 1) for _ in bases]
        text += f"@r{at}\n{bases}\n+\n{''.join(chr(33 + value) for value in values)}\n"
        wanted.append((sum(values) / len(values), sum(10 ** (-value / 10) for value in values)))
    for item, (mean, errors) in zip(read(text, "FASTQ"), wanted, strict=True):
        fields = features(item).fields
        if fields["quality_encoding"] == "Phred+33":
            assert fields["mean_quality"] == pytest.approx(mean, abs=1e-3)
            assert fields["expected_errors"] == pytest.approx(errors, abs=1e-3)


# -------------------------------------------------------------------------------------------------------------- 2bit
def twobit(sequences: dict[str, str], order: str = "<", version: int = 0) -> bytes:
    """Write a 2bit file, the slow way."""
    names = [name.encode() for name in sequences]
    width = "Q" if version else "I"
    at = 16 + sum(1 + len(name) + struct.calcsize(width) for name in names)
    index, bodies = b"", b""
    for name, text in zip(names, sequences.values(), strict=True):
        index += bytes([len(name)]) + name + struct.pack(order + width, at + len(bodies))
        unknown = [i for i, letter in enumerate(text) if letter == "N"]
        masked = [i for i, letter in enumerate(text) if letter.islower()]
        body = struct.pack(order + "I", len(text))
        for block in (unknown, masked):
            body += struct.pack(f"{order}I{len(block)}I{len(block)}I", len(block), *block, *[1] * len(block))
        body += struct.pack(order + "I", 0)
        codes = ["TCAG".index(letter.upper().replace("N", "T")) for letter in text] + [0] * (-len(text) % 4)
        body += bytes(
            codes[i] << 6 | codes[i + 1] << 4 | codes[i + 2] << 2 | codes[i + 3] for i in range(0, len(codes), 4)
        )
        bodies += body
    return struct.pack(order + "IIII", 0x1A412743, version, len(names), 0) + index + bodies


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [0, 1])
def test_2bit_is_read_in_either_byte_order(order: str, version: int) -> None:
    given_ = {"chr1": "ACGTNNacgtN", "chr2": "T", "empty": ""}
    items = read(twobit(given_, order, version), "2bit")
    assert [item.record_id for item in items] == list(given_)
    assert [sequence(item) for item in items] == [text.upper() for text in given_.values()]


def test_2bit_that_is_cut_gives_what_is_whole() -> None:
    whole = twobit({"a": "ACGT" * 50, "b": "TTTT" * 50})
    items = read(whole[:-10], "2bit")
    assert sequence(items[0]) == "ACGT" * 50
    assert isinstance(items[1], Skipped)
    assert "cut short" in items[1].reason
    huge = bytearray(whole)
    huge[16 + 12 + 4 : 16 + 12 + 8] = b"\xff\xff\xff\x7f"  # two thousand million blocks
    assert isinstance(read(bytes(huge), "2bit")[0], Skipped)
    with pytest.raises(MalformedContent):
        read(whole[:20], "2bit")


# ------------------------------------------------------------------------------------------------------ GFF, GTF, BED
def test_gff3_joins_the_lines_of_a_feature_and_gives_the_sequences() -> None:
    items = read(GFF3, "GFF3")
    assert [item.number for item in items] == list(range(1, len(items) + 1))
    region, gene, cds, exon, again, *rest = items
    assert [type(item) for item in rest] == [Skipped, Skipped, RawItem]
    assert sequence(rest[2]) == "ACGTACGT"
    fields = features(gene).fields
    wanted = {
        "name": "abcD", "gene": "abcD", "gene_synonym": ["dcbA", "xyz,1"], "locus_tag": "T_1", "feature": "gene",
        "gene_name": ["abcD", "dcbA", "xyz,1", "T_1"], "location": "complement(11..90)", "start": 11, "end": 90,
        "record": ["NC_10000.1", "NC_10000"], "strand": "-", "length": 80,
    }  # fmt: skip
    assert {name: fields.get(name) for name in wanted} == wanted
    fields = features(cds).fields
    assert (fields["location"], fields["length"]) == ("complement(join(11..30,61..90))", 50)
    assert (fields["product"], fields["protein_id"], fields["go"]) == ("ring protein", "NP_1.1", ["GO:0005840"])
    assert (cds.record_id, again.record_id) == ("cds-1", "cds-1")
    fields = features(exon).fields
    assert (fields["location"], fields["start"], fields["end"], "strand" in fields) == ("200", 200, 200, False)
    assert isinstance(region, RawItem)


def test_gtf_joins_the_coding_lines_of_a_transcript() -> None:
    gene, first, second = read(GTF, "GTF")
    fields = features(gene).fields
    assert (fields["gene"], fields["gene_name"]) == ("BRCA2", ["BRCA2", "G1"])
    assert "protein_coding" in features(gene).words
    assert features(first).fields["location"] == "join(101..150,301..400)"
    assert features(second).fields["location"] == "301..390"


def test_bed_counts_from_zero_and_locations_from_one() -> None:
    plain, first, blocky, wrong = read(BED, "BED")
    assert features(plain).fields["location"] == "100..200"
    assert (features(plain).fields["start"], features(plain).fields["end"]) == (100, 200)
    assert isinstance(plain, RawItem)
    assert plain.title == "chr1:100..200"
    assert features(first).fields["location"] == "complement(1)"
    assert features(first).fields["name"] == "first base"
    assert features(blocky).fields["location"] == "join(11..20,81..100)"
    assert isinstance(wrong, Skipped)
    assert "line 5" in wrong.reason


# --------------------------------------------------------------------------------------------------------- Stockholm
@pytest.mark.parametrize("kind", ["protein", "nucleotide"])
def test_rows_of_alignments_are_records_of_the_kind_of_their_letters(kind: str) -> None:
    items = read(STOCKHOLM, "Stockholm", kind)
    hba, hbb, one, two = items
    assert [item.kind for item in items if isinstance(item, RawItem)] == ["protein"] * 2 + ["nucleotide"] * 2
    assert isinstance(hba, RawItem)
    assert isinstance(hbb, RawItem)
    assert (hba.content.residues, hbb.content.residues) == (b"MKLV", b"KLVE")
    assert hba.warnings == ["1 gap characters were left out; positions count residues"]
    fields = features(hba).fields
    assert (fields["accession"], fields["organism"], fields["description"]) == (
        "P69905", "Homo sapiens", "Globin family",
    )  # fmt: skip
    assert "Globin" in features(hbb).words
    assert [sequence(item) for item in (one, two)] == ["ACGT", "ACGGT"]


# ------------------------------------------------------------------------------------------------------------- damage
@pytest.mark.parametrize(
    ("content", "form"),
    [
        (FASTQ.encode(), "FASTQ"),
        (twobit({"a": "ACGTN" * 20, "b": "acgt"}), "2bit"),
        (GFF3.encode(), "GFF3"),
        (GTF.encode(), "GTF"),
        (BED.encode(), "BED"),
        (STOCKHOLM.encode(), "Stockholm"),
    ],
)
def test_damage_anywhere_gives_items_or_a_typed_error(content: bytes, form: str) -> None:
    dice = np.random.default_rng(11)
    for turn in range(150):
        broken = bytearray(content[: dice.integers(len(content))] if turn % 2 else content)
        for _ in range(turn % 5):
            if broken:
                broken[dice.integers(len(broken))] = dice.integers(256)
        try:
            for number, item in enumerate(read(bytes(broken), form), start=1):
                assert item.number == number
                assert item.reason if isinstance(item, Skipped) else features(item)
        except InputError as error:
            assert error.message  # noqa: PT017 - every outcome is allowed but an untyped one
