"""A database with Orsha, files in odd forms, and a load in one line."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pyogrio
import pytest
import shapely

from layers import registry, store
from layers.area import seed_areas
from layers.ingest.vector.load import Options, load_vector
from layers.ingest.vector.load_report import LoadReport
from layers.ingest.vector.mapping import Mapping
from layers.model import Area, Layer

ORSHA = seed_areas()["orsha"]
LAYERS = registry.load_layers()

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Loader:
    """Loads into a layer of Orsha."""

    conn: Connection
    layer: Layer
    area: Area = ORSHA

    def __call__(self, file: Path, **options: Any) -> LoadReport:
        return load_vector(self.conn, self.layer, file, self.area, Options(**options))

    def rows(self) -> gpd.GeoDataFrame:
        return store.read(self.conn, self.layer, area=self.area.id)

    def into(self, layer_id: str) -> "Loader":
        return replace(self, layer=LAYERS[layer_id])

    def version(self) -> tuple[Any, ...] | None:
        query = "SELECT version, checksum, row_count, source FROM layers.version WHERE layer = %s"
        return self.conn.execute(query, [self.layer.id]).fetchone()

    def staged(self) -> list[str]:
        query = "SELECT relname::text FROM pg_class WHERE relnamespace = 'staging'::regnamespace"
        return [name for (name,) in self.conn.execute(query).fetchall()]


@pytest.fixture
def load(connection: Connection) -> Loader:
    # Without its rules of quality, which have tests of their own.
    return Loader(connection, LAYERS["parcels"].model_copy(update={"quality": ()}))


@pytest.fixture
def plots() -> Callable[..., gpd.GeoDataFrame]:
    """Square parcels in Orsha with gaps between, in the order of their numbers."""

    def make(count: int = 4, crs: str = "EPSG:4326", **columns: Any) -> gpd.GeoDataFrame:
        corners = [(30.40 + 0.002 * (i % 90), 54.50 + 0.002 * (i // 90)) for i in range(count)]
        shapes = [shapely.box(x, y, x + 0.001, y + 0.001) for x, y in corners]
        data = {
            "cadastral_number": [f"{i + 1:05}" for i in range(count)],
            "purpose": ["residential"] * count,
            "address": [f"вуліца Ўзгорная, {i + 1}" for i in range(count)],
        }
        frame = gpd.GeoDataFrame(data | columns, geometry=shapes, crs=4326)
        return frame.to_crs(crs)

    return make


def write(frame: gpd.GeoDataFrame, file: Path, **options: Any) -> Path:
    """Write a file with GDAL, or pyarrow, in the form of its ending."""
    if file.suffix == ".parquet":
        frame.to_parquet(file)
        return file
    drivers = {
        ".gdb": "OpenFileGDB",
        ".kmz": "LIBKML",
        ".kml": "LIBKML",
        ".mif": "MapInfo File",
        ".xlsx": "XLSX",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a form that shortens names or types says so
        pyogrio.write_dataframe(frame, file, driver=drivers.get(file.suffix), **options)
    return file


KEYED = Mapping(key=("cadastral_number",))
