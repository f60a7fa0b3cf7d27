"""The maps of the report, from the frames of a run: buildings and streets coloured by outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np

from layers.model import Area, Text
from processing.crs import metric_crs
from processing.report.content import Picture
from processing.report.drawing import Paint, draw

Frames = Mapping[str, Any]

GOOD, BAD, NONE = "#1a7f37", "#c8421b", "#9aa0a6"
MIDDLE = "#e0a100"
STREETS, GREEN, HOUSES = "#c9ccd1", "#dcebd3", "#e4e2dd"


def _t(be: str, ru: str, en: str) -> Text:
    return Text(be=be, ru=ru, en=en)


@dataclass(frozen=True, slots=True)
class _Map:
    """A map of one column: which rows, which colour each value has; other values are grey."""

    title: Text
    layer: str
    column: str
    colours: Mapping[str, tuple[str, Text]]
    where: tuple[str, str] | None = None
    width: float = 0.0


_WITHIN = _t("у межах нормы", "в пределах нормы", "within the limit")
_BEYOND = _t("далей за норму", "дальше нормы", "beyond the limit")
_OTHER = _t("не вылічана", "не вычислено", "not computed")
_LIMIT = {"covered": (GOOD, _WITHIN), "not_covered": (BAD, _BEYOND)}

_MAPS = (
    _Map(_t("Школа", "Школа", "School"), "service_coverage", "coverage", _LIMIT,
         ("service_class", "school")),
    _Map(_t("Паліклініка", "Поликлиника", "Clinic"), "service_coverage", "coverage", _LIMIT,
         ("service_class", "clinic")),
    _Map(_t("Зелень за 300 м", "Озеленение в 300 м", "Green within 300 m"), "accessibility",
         "green", _LIMIT),
    _Map(_t("Асвятленне вуліц", "Освещение улиц", "Street lighting"), "street_lighting", "verdict",
         {"lit": (GOOD, _t("адпавядае класу", "соответствует классу", "meets its class")),
          "below": (BAD, _t("ніжэй за клас", "ниже класса", "below its class"))}, width=2.5),
    _Map(_t("4G у памяшканнях", "4G в помещениях", "4G indoors"), "radio_coverage", "indoor",
         {"covered": (GOOD, _t("ёсць", "есть", "covered")),
          "uncertain": (MIDDLE, _t("у палове месцаў", "в половине мест", "half of the places")),
          "not_covered": (BAD, _t("няма", "нет", "not covered"))}, ("technology", "lte")),
    _Map(_t("Оптавалакно", "Оптоволокно", "Fibre"), "fibre_coverage", "coverage",
         {"serviceable": (GOOD, _t("можна падключыць", "можно подключить", "can be served")),
          "over_budget": (MIDDLE, _t("страты завялікія", "потери велики", "loss too high")),
          "no_duct": (BAD, _t("няма каналізацыі", "нет канализации", "no duct"))}),
)  # fmt: skip


def pictures(area: Area, outputs: Frames, inputs: Frames) -> tuple[Picture, ...]:
    """Return a map for every result that is there, over streets, houses and green."""
    crs = metric_crs(area)
    ground = {
        name: inputs[name].to_crs(crs).geometry
        for name in ("green_areas", "buildings", "streets")
        if inputs.get(name) is not None and len(inputs[name])
    }
    bounds = tuple(float(edge) for edge in ground["buildings"].total_bounds)
    base = [
        Paint(ground[name], colour, width)
        for name, colour, width in (
            ("green_areas", GREEN, 0.0), ("streets", STREETS, 1.2), ("buildings", HOUSES, 0.0),
        )
        if name in ground
    ]  # fmt: skip
    return tuple(
        _picture(one, outputs[one.layer].to_crs(crs), base, bounds)
        for one in _MAPS
        if outputs.get(one.layer) is not None
    )


def _picture(
    one: _Map, rows: gpd.GeoDataFrame, base: list[Paint], bounds: tuple[float, ...]
) -> Picture:
    if one.where is not None:
        column, value = one.where
        rows = rows[rows[column] == value]
    values = rows[one.column].astype(str).to_numpy()
    colours = np.array([one.colours.get(v, (NONE, _OTHER))[0] for v in values], dtype=object)
    west, south, east, north = bounds
    svg = draw([*base, Paint(rows.geometry, list(colours), one.width)], (west, south, east, north))
    legend = [entry for name, entry in one.colours.items() if (values == name).any()]
    if (colours == NONE).any():
        legend.append((NONE, _OTHER))
    return Picture(one.title, svg, tuple(legend))
