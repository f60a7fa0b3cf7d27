"""Painters: a crash, a time-out or a caller who leaves costs one child and no other picture."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from io import BytesIO

import pytest
from PIL import Image

from geoportal.errors import Busy, DatabaseUnavailable, PictureFailed, QueryTimeout
from geoportal.maps import painters
from geoportal.maps.order import LegendOrder, MapOrder, Picture
from geoportal.maps.painters import Painters
from geoportal.maps.view import View
from layers.query import Box

LEGEND = LegendOrder("Легенда", (), "ў і № °")


def nowhere(timeout_s: float = 5) -> MapOrder:
    """An order whose database is not there."""
    return MapOrder(
        view=View(Box(24, 52, 25, 53), 10, 10), sheets=(), background=(255, 255, 255, 1),
        void=(255, 255, 255, 1), format="png", warning="",
        database_url="postgresql://127.0.0.1:1/none", timeout_s=timeout_s,
    )  # fmt: skip


def run(work: Callable[[Painters], Awaitable[None]], timeout_s: float = 30) -> None:
    async def main() -> None:
        made = Painters(1, timeout_s)
        try:
            await work(made)
        finally:
            await made.close()

    asyncio.run(main())


def width_of(picture: Picture) -> int:
    with Image.open(BytesIO(picture.data)) as image:
        return image.width


def test_one_child_paints_one_picture_after_the_other() -> None:
    async def work(made: Painters) -> None:
        found = await asyncio.gather(*(made.paint(LEGEND) for _ in range(5)))
        assert {width_of(picture) for picture in found} == {420}
        assert len({picture.data for picture in found}) == 1
        assert len(made._idle) == 1

    run(work)


def test_a_child_that_ended_while_it_was_idle_is_replaced() -> None:
    async def work(made: Painters) -> None:
        await made.paint(LEGEND)
        (child,) = made._idle
        os.kill(child.pid, signal.SIGSEGV)
        await asyncio.sleep(0.2)
        assert width_of(await made.paint(LEGEND)) == 420
        assert made._idle[0].pid != child.pid

    run(work)


def test_a_crash_while_painting_is_an_error_of_that_picture_only() -> None:
    async def work(made: Painters) -> None:
        task = asyncio.create_task(made.paint(LEGEND))
        started: list[asyncio.subprocess.Process] = []
        start = painters._start

        async def start_and_crash() -> asyncio.subprocess.Process:
            child = await start()
            started.append(child)
            os.kill(child.pid, signal.SIGSEGV)
            return child

        painters._start = start_and_crash
        try:
            with pytest.raises(PictureFailed, match="try a smaller one"):
                await task
        finally:
            painters._start = start
        assert started[0].returncode == -signal.SIGSEGV
        assert width_of(await made.paint(LEGEND)) == 420

    run(work)


def test_a_picture_that_takes_too_long_ends_its_child() -> None:
    async def work(made: Painters) -> None:
        with pytest.raises(QueryTimeout, match="smaller area"):
            await made.paint(LEGEND)
        assert made._idle == []

    run(work, timeout_s=0.001)


def test_a_cancelled_caller_ends_the_child() -> None:
    async def work(made: Painters) -> None:
        task = asyncio.create_task(made.paint(LEGEND))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert made._idle == []
        assert width_of(await made.paint(LEGEND)) == 420

    run(work)


def test_a_missing_database_is_said() -> None:
    async def work(made: Painters) -> None:
        with pytest.raises(DatabaseUnavailable):
            await made.paint(nowhere())
        assert width_of(await made.paint(LEGEND)) == 420

    run(work)


def test_a_long_queue_sends_callers_away() -> None:
    async def work(made: Painters) -> None:
        waiting = [
            asyncio.create_task(made.paint(LEGEND)) for _ in range(painters.MOST_WAITING + 1)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await made.paint(LEGEND)
        await asyncio.gather(*waiting)

    run(work)
