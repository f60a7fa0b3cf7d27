"""Streets from OSM tags: class, access, direction, speed."""

import pytest

from layers.ingest.osm_streets import (
    STREET_FIELDS,
    access,
    highway,
    is_street,
    maxspeed_kmh,
    oneway,
    street,
)
from layers.registry import load_layers

CODES = {f.name: {c.value for c in f.codes} for f in load_layers()["streets"].fields if f.codes}


def of(kind: str, **tags: str) -> dict[str, str]:
    return {"highway": kind, **{k.replace("__", ":"): v for k, v in tags.items()}}


@pytest.mark.parametrize(
    ("tags", "foot", "bicycle", "car"),
    [
        (of("residential"), True, True, True),
        (of("motorway"), False, False, True),
        (of("motorway", sidewalk="both"), True, False, True),
        (of("trunk"), True, True, True),
        (of("trunk", motorroad="yes"), False, False, True),
        (of("footway"), True, False, False),
        (of("footway", bicycle="yes"), True, True, False),
        (of("footway", access="yes"), True, False, False),
        (of("steps"), True, False, False),
        (of("path", foot="no"), False, True, False),
        (of("cycleway"), True, True, False),
        (of("track"), True, True, False),
        (of("track", motor_vehicle="yes"), True, True, True),
        (of("service", access="private"), False, False, False),
        (of("service", access="private", foot="yes"), True, False, False),
        (of("service", access="destination"), True, True, True),
        (of("residential", vehicle="no"), True, False, False),
        (of("residential", vehicle="no", bicycle="yes"), True, True, False),
        (of("residential", motor_vehicle="private"), True, True, False),
        (of("primary", foot="use_sidepath"), False, True, True),
        (of("residential", bicycle="dismount"), True, False, True),
        (of("road"), True, True, True),
        (of("via_ferrata"), True, True, False),
    ],
)
def test_access(tags: dict[str, str], foot: bool, bicycle: bool, car: bool) -> None:
    assert access(tags) == (foot, bicycle, car)


@pytest.mark.parametrize(
    ("tags", "value"),
    [
        (of("primary"), "no"),
        (of("primary", oneway="yes"), "forward"),
        (of("primary", oneway="1"), "forward"),
        (of("primary", oneway="-1"), "backward"),
        (of("primary", oneway="reverse"), "backward"),
        (of("primary", oneway="reversible"), "no"),
        (of("primary", junction="roundabout"), "forward"),
        (of("primary", junction="roundabout", oneway="no"), "no"),
        (of("motorway"), "forward"),
        (of("motorway", oneway="no"), "no"),
        (of("motorway_link"), "no"),
    ],
)
def test_oneway(tags: dict[str, str], value: str) -> None:
    assert oneway(tags) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("60", 60.0),
        ("60 km/h", 60.0),
        ("40 mph", pytest.approx(64.37376)),
        ("BY:urban", 60.0),
        ("BY:rural", 90.0),
        ("AT:urban", None),
        ("none", None),
        ("walk", None),
        ("900", None),
        (None, None),
    ],
)
def test_speeds(text: str | None, value: float | None) -> None:
    assert maxspeed_kmh(text) == value


def test_what_is_no_street_yet_or_no_more() -> None:
    for value in ("proposed", "construction", "platform", "razed"):
        assert not is_street(of(value))
    assert not is_street({"railway": "rail"})
    assert is_street(of("anything_else"))


def test_every_class_is_a_code_of_the_layer() -> None:
    for value in ("motorway_link", "crossing", "minor", "bridleway", "road", "corridor", "steps"):
        values = dict(zip(STREET_FIELDS, street(of(value)), strict=True))
        assert values["highway"] in CODES["highway"]
        assert values["oneway"] in CODES["oneway"]
    assert highway(of("trunk_link")) == "trunk"
