"""Reading FASTA, GenBank and EMBL: every pitfall gives items, a skipped record or a typed error."""

from __future__ import annotations

import gzip
import hashlib
import io
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from held import Held
from nlsearch.errors import InputError, LimitExceeded, MalformedContent
from nlsearch.handlers.nucleotide import NucleotideHandler
from nlsearch.handlers.nucleotide.payload import Target, encode
from nlsearch.handlers.sequences.bases import LETTERS, letters
from nlsearch.handlers.sequences.headers import accessions_of
from nlsearch.handlers.sequences.packed import Packed, Packer
from nlsearch.handlers.sequences.records import Place
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

HANDLER = NucleotideHandler()
FLAT = "LOCUS       XX000001                   4 bp    DNA     linear   UNK 01-JAN-2026\nORIGIN\n        1 acgt\n//\n"


def read(content: bytes | str, limits: Limits | None = None) -> list[RawItem | Skipped]:
    content = content.encode() if isinstance(content, str) else content
    return list(HANDLER.read(Held(content, "x.fa"), limits or Limits()))


def sequence(item: RawItem | Skipped) -> str:
    assert isinstance(item, RawItem)
    return letters(item.content.sequence.codes())


# ------------------------------------------------------------------------------------------------------------- FASTA
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">a one\nACGT\nacgt\n>b\nTTTT", [("a", "ACGTACGT"), ("b", "TTTT")]),
        (">a\r\nAC\r\nGT\r\n>b\r\nGG\r\n", [("a", "ACGT"), ("b", "GG")]),
        (">a\rAC\rGT\r>b\rGG", [("a", "ACGT"), ("b", "GG")]),
        ("\ufeff>a\nACGT", [("a", "ACGT")]),
        ("; comment\n;another\n\n>a\nACGT\n", [("a", "ACGT")]),
        (">a x>y > z\nACGT\n", [("a", "ACGT")]),
        (">a\nACGU\n", [("a", "ACGT")]),
        (">a\n 1 ACGT ACGT\n11 NNRYX\n", [("a", "ACGTACGTNNRYN")]),
        (">a\n\n>b\n>c\nA\n", [("a", ""), ("b", ""), ("c", "A")]),
        (">a", [("a", "")]),
        (">a\nAC\n>a\nGT\n", [("a", "AC"), ("a", "GT")]),
        (">gi|1|ref|NC_1.1| x\nAC\n", [("gi|1|ref|NC_1.1|", "AC")]),
        (">\nACGT\n", [("", "ACGT")]),
        (">a\tb\nAC-G.T\n", [("a", "ACGT")]),
        (">id\twith tab\nAC\n>  x \ty z\nGT\n", [("id", "AC"), ("x", "GT")]),
        (">sp|P1|A\x01sp|P2|B merged\nAC\n", [("sp|P1|A", "AC")]),
    ],
)
def test_fasta_is_read_as_people_write_it(text: str, expected: list[tuple[str, str]]) -> None:
    items = read(text)
    assert [(item.title, sequence(item)) for item in items if isinstance(item, RawItem)] == expected
    assert [item.number for item in items] == list(range(1, len(expected) + 1))


def test_empty_records_and_gaps_are_items_with_a_warning() -> None:
    empty, gapped = read(">empty\n>gapped\nAC--GT\n")
    assert isinstance(empty, RawItem)
    assert isinstance(gapped, RawItem)
    assert empty.warnings == ["the record has no sequence"]
    assert gapped.warnings == ["2 gap characters were left out; positions count bases"]
    assert HANDLER.features(empty).fields["length"] == 0


def test_a_broken_record_costs_only_itself() -> None:
    items = read(">a\nACGTACGTACGTACGT\n>bad\nAC!T\n>protein\nMKLVEELLFPQEE\n>c\nGG\n")
    assert [type(item) for item in items] == [RawItem, Skipped, RawItem, RawItem]
    bad, protein = items[1], items[2]
    assert isinstance(bad, Skipped)
    assert isinstance(protein, RawItem)
    assert bad.reason == "'!' at letter 3 is no nucleotide"
    assert (bad.number, bad.record_id) == (2, "bad")
    assert (protein.kind, protein.number, protein.content.residues) == ("protein", 3, b"MKLVEELLFPQEE")


def test_proteins_are_items_of_their_own_kind() -> None:
    items = read(">p1\nMKLVEELLFPQEEMAK\n>p2\nMSTLLVAAK\n")
    genpept = (
        "LOCUS       XX000001                   4 aa            linear   UNK 01-JAN-2026\nORIGIN\n        1 mklv\n//\n"
    )
    items += read(genpept)
    assert [item.kind for item in items if isinstance(item, RawItem)] == ["protein"] * 3
    with pytest.raises(InputError, match="no nucleotide sequence"):
        HANDLER.compile("like", Held(b">p1\nMKLVEELLFPQEEMAK\n", "x.fa"), {})


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "ACGT\n", "LOCUS\n", "\x00\x01"])
def test_what_is_no_sequence_file_is_refused_with_a_type(text: str) -> None:
    try:
        items = read(text)
    except InputError as error:
        assert error.message  # noqa: PT017 - a skipped record is as good
    else:
        assert items
        assert all(isinstance(item, Skipped) for item in items)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
@pytest.mark.parametrize("text", [">a größe\r\nACGT\r\n>b\nGG\n", FLAT])
def test_text_in_utf16_is_read_as_in_utf8(text: str, encoding: str) -> None:
    content = (text if encoding == "utf-16" else "\ufeff" + text).encode(encoding)
    got, expected = read(content), read(text)
    assert [item.record_id for item in got] == [item.record_id for item in expected]
    assert sequence(got[0]) == sequence(expected[0]) != ""


def test_text_behind_the_last_record_is_refused_and_white_space_is_not() -> None:
    assert len(read(FLAT + "\n  \n")) == 1
    for rest in ("stray words\nand more\n", "stray words\n//\n"):
        first, stray, second = read(FLAT + rest + FLAT.replace("XX000001", "XX000002"))
        assert isinstance(first, RawItem)
        assert isinstance(stray, Skipped)
        assert (stray.number, stray.record_id) == (2, None)
        assert "begins no other record" in stray.reason
        assert isinstance(second, RawItem)
        assert (second.number, second.title) == (3, "XX000002")
    assert len([item for item in read(FLAT + "stray\n" * 9) if isinstance(item, Skipped)]) == 1


def test_a_record_without_its_end_does_not_swallow_the_next() -> None:
    cut, whole = read(FLAT.removesuffix("//\n") + FLAT)
    assert isinstance(cut, Skipped)
    assert "cut short" in cut.reason
    assert isinstance(whole, RawItem)


def test_the_cap_on_bases_is_named() -> None:
    with pytest.raises(LimitExceeded, match="nucleotide_bases"):
        read(">a\nACGTACGT\n", Limits(nucleotide_bases=5))


class Endless(io.RawIOBase):
    """One FASTA record on one line, made while it is read."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.seek(0)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        assert (offset, whence) == (0, io.SEEK_SET)
        self.left = self.size
        self.head = b">long\n"
        return 0

    def read(self, size: int = -1) -> bytes:
        if self.head:
            head, self.head = self.head, b""
            return head
        size = min(size, self.left)
        self.left -= size
        return (b"ACGTTGCAAC" * (size // 10 + 1))[:size]


def test_a_long_line_streams_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    size = 24_000_000
    source = Held(b"", "x.fa")
    monkeypatch.setattr(source, "open", lambda: Endless(size))
    source.format = "FASTA"
    tracemalloc.start()
    (item,) = HANDLER.read(source, Limits())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(item, RawItem)
    assert item.content.sequence.length == size
    assert peak < 2 * size // 4 + 12 * 2**20  # packed twice while joined, and a few pieces


def test_accessions_of_ids() -> None:
    assert accessions_of("gi|45478711|ref|NC_005816.1|") == ["NC_005816.1", "NC_005816"]
    assert accessions_of("NZ_CRPU01000001.1") == ["NZ_CRPU01000001.1", "NZ_CRPU01000001"]
    assert accessions_of("U49845") == ["U49845"]
    assert accessions_of("contig_1.5") == []
    assert accessions_of("HBB") == []


# ------------------------------------------------------------------------------------------------------------ packing
@given(st.lists(st.text("ACGTNRYacgtuWn \n", max_size=40), max_size=6))
@settings(max_examples=80, deadline=None)
def test_packing_in_pieces_keeps_every_letter(pieces: list[str]) -> None:
    packer = Packer()
    for piece in pieces:
        packer.add(piece.encode())
    packed = packer.finish()
    expected = "".join("".join(pieces).split()).upper().replace("U", "T")
    assert letters(packed.codes()) == expected
    assert packed.counts == tuple(expected.count(base) for base in "ACGT")
    assert packed.digest == hashlib.sha512(expected.encode()).digest()[:24]
    ends = packed.runs[:, 0].astype(int) + packed.runs[:, 1]
    assert np.all((ends[:-1] < packed.runs[1:, 0]) | (packed.runs[:-1, 2] != packed.runs[1:, 2]))


@given(st.text(LETTERS, max_size=60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 3))
@settings(max_examples=80, deadline=None)
def test_a_payload_is_read_in_windows(text: str, start: int, end: int, shift: int) -> None:
    packer = Packer()
    packer.add(text.encode())
    places = [Place(0, 5, "gène"), Place(10, 20, ""), Place(15, 40, "x")]
    payload = bytes(shift) + encode(packer.finish(), "läbel", places, circular=True)
    target = Target(memoryview(payload)[shift:])
    assert letters(target.codes(start, end)) == text[start : max(start, end)]
    assert (target.label, target.is_circular, target.is_feature) == ("läbel", True, False)
    assert target.places() == places
    assert target.places(12, 16) == places[1:]


def test_windows_hold_every_stretch() -> None:
    class Long(Target):
        length = 10_000_001

        def __post_init__(self) -> None:
            """Nothing to check."""

    windows = list(Long(b"").windows(500))
    assert windows[0][0] == 0
    assert windows[-1][1] == 10_000_001
    assert all(b[0] <= a[1] - 500 for a, b in pairwise(windows))


# ----------------------------------------------------------------------------------------------------------- GenBank
GENBANK = """LOCUS       XX000001                  60 bp    DNA     circular UNK 01-JAN-2026
DEFINITION  A ring.
ACCESSION   XX000001
VERSION     XX000001.2
KEYWORDS    teaching.
SOURCE      Testus exemplaris
  ORGANISM  Testus exemplaris
            Bacteria; Testales.
FEATURES             Location/Qualifiers
     source          1..60
                     /organism="Testus exemplaris"
                     /isolation_source="kitchen"
     gene            complement(<5..>14)
                     /gene="abcD"
                     /gene_synonym="dcbA"
                     /locus_tag="T_0001"
     CDS             join(51..60,1..5)
                     /gene="wrap"
                     /product="ring protein"
                     /db_xref="GO:0005840"
                     /EC_number="1.2.3.4"
     CDS             complement(join(1..3,7..9))
                     /locus_tag="T_0002"
     tRNA            20^21
     misc_feature    (10.12)..15
                     /note="fuzzy place"
     misc_feature    order(1..2,complement(5..6))
     misc_feature    XX000009.1:1..5
ORIGIN
        1 aaccggttaa ccggttaacc ggttaaccgg ttaaccggtt acgtacgtac gggggccccc
//
"""


def features_by_title(text: str) -> list[tuple[RawItem, dict[str, object]]]:
    return [(item, dict(HANDLER.features(item).fields)) for item in read(text) if isinstance(item, RawItem)]


def test_a_record_and_its_features_are_items() -> None:
    (record, fields), *features = features_by_title(GENBANK)
    assert (record.title, record.record_id, record.number) == ("XX000001.2", "XX000001.2", 1)
    assert fields["accession"] == ["XX000001.2", "XX000001"]
    assert fields["organism"] == "Testus exemplaris"
    assert (fields["topology"], fields["molecule"], fields["length"], fields["feature"]) == (
        "circular", "DNA", 60, "record",
    )  # fmt: skip
    assert "kitchen" in HANDLER.features(record).words
    assert [f[1]["feature"] for f in features] == ["gene", "CDS", "CDS", "tRNA", *["misc_feature"] * 3]
    assert [f[0].number for f in features] == list(range(2, 9))


def test_locations_keep_their_notation_and_features_their_sequence() -> None:
    found = {fields["location"]: (item, fields) for item, fields in features_by_title(GENBANK)[1:]}
    assert list(found) == [
        "complement(<5..>14)", "join(51..60,1..5)", "complement(join(1..3,7..9))", "20^21", "(10.12)..15",
        "order(1..2,complement(5..6))", "XX000009.1:1..5",
    ]  # fmt: skip
    gene, fields = found["complement(<5..>14)"]
    assert sequence(gene) == "CCGGTTAACC"
    assert (gene.record_id, gene.title) == ("XX000001.2:T_0001:gene", "abcD")
    assert (fields["gene"], fields["gene_synonym"], fields["strand"]) == ("abcD", ["dcbA"], "-")
    wrap, fields = found["join(51..60,1..5)"]
    assert sequence(wrap) == "GGGGGCCCCCAACCG"
    assert (fields["ec"], fields["go"], fields["length"]) == (["1.2.3.4"], ["GO:0005840"], 15)
    assert sequence(found["complement(join(1..3,7..9))"][0]) == "TAAGTT"
    assert found["order(1..2,complement(5..6))"][1]["strand"] == "both"
    elsewhere = found["XX000009.1:1..5"][0]
    assert isinstance(elsewhere, RawItem)
    assert elsewhere.content.sequence is None


def test_features_carry_no_seeds() -> None:
    for item, _ in features_by_title(GENBANK)[1:]:
        assert not HANDLER.features(item).seeds


def test_a_broken_genbank_record_costs_only_itself() -> None:
    broken = GENBANK.replace(
        "LOCUS       XX000001                  60 bp", "LOCUS       XX000001                  xx bp"
    )
    items = read("Release 1\n\n" + broken + GENBANK + GENBANK[:900])
    skipped = [item for item in items if isinstance(item, Skipped)]
    assert len(items) == 10
    assert [item.number for item in skipped] == [1, 10]
    assert "cut short" in skipped[1].reason


def test_a_record_without_sequence_is_an_item_with_a_warning() -> None:
    text = GENBANK[: GENBANK.index("ORIGIN")] + "CONTIG      join(XX000003.1:1..60)\n//\n"
    record = read(text)[0]
    assert isinstance(record, RawItem)
    assert any("without its sequence" in warning for warning in record.warnings)


def test_cuts_anywhere_give_items_or_a_typed_error() -> None:
    for cut in range(0, len(GENBANK), 37):
        try:
            for item in read(GENBANK[:cut]):
                assert item.reason if isinstance(item, Skipped) else HANDLER.features(item)
        except InputError as error:
            assert error.message  # noqa: PT017 - every outcome is allowed but an untyped one


# --------------------------------------------------------------------------------------------------------- real files
def test_real_files_of_one_plasmid_agree(shared_data: Path) -> None:
    digests = {}
    for name in ("NC_005816.fna", "NC_005816.gb", "AE017046.embl"):
        items = read((shared_data / "annotated" / name).read_bytes())
        assert isinstance(items[0], RawItem)
        digests[name] = items[0].content.sequence.digest
        assert items[0].content.sequence.length == 9609
    assert len(set(digests.values())) == 1


def test_real_features_equal_biopython(shared_data: Path) -> None:
    from Bio import SeqIO

    path = shared_data / "annotated" / "NC_000932.gb"
    record = SeqIO.read(path, "genbank")
    wanted = [feature for feature in record.features if feature.type != "source"]
    items = [item for item in read(path.read_bytes()) if isinstance(item, RawItem) and item.kind is None][1:]
    assert len(items) == len(wanted) == 258
    for item, feature in zip(items, wanted, strict=True):
        assert sequence(item) == str(feature.extract(record.seq))
        assert item.content.type == feature.type
    locations = {item.content.location for item in items}
    raw = path.read_text()
    assert sum(location in raw for location in locations) > 0.95 * len(locations)


def test_a_real_genome_reads_whole(shared_data: Path) -> None:
    text = gzip.decompress((shared_data / "genomes" / "GCF_001096185.1.fa.gz").read_bytes())
    items = read(text)
    *items, whole = items
    assert len(items) == text.count(b">") == 24
    assert (whole.record_id, whole.number, whole.content.records) == ("file", 0, 24)
    bases = sum(len(line) for line in text.splitlines() if not line.startswith(b">"))
    total = sum(item.content.sequence.length for item in items if isinstance(item, RawItem))
    assert total == bases


def test_a_sequence_of_nothing_packs() -> None:
    packed = Packer().finish()
    assert isinstance(packed, Packed)
    assert (packed.length, packed.gc, packed.codes()) == (0, None, b"")
    with pytest.raises(MalformedContent):
        read(b"%PDF-1.4")


def test_a_location_beyond_any_sequence_costs_nothing_else():
    record = (
        "LOCUS       AB00000{n}                  30 bp    DNA     linear   UNK 01-JAN-2000\nDEFINITION  x.\n"
        "ACCESSION   AB00000{n}\nVERSION     AB00000{n}.1\nFEATURES             Location/Qualifiers\n"
        '     gene            20..{end}\n                     /gene="x{n}"\n'
        "ORIGIN\n        1 atggtgcatc tgactcctga ggagaagtct\n//\n"
    )
    text = record.format(n=1, end=99999999999999999999) + record.format(n=2, end=25)
    found = list(HANDLER.read(Held(text.encode(), "x.gb", "GenBank"), Limits()))
    assert [type(one).__name__ for one in found] == ["RawItem"] * 4
    for one in found:
        assert HANDLER.features(one).payload
