"""Shapefiles in a ZIP, one per kind of geometry, and beside them what the format cannot say."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyogrio

from geoportal.ogc.formats.order import ExportRefused, Order
from geoportal.ogc.formats.source import Batches, Row, read_pieces, schema
from layers.export_query import fields_of
from layers.export_rows import Part, Shape, is_text, measure, parts_of

LARGEST = 2_000_000_000
"""Bytes of a .shp or .dbf that every program can read."""

NAME_LENGTH = 10
TEXT_LENGTH = 254  # bytes of a text; the rest of a longer one is cut off
_TYPES = {
    "point": "Point", "multipoint": "MultiPoint", "line": "MultiLineString",
    "polygon": "MultiPolygon",
}  # fmt: skip
_WIDTHS = {"integer": 18, "number": 24, "boolean": 1, "date": 8, "datetime": 30}


@dataclass(frozen=True, slots=True)
class Measured:
    """What is to be written: rows in all; part -> (rows, vertices); text field -> longest bytes."""

    rows: int
    parts: dict[Part, tuple[int, int]]
    longest: dict[str, int]


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return name -> a name of at most ten characters, each its own whatever the case."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        short, n = name[:NAME_LENGTH], 0
        while short.lower() in taken:
            n += 1
            short = name[: NAME_LENGTH - 1 - len(str(n))] + f"_{n}"
        taken.add(short.lower())
        found[name] = short
    return found


def write_shapefile(connection: psycopg.Connection[Row], order: Order) -> int:
    """Write the ZIP and return how many features it holds; raises ExportRefused when too large."""
    measured = _measure(connection, order)
    _check_sizes(order, measured)
    names = short_names(["id", *(f.name for f in fields_of(order.layer, order.page))])
    parts = [part for part, (rows, _) in measured.parts.items() if rows]
    parts = parts or [parts_of(order.layer)[-1]]
    with (
        tempfile.TemporaryDirectory(dir=Path(order.path).parent) as folder,
        zipfile.ZipFile(order.path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        for part in parts:
            stem = order.layer.id if len(parts) == 1 else f"{order.layer.id}-{part}"
            _write_part(connection, order, Path(folder) / f"{stem}.shp", Shape(
                spelled=True, part=part, bare=part == parts[0],
            ), names)  # fmt: skip
            for file in sorted(Path(folder).iterdir()):
                archive.write(file, file.name)
                file.unlink()
        archive.writestr("fields.csv", _field_list(order, names, measured))
        archive.writestr("about.txt", "".join(f"{k}: {v}\n" for k, v in order.about.items() if v))
    return measured.rows


def _measure(connection: psycopg.Connection[Row], order: Order) -> Measured:
    query = measure(order.layer, order.rows, order.page)
    row = connection.execute(query.sql.encode(), query.params).fetchone()
    assert row is not None  # noqa: S101 - a query of sums has one row
    parts = parts_of(order.layer)
    texts = [f.name for f in fields_of(order.layer, order.page) if is_text(f)]
    ends = row[1 : 1 + 2 * len(parts)]
    return Measured(
        rows=row[0],
        parts={p: (ends[2 * i], ends[2 * i + 1]) for i, p in enumerate(parts)},
        longest=dict(zip(texts, row[1 + 2 * len(parts) :], strict=True)),
    )


def _check_sizes(order: Order, measured: Measured) -> None:
    """Raise ExportRefused when a .dbf or .shp would be larger than programs can read."""
    fields = fields_of(order.layer, order.page)
    record = 19 + sum(
        _WIDTHS.get(f.type) or min(TEXT_LENGTH, max(80, measured.longest[f.name])) for f in fields
    )
    # 8 bytes of head, 52 of box and counts, 16 per vertex.
    shapes = max((60 * rows + 16 * points for rows, points in measured.parts.values()), default=0)
    largest = max(record * measured.rows, shapes)
    if largest > LARGEST:
        raise ExportRefused(
            f"A Shapefile holds at most 2 GB, this would be {largest / 1e9:.1f} GB: ask for a"
            " smaller bbox, fewer properties, or another format (gpkg, fgb, parquet)."
        )


def _write_part(
    connection: psycopg.Connection[Row],
    order: Order,
    file: Path,
    shape: Shape,
    names: dict[str, str],
) -> None:
    columns = schema(order, shape)
    for i, name in enumerate(columns.names[:-1]):
        columns = columns.set(i, columns.field(i).with_name(names[name]))
    batches = Batches(read_pieces(connection, order, shape), columns)
    assert shape.part is not None  # noqa: S101 - the caller gives one
    try:
        pyogrio.write_arrow(
            batches.reader(),
            file,
            driver="ESRI Shapefile",
            # The last column; a field of that name would have had to be another one.
            geometry_name="geometry",
            geometry_type=_TYPES[shape.part],
            crs=order.crs,
            encoding="UTF-8",
        )
    except Exception as error:
        raise batches.error or error from error


def _field_list(order: Order, names: dict[str, str], measured: Measured) -> str:
    """The names of the fields in full, what they mean, and what was cut."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["name_in_file", "name", "type", "unit", "title", "longest_bytes", "cut"])
    rows.writerow([names["id"], "id", "integer", "", "", "", "no"])
    for f in fields_of(order.layer, order.page):
        longest = measured.longest.get(f.name)
        cut = "yes" if longest and longest > TEXT_LENGTH else "no"
        title = f.title.get(order.language)
        size = "" if longest is None else longest
        rows.writerow([names[f.name], f.name, f.type, f.unit or "", title, size, cut])
    return text.getvalue()
