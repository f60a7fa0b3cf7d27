"""Administrative units: borders and population from the source, codes and names from the seeds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from layers import seed
from layers.errors import CorruptSource

FILE = "belarus_admin.gpkg"
POPULATION_YEAR = 2024
MERGED_NOTE = "has no border of its own in the source (2017): its land and people are within {}"
CITIES_NOTE = (
    "population includes {} people of the cities of oblast subordination within its border"
)
MERGED: Mapping[str, str] = {"Дрибинский район": "Горецкий район"}
"""A raion the source does not have, and the one whose border holds it (data.md, raw names)."""

AREA_NOTES: Mapping[str, str] = {
    "5000000000": "the source draws 217.5 km2; the official area is about 349 km2 (recalled)",
    "2236000000": "the source draws 1733 km2; the published area is 1706.8 km2",
}
"""Units whose border in the source (2017, generalised) is known to be off, by SOATO code."""

MINSK = "minsk_city"
RAION_NUMBER = 101
"""Raions are numbered from here in the order of their SOATO codes; the city of Minsk is 100."""

Row = dict[str, Any]


def normal(name: str) -> str:
    """Return a name in the form joins compare: the sources disagree on ё and `г.`."""
    plain = name.lower().replace("ё", "е").replace("город ", "г. ").replace("г.", "г. ")
    return " ".join(plain.split())


def from_source(files: Mapping[str, Path]) -> gpd.GeoDataFrame:
    """Read country, oblasts and raions in EPSG:4326; the index is the number of the unit.

    Raises CorruptSource when a unit of the file is not in the seed tables, or the reverse.
    """
    path = files[FILE]
    country, oblasts, raions = (
        gpd.read_file(path, layer=layer) for layer in ("adm0_country", "adm1_oblast", "adm2_raion")
    )
    by_oblast = {normal(str(r.oblast_ru)): r for r in oblasts.itertuples()}
    by_raion = {normal(str(r.name_ru)): r for r in raions.itertuples()}
    rows = from_seed_rows()
    for row in rows:
        _add_border(row, country, by_oblast, by_raion)
    left = sorted(by_oblast) + sorted(by_raion)
    if left:
        raise CorruptSource(f"{path.name} has units that the seed tables do not have: {left}")
    return _frame(rows)


def from_seed() -> gpd.GeoDataFrame:
    """Return the units of the seed tables; only the country has a (rough) border."""
    rows = from_seed_rows()
    rows[0]["geometry"] = shapely.Polygon(seed.country_outline())
    rows[0]["note"] = "rough outline typed by hand, for orientation only"
    return _frame(rows)


def from_seed_rows() -> list[Row]:
    """Return one row per unit, without border: the country, oblasts and Minsk, raions."""
    oblasts = list(seed.oblasts().values())
    rows = [_seed_row(number, o) for number, o in enumerate(oblasts, start=1)]
    minsk = next(o for o in oblasts if o.id == MINSK)
    twin = _seed_row(RAION_NUMBER - 1, minsk)
    rows.append(twin | {"level": "raion", "note": "a city that ranks as an oblast"})
    iso = {o.id: o.iso_3166_2 for o in oblasts}
    raions = sorted(seed.raions(), key=lambda r: r.soato)
    for number, raion in enumerate(raions, start=RAION_NUMBER):
        rows.append(
            {
                "id": number,
                "soato": raion.soato,
                "level": "raion",
                "name_be": raion.name.be,
                "name_ru": raion.name.ru,
                "name_en": raion.name.en,
                "oblast": raion.oblast,
                "iso_3166_2": iso[raion.oblast],
                "soato_status": "verified" if raion.status == "verified" else "recalled",
            }
        )
    return rows


def _seed_row(number: int, unit: seed.Oblast) -> Row:
    country = unit.level == "country"
    # A code of which only a part was seen is not verified.
    status = "verified" if unit.soato_status == "verified" else "recalled"
    return {
        "id": number,
        "soato": unit.soato or None,
        "level": unit.level,
        "name_be": unit.name.be,
        "name_ru": unit.name.ru,
        "name_en": unit.name.en,
        "oblast": None if country else unit.id,
        "iso_3166_2": unit.iso_3166_2,
        "population": unit.population_2024,
        "population_year": POPULATION_YEAR,
        "soato_status": status if unit.soato else None,
    }


def _add_border(
    row: Row, country: gpd.GeoDataFrame, by_oblast: dict[str, Any], by_raion: dict[str, Any]
) -> None:
    """Move border, area and population of a unit from the source into its row."""
    if row["level"] == "country":
        row |= {"geometry": country.geometry.iloc[0], "area_km2": float(country.area_km2.iloc[0])}
        return
    if row["name_ru"] in MERGED:
        row["note"] = MERGED_NOTE.format(MERGED[row["name_ru"]])
        return
    units = by_oblast if row["level"] == "oblast" else by_raion
    found = units.pop(normal(row["name_ru"]), None)
    if found is None:
        raise CorruptSource(f"{FILE} has no {row['level']} {row['name_ru']}")
    row |= {"geometry": found.geometry, "area_km2": float(found.area_km2)}
    row["note"] = AREA_NOTES.get(row["soato"], row.get("note"))
    if units is by_raion:
        _add_population(row, found)


def _add_population(row: Row, found: Any) -> None:
    """Take the people within the border: Belstat's raion rows leave out the larger cities."""
    row |= {"population": int(found.pop_polygon_2024), "population_year": POPULATION_YEAR}
    if found.unit == "raion" and found.pop_cities_2024:
        row["note"] = CITIES_NOTE.format(int(found.pop_cities_2024))
    merged = [name for name, holder in MERGED.items() if holder == row["name_ru"]]
    if merged:
        row["note"] = f"land and population include {', '.join(merged)}"


def _frame(rows: list[Row]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows).set_index("id").sort_index()
    for column in ("population", "population_year"):
        table[column] = table[column].astype("Int64")
    table = table.assign(geometry=table["geometry"]) if "geometry" in table else table
    return gpd.GeoDataFrame(table, geometry="geometry", crs=4326)
