"""Rows that a load repairs or refuses, and what it says of them."""

import struct
from collections.abc import Callable, Iterator

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely

from layers import store
from layers.errors import RefusedLoad
from layers.model import AREA_STRIDE, Layer
from tests.fix_probe import AREA, ORIGIN, frame, load, state

Connection = psycopg.Connection[tuple[object, ...]]


BOWTIE = shapely.Polygon([(30, 54), (30.001, 54.001), (30.001, 54), (30, 54.001)])


def test_an_invalid_geometry_is_repaired_and_reported(connection: Connection, probe: Layer) -> None:
    given = frame(3)
    given.loc[given.index[1], "geometry"] = BOWTIE
    done = load(connection, probe, given)
    assert done.repaired.count == 1
    assert done.repaired.ids == (AREA.feature_id(2),)
    # The halves of a bow-tie cancel out, so all of the repaired area is new: 2 triangles.
    assert done.repaired.area_change_m2 == pytest.approx(0.5 * 111_300 * 65_500 * 1e-6, rel=0.02)
    row = connection.execute(
        "SELECT bool_and(ST_IsValid(geom)), max(ST_NumGeometries(geom)) FROM features.probe"
    ).fetchone()
    assert row == (True, 2)


def edit(column: str, value: object) -> Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]:
    """Change one value of the second row."""

    def change(given: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        values = given[column].astype(object).tolist()
        values[1] = value
        return given.assign(**{column: pd.Series(values, given.index, dtype=object)})

    return change


def shape(value: object) -> Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]:
    """Change the geometry of the second row."""

    def change(given: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return given.set_geometry(
            gpd.GeoSeries(
                [value if i == 1 else g for i, g in enumerate(given.geometry)],
                given.index,
                crs=4326,
            )
        )

    return change


# A ring whose second latitude is not a number, as bytes: shapely would not make it.
RING = [30.0, 54.0, 30.1, float("nan"), 30.1, 54.1, 30.0, 54.0]
NAN = struct.pack("<BIII8d", 1, 3, 1, 4, *RING)
LINE = [(30, 54), (30, 54.1), (30, 54), (30, 54)]

BAD = [
    (edit("kind", None), "1 row: no value in kind (id 700000002)"),
    (edit("kind", "castle"), "kind is not one of its codes (id 700000002)"),
    (edit("floors", -1), "floors is below 0 (id 700000002)"),
    (edit("floors", 101), "floors is above 100 (id 700000002)"),
    (edit("floors", 1.5), "floors is not a whole number (id 700000002)"),
    (edit("floors", "5"), "floors is not a whole number (id 700000002)"),
    (edit("floors", True), "floors is not a whole number (id 700000002)"),
    (edit("floors", 2**63), "floors is too large (id 700000002)"),
    (edit("tags", "a"), "tags is not a list (id 700000002)"),
    (edit("tags", ["a", None]), "tags is not text (id 700000002)"),
    (edit("tags", ["\0"]), "tags has a NUL character (id 700000002)"),
    (edit("lines", [1, 1.5]), "lines is not a whole number (id 700000002)"),
    (edit("lines", [1, -1]), "lines is below 0 (id 700000002)"),
    (edit("lines", [1, 1000]), "lines is above 999 (id 700000002)"),
    (edit("levels", [float("nan")]), "levels is infinite (id 700000002)"),
    (edit("floors", 13), "floors_fit"),
    (edit("height_m", float("inf")), "height_m is infinite (id 700000002)"),
    (edit("height_m", "tall"), "height_m is not a number (id 700000002)"),
    (edit("name", 5), "name is not text (id 700000002)"),
    (edit("name", "a\0b"), "name has a NUL character (id 700000002)"),
    (edit("name", "\ud800"), "name is not valid Unicode (id 700000002)"),
    (edit("lit", 1), "lit is not true or false (id 700000002)"),
    (edit("built", "1990"), "built is not a date (id 700000002)"),
    (edit("built", pd.Timestamp("1990-01-01 10:00")), "built is a time, not a date"),
    (edit("seen", pd.Timestamp("1990-01-01 10:00")), "seen is a time without a time zone"),
    (shape(None), "no geometry (id 700000002)"),
    (shape(shapely.Polygon()), "the geometry is empty (id 700000002)"),
    (shape(shapely.Point(30, 54)), "the geometry is not a MultiPolygon (id 700000002)"),
    (shape(shapely.box(30, 54, 30, float("inf"))), "a coordinate is not a finite number"),
    (lambda f: shape(shapely.from_wkb(NAN))(f), "a coordinate is not a finite"),  # noqa: PLW0108
    (shape(shapely.box(440_000, 60, 450_000, 61)), "not a longitude and latitude in degrees"),
    (shape(shapely.Polygon(LINE)), "the geometry is invalid beyond repair"),
    (lambda f: f.set_index(f.index - 700_000_000), "5 rows: the id is outside the area's range"),
    (lambda f: f.set_index(f.index + AREA_STRIDE), "the id is outside the area's range 700000001"),
    (lambda f: pd.concat([f, f.iloc[:2]]), "2 rows: the id is used more than once (ids 700000001,"),
    (lambda f: f.assign(area="other"), "5 rows: area is not quarter"),
    (lambda f: f.assign(status="wrong"), "5 rows: status is not one of its codes"),
    (lambda f: f.assign(colour="red"), "probe has no field colour; its fields are area, built"),
    (lambda f: f.set_crs(None, allow_override=True), "the rows have no CRS; transform them"),
    (lambda f: f.to_crs(3857), "the rows have the CRS EPSG:3857; transform them to EPSG:4326"),
    (lambda f: f.set_index(f.index.astype(str)), "index of the rows must be the integer feature"),
    (pd.DataFrame, "not a GeoDataFrame"),
    (
        lambda f: f.set_geometry(shapely.transform(f.geometry, lambda c: c[:, ::-1])),
        "looks like lat/lon: swap the coordinates",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), BAD, ids=[said[:40] for _, said in BAD])
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_bad_rows_are_refused_by_id_and_reason_and_the_old_ones_stay(
    connection: Connection,
    probe: Layer,
    spoil: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame],
    said: str,
) -> None:
    load(connection, probe, frame(3))
    before = state(connection)
    with pytest.raises(RefusedLoad) as refused:
        load(connection, probe, frame(4, first=6), spoil(frame(5)))
    assert said in str(refused.value)
    assert state(connection) == before


def test_all_faults_are_told_at_once(connection: Connection, probe: Layer) -> None:
    given = frame(20).assign(floors=-1, kind="castle")
    with pytest.raises(RefusedLoad) as refused:
        load(connection, probe, given)
    said = str(refused.value)
    assert said.startswith("probe, area quarter: refused, nothing was changed: 20 rows: ")
    assert "20 rows: kind is not one of its codes (ids 700000001, 700000002, " in said
    assert "20 rows: floors is below 0" in said
    assert "700000006" not in said  # the first five ids are enough
    assert "..." in said


def test_an_error_of_the_source_goes_through_and_the_old_rows_stay(
    connection: Connection, probe: Layer
) -> None:
    load(connection, probe, frame(3))
    before = state(connection)

    def breaking() -> Iterator[gpd.GeoDataFrame]:
        yield frame(4)
        raise ZeroDivisionError("the source broke")

    with pytest.raises(ZeroDivisionError, match="the source broke"):
        store.replace(connection, probe, breaking(), area=AREA, origin=ORIGIN)
    assert state(connection) == before
    assert load(connection, probe, frame(6)).changed
