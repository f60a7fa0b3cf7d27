"""The national layers: from the mirror, from the seed tables, and when a source is broken."""

import shutil
from pathlib import Path

import psycopg
import pytest

from layers import store
from layers.ingest import national
from layers.ingest.boundaries import normal
from layers.ingest.national import Outcome, load_national
from layers.ingest.vector.reports import reports
from layers.registry import load_layers

Connection = psycopg.Connection[tuple[object, ...]]
LAYERS = load_layers()


def load(conn: Connection, sources: Path | None, cache: Path) -> dict[str, Outcome]:
    found = load_national(conn, LAYERS, sources_dir=sources, cache_dir=cache)
    return {outcome.layer: outcome for outcome in found}


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every download fails at once, whatever network the machine has."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in this test")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


def versions(conn: Connection) -> list[tuple[object, ...]]:
    return conn.execute("SELECT * FROM layers.version ORDER BY layer").fetchall()


def test_all_of_it_from_the_mirror(
    connection: Connection, sources_dir: Path, tmp_path: Path
) -> None:
    steps: list[tuple[str, int, int]] = []
    outcomes = load_national(
        connection,
        LAYERS,
        sources_dir=sources_dir,
        cache_dir=tmp_path,
        progress=lambda *step: steps.append(step),
    )
    # Counts of the sources; of the units 1 country, 7 oblasts, 117 raions, Drybin, Minsk.
    assert {(o.layer, o.state, o.row_count, o.repaired) for o in outcomes} == {
        ("admin_units", "loaded", 127, 0),
        ("settlements", "loaded", 50, 0),
        ("weather_stations", "loaded", 40, 0),
        ("airspace_zones", "loaded", 832, 8),
        ("air_quality_yearly", "loaded", 1075, 0),
        ("cycle_network", "loaded", 716, 0),
    }
    assert steps[-1] == ("national layers", 6, 6)
    before = versions(connection)
    told = reports(connection, area="by")
    assert {one["layer"] for one in told} == set(national.RECIPES)
    repaired = {one["layer"]: one["counts"]["repaired"] for one in told}
    points = store.read(connection, LAYERS["load_faults"], area="by")
    assert points["layer"].value_counts().to_dict() == {k: n for k, n in repaired.items() if n}
    again = load(connection, sources_dir, tmp_path)
    assert {o.state for o in again.values()} == {"unchanged"}
    assert versions(connection) == before
    assert list(tmp_path.iterdir()) == []


def test_units_have_borders_codes_and_people(
    connection: Connection, sources_dir: Path, tmp_path: Path
) -> None:
    load(connection, sources_dir, tmp_path)
    units = store.read(connection, LAYERS["admin_units"])
    assert units["level"].value_counts().to_dict() == {"country": 1, "oblast": 7, "raion": 119}
    by_level = units.groupby("level")["population"].sum()
    # Belstat, 1 January 2024: raions with their cities, oblasts and the country agree.
    assert by_level.to_dict() == dict.fromkeys(("country", "oblast", "raion"), 9_155_978)
    orsha = units[units["name_ru"] == "Оршанский район"].iloc[0]
    assert (orsha["soato"], orsha["population"], orsha["name_be"]) == (
        "2236000000",
        141_046,
        "Аршанскі раён",
    )
    drybin = units[units["name_ru"] == "Дрибинский район"].iloc[0]
    assert drybin.geometry is None
    assert "within Горецкий район" in drybin["note"]
    assert units.geometry.isna().sum() == 1
    # Every raion lies in its oblast, and the oblasts make up the country (equal-area, EPSG:3035).
    metric = units.to_crs(3035)
    areas = metric[metric["level"] != "country"].dissolve("level").area / 1e6
    assert areas["oblast"] == pytest.approx(207_914, rel=1e-3)
    assert areas["raion"] == pytest.approx(areas["oblast"], rel=1e-6)
    oblasts = units[units["level"] == "oblast"].set_index("oblast").geometry
    inner = units[(units["level"] == "raion") & units.geometry.notna()]
    points = inner.geometry.representative_point()
    holders = oblasts.loc[inner["oblast"]].set_axis(points.index)
    assert points.within(holders).all()


def test_towns_join_the_programme_cities(
    connection: Connection, sources_dir: Path, tmp_path: Path
) -> None:
    load(connection, sources_dir, tmp_path)
    towns = store.read(connection, LAYERS["settlements"])
    kinds = towns["kind"].value_counts().to_dict()
    assert kinds == {"other": 33, "programme_city": 11, "oblast_centre": 5, "capital": 1}
    orsha = towns.loc[1]
    assert (orsha["name_be"], orsha["soato"], orsha["population_2024"]) == (
        "Орша",
        "2236501000",
        102_759,
    )
    assert (orsha.geometry.x, orsha.geometry.y) == (30.4172, 54.5081)
    assert towns["name_ru"].notna().all()
    assert towns["population_2024"].isna().sum() == 3  # two districts of Minsk and an agrotown


def test_the_known_defects_are_respected(
    connection: Connection, sources_dir: Path, tmp_path: Path
) -> None:
    load(connection, sources_dir, tmp_path)
    stations = store.read(connection, LAYERS["weather_stations"])
    assert stations["elevation_m"].isna().sum() == 17
    assert stations["elevation_suspect"].sum() == 17
    assert set(stations[stations["location_suspect"]]["station_id"]) == {"26763", "26855"}
    zones = store.read(connection, LAYERS["airspace_zones"])
    assert zones["repaired"].sum() == 8
    assert zones.geometry.is_valid.all()
    assert zones["category"].value_counts()["drone_prohibited"] == 646
    air = store.read(connection, LAYERS["air_quality_yearly"])
    assert len(air[air["city"] == "Орша"]) == 46
    assert (air["qualifier"] == "<").sum() == 132
    assert air["pollutant"].nunique() == 5


@pytest.mark.usefixtures("offline")
def test_without_sources_there_is_a_country_and_its_cities(
    connection: Connection, tmp_path: Path
) -> None:
    found = load(connection, None, tmp_path)
    assert found["admin_units"].state == found["settlements"].state == "loaded"
    assert "from the seed tables: admin-boundaries/belarus_admin" in found["admin_units"].reason
    assert {found[i].state for i in ("weather_stations", "airspace_zones", "cycle_network")} == {
        "skipped"
    }
    assert "GEOPORTAL_SOURCES_DIR" in found["weather_stations"].reason
    units = store.read(connection, LAYERS["admin_units"])
    assert len(units) == 127
    assert units.geometry.notna().sum() == 1
    assert "rough outline" in units.loc[1, "note"]
    assert len(store.read(connection, LAYERS["settlements"])) == 17
    before = versions(connection)
    assert load(connection, None, tmp_path)["settlements"].state == "unchanged"
    assert versions(connection) == before


@pytest.mark.usefixtures("offline")
def test_seeds_give_way_to_a_source_and_never_replace_it(
    connection: Connection, sources_dir: Path, tmp_path: Path
) -> None:
    load(connection, None, tmp_path)
    assert load(connection, sources_dir, tmp_path)["settlements"].row_count == 50
    before = versions(connection)
    found = load(connection, None, tmp_path)
    assert {o.state for o in found.values()} == {"skipped"}
    assert found["settlements"].reason.endswith("the rows loaded before stay")
    assert versions(connection) == before


@pytest.mark.usefixtures("offline")
def test_ids_stay_when_the_source_appears(
    connection: Connection, sources_dir: Path, tmp_path: Path
) -> None:
    load(connection, None, tmp_path)
    seeds = {
        i: store.read(connection, LAYERS[i])["name_ru"] for i in ("admin_units", "settlements")
    }
    load(connection, sources_dir, tmp_path)
    for layer_id, names in seeds.items():
        found = store.read(connection, LAYERS[layer_id])["name_ru"]
        assert (found.loc[names.index] == names).all()


def test_a_corrupt_source_keeps_its_layer_and_stops_no_other(
    connection: Connection, sources_dir: Path, tmp_path: Path
) -> None:
    load(connection, sources_dir, tmp_path)
    before = versions(connection)
    mirror = tmp_path / "mirror"
    for folder in ("admin-boundaries", "populated-places", "weather-stations"):
        shutil.copytree(sources_dir / folder, mirror / folder)
    stations = mirror / "weather-stations" / "belarus_weather_stations.geojson"
    stations.chmod(0o644)
    stations.write_bytes(stations.read_bytes()[:-100])
    connection.execute("DELETE FROM layers.version WHERE layer = 'settlements'")
    found = load(connection, mirror, tmp_path)
    assert found["weather_stations"].state == "failed"
    assert "belarus_weather_stations.geojson has the sha256" in str(found["weather_stations"])
    assert found["settlements"].state == "loaded"
    after = [row for row in versions(connection) if row[0] != "settlements"]
    assert after == [row for row in before if row[0] != "settlements"]


def test_content_that_does_not_fit_is_a_failure_of_its_layer_alone(
    connection: Connection,
    sources_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = national.RECIPES["settlements"]
    swapped = {
        **national.RECIPES,
        "weather_stations": national.Recipe(
            "weather-stations",
            ("meteostat_BY.raw.json",),
            national.RECIPES["weather_stations"].read,
        ),
        "settlements": national.Recipe(
            recipe.source, recipe.files, lambda f: recipe.read(f).assign(kind="metropolis")
        ),
    }
    monkeypatch.setattr(national, "RECIPES", swapped)
    found = load(connection, sources_dir, tmp_path)
    assert found["weather_stations"].state == "failed"
    assert "not the content expected" in found["weather_stations"].reason
    assert found["settlements"].state == "failed"
    assert "kind is not one of its codes (ids 1, 2, 3, 4, 5, ...)" in found["settlements"].reason
    assert found["admin_units"].state == "loaded"


def test_licence_and_attribution_follow_the_source(
    connection: Connection, sources_dir: Path, tmp_path: Path
) -> None:
    load(connection, sources_dir, tmp_path)
    rows = dict(connection.execute("SELECT layer, licence ->> 'id' FROM layers.version").fetchall())
    assert rows["admin_units"] == rows["cycle_network"] == "ODbL-1.0"
    row = connection.execute(
        "SELECT attribution FROM layers.version WHERE layer = 'admin_units'"
    ).fetchone()
    assert row is not None
    assert "OpenStreetMap contributors" in str(row[0])
    assert "Belstat" in str(row[0])


def test_names_join_in_spite_of_spelling() -> None:
    assert normal("Могилёвская") == normal("Могилевская")
    assert normal("г.Минск") == normal("г. Минск") == normal("город  Минск")
    assert normal("Минский район") != normal("г. Минск")
