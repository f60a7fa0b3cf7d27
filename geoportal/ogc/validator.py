"""Validators of answers (RFC 9110 section 8.8): an unchanged layer is never asked for twice.

An answer follows from the software, versions and definitions of the layers behind it, the address,
the format and the language, so its ETag is made of these before anything is computed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from geoportal.ogc.request import OgcRequest

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

ROOMS = Path(__file__).resolve().parents[2]


@cache
def software() -> bytes:
    """Return a digest of the state of our files, so that a new release changes every ETag."""
    digest = blake2b(digest_size=8)
    for room in ("geoportal", "processing", "layers"):
        for file in sorted((ROOMS / room).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.name} {file.stat().st_mtime_ns} ".encode())
    return digest.digest()


def validators(api: Api, request: OgcRequest, address: str, layer_id: str | None) -> dict[str, str]:
    """Return ETag, Last-Modified and Cache-Control of an answer.

    The ETag is weak where the answer carries the time at which it was made.
    """
    versions, dated = _state(api, layer_id)
    state = f"{address} {request.format} {request.language} {versions}"
    digest = blake2b(software() + state.encode(), digest_size=12).hexdigest()
    return {
        "ETag": f'{"W/" if request.route.timestamped else ""}"{digest}"',
        # A cache may keep it and must ask before it shows it again.
        "Cache-Control": "public, no-cache",
        **dated,
    }


def _state(api: Api, layer_id: str | None) -> tuple[str, dict[str, str]]:
    """Return the versions of loads and definitions behind an answer, and the header of their time.

    An Api never outlives the versions that it was made for, so it keeps what was found.
    """
    kept = api.states.get(layer_id)
    if kept is None:
        portal = api.portal
        found = [v for (name, _), v in portal.versions.items() if layer_id in (None, name)]
        found += [one.version for k, one in portal.coverages.items() if layer_id in (None, k)]
        defined = [one.revision for k, one in portal.publications.items() if layer_id in (None, k)]
        fetched = [one for k, one in portal.currencies.items() if layer_id in (None, k)]
        numbers = (*(v.version for v in found), *defined, *fetched)
        versions = f"{len(found)} " + ",".join(map(str, numbers))
        last = max((v.loaded_at for v in found), default=None)
        kept = versions, {} if last is None else {"Last-Modified": _http_date(last)}
        if found:
            api.states[layer_id] = kept
    return kept


def is_fresh(if_none_match: str | None, etag: str) -> bool:
    """Return whether the caller already has the answer (weak comparison); `*` names none."""
    if if_none_match is None:
        return False
    known = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return etag.removeprefix("W/") in known


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
