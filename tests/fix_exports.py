"""What the tests of exports read: rows as PostGIS holds them, rows as a format gave them back."""

import math
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import shapely

Connection = psycopg.Connection[tuple[Any, ...]]
Record = dict[str, Any]

# Columns of the layers made by tests/geoportal/ogc/formats/conftest.py, in their published order.
COLUMNS = (
    "id", "kind", "name", "floors", "height_m", "lit", "built", "seen", "tags", "lines",
    "levels", "area", "soato", "status",
)  # fmt: skip


def asked(
    connection: Connection, layer: str = "probe", where: str = "true", *, srid: int = 4326
) -> list[Record]:
    """The rows of a layer by id; `geometry` is a shape, east before north."""
    query = (
        f"SELECT {', '.join(COLUMNS)}, ST_AsBinary(ST_Transform(geom, {srid}))"
        f" FROM features.{layer} WHERE {where} ORDER BY id"
    )
    rows = connection.execute(query.encode()).fetchall()
    return [
        dict(zip(COLUMNS, row, strict=False)) | {"geometry": row[-1] and shapely.from_wkb(row[-1])}
        for row in rows
    ]


def same_shape(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two shapes are the same up to their coordinates' last digits."""
    if one is None or other is None or one.is_empty or other.is_empty:
        # Some formats cannot tell an empty geometry from none.
        return all(s is None or s.is_empty for s in (one, other))
    one, other = _multi(one), _multi(other)
    return (
        one.geom_type == other.geom_type
        and shapely.get_num_coordinates(one) == shapely.get_num_coordinates(other)
        and shapely.hausdorff_distance(one, other) <= tolerance
    )


def _multi(shape: Any) -> Any:
    """The shape as a Multi: several formats make no difference between one and many."""
    kinds = {
        "Point": shapely.MultiPoint, "LineString": shapely.MultiLineString,
        "Polygon": shapely.MultiPolygon,
    }  # fmt: skip
    return kinds[shape.geom_type]([shape]) if shape.geom_type in kinds else shape


def value(given: Any) -> Any:
    """A value as readers give it, in Python's plain types: moments in UTC, no NaN."""
    if isinstance(given, datetime):
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    if isinstance(given, date) or given is None:
        return given
    if isinstance(given, float) and math.isnan(given):
        return None
    return given


def assert_same(
    found: list[Record],
    wanted: list[Record],
    *,
    tolerance: float = 0.0,
    only: tuple[str, ...] = COLUMNS,
) -> None:
    """Fail with the first difference."""
    assert [r["id"] for r in found] == [r["id"] for r in wanted]
    for got, want in zip(found, wanted, strict=True):
        for name in only:
            assert value(got[name]) == value(want[name]), (got["id"], name)
        assert same_shape(got["geometry"], want["geometry"], tolerance), (
            got["id"], got["geometry"], want["geometry"],
        )  # fmt: skip
