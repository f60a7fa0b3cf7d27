"""The composition root: settings -> one Starlette application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from geoportal.compression import Compression
from geoportal.errors import DatabaseUnavailable
from geoportal.middleware import Envelope
from geoportal.ogc.api import Api
from geoportal.ogc.execute import Endpoint
from geoportal.ogc.route import Route as OgcRoute
from geoportal.ogc.routes import ROUTES
from geoportal.ogc.tile_cache import DiskCache, TileCache
from geoportal.portal import Portal
from geoportal.settings import Settings
from geoportal.web import pages, reports, runs
from layers.query import Query

API_ROOT = "/ogc"
ASKED_MOST = ("getFeatures", "getFeature", "collection.vector.getTile")


def application() -> Starlette:
    """Return the application for the settings of the environment (the server's factory)."""
    _log_to_stderr()
    return create_app(Settings.from_environment())


def _log_to_stderr() -> None:
    """What goes wrong inside is told where the operator looks; the server sets up only its own."""
    logger = logging.getLogger("geoportal")
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING)
        logger.propagate = False


def create_app(settings: Settings) -> Starlette:
    """Wire portal, API, pages and middleware; opens the database at start-up, not here."""
    portal = Portal(settings)
    tile_cache = TileCache(settings.tile_cache_mb * 1_000_000, DiskCache.of(settings))
    current = {"api": Api(portal, ROUTES, tile_cache)}

    def renew() -> None:
        # One assignment: a request keeps the object that it began with.
        current["api"] = Api(portal, ROUTES, tile_cache)

    portal.changed = renew

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await portal.start()
        yield
        await portal.stop()

    app = Starlette(
        routes=[
            *_ogc(lambda: current["api"]),
            *_health(portal),
            *pages.routes(portal),
            *reports.routes(portal),
            *runs.routes(portal),
        ],
        middleware=[Middleware(Envelope), Middleware(Compression)],
        exception_handlers={HTTPException: _raise},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.portal = portal
    return app


def _ogc(get_api: Callable[[], Api]) -> list[BaseRoute]:
    by_path: dict[str, dict[str, OgcRoute]] = {}
    # The router tries one after the other. No address fits two of them.
    for route in sorted(ROUTES, key=lambda route: route.name not in ASKED_MOST):
        by_path.setdefault(route.path, {})[route.method] = route
    found: list[BaseRoute] = []
    for path, routes in by_path.items():
        for address in (API_ROOT, API_ROOT + "/") if path == "/" else (API_ROOT + path,):
            found.append(Route(address, Endpoint(get_api, routes)))
    return found


async def _raise(_: Request, error: Exception) -> Response:
    # Past Starlette's own text pages for errors, up to the envelope, which knows the request id.
    raise error


def _health(portal: Portal) -> list[BaseRoute]:
    async def live(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> Response:
        await portal.database.rows(Query("SELECT 1"))
        if not portal.ready:
            raise DatabaseUnavailable("No layer is loaded yet; run `geoportal up`.")
        return JSONResponse({"status": "ready", "layers": len(portal.layers)})

    return [Route("/health/live", live), Route("/health/ready", ready)]
