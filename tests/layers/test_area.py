import psycopg
import pytest
from psycopg.rows import dict_row

from layers.area import (
    FIRST_FREE_NUMBER,
    SELECT_AREAS,
    area_from_row,
    areas,
    get_area,
    inside,
    next_area,
    save_area,
    seed_areas,
    utm_srid,
)
from layers.errors import BadValue, UnknownArea
from layers.model import Area, Text
from layers.seed import country_outline


@pytest.fixture
def conn(connection: psycopg.Connection) -> psycopg.Connection:
    # Whatever a migration or a load of another part saves is not ours to count on.
    connection.execute("DELETE FROM layers.area")
    return connection


def test_seed_areas():
    seeds = seed_areas()
    assert len(seeds) == 18
    assert (seeds["orsha"].number, seeds["orsha"].srid) == (1, 32636)
    assert (seeds["by"].number, seeds["by"].srid, seeds["by"].title.be) == (0, 3035, "Беларусь")
    assert seeds["orsha"].feature_id(1) == 100_000_001
    assert seeds["by"].feature_id(1) == 1


def test_saved_areas_come_back_as_they_were(conn: psycopg.Connection):
    for area in reversed(seed_areas().values()):
        save_area(conn, area)
    assert areas(conn) == seed_areas()
    assert list(areas(conn))[:3] == ["by", "orsha", "minsk"]


def test_any_row_factory_of_the_connection_will_do(database: str):
    with psycopg.connect(database, row_factory=dict_row) as conn:
        save_area(conn, seed_areas()["lida"])
        assert areas(conn)["lida"].number == 13


def test_rows_of_the_plain_query_are_areas_too(conn: psycopg.Connection):
    save_area(conn, seed_areas()["brest"])
    rows = conn.execute(SELECT_AREAS).fetchall()
    assert [area_from_row(row) for row in rows] == [seed_areas()["brest"]]


def test_saving_twice_updates(conn: psycopg.Connection):
    orsha = seed_areas()["orsha"]
    save_area(conn, orsha)
    moved = orsha.model_copy(update={"lon": 30.4, "title": Text(be="а", ru="б", en="c")})
    save_area(conn, moved)
    assert areas(conn) == {"orsha": moved}
    assert get_area(conn, "orsha") == moved, "the database goes before the seed tables"


def test_get_area_knows_the_seeds_before_anything_is_saved(conn: psycopg.Connection):
    assert get_area(conn, "pinsk").title.ru == "Пинск"


def test_an_unknown_area_is_refused_with_the_known_ones(conn: psycopg.Connection):
    save_area(conn, next_area(conn, "krichev", lon=31.71, lat=53.71))
    with pytest.raises(UnknownArea, match=r"no area 'orsa'; .*krichev.*orsha"):
        get_area(conn, "orsa")


def test_a_number_belongs_to_one_area_for_ever(conn: psycopg.Connection):
    orsha = seed_areas()["orsha"]
    save_area(conn, orsha)
    with pytest.raises(BadValue, match="already saved with a number other than 2"):
        save_area(conn, orsha.model_copy(update={"number": 2}))
    with pytest.raises(BadValue, match="number 1 belongs to another area"):
        save_area(conn, orsha.model_copy(update={"id": "other"}))
    assert areas(conn) == {"orsha": orsha}


def test_a_refused_save_leaves_the_transaction_usable(database: str):
    with psycopg.connect(database) as conn:
        save_area(conn, next_area(conn, "first"))
        taken = next_area(conn, "second").model_copy(update={"number": FIRST_FREE_NUMBER})
        with pytest.raises(BadValue, match="belongs to another area"):
            save_area(conn, taken)
        assert "first" in areas(conn)


def test_next_area_gives_a_known_area_as_it_is(conn: psycopg.Connection):
    assert next_area(conn, "orsha") == seed_areas()["orsha"]
    saved = next_area(conn, "krichev")
    save_area(conn, saved)
    assert next_area(conn, "krichev") == saved


def test_new_areas_take_the_next_free_numbers_above_the_seeds(conn: psycopg.Connection):
    numbers = []
    for name in ("a", "b", "c"):
        area = next_area(conn, name)
        save_area(conn, area)
        numbers.append(area.number)
    assert numbers == [FIRST_FREE_NUMBER, FIRST_FREE_NUMBER + 1, FIRST_FREE_NUMBER + 2]
    assert all(seed.number < FIRST_FREE_NUMBER for seed in seed_areas().values())


def test_a_new_area_lies_where_it_is_told(conn: psycopg.Connection):
    krems = next_area(conn, "krems", lon=15.6, lat=48.41)
    assert (krems.lon, krems.lat, krems.srid, krems.soato) == (15.6, 48.41, 32633, "")
    assert next_area(conn, "porto", lon=-51.2, lat=-30.05).srid == 32722


@pytest.mark.parametrize("name", ["bench", "town", "x", "quarter_7", "kryvichy"])
def test_a_place_that_is_not_told_is_well_inside_belarus_and_always_the_same(conn, name: str):
    area = next_area(conn, name)
    again = next_area(conn, name)
    assert area == again
    assert area.srid == utm_srid(area.lon, area.lat)
    assert area.srid in (32634, 32635, 32636)
    for shift in (-0.3, 0.3):
        assert inside((area.lon + shift, area.lat), country_outline())
        assert inside((area.lon, area.lat + shift), country_outline())


def test_different_names_lie_at_different_places(conn: psycopg.Connection):
    places = {(a.lon, a.lat) for a in (next_area(conn, f"town_{n}") for n in range(30))}
    assert len(places) == 30


@pytest.mark.parametrize(
    "name", ["", "Orsha", "1st", "орша", "a-b", "a b", "x" * 49, "a;drop", "a\n"]
)
def test_a_malformed_id_is_refused(conn: psycopg.Connection, name: str):
    with pytest.raises(BadValue, match="cannot be the id of an area: it must start with a letter"):
        next_area(conn, name)


@pytest.mark.parametrize(
    ("lon", "lat", "reason"),
    [
        (30.0, None, "give both lon and lat"),
        (None, 54.0, "give both lon and lat"),
        (181.0, 54.0, "is no place"),
        (30.0, 89.0, "is no place"),
        (float("nan"), 54.0, "is no place"),
    ],
)
def test_a_place_that_is_none_is_refused(conn, lon, lat, reason):
    with pytest.raises(BadValue, match=reason):
        next_area(conn, "town", lon=lon, lat=lat)


@pytest.mark.parametrize(
    ("lon", "lat", "srid"),
    [(23.69, 52.1, 32634), (27.57, 53.9, 32635), (30.0, 54.0, 32636), (-180, 0, 32601),
     (180, -1, 32760)],
)  # fmt: skip
def test_utm_zones(lon: float, lat: float, srid: int):
    assert utm_srid(lon, lat) == srid


def test_inside_of_a_ring_with_a_dent():
    ring = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 1.0), (0.0, 4.0)]
    assert inside((1.0, 1.0), ring)
    assert inside((3.5, 2.0), ring)
    assert not inside((2.0, 2.0), ring)
    assert not inside((5.0, 1.0), ring)


def test_an_area_is_a_frozen_value():
    area = seed_areas()["orsha"]
    with pytest.raises(ValueError, match="frozen"):
        area.number = 5
    assert isinstance(area, Area)
