"""Metadata beside a file are found by name and read by what they are."""

import json
import zipfile
from pathlib import Path

import pytest
from rdflib import Graph

from layers.errors import CorruptSource
from layers.metadata.beside import find, read
from layers.metadata.dcat import dcat_document
from layers.metadata.iso import iso_xml
from layers.metadata.record import Record
from tests.fix_metadata import FULL, STAMP, of_dcat, of_iso

ISO = iso_xml(FULL, "en", STAMP)
DCAT = json.dumps(dcat_document(FULL, "https://x.example/a", "en", STAMP)).encode()


@pytest.mark.parametrize(
    ("name", "data", "record"),
    [
        ("a.xml", ISO, of_iso(FULL)),
        ("a.iso.xml", ISO, of_iso(FULL)),
        ("a.shp.xml", ISO, of_iso(FULL)),
        ("metadata.xml", ISO, of_iso(FULL)),
        ("a.jsonld", DCAT, of_dcat(FULL)),
        ("metadata.jsonld", DCAT, of_dcat(FULL)),
    ],
)
def test_metadata_are_found_by_name(tmp_path: Path, name: str, data: bytes, record: Record) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "b.xml").write_text("<not-ours/>")
    found = find(tmp_path / "a.shp")
    assert found is not None
    assert (found.file.name, found.record, found.note) == (name, record, None)


def test_those_of_the_file_itself_come_before_those_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "metadata.xml").write_text("<a/>")
    (tmp_path / "a.xml").write_bytes(ISO)
    found = find(tmp_path / "a.shp")
    assert found is not None
    assert found.file.name == "a.xml"


def test_a_file_is_not_its_own_metadata(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(ISO)
    assert find(tmp_path / "a.xml") is None
    assert find(tmp_path / "b.gpkg") is None


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_rdf_xml_is_told_by_its_root(tmp_path: Path) -> None:
    graph = Graph().parse(data=DCAT, format="json-ld")
    (tmp_path / "a.xml").write_bytes(graph.serialize(format="xml", encoding="utf-8"))
    assert read(tmp_path / "a.xml").record == of_dcat(FULL)


def test_the_notes_of_a_program_say_nothing_and_stop_nothing(tmp_path: Path) -> None:
    """A GIS leaves its own XML beside a Shapefile."""
    (tmp_path / "a.shp.xml").write_text("<metadata><Esri/></metadata>")
    found = find(tmp_path / "a.shp")
    assert found is not None
    assert found.record == Record()
    assert found.note is not None
    assert "its root is metadata" in found.note


def zipped(folder: Path, **members: bytes) -> Path:
    file = folder / "a.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file


@pytest.mark.parametrize(
    ("members", "layer", "name"),
    [
        ({"a.shp": b"", "a.shp.xml": ISO}, None, "a.shp.xml"),
        ({"data/plots.shp": b"", "data/plots.xml": ISO, "plots.xml": b"<a/>"}, None, "plots.xml"),
        ({"a.gpkg": b"", "b.gpkg": b"", "a.xml": b"<a/>", "b.xml": ISO}, "b", "b.xml"),
        ({"city.gdb/a00000001.gdbtable": b"", "city.xml": ISO}, None, "city.xml"),
        (
            {"__MACOSX/a.shp": b"", "__MACOSX/a.xml": b"<a/>", "b.shp": b"", "b.xml": ISO},
            None,
            "b.xml",
        ),
        ({"a.shp": b"", "metadata.xml": ISO}, None, "metadata.xml"),
    ],
)
def test_metadata_within_a_zip_are_those_of_its_file(
    tmp_path: Path, members: dict[str, bytes], layer: str | None, name: str
) -> None:
    found = find(zipped(tmp_path, **members), layer)
    assert found is not None
    assert (found.file.name, found.record) == (name, of_iso(FULL))


def test_what_lies_beside_the_zip_comes_first(tmp_path: Path) -> None:
    file = zipped(tmp_path, **{"a.shp": b"", "a.xml": b"<not-ours/>"})
    (tmp_path / "a.xml").write_bytes(ISO)
    found = find(file)
    assert found is not None
    assert found.record == of_iso(FULL)


def test_a_zip_without_metadata_or_cut_off_has_none(tmp_path: Path) -> None:
    file = zipped(tmp_path, **{"a.shp": b"", "read.me": b"a"})
    assert find(file) is None
    file.write_bytes(file.read_bytes()[:40])
    assert find(file) is None


def test_a_bomb_within_a_zip_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(CorruptSource, match="has 20000000 bytes, metadata at most"):
        find(zipped(tmp_path, **{"a.shp": b"", "a.xml": b" " * 20_000_000}))


def test_broken_metadata_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(ISO[: len(ISO) // 2])
    with pytest.raises(CorruptSource, match=r"a\.xml is not valid XML \(.*\); export it anew"):
        find(tmp_path / "a.shp")
    (tmp_path / "a.xml").write_bytes(b" " * 10_000_001)
    with pytest.raises(CorruptSource, match="has 10000001 bytes, metadata at most"):
        find(tmp_path / "a.shp")
