"""A CSV of readings as one row per station and time, in UTC and in the units of the layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from layers.errors import MissingSource, RefusedLoad
from layers.ingest.series import columns
from layers.ingest.series.columns import Choice, Columns
from layers.ingest.vector import table
from layers.ingest.vector.finding import Finding
from layers.message import message
from layers.model import Layer

CHUNK = 50_000
NO_VALUE = frozenset({"-", "--", "na", "n/a", "nan", "null", "none", "н/д", "нет", "няма", "..."})
_ZONED = re.compile(r"(?:[zZ]|[+-]\d{2}:?\d{2})$")
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$")
_LOCAL = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[T ]+(\d{1,2}:\d{2}(?::\d{2})?))?$")


@dataclass
class Readings:
    """Rows with `station`, `time` (UTC) and the fields of the file; what was wrong with others.

    `identical` counts records that said again what another one of the file says, `refused` those of
    which nothing could be used, `records` the used ones by station as it is written; `faulty` has
    the numbers of those with a finding.
    """

    rows: pd.DataFrame
    read: int = 0
    identical: int = 0
    refused: int = 0
    unused: tuple[str, ...] = ()
    encoding: str = ""
    records: Mapping[str, int] = field(default_factory=dict)
    faulty: set[int] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def named(station: Any, time: Any) -> str:
    """Return the name of a reading in findings: its station, a text, and its time in UTC."""
    return f"{station} {time:%Y-%m-%dT%H:%MZ}"


def numbered(station: object, record: int) -> str:
    """Return the name of a record whose time, and perhaps station, is not known."""
    return f"{station} #{record}" if isinstance(station, str) else f"#{record}"


def station_of(name: str) -> str:
    """Return the station in a name of a reading or a record; empty when it has none."""
    return name.rpartition(" ")[0]


def read(
    file: Path,
    layer: Layer,
    *,
    zone: ZoneInfo | None = None,
    choice: Choice | None = None,
    encoding: str | None = None,
) -> Readings:
    """Read a wide or long table of readings.

    `zone` is that of times without one; a file that has such times is refused without it. Values
    and times that cannot be read, and rows of one station and time that differ, are left out and
    named. Raises MissingSource, CorruptSource, RefusedLoad.
    """
    if not file.is_file():
        raise MissingSource(message("file.none", file=str(file)))
    found = Readings(pd.DataFrame(), encoding=table.text_encoding(file, encoding))
    parts = list(_parts(file, layer, zone, choice or Choice(), found))
    if not parts:
        raise RefusedLoad(message("series.no_reading", file=file.name))
    _merge(pd.concat(parts), found)
    return found


def _parts(
    file: Path,
    layer: Layer,
    zone: ZoneInfo | None,
    choice: Choice,
    found: Readings,
) -> Iterator[pd.DataFrame]:
    """Yield long rows: record, station, time, name, value."""
    known: Columns | None = None
    for cells in table.read(file, found.encoding, CHUNK):
        known = known or columns.find(list(cells.columns), layer, choice, file.name)
        found.unused = known.unused
        found.read += len(cells)
        times = _times(cells, known, zone, file.name, found)
        lost = cells[known.station].isna()
        found.findings += [
            Finding(
                "series.station_missing", numbered(None, i), "refused",
                message=message("series.station_missing"),
            )
            for i in cells.index[lost]
        ]  # fmt: skip
        good = times.notna() & ~lost
        found.faulty.update(cells.index[~good])
        base = pd.DataFrame({"station": cells[known.station].str.strip(), "time": times})[good]
        reading = _Reading(file.name, layer, known, choice, base)
        for field_name, values in _values(cells[good], reading, found):
            part = base.loc[values.index].assign(name=field_name, value=values)
            yield part.rename_axis("record").reset_index()


@dataclass(frozen=True)
class _Reading:
    """What the values of some records are read with; `base` has their station and time."""

    file: str
    layer: Layer
    columns: Columns
    choice: Choice
    base: pd.DataFrame

    def name(self, record: int) -> str:
        return named(self.base.at[record, "station"], self.base.at[record, "time"])


def _values(
    cells: pd.DataFrame, reading: _Reading, found: Readings
) -> Iterator[tuple[str, pd.Series]]:
    known = reading.columns
    for column, (one, change) in known.values.items():
        numbers = _numbers(cells[column], one.name, reading, found)
        yield one.name, numbers * change.factor + change.offset
    if known.parameter is None or known.value is None:
        return
    unit = cells[known.unit] if known.unit else pd.Series(None, cells.index, dtype=object)
    grouped = cells.assign(_unit=unit).groupby([known.parameter, "_unit"], dropna=False)
    for (written, said), rows in grouped:
        what = None if written != written else str(written)  # noqa: PLR0124 - NaN
        field_of = None if what is None else columns.parameter(what, reading.layer)
        if field_of is None:
            told = message("series.unknown_parameter", layer=reading.layer.id)
            found.faulty.update(rows.index)
            found.findings += [
                Finding(
                    "series.unknown_parameter", reading.name(i), "refused", value=what, message=told
                )
                for i in rows.index
            ]
            continue
        unit_of = None if said != said else str(said)  # noqa: PLR0124 - NaN
        change = columns.converted(str(written), unit_of, field_of, reading.choice, reading.file)
        numbers = _numbers(rows[known.value], field_of.name, reading, found)
        yield field_of.name, numbers * change.factor + change.offset


def _numbers(cells: pd.Series, name: str, reading: _Reading, found: Readings) -> pd.Series:
    """Return numbers with a decimal point or comma; NaN for no value, what is none is named."""
    texts = cells.fillna("").str.strip().str.replace("\u00a0", "").str.replace(",", ".")
    empty = texts.str.lower().isin(NO_VALUE) | (texts == "")
    numbers = pd.to_numeric(texts.where(~empty), errors="coerce")
    numbers = numbers.where(np.isfinite(numbers.astype(float)))
    bad = numbers.isna() & ~empty
    found.faulty.update(cells.index[bad])
    found.findings += [
        Finding(
            "series.bad_value", reading.name(i), "refused", field=name, value=cells[i],
            message=message("series.bad_value", record=int(i)),
        )
        for i in cells.index[bad]
    ]  # fmt: skip
    return numbers[~bad].astype(float)


def _times(
    cells: pd.DataFrame, known: Columns, zone: ZoneInfo | None, name: str, found: Readings
) -> pd.Series:
    parts = [cells[c].fillna("").str.strip() for c in (known.day, known.time) if c]
    texts = parts[0] if len(parts) == 1 else (parts[0] + " " + parts[1]).str.strip()
    zoned = texts.str.contains(_ZONED) & texts.str.contains(":")
    if zone is None and not zoned.all():
        first = texts[~zoned & (texts != "")]
        if len(first):
            raise RefusedLoad(message("series.no_zone", file=name, time=first.iloc[0]))
    times = pd.Series(pd.NaT, cells.index, dtype="datetime64[us, UTC]")
    aware = pd.to_datetime(texts[zoned], utc=True, errors="coerce", format="ISO8601")
    times[zoned] = aware.astype("datetime64[us, UTC]")
    if zone is not None and not zoned.all():
        plain = pd.to_datetime(texts[~zoned].map(_iso), errors="coerce", format="ISO8601")
        # An hour that a clock change skips or repeats names no moment.
        local = plain.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
        times[~zoned] = local.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    found.findings += [
        Finding(
            "series.bad_time", numbered(cells.at[i, known.station], i), "refused", field="time",
            value=texts[i], message=message("series.bad_time"),
        )
        for i in texts.index[times.isna()]
    ]  # fmt: skip
    return times


def _iso(text: str) -> str | None:
    """Return a local time as ISO 8601; None when its order of day and month is not certain."""
    if _ISO.match(text):
        return (
            text
            if " " not in text and "T" not in text
            else re.sub(r"([T ])(\d:)", r"\g<1>0\2", text)
        )
    found = _LOCAL.match(text)
    if found is None:
        return None
    day, month, year, clock = found.groups()
    clock = (
        "00:00" if clock is None else clock.zfill(5) if clock.count(":") == 1 else clock.zfill(8)
    )
    return f"{year}-{int(month):02}-{int(day):02}T{clock}"


def _merge(long: pd.DataFrame, found: Readings) -> None:
    """Make one row per station and time; count repeated rows, refuse and name differing ones."""
    long = long.dropna(subset=["value"])
    keys = ["station", "time", "name"]
    groups = long.groupby(keys)["value"]
    differing = groups.transform("nunique") > 1
    for (station, time, name), rows in long[differing].astype({"name": str}).groupby(keys):
        values = ", ".join(f"{v:g}" for v in rows["value"].unique())
        found.findings.append(
            Finding(
                "series.conflicting", named(station, time), "refused", field=str(name),
                value=values, message=message("series.records", records=rows["record"].tolist()),
            )
        )  # fmt: skip
    found.faulty.update(long.loc[differing, "record"])
    long = long[~differing]
    again = long.duplicated(keys)
    found.identical = long.loc[again, "record"].nunique()
    used = long.drop_duplicates("record")
    found.records = {str(name): n for name, n in used["station"].value_counts().items()}
    found.refused = len(found.faulty - set(used["record"]))
    wide = long[~again].pivot(index=["station", "time"], columns="name", values="value")
    found.rows = wide.rename_axis(columns=None).reset_index()
