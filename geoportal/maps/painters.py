"""The server's painters: child processes that paint, made when needed, replaced when they end."""

from __future__ import annotations

import asyncio
import pickle
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from geoportal.errors import BadParameter, Busy, DatabaseUnavailable, PictureFailed, QueryTimeout
from geoportal.maps.order import LENGTH, Failure, Order, Picture

MOST_WAITING = 16
"""So many callers may wait for a free painter; more are asked to come back."""


class Painters:
    """`places` child processes at most, each paints one picture at a time within `timeout_s`."""

    def __init__(self, places: int, timeout_s: float) -> None:
        self._free = asyncio.Semaphore(places)
        self._idle: list[Process] = []
        self._waiting = 0
        self._timeout_s = timeout_s

    async def paint(self, order: Order) -> Picture:
        """Return the picture; a cancelled caller ends the child that paints it.

        Raises BadParameter, Busy, QueryTimeout, DatabaseUnavailable, PictureFailed.
        """
        async with self._place():
            child, fresh = await self._child()
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer = await _ask(child, order)
                    if answer is None and not fresh:
                        # It had ended for want of work just when it was asked.
                        child = await _start()
                        answer = await _ask(child, order)
            except TimeoutError:
                raise QueryTimeout(
                    "The picture took longer than allowed; ask for a smaller area."
                ) from None
            finally:
                await self._give_back(child, whole=sys.exception() is None)
        return _picture(answer)

    async def close(self) -> None:
        """End every child."""
        while self._idle:
            await _end(self._idle.pop())

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._free.locked() and self._waiting >= MOST_WAITING:
            raise Busy("All places for pictures are taken; try again in a few seconds.")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._free.acquire()
        except TimeoutError:
            raise Busy("All places for pictures are taken; try again in a minute.") from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()

    async def _child(self) -> tuple[Process, bool]:
        while self._idle:
            child = self._idle.pop()
            if child.returncode is None:
                return child, False
        return await _start(), True

    async def _give_back(self, child: Process, *, whole: bool) -> None:
        if whole and child.returncode is None:
            self._idle.append(child)
        else:
            await _end(child)


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "geoportal.painter",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def _ask(child: Process, order: Order) -> Picture | Failure | None:
    """Return the child's answer; None when it ended instead of answering."""
    assert child.stdin is not None  # noqa: S101 - as it was started
    assert child.stdout is not None  # noqa: S101
    data = pickle.dumps(order)
    try:
        child.stdin.write(LENGTH.pack(len(data)) + data)
        await child.stdin.drain()
        head = await child.stdout.readexactly(LENGTH.size)
        # What comes back was made by our own child.
        answer: Picture | Failure = pickle.loads(  # noqa: S301
            await child.stdout.readexactly(LENGTH.unpack(head)[0])
        )
    except (asyncio.IncompleteReadError, ConnectionError):
        await child.wait()
        return None
    return answer


async def _end(child: Process) -> None:
    if child.returncode is None:
        child.kill()
        await child.wait()


def _picture(answer: Picture | Failure | None) -> Picture:
    if isinstance(answer, Picture):
        return answer
    if answer is None:
        raise PictureFailed("The picture could not be painted; try a smaller one.")
    if answer.reason == "timeout":
        raise QueryTimeout("The picture took longer than allowed; ask for a smaller area.")
    if answer.reason == "database":
        raise DatabaseUnavailable("The database does not answer now.")
    raise BadParameter(f"The database cannot use a value of the request: {answer.message}")
