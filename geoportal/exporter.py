"""One export to a file in a process of its own: an order on stdin, an answer on stdout.

The web process imports neither GDAL nor Arrow; this one does, reads in the reader role, and ends
with the server process that started it.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
from pathlib import Path
from typing import Any

import orjson
import psycopg

from geoportal.ogc.formats.order import ExportRefused, Order

_PR_SET_PDEATHSIG = 1
INDEX_BYTES = 200_000_000
"""Memory for the spatial index of a GeoPackage while it is made; a larger one is made on disk."""


def options(timeout_s: float) -> str:
    """Return the settings of a connection that reads one export."""
    milliseconds = int(timeout_s * 1000)
    return (
        f"-c role=geoportal_reader -c statement_timeout={milliseconds} -c jit=off"
        " -c client_connection_check_interval=1s -c cursor_tuple_fraction=1 -c work_mem=32MB"
        f" -c idle_in_transaction_session_timeout={milliseconds}"
    )


def main() -> int:
    """Write the file of the order; answer {count} or {error, message}, then 1."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The order comes from our own server through a pipe, from nowhere else.
    order: Order = pickle.loads(sys.stdin.buffer.read())  # noqa: S301
    # GDAL takes its settings from here when it is loaded.
    os.environ |= {
        "OGR_SQLITE_SYNCHRONOUS": "OFF",
        "OGR_GPKG_MAX_RAM_USAGE_RTREE": str(INDEX_BYTES),
        "CPL_TMPDIR": str(Path(order.path).parent),
    }
    from geoportal.ogc.formats import binary  # noqa: PLC0415 - after the settings

    answer: dict[str, Any]
    try:
        with psycopg.connect(order.database_url, options=options(order.timeout_s)) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            count = binary.write(connection, order)
        answer, code = {"count": count}, 0
    except ExportRefused as error:
        answer, code = {"error": "refused", "message": str(error)}, 1
    except psycopg.errors.QueryCanceled:
        answer, code = {"error": "timeout"}, 1
    except psycopg.OperationalError:
        answer, code = {"error": "database"}, 1
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        answer, code = {"error": "missing"}, 1
    except (psycopg.DataError, psycopg.errors.InternalError_) as error:
        answer, code = {"error": "value", "message": str(error).splitlines()[0]}, 1
    sys.stdout.buffer.write(orjson.dumps(answer))
    return code


if __name__ == "__main__":
    sys.exit(main())
