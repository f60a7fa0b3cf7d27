"""What no pipeline may take in silence: the table of bad inputs, cell by cell."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pandas as pd
import pytest
import shapely

from layers.registry import load_layers
from processing.demo import rasters
from processing.distributed import Engine
from processing.errors import NotProjected, ProcessingError
from processing.frames import checksum, require_fit
from processing.pipelines import PIPELINES
from processing.spread import spread
from tests import fix_bad_cells_areas as areas
from tests import fix_bad_cells_streets as streets
from tests.fix_bad_cells import Cell, Cells, Idle, Refused, Same, ordinary, ordinary_raster
from tests.fix_bad_inputs import FRAME_FAULTS, ORSHA, RASTER_FAULTS, compute, place

TABLE: Mapping[str, Mapping[str, Cells]] = {
    "service-coverage": streets.SERVICE,
    "accessibility-coverage": streets.ACCESS,
    "site-selection": streets.SITES,
    "lighting-coverage": streets.LIGHTING,
    "radio-coverage": areas.RADIO,
    "fibre-coverage": areas.FIBRE,
    "monitoring-coverage": areas.AIR,
    "metering-coverage": areas.METERS,
    "land-coverage": areas.LAND,
}

OTHERWISE: dict[tuple[str, str], dict[str, Any]] = {
    ("site-selection", "parcels"): {"candidates": "parcel"},
}
"""Parameters with which an input is looked at."""
WITHOUT = {("land-coverage", "smart_quarters"): ("functional_zones",)}
"""Inputs that stand before another."""
LAYERS = load_layers()


def spoiled(name: str, argument: str, fault: Any = None) -> Any:
    """The result of a pipeline of whose inputs one has a fault."""
    changed: dict[str, Any] = dict.fromkeys(WITHOUT.get((name, argument), ()))
    if fault is not None:
        changed[argument] = fault(place(ORSHA)[PIPELINES[name].INPUTS[argument]])
    return compute(name, changed, OTHERWISE.get((name, argument)))


@cache
def undamaged(name: str, argument: str) -> Any:
    return spoiled(name, argument)


def is_raster(name: str, argument: str) -> bool:
    return PIPELINES[name].INPUTS[argument] in rasters.RASTERS


def cells() -> Iterator[Any]:
    """Every pipeline x input x fault, with what the table says of it."""
    for name, inputs in TABLE.items():
        for argument, own in inputs.items():
            raster = is_raster(name, argument)
            said = (ordinary_raster if raster else ordinary)(PIPELINES[name].INPUTS[argument])
            for fault in RASTER_FAULTS if raster else FRAME_FAULTS:
                cell = (said | dict(own)).get(fault)
                yield pytest.param(name, argument, fault, cell, id=f"{name}-{argument}-{fault}")


def asked() -> list[Any]:
    """The cells that apply."""
    return [one for one in cells() if not isinstance(one.values[3], Idle)]


def test_the_table_is_complete() -> None:
    """Every input of every pipeline has its row, and no row is of anything else."""
    for name, inputs in TABLE.items():
        assert set(inputs) == set(PIPELINES[name].INPUTS), name
        for argument, own in inputs.items():
            faults = RASTER_FAULTS if is_raster(name, argument) else FRAME_FAULTS
            assert set(own) <= set(faults), (name, argument)
    assert set(PIPELINES) == {*TABLE, "smart-quarter-coverage"}
    assert [str(one.id) for one in cells() if one.values[3] is None] == []


@pytest.mark.parametrize(("name", "argument", "fault", "cell"), asked())
def test_a_bad_input_is_named_or_published(
    name: str, argument: str, fault: str, cell: Cell
) -> None:
    spoil = (RASTER_FAULTS if is_raster(name, argument) else FRAME_FAULTS)[fault]
    if isinstance(cell, Refused):
        with pytest.raises(cell.error, match=cell.text) as raised:
            spoiled(name, argument, spoil)
        assert type(raised.value) is cell.error
        return
    result = spoiled(name, argument, spoil)
    for layer, frame in result.frames.items():
        require_fit(frame.assign(run_id="r"), LAYERS[layer], ORSHA)
    if isinstance(cell, Same):
        assert_same(dict(result.figures), dict(undamaged(name, argument).figures))
        return
    for path, wanted in cell.items():
        assert_said(look(result, path), wanted, path)


@pytest.mark.parametrize("name", PIPELINES)
def test_an_area_that_is_not_measured_in_metres_is_named(name: str) -> None:
    for srid, why in (
        (4326, "WGS 84 is not a projected CRS; give the area a UTM zone"),
        (3857, "Web Mercator stretches lengths; give the area a UTM zone"),
        (2272, "is not in metres; give the area a UTM zone"),  # Pennsylvania South, feet
        (999_999, "EPSG:999999 is not a known CRS; correct its srid"),
    ):
        with pytest.raises(NotProjected, match=f"^area orsha: .*{why}"):
            compute(name, area=ORSHA.model_copy(update={"srid": srid}))


@pytest.mark.parametrize(
    "name", ["service-coverage", "accessibility-coverage", "site-selection", "lighting-coverage"]
)
def test_a_street_more_without_length_changes_nothing(name: str) -> None:
    streets = place(ORSHA)["streets"]
    first = streets.iloc[[3]]
    corner = shapely.get_point(first.geometry.iloc[0], 0)
    node, number = int(first["node_from"].iloc[0]), int(streets.index.max()) + 1
    point = first.assign(node_from=node, node_to=node, length_m=0.0)
    point = point.set_geometry([shapely.LineString([corner, corner])], crs=streets.crs)
    more = pd.concat([streets, point.set_axis(pd.Index([number], name="id"))])
    assert compute(name, {"streets": more}).figures == compute(name).figures


LOST_PLACES = ("far", "placeless", "one_placeless")


@pytest.mark.parametrize("name", [one for one in TABLE if getattr(PIPELINES[one], "TILED", 0)])
def test_tiles_say_of_bad_inputs_what_the_whole_says(name: str) -> None:
    def said(argument: str, fault: str, **more: Any) -> Any:
        bad = FRAME_FAULTS[fault](place(ORSHA)[PIPELINES[name].INPUTS[argument]])
        try:
            result = compute(name, {argument: bad, **more})
        except ProcessingError as error:
            return type(error), str(error)
        return checksum(result.frames), result.figures, result.quality

    with spread(Engine(), 200.0) as here:
        for argument in (one for one in TABLE[name] if not is_raster(name, one)):
            for fault in (*LOST_PLACES, *(["apart"] if argument == "streets" else [])):
                whole, tiled = said(argument, fault), said(argument, fault, spread=here)
                assert tiled == whole, (argument, fault)


def look(result: Any, path: str) -> list[Any]:
    """What stands at a path: one value, or those of all members where it has a `*`."""
    top, *rest = path.split("/")
    if top == "rows":
        column = result.frames[rest[0]][rest[1]].astype(object)
        return [set(column.where(column.notna(), None))]
    found = [getattr(result, top)]
    for step in rest:
        if step == "*":
            found = [
                x for one in found for x in (one.values() if isinstance(one, Mapping) else one)
            ]
        else:
            found = [one[int(step)] if isinstance(one, list) else one[step] for one in found]
    assert found, f"nothing stands at {path}"
    return found


def assert_said(found: list[Any], wanted: Any, path: str) -> None:
    for one in found:
        if isinstance(wanted, str):
            assert re.search(wanted, one if isinstance(one, str) else str(one)), (path, one)
        else:
            assert one == wanted, path
            assert (one is None) == (wanted is None), path


def assert_same(found: Any, wanted: Any) -> None:
    """To the millionth: a way round another CRS costs last digits."""
    if isinstance(wanted, Mapping):
        assert found.keys() == wanted.keys()
        for name in wanted:
            assert_same(found[name], wanted[name])
    elif isinstance(wanted, list | tuple):
        assert len(found) == len(wanted)
        for pair in zip(found, wanted, strict=True):
            assert_same(*pair)
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-6)
    else:
        assert found == wanted
