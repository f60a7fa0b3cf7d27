import csv
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from layers import seed
from layers.area import inside, utm_srid
from layers.errors import CorruptSource, MissingSource
from layers.model import AREA_STRIDE


def test_the_17_programme_cities_are_there_with_their_sources():
    cities = seed.settlements()
    assert len(cities) == 17
    orsha = cities["orsha"]
    assert (orsha.number, orsha.srid, orsha.soato) == (1, 32636, "2236501000")
    assert orsha.soato_status == "partly_verified"  # the raion's digits are, the rest is recalled
    # Belstat, population on 1 January 2023 and 2024
    assert (orsha.population_2023, orsha.population_2024) == (103_658, 102_759)
    assert all(city.source and city.coord_source for city in cities.values())


def test_numbers_of_cities_are_unique_and_stable():
    assert {city.id: city.number for city in seed.settlements().values()} == {
        "orsha": 1, "minsk": 2, "brest": 3, "vitebsk": 4, "gomel": 5, "grodno": 6, "mogilev": 7,
        "baranovichi": 8, "pinsk": 9, "novopolotsk": 10, "polotsk": 11, "mozyr": 12, "lida": 13,
        "borisov": 14, "soligorsk": 15, "molodechno": 16, "bobruisk": 17,
    }  # fmt: skip
    assert 90_000 * AREA_STRIDE < 2**53, "ids must survive JavaScript"


def test_cities_have_the_utm_zone_of_their_longitude():
    for city in seed.settlements().values():
        assert city.srid == utm_srid(city.lon, city.lat), city.id


def test_raions_per_oblast():
    # Belstat bulletin of 1 January 2024: 16 + 21 + 21 + 17 + 22 + 21 = 118
    counts = {"brest": 16, "vitebsk": 21, "gomel": 21, "grodno": 17, "minsk": 22, "mogilev": 21}
    raions = seed.raions()
    assert {o: sum(r.oblast == o for r in raions) for o in counts} == counts
    assert len({r.soato for r in raions}) == len(raions) == 118
    assert sum(r.status == "verified" for r in raions) == 22
    for raion in raions:
        assert raion.soato.startswith(seed.oblasts()[raion.oblast].soato[0] + "2"), raion.name.ru


def test_names_of_raions_are_in_their_language():
    assert all(r.name.be.endswith(" раён") for r in seed.raions())
    assert all(r.name.ru.endswith(" район") for r in seed.raions())
    assert all(r.name.en.endswith(" raion") and r.name.en.isascii() for r in seed.raions())
    # Letters that Belarusian does not have.
    assert not set("ищъ") & set("".join(r.name.be for r in seed.raions()))
    assert {len({getattr(r.name, x) for r in seed.raions()}) for x in ("be", "ru", "en")} == {118}


def test_cities_and_raions_agree():
    by_soato = {raion.soato: raion for raion in seed.raions()}
    for city in seed.settlements().values():
        assert city.oblast in seed.oblasts()
        if city.raion_soato:
            assert by_soato[city.raion_soato].oblast == city.oblast
            assert city.soato[:4] == city.raion_soato[:4]
        else:
            assert city.soato.endswith("000000")


def test_oblasts_add_up_to_the_country():
    units = seed.oblasts()
    parts = [unit for unit in units.values() if unit.level == "oblast"]
    assert len(parts) == 7
    # Belstat, population of the country on 1 January 2023 and 2024
    assert sum(u.population_2023 for u in parts) == units["by"].population_2023 == 9_200_617
    assert sum(u.population_2024 for u in parts) == units["by"].population_2024 == 9_155_978
    assert len({unit.iso_3166_2 for unit in units.values()}) == 8


def test_service_norms():
    norms = seed.service_norms()
    assert norms["kindergarten"].limit_multi_storey_m == 300
    assert (norms["school"].limit_multi_storey_m, norms["school"].limit_low_rise_m) == (500, 750)
    assert norms["school"].status == "partly_verified"
    assert "playground" not in norms, "a class without a published norm gets none"
    assert all(n.measured == "network" and "our choice" in n.note for n in norms.values())


def test_provision_norms():
    norms = seed.provision_norms()
    assert {n.service_class: n.norm_per_1000_persons for n in norms.values()} == {
        "kindergarten": 35, "school": 110, "clinic": pytest.approx(1000 / 1300, abs=1e-3),
    }  # fmt: skip
    assert (norms["school"].supply, norms["school"].age_group) == ("places", "age_7_17")
    assert norms["clinic"].age_group is None


def test_air_limits_are_recalled_and_empty_cells_mean_no_limit():
    limits = seed.air_limits()
    assert len(limits) == 17
    assert {limit.status for limit in limits.values()} == {"recalled"}
    assert limits["PM10"].daily_ug_m3 == 50
    assert limits["NH3"].daily_ug_m3 is None


def test_every_row_of_every_seed_has_status_and_source():
    files = sorted((seed.data_dir() / "seed").glob("*.csv"))
    assert len(files) >= 9
    for file in files:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                assert row["source"], file.name
                # Luminaires that are made up say so; a fact never has that status.
                made_up = ("demonstration",) if file.name == "luminaires.csv" else ()
                known = ("verified", "partly_verified", "recalled", *made_up)
                assert row["status"] in known, file.name


def test_the_outline_is_roughly_belarus():
    ring = seed.country_outline()
    assert 60 <= len(ring) <= 100
    for city in seed.settlements().values():
        assert inside((city.lon, city.lat), ring), city.id
    assert not inside((32.05, 54.78), ring)  # Smolensk
    assert not inside((25.28, 54.69), ring)  # Vilnius
    assert not inside((31.29, 51.49), ring)  # Chernihiv
    assert not inside((22.57, 51.25), ring)  # Lublin
    # The country has 207,600 km2; equal-area sine projection on the sphere.
    assert sphere_area_km2(ring) == pytest.approx(207_600, rel=0.05)


def sphere_area_km2(ring: tuple[tuple[float, float], ...]) -> float:
    flat = [(math.radians(lon), math.sin(math.radians(lat))) for lon, lat in ring]
    pairs = zip(flat, [*flat[1:], flat[0]], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2 * 6371.0072**2


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(seed.data_dir() / "seed", tmp_path / "seed"))


def test_a_missing_table_is_named(copy: Path):
    (copy / "raions.csv").unlink()
    with pytest.raises(MissingSource, match=r"raions\.csv is missing; restore it"):
        seed.raions(copy)


def test_a_bad_value_is_named_with_file_line_and_column(copy: Path):
    file = copy / "settlements.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("27.5667", "north"), encoding="utf-8")
    with pytest.raises(CorruptSource, match=r"settlements\.csv:3: lon: .*valid number"):
        seed.settlements(copy)


def test_a_missing_column_is_named(copy: Path):
    file = copy / "service_norms.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("measured,", "mesured,", 1), encoding="utf-8")
    with pytest.raises(CorruptSource, match=r"service_norms\.csv has no column measured"):
        seed.service_norms(copy)


def test_every_indicator_of_the_list_is_there_once_and_says_what_it_should_be():
    found = seed.indicators()
    named = [(one.code, one.part) for one in found]
    assert len(named) == len(set(named))
    groups = {
        "ICT": 5,
        "LGT": 5,
        "AIR": 6,
        "GRN": 3,
        "TRN": 4,
        "EDU": 2,
        "HLT": 3,
        "PLN": 3,
        "GOV": 3,
    }
    codes = {code for code, _ in named}
    for group, count in groups.items():
        assert {f"{group}{n}" for n in range(1, count + 1)} <= codes
    alone = {
        "ENE1",
        "WAT1",
        "HEA1",
        "EMI1",
        "RAD1",
        "HYD1",
        "PST1",
        "COM1",
        "SAF1",
        "PRK1",
        "ECO1",
        "IDX",
    }
    assert alone <= codes
    for one in found:
        assert (one.target is None) or (one.target_status and one.target_source)
        assert not (one.absent and one.target is not None)


def test_a_short_row_and_bytes_that_are_no_text_are_refused(copy: Path):
    file = copy / "country_outline.csv"
    file.write_text("lon,lat,status,source\n26.62\n", encoding="utf-8")
    with pytest.raises(CorruptSource, match=r"country_outline\.csv:2: lat"):
        seed.country_outline(copy)
    (copy / "raions.csv").write_bytes(b"soato10\n\xff\xfe\n")
    with pytest.raises(CorruptSource, match=r"raions\.csv cannot be read"):
        seed.raions(copy)


def test_without_seed_tables_the_error_says_where_it_looked(monkeypatch, tmp_path):
    monkeypatch.setattr(seed, "__file__", str(tmp_path / "layers" / "seed.py"))
    with pytest.raises(MissingSource, match=r"seed tables are missing .*restore data/seed"):
        seed.data_dir()


def test_an_installed_package_carries_its_own_tables(monkeypatch, tmp_path):
    carried = tmp_path / "layers" / "_data"
    shutil.copytree(seed.data_dir() / "seed", carried / "seed")
    monkeypatch.setattr(seed, "__file__", str(tmp_path / "layers" / "seed.py"))
    assert seed.data_dir() == carried.resolve()


def test_the_web_process_may_import_it():
    code = "import layers.seed, layers.area, sys; print([m for m in sys.modules if m in HEAVY])"
    code = f"HEAVY = ('pandas', 'numpy', 'geopandas', 'shapely', 'pyproj'); {code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
