"""Databases for the tests: a throw-away cluster, or the server in GEOPORTAL_TEST_DATABASE_URL."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from geoportal.cluster import Cluster
from geoportal.postgres import Account
from layers.registry import load_layers
from layers.schema import migrate

PREFIX = "geoportal-test-"
FOLDERS = Path("/tmp")  # a unix socket's path must be short, TMPDIR may be anything


def _left_over(folder: Path, uid: int) -> bool:
    """Whether a folder is ours and its session is gone."""
    try:
        if folder.is_symlink() or folder.stat().st_uid != uid:
            return False
    except FileNotFoundError:  # another session has just removed its own
        return False
    try:
        os.kill(int((folder / "session").read_text()), 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return (folder / "session").exists()
    return False


def cluster_in(folder: Path) -> Cluster:
    """A cluster of its own in a short folder that the database's account may enter."""
    account = Account.of_caller()
    account.own(folder)
    return Cluster(folder, folder / "data", folder / "socket", account, durable=False)


def remove_left_overs() -> None:
    """Stop and remove the clusters of sessions that were killed."""
    uid = Account.of_caller().uid
    for folder in FOLDERS.glob(f"{PREFIX}*"):
        if _left_over(folder, os.geteuid() if uid is None else uid):
            cluster_in(folder).stop()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def throw_away_folder() -> Iterator[Path]:
    """A short folder that is gone afterwards, and after the next session if this one is killed."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=FOLDERS))
    # At once: a session that looks for left-overs must not see half of it.
    (folder / "session.new").write_text(str(os.getpid()))
    (folder / "session.new").rename(folder / "session")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """URL of a database of a server on which databases may be made."""
    given = os.environ.get("GEOPORTAL_TEST_DATABASE_URL")
    if given:
        yield given
        return
    remove_left_overs()
    with throw_away_folder() as folder:
        cluster = cluster_in(folder)
        cluster.start()
        try:
            yield cluster.database_url("postgres")
        finally:
            cluster.stop()


@contextmanager
def new_database(server: str, template: str = "template0") -> Iterator[str]:
    """Make a database, give its URL, drop it."""
    name = f"geoportal_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        # Copying files is faster than writing them through the log, for a database without load.
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        connection.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield url_of(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))


def url_of(server: str, name: str) -> str:
    """The same server, another database, as a URL (what GEOPORTAL_DATABASE_URL takes)."""
    if server.startswith(("postgresql://", "postgres://")):
        head, _, query = server.partition("?")
        scheme, _, rest = head.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}/{name}" + (f"?{query}" if query else "")
    return make_conninfo(server, dbname=name)


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """Name of a migrated, empty database that nobody is connected to."""
    with new_database(server) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            migrate(connection, load_layers())
        yield str(conninfo_to_dict(url)["dbname"])


@pytest.fixture(scope="session")
def database_url(server: str, template: str) -> Iterator[str]:
    """URL of a migrated, empty database that all tests of the session share."""
    with new_database(server, template) as url:
        yield url


@pytest.fixture
def database(server: str, template: str) -> Iterator[str]:
    """URL of a fresh database: migrated, empty, of this test only."""
    with new_database(server, template) as url:
        yield url


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection in autocommit mode to the test's own database."""
    with psycopg.connect(database, autocommit=True) as opened:
        yield opened
