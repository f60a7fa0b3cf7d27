import geopandas as gpd
import numpy as np
import pytest
import shapely

from processing.green import entries, large
from processing.streets import walkable
from tests.fix_streets import EAST, METRIC, NORTH, streets


def greens(*boxes, public=True):
    shapes = [shapely.box(EAST + a, NORTH + b, EAST + c, NORTH + d) for a, b, c, d in boxes]
    return gpd.GeoDataFrame(
        {"public": public}, geometry=shapes, crs=METRIC, index=range(len(boxes))
    )


def test_small_and_closed_green_does_not_count():
    frame = greens((0, 0, 100, 50), (300, 0, 349, 100), (600, 0, 700, 60))
    assert shapely.area(large(frame, least_m2=5000)) == pytest.approx([5000, 6000], rel=0.05)
    assert len(large(frame.assign(public=[False, True, None]), least_m2=5000)) == 0


def test_adjoining_halves_are_one_park():
    halves = greens((0, 0, 60, 50), (60, 0, 120, 50))
    assert len(large(halves, least_m2=5000)) == 1
    assert len(large(halves.iloc[:1], least_m2=5000)) == 0
    apart = greens((0, 0, 60, 50), (70, 0, 130, 50))
    assert len(large(apart, least_m2=5000)) == 0


def test_the_order_of_rows_does_not_matter():
    frame = greens((300, 0, 400, 100), (0, 0, 100, 100), (0, 300, 100, 400))
    one, other = large(frame, least_m2=1), large(frame.iloc[::-1], least_m2=1)
    assert shapely.equals(one, other).all()


def test_one_enters_where_a_street_crosses_the_border_or_runs_beside_it():
    park = large(greens((0, 0, 200, 100)), least_m2=5000)
    across = walkable(streets((1, 2, [(50, -200), (50, 50)])))
    found = entries(park, across, gap_m=5)
    assert found.areas == 1
    xy = shapely.get_coordinates(found.points) - (EAST, NORTH)
    assert np.abs(xy - (50, 0)).max() < 25
    beside = walkable(streets((1, 2, [(-50, -8), (250, -8)])))
    xy = shapely.get_coordinates(entries(park, beside, gap_m=10).points) - (EAST, NORTH)
    assert len(xy) > 8
    assert (np.abs(xy[:, 1]) < 2.5).all()


def test_green_far_from_any_street_has_no_entry():
    park = large(greens((0, 0, 200, 100)), least_m2=5000)
    away = walkable(streets((1, 2, [(0, -60), (200, -60)])))
    found = entries(park, away, gap_m=25)
    assert (len(found.points), found.areas) == (0, 1)


def test_no_green_at_all():
    nothing = large(greens((0, 0, 1, 1)).iloc[:0], least_m2=1)
    line = walkable(streets((1, 2, [(0, -60), (200, -60)])))
    assert entries(nothing, line, gap_m=25).areas == 0
