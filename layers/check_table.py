"""What is wrong with a table.sql: read without a database, each fault with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from layers.document import Fault, FaultyFile
from layers.model import Field, Layer

# Type names as PostgreSQL accepts them, for the type of a field. `numeric` and `timestamp` are left
# out on purpose: the one comes back as Decimal, the other has no time zone.
SQL_TYPES: dict[str, tuple[str, ...]] = {
    "string": ("text",),
    "integer": ("bigint", "integer", "int8", "int4", "int"),
    "number": ("double precision", "float8"),
    "boolean": ("boolean", "bool"),
    "date": ("date",),
    "datetime": ("timestamptz", "timestamp with time zone"),
    "string_array": ("text[]",),
    "integer_array": ("bigint[]", "integer[]", "int8[]", "int4[]", "int[]"),
    "number_array": ("double precision[]", "float8[]"),
}

_SKIPPED = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_CONSTRAINT = re.compile(r"(primary\s+key|constraint|check|unique|foreign\s+key|exclude)\b", re.I)
_COLUMN = re.compile(
    r'"?(?P<name>\w+)"?\s+'
    r"(?P<type>(?:double\s+precision|timestamp\s+with\s+time\s+zone|\w+(?:\s*\([^)]*\))?)"
    r"(?:\s*\[\s*\])?)"
    r"(?P<rest>.*)",
    re.I | re.DOTALL,
)
_INDEX = re.compile(
    r"\bcreate\s+(?:unique\s+)?index\s+(?P<safe>if\s+not\s+exists\s+)?(?P<name>\w+)?\s*"
    r"on\s+(?:only\s+)?(?P<table>[\w.]+)(?:\s+using\s+(?P<method>\w+))?\s*\((?P<columns>[^;]*)\)",
    re.I,
)


@dataclass(frozen=True)
class Column:
    """One column as table.sql declares it; `type` in lower case with single spaces."""

    name: str
    type: str
    required: bool
    line: int


@dataclass(frozen=True)
class Table:
    """The CREATE TABLE statement of a layer: columns, what follows them, and lines."""

    columns: dict[str, Column]
    primary_key: tuple[str, ...]
    partition: str
    line: int
    end_line: int

    @property
    def geometry_required(self) -> bool:
        """Whether every feature must have a geometry."""
        return "geom" in self.columns and self.columns["geom"].required


def table_faults(path: Path, text: str, table: Table, layer: Layer) -> list[Fault]:
    """Return what does not fit between a table.sql, as text and as read, and its layer."""
    return [
        *_frame_faults(path, table),
        *_standard_faults(path, table, layer),
        *_field_faults(path, table, layer),
        *_geometry_faults(path, table, layer),
        *_index_faults(path, _SKIPPED.sub(_blank, text), table, layer),
    ]


def read_table(path: Path, text: str, layer_id: str) -> Table:
    """Return the CREATE TABLE statement of a layer as table.sql has it.

    Raises FaultyFile, with its line, when there is none or when it cannot be read.
    """
    sql = _SKIPPED.sub(_blank, text)
    start = re.search(
        rf"\bcreate\s+table\s+(if\s+not\s+exists\s+)?features\.\"?{layer_id}\"?\s*\(", sql, re.I
    )
    if start is None:
        wanted = f"CREATE TABLE IF NOT EXISTS features.{layer_id} (...)"
        raise _unfit(path, 1, f"does not create the layer's table: {wanted} is missing")
    line = _line(sql, start.start())
    if start.group(1) is None:
        message = "CREATE TABLE needs IF NOT EXISTS, because migrations run the file again"
        raise _unfit(path, line, message)
    end = _closing(sql, start.end())
    if end is None:
        raise _unfit(path, line, "the parenthesis of CREATE TABLE is never closed")
    columns, primary_key = _declarations(path, sql, start.end(), end)
    tail = sql[end + 1 :].split(";", 1)[0]
    return Table(columns, primary_key, _squeezed(tail), line, _line(sql, end))


def _declarations(
    path: Path, sql: str, start: int, end: int
) -> tuple[dict[str, Column], tuple[str, ...]]:
    columns: dict[str, Column] = {}
    primary_key: tuple[str, ...] = ()
    for position, part in _parts(sql, start, end):
        if _CONSTRAINT.match(part):
            primary_key = _primary_key(part) or primary_key
            continue
        column = _column(part, _line(sql, position))
        if column is None:
            raise _unfit(path, _line(sql, position), f"cannot read the column {part!r}")
        if column.name in columns:
            raise _unfit(path, column.line, f"column {column.name} is declared twice")
        columns[column.name] = column
    return columns, primary_key


def _unfit(path: Path, line: int, message: str) -> FaultyFile:
    return FaultyFile(Fault(path, line, message))


def _blank(match: re.Match[str]) -> str:
    # Line numbers stay right when a comment becomes spaces.
    return re.sub(r"[^\n]", " ", match.group())


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _closing(sql: str, start: int) -> int | None:
    """Return the position of the parenthesis that closes the one before `start`."""
    depth = 1
    for match in re.finditer(r"[()]", sql[start:]):
        depth += 1 if match.group() == "(" else -1
        if depth == 0:
            return start + match.start()
    return None


def _parts(sql: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Yield the parts between top-level commas with their position, without surrounding space."""
    depth, begin = 0, start
    for position in range(start, end + 1):
        letter = sql[position]
        if position == end or (letter == "," and depth == 0):
            part = sql[begin:position]
            yield begin + len(part) - len(part.lstrip()), part.strip()
            begin = position + 1
        depth += {"(": 1, ")": -1}.get(letter, 0)


def _primary_key(part: str) -> tuple[str, ...]:
    found = re.search(r"primary\s+key\s*\(([^)]*)\)", part, re.I)
    return tuple(name.strip(' "') for name in found.group(1).split(",")) if found else ()


def _column(part: str, line: int) -> Column | None:
    found = _COLUMN.fullmatch(part)
    if found is None:
        return None
    required = re.search(r"\bnot\s+null\b", found["rest"], re.I) is not None
    return Column(found["name"], _squeezed(found["type"]), required, line)


def _squeezed(text: str) -> str:
    return re.sub(r"\s*([(),\[\]])\s*", r"\1", " ".join(text.lower().split()))


def _frame_faults(path: Path, table: Table) -> Iterator[Fault]:
    if table.primary_key != ("id", "area"):
        yield Fault(path, table.line, "PRIMARY KEY (id, area) is missing")
    if table.partition.replace(" (", "(") != "partition by list(area)":
        message = "the table must end in `) PARTITION BY LIST (area);`"
        yield Fault(path, table.end_line, message)


def _standard_faults(path: Path, table: Table, layer: Layer) -> Iterator[Fault]:
    wanted = {"id": ("bigint", "int8"), "area": ("text",)}
    if layer.scope != "national":
        wanted |= {"soato": ("text",), "status": ("text",)}
    for name, types in wanted.items():
        column = table.columns.get(name)
        if column is None:
            yield Fault(path, table.line, f"the standard column `{name} {types[0]}` is missing")
        elif column.type not in types:
            message = f"column {name} must be {types[0]}, not {column.type}"
            yield Fault(path, column.line, message)
        elif name == "status" and not column.required:
            yield Fault(path, column.line, "column status must be NOT NULL")


def _field_faults(path: Path, table: Table, layer: Layer) -> Iterator[Fault]:
    for field in layer.fields:
        column = table.columns.get(field.name)
        expected = SQL_TYPES[field.type]
        if column is None:
            message = f"the field {field.name} has no column; add `{field.name} {expected[0]}`"
            yield Fault(path, table.line, message)
        elif column.type not in expected:
            message = f"column {field.name} is {column.type}, but the field is {field.type}"
            yield Fault(path, column.line, f"{message}: write {expected[0]}")
        else:
            yield from _null_faults(path, column, field)
    own = {field.name for field in layer.published_fields} | {"id", "area", "geom"}
    for column in table.columns.values():
        # A load fills only published columns, so another one must be able to stay empty.
        if column.name not in own and column.required:
            message = f"column {column.name} is no field, so it must not be NOT NULL"
            yield Fault(path, column.line, message)


def _null_faults(path: Path, column: Column, field: Field) -> Iterator[Fault]:
    if field.required and not column.required:
        message = f"column {field.name} must be NOT NULL, because the field is required"
        yield Fault(path, column.line, message)
    if column.required and not field.required:
        message = f"column {field.name} is NOT NULL, but the field is not `required: true`"
        yield Fault(path, column.line, message)


def _geometry_faults(path: Path, table: Table, layer: Layer) -> Iterator[Fault]:
    wanted = f"geometry({layer.geometry}, 4326)"
    column = table.columns.get("geom")
    if column is None:
        yield Fault(path, table.line, f"the column `geom {wanted}` is missing")
    elif column.type != _squeezed(wanted):
        yield Fault(path, column.line, f"column geom must be {wanted}, not {column.type}")


def _index_faults(path: Path, sql: str, table: Table, layer: Layer) -> Iterator[Fault]:
    gist = False
    for match in _INDEX.finditer(sql):
        line = _line(sql, match.start())
        if not match["safe"]:
            yield Fault(path, line, "CREATE INDEX needs IF NOT EXISTS and a name")
        # Index names are shared by the schema: IF NOT EXISTS would skip another layer's index.
        elif not match["name"].startswith(f"{layer.id}_"):
            yield Fault(path, line, f"index {match['name']} must be named {layer.id}_...")
        if match["table"].lower() != f"features.{layer.id}":
            yield Fault(path, line, f"the index is on {match['table']}, not features.{layer.id}")
        method, columns = (match["method"] or "").lower(), match["columns"].split(",")
        gist = gist or (method == "gist" and columns[0].strip() == "geom")
    if not gist:
        message = f"the index `ON features.{layer.id} USING gist (geom)` is missing"
        yield Fault(path, table.end_line, message)
