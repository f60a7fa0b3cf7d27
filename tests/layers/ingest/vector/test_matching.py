import pytest

from layers.errors import RefusedLoad
from layers.ingest.vector.mapping import Mapping
from layers.ingest.vector.matching import match
from tests.fix_loads import LAYERS

PARCELS = LAYERS["parcels"]
CITY = Mapping.model_validate(
    {"fields": {"purpose": {"from": "НАЗНАЧ"}, "area_m2": {"from": "ПЛОЩАДЬ", "unit": "har"}}}
)


def test_what_a_layer_exports_is_known_without_the_mapping_of_the_city() -> None:
    columns = ["id", "purpose", "area_m2", "address"]
    found = match(PARCELS, columns, CITY, table=False, shapefile=False)
    assert found.columns == {"purpose": "purpose", "area_m2": "area_m2", "address": "address"}
    assert found.given["area_m2"].unit is None  # square metres already, not hectares
    assert found.unmapped == ("id",)


def test_a_file_of_the_city_goes_by_the_mapping() -> None:
    columns = ["НАЗНАЧ", "ПЛОЩАДЬ", "purpose", "area_m2"]
    found = match(PARCELS, columns, CITY, table=False, shapefile=False)
    assert found.columns == {"purpose": "НАЗНАЧ", "area_m2": "ПЛОЩАДЬ"}
    assert found.given["area_m2"].unit == "har"


def test_a_constant_that_does_not_fit_is_refused() -> None:
    mapping = Mapping.model_validate({"fields": {"purpose": {"constant": "castle"}}})
    with pytest.raises(RefusedLoad, match="the constant 'castle' is none of the codes of purpose"):
        match(PARCELS, ["address"], mapping, table=False, shapefile=False)
