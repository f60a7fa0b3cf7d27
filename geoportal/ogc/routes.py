"""The one table of routes: it drives router, OpenAPI document and the checks of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from geoportal.ogc import crs, documents, execution, items, openapi, processes, schema, tiles
from geoportal.ogc import tilematrixsets as tms
from geoportal.ogc.request import Answer
from layers.model import Text

Handler = Callable[..., Answer | Awaitable[Answer]]

JSON = "application/json"
MEDIA_TYPES = {
    "json": JSON,
    "geojson": "application/geo+json",
    "schema": "application/schema+json",
    "openapi": "application/vnd.oai.openapi+json;version=3.0",
    "html": "text/html; charset=utf-8",
    "mvt": "application/vnd.mapbox-vector-tile",
}
# `f=json` asks for the JSON form of a resource, whatever its exact media type.
SPELLINGS = {"geojson": ("json", "geojson"), "schema": ("json",), "openapi": ("json",)}
# Media types that a caller may also name for a format.
ALSO = {"geojson": (JSON,), "schema": (JSON,), "openapi": (JSON,)}


@dataclass(frozen=True)
class Route:
    """One address and method, what it takes and gives; `formats[0]` is the default.

    `parameters` are names of `openapi.PARAMETERS`; with `properties` the published fields of the
    collection are parameters too. `page` is the HTML template of a document answer.
    """

    path: str
    name: str
    handler: Handler
    tag: str
    summary: Text
    formats: tuple[str, ...] = ("json", "html")
    parameters: tuple[str, ...] = ()
    properties: bool = False
    page: str = "document"
    method: str = "GET"
    schema: str = "document"
    statuses: tuple[int, ...] = (200, 304, 400, 404, 406, 500, 503)
    timestamped: bool = False

    @property
    def cacheable(self) -> bool:
        """Whether the answer follows from the address and the versions of the layers."""
        return self.method == "GET"


def _text(be: str, ru: str, en: str) -> Text:
    return Text(be=be, ru=ru, en=en)


COLLECTION = "/collections/{collectionId}"
TILESET = COLLECTION + "/tiles/{tileMatrixSetId}"

ITEM_PARAMETERS = (
    "limit", "offset", "cursor", "bbox", "bbox-crs", "crs", "datetime",
    "sortby", "properties", "skipGeometry",
)  # fmt: skip

ROUTES: tuple[Route, ...] = (
    Route(
        "/", "getLandingPage", documents.landing_page, "common",
        _text("Стартавая старонка", "Стартовая страница", "Landing page"),
        page="landing", schema="landingPage",
    ),
    Route(
        "/conformance", "getConformance", documents.conformance, "common",
        _text("Класы адпаведнасці", "Классы соответствия", "Conformance classes"),
        page="conformance", schema="confClasses",
    ),
    Route(
        "/openapi", "getOpenapi", openapi.get_openapi, "common",
        _text("Апісанне API", "Описание API", "API definition"),
        formats=("openapi", "html"), page="openapi", schema="object",
    ),
    Route(
        "/api", "getApi", openapi.get_openapi, "common",
        _text("Апісанне API", "Описание API", "API definition"),
        formats=("openapi", "html"), page="openapi", schema="object",
    ),
    Route(
        "/crs", "getSystems", crs.get_systems, "common",
        _text("Сістэмы каардынат", "Системы координат", "Coordinate reference systems"),
        page="crs", schema="systems",
    ),
    Route(
        "/collections", "getCollections", documents.collections, "common",
        _text("Калекцыі", "Коллекции", "Collections"),
        page="collections", schema="collections",
    ),
    Route(
        COLLECTION, "getCollection", documents.collection, "common",
        _text("Калекцыя", "Коллекция", "Collection"),
        page="collection", schema="collection",
    ),
    Route(
        COLLECTION + "/schema", "getSchema", schema.get_schema, "features",
        _text("Схема аб’ектаў", "Схема объектов", "Schema of the features"),
        formats=("schema", "html"), page="schema", schema="object",
    ),
    Route(
        COLLECTION + "/queryables", "getQueryables", schema.get_queryables, "features",
        _text("Уласцівасці для адбору", "Свойства для отбора", "Queryable properties"),
        formats=("schema", "html"), page="schema", schema="object",
    ),
    Route(
        COLLECTION + "/sortables", "getSortables", schema.get_sortables, "features",
        _text("Уласцівасці для парадку", "Свойства для порядка", "Sortable properties"),
        formats=("schema", "html"), page="schema", schema="object",
    ),
    Route(
        COLLECTION + "/items", "getFeatures", items.get_collection_items, "features",
        _text("Аб’екты", "Объекты", "Features"),
        formats=("geojson", "html"), parameters=ITEM_PARAMETERS, properties=True,
        page="items", schema="featureCollection", timestamped=True,
    ),
    Route(
        COLLECTION + "/items/{featureId}", "getFeature", items.get_collection_item, "features",
        _text("Аб’ект", "Объект", "Feature"),
        formats=("geojson", "html"), parameters=("crs",), page="item", schema="feature",
    ),
    Route(
        COLLECTION + "/tiles", "getTilesets", tiles.get_tilesets, "tiles",
        _text("Наборы тайлаў", "Наборы тайлов", "Tilesets"),
        page="tilesets", schema="tileSets",
    ),
    Route(
        TILESET, "getTileset", tiles.get_tileset, "tiles",
        _text("Набор тайлаў", "Набор тайлов", "Tileset"),
        page="tileset", schema="tileSet",
    ),
    Route(
        TILESET + "/metadata", "getTilesetMetadata", tiles.get_tileset, "tiles",
        _text("Набор тайлаў", "Набор тайлов", "Tileset"),
        page="tileset", schema="tileSet",
    ),
    Route(
        TILESET + "/{tileMatrix}/{tileRow}/{tileCol}", "getTile", tiles.get_tile, "tiles",
        _text("Вектарны тайл", "Векторный тайл", "Vector tile"),
        formats=("mvt",), parameters=("v",), schema="binary",
        statuses=(200, 204, 304, 400, 404, 406, 500, 503),
    ),
    Route(
        "/tileMatrixSets", "getTileMatrixSets", tms.get_tile_matrix_sets, "tiles",
        _text("Сеткі тайлаў", "Сетки тайлов", "Tile matrix sets"),
        page="tilematrixsets", schema="tileMatrixSets",
    ),
    Route(
        "/tileMatrixSets/{tileMatrixSetId}", "getTileMatrixSet", tms.get_tile_matrix_set, "tiles",
        _text("Сетка тайлаў", "Сетка тайлов", "Tile matrix set"),
        page="tilematrixset", schema="object",
    ),
    Route(
        "/TileMatrixSets", "getTileMatrixSetsUpstream", tms.get_tile_matrix_sets, "tiles",
        _text("Сеткі тайлаў", "Сетки тайлов", "Tile matrix sets"),
        page="tilematrixsets", schema="tileMatrixSets",
    ),
    Route(
        "/TileMatrixSets/{tileMatrixSetId}", "getTileMatrixSetUpstream",
        tms.get_tile_matrix_set, "tiles",
        _text("Сетка тайлаў", "Сетка тайлов", "Tile matrix set"),
        page="tilematrixset", schema="object",
    ),
    Route(
        "/processes", "getProcesses", processes.get_processes, "processes",
        _text("Працэсы", "Процессы", "Processes"),
        parameters=("limit",), page="processes", schema="processList",
    ),
    Route(
        "/processes/{processId}", "getProcess", processes.get_process, "processes",
        _text("Апісанне працэсу", "Описание процесса", "Process description"),
        page="process", schema="process",
    ),
    Route(
        "/processes/{processId}/execution", "execute", execution.execute_process, "processes",
        _text("Выкананне працэсу", "Выполнение процесса", "Execution of a process"),
        formats=("json",), method="POST", schema="object",
        statuses=(200, 400, 404, 406, 413, 415, 422, 500, 503),
    ),
)  # fmt: skip


def handlers() -> dict[str, Any]:
    """Return operation id -> handler, for tests."""
    return {route.name: route.handler for route in ROUTES}
