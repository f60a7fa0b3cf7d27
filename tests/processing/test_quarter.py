import re

import pandas as pd
import pytest

from layers.area import seed_areas
from layers.seed import air_limits, indicators, service_norms
from processing import demo, quarter
from processing.errors import RunFailed
from processing.pipelines import (
    accessibility_coverage,
    fibre_coverage,
    land_coverage,
    lighting_coverage,
    radio_coverage,
    service_coverage,
    smart_quarter_coverage,
)
from processing.quarter import run_methods
from processing.spread import Spread

ORSHA = seed_areas()["orsha"]
SCORED = (
    service_coverage, accessibility_coverage, radio_coverage, fibre_coverage, lighting_coverage,
)  # fmt: skip
NAMES = {"UTM", "CNOSSOS"}


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


def english(text):
    """Return the Latin words of a text that are neither quoted nor names."""
    return set(re.findall("[A-Za-z]{3,}", re.sub("«[^«»]*»", "", text))) - NAMES


def untranslated(reason):
    return {word for language in ("be", "ru") for word in english(reason.get(language))}


@pytest.fixture(scope="module")
def town():
    """All layers, of which the largest are small."""
    layers = ("buildings", "streets", "service_points", "street_lights", "ducts", "splitters")
    return frames(*layers, "line_terminals", "green_areas", "base_stations")


def faulty(layer, **columns):
    return lambda given: given | {layer: given[layer].assign(**columns)}


def emptied(layer):
    return lambda given: given | {layer: given[layer][:0]}


FAULTS = {
    "no_homes": (faulty("buildings", kind="worship"), "выбраных прызначэнняў"),
    "not_walkable": (faulty("streets", foot=False), "пешаходныя вуліцы"),
    "no_classes": (faulty("service_points", service_class=None), "з вядомым полем"),
    "negative": (faulty("buildings", residents=-1), "адмоўны або бясконцы лік"),
    "no_column": (lambda t: t | {"streets": t["streets"].drop(columns="foot")}, "няма слупкоў"),
    "lamps": (emptied("street_lights"), "загрузіце слой для гэтай тэрыторыі"),
    "stations": (emptied("base_stations"), "станцыі на тэрыторыі"),
    "budgets": (faulty("line_terminals", budget_db=float("nan")), "budget_db"),
    "kind": (
        lambda t: t | {"buildings": t["buildings"].set_geometry(t["buildings"].centroid)},
        "патрэбна геаметрыя палігон або мультыпалігон",
    ),
    "srs": (
        lambda t: t | {"buildings": t["buildings"].set_crs(None, allow_override=True)},
        "the frame has no CRS",
    ),
}


@pytest.mark.filterwarnings("ignore:Geometry is in a geographic CRS")
@pytest.mark.parametrize("fault", FAULTS)
def test_why_a_method_could_not_compute_is_said_in_each_language(town, fault):
    spoil, said = FAULTS[fault]
    found = run_methods(SCORED, ORSHA, spoil(town))
    reasons = [one.reason for one in found.values() if one.reason is not None]
    assert any(said in reason.be for reason in reasons)
    assert {word for reason in reasons for word in untranslated(reason)} == set()


@pytest.mark.parametrize("kind", ["worship", "residential"])
def test_a_scorecard_without_data_has_no_english_reason_in_other_languages(kind):
    given = dict.fromkeys(smart_quarter_coverage.INPUTS) | frames("buildings")
    given["buildings"] = given["buildings"].assign(kind=kind, residents=None)
    lists = quarter.Lists(indicators(), air_limits(), service_norms())
    _, lines = quarter.score(ORSHA, given, run_methods(SCORED, ORSHA, given), lists)
    reasons = {(x.indicator.code, x.indicator.part): x.figure.reason for x in lines}
    assert all(reasons.values())
    assert {key for key, reason in reasons.items() if untranslated(reason)} == set()
    assert "«streets, service_points»" in reasons["HLT1", 1].ru
