"""The HTTP server: granian with our application, its workers tied to the life of this process.

granian lets unknown methods and long headers reach the application, so that they get the same
problem documents as every other bad request.
"""

from __future__ import annotations

import ctypes
import errno
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.error import URLError

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from geoportal.errors import ServerError
from geoportal.postgres import KEEP_MEMORY
from geoportal.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

HEADER_BYTES = 512_000
"""What request line and headers may take together; the application refuses long ones itself."""

STOP_S = 4
"""How long a worker may finish its requests after Ctrl-C before it is killed, s."""

READY_S = 60.0
_PR_SET_PDEATHSIG = 1
_PARENT = "GEOPORTAL_SERVER_PID"


def require_free(host: str, port: int) -> None:
    """Raise ServerError, naming cause and remedy, when nobody could listen on that address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: a connection of a server that has just ended is no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ServerError(_in_words(error, host, port)) from None


def _in_words(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use: stop the program that uses it, or choose another "
            f"port, e.g. GEOPORTAL_PORT={port + 1 if port < 65535 else 8000}."
        )
    if error.errno == errno.EACCES:
        return f"Only root may listen on port {port}: choose one above 1023 in GEOPORTAL_PORT."
    return (
        f"GEOPORTAL_HOST = {host!r} is not an address of this machine ({error.strerror or error}):"
        " use 127.0.0.1 for this machine only, 0.0.0.0 for every address."
    )


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Run the server until it is stopped; `say` gets the address once layers can be served.

    The settings reach the workers through the environment: GEOPORTAL_DATABASE_URL must be set
    there. Raises ServerError when the address cannot be listened on.
    """
    require_free(settings.host, settings.port)
    # Never a copy of this process: workers stay small whatever was done here before.
    multiprocessing.set_start_method("spawn", force=True)
    os.environ[_PARENT] = str(os.getpid())
    for name, value in KEEP_MEMORY.items():
        os.environ.setdefault(name, value)
    server = Granian(
        "geoportal.server:application",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        websockets=False,
        http1_settings=HTTP1Settings(max_buffer_size=HEADER_BYTES),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=1.0,
        workers_kill_timeout=STOP_S,
    )
    threading.Thread(target=_announce, args=(settings, say), daemon=True).start()
    server.serve()


def application() -> Starlette:
    """Return the application inside a worker, which ends when the main process is killed."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(os.environ.get(_PARENT, os.getppid())):
        sys.exit("The main process of the server is gone.")
    from geoportal import app  # noqa: PLC0415 - the main process serves nothing itself

    return app.application()


def _announce(settings: Settings, say: Callable[[str], None]) -> None:
    """Say the address when the server is ready, or that it serves without layers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/health/ready"
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                say(f"The geoportal is at {settings.base_url} (stop it with Ctrl-C)")
                return
        except (URLError, OSError):
            time.sleep(0.1)
    say(
        f"The server at {settings.base_url} is not ready: it has no layers or no database;"
        " `geoportal check` tells more."
    )
