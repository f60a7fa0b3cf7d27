"""The demonstration cities of the tests: frames made once, also in the metric CRS of their area."""

from functools import cache

import pandas as pd
import shapely

from layers.model import Area, Text
from processing.demo import frames

ORSHA = Area(
    id="orsha",
    number=1,
    title=Text(be="Орша", ru="Орша", en="Orsha"),
    soato="2236501000",
    srid=32636,
    lon=30.4258,
    lat=54.5092,
)
BREST = Area(
    id="brest",
    number=7,
    title=Text(be="Брэст", ru="Брест", en="Brest"),
    soato="1401000000",
    srid=32634,
    lon=23.6850,
    lat=52.0940,
)
AREAS = {a.id: a for a in (ORSHA, BREST)}


@cache
def made(layer_id, buildings=400, area="orsha"):
    return pd.concat(list(frames(AREAS[area], layer_id, buildings=buildings)))


def metric(layer_id, buildings=400, area="orsha"):
    return made(layer_id, buildings, area).to_crs(AREAS[area].srid)


def overlaps(shapes, more_than_m2):
    tree = shapely.STRtree(shapes)
    a, b = tree.query(shapes, predicate="intersects")
    first, second = shapes[a[a < b]], shapes[b[a < b]]
    return int((shapely.area(shapely.intersection(first, second)) > more_than_m2).sum())
