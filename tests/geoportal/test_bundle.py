"""`geoportal tiles seed` and `geoportal bundle` over a small demonstration quarter."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import mapbox_vector_tile
import psycopg
import pyogrio
import pytest
from pmtiles.reader import MmapSource, Reader, all_tiles

from geoportal.bundle import addresses, count
from layers.area import save_area, seed_areas
from layers.model import Origin
from layers.registry import load_layers
from layers.store import replace
from layers.tile_matrix_set import WEB_MERCATOR_QUAD
from layers.tile_store import make_tile
from layers.tiling import Address
from processing import demo
from tests.fix_db import new_database
from tests.geoportal.test_cli import geoportal, refused

LAYERS = load_layers()
LOADED = ("buildings", "streets", "street_lights", "service_points", "air_sensor_readings")
DRAWN = ("buildings", "streets", "service_points")  # visible by default


@pytest.fixture(scope="module")
def quarter(server: str, template: str) -> Iterator[str]:
    """URL of a database with a few layers of a small quarter."""
    with new_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            area = seed_areas()["orsha"]
            save_area(connection, area)
            origin = Origin(status="demonstration", source="tests", checksum="x")
            for name in LOADED:
                frames = demo.frames(area, name, buildings=60)
                replace(connection, LAYERS[name], frames, area=area, origin=origin)
        yield url


@pytest.fixture(scope="module")
def bundle(quarter: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "orsha"
    done = geoportal(
        "bundle", "orsha", "--output", folder, "--max-zoom", "15", database_url=quarter
    )
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        assert Path(line).is_file()
    return folder


def test_pmtiles_hold_the_tiles_of_the_server(bundle: Path, quarter: str) -> None:
    with (bundle / "orsha.pmtiles").open("rb") as file:
        source = MmapSource(file)
        reader = Reader(source)
        header, found = reader.header(), dict(all_tiles(source))
        assert (header["min_zoom"], header["max_zoom"]) == (10, 15)
        assert header["clustered"]
        assert {layer["id"] for layer in reader.metadata()["vector_layers"]} == set(DRAWN)
        assert reader.metadata()["attribution"]
    with psycopg.connect(quarter, autocommit=True) as connection:
        levels = set()
        for (z, x, y), data in found.items():
            levels.add(z)
            at = Address(WEB_MERCATOR_QUAD, z, y, x)
            wanted = {
                name: mapbox_vector_tile.decode(tile)[name]
                for name in DRAWN
                if (tile := make_tile(connection, LAYERS[name], at).data)
            }
            assert mapbox_vector_tile.decode(gzip.decompress(data)) == wanted
    assert levels == set(range(10, 16))


def test_every_building_is_in_the_finest_tiles(bundle: Path, quarter: str) -> None:
    ids: set[int] = set()
    with (bundle / "orsha.pmtiles").open("rb") as file:
        for (z, _, _), data in all_tiles(MmapSource(file)):
            if z == 15:
                layers = mapbox_vector_tile.decode(gzip.decompress(data))
                ids |= {f["id"] for f in layers.get("buildings", {}).get("features", [])}
    with psycopg.connect(quarter) as connection:
        rows = connection.execute("SELECT id FROM features.buildings").fetchall()
    assert ids == {row[0] for row in rows}


def test_gdal_reads_the_pmtiles(bundle: Path) -> None:
    drivers = pyogrio.list_drivers()
    if "PMTiles" not in drivers:
        pytest.skip("GDAL was built without PMTiles")
    names = {name for name, _ in pyogrio.list_layers(bundle / "orsha.pmtiles")}
    assert names == set(DRAWN)


def test_geopackage_holds_every_layer_of_the_area(bundle: Path, quarter: str) -> None:
    path = bundle / "orsha.gpkg"
    kinds = dict(pyogrio.list_layers(path))
    assert set(kinds) == set(LOADED)
    assert kinds["street_lights"] == "Point"
    assert kinds["buildings"] == "MultiPolygon"
    with psycopg.connect(quarter) as connection:
        for name in LOADED:
            query = f"SELECT count(*), sum(id), min(ST_XMin(geom)) FROM features.{name}"
            rows, ids, west = connection.execute(query.encode()).fetchone() or ()
            frame = pyogrio.read_dataframe(path, layer=name)
            assert (len(frame), frame["feature_id"].sum()) == (rows, ids)
            assert frame.total_bounds[0] == pytest.approx(float(west), abs=1e-9)
            assert frame.crs.to_epsg() == 4326
            assert {f.name for f in LAYERS[name].published_fields} <= set(frame.columns)
    times = pyogrio.read_dataframe(path, layer="air_sensor_readings")["time"]
    assert str(times.min()).startswith("2026-10-01 00:00:00")


def test_styles_draw_the_bundle_alone(bundle: Path) -> None:
    style = json.loads((bundle / "style.json").read_text())
    assert style["sources"]["bundle"]["url"] == "pmtiles://orsha.pmtiles"
    drawn = [part["source-layer"] for part in style["layers"] if "source" in part]
    assert set(drawn) == set(DRAWN)
    assert len({part["id"] for part in style["layers"]}) == len(style["layers"])
    for name in DRAWN:
        assert json.loads((bundle / "styles" / f"{name}.json").read_text())["version"] == 8


def test_readme_names_status_licence_and_attribution(bundle: Path) -> None:
    text = (bundle / "README.md").read_text()
    assert "Орша" in text
    for name in LOADED:
        (line,) = [one for one in text.splitlines() if one.startswith(f"| {name} |")]
        assert "demonstration" in line
        assert LAYERS[name].attribution in line


def test_bundle_of_nothing_is_refused(quarter: str, tmp_path: Path) -> None:
    said = refused(geoportal("bundle", "minsk", "--output", tmp_path, database_url=quarter))
    assert "minsk" in said
    said = refused(
        geoportal(
            "bundle", "orsha", "--output", tmp_path, "--layer", "nosuch", database_url=quarter
        )
    )
    assert "nosuch" in said
    assert not list(tmp_path.iterdir())


def test_seed_makes_what_is_missing(quarter: str, tmp_path: Path) -> None:
    command = ("tiles", "seed", "--layer", "buildings", "--max-zoom", "15")
    folder = tmp_path / "tiles"
    first = geoportal(*command, database_url=quarter, tile_cache_dir=folder)
    assert first.returncode == 0, first.stderr
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert f"buildings: {len(files)} tiles made, 0 kept already" in first.stderr
    again = geoportal(*command, "--area", "orsha", database_url=quarter, tile_cache_dir=folder)
    assert "0 tiles made" in again.stderr
    # Level by level: 12 to 15, the box of the buildings.
    assert {p.parts[-3] for p in files} == {"12", "13", "14", "15"}


def test_seed_needs_a_folder(quarter: str) -> None:
    said = refused(geoportal("tiles", "seed", database_url=quarter))
    assert "GEOPORTAL_TILE_CACHE_DIR" in said


def test_addresses_are_as_many_as_counted() -> None:
    box = (30.3, 54.4, 30.5, 54.6)
    found = list(addresses(box, 8, 13))
    assert len(found) == count(box, 8, 13) == len(set(found))
    assert {at.z for at in found} == set(range(8, 14))
