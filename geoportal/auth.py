"""Who may write: API keys, of which the database keeps only the SHA-256.

A key is 256 random bits, so a plain hash is enough and nothing can be guessed. The server asks by
`access.check_key`, once per request, so a revoked key ends at once in every worker.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from geoportal.database import Database
from geoportal.errors import Forbidden, Unauthorized
from layers.query import Query

PREFIX = "gp_"
"""Tells people, and programs that look for leaked secrets, what it is."""
EDITOR = "editor"
PUBLISHER = "publisher"
ROLES = (EDITOR, PUBLISHER)
LONGEST = 200

CHECK = "SELECT name, role, layers FROM access.check_key(decode(%(digest)s, 'hex'))"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key a request carries; `layers` None = every layer that its role can change."""

    name: str
    role: str
    layers: tuple[str, ...] | None

    def may(self, role: str, layer_id: str) -> bool:
        """Return whether the key is of that role and allows the layer."""
        return self.role == role and (self.layers is None or layer_id in self.layers)


def new_key() -> str:
    """Return a new key: 256 bits of the system's randomness."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> bytes:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode()).digest()


def key_of(headers: Mapping[str, str]) -> str | None:
    """Return the key of a request: `Authorization: Bearer`, else `X-API-Key`; None = anonymous.

    Raises Unauthorized for another scheme.
    """
    given = headers.get("authorization")
    if given is None:
        return headers.get("x-api-key")
    scheme, _, key = given.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("Only the scheme Bearer is understood in the header Authorization.")
    return key.strip()


async def caller(database: Database, headers: Mapping[str, str]) -> Caller | None:
    """Return whose key a request carries, None when it has none; raises Unauthorized."""
    key = key_of(headers)
    if key is None:
        return None
    known = key.startswith(PREFIX) and len(key) <= LONGEST
    rows = await database.rows(Query(CHECK, {"digest": digest(key).hex()})) if known else []
    if not rows:
        raise Unauthorized("The API key is not valid: it is unknown or was revoked.")
    name, role, layers = rows[0]
    return Caller(name, role, None if layers is None else tuple(layers))


async def require_editor(database: Database, headers: Mapping[str, str], layer_id: str) -> Caller:
    """Return who wants to edit a layer; raises Unauthorized or Forbidden."""
    found = await caller(database, headers)
    if found is None:
        raise Unauthorized(
            "Writing needs an API key: send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`."
        )
    if not found.may(EDITOR, layer_id):
        raise Forbidden(f"The API key {found.name!r} may not edit {layer_id}.")
    return found


def require_publisher(found: Caller | None, layer_ids: Iterable[str]) -> None:
    """Raise Unauthorized or Forbidden unless the caller may have result layers replaced."""
    if found is None:
        raise Unauthorized(
            "Publishing needs an API key of the role publisher: send it as `Authorization: Bearer"
            " KEY` or `X-API-Key: KEY`."
        )
    if refused := [layer_id for layer_id in layer_ids if not found.may(PUBLISHER, layer_id)]:
        raise Forbidden(f"The API key {found.name!r} may not publish {', '.join(refused)}.")
