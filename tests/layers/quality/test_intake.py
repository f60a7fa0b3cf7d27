"""Measures of a file from what its load found."""

from layers.quality.intake import intake

TOTALS = {
    "value.unknown_code refused": 3,
    "value.unreadable noted": 2,
    "value.missing refused": 1,
    "geometry.invalid repaired": 4,
    "geometry.invalid refused": 1,
    "geometry.null refused": 2,
    "geometry.z noted": 100,
    "duplicate.feature refused": 5,
    "duplicate.alike noted": 1,
    "rule.overlap noted": 7,
}


def test_each_finding_counts_towards_its_measure() -> None:
    found = {(one.measure, one.element): one.value for one in intake(50, 12, TOTALS)}
    assert found == {
        (6, "completeness omission"): 12,
        (7, "completeness omission"): 0.24,
        (4, "completeness commission"): 6,
        (19, "format consistency"): 2,
        (26, "topological consistency"): 5,
        (16, "domain consistency"): 3,
        (60, "thematic classification correctness"): 3,
    }


def test_the_accuracy_is_told_where_it_is_known() -> None:
    (position,) = (one for one in intake(1, 0, {}, 2.5) if one.measure == 28)
    assert (position.value, position.rate) == (2.5, False)
    assert all(one.measure != 28 for one in intake(1, 0, {}))


def test_a_file_without_features_has_no_measures() -> None:
    assert intake(0, 0, {}) == ()
