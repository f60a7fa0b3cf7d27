"""`geoportal keys`: API keys of those who may edit or publish layers over HTTP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click
import psycopg

from geoportal.auth import EDITOR, ROLES, digest, new_key
from geoportal.cli import database
from geoportal.cli.common import Group, settings
from geoportal.cli.layers import table
from geoportal.cli.progress import say
from geoportal.errors import BadKey
from layers.model import Layer
from processing.pipelines import PIPELINES

Connection = psycopg.Connection[Any]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,79}", re.ASCII)


@click.group(
    cls=Group,
    short_help="API keys of those who may edit: add, list, revoke.",
    epilog="""
    geoportal keys add city-lighting --role editor --layer street_lights --layer light_cabinets
    geoportal keys add planner --role publisher
    geoportal keys list
    geoportal keys revoke city-lighting
    """,
)
def keys() -> None:
    """Who may create, change and delete features over HTTP; nobody else can."""


@keys.command(epilog="geoportal keys add anna --role editor --layer green_areas")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the key allows.")
@click.option(
    "--layer",
    "layer_ids",
    multiple=True,
    metavar="ID",
    help="Only this layer; may be repeated. Without it: every layer that the role can change.",
)
def add(name: str, role: str, layer_ids: tuple[str, ...]) -> None:
    """Make a key for NAME and show it once: only its SHA-256 is kept."""
    given = settings()
    with database.migrated(given) as connection:
        key = add_key(connection, name, role, layer_ids, database.definitions(given))
    say(f"the key of {name}; it is not shown again:")
    click.echo(key)


@keys.command("list", epilog="geoportal keys list")
def list_() -> None:
    """List the keys by name, with role, layers and times; the keys themselves are not known."""
    given = settings()
    with database.migrated(given) as connection:
        found = connection.execute(
            "SELECT name, role, layers, created_at, revoked_at FROM access.api_key ORDER BY name"
        ).fetchall()
    rows: list[tuple[str, ...]] = [("name", "role", "layers", "created", "revoked")]
    for name, role, layers, created, revoked in found:
        scope = "all" if layers is None else ", ".join(layers)
        times = [
            moment.strftime("%Y-%m-%d %H:%M") if moment else "" for moment in (created, revoked)
        ]
        rows.append((name, role, scope, *times))
    click.echo(table(rows))


@keys.command(epilog="geoportal keys revoke anna")
@click.argument("name")
def revoke(name: str) -> None:
    """End the key of NAME, at once and for ever."""
    with database.migrated(settings()) as connection:
        revoke_key(connection, name)
    say(f"the key of {name} is revoked")


def add_key(
    connection: Connection,
    name: str,
    role: str,
    layer_ids: Sequence[str],
    layers: dict[str, Layer],
) -> str:
    """Store a new key and return it; raises BadKey for a name taken or malformed, or a layer."""
    if not NAME.fullmatch(name):
        raise BadKey(f"{name!r} cannot be a name: letters, digits and _ . @ - only, at most 80.")
    scope = _scope(role, layers)
    if unknown := [layer_id for layer_id in layer_ids if layer_id not in scope]:
        what = "editable" if role == EDITOR else "the result of a pipeline"
        raise BadKey(f"{', '.join(unknown)}: not {what}; there are {', '.join(scope)}.")
    key = new_key()
    try:
        with connection.transaction():
            connection.execute(
                "INSERT INTO access.api_key (name, role, layers, digest) VALUES (%s, %s, %s, %s)",
                (name, role, list(layer_ids) or None, digest(key)),
            )
    except psycopg.errors.UniqueViolation:
        raise BadKey(f"There is or was a key of {name!r} already; take another name.") from None
    return key


def _scope(role: str, layers: dict[str, Layer]) -> list[str]:
    """Return the layers that a role can be limited to."""
    if role == EDITOR:
        return [layer.id for layer in layers.values() if layer.editable]
    return sorted({layer_id for one in PIPELINES.values() for layer_id in one.OUTPUT})


def revoke_key(connection: Connection, name: str) -> None:
    """End a key; raises BadKey when there is none of that name in force."""
    done = connection.execute(
        "UPDATE access.api_key SET revoked_at = now() WHERE name = %s AND revoked_at IS NULL",
        (name,),
    )
    if not done.rowcount:
        raise BadKey(f"There is no key of {name!r} in force; `geoportal keys list` names them.")
