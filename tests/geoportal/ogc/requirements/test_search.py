"""Search over collections (OGC API - Features Part 9 text search and Part 10, drafts)."""

import pytest

from tests.geoportal.ogc.requirements.conftest import Service

requirement = pytest.mark.requirement


def found(service: Service, body: dict) -> set[tuple[str, int]]:
    answer = service.send("POST", "/search", body, Content_Type="application/json")
    assert answer.status == 200, answer.body
    assert answer.type == "application/geo+json"
    return {(f["collection"], f["id"]) for f in answer.json["features"]}


@requirement("/req/text-search/q", "/req/adhoc-query/post-op", "/req/adhoc-query/post-body")
@pytest.mark.parametrize("word", ["Орша", "орша", "Orsha", "ОРША"])
def test_a_town_is_found_in_any_language_and_case(portal: Service, word: str) -> None:
    hits = found(portal, {"q": word, "collections": ["settlements"], "limit": 50})
    names = [portal.get(f"/collections/{c}/items/{i}").json["properties"] for c, i in hits]
    assert any("Орша" in str(one) and "Orsha" in str(one) for one in names)


@requirement("/req/text-search/q")
def test_all_words_must_be_there_and_items_search_alike(parcels: Service) -> None:
    items = parcels.ids("/collections/test_parcels/items", q="участок 1999")
    hits = found(parcels, {"q": "участок 1999", "collections": ["test_parcels"], "limit": 1000})
    assert items == {i for _, i in hits}
    assert 1999 in items
    assert not parcels.ids("/collections/test_parcels/items", q="участок нетакого")


@requirement("/req/adhoc-query/response")
def test_filter_is_a_subset_and_refuses_what_no_collection_has(parcels: Service) -> None:
    body = {"collections": ["test_parcels"], "filter": "area_ha < 2", "limit": 1000}
    hits = {i for _, i in found(parcels, body)}
    assert hits == parcels.ids("/collections/test_parcels/items", filter="area_ha < 2")
    wrong = {"collections": ["test_parcels"], "filter": "nosuch = 1"}
    answer = parcels.send("POST", "/search", wrong, Content_Type="application/json")
    assert (answer.status, answer.type) == (400, "application/problem+json")
