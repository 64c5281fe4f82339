"""What the kind ``molecule`` declares: formats, fields, operators, spaces.  Plain data, no imports of libraries."""

from __future__ import annotations

from nlsearch.handlers.chemistry.records import POLYMER
from nlsearch.handlers.contract import Field, Format, Operator, Option, Space, TermSpace, VectorSpace

SUBGRAPH = "molecule.subgraph"
MORGAN = "molecule.morgan"

_COUNTS = rb"(?:[^\n]{0,400}\n){3}[ \d]{6}[^\n]{0,200}V[23]000"
_CELL = rb"[^\n\r,;|\t\"]"
_COLUMN = (  # as tables.structure_columns tells headings, roughly: it has the last word
    rb"\"?[ ]*(?!" + _CELL + rb"*(?i:reaction|rxn))(?!(?i:(?:" + _CELL + rb"*[ _.-])?"
    rb"(?:n|num|number|count|len|length|has|is|valid|hash)[ _.-]))"
    rb"(?:[a-zA-Z0-9\x80-\xff()/]{1,20}[ _.-]{1,2}){0,3}[a-zA-Z0-9\x80-\xff()/]{0,20}?"
    rb"(?i:smiles|inchi)(?![ _.-]?(?i:key|count|num|len|hash|valid))"
    rb"(?:[ _.(-]{0,2}[\w\x80-\xff]{1,16}\)?)?\"?(?=[,;|\t\r\n])"
)
_DRAWN = (  # a column with a heading that need not mean a structure, and a cell in the next line that looks like one
    rb"\"?(?i:structure|mol|molecule)\"?(?=[,;|\t\r\n])[^\n]*\n(?:[^\n]*[,;|\t])?\"?"
    rb"(?:InChI=1|(?=[A-Za-z\[])(?=" + _CELL + rb"*(?:[=#(\[]|c1))"
    rb"(?:\[[A-Za-z0-9@+-]{1,12}\]|Br|Cl|[BCNOPSFIbcnops]|[-=#$:/\\().%0-9]){3,}\"?[,;|\t\r\n])"
)
_XML = rb"\s*(?:<\?xml[^>]{0,300}>\s*)?(?:(?:<!--.{0,2000}?-->|<!DOCTYPE[^>]{0,500}>|<\?[^>]{0,500}>)\s*)*"
_CML = rb"<(?:\w+:)?(?:cml|molecule|moleculeList|list)\b(?!.*<MDocument\b)(?=.*(?:atomArray|xml-cml\.org))"
_LIGAND = (  # an atom line somewhere, and neither a sequence nor an atom of a polymer
    rb"(?!.*^(?:SEQRES|DBREF|HELIX |SHEET |ATOM  [^\n]{11}(?:" + POLYMER.encode() + rb")))"
    rb".*?^(?:HETATM|ATOM  )[ \d]{5} [^\n]{5}[ \w]{3} [^\n]{6}   (?: *-?\d+\.\d{3}){3}"
)
_STEREO = Option("stereo", "boolean", "whether stereo that the query gives must be there", default=True)
_IDENTITY = (
    Option("fp", "text", "fingerprint of the similarity: morgan = radius 2, 2048 bits", "morgan", ("morgan",)),
    Option(
        "level",
        "text",
        "what is the same molecule: stereo (with isotopes and charges) or connectivity (without stereo and isotopes)",
        "stereo",
        ("stereo", "connectivity"),
    ),
)
_MATCHED = "matched atoms / heavy atoms of the molecule"
_TANIMOTO = "1 for the same molecule, else Tanimoto similarity of Morgan fingerprints (radius 2, 2048 bits)"

FORMATS: tuple[Format, ...] = (
    Format("SDF", "chemical/x-mdl-sdfile", (".sdf", ".sd"), pattern=_COUNTS + rb"(?=.*^(?:\$\$\$\$|> ))"),
    Format("MOL", "chemical/x-mdl-molfile", (".mol", ".mdl"), pattern=_COUNTS),
    Format("InChI", "chemical/x-inchi", (".inchi",), magic=(b"InChI=1",)),
    Format(
        "SMILES table",
        "text/csv",
        (),
        pattern=rb"(?:[^\n]*[,;|\t])?(?:" + _COLUMN + rb"|" + _DRAWN + rb")",
    ),
    Format("MOL2", "chemical/x-mol2", (".mol2", ".ml2", ".sy2"), pattern=rb".*?^@<TRIPOS>MOLECULE"),
    Format("CDXML", "chemical/x-cdxml", (".cdxml",), pattern=_XML + rb"<CDXML\b"),
    Format("MRV", "chemical/x-marvin", (".mrv",), pattern=_XML + rb"<(?:cml\b[^>]*>\s*<)?MDocument\b"),
    Format("CML", "chemical/x-cml", (".cml",), pattern=_XML + _CML),
    Format("PDB", "chemical/x-pdb", (), pattern=_LIGAND),
    Format("SMILES", "chemical/x-daylight-smiles", (".smi", ".smiles", ".ism", ".can", ".cxsmiles")),
)

FIELDS: tuple[Field, ...] = (
    Field("name", "text", "the record's own name", example="aspirin"),
    Field("formula", "keyword", "molecular formula in Hill's order", example="C9H8O4"),
    Field("mass", "float", "monoisotopic mass", "Da", example="180.0423"),
    Field("mw", "float", "average molecular weight", "Da", example="180.16"),
    Field("charge", "integer", "formal charge", "e", facet=True, example="0"),
    Field("heavy_atoms", "integer", "atoms other than hydrogen", example="13"),
    Field("rings", "integer", "rings of the smallest set of smallest rings", facet=True, example="1"),
    Field("inchikey", "keyword", "standard InChIKey", example="BSYNRYMUTXBXSQ-UHFFFAOYSA-N"),
    Field("canonical_smiles", "keyword", "RDKit's canonical SMILES, to read; filters ignore case, so ask with smiles:"),
    Field("logp", "float", "octanol/water partition after Wildman and Crippen", example="1.31"),
    Field("column", "keyword", "heading of the table's column that the structure comes from", example="smiles"),
    Field("tpsa", "float", "topological polar surface area after Ertl", "Å²", example="63.6"),
)

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "smarts",
        "Molecules that hold the pattern; explicit [H] counts as hydrogen count, stereo given must be there.",
        'smarts:"c1ccc2[nH]ccc2c1"',
        "complete",
        _MATCHED,
        (_STEREO,),
        "SMARTS",
    ),
    Operator(
        "substructure",
        "Molecules that hold the structure; its aromaticity is perceived first, its hydrogens are ignored.",
        'substructure:"OC(=O)c1ccccc1"',
        "complete",
        _MATCHED,
        (_STEREO,),
        "SMILES or a molfile",
    ),
    Operator(
        "superstructure",
        "Molecules that are contained in the structure.",
        'superstructure:"CC(=O)Oc1ccccc1C(=O)O"',
        "complete",
        "heavy atoms of the molecule / heavy atoms of the query",
        (_STEREO,),
        "SMILES or a molfile",
    ),
    Operator(
        "smiles",
        "The same molecule (exact), and those near it by Tanimoto similarity of at least 0.5.",
        'smiles:"CC(=O)Oc1ccccc1C(=O)O"',
        "complete",
        _TANIMOTO,
        _IDENTITY,
        "SMILES or a molfile",
    ),
    Operator(
        "like",
        "As smiles, by example: a chemical file, of which the first readable record counts, or an item.",
        'like:"medicines.smi#1"',
        "complete",
        _TANIMOTO,
        _IDENTITY,
        "a file or item id",
    ),
)

SPACES: tuple[Space, ...] = (
    TermSpace(SUBGRAPH),
    VectorSpace(MORGAN, 2048, "tanimoto"),
)
