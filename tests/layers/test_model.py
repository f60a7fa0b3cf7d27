"""The frozen models refuse what cannot be published."""

import pytest
from pydantic import ValidationError

from layers.model import AREA_STRIDE, Area, Code, Field, Layer, Licence, Supplier, Text, Tiles

TITLE = Text(be="назва", ru="название", en="name")


def field(**changes):
    return Field(**({"name": "x", "type": "string", "title": TITLE} | changes))


def layer(**changes):
    values = {
        "id": "things",
        "theme": "base",
        "title": TITLE,
        "description": TITLE,
        "geometry": "Point",
        "scope": "area",
        "status": "open",
        "supplier": Supplier(name=TITLE),
        "update_period": "P1Y",
        "licence": Licence(id="CC0-1.0", title="CC0"),
        "attribution": "somebody",
        "fields": (field(),),
    }
    return Layer(**(values | changes))


def test_a_layer_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        layer().order = 3


def test_texts_are_chosen_by_language():
    assert [TITLE.get(language) for language in ("be", "ru", "en")] == ["назва", "название", "name"]


def test_area_layers_publish_the_standard_fields_too():
    assert [f.name for f in layer().published_fields] == ["x", "area", "soato", "status"]
    assert [f.name for f in layer(scope="national").published_fields] == ["x"]
    assert layer().field("status").codes
    assert layer(scope="national").field("status") is None


@pytest.mark.parametrize("name", ["id", "geom", "area", "soato", "status", "point_count"])
def test_names_of_standard_columns_are_reserved(name):
    with pytest.raises(ValidationError, match=f"reserved: {name}"):
        layer(fields=(field(name=name),))


def test_a_national_layer_may_have_its_own_soato():
    assert layer(scope="national", fields=(field(name="soato"),)).field("soato") is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"codes": (Code(value="a", title=TITLE),), "type": "integer"},
        {"unit": "m"},
        {"role": "primary-instant"},
        {"name": "Big"},
        {"name": "1st"},
        {"type": "string_array", "in_tile": True},
        {"type": "string_array", "role": "title"},
        {"type": "integer_array", "codes": (Code(value="a", title=TITLE),)},
        {"type": "string_array", "unit": "m"},
        {"name": "x" * 49},
        {"name": 'x"; DROP TABLE area; --'},
        {"type": "text"},
        {"colour": "red"},
    ],
)
def test_a_field_that_contradicts_itself_is_refused(changes):
    with pytest.raises(ValidationError):
        field(**changes)


@pytest.mark.parametrize("period", ["P1Y", "P1M", "PT1H", "P1DT6H", "irregular", "once"])
def test_update_periods_are_durations_or_words(period):
    assert layer(update_period=period).update_period == period


@pytest.mark.parametrize("period", ["yearly", "1Y", "", "P1", "PT"])
def test_other_update_periods_are_refused(period):
    with pytest.raises(ValidationError, match="update_period"):
        layer(update_period=period)


def test_the_selector_is_a_field_with_codes():
    kind = field(name="kind", codes=(Code(value="a", title=TITLE),))

    assert layer(fields=(kind,), selector="kind").selector == "kind"
    many = kind.model_copy(update={"type": "string_array"})
    with pytest.raises(ValidationError, match="selector kind"):
        layer(fields=(many,), selector="kind")
    with pytest.raises(ValidationError, match="selector x"):
        layer(selector="x")


def test_a_field_is_found_by_role():
    times = field(name="time", type="datetime", role="primary-instant")

    assert layer(fields=(field(role="title"), times)).with_role("primary-instant") == times
    assert layer().with_role("title") is None


def test_a_layer_has_fields_and_each_name_once():
    with pytest.raises(ValidationError, match="at least 1"):
        layer(fields=())
    with pytest.raises(ValidationError, match="same name"):
        layer(fields=(field(), field()))


def test_zoom_levels_are_those_of_the_tile_matrix_set():
    assert Tiles(min_zoom=0, max_zoom=22).max_zoom == 22
    with pytest.raises(ValidationError):
        Tiles(max_zoom=23)


def test_feature_ids_of_two_areas_never_meet():
    shared = {"title": TITLE, "soato": "", "srid": 32636, "lon": 30.4, "lat": 54.5}
    one, two = Area(id="a", number=1, **shared), Area(id="b", number=2, **shared)

    assert one.feature_id(1) == AREA_STRIDE + 1
    assert one.feature_id(AREA_STRIDE - 1) < two.feature_id(1)


def test_a_soato_code_has_ten_digits():
    shared = {"number": 1, "title": TITLE, "srid": 32636, "lon": 30.4, "lat": 54.5}
    with pytest.raises(ValidationError, match="soato"):
        Area(id="a", soato="2236", **shared)
