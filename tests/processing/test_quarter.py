import pandas as pd
import pytest

from layers.area import seed_areas
from processing import demo
from processing.errors import RunFailed
from processing.pipelines import land_coverage, service_coverage
from processing.quarter import run_methods
from processing.spread import Spread

ORSHA = seed_areas()["orsha"]


class Dead:
    """An engine whose workers all end."""

    def do(self, _work, _common, pieces):
        for _ in pieces:
            raise RunFailed("several workers in turn ended")
        yield


def frames(*names):
    return {name: pd.concat(list(demo.frames(ORSHA, name, buildings=40))) for name in names}


def test_a_dead_engine_ends_the_run_and_is_no_reason_of_an_indicator():
    given = frames("buildings", "streets", "service_points")
    with pytest.raises(RunFailed, match="several workers"):
        run_methods([service_coverage], ORSHA, given, Spread(Dead(), 300.0))


def test_what_is_not_cut_is_computed_at_once_and_what_the_data_lack_is_told():
    given = frames("buildings")
    found = run_methods([service_coverage, land_coverage], ORSHA, given, Spread(Dead(), 300.0))
    assert {name: one.result is None for name, one in found.items()} == {
        "service-coverage": True, "land-coverage": True,
    }  # fmt: skip
    assert "streets, service_points" in found["service-coverage"].reason.en
    assert "functional_zones" in found["land-coverage"].reason.en
