import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest

from layers import scenario, store
from layers.area import next_area, save_area
from layers.errors import RefusedLoad, StoreFailure, UnknownArea
from layers.ingest.osm import load_osm
from layers.model import Licence, Origin
from layers.registry import load_layers
from processing import runner
from processing.distributed import Engine, Tiling
from processing.errors import (
    BadParameter,
    EmptyInput,
    RunFailed,
    UnfitScenario,
    UnknownPipeline,
)
from processing.pipelines import service_coverage
from processing.provenance import get_run
from tests.fix_streets import ORSHA, buildings, facilities, streets
from tests.oracle_walking import assert_agree, oracle, ways_of

NAME = "service-coverage"
LAYERS = load_layers()
DEMONSTRATION = Origin(status="demonstration", source="test", checksum="1")


def load(conn: Any, layer: str, frame: gpd.GeoDataFrame, origin: Origin = DEMONSTRATION) -> Any:
    numbered = frame.to_crs(4326).set_index(frame.index + ORSHA.feature_id(0))
    return store.replace(conn, LAYERS[layer], [numbered], area=ORSHA, origin=origin)


def roads(*rows: Any) -> gpd.GeoDataFrame:
    frame = streets(*rows)
    always = {"highway": "footway", "oneway": "no", "bicycle": True, "car": False}
    return frame.assign(length_m=frame.length, **always)


ROADS = roads((1, 2, [(0, 0), (1000, 0)]), (3, 4, [(0, 2000), (100, 2000)]))
HOMES = buildings((200, 20), (900, -10), (50, 2010), (500, 900), residents=[10, 20, None, 5])
SHOPS = facilities(("school", 700, 30), ("shop", 0, 0))


@pytest.fixture
def loaded(connection: Any) -> Any:
    save_area(connection, ORSHA)
    load(connection, "streets", ROADS)
    load(connection, "buildings", HOMES)
    load(connection, "service_points", SHOPS)
    return connection


def versions(conn: Any) -> dict[str, int]:
    return dict(conn.execute("SELECT layer, version FROM layers.version").fetchall())


def runs(conn: Any) -> list[Any]:
    return list(conn.execute("SELECT id, result_checksum, finished_at FROM runs.run").fetchall())


def test_a_run_is_published_with_its_provenance(loaded: Any) -> None:
    steps: list[tuple[str, int, int]] = []
    done = runner.run(
        loaded, NAME, "orsha", {"service_classes": ["school", "shop"]},
        progress=lambda *step: steps.append(step),
    )  # fmt: skip
    assert done.changed
    assert steps == [
        ("read", 0, 4), ("compute", 1, 4),
        ("publish service_coverage", 2, 4), ("publish service_areas", 3, 4),
    ]  # fmt: skip
    rows = store.read(loaded, LAYERS["service_coverage"], area="orsha")
    school = rows[rows["service_class"] == "school"]
    assert school["coverage"].tolist() == ["not_covered", "covered", "unreachable", "unsnapped"]
    assert school["distance_m"].tolist()[:2] == pytest.approx([550, 240], abs=1e-3)
    assert school["building_id"].tolist() == [ORSHA.feature_id(n) for n in range(101, 105)]
    assert set(rows["run_id"]) == {done.id}
    assert set(rows["status"]) == {"demonstration"}
    row = get_run(loaded, done.id)
    assert row is not None
    assert row["pipeline"] == NAME
    assert row["version"] == service_coverage.VERSION
    assert row["crs"] == "EPSG:32636"
    assert row["parameters"]["snap_limit_m"] == 150
    assert row["inputs"]["streets"]["version"] == versions(loaded)["streets"]
    assert set(row["inputs"]) == {"buildings", "streets", "service_points", "seed:norms"}
    assert row["outputs"]["service_areas"]["rows"] == 2
    assert {"python", "scipy", "shapely"} <= set(row["libraries"])
    assert row["result_checksum"] == done.result_checksum
    assert row["quality"]["buildings_unsnapped"] == 1
    assert row["started_at"] <= row["finished_at"]


def test_a_second_run_changes_nothing(loaded: Any) -> None:
    first = runner.run(loaded, NAME, "orsha", {})
    before = versions(loaded), runs(loaded)
    assert not runner.needed(loaded, NAME, "orsha", {})
    second = runner.run(loaded, NAME, "orsha", {})
    assert (second.id, second.result_checksum) == (first.id, first.result_checksum)
    assert not second.changed
    assert (versions(loaded), runs(loaded)) == before


def test_a_run_is_needed_when_something_changed(loaded: Any) -> None:
    assert runner.needed(loaded, NAME, "orsha", {})
    first = runner.run(loaded, NAME, "orsha", {})
    assert runner.needed(loaded, NAME, "orsha", {"buffer_m": 30})
    assert not runner.needed(loaded, NAME, "orsha", {"buffer_m": 25})
    load(loaded, "service_points", SHOPS.iloc[:1])
    assert runner.needed(loaded, NAME, "orsha", {})
    second = runner.run(loaded, NAME, "orsha", {})
    assert second.changed
    assert second.id != first.id
    assert second.result_checksum != first.result_checksum
    # Back to the old input: the run is known, but its result is no longer the published one.
    load(loaded, "service_points", SHOPS)
    assert runner.needed(loaded, NAME, "orsha", {})
    third = runner.run(loaded, NAME, "orsha", {})
    assert (third.id, third.result_checksum) == (first.id, first.result_checksum)
    assert not runner.needed(loaded, NAME, "orsha", {})


def test_a_new_version_of_the_pipeline_is_a_new_run(loaded: Any, monkeypatch: Any) -> None:
    runner.run(loaded, NAME, "orsha", {})
    monkeypatch.setattr(service_coverage, "VERSION", "99")
    assert runner.needed(loaded, NAME, "orsha", {})


def test_other_norms_are_a_new_run(loaded: Any, monkeypatch: Any) -> None:
    runner.run(loaded, NAME, "orsha", {})
    norms = service_coverage.seeds()["norms"]
    longer = norms["school"].model_copy(update={"limit_multi_storey_m": 600.0})
    monkeypatch.setattr(service_coverage, "seeds", lambda: {"norms": norms | {"school": longer}})
    assert runner.needed(loaded, NAME, "orsha", {})


def test_without_publishing_a_reader_may_run(loaded: Any, database: str) -> None:
    before = versions(loaded)
    options = "-c role=geoportal_reader"
    with psycopg.connect(database, options=options) as reader:
        done = runner.run(reader, NAME, "orsha", {"service_classes": "school"}, publish=False)
    assert versions(loaded) == before
    assert runs(loaded) == []
    document = json.loads(json.dumps(done.document(), allow_nan=False))
    assert set(document) == {"summary", "service_coverage", "service_areas"}
    assert document["summary"]["classes"][0]["share_buildings"] == 0.25
    assert document["summary"]["status"] == "demonstration"
    features = document["service_coverage"]["features"]
    assert [f["properties"]["coverage"] for f in features][:2] == ["not_covered", "covered"]
    assert features[2]["properties"]["distance_m"] is None
    assert features[0]["properties"]["area"] == "orsha"
    assert features[0]["geometry"]["type"] in ("Polygon", "MultiPolygon")
    lon, lat = features[0]["geometry"]["coordinates"][0][0][0][:2]
    assert 30 < lon < 31
    assert 54 < lat < 55


def test_publishing_works_on_a_connection_that_is_not_in_autocommit(
    loaded: Any, database: str
) -> None:
    with psycopg.connect(database) as conn:
        runner.run(conn, NAME, "orsha", {})
    assert len(runs(loaded)) == 1
    assert not runner.needed(loaded, NAME, "orsha", {})


def test_of_open_data_the_licence_and_attribution_go_on(loaded: Any) -> None:
    odbl = Licence(id="ODbL-1.0", title="ODbL 1.0")
    osm = Origin(
        status="open", source="osm", checksum="2", licence=odbl, attribution="OSM contributors"
    )
    for layer, frame in (("streets", ROADS), ("buildings", HOMES), ("service_points", SHOPS)):
        load(loaded, layer, frame, osm)
    done = runner.run(loaded, NAME, "orsha", {})
    row = loaded.execute(
        "SELECT status, licence ->> 'id', attribution, source_checksum FROM layers.version"
        " WHERE layer = 'service_areas'"
    ).fetchone()
    assert row[:2] == ("derived", "ODbL-1.0")
    assert row[2].endswith("; OSM contributors")
    assert row[3] == done.result_checksum


@pytest.mark.parametrize(
    ("name", "area", "params", "error", "said"),
    [
        ("coverage", "orsha", {}, UnknownPipeline, "service-coverage"),
        (NAME, "atlantis", {}, UnknownArea, "orsha"),
        (NAME, "orsha", {"buffer_m": 0}, BadParameter, "buffer_m = 0"),
        (NAME, "minsk", {}, EmptyInput, "buildings is not loaded for area minsk"),
    ],
)
def test_what_cannot_be_run_is_said(
    loaded: Any, name: str, area: str, params: Any, error: type[Exception], said: str
) -> None:
    for call in (runner.run, runner.needed):
        with pytest.raises(error, match=said):
            call(loaded, name, area, params)


def test_an_area_without_homes_is_said(loaded: Any) -> None:
    load(loaded, "buildings", HOMES.assign(kind="garage"))
    with pytest.raises(EmptyInput, match="buildings of the chosen kinds in area orsha"):
        runner.run(loaded, NAME, "orsha", {})


def test_when_the_second_output_fails_the_first_is_not_published_either(loaded: Any) -> None:
    runner.run(loaded, NAME, "orsha", {})
    before = versions(loaded), runs(loaded)
    loaded.execute("ALTER TABLE features.service_areas ADD CHECK (limit_m < 600) NOT VALID")
    with pytest.raises((RefusedLoad, StoreFailure)):
        runner.run(loaded, NAME, "orsha", {"limits_m": {"shop": 700}})
    assert (versions(loaded), runs(loaded)) == before
    limits = loaded.execute("SELECT DISTINCT limit_m FROM features.service_coverage").fetchall()
    assert (700.0,) not in limits


def test_a_result_that_does_not_fit_its_layer_is_not_published(
    loaded: Any, monkeypatch: Any
) -> None:
    right = service_coverage.compute

    def wrong(*args: Any, **frames: Any) -> Any:
        result = right(*args, **frames)
        result.frames["service_coverage"]["coverage"] = "perhaps"
        return result

    monkeypatch.setattr(service_coverage, "compute", wrong)
    with pytest.raises(RunFailed, match=r"service_coverage\.coverage"):
        runner.run(loaded, NAME, "orsha", {})
    assert runs(loaded) == []


def test_an_osm_extract_gives_the_distances_of_networkx(connection: Any, sources_dir: Path) -> None:
    area = next_area(connection, "krems", lon=15.6, lat=48.41)
    save_area(connection, area)
    load_osm(connection, LAYERS, sources_dir / "osm-samples" / "krems.osm.gz", area)
    kinds = ["residential", "other"]
    done = runner.run(connection, NAME, "krems", {"building_kinds": kinds})
    homes, roads, points = (
        store.read(connection, LAYERS[layer], area="krems").to_crs(area.srid)
        for layer in ("buildings", "streets", "service_points")
    )
    homes = homes[homes["kind"].isin(kinds)]
    walk = oracle(ways_of(roads[roads["foot"]]), homes, points)
    published = store.read(connection, LAYERS["service_coverage"], area="krems")
    compared = assert_agree(published, walk, homes, points)
    assert compared > 5_000
    assert set(published["status"]) == {"derived"}
    assert done.result.figures["classes"][0]["share_residents"] is None


def what_if(**change: Any) -> Any:
    given = {"name": "what-if", "area": ORSHA.id, "title": "What if", "changes": [change]}
    return scenario.read(given)


def degrees(x: float, y: float) -> list[float]:
    point = facilities(("shop", x, y)).to_crs(4326).geometry.iloc[0]
    return [point.x, point.y]


def test_a_scenario_is_compared_and_touches_nothing(loaded: Any) -> None:
    runner.run(loaded, NAME, ORSHA.id, {})
    before = versions(loaded), runs(loaded)
    school = {"type": "Point", "coordinates": degrees(200, 10)}
    made = what_if(
        layer="service_points", operation="add",
        feature={"geometry": school, "properties": {"service_class": "school"}},
    )  # fmt: skip
    done = runner.compare(loaded, NAME, {"service_classes": "school"}, made)
    assert (versions(loaded), runs(loaded)) == before
    rows = done.differences["service_coverage"].set_index("building_id")
    near, far = ORSHA.feature_id(101), ORSHA.feature_id(102)
    assert rows.loc[near, "distance_m_before"] > 500 > rows.loc[near, "distance_m_after"]
    assert far not in rows.index
    (figures,) = done.summary()["classes"]
    assert figures["facilities"] == {"before": 1, "after": 2, "difference": 1}
    assert figures["buildings_covered"] == {"before": 1, "after": 2, "difference": 1}
    assert figures["residents_covered"]["difference"] == 10
    assert json.loads(json.dumps(done.document()))["summary"]["scenario"] == "what-if"


def test_a_comparison_equals_two_runs_on_real_rows(loaded: Any) -> None:
    """The overlay gives what a load of the changed rows would have given."""
    moved = {"type": "Point", "coordinates": degrees(0, 0)}
    number = ORSHA.feature_id(901)
    made = what_if(
        layer="service_points", operation="change", id=number, feature={"geometry": moved}
    )
    compared = runner.compare(loaded, NAME, {}, made).after.frames["service_coverage"]
    load(loaded, "service_points", facilities(("school", 0, 0), ("shop", 0, 0)))
    real = runner.run(loaded, NAME, ORSHA.id, {}, publish=False).frames["service_coverage"]
    columns = ["building_id", "service_class", "coverage", "facility_id"]
    assert compared[columns].equals(real[columns])
    assert compared["distance_m"].to_numpy() == pytest.approx(
        real["distance_m"].to_numpy(), abs=1e-3, nan_ok=True
    )


def test_a_scenario_that_cannot_matter_or_hold_is_refused(loaded: Any) -> None:
    lamp = what_if(layer="street_lights", operation="remove", id=1)
    with pytest.raises(UnfitScenario, match="street_lights"):
        runner.compare(loaded, NAME, {}, lamp)
    gone = what_if(layer="service_points", operation="remove", id=5)
    with pytest.raises(UnfitScenario, match="no feature 5"):
        runner.compare(loaded, NAME, {}, gone)


def interrupted(conn: Any, after: int, tiling: Tiling) -> list[tuple[str, int, int]]:
    """Run by tiles until so many are finished; say what was told."""
    told: list[tuple[str, int, int]] = []

    def tell(*step: Any) -> None:
        told.append(step)
        if step[0].startswith("compute on foot") and step[1] == after:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        runner.run(conn, NAME, "orsha", CLASSES, progress=tell, tiling=tiling)
    return [step for step in told if step[0].startswith("compute on foot")]


CLASSES = {"service_classes": ["school", "shop"]}


def kept_tiles(conn: Any) -> int:
    (count,) = conn.execute("SELECT count(*) FROM runs.finished_tile").fetchone()
    return int(count)


def test_a_run_by_tiles_is_the_same_run(loaded: Any) -> None:
    at_once = runner.run(loaded, NAME, "orsha", CLASSES)
    tiled = runner.run(loaded, NAME, "orsha", CLASSES, tiling=Tiling(Engine(), 150.0))
    assert (tiled.id, tiled.result_checksum) == (at_once.id, at_once.result_checksum)
    assert tiled.summary() == at_once.summary()
    assert not tiled.changed


def test_an_interrupted_run_computes_only_what_is_missing(loaded: Any) -> None:
    tiling = Tiling(Engine(), 150.0)
    (_, _, total) = interrupted(loaded, 2, tiling)[-1]
    assert kept_tiles(loaded) == 2 < total
    assert runs(loaded) == []
    told = interrupted(loaded, -1, replace(tiling, resume=True))
    assert told[0][1] == 2
    assert told[0][0] == "compute on foot within 500 m"
    assert len(runs(loaded)) == 1
    assert kept_tiles(loaded) == 0


def test_tiles_of_inputs_of_before_are_not_taken(loaded: Any) -> None:
    tiling = Tiling(Engine(), 150.0, resume=True)
    interrupted(loaded, 2, tiling)
    load(loaded, "service_points", facilities(("school", 600, 30), ("shop", 0, 0)))
    assert interrupted(loaded, -1, tiling)[0][1] == 0
    assert kept_tiles(loaded) == 0
    (tiled,) = runs(loaded)
    assert tiled[1] == runner.run(loaded, NAME, "orsha", CLASSES).result_checksum


def test_what_weighs_everything_against_everything_is_not_cut(loaded: Any) -> None:
    with pytest.raises(BadParameter, match="site-selection is not cut into tiles"):
        runner.run(loaded, "site-selection", "orsha", {}, tiling=Tiling(Engine()))
