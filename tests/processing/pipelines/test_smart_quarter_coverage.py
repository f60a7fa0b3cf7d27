"""Every method on the Orsha demonstration, through the runner and PostGIS."""

from typing import Any

import pytest

from layers import store
from layers.area import save_area, seed_areas
from layers.model import Origin
from layers.registry import load_layers
from layers.seed import indicators
from processing import runner
from processing.demo import frames
from processing.distributed import Engine, Tiling
from processing.pipelines import smart_quarter_coverage as pipeline
from processing.provenance import get_run

ORSHA = seed_areas()["orsha"]
LAYERS = load_layers()
ORIGIN = Origin(status="demonstration", source="test", checksum="1")
NAME = "smart-quarter-coverage"
FEW = ("buildings", "streets", "service_points", "smart_quarters", "census_units", "street_lights")


def load(connection: Any, *names: str) -> None:
    for name in names:
        made = frames(ORSHA, name, buildings=120)
        store.replace(connection, LAYERS[name], made, area=ORSHA, origin=ORIGIN)


@pytest.fixture
def loaded(connection: Any) -> Any:
    save_area(connection, ORSHA)
    load(connection, *FEW)
    return connection


def by_key(frame: Any) -> dict[tuple[str, int], Any]:
    return {(row.code, row.part): row for row in frame.itertuples()}


def test_a_run_publishes_layers_scorecard_and_reports(loaded: Any) -> None:
    done = runner.run(loaded, NAME, "orsha", {})
    rows = by_key(done.frames["indicators"])
    assert set(rows) == {(one.code, one.part) for one in indicators()}
    assert rows["HLT1", 1].value > 0
    assert rows["LGT2", 1].value > 0
    assert (rows["HLT1", 1].target, rows["HLT1", 1].target_status) == (100, "verified")
    # What is not loaded has its reason and no value.
    for key in (("ENE1", 1), ("GRN1", 1), ("AIR1", 1), ("PRK1", 1)):
        assert rows[key].outcome == "not_computed"
        assert all([rows[key].reason_be, rows[key].reason_ru, rows[key].reason_en])
    worst = done.frames["worst_places"]
    assert (
        worst.groupby(["code", "part"])["rank"]
        .apply(list)
        .map(lambda ranks: ranks == list(range(1, len(ranks) + 1)) and len(ranks) <= 10)
        .all()
    )
    reports = loaded.execute(
        "SELECT language, format, content FROM runs.report WHERE run_id = %s", (done.id,)
    ).fetchall()
    assert {(language, form) for language, form, _ in reports} == {
        (language, form) for language in ("be", "ru", "en") for form in ("html", "pdf")
    }  # fmt: skip
    for language, form, content in reports:
        if form == "html":
            loud = {"be": "ДЭМАНСТРАЦЫЯ", "ru": "ДЕМОНСТРАЦИЯ", "en": "DEMONSTRATION"}[language]
            assert loud in content.decode()
            assert done.id in content.decode()
        else:
            assert content.startswith(b"%PDF")
    kept = get_run(loaded, done.id)
    assert kept is not None
    assert "indicators" in kept["outputs"]


def test_the_same_run_changes_nothing_and_another_tells_the_change(loaded: Any) -> None:
    first = runner.run(loaded, NAME, "orsha", {})
    again = runner.run(loaded, NAME, "orsha", {})
    assert (again.id, again.result_checksum, again.changed) == (
        first.id, first.result_checksum, False,
    )  # fmt: skip
    assert not runner.needed(loaded, NAME, "orsha", {})
    points = next(iter(frames(ORSHA, "service_points", buildings=120)))
    fewer = points[points["service_class"] != "clinic"]
    store.replace(loaded, LAYERS["service_points"], [fewer], area=ORSHA, origin=ORIGIN)
    assert runner.needed(loaded, NAME, "orsha", {})
    then = by_key(runner.run(loaded, NAME, "orsha", {}).frames["indicators"])
    before = by_key(first.frames["indicators"])
    assert then["HLT1", 1].previous == before["HLT1", 1].value
    assert then["HLT1", 1].outcome == "not_computed"
    assert then["HLT1", 1].reason_en == "no facilities of the class are loaded"
    assert then["PST1", 1].previous == then["PST1", 1].value == before["PST1", 1].value
    third = runner.run(loaded, NAME, "orsha", {})
    assert not third.changed


def test_by_tiles_it_says_the_same(loaded: Any) -> None:
    told: set[str] = set()
    whole = runner.run(loaded, NAME, "orsha", {}, publish=False)
    tiled = runner.run(
        loaded, NAME, "orsha", {}, publish=False, tiling=Tiling(Engine(), 300.0),
        progress=lambda what, *_: told.add(what),
    )  # fmt: skip
    assert (tiled.id, tiled.result_checksum) == (whole.id, whole.result_checksum)
    assert tiled.summary() == whole.summary()
    for step in (
        "service-coverage, on foot",
        "accessibility-coverage, school",
        "lighting-coverage",
    ):
        assert any(what.startswith(f"compute {step}") for what in told)


def test_inputs_and_outputs_are_those_of_its_members() -> None:
    layers = set(pipeline.INPUTS.values())
    for member in pipeline.MEMBERS:
        assert set(member.INPUTS.values()) <= layers
        assert set(member.OUTPUT) <= set(pipeline.OUTPUT)
    assert len(pipeline.OUTPUT) == len(set(pipeline.OUTPUT))
