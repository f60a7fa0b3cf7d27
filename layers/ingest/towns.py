"""Settlements: towns of the source joined with the programme cities of the seed tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from layers import seed
from layers.errors import CorruptSource
from layers.ingest.boundaries import normal

FILE = "belarus_cities.geojson"

UNNAMED: Mapping[str, str] = {
    "Malinovka": "Малиновка",
    "Novoye Medvezhino": "Новое Медвежино",
    "Kalodzishchy": "Колодищи",
}
"""Russian names the source lacks: two districts of Minsk and an agrotown (recalled)."""

Row = dict[str, Any]


def from_source(files: Mapping[str, Path]) -> gpd.GeoDataFrame:
    """Read the towns in EPSG:4326: the programme cities by their numbers, then by GeoNames id.

    Raises CorruptSource when a programme city is missing in the file.
    """
    towns = gpd.read_file(files[FILE]).sort_values("geonameid")
    cities = {normal(s.name.ru): s for s in seed.settlements().values()}
    rows, others = [], []
    for town in towns.itertuples():
        city = cities.pop(normal(town.name_ru), None) if isinstance(town.name_ru, str) else None
        row = _town_row(town)
        if city is None:
            others.append(row)
        else:
            mine = _city_row(city)
            # GeoNames' point is the finer one; the seed's is good to an arc-minute.
            mine |= {"geometry": row["geometry"], "raion": row["raion"], "source": row["source"]}
            rows.append(mine)
    if cities:
        missing = ", ".join(sorted(c.name.ru for c in cities.values()))
        raise CorruptSource(f"{files[FILE].name} lacks the programme cities {missing}")
    last = max(row["id"] for row in rows)
    rows += [row | {"id": last + n} for n, row in enumerate(others, start=1)]
    return _frame(rows)


def from_seed() -> gpd.GeoDataFrame:
    """Return the 17 programme cities."""
    return _frame([_city_row(city) for city in seed.settlements().values()])


def _town_row(town: Any) -> Row:
    oblasts = {normal(o.name.ru.split()[0]): o.id for o in seed.oblasts().values()}
    name = town.name_ru if isinstance(town.name_ru, str) else UNNAMED.get(town.name_en)
    source = "GeoNames; population: Belstat"
    if not isinstance(town.name_ru, str):
        source = "GeoNames; a part of Minsk or its surroundings; no Belstat figure"
    return {
        "name_ru": name,
        "name_en": town.name_en,
        "kind": "other",
        "oblast": oblasts.get(normal(str(town.oblast))),
        "raion": town.raion_polygon if isinstance(town.raion_polygon, str) else None,
        "population_2023": town.pop_belstat_2023,
        "population_2024": town.pop_belstat_2024,
        "source": source,
        "geometry": town.geometry,
    }


def _city_row(city: seed.Settlement) -> Row:
    raions = {r.soato: r.name.ru for r in seed.raions()}
    return {
        "id": city.number,
        "soato": city.soato,
        "name_be": city.name.be,
        "name_ru": city.name.ru,
        "name_en": city.name.en,
        "kind": city.kind,
        "oblast": city.oblast,
        "raion": raions.get(city.raion_soato),
        "population_2023": city.population_2023,
        "population_2024": city.population_2024,
        "soato_status": city.soato_status,
        "source": f"{city.coord_source}; {city.population_source}",
        "geometry": shapely.Point(city.lon, city.lat),
    }


def _frame(rows: list[Row]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows).set_index("id").sort_index()
    for column in ("population_2023", "population_2024"):
        table[column] = table[column].astype("Int64")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=4326)
