"""The embedded PostGIS: a private cluster on a unix socket, run from the machine's own programs.

Nothing of it listens on the network: it is reached through a socket in a directory that only its
owner may enter. The process that starts it need not stay; `postmaster.pid` and /proc tell whether
it runs, so a killed server, a stale lock or a reboot need no repair by hand.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn, Self
from urllib.parse import quote

import psycopg

from geoportal.errors import ClusterError
from geoportal.postgres import (
    OLDEST,
    Account,
    Programs,
    find_programs,
    processes_in,
    server_settings,
    within,
    works_in,
)

ROLE = "geoportal"
DATABASE = "geoportal"
SYSTEM_DATA = Path("/var/lib/geoportal")
SYSTEM_SOCKETS = Path("/run/geoportal")

LONGEST_DATA_PATH = 900  # PostgreSQL cuts paths at 1,024 bytes, names of its files included
LONGEST_SOCKET_FOLDER = 90  # a unix socket's whole path has 107 bytes
READY_S = 300.0  # recovery after a crash may take long

# Started by this process: kept so that their ends are reaped, a zombie would look alive.
_children: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Cluster:
    """One embedded cluster: where its data, its socket and its notes are.

    `home` holds the note `cluster` (names data and socket), the lock and the server's log.
    `durable=False` gives up safety against power cuts for speed; for throw-away clusters only.
    """

    home: Path
    data: Path
    socket: Path
    account: Account
    durable: bool = True

    @classmethod
    def of_checkout(cls, checkout: Path) -> Self:
        """Return the cluster that belongs to a checkout and the caller; makes nothing."""
        checkout = checkout.resolve()
        name = hashlib.sha256(os.fsencode(checkout)).hexdigest()[:12]
        home = checkout / ".geoportal"
        if os.geteuid() == 0:
            return cls(home, SYSTEM_DATA / name, SYSTEM_SOCKETS / name, Account.of_caller())
        data = home / "pgdata"
        if len(os.fsencode(data)) > LONGEST_DATA_PATH:
            data = Path.home() / ".local" / "share" / "geoportal" / name
        return cls(home, data, _user_sockets(name), Account.of_caller())

    @property
    def url(self) -> str:
        """The connection URL of the geoportal's database."""
        return self.database_url(DATABASE)

    def database_url(self, name: str) -> str:
        """Return the connection URL of a database of the cluster."""
        return f"postgresql://{ROLE}@/{quote(name)}?host={quote(str(self.socket), safe='/')}"

    @property
    def log(self) -> Path:
        """What the server wrote since it was last started."""
        return self.home / "postgres.log"

    def running(self) -> bool:
        """Tell whether the server runs (it may still be starting)."""
        return self._pid() is not None

    def start(self) -> bool:
        """Make the cluster when there is none, and run it; True when this call started it.

        Raises ClusterError: no programs, no permission, a full disk, data of another version.
        """
        with self._locked():
            if self.running():
                self._await_ready()
                return False
            programs = self._programs()
            self._make_folders()
            if not self._made():
                self._initialise(programs)
            self._write_settings()
            self._clear_remains()
            self._launch(programs)
            return True

    @contextmanager
    def use(self) -> Iterator[str]:
        """Run the server for a block and give its URL.

        Afterwards it is stopped by whoever started it, unless another block still uses it. A
        server whose starter was killed is taken over.
        """
        with self._in_words():
            self.home.mkdir(parents=True, exist_ok=True)
            users = (self.home / "users").open("w")
        with users:
            fcntl.flock(users, fcntl.LOCK_SH)
            started = self.start() or self._orphaned()
            if started:
                _write(self._starter, str(os.getpid()))
            try:
                yield self.url
            finally:
                if started and _alone(users):
                    self.stop()

    def keep(self) -> bool:
        """Run the server until `stop`, whoever ends before; True when this call started it."""
        started = self.start()
        self._starter.unlink(missing_ok=True)
        return started

    def stop(self) -> bool:
        """Stop the server; False when it was not running. Raises ClusterError when it will not."""
        if not self.home.exists():
            return False
        with self._locked():
            pid = self._pid()
            if pid is None:
                return False
            # Fast shutdown (saves everything), then without a checkpoint: recovered at next start.
            for number, patience_s in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0)):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
                if within(patience_s, lambda: not self.running()):
                    if child := _children.pop(self.data, None):
                        child.wait()
                    self._starter.unlink(missing_ok=True)
                    return True
            raise ClusterError(f"The database server (process {pid}) does not stop; see {self.log}")

    def connect(self, name: str = DATABASE) -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection in autocommit mode to a database of the running cluster."""
        return psycopg.connect(self.database_url(name), autocommit=True, connect_timeout=10)

    def _made(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def _programs(self) -> Programs:
        """Return the programs that fit the data; raises ClusterError when there are none."""
        found = find_programs()
        if not found:
            raise ClusterError(
                f"No PostgreSQL >= {OLDEST} with PostGIS is installed here: run `make postgis`, or "
                f"install Debian's postgresql-{OLDEST}-postgis-3, or name a database in "
                "GEOPORTAL_DATABASE_URL."
            )
        if not self._made():
            return found[-1]
        major = (self.data / "PG_VERSION").read_text().strip()
        for programs in found:
            if str(programs.major) == major:
                return programs
        raise ClusterError(
            f"The data in {self.data} were made by PostgreSQL {major}, and here are PostGIS "
            f"programs for {', '.join(str(p.major) for p in found)} only: install "
            f"postgresql-{major}-postgis-3, or remove that folder to have everything loaded anew."
        )

    def _make_folders(self) -> None:
        for folder in (self.data, self.socket):
            folder.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        self.socket.mkdir(mode=0o700, exist_ok=True)
        found = self.socket.lstat()
        # Somebody else may have made a folder of that name under /tmp to listen in.
        if self.account.uid is None and (
            self.socket.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o077
        ):
            raise ClusterError(
                f"The folder {self.socket} for the database's socket is not only yours: remove it."
            )
        self.account.own(self.socket)
        note = {"data": str(self.data), "socket": str(self.socket), "url": self.url}
        _write(self.home / "cluster", json.dumps(note, indent=1) + "\n")

    def _initialise(self, programs: Programs) -> None:
        """Make the cluster beside its place and move it there when it is whole."""
        unfinished = self.data.with_name(self.data.name + ".new")
        output = ""
        for locale in ("C.UTF-8", "C"):  # the first is missing on some machines
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(mode=0o700)
            self.account.own(unfinished)
            command: list[str | Path] = [programs.folder / "initdb", "-D", unfinished, "-U", ROLE]
            command += ["-A", "trust", "-E", "UTF8", f"--locale={locale}"]
            process = self.account.popen(
                *command, *([] if self.durable else ["--no-sync"]), output=subprocess.PIPE
            )
            output = process.communicate()[0].decode(errors="replace")
            if process.returncode == 0:
                if self.data.exists():
                    self.data.rmdir()
                unfinished.rename(self.data)
                return
            if "invalid locale" not in output:
                break
        shutil.rmtree(unfinished, ignore_errors=True)
        self._refuse(output, "The database cluster could not be made")

    def _write_settings(self) -> None:
        settings = server_settings(self.socket, durable=self.durable)
        # What initdb found out about the machine (kind of shared memory) stays, ours comes last.
        given = (self.data / "postgresql.conf").read_text()
        include = "include = 'geoportal.conf'\n"
        ours = {
            "geoportal.conf": "".join(f"{name} = {value}\n" for name, value in settings.items()),
            "postgresql.conf": given if given.endswith(include) else f"{given}\n{include}",
            # Whoever gets into the socket's folder is its owner or root; nobody else gets in.
            "pg_hba.conf": "local all all trust\n",
        }
        for name, text in ours.items():
            path = self.data / name
            _write(path, text)
            self.account.own(path)

    def _clear_remains(self) -> None:
        """End backends that outlived a killed server, and remove its locks.

        Called under our lock when no server runs on these data; PostgreSQL itself would balk at a
        lock whose process number belongs to another program by now.
        """
        for number in (signal.SIGQUIT, signal.SIGKILL):
            for pid in processes_in(self.data):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            if within(2.0, lambda: not processes_in(self.data)):
                break
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self.socket / name).unlink(missing_ok=True)

    def _launch(self, programs: Programs) -> None:
        if former := _children.pop(self.data, None):
            former.wait()  # it does not run any more, but may not be quite gone
        with self.log.open("wb") as log:
            process = self.account.popen(
                programs.folder / "postgres", "-D", self.data, output=log.fileno()
            )
        _children[self.data] = process
        try:
            self._await_ready()
            self._make_database()
        except BaseException:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait()
            raise

    def _await_ready(self) -> None:
        """Wait until the server answers; raises ClusterError when it ends before, or never does."""

        def ready_or_ended() -> bool:
            child = _children.get(self.data)
            ended = not self.running() if child is None else child.poll() is not None
            return ended or self._status() == "ready"

        if not within(READY_S, ready_or_ended) or self._status() != "ready":
            self._refuse(_tail(self.log), "The database server did not start")

    def _make_database(self) -> None:
        with self.connect("postgres") as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if known.fetchone() is None:
                connection.execute("CREATE DATABASE geoportal")

    def _refuse(self, output: str, what: str) -> NoReturn:
        if "No space left on device" in output or "Disk quota exceeded" in output:
            raise ClusterError(f"{what}: the disk that holds {self.data} is full; free some space.")
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        telling = [line for line in lines if "FATAL" in line or "error:" in line]
        reason = (telling or lines or ["it said nothing"])[-1]
        raise ClusterError(f"{what}: {reason} (log: {self.log})")

    def _lock_file(self) -> list[str]:
        """Return the lines of the running server's own lock file; the last is its state."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return []

    def _status(self) -> str:
        lines = self._lock_file()
        return lines[7].strip() if len(lines) > 7 and self.running() else ""

    def _pid(self) -> int | None:
        child = _children.get(self.data)
        if child is not None and child.poll() is not None:
            del _children[self.data]
        lines = self._lock_file()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        return pid if works_in(pid, self.data) else None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time make, start or stop the cluster; tell OS errors in words."""
        with self._in_words():
            self.home.mkdir(parents=True, exist_ok=True)
            with (self.home / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ClusterError(_in_words(error, self.data)) from error

    @property
    def _starter(self) -> Path:
        """Names the process that must stop the server; missing when it is to be kept running."""
        return self.home / "starter"

    def _orphaned(self) -> bool:
        try:
            os.kill(int(self._starter.read_text()), 0)
        except ProcessLookupError:
            return True
        except (OSError, ValueError):
            return False
        return False


def _user_sockets(name: str) -> Path:
    """Return the socket folder of an ordinary user: the session's run directory, else /tmp."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and len(os.fsencode(runtime)) + 30 < LONGEST_SOCKET_FOLDER:
        folder = Path(runtime)
        if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return folder / f"geoportal-{name}"
    return Path("/tmp") / f"geoportal-{os.geteuid()}-{name}"  # noqa: S108 - checked to be ours


def _alone(users: IO[str]) -> bool:
    """Tell whether no other block uses the server; new ones then wait until ours is over."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(path: Path, text: str) -> None:
    """Replace a file in one step: nobody reads half of it."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text)
    unfinished.replace(path)


def _tail(path: Path) -> str:
    try:
        return path.read_text(errors="replace")[-4000:]
    except OSError:
        return ""


def _in_words(error: OSError, data: Path) -> str:
    where = error.filename or data
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk that holds {where} is full: free some space and try again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"The database cluster needs {where}, and you have no permission for it."
    return f"The database cluster could not be run: {error}."
