"""Random requests: every answer equals what PostGIS says to SQL that is written here anew."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString, cast
from urllib.parse import urlencode, urlsplit

import psycopg
import pyproj
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from layers.crs import SYSTEMS, System
from layers.model import Field, Layer
from layers.registry import load_layers
from tests.fix_api import LAYERS
from tests.fix_server import Server

Connection = psycopg.Connection[tuple[Any, ...]]
Get = Callable[[str], tuple[int, Any]]
Row = tuple[Any, ...]

PORTAL_LAYERS = (
    "buildings", "streets", "red_lines", "air_sensor_readings", "service_coverage", "admin_units",
    "settlements",
)  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """One request: `box` in degrees, told in `box_system`; `pages` = next links followed."""

    box: tuple[float, float, float, float] | None
    box_system: System
    period: tuple[str | None, str | None] | None
    equal: tuple[tuple[str, Any], ...]
    order: tuple[tuple[str, bool], ...]
    limit: int
    offset: int | None
    pages: int
    system: System


@dataclass(frozen=True)
class Subject:
    """A layer, and values that its rows have."""

    layer: Layer
    values: Mapping[str, tuple[Any, ...]]
    extent: tuple[float, float, float, float]


def ask_database(connection: Connection, query: str, values: Any = ()) -> list[Row]:
    return connection.execute(cast("LiteralString", query), values).fetchall()


def subject(connection: Connection, layer: Layer) -> Subject:
    values = {
        field.name: tuple(
            row[0]
            for row in ask_database(
                connection,
                f'SELECT DISTINCT "{field.name}" FROM features.{layer.id}'
                f' WHERE "{field.name}" IS NOT NULL ORDER BY 1 LIMIT 30',
            )
        )
        for field in layer.published_fields
    }
    ((*extent,),) = ask_database(
        connection,
        "SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)"
        f" FROM (SELECT ST_Extent(geom) AS e FROM features.{layer.id}) AS t",
    )
    west, south, east, north = extent
    return Subject(layer, values, (west, south, east, north))


def time_fields(layer: Layer) -> tuple[Field, Field] | None:
    roles = {field.role: field for field in layer.published_fields}
    start = roles.get("primary-interval-start") or roles.get("primary-instant")
    end = roles.get("primary-interval-end") or roles.get("primary-instant")
    return (start, end) if start and end else None


# What is sent.


def periods(subject: Subject) -> st.SearchStrategy[tuple[str | None, str | None] | None]:
    fields = time_fields(subject.layer)
    if fields is None or not subject.values[fields[0].name]:
        return st.none()
    days = sorted(
        {v.date() if isinstance(v, datetime) else v for v in subject.values[fields[0].name]}
    )
    day = st.sampled_from(days).flatmap(
        lambda d: st.integers(-2, 2).map(lambda n: (d + timedelta(days=n)).isoformat())
    )
    moment = st.builds(lambda d, h: f"{d}T{h:02}:30:00Z", day, st.integers(0, 23))
    instant = st.one_of(day, moment)
    pairs = st.tuples(instant, instant).map(lambda p: p if first(p[0]) <= last(p[1]) else p[::-1])
    half = st.one_of(
        st.tuples(instant, st.none()), st.tuples(st.none(), instant), instant.map(lambda i: (i, i))
    )
    return st.one_of(st.none(), pairs, half)


def boxes(
    extent: tuple[float, float, float, float],
) -> st.SearchStrategy[tuple[float, float, float, float] | None]:
    """Boxes over and around the data; the odd last digits keep edges from touching features."""
    west, south, east, north = extent
    wide, high = max(east - west, 0.01), max(north - south, 0.01)
    part = st.integers(-20, 120)

    def box(a: int, b: int, c: int, d: int) -> tuple[float, float, float, float]:
        (x0, x1), (y0, y1) = sorted((a, b)), sorted((c, d))
        return (
            round(west + wide * x0 / 100 - 0.000_0131, 7),
            round(south + high * y0 / 100 - 0.000_0137, 7),
            round(west + wide * x1 / 100 + 0.000_0173, 7),
            round(south + high * y1 / 100 + 0.000_0179, 7),
        )

    return st.one_of(st.none(), st.builds(box, part, part, part, part))


def asks(subject: Subject) -> st.SearchStrategy[Ask]:
    fields = [f.name for f in subject.layer.published_fields]
    pairs = [(name, value) for name in fields for value in subject.values[name]]
    unique = {"unique_by": lambda pair: pair[0], "max_size": 2}
    systems = st.sampled_from(SYSTEMS)
    return st.builds(
        Ask,
        box=boxes(subject.extent),
        box_system=systems,
        period=periods(subject),
        equal=st.lists(st.sampled_from(pairs), **unique).map(tuple),  # type: ignore[arg-type]
        order=st.lists(
            st.tuples(st.sampled_from(fields), st.booleans()),
            max_size=3, unique_by=lambda key: key[0],
        ).map(tuple),
        limit=st.integers(1, 40),
        offset=st.one_of(st.none(), st.none(), st.integers(0, 60)),
        pages=st.integers(0, 3),
        system=systems,
    )  # fmt: skip


def told(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)


def box_in(system: System, box: tuple[float, float, float, float]) -> tuple[float, ...]:
    """The corners of the box of degrees, as a box of the system, east before north."""
    turn = pyproj.Transformer.from_pipeline(system.pipeline).transform
    (x0, y0), (x1, y1) = turn(*box[:2]), turn(*box[2:])
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def address(layer: Layer, ask: Ask) -> str:
    sent = {"limit": str(ask.limit), "crs": ask.system.crs.uri}
    if ask.offset is not None:
        sent["offset"] = str(ask.offset)
    if ask.box:
        west, south, east, north = box_in(ask.box_system, ask.box)
        axes = (south, west, north, east) if ask.box_system.crs.flip else (west, south, east, north)
        sent |= {"bbox": ",".join(map(repr, axes)), "bbox-crs": ask.box_system.crs.uri}
    if ask.period:
        start, end = ask.period
        sent["datetime"] = start if start and start == end else f"{start or '..'}/{end or '..'}"
    if ask.order:
        sent["sortby"] = ",".join(("-" if down else "+") + name for name, down in ask.order)
    sent |= {name: told(value) for name, value in ask.equal}
    return f"/ogc/collections/{layer.id}/items?{urlencode(sent)}"


# What PostGIS says.


def first(instant: str) -> datetime:
    if len(instant) == 10:
        return datetime.combine(date.fromisoformat(instant), time.min, UTC)
    return datetime.fromisoformat(instant)


def last(instant: str) -> datetime:
    return first(instant) + (
        timedelta(days=1, microseconds=-1) if len(instant) == 10 else timedelta()
    )


def conditions(layer: Layer, ask: Ask) -> tuple[str, list[Any]]:
    found, values = ["true"], cast("list[Any]", [])
    if ask.box:
        # Meridians and parallels are edges in these; the others are compared where they are told.
        if ask.box_system.code in ("OGC:CRS84", "EPSG:4326", "EPSG:3857"):
            found.append("ST_Intersects(geom, ST_MakeEnvelope(%s, %s, %s, %s, 4326))")
            values += ask.box
        else:
            srid = ask.box_system.crs.srid
            found.append(
                f"ST_Intersects(ST_Transform(geom, {srid}),"
                f" ST_MakeEnvelope(%s, %s, %s, %s, {srid}))"
            )
            values += box_in(ask.box_system, ask.box)
    fields = time_fields(layer)
    if ask.period and fields:
        start, end = ask.period
        if start:
            end_of = '("{0}" + 1)::timestamp AT TIME ZONE \'UTC\' >' if fields[
                1].type == "date" else '"{0}" >='  # fmt: skip
            found.append(f"{end_of.format(fields[1].name)} %s")
            values.append(first(start))
        if end:
            start_of = (
                "\"{0}\"::timestamp AT TIME ZONE 'UTC'" if fields[0].type == "date" else '"{0}"'
            )
            found.append(f"{start_of.format(fields[0].name)} <= %s")
            values.append(last(end))
    for name, value in ask.equal:
        found.append(f'"{name}" = %s')
        values.append(value)
    return " AND ".join(found), values


def flat(coordinates: Any) -> list[float]:
    if isinstance(coordinates, list):
        return [value for part in coordinates for value in flat(part)]
    return [coordinates]


def compare(get: Get, connection: Connection, subject: Subject, ask: Ask) -> None:
    layer = subject.layer
    url = address(layer, ask)
    note(url)
    status, page = get(url)
    assert status == 200, page
    where, values = conditions(layer, ask)
    order = ", ".join(
        f'"{name}"{" DESC" if down else ""}' for name, down in (*ask.order, ("id", False))
    )
    shape = f"ST_Transform(geom, {ask.system.crs.srid})"
    if ask.system.crs.flip:
        shape = f"ST_FlipCoordinates({shape})"
    rows = ask_database(
        connection,
        f"SELECT id, ST_AsGeoJSON({shape}, 9, 0)"
        f" FROM features.{layer.id} WHERE {where} ORDER BY {order}",
        values,
    )
    # No table here is so large that counting would cost too much.
    assert page["numberMatched"] == len(rows)
    start = ask.offset or 0
    for _ in range(ask.pages):
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            assert len(rows) <= start + ask.limit
            break
        start += ask.limit
        status, page = get(following[0])
        assert status == 200, page
    wanted = rows[start : start + ask.limit]
    assert [feature["id"] for feature in page["features"]] == [row[0] for row in wanted]
    assert page["numberReturned"] == len(wanted)
    near = 1e-3 if ask.system.crs.metric else 2e-7
    for feature, (_, geometry) in list(zip(page["features"], wanted, strict=True))[:3]:
        expected = flat(json.loads(geometry)["coordinates"]) if geometry else None
        found = flat(feature["geometry"]["coordinates"]) if feature["geometry"] else None
        assert found == (pytest.approx(expected, abs=near) if expected else None)


# The subjects.

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("layer_id", ["test_parcels", "test_ties"])
def test_answers_over_the_test_layers_are_those_of_postgis(
    client: TestClient, oracle: Connection, layer_id: str
) -> None:
    about = subject(oracle, load_layers(LAYERS)[layer_id])

    def get(url: str) -> tuple[int, Any]:
        answer = client.get(url)
        return answer.status_code, answer.json()

    @quick
    @given(asks(about))
    def check(ask: Ask) -> None:
        compare(get, oracle, about, ask)

    check()


@pytest.mark.slow
@pytest.mark.parametrize("layer_id", PORTAL_LAYERS)
def test_answers_over_the_portal_are_those_of_postgis(
    portal_server: Server, portal_database: str, layer_id: str
) -> None:
    def get(url: str) -> tuple[int, Any]:
        parts = urlsplit(url)
        status, _, body = portal_server.request("GET", f"{parts.path}?{parts.query}")
        return status, json.loads(body)

    with psycopg.connect(portal_database, autocommit=True) as connection:
        about = subject(connection, load_layers()[layer_id])

        @settings(quick, max_examples=25)
        @given(asks(about))
        def check(ask: Ask) -> None:
            compare(get, connection, about, ask)

        check()
