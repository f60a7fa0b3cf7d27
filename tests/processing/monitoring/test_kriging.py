"""Kriging against published figures, gstools and plain solving; its laws, and one that fails."""

import gstools
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.errors import BadGeometry, BadParameter, NoVariogram
from processing.monitoring import kriging
from processing.monitoring.kriging import Measured
from processing.monitoring.variogram import Experimental, Model, experimental, fit
from tests.fix_gstat import gstat, places

MODEL = Model("spherical", 2.0, 10.0, 400.0)
SPOTS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=15, unique=True
).map(lambda rows: np.array(rows, dtype=float) * 10.0)


def scene(count=25, seed=5):
    chance = np.random.default_rng(seed)
    xy = chance.uniform(0, 1000, (count, 2))
    values = 20 + xy[:, 0] / 100 + chance.normal(0, 2, count)
    return Measured(xy, values), chance.uniform(0, 1000, (40, 2))


# --- published figures ---------------------------------------------------------------------------


def meuse():
    frame = gstat("meuse.csv")
    return places(frame), frame["zinc"].to_numpy(dtype=float)


def test_block_kriging_of_gstat():
    """gstat, tests/blockkr.Rout.save: 268.7324 and 19568.76."""
    measured = Measured(*meuse())
    model = Model("spherical", 2.42e4, 1.34e5, 800.0)
    centre = np.array([(181170.0, 333250.0)])
    found = kriging.block(measured, centre, model, size_m=40, steps=4, neighbours=40)
    assert f"{found.value[0]:.4f}" == "268.7324"
    assert f"{found.variance[0]:.2f}" == "19568.76"


def test_leave_one_out_of_the_meuse():
    """Computed by gstools and PyKrige with gstat's fitted model: 0.3918035."""
    xy, zinc = meuse()
    model = Model("spherical", 0.05066243, 0.59060780, 897.0209)
    assert kriging.leave_one_out(Measured(xy, np.log(zinc)), model).rmse == pytest.approx(
        0.3918035, abs=5e-8
    )


def test_the_meuse_grid():
    xy, zinc = meuse()
    grid = gstat("computed_ok_logzinc_grid.csv")
    model = Model("spherical", 0.05066243, 0.59060780, 897.0209)
    found = kriging.ordinary(Measured(xy, np.log(zinc)), places(grid), model)
    assert np.abs(found.value - grid["ok_logzinc_pred"]).max() < 1e-9
    assert np.abs(found.variance - grid["ok_logzinc_var"]).max() < 1e-9


def test_the_radiation_network_of_sic2004_is_mapped_blind():
    """A model stated from the ten days before; 808 stations that it never saw."""
    before, known, hidden = (gstat(f"sic_{name}.csv") for name in ("train", "val", "test"))
    days = [
        experimental(places(before), before[f"day{d:02d}"].to_numpy(), cutoff_m=200_000)
        for d in range(1, 11)
    ]
    mean = np.mean([day.gamma for day in days], axis=0)
    stated = fit(Experimental(days[0].pairs, days[0].distance_m, mean), "spherical")
    measured = Measured(places(known), known["dayx"].to_numpy(dtype=float))
    found = kriging.ordinary(measured, places(hidden), stated)
    error = found.value - hidden["dayx"].to_numpy()
    assert len(error) == 808
    assert np.abs(error).mean() < 9.3
    assert 0.90 <= (np.abs(error) <= 1.96 * found.sd).mean() <= 0.97
    nearest = kriging.idw(measured, places(hidden), neighbours=1)
    assert np.abs(error).mean() < 0.9 * np.abs(nearest - hidden["dayx"].to_numpy()).mean()


def test_the_accident_of_sic2004_is_flagged_by_leaving_one_out():
    """The `joker` set: two stations near a release far beyond what the model expects."""
    joker = gstat("sic_val.csv")
    stated = Model("spherical", 77.0, 225.0, 320_000.0)
    measured = Measured(places(joker), joker["joker"].to_numpy(dtype=float))
    scores = kriging.leave_one_out(measured, stated)
    worst = np.argsort(-joker["joker"].to_numpy())[:2]
    assert (np.abs(scores.standardised[worst]) > 10).all()


# --- independent computation ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "other"), [("spherical", gstools.Spherical), ("exponential", gstools.Exponential)]
)
def test_gstools_gives_the_same(kind, other):
    measured, targets = scene()
    model = Model(kind, 2.0, 10.0, 400.0)
    same = gstools.krige.Ordinary(
        other(dim=2, var=10.0, len_scale=400.0, nugget=2.0),
        measured.xy.T,
        measured.values,
        exact=True,
    )
    value, variance = same(targets.T)
    found = kriging.ordinary(measured, targets, model)
    assert found.value == pytest.approx(value, rel=1e-9)
    assert found.variance == pytest.approx(variance, rel=1e-9)


def test_leaving_one_out_by_one_inverse_is_leaving_each_out():
    measured, _ = scene()
    scores = kriging.leave_one_out(measured, MODEL)
    for i in range(len(measured.xy)):
        rest = np.arange(len(measured.xy)) != i
        alone = kriging.ordinary(
            Measured(measured.xy[rest], measured.values[rest]), measured.xy[[i]], MODEL
        )
        error = alone.value[0] - measured.values[i]
        assert scores.error[i] == pytest.approx(error, abs=1e-9)
        assert scores.standardised[i] == pytest.approx(error / alone.sd[0], abs=1e-9)
    assert scores.mae <= scores.rmse


def test_idw_by_hand():
    measured = Measured(np.array([(0.0, 0.0), (30.0, 0.0)]), np.array([10.0, 40.0]))
    found = kriging.idw(measured, np.array([(10.0, 0.0), (0.0, 0.0), (15.0, 5.0)]))
    assert found.tolist() == pytest.approx([(10 / 100 + 40 / 400) / (1 / 100 + 1 / 400), 10, 25])
    assert kriging.idw_leave_one_out(measured).tolist() == [30, -30]


def test_all_neighbours_are_the_whole_network():
    measured, targets = scene()
    whole = kriging.ordinary(measured, targets, MODEL)
    near = kriging.ordinary(measured, targets, MODEL, neighbours=24)
    assert near.value == pytest.approx(whole.value, rel=0.02)
    assert (near.variance >= whole.variance - 1e-9).all()


# --- laws ----------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(SPOTS, st.floats(-50, 50), st.floats(0.1, 20))
def test_values_are_kept_shifted_and_scaled(xy, shift, k):
    values = np.cos(xy[:, 0] / 70.0) + xy[:, 1] / 300.0
    targets = np.array([(33.0, 41.0), (605.0, -20.0)])
    plain = kriging.ordinary(Measured(xy, values), targets, MODEL)
    at = kriging.ordinary(Measured(xy, values), xy, MODEL)
    assert at.value == pytest.approx(values, abs=1e-7)
    assert at.variance == pytest.approx(np.zeros(len(xy)), abs=1e-7)
    moved = kriging.ordinary(Measured(xy, values * k + shift), targets, MODEL)
    assert moved.value == pytest.approx(plain.value * k + shift, abs=1e-6)
    scaled = Model("spherical", 2.0 * k**2, 10.0 * k**2, 400.0)
    assert kriging.ordinary(Measured(xy, values), targets, scaled).sd == pytest.approx(
        plain.sd * k, rel=1e-6
    )


@settings(max_examples=40, deadline=None)
@given(SPOTS, st.integers(5, 595), st.integers(5, 595))
def test_one_more_station_never_raises_the_variance_of_a_given_model(xy, east, north):
    more = np.vstack([xy, (east + 0.5, north + 0.5)])
    targets = np.array([(33.0, 41.0), (300.0, 303.0), (605.0, -20.0)])
    before = kriging.ordinary(Measured(xy, np.zeros(len(xy))), targets, MODEL)
    after = kriging.ordinary(Measured(more, np.zeros(len(more))), targets, MODEL)
    assert (after.variance <= before.variance + 1e-8).all()


def test_one_more_station_may_raise_the_variance_when_the_model_is_fitted_anew():
    """The counterexample: a station in a hot spot tells that the field varies more."""
    chance = np.random.default_rng(5)
    xy = chance.uniform(0, 1000, (60, 2))
    values = np.sin(xy[:, 0] / 150.0) + 0.2 * chance.normal(size=60)
    targets = chance.uniform(0, 1000, (60, 2))

    def mean_variance(xy, values):
        model = fit(experimental(xy, values), "spherical")
        return kriging.ordinary(Measured(xy, values), targets, model).variance.mean()

    more = np.vstack([xy, (500.0, 500.0)]), np.append(values, 3.0)
    assert mean_variance(*more) > mean_variance(xy, values)


# --- edges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xy", "values", "error", "said"),
    [
        ([(0, 0), (0, 0)], [1, 2], BadGeometry, "share a place"),
        ([(0, 0), (1, 0)], [1, np.nan], BadParameter, "no value"),
        ([(0, np.inf), (1, 0)], [1, 2], BadParameter, "no place"),
        ([(0, 0)], [1, 2], BadParameter, "1 stations and 2 values"),
        ([], [], BadParameter, "0 stations"),
    ],
)
def test_what_cannot_be_measured_is_refused(xy, values, error, said):
    with pytest.raises(error, match=said):
        Measured(np.array(xy, dtype=float).reshape(-1, 2), np.array(values, dtype=float))


def test_too_few_stations_or_a_block_of_nothing():
    two = Measured(np.array([(0.0, 0.0), (9.0, 0.0)]), np.array([1.0, 2.0]))
    with pytest.raises(NoVariogram, match="at least three"):
        kriging.leave_one_out(two, MODEL)
    with pytest.raises(BadParameter, match="block of 0 m"):
        kriging.block(two, np.zeros((1, 2)), MODEL, size_m=0)
    with pytest.raises(BadParameter, match="neighbours is 0"):
        kriging.ordinary(two, np.zeros((1, 2)), MODEL, neighbours=0)


def test_one_station_is_its_own_estimate_everywhere():
    one = Measured(np.zeros((1, 2)), np.array([7.0]))
    found = kriging.ordinary(one, np.array([(5000.0, 0.0)]), MODEL)
    assert found.value[0] == pytest.approx(7)
    assert found.variance[0] == pytest.approx(2 * MODEL.sill)
