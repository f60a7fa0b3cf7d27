"""Features Part 4: create, replace, update and delete single features of editable layers.

A change is judged before anything is locked (key, feature, If-Match, body), then made in one
transaction of the writer role that looks at If-Match again: of two writers with one ETag, one wins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from geoportal.auth import Caller, require_editor
from geoportal.errors import (
    BadParameter,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    UnsupportedMediaType,
)
from geoportal.ogc import parameters as read
from geoportal.ogc.crs import parse_crs
from geoportal.ogc.editing_place import area_of, area_to_be, measured, require_near
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.validator import software
from geoportal.writer import Change as Transaction
from layers import edit, history, submission
from layers.errors import RefusedFeature
from layers.history import Change, Operation, Sums
from layers.keyset import Value
from layers.model import Area, Layer
from layers.query import Crs
from layers.version import Version

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

PART_4 = "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/"
CONFORMANCE_CLASSES = [
    PART_4 + name
    for name in ("create-replace-delete", "update", "optimistic-locking-etags", "features")
]
FEATURE_TYPES = ("application/geo+json", "application/json")
PATCH_TYPES = ("application/merge-patch+json",)

_TAG = re.compile(r'(?:W/)?"([^"]*)"')


@dataclass(frozen=True, slots=True)
class _Row:
    """A feature as it is: its state, all of it for the history, and as GeoJSON in a CRS."""

    state: str
    stored: str
    feature: str


def is_editable(api: Api, layer_id: str | None) -> bool:
    """Return whether a layer is published and may be edited."""
    layer = api.portal.layers.get(layer_id or "")
    return layer is not None and layer.editable


async def create_feature(api: Api, request: OgcRequest, collection_id: str) -> Answer:
    """Store a new feature and answer where it is; raises RefusedFeature and the errors of keys."""
    layer = api.portal.layer(collection_id)
    caller = await require_editor(api.portal.database, request.headers, layer.id)
    body = read_json(request, FEATURE_TYPES)
    crs = content_crs(request)
    given = submission.read(layer, body, crs)
    place = await measured(api.portal.database, given.shape, crs)
    area = area_to_be(api.portal, layer, given.values.get("area"), place)
    change = _change(layer, area, 0, "create", caller, request)
    async with api.portal.writer.change() as transaction:
        sums, status = await _open(transaction, change)
        ((free,),) = await transaction.rows(edit.next_id(change))
        change = replace(change, feature_id=free)
        values = _filled(change, given.values, status)
        query = edit.insert(change, values, given.shape, crs)
        state, version = await _write(transaction, change, sums, (None, query))
    _learn(api, version)
    address = f"{api.base_url}/collections/{layer.id}/items/{change.feature_id}"
    etag = etag_of(state, _item_path(change), request)
    return {"Location": address, "ETag": etag}, 201, b""


async def replace_feature(
    api: Api, request: OgcRequest, collection_id: str, feature_id: str
) -> Answer:
    """Put a feature in the place of another with the id of the address; what is not sent is null.

    Raises NotFound, PreconditionRequired, PreconditionFailed and RefusedFeature.
    """
    change = await _admit(api, request, (collection_id, feature_id), "replace")
    body = read_json(request, FEATURE_TYPES)
    crs = content_crs(request)
    given = submission.read(change.layer, body, crs)
    place = await measured(api.portal.database, given.shape, crs)
    require_near(change.area, place)
    async with api.portal.writer.change() as transaction:
        sums, status = await _open(transaction, change)
        row = await _former(transaction, change, crs, request)
        values = _filled(change, given.values, status)
        query = edit.update(change, values, given.shape, crs)
        state, version = await _write(transaction, change, sums, (row, query))
    _learn(api, version)
    return {"ETag": etag_of(state, _item_path(change), request)}, 204, b""


async def update_feature(
    api: Api, request: OgcRequest, collection_id: str, feature_id: str
) -> Answer:
    """Change what a JSON merge patch says; raises as `replace_feature`."""
    change = await _admit(api, request, (collection_id, feature_id), "update")
    layer = change.layer
    patch = submission.as_feature_patch(layer, read_json(request, PATCH_TYPES))
    crs = content_crs(request)
    _require_same_id(patch, change)
    async with api.portal.writer.change() as transaction:
        sums, status = await _open(transaction, change)
        row = await _former(transaction, change, crs, request)
        target = orjson.loads(row.feature)
        if "geometry" not in patch:
            del target["geometry"]
        given = submission.read(layer, submission.merge(target, patch | {"type": "Feature"}), crs)
        require_near(change.area, await measured(transaction, given.shape, crs))
        values = _filled(change, given.values, status)
        query = edit.update(change, values, given.shape, crs if "geometry" in patch else None)
        state, version = await _write(transaction, change, sums, (row, query))
    _learn(api, version)
    return {"ETag": etag_of(state, _item_path(change), request)}, 204, b""


async def delete_feature(
    api: Api, request: OgcRequest, collection_id: str, feature_id: str
) -> Answer:
    """Remove a feature; raises NotFound, PreconditionRequired and PreconditionFailed."""
    change = await _admit(api, request, (collection_id, feature_id), "delete")
    crs = content_crs(request)
    async with api.portal.writer.change() as transaction:
        sums, _ = await _open(transaction, change)
        row = await _former(transaction, change, crs, request)
        _, version = await _write(transaction, change, sums, (row, edit.delete(change)))
    _learn(api, version)
    return {}, 204, b""


def read_json(request: OgcRequest, accepted: tuple[str, ...]) -> Any:
    """Return the body; raises BadParameter without media type or JSON, UnsupportedMediaType."""
    given = request.headers.get("content-type", "")
    kind, _, options = given.partition(";")
    if not kind.strip():
        raise BadParameter(f"The header Content-Type is missing; send {accepted[0]}.")
    charset = options.lower().replace(" ", "").replace('"', "").partition("charset=")[2]
    if kind.strip().lower() not in accepted or charset not in ("", "utf-8", "utf8"):
        raise UnsupportedMediaType(
            f"The body is {given[:80]!r}; understood here is {' or '.join(accepted)} in UTF-8."
        )
    try:
        return orjson.loads(request.data)
    except orjson.JSONDecodeError as error:
        raise BadParameter(f"The body is not JSON: {error}.") from None


def content_crs(request: OgcRequest) -> Crs:
    """Return the CRS of the coordinates in the body (header Content-Crs, CRS84 by default)."""
    given = request.headers.get("content-crs")
    return parse_crs("Content-Crs", given if given is None else given.strip().strip("<>"))


def etag_of(state: str, path: str, request: OgcRequest) -> str:
    """Return the strong ETag of a form of a feature: what it holds, then how that is told."""
    form = f"{path} {request.format} {request.language}".encode()
    return f'"{state}-{blake2b(software() + form, digest_size=6).hexdigest()}"'


async def item_validators(
    api: Api, request: OgcRequest, address: str, collection_id: str, feature_id: str
) -> dict[str, str]:
    """Return ETag and Cache-Control of one feature of an editable layer; nothing when it is not."""
    layer = api.portal.layer(collection_id)
    number = _number(feature_id)
    rows = [] if number is None else await api.portal.database.rows(edit.state(layer, number))
    if not rows:
        return {}
    # Not compressed: a coding would make the tag weak, and If-Match takes strong ones only.
    keep = "public, no-cache, no-transform"
    return {"ETag": etag_of(rows[0][0], address, request), "Cache-Control": keep}


def require_match(request: OgcRequest, state: str) -> None:
    """Compare If-Match with the state of a feature, in whatever form the caller saw it.

    A tag made weak by compression counts too: its first part names the state exactly. Raises
    PreconditionRequired and PreconditionFailed.
    """
    given = request.headers.get("if-match")
    if given is None:
        raise PreconditionRequired(
            "Send the ETag of the feature that you saw as If-Match, so that no change of somebody"
            " else is lost."
        )
    seen = {tag.partition("-")[0] for tag in _TAG.findall(given)}
    if given.strip() != "*" and state not in seen:
        raise PreconditionFailed("The feature has changed since you saw it; get it again.")


async def _admit(
    api: Api, request: OgcRequest, address: tuple[str, str], operation: Operation
) -> Change:
    """Return the change that a request may attempt, judged without a lock."""
    layer = api.portal.layer(address[0])
    caller = await require_editor(api.portal.database, request.headers, layer.id)
    missing = NotFound(f"Collection {layer.id} has no feature {address[1][:80]!r}.")
    number = _number(address[1])
    if number is None:
        raise missing
    rows = await api.portal.database.rows(edit.state(layer, number))
    area = area_of(api.portal, number)
    if not rows or area is None:
        raise missing
    require_match(request, rows[0][0])
    return _change(layer, area, number, operation, caller, request)


def _number(feature_id: str) -> int | None:
    if not read.INTEGER.fullmatch(feature_id) or abs(int(feature_id)) > read.MAX_INTEGER:
        return None
    return int(feature_id)


def _change(
    layer: Layer, area: Area, number: int, operation: Operation, caller: Caller, request: OgcRequest
) -> Change:
    return Change(layer, area, number, operation, caller.name, request.request_id)


def _require_same_id(body: Any, change: Change) -> None:
    # A patch that changes the identifier is refused (update-json-merge-patch B); of a whole
    # feature the identifier is ignored (put-rid A): the address says which it is.
    given = body.get("id") if isinstance(body, dict) else None
    if given is not None and str(given) != str(change.feature_id):
        raise RefusedFeature(("/id", f"the address names {change.feature_id}; leave the id out"))


def _filled(change: Change, values: Mapping[str, Value], status: str) -> dict[str, Value]:
    """Return the values with those that the area gives where nothing was sent."""
    if change.layer.scope == "national":
        return dict(values)
    area = change.area
    if values["area"] not in (None, area.id):
        raise RefusedFeature(("/properties/area", f"the feature belongs to {area.id} for ever"))
    given = {"area": area.id, "soato": area.soato or None, "status": status}
    return {k: given.get(k) if v is None else v for k, v in values.items()}


async def _open(transaction: Transaction, change: Change) -> tuple[Sums, str]:
    """Lock the layer's state in the area; return its sums, and the status of its rows."""
    layer, area = change.layer, change.area
    await transaction.rows(history.hold(layer))
    rows = await transaction.rows(history.opened(layer, area))
    if not rows:
        raise PreconditionFailed(f"Nothing is loaded any more in {layer.id} for {area.id}.")
    columns, count, high, low, status = rows[0]
    if high is None:
        query = history.sums_of_all(layer, area, columns)
        ((count, high, low),) = await transaction.rows(query)
    return Sums(tuple(columns), count, int(high), int(low)), status


async def _former(transaction: Transaction, change: Change, crs: Crs, request: OgcRequest) -> _Row:
    rows = await transaction.rows(edit.former(change, crs))
    if not rows:
        raise PreconditionFailed("The feature was deleted a moment ago.")
    row = _Row(*rows[0])
    require_match(request, row.state)
    return row


async def _write(
    transaction: Transaction, change: Change, sums: Sums, work: tuple[_Row | None, Any]
) -> tuple[str, Version | None]:
    """Write row, twin, version and history; return the new state, and None when nothing changed."""
    row, query = work
    before = await _sums(transaction, change, sums)
    if row is not None:
        await transaction.rows(edit.twin_out(change))
    await transaction.rows(query)
    await transaction.rows(edit.twin_in(change))
    after = await _sums(transaction, change, sums)
    states = await transaction.rows(edit.state(change.layer, change.feature_id))
    state = states[0][0] if states else ""
    if before == after:
        return state, None
    new = sums.without(before).and_with(after)
    (found,) = await transaction.rows(history.record(change, new))
    version = Version.from_row(found)
    stored = row.stored if row else None
    await transaction.rows(history.remember(change, version.version, stored))
    return state, version


async def _sums(transaction: Transaction, change: Change, sums: Sums) -> Sums:
    ((count, high, low),) = await transaction.rows(history.sums_now(change, sums.columns))
    return Sums(sums.columns, count, int(high), int(low))


def _learn(api: Api, version: Version | None) -> None:
    # The other workers hear of it by NOTIFY; whoever wrote must see it in the next answer.
    if version is not None:
        api.portal.learn(version)


def _item_path(change: Change) -> str:
    return f"/ogc/collections/{change.layer.id}/items/{change.feature_id}"
