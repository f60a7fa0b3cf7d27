import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from layers.registry import load_layers
from processing.errors import RunFailed
from processing.frames import checksum, feature_collection, require_fit
from tests.fix_streets import ORSHA

LAYER = load_layers()["service_areas"]
FIRST = ORSHA.feature_id(1)


def frame(**changes: object) -> gpd.GeoDataFrame:
    row = dict.fromkeys((field.name for field in LAYER.fields), None) | {
        "service_class": "school",
        "limit_m": 500.0,
        "share_residents": 0.25,
        "norm_status": "verified",
    }
    shape = shapely.MultiPolygon([shapely.box(30.123456789, 54, 31, 55)])
    return gpd.GeoDataFrame([row | changes], geometry=[shape], index=[FIRST], crs=4326)


def test_a_frame_that_fits_passes():
    require_fit(frame(), LAYER, ORSHA)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"service_class": "casino"}, r"service_class: ids 100000001"),
        ({"limit_m": None}, "limit_m"),
        ({"limit_m": -1.0}, "limit_m"),
        ({"share_residents": 1.01}, "share_residents"),
        ({"street_length_m": float("inf")}, "street_length_m"),
        ({"colour": "red"}, "fields colour"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(changes, said):
    with pytest.raises(RunFailed, match=said):
        require_fit(frame(**changes), LAYER, ORSHA)


@pytest.mark.parametrize("value", [["school", "shop"], [], None])
def test_a_list_whose_items_fit_passes(value):
    field = LAYER.field("service_class")
    assert field is not None
    listed = field.model_copy(update={"type": "string_array", "required": False})
    layer = LAYER.model_copy(update={"fields": (listed,)})
    made = frame()[["geometry"]].assign(service_class=pd.Series([value], [FIRST], dtype="object"))
    require_fit(made, layer, ORSHA)
    made["service_class"] = pd.Series([["school", "casino"]], [FIRST], dtype="object")
    with pytest.raises(RunFailed, match="service_class"):
        require_fit(made, layer, ORSHA)


def test_ids_belong_to_the_area_and_are_unique():
    for ids in ([5], [ORSHA.feature_id(100_000_000)]):
        with pytest.raises(RunFailed, match="ids must be unique"):
            require_fit(frame().set_index(pd.Index(ids)), LAYER, ORSHA)
    with pytest.raises(RunFailed, match="ids must be unique"):
        require_fit(pd.concat([frame(), frame()]), LAYER, ORSHA)


def test_a_checksum_sees_every_change_and_no_order():
    one = pd.concat([frame(), frame(limit_m=1.0).set_index(pd.Index([FIRST + 1]))])
    assert checksum({"a": one}) == checksum({"a": one.iloc[::-1][one.columns[::-1]]})
    others = [
        frame(),
        frame(limit_m=500.0000001),
        frame(service_class="shop"),
        frame(facilities=0),
        frame().set_index(pd.Index([FIRST + 1])),
        frame().set_geometry([None]),
        frame().set_geometry([shapely.MultiPolygon([shapely.box(30, 54, 31, 55)])]),
    ]
    assert len({checksum({"a": other}) for other in others}) == len(others)
    assert checksum({"a": frame()}) != checksum({"b": frame()})


def test_missing_values_are_null_in_geojson():
    odd = frame(residents_total=pd.NA, share_buildings=float("nan"))
    collection = feature_collection(pd.concat([odd]), area="orsha")
    (feature,) = json.loads(json.dumps(collection, allow_nan=False))["features"]
    assert feature["id"] == FIRST
    assert feature["properties"]["residents_total"] is None
    assert feature["properties"]["share_buildings"] is None
    assert feature["properties"]["area"] == "orsha"
    assert 30.1234568 in {x for x, _ in feature["geometry"]["coordinates"][0][0]}
    without = feature_collection(odd.set_geometry([None]))
    assert without["features"][0]["geometry"] is None


def test_dates_and_moments_are_told_as_text() -> None:
    moments = pd.to_datetime(["2026-10-01T12:00:00Z", None], utc=True)
    columns = {"day": pd.to_datetime(["2026-10-01", None]), "moment": moments}
    made = gpd.GeoDataFrame(columns, geometry=[shapely.Point(0, 0), None], index=[1, 2], crs=4326)
    first, second = (f["properties"] for f in feature_collection(made)["features"])
    assert first == {"day": "2026-10-01", "moment": "2026-10-01T12:00:00+00:00"}
    assert second == {"day": None, "moment": None}
    assert checksum({"x": made}) == checksum({"x": made.iloc[::-1]})
