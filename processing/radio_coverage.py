"""Radio coverage of an area: frames in, frames out; levels by technology at buildings and cells.

Outdoor is 1.5 m above ground: the median over points 3 m before the walls of a building. Indoor is
that less the entry loss of the walls, which scatters, too (ITU-R P.1812 section 4.9). Both are held
against the threshold of the technology at a probability of location.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from layers.message import message
from layers.model import Area
from processing.checks import require_amounts
from processing.crs import metric_crs, to_metric
from processing.errors import EmptyInput
from processing.frames import placed
from processing.pipelines.model import Result
from processing.radio import location, scene, stations
from processing.radio.coverage import NONE, Question, Received
from processing.radio.entry_loss import Building, entry_loss_db
from processing.radio.loss import Floats, Reason
from processing.radio.models import NO_MODEL, Model, Surroundings
from processing.radio.scene import Places
from processing.radio.stations import LORAWAN, WIFI, Source
from processing.radio.technology import spreading_factor
from processing.radio.tiled import received_by_tiles
from processing.raster import Raster, require_crs
from processing.spread import Spread

WGS84 = "EPSG:4326"
AMOUNTS = ("residents", "dwellings", "height_m", "storeys")

COVERED, UNCERTAIN, NOT_COVERED, NOT_COMPUTABLE = (
    "covered", "uncertain", "not_covered", "not_computable",
)  # fmt: skip
STRONG_DB, GOOD_DB = 20.0, 10.0
"""Reserve over the threshold from which a signal is strong or good; below: fair, then none."""

REASONS: Any = np.array(
    [None if code == Reason.COMPUTED else code.name.lower() for code in Reason], dtype=object
)
"""Names of the reasons by their codes; None where a value is computed."""

LOW_MODELS: tuple[Model, ...] = ("p1411_low",)
"""For access points below the roofs."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The layers that are measured, with feature ids as index; None where an area has none.

    `buildings`: polygons with `height_m` or `storeys`, `residents`, `dwellings` where known; the
    others as processing/radio/stations.py says; `dem` and `clutter` in the metric CRS of the area.
    """

    buildings: gpd.GeoDataFrame
    base_stations: gpd.GeoDataFrame | None = None
    wifi_access_points: gpd.GeoDataFrame | None = None
    lorawan_gateways: gpd.GeoDataFrame | None = None
    dem: Raster | None = None
    clutter: Raster | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """How levels are computed and judged; `entry_loss_db` None: the median of ITU-R P.2109."""

    thresholds_dbm: Mapping[str, float]
    models: tuple[Model, ...]
    around: Surroundings = field(default_factory=Surroundings)
    roof_m: float | None = None
    """Mean height of the roofs for ITU-R P.1411; None: of the buildings, by their ground area."""
    location_percent: float = 95.0
    building: Building = "traditional"
    entry_loss_db: float | None = None
    entry_deviation_db: float = 6.0
    vertical_beamwidth_deg: float = 10.0
    cell_m: float = 20.0
    surface_m: float = 2.0


@dataclass(frozen=True, slots=True)
class _Area:
    """Everything that is the same for all technologies."""

    area: Area
    buildings: gpd.GeoDataFrame
    places: Places
    question: Question
    settings: Settings
    spread: Spread | None


@dataclass(frozen=True, slots=True)
class _Found:
    """What came out for one technology."""

    technology: str
    stations: int
    buildings: pd.DataFrame
    cells: pd.DataFrame


def radio_coverage(
    area: Area, inputs: Inputs, settings: Settings, spread: Spread | None = None
) -> Result:
    """Return `radio_coverage` (a row per building and technology) and `radio_signal` (per cell).

    Both are in EPSG:4326 with ids of the area. What cannot be computed has the class
    not_computable, no level and a reason. With `spread` levels are computed by tiles. Raises
    EmptyInput when there are no buildings or no stations at all, MissingColumn, BadGeometry,
    BadValue, RepeatedId, NotProjected, Distorted, MixedCRS (a raster in another CRS than the
    area's, as where an area crosses a UTM border), BadParameter.
    """
    sources = _sources(area, inputs, settings)
    if not sources:
        raise EmptyInput(message("input.no_stations", area=area.id))
    ground = replace(_ground(area, inputs, settings), spread=spread)
    found = [_one(ground, source) for source in sources]
    return Result(
        frames={
            "radio_coverage": _building_frame(ground, found),
            "radio_signal": _cell_frame(ground, found),
        },
        figures={"technologies": [_figures(ground, each) for each in found]},
        quality=_quality(ground, inputs, found),
    )


def _sources(area: Area, inputs: Inputs, settings: Settings) -> list[Source]:
    sources: list[Source] = []
    if inputs.base_stations is not None:
        sectors = to_metric(inputs.base_stations, area, name="base_stations")
        width = settings.vertical_beamwidth_deg
        sources += stations.mobile(sectors, vertical_beamwidth_deg=width)
    if inputs.wifi_access_points is not None:
        points = to_metric(inputs.wifi_access_points, area, name="wifi_access_points")
        sources += stations.wifi(points, settings.building)
    if inputs.lorawan_gateways is not None:
        gateways = to_metric(inputs.lorawan_gateways, area, name="lorawan_gateways")
        sources += stations.lorawan(gateways)
    return [source for source in sources if source.technology in settings.thresholds_dbm]


def _ground(area: Area, inputs: Inputs, settings: Settings) -> _Area:
    buildings = placed(inputs.buildings, area, ("Polygon", "MultiPolygon"), name="buildings")
    require_amounts(buildings, AMOUNTS, name="buildings")
    rasters = (inputs.dem, inputs.clutter)
    for name, raster in zip(("dem", "clutter"), rasters, strict=True):
        require_crs(raster, metric_crs(area), name=name)
    footprints = np.asarray(buildings.geometry)
    height_m, _ = scene.heights(buildings)
    roof_m = settings.roof_m
    if roof_m is None:
        roof_m = float(np.average(height_m, weights=buildings.geometry.area.to_numpy() + 1e-9))
    around = replace(settings.around, roofs=settings.around.roofs._replace(height_m=roof_m))
    built = scene.build(
        footprints, height_m, rasters, cell_m=settings.surface_m, latitude_deg=area.lat
    )
    return _Area(
        area=area,
        buildings=buildings,
        places=scene.places(footprints, cell_m=settings.cell_m),
        question=Question(built, settings.models, around),
        settings=settings,
        spread=None,
    )


def _one(ground: _Area, source: Source) -> _Found:
    low = source.technology == WIFI
    question = ground.question
    if low:
        question = Question(question.scene, LOW_MODELS, question.surroundings)
    places = ground.places
    ends = np.concatenate([places.walls, places.centres])
    levels = received_by_tiles(ground.spread, source.technology, source.stations, ends, question)
    names = np.array([*question.models, None], dtype=object)
    threshold = ground.settings.thresholds_dbm[source.technology]
    table = _table(_certain(levels, threshold), source, names)
    walls, cells = table.iloc[: len(places.walls)], table.iloc[len(places.walls) :]
    return _Found(
        technology=source.technology,
        stations=len(source.ids),
        buildings=_by_building(ground, walls, source),
        cells=_by_cell(ground, cells.reset_index(drop=True), source.technology),
    )


def _certain(levels: Received, threshold_dbm: float) -> Received:
    """Return the levels without those below the threshold where a nearer station is not computable.

    Such a level is the least that a place gets: enough when it holds, no answer when it does not.
    """
    unsure = (levels.nearer != Reason.COMPUTED) & (levels.level_dbm < threshold_dbm)
    return replace(
        levels,
        level_dbm=np.where(unsure, np.nan, levels.level_dbm),
        deviation_db=np.where(unsure, np.nan, levels.deviation_db),
        server=np.where(unsure, NONE, levels.server),
        model=np.where(unsure, NO_MODEL, levels.model),
        reason=np.where(unsure, levels.nearer, levels.reason),
    )


def _table(levels: Received, source: Source, names: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Return one row per point, with the id of the server and the name of the model."""
    served = levels.server != NONE
    return pd.DataFrame(
        {
            "level_dbm": levels.level_dbm,
            "deviation_db": levels.deviation_db,
            "server_id": pd.array(np.where(served, source.ids[levels.server], 0), dtype="Int64"),
            "f_ghz": np.where(served, source.stations.f_ghz[levels.server], np.nan),
            "model": names[np.where(levels.model == NO_MODEL, len(names) - 1, levels.model)],
            "reason": levels.reason,
        }
    ).assign(server_id=lambda t: t["server_id"].where(served))


def _by_building(ground: _Area, walls: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return one row per building; the station is that of the point with the best signal."""
    settings, count = ground.settings, len(ground.buildings)
    rows = walls.assign(building=ground.places.building)
    groups = rows.groupby("building", sort=True)
    middle = groups[["level_dbm", "deviation_db"]].median().reindex(range(count))
    heard = rows[rows["level_dbm"].notna()]
    best = heard.loc[heard.groupby("building")["level_dbm"].idxmax()].set_index("building")
    best = best.reindex(range(count))
    if settings.entry_loss_db is None:
        wall_db = entry_loss_db(best["f_ghz"].to_numpy(), settings.building)
    else:
        wall_db = np.full(count, settings.entry_loss_db)
    threshold = settings.thresholds_dbm[source.technology]
    outdoor_dbm, spread_db = middle["level_dbm"].to_numpy(), middle["deviation_db"].to_numpy()
    indoor_dbm = outdoor_dbm - wall_db
    both_db = np.hypot(spread_db, settings.entry_deviation_db)
    reason = _reasons(groups["reason"].agg(_commonest).reindex(range(count)), outdoor_dbm)
    factor = spreading_factor(
        indoor_dbm if source.technology == LORAWAN else np.full(count, -np.inf)
    )
    return pd.DataFrame(
        {
            "outdoor": classes(outdoor_dbm, spread_db, threshold, settings),
            "indoor": classes(indoor_dbm, both_db, threshold, settings),
            "level_outdoor_dbm": np.round(outdoor_dbm, 2),
            "level_indoor_dbm": np.round(indoor_dbm, 2),
            "threshold_dbm": threshold,
            "entry_loss_db": np.round(np.where(np.isnan(indoor_dbm), np.nan, wall_db), 2),
            "server_id": best["server_id"].astype("Int64").array,
            "model": best["model"].astype(object).where(best["model"].notna(), None).to_numpy(),
            "spreading_factor": pd.Series(factor).astype("Int64").array,
            "reason": reason,
        }
    )


def _commonest(reasons: pd.Series[int]) -> int:
    """Return the reason of most points, of equals the lowest code."""
    return int(np.bincount(reasons.to_numpy()).argmax())


def _reasons(codes: pd.Series[int], level_dbm: Floats) -> npt.NDArray[np.object_]:
    """Return the names of reasons; a building without any outdoor point is walled in."""
    known = codes.fillna(int(Reason.SURROUNDINGS)).to_numpy(dtype=np.int64)
    names: npt.NDArray[np.object_] = REASONS[np.where(np.isnan(level_dbm), known, 0)]
    return names


def _by_cell(ground: _Area, cells: pd.DataFrame, technology: str) -> pd.DataFrame:
    """Return one row per cell."""
    level, deviation = cells["level_dbm"].to_numpy(), cells["deviation_db"].to_numpy()
    threshold = ground.settings.thresholds_dbm[technology]
    reserve = level - threshold
    signal = np.select(
        [np.isnan(level), reserve >= STRONG_DB, reserve >= GOOD_DB, reserve >= 0.0],
        [NOT_COMPUTABLE, "strong", "good", "fair"],
        "none",
    )
    share = location.probability_share(level, threshold, np.nan_to_num(deviation))
    return pd.DataFrame(
        {
            "signal": signal,
            "level_dbm": np.round(level, 2),
            "threshold_dbm": threshold,
            "location_share": np.round(share, 4),
            "server_id": cells["server_id"].array,
            "model": cells["model"].to_numpy(dtype=object),
            "reason": REASONS[cells["reason"].to_numpy(dtype=np.int64)],
        }
    )


def classes(
    level_dbm: Floats, deviation_db: Floats, threshold_dbm: float, settings: Settings
) -> npt.NDArray[np.str_]:
    """Return covered, uncertain (only the median holds the threshold), not_covered or
    not_computable for median levels and their deviations.
    """
    # Millionths of a decibel: no last bit decides.
    over = np.round(level_dbm - threshold_dbm, 6)
    margin = location.margin_db(settings.location_percent, deviation_db)
    held = np.round(over - margin, 6) >= 0
    named = np.where(held & (over >= 0), COVERED, np.where(over >= 0, UNCERTAIN, NOT_COVERED))
    return np.where(np.isnan(level_dbm), NOT_COMPUTABLE, named)


def _building_frame(ground: _Area, found: list[_Found]) -> gpd.GeoDataFrame:
    """One row per building and technology; buildings in the order of ids."""
    buildings = ground.buildings
    people = {
        name: pd.Series(stations.numbers(buildings, name), dtype="float64").round().astype("Int64")
        for name in ("residents", "dwellings")
    }
    footprints = np.asarray(buildings.geometry.to_crs(WGS84))
    parts = [
        each.buildings.assign(
            building_id=buildings.index.to_numpy(dtype=np.int64),
            technology=each.technology,
            order=np.arange(len(buildings)),
            **people,
        )
        for each in found
    ]
    return _frame(ground.area, parts, footprints)


def _cell_frame(ground: _Area, found: list[_Found]) -> gpd.GeoDataFrame:
    """One row per cell and technology, cells from the south-west."""
    squares = gpd.GeoSeries(ground.places.cells, crs=metric_crs(ground.area)).to_crs(WGS84)
    parts = [
        each.cells.assign(technology=each.technology, order=np.arange(len(each.cells)))
        for each in found
    ]
    return _frame(ground.area, parts, np.asarray(squares))


def _frame(area: Area, parts: list[pd.DataFrame], shapes: npt.NDArray[Any]) -> gpd.GeoDataFrame:
    rows = pd.concat(parts, ignore_index=True).sort_values("order", kind="stable")
    order = rows.pop("order").to_numpy()
    for name in ("model", "reason"):
        rows[name] = rows[name].astype(object).where(rows[name].notna(), None)
    ids = area.feature_id(1) + np.arange(len(rows), dtype=np.int64)
    return gpd.GeoDataFrame(
        rows.set_index(pd.Index(ids, name="id")), geometry=shapes[order], crs=WGS84
    )


def _figures(ground: _Area, found: _Found) -> dict[str, Any]:
    """Return the shares that are covered, None where no building is computable, and the counts."""
    figures: dict[str, Any] = {"technology": found.technology, "stations": found.stations}
    for place in ("outdoor", "indoor"):
        held = (found.buildings[place] == COVERED).to_numpy()
        told = (found.buildings[place] != NOT_COMPUTABLE).any()
        figures[f"share_buildings_{place}"] = float(held.mean()) if told else None
        for name in ("dwellings", "residents"):
            weight = np.nan_to_num(stations.numbers(ground.buildings, name))
            total = float(weight.sum())
            share = float(weight[held].sum()) / total if total and told else None
            figures[f"share_{name}_{place}"] = share
        kinds = found.buildings[place].value_counts()
        figures[f"not_computable_{place}"] = int(kinds.get(NOT_COMPUTABLE, 0))
        figures[f"uncertain_{place}"] = int(kinds.get(UNCERTAIN, 0))
    return figures


def _quality(ground: _Area, inputs: Inputs, found: list[_Found]) -> dict[str, Any]:
    """Say what was assumed, left out or not computable."""
    _, known = scene.heights(ground.buildings)
    clutter = ground.question.scene.clutter
    lacking = sorted(set(ground.settings.thresholds_dbm) - {each.technology for each in found})
    reasons = {
        each.technology: each.cells["reason"].dropna().value_counts().sort_index().to_dict()
        for each in found
    }
    return {
        "buildings": len(ground.buildings),
        "buildings_without_height_known": int((~known).sum()),
        "buildings_without_outdoor_points": len(
            set(range(len(ground.buildings))) - set(ground.places.building.tolist())
        ),
        "cells": len(ground.places.cells),
        "cells_not_computable": reasons,
        "not_computable": dict.fromkeys(lacking, REASONS[Reason.NO_STATION]),
        "terrain": "flat" if inputs.dem is None else "dem",
        "clutter": "none" if clutter is None else "clutter",
        "clutter_known_share": scene.known_share(clutter, ground.places.centres),
        "roof_height_m": round(ground.question.surroundings.roofs.height_m, 2),
        "location_percent": ground.settings.location_percent,
    }
