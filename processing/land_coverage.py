"""Land of an area by functional zone, and its people by building: frames in, frames out.

The methods are in `processing/land.py` and `processing/census.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.model import Area
from processing import census, land
from processing.checks import (
    first_ids,
    require_amounts,
    require_columns,
    require_known,
    require_rows,
)
from processing.crs import metric_crs
from processing.errors import BadGeometry
from processing.frames import placed
from processing.land_blocks import Ground, covered
from processing.network import NONE, Bools, Floats, Geometries, Ints
from processing.pipelines.model import Result
from processing.raster import Raster, require_crs
from processing.spread import Spread

WGS84 = "EPSG:4326"
AREAS, LINES = ("Polygon", "MultiPolygon"), ("LineString", "MultiLineString")
BUILT, SEALED, GRASS, TREES, WATER, BARE = CLASSES = (1, 2, 3, 4, 5, 6)
"""Classes of the raster `land_cover` (layers/rasters/land_cover.yml)."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is measured; frames have feature ids as index, None = the area has none.

    `buildings` (polygons; `kind`, `storeys`), `zones` (polygons; `zone`), `quarters` (polygons),
    `units` (polygons; `unit_id`, `population`), `red_lines` (lines; `kind`), `green` (polygons),
    `land_cover` in the metric CRS of the area.
    """

    buildings: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame | None
    quarters: gpd.GeoDataFrame | None
    units: gpd.GeoDataFrame | None
    red_lines: gpd.GeoDataFrame | None
    green: gpd.GeoDataFrame | None
    land_cover: Raster | None


@dataclass(frozen=True, slots=True)
class Settings:
    """How many storeys a building is taken to have whose number is not known."""

    storeys_unknown: int = 1


@dataclass(frozen=True, slots=True)
class _Sites:
    """Zones, or the quarter where there are none; metric."""

    frame: gpd.GeoDataFrame
    kind: str

    @property
    def shapes(self) -> Geometries:
        found: Geometries = self.frame.geometry.to_numpy()
        return found


@dataclass(frozen=True, slots=True)
class _Houses:
    """Buildings in the order of their ids; metric."""

    frame: gpd.GeoDataFrame
    shapes: Geometries
    points: Geometries
    storeys: Floats
    residential: Bools


@dataclass(frozen=True, slots=True)
class _People:
    placed: census.Placed
    unit: Ints
    names: Any
    population: Floats


def land_coverage(
    area: Area, inputs: Inputs, settings: Settings, spread: Spread | None = None
) -> Result:
    """Return `land_coverage` by zone and `placed_residents` by building, EPSG:4326, ids of area.

    What cannot be computed for want of an input is missing and named in `quality`. With `spread`
    what covers the sites is computed by tiles, to the same bits. Raises EmptyInput when there are
    no buildings or the kind of none is known, or neither zones nor a quarter, MissingColumn,
    BadGeometry, BadValue, RepeatedId, NotProjected, Distorted, MixedCRS, BadParameter.
    """
    houses = _houses(area, inputs.buildings, settings)
    sites = _sites(area, inputs)
    people = _people(area, inputs.units, houses)
    conflicts = _conflicts(area, inputs.red_lines, houses)
    rows = _rows(area, sites, houses, inputs, spread)
    _add_people(rows, sites, houses, people)
    _add_conflicts(rows, sites, houses, conflicts)
    return Result(
        frames={
            "land_coverage": _frame_of(area, rows, sites.frame),
            "placed_residents": _placed(area, houses, people, conflicts),
        },
        figures=_figures(rows, people, conflicts),
        quality=_quality(sites, houses, people, conflicts, rows),
    )


def _houses(area: Area, buildings: gpd.GeoDataFrame, settings: Settings) -> _Houses:
    require_columns(buildings, ("kind", "storeys"), name="buildings")
    frame = placed(buildings, area, AREAS, name="buildings")
    require_amounts(frame, ("storeys", "residents"), name="buildings")
    kinds = frame["kind"].astype(object)
    require_rows(kinds.dropna(), name="buildings of a known kind", remedy="load the column, too")
    storeys = frame["storeys"].to_numpy(dtype=np.float64, na_value=np.nan)
    shapes = frame.geometry.to_numpy()
    return _Houses(
        frame,
        shapes,
        shapely.point_on_surface(shapes),
        np.where(storeys > 0, storeys, float(settings.storeys_unknown)),
        np.equal(kinds.fillna("").to_numpy(), "residential").astype(bool),
    )


def _sites(area: Area, inputs: Inputs) -> _Sites:
    """Return the zones, or the outline of the quarter where there are none."""
    if inputs.zones is not None and len(inputs.zones):
        require_columns(inputs.zones, ("zone",), name="functional_zones")
        zones = placed(inputs.zones, area, AREAS, name="functional_zones", needed=False)
        if len(zones):
            _require_ground(zones, "functional_zones")
            return _Sites(zones, "zone")
    quarters = inputs.quarters
    frame = (
        None
        if quarters is None
        else placed(quarters, area, AREAS, name="smart_quarters", needed=False)
    )
    if frame is None or not len(frame):
        raise_for = gpd.GeoDataFrame(geometry=[], crs=WGS84)
        name = f"functional_zones and smart_quarters in area {area.id}"
        require_rows(raise_for, name=name, remedy="load one of the two")
        frame = raise_for
    _require_ground(frame, "smart_quarters")
    return _Sites(frame, "quarter")


def _require_ground(frame: gpd.GeoDataFrame, name: str) -> None:
    """Raise BadGeometry, naming the first ids, for polygons without area."""
    flat = frame.index[~(shapely.area(frame.geometry.to_numpy()) > 0)]
    if len(flat):
        raise BadGeometry(f"{name}: ids {first_ids(flat)} have no area; correct their outlines")


def _people(area: Area, units: gpd.GeoDataFrame | None, houses: _Houses) -> _People | None:
    if units is None or not len(units):
        return None
    require_columns(units, ("unit_id", "population"), name="census_units")
    require_known(units, ("unit_id",), name="census_units")
    require_amounts(units, ("population",), name="census_units")
    frame = placed(units, area, AREAS, name="census_units", needed=False)
    population = frame["population"].to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isfinite(population).any():
        return None
    unit = census.unit_of(houses.points, frame.geometry.to_numpy())
    residents = census.place_people(population, unit, _floors_m2(houses, houses.residential))
    names = frame["unit_id"].astype(str).to_numpy(dtype=object)
    return _People(residents, unit, names, population)


def _floors_m2(houses: _Houses, counted: Bools) -> Floats:
    return land.floors_m2(shapely.area(houses.shapes), houses.storeys, counted)


def _conflicts(
    area: Area, lines: gpd.GeoDataFrame | None, houses: _Houses
) -> land.Conflicts | None:
    if lines is None or not len(lines):
        return None
    require_columns(lines, ("kind",), name="red_lines")
    frame = placed(lines, area, LINES, name="red_lines", needed=False)
    red = frame[frame["kind"].eq("red_line").fillna(value=False)].geometry.to_numpy()
    return land.red_line_conflicts(houses.shapes, red) if len(red) else None


def _rows(
    area: Area, sites: _Sites, houses: _Houses, inputs: Inputs, spread: Spread | None
) -> pd.DataFrame:
    ground_m2 = shapely.area(sites.shapes)
    cover = _cover(area, inputs.land_cover)
    ground = Ground(houses.shapes, _green(area, inputs.green), cover, CLASSES)
    by = covered(sites.shapes, ground, spread)
    found, storeys = by.cover, houses.storeys[by.building]
    dense = land.density(ground_m2, by.built_m2, by.built_m2 * storeys, by.site)
    zones = sites.frame["zone"] if sites.kind == "zone" else None
    columns = {
        "site_id": sites.frame.index.to_numpy(dtype=np.int64),
        "site_kind": sites.kind,
        "zone": None if zones is None else zones.astype(object).where(zones.notna(), None).array,
        "area_m2": np.round(ground_m2, 3),
        "built_share": found.share(BUILT),
        "sealed_share": found.share(SEALED),
        "green_share": found.share(GRASS, TREES),
        "known_share": found.known_m2 / ground_m2,
        "green_areas_share": by.green_m2 / ground_m2,
        "coverage_ratio": dense.coverage_ratio,
        "floor_area_ratio": dense.floor_area_ratio,
    }
    made = pd.DataFrame(columns)
    for name in (name for name in columns if name.endswith(("_share", "_ratio"))):
        # Cells and areas are summed apart: rounded, no last bit carries a share over 1.
        made[name] = made[name].round(8)
    return made


def _green(area: Area, green: gpd.GeoDataFrame | None) -> Geometries | None:
    if green is None or not len(green):
        return None
    shapes: Geometries = placed(
        green, area, AREAS, name="green_areas", needed=False
    ).geometry.to_numpy()
    return shapes if len(shapes) else None


def _cover(area: Area, raster: Raster | None) -> Raster | None:
    if raster is None or not raster.values.size:
        return None
    require_crs(raster, metric_crs(area), name="land_cover")
    return raster


def _add_people(rows: pd.DataFrame, sites: _Sites, houses: _Houses, people: _People | None) -> None:
    rows["residents"], rows["residents_ha"] = pd.Series(pd.NA, rows.index, dtype="Int64"), np.nan
    if people is None:
        return
    placed_ = people.placed.residents
    within = census.unit_of(houses.points, sites.shapes)
    residents = land.summed(np.nan_to_num(placed_), within, len(rows))
    known, unknown = (
        land.summed((houses.residential & which).astype(np.float64), within, len(rows))
        for which in (np.isfinite(placed_), np.isnan(placed_))
    )
    residents = np.where((unknown > 0) & (known == 0), np.nan, residents)
    rows["residents"] = pd.Series(residents).astype("Int64")
    rows["residents_ha"] = np.round(residents / shapely.area(sites.shapes) * 1e4, 3)


def _add_conflicts(
    rows: pd.DataFrame, sites: _Sites, houses: _Houses, conflicts: land.Conflicts | None
) -> None:
    """Add conflicts to the site in which most of the building lies; of equal ones the first."""
    rows["red_line_conflicts"] = pd.Series(pd.NA, rows.index, dtype="Int64")
    rows["red_line_beyond_m2"] = np.nan
    if conflicts is None:
        return
    site, building, area_m2 = land.parts(sites.shapes, houses.shapes[conflicts.building])
    order = np.lexsort((site, -area_m2, building))
    those, first = np.unique(building[order], return_index=True)
    within = np.full(len(conflicts.building), NONE, dtype=np.int64)
    within[those] = site[order][first]
    count = land.summed(np.ones(len(within)), within, len(rows))
    rows["red_line_conflicts"] = pd.Series(count).astype("Int64")
    if conflicts.beyond_m2 is not None:
        rows["red_line_beyond_m2"] = np.round(
            land.summed(conflicts.beyond_m2, within, len(rows)), 3
        )


def _frame_of(area: Area, rows: pd.DataFrame, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    index = pd.Index(area.feature_id(1) + np.arange(len(rows), dtype=np.int64), name="id")
    shapes = frame.geometry.to_crs(WGS84).to_numpy()
    return gpd.GeoDataFrame(rows.set_axis(index), geometry=shapes, crs=WGS84)


def _placed(
    area: Area, houses: _Houses, people: _People | None, conflicts: land.Conflicts | None
) -> gpd.GeoDataFrame:
    count = len(houses.frame)
    crosses = np.full(count, "unknown" if conflicts is None else "clear", dtype=object)
    if conflicts is not None:
        crosses[conflicts.building] = "crosses"
    names = np.full(count, None, dtype=object)
    residents = np.full(count, np.nan)
    if people is not None:
        names = np.append(people.names, [None])[people.unit]  # NONE = -1 is the last
        residents = people.placed.residents
    given = houses.frame.get("residents", pd.Series(np.nan, houses.frame.index))
    rows = pd.DataFrame({
        "building_id": houses.frame.index.to_numpy(dtype=np.int64),
        "unit_id": names,
        "floor_area_m2": np.round(_floors_m2(houses, houses.residential), 3),
        "residents_placed": pd.Series(residents).astype("Int64"),
        "residents": given.astype("Int64").array,
        "crosses_red_line": crosses,
    })  # fmt: skip
    return _frame_of(area, rows, houses.frame)


def _figures(
    rows: pd.DataFrame, people: _People | None, conflicts: land.Conflicts | None
) -> dict[str, Any]:
    """Return the sums of all sites, weighted by their ground; None where nothing is known."""
    ground_m2 = rows["area_m2"]
    shares = [name for name in rows if str(name).endswith(("_share", "_ratio"))]
    return {
        "area_m2": float(ground_m2.sum()),
        **{str(name): _mean(rows[name], ground_m2) for name in shares},
        "zones": _balance(rows) if _zoned(rows) else None,
        "population": None if people is None else int(np.nansum(people.population)),
        "residents_placed": None if people is None else int(np.nansum(people.placed.residents)),
        "residents_unplaced": None if people is None else int(np.nansum(people.placed.unplaced)),
        "red_line_conflicts": None if conflicts is None else len(conflicts.building),
        "red_line_beyond_m2": None
        if conflicts is None or conflicts.beyond_m2 is None
        else round(float(conflicts.beyond_m2.sum()), 3),
    }


def _mean(values: pd.Series, ground_m2: pd.Series) -> float | None:
    known = values.notna()
    if not known.any():
        return None
    return round(float(np.average(values[known], weights=ground_m2[known])), 8)


def _zoned(rows: pd.DataFrame) -> bool:
    """Tell whether the code of any zone is known."""
    return bool(rows["zone"].notna().any())


def _balance(rows: pd.DataFrame) -> dict[str, Mapping[str, float]]:
    """Return the area and share of every zone code: the balance of the territory."""
    by_code = rows.groupby("zone", sort=True)["area_m2"].sum()
    total = float(by_code.sum())
    return {
        str(code): {"area_m2": round(float(area), 3), "share": round(float(area) / total, 8)}
        for code, area in by_code.items()
    }


def _quality(
    sites: _Sites,
    houses: _Houses,
    people: _People | None,
    conflicts: land.Conflicts | None,
    rows: pd.DataFrame,
) -> dict[str, Any]:
    computed = {
        "zone balance": _zoned(rows),
        "land cover shares": rows["built_share"].notna().any(),
        "green areas overlay": rows["green_areas_share"].notna().any(),
        "residents": people is not None,
        "red line conflicts": conflicts is not None,
    }
    storeys = houses.frame["storeys"].to_numpy(dtype=np.float64, na_value=np.nan)
    overlap = float(rows["area_m2"].sum() - shapely.area(shapely.union_all(sites.shapes)))
    within = census.unit_of(houses.points, sites.shapes)
    return {
        "not_computed": [name for name, told in computed.items() if not told],
        "buildings_outside_sites": int((within == NONE).sum()),
        "buildings_storeys_not_known": int((~(storeys > 0)).sum()),
        "sites_overlap_m2": round(max(overlap, 0.0), 1),
        "sites_partly_without_land_cover": int((rows["known_share"] < 0.999).sum()),
        "units_without_housing": None
        if people is None
        else int((people.placed.unplaced > 0).sum()),
        "units_population_not_known": None
        if people is None
        else int(np.isnan(people.population).sum()),
        "buildings_outside_units": None if people is None else int((people.unit == NONE).sum()),
    }
