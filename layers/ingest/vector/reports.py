"""The reports of loads in the database: kept and listed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from layers import swap
from layers.ingest.vector.load_report import LoadReport
from layers.load_reports import asked

KEPT = 20
"""How many reports of a layer and area are kept."""

MOST_FINDINGS = 5_000
"""How many findings of a report are kept one by one; `totals` counts all of them."""


def keep(conn: Connection, report: LoadReport) -> None:
    """Keep the report of a load, and the last KEPT of its layer and area; dry runs leave none."""
    if report.dry_run:
        return
    value: dict[str, Any] = json.loads(report.to_json())
    value["findings"] = value["findings"][:MOST_FINDINGS]
    with swap.translated(f"the report of {report.file}"), swap.writing(conn):
        conn.execute(
            "INSERT INTO layers.load_report (layer, area, loaded_at, file, decision, report)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                report.layer, report.area, report.time, report.file, report.decision, Jsonb(value),
            ),
        )  # fmt: skip
        conn.execute(
            "DELETE FROM layers.load_report AS old USING"
            " (SELECT number FROM layers.load_report WHERE layer = %(layer)s AND area = %(area)s"
            "  ORDER BY number DESC OFFSET %(kept)s) AS r WHERE r.number = old.number",
            {"layer": report.layer, "area": report.area, "kept": KEPT},
        )


def reports(
    conn: Connection, layer: str | None = None, area: str | None = None
) -> Sequence[dict[str, Any]]:
    """Return the kept reports, the newest first, as JSON values; None = of every layer or area."""
    query = asked(layer, area)
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(query.sql.encode(), query.params).fetchall()
    return [json.loads(row[0]) for row in rows]
