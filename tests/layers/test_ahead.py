"""Items made ahead: the same ones, one at most, with their errors in their turn."""

import threading
from collections.abc import Iterator

import pytest

from layers.ahead import ahead


def test_items_come_in_order_and_one_is_made_ahead() -> None:
    made: list[int] = []
    third = threading.Event()

    def items() -> Iterator[int]:
        for n in range(1, 5):
            made.append(n)
            if n == 3:
                third.set()
            yield n

    found = ahead(items())
    assert next(found) == 1
    assert next(found) == 2
    assert third.wait(10)
    assert made == [1, 2, 3]
    assert list(found) == [3, 4]
    assert list(ahead(iter(()))) == []


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError("the source broke")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(ZeroDivisionError, match="the source broke"):
        next(found)
