"""A GTFS file as tables of text: what is needed is there, and every reference leads somewhere.

Names and meanings follow the GTFS Schedule reference (gtfs.org).
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

import pandas as pd

from layers.errors import CorruptSource, MissingSource
from layers.ingest.vector.finding import Finding
from layers.message import message
from layers.said import said

Tables = dict[str, pd.DataFrame]

REQUIRED: dict[str, tuple[str, ...]] = {
    "agency": ("agency_name", "agency_timezone"),
    "stops": ("stop_id",),
    "routes": ("route_id", "route_type"),
    "trips": ("route_id", "service_id", "trip_id"),
    "stop_times": ("trip_id", "stop_id", "stop_sequence"),
}
OPTIONAL: dict[str, tuple[str, ...]] = {
    "calendar": (
        "service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
        "start_date", "end_date",
    ),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "shapes": ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs"),
}  # fmt: skip
USED = {
    "stops": ("stop_code", "stop_name", "stop_lat", "stop_lon", "location_type", "parent_station"),
    "routes": ("route_short_name", "route_long_name", "agency_id"),
    "trips": ("shape_id", "direction_id"),
    "stop_times": ("arrival_time", "departure_time", "pickup_type"),
}
"""Columns that may be missing and then are null."""

_TARGETS = {
    "route_id": "routes.txt", "service_id": "calendar.txt", "stop_id": "stops.txt",
    "trip_id": "trips.txt", "parent_station": "stops.txt", "shape_id": "shapes.txt",
}  # fmt: skip
"""Where what a column names must be."""

_KEYS = {"stops": "stop_id", "routes": "route_id", "trips": "trip_id"}


@dataclass
class Feed:
    """The tables of a feed without the rows that were left out; `findings` name those.

    `read` counts the rows of each table as it came; `starts` has `lon` and `lat` of the first stop
    of each trip, also of those that are left out.
    """

    name: str
    zone: ZoneInfo
    tables: Tables
    read: Mapping[str, int]
    findings: list[Finding] = field(default_factory=list)
    starts: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]


def read(file: Path) -> Feed:
    """Read the .zip of a feed; cells are text, null where empty.

    A row that names what is not there is left out and named in the findings; a trip whose shape is
    not there keeps its stops. Raises MissingSource, and CorruptSource when the file is no feed or
    lacks a table or a column that every feed has.
    """
    if not file.is_file():
        raise MissingSource(message("file.none", file=str(file)))
    try:
        with zipfile.ZipFile(file) as archive:
            tables = _tables(archive, file.name)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        told = message("gtfs.no_zip", file=file.name, text=said(error, file))
        raise CorruptSource(told) from None
    counts = {table: len(rows) for table, rows in tables.items()}
    feed = Feed(file.name, _zone(tables["agency"], file.name), tables, counts)
    _drop_repeated(feed)
    _check_places(feed)
    feed.starts = _starts(feed)
    _check_references(feed)
    return feed


def _tables(archive: zipfile.ZipFile, name: str) -> Tables:
    found = {PurePosixPath(entry).name: entry for entry in sorted(archive.namelist())}
    tables: Tables = {}
    for table, columns in (REQUIRED | OPTIONAL).items():
        entry = found.get(f"{table}.txt")
        if entry is None:
            if table in REQUIRED:
                raise CorruptSource(message("gtfs.no_table", file=name, table=f"{table}.txt"))
            tables[table] = pd.DataFrame(columns=list(columns), dtype=object)
            continue
        tables[table] = (
            _table(archive, entry, name, columns)
            .reindex(columns=[*columns, *USED.get(table, ())])
            .astype(object)
        )  # a column without a value is text as well
    if tables["calendar"].empty and tables["calendar_dates"].empty:
        raise CorruptSource(message("gtfs.no_calendar", file=name))
    return tables


def _table(
    archive: zipfile.ZipFile, entry: str, name: str, columns: tuple[str, ...]
) -> pd.DataFrame:
    try:
        with archive.open(entry) as opened:
            frame = pd.read_csv(opened, dtype=str, encoding="utf-8-sig", skipinitialspace=True)
    except (ValueError, pd.errors.ParserError) as error:
        told = message("gtfs.not_csv", file=name, table=entry, text=said(error))
        raise CorruptSource(told) from None
    frame.columns = frame.columns.str.strip()
    if missing := [column for column in columns if column not in frame.columns]:
        raise CorruptSource(message("gtfs.no_column", file=name, table=entry, column=missing[0]))
    stripped: pd.DataFrame = frame.apply(lambda cells: cells.astype(object).str.strip())
    return stripped.where(stripped != "", None)


def _zone(agency: pd.DataFrame, name: str) -> ZoneInfo:
    zones = agency["agency_timezone"].dropna().unique()
    try:
        if len(zones) == 1:
            return ZoneInfo(zones[0])
    except (KeyError, ValueError, OSError):
        pass
    named = [str(zone) for zone in zones] or message("gtfs.no_zone")
    raise CorruptSource(message("gtfs.zone", file=name, zones=named))


def _leave_out(feed: Feed, table: str, bad: pd.Series, finding: tuple[str, str, str]) -> None:
    """Drop the bad rows of a table; `finding` is code, key column and the column at fault."""
    code, key, column = finding
    rows = feed[table]
    for number, row in rows[bad].drop_duplicates([key, column]).iterrows():
        value = None if pd.isna(row[column]) else str(row[column])
        # The header is line 1.
        line = f"{table}.txt:{int(str(number)) + 2}"
        name = line if pd.isna(row[key]) else f"{table}.txt {row[key]}"
        told = message(code, column=column, table=_TARGETS.get(column, ""))
        feed.findings.append(
            Finding(code, name, "refused", field=column, value=value, message=told)
        )
    feed.tables[table] = rows[~bad]


def _drop_repeated(feed: Feed) -> None:
    for table, key in _KEYS.items():
        rows = feed[table]
        _leave_out(feed, table, rows[key].isna(), ("gtfs.no_id", key, key))
        _leave_out(feed, table, feed[table][key].duplicated(), ("gtfs.repeated_id", key, key))


def _check_places(feed: Feed) -> None:
    stops = feed["stops"]
    lon = pd.to_numeric(stops["stop_lon"], errors="coerce")
    lat = pd.to_numeric(stops["stop_lat"], errors="coerce")
    kind = stops["location_type"].fillna("0")
    feed.tables["stops"] = stops = stops.assign(lon=lon, lat=lat, kind=kind)
    nowhere = ~(lon.between(-180, 180) & lat.between(-90, 90)) | ((lon == 0) & (lat == 0))
    # Generic nodes and boarding areas may be without a place, and are no stops.
    _leave_out(
        feed, "stops", nowhere & kind.isin(["0", "1"]), ("gtfs.no_place", "stop_id", "stop_lat")
    )


def _starts(feed: Feed) -> pd.DataFrame:
    stops = feed["stops"].dropna(subset=["lon", "lat"]).set_index("stop_id")[["lon", "lat"]]
    calls = feed["stop_times"][["trip_id", "stop_id"]]
    first = calls[calls["stop_id"].isin(stops.index)].drop_duplicates("trip_id")
    return first.join(stops, on="stop_id").set_index("trip_id")[["lon", "lat"]]


def _check_references(feed: Feed) -> None:
    services = pd.concat([feed["calendar"]["service_id"], feed["calendar_dates"]["service_id"]])
    checks = (
        ("trips", "trip_id", "route_id", feed["routes"]["route_id"]),
        ("trips", "trip_id", "service_id", services),
    )
    for table, key, column, known in checks:
        bad = ~feed[table][column].isin(known)
        _leave_out(feed, table, bad, ("gtfs.unknown_reference", key, column))
    places = feed["stops"].loc[feed["stops"]["kind"] == "0", "stop_id"]
    for table, column, known in (
        ("stop_times", "stop_id", places),
        ("stop_times", "trip_id", feed["trips"]["trip_id"]),
        ("frequencies", "trip_id", feed["trips"]["trip_id"]),
    ):
        bad = ~feed[table][column].isin(known)
        _leave_out(feed, table, bad, ("gtfs.unknown_reference", "trip_id", column))
    _forget(feed, "stops", "stop_id", "parent_station", feed["stops"]["stop_id"])
    _forget(feed, "trips", "trip_id", "shape_id", feed["shapes"]["shape_id"])


def _forget(feed: Feed, table: str, key: str, column: str, known: pd.Series) -> None:
    """Take a reference that leads nowhere from a row that is of use without it."""
    rows = feed[table]
    bad = rows[column].notna() & ~rows[column].isin(known)
    target = {"column": column, "table": _TARGETS[column]}
    for _, row in rows[bad].iterrows():
        what, told = f"{table}.txt {row[key]}", message("gtfs.unknown_reference", **target)
        feed.findings.append(
            Finding(
                "gtfs.unknown_reference",
                what,
                "repaired",
                field=column,
                value=row[column],
                message=told,
            )
        )
    feed.tables[table] = rows.assign(**{column: rows[column].where(~bad, None)})
