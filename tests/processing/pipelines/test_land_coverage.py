from typing import Any

import pandas as pd
import pytest

from layers import raster_store, store
from layers.area import save_area, seed_areas
from layers.model import Origin
from layers.raster import load_rasters
from layers.registry import load_layers
from processing import demo, land_coverage, runner
from processing.demo import rasters
from processing.errors import EmptyInput, MissingColumn, MixedCRS, NotProjected
from processing.frames import checksum, require_fit
from processing.pipelines import land_coverage as pipeline
from processing.raster import Raster

ORSHA = seed_areas()["orsha"]
LAYERS = load_layers()
ORIGIN = Origin(status="demonstration", source="test", checksum="1")


@pytest.fixture(scope="module")
def frames() -> Any:
    names = [name for name in pipeline.INPUTS.values() if name != "land_cover"]
    made: dict[str, Any] = {name: pd.concat(list(demo.frames(ORSHA, name))) for name in names}
    return made | {"land_cover": rasters.raster(ORSHA, "land_cover")}


def compute(frames: Any, **changed: Any) -> Any:
    return pipeline.compute(pipeline.Params(), ORSHA, **frames | changed)


def test_the_classes_are_those_of_the_raster():
    named = {one.name: one.value for one in load_rasters()["land_cover"].classes}
    assert named == {
        "built": land_coverage.BUILT, "sealed": land_coverage.SEALED, "grass": land_coverage.GRASS,
        "trees": land_coverage.TREES, "water": land_coverage.WATER, "bare": land_coverage.BARE,
    }  # fmt: skip


def test_the_demonstration_quarter_is_measured_and_its_people_are_all_there(frames):
    result = compute(frames)
    for name, made in result.frames.items():
        require_fit(made.assign(run_id="r"), LAYERS[name], ORSHA)
    said = result.figures
    people = int(frames["census_units"]["population"].sum())
    assert said["residents_placed"] + said["residents_unplaced"] == people == said["population"]
    assert result.frames["placed_residents"]["residents_placed"].sum() == said["residents_placed"]
    assert result.frames["land_coverage"]["residents"].sum() == said["residents_placed"]
    # Raster of 5 m and vector layer tell the same of the built ground.
    assert said["built_share"] == pytest.approx(said["coverage_ratio"], abs=0.002)
    assert sum(zone["share"] for zone in said["zones"].values()) == pytest.approx(1, abs=1e-6)
    assert result.quality["not_computed"] == []
    turned = {n: f if isinstance(f, Raster) else f[::-1] for n, f in frames.items()}
    assert checksum(compute(turned).frames) == checksum(result.frames)


def test_what_is_missing_is_not_nought(frames):
    bare = {"buildings": frames["buildings"], "smart_quarters": frames["smart_quarters"]}
    result = pipeline.compute(pipeline.Params(), ORSHA, **bare)
    made = result.frames["land_coverage"]
    require_fit(made.assign(run_id="r"), LAYERS["land_coverage"], ORSHA)
    assert made["site_kind"].tolist() == ["quarter"]
    unknown = ["zone", "built_share", "green_areas_share", "residents", "red_line_conflicts"]
    assert made[unknown].isna().all().all()
    assert len(result.quality["not_computed"]) == 5
    assert result.figures["zones"] is result.figures["residents_placed"] is None


def test_bad_inputs_are_named(frames):
    with pytest.raises(EmptyInput, match="functional_zones and smart_quarters in area orsha"):
        compute(frames, functional_zones=None, smart_quarters=None)
    with pytest.raises(EmptyInput, match="buildings"):
        compute(frames, buildings=frames["buildings"][:0])
    with pytest.raises(MissingColumn, match="storeys"):
        compute(frames, buildings=frames["buildings"].drop(columns="storeys"))
    with pytest.raises(NotProjected, match="buildings"):
        compute(frames, buildings=frames["buildings"].set_crs(None, allow_override=True))
    cover = frames["land_cover"]
    degrees = Raster(cover.values, cover.transform, "EPSG:4326", cover.nodata)
    with pytest.raises(MixedCRS, match="land_cover is in EPSG:4326"):
        compute(frames, land_cover=degrees)


def test_a_run_is_published(connection: Any) -> None:
    save_area(connection, ORSHA)
    for name in pipeline.INPUTS.values():
        if name == "land_cover":
            continue
        made = demo.frames(ORSHA, name, buildings=120)
        store.replace(connection, LAYERS[name], made, area=ORSHA, origin=ORIGIN)
    assert runner.run(connection, pipeline.NAME, "orsha", {}).quality["not_computed"] == [
        "land cover shares"
    ]
    cover = rasters.raster(ORSHA, "land_cover", buildings=120)
    raster_store.replace(connection, load_rasters()["land_cover"], cover, area=ORSHA, origin=ORIGIN)
    done = runner.run(connection, pipeline.NAME, "orsha", {})
    assert done.quality["not_computed"] == []
    for name in pipeline.OUTPUT:
        assert len(store.read(connection, LAYERS[name], area="orsha")) == len(done.frames[name])
