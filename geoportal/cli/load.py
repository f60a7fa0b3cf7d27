"""`geoportal load`: bring the demonstration, the national sources or an OSM extract into layers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psycopg

from geoportal.cli import database
from geoportal.cli.common import DEMO_AREA, DEMO_BUILDINGS, Group, area_option, settings
from geoportal.cli.load_vector import REFUSED, decision, findings, undo, vector
from geoportal.cli.progress import bar, say
from geoportal.cli.quality import reports
from geoportal.errors import BadSetting
from geoportal.settings import Settings
from layers.message import Message, message
from layers.model import Area, Licence, Origin

if TYPE_CHECKING:
    from layers.ingest.sources import Places, Source
    from layers.raster import Raster, RasterDefinition
    from layers.store import Loaded

Connection = psycopg.Connection[Any]

LOADED, UNCHANGED = message("told.loaded"), message("told.unchanged")


@click.group(
    cls=Group,
    invoke_without_command=True,
    short_help="Load layers: demonstration, national sources, OpenStreetMap, files.",
    epilog="""
    geoportal load                                   the Orsha demonstration and the national layers
    geoportal load demo --area minsk --buildings 20000
    geoportal load national
    geoportal load osm krems.osm.gz --area krems
    geoportal load gtfs timetable.zip --area orsha
    geoportal load series air.csv --layer air_sensor_readings --area orsha --time-zone Europe/Minsk
    geoportal load raster N54E030.hgt --id dem --area orsha
    geoportal load vector parcels.shp --layer parcels --area orsha
    """,
)
@click.pass_context
def load(context: click.Context) -> None:
    """Load layers; the same data twice change nothing, a failed load leaves the old layer.

    Without a subcommand: the demonstration quarter and the national layers.
    """
    from geoportal.cli.load_demo import load_demo, require_no_real_data
    from layers.area import next_area

    if context.invoked_subcommand is None:
        given = settings()
        with database.migrated(given) as connection:
            good = load_national(connection, given)
            area = next_area(connection, DEMO_AREA)
            require_no_real_data(connection, area)
            load_demo(connection, given, area, DEMO_BUILDINGS)
        if not good:
            sys.exit(1)


@load.command(
    epilog="""
    geoportal load demo
    geoportal load demo --area benchmark --buildings 500000
    geoportal load demo --area village --lon 30.1 --lat 54.2 --buildings 60
    """
)
@area_option()
@click.option(
    "--buildings",
    type=click.IntRange(min=1),
    default=DEMO_BUILDINGS,
    show_default=True,
    help="How many buildings; everything else grows with them.",
)
@click.option("--lon", type=float, help="Longitude of a new area, degrees.")
@click.option("--lat", type=float, help="Latitude of a new area, degrees.")
@click.option("--replace", is_flag=True, help="Put it in place of real data of the area, too.")
def demo(
    area_id: str, buildings: int, lon: float | None, lat: float | None, *, replace: bool
) -> None:
    """Generate the demonstration layers of an area, which may be a new one.

    Refused where real data are loaded, unless --replace is given.
    """
    from geoportal.cli.load_demo import load_demo, require_no_real_data
    from layers.area import next_area

    given = settings()
    with database.migrated(given) as connection:
        area = next_area(connection, area_id, lon=lon, lat=lat)
        if not replace:
            require_no_real_data(connection, area)
        load_demo(connection, given, area, buildings)


@load.command(epilog="geoportal load national")
def national() -> None:
    """Load the national layers from GEOPORTAL_SOURCES_DIR, their origins or the seed tables."""
    given = settings()
    with database.migrated(given) as connection:
        good = load_national(connection, given)
    if not good:
        sys.exit(1)


@load.command(
    epilog="""
    geoportal load osm krems.osm.gz --area krems
    geoportal load osm krems-2026-11-28.osc.gz --area krems
    """
)
@click.argument("file", type=click.Path(path_type=Path))
@area_option(required=True)
def osm(file: Path, area_id: str) -> None:
    """Load an OSM extract into an area, or apply a change file (.osc) to the one loaded before.

    Fills streets, buildings, service points, street lights and green areas.
    """
    from layers.area import next_area
    from layers.ingest.osm import LAYERS as OSM_LAYERS
    from layers.ingest.osm import load_osm
    from layers.ingest.osm_change import is_change
    from layers.ingest.osm_read import centre
    from layers.ingest.vector.reports import refusals_kept

    given = settings()
    with database.migrated(given) as connection:
        if is_change(file):
            _change_osm(connection, given, file, area_id)
            return
        with refusals_kept(connection, OSM_LAYERS, area_id, file):
            lon, lat = centre(file)
        area = next_area(connection, area_id, lon=lon, lat=lat)
        with saved(connection, area), bar(f"reading {file.name}") as shown:
            loaded = load_osm(connection, database.definitions(given), file, area, shown.add)
    for layer_id in OSM_LAYERS:
        if layer_id in loaded:
            tell(layer_id, area.id, loaded[layer_id])
        else:
            tell_state(layer_id, area, message("told.none", file=file.name))


def _change_osm(connection: Connection, given: Settings, file: Path, area_id: str) -> None:
    from layers.area import get_area
    from layers.ingest.osm import load_change

    area = get_area(connection, area_id)
    with bar(f"reading {file.name}") as shown:
        applied, loaded = load_change(
            connection, database.definitions(given), file, area, shown.add
        )
    if applied.nothing:
        say(message("told.no_change", area=area.id, file=file.name, outside=applied.outside))
        return
    counts = {n: getattr(applied, n) for n in ("created", "modified", "deleted", "older")}
    say(message("told.change", area=area.id, outside=applied.outside, **counts))
    for layer_id, result in loaded.items():
        tell(layer_id, area.id, result)


@load.command(epilog="geoportal load raster N54E030.hgt --id dem --area orsha")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--id", "raster_id", required=True, metavar="ID", help="Raster, e.g. dem.")
@area_option(required=True)
@click.option(
    "--licence", metavar="SPDX", help="Licence of the file, e.g. CC-BY-4.0; told to readers."
)
@click.option("--attribution", metavar="TEXT", help="Whom to name as its source.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
def raster(
    file: Path, raster_id: str, area_id: str, licence: str | None, attribution: str | None,
    *, dry_run: bool,
) -> None:  # fmt: skip
    """Load a GeoTIFF or HGT file as a raster of an area, in its metric CRS.

    Ends with 1 when the file is refused; nothing has changed then.
    """
    from layers.area import get_area
    from layers.ingest.raster_load import load_raster
    from layers.raster import get_raster

    given, definition = settings(), get_raster(raster_id)
    with database.migrated(given) as connection:
        area = get_area(connection, area_id)
        if dry_run:
            _try_raster(connection, definition, file, area)
            return
        origin = Origin(
            status="open" if licence else "derived",
            source=file.name,
            checksum="",
            licence=Licence(id=licence, title=licence) if licence else None,
            attribution=attribution or f"{file.name}, loaded by the operator of this service",
        )
        with saved(connection, area):
            known = database.definitions(given)
            done, cells = load_raster(connection, known, definition, file, area, origin)
    tell_cells(raster_id, area, cells, LOADED if done.changed else UNCHANGED)


def _try_raster(
    connection: Connection, definition: RasterDefinition, file: Path, area: Area
) -> None:
    from layers.ingest.raster_load import try_raster

    report, cells = try_raster(connection, definition, file, area)
    for line in findings(report):
        say(line)
    tell_cells(definition.id, area, cells, decision(report))
    if report.decision == "refused":
        sys.exit(REFUSED)


load.add_command(vector)
load.add_command(undo)
load.add_command(reports)


@contextmanager
def saved(connection: Connection, area: Area) -> Iterator[None]:
    """Save the area that a block loads; a new one is forgotten when nothing came of it."""
    from layers.area import areas, forget_area, save_area

    new = area.id not in areas(connection)
    save_area(connection, area)
    try:
        yield
    except BaseException:
        if new and not connection.closed:
            forget_area(connection, area)
        raise


def load_national(connection: Connection, given: Settings) -> bool:
    """Load every national layer that has a source, say what became of each; False when one failed.

    Raises BadSetting when the sources directory is not there.
    """
    from layers.ingest.national import load_national as load_all
    from layers.ingest.source_run import forget_others

    where, layers, listed = places(given), database.definitions(given), source_list(given)
    forget_others(connection, (one.id for one in listed.values() if one.update is not None))
    with bar("national layers") as shown:
        outcomes = load_all(
            connection,
            layers,
            sources_dir=where.sources_dir,
            cache_dir=where.cache_dir,
            progress=shown.step,
            sources=listed,
        )
    for outcome in outcomes:
        say(str(outcome))
    return all(outcome.state != "failed" for outcome in outcomes)


def places(given: Settings) -> Places:
    """Return where files of sources are looked for; raises BadSetting when that is not there."""
    from layers.ingest.sources import Places

    folder = given.sources_dir
    if folder is not None and not folder.is_dir():
        raise BadSetting(f"GEOPORTAL_SOURCES_DIR names {folder}, which is not a directory.")
    return Places(folder, database.embedded().home / "sources")


def source_list(given: Settings) -> dict[str, Source]:
    """Return the sources by id: of the operator's list, else of data/sources.yml."""
    from layers.ingest.sources import read_sources

    file = given.sources_file
    if file is not None and not file.is_file():
        raise BadSetting(f"GEOPORTAL_SOURCES_FILE names {file}, which is not a file.")
    return read_sources(file)


def tell(layer_id: str, area_id: str, result: Loaded) -> None:
    """Say in a line what a load did."""
    repaired = message("told.nothing")
    if result.repaired.count:
        repaired = message("told.repaired", count=result.repaired.count)
    state = LOADED if result.changed else UNCHANGED
    told = {"layer": layer_id, "area": area_id, "rows": result.row_count}
    say(message("told.rows", state=state, repaired=repaired, **told))


def tell_cells(raster_id: str, area: Area, cells: Raster, state: Message) -> None:
    """Say in a line what a load of a raster did."""
    rows, columns = cells.values.shape
    size = {"columns": columns, "rows": rows}
    say(message("told.cells", raster=raster_id, area=area.id, state=state, **size))


def tell_state(layer_id: str, area: Area, state: Message) -> None:
    """Say in a line what became of a layer or raster."""
    say(message("told.layer", layer=layer_id, area=area.id, state=state))
