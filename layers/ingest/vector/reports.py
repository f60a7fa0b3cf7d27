"""The reports of loads in the database: kept and listed; messages are kept as codes."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from layers import swap
from layers.errors import CorruptSource, EditedLayer, LayersError, RefusedLoad
from layers.ingest.vector.load_report import LoadReport
from layers.ingest.vector.source import checksum
from layers.load_reports import asked, newest
from layers.message import why
from layers.query import Query

LOGGER = logging.getLogger(__name__)

KEPT = 20
"""How many reports of a layer and area are kept."""

MOST_FINDINGS = 5_000
"""How many findings of a report are kept one by one; `totals` counts all of them."""


def keep(conn: Connection, report: LoadReport) -> None:
    """Keep the report of a load, and the last KEPT of its layer and area; dry runs leave none."""
    if report.dry_run:
        return
    value = report.document()
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


@contextmanager
def refusals_kept(conn: Connection, layers: Iterable[str], area: str, file: Path) -> Iterator[None]:
    """Keep a report, for each layer, of what refuses a file as a whole, before its features.

    The error goes on, also when its report cannot be kept. EditedLayer is no fault of the file.
    """
    try:
        yield
    except EditedLayer:
        raise
    except (RefusedLoad, CorruptSource) as error:
        with if_possible(f"the report of {file.name}"):
            for layer in layers:
                _keep_refusal(conn, layer, area, file, error)
        raise


@contextmanager
def if_possible(what: str) -> Iterator[None]:
    """Log what fails in a block: an error that is being told of must not be hidden by another."""
    try:
        yield
    except (LayersError, psycopg.Error, OSError) as error:
        LOGGER.warning("%s is not kept: %s", what, error)


def _keep_refusal(conn: Connection, layer: str, area: str, file: Path, error: LayersError) -> None:
    sum_ = _checksum(file)
    if last(conn, layer, area) != ("refused", sum_):
        refusal = LoadReport(
            layer=layer,
            area=area,
            file=file.name,
            checksum=sum_,
            time=datetime.now(UTC),
            decision="refused",
            why=why(error),
        )
        keep(conn, refusal)


def last(conn: Connection, layer: str, area: str) -> tuple[str, str] | None:
    """Return decision and checksum of the newest report of a layer in an area, if there is one."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(
            "SELECT decision, report ->> 'checksum' FROM layers.load_report"
            " WHERE layer = %s AND area = %s ORDER BY number DESC LIMIT 1",
            (layer, area),
        ).fetchone()


def _checksum(file: Path) -> str:
    """Return that of a file which was refused, maybe because it is none or cannot be read."""
    is_source = file.is_file() or (file.is_dir() and file.suffix.lower() == ".gdb")
    try:
        return checksum(file) if is_source else ""
    except OSError:
        return ""


def reports(
    conn: Connection, layer: str | None = None, area: str | None = None
) -> Sequence[dict[str, Any]]:
    """Return the kept reports, the newest first, as JSON values; None = of every layer or area."""
    return _read(conn, asked(layer, area))


def newest_reports(conn: Connection, area: str) -> Sequence[dict[str, Any]]:
    """Return the newest report of each layer of an area that says anything of rows, by layer."""
    return _read(conn, newest(area))


def _read(conn: Connection, query: Query) -> Sequence[dict[str, Any]]:
    with conn.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(query.sql.encode(), query.params).fetchall()
    return [json.loads(row[0]) for row in rows]
