"""Numbers of OSM objects: unique, in range, and unmoved by what is mapped or deleted elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.ingest import osm_ids
from layers.model import AREA_STRIDE

KEYS = st.tuples(st.integers(0, 2), st.integers(1, 2**40), st.integers(0, 30))


@given(st.lists(KEYS, unique=True, max_size=50), st.randoms())
def test_a_number_follows_from_the_object_alone(keys: list[osm_ids.Key], random: object) -> None:
    found = dict(zip(keys, osm_ids.numbers(keys), strict=True))
    assert len(set(found.values())) == len(keys)
    assert all(0 < number <= 3 * osm_ids.SLOTS < AREA_STRIDE for number in found.values())
    shuffled = list(keys)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert dict(zip(shuffled, osm_ids.numbers(shuffled), strict=True)) == found


def test_later_objects_never_move_earlier_ones() -> None:
    # 20,000 of 30,000,000 numbers: about seven pairs meet.
    keys = [(1, n, 0) for n in range(1, 20_001)]
    alone = [osm_ids.numbers([key])[0] for key in keys]
    together = osm_ids.numbers(keys)
    moved = sum(a != b for a, b in zip(alone, together, strict=True))
    assert 0 < moved < 30
    assert osm_ids.numbers(keys[:12_345]) == together[:12_345]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 99), st.just(0)), unique=True))
def test_in_a_crowd_each_takes_the_next_that_is_free(keys: list[osm_ids.Key]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(osm_ids, "SLOTS", 120)
        found = dict(zip(keys, osm_ids.numbers(keys), strict=True))
        taken: set[int] = set()
        for key in sorted(keys):  # one after another
            number = osm_ids.numbers([key])[0]
            while number in taken:
                number = key[0] * 120 + number % 120 + 1
            taken.add(number)
            assert found[key] == number


def test_nothing_has_no_numbers() -> None:
    assert osm_ids.numbers([]) == []
