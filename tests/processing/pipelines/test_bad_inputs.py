"""What no pipeline may take: numbers that are none, points for streets, unplaced coordinates."""

import math
from typing import Any

import pandas as pd
import pytest
import shapely

from layers.area import seed_areas
from processing import demo
from processing.errors import BadParameter, NotProjected
from processing.pipelines import PIPELINES, read_params

ORSHA = seed_areas()["orsha"]
WALKED = ("service-coverage", "accessibility-coverage", "site-selection", "lighting-coverage")


def numeric() -> list[tuple[str, str, float]]:
    """Every number that a pipeline takes, with its least value."""
    found = []
    for name, pipeline in PIPELINES.items():
        schemas = pipeline.Params.model_json_schema()["properties"]
        for parameter, schema in schemas.items():
            parts = [schema, *schema.get("anyOf", ())]
            for one in parts:
                if one.get("type") in ("number", "integer"):
                    least = one.get("minimum", one.get("exclusiveMinimum", -math.inf))
                    found.append((name, parameter, least))
    return found


@pytest.mark.parametrize(("name", "parameter", "least"), numeric())
def test_a_number_that_is_none_or_too_low_is_named(name: str, parameter: str, least: float) -> None:
    pipeline = PIPELINES[name]
    wrong = [math.nan, math.inf, -math.inf, *([] if math.isinf(least) else [least - 1])]
    for value in wrong:
        with pytest.raises(BadParameter, match=rf"^{parameter}\b"):
            read_params(pipeline, {parameter: value})


@pytest.fixture(scope="module")
def frames() -> dict[str, Any]:
    names = {layer for name in WALKED for layer in PIPELINES[name].INPUTS.values()}
    return {
        name: pd.concat(list(demo.frames(ORSHA, name, buildings=60)))
        for name in sorted(names & set(demo.LAYERS))
    }


def compute(name: str, frames: dict[str, Any], **changed: Any) -> Any:
    pipeline = PIPELINES[name]
    given = {a: (frames | changed).get(layer) for a, layer in pipeline.INPUTS.items()}
    return pipeline.compute(pipeline.Params(), ORSHA, **given, **pipeline.seeds())


@pytest.mark.parametrize("name", WALKED)
def test_a_street_without_length_changes_nothing(name: str, frames: dict[str, Any]) -> None:
    streets = frames["streets"]
    first = streets.iloc[[3]]
    corner = shapely.get_point(first.geometry.iloc[0], 0)
    node, number = int(first["node_from"].iloc[0]), int(streets.index.max()) + 1
    point = first.assign(node_from=node, node_to=node, length_m=0.0)
    point = point.set_geometry([shapely.LineString([corner, corner])], crs=streets.crs)
    more = pd.concat([streets, point.set_axis(pd.Index([number], name="id"))])
    assert compute(name, frames, streets=more).figures == compute(name, frames).figures


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        (name, layer)
        for name in WALKED
        for layer in PIPELINES[name].INPUTS.values()
        if layer in demo.LAYERS and (name, layer) != ("site-selection", "parcels")
    ],
)  # parcels are looked at only when they are asked for
def test_coordinates_of_no_system_are_named(name: str, layer: str, frames: dict[str, Any]) -> None:
    placeless = frames[layer].set_crs(None, allow_override=True)
    with pytest.raises(NotProjected, match=layer):
        compute(name, frames, **{layer: placeless})
