"""A vector file opened by GDAL (or pyarrow, or as a table): what it holds, and its features."""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import open_arrow, read_arrow
from pyogrio.raw import read as read_raw

from layers.errors import CorruptSource, RefusedLoad
from layers.ingest.vector import encoding, parquet, table
from layers.ingest.vector.columns import decoded, objects, plain, recoded
from layers.ingest.vector.parts import DRIVERS, Parts, find
from layers.ingest.vector.stand_in import (
    encoding_of,
    has_foreign_names,
    in_utf8,
    linked,
    misread,
)
from layers.ingest.vector.whole import records, require_whole
from layers.message import message
from layers.rows import Values
from layers.said import said

CHUNK = 5_000
"""Features read at a time."""

SAMPLED = 2_000
"""Features looked at to tell the encoding and the CRS."""

COLUMNAR = ("GPKG", "FlatGeobuf", "Parquet")
"""Formats that give one column without the work of reading the others."""
RAW_TEXT = ("ESRI Shapefile", "MapInfo File")
"""Formats whose text is in an encoding the file may not name."""
TEXT = (".geojson", ".json", ".geojsons", ".geojsonl", ".geojsonseq", ".gml", ".kml")
"""Files of text that GDAL reads in UTF-8."""
ALIKE = {"GeoJSON": ("GeoJSONSeq", "ESRIJSON"), "GeoJSONSeq": ("GeoJSON",), "LIBKML": ("KML",)}
"""Forms that come under the ending of another one."""
KML_OWN: dict[str, int | None] = dict.fromkeys(
    ("id", "Name", "description", "timestamp", "begin", "end", "altitudeMode", "drawOrder", "icon")
) | {"tessellate": -1, "extrude": 0, "visibility": -1}
"""Columns that GDAL gives every KML, and what stands in them where the file says nothing."""
FAILURES = (DataSourceError, DataLayerError, pa.ArrowException, OSError)

# A plane anywhere (MapInfo's NonEarth, srs_id -1 of GeoPackage), a globe of no name (srs_id 0).
_UNKNOWN_CRS = re.compile(r'(LOCAL_CS|ENGCRS|ENGINEERINGCRS)\[|\w+\["Undefined ')

# What GDAL warns of is found and told by us.
pyogrio.set_gdal_config_options({"CPL_LOG": os.devnull})
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"pyogrio|layers\.ingest\.vector")


@dataclass(frozen=True)
class Source:
    """One layer of a file; `crs` as the file says it (None: it does not), `encoding` of its text.

    `path` is GDAL's name of it, `checksum` the SHA-256 of all its bytes. `names` has the file's
    name of a column for each that had to be changed for GDAL, `count` how many features a file
    says it has (None: it does not).
    """

    file: Path
    path: str
    driver: str
    layer: str | None
    crs: str | None
    encoding: str
    checksum: str
    names: Mapping[str, str] = field(default_factory=dict)
    count: int | None = None


@dataclass(frozen=True)
class Batch:
    """Some features: their ids in the source, WKB or None, and attributes by the source's names.

    A column is of Arrow where the source is and its text needs no decoding, else an array of
    objects. `uniform`: all WKB is as GDAL writes it, throughout in one byte order.
    """

    index: pd.Index
    columns: Mapping[str, Values]
    wkb: np.ndarray | None
    uniform: bool = False

    @cached_property
    def attributes(self) -> pd.DataFrame:
        """The attributes as objects, None where there is none."""
        columns = {name: objects(column) for name, column in self.columns.items()}
        return pd.DataFrame(columns, index=self.index, dtype=object)


def open_source(file: Path, *, layer: str | None = None, given: str | None = None) -> Source:
    """Open a file, or the one layer of it that is named; `given` is the encoding of its text.

    Raises MissingSource, CorruptSource, and RefusedLoad when it holds several layers and none is
    named, or when its text reads two ways.
    """
    parts, layer = find(file, layer)
    driver = DRIVERS[parts.ending]
    made = Source(file, parts.path, driver, layer, None, "utf-8", checksum(file))
    if driver == "CSV":
        return replace(made, encoding=table.text_encoding(file, given))
    if driver == "Parquet":
        shape = _parquet_geometry(file)
        return replace(made, crs=shape.crs if shape else None)
    require_whole(parts)
    if parts.ending in TEXT:
        made = _as_text(made, parts, given)
    elif parts.member is None and misread(made.path):
        made = replace(made, path=linked(parts))
    return _opened(made, parts, given)


def _as_text(made: Source, parts: Parts, given: str | None) -> Source:
    name = encoding_of(parts, given)
    made = replace(made, encoding=name)
    if name != "utf-8" or (parts.ending == ".kml" and has_foreign_names(parts)):
        path, names = in_utf8(parts, name)
        return replace(made, path=path, names=names)
    if parts.member is None and (parts.ending == ".gml" or misread(made.path)):
        return replace(made, path=linked(parts))
    return made


def said_nothing(source: Source, name: str, column: Values) -> bool:
    """Tell whether a column is GDAL's own, not the file's, and no feature has anything in it."""
    if source.driver != "LIBKML" or name not in KML_OWN:
        return False
    return all(value is None or value == KML_OWN[name] for value in objects(column))


def batches(source: Source) -> Generator[Batch]:
    """Yield the features of a source in its order; raises CorruptSource when reading fails."""
    if source.driver == "CSV":
        for t in table.read(source.file, source.encoding, CHUNK):
            yield Batch(t.index, {str(name): t[name].to_numpy() for name in t}, None)
        return
    read = 0
    try:
        reading = _parquet_batches if source.driver == "Parquet" else _gdal_batches
        for batch in reading(source):
            read += len(batch.index)
            yield batch
    except UnicodeError:
        said = message("encoding.not_throughout", file=source.file.name, encoding=source.encoding)
        raise CorruptSource(said) from None
    except FAILURES as error:
        raise _unreadable(source, error) from None
    if source.count is not None and read < source.count:
        counts = {"count": source.count, "read": read}
        raise CorruptSource(message("file.records", file=source.file.name, **counts))


def column(source: Source, name: str) -> pa.Array | None:
    """Return one column in the order of the features, None where all would have to be read."""
    if source.driver not in COLUMNAR:
        return None
    try:
        if source.driver == "Parquet":
            table = pq.read_table(source.file, columns=[name])
        else:
            _, table = read_arrow(
                source.path, layer=source.layer, columns=[name], read_geometry=False
            )
    except FAILURES as error:
        raise _unreadable(source, error) from None
    # A name with a point in it means another thing to Parquet.
    return table.column(name).combine_chunks() if name in table.column_names else None


def linearised(source: Source, fids: np.ndarray) -> np.ndarray:
    """Return the WKB of some features with their arcs drawn by straight lines (4 degrees each)."""
    _, found, wkb, _ = read_raw(
        source.path, layer=source.layer, fids=fids, columns=[], return_fids=True,
        **({"encoding": "ISO-8859-1"} if source.driver in RAW_TEXT else {}),
    )  # fmt: skip
    by_fid = dict(zip(found.tolist(), wkb, strict=True))
    made = np.full(len(fids), None, dtype=object)
    made[:] = [by_fid.get(int(fid)) for fid in fids]
    return made


def require_unchanged(source: Source) -> None:
    """Raise CorruptSource when the file is not what it was when it was opened."""
    if not source.file.exists() or checksum(source.file) != source.checksum:
        raise changed(source)


def changed(source: Source) -> CorruptSource:
    """Return what a file that changed meanwhile is refused with."""
    return CorruptSource(message("file.changed", file=source.file.name))


def checksum(file: Path) -> str:
    """Return the SHA-256 of a file with its companions, or of a folder's files by name."""
    parts = [file]
    if file.is_dir():
        parts = sorted(p for p in file.rglob("*") if p.is_file() and p.suffix != ".lock")
    elif DRIVERS.get(file.suffix.lower()) in RAW_TEXT:
        parts = sorted(p for p in file.parent.glob("*") if p.stem == file.stem and p.is_file())
    sums = hashlib.sha256()
    for part in parts:
        with part.open("rb") as data:
            sums.update(hashlib.file_digest(data, "sha256").digest())
    return sums.hexdigest()


def _opened(source: Source, parts: Parts, given: str | None) -> Source:
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(source.path)]
        layer = _chosen(source, names)
        # The encoding is ours to find: this one lets every byte through.
        info = pyogrio.read_info(source.path, layer=layer, encoding="ISO-8859-1")
        if info["driver"] not in (source.driver, *ALIKE.get(source.driver, ())):
            kinds = {"found": info["driver"], "wanted": source.driver}
            raise CorruptSource(message("file.other_format", file=source.file.name, **kinds))
        if source.driver == "XLSX":
            _require_header(source, [str(name) for name in info["fields"]])
        made = replace(source, layer=layer, crs=_named_crs(info["crs"]))
        if info["driver"] == "GeoJSONSeq":
            text = parts if source.path == parts.path else Parts(Path(source.path))
            return replace(made, count=records(text))
        if source.driver == "OpenFileGDB":
            return replace(made, count=int(info["features"]))
        if source.driver not in RAW_TEXT:
            return made
        return replace(made, encoding=_raw_encoding(made, parts, given))
    except FAILURES as error:
        raise _unreadable(source, error) from None


def _require_header(source: Source, columns: list[str]) -> None:
    """Raise CorruptSource when GDAL gave the columns names, as it does over a line with a gap."""
    if columns and all(re.fullmatch(r"Field\d+", name) for name in columns):
        raise CorruptSource(message("csv.column_unnamed", file=source.file.name))


def _named_crs(crs: str | None) -> str | None:
    """Return a CRS as GDAL says it, None for its words of one that is not known."""
    unknown = crs is not None and _UNKNOWN_CRS.match(crs) is not None
    return None if unknown else crs


def _chosen(source: Source, names: list[str]) -> str:
    if not names:
        raise CorruptSource(message("file.no_layer", file=source.file.name))
    if source.layer is None and len(names) == 1:
        return names[0]
    if source.layer not in names:
        raise RefusedLoad(message("file.several_layers", file=source.file.name, layers=names))
    return source.layer


def _raw_encoding(source: Source, parts: Parts, given: str | None) -> str:
    named = given or _named_encoding(parts)
    if source.driver == "MapInfo File" and _charset(parts):
        return "utf-8"  # GDAL has read the text by the character set that its header names
    if named:
        return encoding.known(named)
    texts: set[bytes] = set()
    seen = 0
    for batch in _gdal_batches(replace(source, encoding="latin-1")):
        for column in batch.attributes:
            values = batch.attributes[column]
            texts.add(str(column).encode("latin-1"))
            texts.update(v.encode("latin-1") for v in values if isinstance(v, str))
        seen += len(batch.attributes)
        if seen >= SAMPLED:
            break
    return encoding.detect(sorted(texts), source.file.name)


def _charset(parts: Parts) -> bool:
    with parts.open() as part:
        head = part.read(2_000).lower()
    return b"charset" in head and b"neutral" not in head


def _named_encoding(parts: Parts) -> str | None:
    """Return what the .cpg file says."""
    if parts.ending != ".shp" or ".cpg" not in parts.companions():
        return None
    with parts.open(".cpg") as part:
        return part.read().decode("ascii", "replace").strip() or None


def _gdal_batches(source: Source) -> Iterator[Batch]:
    if source.driver == "MapInfo File":
        yield from _mapinfo_batches(source)
        return
    raw = source.driver in RAW_TEXT
    # GDAL turns every byte of a Shapefile's text into a letter, which is ours to undo.
    options: dict[str, Any] = {"encoding": "ISO-8859-1"} if raw else {}
    recode = source.encoding if raw else None
    with open_arrow(
        source.path, layer=source.layer, return_fids=True, use_pyarrow=True, batch_size=CHUNK,
        **options,
    ) as (meta, reader):  # fmt: skip
        fid = meta["fid_column"] or "OGC_FID"
        shape = meta["geometry_name"] or "wkb_geometry"
        for part in reader:
            names = part.schema.names
            own = names.index(fid)  # the first: a property of GeoJSON may be called `id` as well
            columns = {
                source.names.get(n) or recoded(n, recode): decoded(part.column(i), recode)
                for i, n in enumerate(names)
                if i != own and n != shape
            }
            index = pd.Index(part.column(own).to_numpy(zero_copy_only=False))
            wkb = None
            if shape in part.schema.names:
                wkb = np.array(part.column(shape).to_pylist(), dtype=object)
            yield Batch(index, columns, wkb, uniform=True)


def _mapinfo_batches(source: Source) -> Iterator[Batch]:
    """As the others, but not through Arrow, which cannot have names in these encodings.

    More at a time, as each time begins at the start of the file.
    """
    done = 0
    while True:
        meta, fids, wkb, columns = read_raw(
            source.path, layer=source.layer, return_fids=True, skip_features=done,
            max_features=2 * CHUNK, encoding="ISO-8859-1", datetime_as_string=True,
        )  # fmt: skip
        if not len(fids):
            return
        done += len(fids)
        named = zip(meta["fields"], columns, strict=True)
        table = {recoded(n, source.encoding): plain(c, source.encoding) for n, c in named}
        yield Batch(pd.Index(fids), table, wkb)


def _parquet_geometry(file: Path) -> parquet.Geometry | None:
    try:
        return parquet.geometry(file)
    except FAILURES as error:
        raise _unreadable_file(file, str(error)) from None


def _parquet_batches(source: Source) -> Iterator[Batch]:
    shape = _parquet_geometry(source.file)
    number = 0
    with pq.ParquetFile(source.file) as opened:
        for part in opened.iter_batches(batch_size=CHUNK):
            own = (shape.column, "bbox") if shape else ("bbox",)
            columns = {n: part.column(n) for n in part.schema.names if n not in own}
            index = pd.RangeIndex(number + 1, number + len(part) + 1)
            number += len(part)
            wkb = parquet.wkb(part.column(shape.column), shape.encoding) if shape else None
            yield Batch(index, columns, wkb)


def _unreadable(source: Source, error: Exception) -> CorruptSource:
    told = str(error)
    if "not recognized as being in a supported file format" in told:
        wanted = {"file": source.file.name, "wanted": source.driver}
        return CorruptSource(message("file.not_format", **wanted))
    return _unreadable_file(source.file, told.replace(source.path, source.file.name))


def _unreadable_file(file: Path, told: str) -> CorruptSource:
    return CorruptSource(message("file.unreadable", file=file.name, text=said(told, file)))
