"""Every fault of a table.sql is found with its line; what is read agrees with PostgreSQL."""

from pathlib import Path

import pytest

from layers import registry
from layers.check_table import read_table

SQL = "base/buildings/table.sql"

# What is replaced, by what, the words of the line that must be named, words of the message.
FAULTS = {
    "other table": ("EXISTS features.b", "EXISTS public.b", None, "does not create the layer's"),
    "not idempotent": ("TABLE IF NOT EXISTS", "TABLE", "CREATE TABLE", "needs IF NOT EXISTS"),
    "never closed": (") PARTITION BY LIST (area);", ";", "CREATE TABLE", "never closed"),
    "no column": ("    address       text,\n", "", "CREATE TABLE", "address has no column; add"),
    "type": ("storeys       bigint", "storeys       text", "storeys", "but the field is integer"),
    "decimal": ("double precision", "numeric(8, 2)", "height_m", "numeric(8,2), but the field is"),
    "array": ("storeys       bigint", "storeys       bigint [ ]", "storeys", "bigint[], but the"),
    "unreadable": ("    address       text,", "    address,", "address", "cannot read the column"),
    "twice": ("    address ", "    name text,\n    address ", "name text", "declared twice"),
    "geometry type": ("(MultiPolygon,", "(Polygon,", "geom   ", "geometry(MultiPolygon, 4326)"),
    "SRID": (", 4326)", ", 3857)", "geom   ", "must be geometry(MultiPolygon, 4326)"),
    "no geometry": ("    geom ", "    shape ", "CREATE TABLE", "the column `geom geometry(Mu"),
    "id": ("id            bigint", "id            integer", " id  ", "id must be bigint"),
    "no area": ("    area          text   NOT NULL,\n", "", "CREATE TABLE", "column `area text`"),
    "no soato": ("    soato         text,\n", "", "CREATE TABLE", "column `soato text` is missing"),
    "status": ("status        text   NOT NULL", "status text", "status", "must be NOT NULL"),
    "primary key": (
        "PRIMARY KEY (id, area)",
        "PRIMARY KEY (id)",
        "CREATE TABLE",
        "PRIMARY KEY (id",
    ),
    "partition": ("LIST (area)", "HASH (area)", "PARTITION", "PARTITION BY LIST (area);"),
    "no partition": (") PARTITION BY LIST (area);", ");", ");", "PARTITION BY LIST (area);"),
    "no gist": ("USING gist (geom)", "USING btree (id)", "PARTITION", "USING gist (geom)"),
    "index again": ("INDEX IF NOT EXISTS", "INDEX", "buildings_geom", "needs IF NOT EXISTS"),
    "index name": ("buildings_geom ON", "geom ON", "geom ON", "must be named buildings_..."),
    "index table": (
        "buildings_kind ON features.buildings",
        "buildings_kind ON features.parcels",
        "buildings_kind",
        "not features.buildings",
    ),
    "required": (
        "    kind          text   NOT NULL",
        "    kind          text",
        "kind  ",
        "kind must be NOT NULL, because the field is required",
    ),
    "optional": (
        "    name          text",
        "    name          text NOT NULL",
        "name  ",
        "name is NOT NULL, but the field is not `required: true`",
    ),
    "hidden": (
        "    name ",
        "    owner_secret  text NOT NULL,\n    name ",
        "owner_secret",
        "owner_secret is no field, so it must not be NOT NULL",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_table_is_found_with_its_line(spoilt, name):
    old, new, words, message = FAULTS[name]
    spoilt.replace("table.sql", old, new)

    found = spoilt.faults()

    line = spoilt.line("table.sql", words) if words else 1
    assert any(f.startswith(f"{SQL}:{line}: ") and message in f for f in found), found


def test_comments_and_unpublished_columns_are_allowed(spoilt):
    spoilt.replace("table.sql", "    name ", "    -- , wrong (\n    owner_secret text,\n    name ")
    spoilt.replace("table.sql", "CREATE", "/* CREATE TABLE\n features.buildings */\nCREATE")

    assert spoilt.faults() == []


@pytest.mark.parametrize("layer_id", registry.load_layers())
def test_what_is_read_agrees_with_postgresql(layer_id, database_url):
    import psycopg

    table = read_table(Path("table.sql"), registry.table_sql(layer_id), layer_id)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND attgenerated = ''"
            " ORDER BY attnum",
            [f"features.{layer_id}"],
        ).fetchall()
        kinds = connection.execute(
            "SELECT pg_get_partkeydef(to_regclass(%s))", [f"features.{layer_id}"]
        ).fetchone()

    names = {"timestamp with time zone": "timestamptz", "int8": "bigint"}
    found = [(name, names.get(kind, kind).lower(), required) for name, kind, required in rows]
    read = [(c.name, names.get(c.type, c.type), c.required) for c in table.columns.values()]
    assert read == found
    assert kinds == ("LIST (area)",)


@pytest.mark.parametrize("layer_id", registry.load_layers())
def test_the_table_can_be_made_again(layer_id, database_url):
    import psycopg

    with psycopg.connect(database_url) as connection:
        connection.execute(registry.table_sql(layer_id))
