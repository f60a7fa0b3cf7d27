from typing import Any

import numpy as np
import pandas as pd
import pytest

from layers import scenario, store
from layers.area import save_area, seed_areas
from layers.model import Origin
from layers.registry import load_layers
from processing import demo, metering, metering_coverage, runner
from processing.errors import EmptyInput, MissingColumn
from processing.frames import checksum, require_fit
from processing.pipelines import metering_coverage as pipeline

ORSHA = seed_areas()["orsha"]
LAYERS = load_layers()
ORIGIN = Origin(status="demonstration", source="test", checksum="1")


@pytest.fixture(scope="module")
def frames() -> Any:
    return {name: pd.concat(list(demo.frames(ORSHA, name))) for name in pipeline.INPUTS.values()}


def compute(frames: Any, **changed: Any) -> Any:
    return pipeline.compute(pipeline.Params(), ORSHA, **frames | changed)


def test_the_codes_are_those_of_the_layer():
    layer = LAYERS["metering_coverage"]
    assert {code.value for code in layer.field("resource").codes} == set(metering.UNITS)
    assert {code.value for code in layer.field("disclosure").codes} == {
        metering_coverage.PUBLISHED, metering_coverage.WITHHELD, metering_coverage.NOT_HEARD,
        metering_coverage.NO_METERS, metering_coverage.NO_DWELLINGS,
        metering_coverage.NOT_COMPUTED,
    }  # fmt: skip


def test_the_demonstration_is_counted_as_a_plain_anti_join_counts_it(frames):
    result = compute(frames)
    made = result.frames["metering_coverage"]
    require_fit(made.assign(run_id="r"), LAYERS["metering_coverage"], ORSHA)
    homes = frames["buildings"][frames["buildings"]["dwellings"] > 0]
    table = frames["utility_meters"]
    for resource, said in result.figures["resources"].items():
        live = table[(table["resource"] == resource) & table["live"]]["building_id"]
        assert said["buildings_live"] == homes.index.isin(live).sum()
        assert said["dwellings_live"] == homes.loc[homes.index.isin(live), "dwellings"].sum()
        mine = made[made["resource"] == resource]
        assert mine["buildings_live"].sum() == said["buildings_live"]
        assert mine["consumption"].sum() <= said["consumption"] + 0.01
    shown = made[made["disclosure"] == "published"]
    assert (shown["dwelling_months"] >= 5 * shown["months_published"]).all()
    assert made.loc[made["disclosure"] != "published", "consumption"].isna().all()


def test_the_day_asked_for_is_the_day_told(frames):
    newest = compute(frames)
    same = pipeline.Params(as_of=newest.figures["as_of"])
    assert pipeline.compute(same, ORSHA, **frames).figures == newest.figures
    later = pipeline.compute(pipeline.Params(as_of="2027-06-30"), ORSHA, **frames)
    assert later.figures["as_of"] == "2027-06-30"
    assert later.figures["resources"]["electricity"]["buildings_live"] == 0


def test_the_order_of_rows_changes_nothing(frames):
    turned = {name: frame[::-1] for name, frame in frames.items()}
    assert checksum(compute(turned).frames) == checksum(compute(frames).frames)


def test_without_readings_consumption_is_not_computed_and_said_so(frames):
    result = compute(frames, meter_readings=None)
    made = result.frames["metering_coverage"]
    assert made[["months_heard", "share_gaps", "consumption"]].isna().all().all()
    assert "published" not in set(made["disclosure"])
    assert result.quality["not_computed"]
    assert result.figures["resources"]["heat"]["outliers"] is None


def test_bad_inputs_are_named(frames):
    with pytest.raises(EmptyInput, match="utility_meters in area orsha"):
        compute(frames, utility_meters=frames["utility_meters"][:0])
    with pytest.raises(EmptyInput, match="census_units"):
        compute(frames, census_units=frames["census_units"][:0])
    with pytest.raises(MissingColumn, match="dwellings"):
        compute(frames, buildings=frames["buildings"].drop(columns="dwellings"))
    silent = frames["utility_meters"].assign(last_reading_at=pd.NaT)
    with pytest.raises(EmptyInput, match="as_of"):
        compute(frames, utility_meters=silent)


def test_a_run_is_published_and_a_scenario_tells_of_no_household(connection: Any) -> None:
    save_area(connection, ORSHA)
    loaded = {}
    for name in pipeline.INPUTS.values():
        loaded[name] = list(demo.frames(ORSHA, name, buildings=120))
        store.replace(connection, LAYERS[name], loaded[name], area=ORSHA, origin=ORIGIN)
    done = runner.run(connection, pipeline.NAME, "orsha", {})
    rows = store.read(connection, LAYERS["metering_coverage"], area="orsha")
    assert len(rows) == len(done.frames["metering_coverage"])
    assert (rows["disclosure"] == "published").any()
    houses = pd.concat(loaded["buildings"])
    house = int(houses.index[houses["dwellings"] == 1][0])
    less = scenario.read({
        "name": "less", "title": "One house less", "area": "orsha",
        "changes": [{"layer": "buildings", "operation": "remove", "id": house}],
    })  # fmt: skip
    compared = runner.compare(connection, pipeline.NAME, {}, less)
    after = compared.after.frames["metering_coverage"]
    assert after["consumption"].isna().all()
    assert compared.after.figures["resources"]["electricity"]["consumption"] is None
    assert np.diff([
        compared.before.figures["resources"]["electricity"]["buildings"],
        compared.after.figures["resources"]["electricity"]["buildings"],
    ]) == [-1]  # fmt: skip
