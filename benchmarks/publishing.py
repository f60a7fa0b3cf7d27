"""How soon a published table is in two servers, and gone again; also with NOTIFY lost."""

from __future__ import annotations

import time
import urllib.error
import urllib.request

import psycopg

from benchmarks import servers
from benchmarks.errors import ServerFailed
from benchmarks.place import console, folder, place
from geoportal.cli.publish import described
from layers.first_style import first_style
from layers.publish import publish, unpublish
from layers.source_table import read_source

BUILDINGS = 1_000
ROUNDS = (10, 3)
WANTED_S = 2.0
LONGEST_S = 30.0
SAID = {
    "theme": "infrastructure", "title_be": None, "title_ru": None, "title_en": None,
    "status": "demonstration", "licence": "CC0-1.0", "licence_title": None, "licence_url": None,
    "supplier": "benchmark", "attribution": None,
}  # fmt: skip
BENCHES = (
    "CREATE TABLE benches (n integer PRIMARY KEY, seats integer, geom geometry(Point, 32636));"
    " INSERT INTO benches SELECT n, n % 5, ST_Point(440000 + n % 1000, 6040000 + n / 1000, 32636)"
    " FROM generate_series(1, 100000) AS n"
)


def main(quick: bool, _features: int | None = None) -> int:
    """Publish and unpublish a table of 100,000 rows some times; print the longest waits."""
    with folder() as inside, place(inside, BUILDINGS) as city:
        first, second = servers.ours(city), servers.ours(city)
        with servers.running(first, inside) as one, servers.running(second, inside) as two:
            one.await_ready()
            two.await_ready()
            addresses = (one.address, two.address)
            with psycopg.connect(city.url, autocommit=True) as connection:
                connection.execute(BENCHES)
                for title, state in (("NOTIFY", "ENABLE"), ("NOTIFY lost", "DISABLE")):
                    for table in ("layers.definition", "layers.version"):
                        connection.execute(f"ALTER TABLE {table} {state} TRIGGER announce".encode())
                    _measure(connection, title, addresses, ROUNDS[quick])
    return 0


def _measure(
    connection: psycopg.Connection[tuple[object, ...]],
    title: str,
    addresses: tuple[str, ...],
    rounds: int,
) -> None:
    waits: dict[str, list[float]] = {"visible": [], "gone": []}
    for _ in range(rounds):
        source = read_source(connection, "benches")
        layer = described(source, "benches", **SAID)
        publish(connection, source, layer, first_style(layer))
        waits["visible"].append(_await(addresses, 200))
        unpublish(connection, "benches")
        waits["gone"].append(_await(addresses, 404))
    for what, seconds in waits.items():
        verdict = "reached" if max(seconds) < WANTED_S else "MISSED"
        console.print(
            f"{title}: {what} in both servers after {max(seconds):.2f} s at most"
            f" of {rounds} (wanted: under {WANTED_S:g} s: {verdict})"
        )


def _await(addresses: tuple[str, ...], status: int) -> float:
    started = time.monotonic()
    # In a row, so that every worker of a server is likely to be among those asked.
    while not all(_status(one) == status for one in addresses for _ in range(4)):
        if time.monotonic() > started + LONGEST_S:
            raise ServerFailed("the servers do not follow the database")
        time.sleep(0.01)
    return time.monotonic() - started


def _status(address: str) -> int:
    try:
        with urllib.request.urlopen(f"{address}/ogc/collections/benches?f=json") as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
