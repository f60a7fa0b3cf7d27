"""A file of buildings loaded and published, beside ogr2ogr with COPY and the same indexes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pyogrio
from rich.table import Table

from benchmarks.errors import BenchmarkError
from benchmarks.place import AREA, MODEL, cluster, console, folder
from geoportal.cluster import Cluster
from layers import tile_fill
from layers.area import seed_areas
from layers.registry import load_layers
from layers.schema import migrate
from processing import demo

BUILDINGS = (1_000_000, 100_000)
WANTED = 1.5
MEMORY_LIMIT_MB = 400
KEY = "source_id"
OGR2OGR = "BENCH_OGR2OGR"
"""The program to compare with, where it is not on the PATH."""

INDEXES = (
    "ALTER TABLE plain.buildings ADD PRIMARY KEY (fid)",
    "CREATE INDEX ON plain.buildings USING gist (geom)",
    "CREATE INDEX ON plain.buildings (kind, fid)",
    "ANALYZE plain.buildings",
)


def main(quick: bool, features: int | None = None) -> int:
    """Load the same GeoPackage in three ways, one after the other; print times and ratios."""
    program = os.environ.get(OGR2OGR) or shutil.which("ogr2ogr")
    if program is None:
        raise BenchmarkError(
            f"there is no ogr2ogr on the PATH; install gdal-bin, or name it in {OGR2OGR}"
        )
    count = features or BUILDINGS[quick]
    with folder() as inside:
        file = _write(inside / "buildings.gpkg", count)
        home = cluster(inside / "database")
        home.start()
        try:
            with psycopg.connect(home.url, autocommit=True) as connection:
                migrate(connection, load_layers())
                connection.execute("CREATE SCHEMA plain")
            plain = _ogr2ogr(program, home, file)
            rows = [("ogr2ogr, COPY, and the same indexes", plain, 0.0)]
            for title, mapping in (("geoportal load vector", ""), ("with a key", f"key: [{KEY}]")):
                (inside / "mapping.yml").write_text(f"{mapping}\n")
                rows.append((title, *_ours(home, file, inside / "mapping.yml")))
            tiles = _tiles(home)
        finally:
            home.stop()
    _tell(count, rows)
    console.print(
        f"its side table of tiles, made by a server afterwards: {tiles:.1f} s;"
        f" with it {(rows[1][1] + tiles) / plain:.2f} and {(rows[2][1] + tiles) / plain:.2f} times"
    )
    return 0


def _write(file: Path, count: int) -> Path:
    started = time.monotonic()
    for n, frame in enumerate(demo.frames(seed_areas()[AREA], MODEL, buildings=count)):
        own = frame.drop(columns=["area", "soato", "status"], errors="ignore")
        own[KEY] = [f"b{i}" for i in own.index]
        pyogrio.write_dataframe(
            own, file, driver="GPKG", append=n > 0, geometry_type="MultiPolygon"
        )
    size = file.stat().st_size / 1e6
    console.print(f"{count:,} buildings, {size:.0f} MB, in {time.monotonic() - started:.0f} s")
    return file


def _ogr2ogr(program: str, home: Cluster, file: Path) -> float:
    target = f"PG:{psycopg.conninfo.make_conninfo(home.url)}"
    started = time.monotonic()
    subprocess.run(
        [program, "-f", "PostgreSQL", target, str(file), "-nln", "plain.buildings",
         "-nlt", "PROMOTE_TO_MULTI", "-lco", "GEOMETRY_NAME=geom", "-lco", "FID=fid",
         "-lco", "SPATIAL_INDEX=NONE", "-gt", "unlimited", "--config", "PG_USE_COPY", "YES"],
        check=True,
    )  # fmt: skip
    with psycopg.connect(home.url, autocommit=True) as connection:
        for command in INDEXES[1:]:  # ogr2ogr itself makes the primary key
            connection.execute(command.encode())
    return time.monotonic() - started


def _ours(home: Cluster, file: Path, mapping: Path) -> tuple[float, float]:
    """Return seconds and the largest memory (MB) of the command as a person runs it."""
    with psycopg.connect(home.url, autocommit=True) as connection:
        for table in ("features.buildings", "tiles.buildings", "layers.version"):
            connection.execute(f"TRUNCATE {table}".encode())
    environ = os.environ | {"GEOPORTAL_DATABASE_URL": home.url}
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "geoportal", "load", "vector", str(file), "--layer", MODEL,
         "--area", AREA, "--mapping", str(mapping)],
        env=environ,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise BenchmarkError(f"the load ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - started, usage.ru_maxrss / 1024


def _tiles(home: Cluster) -> float:
    """Return the seconds that a server takes for what the load left to it."""
    started = time.monotonic()
    with psycopg.connect(home.url, autocommit=True) as connection:
        if not tile_fill.fill(connection, load_layers()[MODEL], seed_areas()[AREA]):
            raise BenchmarkError("the load left no side table of tiles to be made")
    return time.monotonic() - started


def _tell(count: int, rows: list[tuple[str, float, float]]) -> None:
    table = Table(title=f"{count:,} buildings from GeoPackage into a published layer")
    for name in ("", "s", "ratio", "wanted", "MB", "wanted"):
        table.add_column(name, justify="left" if not name else "right")
    base = rows[0][1]
    for n, (title, seconds, memory) in enumerate(rows):
        verdict = "" if n == 0 else _verdict(seconds / base <= WANTED, f"{WANTED:g}")
        kept = "" if n == 0 else _verdict(memory < MEMORY_LIMIT_MB, f"{MEMORY_LIMIT_MB}")
        mb = "" if n == 0 else f"{memory:.0f}"
        table.add_row(title, f"{seconds:.1f}", f"{seconds / base:.2f}", verdict, mb, kept)
    console.print(table)


def _verdict(reached: bool, wanted: str) -> str:
    return f"{wanted}: {'reached' if reached else 'MISSED'}"
