"""An OpenStreetMap extract loaded and published, beside the flex output of osm2pgsql.

`osm.lua` has the style: the same objects into tables with the columns that tags fill. Its work is
less: whole streets, and no checks, texts or sums.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from rich.table import Table

from benchmarks import osm_city
from benchmarks.errors import BenchmarkError
from benchmarks.place import AREA, console, database, folder
from layers.ingest.osm import LAYERS
from layers.registry import load_layers
from layers.schema import migrate

BUILDINGS = (300_000, 30_000)
REAL = ("porto-alegre-r5r", "poa_osm.pbf")
"""Folder and name of the largest extract among the sources."""
WANTED = 1.5
OSM2PGSQL = "BENCH_OSM2PGSQL"
"""The program to compare with, where it is not on the PATH."""

STYLE = Path(__file__).with_suffix(".lua")
INDEXES = (
    *(f"ALTER TABLE plain.{layer} ADD PRIMARY KEY (osm_type, osm_id)" for layer in LAYERS),
    "CREATE INDEX ON plain.buildings (kind, osm_id)",
    "CREATE INDEX ON plain.service_points (service_class, osm_id)",
    "CREATE INDEX ON plain.green_areas (kind, osm_id)",
    "CREATE INDEX ON plain.street_lights (lamp_id)",  # ours: of the cabinet, which OSM lacks
)
"""Those of the feature tables; osm2pgsql itself makes that of the geometry."""


@dataclass(frozen=True)
class _Compared:
    """Seconds and rows by layer of osm2pgsql and of ours, for one extract."""

    title: str
    plain_s: float
    ours_s: float
    plain_rows: Mapping[str, int]
    our_rows: Mapping[str, int]


def main(quick: bool, features: int | None = None) -> int:
    """Load a real and a generated extract, each with osm2pgsql and then with ours; print ratios."""
    program = os.environ.get(OSM2PGSQL) or shutil.which("osm2pgsql")
    if program is None:
        console.print(f"left out: no osm2pgsql on the PATH; install it, or name it in {OSM2PGSQL}")
        return 0
    with folder() as inside:
        files = [_real(), _generated(inside, features or BUILDINGS[quick])]
        with database(inside) as url:
            with psycopg.connect(url, autocommit=True) as connection:
                migrate(connection, load_layers())
            compared = [_compare(program, url, *given) for given in files if given]
    for one in compared:
        _require_same(one)
    _tell(compared)
    return 0


def _real() -> tuple[str, Path, str] | None:
    sources = os.environ.get("GEOPORTAL_SOURCES_DIR")
    if not sources:
        console.print("the real extract is left out: GEOPORTAL_SOURCES_DIR is not set")
        return None
    return "Porto Alegre", Path(sources).joinpath(*REAL), "porto_alegre"


def _generated(inside: Path, buildings: int) -> tuple[str, Path, str]:
    started = time.monotonic()
    file = inside / "city.osm.pbf"
    made = osm_city.write(file, buildings)
    console.print(f"{made}, in {time.monotonic() - started:.0f} s")
    return f"{made.buildings:,} buildings, {made.street_nodes:,} street nodes", file, AREA


def _compare(program: str, url: str, title: str, file: Path, area: str) -> _Compared:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS plain CASCADE; CREATE SCHEMA plain")
    plain_s = _osm2pgsql(program, url, file)
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "geoportal", "load", "osm", str(file), "--area", area],
        env=os.environ | {"GEOPORTAL_DATABASE_URL": url},
        check=True,
    )
    ours_s = time.monotonic() - started
    return _Compared(title, plain_s, ours_s, _rows(url, "plain", ""), _rows(url, "features", area))


def _osm2pgsql(program: str, url: str, file: Path) -> float:
    started = time.monotonic()
    subprocess.run(
        [program, "--output=flex", f"--style={STYLE}", f"--database={url}", str(file)],
        check=True,
        capture_output=True,
    )
    with psycopg.connect(url, autocommit=True) as connection:
        for command in INDEXES:
            connection.execute(command.encode())
        connection.execute("ANALYZE " + ", ".join(f"plain.{layer}" for layer in LAYERS))
    return time.monotonic() - started


def _rows(url: str, schema: str, area: str) -> dict[str, int]:
    found = {}
    with psycopg.connect(url, autocommit=True) as connection:
        for layer in LAYERS:
            where = sql.SQL(" WHERE area = {}").format(area) if area else sql.SQL("")
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, layer))
            row = connection.execute(query + where).fetchone()
            found[layer] = row[0] if row else 0
    return found


def _require_same(one: _Compared) -> None:
    """Both must have the same features; streets are cut at junctions by ours alone."""
    for layer in LAYERS[1:]:
        if one.plain_rows[layer] != one.our_rows[layer]:
            raise BenchmarkError(
                f"{one.title}: osm2pgsql has {one.plain_rows[layer]:,} rows of {layer}, ours"
                f" {one.our_rows[layer]:,}; osm.lua and layers/ingest/osm_*.py must choose the same"
            )


def _tell(compared: list[_Compared]) -> None:
    table = Table(title="An OpenStreetMap extract into published layers")
    for name in ("", "rows", "osm2pgsql, s", "geoportal, s", "ratio", "wanted"):
        table.add_column(name, justify="left" if not name else "right")
    for one in compared:
        ratio = one.ours_s / one.plain_s
        verdict = "reached" if ratio <= WANTED else "MISSED"
        table.add_row(
            one.title, f"{sum(one.our_rows.values()):,}", f"{one.plain_s:.1f}",
            f"{one.ours_s:.1f}", f"{ratio:.2f}", f"{WANTED:g}: {verdict}",
        )  # fmt: skip
    console.print(table)
