"""A file of any form goes into the layer that was drafted from it, whole."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pyogrio
import pytest
import shapely

from layers import registry, store
from layers.area import save_area, seed_areas
from layers.draft.folder import draft, write
from layers.draft.survey import Asked, survey
from layers.ingest.vector.load import Options, load_vector
from layers.ingest.vector.load_report import LoadReport
from layers.ingest.vector.mapping import read_mapping
from layers.model import Layer
from layers.schema import migrate
from tests import fix_loads
from tests.fix_drafts import BENCHES, benches
from tests.fix_metadata import FULL

RECORD = replace(FULL, fields=())
ORSHA = seed_areas()["orsha"]

Connection = psycopg.Connection[tuple[Any, ...]]
Round = Callable[..., tuple[LoadReport, Layer]]


@pytest.fixture
def round_trip(connection: Connection, tmp_path: Path) -> Round:
    """Drafts a layer of a file and loads the file into it, in a database of this test."""

    def go(file: Path, crs: str | None = None) -> tuple[LoadReport, Layer]:
        root = tmp_path / "drafted"
        found = survey(file, Asked(crs=crs))
        folder = write(root, "base", "trial", draft("trial", "base", found, RECORD))
        assert [str(fault) for fault in registry.check(root, package=False)] == []
        layer = registry.load_layers(root, package=False)["trial"]
        migrate(connection, {"trial": layer}, roots=(root,))
        save_area(connection, ORSHA)
        mapping = read_mapping(folder / "mapping.yml", layer)
        report = load_vector(connection, layer, file, ORSHA, Options(mapping=mapping, crs=crs))
        assert (report.counts.refused, report.unmapped, report.findings) == (0, (), ())
        assert report.decision == "published"
        return report, layer

    return go


@pytest.mark.parametrize("ending", ["shp", "kml", "parquet"])
def test_files_of_a_gis(
    round_trip: Round, connection: Connection, tmp_path: Path, ending: str
) -> None:
    frame = benches("EPSG:4326" if ending == "kml" else "EPSG:32636")
    cyrillic = {"encoding": "cp1251"} if ending == "shp" else {}
    report, layer = round_trip(fix_loads.write(frame, tmp_path / f"a.{ending}", **cyrillic))
    assert report.counts.loaded == BENCHES
    rows = store.read(connection, layer, area="orsha")
    assert sorted(rows["nazva"]) == sorted(frame["Назва"])
    assert set(rows["soato"]) == {"2236501000"}


def test_a_table_of_an_office(round_trip: Round, connection: Connection, tmp_path: Path) -> None:
    """Semicolons, decimal commas, local dates, an encoding that nobody names."""
    file = tmp_path / "a.csv"
    lines = [
        f"{n:03};Ўзгорак {n};{n},25;{n + 1:02}.05.2024 08:30;да;30,4{n:02};54,5"
        for n in range(1, 13)
    ]
    head = "Номер;Назва;плошча, га;абнаўленне;ёсць;долгота;широта"
    file.write_bytes("\r\n".join([head, *lines]).encode("cp1251"))
    _, layer = round_trip(file)
    types = {field.name: (field.type, field.unit) for field in layer.fields}
    assert types == {
        "nomer": ("string", None), "nazva": ("string", None), "ploshcha_ga": ("number", "har"),
        "abnaulenne": ("datetime", None), "yosts": ("boolean", None),
    }  # fmt: skip
    rows = store.read(connection, layer, area="orsha").sort_values("nomer")
    first = rows.iloc[0]
    assert (first["nomer"], first["nazva"], first["ploshcha_ga"]) == ("001", "Ўзгорак 1", 1.25)
    assert first["abnaulenne"].isoformat() == "2024-05-02T05:30:00+00:00"  # of Minsk
    assert bool(first["yosts"]) is True
    assert (first.geometry.x, first.geometry.y) == pytest.approx((30.401, 54.5))


def test_a_drawing_in_a_named_grid(round_trip: Round, tmp_path: Path) -> None:
    line = shapely.LineString([(30.42, 54.5), (30.43, 54.51)])
    frame = gpd.GeoDataFrame({"Layer": ["red lines"] * 2}, geometry=[line] * 2, crs=4326)
    file = tmp_path / "a.dxf"
    pyogrio.write_dataframe(frame.to_crs("EPSG:28406"), file, driver="DXF")
    report, layer = round_trip(file, crs="EPSG:28406")
    assert layer.geometry == "LineString"
    assert report.counts.loaded > 0


def test_single_and_multi_shapes_together(
    round_trip: Round, connection: Connection, tmp_path: Path
) -> None:
    squares = [shapely.box(30.4 + n / 100, 54.5, 30.405 + n / 100, 54.505) for n in range(3)]
    shapes = [squares[0], shapely.MultiPolygon(squares[1:])]
    frame = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=shapes, crs=4326)
    _, layer = round_trip(fix_loads.write(frame, tmp_path / "a.gpkg"))
    rows = store.read(connection, layer, area="orsha")
    assert set(rows.geometry.geom_type) == {"MultiPolygon"}
    assert rows.geometry.union_all().equals(shapely.unary_union(shapes))
