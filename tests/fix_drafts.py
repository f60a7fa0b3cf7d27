"""A file as a city's office has it, and a drafted layer that is filled in."""

import re
from pathlib import Path

import geopandas as gpd
import shapely

BENCHES = 12
FILLED = {
    "title in Belarusian": "Лаўкі", "title in Russian": "Скамьи", "title in English": "Benches",
    "official, open, derived or demonstration": "official",
    "of the rows: official, open, derived or demonstration": "official",
    "P1Y, P1M or another ISO 8601 duration, irregular, once or continuous": "P1Y",
    "SPDX id of the licence, e.g. CC-BY-4.0": "CC-BY-4.0",
    "name of the licence": "Creative Commons Attribution 4.0",
    "the words that the source asks for": "City of Orsha",
    "open, internal or restricted": "open",
}  # fmt: skip


def benches(crs: str = "EPSG:32636", count: int = BENCHES) -> gpd.GeoDataFrame:
    """Benches of Orsha, their columns named and written as people do."""
    data = {
        "id": [100 + n for n in range(count)],
        "Назва": [f"Лаўка № {n}" for n in range(count)],
        "Вид": ["драўляная", "бетонная"] * (count // 2),
        "длина, м": [f"{n},5" for n in range(count)],
        "Дата ўстаноўкі": [f"{n + 1:02}.05.2024" for n in range(count)],
        "spinka": ["да", "нет"] * (count // 2),
        "order": [n * 0.5 for n in range(count)],
        "soato": ["2236501000"] * count,
        "заметка": [None] * count,
    }
    places = [shapely.Point(30.42 + 0.001 * n, 54.5) for n in range(count)]
    return gpd.GeoDataFrame(data, geometry=places, crs=4326).to_crs(crs)


def fill(folder: Path) -> int:
    """Fill the placeholders of a drafted layer as a person would; return how many there were."""
    number = 0
    for file in folder.iterdir():
        text, found = re.subn(
            r"(?P<quote>['\"])TODO: (?P<what>.*?)(?P=quote)",
            lambda m: f"{m['quote']}{FILLED.get(m['what'], 'written by a person')}{m['quote']}",
            file.read_text(encoding="utf-8"),
        )
        number += found
        file.write_text(text, encoding="utf-8")
    return number
