import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.area import seed_areas
from layers.registry import load_layers
from processing.errors import BadGeometry, EmptyInput, MissingColumn
from processing.fibre_coverage import Inputs, Settings, fibre_coverage
from processing.frames import checksum, require_fit

ORSHA = seed_areas()["orsha"]
X, Y = 332_700.0, 6_043_500.0


def frame(shapes, **columns):
    moved = shapely.transform(np.array(shapes, dtype=object), lambda c: c + np.array([X, Y]))
    ids = pd.Index(np.arange(1, len(shapes) + 1), name="id")
    made = gpd.GeoDataFrame(columns, geometry=moved, crs=f"EPSG:{ORSHA.srid}", index=ids)
    return made.to_crs("EPSG:4326")


def inputs(**changed):
    given = {
        "buildings": frame(
            [shapely.box(d, 10, d + 20, 20) for d in (600, 900, 3000)]
            + [shapely.box(600, 400, 620, 410)],
            residents=[100, 50, None, 50],
            dwellings=[40, 20, None, 20],
        ),
        "ducts": frame([shapely.LineString([(0, 0), (2000, 0)])]),
        "splitters": frame(
            [shapely.Point(500, 5), shapely.Point(800, 5)],
            loss_db=[17.5, 21.0],
            terminal=["OLT-1", "OLT-1"],
        ),
        "line_terminals": frame([shapely.Point(0, 5)], terminal_id=["OLT-1"], budget_db=[28.0]),
    } | changed
    return Inputs(**given)


def test_the_result_fits_its_layer_and_counts_people():
    result = fibre_coverage(ORSHA, inputs(), Settings())
    made = result.frames["fibre_coverage"]
    require_fit(made.assign(run_id="r"), load_layers()["fibre_coverage"], ORSHA)
    assert made["coverage"].tolist() == ["serviceable", "serviceable", "no_duct", "no_duct"]
    assert made["splitter_id"].tolist()[:2] == [1, 1]
    # From terminal to duct, to the splitter beside it and back, to the middle of the house.
    assert made["length_m"].iloc[0] == pytest.approx(5 + 500 + 5 + 5 + 110 + 15, abs=0.5)
    assert result.figures["share_residents"] == 0.75
    assert result.figures["share_buildings"] == 0.5


def test_a_tight_budget_covers_less_and_rows_may_come_in_any_order():
    poor = frame([shapely.Point(0, 5)], terminal_id=["OLT-1"], budget_db=[22.55])
    result = fibre_coverage(ORSHA, inputs(line_terminals=poor), Settings())
    assert result.frames["fibre_coverage"]["coverage"].tolist()[:2] == [
        "serviceable",
        "over_budget",
    ]
    turned = inputs(
        buildings=inputs().buildings[::-1], splitters=inputs().splitters[::-1],
        line_terminals=poor,
    )  # fmt: skip
    assert checksum(fibre_coverage(ORSHA, turned, Settings()).frames) == checksum(result.frames)


@pytest.mark.parametrize("terminal", [[1, 1], [1.0, 1.0], ["1", "1"]])
def test_a_terminal_may_be_named_by_the_id_of_its_feature(terminal):
    by_id = frame(
        [shapely.Point(500, 5), shapely.Point(800, 5)], loss_db=[17.5, 21.0], terminal=terminal
    )
    result = fibre_coverage(ORSHA, inputs(splitters=by_id), Settings())
    assert result.quality["splitters_without_terminal"] == 0


def test_what_is_not_known_is_counted():
    known = {"loss_db": [None, 21.0, 17.5], "terminal": ["OLT-1", "OLT-9", "OLT-1"]}
    places = [shapely.Point(500, 5), shapely.Point(800, 5), shapely.Point(500, 900)]
    result = fibre_coverage(ORSHA, inputs(splitters=frame(places, **known)), Settings())
    assert result.quality["splitters_without_loss_known"] == 1
    assert result.quality["splitters_without_terminal"] == 1
    assert result.frames["fibre_coverage"]["coverage"].tolist()[:2] == ["unreachable"] * 2
    lost = frame(places, **known).iloc[:2]
    with pytest.raises(EmptyInput, match="none has a known loss_db and a terminal of known"):
        fibre_coverage(ORSHA, inputs(splitters=lost), Settings())


def test_what_is_missing_is_named():
    with pytest.raises(EmptyInput, match="ducts in area orsha: there are none"):
        fibre_coverage(ORSHA, inputs(ducts=inputs().ducts[:0]), Settings())
    bare = inputs().splitters.drop(columns="loss_db")
    with pytest.raises(MissingColumn, match="splitters has no column loss_db"):
        fibre_coverage(ORSHA, inputs(splitters=bare), Settings())
    with pytest.raises(BadGeometry, match="ducts: needs LineString"):
        fibre_coverage(ORSHA, inputs(ducts=inputs().splitters), Settings())
