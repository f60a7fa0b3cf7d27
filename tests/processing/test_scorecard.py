from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from layers.area import seed_areas
from layers.model import Text
from layers.registry import load_layers
from layers.seed import indicators
from processing.errors import RunFailed
from processing.frames import require_fit
from processing.scorecard import Figure, frame, scorecard

ORSHA = seed_areas()["orsha"]
WHY = Text(be="няма даных", ru="нет данных", en="no data")
OUTLINE = gpd.GeoSeries([shapely.box(30.42, 54.5, 30.43, 54.51)], crs=4326)


def outcomes(figures: dict) -> dict:
    lines = scorecard(indicators(), figures)
    return {(x.indicator.code, x.indicator.part): x.outcome for x in lines}


def test_every_indicator_of_the_list_has_a_line_and_nothing_missing_is_zero() -> None:
    lines = scorecard(indicators(), {})
    assert len(lines) == len(indicators())
    assert all(line.figure.value is None and line.figure.reason for line in lines)
    absent = next(line for line in lines if line.indicator.code == "PRK1")
    assert absent.figure.reason == absent.indicator.absent


def test_outcome_follows_target_and_direction() -> None:
    found = outcomes({
        ("EDU2", 1): Figure(100.0), ("HLT1", 1): Figure(99.9), ("HLT2", 1): Figure(1300.0),
        ("PLN2", 1): Figure(1.0), ("TRN2", 1): Figure(5.0), ("GRN1", 1): Figure(None, WHY),
        ("AIR2", 1): Figure(39.0, target=40.0),
    })  # fmt: skip
    assert found["EDU2", 1] == "met"
    assert found["HLT1", 1] == "missed"
    assert found["HLT2", 1] == "met"
    assert found["PLN2", 1] == "missed"
    assert found["TRN2", 1] == "no_target"
    assert found["GRN1", 1] == "not_computed"
    assert found["AIR2", 1] == "met"


def test_a_figure_has_a_value_or_a_reason_and_belongs_to_the_list() -> None:
    for value, reason in ((None, None), (1.0, WHY)):
        with pytest.raises(ValueError, match="a value or a reason"):
            Figure(value, reason)
    with pytest.raises(RunFailed, match="XYZ"):
        scorecard(indicators(), {("XYZ", 1): Figure(1.0)})


def test_rows_fit_their_layer() -> None:
    figures = {("EDU2", 1): Figure(93.4, deficit_persons=4, data_date=date(2026, 10, 1))}
    lines = scorecard(indicators(), figures, {("EDU2", 1): 90.0})
    made = frame(lines, OUTLINE, ORSHA).assign(run_id="x")
    require_fit(made, load_layers()["indicators"], ORSHA)
    one = made[made["code"] == "EDU2"].iloc[0]
    assert (one["value"], one["previous"], one["outcome"]) == (93.4, 90.0, "missed")
    assert made.geometry.iloc[0].equals(OUTLINE.iloc[0])


def test_the_list_of_the_layer_is_that_of_the_seed_table() -> None:
    codes = [code.value for code in load_layers()["indicators"].fields[0].codes]
    assert codes == list(dict.fromkeys(one.code for one in indicators()))
    assert Path("data/seed/indicators.csv").exists()
