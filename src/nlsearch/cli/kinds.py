"""``nlsearch kinds``: what can be asked of each kind, from the handlers' own declarations.

No domain library is imported: the static facts of a handler are plain values.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from nlsearch.cli.options import Place, examples, notice_problems, with_json, with_place
from nlsearch.cli.terminal import print_json, print_table
from nlsearch.errors import MissingExtra
from nlsearch.handlers.renderings import renderings_of
from nlsearch.handlers.settings import settings_of

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Copies, Field, Handler, Operator, Option, Rendering, Setting
    from nlsearch.model import Json


@click.command(
    epilog=examples(
        "nlsearch kinds",
        "nlsearch kinds molecule",
        "nlsearch kinds --json",
    )
)
@click.argument("kind", required=False)
@click.option("--markdown", is_flag=True, help="Print the tables of the documentation.")
@with_json
@with_place()
def kinds(kind: str | None, markdown: bool, place: Place, as_json: bool) -> None:
    """Show all kinds, or formats, fields, operators, options and other forms of KIND."""
    registry = place.registry()
    chosen = [registry.get(kind)] if kind else list(registry)
    notice_problems(registry)
    if as_json:
        for handler in chosen:
            print_json(described(handler))
    elif markdown:
        click.echo("\n".join(kind_markdown(handler) for handler in chosen), nl=False)
    elif kind:
        _print_kind(chosen[0])
    else:
        rows = [
            (h.kind, ", ".join(f.name for f in h.formats), ", ".join(o.name for o in h.operators), missing(h))
            for h in chosen
        ]
        print_table(("kind", "formats", "operators", "missing"), rows)


def missing(handler: Handler) -> str:
    """Return what has to be installed before the handler can read, ``""`` if nothing."""
    from nlsearch.handlers.registry import require

    try:
        require(handler)
    except MissingExtra as error:
        return error.hint
    return ""


# ------------------------------------------------------------------------------------------------------------- JSON
def described(handler: Handler) -> dict[str, Json]:
    """Return everything that a handler declares, as JSON."""
    return {
        "kind": handler.kind,
        "version": handler.version,
        "missing": missing(handler),
        "formats": [
            {
                "name": f.name,
                "media_type": f.media_type,
                "suffixes": list(f.suffixes),
                "companions": list(f.companions.formats) if f.companions else [],
            }
            for f in handler.formats
        ],
        "fields": [_described_field(field) for field in all_fields(handler)],
        "operators": [_described_operator(operator) for operator in handler.operators],
        "settings": [
            {"name": s.name, "help": s.help, "choices": list(s.choices), "default": list(s.default)}
            for s in settings_of(handler)
        ],
        "renderings": [
            {"name": r.name, "media_type": r.media_type, "suffix": r.suffix, "help": r.help}
            for r in renderings_of(handler)
        ],
    }


def _described_field(field: Field) -> dict[str, Json]:
    return {
        "name": field.name, "type": field.type, "help": field.help, "unit": field.unit, "facet": field.facet,
        "example": field.example, "case": field.case, "notation": field.notation,
    }  # fmt: skip


def _described_operator(operator: Operator) -> dict[str, Json]:
    return {
        "name": operator.name, "value": operator.value, "help": operator.help,
        "reads": [form.name for form in operator.reads], "guarantee": operator.guarantee,
        "score": operator.score, "example": operator.example, "copies": _described_copies(operator.copies),
        "options": [
            {"name": o.name, "type": o.type, "help": o.help, "default": o.default, "choices": list(o.choices)}
            for o in all_options(operator)
        ],
    }  # fmt: skip


def _described_copies(copies: Copies | None) -> Json:
    if copies is None:
        return None
    among = None if copies.among is None else {"field": copies.among[0], "values": list(copies.among[1])}
    return {"score": copies.score, "help": copies.help, "among": among, "options": dict(copies.options)}


def copies_said(copies: Copies) -> str:
    """Say when two items are copies of each other."""
    options = ", ".join(f"{name}={value}" for name, value in copies.options)
    said = f"from a score of {copies.score:g} on" + (f" with {options}" if options else "")
    said += f", in both directions: {copies.help}"
    if copies.among is None:
        return said
    field, values = copies.among
    return f"{said}; only items with {' or '.join(f'{field}:{value}' for value in values)} are compared"


def all_fields(handler: Handler) -> tuple[Field, ...]:
    """Return the fields of a kind, its own first, then those that every item has."""
    from nlsearch.handlers.contract import COMMON_FIELDS

    own = {field.name for field in handler.fields}
    return (*handler.fields, *(field for field in COMMON_FIELDS if field.name not in own))


def all_options(operator: Operator) -> tuple[Option, ...]:
    """Return the options of an operator, its own first, then those that every operator takes."""
    from nlsearch.handlers.contract import COMMON_OPTIONS

    own = {option.name for option in operator.options}
    return (*operator.options, *(option for option in COMMON_OPTIONS if option.name not in own))


def told_apart(handler: Handler, operator: Operator) -> str:
    """Say how an operator is told from the field of the same name, ``""`` if its kind has none."""
    field = next((field for field in all_fields(handler) if field.name == operator.name), None)
    if field is None:
        return ""
    if field.notation:
        return "also a field: options {…} or a minimum ~0.7 make it the operator, without them it is the field"
    return "also a field, which takes ranges and comparisons only: any other value is the operator's"


# ----------------------------------------------------------------------------------------------------------- tables
def _print_kind(handler: Handler) -> None:
    absent = missing(handler)
    click.echo(f"{handler.kind} (features version {handler.version})" + (f"; first: {absent}" if absent else ""))
    click.echo("\nFormats")
    headings, rows = _format_table(handler)
    print_table(("name", *headings), rows)
    click.echo("\nFields")
    print_table(("name", "type", "unit", "meaning", "example"), [_field_row(f) for f in all_fields(handler)])
    click.echo("\nOperators")
    for operator in handler.operators:
        click.echo(f"\n{operator.name}:{operator.value}  [{operator.guarantee}]  {operator.help}")
        click.echo(f"  score: {operator.score}\n  e.g. {operator.example}")
        if operator.copies is not None:
            click.echo(f"  copies: {copies_said(operator.copies)}")
        if both := told_apart(handler, operator):
            click.echo(f"  {both}")
        print_table(("option", "type", "default", "meaning"), [_option_row(o) for o in all_options(operator)])
    if renderings_of(handler):
        click.echo("\nOther forms than a drawing (nlsearch draw --as)")
        print_table(_RENDERING_HEADINGS, [_rendering_row(rendering) for rendering in renderings_of(handler)])
    if settings_of(handler):
        click.echo("\nSettings of a collection (nlsearch index --with)")
        print_table(_SETTING_HEADINGS, [_setting_row(handler, setting) for setting in settings_of(handler)])


def _format_table(handler: Handler) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the headings behind that of the name, and the rows; companions only of a kind that has some."""
    rows = [(form.name, form.media_type, " ".join(form.suffixes)) for form in handler.formats]
    if not any(form.companions for form in handler.formats):
        return ("media type", "suffixes"), list(rows)
    beside = [", ".join(form.companions.formats) if form.companions else "" for form in handler.formats]
    return ("media type", "suffixes", "read with, if beside it"), [
        (*row, said) for row, said in zip(rows, beside, strict=True)
    ]


def _field_row(field: Field) -> tuple[str, ...]:
    meaning = field.help + (" (facet)" if field.facet else "") + (f"; {field.notation}" if field.notation else "")
    return field.name, field.type, field.unit, meaning, field.example


def _option_row(option: Option) -> tuple[str, ...]:
    kind = " / ".join(option.choices) if option.choices else option.type
    return option.name, kind, _default(option), option.help


_RENDERING_HEADINGS = ("form", "media type", "suffix", "meaning")


def _rendering_row(rendering: Rendering) -> tuple[str, ...]:
    return rendering.name, rendering.media_type, rendering.suffix, rendering.help


_SETTING_HEADINGS = ("setting", "values", "default", "meaning")


def _setting_row(handler: Handler, setting: Setting) -> tuple[str, ...]:
    values = ", ".join(setting.choices)
    return f"{handler.kind}.{setting.name}", values, ", ".join(setting.default) or "–", setting.help


def _default(option: Option) -> str:
    if option.default is None:
        return "–"
    if isinstance(option.default, bool):
        return "yes" if option.default else "no"
    return str(option.default)


# --------------------------------------------------------------------------------------------------------- markdown
def kind_markdown(handler: Handler) -> str:
    """Return the generated part of a kind's documentation page: formats, fields, operators with their options."""
    columns, rows = _format_table(handler)
    lines = ["## Formats", "", *_markdown_table(("format", *columns), rows)]
    headings = ("field", "type", "unit", "meaning", "example")
    lines += ["", "## Fields", "", *_markdown_table(headings, map(_field_row, all_fields(handler)))]
    lines += ["", "## Operators", ""]
    for operator in handler.operators:
        lines += [f"### `{operator.name}`", "", f"{operator.help}", ""]
        lines += [f"- Value: {operator.value}", f"- Guarantee: **{operator.guarantee}**", f"- Score: {operator.score}"]
        lines += [f"- Example: `{operator.example}`"]
        if operator.copies is not None:
            lines += [f"- Copies (`nlsearch duplicates`): {copies_said(operator.copies)}"]
        lines += [f"- {both[0].upper()}{both[1:]}" for both in (told_apart(handler, operator),) if both]
        lines += [""]
        lines += _markdown_table(("option", "type", "default", "meaning"), map(_option_row, all_options(operator)))
        lines.append("")
    if renderings_of(handler):
        lines += ["## Other forms than a drawing", "", "Given to `nlsearch draw --as`.", ""]
        lines += _markdown_table(_RENDERING_HEADINGS, map(_rendering_row, renderings_of(handler)))
        lines.append("")
    if settings_of(handler):
        settings = (_setting_row(handler, setting) for setting in settings_of(handler))
        lines += ["## Settings of a collection", "", "Given to `nlsearch index --with`, and remembered.", ""]
        lines += _markdown_table(_SETTING_HEADINGS, settings)
    return "\n".join(lines).rstrip("\n") + "\n"


def _markdown_table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    def line(cells: tuple[str, ...]) -> str:
        """Write one row."""
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return [line(headings), "|" + "---|" * len(headings), *(line(row) for row in rows)]
