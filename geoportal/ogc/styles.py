"""OGC API - Styles: a MapLibre style per layer and one for the data set, with legends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from geoportal.errors import NotFound
from geoportal.maps.order import LegendOrder
from geoportal.ogc.enrich import attribution
from geoportal.ogc.links import link, self_links
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.sld.document import Named, Writer
from geoportal.sld.rules import Rule
from geoportal.web.catalogue import style_layers
from geoportal.web.legend import legend
from geoportal.web.legend_svg import legend_svg
from layers.model import Language, Layer, Text

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

CONFORMANCE_CLASSES = [
    "http://www.opengis.net/spec/ogcapi-styles-1/0.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-styles-1/0.0/conf/mapbox-style",
    "http://www.opengis.net/spec/ogcapi-styles-1/0.0/conf/sld-10",
    "http://www.opengis.net/spec/ogcapi-styles-1/0.0/conf/sld-11",
]

DATASET_TITLE = Text(be="Карта", ru="Карта", en="Map")

MAPBOX = "application/vnd.mapbox.style+json"
SVG, PNG = "image/svg+xml", "image/png"
LEGEND_REL = "http://www.opengis.net/def/rel/ogc/1.0/legend"
SLD_VERSIONS = {"sld10": "1.0.0", "sld11": "1.1.0"}
SLDS = tuple(
    (name, version, f"application/vnd.ogc.sld+xml;version={version[:3]}")
    for name, version in SLD_VERSIONS.items()
)
DATASET = "default"
"""The id of the style of the data set: the layers that a map shows at first."""


def find(api: Api, style_id: str) -> list[Layer]:
    """Return the layers of a style in drawing order; raises NotFound."""
    layers = api.portal.layers
    if style_id == DATASET:
        shown = [layer for layer in layers.values() if layer.visible]
        return sorted(shown, key=lambda layer: layer.order)
    if style_id not in layers:
        raise NotFound(f"There is no style {style_id[:80]!r}.")
    return [layers[style_id]]


def _title(style_id: str, layers: list[Layer], language: Language) -> str:
    return (DATASET_TITLE if style_id == DATASET else layers[0].title).get(language)


def style_document(api: Api, style_id: str, language: Language) -> dict[str, Any]:
    """Return the MapLibre style (version 8) with absolute addresses of its tiles."""
    layers = find(api, style_id)
    return {
        "version": 8,
        "name": _title(style_id, layers, language),
        "sources": {layer.id: _source(api, layer) for layer in layers},
        "layers": [
            one
            for layer in layers
            for one in style_layers(layer, api.portal.style(layer.id), language)
        ],
    }


def _source(api: Api, layer: Layer) -> dict[str, Any]:
    summary = api.portal.summaries[layer.id]
    url = f"{api.base_url}/collections/{layer.id}/tiles/WebMercatorQuad"
    source: dict[str, Any] = {
        "type": "vector",
        "tiles": [f"{url}/{{z}}/{{y}}/{{x}}?f=mvt"],
        "minzoom": layer.tiles.min_zoom,
        "maxzoom": layer.tiles.max_zoom,
        "attribution": attribution(api.portal, layer),
    }
    return source | ({"bounds": list(summary.bbox)} if summary.bbox else {})


def _entry(api: Api, style_id: str, language: Language, within: str = "") -> dict[str, Any]:
    """What a list says of a style; `within` = address of the collection that it is listed of."""
    url = f"{api.base_url}/styles/{style_id}"
    map_url = f"{within or api.base_url}/styles/{style_id}/map"
    return {
        "id": style_id,
        "title": _title(style_id, find(api, style_id), language),
        "links": [
            link(f"{url}?f=mapbox", "stylesheet", MAPBOX, "MapLibre"),
            *(
                link(f"{url}?f={name}", "stylesheet", type_, f"SLD {version}")
                for name, version, type_ in SLDS
            ),
            link(f"{url}/metadata", "describedby", "application/json"),
            link(f"{url}/legend?f=svg", LEGEND_REL, SVG),
            link(f"{url}/legend?f=png", LEGEND_REL, PNG),
            link(map_url, "http://www.opengis.net/def/rel/ogc/1.0/map", PNG),
        ],
    }


def get_styles(api: Api, request: OgcRequest) -> Answer:
    """Answer the list of styles."""
    found = [_entry(api, name, request.language) for name in (DATASET, *api.portal.layers)]
    links = self_links(request, f"{api.base_url}/styles")
    return {}, 200, {"default": DATASET, "styles": found, "links": links}


def get_collection_styles(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the styles of a collection: its own."""
    layer = api.portal.layer(collection_id)
    links = self_links(request, f"{api.base_url}/collections/{layer.id}/styles")
    base = f"{api.base_url}/collections/{layer.id}"
    found = [_entry(api, layer.id, request.language, base)]
    return {}, 200, {"default": layer.id, "styles": found, "links": links}


def get_style(api: Api, request: OgcRequest, style_id: str) -> Answer:
    """Answer a style as MapLibre reads it, or as SLD; raises NotFound and NotAcceptable."""
    if request.format in SLD_VERSIONS:
        return {}, 200, _sld(api, style_id, request.format, request.language)
    document = style_document(api, style_id, request.language)
    if request.format == "html":
        return {}, 200, document | {"_style": _entry(api, style_id, request.language)}
    return {}, 200, document


def _sld(api: Api, style_id: str, format_: str, language: Language) -> bytes:
    key = (format_, style_id, language)
    if key not in api.documents:
        layers = find(api, style_id)
        named = [
            Named(
                layer.id,
                layer.title.get(language),
                # Without the labels of clusters, which only tiles have.
                style_layers(layer, api.portal.style(layer.id), language)[: _own(api, layer)],
                partial(_caption, layer, language),
            )
            for layer in layers
        ]
        title = _title(style_id, layers, language)
        api.documents[key] = Writer(SLD_VERSIONS[format_]).write(title, named)
    data: bytes = api.documents[key]
    return data


def _own(api: Api, layer: Layer) -> int:
    return len(api.portal.style(layer.id)["layers"])


def _caption(layer: Layer, language: Language, rule: Rule) -> str | None:
    """Return what the values of a rule are called in the code lists of its layer."""
    found = []
    for name, domain in rule.where:
        field = layer.field(name)
        codes = {code.value: code.title.get(language) for code in field.codes} if field else {}
        names = [codes[value] for value in codes if value in (domain.values or ())]
        found += [", ".join(names)] if names else []
    return "; ".join(found) or None


def get_style_metadata(api: Api, request: OgcRequest, style_id: str) -> Answer:
    """Answer what a style is about: its layers and where it is used."""
    layers = find(api, style_id)
    url = f"{api.base_url}/styles/{style_id}"
    document = _entry(api, style_id, request.language)
    document["links"] += self_links(request, f"{url}/metadata")
    stylesheets = [
        {
            "title": document["title"],
            "version": version,
            "native": format_ == "mapbox",
            "link": link(f"{url}?f={format_}", "stylesheet", type_),
        }
        for format_, version, type_ in (("mapbox", "8", MAPBOX), *SLDS)
    ]
    described = [
        {
            "id": layer.id,
            "title": layer.title.get(request.language),
            "type": layer.geometry,
            "sampleData": link(
                f"{api.base_url}/collections/{layer.id}/items", "data", "application/geo+json"
            ),
        }
        for layer in layers
    ]
    return {}, 200, document | {"stylesheets": stylesheets, "layers": described}


async def get_legend(api: Api, request: OgcRequest, style_id: str) -> Answer:
    """Answer the legend of a style as SVG or PNG; raises NotFound."""
    language = request.language
    layers = find(api, style_id)
    groups: list[dict[str, Any]] = []
    for layer in reversed(layers):
        found = legend(layer, api.portal.style(layer.id), language)
        if len(layers) > 1:
            entries = [entry for group in found for entry in group["entries"]]
            groups.append({"title": layer.title.get(language), "entries": entries})
        else:
            groups += found
    notes = dict.fromkeys(attribution(api.portal, layer) for layer in layers)
    title, note = _title(style_id, layers, language), "; ".join(notes)
    if request.format == "svg":
        return {}, 200, legend_svg(title, groups, note)
    picture = await api.portal.painters.paint(LegendOrder(title, tuple(groups), note))
    return {}, 200, picture.data
