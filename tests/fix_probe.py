"""A layer made for tests: one field of every type, a mandatory geometry, codes and bounds."""

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely
import yaml

from layers import store
from layers.area import save_area
from layers.first_style import first_style
from layers.model import Area, Code, Field, Layer, Licence, Origin, Supplier, Text
from layers.schema import migrate
from layers.store import Loaded

Connection = psycopg.Connection[tuple[object, ...]]

TITLE = Text(be="Проба", ru="Проба", en="Probe")
AREA = Area(id="quarter", number=7, title=TITLE, soato="2000000000", srid=32636, lon=30.4, lat=54.5)
OTHER = Area(id="other", number=8, title=TITLE, soato="", srid=32636, lon=30.4, lat=54.5)
ORIGIN = Origin(status="demonstration", source="made by the test", checksum="0" * 64)

TABLE = """
CREATE TABLE IF NOT EXISTS features.probe (
    id bigint NOT NULL, area text NOT NULL, soato text, status text NOT NULL,
    geom geometry(MultiPolygon, 4326) NOT NULL,
    kind text NOT NULL, name text, floors bigint, height_m double precision, lit boolean,
    built date, seen timestamptz, tags text[], lines bigint[], levels double precision[],
    CONSTRAINT floors_fit CHECK (floors <> 13),
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);
CREATE INDEX IF NOT EXISTS probe_geom ON features.probe USING gist (geom);
CREATE INDEX IF NOT EXISTS probe_kind ON features.probe (kind, id);
"""


def probe_layer(**changes: object) -> Layer:
    """The definition; `changes` replace parts of it."""
    codes = tuple(Code(value=v, title=TITLE) for v in ("house", "shop"))
    given: dict[str, object] = {
        "id": "probe",
        "theme": "base",
        "title": TITLE,
        "description": TITLE,
        "geometry": "MultiPolygon",
        "scope": "area",
        "status": "demonstration",
        "supplier": Supplier(name=TITLE),
        "update_period": "irregular",
        "licence": Licence(id="CC0-1.0", title="CC0"),
        "attribution": "test",
        "fields": (
            Field(
                name="kind", type="string", title=TITLE, codes=codes, required=True, in_tile=True
            ),
            Field(name="name", type="string", title=TITLE, role="title"),
            Field(name="floors", type="integer", title=TITLE, minimum=0, maximum=100, in_tile=True),
            Field(name="height_m", type="number", unit="m", title=TITLE),
            Field(name="lit", type="boolean", title=TITLE),
            Field(name="built", type="date", title=TITLE),
            Field(name="seen", type="datetime", title=TITLE, role="primary-instant"),
            Field(name="tags", type="string_array", title=TITLE),
            Field(name="lines", type="integer_array", title=TITLE, minimum=0, maximum=999),
            Field(name="levels", type="number_array", unit="m", title=TITLE),
        ),
    }
    return Layer.model_validate(given | changes)


def write_layer(root: Path, layer: Layer, table: str) -> None:
    """Write the folder of a layer, as an operator would."""
    folder = root / layer.theme / layer.id
    folder.mkdir(parents=True, exist_ok=True)
    document = layer.model_dump(mode="json")
    (folder / "layer.yml").write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    (folder / "table.sql").write_text(table, "utf-8")
    (folder / "style.json").write_text(json.dumps(first_style(layer)), "utf-8")


def frame(n: int = 5, *, first: int = 1, area: Area = AREA) -> gpd.GeoDataFrame:
    """n rows with every kind of value, nulls and awkward text among them."""
    numbers = range(first, first + n)
    lists = [["a", "Ўзда"], ['quo"te', "back\\slash", "{,}", " "], [], None, ["NULL", "", "\t\n"]]
    awkward = ["Орша", "Ўзда\t\\N", 'quo"te', "", None]
    return gpd.GeoDataFrame(
        {
            "kind": ["house" if i % 2 else "shop" for i in numbers],
            "name": [awkward[i % 5] for i in numbers],
            "floors": pd.array([i % 9 if i % 4 else None for i in numbers], dtype="Int64"),
            "height_m": [i / 3 if i % 3 else None for i in numbers],
            "lit": pd.array([bool(i % 2) if i % 5 else None for i in numbers], dtype="boolean"),
            "built": [pd.Timestamp(1990 + i % 30, 5, 4) if i % 4 else pd.NaT for i in numbers],
            "seen": pd.to_datetime([f"2026-10-{1 + i % 28:02} 12:00" for i in numbers], utc=True),
            "tags": [lists[i % 5] for i in numbers],
            "lines": [[i % 1000, 7] if i % 4 else None for i in numbers],
            "levels": [[i / 3, -0.5] if i % 3 else [] for i in numbers],
        },
        index=pd.Index([area.feature_id(i) for i in numbers], name="id"),
        geometry=[shapely.box(30 + i / 1e4, 54, 30 + i / 1e4 + 5e-5, 54.0001) for i in numbers],
        crs=4326,
    )


@pytest.fixture
def probe(connection: psycopg.Connection[tuple[object, ...]], tmp_path: Path) -> Iterator[Layer]:
    """The layer, with its tables made and its areas saved; no test leaves a table in staging."""
    layer = probe_layer()
    write_layer(tmp_path / "layers", layer, TABLE)
    migrate(connection, {layer.id: layer}, roots=[tmp_path / "layers"])
    save_area(connection, AREA)
    save_area(connection, OTHER)
    yield layer
    connection.execute("RESET SESSION AUTHORIZATION")
    left = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'staging'")
    assert left.fetchall() == []


def chunks(whole: gpd.GeoDataFrame, size: int) -> Iterator[gpd.GeoDataFrame]:
    """The frame in pieces, as a generator gives them."""
    for start in range(0, len(whole), size):
        yield whole.iloc[start : start + size]


def load(conn: Connection, layer: Layer, *frames: gpd.GeoDataFrame) -> Loaded:
    return store.replace(conn, layer, frames, area=AREA, origin=ORIGIN)


def state(conn: Connection) -> list[object]:
    """Everything a reader could see of the layer."""
    return [
        conn.execute(query).fetchall()
        for query in (
            "SELECT * FROM features.probe ORDER BY id",
            "SELECT * FROM tiles.probe ORDER BY id",
            "SELECT * FROM layers.version",
            "SELECT tablename FROM pg_tables WHERE schemaname IN ('features', 'tiles', 'staging')"
            " AND tablename ~ 'probe' ORDER BY 1",
        )
    ]
