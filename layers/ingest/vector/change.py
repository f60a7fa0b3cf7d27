"""What a load changes: staged rows against those that are there, and their lines of history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers import rows
from layers.edit import FULL_DIGITS
from layers.model import Area, Layer
from layers.query import KEPT_TEXT

WHO = "load"
"""Whom the history names for changes that came with a load."""


@dataclass(frozen=True)
class Change:
    """How many rows come, go, get other content, and stay as they are."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0

    @property
    def vanishing(self) -> float:
        """The share (of 1) of the rows there that would go."""
        before = self.changed + self.removed + self.unchanged
        return self.removed / before if before else 0.0


def compare(conn: Connection, layer: Layer, area: Area, table: str) -> Change:
    """Compare a staging table with the rows of an area, by id and content."""
    query = sql.SQL(
        "SELECT count(*) FILTER (WHERE o.id IS NULL),"
        " count(*) FILTER (WHERE o.id IS NOT NULL AND n.id IS NOT NULL AND {differs}),"
        " count(*) FILTER (WHERE n.id IS NULL),"
        " count(*) FILTER (WHERE o.id IS NOT NULL AND n.id IS NOT NULL AND NOT ({differs}))"
        " FROM {old} AS o FULL JOIN {new} AS n ON n.id = o.id"
    ).format(**_names(layer, area, table))
    with conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(query).fetchone()
    return Change(*found) if found else Change()


def remember(
    conn: Connection, layer: Layer, area: Area, table: str, *, version: int, request: UUID
) -> None:
    """Write a line of history for each row that a staging table changes, before it is swapped in.

    `version` is the number that the swap will record, `request` tells the load from others.
    """
    conn.execute(
        sql.SQL(
            "INSERT INTO layers.history"
            " (layer, id, area, version, operation, who, request, valid_from, valid_to, former)"
            " SELECT {layer}, coalesce(o.id, n.id), {area}, %(version)s, CASE"
            "  WHEN o.id IS NULL THEN 'create' WHEN n.id IS NULL THEN 'delete' ELSE 'replace' END,"
            "  %(who)s, %(request)s, CASE WHEN o.id IS NOT NULL THEN greatest(v.loaded_at,"
            "   (SELECT max(h.valid_to) FROM layers.history AS h"
            "    WHERE h.layer = {layer} AND h.id = o.id)) END,"
            "  %(now)s, CASE WHEN o.id IS NOT NULL THEN to_jsonb(o) - {kept} || jsonb_build_object("
            "   'geom', ST_AsGeoJSON(o.geom, {digits}, 0)::jsonb) END"
            " FROM {old} AS o FULL JOIN {new} AS n ON n.id = o.id,"
            "  (SELECT loaded_at FROM layers.version WHERE layer = {layer} AND area = {area}) AS v"
            " WHERE o.id IS NULL OR n.id IS NULL OR {differs}"
            " ORDER BY coalesce(o.id, n.id)"
        ).format(**_names(layer, area, table)),
        {"version": version, "who": WHO, "request": request, "now": _now(conn)},
    )


def next_version(conn: Connection) -> int:
    """Draw the number of the version that a swap will record."""
    return int(_one(conn, "SELECT nextval('layers.version_number')"))


def _now(conn: Connection) -> Any:
    return _one(conn, "SELECT clock_timestamp()")


def _one(conn: Connection, query: Any) -> Any:
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(query).fetchone()
    assert row is not None  # noqa: S101 - a value without a table
    return row[0]


def _names(layer: Layer, area: Area, table: str) -> dict[str, sql.Composable]:
    columns = [c for c in rows.columns(layer) if c != "id"]
    old, new = (
        sql.SQL(", ").join(
            sql.SQL("{}.{}").format(sql.Identifier(t), sql.Identifier(c)) for c in columns
        )
        for t in ("o", "n")
    )
    return {
        "differs": sql.SQL("ROW({}) IS DISTINCT FROM ROW({})").format(old, new),
        "old": sql.SQL("(SELECT * FROM {} WHERE area = {})").format(
            sql.Identifier("features", layer.id), sql.Literal(area.id)
        ),
        "new": sql.Identifier("staging", table),
        "layer": sql.Literal(layer.id),
        "area": sql.Literal(area.id),
        "kept": sql.Literal(KEPT_TEXT),
        "digits": sql.Literal(FULL_DIGITS),
    }
