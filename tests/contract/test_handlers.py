"""The contract, for every kind."""

from __future__ import annotations

from handler_contract import HandlerContract


class TestMolecule(HandlerContract):
    kind = "molecule"
    queries = (
        'smarts:"c"', 'smarts:"[#7]"', 'smarts:"C=O"', 'smarts:"[OX2H]"', 'smarts:"c1ccccc1"', 'smarts:"[!#6;!#1]"',
        'smarts:"[CX3](=O)[OX2H1]"', 'smarts:"[$([NX3]C=O)]"', 'smarts:"*~*~*~*"', 'smarts:"[R]"', 'smarts:"[C@H]"',
        'smarts:"C.[Na+]"', 'smarts:"[N+,n]"', 'smarts:"C/C=C/C"', 'smarts:"[nH]"', 'smarts:"Cl"', 'smarts:"[U]"',
        'smiles:"Oc1ccccc1"~0.2', 'smiles:"CCO"~0.1', 'smiles:"CC(=O)Nc1ccc(O)cc1"', 'smiles:"CN1CCCC1c1cccnc1"',
        'smarts:"[#6]1~[#6]~[#6]~[#6]~[#6]~[#6]1"', 'smarts:"[C;!R]"', 'smarts:"[cH]:[cH]:[cH]"', 'smarts:"N~C~N"',
        'smarts:"[D4]"', 'smarts:"[H]O"', 'smarts:"c-O"', 'smarts:"c!:*"', 'smarts:"S"',
    )  # fmt: skip


class TestReaction(HandlerContract):
    kind = "reaction"
    queries = tuple(
        f'reaction:"{value}"{options}'
        for value in (
            "C>>", ">>C", "c>>c", "[OH]>>", "[CX3](=O)[OX2H1]>>[CX3](=O)[OX2H0]", ">>C1CCCC=C1", "C=C>>", ">[Pd]>",
            "[Br:1]>>[Br:1]", "C.O>>", "[C:1]=[C:2]>>[C:1][C:2]", "[C:1]=[C:2]>>[C:1]=[C:2]", "[#7:1]>>[#7:1]",
            "[*:1]-[*:2]>>[*:1]-[*:2]", "C#C>>C/C=C\\C", "c1ccccc1>>c1ccccc1", "*>>*", "[O-]>>", "*>*>*",
            "[c:1]1[c:2][c:3][c:4][c:5][c:6]1>>[c:1]1[c:2][c:3][c:4][c:5][c:6]1", "CO>>CO", "N>>C(=O)N", "[U]>>",
            ">>O", ">O>", "[C:1]=O>>[C:1]-O", "[OH:1][C:2]>>[O:1][C:2]",
        )
        for options in ("", "{maps=no}", "{stereo=no}")
    )  # fmt: skip


class TestNucleotide(HandlerContract):
    kind = "nucleotide"
    queries = tuple(
        f'tblastn:"{value}"{{evalue={evalue},strand={strand}}}'
        for value in ("VHLTPEEKSAVTALWGKVNVDEVGGEALGR", "MVHLTPEEKSAV", "KKKKKKKK", "GALQSLS", "W", "PRSW*N")
        for evalue in ("10", "0.001", "1e6")
        for strand in ("both", "+", "-")
    )


class TestProtein(HandlerContract):
    kind = "protein"
    queries = (
        *(
            f'prosite:"{one.format(a)}"'
            for a in "ARNDCQEGHILKMFPSTWYV"
            for one in ("{}-x-[RK]", "<x-{}", "{0}-x(1,2)-{0}>")
        ),
        *(f'prosite:"{{{a}}}-{{{b}}}-{b}-x(2)-{a}"' for a, b in ("LV", "VL", "EK", "KE", "GC", "CG", "AP", "HF")),
        *(
            f'protein:"{value}"{{exhaustive=yes,evalue={evalue}}}'
            for value in ("VHLTPEEKSAVTALWGKVNVDEVGGEALGR", "GIVEQCCTSICSLYQLENYCN", "KVADALTNAVAHVDDMPN", "W", "LSALS")
            for evalue in ("10", "0.001", "1e6")
        ),
        *(
            f'blastx:"{"CTGTGGGGCAAGGTGAAC" * 4}"{{exhaustive=yes,code={code}}}'
            for code in (1, 2, 3, 4, 5, 6, 9, 10, 11)
        ),
    )


MELODIES = (
    "C4 D4 E4 C4", "G4 A4 B4 G4", "C4 C4 G4 G4 A4 A4 G4", "D4 A4 A4 E4 F4 E4 D4", "F4 G4 A4 F4 C5", "C4 E4",
    "E4 D4 C4 ? G4", "G4:4 A4:4 B4:4 G4:4", "C4:4. B3:8 A3:2", "C4 * G4 F4 E4", "F#4 F#4 G4 A4 A4 G4 F#4 E4",
    "C4 C4 C4", "Eb4 G4 Bb4 Eb5",
)  # fmt: skip
HOW = (
    "",
    "{edits=1}",
    "{transpose=no}",
    "{spelling=yes}",
    "{anchored=yes}",
    "{voice=Soprano,edits=1}",
    "{durations=no}",
)


class TestScore(HandlerContract):
    kind = "score"
    queries = (
        *(f'notes:"{melody}"{how}' for melody in MELODIES for how in HOW if not ("*" in melody and "edits" in how)),
        *(f'notes:"{melody}"{{edits=2}}' for melody in MELODIES if melody.count(" ") > 4),
        'degrees:"1 2 3 1"', 'degrees:"5 ? 3 2"', 'degrees:"1 2 3"{edits=1}', 'solfege:"do re mi do"',
        'contour:"*UUDR"', 'contour:"*RURURD"', 'contour:"UUD?U"', 'contour:"*UDUDUD"{edits=2}', 'rhythm:"1 1 1 1"',
        'rhythm:"3 1 4"', 'rhythm:"1 1 ? 2 2"{edits=1}', 'intervals:"+2 ? -4"', 'intervals:"M2 M2 -M3"{edits=1}',
        'chords:"I V I"', 'chords:"Am G Am E"', 'chords:"C ? C"', 'chords:"D A D"{edits=1}', 'abc:"GABG"',
        'abc:"C2 D E2"{edits=1}', 'pae:"\'4CDEC"',
    )  # fmt: skip


class TestImage(HandlerContract):
    kind = "image"


SIMILAR = (
    'peaks:"138.0662:100 110.0713:30 69.0447:10"', 'peaks:"124.0505:100 96.0556:10"~0.2',
    'peaks:"130.0651:100 132.0808:70 84.0808:40 106.0651:40"', 'peaks:"77:100 105:95 106:100 51:30"~0.1',
    'peaks:"111.0088:100 87.0088:40"', 'peaks:"160.0757:1"', 'peaks:"300.5:1"', 'peaks:"110.06:5 138.06:100"',
)  # fmt: skip
WAYS = (
    "", "{metric=cosine}", "{metric=cosine,matching=optimal,tol_da=0.02}", "{metric=modified,precursor=181.072}",
    "{metric=neutral_loss,precursor=195.0877}", "{metric=hybrid,precursor=209.1}", "{tol_ppm=20}",
    "{clean=no,min_peaks=2}", "{tol_da=0.5,precursor=195.0877,precursor_da=20}",
)  # fmt: skip


class TestSpectrum(HandlerContract):
    kind = "spectrum"
    queries = (
        *(value + options for value in SIMILAR for options in WAYS),
        'mz:"138.0662"', 'mz:"110.0713 83.0604"{tol_ppm=5}', 'mz:"195.09"{tol_da=0.05,min_intensity=0.2}',
        'loss:"57.0215"', 'loss:"17.0265 0"{tol_da=0.02}', 'shift:"3.5"{tol_ppm=0.02}', 'shift:"1.2"{nucleus=13C}',
        'band:"1711"', 'band:"280"{unit=nm}', 'neutral:"C7H8N4O2"', 'neutral:"180.0647"{tol_da=2}',
        'formula:"C16H13ClN2O"{isotopes=yes}', 'formula:"C7H8N4O2"{isotopes=yes,adducts="[M+H]+"}',
        'formula:"C6H8O7"{}',
    )  # fmt: skip


class TestAudio(HandlerContract):
    kind = "audio"
