from typing import Any

import numpy as np
import psycopg
import pytest
from rasterio.io import MemoryFile

from layers import raster_store
from layers.area import save_area, seed_areas
from layers.errors import RefusedLoad, UnknownLayer
from layers.model import Origin
from layers.raster import Raster, get_raster, load_rasters

ORSHA = seed_areas()["orsha"]
ORIGIN = Origin(status="demonstration", source="test", checksum="1")
RNG = np.random.default_rng(7)


def dem(rows: int = 300, columns: int = 500, nodata: float | None = np.nan) -> Raster:
    values = RNG.normal(170, 9, (rows, columns)).astype(np.float32)
    if nodata is not None:
        values[10:20, 30:50] = nodata
    return Raster(values, (5.0, 0.0, 332_000.0, 0.0, -5.0, 6_044_000.0), "EPSG:32636", nodata)


def put(conn: Any, raster: Raster, raster_id: str = "dem") -> raster_store.LoadedRaster:
    return raster_store.replace(conn, get_raster(raster_id), raster, area=ORSHA, origin=ORIGIN)


@pytest.fixture
def saved(connection: Any) -> Any:
    save_area(connection, ORSHA)
    return connection


def test_cells_come_back_bit_for_bit(saved: Any) -> None:
    for made in (dem(), dem(3, 2, None), dem(257, 1, -9999.0)):
        put(saved, made)
        back = raster_store.read(saved, "dem", area="orsha")
        assert back is not None
        assert np.array_equal(back.values, made.values, equal_nan=True)
        assert (back.transform, back.crs) == (made.transform, made.crs)
        assert back.bounds == made.bounds
        assert str(back.nodata) == str(made.nodata)
    assert raster_store.read(saved, "dem", area="minsk") is None
    assert raster_store.read(saved, "clutter", area="orsha") is None


def test_the_same_cells_change_nothing_and_others_get_a_new_version(saved: Any) -> None:
    one, two = dem(), dem()
    first = put(saved, one)
    assert first.changed
    assert put(saved, one) == raster_store.LoadedRaster(first.version, False, first.checksum)
    second = put(saved, two)
    assert second.changed
    assert second.version > first.version
    (known,) = raster_store.versions(saved)
    assert (known.layer, known.area, known.version) == ("dem", "orsha", second.version)
    assert (known.checksum, known.row_count) == (second.checksum, 150_000)


def test_what_is_stored_is_a_cloud_optimised_geotiff(saved: Any) -> None:
    put(saved, dem(600, 700))
    (data,) = saved.execute("SELECT geotiff FROM layers.raster").fetchone()
    with MemoryFile(data) as file, file.open() as source:
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert source.crs.to_epsg() == 32636
        assert source.overviews(1)
        assert source.block_shapes == [(256, 256)]


def test_what_does_not_fit_is_refused_and_nothing_changes(saved: Any) -> None:
    kept = put(saved, dem())
    elsewhere = Raster(dem().values, dem().transform, "EPSG:3857", np.nan)
    with pytest.raises(RefusedLoad, match="EPSG:3857"):
        put(saved, elsewhere)
    classes = Raster(np.full((2, 2), 9, np.float32), dem().transform, "EPSG:32636", None)
    with pytest.raises(RefusedLoad, match="class 9"):
        put(saved, classes, "land_cover")
    with pytest.raises(RefusedLoad, match="0 cells"):
        put(saved, Raster(np.zeros((0, 5), np.float32), dem().transform, "EPSG:32636"))
    assert [v.version for v in raster_store.versions(saved)] == [kept.version]


def test_a_load_that_is_cut_off_leaves_the_old_cells(saved: Any, database: str) -> None:
    kept = put(saved, dem())
    with psycopg.connect(database) as other, other.transaction(force_rollback=True):
        put(other, dem())
        assert raster_store.read(saved, "dem", area="orsha") is not None
    assert [v.version for v in raster_store.versions(saved)] == [kept.version]


def test_definitions_are_in_order() -> None:
    assert set(load_rasters()) == {"dem", "clutter", "land_cover", "population_density"}
    with pytest.raises(UnknownLayer, match="nosuch"):
        get_raster("nosuch")
