"""Tables with SMILES and InChI: which columns count, what a row gives, broken rows, encodings, telling a table."""

from __future__ import annotations

import pytest
from molecules import one, read
from rdkit import Chem

from nlsearch.errors import MalformedContent
from nlsearch.handlers.chemistry import tables
from nlsearch.handlers.chemistry.tables import structure_columns
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.handlers.molecule.facts import FORMATS
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

ETHANOL = "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3"
TABLE = next(form for form in FORMATS if form.name == "SMILES table")


def told(content: str | bytes, limits: Limits | None = None) -> list[tuple[str, str, str, str | None]]:
    """Return of each record its structure or reason, title, column and id."""
    return [
        (Chem.MolToSmiles(o.content.structure.mol), o.title, o.content.column, o.record_id)
        if isinstance(o, RawItem)
        else (o.reason, "", "", o.record_id)
        for o in read(content, "SMILES table", limits)
    ]


# ------------------------------------------------------------------------------------------------------------- columns
@pytest.mark.parametrize(
    "heading",
    ["smiles", "SMILES", "Smiles", "canonical_smiles", "CanonicalSMILES", "CANONICAL_SMILES", "SMILES_STRING",
     "cxsmiles", "isomeric smiles", "Smiles String", "smiles.1", "product_smiles", "ligand smiles", "Drug-SMILES",
     "rdkit_smiles",
     "InChI", "inchi", "standard_inchi", "StdInChI", "Standard InChI", "inchi_string", "iupac_inchi", "PUBCHEM_SMILES"],
)  # fmt: skip
def test_headings_that_name_structures(heading: str) -> None:
    assert structure_columns(["id", heading, "x"]), heading
    for line in (f"{heading},x\n", f'id,"{heading}"\r\n', f"id;{heading};x\n", f"id\t{heading}\n"):
        assert TABLE.fits(line.encode()), line


@pytest.mark.parametrize(
    "heading",
    ["inchikey", "InChI Key", "InChI_Key", "standard_inchi_key", "n_smiles", "smiles_count", "smiles length", "smile",
     "has_smiles", "valid smiles", "reaction_smiles", "rxn_smiles", "ReactionSMILES", "name",
     "the smiles of all the people", "he smiles at her", "smiles and frowns per day", ""],
)  # fmt: skip
def test_headings_that_do_not(heading: str) -> None:
    assert not structure_columns(["id", heading, "x"]), heading


@pytest.mark.parametrize(
    "line",
    ["inchikey,x\n", "InChI Key,x\n", "n_smiles,x\n", "smiles_count,x\n", "reaction_smiles,y\n", "ReactionSMILES,x\n",
     "name,x\n", "she said, he smiles at her, often\n", "structure,year\nbridge,1890\n",
     "molecule,mass\nC6H12O6,180.06\n",
     "mol,amount\n3,4\n", "{\"smiles\": 3}\n"],
)  # fmt: skip
def test_tables_of_other_things_are_not_claimed(line: str) -> None:
    assert not TABLE.fits(line.encode()), line


@pytest.mark.parametrize("line", ["id,structure\n1,CC(=O)O\n", "Molecule\tx\nc1ccccc1\t2\n", f'mol,x\n"{ETHANOL}",2\n'])
def test_a_vague_heading_counts_when_the_cells_look_like_structures(line: str) -> None:
    assert TABLE.fits(line.encode())
    assert one(line, "SMILES table").content.column in {"structure", "Molecule", "mol"}


def test_a_vague_heading_gives_way_to_a_clear_one() -> None:
    assert told("structure,smiles\nCC,CO\n") == [("CO", "", "smiles", None)]


# ---------------------------------------------------------------------------------------------------------------- rows
def test_an_inchi_counts_where_the_smiles_is_empty() -> None:
    text = f'name,smiles,InChI\nmethanol,CO,{ETHANOL}\nspirit,,"{ETHANOL}"\nnothing,,\n'
    assert told(text) == [
        ("CO", "methanol", "smiles", None),
        ("CCO", "spirit", "InChI", None),
        ("line 4: an empty SMILES", "", "", None),
    ]


def test_the_best_notation_of_a_role_counts_whatever_its_place() -> None:
    text = "canonical_smiles,isomeric_smiles,smiles\nC(F)(Cl)Br,[C@H](F)(Cl)Br,C(F)(Cl)Br\nCC,,CO\nCC,,\n"
    assert [record[::2] for record in told(text)] == [
        (Chem.CanonSmiles("[C@H](F)(Cl)Br"), "isomeric_smiles"),
        ("CO", "smiles"),
        ("CC", "canonical_smiles"),
    ]


def test_columns_about_different_things_are_records_of_their_own() -> None:
    text = (
        "id,smiles,product_smiles,product_inchi,note\n7,CC,CO,,a\n8,,," + ETHANOL.replace(",", ".") + ",b\n9,C1,N,,c\n"
    )
    text = text.replace(ETHANOL.replace(",", "."), f'"{ETHANOL}"')
    assert told(text) == [
        ("CC", "7", "smiles", "1.smiles"),
        ("CO", "7", "product_smiles", "1.product_smiles"),
        ("CCO", "8", "product_inchi", "2.product_inchi"),
        ("line 4: ring closure 1 at character 2 has no partner", "", "", "3.smiles"),
        ("N", "9", "product_smiles", "3.product_smiles"),
    ]
    numbers = [outcome.number for outcome in read(text, "SMILES table")]
    assert numbers == [1, 2, 3, 4, 5]


def test_two_columns_of_one_heading_are_both_read() -> None:
    assert told("smiles,smiles\nC,CC\n") == [("C", "", "smiles", "1.smiles"), ("CC", "", "smiles", "1.smiles")]


def test_the_column_is_a_field_and_the_other_cells_are_words() -> None:
    handler = MoleculeHandler()
    features = handler.features(one("name;SMILES;source\nspirit;CCO;Müller & Söhne\n", "SMILES table"))
    assert features.fields["column"] == "SMILES"
    assert "Müller" in features.words
    assert "column" not in handler.features(one("CCO")).fields


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters_line_ends_and_quoted_cells(end: str, delimiter: str) -> None:
    rows = [
        ["name", "note", "smiles"],
        ['"two\nlines"', '"a ""quote"" and , ; |"', "CCO"],
        ["", "", ""],
        ["x", "y", "CO"],
    ]
    text = end.join(delimiter.join(row) for row in rows).replace("\n", end) + end
    first, second = read(text, "SMILES table")
    assert isinstance(first, RawItem)
    assert first.title.split() == ["two", "lines"]
    assert ("note", 'a "quote" and , ; |') in first.content.properties
    assert isinstance(second, RawItem)
    assert (second.title, second.number) == ("x", 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_encodings(encoding: str) -> None:
    (record,) = told("SMILES,Name\r\nCCO,Größe\r\n".encode(encoding))
    assert record == ("CCO", "Größe", "SMILES", None)


def test_a_row_whose_quotes_break_costs_itself_only() -> None:
    text = 'smiles,name\nC,methane\nCC,"never closed\nCCC,propane\nN,"a"b\nO,5" pipe\nCO\n'
    assert told(text) == [
        ("C", "methane", "smiles", None),
        ("line 3: its quotes break: ',' expected after '\"'", "", "", None),
        ("CCC", "propane", "smiles", None),
        ("line 5: its quotes break: ',' expected after '\"'", "", "", None),
        ("O", '5" pipe', "smiles", None),
        ("CO", "", "smiles", None),
    ]


def test_rows_over_a_cap_cost_themselves_only() -> None:
    text = "smiles,name\nC," + "x" * 300 + "\nCC,b\nCCC," + "é" * 199 + "\n"
    outcomes = read(text, "SMILES table", Limits(line_bytes=200))
    assert [type(outcome) for outcome in outcomes] == [Skipped, RawItem, Skipped]
    assert (outcomes[0].code, outcomes[0].reason) == ("limit_exceeded", "line 2: it is over the cap line_bytes = 200")
    text = 'smiles,name\nC,"' + "\n".join(["x" * 50] * 9) + '"\nCC,b\n'
    assert all(isinstance(outcome, RawItem) for outcome in read(text, "SMILES table", Limits(record_bytes=500)))
    outcomes = read(text, "SMILES table", Limits(record_bytes=200))
    assert (outcomes[0].code, outcomes[-1].title) == ("limit_exceeded", "b")
    (outcome,) = read('smiles,name\nC,"open\n', "SMILES table")
    assert outcome.reason == "line 2: its quotes break: unexpected end of data"


def test_a_table_without_structures_is_refused() -> None:
    with pytest.raises(MalformedContent, match="names no column of SMILES or InChI"):
        read("id,name\n1,x\n", "SMILES table")
    with pytest.raises(MalformedContent, match="no record"):
        read("id,smiles\n", "SMILES table")
    with pytest.raises(MalformedContent, match="names no column"):
        read("", "SMILES table")


def test_unclosed_quotes_are_read_in_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0
    take = tables._Lines.__next__

    def counted(lines: tables._Lines) -> str:
        nonlocal taken
        taken += 1
        return take(lines)

    monkeypatch.setattr(tables._Lines, "__next__", counted)
    for row in ('C,"open\n', 'C,"o""\n', 'C,""""o\n', 'C,"o\nC,"""x""\nC,y\n'):
        text = "smiles,name\n" + row * 500
        taken = 0
        outcomes = read(text, "SMILES table")
        assert len(outcomes) <= text.count("\n")
        assert taken < 5 * text.count("\n")
