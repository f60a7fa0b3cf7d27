"""What the names of columns tell, in three languages and two alphabets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.draft.names import RESERVED, code_value, field_name, interval_end, names_key, unit
from layers.draft.names import title_rank as rank

NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Назва", "nazva"),
        ("Наименование улицы", "naimenovanie_ulitsy"),
        ("Ўзда", "uzda"),
        ("площадь, м2", "ploshchad_m2"),
        ("площадь, м²", "ploshchad_m2"),
        ("Height_M", "height_m"),
        ("Größe", "grosse"),
        ("№ п/п", "no_p_p"),
        ("2024", "field_2024"),
        ("***", "field"),
        ("id", "source_id"),
        ("geom", "source_geom"),
        ("Area", "source_area"),
        ("status", "source_status"),
    ],
)
def test_a_name_becomes_one_that_a_field_may_have(source: str, name: str) -> None:
    assert field_name(source, ()) == name


def test_names_that_would_be_equal_are_told_apart() -> None:
    taken: list[str] = []
    for source in ("Имя", "имя", "ИМЯ!"):
        taken.append(field_name(source, taken))
    assert taken == ["imya", "imya_2", "imya_3"]


@given(sources=st.lists(st.text(max_size=60), max_size=8))
def test_every_name_is_valid_and_its_own(sources: list[str]) -> None:
    taken: list[str] = []
    for source in sources:
        name = field_name(source, taken)
        assert NAME.fullmatch(name)
        assert name not in taken
        assert name not in RESERVED
        taken.append(name)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("площадь, м2", "m2"),
        ("площадь (кв. м)", "m2"),
        ("Плошча, га", "har"),
        ("height_m", "m"),
        ("area_ha", "har"),
        ("длина, км", "km"),
        ("мощность (кВт)", "kW"),
        ("напряжение, кВ", "kV"),
        ("PM10, мкг/м³", "ug/m3"),
        ("скорость, км/ч", "km/h"),
        ("Население", "{person}"),
        ("Колькасць жыхароў", "{person}"),
        ("доля, %", "%"),
        ("температура, °C", "Cel"),
        ("type_s", None),
        ("зона в", None),
        ("name", None),
        ("корпус, блок", None),
        ("vm", None),
        ("", None),
    ],
)
def test_a_unit_is_told_by_a_name(source: str, code: str | None) -> None:
    assert unit(source) == code


def test_titles_are_ranked() -> None:
    names = ["Тип", "адрес", "Наименование объекта", "Название", "name"]
    ranked = sorted((rank(one), one) for one in names if rank(one) is not None)
    assert [one for _, one in ranked] == ["name", "Название", "адрес", "Наименование объекта"]


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ("start_date", "start"), ("дата начала", "start"), ("дата канца", None),
        ("дата окончания", "end"), ("valid_from", "start"), ("по", "end"), ("дата", None),
    ],
)  # fmt: skip
def test_ends_of_intervals_are_told_by_names(source: str, end: str | None) -> None:
    assert interval_end(source) == end


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("id", True), ("OBJECT_ID", True), ("Кадастровый номер", True), ("инв. №", True),
        ("код", True), ("кодекс", False), ("name", False), ("idea", False),
    ],
)  # fmt: skip
def test_keys_are_told_by_names(source: str, key: bool) -> None:
    assert names_key(source) is key


def test_a_code_of_latin_letters_stays() -> None:
    assert code_value("residential", ()) == "residential"
    assert code_value("A-1", ()) == "A-1"
    assert code_value("жилой дом", ()) == "zhiloy_dom"
    assert code_value("жилой-дом", {"zhiloy_dom"}) == "zhiloy_dom_2"
    assert code_value("?", ()) == "other"
