"""The last load of a file undone: the rows that it replaced come back, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from psycopg import Connection

from layers import former, locks, staging, swap
from layers.errors import NothingToUndo, StoreFailure
from layers.ingest.vector import change
from layers.ingest.vector.change import Change
from layers.message import message
from layers.model import Area, Layer, Origin
from layers.staging import Load


@dataclass(frozen=True)
class Undone:
    """The version that is published now, how many rows it has, and what that changed."""

    version: int
    row_count: int
    source: str
    change: Change


def undo(conn: Connection, layer: Layer, area: Area) -> Undone:
    """Bring back what the last load of a file into an area replaced, in one transaction.

    The content checksum of the rows is held against the one they had. Raises NothingToUndo when no
    former rows are kept, EditedLayer when people have edited the rows since the load, StoreFailure
    when the database interrupts.
    """
    what = message("load.what", layer=layer.id, area=area.id)
    partition = f"{layer.id}__a{area.number}"
    with swap.translated(what), locks.exclusive(conn, partition), swap.writing(conn):
        swap.require_unedited(conn, layer, area)
        record = former.version(conn, layer, area)
        if record is None:
            raise NothingToUndo(message("load.nothing_to_undo", what=what))
        origin = Origin(
            checksum=record["source_checksum"],
            **{k: record[k] for k in ("status", "source", "supplier", "licence", "attribution")},
        )
        load = Load(layer, area, origin)
        staged = staging.copy_table(conn, load, former.table(layer, area))
        if staged.checksum != record["checksum"]:
            raise StoreFailure(message("load.kept_differ", what=what, version=record["version"]))
        found = change.compare(conn, layer, area, staged.table)
        staged = staging.finish(conn, load, staged)
        version = change.next_version(conn)
        change.remember(conn, layer, area, staged.table, version=version, request=uuid4())
        swap.swap(conn, load, staged, version=version)
    return Undone(version, staged.row_count, origin.source, found)
