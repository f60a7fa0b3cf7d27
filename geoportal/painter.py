"""The process that paints: orders on stdin, pictures on stdout, one after the other.

A picture is made by native code; should it crash, this process ends and not the server's. It reads
in the reader role, ends with the server process that started it, and when it had nothing to do.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import resource
import select
import signal
import sys
from typing import BinaryIO

import psycopg

from geoportal.exporter import options
from geoportal.maps.legend_picture import paint_legend
from geoportal.maps.order import (
    LENGTH,
    CoverageOrder,
    Failure,
    LegendOrder,
    MapOrder,
    Order,
    Picture,
)
from geoportal.maps.picture import Connection, paint_map

_PR_SET_PDEATHSIG = 1
IDLE_S = 120.0
MOST_BYTES = 4_000_000_000
"""Address space; what needs more ends this process."""


def main() -> int:
    """Paint until there is nothing more to do."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What native code prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    session = Session()
    while (order := _next_order(sys.stdin.buffer)) is not None:
        data = pickle.dumps(session.paint(order))
        answers.write(LENGTH.pack(len(data)) + data)
        answers.flush()
    return 0


def _next_order(orders: BinaryIO) -> Order | None:
    if not select.select([orders], [], [], IDLE_S)[0]:
        return None
    head = orders.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    # The order comes from our own server through a pipe, from nowhere else.
    order: Order = pickle.loads(orders.read(LENGTH.unpack(head)[0]))  # noqa: S301
    return order


class Session:
    """The connection that pictures are read through; made when needed, kept while it works."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._url = ""

    def paint(self, order: Order) -> Picture | Failure:
        """Return the picture, or why there is none."""
        if isinstance(order, LegendOrder):
            return paint_legend(order)
        try:
            if isinstance(order, CoverageOrder):
                from geoportal.maps.coverage import encode_coverage  # noqa: PLC0415 - GDAL

                return Picture(encode_coverage(self._connected(order), order))
            return paint_map(self._connected(order), order)
        except psycopg.errors.QueryCanceled:
            return Failure("timeout")
        except psycopg.OperationalError:
            self._connection = None
            return Failure("database")
        except (psycopg.DataError, psycopg.errors.InternalError_) as error:
            return Failure("value", str(error).splitlines()[0])

    def _connected(self, order: MapOrder | CoverageOrder) -> Connection:
        if self._connection is None or self._connection.broken or self._url != order.database_url:
            self._connection = psycopg.connect(
                order.database_url, options=options(order.timeout_s), autocommit=True,
                connect_timeout=5,
            )  # fmt: skip
            self._url = order.database_url
        return self._connection


if __name__ == "__main__":
    sys.exit(main())
