"""The code of the how-to pages does what the pages say."""

import json
import re
import sys
import types
from pathlib import Path

import pandas as pd
import pytest
import yaml

from layers import registry
from layers.area import seed_areas
from layers.model import Layer
from processing import demo
from processing.frames import checksum, require_fit
from processing.pipelines import parameter_schemas

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-pipeline.md"
BLOCKS = dict(
    re.findall(r"^```(yaml|sql|json|python)\n(.*?)^```", PAGE.read_text("utf-8"), re.S | re.M)
)


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = types.ModuleType("green_supply")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # pydantic looks annotations up there
    exec(compile(BLOCKS["python"], str(PAGE), "exec"), module.__dict__)
    return module


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    """The layer of the page, checked as the command line checks it."""
    folder = tmp_path / "results" / "green_supply"
    folder.mkdir(parents=True)
    (folder / "layer.yml").write_text(BLOCKS["yaml"], "utf-8")
    (folder / "table.sql").write_text(BLOCKS["sql"], "utf-8")
    (folder / "style.json").write_text(BLOCKS["json"], "utf-8")
    properties = {field["name"]: None for field in yaml.safe_load(BLOCKS["yaml"])["fields"]}
    sample = {
        "type": "Feature", "id": 100000001,
        "geometry": {"type": "MultiPolygon", "coordinates": [[[[30.42, 54.5], [30.43, 54.5],
            [30.43, 54.51], [30.42, 54.5]]]]},
        "properties": properties | {"area": "orsha", "soato": None, "status": "derived",
            "building_id": 100000001, "green_m2": 5.0},
    }  # fmt: skip
    text = json.dumps({"type": "FeatureCollection", "features": [sample]})
    (folder / "sample.geojson").write_text(text, "utf-8")
    assert [str(fault) for fault in registry.check(tmp_path)] == []
    return registry.load_layers(tmp_path)["green_supply"]


def test_the_pipeline_of_the_page_computes_what_its_layer_holds(
    pipeline: types.ModuleType, layer: Layer
) -> None:
    orsha = seed_areas()["orsha"]
    frames = {
        name: pd.concat(list(demo.frames(orsha, layer_id)))
        for name, layer_id in pipeline.INPUTS.items()
    }
    result = pipeline.compute(pipeline.Params(radius_m=200), orsha, **frames)
    assert tuple(result.frames) == pipeline.OUTPUT
    found = result.frames["green_supply"]
    require_fit(found.assign(run_id="x"), layer, orsha)
    assert result.figures["homes"] == len(found) > 100
    assert found["green_m2"].between(0, 3.15 * 400**2).all()
    assert found["green_m2"].nunique() > 10
    wider = pipeline.compute(pipeline.Params(radius_m=400), orsha, **frames).frames["green_supply"]
    assert (wider["green_m2"] >= found["green_m2"]).all()
    shuffled = {name: frame.sample(frac=1, random_state=1) for name, frame in frames.items()}
    again = pipeline.compute(pipeline.Params(radius_m=200), orsha, **shuffled)
    assert checksum(again.frames) == checksum(result.frames)


def test_the_pipeline_of_the_page_is_described(pipeline: types.ModuleType) -> None:
    (radius,) = parameter_schemas(pipeline, "en").values()
    assert radius["x-ogc-unit"] == "m"
    assert pipeline.seeds() == {}
