"""The changes of a scenario held against their layers, the ground and what may be told of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson
import psycopg

from geoportal.errors import BadParameter
from geoportal.ogc.editing_place import Place, area_of, require_near
from layers import scenario_query
from layers.errors import BadScenario, RefusedFeature
from layers.model import Area
from layers.query import CRS84, Crs
from layers.scenario import Change, Scenario, submissions

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

Fault = tuple[str, str]


async def checked(api: Api, made: Scenario, crs: Crs) -> Scenario:
    """Return a scenario whose features fit their layers and its area, coordinates in CRS84.

    Raises BadScenario with every fault by change, member and reason.
    """
    area = api.portal.areas.get(made.area)
    if area is None:
        raise BadScenario(("/area", f"there is no such area; there are {_areas(api)}"))
    if faults := [*_outside(api, made, area)]:
        raise BadScenario(*faults)
    given = submissions(made, api.portal.definitions, crs)
    shapes = {n: one.shape for n, one in enumerate(given) if one.shape is not None}
    try:
        rows = await api.portal.database.rows(scenario_query.places(shapes.values(), crs))
    except (BadParameter, psycopg.DataError, psycopg.errors.InternalError_):
        raise BadScenario(("/changes", "coordinates are outside their CRS")) from None
    placed = dict(zip(shapes, rows, strict=True))
    if faults := [*_misplaced(placed, area)]:
        raise BadScenario(*faults)
    moved = {n: orjson.loads(row[-1]) for n, row in placed.items()} if crs != CRS84 else {}
    changes = tuple(_stored(change, moved.get(n)) for n, change in enumerate(made.changes))
    return made.model_copy(update={"changes": changes})


def _outside(api: Api, made: Scenario, area: Area) -> Iterator[Fault]:
    """Find what a scenario may not touch: other areas, and layers that are not open."""
    for n, change in enumerate(made.changes):
        layer = api.portal.definitions.get(change.layer)
        if layer is not None and layer.access != "open":
            yield f"/changes/{n}/layer", f"{layer.id} is restricted; a difference would tell of it"
        if change.id is not None and area_of(api.portal, change.id) != area:
            yield f"/changes/{n}/id", f"no feature of area {area.id} has such an id"


def _misplaced(placed: dict[int, Any], area: Area) -> Iterator[Fault]:
    for n, (valid, reason, *box, _) in placed.items():
        at = f"/changes/{n}/feature/geometry"
        if not valid:
            yield at, f"not valid: {reason}"
            continue
        try:
            require_near(area, Place(*box))
        except RefusedFeature as refused:
            yield at, refused.faults[0][1]


def _stored(change: Change, geometry: Any) -> Change:
    """Return a change with what is kept of its feature: properties and geometry."""
    if change.feature is None:
        return change
    kept = {k: v for k, v in change.feature.items() if k in ("geometry", "properties")}
    if geometry is not None:
        kept["geometry"] = geometry
    return change.model_copy(update={"feature": kept})


def _areas(api: Api) -> str:
    return ", ".join(sorted(api.portal.areas))
