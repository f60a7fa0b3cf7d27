"""What the rules of a layer find in a file is named as in the file, whatever ids the rows get."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from layers.ingest.vector.mapping import Mapping
from tests.fix_loads import KEYED, LAYERS, Loader, write

Plots = Callable[..., gpd.GeoDataFrame]


def overlapping(plots: Plots, order: list[int]) -> gpd.GeoDataFrame:
    """Return twelve parcels in an order, the first renamed; number 00003 reaches over 00004."""
    frame = plots(12)
    frame.loc[order[0], "address"] = "Орша"
    x, y, *_ = frame.geometry[2].bounds
    frame.loc[2, "geometry"] = shapely.box(x, y, x + 0.0022, y + 0.001)
    return frame.iloc[order]


@pytest.mark.parametrize("mapping", [KEYED, Mapping()], ids=["key", "no key"])
@pytest.mark.parametrize("ending", ["gpkg", "geojson"])
def test_features_at_fault_are_named_as_in_the_file(
    load: Loader, plots: Plots, tmp_path: Path, mapping: Mapping, ending: str
) -> None:
    load = load.into("parcels")
    for order in (list(range(12)), [*range(5, 12), 3, 4, 2, 1, 0]):  # anew, then over known rows
        report = load(write(overlapping(plots, order), tmp_path / f"a.{ending}"), mapping=mapping)
        assert report.applied, report.reason
        (found,) = report.findings
        first = 1 if ending == "gpkg" else 0
        low, high = (str(order.index(n) + first) for n in (2, 3))
        names = {low: "00003", high: "00004"}
        assert names[found.feature] == found.value
        other = high if found.feature == low else low
        assert f"overlaps feature {other} ({names[other]}) by" in found.detail
        assert load.staged() == []


def test_a_refusal_by_a_rule_names_features_as_in_the_file(
    load: Loader, plots: Plots, tmp_path: Path
) -> None:
    frame = plots(4)
    frame.geometry = shapely.buffer(frame.geometry.array, 0.002)
    assert LAYERS["parcels"].quality
    report = load.into("parcels")(write(frame, tmp_path / "a.gpkg"), mapping=KEYED)
    assert report.decision == "refused"
    assert "feature 1 (00001) overlaps feature 2 (00002) by" in report.reason
    assert {int(one.feature) for one in report.findings} <= {1, 2, 3, 4}
