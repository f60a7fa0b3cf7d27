"""What the machine offers to run a database with: PostgreSQL's programs, an account, processes."""

from __future__ import annotations

import os
import pwd
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from geoportal.errors import ClusterError

OLDEST = 15
"""The oldest major version of PostgreSQL that serves."""

PROGRAMS = Path("/usr/lib/postgresql")
EXTENSIONS = Path("/usr/share/postgresql")
KEEP_MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": "33554432",
    "MALLOC_MMAP_THRESHOLD_": "16777216",
}
"""Memory of a large page is kept for the next: giving it back costs a third of the page's time."""

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **KEEP_MEMORY}


@dataclass(frozen=True)
class Programs:
    """The server programs of one major version of PostgreSQL that has PostGIS."""

    major: int
    folder: Path


@dataclass(frozen=True)
class Account:
    """The system account that the server runs as; None as uid means the caller's own."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def of_caller(cls) -> Self:
        """Return the account for this process: root hands over to `postgres`, which must exist."""
        if os.geteuid() != 0:
            return cls()
        try:
            entry = pwd.getpwnam("postgres")
        except KeyError:
            raise ClusterError(
                "There is no account `postgres` to run the database as: install PostgreSQL with "
                "PostGIS (make postgis), or name a database in GEOPORTAL_DATABASE_URL."
            ) from None
        return cls(entry.pw_uid, entry.pw_gid)

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def popen(self, *command: str | Path, output: int) -> subprocess.Popen[bytes]:
        """Start a program as the account, away from a folder that it may not be able to enter."""
        return subprocess.Popen(
            [str(part) for part in command],
            cwd="/",
            env=ENVIRONMENT,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal must not reach the server
        )


def find_programs() -> list[Programs]:
    """Return the installed PostgreSQL servers that have PostGIS, oldest first."""
    return [
        Programs(int(folder.name), folder / "bin")
        for folder in sorted(PROGRAMS.glob("[1-9][0-9]"))
        if int(folder.name) >= OLDEST
        and (folder / "bin" / "postgres").exists()
        and (EXTENSIONS / folder.name / "extension" / "postgis.control").exists()
    ]


def server_settings(socket: Path, *, durable: bool) -> dict[str, str]:
    """Return the lines of postgresql.conf: for a small machine, reached through a socket only."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": "'" + str(socket).replace("'", "''") + "'",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": f"{max(128, min(1024, memory_mb // 8))}MB",
        "effective_cache_size": f"{max(256, memory_mb // 2)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "2GB",
        # Never a primary of replicas: a load then writes no log for tables it has just made.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "random_page_cost": "1.1",
        "jit": "off",  # costs more than the short queries of a map take
        # Requests run side by side already; one must not take the cores of the others.
        "max_parallel_workers_per_gather": "0",
        # A query whose client is gone ends by itself.
        "client_connection_check_interval": "'2s'",
        "log_min_messages": "warning",
        "log_checkpoints": "off",
        "timezone": "'UTC'",
        "lc_messages": "'C'",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    return settings


def works_in(pid: int, folder: Path) -> bool:
    """Tell whether a process works in a folder, as every process of a server does in its data."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def processes_in(folder: Path) -> list[int]:
    """Return the server processes that work on the data in a folder."""
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in numbers if works_in(pid, folder) and _is_server(pid)]


def _is_server(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name.startswith("postgres")
    except OSError:
        return False


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Ask until it is so or the time is over; tells how it ended."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
