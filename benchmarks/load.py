"""Putting a server under load: wrk when it is installed, else a small client of our own."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.errors import WrongAnswer

CLIENTS = 4

SCRIPT = """
local paths = {%s}
local at = 0
local requests = {}
local headers = {%s}
function init()
  for i, path in ipairs(paths) do requests[i] = wrk.format("GET", path, headers) end
end
function request() at = at %% #requests + 1; return requests[at] end
function done(summary, latency)
  local e = summary.errors
  local bad = e.status + e.connect + e.read + e.write
  io.write(string.format('\\nDONE {"count":%%d,"us":%%d,"bad":%%d,"p95_us":%%d}\\n',
    summary.requests, summary.duration, bad, latency:percentile(95)))
end
"""


@dataclass(frozen=True)
class Asked:
    """What a server is asked: paths at its address, each with the same headers."""

    address: str
    paths: Sequence[str]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Load:
    """What a server bore: answered requests, and the time 95 % of them took at most."""

    requests: int
    seconds: float
    p95_ms: float

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def measure(asked: Asked, seconds: int, folder: Path) -> Load:
    """Ask for the paths in turn for some seconds; raises WrongAnswer for a status above 399."""
    address, paths = asked.address, asked.paths
    if shutil.which("wrk") is None:
        return asyncio.run(_measure(asked, seconds, None))
    script = folder / "load.lua"
    headers = ",".join(f"[{json.dumps(k)}]={json.dumps(v)}" for k, v in asked.headers.items())
    script.write_text(SCRIPT % (",".join(json.dumps(path) for path in paths), headers))
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "--timeout", "30s"]
    done = subprocess.run(
        [*command, "-s", str(script), address],
        capture_output=True, text=True, timeout=seconds + 60, check=False,
    )  # fmt: skip
    line = next((x for x in done.stdout.splitlines() if x.startswith("DONE ")), None)
    if line is None:
        raise WrongAnswer(f"{address}: wrk: {(done.stderr or done.stdout).strip()[-300:]}")
    said = json.loads(line.removeprefix("DONE "))
    if said["bad"]:
        raise WrongAnswer(f"{address}{paths[0]}: {said['bad']} of {said['count']} answers are bad")
    return Load(said["count"], said["us"] / 1e6, said["p95_us"] / 1e3)


def measure_few(asked: Asked, count: int, seconds: float) -> Load:
    """Ask so many times, however slow the server is, but not beyond so many seconds."""
    return asyncio.run(_measure(asked, seconds, count))


async def _measure(asked: Asked, seconds: float, count: int | None) -> Load:
    """Ask with CLIENTS connections until the time is over or so many answers are there."""
    paths = asked.paths
    turn: Iterator[str] = cycle(paths) if count is None else iter(_first(paths, count))
    took: list[float] = []
    started = time.monotonic()
    clients = [_client(asked, turn, took, started + seconds) for _ in range(CLIENTS)]
    try:
        async with asyncio.timeout(seconds + 0.5):
            await asyncio.gather(*clients)
    except TimeoutError:
        pass  # slow answers are not waited for; what has come counts
    p95_s = sorted(took)[int(len(took) * 0.95)] if took else seconds
    return Load(len(took), time.monotonic() - started, p95_s * 1e3)


def _first(paths: Sequence[str], count: int) -> list[str]:
    turn = cycle(paths)
    return [next(turn) for _ in range(count)]


async def _client(asked: Asked, turn: Iterator[str], took: list[float], deadline: float) -> None:
    """One connection: ask, read, ask again."""
    place = urlsplit(asked.address)
    more = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
    reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=2**24)
    try:
        for path in turn:
            started = time.monotonic()
            if started >= deadline:
                return
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n{more}\r\n".encode())
            await _read_answer(reader, f"{asked.address}{path}")
            took.append(time.monotonic() - started)
    finally:
        writer.close()


async def _read_answer(reader: asyncio.StreamReader, url: str) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = head.split(b" ", 2)[1]
    if not status.startswith((b"2", b"3")):
        raise WrongAnswer(f"{url}: {head.splitlines()[0].decode()}")
    if status in (b"204", b"304"):
        return
    for line in head.splitlines():
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.split(b":")[1]))
            return
    while size := int((await reader.readuntil(b"\r\n")).strip() or b"0", 16):
        await reader.readexactly(size + 2)  # a chunk and its line end
    await reader.readuntil(b"\r\n")
