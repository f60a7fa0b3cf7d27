"""What the servers are asked, and what a right answer holds, said by PostGIS itself."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import psycopg

from benchmarks.answers import Range
from benchmarks.errors import BenchmarkError
from benchmarks.place import LAYER, Place
from benchmarks.servers import Server, Tile
from layers import keyset

SEED = 20_24
VARIETY = 60
"""So many different boxes, items and tiles are asked for in turn."""

ZOOM = 14
TILE_FEATURES = (350, 550)
ROUGH_ZOOMS = (11, 13)
"""There ours leaves out what cannot be seen (docs/decisions/0021), the others draw everything."""
DEPTH = 400_000
FILTER_FEATURES = 100
BOX_FEATURES = (600, 1000)
BOX_SIDE_M = 1_400
"""Side of a box in the built-up area that holds so many."""

BOXES = "items, bbox, 600 to 1000"
ITEM = "single item"
FILTERED = f"items, CQL2, limit={FILTER_FEATURES}"
DEEP = "items, limit=10, deep"
UNCHANGED = f"z{ZOOM} tile, unchanged"


@dataclass(frozen=True)
class Question:
    """One kind of request: what stands in the table, and the thing that is asked for each time."""

    title: str
    wanted: Sequence[tuple[Any, Range]]
    kind: str
    unchanged: bool = False
    """Whether the caller has the answers already."""

    def paths(self, server: Server) -> list[str] | None:
        """Return the paths at a server; None when it has no such answer."""
        ask = getattr(server, self.kind)
        return None if ask is None else [ask(thing) for thing, _ in self.wanted]


def questions(place: Place) -> list[Question]:
    """Return every kind of request, with the features that PostGIS counts for it."""
    with psycopg.connect(place.url, autocommit=True) as connection:
        boxes, ids, tiles = _boxes(connection), _ids(connection), _tiles(connection)
        filters, deep = _filters(connection), _deep(connection)
        rough = [(z, _rough_tiles(connection, z)) for z in ROUGH_ZOOMS]
    return [
        *(Question(page_of(n), [(f"limit={n}", (n, n))], "items") for n in (10, 100, 1000)),
        Question(BOXES, boxes, "items"),
        Question(ITEM, ids, "item"),
        Question(FILTERED, filters, "items"),
        Question(DEEP, deep, "following"),
        *(Question(tile_of(z), found, "rough") for z, found in rough),
        Question(tile_of(ZOOM), tiles, "tile"),
        Question(UNCHANGED, tiles, "unchanged", unchanged=True),
    ]


def page_of(limit: int) -> str:
    """Return the title of a page of so many items."""
    return f"items, limit={limit}"


def tile_of(zoom: int) -> str:
    """Return the title of the tiles of a zoom level."""
    return f"z{zoom} tile"


def _filters(connection: psycopg.Connection[Any]) -> list[tuple[Any, Range]]:
    """Filters that few buildings pass, in words that every server reads as CQL2 text."""
    rows = connection.execute(
        f"SELECT kind, storeys, count(*) FROM features.{LAYER} WHERE storeys > 0 GROUP BY 1, 2"
        " HAVING count(*) >= 5 ORDER BY 1, 2"
    ).fetchall()
    return [
        (
            f"limit={FILTER_FEATURES}&filter="
            + quote(f"kind = '{kind}' AND storeys = {storeys}", safe="")
            + "&filter-lang=cql2-text",
            (min(count, FILTER_FEATURES), min(count, FILTER_FEATURES)),
        )
        for kind, storeys, count in rows
    ]


def _deep(connection: psycopg.Connection[Any]) -> list[tuple[Any, Range]]:
    """A page of ten far behind the first one (behind four fifths of a smaller layer)."""
    row = connection.execute(f"SELECT min(id), count(*) FROM features.{LAYER}").fetchone()
    assert row is not None
    behind = row[0] + min(DEPTH, row[1] * 4 // 5) - 1
    return [(f"limit=10&cursor={keyset.Cursor((behind,)).text()}", (10, 10))]


def _rough_tiles(connection: psycopg.Connection[Any], zoom: int) -> list[tuple[Any, Range]]:
    """The tiles that have at least half as many buildings as the fullest one."""
    rows = connection.execute(
        "SELECT floor((ST_XMin(geom) + %(half)s) / %(side)s)::int AS x,"
        " floor((%(half)s - ST_YMin(geom)) / %(side)s)::int AS y, count(*)"
        f" FROM tiles.{LAYER} GROUP BY 1, 2 ORDER BY 3 DESC",
        {"half": HALF_M, "side": 2 * HALF_M / 2**zoom},
    ).fetchall()
    full = [(x, y) for x, y, count in rows if count * 2 >= rows[0][2]]
    return [(Tile(zoom, x, y), (1, rows[0][2] * 2)) for x, y in full[:VARIETY]]


def _boxes(connection: psycopg.Connection[Any]) -> list[tuple[Any, Range]]:
    """Boxes around random buildings; a server may look at the features' own boxes only."""
    rows = connection.execute(
        "SELECT b.w, b.s, b.e, b.n,"
        " count(*) FILTER (WHERE ST_Intersects(t.geom, b.box)), count(*)"
        " FROM (SELECT p.*, ST_MakeEnvelope(w, s, e, n, 4326) AS box FROM (SELECT"
        "   round((ST_X(c) - d / cos(radians(ST_Y(c))))::numeric, 5)::float8 AS w,"
        "   round((ST_Y(c) - d)::numeric, 5)::float8 AS s,"
        "   round((ST_X(c) + d / cos(radians(ST_Y(c))))::numeric, 5)::float8 AS e,"
        "   round((ST_Y(c) + d)::numeric, 5)::float8 AS n"
        "   FROM (SELECT ST_Centroid(geom) AS c, %(side)s / 2 / 111195.0 AS d"
        f"     FROM features.{LAYER} WHERE id = ANY(%(ids)s)) AS c) AS p) AS b"
        f" JOIN features.{LAYER} AS t ON t.geom && b.box GROUP BY 1, 2, 3, 4 ORDER BY 1, 2",
        {"side": BOX_SIDE_M, "ids": [i for i, _ in _ids(connection)]},
    ).fetchall()
    low, high = BOX_FEATURES
    found = [
        (f"limit={high}&bbox={w},{s},{e},{n}", (exact, rough))
        for w, s, e, n, exact, rough in rows
        if low <= exact and rough <= high
    ]
    return _some(found, "boxes")


def _ids(connection: psycopg.Connection[Any]) -> list[tuple[Any, Range]]:
    row = connection.execute(f"SELECT min(id), count(*) FROM features.{LAYER}").fetchone()
    assert row is not None
    first, count = row
    chosen = random.Random(SEED).sample(range(count), min(count, 5 * VARIETY))
    return [(first + n, (1, 1)) for n in chosen]


def _tiles(connection: psycopg.Connection[Any]) -> list[tuple[Any, Range]]:
    """Tiles of like density; a server may add what lies in a buffer around the tile."""
    rows = connection.execute(
        "SELECT x, y, count(*) FILTER (WHERE t.geom && tile), count(*)"
        " FROM (SELECT x, y, ST_TileEnvelope(%(z)s, x, y) AS tile,"
        "   ST_TileEnvelope(%(z)s, x, y, margin => 0.0625) AS wide FROM (SELECT DISTINCT"
        "     floor((ST_XMin(geom) + %(half)s) / %(side)s)::int AS x,"
        "     floor((%(half)s - ST_YMin(geom)) / %(side)s)::int AS y"
        f"     FROM tiles.{LAYER}) AS b) AS a"
        f" JOIN tiles.{LAYER} AS t ON t.geom && wide GROUP BY 1, 2 ORDER BY 1, 2",
        {"z": ZOOM, "half": HALF_M, "side": 2 * HALF_M / 2**ZOOM},
    ).fetchall()
    low, high = TILE_FEATURES
    found = [
        # Buildings smaller than a tile's unit may vanish.
        (Tile(ZOOM, x, y), (exact - 3, wide))
        for x, y, exact, wide in rows
        if low <= exact <= high
    ]
    return _some(found, "tiles")


def _some(found: list[tuple[Any, Range]], what: str) -> list[tuple[Any, Range]]:
    if len(found) < 3:
        raise BenchmarkError(f"The generated city has only {len(found)} {what} of the wanted size.")
    random.Random(SEED).shuffle(found)
    return found[:VARIETY]


HALF_M = 20037508.342789244
"""Half the side of the Web Mercator square, m."""
