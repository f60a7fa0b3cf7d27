"""What the scorecard says of bad inputs: an error, or for each indicator the reason why not."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from layers.registry import load_layers
from layers.seed import air_limits, indicators, service_norms
from processing import quarter
from processing.frames import require_fit
from processing.pipelines import PIPELINES
from processing.pipelines.members import MEMBERS
from tests.fix_bad_cells import AMOUNTS, Idle, Refused, Same, each, ordinary, unplaced
from tests.fix_bad_inputs import FRAME_FAULTS, ORSHA, place

LISTS = quarter.Lists(indicators(), air_limits(), service_norms())
INPUTS = PIPELINES["smart-quarter-coverage"].INPUTS
LAYERS = load_layers()


class Lines(dict[str, str]):
    """The indicators that have no value, and a word of why; none = all are computed."""


def lines(codes: str, why: str) -> Lines:
    return Lines(dict.fromkeys(codes.split(), why))


COUNTED = Lines()
"""Values change by what is bad, none is lost."""
NO_KEYS = {"no_keys": Idle("the layer has no column by which others refer to it")}
ELSEWHERE = unplaced("the scorecard asks how many there are, not where")
PEOPLE = "AIR1/1 AIR2/1 AIR3/1 AIR4/1 AIR6/1 AIR6/2 GRN1/1 HLT2/1 ICT5/1 PLN3/1 PST1/2 TRN2/1"
SERVICES = "EDU1/2 EDU2/3 HLT2/1 PST1/2"
AIR = "AIR1/1 AIR2/1 AIR3/1 AIR4/1 AIR5/1"
NO_QUARTER = lines("GRN1/1 GRN2/1 PLN3/1 PLN3/2", "^no outline of the quarter$")
NO_POINTS = lines(SERVICES, "^no layer of service points$")
NO_AGES = lines("EDU1/2 EDU2/3", "^no census units with ages$")
NO_LIGHTS = lines("LGT1/1 LGT2/1 LGT4/1", "^no layer of street lights$")
NO_CABINETS = lines("LGT1/1", "^it is not known which cabinets are remote$")
NO_METERS = lines("ENE1/1 WAT1/1 HEA1/1", "^no meters of the resource$")
NO_SERIES = lines(f"{AIR} AIR6/1 AIR6/2", "^no series of stations$")
UNREAD = Same("the scorecard does not read it")

SCORECARD: Mapping[str, Mapping[str, Any]] = {
    "smart_quarters": {
        **each("absent empty placeless one_placeless one_without_size far", NO_QUARTER),
        **each(f"no_columns no_texts no_numbers {AMOUNTS}", UNREAD),
        **NO_KEYS,
    },
    "buildings": {
        "no_texts": UNREAD,
        "no_numbers": Lines(
            lines(PEOPLE, "^the residents are not known$")
            | NO_AGES
            | lines("PLN3/2", "^the floor area is not known$")
        ),
        "zeros": Lines(lines(PEOPLE, "^the residents are not known$") | NO_AGES),
        **each("one_placeless one_without_size", COUNTED),
        "far": Lines(NO_QUARTER | NO_AGES),
        **NO_KEYS,
    },
    "service_points": {
        **each("absent empty no_texts", NO_POINTS),
        "no_numbers": Lines(
            lines("EDU1/2 EDU2/3", "^the places are not") | lines("HLT2/1", "^the doctors are not")
        ),
        "zeros": Lines(
            lines("EDU2/3", "^the places are not") | lines("HLT2/1", "^the doctors are not")
        ),
        **ELSEWHERE,
        **NO_KEYS,
    },
    "streets": {
        **each("absent empty placeless", lines("TRN2/1", "^no layer of streets$")),
        "no_numbers": lines("TRN2/1", "^it is not known which streets are open to bicycles$"),
        **each("no_texts no_keys", UNREAD),
        **each(f"{AMOUNTS} one_placeless one_without_size far", COUNTED),
    },
    "census_units": {
        **each("absent empty placeless no_numbers zeros far", NO_AGES),
        **each("no_texts no_keys", UNREAD),
        **each("one_placeless one_without_size", COUNTED),
    },
    "street_lights": {
        **each("absent empty", NO_LIGHTS),
        "no_texts": Lines(
            lines("LGT2/1", "^the lamp types are not")
            | lines("LGT4/1", "^the states of the lights")
        ),
        "no_keys": NO_CABINETS,
        **each(f"no_numbers {AMOUNTS}", UNREAD),
        **ELSEWHERE,
    },
    "light_cabinets": {
        **each("absent empty no_columns no_numbers no_keys", NO_CABINETS),
        **each(f"no_texts {AMOUNTS} repeated_id", UNREAD),
        **ELSEWHERE,
    },
    "utility_meters": {
        **each("absent empty no_texts", NO_METERS),
        "no_numbers": lines("ENE1/1 WAT1/1 HEA1/1", "^it is not known which meters are read"),
        "no_keys": lines("HEA1/1", "^no meters of the resource$"),
        **each(AMOUNTS, UNREAD),
        **ELSEWHERE,
    },
    "wifi_access_points": {
        **each("absent empty", lines("ICT5/1", "^no layer of Wi-Fi points$")),
        "no_texts": COUNTED,
        **each(f"no_numbers {AMOUNTS}", UNREAD),
        **ELSEWHERE,
        **NO_KEYS,
    },
    "green_areas": {
        **each("absent empty placeless", lines("GRN1/1 GRN2/1", "^no layer of green areas$")),
        "no_numbers": lines("GRN1/1", "^it is not known which green areas are public$"),
        **each(f"no_texts {AMOUNTS}", UNREAD),
        **each("one_placeless one_without_size far", COUNTED),
        **NO_KEYS,
    },
    "functional_zones": {
        **each("absent empty placeless no_texts", lines("PLN1/1", "^no functional zones$")),
        **each(f"no_numbers {AMOUNTS}", UNREAD),
        **each("one_placeless one_without_size far", COUNTED),
        **NO_KEYS,
    },
    "red_lines": {
        **each("absent empty placeless no_texts", lines("PLN2/1 PLN2/2", "^no red lines$")),
        **each(f"no_numbers {AMOUNTS}", UNREAD),
        **each("one_placeless one_without_size far", COUNTED),
        **NO_KEYS,
    },
    "air_sensors": {
        **each("absent empty no_keys placeless one_placeless", NO_SERIES),
        **each(f"no_texts no_numbers {AMOUNTS} one_without_size", UNREAD),
        "far": COUNTED,
    },
    "air_sensor_readings": {
        **each("absent empty no_keys no_numbers negative infinite", NO_SERIES),
        "no_texts": UNREAD,
        "zeros": COUNTED,
        **ELSEWHERE,
    },
}


PEOPLE_FROM = {"buildings", "smart_quarters", "census_units"}
TOGETHER = (
    {"street_lights", "light_cabinets"}, {"air_sensors", "air_sensor_readings"},
)  # fmt: skip


def beside(layer: str) -> set[str]:
    """The layers that the indicators of a layer are made of."""
    if layer in PEOPLE_FROM:
        return set(INPUTS)
    return PEOPLE_FROM.union({layer}, *(group for group in TOGETHER if layer in group))


def cover(layer: str, fault: Any = None, methods: Any = ()) -> Any:
    """The scorecard of the small place; without methods only what it reads itself of a layer."""
    read = set(INPUTS) if methods else beside(layer)
    known = dict.fromkeys(INPUTS) | {name: place(ORSHA)[name] for name in sorted(read)}
    if fault is not None:
        known[layer] = fault(known[layer])
    return quarter.cover(methods, ORSHA, known, LISTS)


def rows(result: Any) -> dict[str, Any]:
    frame = result.frames["indicators"]
    return {f"{row.code}/{row.part}": row for row in frame.itertuples()}


@cache
def undamaged(layer: str) -> dict[str, Any]:
    return rows(cover(layer))


def cells() -> Iterator[Any]:
    for layer, own in SCORECARD.items():
        for fault in FRAME_FAULTS:
            cell = (ordinary(layer) | dict(own)).get(fault)
            yield pytest.param(layer, fault, cell, id=f"{layer}-{fault}")


def asked() -> list[Any]:
    """The cells that apply."""
    return [one for one in cells() if not isinstance(one.values[2], Idle)]


def test_the_table_is_complete() -> None:
    read = set(quarter.READS) | {"light_cabinets"}
    assert set(SCORECARD) == read
    assert [str(one.id) for one in cells() if one.values[2] is None] == []
    # The other layers are read by the methods only, whose own table tells what they say.
    others = set(INPUTS) - read
    assert others <= {layer for member in MEMBERS for layer in member.INPUTS.values()}


@pytest.mark.parametrize(("layer", "fault", "cell"), asked())
def test_a_bad_input_is_named_or_told_with_its_reason(layer: str, fault: str, cell: Any) -> None:
    spoil = FRAME_FAULTS[fault]
    if isinstance(cell, Refused):
        with pytest.raises(cell.error, match=cell.text):
            cover(layer, spoil)
        return
    result = cover(layer, spoil)
    for name, frame in result.frames.items():
        require_fit(frame.assign(run_id="r"), LAYERS[name], ORSHA)
    found, base = rows(result), undamaged(layer)
    lost = {key for key, row in found.items() if row.value != row.value}
    assert lost - {key for key, row in base.items() if row.value != row.value} == set(
        cell if isinstance(cell, Lines) else ()
    )
    for key, why in cell.items() if isinstance(cell, Lines) else ():
        assert re.search(why, found[key].reason_en)
        assert found[key].reason_be
        assert found[key].reason_ru
    if isinstance(cell, Same):
        known = {key: row.value for key, row in base.items() if row.value == row.value}
        assert {key: found[key].value for key in known} == pytest.approx(known, rel=1e-6)


@pytest.mark.parametrize(
    ("layer", "fault", "codes", "why"),
    [
        ("service_points", "no_crs", "TRN1/1 HLT1/1 EDU1/1 GRN3/1 EDU2/2 LGT3/1", "has no CRS"),
        ("street_lights", "one_nan", "LGT3/1 LGT5/1 LGT5/2", "no place in WGS 84"),
        ("base_stations", "another_kind", "ICT4/1 ICT4/2", "base_stations: needs Point"),
        ("ducts", "one_at_0_0", "ICT1/1", "where lengths in .* off"),
        ("splitters", "no_numbers", "ICT1/1", "none has a known loss_db"),
        ("streets", "no_keys", "TRN1/1 GRN3/1 LGT3/1", "without node_from or node_to"),
        ("streets", "far", "TRN1/1 HLT1/1 GRN3/1", "near a walkable street|green areas to compute"),
        ("lorawan_gateways", "repeated_id", "ICT4/1", "lorawan_gateways: an id must be there once"),
    ],
)
def test_what_a_method_refuses_is_the_reason_in_three_languages(
    layer: str, fault: str, codes: str, why: str
) -> None:
    concerned = [one for one in MEMBERS if layer in one.INPUTS.values()]
    found = rows(cover(layer, FRAME_FAULTS[fault], concerned))
    for key in codes.split():
        row = found[key]
        assert (row.outcome, row.value != row.value) == ("not_computed", True), key
        assert re.search(why, row.reason_en), row.reason_en
        assert re.search("[ўі]", row.reason_be), row.reason_be
        assert re.search("[а-я]", row.reason_ru), row.reason_ru
