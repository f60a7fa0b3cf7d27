"""`geoportal layers publish`, `unpublish`: a table of the database as a layer, without a copy."""

from __future__ import annotations

from typing import Any, get_args

import click

from geoportal.cli import database
from geoportal.cli.common import Command, counted, settings
from geoportal.cli.progress import say
from layers.errors import UnfitTable
from layers.model import ITEMS, THEMES, Field, Layer, Licence, Status, Supplier, Text
from layers.source_table import SourceTable, read_source

_TITLE_COLUMNS = ("name", "title", "nazva", "nazvanie", "label")
_IN_TILE = 8
"""How many fields the tiles carry at first: enough to style by, small enough to send."""


@click.command(
    cls=Command,
    epilog="""
    geoportal layers publish city.benches --status official --licence CC-BY-4.0 --supplier "Orsha"
    geoportal layers publish gis.trees --id trees --status open --licence CC0-1.0 --supplier "Minsk"
    """,
)
@click.argument("table", metavar="[SCHEMA.]TABLE")
@click.option("--id", "layer_id", help="Id of the collection; the table's name unless given.")
@click.option("--theme", type=click.Choice(THEMES), default="infrastructure", show_default=True)
@click.option("--title-be", help="Title in Belarusian.")
@click.option("--title-ru", help="Title in Russian.")
@click.option("--title-en", help="Title in English; the table's comment or name unless given.")
@click.option(
    "--status", type=click.Choice(get_args(Status)), required=True, help="What the data are."
)
@click.option("--licence", required=True, help="SPDX id of the licence, e.g. CC-BY-4.0.")
@click.option("--licence-title", help="Name of the licence; the id unless given.")
@click.option("--licence-url", help="Where the licence can be read.")
@click.option("--supplier", required=True, help="Who answers for the data.")
@click.option("--attribution", help="What a map must show; the supplier unless given.")
@click.option("--geometry", help="The geometry column, where there are several.")
@click.option("--key", help="A unique column of whole numbers, where the primary key is none.")
def publish(
    table: str, layer_id: str | None, geometry: str | None, key: str | None, **said: Any
) -> None:
    """Publish a table as a collection, at once and in every running server.

    Its rows stay where they are; triggers tell the servers of changes. Publish it again after its
    columns changed. Titles that are not given are taken from those that are.
    """
    from layers import publish as publishing
    from layers.first_style import first_style

    given = settings()
    with database.migrated(given) as connection:
        source = read_source(connection, table, geometry=geometry, key=key)
        layer = described(source, layer_id or source.table, **said)
        rows = publishing.publish(connection, source, layer, first_style(layer))
        say(f"{layer.id}: {counted(rows, 'row')} of {source.name}, published")
        for column in source.left_out:
            say(f"{layer.id}: column {column} is of a type that a layer cannot hold, left out")
        if publishing.index_geometry(connection, source, layer):
            say(f"{layer.id}: made an index of the geometry in {source.name}")


@click.command(cls=Command, epilog="geoportal layers unpublish street_trees")
@click.argument("layer_id", metavar="ID")
def unpublish(layer_id: str) -> None:
    """Take a published table back: the collection is gone, the table stays as it is."""
    from layers import publish as publishing

    given = settings()
    with database.available(given) as url, database.connect(url) as connection:
        table = publishing.unpublish(connection, layer_id)
    say(f"{layer_id}: no longer published; {table} stays")


def described(source: SourceTable, layer_id: str, **said: Any) -> Layer:
    """Return the definition of a table with what its publisher says; raises UnfitTable."""
    from pydantic import ValidationError

    title = _text(said["title_be"], said["title_ru"], said["title_en"], source.title)
    supplier = _text(None, None, None, said["supplier"])
    try:
        return Layer(
            id=layer_id,
            theme=said["theme"],
            title=title,
            description=title,
            geometry=source.geometry,
            scope="national",
            status=said["status"],
            supplier=Supplier(name=supplier),
            update_period="irregular",
            licence=Licence(
                id=said["licence"],
                title=said["licence_title"] or said["licence"],
                url=said["licence_url"],
            ),
            attribution=said["attribution"] or said["supplier"],
            fields=_fields(source),
            order=900,
            foreign=True,
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "layer"
        raise UnfitTable(
            f"{source.name} cannot be described as a layer: {where}: {first['msg']}"
        ) from None


def _text(be: str | None, ru: str | None, en: str | None, otherwise: str) -> Text:
    """What is not said in one language is said in the nearest that there is."""
    return Text(be=be or ru or en or otherwise, ru=ru or be or en or otherwise, en=en or otherwise)


def _fields(source: SourceTable) -> tuple[Field, ...]:
    strings = [one.name for one in source.columns if one.type == "string"]
    named = [name for name in strings if name in _TITLE_COLUMNS] or strings
    return tuple(
        Field(
            name=one.name,
            type=one.type,
            title=_text(None, None, None, one.title),
            role="title" if named and one.name == named[0] else None,
            required=one.required,
            in_tile=number < _IN_TILE and one.type not in ITEMS,
        )
        for number, one in enumerate(source.columns)
    )
