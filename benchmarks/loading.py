"""A file of buildings loaded and published, beside ogr2ogr with COPY and the same indexes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
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

SETTLED_S = 0.5
"""After so long the server has taken notice of the processes that ended."""

INDEXES = (
    "ALTER TABLE plain.buildings ADD PRIMARY KEY (fid)",
    "CREATE INDEX ON plain.buildings USING gist (geom)",
    "CREATE INDEX ON plain.buildings (kind, fid)",
    "ANALYZE plain.buildings",
)


@dataclass(frozen=True)
class Run:
    """What a run took: CPU time of it and of the server's processes, the largest memory of it."""

    seconds: float
    cpu_s: float
    memory_mb: float


def main(quick: bool, features: int | None = None) -> int:
    """Load the same GeoPackage in several ways, one after the other; print times and ratios."""
    program = os.environ.get(OGR2OGR) or shutil.which("ogr2ogr")
    if program is None:
        raise BenchmarkError(
            f"there is no ogr2ogr on the PATH; install gdal-bin, or name it in {OGR2OGR}"
        )
    count = features or BUILDINGS[quick]
    with folder() as inside:
        # In a process of its own: what this one has taken would count as that of its children.
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            file = pool.submit(_write, inside / "buildings.gpkg", count).result()
        home = cluster(inside / "database")
        home.start()
        try:
            with psycopg.connect(home.url, autocommit=True) as connection:
                migrate(connection, load_layers())
                connection.execute("CREATE SCHEMA plain")
            rows = [("ogr2ogr, COPY, and the same indexes", _ogr2ogr(program, home, file))]
            for title, mapping in (("geoportal load vector", ""), ("with a key", f"key: [{KEY}]")):
                (inside / "mapping.yml").write_text(f"{mapping}\n")
                rows.append((title, _ours(home, file, inside / "mapping.yml")))
            rows.append(("the same file again", _again(home, file, inside / "mapping.yml")))
            tiles = _tiles(home)
        finally:
            home.stop()
    _tell(count, rows)
    with_them = ((one.seconds + tiles) / rows[0][1].seconds for _, one in rows[1:3])
    console.print(
        f"its side table of tiles, made by a server afterwards: {tiles:.1f} s;"
        f" with it {next(with_them):.2f} and {next(with_them):.2f} times"
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


def _ogr2ogr(program: str, home: Cluster, file: Path) -> Run:
    target = f"PG:{psycopg.conninfo.make_conninfo(home.url)}"
    command = [
        program, "-f", "PostgreSQL", target, str(file), "-nln", "plain.buildings",
        "-nlt", "PROMOTE_TO_MULTI", "-lco", "GEOMETRY_NAME=geom", "-lco", "FID=fid",
        "-lco", "SPATIAL_INDEX=NONE", "-gt", "unlimited", "--config", "PG_USE_COPY", "YES",
    ]  # fmt: skip
    started, before = time.monotonic(), _server_cpu_s(home)
    run = _run(command, os.environ)
    with psycopg.connect(home.url, autocommit=True) as connection:
        for index in INDEXES[1:]:  # ogr2ogr itself makes the primary key
            connection.execute(index.encode())
    seconds = time.monotonic() - started
    return replace(run, seconds=seconds, cpu_s=run.cpu_s + _server_cpu_s(home) - before)


def _ours(home: Cluster, file: Path, mapping: Path) -> Run:
    with psycopg.connect(home.url, autocommit=True) as connection:
        for table in ("features.buildings", "tiles.buildings", "layers.version"):
            connection.execute(f"TRUNCATE {table}".encode())
    return _again(home, file, mapping)


def _again(home: Cluster, file: Path, mapping: Path) -> Run:
    """Run the command as a person does."""
    command = [
        sys.executable, "-m", "geoportal", "load", "vector", str(file), "--layer", MODEL,
        "--area", AREA, "--mapping", str(mapping),
    ]  # fmt: skip
    before = _server_cpu_s(home)
    run = _run(command, os.environ | {"GEOPORTAL_DATABASE_URL": home.url})
    return replace(run, cpu_s=run.cpu_s + _server_cpu_s(home) - before)


def _run(command: list[str], environ: Mapping[str, str]) -> Run:
    started = time.monotonic()
    process = subprocess.Popen(command, env=environ)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    if status:
        raise BenchmarkError(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _server_cpu_s(home: Cluster) -> float:
    """Return the CPU time of the server's processes that have ended."""
    time.sleep(SETTLED_S)
    pid = (home.data / "postmaster.pid").read_text().splitlines()[0]
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _tiles(home: Cluster) -> float:
    """Return the seconds that a server takes for what the load left to it."""
    started = time.monotonic()
    with psycopg.connect(home.url, autocommit=True) as connection:
        if not tile_fill.fill(connection, load_layers()[MODEL], seed_areas()[AREA]):
            raise BenchmarkError("the load left no side table of tiles to be made")
    return time.monotonic() - started


def _tell(count: int, rows: list[tuple[str, Run]]) -> None:
    table = Table(title=f"{count:,} buildings from GeoPackage into a published layer")
    for name in ("", "s", "ratio", "wanted", "CPU s", "ratio", "MB", "wanted"):
        table.add_column(name, justify="left" if not name else "right")
    base = rows[0][1]
    for n, (title, run) in enumerate(rows):
        ratio = run.seconds / base.seconds
        verdict = "" if n == 0 else _verdict(ratio <= WANTED, f"{WANTED:g}")
        kept = "" if n == 0 else _verdict(run.memory_mb < MEMORY_LIMIT_MB, f"{MEMORY_LIMIT_MB}")
        table.add_row(
            title, f"{run.seconds:.1f}", f"{ratio:.2f}", verdict, f"{run.cpu_s:.1f}",
            f"{run.cpu_s / base.cpu_s:.2f}", f"{run.memory_mb:.0f}", kept,
        )  # fmt: skip
    console.print(table)


def _verdict(reached: bool, wanted: str) -> str:
    return f"{wanted}: {'reached' if reached else 'MISSED'}"
