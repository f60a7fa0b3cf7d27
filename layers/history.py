"""What surrounds a change of one feature: locks, content checksum, version, history; as SQL values.

`hold` takes the locks in the order of a load's swap, so the two never wait for each other in a
circle; `opened` keeps the row of layers.version, so edits of one layer in one area follow one
another and the content checksum can be carried on: the sums of the row as it was are taken out, and
those of the row as it is are put in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from psycopg import sql

from layers import row_sums
from layers.keyset import Scalar
from layers.model import Area, Layer
from layers.query import Query, time_fields
from layers.version import VERSION_COLUMNS

Operation = Literal["create", "replace", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Sums:
    """What the content checksum of a layer in one area is made of (layers/row_sums.py)."""

    columns: tuple[str, ...]
    count: int
    high: int
    low: int

    @property
    def checksum(self) -> str:
        """The checksum that a load of the same rows would have."""
        text = json.dumps([list(self.columns), self.count, str(self.high), str(self.low)])
        return hashlib.sha256(text.encode()).hexdigest()

    def without(self, row: Sums) -> Sums:
        """Return the sums after rows are gone."""
        left = (self.count - row.count, self.high - row.high, self.low - row.low)
        return replace(self, count=left[0], high=left[1], low=left[2])

    def and_with(self, row: Sums) -> Sums:
        """Return the sums after rows have come."""
        more = (self.count + row.count, self.high + row.high, self.low + row.low)
        return replace(self, count=more[0], high=more[1], low=more[2])


@dataclass(frozen=True, slots=True)
class Change:
    """Who changed which feature how; `request` is the id of the request (a UUID)."""

    layer: Layer
    area: Area
    feature_id: int
    operation: Operation
    who: str
    request: str

    @property
    def key(self) -> dict[str, Scalar]:
        """The bound values that name the row."""
        return {"id": self.feature_id, "area": self.area.id}


def hold(layer: Layer) -> Query:
    """Build the lock that a load's swap waits for, and that waits for a load's swap."""
    return Query(
        sql.SQL("LOCK TABLE ONLY {}, ONLY {} IN ROW EXCLUSIVE MODE")
        .format(_features(layer), sql.Identifier("tiles", layer.id))
        .as_string()
    )


def opened(layer: Layer, area: Area) -> Query:
    """Build the layer's state in one area, kept until the transaction ends.

    No row when nothing is loaded, or (columns, row count, sums as text or null, status).
    """
    return Query(
        'SELECT (SELECT array_agg(attname::text ORDER BY attname COLLATE "C") FROM pg_attribute'
        "  WHERE attrelid = to_regclass(%(table)s) AND attnum > 0 AND NOT attisdropped"
        "  AND attgenerated = ''),"
        " v.row_count, v.sum_high::text, v.sum_low::text, v.status"
        " FROM layers.version AS v WHERE v.layer = %(layer)s AND v.area = %(area)s FOR UPDATE OF v",
        {"layer": layer.id, "area": area.id, "table": f"features.{layer.id}"},
    )


def sums_of_all(layer: Layer, area: Area, columns: Sequence[str]) -> Query:
    """Build the sums of an area's rows, for one that was loaded before sums were kept."""
    return Query(_sums_text(layer, tuple(columns), "area = %(area)s"), {"area": area.id})


def sums_now(change: Change, columns: Sequence[str]) -> Query:
    """Build the sums of the one row as it is now: (count, high, low), zeros when it is gone."""
    where = "area = %(area)s AND id = %(id)s"
    return Query(_sums_text(change.layer, tuple(columns), where), change.key)


def begin(layer: Layer) -> Query:
    """Build the moment from which the history of a layer tells what was there."""
    return Query(
        "SELECT max(loaded_at) FROM layers.version WHERE layer = %(layer)s", {"layer": layer.id}
    )


def record(change: Change, sums: Sums) -> Query:
    """Build the new version; returns what `Version.from_row` reads, and the time of the change.

    The extents only grow: the next load makes them exact again.
    """
    params: dict[str, Scalar] = change.key | {
        "layer": change.layer.id,
        "checksum": sums.checksum,
        "count": sums.count,
        "high": str(sums.high),
        "low": str(sums.low),
    }
    return Query(_record_text(change.layer), params)


def remember(change: Change, version: int, row: str | None) -> Query:
    """Build the line of the history; `row` is the former row as JSON text, None when it is new.

    Runs after `record`, whose time it takes over.
    """
    text = (
        "INSERT INTO layers.history"
        " (layer, id, area, version, operation, who, request, valid_from, valid_to, former)"
        " SELECT v.layer, %(id)s, v.area, %(version)s, %(operation)s, %(who)s, %(request)s::uuid,"
        "  CASE WHEN %(row)s::jsonb IS NOT NULL THEN greatest(v.loaded_at, (SELECT max(h.valid_to)"
        "   FROM layers.history AS h WHERE h.layer = v.layer AND h.id = %(id)s)) END,"
        "  v.edited_at, %(row)s::jsonb"
        " FROM layers.version AS v WHERE v.layer = %(layer)s AND v.area = %(area)s"
    )
    params: dict[str, Scalar] = change.key | {
        "layer": change.layer.id,
        "version": version,
        "operation": change.operation,
        "who": change.who,
        "request": change.request,
        "row": row,
    }
    return Query(text, params)


def discard(layer: Layer, area: Area) -> Query:
    """Build the permission for the next load to undo the edits; history keeps them."""
    return Query(
        "UPDATE layers.version SET edited_at = NULL, source_checksum = ''"
        " WHERE layer = %(layer)s AND area = %(area)s AND edited_at IS NOT NULL",
        {"layer": layer.id, "area": area.id},
    )


def _features(layer: Layer) -> sql.Identifier:
    return sql.Identifier("features", layer.id)


@lru_cache(maxsize=256)
def _sums_text(layer: Layer, columns: tuple[str, ...], where: str) -> str:
    """As a load sums; the writer's connections have the settings that it sets."""
    rows = sql.SQL("{} WHERE {}").format(_features(layer), sql.SQL(where))
    return row_sums.sums(columns, rows).as_string()


@lru_cache(maxsize=256)
def _record_text(layer: Layer) -> str:
    fields = time_fields(layer)
    start, end = (sql.Identifier(f.name) for f in fields) if fields else (sql.NULL, sql.NULL)
    return (
        sql.SQL(
            "UPDATE layers.version AS v SET version = nextval('layers.version_number'),"
            " checksum = %(checksum)s, row_count = %(count)s, sum_high = %(high)s::numeric,"
            " sum_low = %(low)s::numeric, edited_at = greatest(clock_timestamp(),"
            "  v.edited_at + interval '1 microsecond'),"
            " west = least(v.west, x.x0), south = least(v.south, x.y0),"
            " east = greatest(v.east, x.x1), north = greatest(v.north, x.y1),"
            " time_start = least(v.time_start, x.t0), time_end = greatest(v.time_end, x.t1)"
            " FROM (SELECT min(ST_XMin(geom)) AS x0, min(ST_YMin(geom)) AS y0,"
            "  max(ST_XMax(geom)) AS x1, max(ST_YMax(geom)) AS y1,"
            "  min({start})::timestamptz AS t0, max({end})::timestamptz AS t1"
            "  FROM {table} WHERE id = %(id)s AND area = %(area)s) AS x"
            " WHERE v.layer = %(layer)s AND v.area = %(area)s RETURNING {columns}"
        )
        .format(start=start, end=end, table=_features(layer), columns=sql.SQL(VERSION_COLUMNS))
        .as_string()
    )
