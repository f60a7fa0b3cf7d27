"""The verdicts of EN 13201-2 and what cannot be judged."""

import numpy as np
import pytest

from layers.seed import lighting_classes
from processing.lighting.classes import Statistics, asks_uniformity, judge, statistics

NORMS = lighting_classes()


def verdict(name, mean, low):
    found = judge(Statistics(np.array([float(mean)]), np.array([float(low)])), [name], NORMS)
    return found.verdict[0], found.reason[0]


@pytest.mark.parametrize(
    ("name", "mean", "low", "wanted"),
    [
        ("C3", 15, 6, "lit"),
        ("C3", 14.99, 14, "below"),
        ("C3", 15, 5.99, "below"),  # U0 = 0.399
        ("C3", 100, 30, "below"),  # bright, but uneven
        ("P4", 5, 1, "lit"),
        ("P4", 4.99, 4, "below"),
        ("P4", 9, 0.99, "below"),
        ("P4", 0, 0, "below"),
        ("C5", 0, 0, "below"),
        ("none", 0, 0, "no_class"),
        (None, 0, 0, "no_class"),
        ("P7", 0, 0, "no_class"),
    ],
)
def test_a_verdict(name, mean, low, wanted):
    assert verdict(name, mean, low) == (wanted, "")


def test_what_cannot_be_judged_says_why():
    assert verdict("M3", 30, 20) == ("not_computable", "luminance_class")
    assert verdict("X9", 30, 20) == ("not_computable", "unknown_class")


def test_the_classes_of_the_norm():
    """EN 13201-2:2015, tables 2 and 3."""
    mean = {name: row.mean_lx for name, row in NORMS.items()}
    assert [mean[f"C{i}"] for i in range(6)] == [50, 30, 20, 15, 10, 7.5]
    assert [mean[f"P{i}"] for i in range(1, 8)] == [15, 10, 7.5, 5, 3, 2, None]
    assert [NORMS[f"P{i}"].min_lx for i in range(1, 7)] == [3, 2, 1.5, 1, 0.6, 0.4]
    assert {NORMS[f"C{i}"].u0 for i in range(6)} == {0.4}
    assert all(row.source and row.status for row in NORMS.values())


def test_mean_and_minimum_of_each_section():
    found = statistics(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 2]), 3)
    assert found.mean_lx.tolist()[::2] == [2, 5]
    assert found.min_lx.tolist()[::2] == [1, 5]
    assert np.isnan([found.mean_lx[1], found.min_lx[1]]).all()
    assert found.u0[0] == 0.5


def test_only_classes_with_uniformity_can_be_spoilt_by_light():
    assert asks_uniformity(["C2", "P3", "M1", None, "none", "X9"], NORMS).tolist() == [
        True, False, True, False, False, False
    ]  # fmt: skip
