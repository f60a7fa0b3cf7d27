"""Fibre coverage of an area: frames in, frames out; the method is in `processing/fibre.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.message import message
from layers.model import Area
from processing import fibre
from processing.access import shares
from processing.checks import require_amounts, require_columns
from processing.crs import require_same
from processing.errors import EmptyInput
from processing.fibre import SERVICEABLE, Losses, Plant, Served
from processing.frames import placed
from processing.network import NONE, Floats, Ints
from processing.pipelines.model import Result
from processing.scene import PEOPLE, places

WGS84 = "EPSG:4326"
POINTS, LINES, AREAS = ("Point",), ("LineString",), ("Polygon", "MultiPolygon")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The frames that are measured, with feature ids as index.

    `buildings` (polygons; `residents`, `dwellings` where known), `ducts` (LineStrings), `splitters`
    (points; `loss_db`, `terminal`: the `terminal_id` or feature id of its line terminal),
    `line_terminals` (points; `terminal_id`, `budget_db`).
    """

    buildings: gpd.GeoDataFrame
    ducts: gpd.GeoDataFrame
    splitters: gpd.GeoDataFrame
    line_terminals: gpd.GeoDataFrame


@dataclass(frozen=True, slots=True)
class Settings:
    """What is lost on the way, and how far from a duct a building or node may stand."""

    losses: Losses = field(default_factory=Losses)
    drop_m: float = 60.0


def fibre_coverage(area: Area, inputs: Inputs, settings: Settings) -> Result:
    """Return `fibre_coverage`, a row per building, EPSG:4326, with ids of the area.

    A splitter without known loss, or without a terminal of known budget, feeds nobody; it is
    counted in `quality`. Raises EmptyInput when there are no buildings, ducts, splitters or
    terminals, or nothing is known of any splitter, MissingColumn, BadGeometry, BadValue,
    RepeatedId, NotProjected, Distorted, BadParameter.
    """
    frames = {
        "buildings": placed(inputs.buildings, area, AREAS, name="buildings"),
        "ducts": placed(inputs.ducts, area, LINES, name="ducts"),
        "splitters": placed(inputs.splitters, area, POINTS, name="splitters"),
        "line_terminals": placed(inputs.line_terminals, area, POINTS, name="line_terminals"),
    }
    require_same(**frames)
    require_columns(frames["splitters"], ("loss_db", "terminal"), name="splitters")
    require_columns(frames["line_terminals"], ("budget_db",), name="line_terminals")
    require_amounts(frames["buildings"], PEOPLE, name="buildings")
    require_amounts(frames["splitters"], ("loss_db",), name="splitters")
    require_amounts(frames["line_terminals"], ("budget_db",), name="line_terminals")
    buildings, ducts = frames["buildings"], frames["ducts"]
    plant = _plant(frames["splitters"], frames["line_terminals"])
    lines = fibre.ducts(_ids(ducts), np.asarray(ducts.geometry))
    homes = places(np.asarray(buildings.geometry))
    found = fibre.served(lines, plant, homes, settings.losses, drop_m=settings.drop_m)
    return Result(
        frames={"fibre_coverage": _result(area, buildings, frames["splitters"], found)},
        figures=_figures(buildings, found),
        quality={
            "drop_m": settings.drop_m,
            "duct_length_m": round(float(lines.length_m.sum()), 3),
            "splitters": len(plant.splitters),
            "splitters_without_loss_known": int(np.isnan(plant.splitter_db).sum()),
            "splitters_without_terminal": int((plant.splitter_terminal == NONE).sum()),
            "terminals": len(plant.terminals),
            "terminals_without_budget_known": int(np.isnan(plant.budget_db).sum()),
        },
    )


def _plant(splitters: gpd.GeoDataFrame, terminals: gpd.GeoDataFrame) -> Plant:
    """Return the nodes; raises EmptyInput when it is not known of any splitter what it feeds."""
    numbers = {str(feature): n for n, feature in enumerate(terminals.index)}
    if "terminal_id" in terminals.columns:
        numbers |= {str(name): n for n, name in enumerate(terminals["terminal_id"])}
    named = [_key(value) for value in splitters["terminal"]]
    plant = Plant(
        terminals=np.asarray(terminals.geometry),
        budget_db=_numbers(terminals, "budget_db"),
        splitters=np.asarray(splitters.geometry),
        splitter_db=_numbers(splitters, "loss_db"),
        splitter_terminal=np.array([numbers.get(name, NONE) for name in named], dtype=np.int64),
    )
    budget_db = np.append(plant.budget_db, np.nan)[plant.splitter_terminal]
    if np.isnan(budget_db - plant.splitter_db).all():
        raise EmptyInput(message("input.no_plant"))
    return plant


def _key(value: object) -> str:
    """Return an id as text: a whole number that came as a float, too."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _result(
    area: Area, buildings: gpd.GeoDataFrame, splitters: gpd.GeoDataFrame, found: Served
) -> gpd.GeoDataFrame:
    fed = found.splitter != NONE
    ids = np.where(fed, _ids(splitters)[found.splitter], 0)
    columns = {
        "building_id": _ids(buildings),
        "coverage": found.coverage,
        "length_m": np.round(found.length_m, 3),
        "loss_db": np.round(found.loss_db, 4),
        "reserve_db": np.round(found.reserve_db, 4),
        "splitter_id": pd.Series(ids, dtype="Int64").where(fed).array,
        "residents": pd.Series(_numbers(buildings, "residents")).astype("Int64").array,
        "dwellings": pd.Series(_numbers(buildings, "dwellings")).astype("Int64").array,
    }
    index = pd.Index(area.feature_id(1) + np.arange(len(buildings), dtype=np.int64), name="id")
    footprints = np.asarray(buildings.geometry.to_crs(WGS84))
    return gpd.GeoDataFrame(columns, geometry=footprints, crs=WGS84, index=index)


def _figures(buildings: gpd.GeoDataFrame, found: Served) -> dict[str, Any]:
    held = found.coverage == SERVICEABLE
    found_shares = shares(held, _numbers(buildings, "residents"), _numbers(buildings, "dwellings"))
    kinds, counts = np.unique(found.coverage, return_counts=True)
    return {
        "buildings_total": found_shares.buildings_total,
        "share_buildings": found_shares.share_buildings,
        "share_dwellings": found_shares.share_dwellings,
        "share_residents": found_shares.share_residents,
        "buildings_by_class": dict(zip(kinds.tolist(), counts.tolist(), strict=True)),
    }


def _ids(frame: gpd.GeoDataFrame) -> Ints:
    ids: Ints = frame.index.to_numpy(dtype=np.int64)
    return ids


def _numbers(frame: gpd.GeoDataFrame, column: str) -> Floats:
    """Return a column as numbers with NaN where it is not known or not there."""
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    numbers: Floats = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers
