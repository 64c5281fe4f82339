"""Alignments in the formats of other programs: equal to BLAST's and minimap2's for the same alignments.

The expected lines are the output of blastn, blastp, blastx and tblastn 2.12.0+ and of minimap2 2.24 for these sequences
(columns that are told apart by tabs stand here with spaces between them).
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from Bio.Data.CodonTable import unambiguous_dna_by_id
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import nlsearch
from nlsearch.cli.alignments import blast6, paf, pairwise, sam
from nlsearch.cli.alignments.aligned import Side, alignments_of, complemented, runs_of
from nlsearch.cli.alignments.forms import form_of
from nlsearch.cli.alignments.numbers import bits_text, coverage, covered, evalue_text, percent
from nlsearch.cli.alignments.output import AlignmentOutput
from nlsearch.cli.alignments.queries import QueryTexts, written
from nlsearch.cli.app import app
from nlsearch.errors import QueryError
from nlsearch.model import Hit, Item
from nlsearch.query.syntax import And, Not, Structure
from nlsearch.search.examples import Answer
from nlsearch.search.session import Page

SUBJECT = (
    "GCTAAAGACAATTACATAACATACACGTCAGCACGAAACTTGTTGGCCCAGTGTGAATCGCTTAAGGGTTAAGTAAGTGTGATGCATACGCCTTTACTTG"
    "CTGTGTCCACCCCATCGGACTGGCATTTTTATTACACTCAGAAACAGAACTCGGGTAATTTTGACAGGTCACGCAGAGGCGCGCCCTCCTGAAGTGCGTG"
    "GACACTCGCTATGAATCTCTGATTTACCCACTCTGCCAAACTCCAGCGCGGTCAGTTCCATCACCCTAAGTAACCGAATAATGCGTTCGCTCTATTGACT"
    "ACGACGCGCTCATTCCCTTGTCGGAGAGTTATGGAACAAGGACGCTGTCTGAGACTAGAAGACAGATAGTGCACACGACCGGCGTCGGAGAAACTCTATT"
    "TGCCGCCTGACAAGTCAATGCGATCCGTAGGGGCAGCGCAGTATGCCAAGACTATAGGCACTGTCGCATCACAAACGATTAACTGATAAATGAGCCCTTT"
    "ATGACACGGGCATATGACTGGTTTACGATAGTATGTCCAACGGCGAGCTTTACATTTGCTGTGAGAGGTACAGGGATTAGTGAGAAGCCGTGCGTATCAA"
)
FORWARD = (
    "ACCTCTCCATCTGTGTCCACCCCATCGGACTGGCATTTTTATTACACTCATAAACAGAACTCGGGTAATTTTGACAGGTCACGCAGAGGCGCGCCCTCCT"
    "AGTGCGTGGACACTCGCTATGAATCTCTGATTTACCCACTCTGCCAAACTCCAGCGCGTGAGTCAGTTCCATCACCCTAAGTAACCGAATAATGCGTTCG"
    "CTCTATTGACTCTGACCC"
)
REVERSE = (
    "AGTCAATAGAGCGAACGCATTATTCGGTTACTTAGGGTGATGGAACTGACTCACGCGCTGGAGTTTGGCAGAGTGGGTAAATCAGAGATTCATAGCGAGT"
    "GTCCACGCACTAGGAGGGCGCGCCTCTGCGTGACCTGTCAAAATTACCCGAGTTCTGTTTATGAGTGTAATAAAAATGCCAGTCCGATGGGGTGGACACA"
    "GATCTT"
)
ALL = (
    "qseqid sseqid pident length mismatch gapopen qstart qend sstart send evalue bitscore qlen slen qcovs qcovhsp "
    "nident positive gaps qframe sframe sstrand btop stitle qseq sseq"
)
SUBJECT_CIGAR = "40=1X49=2D58=3I50="
PROTEIN = "MIWVFNYSWDYASKVIHSVVSPFIFTPADGWCLAKSYPQPWRFNECFSHKQLQTPWNVWQWIMAKYGMVWWEHWKLEDSS"
PEPTIDE = "MIWVFNYSWDYASKVIHSVVWPFIFTPADGWCLAKSYPQPKRFNECFSHKQLQTPWNVWQMAKYGMVWWEHWKLEDSS"
PROTEIN_CIGAR = "20=1X19=1X19=2D18="


def hit(target, start, cigar, strand="+", title="subj", kind="nucleotide", length=None, **evidence):
    """A hit as the evidence of sequences describes it; `target` are the item's letters."""
    fields = {"length": len(target) if length is None else length, "description": "one target"}
    item = Item(f"/t.fa#{title}", kind, title, "/t.fa", f"#{title}", fields)
    runs = runs_of(cigar)
    span = sum(size for size, operation in runs if operation != "I")
    return Hit(item, 0.9, "near", {
        "query": evidence.pop("query"), "target": [start, start + span], "strand": strand, "cigar": cigar, **evidence,
    })  # fmt: skip


def aligned(found, query, name="q", letters=""):
    side = Side(name, len(query), lambda: query)
    ((first, *more),) = alignments_of(found, lambda operator, length: side, lambda item: letters)
    return [first, *more]


def table(alignments, columns):
    return list(blast6.lines(alignments, columns.split()))


def forward(**evidence):
    found = hit(SUBJECT, 100, SUBJECT_CIGAR, query=[10, 211], bit_score=337.211, evalue=6.25e-97, **evidence)
    return aligned(found, FORWARD, "fwd", SUBJECT)


def backward(**evidence):
    found = hit(SUBJECT, 100, SUBJECT_CIGAR, "-", query=[0, 201], bit_score=337.211, evalue=5.89e-97, **evidence)
    return aligned(found, REVERSE, "rev", SUBJECT)


# ------------------------------------------------------------------------------------------------------ BLAST's table
BLASTN = """\
fwd subj 97.044 203 1 2 11 211 101 300 6.25e-97 337 218 600 92 92 197 197 5 1 1 plus 40TG49-G-A58T-G-A-50
rev subj 97.044 203 1 2 1 201 300 101 5.89e-97 337 206 600 98 98 197 197 5 1 -1 minus 50T-C-A-58-T-C49AC40
"""
FORWARD_ROWS = (
    "CTGTGTCCACCCCATCGGACTGGCATTTTTATTACACTCATAAACAGAACTCGGGTAATTTTGACAGGTCACGCAGAGGCGCGCCCTCCT--AGTGCGTG"
    "GACACTCGCTATGAATCTCTGATTTACCCACTCTGCCAAACTCCAGCGCGTGAGTCAGTTCCATCACCCTAAGTAACCGAATAATGCGTTCGCTCTATTG"
    "ACT",
    "CTGTGTCCACCCCATCGGACTGGCATTTTTATTACACTCAGAAACAGAACTCGGGTAATTTTGACAGGTCACGCAGAGGCGCGCCCTCCTGAAGTGCGTG"
    "GACACTCGCTATGAATCTCTGATTTACCCACTCTGCCAAACTCCAGCGCG---GTCAGTTCCATCACCCTAAGTAACCGAATAATGCGTTCGCTCTATTG"
    "ACT",
)
BACKWARD_ROWS = (
    "AGTCAATAGAGCGAACGCATTATTCGGTTACTTAGGGTGATGGAACTGACTCACGCGCTGGAGTTTGGCAGAGTGGGTAAATCAGAGATTCATAGCGAGT"
    "GTCCACGCACT--AGGAGGGCGCGCCTCTGCGTGACCTGTCAAAATTACCCGAGTTCTGTTTATGAGTGTAATAAAAATGCCAGTCCGATGGGGTGGACA"
    "CAG",
    "AGTCAATAGAGCGAACGCATTATTCGGTTACTTAGGGTGATGGAACTGAC---CGCGCTGGAGTTTGGCAGAGTGGGTAAATCAGAGATTCATAGCGAGT"
    "GTCCACGCACTTCAGGAGGGCGCGCCTCTGCGTGACCTGTCAAAATTACCCGAGTTCTGTTTCTGAGTGTAATAAAAATGCCAGTCCGATGGGGTGGACA"
    "CAG",
)


@pytest.mark.parametrize(("made", "line", "rows"), [
    (forward, BLASTN.splitlines()[0], FORWARD_ROWS), (backward, BLASTN.splitlines()[1], BACKWARD_ROWS),
])  # fmt: skip
def test_the_table_is_that_of_blastn(made, line, rows):
    assert list(blast6.lines(made())) == ["\t".join(line.split()[:12])]
    (all_columns,) = blast6.lines(made(), ALL.split())
    assert all_columns == "\t".join([*line.split(), "one target", *rows])


def test_rows_of_the_evidence_are_enough_where_letters_are_not_known():
    rows = {"query": complemented(BACKWARD_ROWS[0]), "target": complemented(BACKWARD_ROWS[1])}
    found = hit(SUBJECT, 100, SUBJECT_CIGAR, "-", query=[0, 201], rows=rows)
    (one,) = alignments_of(found, lambda operator, length: Side("query", length, lambda: ""), lambda item: "")
    assert one[0].rows == BACKWARD_ROWS
    assert blast6.btop(one[0]) == BLASTN.rsplit(maxsplit=1)[-1]
    (without,) = alignments_of(
        hit(SUBJECT, 100, SUBJECT_CIGAR, query=[10, 211]), lambda operator, length: Side("query", length, lambda: ""),
        lambda item: SUBJECT,
    )  # fmt: skip
    assert table(without, "qlen qcovs btop sseq evalue bitscore") == ["\t".join(["N/A"] * 6)]


def test_two_alignments_with_one_item_share_its_coverage():
    """blastn of `fwd` against an item that holds the first 100 bases forward and the last 51 backward."""
    more = [{"query": [160, 211], "target": [300, 351], "strand": "-", "cigar": "51=", "bit_score": 95.31}]
    found = aligned(hit(SUBJECT, 100, "100=", query=[10, 110], more=more, query_length=218), FORWARD)
    assert table(found, "qstart qend sstart send qcovs qcovhsp sstrand bitscore evalue") == [
        "11\t110\t101\t200\t69\t46\tplus\tN/A\tN/A", "161\t211\t351\t301\t69\t23\tminus\t95.3\tN/A",
    ]  # fmt: skip


BLASTP = "pq prot 95.000 80 2 1 1 78 1 80 3.13e-63 171 78 80 100 100 76 76 2 1 1 N/A 20WS19KW19-W-I18"
TBLASTN = "pq nt 95.000 80 2 1 1 78 260 21 1.16e-63 171 78 267 100 100 76 76 2 0 -2 N/A 20WS19KW19-W-I18"
BLASTX = "nr prot 95.000 80 2 1 243 10 1 80 4.12e-63 171 247 80 95 95 76 76 2 -2 0 N/A 20WS19KW19-W-I18"
"""blastx itself prints 32 for qcovhsp: it counts residues there, and nucleotides in qcovs."""


def rows_of_proteins():
    above, below = PEPTIDE[:60] + "--" + PEPTIDE[60:], PROTEIN
    return {"query": above, "target": below,
            "midline": "".join(a if a == b else " " for a, b in zip(above, below, strict=True))}  # fmt: skip


@pytest.mark.parametrize(("line", "kind", "length", "given"), [
    (BLASTP, "protein", 80, {"query": [0, 78], "target": [0, 80]}),
    (BLASTX, "protein", 80, {"query": [9, 243], "target": [0, 80], "frame": -2, "strand": "-"}),
    (TBLASTN, "nucleotide", 267, {"query": [0, 78], "target": [20, 260], "frame": -2, "strand": "-"}),
])  # fmt: skip
def test_the_table_is_that_of_blastp_blastx_and_tblastn(line, kind, length, given):
    cells = line.split()
    item = Item("/p.fa#1", kind, cells[1], "/p.fa", "#1", {"length": length})
    evidence = {"strand": None, "cigar": PROTEIN_CIGAR, "rows": rows_of_proteins(), "evalue": float(cells[10]),
                "bit_score": 171.4, **given}  # fmt: skip
    side = Side(cells[0], int(cells[12]), lambda: "")
    (found,) = alignments_of(Hit(item, 1.0, "near", evidence), lambda operator, length: side, lambda item: "")
    assert list(blast6.lines(found, ALL.split()[:23])) == ["\t".join(cells)]
    assert found[0].rows == (rows_of_proteins()["query"], PROTEIN)


@pytest.mark.parametrize(("value", "text"), [
    (None, "N/A"), (0.0, "0.0"), (9e-181, "0.0"), (3.13e-163, "3.13e-163"), (6.254e-97, "6.25e-97"),
    (8.9e-4, "8.90e-04"),
    (0.0009, "0.001"), (0.0449, "0.045"), (0.52, "0.52"), (2.31, "2.3"), (9.71, "9.7"), (12.4, "12"),
])  # fmt: skip
def test_e_values_read_as_in_blasts_table(value, text):
    assert evalue_text(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (None, "N/A"), (14.36, "14.4"), (99.84, "99.8"), (99.95, "99"), (337.9, "337"), (123_456.7, "1.235e+05"),
])  # fmt: skip
def test_bit_scores_read_as_in_blasts_table(value, text):
    assert bits_text(value) == text


def test_shares_are_rounded_as_blast_does():
    assert [percent(*pair) for pair in ((197, 203), (5, 203), (999, 1000), (3, 3), (0, 0))] == [97, 2, 99, 100, 100]
    assert [coverage(*pair) for pair in ((201, 218), (201, 206), (999, 1000), (10, 10))] == [92, 98, 99, 100]
    assert covered([(5, 12), (0, 10), (20, 21)]) == 13


# ---------------------------------------------------------------------------------------------------------- PAF and SAM
MINIMAP2 = """\
fwd 218 10 211 + subj 600 100 300 197 203 60 NM:i:6 cg:Z:40=1X49=2D58=3I50=
rev 206 0 201 - subj 600 100 300 197 203 60 NM:i:6 cg:Z:40=1X49=2D58=3I50=
"""


def test_paf_is_that_of_minimap2_but_for_mapping_quality_and_score():
    lines = [*paf.lines(forward()), *paf.lines(backward())]
    for ours, theirs in zip(lines, MINIMAP2.splitlines(), strict=True):
        cells = ours.split("\t")
        assert (cells[11], cells[13]) == ("255", "AS:i:337")
        assert [*cells[:11], "60", cells[12], cells[14]] == theirs.split()


def test_sam_is_that_of_minimap2():
    references = sam.References()
    first, second = (sam.line(found[0], references, first=True).split("\t") for found in (forward(), backward()))
    assert first[:6] == ["fwd", "0", "subj", "101", "255", "10S40=1X49=2D58=3I50=7S"]
    assert second[:6] == ["rev", "16", "subj", "101", "255", "5S40=1X49=2D58=3I50="]
    assert first[6:] == ["*", "0", "0", FORWARD, "*", "NM:i:6", "AS:i:337"]
    assert second[9] == complemented(REVERSE)
    assert second[9].startswith("AAGATCTGTGTCCACCCC")
    assert sam.unaligned("none", "ACGT") == "none\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\t*"


def test_sam_without_the_letters_and_with_a_raw_score():
    found = hit(SUBJECT, 100, "50=", query=[0, 50], query_length=60, raw_score=49, bit_score=93.5)
    (one,) = alignments_of(found, lambda operator, length: Side("query", length, lambda: ""), lambda item: "")
    cells = sam.line(one[0], sam.References(), first=False).split("\t")
    assert (cells[1], cells[5], cells[9], cells[12]) == ("256", "50=10S", "*", "AS:i:49")


def test_items_of_one_name_are_told_apart_and_names_are_made_fit():
    references = sam.References()
    names = []
    for item, title in (("/a.fa#x", "x"), ("/b.fa#x", "x"), ("/c.fa#y", "*y(1)"), ("/a.fa#x", "x")):
        place = Item(item, "nucleotide", title, item, "#1", {"length": 9})
        found = Hit(place, 1.0, "exact", {"query": [0, 4], "target": [0, 4], "strand": "+", "cigar": "4="})
        names.append(references.name(aligned(found, "ACGT")[0]))
    assert names == ["x", "x~2", "_y_1_", "x"]
    assert list(sam.header(references, "1.0")) == [
        "@HD\tVN:1.6\tSO:unsorted\tGO:query", "@SQ\tSN:x\tLN:9\tDS:/a.fa#x", "@SQ\tSN:x~2\tLN:9\tDS:/b.fa#x",
        "@SQ\tSN:_y_1_\tLN:9\tDS:/c.fa#y", "@PG\tID:nlsearch\tPN:nlsearch\tVN:1.0",
    ]  # fmt: skip
    assert sam.query_name("a@b c") == "a_b_c"


# -------------------------------------------------------------------------------------------------------------- rows
ROWS = """\
 Score = 337 bits,  Expect = 6e-97
 Identities = 197/203 (97%), Gaps = 5/203 (2%)
 Strand=Plus/Minus

Query  1    AGTCAATAGAGCGAACGCATTATTCGGTTACTTAGGGTGATGGAACTGACTCACGCGCTG  60
            ||||||||||||||||||||||||||||||||||||||||||||||||||   |||||||
Sbjct  300  AGTCAATAGAGCGAACGCATTATTCGGTTACTTAGGGTGATGGAACTGAC---CGCGCTG  244

Query  61   GAGTTTGGCAGAGTGGGTAAATCAGAGATTCATAGCGAGTGTCCACGCACT--AGGAGGG  118
            |||||||||||||||||||||||||||||||||||||||||||||||||||  |||||||
Sbjct  243  GAGTTTGGCAGAGTGGGTAAATCAGAGATTCATAGCGAGTGTCCACGCACTTCAGGAGGG  184

"""
TRANSLATED = """\
 Score = 171 bits (434),  Expect = 1e-63
 Identities = 76/80 (95%), Positives = 76/80 (95%), Gaps = 2/80 (3%)
 Frame = -2

Query  1    MIWVFNYSWDYASKVIHSVVWPFIFTPADGWCLAKSYPQPKRFNECFSHKQLQTPWNVWQ  60
            MIWVFNYSWDYASKVIHSVV PFIFTPADGWCLAKSYPQP RFNECFSHKQLQTPWNVWQ
Sbjct  260  MIWVFNYSWDYASKVIHSVVSPFIFTPADGWCLAKSYPQPWRFNECFSHKQLQTPWNVWQ  81

Query  61   --MAKYGMVWWEHWKLEDSS  78
              MAKYGMVWWEHWKLEDSS
Sbjct  80   WIMAKYGMVWWEHWKLEDSS  21

"""


def test_rows_are_those_of_blastn():
    lines = list(pairwise.lines(backward()[0], 2))
    assert "\n".join(lines[:-2]) + "\n" == ROWS
    assert lines[-2:] == ["… 83 more columns: --format pairwise shows all", ""]
    assert "Query  119  CGCGCCTCTGCG" in "\n".join(pairwise.lines(backward()[0]))


def test_rows_are_those_of_tblastn():
    item = Item("/p.fa#1", "nucleotide", "nt", "/p.fa", "#1", {"length": 267})
    evidence = {"query": [0, 78], "target": [20, 260], "frame": -2, "strand": "-", "cigar": PROTEIN_CIGAR,
                "rows": rows_of_proteins(), "evalue": 1.16e-63, "bit_score": 171.4, "raw_score": 434}  # fmt: skip
    found = Hit(item, 1.0, "near", evidence)
    assert "\n".join(pairwise.lines(aligned(found, PEPTIDE)[0])) + "\n" == TRANSLATED


# --------------------------------------------------------------------------------------------------------- properties
DNA = st.text("ACGT", min_size=1, max_size=30)


@st.composite
def anyhow(draw):
    """Any alignment: a query, an item, the evidence, and the query's and the item's aligned letters by column."""
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    operations = draw(
        st.lists(st.sampled_from("===XXID"), min_size=1, max_size=80).filter(lambda o: o[0] + o[-1] == "==")
    )
    pairs = []
    for operation in operations:
        letter = draw(st.sampled_from("ACGT"))
        pairs.append(("-" if operation == "D" else letter,
                      "-" if operation == "I" else other[letter] if operation == "X" else letter))  # fmt: skip
    strand, lead, tail, before, behind = draw(st.sampled_from("+-")), *(draw(DNA) for _ in range(4))
    q, t = ("".join(side).replace("-", "") for side in zip(*pairs, strict=True))
    query = lead + q + tail
    start, span = len(lead), len(q)
    if strand == "-":
        query, start = complemented(query), len(tail)
    runs = [(len(m.group()), m.group()[0]) for m in re.finditer(r"=+|X+|I+|D+", "".join(operations))]
    cigar = "".join(f"{size}{operation}" for size, operation in runs)
    target = before + t + behind
    found = hit(target, len(before), cigar, strand, query=[start, start + span])
    return query, target, found, pairs


@given(anyhow())
def test_every_format_says_the_same_alignment(case):
    query, target, found, pairs = case
    (one,) = aligned(found, query, letters=target)
    (row,) = table([one], "qstart qend sstart send length mismatch gaps nident btop qseq sseq pident sstrand")
    qstart, qend, sstart, send, length, mismatch, gaps, nident, btop, qseq, sseq, pident, sstrand = row.split("\t")
    assert query[int(qstart) - 1 : int(qend)] == qseq.replace("-", "")
    low, high = sorted((int(sstart), int(send)))
    part = target[low - 1 : high]
    assert (complemented(part) if sstrand == "minus" else part) == sseq.replace("-", "")
    assert int(sstart) <= int(send) if sstrand == "plus" else int(sstart) >= int(send)
    assert len(qseq) == len(sseq) == int(length) == len(pairs)
    assert expanded(btop) == [(q, t) if q != t else None for q, t in zip(qseq, sseq, strict=True)]
    assert int(nident) == sum(q == t for q, t in pairs)
    assert int(gaps) == sum("-" in pair for pair in pairs)
    assert int(nident) + int(mismatch) + int(gaps) == len(pairs)
    assert pident == f"{100 * int(nident) / len(pairs):.3f}"

    cells = next(iter(paf.lines([one]))).split("\t")
    assert query[int(cells[2]) : int(cells[3])] == qseq.replace("-", "")
    assert target[int(cells[7]) : int(cells[8])] == part
    assert walked(cells[-1].removeprefix("cg:Z:")) == (int(cells[3]) - int(cells[2]), int(cells[8]) - int(cells[7]))

    fields = sam.line(one, sam.References(), first=True).split("\t")
    letters, place, at = fields[9], int(fields[3]) - 1, 0
    assert walked(fields[5]) == (len(letters), len(part))
    for size, operation in re.findall(r"(\d+)([=XIDS])", fields[5]):
        for _ in range(int(size)):
            if operation in "=X":
                assert (letters[at] == target[place]) == (operation == "=")
            at += operation in "=XIS"
            place += operation in "=XD"
    assert (at, place) == (len(query), high)

    shown = list(pairwise.lines(one))
    for name, sequence, whole in (("Query", qseq, query), ("Sbjct", sseq, target)):
        blocks = [line.split()[1:] for line in shown if line.startswith(name)]
        assert "".join(block[1] for block in blocks) == sequence
        for first, text, last in blocks:
            low, high = sorted((int(first), int(last)))
            block = text.replace("-", "")
            if block:
                assert block in {whole[low - 1 : high], complemented(whole[low - 1 : high])}


def expanded(btop):
    """Return for each column None where the letters are equal, else both."""
    columns = []
    for count, pair in re.findall(r"(\d+)|(\D\D)", btop):
        columns.extend([None] * int(count) if count else [tuple(pair)])
    return columns


def walked(cigar):
    """Return how many letters of the query (clipped ones too) and of the target a CIGAR takes."""
    runs = [(int(size), operation) for size, operation in re.findall(r"(\d+)([=XIDS])", cigar)]
    return sum(n for n, o in runs if o in "=XIS"), sum(n for n, o in runs if o in "=XD")


# ------------------------------------------------------------------------------------------------- queries and outputs
def test_the_query_is_named_by_its_fasta_header():
    assert written(">gene1 of something\nacg t\n20 ac") == ("gene1", "ACGTAC")
    assert written("ACGU") == ("query", "ACGU")


def test_letters_are_those_of_the_value_that_has_the_length():
    tree = And((Structure("dna", "ACGT"), Not(Structure("dna", ">b\nACGTT")), Structure("protein", "MKV")))
    queries = QueryTexts(None, tree)
    assert [(side.id, side.letters()) for side in (queries("dna", 4), queries("dna", 5), queries("protein", None))] == [
        ("query", "ACGT"), ("b", "ACGTT"), ("query", "MKV"),
    ]  # fmt: skip
    assert (queries("dna", None).id, queries("dna", 9).letters(), queries("dna", 9).length) == ("query", "", 9)


@pytest.mark.parametrize(("text", "said"), [
    ("", "there is no format ''"), ("bam", "there is no format 'bam'"), ("paf qlen", "has no columns"),
    ("blast6 qlen nix", "no column 'nix'"),
])  # fmt: skip
def test_formats_that_do_not_exist_are_refused(text, said):
    with pytest.raises(QueryError, match=said):
        form_of(text)


def made(form, *answers):
    stream = io.StringIO()
    output = AlignmentOutput(Path("-"), form_of(form), lambda item: SUBJECT, stream)
    for answer in answers:
        output.add(answer)
    output.finish()
    return stream.getvalue().splitlines()


def answered(title, text, *hits, error=None):
    page = None if error else Page(list(hits), len(hits), True, "complete", [], 0.0)
    return Answer(1, "/q.fa", f"#{title}", title, "nucleotide", page, error, text)


def test_std_stands_for_the_twelve_columns():
    found = hit(SUBJECT, 100, "4=", query=[0, 4])
    (line,) = made("blast6 std qlen", answered("a b", "ACGT", found))
    assert line == "a_b\tsubj\t100.000\t4\t0\t0\t1\t4\t101\t104\tN/A\tN/A\t4"


def test_a_query_has_one_first_line_in_sam_and_one_without_hits_is_unaligned():
    two = [hit(SUBJECT, at, "4=", title=title, query=[0, 4]) for at, title in ((0, "s1"), (9, "s2"))]
    lines = made("sam", answered("a", "ACGT", *two), answered("b", "GGGG"))
    assert [line.split("\t")[:4] for line in lines if line[0] != "@"] == [
        ["a", "0", "s1", "1"], ["a", "256", "s2", "10"], ["b", "4", "*", "0"],
    ]  # fmt: skip
    assert [line.split("\t")[0] for line in lines if line[0] == "@"] == ["@HD", "@SQ", "@SQ", "@PG"]


def test_what_has_no_line_is_counted(capsys):
    picture = Hit(Item("/x.png#1", "image", "x", "/x.png", "#1", {}), 1.0, "near", {"quad": []})
    item = Item("/p.fa#1", "protein", "p", "/p.fa", "#1", {"length": 9})
    translated = Hit(item, 1.0, "near", {"query": [0, 9], "target": [0, 3], "frame": 1, "cigar": "3=", "strand": "+"})
    found = hit(SUBJECT, 0, "4=", query=[0, 4])
    assert len(made("paf", answered("a", "ACGT", picture, translated, found))) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "not written: 1 hits of kind image without an alignment",
        "not written: 1 alignments: translated alignments are not written so",
    ]


def test_records_that_could_not_be_asked_are_told(capsys):
    error = nlsearch.QuerySyntax("no good", hint="try again")
    made("blast6", *(answered(str(n), "", error=error) for n in range(12)))
    said = capsys.readouterr().err.splitlines()
    assert (len(said), said[0], said[-1]) == (
        11, "/q.fa#0: no good (try again)", "… and 2 more records that could not be asked with",
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------- the command line
@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("aligned")
    (folder / "t.fa").write_text(f">subj one target\n{SUBJECT}\n>far away\n{'ACGGT' * 30}\n")
    with nlsearch.Collection.open(folder / "x.nls", create=True) as collection:
        collection.index([folder / "t.fa"], jobs=1)
    return folder


@pytest.fixture
def run(place):
    def call(command, *arguments):
        result = CliRunner().invoke(app, [command, *arguments, "-c", str(place / "x.nls")])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def test_a_search_is_written_as_blast_would(run):
    result = run(
        "search", f'dna:"{SUBJECT[100:160]}"', "--format", "blast6 qseqid sseqid pident qstart qend sstart send qlen"
    )
    assert (result.exit_code, result.stdout) == (0, "query\tsubj\t100.000\t1\t60\t101\t160\t60\n")
    result = run("search", f'dna:"{complemented(SUBJECT[100:160])}"', "--format", "blast6 sstart send btop sseq")
    assert result.stdout == f"160\t101\t60\t{complemented(SUBJECT[100:160])}\n"


def test_an_example_has_the_name_of_its_record(run, tmp_path):
    (tmp_path / "one.fa").write_text(f">gene7 x\n{SUBJECT[200:300]}\n")
    for options in ((), ("--batch",)):
        result = run("like", str(tmp_path / "one.fa"), "--format", "paf", *options)
        assert result.stdout.split("\t")[:9] == ["gene7", "100", "0", "100", "+", "subj", "600", "200", "300"]
    result = run("like", str(tmp_path / "one.fa"), "--format", "sam", "-o", str(tmp_path / "hits.sam"))
    assert (result.exit_code, result.stdout) == (0, "")
    lines = (tmp_path / "hits.sam").read_text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["@HD", "@SQ", "@PG", "gene7"]
    assert lines[-1].split("\t")[9] == SUBJECT[200:300]


QUERIES = f">a\n{SUBJECT[0:80]}\n>bad\nMKVLF*\n>none\n{'AC' * 30}\n>b\n{complemented(SUBJECT[300:380])}\n"


def test_every_record_of_a_file_is_asked_with(run, tmp_path):
    (tmp_path / "q.fa").write_text(QUERIES)
    result = run("search", "dna:@{mismatches=0}", "--queries", str(tmp_path / "q.fa"), "--format", "blast6")
    assert result.exit_code == 3
    assert [line.split("\t")[:2] + line.split("\t")[6:10] for line in result.stdout.splitlines()] == [
        ["a", "subj", "1", "80", "1", "80"], ["b", "subj", "1", "80", "380", "301"],
    ]  # fmt: skip
    assert f"{tmp_path}/q.fa#bad: " in result.stderr
    assert "4 queries: 2 with hits, 1 without, 1 failed" in result.stderr
    table = run(
        "search", "dna:@ AND kind:nucleotide", "--queries", str(tmp_path / "q.fa"), "-o", str(tmp_path / "x.csv")
    )
    assert table.exit_code == 3
    rows = [line.split(",") for line in (tmp_path / "x.csv").read_text().splitlines()[1:]]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        ("1", "a", "1"),
        ("2", "bad", ""),
        ("3", "none", ""),
        ("4", "b", "1"),
    ]


GLOBIN = "MVHLTPEEKSAVTALWGKVNVDEVGGEALGRLLVVYPWTQRFFESFGDLSTPDAVMGNPKVKAHGKKVLGAFSDGLAHLDNLKG"


@pytest.fixture(scope="module")
def translated(tmp_path_factory):
    """A collection of a gene on either strand and of its protein, and files of both to ask with."""
    folder = tmp_path_factory.mktemp("translated")
    table = unambiguous_dna_by_id[1].back_table
    gene = "".join(table[letter] for letter in GLOBIN)
    (folder / "n.fa").write_text(f">ahead\nACGTAAC{gene}GATT\n>back\n{complemented(f'ACGTAACG{gene}GATT')}\n")
    (folder / "p.faa").write_text(f">beta\n{GLOBIN}\n")
    (folder / "q.faa").write_text(f">whole\n{GLOBIN}\n>end one\n{GLOBIN[40:]}\n>none\n{'PAPKW' * 9}\n")
    (folder / "q.fa").write_text(f">ahead\nAC{gene}\n>back\n{complemented(f'A{gene}')}\n")
    with nlsearch.Collection.open(folder / "x.nls", create=True) as collection:
        collection.index([folder / "n.fa", folder / "p.faa"], jobs=1)
    return folder


@pytest.mark.parametrize(("query", "file", "expected"), [
    ("tblastn:@", "q.faa", [
        ["whole", "ahead", "100.000", "84", "1", "84", "8", "259", "84", "0", "2"],
        ["whole", "back", "100.000", "84", "1", "84", "256", "5", "84", "0", "-3"],
        ["end", "ahead", "100.000", "44", "1", "44", "128", "259", "44", "0", "2"],
        ["end", "back", "100.000", "44", "1", "44", "136", "5", "44", "0", "-3"],
    ]),
    ("protein:@", "q.faa", [
        ["whole", "beta", "100.000", "84", "1", "84", "1", "84", "84", "1", "1"],
        ["end", "beta", "100.000", "44", "1", "44", "41", "84", "44", "1", "1"],
    ]),
    ("blastx:@", "q.fa", [
        ["ahead", "beta", "100.000", "84", "3", "254", "1", "84", "254", "3", "0"],
        ["back", "beta", "100.000", "84", "252", "1", "1", "84", "253", "-2", "0"],
    ]),
])  # fmt: skip
def test_every_protein_of_a_file_is_asked_with(translated, query, file, expected):
    columns = "qseqid sseqid pident length qstart qend sstart send qlen qframe sframe"
    given = ["--queries", str(translated / file), "-c", str(translated / "x.nls")]
    result = CliRunner().invoke(app, ["search", query, *given, "--format", f"blast6 {columns}"])
    assert result.exit_code == 0, result.output
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert [[line[0].split("_")[0], *line[1:]] for line in lines] == expected


def test_translated_alignments_are_printed_along_the_protein(translated):
    given = ["-c", str(translated / "x.nls"), "--format", "pairwise"]
    shown = CliRunner().invoke(app, ["search", f"tblastn:{GLOBIN} AND name:back", *given]).stdout
    assert " Frame = -3" in shown
    assert f"Query  1    {GLOBIN[:60]}  60" in shown
    assert f"Sbjct  256  {GLOBIN[:60]}  77" in shown
    assert f"Sbjct  76   {GLOBIN[60:]}  5" in shown
    refused = CliRunner().invoke(app, ["search", f"tblastn:{GLOBIN}", *given[:-1], "paf"])
    assert "translated alignments are not written so" in refused.stderr


@pytest.mark.parametrize(("arguments", "said"), [
    (["dna:@"], "no nucleotide"),
    (["harbour", "--queries", "FILE"], "no operator of the query takes the records"),
    (["smarts:@", "--queries", "FILE"], "smarts takes no records of a file"),
    (["like:@", "--queries", "FILE"], "nlsearch like FILE --batch"),
    (["dna:@{nix=1}", "--queries", "FILE"], "nix"),
    (["dna:@ AND length:[x TO 5]", "--queries", "FILE"], "is not a number"),
    (["dna:@", "--queries", "missing.fa"], "is no file"),
    (["dna:@", "--queries", "FILE", "--all"], "--all does not go with --queries"),
    (["dna:@", "--queries", "FILE", "-o", "x.sam"], "end it with .csv"),
    (["subj", "-o", "x.csv"], "-o wants --queries or --format"),
    (["subj", "--format", "paf", "--json"], "--json does not go with --format"),
    (["subj", "--format", "paf", "--facet", "kind"], "--facet does not go with --format"),
    (["subj", "--format", "paf"], "nothing to write in this format: 1 hits of kind nucleotide without an alignment"),
    (["subj", "--format", "nix"], "formats: blast6, paf, sam, pairwise"),
])  # fmt: skip
def test_what_cannot_be_is_refused(run, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text(QUERIES)
    result = run("search", *arguments)
    assert (result.exit_code, result.stdout, said in result.stderr) == (2, "", True), result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["FILE"]


def test_a_terminal_shows_the_best_alignments_below_the_table(run, monkeypatch):
    monkeypatch.setattr("nlsearch.cli.answering.on_terminal", lambda: True)
    shown = run("search", f'dna:"{SUBJECT[100:400]}"').stdout.splitlines()
    assert "Best alignments (positions are 1-based and closed)" in shown
    assert f"Query  1    {SUBJECT[100:160]}  60" in shown
    assert f"Sbjct  221  {SUBJECT[220:280]}  280" in shown
    assert "… 120 more columns: --format pairwise shows all" in shown


def test_interrupting_keeps_the_lines_that_were_finished(collection, tmp_path):
    def search_all(query, path, limit, **how):
        yield answered("a", "ACGT", hit(SUBJECT, 0, "4=", query=[0, 4]))
        raise KeyboardInterrupt

    collection.search_all = search_all
    arguments = ["search", "smarts:@", "--queries", "q.fa", "--format", "sam", "-o", str(tmp_path / "hits.sam")]
    assert CliRunner().invoke(app, arguments).exit_code == 130
    assert [line.split("\t")[0] for line in (tmp_path / "hits.sam").read_text().splitlines()] == [
        "@HD",
        "@SQ",
        "@PG",
        "a",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["hits.sam"]


def test_pages_follow_each_other_as_one_file(run):
    part = SUBJECT[100:160]
    first = run("search", f"dna:{part} OR far", "--format", "blast6", "-n", "1")
    whole = run("search", f"dna:{part} OR dna:{'ACGGT' * 12}", "--format", "sam", "-n", "1", "--all")
    assert len(first.stdout.splitlines()) == 1
    assert "more: --after" in first.stderr
    lines = [line.split("\t") for line in whole.stdout.splitlines() if line[0] != "@"]
    assert [line[0] for line in lines] == ["query"] * len(lines)
    assert {line[2] for line in lines} == {"subj", "far"}
    assert [int(line[1]) & 256 for line in lines] == [0] + [256] * (len(lines) - 1)


@given(anyhow())
@settings(max_examples=25)
def test_biopython_reads_the_sam_as_the_same_alignment(case):
    from Bio import Align

    query, target, found, _pairs = case
    answer = answered("q", query, found)
    (read,) = Align.parse(io.StringIO("\n".join(made("sam", answer)) + "\n"), "sam")
    (one,) = aligned(found, query, letters=target)
    (start, *_, end), (q_first, *_, q_last) = read.coordinates.tolist()
    assert (start, end, read.target.id, read.query.id) == (one.t_start, one.t_end, "subj", "q")
    assert sorted((q_first, q_last)) == [one.q_start, one.q_end]
    assert (q_first > q_last) == (one.strand == "-")
    assert str(read.query.seq) == query
