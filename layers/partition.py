"""A table of `staging` that becomes the partition of an area, with everything that one has."""

from __future__ import annotations

from psycopg import Connection, sql

from layers.model import Area, Layer


def bound(area: Area) -> sql.Composed:
    """Return the part of an ALTER TABLE by which a table holds rows of an area only."""
    return sql.SQL("ADD CONSTRAINT area_is CHECK (area = {})").format(sql.Literal(area.id))


def like_parent(conn: Connection, area: Area, table: str, parent: sql.Composable) -> None:
    """Give a table that has the bound the indexes of `parent`, statistics and rights.

    PostgreSQL makes the missing indexes of a table that becomes a partition; a shell without rows
    takes it in and lets it go, so that the real parent finds them made.
    """
    shell = sql.Identifier("staging", f"{table[:-1]}s")
    names = {
        "table": sql.Identifier("staging", table),
        "shell": shell,
        "parent": parent,
        "area": sql.Literal(area.id),
    }
    for command in (
        "CREATE TABLE {shell} (LIKE {parent} INCLUDING ALL) PARTITION BY LIST (area)",
        "ALTER TABLE {shell} ATTACH PARTITION {table} FOR VALUES IN ({area})",
        "ALTER TABLE {shell} DETACH PARTITION {table}",
        "DROP TABLE {shell}",
        "GRANT SELECT ON {table} TO geoportal_reader",
        "ANALYZE {table}",
    ):
        conn.execute(sql.SQL(command).format(**names))


def put_in(conn: Connection, layer: Layer, area: Area, made: tuple[str, str]) -> None:
    """Make a staging table the partition of an area; `made` = (`features` or `tiles`, its name)."""
    schema, table = made
    partition = f"{layer.id}__a{area.number}"
    names = {
        "staged": sql.Identifier("staging", table),
        "moved": sql.Identifier("staging", partition),
        "partition": sql.Identifier(partition),
        "schema": sql.Identifier(schema),
        "parent": sql.Identifier(schema, layer.id),
        "placed": sql.Identifier(schema, partition),
        "area": sql.Literal(area.id),
    }
    for command in (
        "ALTER TABLE {staged} RENAME TO {partition}",
        "ALTER TABLE {moved} SET SCHEMA {schema}",
        "ALTER TABLE {parent} ATTACH PARTITION {placed} FOR VALUES IN ({area})",
    ):
        conn.execute(sql.SQL(command).format(**names))
