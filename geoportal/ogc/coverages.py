"""OGC API - Coverages (draft 19-087): rasters of areas as collections, with cells and schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoportal.maps.order import CoverageOrder
from geoportal.ogc.coverage_parameters import extent_of, native_crs, parse_grid
from geoportal.ogc.crs import offered
from geoportal.ogc.enrich import MAP, REL, STATUS_TITLES, metadata_links
from geoportal.ogc.links import link, map_tilesets_link, self_links
from geoportal.ogc.quality import quality_link
from geoportal.ogc.request import Answer, OgcRequest
from layers.coverage import Coverage
from layers.model import Language, Text
from layers.query import CRS84, Box

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

CONFORMANCE_CLASSES = [
    f"http://www.opengis.net/spec/ogcapi-coverages-1/1.0/conf/{name}"
    for name in ("core", "subsetting", "scaling", "crs", "geotiff", "coveragejson", "oas30")
]
PARAMETERS = (
    "bbox", "bbox-crs", "subset", "subset-crs", "crs", "scale-factor", "scale-axes", "scale-size",
)  # fmt: skip

TITLE = Text(be="Ячэйкі растра", ru="Ячейки растра", en="Cells of the raster")
SCHEMA = Text(be="Схема значэнняў", ru="Схема значений", en="Schema of the values")


def get_oas_30(cfg: dict[str, Any], locale: str) -> tuple[list[Any], dict[str, Any]]:  # noqa: ARG001
    """Return nothing: the route table makes the OpenAPI document."""
    return [], {"paths": {}}


async def get_coverage(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Answer the cells of a coverage, 204 where it has none; raises UnknownLayer, BadParameter."""
    coverage = api.portal.coverage(collection_id)
    grid = parse_grid(request.params, coverage, request.format)
    if grid is None:
        return {}, 204, b""
    settings = api.portal.settings
    order = CoverageOrder(
        definition=coverage.definition,
        area=coverage.area.id,
        box=grid.box,
        width=grid.width,
        height=grid.height,
        window=grid.window,
        format=request.format,
        attribution=coverage.attribution,
        database_url=settings.database_url or "",
        timeout_s=settings.statement_timeout_s,
    )
    answer = await api.portal.painters.paint(order)
    ending = "tif" if request.format == "geotiff" else "covjson"
    headers = {
        "Content-Crs": f"<{grid.box.crs.uri}>",
        "Content-Bbox": _numbers(grid.box),
        "Content-Disposition": f'inline; filename="{coverage.id}.{ending}"',
    }
    return headers, 200, answer.data


def _numbers(box: Box) -> str:
    corners = (box.west, box.south, box.east, box.north)
    if box.crs.flip:
        corners = (box.south, box.west, box.north, box.east)
    return ",".join(f"{number:.15g}" for number in corners)


def describe(api: Api, coverage: Coverage, language: Language) -> dict[str, Any]:
    """Return the collection document of a coverage (Common Part 2 with a described grid)."""
    extent = extent_of(coverage)
    a, _, _, _, e, _ = coverage.transform
    native = native_crs(coverage)
    known, version = coverage.definition, coverage.version
    supplier = version.supplier.name if version.supplier else known.supplier.name
    grid = [
        {"cellsCount": coverage.width, "resolution": a},
        {"cellsCount": coverage.height, "resolution": -e},
    ]
    west, south, east, north = coverage.bounds
    return {
        "id": coverage.id,
        "title": coverage.title.get(language),
        "description": known.description.get(language),
        "itemType": "coverage",
        "dataType": "coverage",
        "extent": {
            "spatial": {
                "bbox": [list(extent)],
                "crs": CRS84.uri,
                "storageCrsBbox": [[west, south, east, north]],
                "grid": grid,
            }
        },
        "crs": list(dict.fromkeys([native.uri, *offered(extent)])),
        "storageCrs": native.uri,
        "theme": known.theme,
        "status": version.status,
        "statusTitle": STATUS_TITLES[version.status].get(language),
        "supplier": {"name": supplier.get(language), "url": known.supplier.url},
        "licence": (version.licence or known.licence).model_dump(),
        "attribution": coverage.attribution,
        "source": version.source,
        "version": version.version,
        "links": _links(api, coverage, language),
    }


def _links(api: Api, coverage: Coverage, language: Language) -> list[dict[str, Any]]:
    base = f"{api.base_url}/collections/{coverage.id}"
    cells, schema = TITLE.get(language), SCHEMA.get(language)
    covjson = "application/prs.coverage+json"
    return [
        link(f"{base}?f=json", "self", "application/json", coverage.title.get(language)),
        link(f"{base}?f=html", "alternate", "text/html", coverage.title.get(language)),
        link(f"{base}/coverage?f=geotiff", REL + "coverage", "image/tiff; application=geotiff",
             f"{cells} (GeoTIFF)"),
        link(f"{base}/coverage?f=json", REL + "coverage", covjson, f"{cells} (CoverageJSON)"),
        link(f"{base}/schema?f=json", REL + "schema", "application/schema+json", schema),
        quality_link(base, language),
        link(f"{base}/map", REL + "map", "image/png", MAP[language]),
        map_tilesets_link(base, language),
        *metadata_links(base, language),
    ]  # fmt: skip


def schema_document(api: Api, request: OgcRequest, coverage: Coverage) -> dict[str, Any]:
    """Return the JSON Schema of the values of the cells (Common Part 3, logical schema)."""
    language, known = request.language, coverage.definition
    field: dict[str, Any] = {
        "title": known.title.get(language),
        "type": "number",
        "x-ogc-propertySeq": 1,
    }
    if known.classes:
        field |= {
            "type": "integer",
            "oneOf": [
                {"const": one.value, "title": one.title.get(language)} for one in known.classes
            ],
        }
    else:
        field |= {"x-ogc-unit": known.unit, "x-ogc-unitLang": "UCUM"}
    url = f"{api.base_url}/collections/{coverage.id}/schema"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": url,
        "type": "object",
        "title": coverage.title.get(language),
        "description": known.description.get(language),
        "properties": {known.id: field},
        "additionalProperties": False,
        "links": self_links(request, url, "application/schema+json"),
    }
