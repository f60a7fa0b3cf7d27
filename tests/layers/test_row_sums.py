"""The sums of rows are what their definition says, computed without our SQL."""

import hashlib
from typing import Any

import psycopg
from psycopg import sql

from layers.row_sums import sum_rows, sums

Connection = psycopg.Connection[tuple[Any, ...]]
COLUMNS = ["geom", "height", "id", "name"]


def test_sums_are_those_of_the_first_sixteen_bytes_of_each_hash(connection: Connection) -> None:
    connection.execute(
        "CREATE TABLE staging.summed AS SELECT n::bigint AS id, CASE WHEN n % 7 > 0"
        "  THEN 'Ў \"' || n END AS name, n / 3.0::float8 AS height,"
        "  ST_SetSRID(ST_MakePoint(n, n / 2.0), 4326) AS geom FROM generate_series(1, 500) AS n"
    )
    texts = connection.execute(
        "SELECT ROW(geom, height, id, name)::text FROM staging.summed"
    ).fetchall()
    high = low = 0
    for (text,) in texts:
        digest = hashlib.sha256(text.encode()).digest()
        high += int.from_bytes(digest[:8], signed=True)
        low += int.from_bytes(digest[8:16], signed=True)
    with connection.transaction():
        _, count, found = sum_rows(connection, "summed")
    assert (count, found) == (500, (str(high), str(low)))
    connection.execute("DROP TABLE staging.summed")


def test_nothing_sums_to_nothing(connection: Connection) -> None:
    none = sql.SQL("(SELECT 1 AS id WHERE false) AS t")
    assert connection.execute(sums(["id"], none)).fetchone() == (0, "0", "0")
