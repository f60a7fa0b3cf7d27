"""A layer with a field of every type, and the trees that hypothesis makes."""

import json
import string
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
from hypothesis import strategies as st
from psycopg import sql

from layers.cql2 import tree
from layers.cql2.lexer import is_plain
from layers.model import Field, Layer, Text

SAMPLES = {
    "name": "string",
    "note": "string",
    "storeys": "integer",
    "height": "number",
    "public": "boolean",
    "built": "date",
    "seen": "datetime",
    "gone": "datetime",
    "tags": "string_array",
    "codes": "integer_array",
    "levels": "number_array",
}


def make_layer(layer_id: str, fields: dict[str, str], geometry: str = "Geometry") -> Layer:
    """A layer of these fields; the names of the standard's test data break the house's rule."""
    title = Text(be="н", ru="н", en="n")
    made = [Field.model_construct(name=n, type=t, title=title, codes=()) for n, t in fields.items()]
    return Layer.model_construct(
        id=layer_id, fields=tuple(made), scope="national", geometry=geometry
    )


SAMPLE = make_layer("sample", SAMPLES)
"""Its table also has a column `owner_secret`, which is not published."""


COLUMNS = {
    "string": "text", "integer": "bigint", "number": "double precision", "boolean": "boolean",
    "date": "date", "datetime": "timestamptz", "string_array": "text[]",
    "integer_array": "bigint[]", "number_array": "double precision[]",
}  # fmt: skip
STANDARD = "ne110m4cql2.gpkg"


def make_table(connection: psycopg.Connection, layer: Layer, *more: str) -> None:
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(f.name), sql.SQL(COLUMNS[f.type]))
        for f in layer.fields
    ]
    columns += [sql.SQL("{} text").format(sql.Identifier(name)) for name in more]
    make = sql.SQL("CREATE TABLE {} (id bigint PRIMARY KEY, geom geometry(Geometry, 4326), {})")
    table = sql.Identifier("features", layer.id)
    connection.execute(make.format(table, sql.SQL(", ").join(columns)))


def load_standard(connection: psycopg.Connection, folder: Path, name: str) -> Layer:
    """Load a layer of the standard's test data into `features`."""
    import pyogrio
    import shapely

    types = {"date": "date", "date-time": "datetime"}
    queryables = json.loads((folder / f"{name}.json").read_text())["properties"]
    fields = {
        key: types.get(value.get("format"), value.get("type"))
        for key, value in queryables.items()
        if key != "geom"
    }
    layer = make_layer(name, fields, geometry=queryables["geom"]["$ref"].split("/")[-1][:-5])
    make_table(connection, layer)
    frame = pyogrio.read_dataframe(folder / STANDARD, layer=name, datetime_as_string=True)
    shapes = shapely.to_wkb(
        shapely.set_srid(frame.geometry.values, 4326), hex=True, include_srid=True
    )
    copy = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier("features", name))
    with connection.cursor() as cursor, cursor.copy(copy) as out:
        rows = frame[list(fields)].astype(object)
        for i, row in enumerate(rows.where(rows.notna(), None).itertuples(index=False)):
            values = [
                bool(value) if kind == "boolean" and value is not None else value
                for value, kind in zip(row, fields.values(), strict=True)
            ]
            out.write_row([i + 1, shapes[i], *values])
    return layer


# --- trees -------------------------------------------------------------------------------------

letters = st.characters(exclude_characters="\0", exclude_categories=("Cs",))
texts = st.text(letters, max_size=8)
names = st.one_of(
    st.sampled_from(["name", "height", "date", "or", "Назва", "eo:cloud_cover", "a.b", 'x"y']),
    st.text(letters, min_size=1, max_size=6),
)
plain_names = st.text(string.ascii_letters + "_ў", min_size=1, max_size=6).filter(
    lambda name: is_plain(name) and name.lower() != "isnull"
)
numbers = st.one_of(
    st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False)
)
degrees = st.floats(-90, 90)
days = st.dates(date(1, 1, 1), date(9999, 12, 31))
moments = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - the zone is given beside
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
instants = st.one_of(days.map(tree.Date), moments.map(tree.Timestamp))
fields = names.map(tree.Property)


@st.composite
def geometries(draw: st.DrawFn, collection: bool = True) -> tree.Geometry:
    size = draw(st.sampled_from([2, 2, 3]))
    point = st.tuples(*[degrees] * size)
    line = st.lists(point, min_size=2, max_size=4).map(tuple)
    ring = st.lists(point, min_size=3, max_size=4).map(lambda p: (*p, p[0]))
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "Point": point,
        "LineString": line,
        "Polygon": st.lists(ring, max_size=2).map(tuple),
        "MultiPoint": st.lists(point, max_size=3).map(tuple),
        "MultiLineString": st.lists(line, max_size=2).map(tuple),
        "MultiPolygon": st.lists(st.lists(ring, min_size=1, max_size=2).map(tuple), max_size=2).map(
            tuple
        ),
    }
    kind = draw(st.sampled_from([*kinds, "GeometryCollection"] if collection else [*kinds]))
    if kind != "GeometryCollection":
        return tree.Geometry(kind, draw(kinds[kind]))
    members = st.sampled_from([*kinds]).flatmap(
        lambda k: kinds[k].map(lambda parts: tree.Geometry(k, parts))
    )
    return tree.Geometry(kind, draw(st.lists(members, max_size=2).map(tuple)))


@st.composite
def boxes(draw: st.DrawFn) -> tree.Box:
    south, north = sorted((draw(degrees), draw(degrees)))
    if draw(st.booleans()):
        return tree.Box((draw(degrees), south, draw(degrees), north))
    low, high = sorted((draw(degrees), draw(degrees)))
    return tree.Box((draw(degrees), south, low, draw(degrees), north, high))


@st.composite
def intervals(draw: st.DrawFn) -> tree.Interval:
    kind = draw(st.sampled_from([days.map(tree.Date), moments.map(tree.Timestamp)]))
    start, end = sorted((draw(kind), draw(kind)), key=lambda node: node.value)
    ends = st.one_of(st.just(tree.Open()), fields)
    return tree.Interval(draw(st.one_of(st.just(start), ends)), draw(st.one_of(st.just(end), ends)))


literals = st.one_of(
    texts.map(tree.String),
    numbers.map(tree.Number),
    st.booleans().map(tree.Boolean),
    instants,
    fields,
)
places = st.one_of(geometries(), boxes(), fields)
times = st.one_of(instants, intervals(), fields)
OPERATORS = (
    tree.Arithmetic, tree.Comparison, tree.Like, tree.Between, tree.In, tree.IsNull, tree.Not,
    tree.Logic,
)  # fmt: skip


def _writable(items: list[tree.Expression]) -> tuple[tree.Expression, ...]:
    """The same without the one array that CQL2 Text has no form for: of a single operator."""
    return tuple(
        tree.Array(item.items * 2)
        if isinstance(item, tree.Array)
        and len(item.items) == 1
        and isinstance(item.items[0], OPERATORS)
        else item
        for item in items
    )


def _extend(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    many = st.lists(inner, min_size=2, max_size=3).map(tuple)
    items = st.lists(inner, min_size=1, max_size=3).map(tuple)
    arrays = st.lists(inner, max_size=3).map(lambda found: tree.Array(tuple(found)))
    arrays |= st.lists(arrays, max_size=2).map(lambda found: tree.Array(_writable(found)))
    arguments = st.lists(st.one_of(inner, arrays), max_size=3).map(_writable)
    listed = st.one_of(arrays, fields)
    return st.one_of(
        st.builds(tree.Logic, st.sampled_from(["and", "or"]), many),
        st.builds(tree.Not, inner),
        st.builds(tree.Comparison, st.sampled_from(tree.COMPARISONS), inner, inner),
        st.builds(tree.Arithmetic, st.sampled_from(tree.ARITHMETIC), inner, inner),
        st.builds(tree.Like, inner, inner),
        st.builds(tree.Between, inner, inner, inner),
        st.builds(tree.In, inner, items),
        st.builds(tree.IsNull, st.one_of(inner, places, times)),
        st.builds(tree.Fold, st.sampled_from(tree.FOLDS), inner),
        st.builds(tree.Function, plain_names, arguments),
        st.builds(tree.Relation, st.sampled_from(tree.SPATIAL), places, places),
        st.builds(tree.Relation, st.sampled_from(tree.TEMPORAL), times, times),
        st.builds(tree.Relation, st.sampled_from(tree.ARRAY), listed, listed),
    )  # fmt: skip


trees = st.recursive(literals, _extend, max_leaves=12)
