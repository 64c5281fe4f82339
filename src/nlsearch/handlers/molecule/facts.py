"""What the kind ``molecule`` declares: formats, fields, operators, spaces.  Plain data, no imports of libraries."""

from __future__ import annotations

from nlsearch.handlers.contract import Field, Format, Operator, Option, Space, TermSpace, VectorSpace

SUBGRAPH = "molecule.subgraph"
MORGAN = "molecule.morgan"
FORMULA = "molecule.formula"

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

_STRUCTURE = "written as SMILES, InChI or InChIKey"
FIELDS: tuple[Field, ...] = (
    Field("name", "text", "the record's own name", example="aspirin"),
    Field("synonyms", "text", "other names that the record gives", example="acetylsalicylic acid"),
    Field(
        "cas",
        "keyword",
        "CAS numbers anywhere in the record whose check digit holds",
        example="50-78-2",
        notation="the check digit is checked",
    ),
    Field(
        "formula",
        "keyword",
        "molecular formula in Hill's order",
        example="C9H8O4",
        case=True,
        notation='any order, or ranges of some elements: "C8-10 N>=2 S0"',
    ),
    Field("mass", "float", "monoisotopic mass", "Da", example="180.0423"),
    Field("mw", "float", "average molecular weight", "Da", example="180.16"),
    Field("charge", "integer", "formal charge", "e", facet=True, example="0"),
    Field("heavy_atoms", "integer", "atoms other than hydrogen", example="13"),
    Field("rings", "integer", "rings of the smallest set of smallest rings", facet=True, example="1"),
    Field("aromatic_rings", "integer", "rings in which all bonds are aromatic", facet=True, example="1"),
    Field("logp", "float", "octanol/water partition after Wildman and Crippen", example="1.31"),
    Field("tpsa", "float", "topological polar surface area after Ertl", "Å²", example="63.6"),
    Field("donors", "integer", "hydrogen-bond donors, RDKit's CalcNumHBD", facet=True, example="1"),
    Field("acceptors", "integer", "hydrogen-bond acceptors, RDKit's CalcNumHBA", facet=True, example="3"),
    Field("rotatable_bonds", "integer", "rotatable bonds, RDKit's strict definition", facet=True, example="2"),
    Field(
        "lipinski_violations",
        "integer",
        "of: mw > 500 Da, logp > 5, NH + OH > 5, N + O > 10",
        facet=True,
        example="0",
    ),
    Field("fraction_sp3", "float", "sp³ carbons / carbons", example="0.11"),
    Field("stereocentres", "integer", "tetrahedral centres, given or not", facet=True, example="1"),
    Field(
        "stereo",
        "keyword",
        "how much of the stereo of centres and double bonds is given: none (there is none), defined, partly, undefined",
        facet=True,
        example="defined",
    ),
    Field("isotopes", "boolean", "whether the isotope of any atom is given", facet=True, example="no"),
    Field("radicals", "integer", "unpaired electrons", facet=True, example="0"),
    Field("components", "integer", "connected parts of the structure", facet=True, example="1"),
    Field(
        "component",
        "keyword",
        "InChIKeys of the components of salts and mixtures; asks for records that are or hold it",
        example="CC(=O)[O-]",
        notation=_STRUCTURE,
    ),
    Field(
        "parent",
        "keyword",
        "InChIKey of the largest organic component, neutralised, where it is not the record's own; "
        "asks for records that are or have it",
        example="CC(=O)O",
        notation=_STRUCTURE,
    ),
    Field(
        "inchikey",
        "keyword",
        "standard InChIKey",
        example="BSYNRYMUTXBXSQ-UHFFFAOYSA-N",
        notation="whole, the first block or two, or an InChI",
    ),
    Field(
        "scaffold",
        "keyword",
        "Bemis-Murcko scaffold as canonical SMILES without stereo",
        facet=True,
        example="c1ccccc1",
        case=True,
        notation="any SMILES that has it",
    ),
    Field(
        "canonical_smiles",
        "keyword",
        "RDKit's canonical SMILES",
        example="CC(=O)Oc1ccccc1C(=O)O",
        case=True,
        notation="any SMILES of the molecule",
    ),
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
    TermSpace(FORMULA),
    VectorSpace(MORGAN, 2048, "tanimoto"),
)
