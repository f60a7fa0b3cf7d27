"""The SQL of a vector tile as a value, and which queries make a tile. Runs nothing.

Every tile comes from the side table `tiles.<layer>` (EPSG:3857, in spatial order); a set with
another CRS transforms what it selects there. Conditions on rows are asked of `features.<layer>`,
and so are the shapes of areas whose side table is still to be made.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache

from psycopg import sql

from layers import side_tiles
from layers.keyset import Scalar, Value
from layers.model import POINT_COUNT, Field, Layer
from layers.query import Filter, Query, Shape, bound, shape_of, where
from layers.tile_matrix_set import TileMatrixSet, mercator_cell
from layers.version import Bbox

RECIPE = 2
"""Number of the way tiles are made; a new number makes kept tiles worthless."""

TILE_EXTENT = 4096
TILE_BUFFER = 64
MOST_BYTES = 500_000
"""Before a layer's detail zoom no tile of it is larger."""

_CLUSTERS = 64  # cells per side of a tile: 8 of the 512 pixels that a map draws
# The number of a point's cell in its tile; one cell around the tile belongs to its buffer.
_CELL = (
    "floor((g.tile_x - %(tile_west)s::float8) / (%(tile_east)s::float8 - %(tile_west)s::float8)"
    f" * {_CLUSTERS}) + {4 * _CLUSTERS} * floor((g.tile_y - %(tile_south)s::float8)"
    f" / (%(tile_north)s::float8 - %(tile_south)s::float8) * {_CLUSTERS})"
)
_FEW_POINTS = 8  # what has no more points is not worth simplifying
_MERCATOR = 3857
_EDGE = 85.06  # degrees north and south where EPSG:3857 ends


@dataclass(frozen=True, slots=True)
class Address:
    """A tile of a set; the set has it."""

    tms: TileMatrixSet
    z: int
    row: int
    col: int

    @property
    def bounds(self) -> Bbox:
        """West, south, east, north in units of the set's CRS."""
        return self.tms.bounds(self.z, self.row, self.col)

    @property
    def level(self) -> int:
        """The zoom level of the layer definitions that is like the tile's."""
        return self.tms.level(self.z)


@dataclass(frozen=True, slots=True)
class Tile:
    """An MVT, empty when nothing is there, and how many features the budget cut from it."""

    data: bytes
    cut: int = 0


EVERYTHING = Filter()
Making = Generator[Query, tuple[object, ...], Tile]


def clusters(layer: Layer, level: int) -> bool:
    """Tell whether the points of a layer are clustered at a level."""
    return layer.clustered and level < layer.tiles.detail_zoom


def tile(
    layer: Layer,
    address: Address,
    rows: Filter = EVERYTHING,
    *,
    untiled: tuple[str, ...] = (),
) -> Making:
    """Make the tile of one layer: yields queries, is sent the one row of each, returns the Tile.

    `untiled` are the areas that have no side table of their present rows. When there are more
    features than the budget, those of the largest area, length or number of points stay.
    """
    limit = layer.tiles.feature_limit
    rough = address.level < layer.tiles.detail_zoom
    asked = _Asked(layer, address, rows, untiled)
    data, count = _row((yield asked.query(limit + 1)))
    small = not rough or len(data) <= MOST_BYTES
    if count <= limit and small:
        return Tile(data)
    total = count
    if count > limit:
        _, total = _row((yield asked.query(0, "count")))
    most = limit if small else int(limit * MOST_BYTES / len(data))
    most = min(most, count)
    while True:
        data, _ = _row((yield asked.query(most, "largest")))
        if not rough or len(data) <= MOST_BYTES or most <= 1:
            return Tile(data, total - most)
        most = int(most * MOST_BYTES / len(data) * 0.95)


def _row(row: tuple[object, ...]) -> tuple[bytes, int]:
    data, count = row
    assert isinstance(data, bytes)  # noqa: S101 - as the query is written
    assert isinstance(count, int)  # noqa: S101
    return data, count


@dataclass(frozen=True, slots=True)
class _Kind:
    """What decides the text of a query besides the layer; `level` None = every feature as it is."""

    srid: int
    level: int | None
    shape: Shape
    of: str
    untiled: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a tile is asked for; each query of it differs in how many features it takes."""

    layer: Layer
    address: Address
    rows: Filter
    untiled: tuple[str, ...]

    def query(self, most: int, of: str = "any") -> Query:
        level = self.address.level if self.address.level < self.layer.tiles.detail_zoom else None
        kind = _Kind(self.address.tms.srid, level, shape_of(self.rows), of, bool(self.untiled))
        params: dict[str, Value] = {**bound(self.rows), **_bounds(self.address), "most": most}
        if self.untiled:
            params["untiled"] = list(self.untiled)
        return Query(_text(self.layer, kind), params)


def _bounds(address: Address) -> dict[str, Scalar]:
    west, south, east, north = address.bounds
    # Two envelopes: the tile itself cuts (with its buffer), a wider one selects.
    margin = (east - west) * TILE_BUFFER / TILE_EXTENT
    wide = (west - margin, south - margin, east + margin, north + margin)
    if address.tms.srid == 4326:
        wide = (wide[0], max(wide[1], -_EDGE), wide[2], min(wide[3], _EDGE))
    names = ("tile_west", "tile_south", "tile_east", "tile_north")
    found: dict[str, Scalar] = dict(zip(names, address.bounds, strict=True))
    found |= {f"{name}_wide": value for name, value in zip(names, wide, strict=True)}
    # From the coordinates of the set to the units of the tile, which grow to the south.
    scale = TILE_EXTENT / (east - west)
    moved = {"tile_scale": scale, "tile_move_x": -west * scale, "tile_move_y": north * scale}
    return found | moved | {"tile_level": address.level}


def _envelope(srid: int, suffix: str = "") -> str:
    sides = ", ".join(
        f"%(tile_{side}{suffix})s::float8" for side in ("west", "south", "east", "north")
    )
    return f"ST_MakeEnvelope({sides}, {srid})"


def _selecting(srid: int) -> sql.Composable:
    """The wider envelope in EPSG:3857. The straight edges of a tile are curved there: densified.

    In a subquery of its own, so that it is computed once and not for every row.
    """
    box = _envelope(srid, "_wide")
    if srid == _MERCATOR:
        return sql.SQL(box)
    step = "(%(tile_east_wide)s::float8 - %(tile_west_wide)s::float8) / 64"
    return sql.SQL(f"(SELECT ST_Transform(ST_Segmentize({box}, {step}), {_MERCATOR}))")


def _moved(shape: str, srid: int) -> str:
    return shape if srid == _MERCATOR else f"ST_Transform({shape}, {srid})"


def _rough(layer: Layer, level: int) -> str:
    """The geometry before the detail zoom: simplified; what is below a pixel is drawn as one."""
    pixel = mercator_cell(level)
    found = "g.geom"
    if layer.tiles.simplify_px:
        tolerance = pixel * layer.tiles.simplify_px
        found = (
            f"CASE WHEN ST_NPoints(g.geom) > {_FEW_POINTS}"
            f" THEN ST_Simplify(g.geom, {tolerance!r}, true) ELSE g.geom END"
        )
    if layer.geometry.endswith("Polygon"):
        found = (
            f"CASE WHEN {_tiny(level)}"
            f" THEN ST_Expand(ST_Centroid(g.geom), {pixel / 2!r}) ELSE {found} END"
        )
    return found


def _tiny(level: int) -> str:
    return f"ST_Area(g.geom) < {mercator_cell(level) ** 2!r}"


def _size(layer: Layer) -> str:
    """What makes a feature large, for the budget."""
    if layer.geometry.endswith("Polygon"):
        return "ST_Area(g.geom) DESC"
    if layer.geometry.endswith("LineString"):
        return "ST_Length(g.geom) DESC"
    return (
        "ST_Area(g.geom) DESC, ST_Length(g.geom) DESC" if layer.geometry == "Geometry" else "g.id"
    )


def _source(layer: Layer, kind: _Kind) -> sql.Composable:
    """FROM and WHERE: the rows of the side table that lie in the tile, `g`."""
    mine = [sql.SQL("g.geom && {}").format(_selecting(kind.srid))]
    if kind.level is not None and layer.geometry not in ("Point", "MultiPoint"):
        mine.append(sql.SQL("g.appears <= {}").format(sql.Literal(kind.level)))
    plain = where(layer, kind.shape)
    join: sql.Composable = sql.SQL("")
    if plain.as_string():
        join = sql.SQL(" JOIN {} AS t ON t.id = g.id AND t.area = g.area").format(
            sql.Identifier("features", layer.id)
        )
    table: sql.Composable = sql.Identifier("tiles", layer.id)
    if kind.untiled:
        table = _untiled(layer, kind)
    return sql.SQL("FROM {} AS g{}{}").format(table, join, where(layer, kind.shape, *mine))


def _untiled(layer: Layer, kind: _Kind) -> sql.Composable:
    """The side table, with the rows themselves in the place of those of some areas."""
    return sql.SQL(
        "(SELECT s.id, s.area{of_side}, s.geom, s.appears, s.snaps FROM {tiles} AS s"
        "  WHERE s.area <> ALL(%(untiled)s::text[])"
        " UNION ALL SELECT r.id, r.area{of_rows}, m.geom, tiles.appears(r.id, m.geom), NULL"
        "  FROM {features} AS r CROSS JOIN LATERAL (SELECT {drawn} AS geom OFFSET 0) AS m"
        "  WHERE r.area = ANY(%(untiled)s::text[]) AND r.geom && ST_Transform({box}, 4326)"
        "  AND NOT ST_IsEmpty(m.geom))"
    ).format(
        of_side=side_tiles.values(layer, "s"),
        of_rows=side_tiles.values(layer, "r"),
        tiles=sql.Identifier("tiles", layer.id),
        features=sql.Identifier("features", layer.id),
        drawn=side_tiles.drawn("r"),
        box=_selecting(kind.srid),
    )


@lru_cache(maxsize=4096)
def _text(layer: Layer, kind: _Kind) -> str:
    if kind.level is not None and clusters(layer, kind.level):
        inner = _clustered(layer, kind)
    elif kind.of == "count":
        inner = sql.SQL("SELECT g.id, NULL::geometry AS geom {}").format(_source(layer, kind))
    else:
        inner = _plain(layer, kind)
    if kind.of == "count":
        query = "SELECT ''::bytea, count(*) FROM ({inner}) AS m"
    else:
        # The inner LIMIT keeps the planner from flattening it and computing geometries twice.
        query = (
            "SELECT coalesce(ST_AsMVT(m, {name}, {extent}, 'geom', 'id')"
            " FILTER (WHERE m.geom IS NOT NULL), ''), count(*) FROM ({inner} LIMIT %(most)s) AS m"
        )
    names = {"name": sql.Literal(layer.id), "extent": sql.Literal(TILE_EXTENT), "inner": inner}
    return sql.SQL(query).format(**names).as_string()


def _plain(layer: Layer, kind: _Kind) -> sql.Composable:
    columns = [sql.SQL(", g.{}").format(sql.Identifier(f.name)) for f in _fields(layer)]
    shape = "g.geom" if kind.level is None else _rough(layer, kind.level)
    names = {
        "columns": sql.SQL("").join(columns),
        "geometry": _drawn(layer, kind, _moved(shape, kind.srid)),
        "source": _source(layer, kind),
    }
    if kind.of == "any":
        return sql.SQL("SELECT g.id{columns}, {geometry} AS geom {source}").format(**names)
    # Only what stays is turned into the tile's geometry.
    names["order"] = sql.SQL(_size(layer))
    return sql.SQL(
        "SELECT g.id{columns}, {geometry} AS geom FROM (SELECT g.* {source}"
        " ORDER BY {order}, g.id LIMIT %(most)s) AS g"
    ).format(**names)


def _drawn(layer: Layer, kind: _Kind, shape: str) -> sql.Composable:
    """The geometry in units of the tile.

    ST_AsMVTGeom clips and repairs. A polygon that lies inside, and stays valid when its vertices
    are rounded (tiles.snaps), needs neither, which saves half of the tile's time. `@` compares
    boxes of single precision, so `inside` means up to a metre outside; the buffer has room for it.
    """
    if kind.srid != _MERCATOR or layer.foreign or not layer.geometry.endswith("Polygon"):
        return _mvt(shape, kind.srid)
    sound = "g.snaps <= %(tile_level)s::smallint"
    if kind.level is not None:
        plain = f"{sound} AND ST_NPoints(g.geom) <= {_FEW_POINTS}"
        sound = f"({_tiny(kind.level)} OR {plain})"
    inside = f"g.geom @ (SELECT {_envelope(kind.srid)})"
    moved = (
        f"ST_SnapToGrid(ST_Affine({shape}, %(tile_scale)s::float8, 0, 0, -%(tile_scale)s::float8,"
        " %(tile_move_x)s::float8, %(tile_move_y)s::float8), 1)"
    )
    return sql.SQL(f"CASE WHEN {sound} AND {inside} THEN {moved} ELSE {{}} END").format(
        _mvt(shape, kind.srid)
    )


def _mvt(shape: str, srid: int) -> sql.Composable:
    # In a subquery, the envelope is made once and not for every row.
    tile = f"(SELECT {_envelope(srid)})"
    return sql.SQL(f"ST_AsMVTGeom({shape}, {tile}, {TILE_EXTENT}, {TILE_BUFFER}, true)")


def _fields(layer: Layer) -> list[Field]:
    return [f for f in layer.published_fields if f.in_tile]


def _clustered(layer: Layer, kind: _Kind) -> sql.Composable:
    """One point per cell and per value of the coded fields, so that colours stay true.

    A cell's point lies in the middle of its points; a single point keeps id, place and fields. The
    buffer is one cell wide, so neighbouring tiles agree on the clusters at their border.
    """
    fields = _fields(layer)
    # What is drawn by code or yes/no keeps its meaning; a number or a name of many has none.
    kept = [f for f in fields if f.codes or f.type == "boolean" or f.name == "area"]
    shape = _moved("g.geom", kind.srid)
    centre = f"ST_SetSRID(ST_MakePoint(avg(p.tile_x), avg(p.tile_y)), {kind.srid})"
    # OFFSET 0 hides the cells' origin: the planner would expect as many groups as points, and sort.
    return sql.SQL(
        "SELECT CASE WHEN count(*) = 1 THEN min(p.id) END AS id{columns},"
        " count(*)::integer AS {count}, {geometry} AS geom FROM (SELECT g.*, ({cell}) AS tile_cell"
        " FROM (SELECT g.id{names}, ST_X({shape}) AS tile_x, ST_Y({shape}) AS tile_y {source})"
        " AS g OFFSET 0) AS p GROUP BY p.tile_cell{kept}{order}"
    ).format(
        columns=sql.SQL("").join(_of_cluster(f, kept=f in kept) for f in fields),
        names=sql.SQL("").join(sql.SQL(", g.{}").format(sql.Identifier(f.name)) for f in fields),
        count=sql.Identifier(POINT_COUNT),
        geometry=_mvt(centre, kind.srid),
        shape=sql.SQL(shape),
        source=_source(layer, kind),
        cell=sql.SQL(_CELL),
        kept=sql.SQL("").join(sql.SQL(", p.{}").format(sql.Identifier(f.name)) for f in kept),
        order=sql.SQL(" ORDER BY count(*) DESC" if kind.of == "largest" else ""),
    )


def _of_cluster(field: Field, *, kept: bool) -> sql.Composable:
    if kept:
        return sql.SQL(", p.{}").format(sql.Identifier(field.name))
    collation = ' COLLATE "C"' if field.type == "string" else ""  # the fastest to compare
    return sql.SQL(f", CASE WHEN count(*) = 1 THEN min(p.{{0}}{collation}) END AS {{0}}").format(
        sql.Identifier(field.name)
    )
