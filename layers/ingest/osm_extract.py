"""The extract an area was last loaded from, kept in the database for change files to be applied to.

It lies there and not in a folder so that it is backed up, moved and rolled back with the layers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from layers.errors import MissingSource
from layers.model import Area

PIECE_BYTES = 8_000_000

SOURCE = "OpenStreetMap extract"
"""What the source of layers loaded from an extract begins with."""


@dataclass(frozen=True)
class Extract:
    """What is known of a kept extract; the box (west, south, east, north) is in degrees, WGS 84.

    `changes` names the change files applied since; `graves` has the version in which each object
    was deleted by them (`n1`, `w2`, `r3`).
    """

    name: str
    sha256: str
    box: tuple[float, float, float, float]
    changes: tuple[str, ...] = ()
    graves: Mapping[str, int] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Say where the rows come from, as readers of the layers are told."""
        text = f"{SOURCE} {self.name}"
        if not self.changes:
            return text
        count = f"{len(self.changes)} change files" if len(self.changes) > 1 else "a change file"
        return f"{text} with {count}, the last {self.changes[-1]}"


def keep(conn: Connection, area: Area, extract: Extract, file: Path) -> None:
    """Keep a file in place of the one kept before; all of it or nothing."""
    with conn.transaction():
        conn.execute("DELETE FROM layers.osm_extract WHERE area = %s", (area.id,))
        conn.execute(
            "INSERT INTO layers.osm_extract (area, name, sha256, west, south, east, north, changes,"
            " graves) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                area.id,
                extract.name,
                extract.sha256,
                *extract.box,
                list(extract.changes),
                Jsonb(dict(extract.graves)),
            ],
        )
        for number, piece in enumerate(_pieces(file)):
            conn.execute(
                "INSERT INTO layers.osm_extract_piece VALUES (%s, %s, %b)",
                (area.id, number, piece),
            )


def kept(conn: Connection, area: Area) -> Extract:
    """Return what is kept of an area; raises MissingSource when it was not loaded from a file."""
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT name, sha256, west, south, east, north, changes, graves FROM layers.osm_extract"
            " WHERE area = %s",
            (area.id,),
        ).fetchone()
    if row is None:
        raise MissingSource(
            f"area {area.id}: no OpenStreetMap extract was loaded that changes could be applied to;"
            f" load one first with `geoportal load osm EXTRACT --area {area.id}`"
        )
    name, sha256, west, south, east, north, changes, graves = row
    return Extract(name, sha256, (west, south, east, north), tuple(changes), graves)


def write(conn: Connection, area: Area, folder: Path) -> Path:
    """Write the kept file of an area into a folder; the name ends as its format wants."""
    found = kept(conn, area)
    # What changes were applied to was written anew, as PBF.
    target = folder / ("base.osm.pbf" if found.changes else Path(found.name).name)
    with (
        conn.transaction(),
        conn.cursor("osm_extract", row_factory=tuple_row, binary=True) as cursor,
        target.open("wb") as out,
    ):
        cursor.itersize = 1
        cursor.execute(
            "SELECT content FROM layers.osm_extract_piece WHERE area = %s ORDER BY number",
            (area.id,),
        )
        for (piece,) in cursor:
            out.write(piece)
    return target


def checksum(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(PIECE_BYTES):
            yield piece
