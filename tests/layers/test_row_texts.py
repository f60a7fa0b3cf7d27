"""What we write of rows is what PostgreSQL reads, and what it would write of them itself."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from layers import row_sums
from layers.faults import Faults
from layers.model import Field, FieldType, Text
from layers.row_texts import TEXT, Sums, Texts, copy_lines, extended, sums
from layers.rows import _cells

Connection = psycopg.Connection[tuple[Any, ...]]

WORDS = st.text(
    st.characters(exclude_characters="\0", codec="utf-8"), max_size=8
) | st.sampled_from(
    ["", " ", "a,b", '"', "\\", "\\N", "()", "\t", "\r\n", "\v\f", "Ўзда", "\u00a0", "\u2028"]
)
NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1e4, 1e4)
    | st.builds(lambda m, e: m * 10.0**e, st.integers(-99, 99), st.integers(-9, 17))
)
COLUMNS: dict[FieldType, tuple[str, st.SearchStrategy[Any]]] = {
    "string": ("text", WORDS),
    "integer": ("bigint", st.integers(-(2**63), 2**63 - 1)),
    "number": ("double precision", NUMBERS),
    "boolean": ("boolean", st.booleans()),
    "date": ("date", st.dates(date(1, 1, 1))),
}
ROW = st.fixed_dictionaries({kind: st.none() | values for kind, (_, values) in COLUMNS.items()})
PLACE = (
    st.none()
    | st.builds(shapely.box, *[st.floats(-180, 180)] * 4)
    | st.builds(shapely.Point, st.floats(-180, 180), st.just(-0.0))
)
ANY = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAME = Text(be="x", ru="x", en="x")


@ANY
@given(rows=st.lists(st.tuples(ROW, PLACE), min_size=1, max_size=8))
def test_sums_are_those_of_postgresql(
    connection: Connection, rows: list[tuple[dict[str, Any], shapely.Geometry | None]]
) -> None:
    ids = np.arange(len(rows))
    columns = {"id": Texts(pa.array(ids).cast(TEXT), plain=True)}
    for kind in COLUMNS:
        values = np.full(len(rows), None, dtype=object)
        values[:] = [one[kind] for one, _ in rows]
        field = Field(name="f", type=kind, title=NAME)
        columns[kind] = _cells(values, field, ids, Faults())
    shapes = np.array([shape for _, shape in rows], dtype=object)
    columns["geom"] = Texts(extended(shapely.to_wkb(shapes, byte_order=1)), plain=True)
    types = {"id": "bigint", "geom": "geometry"} | {k: t for k, (t, _) in COLUMNS.items()}
    made = ", ".join(f'"{name}" {types[name]}' for name in columns)
    with connection.transaction(force_rollback=True):
        connection.execute(f"CREATE TABLE staging.written ({made})".encode())
        with connection.cursor().copy("COPY staging.written FROM STDIN") as target:
            target.write(copy_lines(columns.values()))
        _, count, asked = row_sums.sum_rows(connection, "written")
        stored = connection.execute(
            "SELECT string, integer, number, boolean, date FROM staging.written ORDER BY id"
        ).fetchall()
    assert count == len(rows)
    assert stored == [tuple(one[kind] for kind in COLUMNS) for one, _ in rows]
    known = sums(columns)
    if known is None:
        assert any(one["number"] and not 1e-4 <= abs(one["number"]) < 1e10 for one, _ in rows)
    else:
        assert known == Sums(count, int(asked[0]), int(asked[1]))


def test_known_sums_are_taken_where_they_are_those_of_all_columns(connection: Connection) -> None:
    known = Sums(1, 2, 3)
    with connection.transaction(force_rollback=True):
        connection.execute("CREATE TABLE staging.known AS SELECT 1 AS b, 2 AS a")
        assert row_sums.sum_rows(connection, "known", (("a", "b"), known))[1:] == (1, ("2", "3"))
        of_more = row_sums.sum_rows(connection, "known", (("a",), known))
        assert of_more == row_sums.sum_rows(connection, "known")
        query = row_sums.sums(["a", "b"], sql.SQL("staging.known"))
        assert connection.execute(query).fetchone() == (1, *of_more[2])


def test_sums_are_not_known_where_postgresql_writes_otherwise() -> None:
    for kind, value in (
        ("number_array", [0.5]),
        ("datetime", pd.Timestamp("2026-01-01", tz="UTC")),
    ):
        values = np.full(1, None, dtype=object)
        values[0] = value
        field = Field(name="f", type=kind, title=NAME)
        assert sums({"f": _cells(values, field, np.array([1]), Faults())}) is None


def test_no_rows_are_no_lines() -> None:
    assert copy_lines([Texts(pa.array([], TEXT)), Texts(pa.array([], TEXT))]) == b""
