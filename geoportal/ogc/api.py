"""pygeoapi's API object, made in memory from the published layers: no file, no environment."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pygeoapi.api
from pygeoapi.api import API

from geoportal.errors import BadParameter, GeoportalError, NotAcceptable, NotFound
from geoportal.ogc import coverages, items, processes, tiles
from geoportal.ogc.crs import offered
from geoportal.ogc.tile_cache import TileCache
from geoportal.portal import Portal
from layers.model import LANGUAGES, Layer, Text
from layers.query import CRS84
from layers.version import Bbox

if TYPE_CHECKING:
    from geoportal.ogc.route import Route

TITLE = Text(
    be="Нацыянальны геапартал «Разумныя гарады Беларусі»",
    ru="Национальный геопортал «Умные города Беларуси»",
    en="National geoportal “Smart Cities of Belarus”",
)
DESCRIPTION = Text(
    be="Слаі горадабудаўніцтва, маніторынгу навакольнага асяроддзя і інфраструктуры.",
    ru="Слои градостроительства, мониторинга окружающей среды и инфраструктуры.",
    en="Layers of urban planning, environmental monitoring and infrastructure.",
)
COUNTRY_BBOX: Bbox = (23.17, 51.26, 32.78, 56.17)

UPSTREAM_ERRORS: dict[int, type[GeoportalError]] = {
    400: BadParameter, 404: NotFound, 406: NotAcceptable,
}  # fmt: skip

_MODULES: dict[str, Any] = pygeoapi.api.all_apis() | {
    "itemtypes": items, "tile": tiles, "process": processes, "coverage": coverages,
}  # fmt: skip


def all_apis() -> dict[str, Any]:
    """Return upstream's modules with ours in their places."""
    return _MODULES


# Upstream looks the modules up by this name whenever it lists conformance classes.
pygeoapi.api.all_apis = all_apis

# Its own log is a line per request at debug level; ours is enough.
logging.getLogger("pygeoapi").setLevel(logging.CRITICAL)


class Api(API):  # type: ignore[misc]
    """Upstream's API with our portal behind it; made anew whenever a layer changes.

    Upstream keeps translated configurations by language alone, for its own pages. Ours are made by
    geoportal.web, and documents are kept here, so nothing of ours ever comes from there.
    """

    def __init__(self, portal: Portal, routes: Sequence[Route], tile_cache: TileCache) -> None:
        self.portal = portal
        self.routes = routes
        self.tile_cache = tile_cache
        self.documents: dict[tuple[str, ...], Any] = {}
        self.parameters: dict[tuple[str, str], frozenset[str]] = {}
        self.states: dict[str | None, tuple[str, dict[str, str]]] = {}
        super().__init__(configuration(portal), {})

    def get_exception(
        self,
        status: int,
        headers: dict[str, str],  # noqa: ARG002 - upstream's signature
        format_: str | None,  # noqa: ARG002
        code: str,
        description: str,
    ) -> tuple[dict[str, str], int, str]:
        """Raise what upstream would have answered: one place turns errors into problem+json."""
        kind = UPSTREAM_ERRORS.get(int(status), GeoportalError)
        raise kind(f"{description} ({code}).")


def _text(text: Text) -> dict[str, str]:
    return {language: text.get(language) for language in LANGUAGES}


def configuration(portal: Portal) -> dict[str, Any]:
    """Return upstream's configuration: the only place that makes its dict."""
    resources = {layer.id: _collection(portal, layer) for layer in portal.layers.values()}
    resources |= {
        name: {"type": "process", "processor": {"name": "service"}} for name in portal.processes
    }
    return {
        "server": {
            "bind": {"host": portal.settings.host, "port": portal.settings.port},
            "url": portal.settings.base_url + "/ogc",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["ru", "be", "en"],
            "limits": {"default_items": 10, "max_items": portal.settings.items_limit},
            "map": {"url": "", "attribution": ""},
            "gzip": False,
            "cors": False,
            "pretty_print": False,
            "admin": False,
        },
        "logging": {"level": "CRITICAL"},
        "metadata": {
            "identification": {
                "title": _text(TITLE),
                "description": _text(DESCRIPTION),
                "keywords": {"en": ["Belarus", "smart city"]},
                "terms_of_service": None,
                "url": portal.settings.base_url + "/",
            },
            "license": {"name": "see each collection", "url": None},
            "provider": {"name": TITLE.en, "url": portal.settings.base_url + "/"},
            "contact": {},
        },
        "resources": resources,
    }


def _collection(portal: Portal, layer: Layer) -> dict[str, Any]:
    summary = portal.summaries[layer.id]
    bbox = summary.bbox or COUNTRY_BBOX
    extents: dict[str, Any] = {"spatial": {"bbox": list(bbox), "crs": CRS84.uri}}
    if summary.time_start or summary.time_end:
        extents["temporal"] = {"begin": summary.time_start, "end": summary.time_end}
    return {
        "type": "collection",
        "title": _text(layer.title),
        "description": _text(layer.description),
        "keywords": {language: list(layer.keywords) for language in LANGUAGES},
        "links": [],
        "extents": extents,
        "providers": _providers(layer, bbox),
    }


def _providers(layer: Layer, bbox: Bbox) -> list[Mapping[str, Any]]:
    return [
        {
            "type": "feature",
            "name": "geoportal.ogc.items",
            "data": layer.id,
            "id_field": "id",
            "crs": offered(bbox),
            # Never EPSG/0/4326 here: upstream would swap the axes.
            "storage_crs": CRS84.uri,
        },
        {
            "type": "tile",
            "name": "geoportal.plugins.tiles.LayerTiles",
            "data": layer.id,
            "options": {"zoom": {"min": layer.tiles.min_zoom, "max": layer.tiles.max_zoom}},
            "format": {"name": "mvt", "mimetype": "application/vnd.mapbox-vector-tile"},
        },
    ]
