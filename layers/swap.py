"""The swap of a load: one short transaction puts the new partition in the old one's place."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import Connection, Transaction, sql
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from layers import former, history, partition
from layers.errors import EditedLayer, RefusedLoad, StoreFailure
from layers.locks import set_lock_timeout
from layers.message import Message, message
from layers.model import Area, Layer
from layers.said import said
from layers.schema import WRITER

if TYPE_CHECKING:  # a server swaps side tables of tiles, and needs nothing that reads files
    from layers.staging import Load, Staged

ATTEMPTS = 5
_WAIT_S = 0.5

_CHANGED = (
    "checksum", "row_count", "sum_high", "sum_low", "loaded_at", "edited_at",
    "west", "south", "east", "north", "time_start", "time_end",
    "status", "source", "source_checksum", "supplier", "licence", "attribution", "tiled",
)  # fmt: skip


@contextmanager
def translated(what: str | Message) -> Iterator[None]:
    """Turn what PostgreSQL raises into this room's errors; `what` names the load."""
    try:
        yield
    except psycopg.errors.DiskFull:
        raise StoreFailure(message("load.disk_full", what=what)) from None
    except psycopg.errors.LockNotAvailable:
        raise StoreFailure(message("load.locked", what=what)) from None
    except psycopg.errors.UndefinedTable as error:
        raise StoreFailure(
            message("load.no_table", what=what, text=error.diag.message_primary or "")
        ) from None
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise RefusedLoad(message("load.database", what=what, text=said(_said(error)))) from None
    except psycopg.OperationalError as error:
        raise StoreFailure(message("load.interrupted", what=what, text=_said(error))) from None
    except psycopg.Error as error:
        raise StoreFailure(message("load.not_allowed", what=what, text=_said(error))) from None


def _said(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).splitlines()[0]


@contextmanager
def writing(conn: Connection) -> Iterator[Transaction]:
    """A transaction in the writer's role, so that whoever loads, the writer owns the tables."""
    with conn.transaction() as transaction:
        conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(WRITER)))
        yield transaction


def swap(
    conn: Connection, load: Load, staged: Staged, *, keep: bool = False, version: int | None = None
) -> int:
    """Publish a finished load and record its version; return the version's number.

    With `keep`, what was there can be brought back (layers/former.py). `version` is a number that
    was drawn already.
    """
    for attempt in range(ATTEMPTS):
        try:
            with writing(conn):
                tables = {"features": staged.table} | (
                    {"tiles": staged.tiles} if staged.tiles else {}
                )
                _take_out(conn, load.layer, load.area, keep=keep, schemas=tuple(tables))
                for made in tables.items():
                    partition.put_in(conn, load.layer, load.area, made)
                return _record(conn, load, staged, version)
        except psycopg.errors.LockNotAvailable:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(_WAIT_S * (attempt + random.random()))  # noqa: S311 - only spreads retries
    raise AssertionError("unreachable")


def take_out(conn: Connection, layer: Layer, area: Area) -> bool:
    """Remove the rows of one layer in one area and its version; tell whether there was one."""
    with writing(conn):
        _take_out(conn, layer, area)
        cursor = conn.execute(
            "DELETE FROM layers.version WHERE layer = %s AND area = %s", (layer.id, area.id)
        )
        return cursor.rowcount > 0


def drop(conn: Connection, staged: Staged) -> None:
    """Drop the tables of a load that was not swapped in."""
    with conn.transaction():
        for table in filter(None, (staged.table, staged.tiles)):
            name = sql.Identifier("staging", table)
            conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))


def _take_out(
    conn: Connection,
    layer: Layer,
    area: Area,
    *,
    keep: bool = False,
    schemas: tuple[str, ...] = ("features", "tiles"),
) -> None:
    """Lock both parents, then drop the area's partitions; readers wait for the rest of the swap.

    The partition of `tiles` stays where no new one comes. With `keep`, the rows are kept as the
    former ones. Raises EditedLayer: no edit can come in between any more.
    """
    set_lock_timeout(conn)
    conn.execute(
        sql.SQL("LOCK TABLE ONLY {}, ONLY {} IN ACCESS EXCLUSIVE MODE").format(
            sql.Identifier("features", layer.id), sql.Identifier("tiles", layer.id)
        )
    )
    require_unedited(conn, layer, area)
    former.drop(conn, layer, area)
    if keep:
        former.keep(conn, layer, area)
    for schema in schemas:
        name = sql.Identifier(schema, f"{layer.id}__a{area.number}")
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))


def require_unedited(conn: Connection, layer: Layer, area: Area) -> None:
    """Raise EditedLayer when people have edited the rows since the last load."""
    edited = conn.execute(
        "SELECT FROM layers.version WHERE layer = %s AND area = %s AND edited_at IS NOT NULL",
        (layer.id, area.id),
    ).rowcount
    if edited:
        raise EditedLayer(message("load.edited", layer=layer.id, area=area.id))


def discard_edits(conn: Connection, layer: Layer, area: Area) -> bool:
    """Let the next load undo the edits of an area; tell whether there were any."""
    query = history.discard(layer, area)
    with writing(conn):
        return conn.execute(query.sql.encode(), query.params).rowcount > 0


def _origin_values(load: Load) -> dict[str, object]:
    """Who the data come from; null where the layer's definition already says it."""
    origin = load.origin
    return {
        "status": origin.status,
        "source": origin.source,
        "source_checksum": origin.checksum,
        "supplier": Jsonb(origin.supplier.model_dump()) if origin.supplier else None,
        "licence": Jsonb(origin.licence.model_dump()) if origin.licence else None,
        "attribution": origin.attribution,
    }


def _record(conn: Connection, load: Load, staged: Staged, version: int | None) -> int:
    query = sql.SQL(
        "INSERT INTO layers.version AS v"
        " (layer, area, version, checksum, row_count, sum_high, sum_low, loaded_at,"
        "  west, south, east, north, time_start, time_end,"
        "  status, source, source_checksum, supplier, licence, attribution, tiled)"
        " VALUES (%(layer)s, %(area)s, coalesce(%(version)s::bigint,"
        "  nextval('layers.version_number')), %(checksum)s, %(row_count)s, %(high)s::numeric,"
        "  %(low)s::numeric, clock_timestamp(),"
        "  %(west)s, %(south)s, %(east)s, %(north)s, %(start)s::timestamptz, %(end)s::timestamptz,"
        "  %(status)s, %(source)s, %(source_checksum)s, %(supplier)s, %(licence)s, %(attribution)s,"
        "  %(tiled)s)"
        " ON CONFLICT (layer, area) DO UPDATE SET version = excluded.version, {updates}"
        " RETURNING version"
    )
    updates = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in _CHANGED
    )
    conn.execute("SET LOCAL timezone = 'UTC'")
    facts = staged.facts
    values = _origin_values(load) | {
        "layer": load.layer.id,
        "area": load.area.id,
        "version": version,
        "checksum": staged.checksum,
        "row_count": staged.row_count,
        "high": staged.sums[0],
        "low": staged.sums[1],
        "tiled": staged.tiles is not None,
        **dict(zip(("west", "south", "east", "north"), facts.bounds, strict=True)),
        "start": facts.start,
        "end": facts.end,
    }
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(query.format(updates=updates), values).fetchone()
    assert row is not None  # noqa: S101 - an upsert returns its row
    return int(row[0])


def record_origin(conn: Connection, load: Load) -> None:
    """Update where unchanged rows come from; writes (and announces) only a difference."""
    names = sql.SQL("status, source, source_checksum, supplier, licence, attribution")
    values = _origin_values(load) | {"layer": load.layer.id, "area": load.area.id}
    with writing(conn):
        conn.execute(
            sql.SQL(
                "UPDATE layers.version SET ({names}) = ROW(%(status)s, %(source)s,"
                " %(source_checksum)s, %(supplier)s::jsonb, %(licence)s::jsonb, %(attribution)s)"
                " WHERE layer = %(layer)s AND area = %(area)s AND ({names}) IS DISTINCT FROM"
                " (%(status)s, %(source)s, %(source_checksum)s, %(supplier)s::jsonb,"
                "  %(licence)s::jsonb, %(attribution)s)"
            ).format(names=names),
            values,
        )
