"""Buildings, service points, lights and green areas from OSM tags."""

import pytest

from layers.ingest import osm_places
from layers.registry import load_layers

LAYERS = load_layers()


def codes(layer: str, name: str) -> set[str]:
    field = LAYERS[layer].field(name)
    assert field is not None
    return {c.value for c in field.codes}


NUMBER = {"addr:housenumber": "5"}


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"building": "apartments"}, "residential"),
        ({"building": "yes", **NUMBER}, "residential"),
        ({"building": "yes", "building:flats": "60"}, "residential"),
        ({"building": "yes"}, "other"),
        ({"building": "yes", "amenity": "cafe", **NUMBER}, "other"),
        ({"building": "yes", "tourism": "hotel", **NUMBER}, "other"),
        ({"building": "church", **NUMBER}, "residential"),
        ({"building": "yes", "amenity": "school", **NUMBER}, "school"),
        ({"building": "apartments", "amenity": "kindergarten"}, "kindergarten"),
        ({"building": "hospital"}, "clinic"),
        ({"building": "yes", "shop": "supermarket", **NUMBER}, "shop"),
        ({"building": "retail"}, "shop"),
        ({"building": "yes", "office": "company"}, "office"),
        ({"building": "garages"}, "garage"),
        ({"building": "warehouse"}, "industrial"),
        ({"building": "yes", "power": "substation"}, "utility"),
    ],
)
def test_building_kinds(tags: dict[str, str], kind: str) -> None:
    assert osm_places.building_kind(tags) == kind
    assert kind in codes("buildings", "kind")


def test_building_values() -> None:
    tags = {
        "building": "apartments",
        "building:levels": "9",
        "height": "28 m",
        "start_date": "1978",
        "building:flats": "108",
        "addr:street": "вул. Перамогі",
        "addr:housenumber": "4",
    }
    values = dict(zip(osm_places.BUILDING_FIELDS, osm_places.building(tags), strict=True))
    assert values == {
        "kind": "residential",
        "name": None,
        "address": "вул. Перамогі, 4",
        "storeys": 9,
        "height_m": 28.0,
        "year_built": 1978,
        "dwellings": 108,
        "residents": None,
    }
    assert not osm_places.is_building({"building": "no"})


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"amenity": "school"}, "school"),
        ({"amenity": "kindergarten"}, "kindergarten"),
        ({"amenity": "doctors"}, "clinic"),
        ({"healthcare": "clinic"}, "clinic"),
        ({"amenity": "pharmacy"}, "pharmacy"),
        ({"shop": "pharmacy"}, "pharmacy"),
        ({"amenity": "post_office"}, "post_office"),
        ({"shop": "convenience"}, "shop"),
        ({"shop": "vacant"}, None),
        ({"highway": "bus_stop"}, "stop"),
        ({"highway": "bus_stop", "public_transport": "stop_position"}, None),
        ({"public_transport": "platform"}, "stop"),
        ({"railway": "tram_stop"}, "stop"),
        ({"leisure": "playground"}, "playground"),
        ({"leisure": "playground", "access": "private"}, None),
        ({"leisure": "pitch"}, "sports"),
        ({"amenity": "library"}, "library"),
        ({"amenity": "bank"}, "bank"),
        ({"amenity": "police"}, "other"),
        ({"amenity": "bench"}, None),
        ({"amenity": "parking"}, None),
        ({}, None),
    ],
)
def test_service_classes(tags: dict[str, str], found: str | None) -> None:
    assert osm_places.service_class(tags) == found
    assert found is None or found in codes("service_points", "service_class")


@pytest.mark.parametrize(
    ("tags", "kind", "public"),
    [
        ({"leisure": "park"}, "park", True),
        ({"leisure": "park", "access": "private"}, "park", False),
        ({"landuse": "recreation_ground"}, "park", True),
        ({"leisure": "garden"}, "square", None),
        ({"leisure": "garden", "access": "yes"}, "square", True),
        ({"landuse": "grass"}, "lawn", None),
        ({"landuse": "forest"}, "forest", None),
        ({"natural": "wood"}, "forest", None),
        ({"landuse": "cemetery"}, "cemetery", True),
        ({"leisure": "playground"}, "playground", True),
        ({"leisure": "pitch", "landuse": "grass"}, "lawn", None),
    ],
)
def test_green_areas(tags: dict[str, str], kind: str, public: bool | None) -> None:
    assert osm_places.green(tags) == (kind, None, public)
    assert kind in codes("green_areas", "kind")


def test_what_is_not_green() -> None:
    assert osm_places.green_kind({"landuse": "industrial"}) is None


def test_lights() -> None:
    tags = {"light:method": "high_pressure_sodium", "height": "9", "ref": "12-4"}
    assert osm_places.light(tags) == ("12-4", "sodium", None, 9.0, "unknown", None)
    assert osm_places.light({"light:method": "LED", "light:power": "60 W"})[:3] == (
        None,
        "led",
        60.0,
    )
    assert osm_places.light({})[1] == "unknown"
