"""DCAT-AP JSON-LD of a record; its context is written into it, so that nobody has to fetch one.

Sources: DCAT-AP 3.0, GeoDCAT-AP 3.0 for boxes, reference systems and topic categories, CSVW for
the fields.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from layers.metadata.codes import ACCESSES, FREQUENCIES, LANGUAGES_639, OTHER_FREQUENCY
from layers.metadata.record import Attribute, Distribution, Record, Words
from layers.model import Language, Licence

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "csvw": "http://www.w3.org/ns/csvw#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "odrs": "http://schema.theodi.org/odrs#",
    "qudt": "http://qudt.org/schema/qudt/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
EU = "http://publications.europa.eu/resource/authority/"
INSPIRE = "http://inspire.ec.europa.eu/metadata-codelist/"
SYSTEM_TYPE = "http://inspire.ec.europa.eu/glossary/SpatialReferenceSystem"
MEDIA_TYPES = "http://www.iana.org/assignments/media-types/"

Node = dict[str, Any]


def dcat_document(record: Record, url: str, language: Language, stamp: dt.datetime) -> Node:
    """Return the JSON-LD document of a data set whose address is `url`.

    Texts stand in every language in which they are said, the caller's first; `stamp` is the date
    of the metadata.
    """
    write = _Writer(language)
    dataset = _about(write, record) | _of_time_and_place(record) | _of_use(write, record)
    dataset["csvw:tableSchema"] = record.fields and {
        "@type": "csvw:Schema",
        "csvw:column": {"@list": [_column(write, field) for field in record.fields]},
    }
    dataset["dcat:distribution"] = [_distribution(one, record) for one in record.distributions]
    dataset["foaf:isPrimaryTopicOf"] = {
        "@type": "dcat:CatalogRecord",
        "dct:modified": _moment(stamp),
        "dct:language": _one(f"{EU}language/{LANGUAGES_639[language].upper()}"),
        "dct:publisher": _agent(write, record.publisher, record.publisher_url),
    }
    found: Node = _said({"@context": PREFIXES, "@id": url} | dataset)
    return found


def _about(write: _Writer, record: Record) -> Node:
    lineage = {"@type": "dct:ProvenanceStatement", "rdfs:label": write.words(record.lineage)}
    return {
        "@type": "dcat:Dataset",
        "dct:identifier": record.id,
        "dct:title": write.words(record.title),
        "dct:description": write.words(record.abstract),
        "dcat:keyword": list(record.keywords),
        "dct:subject": [_one(f"{INSPIRE}TopicCategory/{topic}") for topic in record.topics],
        "dct:publisher": _agent(write, record.supplier, record.supplier_url),
        "dcat:contactPoint": _contact(write, record),
        "dct:provenance": record.lineage and lineage,
        "adms:status": record.status and {"@type": "skos:Concept", "skos:notation": record.status},
    }


def _of_time_and_place(record: Record) -> Node:
    return {
        "dct:created": _moment(record.created),
        "dct:issued": _moment(record.issued),
        "dct:modified": _moment(record.modified),
        "dct:temporal": _period(record),
        "dct:accrualPeriodicity": _frequency(record.update_period),
        "dct:spatial": _box(record.bbox),
        "dct:conformsTo": _standards(record),
        "adms:representationTechnique": record.representation
        and _one(f"{INSPIRE}SpatialRepresentationType/{record.representation}"),
    }


def _of_use(write: _Writer, record: Record) -> Node:
    rights = f"{EU}access-right/"
    return {
        "dct:license": _licence(record.licence),
        "dct:rights": _rights(record.attribution),
        "dct:accessRights": record.access
        and _one(rights + ACCESSES[record.access][1], "dct:RightsStatement"),
        "dcatap:applicableLegislation": record.legal_basis
        and {"dct:title": write.words(record.legal_basis)},
    }


class _Writer:
    """Writes texts, the caller's language first."""

    def __init__(self, language: Language) -> None:
        self._order: Callable[[tuple[str, str]], bool] = lambda one: one[0] != language

    def words(self, words: Words) -> list[Node]:
        return [
            {"@language": language, "@value": text}
            for language, text in sorted(words.said().items(), key=self._order)
        ]


def _agent(write: _Writer, who: Words, url: str | None) -> Node | None:
    if not who:
        return None
    homepage = _one(url) if url else None
    return {"@type": "foaf:Organization", "foaf:name": write.words(who), "foaf:homepage": homepage}


def _contact(write: _Writer, record: Record) -> Node | None:
    if not record.email:
        return None
    mail = _one(f"mailto:{record.email}")
    name = write.words(record.supplier)
    return {"@type": "vcard:Organization", "vcard:fn": name, "vcard:hasEmail": mail}


def _licence(licence: Licence | None) -> Node | None:
    if licence is None:
        return None
    about = {"dct:identifier": licence.id, "dct:title": licence.title}
    return _one(licence.url, "dct:LicenseDocument") | about


def _rights(attribution: str | None) -> Node | None:
    if attribution is None:
        return None
    return {"@type": "dct:RightsStatement", "odrs:attributionText": attribution}


def _period(record: Record) -> Node | None:
    if record.time_start is None and record.time_end is None:
        return None
    return {
        "@type": "dct:PeriodOfTime",
        "dcat:startDate": _moment(record.time_start),
        "dcat:endDate": _moment(record.time_end),
    }


def _frequency(period: str | None) -> Node | None:
    """The word of the table, and the period itself: the table knows few."""
    if period is None:
        return None
    code = FREQUENCIES.get(period, OTHER_FREQUENCY)[1]
    return _one(f"{EU}frequency/{code}", "dct:Frequency") | {"skos:notation": period}


def _box(bbox: tuple[float, float, float, float] | None) -> Node | None:
    if bbox is None:
        return None
    west, south, east, north = bbox
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    wkt = f"POLYGON(({', '.join(f'{x!r} {y!r}' for x, y in ring)}))"
    return {"@type": "dct:Location", "dcat:bbox": {"@type": "geo:wktLiteral", "@value": wkt}}


def _standards(record: Record) -> list[Node]:
    kind = {"dct:type": _one(SYSTEM_TYPE)}
    # A name that is no address, as `EPSG:4326`, is an identifier.
    found: list[Node] = [
        (_one(name, "dct:Standard") if "://" in name else {"dct:identifier": name}) | kind
        for name in record.crs
    ]
    if record.schema_url:
        found.append(_one(record.schema_url, "dct:Standard"))
    return found


def _column(write: _Writer, field: Attribute) -> Node:
    return {
        "csvw:name": field.name,
        "csvw:datatype": field.type,
        "csvw:title": write.words(field.title),
        "qudt:ucumCode": field.unit,
        "csvw:minimum": field.minimum,
        "csvw:maximum": field.maximum,
    }


def _distribution(one: Distribution, record: Record) -> Node:
    url = record.licence.url if record.licence else None
    media_type = one.media_type.partition(";")[0]
    return {
        "@type": "dcat:Distribution",
        "dct:title": one.title,
        "dcat:accessURL": _one(one.url),
        "dcat:downloadURL": _one(one.url) if one.download else None,
        "dcat:mediaType": _one(MEDIA_TYPES + media_type) if media_type else None,
        "dct:license": _one(url) if url else None,
    }


def _one(url: str | None, kind: str | None = None) -> Node:
    return ({"@id": url} if url else {}) | ({"@type": kind} if kind else {})


def _moment(moment: dt.datetime | None) -> Node | None:
    if moment is None:
        return None
    text = moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return {"@type": "xsd:dateTime", "@value": text}


def _said(value: Any) -> Any:
    """Leave out what is not said: None, empty texts, lists and objects."""
    if isinstance(value, dict):
        found = {k: _said(v) for k, v in value.items()}
        return {k: v for k, v in found.items() if v not in (None, "", [], {})}
    if isinstance(value, list):
        return [found for one in value if (found := _said(one)) not in (None, "", {})]
    return value if value or value == 0 else None
