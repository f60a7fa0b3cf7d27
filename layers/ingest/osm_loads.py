"""The layers of an extract loaded by two connections, so that PostgreSQL works at one layer while
the rows of another are made.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import geopandas as gpd
import psycopg
from psycopg import Connection
from psycopg.pq import TransactionStatus

from layers.errors import RefusedLoad
from layers.ingest import reported
from layers.staging import Load
from layers.store import Loaded, Progress

CANCEL_S = 0.1

One = tuple[Load, Iterable[gpd.GeoDataFrame]]
Outcomes = dict[str, Loaded | RefusedLoad]


def replace_all(
    conn: Connection, given: Sequence[One], progress: Progress | None = None
) -> Outcomes:
    """Put rows in place of those of several layers; return by layer what was done or why not.

    A layer whose rules look at another one is loaded after it. `progress` is called by two threads.
    Raises what `reported.replace` raises besides RefusedLoad; then what is under way is given up.
    Inside a transaction of the caller, whose writes another connection cannot see, one layer
    follows the other.
    """
    lane, others = _lanes(given)
    if not others or conn.info.transaction_status != TransactionStatus.IDLE:
        return _replace(conn, given, progress)
    with (
        psycopg.connect(conn.info.dsn, password=conn.info.password, autocommit=True) as second,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="layers") as pool,
    ):
        beside = pool.submit(_replace, second, lane, progress)
        try:
            return _replace(conn, others, progress) | beside.result()
        except BaseException:
            _give_up(second, beside)
            raise


def _lanes(given: Sequence[One]) -> tuple[list[One], list[One]]:
    """Return the first layer with all that are linked to it by rules, and the others."""
    looks = {load.layer.id: {r.beside or r.within for r in load.layer.quality} for load, _ in given}
    linked = {load.layer.id for load, _ in given[:1]}
    while more := {i for i in looks if i not in linked and _meet(i, linked, looks)}:
        linked |= more
    lane = [one for one in given if one[0].layer.id in linked]
    return lane, [one for one in given if one[0].layer.id not in linked]


def _meet(layer_id: str, linked: set[str], looks: dict[str, set[str | None]]) -> bool:
    return bool(looks[layer_id] & linked) or any(layer_id in looks[other] for other in linked)


def _replace(conn: Connection, given: Sequence[One], progress: Progress | None) -> Outcomes:
    done: Outcomes = {}
    for load, frames in given:
        try:
            done[load.layer.id] = reported.replace(conn, load, frames, progress)
        except RefusedLoad as error:
            done[load.layer.id] = error
    return done


def _give_up(conn: Connection, beside: Future[Outcomes]) -> None:
    """End whatever statement the other thread begins, until it has ended by that."""
    while not beside.done():
        conn.cancel_safe()
        time.sleep(CANCEL_S)
