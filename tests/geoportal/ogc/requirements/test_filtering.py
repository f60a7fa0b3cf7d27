"""OGC API - Features Part 3 (OGC 19-079r2): queryables, filter, features-filter."""

import pytest

from tests.geoportal.ogc.requirements.conftest import Service, feature_collections, hrefs

requirement = pytest.mark.requirement
ITEMS = "/collections/test_parcels/items"
PART_3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG4326 = "http://www.opengis.net/def/crs/EPSG/0/4326"


def items_parameters(service: Service) -> dict[str, dict]:
    document = service.get("/openapi").json
    shared = document["components"]["parameters"]
    listed = document["paths"]["/collections/test_parcels/items"]["get"]["parameters"]
    found = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in listed]
    return {one["name"]: one for one in found}


@requirement(
    "/req/features-filter/get-queryables-op",
    "/req/queryables/get-queryables-op",
    "/req/features-filter/queryables-link",
    "/req/queryables/queryables-link",
)
def test_every_collection_links_its_queryables(portal: Service) -> None:
    collections = feature_collections(portal)
    assert len(collections) > 15
    for collection in collections:
        address = hrefs(collection, QUERYABLES)[0].partition("?")[0]
        assert address.endswith(f"/collections/{collection['id']}/queryables")
        answer = portal.get(address, Accept="application/schema+json")
        assert (answer.status, answer.type) == (200, "application/schema+json")


@requirement("/req/queryables/get-queryables-response")
def test_queryables_are_a_schema_of_the_prescribed_form(portal: Service) -> None:
    for collection in feature_collections(portal):
        document = portal.get(f"/collections/{collection['id']}/queryables").json
        assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert document["$id"].endswith(f"/collections/{collection['id']}/queryables")
        assert document["type"] == "object"
        assert document["additionalProperties"] is False
        for one in document["properties"].values():
            if "geometry" in one.get("format", ""):
                assert one["format"].startswith("geometry-")
                assert one["format"] == one["format"].lower()
                assert not {"type", "$ref"} & set(one)
            else:
                assert one["type"] in ("string", "number", "integer", "boolean", "array")
            if one.get("format") in ("date", "date-time"):
                assert one["type"] == "string"


@requirement("/req/queryables/expression-construction")
def test_what_is_no_queryable_is_refused(parcels: Service) -> None:
    queryables = parcels.get("/collections/test_parcels/queryables").json["properties"]
    assert "owner_secret" not in queryables
    for name in ("owner_secret", "nosuch"):
        answer = parcels.get(ITEMS, {"filter": f"{name} IS NULL"})
        assert (answer.status, answer.type) == (400, "application/problem+json")


@requirement("/req/queryables-query-parameters/parameters")
def test_every_simple_queryable_is_a_parameter(parcels: Service) -> None:
    described = items_parameters(parcels)
    queryables = parcels.get("/collections/test_parcels/queryables").json["properties"]
    for name, one in queryables.items():
        if "type" in one:
            assert described[name]["schema"]["type"] == one["type"]
            assert described[name]["schema"].get("format") == one.get("format")
    assert parcels.ids(ITEMS, area_ha="1.5") == {150}
    assert parcels.ids(ITEMS, name="Участок 7", area_ha="1.5") == set()


@requirement(
    "/req/filter/filter-param",
    "/req/features-filter/filter-param",
    "/req/filter/filter-lang-param",
    "/req/features-filter/filter-lang-param",
    "/req/filter/filter-crs-param",
    "/req/features-filter/filter-crs-param",
)
def test_parameters_are_described_as_prescribed(parcels: Service) -> None:
    described = items_parameters(parcels)
    assert described["filter"]["schema"]["type"] == "string"
    language = described["filter-lang"]["schema"]
    assert language["default"] == "cql2-text"
    assert {"cql2-text", "cql2-json"} <= set(language["enum"])
    assert described["filter-crs"]["schema"]["type"] == "string"
    for name in ("filter", "filter-lang", "filter-crs"):
        assert (described[name]["in"], described[name].get("required", False)) == ("query", False)
    text = parcels.ids(ITEMS, filter="area_ha = 1.5")
    assert text == parcels.ids(ITEMS, **{"filter": "area_ha = 1.5", "filter-lang": "cql2-text"})
    as_json = '{"op":"=","args":[{"property":"area_ha"},1.5]}'
    assert text == parcels.ids(ITEMS, **{"filter": as_json, "filter-lang": "cql2-json"})


@requirement("/req/filter/filter-crs-param", "/req/filter/filter-crs-wgs84")
def test_geometries_of_a_filter_have_the_named_system(parcels: Service) -> None:
    east_north, north_east = (
        f"S_INTERSECTS(geometry, POINT({at}))" for at in ("24.05 51.51", "51.51 24.05")
    )
    assert parcels.ids(ITEMS, filter=east_north) == {1}
    assert parcels.ids(ITEMS, **{"filter": east_north, "filter-crs": CRS84}) == {1}
    assert parcels.ids(ITEMS, **{"filter": north_east, "filter-crs": EPSG4326}) == {1}
    assert parcels.ids(ITEMS, filter=north_east) == set()
    unknown = {"filter": east_north, "filter-crs": "http://www.opengis.net/def/crs/EPSG/0/2056"}
    assert parcels.get(ITEMS, unknown).status == 400


@requirement(
    "/req/filter/mixing-expressions", "/req/filter/response", "/req/features-filter/response"
)
def test_filter_and_other_conditions_hold_together(parcels: Service) -> None:
    filter_, box, time = "area_ha < 100", "24,51.5,25,53", "2000-01-01/2005-01-01"
    each = [
        parcels.ids(ITEMS, filter=filter_),
        parcels.ids(ITEMS, bbox=box),
        parcels.ids(ITEMS, datetime=time),
    ]
    together = parcels.ids(ITEMS, filter=filter_, bbox=box, datetime=time)
    assert together == each[0] & each[1] & each[2]
    assert together
    outside = parcels.ids(ITEMS, filter=f"NOT ({filter_})", bbox=box, datetime=time)
    assert not outside & together
    assert outside | together == each[1] & each[2]


@requirement("/req/features-filter/response")
@pytest.mark.parametrize("wrong", [
    {"filter": "area_ha >"},
    {"filter": "area_ha = 'x'"},
    {"filter": "area_ha = 1", "filter-lang": "sql"},
    {"filter": "area_ha = 1", "filter-lang": "cql2-json"},
    {"filter": "area_ha = 1", "filter-crs": "EPSG"},
])  # fmt: skip
def test_invalid_values_are_400(parcels: Service, wrong: dict[str, str]) -> None:
    answer = parcels.get(ITEMS, wrong)
    assert (answer.status, answer.type) == (400, "application/problem+json")
    assert answer.json["detail"]


@requirement("/req/filter/get-functions-operation", "/req/filter/get-functions-response-json")
def test_functions_are_listed_and_work(parcels: Service) -> None:
    answer = parcels.get("/functions")
    assert (answer.status, answer.type) == (200, "application/json")
    functions = answer.json["functions"]
    assert functions
    kinds = {"string", "number", "integer", "datetime", "geometry", "boolean"}
    for one in functions:
        assert one["name"]
        assert set(one["returns"]) <= kinds
        for argument in one.get("arguments", []):
            assert set(argument["type"]) <= kinds
    assert (PART_3 + "filter") in parcels.get("/conformance").json["conformsTo"]
