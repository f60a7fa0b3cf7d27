"""Features and Geometries JSON (OGC 21-045r1): core, types and schemas."""

import re

import pytest

from tests.geoportal.ogc.requirements.conftest import Service, feature_collections

requirement = pytest.mark.requirement
CONF = "http://www.opengis.net/spec/json-fg-1/1.0/conf/"
UTM36 = "http://www.opengis.net/def/crs/EPSG/0/32636"
EPSG4326 = "http://www.opengis.net/def/crs/EPSG/0/4326"
DATE, MOMENT = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"[0-9-]{10}T[0-9:.]+Z")


def features(service: Service, collection: str, **params: str) -> list[dict]:
    page = service.get(
        f"/collections/{collection}/items", {"f": "jsonfg", "limit": "20", **params}
    ).json
    return [page, *page["features"]]


@requirement("/req/core/metadata", "/req/types-schemas/metadata", "/req/types-schemas/feature-type")
def test_root_tells_what_it_conforms_to(portal: Service) -> None:
    for collection in feature_collections(portal):
        root, *members = features(portal, collection["id"])
        assert {CONF + "core", CONF + "types-schemas"} <= set(root["conformsTo"])
        assert root["featureType"] == collection["id"]
        assert portal.get(root["featureSchema"]).type == "application/schema+json"
        for one in members:
            assert not {"conformsTo", "coordRefSys"} & set(one)
            assert {"type", "geometry", "properties", "time", "place"} <= set(one)


@requirement("/req/core/time-instant", "/req/core/time-interval", "/req/core/utc")
def test_time_is_a_date_a_moment_or_an_interval(portal: Service, parcels: Service) -> None:
    moments = features(portal, "air_sensor_readings")[1:]
    dates = features(parcels, "test_parcels")[1:]
    assert {name for one in moments + dates for name in one["time"]} == {"date", "timestamp"}
    for one in moments + dates:
        time = one["time"]
        assert time
        if "date" in time:
            assert DATE.fullmatch(time["date"])
        if "timestamp" in time:
            assert MOMENT.fullmatch(time["timestamp"])
        if "interval" in time:
            start, end = time["interval"]
            known = [t for t in (start, end) if t != ".."]
            assert known == sorted(known)
            assert all(DATE.fullmatch(t) for t in known) or all(map(MOMENT.fullmatch, known))


@requirement(
    "/req/core/geometry-wgs84", "/req/core/place", "/req/core/coordrefsys", "/req/core/axis-order"
)
def test_what_is_not_wgs84_stands_in_place(portal: Service) -> None:
    plain = features(portal, "buildings")
    metric = features(portal, "buildings", crs=UTM36)
    north_east = features(portal, "buildings", crs=EPSG4326)
    assert "coordRefSys" not in plain[0] or plain[0]["coordRefSys"].endswith("CRS84")
    assert metric[0]["coordRefSys"] == UTM36
    assert north_east[0]["coordRefSys"] == EPSG4326
    for one, moved, turned in zip(plain[1:], metric[1:], north_east[1:], strict=True):
        assert one["place"] is None
        assert moved["geometry"] is None
        assert turned["geometry"] is None
        assert one["id"] == moved["id"] == turned["id"]
        (outer, *_), *_ = one["geometry"]["coordinates"]
        for x, y in outer:
            assert -180 <= x <= 180
            assert -90 <= y <= 90
        x, y = moved["place"]["coordinates"][0][0][0]
        assert 100_000 < x < 900_000
        assert 5_000_000 < y < 7_000_000
        assert turned["place"]["coordinates"][0][0] == [[y, x] for x, y in outer]


@requirement("/req/core/metadata")
def test_single_feature_is_a_root_too(portal: Service) -> None:
    first = features(portal, "buildings")[1]
    one = portal.get(f"/collections/buildings/items/{first['id']}", {"f": "jsonfg"}).json
    assert CONF + "core" in one["conformsTo"]
    assert one["featureType"] == "buildings"
    assert (one["geometry"], one["properties"]) == (first["geometry"], first["properties"])


def test_a_document_links_to_itself_and_its_other_forms(portal: Service) -> None:
    items = "/collections/buildings/items"
    number = portal.get(items).json["features"][0]["id"]
    for path in (items, f"{items}/{number}"):
        document = portal.get(path, {"f": "jsonfg", "crs": UTM36}).json
        links = {one["type"]: one for one in document["links"] if one["rel"] != "collection"}
        itself = links.pop("application/vnd.ogc.fg+json")
        assert itself["rel"] == "self"
        assert portal.get(itself["href"]).json["coordRefSys"] == UTM36
        assert {one["rel"] for one in links.values()} == {"alternate"}
        geojson = portal.get(links["application/geo+json"]["href"])
        assert geojson.headers["content-crs"] == f"<{UTM36}>"
        (same,) = (one for one in geojson.json["links"] if one["rel"] == "self")
        assert portal.get(same["href"]).headers["content-crs"] == f"<{UTM36}>"
