"""What OpenStreetMap tags mean for buildings, service points, street lights and green areas.

Meanings follow the OSM wiki (Key:building, Key:amenity, Key:leisure ...). What tags do not say
stays null: OSM knows no residents, so `residents` is filled only where it is tagged.
"""

from __future__ import annotations

from layers.ingest.osm_streets import ALLOWED, DENIED
from layers.ingest.osm_tags import Tags, address, metres, number, whole, words, year

KEYS = (
    "building", "amenity", "healthcare", "highway", "landuse", "leisure", "natural",
    "public_transport", "railway", "shop",
)  # fmt: skip
"""What has none of these keys is neither building nor service point, light or green area."""

_NO_BUILDING = frozenset({"no", "entrance", "demolished", "razed", "proposed", "construction"})
_BUILDING_KINDS = {
    "residential": "apartments residential house detached semidetached_house semi terrace dormitory"
    " bungalow cabin farm static_caravan allotment_house",
    "school": "school",
    "kindergarten": "kindergarten",
    "clinic": "hospital clinic",
    "shop": "retail supermarket kiosk shop mall",
    "office": "office commercial government public civic",
    "industrial": "industrial warehouse factory manufacture hangar",
    "garage": "garage garages carport parking",
    "utility": "service utility transformer_tower substation digester water_tower boiler_house",
}
_BY_BUILDING = {v: kind for kind, values in _BUILDING_KINDS.items() for v in values.split()}
_BY_AMENITY = {
    "school": "school",
    "kindergarten": "kindergarten",
    "childcare": "kindergarten",
    "hospital": "clinic",
    "clinic": "clinic",
    "doctors": "clinic",
    "townhall": "office",
    "public_building": "office",
    "police": "office",
    "courthouse": "office",
    "bank": "office",
    "post_office": "office",
    "pharmacy": "shop",
    "marketplace": "shop",
    "parking": "garage",
}
_BY_KEY = {
    "shop": "shop",
    "office": "office",
    "power": "utility",
    "man_made": "utility",
    "building:flats": "residential",
}
_OTHER_USES = frozenset(
    {"amenity", "leisure", "tourism", "craft", "healthcare", "public_transport"}
)

BUILDING_FIELDS = (
    "kind", "name", "address", "storeys", "height_m", "year_built", "dwellings", "residents",
)  # fmt: skip


def is_building(tags: Tags) -> bool:
    """Tell whether an area is a building that stands."""
    value = tags.get("building")
    return value is not None and value not in _NO_BUILDING


def building_kind(tags: Tags) -> str:
    """Return what a building is for.

    A building of no known type or other use that has a house number is taken as residential: most
    houses of our cities are mapped so (`building=yes` and an address).
    """
    stated = _BY_AMENITY.get(tags.get("amenity", "")) or _BY_BUILDING.get(tags["building"])
    if stated:
        return stated
    for key, kind in _BY_KEY.items():
        if key in tags:
            return kind
    unused = not any(key in tags for key in _OTHER_USES)
    return "residential" if unused and "addr:housenumber" in tags else "other"


def building(tags: Tags) -> tuple[object, ...]:
    """Return the values of BUILDING_FIELDS."""
    return (
        building_kind(tags),
        tags.get("name"),
        address(tags),
        whole(tags.get("building:levels"), 200),
        metres(tags.get("height") or tags.get("building:height"), 1000),
        year(tags.get("start_date")),
        whole(tags.get("building:flats"), 5000),
        whole(tags.get("residents") or tags.get("population"), 20_000),
    )


_SERVICE_BY_AMENITY = {
    "school": "school",
    "kindergarten": "kindergarten",
    "childcare": "kindergarten",
    "clinic": "clinic",
    "hospital": "clinic",
    "doctors": "clinic",
    "pharmacy": "pharmacy",
    "post_office": "post_office",
    "marketplace": "shop",
    "bus_station": "stop",
    "library": "library",
    "bank": "bank",
} | dict.fromkeys(
    words(
        "townhall public_building police fire_station community_centre theatre cinema arts_centre"
        " social_facility nursing_home university college courthouse dentist veterinary"
    ),
    "other",
)
_SERVICE_BY_HEALTHCARE = dict.fromkeys(("clinic", "doctor", "hospital", "centre"), "clinic") | {
    "pharmacy": "pharmacy"
}
_SERVICE_BY_LEISURE = {"playground": "playground"} | dict.fromkeys(
    words(
        "sports_centre sports_hall stadium fitness_centre fitness_station pitch ice_rink"
        " swimming_pool"
    ),
    "sports",
)
_SERVICE_KEYS = frozenset(
    {"amenity", "healthcare", "highway", "leisure", "public_transport", "railway", "shop"}
)
"""What has none of these keys is no service point."""
_NO_SHOP = frozenset({"no", "vacant", "disused"})

SERVICE_FIELDS = ("service_class", "name", "address", "capacity", "accessibility")

_ACCESSIBILITY = {
    "wheelchair": "step_free", "ramp:wheelchair": "ramp", "tactile_paving": "tactile_paving",
    "hearing_loop": "hearing_loop", "toilets:wheelchair": "toilet",
}  # fmt: skip


def service_class(tags: Tags) -> str | None:
    """Return the class of a service point, None when it is none or not open to the public."""
    if _SERVICE_KEYS.isdisjoint(tags) or tags.get("access") in {"private", "no"}:
        return None
    if _is_stop(tags):
        return "stop"
    for key, classes in (
        ("amenity", _SERVICE_BY_AMENITY),
        ("healthcare", _SERVICE_BY_HEALTHCARE),
        ("leisure", _SERVICE_BY_LEISURE),
    ):
        if tags.get(key) in classes:
            return classes[tags[key]]
    if tags.get("shop") == "pharmacy":
        return "pharmacy"
    return "shop" if tags.get("shop", "no") not in _NO_SHOP else None


def _is_stop(tags: Tags) -> bool:
    # A stop position is a point on the track or road of a stop that is mapped beside it.
    if tags.get("public_transport") == "stop_position":
        return False
    return (
        tags.get("highway") == "bus_stop"
        or tags.get("railway") in {"tram_stop", "halt", "station"}
        or tags.get("public_transport") == "platform"
    )


def service(tags: Tags) -> tuple[object, ...]:
    """Return the values of SERVICE_FIELDS."""
    return (
        service_class(tags),
        tags.get("name"),
        address(tags),
        whole(tags.get("capacity"), 100_000),
        accessibility(tags),
    )


def accessibility(tags: Tags) -> list[str] | None:
    """Return the codes of what is tagged as there; None when the tags say nothing about any."""
    if not any(key in tags for key in _ACCESSIBILITY):
        return None
    return [code for key, code in _ACCESSIBILITY.items() if tags.get(key) in ("yes", "designated")]


LIGHT_FIELDS = ("lamp_id", "lamp_type", "power_w", "height_m", "state", "installed_year")

_LAMPS = {"led": "led", "sodium": "sodium", "mercury": "mercury"}


def light(tags: Tags) -> tuple[object, ...]:
    """Return the values of LIGHT_FIELDS; OSM says nothing about the state."""
    method = (tags.get("light:method") or tags.get("lamp_type") or "").lower()
    lamp = next((kind for word, kind in _LAMPS.items() if word in method), "unknown")
    return (
        tags.get("ref"),
        lamp,
        number(tags.get("light:power") or tags.get("power:rating"), {"": 1.0, "w": 1.0}, 5000),
        metres(tags.get("height") or tags.get("light:height"), 100),
        "unknown",
        year(tags.get("start_date")),
    )


GREEN_FIELDS = ("kind", "name", "public")

_GREEN = {
    ("leisure", "park"): "park",
    ("leisure", "recreation_ground"): "park",
    ("landuse", "recreation_ground"): "park",
    ("leisure", "garden"): "square",
    ("leisure", "playground"): "playground",
    ("landuse", "grass"): "lawn",
    ("landuse", "village_green"): "lawn",
    ("landuse", "forest"): "forest",
    ("natural", "wood"): "forest",
    ("landuse", "cemetery"): "cemetery",
    ("amenity", "grave_yard"): "cemetery",
}


def green_kind(tags: Tags) -> str | None:
    """Return the kind of a green area, None when it is none."""
    for key in ("leisure", "landuse", "natural", "amenity"):
        kind = _GREEN.get((key, tags.get(key, "")))
        if kind:
            return kind
    return None


def green(tags: Tags) -> tuple[object, ...]:
    """Return the values of GREEN_FIELDS; open to the public only where tags or the kind say so."""
    kind, value = green_kind(tags), tags.get("access")
    public: bool | None = True if kind in {"park", "playground", "cemetery"} else None
    if value in DENIED:
        public = False
    elif value in ALLOWED:
        public = True
    return (kind, tags.get("name"), public)
