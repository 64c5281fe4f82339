"""Features of tables with the sequences of a FASTA beside them, or inside the file, and their proteins."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
from annotated import as_gff
from click.testing import CliRunner
from readers import HANDLERS, features
from test_nucleotide_formats import twobit

import nlsearch
from held import Held
from nlsearch.cli.app import app
from nlsearch.handlers.nucleotide.formats import genome
from nlsearch.handlers.sequences.bases import letters
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

STOP = "TAA"
PEPTIDE = "ATGAAATTTGGGCCC"  # MKFGP


def complement(text: str) -> str:
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def read(table: str, *fastas: tuple[str, str] | Held, form: str = "GFF3") -> list[RawItem | Skipped]:
    """Read a table of features with FASTA files beside it: names and texts."""
    beside = [one if isinstance(one, Held) else Held(one[1].encode(), one[0], "FASTA") for one in fastas]
    return list(HANDLERS["nucleotide"].read(Held(table.encode(), "x", form, beside), Limits()))


def line(
    kind: str, start: int, end: int, strand: str = "+", phase: str = ".", said: str = "ID=a", of: str = "r"
) -> str:
    return f"{of}\tx\t{kind}\t{start}\t{end}\t.\t{strand}\t{phase}\t{said}\n"


def chains(items: list[RawItem | Skipped]) -> list[RawItem]:
    return [item for item in items if isinstance(item, RawItem) and item.kind == "protein"]


def residues(items: list[RawItem | Skipped]) -> list[str]:
    return [item.content.residues.decode() for item in chains(items)]


def own(item: RawItem | Skipped) -> str | None:
    assert isinstance(item, RawItem)
    return None if item.content.sequence is None else letters(item.content.sequence.codes())


def warnings(item: RawItem | Skipped) -> list[str]:
    assert isinstance(item, RawItem)
    return item.warnings


# ----------------------------------------------------------------------------------------------------------- sequences
def test_features_have_the_sequence_of_the_record_beside_them() -> None:
    fasta = ("x.fa", ">q\nAAAA\n>r a record [organism=Homo sapiens]\nACGTTTGACC\n")
    gene, minus, whole = read(line("gene", 2, 4) + line("gene", 2, 4, "-", said="ID=b") + line("mRNA", 1, 10), fasta)
    assert [own(one) for one in (gene, minus, whole)] == ["CGT", "ACG", "ACGTTTGACC"]
    gene.kind = minus.kind = "nucleotide"
    fields = features(gene).fields
    wanted = {"gc": 0.666667, "length": 3, "organism": "Homo sapiens", "molecule": "DNA", "start": 2, "end": 4}
    assert {name: fields[name] for name in wanted} == wanted
    assert fields["refget"] != features(minus).fields["refget"]
    assert HANDLERS["nucleotide"].spell(features(gene).payload) == "CGT"
    assert (gene.content.record_length, gene.warnings) == (10, [])


def test_without_a_fasta_features_have_their_place_and_no_warning() -> None:
    (gene,) = read(line("gene", 2, 4))
    assert (own(gene), warnings(gene)) == (None, [])


def test_blocks_of_bed_are_spliced_and_give_no_protein() -> None:
    text = "r\t0\t12\tn\t0\t-\t0\t12\t0\t2\t3,3,\t0,9,\nr\t0\t3\nr\t0\t99\n"
    blocks, plain, beyond = read(text, ("x.fa", ">r\nAAACCCGGGTTC\n"), form="BED")
    assert (own(blocks), own(plain), own(beyond)) == ("GAATTT", "AAA", None)
    assert warnings(beyond) == ["no sequence was taken: it ends at base 99, and r has 12 in x.fa beside it"]


@pytest.mark.parametrize(("text", "first"), [("##FASTA\n>r\nACGTTT\n", 2), (">r\nACGTTT\n", 2)])
def test_what_is_inside_goes_before_what_is_beside(text: str, first: int) -> None:
    gene, record = read(line("gene", first, 4) + text, ("x.fa", ">r\nGGGGGG\n"))
    assert (own(gene), own(record)) == ("CGT", "ACGTTT")
    assert [item.number for item in (gene, record)] == [1, 2]


def test_a_2bit_file_serves_as_well() -> None:
    (gene,) = read(line("gene", 2, 4), Held(twobit({"q": "AAAA", "r": "ACGT"}), "x.2bit", "2bit"))
    assert (own(gene), warnings(gene)) == ("CGT", [])


def test_text_in_utf_16_is_read() -> None:
    table = (line("gene", 2, 4) + "##FASTA\n>r\nACGT\n").encode("utf-16")
    gene, record = HANDLERS["nucleotide"].read(Held(table, "x", "GFF3"), Limits())
    assert (own(gene), own(record)) == ("CGT", "ACGT")


def test_a_record_that_is_not_there_is_said() -> None:
    here, gone = read(line("gene", 2, 4) + line("gene", 1, 2, of="chr2"), ("x.fa", ">r\nACGT\n"))
    assert (own(here), own(gone)) == ("CGT", None)
    assert warnings(gone) == ["record chr2 is not among the sequences of x.fa beside it"]
    (empty,) = read(line("gene", 2, 4), ("x.fa", ">r\n"))
    assert warnings(empty) == ["record r has no sequence in it"]


def test_nothing_is_guessed_between_two_that_differ() -> None:
    one, equal, other = ("x.fa", ">r\nACGT\n"), ("x.fna", ">r\nacgt\n"), ("x.fas", ">r\nACGA\n")
    (gene,) = read(line("gene", 2, 4), one, equal)
    assert (own(gene), warnings(gene)) == ("CGT", [])
    (gene,) = read(line("gene", 2, 4), one, other)
    said = "no sequence was taken: 2 records r, which differ, are in x.fa beside it and in x.fas beside it"
    assert (own(gene), warnings(gene)) == (None, [said])
    (gene,) = read(line("gene", 2, 4), ("x.fa", ">r\nACGT\n>r\nAAAA\n"))
    assert "2 records r, which differ" in warnings(gene)[0]


def test_accessions_count_where_no_id_does() -> None:
    table = line("gene", 1, 3, of="NC_10000.1") + line("gene", 1, 3, of="NC_10000", said="ID=b")
    fasta = ("x.fa", ">gi|7|ref|NC_10000.1| x\nACGT\n")
    assert [own(item) for item in read(table, fasta)] == ["ACG", "ACG"]
    (other,) = read(line("gene", 1, 3, of="NC_10000.2"), fasta)
    assert own(other) is None


def test_a_fasta_that_does_not_read_is_said() -> None:
    class Broken(Held):
        def open(self):
            raise nlsearch.InputError("cannot be read: Permission denied")

    (gene,) = read(line("gene", 2, 4), Broken(b"", "x.fa", "FASTA"))
    assert warnings(gene) == ["x.fa beside it does not read: cannot be read: Permission denied"]
    (gene,) = read(line("gene", 2, 4), Held(b"no fasta", "x.fa", "FASTA"))
    assert "x.fa beside it does not read: FASTA begins with '>'" in warnings(gene)[0]


def test_across_the_origin_of_a_circle() -> None:
    region = line("region", 1, 20, said="ID=w;Is_circular=true")
    bases = "GGG" + STOP + "CCCCCCCC" + "ATGAAA"  # the gene begins at 15 and ends at 6
    table = region + line("CDS", 15, 26, "+", "0", "ID=c;locus_tag=T")
    _, cds, protein = read(table, ("x.fa", f">r\n{bases}\n"))
    assert (own(cds), residues([protein])) == ("ATGAAAGGG" + STOP, ["MKG"])
    assert cds.content.location == "join(15..20,1..6)"
    assert cds.content.record.topology == "circular"
    table = region + line("CDS", 15, 26, "-", "0", "ID=c;locus_tag=T")
    _, cds, protein = read(
        table, ("x.fa", f">r\n{complement(STOP)}GGG{'C' * 8}{'ACGCAT'}\n".replace("TTAGGG", "TTACAT"))
    )
    assert cds.content.location == "complement(join(15..20,1..6))"
    assert own(cds) == "ATGTAA" + "ATGCGT"
    (beyond,) = read(line("CDS", 15, 26, "+", "0"), ("x.fa", f">r\n{bases}\n"))
    assert "it ends at base 26" in warnings(beyond)[0]


def test_long_genomes_are_read_again_and_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genome, "HELD_BASES", 60)
    draw = random.Random(3)
    records = {f"r{at}": "".join(draw.choices("ACGT", k=length)) for at, length in enumerate((50, 9, 40, 7, 45))}
    fasta = ("x.fa", "".join(f">{name}\n{text}\n" for name, text in records.items()))
    order = [draw.choice(sorted(records)) for _ in range(40)]
    items = read("".join(line("gene", 2, 6, said=f"ID={at}", of=name) for at, name in enumerate(order)), fasta)
    assert [own(item) for item in items] == [records[name][1:6] for name in order]


# ------------------------------------------------------------------------------------------------------------ proteins
def coded(said: str, bases: str, *pieces: tuple[int, int, str, str]) -> list[RawItem | Skipped]:
    table = "".join(line("CDS", start, end, strand, phase, f"ID=c;{said}") for start, end, strand, phase in pieces)
    return read(table, ("x.fa", f">r\n{bases}\n"))


def test_lines_of_one_id_are_one_coding_sequence_on_either_strand() -> None:
    gene = PEPTIDE + STOP
    bases = "CC" + gene[:7] + "GTCCAG" + gene[7:] + "CC"
    plus = coded("locus_tag=T_1;product=p", bases, (3, 9, "+", "0"), (16, 26, "+", "2"))
    minus = coded("locus_tag=T_1", complement(bases), (3, 13, "-", "2"), (20, 26, "-", "0"))
    assert [residues(items) for items in (plus, minus)] == [["MKFGP"], ["MKFGP"]]
    cds, protein = plus
    protein.kind, cds.kind = "protein", "nucleotide"
    assert features(protein).fields["coded_by"] == "r:join(3..9,16..26)"
    assert features(protein).fields["refget"] == features(cds).fields["protein_refget"]
    assert (protein.content.name, protein.content.description, protein.number) == ("T_1", "p", 2)


@pytest.mark.parametrize(
    ("said", "bases", "phase", "expected"),
    [
        ("x=y", "GTGAAA" + STOP, "0", ["VK"]),
        ("transl_table=11", "GTGAAA" + STOP, "0", ["MK"]),
        ("transl_table=2", "ATGTGA" + STOP, "0", ["MW"]),
        ("transl_table=99", "ATGTGA" + STOP, "0", []),
        ("x=y", "CATGAAA" + STOP, "1", ["MK"]),
        ("transl_table=11", "CCGTGAAA", "2", ["VK"]),
        ("transl_table=11;partial=true;start_range=.,1", "GTGAAA", "0", ["VK"]),
        ("transl_table=11;partial=true;end_range=6,.", "GTGAAA", "0", ["MK"]),
        ("transl_table=11;tag=basic,cds_start_NF", "GTGAAA", "0", ["VK"]),
        ("pseudo=true", "ATGAAA", "0", []),
        ("pseudogene=unknown", "ATGAAA", "0", []),
        ("pseudo=false", "ATGAAA", "0", ["MK"]),
        ("transl_except=(pos:4..6%2Caa:Sec)", "ATGTGAAAA" + STOP, "0", ["MUK"]),
        ("exception=alternative start codon", "CCCAAA", "0", ["MK"]),
        ("translation=MWWW", "ATGAAA", "0", ["MWWW"]),
        ("x=y", "AT", "0", []),
        ("x=y", STOP, "0", []),
    ],
)  # fmt: skip
def test_how_a_coding_sequence_is_read(said: str, bases: str, phase: str, expected: list[str]) -> None:
    items = coded(said, bases, (1, len(bases), "+", phase))
    assert residues(items) == expected
    if "_range" in said:
        assert items[0].content.location == ("<1..6" if "start" in said else "1..>6")
    if "99" in said:
        assert warnings(items[0]) == ["there is no genetic code 99"]
    backwards = said.replace("start_range=.,1", "end_range=6,.") if "start_range" in said else said
    backwards = backwards.replace("end_range=6,.", "start_range=.,1") if "end_range" in said else backwards
    backwards = backwards.replace("4..6", "complement(7..9)")
    items = coded(backwards, complement(bases), (1, len(bases), "-", phase))
    assert residues(items) == expected


def test_a_coding_sequence_without_a_strand_is_not_guessed() -> None:
    (cds,) = coded("x=y", "ATGAAA", (1, 6, ".", "0"))
    assert own(cds) == "ATGAAA"


def test_stops_inside_and_exceptions_are_said() -> None:
    (protein,) = chains(coded("x=y", "ATGTAAAAA", (1, 9, "+", "0")))
    assert (protein.content.residues, protein.warnings) == (b"M*K", ["the chain has 1 stop (*) inside"])
    (protein,) = chains(coded("exception=RNA editing", "ATGAAA", (1, 6, "+", "0")))
    assert protein.warnings == ["the file says rna editing: the protein may not be what its bases say"]
    (protein,) = chains(coded("exception=ribosomal slippage", "ATGACCC", (1, 5, "+", "0"), (4, 7, "+", "1")))
    assert (protein.content.residues, protein.warnings) == (b"MTP", [])


def test_parts_on_both_strands_follow_their_numbers() -> None:
    bases = complement("ATGAA") + "GGG" + "ATTT" + STOP
    table = line("CDS", 9, 15, "+", "1", "ID=c;part=2") + line("CDS", 1, 5, "-", "0", "ID=c;part=1")
    items = read(table, ("x.fa", f">r\n{bases}\n"))
    assert residues(items) == ["MKF"]
    assert (items[0].content.strand, items[0].content.location) == ("both", "join(complement(1..5),9..15)")


def test_gtf_translates_the_coding_lines_of_a_transcript() -> None:
    said = 'gene_id "G"; transcript_id "T"; gene_name "abc"; protein_id "ENSP1"'
    table = (
        line("CDS", 1, 4, "+", "0", said)
        + line("CDS", 7, 11, "+", "2", said)
        + line("stop_codon", 12, 14, "+", "0", said)
    )
    items = read(table, ("x.fa", ">r\nATGAGGAATTTTAA\n"), form="GTF")
    assert residues(items) == ["MKF"]
    (protein,) = chains(items)
    assert (protein.content.name, protein.content.known["gene"]) == ("ENSP1", ["abc"])


def test_chains_longer_than_features_that_are_kept() -> None:
    bases = "ATG" + "AAA" * 40_000
    items = coded("ID=c", bases, (1, len(bases), "+", "0"))
    assert (own(items[0]), len(residues(items)[0])) == (None, 40_001)


# ------------------------------------------------------------------------------------------------------------ families
def test_children_have_the_names_of_their_parents() -> None:
    table = (
        line("CDS", 1, 6, "+", "0", "ID=c;Parent=t1")  # before its parents
        + line("gene", 1, 9, said="ID=g;Name=lysZ;locus_tag=T_1;gene_synonym=old")
        + line("mRNA", 1, 9, said="ID=t1;Parent=g;Name=t-1")
        + line("exon", 1, 9, said="ID=e;Parent=t0,t1")
        + line("mRNA", 1, 9, said="ID=t2;Parent=g;gene=other")
        + line("gene", 1, 9, said="ID=g2;Name=rzoD;pseudo=true")
        + line("CDS", 1, 9, "+", "0", said="ID=c2;Parent=g2")
        + line("CDS", 1, 9, said="ID=c3;Parent=g", of="q")
    )
    items = read(table, ("x.fa", ">r\nATGAAATAA\n"))
    known = {item.content.qualifiers["ID"][0]: item for item in items if item.kind is None}
    said = {name: item.content.qualifiers.get("gene") for name, item in known.items()}
    assert said == {"c": ["lysZ"], "g": ["lysZ"], "t1": ["lysZ"], "e": ["lysZ"], "t2": ["other"], "g2": ["rzoD"],
                    "c2": ["rzoD"], "c3": None}  # fmt: skip
    assert known["c"].content.qualifiers["locus_tag"] == known["t2"].content.qualifiers["locus_tag"] == ["T_1"]
    assert known["e"].content.qualifiers["gene_synonym"] == ["old"]
    assert "gene_synonym" not in known["t2"].content.qualifiers
    (protein,) = chains(items)
    assert (protein.content.known["gene"], protein.content.name) == (["lysZ"], "T_1")


def test_features_that_are_their_own_forebears_end() -> None:
    first, second = read(line("mRNA", 1, 2, said="ID=a;Parent=b") + line("gene", 1, 2, said="ID=b;Parent=a"))
    assert isinstance(first, RawItem)
    assert isinstance(second, RawItem)
    many = ",".join(["a", "b"] * 50)
    first, second = read(
        line("mRNA", 1, 2, said=f"ID=a;Parent={many}") + line("gene", 1, 2, said=f"ID=b;Parent={many}")
    )
    assert (own(first), own(second)) == (None, None)


# ---------------------------------------------------------------------------------------------------- beside a GenBank
FACTS = ("gene", "locus_tag", "product", "protein_id", "coded_by", "refget", "length", "mass")
PLACES = ("gene", "locus_tag", "product", "strand", "start", "end", "length", "gc", "refget", "protein_refget")
EDITED = "the file says rna editing"


@pytest.mark.parametrize(("name", "proteins"), [("NC_005816", 10), ("NC_000932", 85)])
def test_a_table_beside_a_fasta_gives_what_the_genbank_file_gives(
    shared_data: Path, tmp_path: Path, name: str, proteins: int
) -> None:
    genbank = shared_data / "annotated" / f"{name}.gb"
    table, fasta = as_gff(genbank)
    (tmp_path / "x.gff3").write_text(table)
    (tmp_path / "x.fna.gz").write_bytes(gzip.compress(fasta.encode()))
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True) as made:
        assert made.index([tmp_path / "x.gff3", genbank], jobs=1).failures == []
        found = {"gff3": {}, "gb": {}}
        for hit in made.search(
            "kind:protein OR (kind:nucleotide AND -feature:record AND -feature:region)", limit=2000
        ).hits:
            fields = hit.item.fields
            facts = FACTS if hit.item.kind == "protein" else ("feature", *PLACES)
            if EDITED in str(fields.get("warnings")):
                continue
            key = (hit.item.kind, fields.get("feature"), fields.get("coded_by", fields.get("location")))
            found[hit.item.path.rpartition(".")[2]][key] = {fact: fields.get(fact) for fact in facts}
        of = {
            file: {key: facts for key, facts in every.items() if key[:2] in {("protein", None), ("nucleotide", "CDS")}}
            for file, every in found.items()
        }
        edited = "NC_000932.1:complement(115665..117167)"  # by editing RNA, which the bases do not tell
        for key in [key for key in of["gb"] if edited.endswith(key[2])]:
            of["gb"].pop(key)
            of["gff3"].pop(key, None)
        assert of["gff3"] == of["gb"]
        assert sum(key[0] == "protein" for key in found["gb"]) == proteins
        sized = made.search("kind:protein AND length:[60 TO 400]", limit=2000).hits
        asked = next(hit for hit in sized if hit.item.path.endswith("gff3"))
        again = made.search(f'like:"{asked.item.id}"', limit=5, count="exact")
        assert {hit.item.path.rpartition(".")[2] for hit in again.hits if hit.tier == "exact"} == {"gff3", "gb"}
        assert all(made.verify(hit) for hit in again.hits)


# -------------------------------------------------------------------------------------------------- at the command line
def test_gene_products_are_found_at_the_command_line(tmp_path: Path) -> None:
    gene = "ATG" + "AACGGTACTTGGCGTTCTCATAAAGATGAACTGTTT" + STOP  # MNGTWRSHKDELF
    table = (
        line("gene", 11, 52, "-", said="ID=g;Name=lysZ;locus_tag=T_1")
        + line("CDS", 11, 52, "-", "0", "ID=c;Parent=g;product=lysozyme")
        + line("gene", 11, 52, "-", said="ID=g2;Name=rzoD")
        + line("tRNA", 60, 70, said="ID=t;product=tRNA-Ala")
    )
    (tmp_path / "s.gff3").write_text(table)
    (tmp_path / "s.fa").write_text(f">r\n{'C' * 10}{complement(gene)}{'G' * 30}\n")

    def found(query: str) -> list[tuple[str, str]]:
        result = CliRunner().invoke(app, ["-c", str(tmp_path / "c.nls"), "search", query, "--json"])
        assert result.exit_code in {0, 1}, result.output
        return sorted(
            (hit["kind"], hit["locator"]) for hit in map(json.loads, result.stdout.splitlines()) if "kind" in hit
        )

    result = CliRunner().invoke(app, ["-c", str(tmp_path / "c.nls"), "index", str(tmp_path / "s.gff3")])
    assert result.exit_code == 0, result.output
    protein = [("protein", "#c:protein")]
    assert found('protein:"NGTWRSHKDELF"') == protein
    assert found('prosite:"N-{P}-[ST]-{P}"') == protein
    assert found("gene:lysZ") == [("nucleotide", "#c"), ("nucleotide", "#g"), *protein]
    assert found("near:lysZ{within=50}") == [("nucleotide", "#g2"), ("nucleotide", "#t")]
    assert ("nucleotide", "#c") in found('region:"r:1-20"')
    result = CliRunner().invoke(app, ["-c", str(tmp_path / "c.nls"), "verify", 'protein:"NGTWRSHKDELF"'])
    assert result.exit_code == 0, result.output
