"""Prints that are there twice."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from layers.repeated import repeated


@given(st.lists(st.integers(-3, 30)))
def test_ids_are_those_of_prints_that_come_again(prints: list[int]) -> None:
    ids = np.arange(len(prints)) + 7
    found = repeated(ids, np.array(prints, dtype=np.int64))
    count = Counter(prints)
    wanted = {i for i, one in zip(ids.tolist(), prints, strict=True) if count[one] > 1}
    assert set(found.tolist()) == wanted
    assert len(found) == len(wanted)
