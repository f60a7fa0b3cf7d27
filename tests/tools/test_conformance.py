"""What the conformance run makes of the outcomes of a suite."""

import pytest

from tools import conformance

PASSED = {"name": "A.a", "outcome": "passed", "message": ""}
FAILED = {"name": "B.b", "outcome": "failed", "message": "no"}
SKIPPED = {"name": "C.c", "outcome": "skipped", "message": "not offered"}


@pytest.mark.parametrize(
    ("least", "known", "found", "code"),
    [
        (1, {}, [PASSED, SKIPPED], 1),
        (1, {"C.c": "not offered"}, [PASSED, SKIPPED], 0),
        (2, {"C.c": "not offered"}, [PASSED, SKIPPED], 1),  # too few
        (1, {}, [PASSED, FAILED], 1),
        (1, {"B.b": "a defect"}, [PASSED, FAILED], 0),
        (1, {"B.b": "a defect"}, [PASSED], 1),  # not there any more
        (1, {"A.a": "a defect"}, [PASSED], 1),  # passes by now
        (1, {}, [PASSED, PASSED | {"outcome": "failed"}], 1),  # one failed call is enough
        (2, {}, [PASSED, SKIPPED, SKIPPED | {"outcome": "passed"}], 0),  # and one passed call
    ],
)
def test_only_what_is_known_may_fail(
    least: int, known: dict[str, str], found: list[dict[str, str]], code: int
) -> None:
    assert conformance.judge("maps10", least, known, found) == code
