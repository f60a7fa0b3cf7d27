"""The content checksum of a table of rows, and the sums that it is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from layers.row_texts import Sums, ordered


def sums(columns: Sequence[str], rows: sql.Composable) -> sql.Composed:
    """Build the query of (count, high, low as text) over `rows`, a FROM item with its WHERE.

    SHA-256 of each row's text; two numbers of 64 bits of it, with their sign, are added up.
    """
    # Bytes shifted into place: by way of hexadecimal digits it takes as long again as the hash.
    high, low = (
        sql.SQL(" | ".join(f"(get_byte(h, {at + i})::bigint << {56 - 8 * i})" for i in range(8)))
        for at in (0, 8)
    )
    # OFFSET 0 keeps the planner from computing the hash once for every byte.
    return sql.SQL(
        "SELECT count(*), coalesce(sum({high}), 0)::text, coalesce(sum({low}), 0)::text"
        " FROM (SELECT sha256(convert_to(ROW({columns})::text, 'UTF8')) AS h FROM {rows} OFFSET 0)"
        " AS hashes"
    ).format(
        high=high, low=low, columns=sql.SQL(", ").join(map(sql.Identifier, columns)), rows=rows
    )


def sum_rows(
    conn: Connection, table: str, copied: tuple[Sequence[str], Sums] | None = None
) -> tuple[str, int, tuple[str, str]]:
    """Return a checksum of a staging table that does not depend on the order of its rows, their
    number, and the sums.

    The text of a row is that of fixed settings. `copied` are some columns of the table and their
    sums; where these are all its columns, the table is not read. layers/history.py carries the sums
    on when a single row changes.
    """
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            'SELECT array_agg(attname::text ORDER BY attname COLLATE "C") FROM pg_attribute'
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = ''",
            (f"staging.{table}",),
        ).fetchone()
        columns: list[str] = row[0] if row else []
        if copied and ordered(copied[0]) == columns:
            known = copied[1]
            count, high, low = known.count, str(known.high), str(known.low)
        else:
            for setting in ("timezone = 'UTC'", "datestyle = 'ISO, YMD'", "extra_float_digits = 1"):
                conn.execute(sql.SQL("SET LOCAL " + setting))
            query = sums(columns, sql.Identifier("staging", table))
            count, high, low = cursor.execute(query).fetchone() or (0, "0", "0")
    text = json.dumps([columns, count, high, low])
    return hashlib.sha256(text.encode()).hexdigest(), count, (high, low)
