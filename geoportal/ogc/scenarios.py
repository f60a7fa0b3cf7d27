"""Scenarios over HTTP: what a planner would add, change or remove, kept under a name and shared.

A scenario belongs to the key that made it. To anybody else it does not exist, unless it is shared:
then all may read and compute it. The layers themselves never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from geoportal.auth import Caller, caller, require_editor
from geoportal.errors import BadParameter, Forbidden, PreconditionFailed
from geoportal.ogc.editing import (
    PATCH_TYPES,
    content_crs,
    etag_of,
    read_json,
    require_match,
)
from geoportal.ogc.links import link, self_links
from geoportal.ogc.media_types import JSON
from geoportal.ogc.parameters import parse_limit, parse_offset
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.scenario_overlay import checked
from layers import scenario_query, submission
from layers.errors import BadScenario, TakenName, UnknownScenario
from layers.query import CRS84
from layers.scenario import Scenario, read
from layers.scenario_query import Stored

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

MOST = 1000
READ_ONLY = ("links", "layers", "checksum", "saved", "own")
"""Members of an answer that may come back in a body; nothing is read from them."""
# What a shared cache must not keep: the answer is of one key.
PRIVATE = {"Cache-Control": "private, no-cache"}


async def get_scenarios(api: Api, request: OgcRequest) -> Answer:
    """Answer the scenarios of the key and those that are shared, by name, without their changes."""
    known = await caller(api.portal.database, request.headers)
    limit = parse_limit(request.param("limit"), MOST)
    offset = parse_offset(request.param("offset"))
    query = scenario_query.page(known.name if known else None, limit + 1, offset)
    rows = [Stored.from_row(row) for row in await api.portal.database.rows(query)]
    url = f"{api.base_url}/scenarios"
    links = self_links(request, url)
    turns = {"next": offset + limit if len(rows) > limit else None}
    turns["prev"] = max(0, offset - limit) if offset else None
    for rel, start in turns.items():
        if start is not None:
            links.append(link(f"{url}?limit={limit}&offset={start}&f=json", rel, JSON))
    found = [_summary(api, one, known) for one in rows[:limit]]
    return dict(PRIVATE), 200, {"scenarios": found, "links": links}


async def get_scenario(api: Api, request: OgcRequest, name: str) -> Answer:
    """Answer one scenario with its changes; raises UnknownScenario."""
    known = await caller(api.portal.database, request.headers)
    stored = await find(api, name, known)
    changes = stored.scenario.model_dump(mode="json", include={"changes"}, exclude_unset=True)
    url = _address(api, name)
    document = _summary(api, stored, known) | changes | {"links": self_links(request, url)}
    etag = etag_of(stored.state, f"/ogc/scenarios/{name}", request)
    return PRIVATE | {"ETag": etag}, 200, document


async def create_scenario(api: Api, request: OgcRequest) -> Answer:
    """Store a scenario under its name; raises BadScenario, TakenName and the errors of keys."""
    body = read_json(request, (JSON,))
    made, shared = _read(body)
    owner = await _planner(api, request, made)
    made = await checked(api, made, content_crs(request))
    async with api.portal.writer.change() as transaction:
        rows = await transaction.rows(scenario_query.insert(made, owner.name, shared))
    if not rows:
        raise TakenName(f"The name {made.name!r} is taken; choose another one.")
    etag = etag_of(rows[0][0], f"/ogc/scenarios/{made.name}", request)
    return {"Location": _address(api, made.name), "ETag": etag}, 201, b""


async def replace_scenario(api: Api, request: OgcRequest, name: str) -> Answer:
    """Put a scenario in the place of one's own of that name.

    Raises UnknownScenario, Forbidden, PreconditionRequired, PreconditionFailed and BadScenario.
    """
    stored = await _own(api, request, name)
    made, shared = _read(read_json(request, (JSON,)), name)
    await _planner(api, request, made)
    made = await checked(api, made, content_crs(request))
    return await _write(api, request, stored, made, shared)


async def update_scenario(api: Api, request: OgcRequest, name: str) -> Answer:
    """Change what a JSON merge patch says, as `{"shared": true}`; raises as `replace_scenario`."""
    stored = await _own(api, request, name)
    patch = read_json(request, PATCH_TYPES)
    if not isinstance(patch, dict):
        raise BadScenario(("", "the patch must be an object"))
    target = _document(stored.scenario) | {"shared": stored.shared}
    made, shared = _read(submission.merge(target, patch), name)
    await _planner(api, request, made)
    made = await checked(api, made, CRS84)
    return await _write(api, request, stored, made, shared)


async def delete_scenario(api: Api, request: OgcRequest, name: str) -> Answer:
    """Forget one's own scenario; raises as `replace_scenario`."""
    stored = await _own(api, request, name)
    async with api.portal.writer.change() as transaction:
        rows = await transaction.rows(scenario_query.delete(name, stored.state))
    _require_done(rows)
    return {}, 204, b""


async def find(api: Api, name: str, known: Caller | None) -> Stored:
    """Return a scenario that the caller may see; raises UnknownScenario."""
    query = scenario_query.one(name, known.name if known else None)
    rows = await api.portal.database.rows(query) if "\0" not in name else []
    if not rows:
        raise UnknownScenario(f"There is no scenario {name[:80]!r}.")
    return Stored.from_row(rows[0])


async def resolved(api: Api, given: Any, area: str, known: Caller | None) -> dict[str, Any]:
    """Return the scenario of an execution as a document: a stored one by its name, or the value.

    The job gets what the scenario is now, so that nobody's later change or right matters. Raises
    UnknownScenario, BadScenario, and BadParameter for a scenario of another area.
    """
    if isinstance(given, str):
        made = (await find(api, given, known)).scenario
    else:
        made = read({"name": "inline", "title": "inline", "area": area} | given)
    if made.area != area:
        raise BadParameter(f"Input scenario: it is of area {made.area}, not of {area}.")
    return _document(await checked(api, made, CRS84))


def _read(body: Any, name: str | None = None) -> tuple[Scenario, bool]:
    """Return the scenario of a body and whether it is shared; `name` is that of the address."""
    if not isinstance(body, dict):
        raise BadScenario(("", "a scenario is an object"))
    given = {key: value for key, value in body.items() if key not in READ_ONLY}
    shared = given.pop("shared", False)
    if not isinstance(shared, bool):
        raise BadScenario(("/shared", "not true or false"))
    if name is not None and given.setdefault("name", name) != name:
        raise BadScenario(("/name", f"the address names {name}; leave the name out"))
    return read(given), shared


async def _planner(api: Api, request: OgcRequest, made: Scenario) -> Caller:
    """Return whose key it is: one that might edit every layer that the scenario changes."""
    for layer in made.layers:
        found = await require_editor(api.portal.database, request.headers, layer)
    return found


async def _own(api: Api, request: OgcRequest, name: str) -> Stored:
    known = await caller(api.portal.database, request.headers)
    stored = await find(api, name, known)
    if known is None or stored.owner != known.name:
        raise Forbidden(f"The scenario {name!r} is somebody else's; store a copy of it.")
    require_match(request, stored.state)
    return stored


async def _write(
    api: Api, request: OgcRequest, stored: Stored, made: Scenario, shared: bool
) -> Answer:
    async with api.portal.writer.change() as transaction:
        rows = await transaction.rows(scenario_query.update(made, shared, stored.state))
    _require_done(rows)
    return {"ETag": etag_of(rows[0][0], f"/ogc/scenarios/{made.name}", request)}, 204, b""


def _require_done(rows: list[Any]) -> None:
    if not rows:
        raise PreconditionFailed("The scenario has changed since you saw it; get it again.")


def _document(made: Scenario) -> dict[str, Any]:
    return made.model_dump(mode="json", exclude_unset=True)


def _summary(api: Api, stored: Stored, known: Caller | None) -> dict[str, Any]:
    made = stored.scenario
    found: Mapping[str, Any] = {
        "name": made.name,
        "area": made.area,
        "title": made.title,
        "description": made.description,
        "shared": stored.shared,
        "own": known is not None and stored.owner == known.name,
        "layers": list(made.layers),
        "checksum": made.checksum,
        "saved": stored.saved_at.isoformat(timespec="milliseconds"),
        "links": [link(_address(api, made.name), "item", JSON, made.title)],
    }
    return dict(found)


def _address(api: Api, name: str) -> str:
    return f"{api.base_url}/scenarios/{name}"
