"""`geoportal layers`: the definitions of what is published."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from geoportal.cli import database
from geoportal.cli.common import Group, area_option, counted, settings
from geoportal.cli.draft import draft, metadata
from geoportal.cli.progress import say
from geoportal.cli.publish import publish, unpublish
from geoportal.cli.quality import quality
from geoportal.errors import BadSetting
from layers import registry
from layers.errors import UnknownLayer
from layers.message import message
from layers.model import LANGUAGES, Field, Language, Layer

LANGUAGE = click.option(
    "--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language."
)


@click.group(
    cls=Group,
    short_help="The definitions of the layers: list, show, check, draft, publish.",
    epilog="""
    geoportal layers list --lang be
    geoportal layers show buildings
    geoportal layers check
    """,
)
def layers() -> None:
    """What is published: each layer is a folder layers/THEME/ID/."""


@layers.command("list", epilog="geoportal layers list --lang ru")
@LANGUAGE
def list_(lang: Language) -> None:
    """List the layers by theme; with a database that runs, also its published tables."""
    rows: list[tuple[str, ...]] = [
        ("id", "theme", "title", "geometry", "scope", "status", "access")
    ]
    given = settings()
    known = list(database.definitions(given).values())
    known += [one.layer for one in database.published(given).values()]
    for layer in sorted(known, key=lambda layer: layer.position):
        rows.append(
            (
                layer.id, layer.theme, layer.title.get(lang), layer.geometry, layer.scope,
                layer.status, layer.access,
            )
        )  # fmt: skip
    click.echo(table(rows))


@layers.command(epilog="geoportal layers show service_coverage --lang be")
@click.argument("layer_id", metavar="ID")
@LANGUAGE
def show(layer_id: str, lang: Language) -> None:
    """Show a layer: titles, supplier, licence, and its fields with units and codes."""
    given = settings()
    known = database.definitions(given)
    place = ("folder", "")
    if layer_id in known:
        place = ("folder", str(registry.folder(layer_id, *database.roots(given))))
    else:
        tables = database.published(given)
        known |= {one: tables[one].layer for one in tables}
        if layer_id in tables:
            place = ("table", str(tables[layer_id].relation))
    if layer_id not in known:
        raise UnknownLayer(message("load.no_layer", layer=layer_id, layers=list(known)))
    layer = known[layer_id]
    click.echo(table([*_about(layer, lang), place]))
    click.echo()
    rows: list[tuple[str, ...]] = [("field", "type", "unit", "title", "codes")]
    rows += [_row(field, lang) for field in layer.published_fields]
    click.echo(table(rows))


@layers.command("discard-edits", epilog="geoportal layers discard-edits street_lights --area orsha")
@click.argument("layer_id", metavar="ID")
@area_option(required=True)
def discard_edits(layer_id: str, area_id: str) -> None:
    """Let the next load of an area undo the edits made over HTTP; until then nothing changes."""
    from layers import store
    from layers.area import get_area

    given = settings()
    known = database.definitions(given)
    if layer_id not in known:
        raise UnknownLayer(message("load.no_layer", layer=layer_id, layers=list(known)))
    # Not migrated first: a migration may wait for just this.
    with database.available(given) as url, database.connect(url) as connection:
        area = get_area(connection, area_id)
        if store.discard_edits(connection, known[layer_id], area):
            say(f"{layer_id}, {area_id}: the next load will undo the edits; history keeps them")
        else:
            say(f"{layer_id}, {area_id}: nobody has edited it since its last load")


@layers.command(epilog="geoportal layers check my-layers/")
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(folders: tuple[Path, ...]) -> None:
    """Check every layer, and those in FOLDERS: each fault with file and line."""
    given = settings()
    if given.layers_dir is not None and not given.layers_dir.is_dir():
        raise BadSetting(f"GEOPORTAL_LAYERS_DIR names {given.layers_dir}, which is no directory.")
    faults = registry.check(*database.roots(given), *folders)
    for fault in faults:
        click.echo(str(fault))
    if faults:
        say(f"{counted(len(faults), 'fault')} in the layer definitions")
        sys.exit(1)
    say("The layer definitions are in order.")


layers.add_command(draft)
layers.add_command(metadata)
layers.add_command(publish)
layers.add_command(unpublish)
layers.add_command(quality)


def table(rows: list[tuple[str, ...]]) -> str:
    """Return rows as columns of even width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _about(layer: Layer, lang: Language) -> list[tuple[str, ...]]:
    basis = layer.legal_basis.get(lang) if layer.legal_basis else "-"
    return [
        ("id", layer.id),
        ("title", layer.title.get(lang)),
        ("description", " ".join(layer.description.get(lang).split())),
        ("geometry", f"{layer.geometry}, EPSG:4326"),
        ("status", layer.status),
        ("access", layer.access),
        ("supplier", layer.supplier.name.get(lang)),
        ("legal basis", basis),
        ("update period", layer.update_period),
        ("licence", layer.licence.title),
        ("attribution", layer.attribution),
    ]


def _row(field: Field, lang: Language) -> tuple[str, ...]:
    codes = ", ".join(code.value for code in field.codes)
    return (field.name, field.type, field.unit or "", field.title.get(lang), codes)
