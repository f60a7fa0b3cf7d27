import numpy as np
import pytest

from layers.area import seed_areas
from layers.errors import RefusedLoad
from layers.ingest.vector import place

ORSHA = seed_areas()["orsha"]
# docs/decisions/0008-crs.md and tests/layers/test_crs.py: the same point by PROJ 9.5.1.
UTM = np.array([[332772.07, 6043114.35]])


def test_a_projected_point_comes_to_its_place() -> None:
    found = place.placing("EPSG:32636").transform(UTM)
    assert found == pytest.approx(np.array([[30.417, 54.508]]), abs=1e-6)


def test_sk42_goes_by_the_pinned_operation() -> None:
    way = place.placing("EPSG:28406")
    assert "EPSG:15865" in str(way.operation)
    assert way.accuracy_m == 4.5


@pytest.mark.parametrize(
    ("crs", "be", "en"),
    [
        ("EPSG:4326", "ужо ў WGS 84", "already in WGS 84"),
        ("EPSG:32636", "з праекцыі ў градусы, датум ужо WGS 84",
         "from the projection to degrees, the datum is WGS 84 already"),
    ],
)  # fmt: skip
def test_what_needs_no_operation_says_so(crs: str, be: str, en: str) -> None:
    operation = place.placing(crs).operation
    assert (operation.text("be"), operation.text("en")) == (be, en)


def test_swapped_axes_are_told() -> None:
    with pytest.raises(RefusedLoad, match="the axes are swapped"):
        place.require_place(place.placing("EPSG:32636"), UTM[:, ::-1], ORSHA)


def test_the_candidates_of_a_file_without_crs_are_named() -> None:
    assert "EPSG:32636 (WGS 84 / UTM zone 36N)" in map(str, place.candidates(UTM, ORSHA))
    said = str(place.missing_crs(UTM, ORSHA, "a.dxf"))
    assert "EPSG:32636" in said
    assert "--crs" in said
