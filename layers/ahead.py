"""The next item made in a thread of its own while this one is used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor


def ahead[Item](items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items of an iterator, each made while the one before it is used.

    One is made ahead, no more, so memory does not grow. What the iterator raises comes in its turn.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item
