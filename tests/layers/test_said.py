"""What libraries say: the common in three languages, the rest quoted, folders nowhere."""

import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import osmium
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import rasterio

from layers.message import Message
from layers.said import said

JUNK = bytes(range(7, 250)) * 40


def sqlite(file: Path) -> None:
    sqlite3.connect(file).execute("SELECT * FROM sqlite_master")


def unzipped(file: Path) -> None:
    zipfile.ZipFile(file)


def tables(file: Path) -> None:
    pd.read_csv(file, encoding="utf-8")


def objects(file: Path) -> None:
    list(osmium.FileProcessor(str(file)))


def of(read: Callable[[Path], object], file: Path) -> Message:
    """What a library says of a file that it cannot read."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each has errors of its own
        read(file)
    return said(caught.value, file)


@pytest.mark.parametrize(
    ("name", "data", "read", "code"),
    [
        ("garbage.gpkg", JUNK, pyogrio.read_info, "said.no_format"),
        ("garbage.parquet", JUNK, pq.read_schema, "said.no_format"),
        ("garbage.db", JUNK, sqlite, "said.no_format"),
        ("garbage.tif", JUNK, rasterio.open, "said.no_format"),
        ("garbage.zip", JUNK, unzipped, "said.not_zip"),
        ("a.csv", "Ў".encode("cp1251"), tables, "said.not_unicode"),
        ("b.csv", b"", tables, "said.no_columns"),
        ("c.csv", b"a,b\n1,2\n1,2,3\n", tables, "said.cells"),
        ("a.osm", b"<osm version='0.6'><node", objects, "said.xml"),
        ("b.osm", b"<html></html>", objects, "said.other"),
        ("a.osm.pbf", JUNK[:300], objects, None),
    ],
)  # fmt: skip
def test_what_a_library_says_of_a_bad_file(
    tmp_path: Path, name: str, data: bytes, read: Callable[[Path], object], code: str | None
) -> None:
    (tmp_path / name).write_bytes(data)
    told = of(read, tmp_path / name)
    assert code in (told.code, None), told
    assert str(tmp_path) not in str(told)
    if told.code == "said.other":
        assert told.text("ru").startswith("«")
    else:
        assert told.text("be") != told.text("en")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('null value in column "purpose" of relation "x" violates not-null constraint',
         "said.no_value"),
        ('duplicate key value violates unique constraint "x_pkey"', "said.twice"),
        ('new row for relation "x" violates check constraint "c"', "said.check"),
        ("value out of range: overflow", "said.too_large"),
        ("Geometry type (Polygon) does not match column type (MultiPolygon)", "said.dimension"),
        ("something else", "said.other"),
    ],
)  # fmt: skip
def test_what_postgresql_says(text: str, code: str) -> None:
    assert said(text).code == code


def test_a_long_speech_is_cut() -> None:
    assert len(str(said("x" * 5_000))) < 300
