"""Which database a command works on: the one in GEOPORTAL_DATABASE_URL, else the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from geoportal.cluster import Cluster
from geoportal.errors import BadSetting, ClusterError, DatabaseUnavailable
from geoportal.settings import Settings
from layers.area import SELECT_AREAS, area_from_row
from layers.model import Area, Layer
from layers.publication import SELECT_PUBLICATIONS, Publication
from layers.registry import load_layers
from layers.version import SELECT_VERSIONS, Version

CHECKOUT = Path(__file__).resolve().parents[2]
MARKS = CHECKOUT / ".geoportal"
"""Where commands remember what they did last."""
CONNECT_S = 10


def embedded() -> Cluster:
    """Return the cluster of this checkout; makes and starts nothing."""
    return Cluster.of_checkout(CHECKOUT)


@contextmanager
def available(settings: Settings) -> Iterator[str]:
    """Give the URL of the database; an embedded one runs at least as long as the block."""
    if settings.database_url:
        yield settings.database_url
        return
    with embedded().use() as url:
        yield url


def running_url(settings: Settings) -> str:
    """Return the URL of the database, starting nothing; raises ClusterError when it is down."""
    if settings.database_url:
        return settings.database_url
    cluster = embedded()
    if not cluster.running():
        raise ClusterError(
            "The embedded database is not running: start it with `geoportal db start` or"
            " `geoportal up`."
        )
    return cluster.url


def connect(url: str) -> psycopg.Connection[Any]:
    """Return a connection in autocommit mode.

    Raises BadSetting when it is no connection URL, DatabaseUnavailable when nobody answers there.
    """
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # The driver's message may repeat a part of it, a password too.
        raise BadSetting(
            "GEOPORTAL_DATABASE_URL is not a connection URL; it should look like"
            " postgresql://user:password@host:5432/database."
        ) from None
    try:
        return psycopg.connect(
            url, autocommit=True, connect_timeout=CONNECT_S, application_name="geoportal"
        )
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise DatabaseUnavailable(
            f"The database does not answer: {reason}; is it running, and is"
            " GEOPORTAL_DATABASE_URL right?"
        ) from None


def roots(settings: Settings) -> tuple[Path, ...]:
    """Return the folders of layer definitions besides the package's own."""
    return (settings.layers_dir,) if settings.layers_dir else ()


def definitions(settings: Settings) -> dict[str, Layer]:
    """Return all layers; raises BadLayerFile."""
    return load_layers(*roots(settings))


def published(settings: Settings) -> dict[str, Publication]:
    """Return the tables published as layers, by id; nothing when no database can be asked now.

    Starts nothing. Raises BadSetting when the setting is no connection URL, BadLayerFile when
    another release published them.
    """
    try:
        with connect(running_url(settings)) as connection:
            rows = connection.execute(SELECT_PUBLICATIONS).fetchall()
    except (ClusterError, DatabaseUnavailable, psycopg.ProgrammingError):
        # The last: a database that was never migrated, or not to this release.
        return {}
    found = (Publication.from_row(row) for row in rows)
    return {one.layer.id: one for one in found if one.relation is not None}


def loaded(settings: Settings, layer_id: str) -> tuple[list[Version], dict[str, Area]]:
    """Return what is loaded of a layer, and the areas; nothing when no database can be asked now.

    Starts nothing. Raises BadSetting when the setting is no connection URL.
    """
    try:
        with connect(running_url(settings)) as connection:
            rows = connection.execute(SELECT_VERSIONS.encode()).fetchall()
            places = [area_from_row(row) for row in connection.execute(SELECT_AREAS.encode())]
    except (ClusterError, DatabaseUnavailable, psycopg.ProgrammingError):
        return [], {}
    versions = [one for one in map(Version.from_row, rows) if one.layer == layer_id]
    return versions, {area.id: area for area in places}


def migrate(connection: psycopg.Connection[Any], settings: Settings) -> list[str]:
    """Bring the database to the layer definitions; return the layers whose tables were made."""
    from geoportal.jobs.queue import install
    from layers.schema import migrate

    made = migrate(connection, definitions(settings), roots=roots(settings))
    install(connection)
    return made


@contextmanager
def migrated(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection to a database that has the tables of all layers."""
    with available(settings) as url, connect(url) as connection:
        migrate(connection, settings)
        yield connection
