"""Metadata beside a file are found by name and read by what they are."""

import json
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


def test_broken_metadata_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(ISO[: len(ISO) // 2])
    with pytest.raises(CorruptSource, match=r"a\.xml is not valid XML \(.*\); export it anew"):
        find(tmp_path / "a.shp")
    (tmp_path / "a.xml").write_bytes(b" " * 10_000_001)
    with pytest.raises(CorruptSource, match="has 10000001 bytes, metadata at most"):
        find(tmp_path / "a.shp")
