"""Features of editable layers as they were: the parameter `asof`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from geoportal.errors import BadParameter, NotFound
from geoportal.ogc import parameters as read
from geoportal.ogc.request import OgcRequest
from layers import history, query
from layers.export_query import jsonfg_item
from layers.model import Layer

if TYPE_CHECKING:
    from geoportal.ogc.api import Api


async def at_moment(
    api: Api, request: OgcRequest, layer: Layer, rows: query.Filter
) -> query.Filter:
    """Return the conditions at the moment that the request names, if it names one.

    Raises BadParameter when that is no instant, the layer keeps no history, or it does not reach
    back so far: a load puts an end to it.
    """
    given = request.param("asof")
    if given is None:
        return rows
    if not layer.editable:
        raise BadParameter(f"Parameter asof: the collection {layer.id} keeps no history.")
    try:
        _, moment = read.parse_instant(given)  # a day means its end
    except BadParameter:
        raise BadParameter(f"Parameter asof: {given[:80]!r} is no date or date-time.") from None
    ((begin,),) = await api.portal.database.rows(history.begin(layer))
    if moment < begin:
        told = begin.astimezone(UTC).isoformat()
        raise BadParameter(f"Parameter asof: the history of {layer.id} begins at {told}.")
    return replace(rows, asof=moment)


async def item(
    api: Api, request: OgcRequest, layer: Layer, feature_id: int, crs: query.Crs
) -> list[tuple[bytes]]:
    """Return the one feature at the moment that the request names, as `query.item` gives it.

    In JSON-FG as `jsonfg_item` does.

    Raises NotFound when it was not there, and as `at_moment`.
    """
    rows = await at_moment(api, request, layer, query.Filter(equal=(("id", feature_id),)))
    if request.format == "jsonfg":
        found = await api.portal.database.rows(jsonfg_item(layer, feature_id, crs, rows.asof))
    else:
        page = query.Page(limit=1, crs=crs)
        wanted = query.items(layer, rows, page)
        found = [(text,) for count, text, _ in await api.portal.database.rows(wanted) if count]
    if not found:
        raise NotFound(f"Collection {layer.id} had no feature {feature_id} at that moment.")
    return found
