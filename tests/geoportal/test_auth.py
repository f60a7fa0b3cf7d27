"""Keys: how they are read, kept, and made by the command line."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from geoportal.auth import caller, digest, key_of, new_key, require_editor
from geoportal.cli.keys import add_key, revoke_key
from geoportal.database import Database
from geoportal.errors import BadKey, Forbidden, Unauthorized
from geoportal.settings import Settings
from layers.registry import load_layers

LAYERS = load_layers()
ROOT = Path(__file__).resolve().parents[2]

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, None),
        ({"x-api-key": "k"}, "k"),
        ({"authorization": "Bearer k"}, "k"),
        ({"authorization": "bearer  k ", "x-api-key": "other"}, "k"),
        ({"authorization": "Bearer"}, ""),
    ],
)
def test_a_key_comes_in_one_of_two_headers(headers: Mapping[str, str], key: str | None) -> None:
    assert key_of(headers) == key


@pytest.mark.parametrize("given", ["Basic dTpw", "k", "", "Digest x=y"])
def test_other_schemes_are_refused(given: str) -> None:
    with pytest.raises(Unauthorized, match="Bearer"):
        key_of({"authorization": given})


def test_keys_are_256_random_bits() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert {len(key) for key in keys} == {len("gp_") + 43}
    key = keys.pop()
    assert digest(key) == hashlib.sha256(key.encode()).digest()


async def asked(database: str, headers: Mapping[str, str], layer_id: str = "") -> object:
    """What the server finds in the headers."""
    pool = Database(Settings(database_url=database))
    await pool.open()
    try:
        if layer_id:
            return await require_editor(pool, headers, layer_id)
        return await caller(pool, headers)
    finally:
        await pool.close()


def run(work: object) -> object:
    import asyncio

    return asyncio.run(work)  # type: ignore[arg-type]


def test_a_key_is_known_until_it_is_revoked(database: str, connection: Connection) -> None:
    key = add_key(connection, "anna", "editor", ("street_lights",), LAYERS)
    headers = {"authorization": f"Bearer {key}"}
    found = run(asked(database, headers, "street_lights"))
    assert (found.name, found.role, found.layers) == ("anna", "editor", ("street_lights",))  # type: ignore[attr-defined]
    with pytest.raises(Forbidden, match="green_areas"):
        run(asked(database, headers, "green_areas"))
    assert run(asked(database, {})) is None
    for wrong in ("", "gp_", f"{key}x", key[:-1], key.upper(), "gp_" + "a" * 500, "gp_ж\ud800"[:4]):
        with pytest.raises(Unauthorized):
            run(asked(database, {"x-api-key": wrong}))
    revoke_key(connection, "anna")
    with pytest.raises(Unauthorized, match="revoked"):
        run(asked(database, headers))


def test_no_key_can_be_read_from_the_database(connection: Connection) -> None:
    key = add_key(connection, "anna", "editor", (), LAYERS)
    rows = connection.execute("SELECT t::text FROM access.api_key AS t").fetchall()
    assert len(rows) == 1
    assert key not in str(rows)
    assert digest(key).hex() in str(rows)


def test_names_are_used_once_and_layers_must_be_editable(connection: Connection) -> None:
    add_key(connection, "anna", "editor", (), LAYERS)
    revoke_key(connection, "anna")
    with pytest.raises(BadKey, match="another name"):
        add_key(connection, "anna", "editor", (), LAYERS)
    for name in ("", "a b", "-a", "ж", "a" * 81, "a'; DROP TABLE access.api_key; --"):
        with pytest.raises(BadKey, match="cannot be a name"):
            add_key(connection, name, "editor", (), LAYERS)
    with pytest.raises(BadKey, match=r"buildings: not editable; there are .*street_lights"):
        add_key(connection, "boris", "editor", ("buildings",), LAYERS)
    with pytest.raises(BadKey, match="in force"):
        revoke_key(connection, "nobody")


def geoportal(database: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_")}
    return subprocess.run(
        [sys.executable, "-m", "geoportal", *arguments],
        cwd=ROOT,
        env=kept | {"GEOPORTAL_DATABASE_URL": database},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_command_line_makes_lists_and_ends_keys(database: str) -> None:
    made = geoportal(database, "keys", "add", "anna", "--role", "editor", "--layer", "green_areas")
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    assert key.startswith("gp_")
    assert "not shown again" in made.stderr
    assert run(asked(database, {"x-api-key": key}, "green_areas"))
    listed = geoportal(database, "keys", "list").stdout
    assert "anna" in listed
    assert "green_areas" in listed
    assert key not in listed
    assert geoportal(database, "keys", "revoke", "anna").returncode == 0
    with pytest.raises(Unauthorized):
        run(asked(database, {"x-api-key": key}))
    again = geoportal(database, "keys", "revoke", "anna")
    assert again.returncode == 1
    assert "in force" in again.stderr


def test_the_command_line_lets_a_load_undo_edits(database: str, connection: Connection) -> None:
    loaded = geoportal(database, "load", "demo", "--buildings", "8")
    assert loaded.returncode == 0, loaded.stderr
    discard = ("layers", "discard-edits", "street_lights", "--area", "orsha")
    assert "nobody has edited" in geoportal(database, *discard).stderr
    # What an edit leaves behind: another content, and its mark.
    connection.execute("UPDATE features.street_lights SET lamp_id = 'edited'")
    connection.execute("UPDATE layers.version SET edited_at = now(), checksum = 'x'")
    refused = geoportal(database, "load", "demo", "--buildings", "9")
    assert refused.returncode == 1
    assert "discard-edits" in refused.stderr
    query = "SELECT count(*) FROM features.street_lights WHERE lamp_id = 'edited'"
    assert connection.execute(query).fetchone() != (0,)
    assert "next load will undo" in geoportal(database, *discard).stderr
    connection.execute("UPDATE layers.version SET edited_at = NULL")
    assert geoportal(database, "load", "demo", "--buildings", "9").returncode == 0
    assert connection.execute(query).fetchone() == (0,)
