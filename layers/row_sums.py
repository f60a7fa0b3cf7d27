"""The content checksum of a table of rows, and the sums that it is made of."""

from __future__ import annotations

import hashlib
import json

from psycopg import Connection, sql
from psycopg.rows import tuple_row


def sum_rows(conn: Connection, table: str) -> tuple[str, int, tuple[str, str]]:
    """Return a checksum of a staging table that does not depend on the order of its rows, their
    number, and the sums.

    SHA-256 of each row's text in fixed settings; 128 bits of them are added up, the sum is hashed.
    layers/history.py carries the sums on when a single row changes.
    """
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            'SELECT array_agg(attname::text ORDER BY attname COLLATE "C") FROM pg_attribute'
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = ''",
            (f"staging.{table}",),
        ).fetchone()
        columns: list[str] = row[0] if row else []
        for setting in ("timezone = 'UTC'", "datestyle = 'ISO, YMD'", "extra_float_digits = 1"):
            conn.execute(sql.SQL("SET LOCAL " + setting))
        query = sql.SQL(
            "SELECT count(*),"
            " coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0)::text,"
            " coalesce(sum(('x' || substr(h, 17, 16))::bit(64)::bigint::numeric), 0)::text"
            " FROM (SELECT encode(sha256(convert_to(ROW({columns})::text, 'UTF8')), 'hex') AS h"
            " FROM {table}) AS hashes"
        ).format(
            columns=sql.SQL(", ").join(sql.Identifier(c) for c in columns),
            table=sql.Identifier("staging", table),
        )
        found = cursor.execute(query).fetchone()
    assert found is not None  # noqa: S101 - an aggregate returns its row
    count, high, low = found
    text = json.dumps([columns, count, high, low])
    return hashlib.sha256(text.encode()).hexdigest(), count, (high, low)
