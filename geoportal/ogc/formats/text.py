"""Text formats: what stands before and after the rows that PostGIS writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from layers import export_query
from layers.model import Language, Layer
from layers.query import Crs, Filter, Page, Query

JSONFG = "http://www.opengis.net/spec/json-fg-1/1.0/conf/"
JSONFG_CLASSES = (JSONFG + "core", JSONFG + "types-schemas")
_DIMENSIONS = {
    "Point": 0, "MultiPoint": 0, "LineString": 1, "MultiLineString": 1,
    "Polygon": 2, "MultiPolygon": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Telling:
    """What a text says beside its rows."""

    layer: Layer
    page: Page
    language: Language
    schema_url: str
    links: Sequence[Mapping[str, str]]
    about: Mapping[str, str]
    time: str


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How a text is made: the rows' query, the head, the tail (given the number of rows).

    With `comma` each row begins with one, and the first loses it.
    """

    rows: Callable[[Layer, Filter, Page], Query]
    head: Callable[[Telling], bytes] = lambda _: b""
    tail: Callable[[Telling, int], bytes] = lambda _telling, _count: b""
    comma: bool = False


def _csv_head(telling: Telling) -> bytes:
    names = [one.name for one in export_query.csv_columns(telling.layer, telling.page)]
    return (",".join(names) + "\r\n").encode()


def jsonfg_root(layer: Layer, crs: Crs, schema_url: str) -> dict[str, Any]:
    """Return the members of a JSON-FG root object that say what kind of feature it holds."""
    found: dict[str, Any] = {
        "conformsTo": list(JSONFG_CLASSES),
        "featureType": layer.id,
        "featureSchema": schema_url,
    }
    # Without it, coordinates are WGS 84, longitude first.
    return found if export_query.in_wgs84(crs) else found | {"coordRefSys": crs.uri}


def _jsonfg_head(telling: Telling) -> bytes:
    root = jsonfg_root(telling.layer, telling.page.crs, telling.schema_url)
    dimension = _DIMENSIONS.get(telling.layer.geometry)
    if dimension is not None:
        root["geometryDimension"] = dimension
    return orjson.dumps({"type": "FeatureCollection"} | root)[:-1] + b',"features":['


def _jsonfg_tail(telling: Telling, count: int) -> bytes:
    tail = {
        "numberReturned": count,
        "timeStamp": telling.time,
        "links": list(telling.links),
        **telling.about,
    }
    return b"]," + orjson.dumps(tail)[1:]


_KML_TYPES = {"integer": "double", "number": "double", "boolean": "bool"}


def _kml_head(telling: Telling) -> bytes:
    layer, language = telling.layer, telling.language
    about = "; ".join(v for k, v in telling.about.items() if v and k not in ("title", "url"))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">'
        f'<Document id="{layer.id}-document"><name>{escape(layer.title.get(language))}</name>'
        f"<description>{escape(about)}</description>",
        f'<Schema name="{layer.id}" id="{layer.id}"><SimpleField type="double" name="id"/>',
    ]
    for f in export_query.fields_of(layer, telling.page):
        kind = _KML_TYPES.get(f.type, "string")
        title = f.title.get(language)
        lines.append(
            f'<SimpleField type="{kind}" name={quoteattr(f.name)}>'
            f"<displayName>{escape(title)}</displayName></SimpleField>"
        )
    return "".join([*lines, "</Schema>\n"]).encode()


def _kml_tail(_: Telling, __: int) -> bytes:
    return b"</Document></kml>\n"


TEXTS: dict[str, TextFormat] = {
    "csv": TextFormat(export_query.csv_lines, head=_csv_head),
    "geojsonseq": TextFormat(export_query.geojson_lines),
    "jsonfg": TextFormat(
        export_query.jsonfg_features, head=_jsonfg_head, tail=_jsonfg_tail, comma=True
    ),
    "kml": TextFormat(export_query.kml_placemarks, head=_kml_head, tail=_kml_tail),
}
