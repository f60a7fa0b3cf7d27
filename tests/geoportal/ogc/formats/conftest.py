"""A database with layers that are hard to export: every type, every kind of geometry, odd texts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from layers.area import save_area
from layers.model import Field
from layers.registry import load_layers
from layers.schema import migrate
from tests.fix_db import new_database
from tests.fix_probe import AREA, TABLE, TITLE, probe_layer, write_layer

Connection = psycopg.Connection[tuple[Any, ...]]

ODD = [
    "Орша", 'Ўзда "і" ваколіцы', "", None, '=HYPERLINK("http://x")', "a,b;c\r\nd", "-1", "+7", "@x",
    "<b>&amp;</b>", "bell\x07", "it's", "\tTab", " space ", "Ж" * 140,
]  # fmt: skip

SHAPES = TABLE.replace("probe", "shapes").replace(
    "geom geometry(MultiPolygon, 4326) NOT NULL", "geom geometry(Geometry, 4326)"
)
POINTS = TABLE.replace("probe", "points").replace("(MultiPolygon, 4326)", "(Point, 4326)")

FILL = """
INSERT INTO features.probe (id, area, status, geom, kind, name, floors, height_m, lit, built, seen,
    tags, lines, levels)
SELECT n, 'quarter', 'open',
    ST_Multi(ST_Union(
        ST_Difference(
            ST_MakeEnvelope(30 + n / 100.0, 54, 30.006 + n / 100.0, 54.006, 4326),
            ST_MakeEnvelope(30.002 + n / 100.0, 54.002, 30.003 + n / 100.0, 54.003, 4326)),
        ST_MakeEnvelope(30 + n / 100.0, 55 + 1 / 3.0, 30.005 + n / 100.0, 55.5, 4326))),
    CASE n %% 2 WHEN 0 THEN 'house' ELSE 'shop' END, (%(odd)s::text[])[n],
    CASE WHEN n %% 4 > 0 THEN n %% 9 END, CASE WHEN n %% 3 > 0 THEN n / 3.0 END,
    CASE WHEN n %% 5 > 0 THEN n %% 2 = 0 END,
    CASE WHEN n %% 4 > 0 THEN date '1959-12-31' + n END,
    CASE WHEN n %% 7 > 0 THEN timestamptz '2026-10-01 12:00:00.25+03' + n * interval '1 day' END,
    CASE WHEN n %% 4 > 0 THEN (%(odd)s::text[])[n %% 12 + 1:n %% 12 + n %% 4] END,
    CASE WHEN n %% 3 > 0 THEN ARRAY[n, 0, 999] END, CASE WHEN n %% 2 > 0 THEN ARRAY[n / 3.0] END
FROM generate_series(1, %(many)s) AS n
"""
MIXED = """
INSERT INTO features.shapes (id, area, status, kind, name, geom)
SELECT n, 'quarter', 'open', 'shop', 'row ' || n, ST_GeomFromText(wkt, 4326)
FROM unnest(ARRAY['POINT(27 53)', 'MULTIPOINT(27 53,28 54)', 'LINESTRING(27 53,28 54)',
    'MULTIPOLYGON(((27 53,28 53,28 54,27 53)))', 'POLYGON((27 53,28 53,28 54,27 53))', NULL,
    'GEOMETRYCOLLECTION(POINT(27 53),LINESTRING(27 53,28 54))', 'POLYGON EMPTY'])
    WITH ORDINALITY AS t (wkt, n)
"""
DOTS = """
INSERT INTO features.points (id, area, status, kind, name, built, seen, geom)
SELECT n, 'quarter', 'open', 'shop', 'dot ' || n,
    CASE WHEN n % 2 > 0 THEN date '2026-01-01' + n END,
    CASE WHEN n % 3 > 0 THEN timestamptz '2026-02-01' + n * interval '1 hour' END,
    ST_SetSRID(ST_MakePoint(30 + n / 7.0, 54 + n / 9.0), 4326)
FROM generate_series(1, 6) AS n
"""
VERSION = """
INSERT INTO layers.version (layer, area, checksum, row_count, west, south, east, north,
                            time_start, time_end, status, source, source_checksum)
VALUES (%s, 'quarter', 'x', %s, 24, 51.5, 32, 55.6, NULL, NULL, 'demonstration', 'tests', 'x')
"""
LAYERS = ("probe", "shapes", "points")
MANY = 200_000
FILL_MANY = """
INSERT INTO features.many (id, area, status, kind, name, floors, height_m, seen, geom)
SELECT n, 'quarter', 'open', 'shop', 'Дом ' || n, n %% 13, n / 7.0,
    timestamptz '2026-01-01' + n * interval '1 minute',
    ST_Multi(ST_MakeEnvelope(30 + n / 1e6, 54, 30 + n / 1e6 + 5e-5, 54.0001, 4326))
FROM generate_series(1, %(many)s) AS n
"""


def interval_fields() -> tuple[Field, ...]:
    """The fields of `points`: its time is from a date to a moment."""
    roles = {"built": "primary-interval-start", "seen": "primary-interval-end"}
    return tuple(
        f.model_copy(update={"role": roles.get(f.name, f.role)}) for f in probe_layer().fields
    )


@pytest.fixture(scope="session")
def exports_layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of layer definitions."""
    root = tmp_path_factory.mktemp("exports")
    title = TITLE.model_copy(update={"be": "Будынкі", "ru": "Здания", "en": "Buildings"})
    write_layer(root, probe_layer(title=title), TABLE)
    write_layer(root, probe_layer(id="shapes", geometry="Geometry"), SHAPES)
    write_layer(root, probe_layer(id="many"), TABLE.replace("probe", "many"))
    points = probe_layer(id="points", geometry="Point", fields=interval_fields())
    write_layer(root, points, POINTS)
    return root


@pytest.fixture(scope="session")
def exports_database(server: str, template: str, exports_layers: Path) -> Iterator[str]:
    """URL of the database; tests only read it."""
    with new_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            layers = load_layers(exports_layers)
            migrate(connection, layers, roots=(exports_layers,))
            save_area(connection, AREA)
            for name in (*LAYERS, "many"):
                for schema in ("features", "tiles"):
                    connection.execute(
                        f"CREATE TABLE {schema}.{name}__a7 PARTITION OF {schema}.{name}"
                        " FOR VALUES IN ('quarter')".encode()
                    )
            connection.execute(FILL.encode(), {"odd": ODD, "many": len(ODD)})
            connection.execute(MIXED.encode())
            connection.execute(DOTS.encode())
            for name, rows in zip(LAYERS, (len(ODD), 8, 6), strict=True):
                connection.execute(VERSION.encode(), (name, rows))
        yield url


@pytest.fixture(scope="session")
def exports_client(exports_database: str, exports_layers: Path) -> Iterator[TestClient]:
    """A client of the application over that database."""
    settings = Settings(
        database_url=exports_database, layers_dir=exports_layers, public_url="http://portal.example"
    )
    with TestClient(create_app(settings), base_url="http://portal.example") as opened:
        yield opened


@pytest.fixture(scope="session")
def postgis(exports_database: str) -> Iterator[Connection]:
    """PostGIS asked directly."""
    with psycopg.connect(exports_database, autocommit=True) as opened:
        opened.execute("SET timezone = 'UTC'")
        yield opened


@pytest.fixture(scope="session")
def many(exports_database: str) -> int:
    """The number of rows of the layer `many`, which is made for this."""
    with psycopg.connect(exports_database, autocommit=True) as connection:
        connection.execute(FILL_MANY.encode(), {"many": MANY})
        connection.execute(VERSION.encode(), ("many", MANY))
        connection.execute("ANALYZE features.many")
    return MANY
