"""Geometries of a source judged one by one: placed, fitted to the layer's type, made valid."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from layers.ingest.vector.finding import Action, Finding
from layers.ingest.vector.findings import Findings
from layers.ingest.vector.mapping import Rules
from layers.ingest.vector.place import Placing, same, within
from layers.message import Message, message, templates

Box = tuple[float, float, float, float]
Linearise = Callable[[np.ndarray], np.ndarray]
"""From feature ids of the source to the WKB of their shapes without arcs."""

_CURVED = (8, 9, 10, 11, 12)
"""ISO WKB: CircularString, CompoundCurve, CurvePolygon, MultiCurve, MultiSurface."""
_HEAD = np.dtype([("order", "u1"), ("kind", "<u4")])
# shapely's type ids (single, multi) by layer type
_TYPES = {
    "Point": (0, 4), "MultiPoint": (0, 4), "LineString": (1, 5), "MultiLineString": (1, 5),
    "Polygon": (3, 6), "MultiPolygon": (3, 6),
}  # fmt: skip
_MAKE = {0: shapely.multipoints, 1: shapely.multilinestrings, 3: shapely.multipolygons}
_LINE, _POLYGON, _COLLECTION = 1, 3, 7
_PLACE = re.compile(r"\[(-?[\d.eE+-]+) (-?[\d.eE+-]+)\]")

_AXIS_M = 6_378_137.0
_E2 = 0.006_694_379_990_14


@dataclass(frozen=True)
class Judge:
    """What geometries are held against; `box` is where the area's features may lie, degrees."""

    geometry: str
    way: Placing
    box: Box
    rules: Rules
    findings: Findings

    def judge(
        self, wkb: np.ndarray, names: np.ndarray, linearise: Linearise | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return shapes in EPSG:4326 (None where there is none) and which features are refused.

        `names` are the features' ids in the source. Last come the WKB of those shapes that are as
        the source has them, None for all others.
        """
        present = np.array([w is not None for w in wkb], dtype=bool)
        refused = np.zeros(len(wkb), dtype=bool)
        if self.rules.null_geometry == "refuse":
            refused |= self._refuse("geometry.null", ~present, names, message("geometry.null"))
        wkb = self._straight(wkb, names, refused, linearise)
        given = shapely.from_wkb(_without(wkb, refused), on_invalid="ignore")
        opened = present & ~refused & shapely.is_missing(given)
        given[opened] = self._closed(wkb[opened], names[opened])
        lost = opened & shapely.is_missing(given)
        said = message("geometry.malformed")
        refused |= self._refuse("geometry.malformed", lost, names, said)
        shapes, refused = self.judge_shapes(given, names, refused)
        changed = ~np.fromiter(map(operator.is_, shapes, given), bool, len(shapes))
        return shapes, refused, _without(wkb, changed | opened)

    def judge_shapes(
        self, shapes: np.ndarray, names: np.ndarray, refused: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `judge`, for shapes in the source's CRS of which some are refused already."""
        shapes = np.array(shapes, dtype=object)
        shapes[refused] = None
        empty = ~shapely.is_missing(shapes) & shapely.is_empty(shapes)
        said = message("geometry.empty")
        refused = refused | self._refuse("geometry.empty", empty, names, said)
        shapes[refused] = None
        shapes = self._flat(shapes)
        bad = _not_finite(shapes)
        said = message("geometry.not_finite")
        refused |= self._refuse("geometry.not_finite", bad, names, said)
        shapes[refused] = None
        shapes, wrong = self._fitted(shapes)
        for i in np.flatnonzero(wrong):
            found = shape_name(shapes[i].geom_type)
            said = message("geometry.type", found=found, wanted=shape_name(self.geometry))
            self._found("geometry.type", "refused", names[i], said)
        refused |= wrong
        shapes[refused] = None
        if self.way.transform is not same:
            shapes = shapely.transform(shapes, self.way.transform)
            refused |= self._lost(shapes, names)
            shapes[refused] = None
        refused |= self._misplaced(shapes, names)
        shapes[refused] = None
        refused |= self._repaired(shapes, names)
        shapes[refused] = None
        return shapes, refused

    def _straight(
        self, wkb: np.ndarray, names: np.ndarray, refused: np.ndarray, linearise: Linearise | None
    ) -> np.ndarray:
        curved = _curved(wkb)
        if not curved.any():
            return wkb
        if self.rules.curve == "refuse" or linearise is None:
            said = message("geometry.arcs")
            refused |= self._refuse("geometry.curve", curved, names, said)
            return wkb
        wkb = straight(wkb, names, linearise)
        for name in names[curved]:
            said = message("geometry.straightened")
            self._found("geometry.curve", "noted", name, said)
        return wkb

    def _closed(self, wkb: np.ndarray, names: np.ndarray) -> np.ndarray:
        """Return shapes whose rings are closed now, None for what is wrong in another way."""
        shapes = shapely.from_wkb(wkb, on_invalid="fix")
        said = message("geometry.open_ring")
        for i in np.flatnonzero(~shapely.is_missing(shapes)):
            at = self._first_place(shapes[i])
            self._found("geometry.open_ring", "repaired", names[i], said, at=at)
        return np.asarray(shapes, dtype=object)

    def _first_place(self, shape: shapely.Geometry) -> tuple[float, float] | None:
        """Return the first vertex (degrees) of a shape of the source, None where it has none."""
        first = shapely.get_coordinates(shape)[:1]
        return tuple(self.way.transform(first)[0].tolist()) if len(first) else None

    def _flat(self, shapes: np.ndarray) -> np.ndarray:
        flat = True
        for code, has in (("geometry.z", shapely.has_z), ("geometry.m", shapely.has_m)):
            number = int(has(shapes).sum())
            if number:
                flat = False
                self.findings.count(code, "noted", number)
        return shapes if flat else np.asarray(shapely.force_2d(shapes), dtype=object)

    def _fitted(self, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return shapes of the layer's type or its single one, and which are of another."""
        if self.geometry == "Geometry":
            return shapes, np.zeros(len(shapes), dtype=bool)
        single, multi = _TYPES[self.geometry]
        present = ~shapely.is_missing(shapes)
        for i in np.flatnonzero(present & (shapely.get_type_id(shapes) == _COLLECTION)):
            parts = [p for g in shapes[i].geoms for p in getattr(g, "geoms", [g])]
            if {shapely.get_type_id(p) for p in parts} == {single}:
                shapes[i] = _MAKE[single](parts)
                self.findings.count("geometry.collection", "noted", 1)
        if single == _POLYGON and self.rules.closed_line == "polygon":
            self._enclose(shapes)
        kinds = shapely.get_type_id(shapes)
        if not self.geometry.startswith("Multi"):
            alone = present & (kinds == multi) & (shapely.get_num_geometries(shapes) == 1)
            shapes[alone] = shapely.get_geometry(shapes[alone], 0)
            wrong = present & ~alone & (kinds != single)
        else:
            wrong = present & ~np.isin(kinds, (single, multi))
        return shapes, wrong

    def _enclose(self, shapes: np.ndarray) -> None:
        """Put what closed lines enclose in their place."""
        lines = ~shapely.is_missing(shapes) & (shapely.get_type_id(shapes) == _LINE)
        closed = lines & shapely.is_closed(shapes) & (shapely.get_num_points(shapes) >= 4)
        if closed.any():
            points, owner = shapely.get_coordinates(shapes[closed], return_index=True)
            shapes[closed] = shapely.polygons(shapely.linearrings(points, indices=owner))
            self.findings.count("geometry.closed_line", "noted", int(closed.sum()))

    def _lost(self, shapes: np.ndarray, names: np.ndarray) -> np.ndarray:
        said = message("geometry.no_place", crs=self.way.crs)
        return self._refuse("geometry.no_place", _not_finite(shapes), names, said)

    def _misplaced(self, shapes: np.ndarray, names: np.ndarray) -> np.ndarray:
        refused = np.zeros(len(shapes), dtype=bool)
        bounds = shapely.bounds(shapes)
        there = ~np.isnan(bounds[:, 0])
        outside = there & ~_inside(bounds, self.box)
        said = message("geometry.outside_area")
        refused |= self._by_rule(
            "geometry.outside_area", self.rules.outside_area, outside, (names, bounds, said)
        )
        if self.way.area_of_use is not None:
            beyond = there & ~outside & ~_inside(bounds, self.way.area_of_use)
            said = message("geometry.outside_crs", crs=self.way.crs)
            refused |= self._by_rule(
                "geometry.outside_crs", self.rules.outside_crs, beyond, (names, bounds, said)
            )
        return refused

    def _by_rule(
        self, code: str, rule: str, mask: np.ndarray, what: tuple[np.ndarray, np.ndarray, Message]
    ) -> np.ndarray:
        names, bounds, said = what
        action: Action = "refused" if rule == "refuse" else "noted"
        for i in np.flatnonzero(mask):
            x, y = (bounds[i, 0] + bounds[i, 2]) / 2, (bounds[i, 1] + bounds[i, 3]) / 2
            self._found(code, action, names[i], said, at=(float(x), float(y)))
        return mask if rule == "refuse" else np.zeros(len(mask), dtype=bool)

    def _repaired(self, shapes: np.ndarray, names: np.ndarray) -> np.ndarray:
        """Make invalid shapes valid in place; return which cannot be."""
        refused = np.zeros(len(shapes), dtype=bool)
        for i in np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)):
            old = shapes[i]
            reason = str(shapely.is_valid_reason(old))
            good = _valid(old)
            said, refused[i] = self._judged(old, good, invalid_reason(reason))
            if not refused[i]:
                shapes[i] = good
            action: Action = "refused" if refused[i] else "repaired"
            at = _fault_place(reason, old)
            self._found("geometry.invalid", action, names[i], said, at=at)
        return refused

    def _judged(
        self, old: shapely.Geometry, good: shapely.Geometry | None, reason: Message
    ) -> tuple[Message, bool]:
        """Say of an invalid shape what becomes of it, and whether it is refused."""
        if good is None:
            return message("geometry.nothing_left", why=reason), True
        if self._misfit(good):
            return message(
                "geometry.other_type", why=reason, found=shape_name(good.geom_type)
            ), True
        if self.rules.invalid == "refuse":
            return message("geometry.invalid", why=reason), True
        before, after, limit = _area_m2(old), _area_m2(good), self.rules.area_change_share
        areas = {"before": before, "after": after}
        if abs(after - before) > limit * max(after, before):
            return message("geometry.area_changes", why=reason, limit=limit, **areas), True
        if before or after:
            return message("geometry.repaired_area", why=reason, **areas), False
        return message("geometry.repaired", why=reason), False

    def _misfit(self, shape: shapely.Geometry) -> bool:
        multi = self.geometry.startswith("Multi") or self.geometry == "Geometry"
        return not multi and shape.geom_type != self.geometry

    def _refuse(self, code: str, mask: np.ndarray, names: np.ndarray, said: Message) -> np.ndarray:
        for i in np.flatnonzero(mask):
            self._found(code, "refused", names[i], said)
        return mask

    def _found(
        self,
        code: str,
        action: Action,
        name: object,
        said: Message,
        *,
        at: tuple[float, float] | None = None,
    ) -> None:
        if at is not None and not (abs(at[0]) <= 180 and abs(at[1]) <= 90):
            at = None  # on no map
        lon, lat = at or (None, None)
        self.findings.add(Finding(code, str(name), action, message=said, lon=lon, lat=lat))


def straight(wkb: np.ndarray, names: np.ndarray, linearise: Linearise) -> np.ndarray:
    """Return WKB without arcs."""
    curved = _curved(wkb)
    if curved.any():
        wkb = wkb.copy()
        wkb[curved] = linearise(names[curved])
    return wkb


def _curved(wkb: np.ndarray) -> np.ndarray:
    """Tell which WKB, None among it, has arcs, by the byte order and the type at its head."""
    heads = np.frombuffer(b"".join(w[:5] if w else b"\1\0\0\0\0" for w in wkb), dtype=_HEAD)
    kinds = np.where(heads["order"] == 1, heads["kind"], heads["kind"].byteswap())
    return np.isin((kinds & 0x0FFF_FFFF) % 1000, _CURVED)


def sample(shapes: np.ndarray, most: int) -> np.ndarray:
    """Return a point (n, 2) of each of some shapes, as they are."""
    shapes = shapes[~shapely.is_missing(shapes)]
    step = max(1, len(shapes) // most)
    points, owner = shapely.get_coordinates(shapes[::step], return_index=True)
    first = np.unique(owner, return_index=True)[1]
    found = points[first]
    return np.asarray(found[np.isfinite(found).all(axis=1)])


def _without(values: np.ndarray, gone: np.ndarray) -> np.ndarray:
    left = values.copy()
    left[gone] = None
    return left


def _not_finite(shapes: np.ndarray) -> np.ndarray:
    mask = np.zeros(len(shapes), dtype=bool)
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        points, owner = shapely.get_coordinates(shapes, return_index=True)
        mask[owner[~np.isfinite(points).all(axis=1)]] = True
    return mask


def _inside(bounds: np.ndarray, box: Box) -> np.ndarray:
    return np.asarray(within(bounds[:, :2], box) & within(bounds[:, 2:], box))


def _valid(shape: shapely.Geometry) -> shapely.Geometry | None:
    """Return a shape made valid, of the same dimension; None when nothing of that is left."""
    made = shapely.make_valid(shape)
    wanted = shapely.get_dimensions(shape)
    parts = [
        part
        for piece in shapely.get_parts([made])
        for part in shapely.get_parts([piece])
        if shapely.get_dimensions(part) == wanted and not shapely.is_empty(part)
    ]
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    if wanted == 2:
        return shapely.multipolygons(parts)
    return shapely.multilinestrings(parts) if wanted == 1 else shapely.multipoints(parts)


def _area_m2(shape: shapely.Geometry) -> float:
    """Return the area of a shape in degrees, on the ellipsoid's tangent plane at its middle.

    Exact to 0.1 % for what is smaller than 0.1 degrees. An invalid shape has the area that the
    shoelace formula gives, as ST_Area would.
    """
    _, south, _, north = shape.bounds
    phi = np.radians((south + north) / 2)
    root = 1 - _E2 * np.sin(phi) ** 2
    along, across = _AXIS_M * (1 - _E2) / root**1.5, _AXIS_M / root**0.5 * np.cos(phi)
    return float(shape.area * along * across * np.radians(1) ** 2)


def shape_name(kind: str) -> Message:
    """Return the name of a type of geometry."""
    return message(f"shape.{kind.lower()}")


def invalid_reason(text: str) -> Message:
    """Return why a shape (degrees) is invalid; GEOS says `Self-intersection[30.4 54.5]`."""
    code = "geos." + re.sub(r"[\s-]+", "_", text.partition("[")[0].strip().lower())
    if code not in templates("en"):
        return message("text", text=text)
    place = place_said(text)
    if place is None:
        return message(code, at=message("geos.nowhere"))
    return message(code, at=message("geos.at", at=f"{place[0]:.6f} {place[1]:.6f}"))


def place_said(reason: str) -> tuple[float, float] | None:
    """Return the place that a reason of GEOS names."""
    found = _PLACE.search(reason)
    return (float(found[1]), float(found[2])) if found else None


def _fault_place(reason: str, shape: shapely.Geometry) -> tuple[float, float] | None:
    if (said := place_said(reason)) is not None:
        return said
    west, south, east, north = shape.bounds
    return (west + east) / 2, (south + north) / 2
