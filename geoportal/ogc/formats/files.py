"""Files of exports: made by a child process in a folder of their own, sent, removed."""

from __future__ import annotations

import asyncio
import os
import pickle
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from starlette.responses import FileResponse
from starlette.types import Message, Scope, Send

from geoportal.errors import (
    BadParameter,
    Busy,
    DatabaseUnavailable,
    QueryTimeout,
    RangeNotSatisfiable,
    TableMissing,
)
from geoportal.ogc.formats.order import Order

RawHeaders = list[tuple[bytes, bytes]]

PREFIX = "geoportal-export-"
LEAST_FREE = 100_000_000  # bytes of the disk that exports leave alone
_RANGE = rb"(?:\d{1,18}-\d{0,18}|-\d{1,18})"
_RANGES = re.compile(rb"(?i:bytes) *= *(%b(?: *, *%b)*)" % (_RANGE, _RANGE))


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give an empty folder that is gone afterwards; those of killed processes go first."""
    root = Path(tempfile.gettempdir())
    for left in root.glob(f"{PREFIX}*"):
        if left.stat().st_uid == os.getuid() and not _alive(left.name.split("-")[2]):
            shutil.rmtree(left, ignore_errors=True)
    if shutil.disk_usage(root).free < LEAST_FREE:
        raise Busy("There is no room for the file now; try again later, or take f=csv.")
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError):
        pass
    return True


async def make_file(order: Order) -> int:
    """Make the file and return how many features it holds; the child ends when this is cancelled.

    Raises BadParameter for what the format cannot hold, QueryTimeout, DatabaseUnavailable, Busy.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "geoportal.exporter",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, errors = await child.communicate(pickle.dumps(order))
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    try:
        answer = orjson.loads(out)
    except orjson.JSONDecodeError:
        if shutil.disk_usage(Path(order.path).parent).free < LEAST_FREE:
            raise Busy(
                "There was no room for the file; try again later, or ask for less."
            ) from None
        raise RuntimeError(f"the export broke: {errors[-2000:].decode(errors='replace')}") from None
    if "count" in answer:
        return int(answer["count"])
    raise _REASONS[answer["error"]](answer.get("message") or _MESSAGES[answer["error"]])


_REASONS: dict[str, type[Exception]] = {
    "refused": BadParameter, "value": BadParameter,
    "timeout": QueryTimeout, "database": DatabaseUnavailable, "missing": TableMissing,
}  # fmt: skip
_MESSAGES = {
    "timeout": "The export took longer than allowed; ask for a smaller area or fewer features.",
    "database": "The database does not answer now.",
    "missing": "The table behind the collection is not there any more.",
}


async def send_file(path: Path, headers: RawHeaders, scope: Scope, send: Send) -> None:
    """Send a file, or the ranges of it that the caller asks for; raises RangeNotSatisfiable."""
    # Piece by piece from here: the server's own way opens the file after this has returned, when
    # it is removed already.
    others = {k: v for k, v in scope.get("extensions", {}).items() if k != "http.response.pathsend"}
    given = {name.decode(): value.decode("latin-1") for name, value in headers}
    status = path.stat()
    answer = FileResponse(path, headers=given, stat_result=status)
    asked = [h for h in scope["headers"] if h[0] != b"range"]
    # A file made again need not have the same bytes, so a part of it never continues another.
    if all(name != b"if-range" for name, _ in asked):
        wanted = [value for name, value in scope["headers"] if name == b"range"]
        ranges = satisfiable(b",".join(wanted), status.st_size)
        asked += [(b"range", ranges)] if ranges else []
    await answer({**scope, "extensions": others, "headers": asked}, _no_messages, send)


def satisfiable(header: bytes, length: int) -> bytes:
    """Return the header Range with those of its ranges that a file of so many bytes has.

    Nothing where it is as if none was sent: no ranges of bytes, or one that ends before it begins.
    Raises RangeNotSatisfiable when the file has none of them. Source: RFC 9110, section 14.
    """
    read = _RANGES.fullmatch(header.strip())
    if read is None:
        return b""
    found = []
    for one in read[1].split(b","):
        first, _, last = one.strip().partition(b"-")
        if first and last and int(last) < int(first):
            return b""
        if int(first) < length if first else int(last) > 0 and length > 0:
            found.append(one.strip())
    if not found:
        raise RangeNotSatisfiable(
            f"The file has {length} bytes and none of the ranges asked for; leave Range out.",
            length,
        )
    return b"bytes=" + b",".join(found)


async def _no_messages() -> Message:
    # Who awaits the export already watches whether the caller leaves.
    await asyncio.Event().wait()
    raise AssertionError("nothing sets that event")
