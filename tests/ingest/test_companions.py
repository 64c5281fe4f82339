"""Files that are read with files beside them: which those are, in folders and archives, and what changes of them do."""

from __future__ import annotations

import io
import os
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nlsearch
from nlsearch.declarations import Companions, Format
from nlsearch.handlers.sequences.packed import refget
from nlsearch.handlers.sequences.residues import digest
from nlsearch.limits import Limits

GFF = "##gff-version 3\nr\tx\tCDS\t1\t9\t.\t+\t0\tID=c;locus_tag=T_1\n"
FASTA, OTHER = ">r\nATGAAATAA\n", ">r\nATGGGGTAA\n"


class Box:
    """A folder and its collection."""

    def __init__(self, path: Path) -> None:
        self.folder = path / "files"
        self.folder.mkdir()
        self.collection = nlsearch.Collection.open(path / "c.nls", create=True)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def index(self, *paths: Path, **options: object) -> tuple[int, int, int, int]:
        report = self.collection.index(list(paths) or [self.folder], jobs=1, **options)  # type: ignore[arg-type]
        return report.added, report.changed, report.unchanged, report.removed

    def chains(self) -> dict[str, str]:
        """Return the digests of all proteins, by the paths of their files."""
        hits = self.collection.search("kind:protein", limit=1000).hits
        return {hit.item.path.removeprefix(f"{self.folder}/"): hit.item.fields["refget"] for hit in hits}

    def warnings(self) -> list[str]:
        hits = self.collection.search("feature:CDS", limit=1000).hits
        return [text for hit in hits for text in hit.item.fields.get("warnings", [])]


LYSINE, GLYCINE = (refget(digest(residues)) for residues in (b"MK", b"MG"))
"""Of the proteins of the two sequences."""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.collection.close()


def test_it_is_read_again_when_a_companion_appears_changes_and_goes(box: Box) -> None:
    box.write("x.gff3", GFF)
    assert (box.index(), box.chains()) == ((1, 0, 0, 0), {})
    fasta = box.write("x.fna", FASTA)
    assert (box.index(), box.chains()) == ((1, 1, 0, 0), {"x.gff3": LYSINE})
    assert (box.index(), box.chains()) == ((0, 0, 2, 0), {"x.gff3": LYSINE})
    fasta.write_text(OTHER)
    assert (box.index(), box.chains()) == ((0, 2, 0, 0), {"x.gff3": GLYCINE})
    os.utime(fasta, (time.time() + 9, time.time() + 9))
    assert box.index() == (0, 0, 2, 0)  # the same bytes
    assert box.index() == (0, 0, 2, 0)
    fasta.unlink()
    assert (box.index(), box.chains()) == ((0, 1, 0, 1), {})
    assert box.index() == (0, 0, 1, 0)


def test_a_change_is_seen_although_only_the_table_is_named(box: Box) -> None:
    table, fasta = box.write("x.gff3", GFF), box.write("x.fna", FASTA)
    assert (box.index(table), box.chains()) == ((1, 0, 0, 0), {"x.gff3": LYSINE})
    fasta.write_text(OTHER)
    assert (box.index(table), box.chains()) == ((0, 1, 0, 0), {"x.gff3": GLYCINE})
    assert box.index(table) == (0, 0, 1, 0)
    table.write_text(GFF + "# more\n")
    assert box.index(table) == (0, 1, 0, 0)


def test_an_item_is_verified_and_drawn_with_its_companion(box: Box) -> None:
    box.index(box.write("x.gff3", GFF), box.write("x.fna", FASTA))
    (hit,) = box.collection.search('protein:"MK"{exhaustive=true,evalue=1000000} OR kind:protein').hits
    assert box.collection.verify(hit)
    (feature,) = box.collection.search("feature:CDS").hits
    assert feature.item.fields["refget"]
    assert box.collection.draw(feature).data


def names(*files: str) -> Callable[[Box], None]:
    def write(box: Box) -> None:
        for file in files:
            box.write(file, FASTA)

    return write


@pytest.mark.parametrize(
    ("table", "files", "is_found"),
    [
        ("x.gff3", ["x.fa"], True),
        ("x.gff", ["x.FASTA"], True),
        ("x.y.gff3", ["x.y.fna"], True),
        ("x.fna.gff3", ["x.fna"], True),
        ("genomic.gff", ["GCF_000009065.1_ASM906v1_genomic.fna"], True),
        ("genomic.gff", ["cds_from_genomic.fna"], False),
        ("GCF_1_genomic.gff", ["GCF_2_genomic.fna"], False),
        ("Homo.GRCh38.110.gff3", ["Homo.GRCh38.dna.toplevel.fa"], True),
        ("Homo.GRCh38.110.gff3", ["Homo.GRCh38.dna_rm.toplevel.fa"], False),
        ("x.gff3", ["y.fa", "x1.fa", "sub/x.fa", "x.txt"], False),
    ],
)
def test_which_files_belong_together(box: Box, table: str, files: list[str], is_found: bool) -> None:
    names(*files)(box)
    box.write(table, GFF)
    box.index()
    assert box.chains() == ({table: LYSINE} if is_found else {})
    assert box.warnings() == []


def test_the_stem_goes_before_rules(box: Box) -> None:
    box.write("genomic.gff", GFF)
    box.write("genomic.fna", FASTA)
    box.write("GCF_1_genomic.fna", OTHER)
    box.index()
    assert (box.chains(), box.warnings()) == ({"genomic.gff": LYSINE}, [])
    box.write("genomic.fa", OTHER)
    box.index()
    assert box.chains() == {}
    (said,) = box.warnings()
    assert "records r, which differ, are in genomic.fa beside it and in genomic.fna beside it" in said


def test_what_is_left_out_is_no_companion(box: Box) -> None:
    box.write("x.gff3", GFF)
    box.write("x.fa", FASTA)
    box.write(".nlsignore", "*.fa\n")
    box.index()
    assert box.chains() == {}
    (box.folder / ".nlsignore").unlink()
    box.index()
    assert box.chains() == {"x.gff3": LYSINE}
    assert box.index(box.folder, exclude=["*.fa"])[1] == 1
    assert box.chains() == {}
    assert box.index(box.folder, include=["*.gff3"])[1] == 1
    assert box.chains() == {"x.gff3": LYSINE}


def test_what_is_of_another_kind_is_no_companion(box: Box) -> None:
    box.write("x.gff3", GFF)
    box.write("x.fa", ">r\nMKVLEFPQIL\n")
    (box.folder / "x.fna").mkdir()
    assert box.index() == (2, 0, 0, 0)
    assert [path for path in box.chains() if path.endswith("gff3")] == []
    assert box.index() == (0, 0, 2, 0)


def test_a_companion_that_cannot_be_read_is_said(box: Box) -> None:
    box.write("x.gff3", GFF)
    (box.folder / "x.fa.gz").write_bytes(b"\x1f\x8b\x08\0broken")
    box.index()
    (said,) = box.warnings()
    assert "x.fa.gz beside it does not read: " in said
    assert box.index()[:2] == (0, 0)


def test_a_companion_over_its_cap_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.gff3").write_text(GFF)
    (tmp_path / "x.fa").write_text(">r\n" + "ATGAAATAA" * 100)
    limits = Limits(source_bytes=500)
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True, limits=limits) as made:
        made.index([tmp_path / "x.gff3"], jobs=1)
        (hit,) = made.search("feature:CDS").hits
        assert "over the cap source_bytes = 500" in hit.item.fields["warnings"][0]


def test_links_are_followed_as_the_walk_follows_them(box: Box, tmp_path: Path) -> None:
    (tmp_path / "far.fa").write_text(FASTA)
    box.write("x.gff3", GFF)
    (box.folder / "x.fa").symlink_to(tmp_path / "far.fa")
    (box.folder / "x.fna").symlink_to(tmp_path / "nowhere")
    box.index(box.folder / "x.gff3")
    assert box.chains() == {"x.gff3": LYSINE}


# ------------------------------------------------------------------------------------------------------------ archives
def zipped(path: Path, members: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)


def tarred(path: Path, members: dict[str, str]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))


@pytest.mark.parametrize(("name", "pack"), [("a.zip", zipped), ("a.tar.gz", tarred)])
def test_members_of_an_archive_go_with_members_of_their_folder(
    box: Box, name: str, pack: Callable[[Path, dict[str, str]], None]
) -> None:
    archive = box.folder / name
    members = {
        "d/GCF_1/genomic.gff": GFF,  # before its sequences
        "d/GCF_1/GCF_1_genomic.fna": FASTA,
        "d/GCF_2/GCF_2_genomic.fna": OTHER,
        "d/GCF_2/genomic.gff": GFF,
        "d/genomic.gff": GFF,
    }
    pack(archive, members)
    wanted = {f"{name}/d/GCF_1/genomic.gff": LYSINE, f"{name}/d/GCF_2/genomic.gff": GLYCINE}
    assert (box.index(), box.chains()) == ((5, 0, 0, 0), wanted)
    assert box.index() == (0, 0, 5, 0)
    for hit in box.collection.search("kind:protein").hits:
        assert box.collection.verify(hit)
    members["d/GCF_1/GCF_1_genomic.fna"] = OTHER
    pack(archive, members)
    assert box.index() == (0, 2, 3, 0)
    assert set(box.chains().values()) == {GLYCINE}
    del members["d/GCF_1/GCF_1_genomic.fna"]
    pack(archive, members)
    assert box.index() == (0, 1, 3, 1)
    assert box.chains() == {f"{name}/d/GCF_2/genomic.gff": GLYCINE}
    assert not list((box.folder.parent / "c.nls").rglob("spool-*"))


def test_a_damaged_archive_gives_the_tables_before_the_damage(box: Box) -> None:
    archive = box.folder / "a.tar"
    with tarfile.open(archive, "w") as tar:
        for name, text in (("x.gff", GFF), ("x.fa", FASTA), ("y.fa", FASTA)):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    raw = bytearray(archive.read_bytes())
    raw[4 * 512 : 4 * 512 + 512] = b"\xff" * 512
    archive.write_bytes(raw)
    box.index()
    assert box.chains() == {"a.tar/x.gff": LYSINE}
    assert [failure.path for failure in box.collection.failures()] == [str(archive)]


# --------------------------------------------------------------------------------------------------------- declarations
def test_stems_of_names() -> None:
    form = Format("GFF3", "text/x-gff3", (".gff3", ".gff"))
    assert [form.stem(name) for name in ("a.b.GFF3", "a.txt", "a", ".gff")] == ["a.b", "a", "a", ".gff"]
    rules = Companions(("FASTA",), ((r"(.+)\.\d", "(.+)_all"),))
    assert rules.asked("a.1") == [(0, "a.1"), (1, "a")]
    assert rules.told("a_all", "a_all.fa") == [(0, "a_all"), (0, "a_all.fa"), (1, "a")]
    assert rules.told("a.1", "a.1.fa") == [(0, "a.1"), (0, "a.1.fa")]
