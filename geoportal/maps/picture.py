"""Painting an order: features out of the database, styles evaluated, layers put on a canvas."""

from __future__ import annotations

import json
import struct
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from geoportal.maps.brush import FONTSET, Brush, brush
from geoportal.maps.canvas import CLEAR, Canvas, Row, stacked
from geoportal.maps.colour import rgba
from geoportal.maps.expression import Scope, UnknownExpression, compile_expression
from geoportal.maps.order import MapOrder, Picture, RasterSheet, Sheet
from geoportal.maps.view import View
from geoportal.maps.wkb import point, polygon
from layers import drawing
from layers.box import HALF_WORLD_M, WEB_MERCATOR_SRID
from layers.query import Query

Connection = psycopg.Connection[tuple[Any, ...]]

MARGIN_PX = 64
"""Features so far beyond the edge are looked at: their signs and labels may reach inside."""

NOTE_PX, NOTE_MARGIN_PX = 10, 16
LEAST_NOTE = (160, 60)
"""A smaller picture has no room for words; its headers have them."""

_KINDS = {1: "Point", 2: "LineString", 3: "Polygon", 4: "Point", 5: "LineString", 6: "Polygon"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sheet with its features read: which brushes draw them, and how many there were too many."""

    sheet: Sheet
    brushes: tuple[Brush, ...]
    scopes: tuple[tuple[Scope, bytes], ...]
    cut: int


def paint_map(connection: Connection, order: MapOrder) -> Picture:
    """Return the picture of an order; raises what psycopg raises."""
    view = order.view
    box = view.box
    world = _world(view)
    if order.raster is not None:
        return _paint_raster(connection, order, order.raster)
    canvas = Canvas(
        (view.width, view.height), (box.west, box.south, box.east, box.north),
        order.void if world else order.background,
    )  # fmt: skip
    if order.tile:
        canvas.map.buffer_size = MARGIN_PX
    if world:
        _add_world(canvas, world, order)
    drawn = [_read(connection, sheet, view, number) for number, sheet in enumerate(order.sheets)]
    labels: list[tuple[Brush, Any]] = []
    for one in drawn:
        for each, source in _sources(canvas, one):
            if each.kind == "symbol":
                labels.append((each, source))
            else:
                canvas.add(each.name, each.xml, source, chosen=each.name)
    # Of labels that meet, the one placed first stays: those of the upper layers.
    for each, source in reversed(labels):
        canvas.add(each.name, each.xml, source, chosen=each.name)
    seen = [one.sheet for one in drawn if one.scopes]
    _add_notes(canvas, order, seen)
    painted = canvas.paint(_picture_format(order), view.pixel_ratio)
    return Picture(_placed(painted, order, seen), sum(one.cut for one in drawn))


def _paint_raster(connection: Connection, order: MapOrder, sheet: RasterSheet) -> Picture:
    """The cells in their colours on the background, and above them the words."""
    from geoportal.maps.coverage import coloured_cells  # noqa: PLC0415 - GDAL, for rasters only

    view, box = order.view, order.view.box
    canvas = Canvas((view.width, view.height), (box.west, box.south, box.east, box.north), CLEAR)
    cells = coloured_cells(connection, sheet, view)
    _add_notes(canvas, order, [sheet] if cells[..., 3].any() else [])
    words = canvas.paint("png", view.pixel_ratio)
    painted = stacked(order.background, cells, words, _picture_format(order))
    return Picture(_placed(painted, order, [sheet]))


def _picture_format(order: MapOrder) -> str:
    return "png" if order.format == "geotiff" else order.format


def _placed(painted: bytes, order: MapOrder, seen: Sequence[Sheet | RasterSheet]) -> bytes:
    """Return a picture in the format of the order: as painted, or as a GeoTIFF."""
    if order.format != "geotiff":
        return painted
    from geoportal.maps.coverage import georeferenced  # noqa: PLC0415 - GDAL, for these only

    return georeferenced(painted, order.view, "; ".join(dict.fromkeys(s.attribution for s in seen)))


def _zoom(sheet: Sheet, view: View) -> float:
    """The zoom level of a sheet: the picture's, or the first at which an `always` one has signs."""
    zoom = view.zoom
    if not sheet.always:
        return zoom
    begins = [one.get("minzoom", 0) for one in sheet.style if one.get("type") != "symbol"]
    return max(zoom, min(begins, default=0))


def _read(connection: Connection, sheet: Sheet, view: View, number: int) -> Drawn:
    zoom = _zoom(sheet, view)
    if zoom < sheet.layer.tiles.min_zoom and not sheet.always:
        return Drawn(sheet, (), (), 0)
    found: list[Brush] = []
    for i, style_layer in enumerate(sheet.style):
        try:
            made = brush(f"b{number}_{i}", sheet.layer, style_layer, zoom)
        except UnknownExpression:
            continue  # such a style layer is for the map in the browser only
        found += [made] if made else []
    if not found:
        return Drawn(sheet, (), (), 0)
    fields = _fields(sheet)
    rows = replace(sheet.rows, box=view.widened(MARGIN_PX * max(view.pixel_ratio, 1)))
    wanted = drawing.Wanted(rows, fields, min(view.pixel_size) / 2)
    scopes = []
    for feature_id, wkb, *values in _rows(connection, drawing.features(sheet.layer, wanted)):
        if wkb is not None:
            properties = dict(zip(fields, map(_json_value, values), strict=True))
            scopes.append((Scope(zoom, properties, feature_id, _kind(wkb)), wkb))
    cut = 0
    if len(scopes) > drawing.MOST_FEATURES:
        scopes.pop()
        ((total,),) = _rows(connection, drawing.count(sheet.layer, rows))
        cut = max(total - len(scopes), 1)
    return Drawn(sheet, tuple(found), tuple(scopes), cut)


def _rows(connection: Connection, query: Query) -> Iterable[tuple[Any, ...]]:
    with connection.cursor(binary=True) as cursor:
        # The text is made by layers.drawing from constants and quoted names only.
        cursor.execute(query.sql.encode(), query.params or None)
        yield from cursor


def _json_value(value: Any) -> Any:
    """Return a value as a vector tile has it: text, number, yes or no."""
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _fields(sheet: Sheet) -> tuple[str, ...]:
    """The published fields that the style reads, as the tiles have them."""
    text = json.dumps(sheet.style, ensure_ascii=False)
    return tuple(
        f.name for f in sheet.layer.published_fields if f.in_tile and json.dumps(f.name) in text
    )


def _kind(wkb: bytes) -> str:
    code = struct.unpack_from("<I" if wkb[0] else ">I", wkb, 1)[0]
    return _KINDS.get(code & 0xFF, "Unknown")


def _sources(canvas: Canvas, drawn: Drawn) -> Iterable[tuple[Brush, Any]]:
    """The brushes in order, each with its source: one for all that draw in the same order."""
    by_key: dict[str, list[Brush]] = {}
    for one in drawn.brushes:
        by_key.setdefault(json.dumps(one.sort_key), []).append(one)
    sources: dict[str, Any] = {}
    for key, brushes in by_key.items():
        scopes = _sorted(drawn.scopes, brushes[0].sort_key)
        sources[key] = _source(canvas, brushes, scopes)
    for one in drawn.brushes:
        yield one, sources[json.dumps(one.sort_key)]


def _sorted(scopes: Sequence[tuple[Scope, bytes]], key: Any) -> Sequence[tuple[Scope, bytes]]:
    if key is None:
        return scopes
    order = compile_expression(key)
    return sorted(scopes, key=lambda one: order(one[0]) or 0)


def _source(canvas: Canvas, brushes: Sequence[Brush], scopes: Sequence[tuple[Scope, bytes]]) -> Any:
    rows: list[Row] = []
    names: dict[str, None] = {}
    for number, (scope, wkb) in enumerate(scopes, start=1):
        values: dict[str, Any] = {}
        for one in brushes:
            look = one.look(scope)
            values |= {one.name: 0} if look is None else look | {one.name: 1}
        names |= dict.fromkeys(values)
        rows.append((number, wkb, values))
    return canvas.source(names, rows)


def _world(view: View) -> tuple[float, float, float, float] | None:
    """The part of the plane where the CRS has places, when the picture shows more than that."""
    box = view.box
    edges = {4326: (-180.0, -90.0, 180.0, 90.0)}
    edges[WEB_MERCATOR_SRID] = (-HALF_WORLD_M, -HALF_WORLD_M, HALF_WORLD_M, HALF_WORLD_M)
    world = edges.get(box.crs.srid)
    if world is None:
        return None
    west, south, east, north = world
    inside = west <= box.west and south <= box.south and box.east <= east and box.north <= north
    return None if inside else world


def _add_world(canvas: Canvas, world: tuple[float, float, float, float], order: MapOrder) -> None:
    if order.void == order.background:
        return
    west, south, east, north = world
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    xml = f'<PolygonSymbolizer fill="{rgba(order.background)}" comp-op="src"/>'
    canvas.add("world", xml, canvas.source((), [(1, polygon(ring), {})]))


def _add_notes(canvas: Canvas, order: MapOrder, seen: Sequence[Sheet | RasterSheet]) -> None:
    """Write at the bottom whose data these are, and that some are made for demonstration."""
    view = order.view
    if order.tile or not seen or view.width < LEAST_NOTE[0] or view.height < LEAST_NOTE[1]:
        return
    size = NOTE_PX * max(view.pixel_ratio, 1)
    across = max(int((view.width - 2 * NOTE_MARGIN_PX) / (0.6 * size)), 20)
    texts = (part for one in seen for part in one.attribution.split("; "))
    parts = [part for part in dict.fromkeys(texts) if part]
    parts = [one.caption for one in seen if one.caption] + parts
    if any(one.demonstration for one in seen):
        parts.insert(0, order.warning)
    lines = textwrap.wrap(" · ".join(parts), across)[: max(int(view.height / size / 4), 1)]
    width, height = view.pixel_size
    rows: list[Row] = []
    for i, line in enumerate(reversed(lines)):
        place = point(
            view.box.west + NOTE_MARGIN_PX * width,
            view.box.south + (size * 0.3 + i * size * 1.3) * height,
        )
        rows.append((i + 1, place, {"note": line}))
    xml = (
        f'<TextSymbolizer fontset-name="{FONTSET}" size="{NOTE_PX}" fill="#333333"'
        ' halo-fill="#ffffff" halo-radius="1.5" horizontal-alignment="right"'
        ' vertical-alignment="top" allow-overlap="true" upright="right">[note]</TextSymbolizer>'
    )
    canvas.add("notes", xml, canvas.source(("note",), rows))
