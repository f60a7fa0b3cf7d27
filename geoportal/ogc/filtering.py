"""Which features a request asks for: bbox, datetime, property parameters, `filter` and `q`."""

from __future__ import annotations

from collections.abc import Mapping

from geoportal.errors import BadParameter
from geoportal.ogc import parameters as read
from geoportal.ogc.crs import parse_crs
from layers import cql2, query, search
from layers.model import Layer

FILTER_LANGS = ("cql2-text", "cql2-json", "cql-text")
"""`cql-text` is what GDAL looks for before it sends a filter; see `layers.cql2.draft`."""

CONFORMANCE_CLASSES = [
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    *cql2.CONFORMANCE,
]


def parse_filter(layer: Layer, params: Mapping[str, str]) -> query.Filter:
    """Return the conditions of a request.

    Raises BadParameter, BadValue, UnknownField and BadFilter.
    """
    conditions = (
        compile_filter(
            layer, params.get("filter"), params.get("filter-lang"), params.get("filter-crs")
        ),
        search.condition(layer, params["q"]) if "q" in params else None,
    )
    return query.Filter(
        box=read.parse_bbox(params.get("bbox"), params.get("bbox-crs")),
        period=read.parse_datetime(params.get("datetime")),
        equal=tuple(
            (name, read.parse_value(field, value))
            for name, value in params.items()
            if name not in read.RESERVED and (field := layer.field(name))
        ),
        conditions=tuple(one for one in conditions if one is not None),
    )


def compile_filter(
    layer: Layer, text: str | None, language: str | None, crs: str | None
) -> query.Condition | None:
    """Return a CQL2 filter as a condition; None when there is none."""
    if language not in (None, *FILTER_LANGS):
        raise BadParameter(
            f"Parameter filter-lang: {language[:40]!r} is not offered; there are"
            f" {', '.join(FILTER_LANGS)}."
        )
    system = parse_crs("filter-crs", crs)
    if text is None:
        return None
    if language == "cql-text":
        tree = cql2.parse_draft(layer, text)
    else:
        tree = cql2.parse_json(text) if language == "cql2-json" else cql2.parse_text(text)
    return condition(layer, tree, system)


def condition(layer: Layer, tree: cql2.Expression, crs: query.Crs) -> query.Condition:
    """Return a CQL2 tree as a condition; raises UnknownField and BadFilter."""
    text, params = cql2.compile(layer, tree, crs=crs)
    return query.Condition(text.as_string(), tuple(params.items()))
