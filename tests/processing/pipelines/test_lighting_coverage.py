from typing import Any

import pytest

from layers import scenario, store
from layers.area import save_area
from layers.model import Origin
from layers.registry import load_layers
from processing import demo, runner
from processing.errors import BadParameter, EmptyInput
from processing.pipelines import PIPELINES, read_params
from tests.fix_streets import ORSHA

LIGHTING = PIPELINES["lighting-coverage"]


@pytest.mark.parametrize(
    ("given_params", "said"),
    [
        ({"cutoff_heights": 0}, r"cutoff_heights = 0 .* greater than or equal to 2"),
        ({"cutoff_heights": float("nan")}, r"cutoff_heights = nan .* finite"),
        ({"burning_h": 9000}, r"burning_h = 9000 .* 8784 h$"),
        ({"maintenance_factor": 0}, r"maintenance_factor = 0 .* greater than 0"),
        ({"walk_to": "moon"}, r"walk_to = 'moon' .* 'school'"),
        ({"ies": {"X-1": "text"}}, r"ies.X-1"),
        ({"default_width_m": -1}, r"default_width_m = -1 .* 0.5 m$"),
    ],
)
def test_a_bad_parameter_is_named_with_what_is_allowed(given_params, said):
    with pytest.raises(BadParameter, match=said):
        read_params(LIGHTING, given_params)


def test_cabinets_can_be_written_on_a_command_line():
    written = read_params(LIGHTING, {"dark_cabinets": "C-02, C-01,C-02"})
    assert written == read_params(LIGHTING, {"dark_cabinets": ["C-01", "C-02"]})


def test_its_seeds_are_the_classes_and_the_demonstration_luminaires():
    assert set(LIGHTING.seeds()) == {"classes", "demonstration"}
    assert LIGHTING.seeds()["demonstration"]["mercury_old"].status == "demonstration"


@pytest.fixture
def quarter(connection: Any) -> Any:
    """The demonstration quarter of Orsha, as far as lighting looks at it."""
    save_area(connection, ORSHA)
    layers, origin = load_layers(), Origin(status="demonstration", source="test", checksum="1")
    for name in LIGHTING.INPUTS.values():
        store.replace(connection, layers[name], demo.frames(ORSHA, name), area=ORSHA, origin=origin)
    return connection


def test_the_quarter_from_its_layers_to_published_ones(quarter: Any):
    done = runner.run(quarter, LIGHTING.NAME, "orsha", {})
    assert done.changed
    assert not runner.needed(quarter, LIGHTING.NAME, "orsha", {})
    assert not runner.run(quarter, LIGHTING.NAME, "orsha", {}).changed
    figures = done.result.figures
    assert done.quality["lamps_not_computable"] == {}
    assert done.quality["azimuths_derived"] == 0
    assert 0.5 < figures["share_lit"] < 1
    assert figures["share_judged"] > 0.9  # but for M classes
    assert figures["walks"]["residents"] > 10_000
    rows = quarter.execute("SELECT count(*) FROM features.street_lighting").fetchone()
    assert rows == (len(done.frames["street_lighting"]),)
    # Lamps that look away from their street light it less: the azimuths mean what they say.
    frames = {
        name: store.read(quarter, load_layers()[name], area="orsha")
        for name in LIGHTING.INPUTS.values()
    }
    lamps = frames["street_lights"]
    away = lamps.assign(azimuth_deg=(lamps["azimuth_deg"] + 180.0) % 360.0)
    turned = LIGHTING.compute(LIGHTING.Params(), ORSHA, **(frames | {"street_lights": away}))
    assert turned.figures["share_lit"] < 0.8 * figures["share_lit"]

    # What if a lamp by the street is taken away: compared, nothing written.
    lamp = lamps.index[(lamps["state"] == "working").to_numpy()][0]
    without = scenario.read(
        {
            "name": "one-lamp-less", "area": "orsha", "title": "One lamp less",
            "changes": [{"layer": "street_lights", "operation": "remove", "id": int(lamp)}],
        }
    )  # fmt: skip
    compared = runner.compare(quarter, LIGHTING.NAME, {}, without)
    energy = compared.summary()["energy"]["kwh_per_year"]
    assert energy["difference"] == pytest.approx(-lamps.loc[lamp, "power_w"] * 4.1, abs=0.11)
    assert len(compared.differences["street_lighting"])


def test_lamps_that_are_not_loaded_are_named(connection: Any):
    save_area(connection, ORSHA)
    with pytest.raises(EmptyInput, match="layer street_lights is not loaded for area orsha"):
        runner.run(connection, LIGHTING.NAME, "orsha", {})
