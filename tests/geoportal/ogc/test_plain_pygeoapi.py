"""Items and collections beside plain pygeoapi: the same, but for what is listed with its reason."""

import fnmatch
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
import pytest
import yaml
from hypothesis import given, note, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from geoportal.app import create_app
from geoportal.settings import Settings
from tests.fix_api import LAYERS, new_api_database
from tests.fix_plain import SCHEMA, Plain, Reply, Table

KNOWN = Path(__file__).parents[2] / "known_deviations.yml"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
SYSTEMS = (CRS84, EPSG + "4326", EPSG + "3857", EPSG + "32635")
DIGITS = 2e-7
"""Ours rounds degrees to seven decimals."""
METRES = 2e-3

FOLLOWED = ("self", "collection", "next", "prev")

COLUMNS = {
    "test_ties": ("name", "code", "weight", "seen"),
    "test_parcels": ("name", "area_ha", "built"),
}


def described(title: str, text: str, box: list[float], start: datetime, end: datetime) -> Any:
    """What plain pygeoapi is told of a collection: what ours reads from definition and rows."""
    return {
        "title": {"en": title},
        "description": {"en": text},
        "keywords": {"en": []},
        "extents": {
            "spatial": {"bbox": box, "crs": CRS84},
            "temporal": {"begin": start, "end": end},
        },
    }


TABLES = {
    "test_ties": Table(
        described(
            "Ties", "Rows with equal and missing values of every type", [24, 53, 24.6, 53],
            datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC),
        ),
        "seen",
    ),
    "test_parcels": Table(
        described(
            "Test parcels", "The layer that the list of bad inputs asks for", [24, 51.5, 32, 55.6],
            datetime(2000, 1, 1, tzinfo=UTC), datetime(2024, 8, 22, tzinfo=UTC),
        ),
        "built",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One part of two answers that is not the same."""

    part: str
    ours: Any
    plain: Any


@dataclass(frozen=True)
class Pair:
    """Both servers over the same rows."""

    client: TestClient
    plain: Plain

    def ask(self, address: str) -> tuple[Reply, Reply]:
        answer = self.client.get(f"/ogc{address}")
        headers = {name.title(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, headers, answer.json()), self.plain.get(address)


@pytest.fixture(scope="module")
def pair(server: str, template: str) -> Iterator[Pair]:
    with new_api_database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
            for table, columns in COLUMNS.items():
                names = ", ".join(("id", "geom", *columns))
                connection.execute(
                    f"CREATE TABLE {SCHEMA}.{table} AS SELECT {names} FROM features.{table};"
                    f" ALTER TABLE {SCHEMA}.{table} ADD PRIMARY KEY (id)".encode()
                )
        ours = Settings(database_url=url, layers_dir=LAYERS, public_url="http://portal.example")
        with TestClient(create_app(ours), base_url="http://portal.example") as client:
            yield Pair(client, Plain(url, TABLES, SYSTEMS))


# How two answers differ.


def differences(ours: Reply, plain: Reply) -> Iterator[Difference]:
    if ours.status != plain.status:
        yield Difference("status", ours.status, plain.status)
        return
    for name in ("Content-Type", "Content-Crs"):
        yield from _unlike(f"headers.{name}", ours.headers.get(name), plain.headers.get(name))
    if ours.status != 200:
        return
    kind = ours.body.get("type") or "Collection"
    yield from _members(kind, ours.body, plain.body)


def _members(kind: str, ours: Any, plain: Any) -> Iterator[Difference]:
    """The members of two objects, the features of two pages each by each."""
    for name in sorted({*ours, *plain}):
        part = f"{kind}.{name}"
        if name not in ours or name not in plain:
            yield Difference(part, ours.get(name, "absent"), plain.get(name, "absent"))
        elif name == "links":
            yield from _links(part, ours[name], plain[name])
        elif name == "features":
            yield from _features(ours[name], plain[name])
        elif name == "geometry":
            yield from _shapes(part, ours[name], plain[name])
        elif name == "properties":
            yield from _members("properties", ours[name], plain[name])
        elif name != "timeStamp":
            yield from _unlike(part, ours[name], plain[name])


def _features(ours: list[Any], plain: list[Any]) -> Iterator[Difference]:
    ids = [[feature["id"] for feature in page] for page in (ours, plain)]
    yield from _unlike("FeatureCollection.features", *ids)
    there = {feature["id"]: feature for feature in plain}
    for feature in ours:
        if feature["id"] in there:
            yield from _members("Feature", feature, there[feature["id"]])


def _links(part: str, ours: list[Any], plain: list[Any]) -> Iterator[Difference]:
    """Whether there are those that people and programs follow, one by one; then the others."""
    found = [sorted(f"{one['rel']} {one['type']}" for one in page) for page in (ours, plain)]
    for rel in FOLLOWED:
        there = [any(one.startswith(rel) for one in page) for page in found]
        yield from _unlike(f"{part}.{rel}", *there)
    yield from _unlike(part, *([x for x in page if not x.startswith(FOLLOWED)] for page in found))


def _shapes(part: str, ours: Any, plain: Any) -> Iterator[Difference]:
    if ours is None or plain is None or ours["type"] != plain["type"]:
        yield from _unlike(part, ours, plain)
        return
    numbers = [list(_flat(shape["coordinates"])) for shape in (ours, plain)]
    near = METRES if any(abs(n) > 360 for n in numbers[1]) else DIGITS
    same = len(numbers[0]) == len(numbers[1]) and all(
        math.isclose(a, b, rel_tol=0, abs_tol=near) for a, b in zip(*numbers, strict=True)
    )
    if not same:
        yield Difference(part, *numbers)


def _flat(coordinates: Any) -> Iterator[float]:
    if isinstance(coordinates, list):
        for part in coordinates:
            yield from _flat(part)
    else:
        yield coordinates


def _unlike(part: str, ours: Any, plain: Any) -> Iterator[Difference]:
    if ours != plain:
        yield Difference(part, ours, plain)


# What is listed.


@dataclass(frozen=True)
class Case:
    """A request and both answers."""

    address: str
    ours: Reply
    plain: Reply

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.address).query, keep_blank_values=True))


def ties_by_id(params: dict[str, str]) -> dict[str, str]:
    return params | ({"sortby": params["sortby"] + ",id"} if "sortby" in params else {})


def days_as_moments(params: dict[str, str]) -> dict[str, str]:
    """The first and the last moment of the days of an interval."""
    if "datetime" not in params:
        return params
    start, _, end = params["datetime"].partition("/")
    end = end or start
    if len(start) == 10:
        start += "T00:00:00Z"
    if len(end) == 10:
        end += "T23:59:59.999999Z"
    return params | {"datetime": f"{start}/{end}" if start != end else start}


AGAIN: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "ties_by_id": ties_by_id,
    "days_as_moments": days_as_moments,
}


def box(case: Case) -> list[float]:
    return [float(number) for number in case.params.get("bbox", "").split(",") if number]


def moment(value: Any) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def last_page_is_full(case: Case, _: Difference) -> bool:
    ours = case.ours.body
    before = int(case.params.get("offset", 0)) + ours["numberReturned"]
    full = ours["numberReturned"] == int(case.params.get("limit", 10))
    return full and before == ours["numberMatched"]


def neighbour(_: Case, found: Difference) -> bool:
    return found.part in (
        "Feature.prev",
        "Feature.next",
        "Feature.links.prev",
        "Feature.links.next",
    )


def more_systems(_: Case, found: Difference) -> bool:
    return set(found.plain) < set(found.ours)


def escaped(_: Case, found: Difference) -> bool:
    return found.ours.replace("<", "&lt;").replace(">", "&gt;") == found.plain


CHECKS: dict[str, Callable[[Case, Difference], bool]] = {
    "only_plain": lambda _, found: found.ours in ("absent", None),
    "only_ours": lambda _, found: found.plain == "absent",
    "same_moment": lambda _, found: moment(found.ours) == moment(found.plain),
    "escaped": escaped,
    "last_page_is_full": last_page_is_full,
    "neighbour": neighbour,
    "west_of_east": lambda case, _: len(box(case)) == 4 and box(case)[0] > box(case)[2],
    "nothing_then": lambda case, _: case.ours.body["numberMatched"] == 0,
    "box_of_six": lambda case, _: len(box(case)) == 6,
    "unknown_parameter": lambda case, _: "nosuch" in case.params,
    "result_type": lambda case, _: case.params.get("resulttype") == "hits",
    "code_is_no_number": lambda case, _: not case.params.get("code", "0").isdigit(),
    "flag_is_neither": lambda case, _: case.params.get("skipGeometry") == "maybe",
    "filters_by_nosuch": lambda case, _: "nosuch" in case.params.get("filter", ""),
    "filters_by_place": lambda case, _: "S_INTERSECTS" in case.params.get("filter", ""),
    "negates_a_conjunction": lambda case, _: (
        case.params.get("filter", "").startswith("NOT (") and " AND " in case.params["filter"]
    ),
    "more_systems": more_systems,
}


@dataclass(frozen=True)
class Deviation:
    """An entry of the list."""

    id: str
    request: str
    part: str
    differs: str
    reason: str
    right: str
    ours: Any = None
    plain: Any = None
    check: str | None = None
    again: str | None = None

    def is_about(self, case: Case, found: Difference) -> bool:
        """Whether the difference is this one; with `again` it must also be gone then."""
        return (
            fnmatch.fnmatch(found.part, self.part)
            and (self.ours is None or (self.ours, self.plain) == (found.ours, found.plain))
            and (self.check is None or CHECKS[self.check](case, found))
        )


LISTED = [Deviation(**entry) for entry in yaml.safe_load(KNOWN.read_text("utf-8"))]


def explained(pair: Pair, address: str) -> set[str]:
    """The ids of the deviations that the request shows; fails for a difference that none tells."""
    case = Case(address, *pair.ask(address))
    found = list(differences(case.ours, case.plain))
    said = [one for one in LISTED if one.again and AGAIN[one.again](case.params) != case.params]
    params = case.params
    for one in said:
        assert one.again is not None
        params = AGAIN[one.again](params)
    left = found
    if said:
        anew = pair.plain.get(f"{urlsplit(address).path}?{urlencode(params)}")
        left = list(differences(case.ours, anew))
    shown: set[str] = set()
    for one in found:
        ids = {d.id for d in LISTED if not d.again and d.is_about(case, one)}
        if not ids and one not in left:
            ids = {d.id for d in said if d.is_about(case, one)}
        assert ids, f"{address}: not listed: {one}"
        shown |= ids
    return shown


def test_the_list_is_told_in_full() -> None:
    assert len({one.id for one in LISTED}) == len(LISTED) > 10
    for one in LISTED:
        assert one.right in ("ours", "plain", "both")
        assert all(len(text) > 20 for text in (one.differs, one.reason))
        assert one.again is None or (one.check is None and one.ours is None)


@pytest.mark.parametrize("listed", LISTED, ids=[one.id for one in LISTED])
def test_what_is_listed_is_so(pair: Pair, listed: Deviation) -> None:
    assert listed.id in explained(pair, listed.request)


# What is asked.


def days(first: str, many: int) -> st.SearchStrategy[str]:
    day = date.fromisoformat(first)
    return st.integers(-1, many).map(lambda n: (day + timedelta(days=n)).isoformat())


def times(first: str, many: int) -> st.SearchStrategy[str]:
    day = days(first, many)
    instant = day | st.builds(lambda d, h: f"{d}T{h:02}:00:00Z", day, st.integers(0, 23))
    ends = st.tuples(instant, instant).map(sorted).filter(lambda pair: pair[0][:10] < pair[1][:10])
    return (
        instant
        | ends.map("/".join)
        | instant.map(lambda one: f"{one}/..")
        | instant.map(lambda one: f"../{one}")
    )


def boxes(west: float, south: float, wide: float, high: float) -> st.SearchStrategy[str]:
    """The odd last digits keep edges from touching features."""
    part = st.integers(-20, 120)

    def made(xs: list[int], ys: list[int]) -> str:
        edges = (
            west + wide * min(xs) / 100 - 0.0013, south + high * min(ys) / 100 - 0.0017,
            west + wide * max(xs) / 100 + 0.0019, south + high * max(ys) / 100 + 0.0023,
        )  # fmt: skip
        return ",".join(f"{edge:.6f}" for edge in edges)

    two = st.lists(part, min_size=2, max_size=2)
    return st.builds(made, two, two)


VALUES: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "test_ties": {
        "bbox": boxes(24, 52.5, 0.6, 1),
        "datetime": times("2026-01-01", 4),
        "name": st.sampled_from("АБВГ"),
        "code": st.integers(0, 3).map(str),
        "weight": st.sampled_from(["0.1", "0.5", "7"]),
        "sortby": st.sampled_from(["code", "-code", "name,-weight", "-seen", "weight,code,-name"]),
        "properties": st.sampled_from(["name", "seen,code", "weight,name,code,seen"]),
        "filter": st.sampled_from([
            "code = 1", "code <> 1 OR name = 'А'", "NOT (weight > 0.25 AND code < 2)",
            "name LIKE 'Б%'", "name IS NULL", "code IN (0,2)", "weight BETWEEN 0.1 AND 0.3",
            "seen > TIMESTAMP('2026-01-02T09:00:00Z')",
        ]),
    },
    "test_parcels": {
        "bbox": boxes(24, 51.5, 8, 4),
        "datetime": times("2000-01-01", 9),
        "name": st.integers(1, 20001).map(lambda n: f"Участок {n}"),
        "area_ha": st.integers(1, 20001).map(lambda n: repr(n / 100)),
        "sortby": st.sampled_from(["built", "-area_ha", "-built,name"]),
        "properties": st.sampled_from(["name", "built,area_ha"]),
        "filter": st.sampled_from([
            "area_ha > 199.5", "name LIKE '%999'", "built = DATE('2000-01-05')",
            "area_ha < 1 AND NOT name LIKE '%5'",
        ]),
    },
}  # fmt: skip
COMMON = {
    "limit": st.integers(1, 25).map(str),
    "offset": st.integers(0, 70).map(str),
    "crs": st.sampled_from(SYSTEMS),
    "skipGeometry": st.sampled_from(["true", "false"]),
}


@st.composite
def addresses(draw: st.DrawFn) -> str:
    table = draw(st.sampled_from([*VALUES]))
    if draw(st.integers(0, 9)) == 0:
        crs = draw(COMMON["crs"])
        query = urlencode({"f": "json", "crs": crs})
        return f"/collections/{table}/items/{draw(st.integers(-1, 70))}?{query}"
    choices = VALUES[table] | COMMON
    names = draw(st.lists(st.sampled_from([*choices]), max_size=4, unique=True))
    params = {name: draw(choices[name]) for name in names}
    return f"/collections/{table}/items?{urlencode({'f': 'json'} | params)}"


def test_everything_else_is_the_same(pair: Pair) -> None:
    @settings(max_examples=120, deadline=None, derandomize=True, database=None)
    @given(addresses())
    def check(address: str) -> None:
        note(address)
        explained(pair, address)

    check()
