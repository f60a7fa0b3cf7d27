"""OGC API - Maps: pictures of collections and of the data set, painted from data and style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from geoportal.errors import BadParameter, NotFound
from geoportal.maps.order import MapOrder, RasterSheet, Sheet
from geoportal.maps.view import View
from geoportal.ogc import map_parameters
from geoportal.ogc import parameters as read
from geoportal.ogc.coverage_parameters import extent_of
from geoportal.ogc.crs import offered
from geoportal.ogc.dataset_tiles import TITLE, chosen
from geoportal.ogc.enrich import attribution, status_of
from geoportal.ogc.filtering import compile_filter
from geoportal.ogc.links import link
from geoportal.ogc.media_types import MEDIA_TYPES
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.styles import find
from geoportal.ogc.tilejson import joined
from geoportal.web.catalogue import style_layers
from layers.coverage import Coverage
from layers.model import Code, Language, Layer, Text
from layers.query import CRS84, Filter
from layers.version import Bbox

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

# The published standard writes http, its present draft https.
CONFORMANCE_CLASSES = [
    f"{scheme}://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/{name}"
    for scheme in ("http", "https")
    for name in (
        "core", "collection-map", "dataset-map", "styled-map", "collections-selection",
        "background", "scaling", "display-resolution", "spatial-subsetting", "datetime", "crs",
        "png", "jpeg", "tiff", "html", "api-operations", "cors",
    )
]  # fmt: skip

CUT = "Geoportal-Map-Cut"
"""Header of a picture that lacks features because there were too many: how many."""

WARNING = Text(
    be="Ёсць дэманстрацыйныя даныя: не для рашэнняў",
    ru="Есть демонстрационные данные: не для решений",
    en="Contains demonstration data: not for decisions",
)
PARAMETERS = (
    "bbox", "bbox-crs", "crs", "center", "center-crs", "subset", "subset-crs", "width", "height",
    "scale-denominator", "mm-per-pixel", "transparent", "bgcolor", "void-color",
    "void-transparent", "datetime",
)  # fmt: skip
FILTERS = ("filter", "filter-lang", "filter-crs")


async def get_collection_map(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the picture of a collection; raises UnknownLayer, BadParameter and others."""
    if collection_id in api.portal.coverages:
        return await _coverage_map(api, request, api.portal.coverage(collection_id))
    return await _answer(api, request, [api.portal.layer(collection_id)])


async def get_collection_style_map(
    api: Api, request: OgcRequest, collection_id: str, style_id: str
) -> Answer:
    """Answer the picture of a collection in a style: its own is the only one."""
    layer = api.portal.layer(collection_id)
    if style_id != layer.id:
        raise NotFound(f"Collection {layer.id} has no style {style_id[:80]!r}.")
    return await _answer(api, request, [layer])


async def get_dataset_map(api: Api, request: OgcRequest) -> Answer:
    """Answer the picture of `collections`, the first at the bottom; else of the visible layers."""
    return await _answer(api, request, stacked(api, request.param("collections")))


def stacked(api: Api, value: str | None) -> list[Layer]:
    """Return the layers of `collections`, the first at the bottom; None = the visible ones."""
    if value is None:
        return sorted(chosen(api.portal, None), key=lambda layer: layer.order)
    return chosen(api.portal, _names(api, value))


def _names(api: Api, value: str) -> str:
    """Return the ids of `collections`; the standard takes addresses of collections, too."""
    prefix = f"{api.base_url}/collections/"
    return ",".join(name.removeprefix(prefix) for name in value.split(","))


async def get_style_map(api: Api, request: OgcRequest, style_id: str) -> Answer:
    """Answer the picture of a style, or of those of its layers that `collections` names."""
    layers = find(api, style_id)
    value = request.param("collections")
    if value is not None:
        named = {layer.id for layer in chosen(api.portal, _names(api, value))}
        layers = [layer for layer in layers if layer.id in named]
        if not layers:
            raise BadParameter(f"Parameter collections: style {style_id} draws none of them.")
    return await _answer(api, request, layers)


async def _answer(api: Api, request: OgcRequest, layers: Sequence[Layer]) -> Answer:
    extent = joined(api.portal.summaries[layer.id].bbox for layer in layers) or _country()
    params = request.params
    view = map_parameters.parse_view(params, extent)
    order = order_of(api, request, layers, view)
    headers = _headers(view, order.sheets, _content_time(api, layers, _period(params)))
    if request.format == "html":
        return headers, 200, _page(api, request, layers, view)
    picture = await api.portal.painters.paint(order)
    return headers | ({CUT: str(picture.cut)} if picture.cut else {}), 200, picture.data


async def _coverage_map(api: Api, request: OgcRequest, coverage: Coverage) -> Answer:
    """Answer the picture of a raster in its colours; it has no rows, so no filters and no times."""
    view = map_parameters.parse_view(request.params, extent_of(coverage))
    order = order_of_coverage(api, request, coverage, view)
    headers = _headers(view, [order.raster] if order.raster else [], None)
    if request.format == "html":
        return headers, 200, _coverage_page(api, request, coverage, view)
    picture = await api.portal.painters.paint(order)
    return headers, 200, picture.data


def order_of(api: Api, request: OgcRequest, layers: Sequence[Layer], view: View) -> MapOrder:
    """Return the order of a picture of layers; raises BadParameter and what filters raise."""
    period = _period(request.params)
    sheets = tuple(_sheet(api, request, layer, period, len(layers) == 1) for layer in layers)
    return _order(api, request, view, sheets=sheets)


def order_of_coverage(api: Api, request: OgcRequest, coverage: Coverage, view: View) -> MapOrder:
    """Return the order of a picture of a raster; raises BadParameter for what selects rows."""
    for name in ("datetime", *FILTERS):
        if name in request.params:
            raise BadParameter(f"Parameter {name}: a raster has nothing that it could select.")
    sheet = RasterSheet(
        coverage.definition,
        coverage.area.id,
        coverage.attribution,
        demonstration=coverage.version.status == "demonstration",
    )
    return _order(api, request, view, raster=sheet)


def _period(params: Mapping[str, str]) -> str | None:
    return params.get("datetime") or map_parameters.subset_time(params)


def _order(
    api: Api,
    request: OgcRequest,
    view: View,
    *,
    sheets: tuple[Sheet, ...] = (),
    raster: RasterSheet | None = None,
) -> MapOrder:
    opaque = request.format == "jpeg"
    background, void = map_parameters.parse_background(request.params, opaque=opaque)
    settings = api.portal.settings
    return MapOrder(
        view=view,
        sheets=sheets,
        background=background,
        void=void,
        format=request.format,
        warning=WARNING.get(request.language),
        database_url=settings.database_url or "",
        timeout_s=settings.statement_timeout_s,
        raster=raster,
    )


def _country() -> Bbox:
    from geoportal.ogc.api import COUNTRY_BBOX  # noqa: PLC0415 - it imports the handlers

    return COUNTRY_BBOX


def _sheet(api: Api, request: OgcRequest, layer: Layer, period: str | None, alone: bool) -> Sheet:
    params = request.params
    condition = compile_filter(
        layer, params.get("filter"), params.get("filter-lang"), params.get("filter-crs")
    )
    # A layer of which a map shows one value at a time is not drawn all over itself.
    chosen_code = _selected(layer) if condition is None else None
    return Sheet(
        layer=layer,
        style=tuple(style_layers(layer, api.portal.style(layer.id), request.language)),
        rows=Filter(
            period=read.parse_datetime(period),
            equal=((str(layer.selector), chosen_code.value),) if chosen_code else (),
            conditions=(condition,) if condition else (),
        ),
        attribution=attribution(api.portal, layer),
        demonstration=status_of(api.portal, layer) == "demonstration",
        caption=_caption(layer, chosen_code, request.language),
        always=alone,
    )


def _caption(layer: Layer, code: Code | None, language: Language) -> str:
    field = layer.field(layer.selector) if layer.selector else None
    return f"{field.title.get(language)}: {code.title.get(language)}" if field and code else ""


def _selected(layer: Layer) -> Code | None:
    """The value that a map shows at first of a layer with a selector."""
    field = layer.field(layer.selector) if layer.selector else None
    return field.codes[0] if field else None


def _headers(view: View, sheets: Sequence[Sheet | RasterSheet], time: str | None) -> dict[str, str]:
    box = view.box
    corners = (box.west, box.south, box.east, box.north)
    if box.crs.flip:
        corners = (box.south, box.west, box.north, box.east)
    notes = "; ".join(dict.fromkeys(sheet.attribution for sheet in sheets))
    found = {
        "Content-Crs": f"<{box.crs.uri}>",
        "Content-Bbox": ",".join(f"{number:.15g}" for number in corners),
        # A header holds Latin letters only; the picture has the words themselves.
        "Content-Attribution": notes.encode("ascii", "xmlcharrefreplace").decode(),
    }
    return found | ({"Content-Datetime": time} if time else {})


def _content_time(api: Api, layers: Sequence[Layer], period: str | None) -> str | None:
    """The time of the picture: what was asked, else from first to last of what is there."""
    summaries = [api.portal.summaries[layer.id] for layer in layers]
    starts = [one.time_start for one in summaries if one.time_start]
    ends = [one.time_end for one in summaries if one.time_end]
    if not starts and not ends:
        return None
    asked = period.split("/") if period else []
    if len(asked) == 1:
        return asked[0]
    first = asked[0] if asked and asked[0] not in ("", "..") else min(starts or ends).isoformat()
    last = asked[1] if asked and asked[1] not in ("", "..") else max(ends or starts).isoformat()
    return f"{first}/{last}"


def _page(api: Api, request: OgcRequest, layers: Sequence[Layer], view: View) -> dict[str, Any]:
    """What the page of a picture of layers shows."""
    language = request.language
    one = layers[0] if len(layers) == 1 else None
    return _picture_page(api, request, view) | {
        "title": (one.title if one else TITLE).get(language),
        "description": one.description.get(language) if one else "",
        "layers": [layer.title.get(language) for layer in layers],
        "demonstration": any(status_of(api.portal, x) == "demonstration" for x in layers),
        "attribution": list(dict.fromkeys(attribution(api.portal, x) for x in layers)),
    }


def _coverage_page(api: Api, request: OgcRequest, one: Coverage, view: View) -> dict[str, Any]:
    """What the page of a picture of a raster shows."""
    title = one.title.get(request.language)
    return _picture_page(api, request, view) | {
        "title": title,
        "description": one.definition.description.get(request.language),
        "layers": [title],
        "demonstration": one.version.status == "demonstration",
        "attribution": [one.attribution],
    }


def _picture_page(api: Api, request: OgcRequest, view: View) -> dict[str, Any]:
    """The picture, where it is, links to its forms."""
    url = f"{api.portal.settings.base_url}/{quote(request.path_info)}"
    asked = {k: v for k, v in request.params.items() if k != "f"}
    address = f"{url}?{urlencode({**asked, 'f': 'png', 'lang': request.language})}"
    return {
        "image": urlsplit(address)._replace(scheme="", netloc="").geturl(),
        "width": view.width,
        "height": view.height,
        "crs": view.box.crs.uri,
        "bbox": [view.box.west, view.box.south, view.box.east, view.box.north],
        "scaleDenominator": round(view.scale_denominator),
        "links": [
            link(address, "alternate", "image/png", "PNG"),
            link(address.replace("f=png", "f=jpeg"), "alternate", "image/jpeg", "JPEG"),
            link(
                address.replace("f=png", "f=geotiff"),
                "alternate",
                MEDIA_TYPES["geotiff"],
                "GeoTIFF",
            ),
        ],
    }


def dataset_extent(api: Api) -> dict[str, Any]:
    """Return what the landing page says of the data set as a map: its extent, its systems."""
    bbox = joined(one.bbox for one in api.portal.summaries.values()) or _country()
    spatial = {"bbox": [list(bbox)], "crs": CRS84.uri}
    return {"extent": {"spatial": spatial}, "crs": offered(bbox)}


def map_link(url: str, title: str) -> dict[str, Any]:
    """Return the link to a picture at `url`/map."""
    return link(f"{url}/map", "http://www.opengis.net/def/rel/ogc/1.0/map", "image/png", title)
