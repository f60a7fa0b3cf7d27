"""The engine of tiled methods: one after the other, on local processes, or on a Dask cluster.

Pieces of work are pure and independent and their results are keyed, so neither the number of
workers, nor their order, nor the death of one of them changes a result. Everything that a piece
needs is sent as a task, which the scheduler keeps and sends again; nothing is scattered, because
scattered data die with the workers that hold them (docs/decisions/0040-distributed-runs.md).
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import re
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from processing.errors import BadParameter, NoEngine, ProcessingError, RunFailed
from processing.versions import code_version

if TYPE_CHECKING:
    from distributed import Client

AHEAD = 3
"""So many pieces for each thread are sent ahead, so that no worker waits and memory stays small."""
CONNECT_S = 10.0
NO_WORKER_S = 30.0
WATCH_S = 2.0
"""So often workers that are lost for good are replaced: one killed while it starts is not started
again by its nanny, only its place is given up (`lost-worker-timeout`)."""

_CONFIG = {
    "distributed.worker.multiprocessing-method": "spawn",  # a fork copies locks that threads hold
    "distributed.admin.large-graph-warning-threshold": "1 GiB",
    "distributed.comm.timeouts.connect": f"{CONNECT_S:g}s",
}


@dataclass(frozen=True, slots=True)
class Engine:
    """Where work is done: at `scheduler` (tcp://HOST:PORT) if given, else on `workers` processes.

    With neither it is done here.
    """

    workers: int = 0
    scheduler: str | None = None

    def __post_init__(self) -> None:
        """Raise BadParameter for a negative number, or an address that is none."""
        if self.workers < 0:
            raise BadParameter(f"workers = {self.workers} is not allowed; it must be 0 or more")
        if self.scheduler is not None and not re.fullmatch(r"\w+://\S+:\d{1,5}", self.scheduler):
            raise BadParameter(
                f"scheduler = {self.scheduler!r} is not allowed; it must be tcp://HOST:PORT"
            )


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a run is cut into tiles, and whether finished tiles of an interrupted run are taken.

    Without `keep` no finished tiles are kept, which only the owner of the database can do.
    """

    engine: Engine
    tile_m: float = 5_000.0
    resume: bool = False
    keep: bool = True


class Hands(Protocol):
    """Who does the work while an engine is open."""

    def do[K, P, C, R](
        self, work: Callable[[C, P], R], common: C, pieces: Iterable[tuple[K, P]]
    ) -> Iterator[tuple[K, R]]:
        """Yield the result of each piece by its key, in the order in which they end.

        `common` is sent to each worker once, the pieces are taken from `pieces` as they are needed.
        Raises what `work` raises when it is an error of this room, else RunFailed naming the piece.
        """


@contextmanager
def hands(engine: Engine) -> Iterator[Hands]:
    """Open an engine; local workers listen on loopback only and end with the block.

    Raises NoEngine when the scheduler does not answer, has no workers, or these have other code.
    """
    if engine.scheduler is None and engine.workers == 0:
        yield _Here()
        return
    # Takes a second, work done here needs it not; its defaults must be there before ours are set.
    import dask  # noqa: PLC0415
    import distributed  # noqa: F401, PLC0415

    with dask.config.set(_CONFIG):
        opened = _local(engine.workers) if engine.scheduler is None else _remote(engine.scheduler)
        with opened as client:
            yield _Workers(client)


class _Here:
    def do[K, P, C, R](
        self, work: Callable[[C, P], R], common: C, pieces: Iterable[tuple[K, P]]
    ) -> Iterator[tuple[K, R]]:
        for key, piece in pieces:
            yield key, work(common, piece)


@dataclass(frozen=True, slots=True)
class _Workers:
    client: Client

    def do[K, P, C, R](
        self, work: Callable[[C, P], R], common: C, pieces: Iterable[tuple[K, P]]
    ) -> Iterator[tuple[K, R]]:
        import cloudpickle  # noqa: PLC0415
        from distributed import as_completed  # noqa: PLC0415

        waiting = iter(pieces)
        sent: dict[Any, K] = {}
        submit = partial(self.client.submit, pure=False)
        shared = submit(_itself, cloudpickle.dumps((work, common)))

        def send(count: int) -> list[Any]:
            new = {
                submit(_call, shared, cloudpickle.dumps(piece)): key
                for key, piece in islice(waiting, count)
            }
            sent.update(new)
            return list(new)

        try:
            threads = sum(self.client.nthreads().values())
            ended = as_completed(send(AHEAD * max(threads, 1)), loop=self.client.loop)
            for future in ended:
                key = sent.pop(future)
                yield key, _result(future, key)
                future.release()  # a worker keeps no result that is safe here
                ended.update(send(1))
        finally:
            self.client.cancel([*sent, shared])


def _itself(value: bytes) -> bytes:
    return value


def _call(shared: bytes, piece: bytes) -> Any:
    """Do a piece of work, unpacked only here: an error is then the task's.

    A worker that cannot unpack what the scheduler sends it ends, is started anew, gets it again ...
    """
    work, common = pickle.loads(shared)  # noqa: S301 - from our own client
    return work(common, pickle.loads(piece))  # noqa: S301


def _result(future: Any, key: object) -> Any:
    """Return the result of a piece, computed anew if the worker that had it has died meanwhile."""
    from distributed import KilledWorker  # noqa: PLC0415

    try:
        return future.result()
    except ProcessingError:
        raise
    except asyncio.CancelledError as cause:
        raise NoEngine(
            f"{key}: the connection to the Dask scheduler was lost; run again with --resume"
        ) from cause
    except KilledWorker as cause:
        raise RunFailed(
            f"{key}: several workers in turn ended while they computed it, perhaps for want of"
            " memory; take smaller tiles or fewer workers, and run again with --resume"
        ) from cause
    except Exception as cause:
        raise RunFailed(f"{key} could not be computed: {type(cause).__name__}: {cause}") from cause


@contextmanager
def _remote(address: str) -> Iterator[Client]:
    from distributed import Client  # noqa: PLC0415

    remedy = "start one there, or correct --scheduler or GEOPORTAL_DASK_SCHEDULER"
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as cause:
        raise NoEngine(f"no Dask scheduler answers at {address}; {remedy}") from cause
    with client:
        try:
            client.wait_for_workers(1, timeout=NO_WORKER_S)
        except TimeoutError as cause:
            raise NoEngine(f"the Dask scheduler at {address} has no workers; start one") from cause
        _require_same_code(client)
        yield client


def _require_same_code(client: Client) -> None:
    """Raise NoEngine naming a worker that has another version of the code, or none."""
    # By a builtin: a worker without this module could not even unpack a function of it.
    asked = f"__import__('{code_version.__module__}', fromlist=['x']).code_version()"
    ours = code_version()
    for worker, theirs in client.run(eval, asked, on_error="return").items():
        if theirs != ours:
            said = "has another version" if isinstance(theirs, str) else f"cannot use it: {theirs}"
            raise NoEngine(
                f"the Dask worker {worker} must have the same geoportal and libraries as here, but"
                f" {said}; install them there"
            )


@contextmanager
def _local(workers: int) -> Iterator[Client]:
    import dask  # noqa: PLC0415
    from distributed import Client, LocalCluster  # noqa: PLC0415
    from tornado.ioloop import PeriodicCallback  # noqa: PLC0415

    with (
        tempfile.TemporaryDirectory(prefix="geoportal-dask-") as folder,
        dask.config.set({"temporary-directory": folder}),
    ):
        with _deaf_children():
            cluster: Any = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                local_directory=folder,
                silence_logs=logging.CRITICAL,  # what matters is raised
            )
        with cluster:
            watch = PeriodicCallback(partial(cluster.scale, workers), 1e3 * WATCH_S)
            cluster.loop.add_callback(watch.start)
            try:
                with Client(cluster, set_as_default=False) as client:
                    yield client
            finally:
                cluster.sync(_kill, cluster, watch)


async def _kill(cluster: Any, watch: Any) -> None:
    """End the workers at once: they hold nothing that is needed, and may be busy or starting."""
    watch.stop()
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        if nanny.process is not None and nanny.process.process is not None:
            await nanny.process.process.kill()


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Let threads made in the block, and the processes that they start, not hear of Ctrl-C.

    A terminal sends it to the workers, too; only we may end them, and the cluster starts them anew
    when they end of themselves.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
