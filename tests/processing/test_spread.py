"""Pipelines by tiles say to the bit what they say at once, on one worker and on two."""

import os
import signal
from functools import cache

import numpy as np
import pandas as pd
import pytest

from layers.area import seed_areas
from layers.raster import load_rasters
from processing import demo
from processing.demo import rasters
from processing.distributed import Engine, hands
from processing.frames import checksum
from processing.pipelines import PIPELINES, read_params
from processing.spread import Spread, packed, spread, unpacked
from processing.tiles import owners

ORSHA = seed_areas()["orsha"]
PARAMS = {
    "service-coverage": {"service_classes": ["school", "stop", "clinic"]},
    "accessibility-coverage": {},
    "lighting-coverage": {"dark_cabinets": ["C-01"]},
    "land-coverage": {},
    "radio-coverage": {"cell_m": 100.0, "technologies": ["lte", "wifi", "lorawan"]},
}


@pytest.fixture(scope="module", params=[1, 2], ids=["1 worker", "2 workers"])
def workers(request):
    with hands(Engine(workers=request.param)) as opened:
        yield opened


def part(name):
    if name in load_rasters():
        return rasters.raster(ORSHA, name)
    return pd.concat(list(demo.frames(ORSHA, name)))


def compute(name, **more):
    pipeline = PIPELINES[name]
    inputs = {argument: part(layer) for argument, layer in pipeline.INPUTS.items()}
    params = read_params(pipeline, PARAMS[name])
    found = pipeline.compute(params, ORSHA, **inputs, **pipeline.seeds(), **more)
    return checksum(found.frames), found.figures, found.quality


@cache
def whole(name):
    return compute(name)


@pytest.mark.parametrize("name", PARAMS)
def test_workers_say_by_tiles_what_is_said_at_once(workers, name):
    steps = set()
    tiled = Spread(workers, 300.0, told=lambda step, done, total: steps.add((step, done, total)))
    assert compute(name, spread=tiled) == whole(name)
    assert {(step, total, total) for step, _, total in steps if total > 1} <= steps
    assert max(total for _, _, total in steps) > 1


def test_a_worker_killed_in_the_middle_changes_nothing(workers):
    killed = []

    def told(_step, done, total):
        if done == total // 2 and not killed:
            killed.append(min(workers.client.run(os.getpid).values()))
            os.kill(killed[0], signal.SIGKILL)

    tiled = Spread(workers, 150.0, told=told)
    assert compute("lighting-coverage", spread=tiled) == whole("lighting-coverage")
    assert killed


@pytest.mark.parametrize("tile_m", [170.0, 20_000.0])
@pytest.mark.parametrize("name", PARAMS)
def test_the_size_of_tiles_changes_nothing(name, tile_m):
    with spread(Engine(), tile_m) as here:
        assert compute(name, spread=here) == whole(name)


class Memory(dict):
    """Tiles kept in memory, as bytes."""

    def get(self, step, tile):
        return super().get((step, tile))

    def put(self, step, tile, content):
        self[step, tile] = content


def doubled(common, piece):
    CALLS.append(piece)
    return {"values": np.array([common * piece], dtype=np.float64)}


CALLS = []
TILES = list(owners(np.array([0.0, 10.0, 25.0]), np.array([0.0, 0.0, -1.0]), 10.0))


def test_finished_tiles_are_taken_and_only_the_others_computed():
    kept, told = Memory(), []

    def run(last):
        CALLS.clear()
        told.clear()
        with spread(Engine(), 10.0, kept, lambda *said: told.append(said)) as here:
            return here.map("double", doubled, 2.0, TILES[:last], TILES.index)

    assert [a["values"].tolist() for a in run(2).values()] == [[0.0], [2.0]]
    assert [a["values"].tolist() for a in run(3).values()] == [[0.0], [2.0], [4.0]]
    assert CALLS == [2]
    assert told == [("double", 2, 3), ("double", 3, 3)]
    assert {step for step, _ in kept} == {"double"}


def test_kept_bytes_are_the_bits_that_were_computed():
    arrays = {
        "metres": np.array([0.1 + 0.2, np.inf, -0.0, np.nan]), "ids": np.array([2**62, -1]),
        "codes": np.array([255], dtype=np.uint8), "none": np.empty((0, 2)),
    }  # fmt: skip
    again = unpacked(packed(arrays))
    assert again.keys() == arrays.keys()
    for name, values in arrays.items():
        assert (again[name].dtype, again[name].shape) == (values.dtype, values.shape)
        assert again[name].tobytes() == values.tobytes()


def test_bytes_cut_short_are_no_result():
    content = packed({"metres": np.arange(100.0)})
    for broken in (content[:-30], content[:200] + b"\1" + content[201:]):
        with pytest.raises(Exception, match=r"(?i)zip|crc"):
            unpacked(broken)
