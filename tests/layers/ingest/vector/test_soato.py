from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import shapely

from layers import store
from layers.area import save_area, seed_areas
from layers.ingest.vector import soato
from layers.ingest.vector.mapping import Mapping
from layers.model import Origin
from tests.fix_loads import LAYERS, Loader, write

Plots = Callable[..., gpd.GeoDataFrame]


def test_names_are_compared_without_their_kind() -> None:
    for said in ("г. Орша", "Орша", "г.Орша", "горад Орша", "  ОРША "):
        assert soato.plain(said) == "орша"
    assert soato.plain("аг. Ёлка") == "елка"
    assert soato.plain("Гомель") == "гомель"  # begins with the letter of a kind


def test_codes_by_name(load: Loader, plots: Plots, tmp_path: Path) -> None:
    frame = plots(4, **{"НАС_ПУНКТ": ["г. Орша", "Оршанский район", "Мінск", "Атлантыда"]})
    mapping = Mapping.model_validate({"soato": {"by": "name", "from": "НАС_ПУНКТ"}})
    report = load(write(frame, tmp_path / "a.gpkg"), mapping=mapping)
    assert load.rows()["soato"].tolist() == ["2236501000", "2236000000", "5000000000"]
    (found,) = report.findings
    assert (found.code, found.feature, found.value) == ("value.unreadable", "4", "Атлантыда")
    assert "is no place whose SOATO code is known" in found.detail


def test_codes_by_place(load: Loader, plots: Plots, tmp_path: Path) -> None:
    country = seed_areas()["by"]
    save_area(load.conn, country)
    units = gpd.GeoDataFrame(
        {
            "soato": ["2000000000", "2236000000"],
            "level": ["oblast", "raion"],
            "name_be": ["вобласць", "раён"],
            "name_ru": ["область", "район"],
            "name_en": ["oblast", "raion"],
        },
        index=[1, 2],
        geometry=[shapely.box(30.40, 54, 31, 55), shapely.box(30.40, 54, 30.403, 55)],
        crs=4326,
    )  # fmt: skip
    origin = Origin(status="open", source="test", checksum="x")
    store.replace(load.conn, LAYERS["admin_units"], [units], area=country, origin=origin)
    far = plots(1)
    far.geometry = far.geometry.translate(-0.1)
    frame = gpd.pd.concat([plots(3), far.assign(cadastral_number="00004")])
    mapping = Mapping.model_validate({"key": ["cadastral_number"], "soato": {"by": "place"}})
    report = load(write(frame, tmp_path / "a.gpkg"), mapping=mapping)
    rows = load.rows()
    assert rows["soato"].tolist()[:3] == ["2236000000", "2236000000", "2000000000"]
    assert rows["soato"].isna().tolist() == [False, False, False, True]
    assert report.totals["soato.unknown noted"] == 1
