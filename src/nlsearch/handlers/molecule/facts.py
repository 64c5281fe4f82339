"""What the kind ``molecule`` declares: formats, fields, operators, spaces.  Plain data, no imports of libraries."""

from __future__ import annotations

from nlsearch.handlers.chemistry.records import POLYMER
from nlsearch.handlers.contract import Copies, Field, Format, Operator, Option, Setting, Space, TermSpace, VectorSpace

SUBGRAPH = "molecule.subgraph"
MORGAN = "molecule.morgan"
FINGERPRINTS: dict[str, VectorSpace] = {
    "morgan": VectorSpace(MORGAN, 2048, "tanimoto"),
    "rdkit": VectorSpace("molecule.rdkit", 2048, "tanimoto"),
    "maccs": VectorSpace("molecule.maccs", 192, "tanimoto"),
    "atompair": VectorSpace("molecule.atompair", 2048, "tanimoto"),
}
"""The fingerprints that can be asked for, and the spaces in which they are indexed; morgan always is."""
FORMULA = "molecule.formula"
LEVELS = ("tautomer", "connectivity", "isotope", "stereo")
"""Identities from the weakest; each includes those before it."""

_COUNTS = rb"(?:[^\n]{0,400}\n){3}[ \d]{6}[^\n]{0,200}V[23]000"
_CELL = rb"[^\n\r,;|\t\"]"
_COLUMN = (  # as tables.structure_columns tells headings, roughly: it has the last word
    rb"\"?[ ]{0,9}(?!" + _CELL + rb"*(?i:reaction|rxn))(?!(?i:(?:" + _CELL + rb"*[ _.-])?"
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
    Option(
        "fp",
        "text",
        "fingerprint of the similarity: morgan = radius 2, rdkit = paths of 1 to 7 bonds, maccs = 166 keys, atompair",
        "morgan",
        tuple(FINGERPRINTS),
    ),
    Option(
        "metric",
        "text",
        "tanimoto, dice, or tversky = common / (common + alpha · only in the query + beta · only in the item)",
        "tanimoto",
        ("tanimoto", "dice", "tversky"),
    ),
    Option("alpha", "float", "tversky's weight of bits that only the query has, 0 to 1; 0.9 if not given"),
    Option("beta", "float", "tversky's weight of bits that only the item has, 0 to 1; 0.1 if not given"),
    Option(
        "level",
        "text",
        "what is the same molecule: stereo (with isotopes and charges), isotope (without stereo), connectivity "
        "(without stereo and isotopes), tautomer (connectivity, and any tautomer)",
        "stereo",
        LEVELS[::-1],
    ),
)
_MATCHED = "matched atoms / heavy atoms of the molecule"
_SIMILARITY = "1 for the same molecule, else the similarity (by default Tanimoto of Morgan fingerprints)"

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
    Field("column", "keyword", "heading of the table's column that the structure comes from", example="smiles"),
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
        "tautomer",
        "Molecules that hold a tautomer of the structure, any of those that RDKit enumerates.",
        'tautomer:"CC(O)=Nc1ccccc1"',
        "complete",
        _MATCHED,
        (_STEREO,),
        "SMILES or a molfile",
    ),
    Operator(
        "smiles",
        "The same molecule (exact), and those near it by a similarity of at least 0.5.",
        'smiles:"CC(=O)Oc1ccccc1C(=O)O"',
        "complete",
        _SIMILARITY,
        _IDENTITY,
        "SMILES or a molfile",
    ),
    Operator(
        "like",
        "As smiles, by example: a chemical file, of which the first readable record counts, or an item.",
        'like:"medicines.smi#1"',
        "complete",
        _SIMILARITY,
        _IDENTITY,
        "a file or item id",
        copies=Copies(
            1.0,
            "the same molecule (exact), or one with the same fingerprint (near): stereoisomers, isotopologues, some "
            "homologues; the option level says what is the same",
        ),
    ),
)

SPACES: tuple[Space, ...] = (
    TermSpace(SUBGRAPH),
    TermSpace(FORMULA),
    *FINGERPRINTS.values(),
)

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "fingerprints",
        "fingerprints to index beside morgan, so that fp= of smiles and like need not look at molecules one by one; "
        "CPU and bytes a molecule: rdkit 1.3 ms, 296; maccs 0.9 ms, 32; atompair 0.1 ms, 296",
        tuple(name for name in FINGERPRINTS if name != "morgan"),
    ),
)
