"""Parameters and schemas of the OpenAPI document, typed from the standards."""

from __future__ import annotations

from typing import Any

from geoportal.ogc import map_openapi
from geoportal.ogc.crs import SUPPORTED
from geoportal.ogc.filtering import FILTER_LANGS
from geoportal.ogc.parameters import DEFAULT_LIMIT
from geoportal.ogc.search import MOST
from layers.cql2 import MAX_TEXT_BYTES
from layers.keyset import LONGEST
from layers.model import LANGUAGES, Language, Text
from layers.query import CRS84
from layers.scenario import MOST_CHANGES, NAME
from layers.search import MOST_CHARACTERS

Schema = dict[str, Any]

TEXTS: dict[str, Text] = {
    "f": Text(be="Фармат адказу", ru="Формат ответа", en="Format of the answer"),
    "lang": Text(be="Мова адказу", ru="Язык ответа", en="Language of the answer"),
    "limit": Text(
        be="Колькі аб’ектаў на старонцы; больш за найбольшае — дзейнічае найбольшае;"
        " у файлах — усе, калі не зададзена",
        ru="Сколько объектов на странице; больше наибольшего — действует наибольшее;"
        " в файлах — все, если не задано",
        en="Features on the page; above the maximum the maximum applies;"
        " in exports (f=csv, gpkg ...) all unless given",
    ),
    "offset": Text(
        be="Колькі аб’ектаў прапусціць", ru="Сколько объектов пропустить", en="Features to skip"
    ),
    "cursor": Text(
        be="Пачатак старонкі; бярэцца са спасылак next і prev",
        ru="Начало страницы; берётся из ссылок next и prev",
        en="Where the page begins; taken from next and prev links",
    ),
    "bbox": Text(
        be="Прамавугольнік: захад, поўдзень, усход, поўнач (у восях bbox-crs)",
        ru="Прямоугольник: запад, юг, восток, север (в осях bbox-crs)",
        en="Box: west, south, east, north (in the axes of bbox-crs)",
    ),
    "bbox-crs": Text(be="СК прамавугольніка", ru="СК прямоугольника", en="CRS of the box"),
    "crs": Text(be="СК каардынат адказу", ru="СК координат ответа", en="CRS of the coordinates"),
    "datetime": Text(
        be="Момант або інтэрвал start/end; .. — адкрыты канец",
        ru="Момент или интервал start/end; .. — открытый конец",
        en="Instant or interval start/end; .. is an open end",
    ),
    "filter": Text(be="Умова CQL2", ru="Условие CQL2", en="CQL2 condition"),
    "filter-lang": Text(be="Мова ўмовы", ru="Язык условия", en="Language of the condition"),
    "filter-crs": Text(
        be="СК каардынат ва ўмове", ru="СК координат в условии", en="CRS of its coordinates"
    ),
    "q": Text(
        be="Словы для пошуку ў тэкстах", ru="Слова для поиска в текстах", en="Words to search for"
    ),
    "collections": Text(be="Якія калекцыі", ru="Какие коллекции", en="Which collections"),
    "sortby": Text(be="Парадак: +поле,-поле", ru="Порядок: +поле,-поле", en="Order: +field,-field"),
    "properties": Text(
        be="Якія ўласцівасці вярнуць", ru="Какие свойства вернуть", en="Properties to return"
    ),
    "skipGeometry": Text(be="Без геаметрыі", ru="Без геометрии", en="Leave the geometry out"),
    "asof": Text(
        be="Якімі аб’екты былі ў гэты момант; у калекцый, якія рэдагуюцца",
        ru="Какими объекты были в этот момент; у редактируемых коллекций",
        en="Features as they were at this moment; of collections that are edited",
    ),
    "v": Text(be="Версія слоя", ru="Версия слоя", en="Version of the layer"),
}

CRS_SCHEMA: Schema = {
    "type": "string",
    "format": "uri",
    "enum": list(SUPPORTED),
    "default": CRS84.uri,
}


def parameters(limit_most: int) -> dict[str, tuple[Schema, Schema]]:
    """Return name -> (schema, further members) of every query parameter."""
    names: Schema = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    csv: Schema = {"style": "form", "explode": False}
    number: Schema = {"type": "number"}
    found: dict[str, tuple[Schema, Schema]] = {
        "lang": ({"type": "string", "enum": list(LANGUAGES)}, {}),
        "limit": (
            {
                "type": "integer",
                "minimum": 1,
                "maximum": limit_most,
                "default": min(DEFAULT_LIMIT, limit_most),
            },
            {"style": "form", "explode": False},
        ),
        "offset": ({"type": "integer", "minimum": 0, "default": 0}, {}),
        "cursor": ({"type": "string", "maxLength": LONGEST}, {}),
        "bbox": ({"type": "array", "minItems": 4, "maxItems": 6, "items": number}, csv),
        "bbox-crs": (CRS_SCHEMA, {}),
        "crs": (CRS_SCHEMA, {}),
        "filter": ({"type": "string", "maxLength": MAX_TEXT_BYTES}, {}),
        "filter-lang": (
            {"type": "string", "enum": list(FILTER_LANGS), "default": FILTER_LANGS[0]},
            {},
        ),
        "filter-crs": (CRS_SCHEMA, {}),
        "q": ({"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS}, {}),
        "datetime": ({"type": "string"}, {"style": "form", "explode": False}),
        "collections": (names, csv),
        "sortby": (names, csv),
        "properties": (names, csv),
        "skipGeometry": ({"type": "boolean", "default": False}, {}),
        "asof": ({"type": "string", "format": "date-time"}, {}),
        "v": ({"type": "string"}, {}),
    }  # fmt: skip
    return found | map_openapi.parameters(CRS_SCHEMA)


def parameter(name: str, schema: Schema, more: Schema, language: Language) -> Schema:
    """Return one query parameter object."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": (TEXTS | map_openapi.TEXTS)[name].get(language),
        "schema": schema,
    } | more


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    found: Schema = {"type": "object", "properties": properties}
    return found | ({"required": list(required)} if required else {})


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


STRING: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
INTEGER: Schema = {"type": "integer", "minimum": 0}
LINKS = _array(_ref("link"))

SCHEMAS: dict[str, Schema] = {
    "object": {"type": "object"},
    "document": {"type": "object"},
    "binary": {"type": "string", "format": "binary"},
    "link": _object(
        ("href",),
        href=STRING, rel=STRING, type=STRING, title=STRING, hreflang=STRING,
        length={"type": "integer"}, templated={"type": "boolean"},
    ),
    "problem": _object(
        ("status", "title"),
        type=STRING, title=STRING, status={"type": "integer"},
        detail=STRING, instance=STRING, code=STRING,
        errors=_array(_object(("pointer", "reason"), pointer=STRING, reason=STRING)),
    ),
    "landingPage": _object(("links",), title=STRING, description=STRING, links=LINKS),
    "confClasses": _object(("conformsTo",), conformsTo=_array(STRING)),
    "extent": _object(
        spatial=_object(
            bbox=_array({
                "type": "array",
                "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
                "items": {"type": "number"},
            }),
            crs=STRING,
        ),
        temporal=_object(
            interval=_array(
                _array({"type": "string", "format": "date-time", "nullable": True})
            ),
            trs=STRING,
        ),
    ),
    "systems": _object(
        ("systems", "links"),
        title=STRING, description=STRING, links=LINKS,
        systems=_array(_object(
            ("id", "code", "name", "axes"),
            id=STRING, code=STRING, name=STRING, axes=_array(
                _object(abbreviation=STRING, direction=STRING, unit=STRING)
            ),
            operation=_object(
                ("id", "name", "accuracy"),
                id=STRING, code=STRING, name=STRING, accuracy={"type": "number"},
            ) | {"nullable": True},
            pipeline=STRING, warning={"type": "string", "nullable": True},
        )),
    ),
    "collection": _object(
        ("id", "links"),
        id=STRING, title=STRING, description=STRING, links=LINKS, extent=_ref("extent"),
        itemType={"type": "string", "default": "feature"}, crs=_array(STRING), storageCrs=STRING,
        status=STRING, attribution=STRING, updatePeriod=STRING, theme=STRING, itemCount=INTEGER,
        currency=_ref("currency"),
    ),
    "currency": _object(
        ("asOf", "failedAt", "held", "text"),
        asOf=MOMENT | {"nullable": True}, failedAt=MOMENT | {"nullable": True},
        held={"type": "boolean"}, text=STRING,
    ) | {
        "description": "Of a collection whose source is fetched on a schedule: as of when it is"
        " that of its source, when the last fetch failed if it did, and whether what it brought is"
        " held for review; `text` says it to readers.",
    },
    "message": _object(("code", "parameters"), code=STRING, parameters={"type": "object"}),
    "finding": _object(
        ("code", "feature", "action", "title", "detail"),
        code=STRING, title=STRING, feature=STRING, detail=STRING,
        action={"type": "string", "enum": ["repaired", "refused", "noted"]},
        field=STRING | {"nullable": True}, value=STRING | {"nullable": True},
        message={"allOf": [_ref("message")], "nullable": True},
        lon={"type": "number", "nullable": True}, lat={"type": "number", "nullable": True},
    ),
    "fact": _object(("code", "title", "value"), code=STRING, title=STRING, value={}),
    "loadReport": _object(
        ("layer", "area", "file", "time", "decision", "reason", "counts", "findings"),
        layer=STRING, area=STRING, areaTitle=STRING, file=STRING, checksum=STRING, time=MOMENT,
        reason=STRING,
        decision={"type": "string", "enum": [
            "published", "published_with_warnings", "refused", "held", "unchanged",
        ]},
        why={"allOf": [_ref("message")], "nullable": True},
        counted={"type": "string", "enum": ["features", "records", "cells"]},
        counts={"type": "object", "additionalProperties": INTEGER},
        facts=_array(_ref("fact")),
        totals={"type": "object", "additionalProperties": INTEGER},
        findings=_array(_ref("finding")),
        measures=_array({"type": "object"}), rules=_array({"type": "object"}),
    ),
    "quality": _object(
        ("collection", "reports", "links"),
        title=STRING, collection=STRING, collectionTitle=STRING, links=LINKS,
        rules=_array({"type": "object"}), reports=_array(_ref("loadReport")),
    ),
    "collections": _object(
        ("collections", "links"), links=LINKS, collections=_array(_ref("collection"))
    ),
    "geometry": _object(
        ("type",),
        type={"type": "string", "enum": [
            "Point", "MultiPoint", "LineString", "MultiLineString",
            "Polygon", "MultiPolygon", "GeometryCollection",
        ]},
        coordinates={"type": "array", "items": {}},
        geometries=_array({"type": "object"}),
    ),
    "feature": _object(
        ("type", "geometry", "properties"),
        type={"type": "string", "enum": ["Feature"]},
        id={"type": "integer"},
        geometry={"allOf": [_ref("geometry")], "nullable": True},
        properties={"type": "object", "nullable": True},
        links=LINKS,
    ),
    "featureCollection": _object(
        ("type", "features"),
        type={"type": "string", "enum": ["FeatureCollection"]},
        features=_array(_ref("feature")),
        links=LINKS,
        timeStamp={"type": "string", "format": "date-time"},
        numberMatched=INTEGER,
        numberReturned=INTEGER,
    ),
    "tileSet": _object(
        ("dataType", "crs", "links"),
        title=STRING, dataType=STRING, crs=STRING, tileMatrixSetId=STRING,
        tileMatrixSetURI=STRING, links=LINKS, layers=_array({"type": "object"}),
    ),
    "tileJson": _object(
        ("tilejson", "tiles"),
        tilejson={"type": "string", "enum": ["3.0.0"]},
        name=STRING, description=STRING, attribution=STRING, tiles=_array(STRING),
        scheme=STRING, minzoom=INTEGER, maxzoom=INTEGER,
        bounds=_array({"type": "number"}), center=_array({"type": "number"}),
        vector_layers=_array(_object(
            ("id", "fields"),
            id=STRING, description=STRING, minzoom=INTEGER, maxzoom=INTEGER,
            fields={"type": "object", "additionalProperties": STRING},
        )),
    ),
    "tileSets": _object(("tilesets",), tilesets=_array(_ref("tileSet")), links=LINKS),
    "tileMatrixSets": _object(tileMatrixSets=_array({"type": "object"}), links=LINKS),
    "processSummary": _object(
        ("id", "version"),
        id=STRING, title=STRING, description=STRING, version=STRING,
        jobControlOptions=_array(STRING), outputTransmission=_array(STRING), links=LINKS,
    ),
    "processList": _object(
        ("processes", "links"), processes=_array(_ref("processSummary")), links=LINKS
    ),
    "process": {
        "allOf": [
            _ref("processSummary"),
            _object(inputs={"type": "object"}, outputs={"type": "object"}),
        ]
    },
    "statusInfo": _object(
        ("jobID", "status", "type"),
        processID=STRING, jobID=STRING, message=STRING, links=LINKS,
        type={"type": "string", "enum": ["process"]},
        status={
            "type": "string",
            "enum": ["accepted", "running", "successful", "failed", "dismissed"],
        },
        progress={"type": "integer", "minimum": 0, "maximum": 100},
        created=MOMENT, started=MOMENT, finished=MOMENT, updated=MOMENT,
    ),
    "jobList": _object(("jobs", "links"), jobs=_array(_ref("statusInfo")), links=LINKS),
    "scenarioChange": _object(
        ("layer", "operation"),
        layer=STRING, operation={"type": "string", "enum": ["add", "change", "remove"]},
        id={"type": "integer"},
        feature=_object(
            geometry={"allOf": [_ref("geometry")]},
            properties={"type": "object", "nullable": True},
        ),
    ),
    "scenario": _object(
        ("area", "title", "changes"),
        name={"type": "string", "pattern": NAME}, area=STRING,
        title={"type": "string", "minLength": 1, "maxLength": 200},
        description={"type": "string", "maxLength": 5_000},
        shared={"type": "boolean", "default": False},
        changes=_array(_ref("scenarioChange")) | {"minItems": 1, "maxItems": MOST_CHANGES},
        own={"type": "boolean"}, layers=_array(STRING), checksum=STRING, saved=MOMENT, links=LINKS,
    ),
    "scenarioList": _object(
        ("scenarios", "links"), scenarios=_array({"type": "object"}), links=LINKS
    ),
    "patch": {"type": "object"},
    "anything": {},
    "search": _object(
        (),
        collections=_array(STRING), q=STRING, filter={}, bbox=_array({"type": "number"}),
        datetime=STRING, crs=STRING, limit={"type": "integer", "minimum": 1, "maximum": MOST},
        **{"filter-lang": STRING, "filter-crs": STRING, "bbox-crs": STRING},
    ),
    "execute": _object(
        inputs={"type": "object"},
        outputs={"type": "object"},
        response={"type": "string", "enum": ["document", "raw"]},
    ),
}  # fmt: skip
