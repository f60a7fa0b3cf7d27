"""Numbers of OSM objects: unique, in range, and unmoved by what is mapped or deleted elsewhere."""

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


def test_nothing_has_no_numbers() -> None:
    assert osm_ids.numbers([]) == []
