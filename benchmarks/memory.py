"""Resident memory of the geoportal's workers: at the start, after pages, tiles, and HTML."""

from __future__ import annotations

import time
import urllib.request
from pathlib import Path

from pyarrow import parquet
from rich.table import Table

from benchmarks import load, servers
from benchmarks.place import LAYER, console, folder, place
from benchmarks.questions import questions
from benchmarks.servers import Running
from benchmarks.serving import WORKER_LIMIT_MB

BUILDINGS = (200_000, 60_000)
SECONDS = (5, 1)
EXPORT_S = 600
GROWTH_LIMIT_MB = 100
PAGES = (
    f"/ogc/collections/{LAYER}/items?limit=10000",
    f"/ogc/collections/{LAYER}/items?limit=1000&f=html",
    "/ogc/collections?f=html",
    "/ogc/api?f=json",
)


def main(quick: bool, features: int | None = None) -> int:
    """Put the server with its default tile cache under load and print what each part left.

    Then export everything as GeoParquet and print what that adds meanwhile.
    """
    table = Table(title="resident memory of the largest worker of the geoportal, MB")
    table.add_column("after")
    table.add_column("MB", justify="right")
    with folder() as inside, place(inside, features or BUILDINGS[quick]) as city:
        server = servers.ours(city, tile_cache_mb=64)
        with servers.running(server, inside) as one:
            one.await_ready()
            table.add_row("start", f"{one.memory_mb():.0f}")
            for question in questions(city):
                paths = question.paths(server) or []
                load.measure(load.Asked(one.address, paths), SECONDS[quick], inside)
                table.add_row(question.title, f"{one.memory_mb():.0f}")
            for path in PAGES:
                load.measure(load.Asked(one.address, [path]), SECONDS[quick], inside)
                table.add_row(path.removeprefix("/ogc"), f"{one.memory_mb():.0f}")
            largest = one.memory_mb()
            exported = _export(one, inside / "all.parquet")
    console.print(table)
    verdict = "reached" if largest < WORKER_LIMIT_MB else "MISSED"
    console.print(f"wanted: under {WORKER_LIMIT_MB} MB: {verdict}")
    console.print(exported)
    return 0


def _export(one: Running, file: Path) -> str:
    """Take the whole layer as GeoParquet; say how much the largest process grew meanwhile."""
    before = most = one.memory_mb()
    started = time.monotonic()
    size = 0
    address = f"{one.address}/ogc/collections/{LAYER}/items?f=parquet"
    with urllib.request.urlopen(address, timeout=EXPORT_S) as answer, file.open("wb") as target:
        while part := answer.read(1 << 20):
            size += target.write(part)
            most = max(most, one.memory_mb())
    rows = parquet.read_metadata(file).num_rows
    verdict = "reached" if most - before < GROWTH_LIMIT_MB else "MISSED"
    return (
        f"GeoParquet of {rows:,} features, {size / 1e6:,.0f} MB in"
        f" {time.monotonic() - started:.0f} s: the largest process grew by {most - before:.0f} MB"
        f" (wanted: under {GROWTH_LIMIT_MB} MB: {verdict})"
    )
