"""OGC API - Features Part 5 (OGC 23-058): schema, queryables, sortables, roles, code lists."""

import pytest

from tests.geoportal.ogc.requirements.conftest import Service, feature_collections, hrefs

requirement = pytest.mark.requirement
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
ROLES = {
    "id", "primary-geometry", "primary-instant", "primary-interval-start",
    "primary-interval-end", "reference", "type",
}  # fmt: skip


@requirement(
    "/req/returnables-and-receivables/schema-link",
    "/req/returnables-and-receivables/schema-op",
    "/req/sortables/sortables-link",
    "/req/sortables/get-sortables-op",
)
def test_every_collection_links_its_schemas(portal: Service) -> None:
    for collection in feature_collections(portal):
        for kind in ("schema", "queryables", "sortables"):
            addresses = {href.partition("?")[0] for href in hrefs(collection, REL + kind)}
            assert addresses, (collection["id"], kind)
            answer = portal.get(*addresses)
            assert (answer.status, answer.type) == (200, "application/schema+json")
            assert answer.json["$schema"] == "https://json-schema.org/draft/2020-12/schema"
            assert answer.json["$id"] in addresses


@requirement(
    "/req/core-roles-features/id",
    "/req/core-roles-features/primary-geometry",
    "/req/core-roles-features/primary-temporal",
)
def test_roles_are_known_and_each_is_given_once(portal: Service) -> None:
    for collection in feature_collections(portal):
        properties = portal.get(f"/collections/{collection['id']}/schema").json["properties"]
        roles = [p["x-ogc-role"] for p in properties.values() if "x-ogc-role" in p]
        assert set(roles) <= ROLES
        single = [role for role in roles if role != "reference"]
        assert len(single) == len(set(single))
        assert {"id", "primary-geometry"} <= set(roles)
        starts = {"primary-interval-start", "primary-interval-end"} & set(roles)
        assert not ("primary-instant" in roles and starts)


@requirement("/req/returnables-and-receivables/properties")
def test_features_hold_what_their_schema_says(portal: Service) -> None:
    kinds = {
        "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list,
    }  # fmt: skip
    for collection in feature_collections(portal):
        schema = portal.get(f"/collections/{collection['id']}/schema").json
        scalars = {n: p for n, p in schema["properties"].items() if "type" in p and n != "id"}
        page = portal.get(f"/collections/{collection['id']}/items", {"limit": "50"}).json
        for feature in page["features"]:
            assert set(feature["properties"]) == set(scalars)
            for name, value in feature["properties"].items():
                if value is None:
                    assert name not in schema["required"]
                    continue
                assert isinstance(value, kinds[scalars[name]["type"]])
                if "oneOf" in scalars[name]:
                    assert value in [one["const"] for one in scalars[name]["oneOf"]]


@requirement("/req/sortables/sortby-response", "/req/features-sorting/sortby-param")
def test_every_sortable_sorts_and_nothing_else(portal: Service) -> None:
    sortables = portal.get("/collections/settlements/sortables").json["properties"]
    assert sortables
    for name in sortables:
        values = []
        for sign in ("", "-"):
            params = {"sortby": sign + name, "limit": "200", "properties": name}
            page = portal.get("/collections/settlements/items", params).json
            found = [f["properties"][name] for f in page["features"]]
            values.append([v for v in found if v is not None])
        assert sorted(map(str, values[0])) == sorted(map(str, values[1]))
        if all(isinstance(v, int | float) for v in values[0]):
            assert values[0] == sorted(values[0])
            assert values[1] == sorted(values[1], reverse=True)
    refused = portal.get("/collections/settlements/items", {"sortby": "geometry"})
    assert refused.status == 400


@requirement("/req/codelists/inline")
def test_codes_and_titles_come_in_the_callers_language(portal: Service) -> None:
    titles = {}
    for language in ("be", "ru", "en"):
        schema = portal.get("/collections/street_lights/schema", {"lang": language}).json
        codes = schema["properties"]["lamp_type"]["oneOf"]
        titles[language] = {one["const"]: one["title"] for one in codes}
    assert titles["en"]["sodium"] == "sodium"
    assert titles["ru"]["sodium"] == "натриевая"
    assert titles["be"]["sodium"] == "натрыевая"
