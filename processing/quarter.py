"""All methods for one area, and the scorecard that follows: frames in, frames out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.message import Message, message
from layers.model import Area, Text
from layers.seed import AirLimit, Indicator, ServiceNorm
from processing import scorecard
from processing.checks import require_amounts, require_columns, require_unique_index
from processing.crs import metric_crs
from processing.errors import EmptyInput, ProcessingError, RunFailed
from processing.frames import placed
from processing.indicators import access, air, base, planning, results, stock
from processing.indicators.base import Figures, Quarter
from processing.pipelines.model import Pipeline, Result, optional
from processing.scorecard import Figure, Key, Line
from processing.spread import Spread

Frames = Mapping[str, Any]
"""Inputs by the id of their layer or raster; None = the area has none."""


@dataclass(frozen=True, slots=True)
class Lists:
    """The seed tables of the scorecard."""

    indicators: Sequence[Indicator]
    air_limits: Mapping[str, AirLimit]
    norms: Mapping[str, ServiceNorm]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one method gave, or why it gave nothing."""

    result: Result | None
    reason: Text | None


# Which indicators wait for which method.
_KEYS: Mapping[str, tuple[Key, ...]] = {
    "service-coverage": (
        ("TRN1", 1), ("EDU1", 1), ("EDU2", 1), ("HLT1", 1), ("HLT3", 1), ("PST1", 1), ("COM1", 1),
    ),
    "accessibility-coverage": (("GRN3", 1), ("EDU2", 2), ("TRN4", 1)),
    "lighting-coverage": (("LGT3", 1), ("LGT5", 1), ("LGT5", 2)),
    "radio-coverage": (("ICT4", 1), ("ICT4", 2)),
    "fibre-coverage": (("ICT1", 1),),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Read:
    """What the scorecard itself reads of a layer; `kinds` are empty where places do not count."""

    columns: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


_AREAS, _LINES = ("Polygon", "MultiPolygon"), ("LineString", "MultiLineString")
_POLLUTANTS = ("pm25_ug_m3", "pm10_ug_m3", "no2_ug_m3", "o3_ug_m3")
READS: Mapping[str, _Read] = {
    "buildings": _Read((), ("residents", "floor_area_m2"), _AREAS),
    "smart_quarters": _Read(kinds=_AREAS),
    "census_units": _Read((), base.AGES, _AREAS),
    "service_points": _Read(("service_class",), ("capacity",)),
    "wifi_access_points": _Read(("state",)),
    "streets": _Read(("bicycle", "car", "maxspeed_kmh"), (), _LINES),
    "street_lights": _Read(("lamp_type", "state", "cabinet")),
    "utility_meters": _Read(("resource", "live", "building_id")),
    "green_areas": _Read(("public",), (), _AREAS),
    "functional_zones": _Read(("zone",), (), _AREAS),
    "red_lines": _Read(("kind",), (), _LINES),
    "air_sensors": _Read(("sensor_id",), (), ("Point",)),
    "air_sensor_readings": _Read(("sensor_id", "time", *_POLLUTANTS)),
}
"""The layers that the scorecard reads itself; of the others only methods know."""


def sound(area: Area, frames: Frames) -> dict[str, Any]:
    """Return the frames as the scorecard may read them: without rows that have no place.

    Raises MissingColumn, BadValue, RepeatedId, BadGeometry, NotProjected, Distorted.
    """
    found = dict(frames)
    for name, read in READS.items():
        frame = frames.get(name)
        if frame is None:
            continue
        require_columns(frame, (*read.columns, *read.amounts), name=name)
        require_amounts(frame, read.amounts, name=name)
        require_unique_index(frame, name=name)
        if read.kinds:
            there = placed(frame, area, read.kinds, name=name, needed=False)
            found[name] = frame.loc[there.index]
    return found


def run_methods(
    methods: Sequence[Pipeline], area: Area, frames: Frames, spread: Spread | None = None
) -> dict[str, Outcome]:
    """Compute every method with its defaults; one that cannot is told with its reason.

    With `spread` those that can be cut are computed by tiles. Raises RunFailed when the engine or
    a worker fails: that is no reason of the data.
    """
    return {method.NAME: _outcome(method, area, frames, spread) for method in methods}


def _outcome(method: Pipeline, area: Area, frames: Frames, spread: Spread | None) -> Outcome:
    may_lack = optional(method)
    lacking = [
        layer
        for argument, layer in method.INPUTS.items()
        if frames.get(layer) is None and argument not in may_lack
    ]
    one_of = [method.INPUTS[argument] for argument in sorted(getattr(method, "ONE_OF", ()))]
    if one_of and all(frames.get(layer) is None for layer in one_of):
        lacking += one_of
    if lacking:
        return Outcome(None, _text(message("input.not_loaded", layers=lacking)))
    inputs = {argument: frames.get(layer) for argument, layer in method.INPUTS.items()}
    if spread is not None and getattr(method, "TILED", False):
        inputs["spread"] = spread.of(method.NAME)
    try:
        made = method.compute(method.Params(), area, **inputs, **method.seeds())
    except RunFailed:
        raise
    except ProcessingError as error:
        said = error.message or message("input.as_said", text=str(error))
        return Outcome(None, _text(message("input.failed", method=method.NAME, why=said)))
    return Outcome(made, None)


def _text(said: Message) -> Text:
    return Text(be=said.text("be"), ru=said.text("ru"), en=said.text("en"))


def score(
    area: Area, frames: Frames, outcomes: Mapping[str, Outcome], lists: Lists,
    *, previous: gpd.GeoDataFrame | None = None,
) -> tuple[Quarter, tuple[Line, ...]]:  # fmt: skip
    """Return the place and the lines of its scorecard; raises EmptyInput without buildings."""
    place = base.quarter(
        area, frames["buildings"], frames["smart_quarters"], frames["census_units"]
    )
    found: dict[Key, Figure] = dict(_of_layers(place, frames, lists))
    readers = _readers(place, lists)
    for name, keys in _KEYS.items():
        outcome = outcomes.get(name)
        if outcome is None:
            continue
        if outcome.result is None:
            found |= {key: Figure(None, outcome.reason) for key in keys}
        else:
            found |= readers[name](outcome.result)
    before = {} if previous is None else _values(previous)
    return place, scorecard.scorecard(lists.indicators, found, before)


def _of_layers(place: Quarter, frames: Frames, lists: Lists) -> Figures:
    buildings = frames["buildings"]
    return {
        **stock.services(place, frames["service_points"]),
        **stock.wifi(place, frames["wifi_access_points"]),
        **stock.cycling(place, frames["streets"]),
        **stock.lights(frames["street_lights"], frames["light_cabinets"]),
        **stock.meters(frames["utility_meters"]),
        **stock.green(place, frames["green_areas"]),
        **planning.zones(place, frames["functional_zones"]),
        **planning.red_lines(place, buildings, frames["red_lines"]),
        **planning.density(place, buildings),
        **air.figures(
            place, buildings, frames["air_sensors"], frames["air_sensor_readings"],
            lists.air_limits,
        ),
    }  # fmt: skip


def _readers(place: Quarter, lists: Lists) -> Mapping[str, Callable[[Result], Figures]]:
    limits_m = {"green": 300.0, "school": lists.norms["school"].limit_multi_storey_m}
    return {
        "service-coverage": lambda r: access.figures(
            place, r.frames["service_coverage"], r.quality["classes_without_facilities"]
        ),
        "accessibility-coverage": lambda r: results.accessibility(
            place, r.frames["accessibility"], r.figures, limits_m
        ),
        "lighting-coverage": lambda r: results.lighting(place, r.figures),
        "radio-coverage": lambda r: results.radio(place, r.frames["radio_coverage"]),
        "fibre-coverage": lambda r: results.fibre(r.frames["fibre_coverage"]),
    }


def _values(rows: gpd.GeoDataFrame) -> dict[Key, float]:
    known = rows[rows["value"].notna()]
    triples = zip(known["code"], known["part"], known["value"], strict=True)
    return {(str(code), int(part)): float(value) for code, part, value in triples}


def outline_of(place: Quarter, buildings: gpd.GeoDataFrame, crs: Any) -> gpd.GeoSeries:
    """Return the outline of the place, or the hull of its buildings where none is loaded."""
    if place.outline is not None:
        return gpd.GeoSeries([place.outline], crs=crs)
    hull = buildings.to_crs(crs).geometry.union_all().convex_hull
    if hull.geom_type != "Polygon":
        raise EmptyInput(f"buildings of area {place.area.id}: too few for an outline")
    return gpd.GeoSeries([hull], crs=crs)


def merged(outcomes: Mapping[str, Outcome]) -> dict[str, gpd.GeoDataFrame]:
    """Return the frames of every method that gave some, by layer."""
    return {
        layer: frame
        for outcome in outcomes.values()
        if outcome.result is not None
        for layer, frame in outcome.result.frames.items()
    }


def cover(
    methods: Sequence[Pipeline],
    area: Area,
    frames: Frames,
    lists: Lists,
    *,
    previous: gpd.GeoDataFrame | None = None,
    spread: Spread | None = None,
) -> Result:
    """Return the layers of every method that can be computed and `indicators`, EPSG:4326.

    A layer that no method could fill is not among the frames. With `spread` methods are computed by
    tiles where they can be, to the same bits. Raises EmptyInput, MissingColumn, BadGeometry,
    BadValue, RepeatedId, NotProjected, Distorted, RunFailed.
    """
    known = sound(area, frames)
    outcomes = run_methods(methods, area, frames, spread)
    place, lines = score(area, known, outcomes, lists, previous=previous)
    outline = outline_of(place, known["buildings"], metric_crs(area))
    counts = pd.Series([line.outcome for line in lines]).value_counts()
    return Result(
        frames={
            "indicators": scorecard.frame(lines, outline, area),
            "worst_places": scorecard.places(lines, known["buildings"], area),
            **merged(outcomes),
        },
        figures={
            "residents": None if place.residents is None else round(place.residents),
            "outcomes": {name: int(count) for name, count in sorted(counts.items())},
            "indicators": [
                {"code": x.indicator.code, "part": x.indicator.part, "value": x.figure.value}
                for x in lines
            ],
        },
        quality={"methods": {name: _quality(one) for name, one in outcomes.items()}},
    )


def _quality(outcome: Outcome) -> dict[str, Any]:
    if outcome.result is not None:
        return dict(outcome.result.quality)
    return {"not_computed": outcome.reason.en if outcome.reason else ""}
