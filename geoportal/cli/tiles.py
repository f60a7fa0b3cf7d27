"""`geoportal tiles seed` makes tiles before they are asked for, `geoportal bundle` files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geoportal.cli import database
from geoportal.cli.common import Command, Group, counted, settings
from geoportal.cli.progress import bar, say
from geoportal.errors import BadParameter, BadSetting
from layers import registry
from layers.model import Layer

if TYPE_CHECKING:
    from geoportal.bundle import Connection, Published
    from geoportal.ogc.tile_cache import DiskCache
    from layers.version import Bbox

LAYERS = click.option(
    "--layer", "layer_ids", multiple=True, metavar="ID", help="Only this layer; may be repeated."
)


@click.group(
    cls=Group,
    short_help="Vector tiles kept on disk.",
    epilog="GEOPORTAL_TILE_CACHE_DIR=/var/cache/geoportal geoportal tiles seed --max-zoom 12",
)
def tiles() -> None:
    """Vector tiles kept in GEOPORTAL_TILE_CACHE_DIR, which the servers share."""


@tiles.command(
    epilog="""
    GEOPORTAL_TILE_CACHE_DIR=/var/cache/geoportal geoportal tiles seed
    geoportal tiles seed --layer buildings --layer streets --area orsha --max-zoom 16
    """
)
@LAYERS
@click.option("--area", "area_id", metavar="ID", help="Only around what is loaded for this area.")
@click.option(
    "--max-zoom", type=click.IntRange(0, 22), default=14, show_default=True, help="Last level."
)
def seed(layer_ids: tuple[str, ...], area_id: str | None, max_zoom: int) -> None:
    """Make the tiles that are not kept yet (WebMercatorQuad), so that nobody waits for them."""
    from geoportal.bundle import Published
    from geoportal.ogc.tile_cache import DiskCache

    given = settings()
    disk = DiskCache.of(given)
    if disk is None:
        raise BadSetting(
            "GEOPORTAL_TILE_CACHE_DIR is not set: it names the folder that the tiles go to."
        )
    with database.available(given) as url, database.connect(url) as connection:
        published = Published.read(connection, database.definitions(given))
        within = published.box(area_id) if area_id else None
        for layer in _chosen(published, layer_ids) or published.layers.values():
            made, kept = _seed(connection, published, layer, disk, within=within, last=max_zoom)
            say(f"{layer.id}: {counted(made, 'tile')} made, {kept} kept already")
    if disk.sweep() > given.tile_cache_dir_mb * 900_000:
        say("The folder is nearly full: raise GEOPORTAL_TILE_CACHE_DIR_MB or seed less.")


def _seed(
    connection: Connection,
    published: Published,
    layer: Layer,
    disk: DiskCache,
    *,
    within: Bbox | None,
    last: int,
) -> tuple[int, int]:
    from geoportal.bundle import addresses, count
    from geoportal.ogc.tile_cache import TileKey
    from layers.tile_store import make_tile

    state = published.of_layer(layer.id)
    box = _both(state.bbox, within)
    last = min(last, layer.tiles.max_zoom)
    made = kept = 0
    if box is None or last < layer.tiles.min_zoom:
        return made, kept
    total = count(box, layer.tiles.min_zoom, last)
    with bar(layer.id) as shown:
        for address in addresses(box, layer.tiles.min_zoom, last):
            shown.step(layer.id, made + kept, total)
            key = TileKey(layer.id, state.version, address)
            if disk.get(key) is not None:
                kept += 1
                continue
            disk.put(key, make_tile(connection, layer, address))
            made += 1
    return made, kept


def _both(one: Bbox | None, other: Bbox | None) -> Bbox | None:
    """The box that two boxes share; no other = the one."""
    if one is None or other is None:
        return one
    west, south = max(one[0], other[0]), max(one[1], other[1])
    east, north = min(one[2], other[2]), min(one[3], other[3])
    return (west, south, east, north) if west <= east and south <= north else None


def _chosen(published: Published, layer_ids: tuple[str, ...]) -> list[Layer]:
    for layer_id in layer_ids:
        if layer_id not in published.layers:
            raise BadParameter(
                f"There is no published layer {layer_id!r};"
                f" there are {', '.join(published.layers) or 'none yet'}."
            )
    return [published.layers[layer_id] for layer_id in dict.fromkeys(layer_ids)]


@click.command(
    cls=Command,
    short_help="A place as files: tiles, features, styles.",
    epilog="""
    geoportal bundle orsha --output orsha-files
    geoportal bundle orsha --output orsha-files --layer buildings --layer streets --max-zoom 14
    """,
)
@click.argument("area_id", metavar="AREA")
@click.option(
    "--output",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that the files go to; it is made.",
)
@LAYERS
@click.option(
    "--max-zoom", type=click.IntRange(0, 18), default=16, show_default=True, help="Last level."
)
def bundle(area_id: str, folder: Path, layer_ids: tuple[str, ...], max_zoom: int) -> None:
    """Write what a map of AREA needs without a server.

    PMTiles of the layers visible by default (or of --layer), a GeoPackage of all layers of the
    area, MapLibre styles, and a README with licences and attributions.
    """
    from geoportal import bundle as files
    from layers.area import get_area

    given = settings()
    with database.available(given) as url, database.connect(url) as connection:
        published = files.Published.read(connection, database.definitions(given))
        area = get_area(connection, area_id)
        published.box(area.id)
        drawn = _chosen(published, layer_ids)
        drawn = drawn or [layer for layer in published.layers.values() if layer.visible]
        drawn = [layer for layer in drawn if layer.tiles.min_zoom <= max_zoom]
        if not drawn:
            raise BadParameter("No layer is drawn up to that level: raise --max-zoom.")
        wanted = files.Bundle(area, published, drawn, max_zoom)
        with bar(area.id) as shown:
            written = files.write(
                connection,
                wanted,
                folder,
                style=lambda layer_id: registry.style(layer_id, *database.roots(given)),
                progress=shown.step,
            )
    for path in written:
        click.echo(path)
