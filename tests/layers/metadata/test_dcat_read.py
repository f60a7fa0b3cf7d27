"""DCAT in three forms of RDF is read back; contexts on the network are never fetched."""

import json
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from rdflib import Graph

from layers.errors import CorruptSource
from layers.metadata.dcat import dcat_document
from layers.metadata.dcat_read import read_dcat
from layers.metadata.record import Record, Words
from layers.model import LANGUAGES, Language, Licence
from tests.fix_metadata import FULL, STAMP, of_dcat, records

URL = "https://portal.example/ogc/collections/benches"


def written(record: Record, language: Language = "en") -> bytes:
    return json.dumps(dcat_document(record, URL, language, STAMP)).encode()


def read(document: Any) -> Record:
    return read_dcat(json.dumps(document).encode(), "json-ld", "a.jsonld")


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_read_back(language: Language) -> None:
    assert read_dcat(written(FULL, language), "json-ld", "a.jsonld") == of_dcat(FULL)


@settings(max_examples=20, deadline=None)
@given(record=records())
def test_any_record_is_read_back(record: Record) -> None:
    assert read_dcat(written(record), "json-ld", "a.jsonld") == of_dcat(record)


@pytest.mark.parametrize("form", ["xml", "turtle"])
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_other_forms_of_rdf_say_the_same(form: str) -> None:
    graph = Graph().parse(data=written(FULL), format="json-ld")
    data = graph.serialize(format=form, encoding="utf-8")
    assert read_dcat(data, form, "a") == of_dcat(FULL)


def test_a_context_on_the_network_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    found = read(
        {
            "@context": [
                "https://semiceu.example/dcat-ap.jsonld",
                {
                    "@version": 1.1,
                    "@import": "https://x.example/imported.jsonld",
                    "ex": "https://x.example/",
                    "part": {"@id": "ex:part", "@context": "https://x.example/part.jsonld"},
                },
            ],
            "part": {"title": "a part"},
            "@type": "Dataset",
            "title": {"@value": "Дрэвы Оршы", "@language": "be-BY"},
            "description": "All trees.",
            "keyword": ["trees", "green"],
            "publisher": {"name": "Горад Орша"},
            "contactPoint": {"hasEmail": "mailto:a@b.example"},
            "license": {"@id": "https://creativecommons.org/publicdomain/zero/1.0/"},
            "modified": "2024-05-06",
            "accrualPeriodicity": {
                "@id": "http://publications.europa.eu/resource/authority/frequency/MONTHLY"
            },
            "distribution": {
                "@type": "Distribution",
                "downloadURL": {"@id": "https://x.example/trees.csv"},
                "title": "CSV",
            },
        }
    )
    assert found.title == Words(be="Дрэвы Оршы")
    assert found.abstract == Words(en="All trees.")
    assert found.keywords == ("green", "trees")
    assert found.supplier == Words(ru="Горад Орша")  # no letter of it is only Belarusian
    assert found.email == "a@b.example"
    cc0 = "https://creativecommons.org/publicdomain/zero/1.0/"
    assert found.licence == Licence(id="CC0-1.0", title="CC0-1.0", url=cc0)
    assert found.update_period == "P1M"
    assert str(found.modified) == "2024-05-06 00:00:00+00:00"
    assert [one.url for one in found.distributions] == ["https://x.example/trees.csv"]


def deep(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[1, 2]", b'"text"', b"\xff\xfe", deep(200), deep(200_000),
        b'{"@context": 5}', b'{"@context": {"@version": "x"}}',
        b'{"@id": "x", "@type": ["http://www.w3.org/ns/dcat#Catalog"]}',
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_dcat_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(CorruptSource) as caught:
        read_dcat(data, "json-ld", "a.jsonld")
    assert str(caught.value).startswith("a.jsonld ")
    assert "\n" not in str(caught.value)


def test_several_data_sets_are_refused() -> None:
    kind = "http://www.w3.org/ns/dcat#Dataset"
    with pytest.raises(CorruptSource, match="describes 2 data sets; keep the one"):
        read([{"@id": "urn:a", "@type": kind}, {"@id": "urn:b", "@type": kind}])
