"""Files in folders and zips: found whatever lies beside them, refused in a sentence."""

import os
import zipfile
from pathlib import Path

import pytest

from layers.errors import CorruptSource, LayersError, RefusedLoad
from layers.ingest.vector.parts import find


def zipped(file: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return file


SHAPEFILE = {"in__a_shp": b"1", "in__a_dbf": b"1", "in__a_shx": b"1"}


@pytest.mark.parametrize("name", ["a.zip", "УЧАСТКИ.ZIP"])
def test_notes_beside_the_data_are_passed_over(tmp_path: Path, name: str) -> None:
    file = zipped(tmp_path / name, **SHAPEFILE, readme_txt=b"x", in__fields_csv=b"x")
    parts, _ = find(file, None)
    assert parts.path == f"/vsizip/{{{file}}}/in/a.shp"
    assert set(parts.companions()) == {".shp", ".dbf", ".shx"}
    assert parts.size(".dbf") == 1
    with parts.open(".shx") as data:
        assert data.read() == b"1"


def test_names_of_windows_are_shown_as_they_were_written(tmp_path: Path) -> None:
    # Python writes names in ASCII or UTF-8: as long, then changed for the bytes of cp866.
    file = zipped(tmp_path / "a.zip", aaaa_gpkg=b"1", bbbbb_gpkg=b"1")
    data = file.read_bytes().replace(b"aaaa.", "дома.".encode("cp866"))
    file.write_bytes(data.replace(b"bbbbb.", "улицы.".encode("cp866")))
    with pytest.raises(RefusedLoad, match=r"a\.zip holds дома\.gpkg, улицы\.gpkg; name one"):
        find(tmp_path / "a.zip", None)
    parts, layer = find(tmp_path / "a.zip", "улицы")
    assert parts.name.encode("cp437").decode("cp866") == "улицы.gpkg"
    assert layer is None


def test_a_zip_that_is_no_data_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.ingest.vector.parts.VAST_BYTES", 1_000_000)
    with pytest.raises(CorruptSource, match=r"would unpack to 0\.0 GB"):
        find(zipped(tmp_path / "a.zip", a_geojson=b" " * 9_000_000), None)
    locked = zipped(tmp_path / "b.zip", a_gpkg=b"1")
    data = bytearray(locked.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1  # APPNOTE 4.4.4, bit 0: encrypted
    locked.write_bytes(data)
    with pytest.raises(RefusedLoad, match="unpack it and name a file"):
        find(locked, None)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("a.csv", "b.zip", "c.parquet"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("x")
    for name in ("pipe.csv", "a.csv", "b.zip", "c.parquet"):
        with pytest.raises(LayersError, match=f"{name} is not a file; name a file with"):
            find(tmp_path / name, None)


def test_a_file_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.gpkg").write_bytes(b"1")

    def closed(*_: object) -> None:
        raise PermissionError(13, "Permission denied")  # to root nothing is closed

    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(CorruptSource, match=r"a\.gpkg cannot be read \(Permission denied\)"):
        find(tmp_path / "a.gpkg", None)
