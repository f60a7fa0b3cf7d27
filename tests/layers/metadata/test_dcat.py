"""The JSON-LD says with its own context what another reader of RDF finds in it."""

import json
import warnings
from typing import Any

import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef

from layers.metadata.dcat import dcat_document
from layers.metadata.record import Record, Words
from layers.model import Language
from tests.fix_metadata import FULL, STAMP

URL = "https://portal.example/ogc/collections/benches"
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")


def graph(record: Record, language: Language = "be") -> Graph:
    found = Graph()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        text = json.dumps(dcat_document(record, URL, language, STAMP))
        found.parse(data=text, format="json-ld")
    return found


def test_a_foreign_reader_finds_what_dcat_ap_asks_for() -> None:
    found, dataset = graph(FULL), URIRef(URL)
    assert (dataset, RDF.type, DCAT.Dataset) in found
    titles = set(found.objects(dataset, DCT.title))
    assert titles == {
        Literal("Лаўкі", lang="be"), Literal("Скамьи", lang="ru"), Literal("Benches", lang="en"),
    }  # fmt: skip
    assert len(set(found.objects(dataset, DCT.description))) == 3
    licence = URIRef("https://creativecommons.org/licenses/by/4.0/")
    assert (dataset, DCT.license, licence) in found
    rights = found.value(dataset, DCT.accessRights)
    assert str(rights).endswith("/access-right/RESTRICTED")
    frequency = found.value(dataset, DCT.accrualPeriodicity)
    assert str(frequency).endswith("/frequency/OTHER")
    box = found.value(found.value(dataset, DCT.spatial), DCAT.bbox)
    assert str(box) == "POLYGON((30.1 54.25, 30.5 54.25, 30.5 54.6, 30.1 54.6, 30.1 54.25))"
    assert str(box.datatype) == "http://www.opengis.net/ont/geosparql#wktLiteral"  # type: ignore[union-attr]
    files = list(found.objects(dataset, DCAT.distribution))
    assert len(files) == 2
    assert all((one, DCT.license, licence) in found for one in files)
    urls = {str(found.value(one, DCAT.accessURL)) for one in files}
    assert urls == {one.url for one in FULL.distributions}


@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_the_caller_s_language_comes_first(language: Language) -> None:
    document = dcat_document(FULL, URL, language, STAMP)
    assert document["dct:title"][0]["@language"] == language
    assert len(document["dct:title"]) == 3


def test_nothing_needs_the_network() -> None:
    """The context is an object, all in the document."""

    def contexts(value: Any) -> list[Any]:
        if isinstance(value, list):
            return [one for part in value for one in contexts(part)]
        if not isinstance(value, dict):
            return []
        own = [value["@context"]] if "@context" in value else []
        return own + [one for part in value.values() for one in contexts(part)]

    assert [type(one) for one in contexts(dcat_document(FULL, URL, "en", STAMP))] == [dict]


def test_what_is_not_said_is_left_out() -> None:
    document = dcat_document(Record(id="x", title=Words(en="X")), URL, "en", STAMP)
    assert set(document) == {
        "@context", "@id", "@type", "dct:identifier", "dct:title", "foaf:isPrimaryTopicOf",
    }  # fmt: skip
