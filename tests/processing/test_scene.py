import numpy as np
import pytest
import shapely

from processing import scene
from processing.network import walkable
from processing.scene import KEPT, Inputs, join, numbers
from tests.fix_streets import ORSHA, buildings, facilities, points, streets

LINE = streets((1, 2, [(0, 0), (1000, 0)]))
HOMES = buildings((200, 20), (900, -10))
SHOP = facilities(("shop", 700, 30), ("school", 10, 0))


def test_the_same_content_is_joined_once_and_any_other_anew():
    network, doors, shops = walkable(LINE), points((200, 20)), points((700, 30))
    first = join(network, doors, shops, snap_limit_m=150)
    assert join(walkable(LINE.copy()), doors.copy(), shops.copy(), snap_limit_m=150) is first
    others = [
        join(network, doors, shops, snap_limit_m=140),
        join(network, points((201, 20)), shops, snap_limit_m=150),
        join(network, doors, points((700, 30), (1, 1)), snap_limit_m=150),
        join(walkable(streets((1, 2, [(0, 0), (1001, 0)]))), doors, shops, snap_limit_m=150),
    ]
    assert all(other is not first for other in others)
    assert len({id(other) for other in others}) == KEPT
    # Only the last few are kept.
    assert join(network, doors, shops, snap_limit_m=150) is not first


def test_order_of_ids_not_of_rows():
    seen = scene.scene(ORSHA, Inputs(HOMES.iloc[::-1], LINE, SHOP.iloc[::-1]))
    assert seen.buildings.index.tolist() == [101, 102]
    assert seen.facility_ids.tolist() == [901, 902]
    assert seen.of_class("school").tolist() == [1]
    assert shapely.get_x(seen.doors_m[0]) == pytest.approx(333_200)


def test_a_column_that_is_not_there_is_not_known():
    assert np.isnan(numbers(HOMES, "dwellings")).all()
    assert numbers(HOMES, "residents").tolist() == [2, 2]
