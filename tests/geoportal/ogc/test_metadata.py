"""Metadata of every collection: as its definition and loads say, in three languages, read back."""

import json
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from lxml import etree
from owslib.iso import MD_Metadata
from starlette.testclient import TestClient

from geoportal.ogc.metadata import ISO, Place, coverage_record, layer_record, written
from layers import registry
from layers.area import seed_areas
from layers.coverage import Coverage
from layers.metadata.dcat_read import read_dcat
from layers.metadata.iso_read import parse_xml, read_iso
from layers.metadata.record import Record
from layers.model import LANGUAGES, Language, Layer, Licence, Text
from layers.raster import load_rasters
from layers.version import Version
from tests.fix_metadata import of_dcat, of_iso

AREAS = seed_areas()
LAYERS = registry.load_layers()
PLACE = Place("http://portal.example", Text(be="Геапартал", ru="Геопортал", en="Geoportal"))
URL = "http://portal.example/ogc/collections/test_parcels"


def version(name: str, area: str, **more: Any) -> Version:
    given = {
        "layer": name, "area": area, "version": 7, "checksum": "1", "row_count": 12,
        "bbox": (30.1, 54.2, 30.6, 54.7),
        "time_start": datetime(2020, 1, 1, tzinfo=UTC), "time_end": None,
        "loaded_at": datetime(2026, 5, 6, 7, 8, 9, 1234, tzinfo=UTC), "status": "open",
        "source": "parcels.gpkg", "attribution": "Orsha", "supplier": None,
        "licence": Licence(id="ODbL-1.0", title="ODbL 1.0"),
    }  # fmt: skip
    return Version(**(given | more))  # type: ignore[arg-type]


def loads(layer: Layer) -> list[Version]:
    """What may be loaded of a layer: nothing would be the easier case."""
    if layer.scope == "national":
        return [version(layer.id, "by")]
    later = datetime(2026, 6, 1, tzinfo=UTC)
    other = version(layer.id, "minsk", status="demonstration", loaded_at=later, bbox=None)
    return [version(layer.id, "orsha"), other]


def read_back(record: Record, language: Language) -> tuple[Record, Record]:
    """A record as its two forms tell it."""
    iso = written(record, ISO, PLACE, language)
    dcat = json.dumps(written(record, "dcat", PLACE, language)).encode()
    return read_iso(parse_xml(iso, "a"), "a"), read_dcat(dcat, "json-ld", "a")


@pytest.mark.parametrize("layer_id", LAYERS)
def test_the_metadata_of_every_layer_are_read_back(layer_id: str) -> None:
    layer = LAYERS[layer_id]
    for versions in ([], loads(layer)):
        for language in LANGUAGES:
            record = layer_record(layer, versions, AREAS, PLACE, language)
            assert read_back(record, language) == (of_iso(record), of_dcat(record))


@pytest.mark.parametrize("raster_id", load_rasters())
def test_the_metadata_of_every_raster_are_read_back(raster_id: str) -> None:
    one = version(raster_id, "orsha")
    bounds = (332_000.0, 6_042_500.0, 334_500.0, 6_044_000.0)
    known = load_rasters()[raster_id]
    coverage = Coverage(known, AREAS["orsha"], one, 32636, 500, 300, bounds)
    for language in LANGUAGES:
        record = coverage_record(coverage, PLACE, language)
        assert read_back(record, language) == (of_iso(record), of_dcat(record))


def test_a_record_says_what_was_loaded() -> None:
    layer = LAYERS["parcels"]
    record = layer_record(layer, loads(layer), AREAS, PLACE, "en")
    assert record.modified == datetime(2026, 6, 1, tzinfo=UTC)
    assert record.status == "demonstration"  # the gravest
    assert record.row_count == 24
    assert record.bbox == (30.1, 54.2, 30.6, 54.7)
    assert "Orsha: parcels.gpkg (open, ODbL 1.0), 2026-05-06; Minsk" in record.lineage.en
    assert "Орша: parcels.gpkg (адкрытыя, ODbL 1.0), 2026-05-06" in record.lineage.be


@pytest.mark.parametrize("language", LANGUAGES)
def test_iso_over_http_says_what_the_collection_says(
    client: TestClient, language: Language
) -> None:
    answer = client.get(f"{URL}/metadata", params={"f": "iso19139", "lang": language})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.iso.19139+xml"
    assert answer.headers["content-language"] == language
    found = MD_Metadata(etree.fromstring(answer.content))
    (data,) = found.identification
    collection = client.get(URL, params={"lang": language}).json()
    assert data.title == collection["title"]
    assert data.abstract == collection["description"]
    assert data.contact[0].organization == collection["supplier"]["name"]
    box = [data.bbox.minx, data.bbox.miny, data.bbox.maxx, data.bbox.maxy]
    assert [float(one) for one in box] == collection["extent"]["spatial"]["bbox"][0]


def test_the_dates_are_those_of_the_load(
    client: TestClient, oracle: psycopg.Connection[tuple[Any]]
) -> None:
    answer = client.get(f"{URL}/metadata?f=dcat")
    assert answer.headers["content-type"] == "application/ld+json"
    query = "SELECT max(loaded_at) FROM layers.version WHERE layer = %s"
    found = read_dcat(answer.content, "json-ld", "a")
    assert (found.modified,) == oracle.execute(query, ["test_parcels"]).fetchone()
    assert found.licence is not None
    assert found.licence.id == "CC0-1.0"


def test_distributions_are_what_the_collection_links_to(client: TestClient) -> None:
    found = read_dcat(client.get(f"{URL}/metadata").content, "json-ld", "a")
    linked = {one["href"] for one in client.get(URL).json()["links"]}
    files = {one.url for one in found.distributions if one.download}
    assert len(files) == 8
    assert files <= linked
    for one in found.distributions:
        if one.download:  # test_documents.py follows these links
            continue
        answer = client.get(f"{one.url}&limit=1" if "/items" in one.url else one.url)
        assert answer.status_code == 200, one.url
        assert answer.headers["content-type"].partition(";")[0] == one.media_type, one.url


def test_the_collection_links_to_both_forms(client: TestClient) -> None:
    links = client.get(URL, params={"lang": "be"}).json()["links"]
    found = {one["type"]: one for one in links if "/metadata" in one["href"]}
    assert set(found) == {"application/vnd.iso.19139+xml", "application/ld+json"}
    for media_type, one in found.items():
        assert one["rel"] == "describedby"
        assert one["title"].startswith("Метаданыя")
        assert client.get(one["href"]).headers["content-type"] == media_type


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/xml", "application/vnd.iso.19139+xml"),
        ("application/vnd.iso.19139+xml", "application/vnd.iso.19139+xml"),
        ("application/ld+json", "application/ld+json"),
        ("application/json", "application/ld+json"),
        ("*/*", "application/ld+json"),
    ],
)
def test_the_form_is_negotiated(client: TestClient, accept: str, media_type: str) -> None:
    answer = client.get(f"{URL}/metadata", headers={"Accept": accept})
    assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{URL}/metadata?f=pdf", 400),
        (f"{URL}/metadata?lang=de", 400),
        (f"{URL}/metadata?limit=1", 400),
        ("http://portal.example/ogc/collections/nosuch/metadata", 404),
        # Defined, and nothing of it is loaded: no collection.
        ("http://portal.example/ogc/collections/buildings/metadata", 404),
    ],
)
def test_bad_requests_are_refused(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_unchanged_metadata_are_not_sent_again(client: TestClient) -> None:
    first = client.get(f"{URL}/metadata?f=iso")
    again = client.get(f"{URL}/metadata?f=iso", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_openapi_names_both_forms(client: TestClient) -> None:
    paths = client.get("/ogc/openapi").json()["paths"]
    operation = paths["/collections/test_parcels/metadata"]["get"]
    content = operation["responses"]["200"]["content"]
    assert set(content) == {"application/ld+json", "application/vnd.iso.19139+xml"}
    formats = next(one for one in operation["parameters"] if one.get("name") == "f")
    assert formats["schema"]["enum"] == ["dcat", "iso19139"]
