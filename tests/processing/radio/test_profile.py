import zipfile

import numpy as np
import pytest

from processing.radio import p1812, profile
from processing.radio.loss import Reason
from processing.raster import Raster

NORTH = 4_000_000.0
VOID = -32768


def raster(values, cell_m=10.0, nodata=None):
    values = np.asarray(values, dtype=np.float32)
    return Raster(values, (cell_m, 0.0, 0.0, 0.0, -cell_m, NORTH), "EPSG:32636", nodata)


def slope(rows=20, columns=30):
    """Heights of the plane 100 + 0.1 x + 0.2 (north - y), at the centres of cells."""
    row, column = np.mgrid[0:rows, 0:columns]
    return 100.0 + 0.1 * 10.0 * (column + 0.5) + 0.2 * 10.0 * (row + 0.5)


def test_a_plane_is_read_as_a_plane():
    grid = profile.grid(raster(slope()))
    x, y = np.array([50.0, 123.4]), NORTH - np.array([60.0, 77.7])
    heights, reason = profile.sample(grid, x, y)
    assert heights == pytest.approx(100.0 + 0.1 * x + 0.2 * (NORTH - y), abs=1e-4)
    assert (reason == Reason.COMPUTED).all()


def test_the_profile_runs_straight_from_mast_to_end():
    grid = profile.grid(raster(slope()))
    found = profile.extract(grid, None, (50.0, NORTH - 50.0), np.array([[250.0, NORTH - 150.0]]), 5)
    assert found.distance_km[0] == pytest.approx(np.linspace(0, np.hypot(200, 100) / 1e3, 5))
    assert found.terrain_m[0] == pytest.approx(115.0 + np.linspace(0, 1, 5) * 40.0, abs=1e-4)
    assert (found.clutter_m == 0).all()


def test_clutter_is_that_of_the_cell_and_none_where_it_is_not_known():
    clutter = np.zeros((20, 30))
    clutter[:, 10:12] = 15.0
    clutter[:, 20:] = np.nan
    found = profile.extract(
        profile.grid(raster(slope())),
        profile.grid(raster(clutter)),
        (5.0, NORTH - 50.0),
        np.array([[295.0, NORTH - 50.0]]),
        30,
    )
    assert np.flatnonzero(found.clutter_m[0]).tolist() == [10, 11]


def test_holes_and_edges_have_their_reasons():
    values = slope()
    values[5, 15] = VOID
    grid = profile.grid(raster(values, nodata=VOID))
    mast = (50.0, NORTH - 55.0)
    ends = np.array([[120.0, NORTH - 55.0], [250.0, NORTH - 55.0], [350.0, NORTH - 150.0]])
    found = profile.extract(grid, None, mast, ends, 50)
    assert found.reason.tolist() == [Reason.COMPUTED, Reason.TERRAIN_VOID, Reason.OFF_TERRAIN]
    assert np.isnan(found.terrain_m[1:]).all()
    assert np.isfinite(found.terrain_m[0]).all()
    _, off = profile.sample(grid, [-1.0, 155.0, np.nan], [NORTH - 55.0] * 3)
    assert off.tolist() == [Reason.OFF_TERRAIN, Reason.TERRAIN_VOID, Reason.OFF_TERRAIN]


def read_srtm(sources_dir):
    """Return SRTM of Andorra (3 arc seconds) on a metric grid of the same cells."""
    with zipfile.ZipFile(sources_dir / "osm-samples" / "N42E001.hgt.zip") as archive:
        name = next(n for n in archive.namelist() if n.endswith(".hgt"))
        values = np.frombuffer(archive.read(name), dtype=">i2")
    side = int(np.sqrt(values.size))
    return values.reshape(side, side).astype(np.float32)


def test_the_holes_of_andorra_are_not_computable_and_never_zero(sources_dir):
    values = read_srtm(sources_dir)
    holes = values == VOID
    assert int(holes.sum()) == 7652
    cell_m = 92.7  # about 3 arc seconds; the east-west stretch does not matter here
    grid = profile.grid(raster(values, cell_m=cell_m, nodata=VOID))
    assert int(np.isnan(grid.values).sum()) == 7652
    row, column = np.argwhere(~holes & (values > 1500))[5000]
    x, y = (column + 0.5) * cell_m, NORTH - (row + 0.5) * cell_m
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    ends = np.column_stack([x + 2.5e4 * np.cos(angle), y + 2.5e4 * np.sin(angle)])
    found = profile.extract(grid, None, (x, y), ends, 300)
    profiles = p1812.Profiles(
        found.distance_km, found.terrain_m, found.clutter_m, np.full(720, 42.5)
    )
    loss = p1812.basic_loss(profiles, p1812.Link(0.9), transmitter_m=30.0, receiver_m=1.5)
    computed = found.reason == Reason.COMPUTED
    assert 0 < computed.sum() < 720
    assert set(found.reason.tolist()) >= {Reason.TERRAIN_VOID}
    assert (np.isnan(loss.loss_db) == ~computed).all()
    assert (loss.loss_db[computed] > 100.0).all()
