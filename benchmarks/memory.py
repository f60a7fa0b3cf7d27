"""Resident memory of the geoportal's workers: at the start, after pages, tiles, and HTML."""

from __future__ import annotations

from rich.table import Table

from benchmarks import load, servers
from benchmarks.place import LAYER, console, folder, place
from benchmarks.questions import questions
from benchmarks.serving import WORKER_LIMIT_MB

BUILDINGS = (200_000, 60_000)
SECONDS = (5, 1)
PAGES = (
    f"/ogc/collections/{LAYER}/items?limit=10000",
    f"/ogc/collections/{LAYER}/items?limit=1000&f=html",
    "/ogc/collections?f=html",
    "/ogc/api?f=json",
)


def main(quick: bool) -> int:
    """Put the server with its default tile cache under load and print what each part left."""
    table = Table(title="resident memory of the largest worker of the geoportal, MB")
    table.add_column("after")
    table.add_column("MB", justify="right")
    with folder() as inside, place(inside, BUILDINGS[quick]) as city:
        server = servers.ours(city, tile_cache_mb=64)
        with servers.running(server, inside) as one:
            one.await_ready()
            table.add_row("start", f"{one.memory_mb():.0f}")
            for question in questions(city):
                paths = question.paths(server) or []
                load.measure(one.address, paths, SECONDS[quick], inside)
                table.add_row(question.title, f"{one.memory_mb():.0f}")
            for path in PAGES:
                load.measure(one.address, [path], SECONDS[quick], inside)
                table.add_row(path.removeprefix("/ogc"), f"{one.memory_mb():.0f}")
            largest = one.memory_mb()
    console.print(table)
    verdict = "reached" if largest < WORKER_LIMIT_MB else "MISSED"
    console.print(f"wanted: under {WORKER_LIMIT_MB} MB: {verdict}")
    return 0
