"""Spectra for the example collection: positions of peaks as the literature knows them, heights rounded by us."""

from __future__ import annotations

import math

MGF: tuple[tuple[str, str, float, str, str], ...] = (
    (
        "caffeine",
        "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
        195.0877,
        "[M+H]+",
        "69.0447:3 83.0604:4 110.0713:18 138.0662:100 195.0877:61",
    ),
    (
        "theophylline",
        "Cn1c(=O)c2[nH]cnc2n(C)c1=O",
        181.0720,
        "[M+H]+",
        "69.0447:4 96.0556:15 124.0505:100 181.0720:43",
    ),
    (
        "theobromine",
        "Cn1cnc2c1c(=O)[nH]c(=O)n2C",
        181.0720,
        "[M+H]+",
        "67.0291:6 83.0604:7 108.0556:5 110.0713:17 138.0662:83 163.0614:22 181.0720:100",
    ),
    (
        "nicotine",
        "CN1CCC[C@H]1c1cccnc1",
        163.1230,
        "[M+H]+",
        "80.0495:14 84.0808:37 106.0651:42 117.0573:48 120.0808:20 130.0651:100 132.0808:71 163.1230:55",
    ),
    ("paracetamol", "CC(=O)Nc1ccc(O)cc1", 152.0706, "[M+H]+", "65.0386:8 93.0335:9 110.0600:100 152.0706:38"),
    ("serotonin", "C1=CC2=C(C=C1O)C(=CN2)CCN", 177.1022, "[M+H]+", "115.0542:12 132.0570:6 160.0757:100 177.1022:9"),
)
"""Name, SMILES, precursor, adduct, m/z:intensity."""

MSP = """\
Name: citric acid
Formula: C6H8O7
InChIKey: KRKNYBCHXYNGOX-UHFFFAOYSA-N
PrecursorMZ: 191.0197
Precursor_type: [M-H]-
Ion_mode: negative
Spectrum_type: MS2
Collision_energy: 20
Instrument_type: LC-ESI-QTOF
Num Peaks: 6
85.0295 12
87.0088 41
111.0088 100
129.0193 9
173.0092 6
191.0197 27

Name: benzaldehyde
Formula: C7H6O
InChIKey: HUMNYLRZRPPJDN-UHFFFAOYSA-N
Instrument_type: EI-B
Ion_mode: positive
Spectrum_type: MS1
Num Peaks: 8
50 21
51 36
52 10
74 9
77 98
78 17
105 97
106 100

Name: theophylline, survey scan
Formula: C7H8N4O2
InChIKey: ZFXYFBGIUFBOJW-UHFFFAOYSA-N
Ion_mode: positive
Spectrum_type: MS1
Num Peaks: 4
181.0720 100
182.0748 8.6
183.0765 0.7
203.0540 14
"""

JSON = """\
[
 {"spectrum_id": "EXAMPLE00001", "Compound_Name": "caffeine, isotopes", "Adduct": "[M+H]+", "Precursor_MZ": "195.0877",
  "Ion_Mode": "Positive", "ms_level": "1",
  "INCHI": "InChI=1S/C8H10N4O2/c1-10-4-9-6-5(10)7(13)12(3)8(14)11(6)2/h4H,1-3H3",
  "peaks_json": "[[195.0877, 1000000.0], [196.0905, 99500.0], [197.0926, 8400.0]]"},
 {"spectrum_id": "EXAMPLE00002", "Compound_Name": "diazepam, isotopes", "Adduct": "[M+H]+", "Precursor_MZ": "285.0789",
  "Ion_Mode": "Positive", "ms_level": "1", "Smiles": "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21",
  "peaks_json": "[[285.0789, 500000.0], [286.0821, 89000.0], [287.0763, 168000.0], [288.0793, 29000.0]]"}
]
"""

INFRARED = """\
##TITLE= menthone
##JCAMP-DX= 4.24
##DATA TYPE= INFRARED PEAK TABLE
##ORIGIN= examples of nlsearch
##OWNER= public domain
##CAS REGISTRY NO= 14073-97-3
##MOLFORM= C 10 H 18 O
##XUNITS= 1/CM
##YUNITS= ABSORBANCE
##XFACTOR= 1
##YFACTOR= 1
##NPOINTS= 7
##PEAK TABLE= (XY..XY)
1123, 0.21  1204, 0.24  1367, 0.33  1456, 0.46
1711, 1.00  2872, 0.71  2956, 0.97
##END=
"""

MAGNETIC = """\
##TITLE= diethyl ether
##JCAMP-DX= 5.00
##DATA TYPE= NMR PEAK TABLE
##ORIGIN= examples of nlsearch
##OWNER= public domain
##.OBSERVE FREQUENCY= 400.13
##.OBSERVE NUCLEUS= ^1H
##.SOLVENT NAME= CDCl3
##XUNITS= PPM
##YUNITS= ARBITRARY UNITS
##XFACTOR= 1
##YFACTOR= 1
##NPOINTS= 7
##PEAK TABLE= (XY..XY)
1.193, 26  1.210, 52  1.228, 27  3.453, 13  3.471, 39  3.488, 40  3.506, 14
##END=
"""

BANDS: tuple[tuple[float, float, float], ...] = ((231, 14, 0.9), (279, 13, 0.75), (309, 14, 0.72))
"""Vanillin's bands: nm, width, absorbance."""


def mgf() -> str:
    """Return the MGF file."""
    records = []
    for number, (name, smiles, precursor, adduct, peaks) in enumerate(MGF, start=1):
        lines = "\n".join(peak.replace(":", " ") for peak in peaks.split())
        records.append(
            f"BEGIN IONS\nTITLE={name}\nNAME={name}\nPEPMASS={precursor:.4f}\nCHARGE=1+\nADDUCT={adduct}\n"
            f"IONMODE=positive\nMSLEVEL=2\nSMILES={smiles}\nSCANS={number}\n{lines}\nEND IONS\n"
        )
    return "\n".join(records)


def ultraviolet() -> str:
    """Return a table of absorbance by wavelength: bands of Gaussian shape."""
    rows = ["wavelength (nm),absorbance"]
    for at in range(200, 401, 2):
        height = sum(high * math.exp(-((at - middle) ** 2) / (2 * width**2)) for middle, width, high in BANDS)
        rows.append(f"{at},{height:.4f}")
    return "\n".join(rows) + "\n"


def files() -> dict[str, bytes]:
    """Return the files by their names in the collection."""
    texts = {
        "spectra/stimulants.mgf": mgf(),
        "spectra/acids and others.msp": MSP,
        "spectra/isotopes.json": JSON,
        "spectra/menthone.jdx": INFRARED,
        "spectra/diethyl ether.jdx": MAGNETIC,
        "spectra/vanillin.csv": ultraviolet(),
    }
    return {name: text.encode() for name, text in texts.items()}
