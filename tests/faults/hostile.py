"""Makes a folder of good files and of hostile ones: damaged, lying, bombs, odd names, things that are no files.

Each maker returns ``{name: content}``; a hostile name tells what is wrong.  Everything is made from a seed.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import socket
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

MIB = 2**20
SDF = """ethanol {0}
  test

  3  2  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0
    1.5000    0.0000    0.0000 C   0  0
    2.2000    1.2000    0.0000 O   0  0
  1  2  1  0
  2  3  1  0
M  END
> <code>
{0}

$$$$
"""
GENBANK = """LOCUS       TEST{0:04d}                  60 bp    DNA     linear   SYN 01-JAN-2020
DEFINITION  A test, {0}.
ACCESSION   TEST{0:04d}
FEATURES             Location/Qualifiers
     source          1..60
                     /organism="synthetic construct"
     CDS             complement(join(4..12,20..31))
                     /gene="abc{0}"
                     /translation="MKV"
ORIGIN
        1 gatcctccat atacaacggt atctccacct caggtttaga tctcaacaac ggaaccattg
//
"""
EMBL = """ID   X{0:05d}; SV 1; linear; genomic DNA; STD; SYN; 30 BP.
AC   X{0:05d};
DE   A test
SQ   Sequence 30 BP; 8 A; 7 C; 7 G; 8 T; 0 other;
     gatcctccat atacaacggt atctccacct                                        30
//
"""
EVIL = "/tmp/nlsearch-evil.smi"  # noqa: S108 - a place that nothing may be written to
LEAVING = ("../evil.smi", EVIL, "x/../../evil.smi")
LONG_NAME = "n" * 251 + ".smi"
ODD_NAMES = (
    "a new\nline.smi", "tab\tand 'quotes\".smi", "not utf-8 \udcff\udcfe.smi", LONG_NAME, "-rf.smi", " a space.smi",
    "#12.smi", "100%.smi", "back\\slash.smi", "\u202eright to left.smi", "cafe\u0301 \U0001f9ea.smi", ".hidden.smi",
    "a:b|c*?.smi", "$(touch owned).smi", "bell\a escape\x1b[31m.smi", "x.smi#1.smi",
)  # fmt: skip


def numbered_smiles(number: int) -> str:
    return f"{'C' * (number % 40 + 1)}O alcohol{number}\n"


def dna(rng: random.Random, length: int) -> str:
    return "".join(rng.choices("ACGT", k=length))


def picture(seed: int, form: str, size: tuple[int, int] = (64, 48)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST).save(file, form)
    return file.getvalue()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return file.getvalue()


def tarred(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for entry, content in members:
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


# --------------------------------------------------------------------------------------------------------- good files
def good_files() -> dict[str, tuple[bytes, int]]:
    """Return contents, and how many items each gives (an archive: all members)."""
    rng = random.Random(1)
    smi = numbered_smiles(1).encode()
    fasta = f">one\n{dna(rng, 200)}\n>two\n{dna(rng, 90)}\n".encode()
    sdf = "".join(SDF.format(n) for n in range(3)).encode()
    members = {"a.smi": smi, "deep/er/b.fa": fasta, "c.png": picture(11, "PNG")}
    made = {
        "many.smi": ("".join(map(numbered_smiles, range(20))).encode(), 20),
        "three.sdf": (sdf, 3),
        "windows.sdf": (sdf.replace(b"\n", b"\r\n"), 3),
        "one.mol": (SDF.format(7).partition("> <")[0].encode(), 1),
        "table.csv": (b"name,smiles\nethanol,CCO\npropane,CCC\n", 2),
        "one.inchi": (b"InChI=1S/CH4/h1H4\n", 1),
        "two.fasta": (fasta, 2),
        "utf-16.fa": (fasta.decode().encode("utf-16"), 2),
        "packed.fa.gz": (gzip.compress(fasta), 2),
        "in two parts.fa.gz": (gzip.compress(fasta[:50]) + gzip.compress(fasta[50:]), 2),
        "packed.sdf.xz": (lzma.compress(sdf), 3),
        "packed.smi.bz2": (bz2.compress(smi), 1),
        "record.gb": (GENBANK.format(1).encode(), 3),  # the record, a coding sequence and its protein
        "record.embl": (EMBL.format(1).encode(), 1),
        "archive.zip": (zipped(members), 4),
        "archive.tar": (tarred(*((entry(name), content) for name, content in members.items())), 4),
        "archive.tar.gz": (gzip.compress(tarred((entry("x.smi"), smi))), 1),
        "archive in archive.zip": (zipped({"inner.zip": zipped(members), "d.smi": smi}), 5),
        "wrong suffix.png": (fasta, 2),
        "no suffix": (picture(12, "JPEG"), 1),
    }
    for number, form in enumerate(("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")):
        made[f"picture.{form.lower()}"] = (picture(number, form), 1)
    for number, name in enumerate(ODD_NAMES):
        made[name] = (numbered_smiles(number).encode(), 1)
    return made


# ------------------------------------------------------------------------------------------------------ hostile files
def hostile_files() -> dict[str, bytes]:
    """Return contents of which each leaves a warning or a failure, by a name that says what is wrong."""
    made: dict[str, bytes] = {}
    for maker in (
        _molecules,
        _reactions,
        _sequences,
        _tables_and_reads,
        _entries,
        _cut_pictures,
        _lying_pictures,
        _compressed,
        _zips,
        _lying_zips,
        _tars,
        _anything,
    ):
        for name, content in maker():
            assert name not in made
            made[name] = content
    return made


def _molecules() -> Iterator[tuple[str, bytes]]:
    sdf = SDF.format(1).encode()
    for at in (20, 60, 120, 160, 200):  # before "M  END"
        yield f"cut at {at}.sdf", sdf + sdf[:at]
    yield "line of 10 MB.sdf", b"x" * (10 * MIB) + b"\n" + sdf
    yield "atom line of 10 MB.sdf", sdf.replace(b"1.5000", b"1" * 10 * MIB)
    yield "999 atoms promised.sdf", sdf.replace(b"  3  2", b"999999")
    yield "bond to atom 9.sdf", sdf.replace(b"  2  3  1", b"  2  9  1")
    yield "unknown element.sdf", sdf.replace(b" O   0", b" Qq  0")
    yield "nan.sdf", sdf.replace(b"    1.5000", b"       nan").replace(b"    2.2000", b"    x.2000")
    yield "zeros within.sdf", sdf.replace(b"  1  2  1  0", b"\0" * 12)
    yield (
        "counts of V3000.sdf",
        sdf.replace(b"V2000", b"V3000").replace(
            b"    0.0000", b"M  V30 BEGIN CTAB\nM  V30 COUNTS 999999999 999999999 0 0 0\n    0.0000", 1
        ),
    )
    yield "only ends.sdf", b"$$$$\n" * 50
    yield "binary.sdf", sdf[:60] + random.Random(2).randbytes(5_000)
    yield "100,000 brackets.smi", b"C(" * 100_000 + b"C" + b")" * 100_000 + b" deep\n"
    yield "brackets left open.smi", b"C(C(C(C\n"
    yield "ring left open.smi", b"C1CCC\n"
    yield "five bonds.smi", b"C(C)(C)(C)(C)C\n"
    yield "20,000 atoms.smi", b"C" * 20_000 + b" long\n"
    yield "line of 10 MB.smi", b"(" * (10 * MIB) + b"\n"
    yield "zeros.smi", b"CC\0O x\n"
    yield "binary.smi", random.Random(3).randbytes(3_000)
    yield "reaction of one arrow.smi", b"CC>CO\n"
    yield "element 119.smi", b"[Uue]\n"
    yield "isotope.smi", b"[99999999999C]\n"
    yield "garbage.inchi", b"InChI=1S/" + b"C" * 5_000 + b"\n"
    yield "quote left open.csv", b'name,smiles\n"x,CCO\n' + b"y,CC(\n" * 5
    yield "10,000 columns.csv", b"smiles" + b",x" * 10_000 + b"\nC(C\n"


def _reactions() -> Iterator[tuple[str, bytes]]:
    molfile = SDF.format(1).encode().partition(b"M  END")[0] + b"M  END\n"
    rxn = b"$RXN\nx\n\n\n  1  1\n$MOL\n" + molfile + b"$MOL\n" + molfile
    for at in (3, 8, 12, 20, 60, len(rxn) // 2, len(rxn) - 40):
        yield f"cut at {at}.rxn", rxn[:at]
    yield "999 reactants promised.rxn", rxn.replace(b"  1  1\n", b"999999\n", 1)
    yield "counts that are none.rxn", rxn.replace(b"  1  1\n", b"\xff\0  1\n", 1)
    yield "binary.rxn", rxn[:40] + random.Random(6).randbytes(5_000)
    yield "counts of V3000.rxn", b"$RXN V3000\n\n\n\nM  V30 COUNTS 999999999 999999999\nM  END\n"
    yield "tables without end.rxn", b"$RXN V3000\n\n\n\n" + b"M  V30 BEGIN REACTANT\nM  V30 BEGIN CTAB\n" * 9_000
    yield "only starts.rdf", b"$RDFILE 1\n" + b"$RFMT\n" * 50
    yield "data only.rdf", b"$RDFILE 1\n$DTYPE x\n$DATUM y\n"
    yield "line of 10 MB.rdf", b"$RDFILE 1\n$RFMT\n" + b"x" * (10 * MIB) + b"\n"
    yield "another rdf.rdf", b'<?xml version="1.0"?><rdf:RDF/>\n'
    yield "arrows.rsmi", b">" * 100_000 + b"\n>>\nC>>>C\n"
    yield "20,000 atoms.rsmi", b"C" * 10_000 + b">>" + b"C" * 10_000 + b"\n"
    yield "groups.rsmi", b"C(>>C |f:" + b"0." * 50_000 + b"|\n"


def _sequences() -> Iterator[tuple[str, bytes]]:
    rng = random.Random(4)
    yield "binary.fa", b">x\n" + rng.randbytes(20_000)
    yield "binary within.fa", b">x\nACGT\n>y\nAC\x00\x01GT\n>z\nACGT\n"
    yield "no sequence.fa", b">x\n>y\n>z\n"
    yield "header only.fa", b">"
    yield "header of 3 MB.fa", b">" + b"h" * (3 * MIB) + b"\nACGT\n"
    yield "protein in blocks.faa", b">p\nMKVLLEFPWW YQHKRRSTLL EQ*\n>q\nM\0K\n>r\n" + b"MKLV" * 10_000 + b"\n"
    yield "prose.fa", b"> quoted\nPlease look at this, Fred\n"
    yield "letters that are none.fa", b">x\nACGT!!ACGT\n"
    yield "utf-32.fa", ">x\nACGT\n".encode("utf-32")
    yield "500 headers.fa", b">h\n" * 500
    whole = GENBANK.format(2).encode()
    for at in (40, 100, 200, 250, 300, 350, whole.index(b"//")):
        yield f"cut at {at}.gb", whole[:at]
    yield "binary origin.gb", whole.replace(b"atacaacggt", b"\0\1\2\xff\xfe\xfd!!!!")
    yield "no end.gb", whole.replace(b"//\n", b"")
    yield "length that lies.gb", whole.replace(b" 60 bp", b"999 bp")
    yield "10,000 joins.gb", whole.replace(b"join(4..12,20..31)", b"join(" * 10_000 + b"4..12" + b")" * 10_000)
    yield "beyond the end.gb", whole.replace(b"20..31", b"20..99999999999999999999")
    yield "location that is none.gb", whole.replace(b"20..31", b"20..^..x")
    yield "no origin.gb", whole[: whole.index(b"ORIGIN")]
    yield "locus only.gb", b"LOCUS       \n"
    yield "10 MB of qualifier.gb", whole.replace(b'"MKV"', b'"' + b"M" * (10 * MIB))
    embl = EMBL.format(2).encode()
    for at in (60, 100, 150, 190):
        yield f"cut at {at}.embl", embl[:at]


def _tables_and_reads() -> Iterator[tuple[str, bytes]]:
    rng = random.Random(6)
    reads = b"@a\nACGT\n+\nIIII\n@b\nAC\n+\nII\n"
    yield "qualities that lack.fastq", b"@a\nACGT\n+\nII\n"
    yield "no plus.fastq", b"@a\n" + b"ACGT\n" * 1_000
    yield "binary.fastq", b"@a\n" + rng.randbytes(20_000)
    yield "ats.fastq", b"@\n" * 2_000
    for at in (3, 8, 11, 20, 24):
        yield f"cut at {at}.fastq", reads[:at]
    head = b"\x43\x27\x41\x1a" + bytes(4)
    yield "nothing.2bit", head + bytes(8)
    yield "four thousand million.2bit", head + b"\xff" * 4 + bytes(4)
    yield "long name.2bit", head + b"\1\0\0\0" + bytes(4) + b"\xffabc"
    yield "blocks.2bit", head + b"\1\0\0\0" + bytes(4) + b"\1a" + b"\x16\0\0\0" + b"\4\0\0\0" + b"\xff" * 4
    yield "behind the end.2bit", head + b"\1\0\0\0" + bytes(4) + b"\1a" + b"\xff" * 4
    yield "no columns.gff3", b"##gff-version 3\nchr1\tx\n"
    yield "backwards.gff3", b"##gff-version 3\nchr1\t.\tgene\t9\t2\t.\t+\t.\tID=a\n"
    yield "long line.gff3", b"##gff-version 3\n" + b"x" * (2 * MIB) + b"\n"
    yield "fasta that is none.gff3", b"##gff-version 3\n##FASTA\nACGT\n"
    yield "far.bed", b"chr1\t0\t99999999999999\n"
    yield "blocks.bed", b"c\t0\t9\tn\t0\t+\t0\t9\t0\t3\t" + b"1," * 200_000 + b"\t0\n"
    yield "words.bed", b"three little words\n"
    yield "rows.sto", b"# STOCKHOLM 1.0\n" + b"a M-\n" * 5_000 + b"//\n"
    yield "no end.sto", b"# STOCKHOLM 1.0\na MK\n"
    yield "no rows.sto", b"# STOCKHOLM 1.0\n//\n"


def _entries() -> Iterator[tuple[str, bytes]]:
    entry = b"ID   A_B   Reviewed;  4 AA.\nAC   P12345;\nFT   CHAIN  1..99\nSQ   SEQUENCE 4 AA;\n     MKLV\n//\n"
    yield "beyond the end.swiss", entry
    yield "no end.swiss", entry[:-3]
    yield "binary.swiss", entry.replace(b"MKLV", b"M\0\xffV")
    yield "place that is none.swiss", entry.replace(b"1..99", b"x..?")
    yield "two ends.swiss", entry + b"stray\n//\n" + entry
    yield "deep.uniprot.xml", b"<uniprot><entry>" + b"<a>" * 20_000
    place = b"<feature type='site'><location><position position='99'/></location></feature>"
    yield "position.uniprot.xml", b"<uniprot><entry>" + place + b"<sequence>MK</sequence></entry></uniprot>"
    laughs = b"<!DOCTYPE u [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]>"
    yield "laughs.uniprot.xml", laughs + b"<uniprot><entry>&c;</entry></uniprot>"


def _cut_pictures() -> Iterator[tuple[str, bytes]]:
    rng = random.Random(5)
    for form, places in (
        ("PNG", (8, 12, 20, 30, 33, 40, 0.3, 0.6, 0.9)),
        ("JPEG", (3, 10, 100, 0.4, 0.6, 0.9)),
        ("GIF", (6, 9, 20, 0.95)),
        ("BMP", (10, 30, 0.5)),
        ("TIFF", (4, 8, 0.5, 0.97)),
        ("WEBP", (12, 20, 0.5)),
        ("PPM", (6, 0.5)),
    ):
        whole = picture(rng.randrange(99), form, (96, 80))
        for at in places:
            place = at if isinstance(at, int) else int(at * len(whole))
            yield f"cut at {place}.{form.lower()}", whole[:place]
    whole = picture(9, "PNG")
    yield "wrong checksum.png", whole[:30] + b"\0\0" + whole[32:]


def png(width: int, height: int, *chunks: tuple[bytes, bytes], depth: int = 8, colour: int = 0) -> bytes:
    """Return a PNG with right checksums, whatever it says."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in ((b"IHDR", header), *chunks, (b"IEND", b"")):
        parts += [struct.pack(">I", len(content)), kind, content, struct.pack(">I", zlib.crc32(kind + content))]
    return b"".join(parts)


def pixel_bomb() -> bytes:
    return png(50_000, 50_000, (b"IDAT", zlib.compress(bytes(4 * MIB), 9)))


def damaged_png() -> bytes:
    """Return a PNG with a good header and data that no decoder takes."""
    whole = picture(9, "PNG")
    return whole[:41] + b"\xff" * 40 + whole[81:]


def _lying_pictures() -> Iterator[tuple[str, bytes]]:
    line = zlib.compress(bytes(1_000))
    yield "pixel bomb.png", pixel_bomb()
    yield "2 billion wide.png", png(2**31 - 1, 2**31 - 1, (b"IDAT", line))
    yield "no pixels.png", png(0, 0, (b"IDAT", line))
    yield "no data.png", png(64, 64)
    yield "bits that do not exist.png", png(64, 64, (b"IDAT", line), depth=77, colour=99)
    yield "text bomb.png", png(64, 64, (b"zTXt", b"x\0\0" + zlib.compress(bytes(100 * MIB), 9)), (b"IDAT", line))
    yield "chunk of 2 GB.png", png(64, 64)[:33] + struct.pack(">I", 2**31 - 1) + b"IDAT" + line
    jpeg = picture(3, "JPEG")
    at = jpeg.index(b"\xff\xc0")
    yield "pixel bomb.jpg", jpeg[: at + 5] + b"\xff\xdc\xff\xdc" + jpeg[at + 9 :]
    yield "no pixels.jpg", jpeg[: at + 5] + b"\0\0\0\0" + jpeg[at + 9 :]
    gif = picture(3, "GIF")
    yield "pixel bomb.gif", gif[:6] + b"\xff\xff\xff\xff" + gif[10:]
    bmp = picture(3, "BMP")
    yield "pixel bomb.bmp", bmp[:18] + struct.pack("<ii", 2**30, 2**30) + bmp[26:]
    yield "negative.bmp", bmp[:18] + struct.pack("<ii", -64, 48) + bmp[26:]
    yield "directory that is its own next.tif", b"II*\0\x08\0\0\0" + struct.pack("<H", 0) + struct.pack("<I", 8)
    yield "directory beyond the end.tif", b"II*\0" + struct.pack("<I", 2**31)
    yield "65,535 entries.tif", b"II*\0\x08\0\0\0" + struct.pack("<H", 65_535) + bytes(500)
    yield "pixel bomb.ppm", b"P6 99999 99999 255\n" + bytes(100)
    yield "icon of 64.ico", b"\0\0\1\0\x40\0" + bytes(5) + b"\0\1\0" + bytes(100)
    yield "empty box.avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(50)
    yield "no layers.psd", b"8BPS\0\1" + bytes(40)
    yield "html.jpg", b"<html><body>not found</body></html>"


def bomb(pack: object, size: int = 64 * MIB) -> bytes:
    return pack(bytes(size))  # type: ignore[operator]


def _compressed() -> Iterator[tuple[str, bytes]]:
    fasta = f">one\n{dna(random.Random(6), 3_000)}\n".encode()
    yield "bomb.fa.gz", gzip.compress(b">x\n" + b"A" * (64 * MIB), 9)
    yield "bomb.smi.gz", gzip.compress(b"C C\n" + bytes(64 * MIB), 9)
    yield "bomb.smi.bz2", bz2.compress(b"C C\n" + b" " * (20 * MIB))
    yield "bomb.smi.xz", lzma.compress(b"C C\n" + b" " * (20 * MIB), preset=0)
    yield "bomb in a bomb.gz.gz", gzip.compress(gzip.compress(bytes(64 * MIB), 9), 9)
    yield "packed five times.smi.gz", gzip.compress(gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"CC")))))
    for at in (4, 15, 200, 500):
        yield f"cut at {at}.fa.gz", gzip.compress(fasta)[:at]
    packed = gzip.compress(fasta)
    yield "wrong checksum.fa.gz", packed[:-8] + bytes(8)
    yield "garbage within.fa.gz", packed[:100] + bytes(50) + packed[150:]
    yield "garbage behind.fa.gz", packed + b"garbage, and no other part"
    yield "nothing inside.fa.gz", gzip.compress(b"")
    yield "cut.fa.bz2", bz2.compress(fasta)[:300]
    yield "cut.fa.xz", lzma.compress(fasta)[:300]
    yield "dictionary of 4 GB.fa.xz", greedy_xz(fasta)


def greedy_xz(content: bytes) -> bytes:
    """Return an .xz that asks for a dictionary of 4 GiB (xz file format, 3.1)."""
    whole = bytearray(lzma.compress(content, check=lzma.CHECK_CRC32))
    size = 4 * (whole[12] + 1)
    header = whole[12 : 12 + size - 4]
    at = header.index(b"\x21\x01") + 2
    header[at] = 40
    whole[12 : 12 + size] = header + struct.pack("<I", zlib.crc32(header))
    return bytes(whole)


def _zips() -> Iterator[tuple[str, bytes]]:
    smi = b"CCO ethanol\n"
    rng = random.Random(7)
    for number, name in enumerate((*LEAVING, "C:\\evil.smi", "..\\evil.smi", "..")):
        yield f"leaves {number}.zip", zipped({name: smi})
    yield "name of a newline.zip", zipped({"\n.bin": b"?"})
    yield (
        "name with a zero.zip",
        zipped({"axb.smi": smi}).replace(b"axb.smi", b"a\0b.smi").replace(smi, b"CCC(( ethan\n"),
    )
    yield "bomb.zip", zipped({"bomb.smi": bytes(64 * MIB)})
    inner = zipped({"x.smi": smi})
    for _ in range(6):
        inner = zipped({"x.zip": inner})
    yield "seven deep.zip", inner
    yield "bomb in zip in zip.zip", zipped({"x.zip": zipped({"y.zip": zipped({"z.smi": bytes(64 * MIB)})})})
    yield "empty.zip", zipped({})
    yield "a link.zip", _zip_of_link()
    whole = zipped({f"{n}.smi": numbered_smiles(n).encode() * 30 for n in range(4)})
    for at in (4, 20, 60, 200, len(whole) - 30, len(whole) - 4):
        yield f"cut at {at}.zip", whole[:at]
    yield "garbage for a directory.zip", whole[: whole.index(b"PK\1\2")] + rng.randbytes(200) + whole[-22:]
    yield "nothing but garbage.zip", b"PK\3\4" + rng.randbytes(300)


def _zip_of_link() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("link.smi")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return file.getvalue()


def _lying_zips() -> Iterator[tuple[str, bytes]]:
    smi = b"CCO ethanol\n" * 20
    whole = zipped({"x.smi": smi}, zipfile.ZIP_STORED)
    at = whole.index(b"PK\1\2")
    yield "encrypted.zip", whole[: at + 8] + b"\1\0" + whole[at + 10 :]
    yield "method 99.zip", whole[: at + 10] + b"\x63\0" + whole[at + 12 :]
    yield "wrong checksum.zip", whole[: at + 16] + b"\0\0\0\0" + whole[at + 20 :]
    yield "size that lies.zip", whole[: at + 20] + struct.pack("<II", 9_999, 9_999) + whole[at + 28 :]
    yield "member beyond the end.zip", whole[: at + 42] + struct.pack("<I", 2**31) + whole[at + 46 :]
    yield "deflated that is not.zip", whole[: at + 10] + b"\x08\0" + whole[at + 12 :]
    yield "a thousand that are one.zip", overlapping(1_000)
    yield "directory before the start.zip", whole[:-10] + b"\xff\xff\xff\x7f" * 2 + whole[-2:]


def overlapping(times: int) -> bytes:
    """Return a zip of which many directory entries share the bytes of one member (Fifield 2019)."""
    whole = zipped({"x.bin": bytes(8 * MIB)})
    start, end = whole.index(b"PK\1\2"), whole.rindex(b"PK\5\6")
    directory = whole[start:end] * times
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, times, times, len(directory), start, 0)
    return whole[:start] + directory + tail


def _tars() -> Iterator[tuple[str, bytes]]:
    smi = b"CCO ethanol\n"
    for name, kind, link in (
        ("link.smi", tarfile.SYMTYPE, "/etc/passwd"),
        ("hard.smi", tarfile.LNKTYPE, "../../etc/passwd"),
        ("loop.smi", tarfile.SYMTYPE, "loop.smi"),
        ("device.smi", tarfile.CHRTYPE, ""),
        ("disk.smi", tarfile.BLKTYPE, ""),
        ("pipe.smi", tarfile.FIFOTYPE, ""),
        ("sparse.smi", tarfile.GNUTYPE_SPARSE, ""),
    ):
        yield f"{name}.tar", tarred((entry(name, kind, link), b""))
    for number, name in enumerate(LEAVING):
        yield f"leaves {number}.tar", tarred((entry(name), smi))
    through = tarred((entry("d", tarfile.SYMTYPE, str(Path(EVIL).parent)), b""), (entry(f"d/{Path(EVIL).name}"), smi))
    yield "link and what goes through it.tar", through
    whole = tarred(*((entry(f"{n}.smi"), smi * 40) for n in range(3)))
    for at in (300, 700, 1_700):
        yield f"cut at {at}.tar", whole[:at]
    noisy = tarred(*((entry(f"{n}.fa"), f">x\n{dna(random.Random(n), 900)}\n".encode()) for n in range(3)))
    yield "cut.tar.gz", gzip.compress(noisy)[:700]
    yield "cut.tar.xz", lzma.compress(noisy)[:700]
    yield "bomb.tar.gz", gzip.compress(tarred((entry("x.smi"), bytes(64 * MIB))), 9)
    yield "wrong checksum.tar", whole[:1_172] + b"??" + whole[1_174:]
    yield "member of 8 EB.tar", _sized(whole, b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff")
    yield "negative member.tar", _sized(whole, b"\xff" * 12)
    yield "empty.tar", tarred()


def _sized(whole: bytes, size: bytes) -> bytes:
    header = bytearray(whole[:512])
    header[124:136] = size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + whole[512:]


def _anything() -> Iterator[tuple[str, bytes]]:
    rng = random.Random(8)
    for suffix in (
        "smi",
        "sdf",
        "mol",
        "csv",
        "inchi",
        "fa",
        "gb",
        "embl",
        "png",
        "jpg",
        "tif",
        "zip",
        "tar",
        "gz",
        "xyz",
    ):
        yield f"empty file.{suffix}", b""
    for suffix in ("smi", "sdf", "fa", "gb", "png", "jpg", "zip", "tar", "gz", "bin"):
        yield f"noise.{suffix}", rng.randbytes(2_000)
    for suffix in ("sdf", "fa", "gb", "png", "zip", "tar"):
        yield f"zeros.{suffix}", bytes(100_000)
    yield "odd name \n \udcff.sdf", b"\xff\n" * 10
    yield "z" * 251 + ".png", b"\x89PNG\r\n\x1a\n"


# ------------------------------------------------------------------------------------------------- what is not a file
def no_files(folder: Path) -> list[str]:
    """Make things in `folder` that have no content, or no end; return the names that must be listed as failures."""
    os.mkfifo(folder / "pipe.smi")
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(folder)  # the name of a socket is at most 108 bytes long
        listening.bind("socket.smi")
        os.chdir(before)
    (folder / "loop a.smi").symlink_to("loop b.smi")
    (folder / "loop b.smi").symlink_to("loop a.smi")
    (folder / "leads to itself.smi").symlink_to("leads to itself.smi")
    (folder / "leads nowhere.smi").symlink_to("nothing here.smi")
    (folder / "endless.smi").symlink_to("/dev/zero")
    (folder / "up").symlink_to(folder)
    with (folder / "1 TB of holes.smi").open("wb") as file:
        file.truncate(2**40)
    return [
        "pipe.smi", "socket.smi", "loop a.smi", "loop b.smi", "leads to itself.smi", "leads nowhere.smi", "endless.smi",
        "up", "1 TB of holes.smi",
    ]  # fmt: skip


def deep_folders(folder: Path, levels: int, name: str) -> str:
    """Make folders in folders, as deep as asked although no path is so long; return what is above the last."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    file = os.open("deepest.smi", os.O_WRONLY | os.O_CREAT, dir_fd=at)
    os.write(file, b"CCO deepest\n")
    os.close(file)
    os.close(at)
    return name
