"""Reading proteins: FASTA, GenPept, UniProt flat and XML, and the proteins of annotated genomes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from readers import HANDLERS, features, read_as

from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.protein.payload import Target
from nlsearch.handlers.registry import Registry
from nlsearch.handlers.sequences.aminoacids import LETTERS, letters
from nlsearch.handlers.sequences.bases import CODES
from nlsearch.handlers.sequences.residues import average_mass
from nlsearch.handlers.sequences.telling import kind_of, lean_of
from nlsearch.handlers.sequences.translation import translated
from nlsearch.ingest.detect import detect
from nlsearch.model import RawItem, Skipped

FLAT = """ID   TEST_HUMAN              Reviewed;          12 AA.
AC   P12345; Q00001;
DE   RecName: Full=Test protein {ECO:0000269|PubMed:1};
DE            Short=TP;
DE            EC=1.2.3.4;
GN   Name=TST1 {ECO:0000269|PubMed:1}; Synonyms=TSTA, TSTB; OrderedLocusNames=b0001;
OS   Homo sapiens (Human).
OC   Eukaryota; Metazoa.
OX   NCBI_TaxID=9606;
CC   -!- FUNCTION: Tests readers.
DR   EMBL; X00001; CAA00001.1; -; mRNA.
DR   GO; GO:0005525; F:GTP binding; IEA:InterPro.
DR   PDB; 1ABC; X-ray; 1.50 A; A=1-12.
PE   1: Evidence at protein level;
KW   Testing; Reference proteome.
FT   SIGNAL          1..3
FT                   /evidence="ECO:0000255"
FT   CHAIN           4..>12
FT                   /note="Test protein"
FT                   /id="PRO_0000000001"
FT   DISULFID        2..9
FT   BINDING         ?..7
FT                   /ligand="GTP"
SQ   SEQUENCE   12 AA;  1354 MW;  0000000000000000 CRC64;
     MCKLVEEDCF AW
//
"""
XML = """<?xml version="1.0" encoding="UTF-8"?>
<uniprot xmlns="http://uniprot.org/uniprot"><entry dataset="Swiss-Prot"><accession>P12345</accession>
<name>TEST_HUMAN</name><protein><recommendedName><fullName>Test protein</fullName></recommendedName></protein>
<gene><name type="primary">TST1</name></gene><feature type="domain" description="Thing">
<location><begin position="2"/><end position="5"/></location></feature><sequence length="6">MKLVEE</sequence></entry>
<entry dataset="TrEMBL"><accession>A0A000</accession><name>X</name><sequence>MK!L</sequence></entry></uniprot>
"""
GENPEPT = """LOCUS       NP_000001                 12 aa            linear   PRI 01-JAN-2026
DEFINITION  test protein [Homo sapiens].
ACCESSION   NP_000001
VERSION     NP_000001.2
SOURCE      Homo sapiens (human)
  ORGANISM  Homo sapiens
            Eukaryota; Metazoa.
FEATURES             Location/Qualifiers
     source          1..12
                     /organism="Homo sapiens"
                     /db_xref="taxon:9606"
     Protein         1..12
                     /product="test protein"
                     /EC_number="1.2.3.4"
     Region          3..6
                     /region_name="Small domain"
                     /note="found by hand"
     CDS             1..12
                     /gene="TST1"
                     /gene_synonym="TSTA"
                     /coded_by="NM_000001.1:10..48"
ORIGIN
        1 mcklveedcf aw
//
"""


def read(content: bytes | str, name: str = "x.fa", form: str = "", kind: str = "protein") -> list[RawItem | Skipped]:
    return read_as(kind, content, name, form)


def kinds(items: list[RawItem | Skipped]) -> list[str | None]:
    return [item.kind if isinstance(item, RawItem) else "skipped" for item in items]


# ------------------------------------------------------------------------------------------------------ telling kinds
@pytest.mark.parametrize(
    ("text", "lean", "kind"),
    [
        ("MKLV", "nucleotide", "protein"),
        ("ACGTACGT", "nucleotide", "nucleotide"),
        ("GATTACA", "protein", "protein"),
        ("ACGT" * 20, "protein", "nucleotide"),
        ("acgtn" * 20, "protein", "nucleotide"),
        ("GAGAGSGAGAGS" * 9 + "FLI", "nucleotide", "protein"),
        ("RYSWKMBDHV" * 9, "nucleotide", "nucleotide"),
        ("RYSWKMBDHV" * 9, "protein", "protein"),
        ("ACGT" * 100 + "E", "protein", "nucleotide"),
        ("", "protein", "protein"),
    ],
)
def test_letters_tell_the_kind_and_the_file_decides_the_rest(text: str, lean: str, kind: str) -> None:
    assert kind_of(text.encode(), lean) == kind


def test_a_file_leans_by_its_suffix_and_then_by_its_letters() -> None:
    assert lean_of("x.faa", b">a\nACGT\n") == "protein"
    assert lean_of("x.fna", b">a\nMKLVEE\n") == "nucleotide"
    assert lean_of("x.fa", b">a\nMKLVEE\n>b\nGA\n") == "protein"
    assert lean_of("x.fa", b">MKLVEEFFPP\nACGT\n") == "nucleotide"


@pytest.mark.parametrize("kind", ["protein", "nucleotide"])
def test_a_mixed_file_gives_each_record_its_kind_whoever_reads_it(kind: str) -> None:
    items = read(">a\nMKLVEEFFPQ\n>b\n" + "ACGT" * 20 + "\n>c\nGAGAG\n>d\nMK!\n>e\n\n", kind=kind)
    assert kinds(items) == ["protein", "nucleotide", "nucleotide", "skipped", "nucleotide"]
    assert [item.number for item in items] == [1, 2, 3, 4, 5]
    assert [item.record_id for item in items] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("x.fa", ">a\nMKLVEEFFPQ\n", ("protein", "protein FASTA")),
        ("x.fa", ">a\nACGTNNRY\n", ("nucleotide", "FASTA")),
        ("x.faa", ">a\nGAGA\n", ("nucleotide", "FASTA")),
        ("x.txt", FLAT, ("protein", "UniProt")),
        ("x.xml", XML, ("protein", "UniProt XML")),
        ("x.gb", GENPEPT, ("protein", "GenPept")),
        ("x.gb", GENPEPT.replace(" aa ", " bp "), ("nucleotide", "GenBank")),
        ("x", "# STOCKHOLM 1.0\n", ("protein", "Stockholm")),
    ],
)
def test_files_are_detected_by_what_is_in_them(name: str, head: str, expected: tuple[str, str]) -> None:
    found = detect(head.encode(), name, Registry())
    assert found is not None
    assert (found[0], found[1].name) == expected


# ------------------------------------------------------------------------------------------------------------- FASTA
@pytest.mark.parametrize(
    ("text", "residues"),
    [
        (">a\r\nMKLV\r\nEE\r\n", "MKLVEE"),
        ("\ufeff>a\nmklvee*\n", "MKLVEE"),
        (">a\nMK*LVEE\n", "MK*LVEE"),
        (">a\nMK-LV.EE~\n", "MKLVEE"),
        (">a\n 1 MKLV EEFI\n", "MKLVEEFI"),
        (">a\nMUOBZXJE\n", "MUOBZXJE"),
    ],
)
def test_protein_fasta_is_read_as_people_write_it(text: str, residues: str) -> None:
    (item,) = read(text, "x.faa")
    target = Target(features(item).payload)
    assert letters(target.codes) == residues
    assert target.length == len(residues)


def test_oddities_of_chains_are_warnings() -> None:
    gapped, stopped, empty = read(">a\nMK-LV\n>b\nMK*LV*\n>c\n", "x.faa")
    assert isinstance(gapped, RawItem)
    assert isinstance(stopped, RawItem)
    assert isinstance(empty, RawItem)
    assert gapped.warnings == ["1 gap characters were left out; positions count residues"]
    assert stopped.warnings == ["the chain has 1 stop (*) inside"]
    assert empty.warnings == ["the record has no sequence"]
    assert features(empty).fields["length"] == 0


def test_quoted_prose_is_no_protein() -> None:
    (prose,) = read("> as she wrote\nPlease find enclosed the letter of last week\n")
    assert isinstance(prose, Skipped)
    assert prose.reason == "the text holds words and no sequence"
    (blocks,) = read(">a\nMKLVEEFFPQ MKLVEEFFPQ MKL\nMKLVEEFFPQ\n")
    assert isinstance(blocks, RawItem)
    assert len(blocks.content.residues) == 33


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "sp|P69905|HBA_HUMAN Hemoglobin subunit alpha OS=Homo sapiens OX=9606 GN=HBA1 PE=1 SV=2",
            {
                "accession": "P69905", "entry_name": "HBA_HUMAN", "description": "Hemoglobin subunit alpha",
                "organism": "Homo sapiens", "taxid": ["9606"], "gene": "HBA1", "gene_name": ["HBA1"],
                "existence": "evidence at protein level", "reviewed": True,
            },
        ),
        ("tr|A0A000|X_Y z OS=E. coli OX=1", {"accession": "A0A000", "reviewed": False, "organism": "E. coli"}),
        (
            "NP_995570.1 putative [thing] [Yersinia pestis]",
            {
                "accession": ["NP_995570.1", "NP_995570"], "description": "putative [thing]",
                "organism": "Yersinia pestis", "protein_id": ["NP_995570.1", "NP_995570"],
            },
        ),
        (
            "lcl|X_prot_1 [gene=thrA] [locus_tag=b0002] [protein=kinase] [protein_id=NP_1.1] [location=337..2799]",
            {"gene": "thrA", "gene_name": ["thrA", "b0002"], "description": "kinase", "coded_by": "337..2799"},
        ),
        (
            "ENSP1.1 pep chromosome:X:1:2:1 gene:ENSG1.1 transcript:ENST1.1 gene_symbol:BRCA2 description:repair [S:1]",
            {"gene": "BRCA2", "description": "repair [S:1]", "db_xref": ["Ensembl:ENSG1.1", "Ensembl:ENST1.1"]},
        ),
        ("UniRef90_P69905 Hb n=3 Tax=Homo TaxID=9605 RepID=X", {"accession": "P69905", "organism": "Homo"}),
        ("1abc_A mol:protein", {"accession": ["1ABC_A", "1ABC"]}),
    ],
)  # fmt: skip
def test_header_lines_say_what_databases_write(header: str, expected: dict[str, object]) -> None:
    (item,) = read(f">{header}\nMKLVEEFFPQ\n")
    fields = features(item).fields
    assert {name: fields.get(name) for name in expected} == expected
    assert item.record_id == header.split(maxsplit=1)[0]


def test_the_mass_is_that_of_the_residues() -> None:
    # Glycine, and human insulin's B chain (3429.9 Da by its producers).
    assert average_mass(b"G") == pytest.approx(75.067, abs=0.001)
    assert average_mass(b"FVNQHLCGSHLVEALYLVCGERGFFYTPKT") == pytest.approx(3429.9, abs=0.1)
    assert average_mass(b"MKX") is None
    assert average_mass(b"") is None


def test_payload_letters_are_all_letters() -> None:
    assert sorted(LETTERS) == sorted("ABCDEFGHIJKLMNOPQRSTUVWXYZ*")
    (item,) = read(">läbel\n" + LETTERS.replace("*", "") + "\n", "x.faa")
    target = Target(features(item).payload)
    assert letters(target.codes) == LETTERS.replace("*", "")
    assert (target.label, target.is_feature, target.places()) == ("läbel", False, [])


# ------------------------------------------------------------------------------------------------- annotated proteins
def test_an_entry_of_uniprot_and_its_features_are_items() -> None:
    record, signal, chain, bond, binding = read(FLAT, "x.txt", "UniProt")
    fields = features(record).fields
    assert isinstance(record, RawItem)
    assert (record.title, record.record_id) == ("TEST_HUMAN", "P12345")
    wanted = {
        "accession": ["P12345", "Q00001"], "description": "Test protein", "alternative_name": ["TP"],
        "ec": ["1.2.3.4"], "gene": "TST1", "gene_synonym": ["TSTA", "TSTB"], "locus_tag": ["b0001"],
        "gene_name": ["TST1", "TSTA", "TSTB", "b0001"], "organism": "Homo sapiens (Human)", "taxid": ["9606"],
        "go": ["GO:0005525"], "db_xref": ["EMBL:X00001", "GO:0005525", "PDB:1ABC"], "protein_id": ["CAA00001.1"],
        "keywords": ["Testing", "Reference proteome"], "reviewed": True, "length": 12, "start": 1, "end": 12,
    }  # fmt: skip
    assert {name: fields.get(name) for name in wanted} == wanted
    assert "Tests readers" in features(record).words
    assert "GTP binding" in features(record).words
    told = [
        (item.record_id, features(item).fields["feature"], features(item).fields["location"], item.content.residues)
        for item in (signal, chain, bond, binding)
        if isinstance(item, RawItem)
    ]
    assert told == [
        ("P12345:signal_peptide:1..3", "signal peptide", "1..3", b"MCK"),
        ("P12345:PRO_0000000001", "chain", "4..>12", b"LVEEDCFAW"),
        ("P12345:disulfide_bond:bond(2,9)", "disulfide bond", "bond(2,9)", b"CC"),
        ("P12345:binding_site:?..7", "binding site", "?..7", b""),
    ]
    assert "GTP" in features(binding).words
    assert HANDLERS["protein"].draw(features(record).payload).data.startswith(b"<svg")


def test_an_entry_of_xml_that_is_wrong_costs_only_itself() -> None:
    record, domain, wrong = read(XML, "x.xml", "UniProt XML")
    assert features(record).fields["description"] == "Test protein"
    assert features(domain).fields["location"] == "2..5"
    assert isinstance(wrong, Skipped)
    assert (wrong.number, wrong.record_id) == (3, "A0A000")


def test_entities_are_refused() -> None:
    with pytest.raises(MalformedContent, match="entity"):
        read('<!DOCTYPE u [<!ENTITY a "b">]><uniprot><entry>&a;</entry></uniprot>', "x.xml", "UniProt XML")


def test_genpept_records_have_their_gene_and_regions() -> None:
    record, region = read(GENPEPT, "x.gp", "GenPept", "nucleotide")
    fields = features(record).fields
    wanted = {
        "name": "NP_000001.2", "description": "test protein", "gene": "TST1", "gene_synonym": ["TSTA"],
        "coded_by": "NM_000001.1:10..48", "ec": ["1.2.3.4"], "taxid": ["9606"], "organism": "Homo sapiens",
        "protein_id": ["NP_000001.2", "NP_000001"],
    }  # fmt: skip
    assert {name: fields.get(name) for name in wanted} == wanted
    assert isinstance(region, RawItem)
    assert (region.title, region.content.residues) == ("Small domain", b"KLVE")


def test_proteins_in_every_notation_have_one_digest() -> None:
    found = [read(FLAT, "x", "UniProt")[0], read(GENPEPT)[0], read(">a\nMCKLVEEDCFAW*\n", "x.faa")[0]]
    assert len({features(item).keys["protein_refget"] for item in found}) == 1


# ------------------------------------------------------------------------------------------------- coding sequences
def test_translation_follows_the_table() -> None:
    codes = b"TTGGCNTGATAAAAR".translate(CODES)
    assert translated(codes) == b"MA**K"
    assert translated(codes, 11) == b"MA**K"
    assert translated(codes, 2) == b"LAW*K"
    assert translated(codes, 11, starts=False) == b"LA**K"
    assert translated(codes, 99) is None
    assert translated(b"", 1) is None


def test_coding_sequences_of_a_real_genome_give_their_proteins(shared_data: Path) -> None:
    from Bio import SeqIO

    path = shared_data / "annotated" / "NC_000932.gb"
    wanted = {
        one.qualifiers["protein_id"][0]: one.qualifiers["translation"][0]
        for one in SeqIO.read(path, "genbank").features
        if one.type == "CDS" and "translation" in one.qualifiers
    }
    items = read(path.read_bytes(), "x.gb", "GenBank", "nucleotide")
    found = {
        item.record_id: item.content.residues.decode()
        for item in items
        if isinstance(item, RawItem) and item.kind == "protein"
    }
    assert found == wanted
    faa = {
        features(item).fields["protein_id"][0]: features(item).keys["protein_refget"]  # type: ignore[index]
        for item in read((shared_data / "annotated" / "NC_000932.faa").read_bytes(), "NC_000932.faa")
    }
    coded = {
        features(item).keys["protein_id"]: features(item).keys["protein_refget"]
        for item in items
        if isinstance(item, RawItem) and item.kind == "nucleotide" and "protein_refget" in features(item).keys
    }
    assert set(faa) == set(coded)
    assert sum(faa[name] == coded[name] for name in faa) == len(faa)


def test_a_coding_sequence_without_its_translation_is_translated(shared_data: Path) -> None:
    text = (shared_data / "annotated" / "NC_005816.gb").read_text()
    cut: list[str] = []
    for line in text.split("\n"):
        if "/translation=" in line:
            cut.append("")
        if not (cut and cut[-1] == "" and line.startswith(" " * 21)):
            cut.append(line)
    bare = read("\n".join(line for line in cut if line), "x.gb", "GenBank", "nucleotide")
    whole = read(text, "x.gb", "GenBank", "nucleotide")
    digests = [
        {
            features(item).keys["protein_id"]: features(item).keys["protein_refget"]
            for item in items
            if isinstance(item, RawItem) and item.kind == "nucleotide" and "protein_id" in features(item).keys
        }
        for items in (bare, whole)
    ]
    assert "protein" not in kinds(bare)
    assert len(digests[0]) == 10
    assert digests[0] == digests[1]


# --------------------------------------------------------------------------------------------------------- real files
def test_flat_and_xml_of_the_same_entries_agree(shared_data: Path) -> None:
    folder = shared_data / "annotated"
    flat = read((folder / "multi_ex.txt").read_bytes(), "multi_ex.txt", "UniProt")
    xml = read((folder / "multi_ex.xml").read_bytes(), "multi_ex.xml", "UniProt XML")
    assert len(flat) == len(xml) == 178
    assert [item.record_id for item in flat] == [item.record_id for item in xml]
    for one, other in zip(flat, xml, strict=True):
        mine, theirs = features(one).fields, features(other).fields
        assert mine.keys() == theirs.keys()
        changed = mine["feature"] in {"splice variant", "sequence variant", "sequence conflict"}  # told in other words
        for name, value in mine.items():
            assert (changed and name == "name") or value == theirs[name] or sorted(value) == sorted(theirs[name]), name  # type: ignore[arg-type]


def test_masses_agree_with_uniprot(shared_data: Path) -> None:
    from Bio import SwissProt

    path = shared_data / "annotated" / "multi_ex.txt"
    with path.open() as handle:
        said = {entry.accessions[0]: entry.seqinfo[1] for entry in SwissProt.parse(handle)}
    records = [item for item in read(path.read_bytes(), "multi_ex.txt", "UniProt") if item.record_id in said]
    assert len(records) == len(said) == 8
    for item in records:
        assert features(item).fields["mass_da"] == pytest.approx(said[item.record_id], abs=1)  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "form"), [(FLAT, "UniProt"), (XML, "UniProt XML"), (GENPEPT, "GenPept"), (">a\nMKLVEEFF\n" * 3, "")]
)
def test_damage_anywhere_gives_items_or_a_typed_error(text: str, form: str) -> None:
    dice = random.Random(7)
    raw = text.encode()
    for turn in range(120):
        broken = bytearray(raw[: dice.randrange(len(raw))] if turn % 2 else raw)
        for _ in range(turn % 4):
            if broken:
                broken[dice.randrange(len(broken))] = dice.randrange(256)
        try:
            for item in read(bytes(broken), "x", form):
                assert item.reason if isinstance(item, Skipped) else features(item)
        except InputError as error:
            assert error.message  # noqa: PT017 - every outcome is allowed but an untyped one
