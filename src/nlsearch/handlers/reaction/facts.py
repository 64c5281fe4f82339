"""What the kind ``reaction`` declares: formats, fields, operators, spaces.  Plain data, no imports of libraries."""

from __future__ import annotations

from nlsearch.handlers.contract import Copies, Field, Format, Operator, Option, Space, TermSpace, VectorSpace

TERMS = {"reactants": "reaction.reactant", "agents": "reaction.agent", "products": "reaction.product"}
"""The term space of each side."""
STRUCTURAL = "reaction.structural"
STRUCTURAL_BITS = 4096
"""Morgan fingerprint of the reactants, 2048 bits, then that of the products."""

_REACTION = rb"(?:(?i:canonical|mapped|original|unmapped)?[ _.-]?(?i:reaction|rxn))"
_NAMED = _REACTION + rb"[ _.-]?(?i:smiles(?:[ _.-]?string)?)(?=[\",;\t\r\n])"
_BARE = _REACTION + rb"(?=[\",;\t\r\n])(?=.*>[^\n>]*>)"
"""A column of this name may hold anything, so arrows must follow."""
_TANIMOTO = (
    "1 for the same reaction, else Tanimoto similarity of Morgan fingerprints (radius 2) of reactants and products, "
    "2 × 2048 bits"
)

FORMATS: tuple[Format, ...] = (
    Format("reaction SMILES", "chemical/x-daylight-smiles", (".rsmi", ".rxnsmiles")),
    Format("RXN", "chemical/x-mdl-rxnfile", (".rxn",), magic=(b"$RXN",)),
    Format("RDF", "chemical/x-mdl-rdfile", (".rdf",), magic=(b"$RDFILE", b"$RFMT", b"$MFMT")),
    Format(
        "reaction table",
        "text/csv",
        (),
        pattern=rb"(?:[^\n]*[,;\t])?\"?(?:" + _NAMED + rb"|" + _BARE + rb")",
    ),
)

_STRUCTURE = "written as SMILES, InChI or InChIKey"
FIELDS: tuple[Field, ...] = (
    Field("name", "text", "the record's own name", example="amide coupling"),
    Field("reactants", "integer", "components before the arrow", facet=True, example="2"),
    Field("agents", "integer", "components above the arrow", facet=True, example="1"),
    Field("products", "integer", "components behind the arrow", facet=True, example="1"),
    Field("mapped", "boolean", "whether an atom map number stands on both sides", facet=True, example="yes"),
    Field("reactant", "keyword", "standard InChIKeys of the reactants", example="O=C(O)c1ccccc1O", notation=_STRUCTURE),
    Field("agent", "keyword", "standard InChIKeys of the agents", example="CC(=O)O", notation=_STRUCTURE),
    Field(
        "product", "keyword", "standard InChIKeys of the products", example="CC(=O)Oc1ccccc1C(=O)O", notation=_STRUCTURE
    ),
    Field("rxn_smiles", "keyword", "RDKit's canonical reaction SMILES without atom maps, to read"),
)

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "reaction",
        "Reactions whose reactants, agents and products hold the patterns A>agent>B; what is empty is not asked for.",
        'reaction:"[C:1](=[O:2])[OX2H]>>[C:1](=[O:2])[#7]"',
        "complete",
        "matched atoms / heavy atoms of the reaction, agents included",
        (
            Option("stereo", "boolean", "whether stereo that the query gives must be there", default=True),
            Option("maps", "boolean", "whether atom maps that the query gives must be the record's", default=True),
        ),
        "reaction SMARTS",
    ),
    Operator(
        "like",
        "The same reaction (exact), and those near it by similarity of at least 0.5, by example: a file or an item.",
        'like:"reactions.rsmi#1"',
        "complete",
        _TANIMOTO,
        (),
        "a file or item id",
        copies=Copies(1.0, "the same reaction (exact), or one with the same structural fingerprint (near)"),
    ),
)

SPACES: tuple[Space, ...] = (
    *(TermSpace(space) for space in TERMS.values()),
    VectorSpace(STRUCTURAL, STRUCTURAL_BITS, "tanimoto"),
)
