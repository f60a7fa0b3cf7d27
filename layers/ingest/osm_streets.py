"""What OpenStreetMap tags mean for a street: class, who may use it, direction, speed.

Meanings follow the OSM wiki (Key:highway, Key:access, Key:oneway, Key:maxspeed).
"""

from __future__ import annotations

from typing import NamedTuple

from layers.ingest.osm_tags import YES, Tags, flag, metres, number, words

_CLASSES = words(
    "motorway trunk primary secondary tertiary unclassified residential living_street service"
    " pedestrian footway path steps cycleway track"
)
_RENAMED = {"crossing": "footway", "minor": "unclassified"}
_NO_STREET = words(
    "proposed construction abandoned disused razed demolished planned platform bus_stop rest_area"
    " services raceway elevator emergency_bay no"
)


class Access(NamedTuple):
    """Who may use a street."""

    foot: bool
    bicycle: bool
    car: bool


_DEFAULT_ACCESS = {
    "motorway": Access(False, False, True),
    "pedestrian": Access(True, False, False),
    "footway": Access(True, False, False),
    "path": Access(True, True, False),
    "steps": Access(True, False, False),
    "cycleway": Access(True, True, False),
    "track": Access(True, True, False),
    "other": Access(True, True, False),
}
ALLOWED = words("yes true 1 designated permissive destination customers official public residents")
DENIED = words(
    "no false 0 private agricultural forestry delivery emergency military use_sidepath dismount"
    " permit"
)

_MILE_KM, _KNOT_KM = 1.609344, 1.852
_SPEED_UNITS = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": _MILE_KM, "knots": _KNOT_KM}
_SPEED_CODES = {"urban": 60.0, "rural": 90.0, "motorway": 110.0, "living_street": 20.0}
"""Limits of the Belarusian traffic rules by the code after `BY:` (recalled)."""


def is_street(tags: Tags) -> bool:
    """Tell whether a way is part of the street network."""
    value = tags.get("highway")
    return value is not None and value not in _NO_STREET


def highway(tags: Tags) -> str:
    """Return the class of a street; slip roads have the class of their road."""
    value = tags.get("highway", "").removesuffix("_link")
    value = _RENAMED.get(value, value)
    return value if value in _CLASSES else "other"


def access(tags: Tags) -> Access:
    """Return who may use a street: the default of its class, then ever more specific tags."""
    kind = highway(tags)
    start = _DEFAULT_ACCESS.get(kind, Access(True, True, True))
    if tags.get("highway") == "road":  # of unknown class, but a road
        start = Access(True, True, True)
    foot, bicycle, car = start
    if tags.get("motorroad") == "yes":
        foot = bicycle = False
    if tags.get("sidewalk", "no") in {"yes", "both", "left", "right"}:
        foot = True
    foot = _last(tags, ("access", "foot"), foot)
    bicycle = _last(tags, ("access", "vehicle", "bicycle"), bicycle)
    car = _last(tags, ("access", "vehicle", "motor_vehicle", "motorcar"), car)
    return Access(foot, bicycle, car)


def _last(tags: Tags, keys: tuple[str, ...], start: bool) -> bool:
    for key in keys:
        value = tags.get(key)
        if value in DENIED:
            start = False
        elif value in ALLOWED and key != "access":
            # A general permission does not make a footway a road.
            start = True
    return start


def oneway(tags: Tags) -> str:
    """Return the direction of vehicles: no, forward or backward along the line."""
    value = tags.get("oneway")
    if value in {"-1", "reverse"}:
        return "backward"
    if value in YES:
        return "forward"
    implied = (
        tags.get("junction") in {"roundabout", "circular"} or tags.get("highway") == "motorway"
    )
    return "forward" if implied and value is None else "no"


def maxspeed_kmh(text: str | None) -> float | None:
    """Return a speed limit in km/h: `60`, `40 mph`, `BY:urban`."""
    if text and text.startswith("BY:"):
        return _SPEED_CODES.get(text.removeprefix("BY:"))
    return number(text, _SPEED_UNITS, 200)


def street(tags: Tags) -> tuple[object, ...]:
    """Return the values of STREET_FIELDS."""
    return (
        tags.get("name"), highway(tags), oneway(tags), *access(tags), flag(tags.get("lit")),
        tags.get("surface"), maxspeed_kmh(tags.get("maxspeed")), metres(tags.get("width"), 200),
        flag(tags.get("bridge")) or False, flag(tags.get("tunnel")) or False,
        highway(tags) in MAIN_ROADS,
    )  # fmt: skip


STREET_FIELDS = (
    "name", "highway", "oneway", "foot", "bicycle", "car", "lit", "surface", "maxspeed_kmh",
    "width_m", "bridge", "tunnel", "main_road",
)  # fmt: skip

MAIN_ROADS = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})
"""Classes whose carriageway pupils must not cross on their way."""
