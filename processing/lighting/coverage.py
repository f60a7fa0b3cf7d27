"""Street lighting of an area: frames in, frames and figures out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.ops import substring

from layers.model import Area
from layers.seed import LightingClass
from processing.checks import (
    require_amounts,
    require_columns,
    require_geometry,
    require_unique_index,
)
from processing.crs import metric_crs
from processing.lighting import bands, report, scene, sections, walking
from processing.lighting.classes import BELOW
from processing.lighting.grid import Bools, Floats, Ints
from processing.lighting.luminaire import Luminaire
from processing.lighting.sections import Judged, Place, Rules
from processing.lighting.walking import Walkers
from processing.pipelines.model import Result
from processing.spread import Spread
from processing.streets import drawn, flags

WGS84 = "EPSG:4326"
BANDS_REACH_HEIGHTS = 5.0
HIGHEST_LAMP_M = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The frames that are measured, with feature ids as index.

    `street_lights` (Points: state, luminaire, height_m, power_w; cabinet, arm_m, tilt_deg,
    azimuth_deg, maintenance_factor where known), `streets` (LineStrings: lighting_class, width_m,
    foot, node_from, node_to), `buildings` (polygons: residents), `goals` (points: where the
    residents walk to). Without a building or the layer of goals no walks are computed.
    """

    street_lights: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame | None
    goals: gpd.GeoDataFrame | None


@dataclass(frozen=True, slots=True)
class Options:
    """How it is computed; the pipeline's parameters say what each of them means."""

    rules: Rules
    default_maintenance_factor: float
    default_width_m: float | None
    row_limit_m: float
    snap_limit_m: float
    burning_h: float
    cell_m: float
    dark_cabinets: tuple[str, ...]


def lighting_coverage(
    area: Area,
    inputs: Inputs,
    library: Mapping[str, Luminaire],
    norms: Mapping[str, LightingClass],
    options: Options,
    spread: Spread | None = None,
) -> Result:
    """Return `street_lighting`, `dark_stretches` and `illuminance_bands` of an area, EPSG:4326.

    With `dark_cabinets` the frames show the outage, and the figures compare it with the state
    before. With `spread` light and walks come by tiles, to the same bits. Raises EmptyInput,
    MissingColumn, BadGeometry, RepeatedId, NotProjected, BadParameter.
    """
    place = replace(_place(area, inputs, library, norms, options), spread=spread)
    walkers = _walkers(area, inputs, options, spread)
    no_walks = _no_walkers(inputs) if walkers is None else _no_walks(walkers)
    lights = place.lights
    none = np.zeros(len(lights.ids), dtype=bool)
    dark = report.fed_by(lights, options.dark_cabinets)
    before = sections.judge(place, dark=none)
    after = sections.judge(place, dark=dark) if dark.any() else before
    passing = np.full(len(place.cut.street), np.nan)
    if walkers is not None and no_walks is None:
        passing = walking.passing(walkers, place.parts, place.cut)
    figures = report.figures(place, walkers, after, dark, options.burning_h)
    if options.dark_cabinets:
        figures["outage"] = report.outage(place, walkers, before, after, dark)
    figures["cabinets"] = report.cabinets(place, before)
    return Result(
        frames={
            "street_lighting": _sections_frame(area, place, after, passing),
            "dark_stretches": _stretches_frame(area, place, after, passing),
            "illuminance_bands": _bands_frame(area, place, dark, options.cell_m),
        },
        figures=figures,
        quality=report.quality(place, options.rules.cutoff_heights)
        | {"walks_not_computable": no_walks},
    )


def _place(
    area: Area,
    inputs: Inputs,
    library: Mapping[str, Luminaire],
    norms: Mapping[str, LightingClass],
    options: Options,
) -> Place:
    parts = scene.parts(area, inputs.streets, default_width_m=options.default_width_m)
    lights = scene.lights(
        area,
        inputs.street_lights,
        parts,
        library,
        default_maintenance_factor=options.default_maintenance_factor,
        row_limit_m=options.row_limit_m,
    )
    return sections.prepare(parts, lights, list(library.values()), norms, options.rules)


def _no_walkers(inputs: Inputs) -> str | None:
    """Say what walks lack that the light of streets does not need, or None when all is there."""
    homes, streets = inputs.buildings, inputs.streets
    given = {"buildings": homes, "service_points": inputs.goals}
    if missing := [name for name, frame in given.items() if frame is None]:
        return f"{' and '.join(missing)} not loaded"
    if homes is not None and not len(homes):
        return "there are no buildings of the chosen kinds"
    require_columns(streets, ("foot",), name="streets")
    if not (drawn(streets) & flags(streets, "foot")).any():
        return "no street is walkable"
    return None


def _no_walks(walkers: Walkers) -> str | None:
    """Say why no walks of residents are known, or None when some are."""
    walk = walkers.walk
    if not walk.any():
        return "no building has a way along the streets to a facility that residents walk to"
    if not np.nansum(walkers.residents[walk]):
        return "the residents of no building with a walk are known"
    return None


def _walkers(area: Area, inputs: Inputs, options: Options, spread: Spread | None) -> Walkers | None:
    homes, goals = inputs.buildings, inputs.goals
    if homes is None or goals is None or _no_walkers(inputs):
        return None
    require_columns(homes, ("residents",), name="buildings")
    require_unique_index(homes, name="buildings")
    require_geometry(homes, ("Polygon", "MultiPolygon"), name="buildings")
    require_amounts(homes, ("residents",), name="buildings")
    require_unique_index(goals, name="service_points")
    require_geometry(goals, ("Point",), name="service_points")
    return walking.walkers(
        area, inputs.streets, homes, goals, snap_limit_m=options.snap_limit_m, spread=spread
    )


def _sections_frame(area: Area, place: Place, judged: Judged, passing: Floats) -> gpd.GeoDataFrame:
    """One row per section, along the street parts in the order of their ids."""
    cut = place.cut
    columns = {
        "street_id": place.parts.ids[cut.street],
        "lighting_class": _texts(judged.asked),
        "verdict": judged.verdict.verdict,
        "if_unknown_work": judged.if_unknown_work.verdict,
        "reason": _texts([reason or None for reason in judged.verdict.reason]),
        "grid": np.where(cut.span, "span", "plain"),
        "from_m": np.round(cut.from_m, 3),
        "length_m": np.round(cut.length_m, 3),
        "mean_lx": np.round(judged.found.mean_lx, 4),
        "min_lx": np.round(judged.found.min_lx, 4),
        "u0": np.round(judged.found.u0, 4),
        "residents": pd.Series(np.round(passing)).astype("Int64"),
    }
    return _frame(area, columns, _lines(place, cut.street, cut.from_m, cut.to_m))


def _stretches_frame(area: Area, place: Place, judged: Judged, passing: Floats) -> gpd.GeoDataFrame:
    """One row per unbroken stretch of sections below their class, within one street part."""
    cut, mean_lx = place.cut, judged.found.mean_lx
    first, last = _runs(judged.verdict.verdict == BELOW, cut.street)
    stretch = np.repeat(np.arange(len(first)), last - first + 1)
    section = np.flatnonzero(judged.verdict.verdict == BELOW)
    length_m = np.bincount(stretch, cut.length_m[section], minlength=len(first))
    light = np.bincount(stretch, (cut.length_m * mean_lx)[section], minlength=len(first))
    most = np.full(len(first), np.nan)
    np.fmax.at(most, stretch, passing[section])
    asked = [str(judged.asked[i]) for i in first.tolist()]
    columns = {
        "street_id": place.parts.ids[cut.street[first]],
        "lighting_class": pd.Series(asked, dtype=object),
        "from_m": np.round(cut.from_m[first], 3),
        "length_m": np.round(length_m, 3),
        "mean_lx": np.round(light / length_m, 4),
        "asked_lx": np.array([place.norms[name].mean_lx for name in asked], dtype=np.float64),
        "residents": pd.Series(np.round(most)).astype("Int64"),
    }
    return _frame(
        area, columns, _lines(place, cut.street[first], cut.from_m[first], cut.to_m[last])
    )


def _bands_frame(area: Area, place: Place, dark: Bools, cell_m: float) -> gpd.GeoDataFrame:
    """One row per band of illuminance of the lamps that work; MultiPolygons of square cells."""
    lights = place.lights
    highest_m = min(float(lights.lamps.height_m.max(initial=1.0)), HIGHEST_LAMP_M)
    margin_m = BANDS_REACH_HEIGHTS * highest_m
    points, size, at = bands.cells(lights.xy, margin_m=margin_m, cell_m=cell_m)
    burning = (lights.state == scene.WORKING) & ~dark
    found = bands.shapes(sections.light(place, points, burning, step="bands"), size, at)
    lower = [low for low, _ in found]
    upper = dict(zip(bands.BANDS_LX, bands.BANDS_LX[1:], strict=False))
    columns = {
        "from_lx": np.array(lower, dtype=np.float64),
        "to_lx": np.array([upper.get(low, np.nan) for low in lower], dtype=np.float64),
        "area_m2": np.array([shape.area for _, shape in found], dtype=np.float64),
    }
    return _frame(area, columns, np.array([shape for _, shape in found], dtype=object))


def _runs(chosen: Bools, street: Ints) -> tuple[Ints, Ints]:
    """Return the first and last place of each run of chosen sections of one street part."""
    before = np.concatenate([[False], chosen[:-1] & (street[:-1] == street[1:])])
    after = np.concatenate([chosen[1:] & (street[:-1] == street[1:]), [False]])
    return np.flatnonzero(chosen & ~before), np.flatnonzero(chosen & ~after)


def _lines(place: Place, street: Ints, from_m: Floats, to_m: Floats) -> Any:
    lines, length = place.parts.lines[street].copy(), place.parts.length_m[street]
    for i in np.flatnonzero((from_m > 0) | (to_m < length)):
        lines[i] = substring(lines[i], from_m[i], to_m[i])
    return lines


def _texts(values: list[str | None]) -> pd.Series[Any]:
    return pd.Series(values, dtype=object)


def _frame(area: Area, columns: Mapping[str, Any], shapes: Any) -> gpd.GeoDataFrame:
    ids = pd.Index(area.feature_id(1) + np.arange(len(shapes), dtype=np.int64), name="id")
    plain = {name: getattr(values, "array", values) for name, values in columns.items()}
    frame = gpd.GeoDataFrame(plain, geometry=shapes, crs=metric_crs(area), index=ids)
    return frame.to_crs(WGS84)
