"""From PostGIS to Arrow in pieces of bounded size; only the child process imports this."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pyarrow as pa

from geoportal.ogc.formats.order import Order
from layers.export_query import fields_of
from layers.export_rows import Shape, table_rows
from layers.model import ITEMS

PIECE_BYTES = 8_000_000
MOST_ROWS = 20_000
FIRST_ROWS = 500

Row = tuple[Any, ...]

BOX = pa.struct([(edge, pa.float64()) for edge in ("xmin", "ymin", "xmax", "ymax")])
MOMENT = pa.timestamp("us", tz="UTC")


def read_pieces(
    connection: psycopg.Connection[Row], order: Order, shape: Shape
) -> Iterator[tuple[list[Row], int]]:
    """Yield rows by the thousand, with the bytes of their geometries.

    A piece is cut by the size of the one before it, so large geometries do not add up.
    """
    query = table_rows(order.layer, order.rows, order.page, shape)
    at = 1 + len(fields_of(order.layer, order.page))
    many = FIRST_ROWS
    with connection.cursor(name="export", binary=True) as cursor:
        cursor.execute(query.sql.encode(), query.params)
        while rows := cursor.fetchmany(many):
            size = sum(len(row[at]) for row in rows if row[at] is not None)
            yield rows, size
            fitting = many * PIECE_BYTES // max(size, 1)
            many = max(1, min(MOST_ROWS, fitting, 4 * many))


def schema(
    order: Order, shape: Shape, *, box: str | None = None, geometry: str = "geometry"
) -> pa.Schema:
    """Return the columns of a piece; `box` names a column of bounding boxes."""
    kinds = {
        "string": pa.string(), "integer": pa.int64(), "number": pa.float64(),
        "boolean": pa.bool_(), "date": pa.date32(),
        "datetime": pa.string() if shape.spelled else MOMENT,
    }  # fmt: skip
    kinds |= {
        array: pa.list_(kinds[item]) if shape.lists else pa.string()
        for array, item in ITEMS.items()
    }
    found = [pa.field("id", pa.int64(), nullable=False)]
    found += [pa.field(f.name, kinds[f.type]) for f in fields_of(order.layer, order.page)]
    found.append(pa.field(geometry, pa.binary()))
    if box:
        found.append(pa.field(box, BOX))
    return pa.schema(found)


def to_batch(rows: list[Row], columns: pa.Schema) -> pa.RecordBatch:
    """Return rows as Arrow; the numbers of days and microseconds become dates and moments."""
    values = list(zip(*rows, strict=True))
    arrays = [_array(values, i, columns.field(i).type) for i in range(len(columns))]
    return pa.record_batch(arrays, schema=columns)


def _array(values: list[Row], i: int, kind: pa.DataType) -> pa.Array:
    if kind == BOX:
        edges = [pa.array(values[i + k], pa.float64()) for k in range(4)]
        none = pa.array([value is None for value in values[i]], pa.bool_())
        return pa.StructArray.from_arrays(edges, fields=list(BOX), mask=none)
    if kind == pa.date32():
        return pa.array(values[i], pa.int32()).view(kind)
    if kind == MOMENT:
        return pa.array(values[i], pa.int64()).view(kind)
    return pa.array(values[i], kind)


class Batches:
    """A stream of Arrow batches that GDAL can read; remembers how many rows and what went wrong."""

    def __init__(
        self,
        pieces: Iterator[tuple[list[Row], int]],
        columns: pa.Schema,
        change: Callable[[list[Row]], list[Row]] = lambda rows: rows,
    ) -> None:
        self.rows = 0
        self.error: Exception | None = None
        self.columns = columns
        self._pieces, self._change = pieces, change

    def reader(self) -> pa.RecordBatchReader:
        """Return the stream."""
        return pa.RecordBatchReader.from_batches(self.columns, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            for rows, _ in self._pieces:
                self.rows += len(rows)
                yield to_batch(self._change(rows), self.columns)
        except Exception as error:
            # GDAL would tell only that the stream broke.
            self.error = error
            raise
