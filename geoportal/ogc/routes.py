"""The one table of routes: it drives router, OpenAPI document and the checks of a request."""

from __future__ import annotations

from typing import Any

from geoportal.ogc import (
    coverages,
    crs,
    dataset_tiles,
    documents,
    editing,
    items,
    map_tiles,
    maps,
    metadata,
    openapi,
    quality,
    schema,
    search,
    styles,
    tiles,
)
from geoportal.ogc import tilematrixsets as tms
from geoportal.ogc.enrich import METADATA
from geoportal.ogc.formats.registry import NAMES as EXPORTS
from geoportal.ogc.parameters import ITEM_PARAMETERS, TILE_PARAMETERS
from geoportal.ogc.process_routes import PROCESS_ROUTES
from geoportal.ogc.route import DELETE_STATUSES, EDIT_STATUSES, Route, texts

COLLECTION = "/collections/{collectionId}"
TILESET = COLLECTION + "/tiles/{tileMatrixSetId}"
MAP_TILESET = COLLECTION + "/map/tiles/{tileMatrixSetId}"
SEARCH_PARAMETERS = (
    "collections", "q", "filter", "filter-lang", "filter-crs",
    "bbox", "bbox-crs", "datetime", "crs", "limit",
)  # fmt: skip
PICTURES = ("png", "jpeg", "geotiff", "html")

ROUTES: tuple[Route, ...] = (
    Route(
        "/", "getLandingPage", documents.landing_page, "common",
        texts("Стартавая старонка", "Стартовая страница", "Landing page"),
        page="landing", schema="landingPage",
    ),
    Route(
        "/conformance", "getConformance", documents.conformance, "common",
        texts("Класы адпаведнасці", "Классы соответствия", "Conformance classes"),
        page="conformance", schema="confClasses",
    ),
    Route(
        "/openapi", "getOpenapi", openapi.get_openapi, "common",
        texts("Апісанне API", "Описание API", "API definition"),
        formats=("openapi", "html"), page="openapi", schema="object",
    ),
    Route(
        "/api", "getApi", openapi.get_openapi, "common",
        texts("Апісанне API", "Описание API", "API definition"),
        formats=("openapi", "html"), page="openapi", schema="object",
    ),
    Route(
        "/crs", "getSystems", crs.get_systems, "common",
        texts("Сістэмы каардынат", "Системы координат", "Coordinate reference systems"),
        page="crs", schema="systems",
    ),
    Route(
        "/collections", "getCollections", documents.collections, "common",
        texts("Калекцыі", "Коллекции", "Collections"), page="collections", schema="collections",
    ),
    Route(
        COLLECTION, "getCollection", documents.collection, "common",
        texts("Калекцыя", "Коллекция", "Collection"), page="collection", schema="collection",
    ),
    Route(
        COLLECTION + "/metadata", "getMetadata", metadata.get_metadata, "common",
        METADATA, formats=("dcat", "iso19139"), schema="object",
    ),
    Route(
        COLLECTION + "/schema", "getSchema", schema.get_schema, "features",
        texts("Схема аб’ектаў", "Схема объектов", "Schema of the features"),
        formats=("schema", "html"), page="schema", schema="object",
    ),
    Route(
        COLLECTION + "/queryables", "getQueryables", schema.get_queryables, "features",
        texts("Уласцівасці для адбору", "Свойства для отбора", "Queryable properties"),
        formats=("schema", "html"), page="schema", schema="object",
    ),
    Route(
        COLLECTION + "/sortables", "getSortables", schema.get_sortables, "features",
        texts("Уласцівасці для парадку", "Свойства для порядка", "Sortable properties"),
        formats=("schema", "html"), page="schema", schema="object",
    ),
    Route(
        COLLECTION + "/quality", "getQuality", quality.get_quality, "common",
        quality.TITLE, page="quality", schema="quality", live=True,
    ),
    Route(
        COLLECTION + "/items", "getFeatures", items.get_collection_items, "features",
        texts("Аб’екты", "Объекты", "Features"),
        formats=("geojson", "html", *EXPORTS), parameters=ITEM_PARAMETERS, properties=True,
        page="items", schema="featureCollection", timestamped=True,
        statuses=(200, 206, 304, 400, 404, 406, 416, 500, 503),
    ),
    Route(
        COLLECTION + "/items/{featureId}", "getFeature", items.get_collection_item, "features",
        texts("Аб’ект", "Объект", "Feature"),
        formats=("geojson", "html", "jsonfg"), parameters=("crs", "asof"), page="item",
        schema="feature", own_state=True,
    ),
    Route(
        COLLECTION + "/items", "createFeature", editing.create_feature, "editing",
        texts("Новы аб’ект", "Новый объект", "New feature"),
        formats=("geojson",), method="POST", editing=True, accepts=editing.FEATURE_TYPES,
        body="feature", statuses=(201, 400, 401, 403, 404, 406, 413, 415, 422, 500, 503),
    ),
    Route(
        COLLECTION + "/items/{featureId}", "replaceFeature", editing.replace_feature, "editing",
        texts("Замяніць аб’ект", "Заменить объект", "Replace a feature"),
        formats=("geojson",), method="PUT", editing=True, accepts=editing.FEATURE_TYPES,
        body="feature", statuses=EDIT_STATUSES,
    ),
    Route(
        COLLECTION + "/items/{featureId}", "updateFeature", editing.update_feature, "editing",
        texts("Змяніць аб’ект", "Изменить объект", "Change a feature"),
        formats=("geojson",), method="PATCH", editing=True, accepts=editing.PATCH_TYPES,
        body="patch", statuses=EDIT_STATUSES,
    ),
    Route(
        COLLECTION + "/items/{featureId}", "deleteFeature", editing.delete_feature, "editing",
        texts("Выдаліць аб’ект", "Удалить объект", "Delete a feature"),
        formats=("geojson",), method="DELETE", editing=True, accepts=(), body="",
        statuses=DELETE_STATUSES,
    ),
    Route(
        "/search", "search", search.search_by_get, "features",
        texts("Пошук па калекцыях", "Поиск по коллекциям", "Search over collections"),
        formats=("geojson", "html"), parameters=SEARCH_PARAMETERS,
        page="search", schema="featureCollection", timestamped=True,
    ),
    Route(
        "/search", "searchByPost", search.search_by_post, "features",
        texts("Пошук па калекцыях", "Поиск по коллекциям", "Search over collections"),
        formats=("geojson",), method="POST", schema="featureCollection", body="search",
        statuses=(200, 400, 404, 406, 413, 415, 500, 503), timestamped=True,
    ),
    Route(
        "/functions", "getFunctions", search.get_functions, "features",
        search.FUNCTIONS_TITLE, schema="object",
    ),
    Route(
        "/styles", "getStyles", styles.get_styles, "styles",
        texts("Стылі", "Стили", "Styles"), page="styles", schema="object",
    ),
    Route(
        "/styles/{styleId}", "getStyle", styles.get_style, "styles",
        texts("Стыль", "Стиль", "Style"), formats=("mapbox", "html", "sld10", "sld11"),
        page="style", schema="object",
    ),
    Route(
        "/styles/{styleId}/metadata", "getStyleMetadata", styles.get_style_metadata, "styles",
        texts("Пра стыль", "О стиле", "About the style"), schema="object",
    ),
    Route(
        "/styles/{styleId}/legend", "getLegend", styles.get_legend, "styles",
        texts("Легенда", "Легенда", "Legend"), formats=("svg", "png"), schema="binary",
    ),
    Route(
        "/styles/{styleId}/map", "map.dataset.style.getMap", maps.get_style_map, "maps",
        texts("Карта ў гэтым стылі", "Карта в этом стиле", "Map in this style"),
        formats=PICTURES, parameters=("collections", *maps.PARAMETERS), page="picture",
        schema="binary",
    ),
    Route(
        COLLECTION + "/styles", "getCollectionStyles", styles.get_collection_styles, "styles",
        texts("Стылі калекцыі", "Стили коллекции", "Styles of the collection"),
        page="styles", schema="object",
    ),
    Route(
        COLLECTION + "/styles/{styleId}/map", "map.collection.style.getMap",
        maps.get_collection_style_map, "maps",
        texts("Карта калекцыі ў стылі", "Карта коллекции в стиле", "Map of the collection, styled"),
        formats=PICTURES, parameters=(*maps.PARAMETERS, *maps.FILTERS), page="picture",
        schema="binary",
    ),
    Route(
        COLLECTION + "/map", "map.collection.getMap", maps.get_collection_map, "maps",
        texts("Карта калекцыі", "Карта коллекции", "Map of the collection"),
        formats=PICTURES, parameters=(*maps.PARAMETERS, *maps.FILTERS), page="picture",
        schema="binary",
    ),
    Route(
        COLLECTION + "/coverage", "getCoverage", coverages.get_coverage, "coverages",
        coverages.TITLE, formats=("geotiff", "covjson"), parameters=coverages.PARAMETERS,
        schema="binary", statuses=(200, 204, 304, 400, 404, 406, 500, 503),
    ),
    Route(
        "/map", "map.dataset.getMap", maps.get_dataset_map, "maps",
        texts("Карта слаёў", "Карта слоёв", "Map of the layers"),
        formats=PICTURES, parameters=("collections", *maps.PARAMETERS), page="picture",
        schema="binary",
    ),
    Route(
        COLLECTION + "/map/tiles", "map.collection.map.getTileSetsList", map_tiles.get_tilesets,
        "maps",
        texts("Наборы тайлаў карты", "Наборы тайлов карты", "Map tilesets"),
        page="tilesets", schema="tileSets",
    ),
    Route(
        MAP_TILESET, "map.collection.map.getTileSet", map_tiles.get_tileset, "maps",
        texts("Набор тайлаў карты", "Набор тайлов карты", "Map tileset"),
        formats=("json", "html", "tilejson"), page="tileset", schema="tileSet",
    ),
    Route(
        MAP_TILESET + "/{tileMatrix}/{tileRow}/{tileCol}", "map.collection.map.getTile",
        map_tiles.get_tile, "maps",
        texts("Тайл карты", "Тайл карты", "Map tile"),
        formats=map_tiles.PICTURES, parameters=(*map_tiles.PARAMETERS, *maps.FILTERS),
        schema="binary",
    ),
    Route(
        "/map/tiles", "map.dataset.map.getTileSetsList", map_tiles.get_dataset_tilesets, "maps",
        texts("Наборы тайлаў карты слаёў", "Наборы тайлов карты слоёв", "Map tilesets of layers"),
        page="tilesets", schema="tileSets",
    ),
    Route(
        "/map/tiles/{tileMatrixSetId}", "map.dataset.map.getTileSet", map_tiles.get_dataset_tileset,
        "maps",
        texts("Набор тайлаў карты слаёў", "Набор тайлов карты слоёв", "Map tileset of layers"),
        formats=("json", "html", "tilejson"), parameters=("collections",),
        page="tileset", schema="tileSet",
    ),
    Route(
        "/map/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", "map.dataset.map.getTile",
        map_tiles.get_dataset_tile, "maps",
        texts("Тайл карты слаёў", "Тайл карты слоёв", "Map tile of layers"),
        formats=map_tiles.PICTURES, parameters=("collections", *map_tiles.PARAMETERS),
        schema="binary",
    ),
    Route(
        COLLECTION + "/tiles", "collection.vector.getTileSetsList", tiles.get_tilesets, "tiles",
        texts("Наборы тайлаў", "Наборы тайлов", "Tilesets"),
        page="tilesets", schema="tileSets",
    ),
    Route(
        TILESET, "collection.vector.getTileSet", tiles.get_tileset, "tiles",
        texts("Набор тайлаў", "Набор тайлов", "Tileset"),
        formats=("json", "html", "tilejson"),
        page="tileset", schema="tileSet",
    ),
    Route(
        TILESET + "/metadata", "getTilesetMetadata", tiles.get_tileset, "tiles",
        texts("Набор тайлаў", "Набор тайлов", "Tileset"),
        formats=("json", "html", "tilejson"),
        page="tileset", schema="tileSet",
    ),
    Route(
        TILESET + "/{tileMatrix}/{tileRow}/{tileCol}", "collection.vector.getTile",
        tiles.get_tile, "tiles",
        texts("Вектарны тайл", "Векторный тайл", "Vector tile"), formats=("mvt",),
        parameters=TILE_PARAMETERS, properties=True, schema="binary",
        statuses=(200, 204, 304, 400, 404, 406, 500, 503),
    ),
    Route(
        "/tiles", "dataset.vector.getTileSetsList",
        dataset_tiles.get_dataset_tilesets, "tiles",
        texts("Наборы тайлаў усіх слаёў", "Наборы тайлов всех слоёв", "Tilesets of all layers"),
        page="tilesets", schema="tileSets",
    ),
    Route(
        "/tiles/{tileMatrixSetId}", "dataset.vector.getTileSet",
        dataset_tiles.get_dataset_tileset, "tiles",
        texts("Набор тайлаў усіх слаёў", "Набор тайлов всех слоёв", "Tileset of all layers"),
        formats=("json", "html", "tilejson"), parameters=("collections",),
        page="tileset", schema="tileSet",
    ),
    Route(
        "/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", "dataset.vector.getTile",
        dataset_tiles.get_dataset_tile, "tiles",
        texts("Тайл некалькіх слаёў", "Тайл нескольких слоёв", "Tile of several layers"),
        formats=("mvt",), parameters=("collections", "datetime"), schema="binary",
        statuses=(200, 204, 304, 400, 404, 406, 500, 503),
    ),
    Route(
        "/tileMatrixSets", "getTileMatrixSetsList", tms.get_tile_matrix_sets, "tiles",
        texts("Сеткі тайлаў", "Сетки тайлов", "Tile matrix sets"),
        page="tilematrixsets", schema="tileMatrixSets",
    ),
    Route(
        "/tileMatrixSets/{tileMatrixSetId}", "getTileMatrixSet", tms.get_tile_matrix_set, "tiles",
        texts("Сетка тайлаў", "Сетка тайлов", "Tile matrix set"),
        page="tilematrixset", schema="object",
    ),
    Route(
        "/TileMatrixSets", "getTileMatrixSetsUpstream", tms.get_tile_matrix_sets, "tiles",
        texts("Сеткі тайлаў", "Сетки тайлов", "Tile matrix sets"),
        page="tilematrixsets", schema="tileMatrixSets",
    ),
    Route(
        "/TileMatrixSets/{tileMatrixSetId}", "getTileMatrixSetUpstream",
        tms.get_tile_matrix_set, "tiles",
        texts("Сетка тайлаў", "Сетка тайлов", "Tile matrix set"),
        page="tilematrixset", schema="object",
    ),
    *PROCESS_ROUTES,
)  # fmt: skip


def handlers() -> dict[str, Any]:
    """Return operation id -> handler, for tests."""
    return {route.name: route.handler for route in ROUTES}
