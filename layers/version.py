"""What the swap of a load recorded: one Version per layer and area."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from layers.model import Licence, Status, Supplier, Text

Bbox = tuple[float, float, float, float]
"""west, south, east, north in degrees (CRS84)."""

VERSION_COLUMNS = """
layer, area, version, checksum, row_count, west, south, east, north, time_start, time_end,
coalesce(edited_at, loaded_at), status, source, attribution, supplier, licence, tiled
"""
"""What `Version.from_row` reads, of layers.version."""

SELECT_VERSIONS = f"SELECT {VERSION_COLUMNS} FROM layers.version ORDER BY layer, area"  # noqa: S608


RASTER_COLUMNS = (
    "raster, area, version, checksum, width::bigint * height, NULL, NULL, NULL, NULL, NULL,"
    " NULL, loaded_at, status, source, attribution, supplier, licence, true"
)
SELECT_RASTERS = f"SELECT {RASTER_COLUMNS} FROM layers.raster ORDER BY raster, area"  # noqa: S608
"""What `Version.from_row` reads, of layers.raster; the rows are cells."""


@dataclass(frozen=True, slots=True)
class Version:
    """The state of a layer in one area; times in UTC, bbox in degrees or None when all is null.

    `loaded_at` is the time of the last change: of the load, or of the last edit since. `tiled`: the
    side table of tiles is that of these rows.
    """

    layer: str
    area: str
    version: int
    checksum: str
    row_count: int
    bbox: Bbox | None
    time_start: datetime | None
    time_end: datetime | None
    loaded_at: datetime
    status: Status
    source: str
    attribution: str | None
    supplier: Supplier | None
    licence: Licence | None
    tiled: bool = True

    @classmethod
    def from_row(cls, row: tuple) -> Version:  # type: ignore[type-arg]
        """Make a Version from a row of SELECT_VERSIONS."""
        layer, area, version, checksum, row_count, *rest = row
        west, south, east, north, start, end, loaded_at, status, source, *more = rest
        attribution, who, how, tiled = more
        return cls(
            layer=layer,
            area=area,
            version=version,
            checksum=checksum,
            row_count=row_count,
            bbox=None if west is None else (west, south, east, north),
            time_start=start,
            time_end=end,
            loaded_at=loaded_at,
            status=status,
            source=source,
            attribution=attribution,
            supplier=None if who is None else Supplier(name=Text.model_validate(who)),
            licence=None if how is None else Licence.model_validate(how),
            tiled=tiled,
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """A layer over all its areas: what paging, ETags and extents need."""

    version: int
    row_count: int
    bbox: Bbox | None
    time_start: datetime | None
    time_end: datetime | None

    @classmethod
    def of(cls, versions: Iterable[Version]) -> Summary:
        """Join the versions of one layer; empty = version 0, no rows."""
        found = list(versions)
        boxes = [v.bbox for v in found if v.bbox is not None]
        starts = [v.time_start for v in found if v.time_start is not None]
        ends = [v.time_end for v in found if v.time_end is not None]
        return cls(
            version=max((v.version for v in found), default=0),
            row_count=sum(v.row_count for v in found),
            bbox=None
            if not boxes
            else (
                min(b[0] for b in boxes),
                min(b[1] for b in boxes),
                max(b[2] for b in boxes),
                max(b[3] for b in boxes),
            ),
            time_start=min(starts, default=None),
            time_end=max(ends, default=None),
        )
