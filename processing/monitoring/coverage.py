"""How far a monitoring network sees: frames in, frames and figures out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.message import message
from layers.model import Area
from processing.checks import require_amounts, require_columns, require_rows
from processing.crs import metric_crs
from processing.errors import BadParameter, NoVariogram
from processing.frames import placed
from processing.monitoring import kriging, placement, variogram
from processing.monitoring.stations import Stations, Window, merged, stations, window
from processing.monitoring.variogram import FEWEST_STATIONS, Floats, Kind, Model
from processing.pipelines.model import Result
from processing.scene import places

WGS84 = "EPSG:4326"
SEEN, BLIND = "seen", "blind"
KRIGING, DISTANCE = "kriging", "distance"
MOST_CELLS = 250_000
MOST_CANDIDATES, MOST_SERVED = 1_600, 10_000
"""New stations are looked for at so many places, for so many; a larger grid is thinned."""
STATED, FITTED, NONE = "stated", "fitted", "none"


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The frames that are measured: sensors (Points), their readings, buildings with residents."""

    sensors: gpd.GeoDataFrame
    readings: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame


@dataclass(frozen=True, slots=True)
class Options:
    """How it is computed; the pipeline's parameters say what each of them means."""

    column: str
    begin: Any
    end: Any
    completeness_share: float
    cell_m: float
    reach_m: float
    blind_distance_m: float
    blind_sd_share: float
    kind: Kind
    stated: Model | None
    new_stations: int


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The continuous stations (places merged), the model of their field, and why there is none."""

    xy: Floats
    mean: Floats
    model: Model | None
    origin: str
    reason: str

    @property
    def measured(self) -> kriging.Measured:
        """Places and means as kriging takes them."""
        return kriging.Measured(self.xy, self.mean)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Square cells over the buildings, row by row from the north-west; residents NaN = unknown."""

    names: list[str]
    middles: Floats
    shapes: NDArray[Any]
    residents: Floats
    columns: int

    def thinned(self, most: int) -> Floats:
        """Return the middles of all cells, or of every k-th each way so that `most` are enough."""
        step = int(np.ceil(np.sqrt(len(self.middles) / most)))
        number = np.arange(len(self.middles))
        row, column = number // self.columns, number % self.columns
        chosen: Floats = self.middles[(row % step == step // 2) & (column % step == step // 2)]
        return chosen


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the network knows of each cell; NaN where it is not computable."""

    distance_m: Floats
    value: Floats
    sd: Floats
    contrast: Floats
    blind: NDArray[np.bool_]


def monitoring_coverage(area: Area, inputs: Inputs, options: Options) -> Result:
    """Return `monitoring_coverage` (a row per cell) and `proposed_stations`, EPSG:4326.

    Raises EmptyInput, MissingColumn, BadGeometry, BadValue, RepeatedId, NotProjected, Distorted,
    BadParameter.
    """
    homes = _homes(area, inputs.buildings)
    when = window(inputs.readings, begin=options.begin, end=options.end)
    found = stations(
        area,
        inputs.sensors,
        inputs.readings,
        when,
        column=options.column,
        least_share=options.completeness_share,
    )
    network = _network(found, options)
    cells = _cells(homes, options.cell_m)
    seen = _seen(network, cells, options)
    score = _scores(network)
    spots, measure = _placed(network, cells, options.new_stations)
    return Result(
        frames={
            "monitoring_coverage": _cells_frame(area, network, cells, seen, score),
            "proposed_stations": _proposed_frame(area, network, cells, spots, measure, options),
        },
        figures=_figures(homes, found, network, seen, cells, options)
        | {"scores": score, "placement": _measures(network, measure)},
        quality=_quality(homes, found, when, network, options),
    )


def _homes(area: Area, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return points with residents for the buildings."""
    kinds, remedy = message("input.of_kinds", area=area.id), message("input.load_or_kinds")
    require_rows(buildings, name=kinds, remedy=remedy)
    require_columns(buildings, ("residents",), name="buildings")
    require_amounts(buildings, ("residents",), name="buildings")
    metric = placed(buildings, area, ("Polygon", "MultiPolygon"), name="buildings")
    return metric.set_geometry(places(np.asarray(metric.geometry)), crs=metric.crs)


def _network(found: Stations, options: Options) -> Network:
    xy, mean = merged(found)
    if not len(xy):
        return Network(xy, mean, None, NONE, "no station is continuous in the window")
    if options.stated is not None:
        return Network(xy, mean, options.stated, STATED, "")
    if len(xy) < FEWEST_STATIONS:
        few = f"{len(xy)} continuous stations; a variogram is fitted to {FEWEST_STATIONS} or more"
        return Network(xy, mean, None, NONE, few)
    try:
        model = variogram.fit(variogram.experimental(xy, mean), options.kind)
    except NoVariogram as error:
        return Network(xy, mean, None, NONE, str(error))
    return Network(xy, mean, model, FITTED, "")


def _cells(homes: gpd.GeoDataFrame, cell_m: float) -> Cells:
    """Lay cells whose edges are whole multiples of their size over the buildings."""
    xy = shapely.get_coordinates(np.asarray(homes.geometry))
    low = np.floor(xy.min(axis=0) / cell_m).astype(np.int64)
    high = np.floor(xy.max(axis=0) / cell_m).astype(np.int64)
    columns, rows = (high - low + 1).tolist()
    if columns * rows > MOST_CELLS:
        raise BadParameter(f"{columns * rows} cells of {cell_m:g} m; choose larger ones")
    column = np.tile(np.arange(columns) + low[0], rows)
    row = np.repeat(high[1] - np.arange(rows), columns)
    x, y = column * cell_m, row * cell_m
    at = np.floor(xy / cell_m).astype(np.int64) - low
    cell = (rows - 1 - at[:, 1]) * columns + at[:, 0]
    residents = _residents(homes)
    known = ~np.isnan(residents)
    people = np.bincount(cell[known], residents[known], minlength=rows * columns)
    unknown = np.bincount(cell[~known], minlength=rows * columns) > 0
    return Cells(
        names=[f"{c}/{r}" for c, r in zip(column.tolist(), row.tolist(), strict=True)],
        middles=np.stack([x, y], axis=1) + cell_m / 2.0,
        shapes=shapely.box(x, y, x + cell_m, y + cell_m),
        residents=np.where(unknown & (people == 0), np.nan, people),
        columns=columns,
    )


def _seen(network: Network, cells: Cells, options: Options) -> Seen:
    count = len(cells.middles)
    nothing = np.full(count, np.nan)
    if not len(network.xy):
        return Seen(nothing, nothing, nothing, nothing, np.ones(count, dtype=bool))
    distance = _nearest_m(network.xy, cells.middles)
    contrast = kriging.idw(network.measured, cells.middles)
    if network.model is None:
        blind = distance > options.blind_distance_m
        return Seen(distance, nothing, nothing, contrast, blind)
    found = kriging.ordinary(network.measured, cells.middles, network.model)
    blind = found.sd > options.blind_sd_share * np.sqrt(network.model.sill)
    return Seen(distance, found.value, found.sd, contrast, blind)


def _scores(network: Network) -> dict[str, Any]:
    """Leave-one-out errors of both maps in the unit of the values, None where not computable."""
    scores: dict[str, Any] = {"kriging_rmse": None, "inside_95_share": None, "idw_rmse": None}
    if len(network.xy) >= 3:
        errors = kriging.idw_leave_one_out(network.measured)
        scores["idw_rmse"] = round(float(np.sqrt(np.mean(errors**2))), 6)
        if network.model is not None:
            left = kriging.leave_one_out(network.measured, network.model)
            scores["kriging_rmse"] = round(left.rmse, 6)
            inside = np.abs(left.standardised) <= 1.96
            scores["inside_95_share"] = round(float(inside.mean()), 6)
    return scores


def _placed(network: Network, cells: Cells, count: int) -> tuple[Floats, Floats]:
    """Return the places of new stations, and the mean measure before and after each of them."""
    spots, served = cells.thinned(MOST_CANDIDATES), cells.thinned(MOST_SERVED)
    if network.model is None:
        placed = placement.by_distance(network.xy, spots, served, count=count)
    else:
        placed = placement.by_variance(network.xy, spots, served, network.model, count=count)
    return spots[placed.chosen], placed.measure


def _cells_frame(
    area: Area, network: Network, cells: Cells, seen: Seen, score: Mapping[str, Any]
) -> gpd.GeoDataFrame:
    count = len(cells.middles)
    kriged = network.model is not None
    rmse = score["kriging_rmse"] if kriged else score["idw_rmse"]
    columns = {
        "cell": pd.Series(cells.names, dtype=object).array,
        "state": np.where(seen.blind, BLIND, SEEN),
        "basis": np.full(count, KRIGING if kriged else DISTANCE),
        "distance_m": np.round(seen.distance_m, 1),
        "estimate_ug_m3": np.round(seen.value, 4),
        "kriging_sd_ug_m3": np.round(seen.sd, 4),
        "idw_ug_m3": np.round(seen.contrast, 4),
        "score_ug_m3": np.full(count, np.nan if rmse is None else rmse),
        "residents": pd.Series(np.round(cells.residents)).astype("Int64").array,
    }
    return _frame(area, columns, cells.shapes)


def _proposed_frame(
    area: Area, network: Network, cells: Cells, spots: Floats, measure: Floats, options: Options
) -> gpd.GeoDataFrame:
    """One row per proposed station, the most useful first."""
    count, kriged = len(spots), network.model is not None
    after = measure[1:]
    gained = _gained(network.xy, spots, cells, options.reach_m)
    columns = {
        "rank": np.arange(1, count + 1),
        "basis": np.full(count, KRIGING if kriged else DISTANCE),
        "mean_sd_ug_m3": np.round(np.sqrt(after), 4) if kriged else np.full(count, np.nan),
        "mean_distance_m": np.full(count, np.nan) if kriged else np.round(after, 1),
        "residents_gained": np.round(gained).astype(np.int64),
    }
    return _frame(area, columns, shapely.points(spots))


def _gained(stations_xy: Floats, spots: Floats, cells: Cells, reach_m: float) -> Floats:
    """Return residents that each new station brings within reach of the first station."""
    people = np.nan_to_num(cells.residents)
    within = np.zeros(len(people), dtype=bool)
    if len(stations_xy):
        within = _nearest_m(stations_xy, cells.middles) <= reach_m
    gained = np.zeros(len(spots))
    for i, spot in enumerate(spots):
        near = np.linalg.norm(cells.middles - spot, axis=1) <= reach_m
        gained[i] = people[near & ~within].sum()
        within |= near
    return gained


def _figures(
    homes: gpd.GeoDataFrame,
    found: Stations,
    network: Network,
    seen: Seen,
    cells: Cells,
    options: Options,
) -> dict[str, Any]:
    residents = _residents(homes)
    known = ~np.isnan(residents)
    within = np.zeros(len(homes), dtype=bool)
    xy = found.xy[found.continuous]
    if len(xy):
        doors = shapely.get_coordinates(np.asarray(homes.geometry))
        within = _nearest_m(xy, doors) <= options.reach_m
    total = float(residents[known].sum())
    reached = float(residents[known & within].sum())
    people = np.nan_to_num(cells.residents)
    return {
        "pollutant": options.column,
        "stations_continuous": int(found.continuous.sum()),
        "stations_per_100000": _ratio(float(found.continuous.sum()) * 1e5, total, decimals=3),
        "reach_m": options.reach_m,
        "residents": int(total) if known.any() else None,
        "residents_within_reach": int(reached) if known.any() else None,
        "share_residents_within_reach": _ratio(reached, total),
        "basis": DISTANCE if network.model is None else KRIGING,
        "share_cells_blind": _ratio(float(seen.blind.sum()), float(len(seen.blind))),
        "residents_blind": int(people[seen.blind].sum()) if known.any() else None,
    }


def _measures(network: Network, measure: Floats) -> dict[str, Any]:
    """Mean measure of all cells with the stations there are, and after each proposed one."""
    name = "mean_distance_m" if network.model is None else "mean_kriging_variance"
    return {name: [round(v, 6) if np.isfinite(v) else None for v in measure.tolist()]}


def _quality(
    homes: gpd.GeoDataFrame, found: Stations, when: Window, network: Network, options: Options
) -> dict[str, Any]:
    return {
        "window_begin": when.begin.isoformat(),
        "window_end": when.end.isoformat(),
        "hours": when.hours,
        "completeness_share": options.completeness_share,
        "stations": len(found.ids),
        "stations_silent": int((found.completeness == 0).sum()),
        "stations_incomplete": int((~found.continuous & (found.completeness > 0)).sum()),
        "stations_at_a_shared_place": int(found.continuous.sum()) - len(network.xy),
        "least_completeness": _least(found.completeness),
        "variogram": network.origin,
        "variogram_model": None if network.model is None else asdict(network.model),
        "variogram_not_computable": network.reason or None,
        "buildings_without_residents_known": int(np.isnan(_residents(homes)).sum()),
    }


def _nearest_m(stations_xy: Floats, to: Floats) -> Floats:
    distance, _ = cKDTree(stations_xy).query(to)
    return np.asarray(distance, dtype=np.float64)


def _least(completeness: Floats) -> float | None:
    return round(float(completeness.min()), 6) if len(completeness) else None


def _residents(homes: gpd.GeoDataFrame) -> Floats:
    residents: Floats = homes["residents"].to_numpy(dtype=np.float64, na_value=np.nan)
    return residents


def _ratio(part: float, whole: float, *, decimals: int = 6) -> float | None:
    return round(part / whole, decimals) if whole > 0 else None


def _frame(area: Area, columns: Mapping[str, Any], shapes: Any) -> gpd.GeoDataFrame:
    ids: pd.Index[int] = pd.Index(
        area.feature_id(1) + np.arange(len(shapes), dtype=np.int64), name="id"
    )
    frame = gpd.GeoDataFrame(dict(columns), geometry=shapes, crs=metric_crs(area), index=ids)
    return frame.to_crs(WGS84)
