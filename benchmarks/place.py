"""The database of a measurement: a throw-away PostGIS cluster with a generated city."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import psycopg
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from geoportal.cluster import Cluster
from geoportal.postgres import Account
from layers import registry, store
from layers.area import save_area, seed_areas
from layers.model import Origin
from layers.schema import migrate
from processing import demo

PREFIX = "geoportal-bench-"
FOLDERS = Path("/tmp")  # a unix socket's path must be short, TMPDIR may be anything
AREA = "orsha"
MODEL = "buildings"
LAYER = "bench_buildings"
"""A copy of the buildings' layer that has tiles from level 5 on, as the others have."""
PLAIN = "plain"
"""Schema of a copy of the layer in one table without partitions."""

console = Console()
if not console.is_terminal:
    console = Console(width=160)  # into a file or a log: no narrow columns


@dataclass(frozen=True)
class Place:
    """A database with buildings, reached through the socket in a folder."""

    url: str
    socket_folder: Path
    user: str
    name: str
    buildings: int
    layers_dir: Path


@contextmanager
def folder() -> Iterator[Path]:
    """Give a short folder that is gone afterwards, and after the next run if this one is killed."""
    _remove_left_overs()
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=FOLDERS))
    (made / "session").write_text(str(os.getpid()))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _remove_left_overs() -> None:
    for left in FOLDERS.glob(f"{PREFIX}*"):
        if left.is_symlink() or not (left / "session").exists() or _alive(left / "session"):
            continue
        if (left / "database").exists():
            cluster(left / "database").stop()
        shutil.rmtree(left, ignore_errors=True)


def _alive(session: Path) -> bool:
    try:
        os.kill(int(session.read_text()), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def cluster(home: Path) -> Cluster:
    """Return a cluster of its own in a folder that the account of the database may enter."""
    home.mkdir(exist_ok=True)
    account = Account.of_caller()
    for path in (home.parent, home):
        account.own(path)
    return Cluster(home, home / "data", home / "socket", account, durable=False)


@contextmanager
def database(inside: Path) -> Iterator[str]:
    """Run an empty cluster in a folder; give its URL."""
    home = cluster(inside / "database")
    home.start()
    try:
        yield home.url
    finally:
        home.stop()


@contextmanager
def place(inside: Path, buildings: int) -> Iterator[Place]:
    """Run a cluster in a folder and load that many buildings of the demonstration city into it."""
    home = cluster(inside / "database")
    home.start()
    try:
        with psycopg.connect(home.url, autocommit=True) as connection:
            root = _define(inside / "layers")
            _load(connection, buildings, root)
            info = connection.info
            yield Place(home.url, home.socket, info.user, info.dbname, buildings, root)
    finally:
        home.stop()


def _define(root: Path) -> Path:
    """Write the definition of LAYER below a folder; return the folder."""
    source = registry.folder(MODEL)
    target = root / source.parent.name / LAYER
    target.mkdir(parents=True)
    for file in source.iterdir():
        text = file.read_text("utf-8").replace("min_zoom: 12", "min_zoom: 5")
        if file.suffix in (".sql", ".json"):
            text = text.replace(MODEL, LAYER)
        (target / file.name).write_text(text.replace(f"id: {MODEL}", f"id: {LAYER}"), "utf-8")
    return root


def _load(connection: psycopg.Connection[tuple[object, ...]], buildings: int, root: Path) -> None:
    layers = registry.load_layers(root)
    migrate(connection, layers, roots=(root,))
    area = seed_areas()[AREA]
    save_area(connection, area)
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task(f"generating and loading {buildings:,} buildings", total=buildings)

        def frames() -> Iterator[gpd.GeoDataFrame]:
            for frame in demo.frames(area, MODEL, buildings=buildings):
                bar.advance(task, len(frame))
                yield frame

        origin = Origin(status="demonstration", source="benchmark", checksum="none")
        store.replace(connection, layers[LAYER], frames(), area=area, origin=origin)
    fields = ", ".join(f.name for f in layers[LAYER].published_fields)
    # pg_featureserv reads single items only where the id alone is the primary key.
    for command in (
        f"CREATE SCHEMA {PLAIN}",
        # Without the texts that we keep: the others would send them as a property.
        f"CREATE TABLE {PLAIN}.{LAYER} AS"
        f" SELECT id, geom, {fields} FROM features.{LAYER} ORDER BY id",
        f"ALTER TABLE {PLAIN}.{LAYER} ADD PRIMARY KEY (id)",
        f"CREATE INDEX ON {PLAIN}.{LAYER} USING gist (geom)",
        f"CREATE INDEX ON {PLAIN}.{LAYER} (kind, id)",  # as ours has it, for filters
        "VACUUM ANALYZE",
    ):
        connection.execute(command)
    connection.execute("CHECKPOINT")


def free_port() -> int:
    """Return a TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
