"""What the kind ``molecule`` declares: formats, fields, operators, spaces.  Plain data, no imports of libraries."""

from __future__ import annotations

from nlsearch.handlers.contract import Field, Format, Operator, Option, Space, TermSpace, VectorSpace

SUBGRAPH = "molecule.subgraph"
MORGAN = "molecule.morgan"

_COUNTS = rb"(?:[^\n]{0,400}\n){3}[ \d]{6}[^\n]{0,200}V[23]000"
_COLUMN = rb"\"?(?i:canonical|isomeric|openeye|absolute)?[ _.-]?(?i:smiles)(?:[ _.-]?(?i:string))?\"?"
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
        pattern=rb"(?:[^\n]*[,;\t])?" + _COLUMN + rb"(?=[,;\t\r\n])",
    ),
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
