import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.radio import coverage, line_of_sight, p1411, profile, scene
from processing.radio.coverage import NONE, Question, Stations, received
from processing.radio.loss import Reason
from processing.radio.models import NO_MODEL, Scene, Surroundings
from processing.raster import Raster

SIDE_M = 600.0


def stations(xy, height_m=30.0, f_ghz=1.8, power_dbm=30.0, azimuth_deg=math.nan):
    x, y = np.asarray(xy, dtype=float).reshape(-1, 2).T
    count = len(x)

    def column(value):
        return np.broadcast_to(np.asarray(value, dtype=float), count).copy()

    return Stations(
        x, y, column(height_m), column(f_ghz), column(power_dbm), column(azimuth_deg),
        column(math.nan), column(math.nan), 360.0,
    )  # fmt: skip


def blocks():
    """Nine houses of 18 m in rows."""
    houses = np.array(
        [shapely.box(x, y, x + 60, y + 12) for x in (80, 260, 440) for y in (100, 300, 500)], object
    )
    flat = line_of_sight.roofs(houses, np.full(9, 18.0), (0.0, 0.0, SIDE_M, SIDE_M), 2.0)
    return Scene(flat)


def question(where=None, models=("p1411",)):
    return Question(where or blocks(), models, Surroundings())


def places(count, seed=0):
    return np.random.default_rng(seed).uniform(0, SIDE_M, (count, 2))


def test_one_station_by_hand():
    """In sight at 300 m: power less the median of P.1411; the pattern sends all round."""
    open_ = Scene(line_of_sight.roofs(np.array([], object), np.array([]), (0, 0, 600, 600), 2.0))
    found = received(stations([(0, 0)]), np.array([[300.0, 0.0]]), question(open_))
    slant = math.hypot(300.0, 28.5)
    loss = p1411.sight(1.8, slant, base_m=30.0, terminal_m=1.5).loss_db
    elevation = math.degrees(math.atan2(-28.5, 300.0))
    pattern = 12 * (elevation / 360.0) ** 2
    assert found.level_dbm[0] == pytest.approx(30.0 - pattern - float(loss))
    assert (found.server[0], found.model[0], found.reason[0]) == (0, 0, Reason.COMPUTED)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1_000), more=st.integers(1, 5))
def test_more_masts_never_lower_the_best_level(seed, more):
    chance = np.random.default_rng(seed)
    xy = chance.uniform(0, SIDE_M, (3 + more, 2))
    few = received(stations(xy[:3]), places(200, seed), question())
    many = received(stations(xy), places(200, seed), question())
    had = few.reason == Reason.COMPUTED
    assert (many.level_dbm[had] >= few.level_dbm[had]).all()
    assert (many.reason[had] == Reason.COMPUTED).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1_000))
def test_the_order_of_stations_and_points_does_not_matter(seed):
    chance = np.random.default_rng(seed)
    xy, ends = chance.uniform(0, SIDE_M, (5, 2)), places(150, seed)
    order, rows = chance.permutation(5), chance.permutation(150)
    plain = received(stations(xy), ends, question())
    turned = received(stations(xy[order]), ends[rows], question())
    assert np.array_equal(turned.level_dbm, plain.level_dbm[rows], equal_nan=True)
    same = np.where(turned.server == NONE, NONE, order[turned.server])
    assert (same == plain.server[rows]).all()


def test_parts_and_threads_do_not_matter(monkeypatch):
    xy, ends = places(4, 1), places(500, 2)
    whole = received(stations(xy), ends, question())
    monkeypatch.setattr(coverage, "CHUNK", 64)
    parts = received(stations(xy), ends, question(), threads=3)
    for name in ("level_dbm", "server", "model", "reason", "nearer"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name), equal_nan=True)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"f_ghz": math.nan}, Reason.FREQUENCY),
        ({"f_ghz": 60.0}, Reason.FREQUENCY),
        ({"height_m": math.nan}, Reason.BASE_HEIGHT),
        ({"power_dbm": math.nan}, Reason.POWER),
    ],
)
def test_what_is_not_known_of_a_station_is_the_reason(wrong, reason):
    found = received(stations([(50, 50)], **wrong), places(20), question())
    assert (found.reason == reason).all()
    assert np.isnan(found.level_dbm).all()
    assert (found.server == NONE).all()
    assert (found.model == NO_MODEL).all()


def test_a_nearer_station_that_is_not_computable_is_told():
    both = stations([(50, 50), (500, 500)], power_dbm=[math.nan, 30.0])
    found = received(both, np.array([[60.0, 80.0], [510.0, 480.0]]), question())
    assert found.server.tolist() == [1, 1]
    assert found.nearer.tolist() == [Reason.POWER, Reason.COMPUTED]


def test_without_stations_and_without_points():
    none = received(stations(np.empty((0, 2))), places(3), question())
    assert (none.reason == Reason.NO_STATION).all()
    assert len(received(stations([(0, 0)]), np.empty((0, 2)), question()).level_dbm) == 0


def hilly(hole=False):
    """A terrain of 60 x 60 cells of 10 m, high in the east, with or without a hole."""
    values = np.tile(np.linspace(100, 130, 60, dtype=np.float32), (60, 1))
    if hole:
        values[20:40, 28:32] = -32768.0
    return Raster(values, (10.0, 0.0, 0.0, 0.0, -10.0, SIDE_M), "EPSG:32636", -32768.0)


def over(terrain):
    houses = np.array([shapely.box(100, 100, 110, 110)], object)
    built = scene.build(houses, np.array([9.0]), (terrain, None), cell_m=5.0, latitude_deg=54.5)
    return Scene(built.surface, built.terrain, None, 54.5)


def test_a_hole_of_the_terrain_is_a_reason_and_no_level():
    mast = stations([(50.0, 300.0)], f_ghz=0.9)
    ends = np.array([[550.0, 300.0], [550.0, 550.0], [300.0, 300.0], [700.0, 300.0]])
    asked = ("p1812",)
    found = received(mast, ends, question(over(hilly(hole=True)), asked))
    assert found.reason.tolist() == [
        Reason.TERRAIN_VOID,
        Reason.COMPUTED,
        Reason.TERRAIN_VOID,
        Reason.OFF_TERRAIN,
    ]
    assert np.isnan(found.level_dbm).tolist() == [True, False, True, True]
    whole = received(mast, ends[:1], question(over(hilly()), asked))
    assert whole.reason.tolist() == [Reason.COMPUTED]


def test_a_mast_outside_the_terrain_is_not_computable():
    found = received(
        stations([(-50.0, 300.0)]), np.array([[100.0, 300.0]]), question(over(hilly()))
    )
    assert found.reason.tolist() == [Reason.OFF_TERRAIN]


def test_models_are_asked_in_turn_and_none_beyond_its_range():
    """P.1411 ends at 1 km in sight, P.1812 begins at 250 m, Okumura-Hata at 1 km."""
    wide = Raster(
        np.full((40, 400), 100.0, np.float32),
        (10.0, 0.0, 0.0, 0.0, -10.0, 200.0),
        "EPSG:32636",
        None,
    )
    flat = line_of_sight.surface(np.full((40, 400), 100.0, np.float32), (0.0, 200.0), 10.0)
    ends = np.array([[500.0, 0.0], [1500.0, 0.0], [3500.0, 0.0]])
    mast = stations([(5.0, 0.0)], height_m=35.0, f_ghz=0.9)
    plain = Scene(flat, profile.grid(wide))
    with_terrain = received(mast, ends, question(plain, ("p1411", "p1812", "hata")))
    assert with_terrain.model.tolist() == [0, 1, 1]
    sea = line_of_sight.surface(np.zeros((40, 400), np.float32), (0.0, 200.0), 10.0)
    without = received(mast, ends, question(Scene(sea), ("p1411", "p1812", "hata")))
    assert without.model.tolist() == [0, 2, 2]
    alone = received(mast, ends, question(plain, ("p1411",)))
    assert alone.reason.tolist() == [Reason.COMPUTED, Reason.DISTANCE, Reason.DISTANCE]
    street = received(mast, ends, question(plain, ("uma",)))
    assert (street.reason == Reason.BASE_HEIGHT).all()


def test_the_masts_of_andorra_over_a_terrain_with_holes(sources_dir, tmp_path):
    """The real test: 10 towers of OpenStreetMap, SRTM with 7,652 voids, nothing else is known.

    The map does not say what the towers carry: 900 MHz at 30 m stand for it.
    """
    import zipfile

    import osmium
    from pyproj import Transformer

    from layers.ingest.raster import read_raster
    from layers.model import Area, Text
    from layers.raster import load_rasters

    folder = sources_dir / "osm-samples"
    with zipfile.ZipFile(folder / "N42E001.hgt.zip") as archive:
        name = next(n for n in archive.namelist() if n.endswith(".hgt"))
        archive.extract(name, tmp_path)
    title = Text(be="Андора", ru="Андорра", en="Andorra")
    andorra = Area(
        id="andorra", number=1001, title=title, soato="", srid=32631, lon=1.55, lat=42.54
    )
    terrain = profile.grid(read_raster(tmp_path / name, load_rasters()["dem"], andorra))
    towers = [
        (node.lon, node.lat)
        for node in osmium.FileProcessor(folder / "andorra.osm.pbf")
        if node.is_node() and node.tags.get("man_made") == "tower"
    ]
    assert len(towers) == 10
    to_metric = Transformer.from_crs(4326, 32631, always_xy=True)
    xy = np.column_stack(to_metric.transform(*np.array(towers).T))
    grid_x, grid_y = np.meshgrid(
        np.linspace(xy[:, 0].min() - 9e3, xy[:, 0].max() + 9e3, 50),
        np.linspace(xy[:, 1].min() - 9e3, xy[:, 1].max() + 9e3, 40),
    )
    ends = np.column_stack([grid_x.ravel(), grid_y.ravel()])
    top = terrain.values.astype(np.float32)
    surface = line_of_sight.surface(top, (terrain.west, terrain.north), terrain.width_m)
    where = Scene(surface, terrain, None, 42.54)
    found = received(stations(xy, f_ghz=0.9), ends, question(where, ("p1812",)))
    computed = found.reason == Reason.COMPUTED
    assert (np.isnan(found.level_dbm) == ~computed).all()
    assert set(found.reason.tolist()) <= {
        Reason.COMPUTED, Reason.TERRAIN_VOID, Reason.OFF_TERRAIN, Reason.DISTANCE,
    }  # fmt: skip
    _, ground = profile.sample(terrain, ends[:, 0], ends[:, 1])
    in_a_hole = ground == Reason.TERRAIN_VOID
    assert in_a_hole.sum() > 5
    assert (found.reason[in_a_hole] == Reason.TERRAIN_VOID).all()
    assert computed.mean() > 0.5
    assert -250.0 < found.level_dbm[computed].min() < found.level_dbm[computed].max() < 0.0
