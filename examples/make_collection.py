"""Make ``examples/collection`` anew: a small mixed folder of facts that we typed and pictures that this code draws.

Usage: ``python examples/make_collection.py [FOLDER]``.  Needs nlsearch's own dependencies only.
"""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import music
import numpy as np
import proteins
import sounds
import spectra
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MEDICINES: tuple[tuple[str, str], ...] = (
    ("CC(=O)Oc1ccccc1C(=O)O", "aspirin"),
    ("CC(C)Cc1ccc(cc1)C(C)C(=O)O", "ibuprofen"),
    ("CC(=O)Nc1ccc(O)cc1", "paracetamol"),
    ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "caffeine"),
    ("Cn1c(=O)c2[nH]cnc2n(C)c1=O", "theophylline"),
    ("C1=CC2=C(C=C1O)C(=CN2)CCN", "serotonin"),
    ("COc1ccc2[nH]cc(CCNC(C)=O)c2c1", "melatonin"),
    ("N[C@@H](Cc1c[nH]c2ccccc12)C(=O)O", "L-tryptophan"),
    ("NCCc1ccc(O)c(O)c1", "dopamine"),
    ("CNC[C@H](O)c1ccc(O)c(O)c1", "adrenaline"),
    ("CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O", "penicillin G"),
    ("CC1(C)S[C@@H]2[C@H](NC(=O)[C@H](N)c3ccccc3)C(=O)N2[C@H]1C(=O)O", "ampicillin"),
    ("CN1CCC[C@H]1c1cccnc1", "nicotine"),
    ("CCN(CC)CC(=O)Nc1c(C)cccc1C", "lidocaine"),
    ("CN(C)C(=N)NC(N)=N", "metformin"),
    ("CC(C)NCC(O)COc1cccc2ccccc12", "propranolol"),
    ("CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21", "diazepam"),
    ("O=C(O)c1ccccc1O", "salicylic acid"),
    ("OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O", "β-D-glucose"),
    ("OC[C@H]1O[C@H](O)[C@H](O)[C@@H](O)[C@@H]1O", "α-D-glucose"),
    ("CC(=O)[O-].[Na+]", "sodium acetate"),
    ("OC(=O)CC(O)(CC(=O)O)C(=O)O", "citric acid"),
    ("C1=CC=C(C=C1)C=O", "benzaldehyde"),
    ("COc1cc(C=O)ccc1O", "vanillin"),
    ("CC(C)=CCC\\C(C)=C\\C=O", "citral (E)"),
)
ALKALOIDS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5",
        "morphine",
        {"CAS": "57-27-2", "SOURCE": "Papaver somniferum"},
    ),
    (
        "CN1CC[C@]23c4c5ccc(OC)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5",
        "codeine",
        {"CAS": "76-57-3", "SOURCE": "Papaver somniferum"},
    ),
    (
        "COc1ccc2nccc([C@@H](O)[C@@H]3C[C@@H]4CCN3C[C@@H]4C=C)c2c1",
        "quinine",
        {"CAS": "130-95-0", "SOURCE": "Cinchona officinalis"},
    ),
    (
        "CN1[C@H]2CC[C@@H]1C[C@@H](C2)OC(=O)C(CO)c1ccccc1",
        "atropine",
        {"CAS": "51-55-8", "SOURCE": "Atropa belladonna"},
    ),
    (
        "O=C1C[C@@H]2OCC=C3CN4CC[C@]56[C@@H]4C[C@@H]3[C@@H]2[C@@H]5N1c1ccccc16",
        "strychnine",
        {"CAS": "57-24-9", "SOURCE": "Strychnos nux-vomica"},
    ),
    ("CCC[C@H]1CCCCN1", "coniine", {"CAS": "458-88-8", "SOURCE": "Conium maculatum"}),
)
REACTIONS: tuple[tuple[str, str], ...] = (
    (
        "[CH3:1][C:2](=[O:3])[OH:4].[CH3:5][CH2:6][OH:7]>OS(=O)(=O)O>[CH3:1][C:2](=[O:3])[O:7][CH2:6][CH3:5].[OH2:4]",
        "Fischer esterification",
    ),
    (
        "[OH:1][C:2](=[O:3])[c:4]1[cH:5][cH:6][cH:7][cH:8][c:9]1[OH:10].[CH3:11][C:12](=[O:13])[O:14][C:15]([CH3:16])=[O:17]"
        ">OP(=O)(O)O>"
        "[OH:1][C:2](=[O:3])[c:4]1[cH:5][cH:6][cH:7][cH:8][c:9]1[O:10][C:12]([CH3:11])=[O:13].[OH:14][C:15]([CH3:16])=[O:17]",
        "acetylation of a phenol",
    ),
    (
        "[CH2:1]=[CH:2][CH:3]=[CH2:4].[CH:5]1=[CH:6][C:7](=[O:8])[O:9][C:10]1=[O:11]>>"
        "[CH2:1]1[CH:2]=[CH:3][CH2:4][CH:5]2[CH:6]1[C:7](=[O:8])[O:9][C:10]2=[O:11]",
        "Diels-Alder cycloaddition",
    ),
    (
        "[OH:1][C:2](=[O:3])[c:4]1[cH:5][cH:6][cH:7][cH:8][cH:9]1.[NH2:10][CH2:11][CH3:12]>CCN=C=NCCCN(C)C>"
        "[O:3]=[C:2]([NH:10][CH2:11][CH3:12])[c:4]1[cH:5][cH:6][cH:7][cH:8][cH:9]1.[OH2:1]",
        "amide coupling",
    ),
    (
        "[Br:1][c:2]1[cH:3][cH:4][cH:5][cH:6][cH:7]1.[OH:8][B:9]([OH:10])[c:11]1[cH:12][cH:13][cH:14][cH:15][cH:16]1>"
        "[Pd].O=C([O-])[O-].[K+].[K+]>"
        "[c:2]1(-[c:11]2[cH:12][cH:13][cH:14][cH:15][cH:16]2)[cH:3][cH:4][cH:5][cH:6][cH:7]1 |f:3.4.5|",
        "Suzuki coupling",
    ),
    ("CC(C)=O.C[Mg]Br>O>CC(C)(C)O", "Grignard addition"),
    ("CC=O.CC=O>[OH-].[Na+]>CC(O)CC=O |f:2.3|", "aldol addition"),
    (
        "O=Cc1ccccc1.C=P(c1ccccc1)(c1ccccc1)c1ccccc1>>C=Cc1ccccc1.O=P(c1ccccc1)(c1ccccc1)c1ccccc1",
        "Wittig olefination",
    ),
    ("[CH3:1][Br:2].[OH-:3]>>[CH3:1][OH:3].[Br-:2]", "nucleophilic substitution"),
    ("CC#CC.[H][H]>[Pd]>C/C=C\\C", "Lindlar hydrogenation"),
    ("CCN=[N+]=[N-].C#Cc1ccccc1>[Cu+]>CCn1cc(-c2ccccc2)nn1", "azide-alkyne cycloaddition"),
    ("c1ccccc1.O[N+](=O)[O-]>OS(=O)(=O)O>O=[N+]([O-])c1ccccc1.O", "nitration"),
    ("CCOC(C)=O.[OH-].[Na+]>>CC(=O)[O-].[Na+].CCO |f:1.2,3.4|", "saponification"),
)
REGISTERED: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "[NH2:1][c:2]1[cH:3][cH:4][c:5]([OH:6])[cH:7][cH:8]1.[CH3:9][C:10](=[O:11])[O:12][C:13]([CH3:14])=[O:15]>>"
        "[CH3:9][C:10](=[O:11])[NH:1][c:2]1[cH:3][cH:4][c:5]([OH:6])[cH:7][cH:8]1.[OH:12][C:13]([CH3:14])=[O:15]",
        "acetylation of an aniline",
        {"CLASS": "acylation", "SOLVENT": "water"},
    ),
    (
        "[CH3:1][CH2:2][OH:3].[CH3:4][I:5]>>[CH3:1][CH2:2][O:3][CH3:4].[IH:5]",
        "Williamson ether synthesis",
        {"CLASS": "alkylation"},
    ),
    (
        "[C:1]1(=[O:2])[CH2:3][CH2:4][CH2:5][CH2:6][CH2:7]1>>[C:1]1(=[O:2])[CH2:3][CH2:4][CH2:5][CH2:6][CH2:7][O:8]1",
        "Baeyer-Villiger oxidation",
        {"CLASS": "oxidation"},
    ),
)
ESSENTIAL_OILS = """name,source,SMILES,InChI
linalool,lavender,CC(C)=CCCC(C)(O)C=C,
(-)-carvone,spearmint,CC1=CC[C@H](CC1=O)C(C)=C,
(-)-menthone,peppermint,,"InChI=1S/C10H18O/c1-7(2)9-5-4-8(3)6-10(9)11/h7-9H,4-6H2,1-3H3/t8-,9+/m1/s1"
"""
HBB = (
    "ATGGTGCATCTGACTCCTGAGGAGAAGTCTGCCGTTACTGCCCTGTGGGGCAAGGTGAACGTGGATGAAGTTGGTGGTGAGGCCCTGGGCAGGCTGCTGGTG"
    "GTCTACCCTTGGACCCAGAGGTTCTTTGAGTCCTTTGGGGATCTGTCCACTCCTGATGCTGTTATGGGCAACCCTAAGGTGAAGGCTCATGGCAAGAAAGTG"
    "CTCGGTGCCTTTAGTGATGGCCTGGCTCACCTGGACAACCTCAAGGGCACCTTTGCCACACTGAGTGAGCTGCACTGTGACAAGCTGCACGTGGATCCTGAG"
    "AACTTCAGGCTCCTGGGCAACGTGCTGGTCTGTGTGCTGGCCCATCACTTTGGCAAAGAATTCACCCCACCAGTGCAGGCTGCCTATCAGAAAGTGGTGGCT"
    "GGTGTGGCTAATGCCCTGGCCCACAAGTATCACTAA"
)
"""Coding sequence of human β-globin (gene HBB)."""
INS = (
    "ATGGCCCTGTGGATGCGCCTCCTGCCCCTGCTGGCGCTGCTGGCCCTCTGGGGACCTGACCCAGCCGCAGCCTTTGTGAACCAACACCTGTGCGGCTCACAC"
    "CTGGTGGAAGCTCTCTACCTAGTGTGCGGGGAACGAGGCTTCTTCTACACACCCAAGACCCGCCGGGAGGCAGAGGACCTGCAGGTGGGGCAGGTGGAGCTG"
    "GGCGGGGGCCCTGGTGCAGGCAGCCTGCAGCCCTTGGCCCTGGAGGGGTCCCTGCAGAAGCGTGGCATTGTGGAACAATGCTGTACCAGCATCTGCTCCCTC"
    "TACCAGCTGGAGAACTACTGCAACTAG"
)
"""Coding sequence of human preproinsulin (gene INS)."""


def sickle(sequence: str) -> str:
    """Return the coding sequence of sickle-cell haemoglobin: GAG → GTG in the seventh codon (Glu6Val)."""
    return sequence[:19] + "T" + sequence[20:]


def rdf(reactions: tuple[tuple[str, str, dict[str, str]], ...]) -> str:
    """Write reactions without agents as an RDF with their data."""
    lines = ["$RDFILE 1", "$DATM    2026-01-01 00:00:00"]
    for number, (smiles, name, properties) in enumerate(reactions, 1):
        before, behind = (side.split(".") for side in smiles.split(">>"))
        lines += [f"$RFMT $RIREG {number}", "$RXN", name, "", "", f"{len(before):3}{len(behind):3}"]
        for part in before + behind:
            lines += ["$MOL", molblock(part, "").rstrip("\n")]
        for key, value in properties.items():
            lines += [f"$DTYPE {key}", f"$DATUM {value}"]
    return "\n".join(lines) + "\n"


def fasta(records: list[tuple[str, str]]) -> str:
    """Write records as FASTA with lines of 60 bases."""
    lines = []
    for header, sequence in records:
        lines.append(f">{header}")
        lines += [sequence[i : i + 60] for i in range(0, len(sequence), 60)]
    return "\n".join(lines) + "\n"


def smiles_file(molecules: tuple[tuple[str, str], ...]) -> str:
    """Write molecules as a SMILES file."""
    return "".join(f"{smiles}\t{name}\n" for smiles, name in molecules)


def drawn(smiles: str, name: str, *, hydrogens: bool = False) -> Mol:
    """Return a molecule with computed 2D coordinates."""
    from rdkit import Chem
    from rdkit.Chem import AllChem

    molecule = Chem.MolFromSmiles(smiles)
    if hydrogens:
        molecule = Chem.AddHs(molecule)
    AllChem.Compute2DCoords(molecule)
    molecule.SetProp("_Name", name)
    return molecule


def molblock(smiles: str, name: str) -> str:
    """Return a V2000 molblock with computed 2D coordinates."""
    from rdkit import Chem

    return str(Chem.MolToMolBlock(drawn(smiles, name)))


def exchanged() -> dict[str, bytes]:
    """Return molecules of essential oils, each in another format of exchange."""
    from rdkit import Chem

    return {
        "chemistry/oils/cineole.mol2": mol2("CC1(C)OC2(C)CCC1CC2", "1,8-cineole").encode(),
        "chemistry/oils/camphor.cdxml": Chem.MolToCDXMLBlock(
            drawn("CC1(C)[C@@H]2CC[C@@]1(C)C(=O)C2", "camphor")
        ).encode(),
        "chemistry/oils/limonene.cml": Chem.MolToCMLBlock(drawn("CC1=CC[C@@H](CC1)C(C)=C", "limonene")).encode(),
        "chemistry/oils/geraniol.mrv": Chem.MolToMrvBlock(drawn("CC(C)=CCC/C(C)=C/CO", "geraniol")).encode(),
        "chemistry/oils/myrcene.pdb": Chem.MolToPDBBlock(drawn("CC(C)=CCCC(=C)C=C", "myrcene")).encode(),
        "chemistry/oils/table.csv": ESSENTIAL_OILS.encode(),
    }


def mol2(smiles: str, name: str) -> str:
    """Write a saturated molecule as a Tripos MOL2."""
    molecule = drawn(smiles, name, hydrogens=True)
    lines = ["@<TRIPOS>MOLECULE", name, f"{molecule.GetNumAtoms()} {molecule.GetNumBonds()} 1 0 0", "SMALL"]
    lines += ["NO_CHARGES", "", "@<TRIPOS>ATOM"]
    for atom, (x, y, _) in zip(molecule.GetAtoms(), molecule.GetConformer().GetPositions(), strict=True):
        kind = "H" if atom.GetSymbol() == "H" else f"{atom.GetSymbol()}.3"
        label = f"{atom.GetSymbol()}{atom.GetIdx() + 1}"
        lines.append(f"{atom.GetIdx() + 1:6} {label:5} {x:9.4f} {y:9.4f}    0.0000 {kind:4} 1 OIL 0.0")
    lines.append("@<TRIPOS>BOND")
    for bond in molecule.GetBonds():
        lines.append(f"{bond.GetIdx() + 1:6} {bond.GetBeginAtomIdx() + 1:5} {bond.GetEndAtomIdx() + 1:5} 1")
    return "\n".join([*lines, ""])


def sdf(molecules: tuple[tuple[str, str, dict[str, str]], ...]) -> str:
    """Write molecules as an SDF with their properties."""
    records = []
    for smiles, name, properties in molecules:
        lines = "".join(f"> <{key}>\n{value}\n\n" for key, value in properties.items())
        records.append(molblock(smiles, name) + lines + "$$$$\n")
    return "".join(records)


def genbank() -> str:
    """Return a circular GenBank record that we made up around real genes: HBB forward, INS on the other strand."""
    from Bio.Seq import Seq
    from Bio.SeqFeature import SeqFeature, SimpleLocation
    from Bio.SeqIO import write
    from Bio.SeqRecord import SeqRecord

    spacer = "".join(np.random.default_rng(7).choice(list("ACGT"), 400))
    sequence = spacer[:200] + HBB + spacer[200:] + str(Seq(INS).reverse_complement())
    start = 400 + len(HBB)
    record = SeqRecord(Seq(sequence), id="NLS00001.1", name="NLS00001", description="Teaching plasmid pTwoGenes")
    record.annotations = {
        "molecule_type": "DNA",
        "topology": "circular",
        "organism": "synthetic construct",
        "date": "01-JAN-2026",
    }
    for gene, product, low, high, strand in (
        ("HBB", "hemoglobin subunit beta", 200, 200 + len(HBB), 1),
        ("INS", "insulin", start, start + len(INS), -1),
    ):
        for kind in ("gene", "CDS"):
            qualifiers = {"gene": [gene], "locus_tag": [f"NLS_{gene}"]}
            if kind == "CDS":
                qualifiers["product"] = [product]
            record.features.append(SeqFeature(SimpleLocation(low, high, strand), type=kind, qualifiers=qualifiers))
    text = io.StringIO()
    write(record, text, "genbank")
    return text.getvalue()


def landscape(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Draw a made-up landscape: layered noise for the ground, shapes for houses, so that it has texture and corners."""
    random = np.random.default_rng(seed)
    width, height = size
    ground = np.zeros((height, width))
    for octave in range(2, 7):
        cells = 2**octave
        noise = Image.fromarray((random.random((cells, cells)) * 255).astype(np.uint8)).resize(
            size, Image.Resampling.BICUBIC
        )
        ground += np.asarray(noise, dtype=float) / 2 ** (octave - 1)
    ground = (ground - ground.min()) / (ground.max() - ground.min())
    tint = random.random((2, 3)) * 255
    picture = Image.fromarray((ground[..., None] * tint[0] + (1 - ground[..., None]) * tint[1]).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(28):
        x, y = (int(v) for v in random.integers(0, (width, height)))
        w, h = (int(v) for v in random.integers(15, 90, 2))
        colour = tuple(int(v) for v in random.integers(0, 255, 3))
        if random.random() < 0.5:
            draw.rectangle((x, y, x + w, y + h), fill=colour, outline=(0, 0, 0), width=2)
        else:
            draw.polygon([(x, y), (x + w, y), (x + w // 2, y - h)], fill=colour, outline=(20, 20, 20))
    return picture


def jpeg(picture: Image.Image, quality: int = 85, **exif: str | int) -> bytes:
    """Encode a JPEG, with EXIF tags given by name."""
    from PIL.ExifTags import Base

    tags = Image.Exif()
    for name, value in exif.items():
        tags[Base[name].value] = value
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, exif=tags)
    return out.getvalue()


def png(picture: Image.Image) -> bytes:
    """Encode a PNG."""
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def gears() -> Image.Image:
    """Draw two gears on a transparent ground."""
    picture = Image.new("RGBA", (480, 320), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    for cx, cy, radius, teeth, colour in (
        (170, 160, 110, 12, (70, 110, 160, 255)),
        (345, 150, 75, 8, (170, 90, 60, 255)),
    ):
        angles = np.linspace(0, 2 * np.pi, teeth * 4, endpoint=False)
        radii = np.where((np.arange(teeth * 4) // 2) % 2 == 0, radius, radius * 0.82)
        draw.polygon(
            [(cx + r * np.cos(a), cy + r * np.sin(a)) for a, r in zip(angles, radii, strict=True)], fill=colour
        )
        draw.ellipse((cx - 18, cy - 18, cx + 18, cy + 18), fill=(0, 0, 0, 0))
    return picture


def archive() -> bytes:
    """Make a ZIP with members of several kinds, the same bytes on every run."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in (
            (
                "inner/steroids.smi",
                smiles_file(
                    (
                        ("CC(=O)[C@H]1CC[C@H]2[C@@H]3CCC4=CC(=O)CC[C@]4(C)[C@H]3CC[C@]12C", "progesterone"),
                        ("C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@@]43C)[C@@H]1CC[C@@H]2O", "testosterone"),
                    )
                ),
            ),
            ("inner/sickle.fa", fasta([("HBS coding sequence of sickle-cell haemoglobin, Homo sapiens", sickle(HBB))])),
            ("scan of plate 3.jpg", jpeg(landscape(3).rotate(7, resample=Image.Resampling.BICUBIC, expand=True), 80)),
        ):
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content)
    return out.getvalue()


def files() -> dict[str, bytes]:
    """Return every file of the collection by its name in it."""
    plate = landscape(3)
    camera = {
        "Make": "Nlsearch",
        "Model": "Pinhole 1",
        "DateTime": "2025:06:21 12:00:00",
        "ImageDescription": "A harbour town",
    }
    return {
        "chemistry/medicines.smi": smiles_file(MEDICINES).encode(),
        "chemistry/alkaloids.sdf": sdf(ALKALOIDS).encode(),
        "chemistry/β-carotene.mol": molblock(
            r"CC1=C(C(C)(C)CCC1)\C=C\C(C)=C\C=C\C(C)=C\C=C\C=C(C)\C=C\C=C(C)\C=C\C1=C(C)CCCC1(C)C", "β-carotene"
        ).encode(),
        "chemistry/reactions.rsmi": smiles_file(REACTIONS).encode(),
        "chemistry/registered reactions.rdf": rdf(REGISTERED).encode(),
        **exchanged(),
        "biology/human genes.fa": fasta(
            [
                ("HBB coding sequence of hemoglobin subunit beta, Homo sapiens", HBB),
                ("INS coding sequence of preproinsulin, Homo sapiens", INS),
            ]
        ).encode(),
        "biology/plasmids/pTwoGenes.gb": genbank().encode(),
        "biology/reads.fa.gz": gzip.compress(
            fasta([("read_1 fragment of HBB with one error", HBB[60:160] + "T" + HBB[161:240])]).encode(), mtime=0
        ),
        "pictures/harbour.jpg": jpeg(plate, 88, **camera),
        "pictures/harbour, detail.png": png(plate.crop((120, 90, 460, 350))),
        "pictures/hills.jpg": jpeg(landscape(11), 85),
        "pictures/Überlieferung/Tafel IV.jpg": jpeg(landscape(21), 85, Artist="Werkstatt"),
        "pictures/gears, transparent.png": png(gears()),
        **proteins.files(),
        **spectra.files(),
        **music.files(),
        **sounds.files(),
        "archive of plates.zip": archive(),
        "broken/cut in the middle.sdf": sdf(ALKALOIDS[:2]).encode()[:-900],
        "broken/valence.smi": b"C1CC1\tcyclopropane\nC(C)(C)(C)(C)C\tfive bonds\n",
        "broken/cut.gb": genbank().encode()[:700],
        "broken/not a picture.jpg": b"\xff\xd8\xff\xe0 this is no picture at all",
        "broken/mystery.bin": bytes(range(256)) * 4,
    }


def main(folder: Path) -> None:
    """Write the collection into `folder`."""
    for name, content in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    sys.stdout.write(f"{len(files())} files, {total:,} bytes in {folder}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "collection")
