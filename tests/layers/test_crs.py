"""Every system against EPSG's own words (pyproj's database) and against PostGIS."""

from itertools import product
from typing import Any

import psycopg
import pyproj
import pytest
from pyproj.crs import CoordinateOperation

from layers.crs import SYSTEMS, System

WEST, SOUTH, EAST, NORTH = 23.17, 51.26, 32.78, 56.17  # Belarus, degrees
STEPS = 7
GRID = [
    (WEST + (EAST - WEST) * i / STEPS, SOUTH + (NORTH - SOUTH) * j / STEPS)
    for i, j in product(range(STEPS + 1), repeat=2)
]
# 1 mm, told in the unit of the system.
ONE_MM = {True: 1e-3, False: 1e-8}

every_system = pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.code)
shifted = pytest.mark.parametrize(
    "system", [s for s in SYSTEMS if s.operation], ids=lambda system: system.code
)


@every_system
def test_names_and_axes_are_those_of_the_register(system: System) -> None:
    known = pyproj.CRS(system.code)
    assert system.name == known.name
    axes = [(axis.abbrev, axis.direction) for axis in known.axis_info]
    assert list(system.axes) == axes
    assert system.crs.flip == (axes[0][1] == "north")
    assert system.crs.metric == (known.axis_info[0].unit_name == "metre")


@shifted
def test_operation_is_the_one_that_epsg_publishes(system: System) -> None:
    assert system.operation is not None
    known = CoordinateOperation.from_epsg(system.operation.code)
    assert system.operation.name == known.name
    assert system.operation.accuracy_m == known.accuracy
    values = [parameter.value for parameter in known.params]
    ours = system.operation
    assert [*ours.shift_m, *ours.rotation_s, ours.scale_ppm][: len(values)] == values
    source = pyproj.CRS(system.code).geodetic_crs
    assert source is not None
    assert known.name.startswith(source.name)


def through_the_register(system: System, lon: float, lat: float) -> tuple[float, float]:
    """East, north by EPSG's operation as PROJ's database holds it, then by EPSG's projection."""
    assert system.operation is not None
    shift = pyproj.Transformer.from_pipeline(f"EPSG:{system.operation.code}")
    latitude, longitude = shift.transform(lat, lon, direction="INVERSE")
    known = pyproj.CRS(system.code)
    project = pyproj.Transformer.from_crs(known.geodetic_crs, known, always_xy=True)
    east, north = project.transform(longitude, latitude)
    return float(east), float(north)


@every_system
def test_postgis_and_proj_agree_to_a_millimetre(database_url: str, system: System) -> None:
    ours = pyproj.Transformer.from_pipeline(system.pipeline)
    with psycopg.connect(database_url) as connection:
        rows: list[Any] = connection.execute(
            "SELECT ST_X(p), ST_Y(p) FROM unnest(%s::float8[], %s::float8[]) AS g (x, y),"
            " ST_Transform(ST_SetSRID(ST_MakePoint(x, y), 4326), %s::integer) AS p",
            ([x for x, _ in GRID], [y for _, y in GRID], system.crs.srid),
        ).fetchall()
        there_and_back: list[Any] = connection.execute(
            "SELECT ST_X(p), ST_Y(p) FROM unnest(%s::float8[], %s::float8[]) AS g (x, y),"
            " ST_Transform(ST_SetSRID(ST_MakePoint(x, y), %s::integer), 4326) AS p",
            ([x for x, _ in rows], [y for _, y in rows], system.crs.srid),
        ).fetchall()
    near = ONE_MM[system.crs.metric]
    for place, found, back in zip(GRID, rows, there_and_back, strict=True):
        assert found == pytest.approx(ours.transform(*place), abs=near)
        assert back == pytest.approx(place, abs=1e-8)
        if system.operation:
            assert found == pytest.approx(through_the_register(system, *place), abs=near)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("EPSG:32636", (332772.07, 6043114.35)),
        ("EPSG:20006", (6332825.55, 6045642.06)),
        ("EPSG:3035", (5623445.25, 3675032.77)),
    ],
)
def test_orsha_is_where_it_was_computed_to_be(
    database_url: str, code: str, expected: tuple[float, float]
) -> None:
    """Regression values for lon 30.417, lat 54.508 by PROJ 9.5.1 with its EPSG database."""
    system = next(s for s in SYSTEMS if s.code == code)
    assert pyproj.Transformer.from_pipeline(system.pipeline).transform(
        30.417, 54.508
    ) == pytest.approx(expected, abs=0.05)
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT ST_X(p), ST_Y(p) FROM"
            " ST_Transform(ST_SetSRID(ST_MakePoint(30.417, 54.508), 4326), %s::integer) AS p",
            (system.crs.srid,),
        ).fetchone()
    assert found == pytest.approx(expected, abs=0.05)


def test_sk42_has_no_seam_between_its_zones(database_url: str) -> None:
    """A place on the border of zones 4 and 5 is the same by both; PROJ chooses 1.7 m off."""
    query = (
        "SELECT ST_Distance(ST_Transform(ST_Transform(p, %s::integer), 4326)::geography,"
        " ST_Transform(ST_Transform(p, %s::integer), 4326)::geography)"
        " FROM (SELECT ST_SetSRID(ST_MakePoint(24, 53.7), 904284) AS p) AS g"
    )
    with psycopg.connect(database_url) as connection:
        row: Any = connection.execute(query, (928404, 928405)).fetchone()
        assert row[0] < 1e-3
    shifts = [
        pyproj.Transformer.from_pipeline(f"EPSG:{code}").transform(53.7, 24)
        for code in (15865, 5044)
    ]
    metres = pyproj.Geod(ellps="WGS84").inv(*shifts[0][::-1], *shifts[1][::-1])[2]
    assert 1.6 < metres < 1.9


def test_own_rows_are_those_of_the_registry(database_url: str) -> None:
    own = {s.crs.srid: (None, None, s.proj4) for s in SYSTEMS if s.own}
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT srid, auth_name, srtext, proj4text FROM spatial_ref_sys WHERE srid = ANY(%s)",
            (list(own),),
        )
        assert {srid: tuple(row) for srid, *row in rows} == own


def test_a_changed_row_is_put_right_by_the_next_migration(database: str) -> None:
    from layers.registry import load_layers
    from layers.schema import migrate

    wrong = "UPDATE spatial_ref_sys SET proj4text = '+proj=longlat' WHERE srid = 928406"
    asked = (
        "SELECT proj4text LIKE '%+towgs84=25,-141,-78.5%' FROM spatial_ref_sys WHERE srid = 928406"
    )
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(wrong)
        migrate(connection, load_layers())
        assert connection.execute(asked).fetchone() == (True,)
