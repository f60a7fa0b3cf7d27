"""Columns become fields with types, units, roles and codes, and nothing is lost unnamed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely import Point

from layers.draft.fields import Drafted, draft_fields
from layers.draft.survey import Asked, survey
from layers.metadata.record import Attribute, Record, Words
from layers.model import Text
from tests.fix_drafts import benches
from tests.fix_loads import write

NOTHING = Record()


@pytest.fixture
def drafted(tmp_path: Path) -> Any:
    def make(
        frame: gpd.GeoDataFrame, record: Record = NOTHING, *, national: bool = False
    ) -> Drafted:
        found = survey(write(frame, tmp_path / "a.gpkg"), Asked())
        return draft_fields(found, record, national=national)

    return make


def of(**columns: list[Any]) -> gpd.GeoDataFrame:
    count = len(next(iter(columns.values())))
    shapes = [Point(30.4 + n / 100, 54.5) for n in range(count)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)


def test_fields_of_a_city_s_file(drafted: Any) -> None:
    found = drafted(benches())
    fields = {one.name: one for one in found.fields}
    assert {name: one.type for name, one in fields.items()} == {
        "source_id": "integer", "nazva": "string", "vid": "string", "dlina_m": "number",
        "data_ustanouki": "date", "spinka": "boolean", "order": "number",
    }  # fmt: skip
    assert fields["nazva"].title == Text(be="Назва", ru="Назва", en="Назва")
    assert fields["dlina_m"].unit == "m"
    roles = {name: one.role for name, one in fields.items() if one.role}
    assert roles == {"nazva": "title", "data_ustanouki": "primary-instant"}
    codes = [(one.value, one.title.ru) for one in fields["vid"].codes]
    assert codes == [("betonnaya", "бетонная"), ("draulyanaya", "драўляная")]
    assert found.origins["vid"].codes == {"бетонная": "betonnaya", "драўляная": "draulyanaya"}
    assert found.key == "source_id"
    assert found.ignored == ("заметка",)
    assert found.origins["soato"].source == "soato"  # the standard field of an area's rows
    assert fields["nazva"].in_tile


def test_every_column_goes_somewhere(drafted: Any) -> None:
    found = drafted(benches())
    origins = {one.source for one in found.origins.values()}
    assert origins | set(found.ignored) == set(benches().columns) - {"geometry"}


def test_a_national_layer_has_its_own_soato(drafted: Any) -> None:
    found = drafted(of(soato=["2236501000"]), national=True)
    assert [one.name for one in found.fields] == ["source_soato"]


def test_an_interval_has_two_ends(drafted: Any) -> None:
    days = ["2024-01-01", "2024-02-01"]
    found = drafted(of(**{"дата начала": days, "дата окончания": days, "name": ["a", "b"]}))
    assert {one.name: one.role for one in found.fields} == {
        "data_nachala": "primary-interval-start",
        "data_okonchaniya": "primary-interval-end",
        "name": "title",
    }


def test_places_alone_get_a_field_for_a_name(drafted: Any) -> None:
    found = drafted(of(empty=[None, None]))
    assert [(one.name, one.role) for one in found.fields] == [("name", "title")]
    assert (found.origins, found.ignored) == ({}, ("empty",))


def test_texts_that_differ_in_case_are_one_code(drafted: Any) -> None:
    found = drafted(of(kind=["Дуб", "дуб", "клён", "клен"] * 3))
    codes = [(one.value, one.title.be) for one in found.fields[0].codes]
    assert codes == [("dub", "Дуб"), ("klen", "клен")]
    assert found.origins["kind"].codes == {
        "Дуб": "dub", "дуб": "dub", "клен": "klen", "клён": "klen",
    }  # fmt: skip


def test_codes_that_are_codes_already_need_no_mapping(drafted: Any) -> None:
    found = drafted(of(kind=["wood", "steel"] * 4))
    assert [code.value for code in found.fields[0].codes] == ["steel", "wood"]
    assert found.origins["kind"].codes == {}


def test_metadata_name_and_measure_the_fields(drafted: Any) -> None:
    said = Attribute("dl", "number", Words(be="Даўжыня", en="Length"), "km")
    found = drafted(of(dl=[1.5, 2.5]), replace(Record(), fields=(said,)))
    (field,) = found.fields
    assert field.title == Text(be="Даўжыня", ru="dl", en="Length")
    assert field.unit == "km"


def test_few_fields_go_into_tiles(drafted: Any) -> None:
    found = drafted(of(**{f"c{n:02}": [n] for n in range(20)}))
    assert sum(one.in_tile for one in found.fields) == 8
