"""Layers `parcels`, `functional_zones` and `red_lines` of the demonstration quarter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely

from processing.demo import buildings
from processing.demo.city import Array, Chunk
from processing.demo.frame import strings, to_frame
from processing.demo.plan import MAIN_HALF_M, Plan
from processing.demo.sketch import ROLES, Box
from processing.demo.streets import LONGEST_SEGMENT_M

APPROVED_ON = date(2019, 6, 3)
DOCUMENT = "Демонстрационный проект детального планирования"

_NO_PARCEL = ("shed", "annex", "kiosk", "substation", "heat_point", "garages")
"""Roles whose buildings share the parcel of a neighbour."""

_PURPOSE = {"residential": "residential", "industrial": "production", "utility": "utility"}


@dataclass(frozen=True, eq=False)
class Lots:
    """A partition of the ground: MultiPolygons (m) with purpose or zone.

    `owner` is the building of a parcel or the block of a zone, -1 where there is none.
    """

    shapes: Array
    label: tuple[str, ...]
    owner: Array


def _halves(bounds: Box, boxes: Array, seeds: Array) -> tuple[Box, Box, Array] | None:
    """Cut a rectangle across its widest gap between boxes, with a seed on either side.

    Returns both halves and which boxes lie in the first, or None when there is no such gap.
    """
    best = None
    for axis in (0, 1):
        order = np.argsort(boxes[:, axis])
        reach = np.maximum.accumulate(boxes[order, axis + 2])
        for k in range(1, len(order)):
            gap = boxes[order[k], axis] - reach[k - 1]
            split = seeds[order[:k]].any() and seeds[order[k:]].any()
            if split and gap > 1.0 and (best is None or gap > best[0]):
                best = (gap, axis, float(reach[k - 1] + gap / 2))
    if best is None:
        return None
    _, axis, at = best
    x0, y0, x1, y1 = bounds
    first = (x0, y0, at, y1) if axis == 0 else (x0, y0, x1, at)
    second = (at, y0, x1, y1) if axis == 0 else (x0, at, x1, y1)
    return first, second, boxes[:, axis] < at


def _divide(bounds: Box, boxes: Array, seeds: Array, owner: Array) -> list[tuple[Box, int]]:
    """Return rectangles that fill `bounds`, each round one seed where the gaps allow it."""
    cut = _halves(bounds, boxes, seeds) if seeds.sum() > 1 else None
    if cut is None:
        own = owner[seeds]
        return [(bounds, int(own[0]) if len(own) else -1)]
    first, second, here = cut
    there = ~here
    return _divide(first, boxes[here], seeds[here], owner[here]) + _divide(
        second, boxes[there], seeds[there], owner[there]
    )


def _block_lots(plan: Plan, block: int) -> list[tuple[Box, int]]:
    inside = [i for i, b in enumerate(plan.buildings) if b.block == block]
    bounds = plan.blocks[block].shape.bounds
    if not inside:
        return [(bounds, -1)]
    rows = [i for i in inside if plan.buildings[i].role == "garages"]
    together = rows if plan.blocks[block].zone == "П2" else []
    single = [i for i in inside if i not in together]
    boxes = [plan.buildings[i].shape.bounds for i in single]
    seeds = [plan.buildings[i].role not in _NO_PARCEL for i in single]
    owner = list(single)
    if together:  # a garage cooperative is one parcel
        boxes.append(shapely.total_bounds([plan.buildings[i].shape for i in together]))
        seeds.append(True)
        owner.append(together[0])
    return _divide(bounds, np.array(boxes), np.array(seeds), np.array(owner))


def _purpose(plan: Plan, block: int, building: int) -> str:
    if building < 0 or plan.blocks[block].purpose == "green":
        return plan.blocks[block].purpose
    role = plan.buildings[building].role
    if role == "garages":
        return "utility"
    return _PURPOSE.get(ROLES[role].kind, "public")


def _faces(shapes: list[shapely.Geometry]) -> tuple[Array, Array]:
    """Return the faces of a partition with common vertices, and the shape each belongs to."""
    lines = shapely.union_all(shapely.boundary(shapes), grid_size=0.001)
    edges = shapely.segmentize(shapely.get_parts(lines), LONGEST_SEGMENT_M)
    edges = shapely.transform(edges, lambda xy: np.round(xy, 3))
    faces = shapely.get_parts(shapely.polygonize(edges))
    inside = shapely.point_on_surface(faces)
    face, shape = shapely.STRtree(shapes).query(inside, predicate="within")
    return shapely.multipolygons([[faces[i]] for i in face]), shape


def _rest(plan: Plan, streets: shapely.Geometry) -> list[tuple[shapely.Geometry, bool]]:
    """Return the ground outside the blocks by parts, with whether it is street land."""
    blocks = shapely.union_all([b.shape for b in plan.blocks])
    if plan.mains:
        whole = shapely.union(plan.ground.difference(blocks), streets)
        return [(p, True) for p in shapely.get_parts(whole)]
    x0, _, x1, y1 = plan.ground.bounds
    main = shapely.box(x0, y1 - MAIN_HALF_M, x1, y1)
    fields = plan.ground.difference(blocks).difference(main)
    paths = [(p, True) for p in shapely.get_parts(streets)]
    return [(main, True), *paths, *((p, False) for p in shapely.get_parts(fields))]


@lru_cache(maxsize=4)
def lots(plan: Plan) -> Lots:
    """Return the parcels of a plan: one round every main building, and the land of streets."""
    lanes = [w.line for w in plan.ways if w.street >= 10 or not plan.mains]
    half = 5.0 if plan.mains else 2.0
    blocks = shapely.union_all([b.shape for b in plan.blocks])
    streets = shapely.union_all(shapely.buffer(lanes, half, cap_style="flat")).intersection(blocks)
    shapes: list[shapely.Geometry] = []
    label, owner = [], []
    for block in range(len(plan.blocks)):
        for bounds, building in _block_lots(plan, block):
            shapes.append(shapely.box(*bounds).difference(streets))
            label.append(_purpose(plan, block, building))
            owner.append(building)
    for part, is_street in _rest(plan, streets):
        shapes.append(part)
        label.append("transport" if is_street else "reserve")
        owner.append(-1)
    faces, shape = _faces(shapes)
    return Lots(faces, tuple(label[i] for i in shape), np.array(owner)[shape])


@lru_cache(maxsize=4)
def zones(plan: Plan) -> Lots:
    """Return the functional zones of a plan: its blocks, the street land, fields beyond."""
    shapes = [b.shape for b in plan.blocks]
    label, owner = [b.zone for b in plan.blocks], list(range(len(shapes)))
    for part, is_street in _rest(plan, shapely.Polygon()):
        shapes.append(part)
        label.append("Т" if is_street else "СХ")
        owner.append(-1)
    faces, shape = _faces(shapes)
    return Lots(faces, tuple(label[i] for i in shape), np.array(owner)[shape])


def parcels(chunk: Chunk) -> gpd.GeoDataFrame:
    """Return the parcels of a chunk, MultiPolygon, EPSG:4326; area_m2 in the metric CRS."""
    made, placed = lots(chunk.plan), chunk.place(lots(chunk.plan).shapes)
    count, area = len(made.label), chunk.city.area.number
    address = np.array(buildings.addresses(chunk), dtype=object).reshape(chunk.quarters, -1)
    known = chunk.standing(made.owner) & (made.owner >= 0)
    columns = {
        "cadastral_number": strings(
            [
                f"ДЕМО-{area:03d}-{q + 1:05d}-{i + 1:04d}"
                for q in chunk.numbers.tolist()
                for i in range(count)
            ]
        ),
        "purpose": strings(chunk.repeat(np.array(made.label, object))),
        "area_m2": np.round(shapely.area(placed.metric), 1),
        "address": strings(address[:, made.owner].ravel(), known.ravel()),
    }
    return to_frame(columns, placed.geographic)


def functional_zones(chunk: Chunk) -> gpd.GeoDataFrame:
    """Return the zones of a chunk with the floor area per hectare that stands in them."""
    made, placed = zones(chunk.plan), chunk.place(zones(chunk.plan).shapes)
    area = shapely.area(placed.metric)
    there = chunk.standing(np.arange(len(chunk.plan.buildings)))
    floor = buildings.facts(chunk).floor_area_m2 * there
    blocks = np.array([b.block for b in chunk.plan.buildings])
    by_block = floor @ (blocks[:, None] == np.arange(len(chunk.plan.blocks)))
    in_zone = np.where(made.owner >= 0, by_block[:, made.owner], 0.0).ravel()
    names = [
        (f"Квартал {q + 1}-{b + 1}" if chunk.plan.mains else f"Окраина {b + 1}") if b >= 0 else None
        for q in chunk.numbers.tolist()
        for b in made.owner.tolist()
    ]
    columns = {
        "zone": strings(chunk.repeat(np.array(made.label, object))),
        "name": strings(names),
        "area_m2": np.round(area, 1),
        "intensity_m2_ha": np.round(in_zone / (area / 10_000), 1),
    }
    return to_frame(columns, placed.geographic)


def red_lines(chunk: Chunk) -> gpd.GeoDataFrame | None:
    """Return red lines and building lines round the blocks, MultiLineString, EPSG:4326."""
    if not chunk.plan.mains:
        return None
    blocks = chunk.plan.blocks
    rings = [r for b in blocks for r in (b.shape.exterior, b.line.exterior)]
    lines = shapely.multilinestrings(
        [[shapely.LineString(shapely.segmentize(r, LONGEST_SEGMENT_M))] for r in rings]
    )
    kinds = (("red_line", "Красная линия"), ("building_line", "Линия застройки"))
    names = [
        f"{text}, квартал {q + 1}-{b + 1}"
        for q in chunk.numbers.tolist()
        for b in range(len(blocks))
        for _, text in kinds
    ]
    columns = {
        "kind": strings(np.tile(np.array([k for k, _ in kinds], object), len(names) // 2)),
        "name": strings(names),
        "document": strings([DOCUMENT] * len(names)),
        "approved_on": np.full(len(names), APPROVED_ON, dtype=object),
    }
    return to_frame(columns, chunk.place(lines).geographic)
