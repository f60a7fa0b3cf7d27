"""OGC API - Styles (OGC 20-009, draft): the list, the stylesheets, their metadata."""

import pytest

from tests.geoportal.ogc.requirements.conftest import Service, hrefs

requirement = pytest.mark.requirement
REL_STYLES = "http://www.opengis.net/def/rel/ogc/1.0/styles"


@requirement("/req/core/base-resource-link", "/req/core/styles-op", "/req/core/styles-success")
def test_list_of_styles(portal: Service) -> None:
    landing = portal.get("/").json
    (address,) = set(hrefs(landing, REL_STYLES))
    document = portal.get(address).json
    ids = [one["id"] for one in document["styles"]]
    assert len(ids) == len(set(ids)) > 15
    assert document["default"] in ids
    for one in document["styles"]:
        assert one["title"]
        sheets = [link for link in one["links"] if link["rel"] == "stylesheet"]
        about = [link for link in one["links"] if link["rel"] == "describedby"]
        assert sheets
        assert about
        assert all(link["type"] for link in sheets + about)


@requirement("/req/core/style-op", "/req/core/style-success", "/req/mapbox-style/content")
def test_stylesheets_have_the_type_they_are_linked_with(portal: Service) -> None:
    for one in portal.get("/styles").json["styles"]:
        for sheet in [link for link in one["links"] if link["rel"] == "stylesheet"]:
            answer = portal.get(sheet["href"])
            assert answer.status == 200
            assert answer.type == sheet["type"].partition(";")[0]
            if answer.type == "application/vnd.mapbox.style+json":
                assert answer.json["version"] == 8
                assert {layer.get("source") for layer in answer.json["layers"]} <= {
                    None, *answer.json["sources"],
                }  # fmt: skip


@requirement("/req/core/style-md-op", "/req/core/style-md-success")
@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_metadata_in_a_language(portal: Service, language: str) -> None:
    for one in portal.get("/styles").json["styles"][:4]:
        (address,) = hrefs(one, "describedby")
        answer = portal.get(address, Accept_Language=language)
        assert answer.status == 200
        assert answer.headers["content-language"].startswith(language)
        assert answer.json["id"] == one["id"]
        assert answer.json["stylesheets"]
        assert answer.json["layers"]


@requirement("/req/core/style-op")
def test_collections_link_their_styles(portal: Service) -> None:
    collection = portal.get("/collections/buildings").json
    (address,) = set(hrefs(collection, REL_STYLES))
    assert [one["id"] for one in portal.get(address).json["styles"]] == ["buildings"]
