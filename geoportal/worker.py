"""One execution of a pipeline in a process of its own: a request on stdin, an answer on stdout.

The web process never imports geopandas; this one does, and can be killed at any moment. It reads
in the reader role, so nothing that it does can change a published layer.
"""

from __future__ import annotations

import sys
from typing import Any

import orjson
import psycopg

from geoportal.settings import Settings
from layers.errors import LayersError
from processing.errors import ProcessingError
from processing.runner import run

OPTIONS = "-c role=geoportal_reader -c client_connection_check_interval=1s"


def main() -> int:
    """Read {process, area, params}, write {result} or {error, message}; 1 when it failed."""
    order = orjson.loads(sys.stdin.buffer.read())
    settings = Settings.from_environment()
    try:
        with psycopg.connect(settings.database_url or "", options=OPTIONS) as connection:
            done = run(connection, order["process"], order["area"], order["params"], publish=False)
        answer: dict[str, Any] = {"result": done.document()}
        code = 0
    except (ProcessingError, LayersError) as error:
        answer, code = {"error": type(error).__name__, "message": str(error)}, 1
    sys.stdout.buffer.write(orjson.dumps(answer))
    return code


if __name__ == "__main__":
    sys.exit(main())
