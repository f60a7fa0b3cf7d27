"""The kept extract of an area comes back byte by byte, and goes with its area."""

from pathlib import Path

import psycopg
import pytest

from layers.area import forget_area, save_area, seed_areas
from layers.errors import MissingSource
from layers.ingest import osm_extract

Connection = psycopg.Connection[tuple[object, ...]]
ORSHA = seed_areas()["orsha"]
BOX = (30.0, 54.0, 31.0, 55.0)


def test_a_kept_file_comes_back_and_the_last_one_counts(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osm_extract, "PIECE_BYTES", 7)
    save_area(connection, ORSHA)
    file = tmp_path / "town.osm"
    for content in (b"something longer than the next", bytes(range(100))):
        file.write_bytes(content)
        extract = osm_extract.Extract("town.osm", osm_extract.checksum(file), BOX)
        osm_extract.keep(connection, ORSHA, extract, file)
        back = tmp_path / "back"
        back.mkdir(exist_ok=True)
        written = osm_extract.write(connection, ORSHA, back)
        assert (written.name, written.read_bytes()) == ("town.osm", content)
        assert osm_extract.kept(connection, ORSHA) == extract


def test_an_area_that_is_forgotten_keeps_no_extract(connection: Connection, tmp_path: Path) -> None:
    save_area(connection, ORSHA)
    file = tmp_path / "town.osm"
    file.write_bytes(b"x")
    osm_extract.keep(connection, ORSHA, osm_extract.Extract("town.osm", "1", BOX), file)
    forget_area(connection, ORSHA)
    assert connection.execute("SELECT count(*) FROM layers.osm_extract_piece").fetchone() == (0,)
    with pytest.raises(MissingSource):
        osm_extract.kept(connection, ORSHA)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ((), "OpenStreetMap extract a.osm"),
        (("1.osc",), "OpenStreetMap extract a.osm with a change file, the last 1.osc"),
        (("1.osc", "2.osc"), "OpenStreetMap extract a.osm with 2 change files, the last 2.osc"),
    ],
)
def test_the_source_names_the_changes(changes: tuple[str, ...], said: str) -> None:
    assert osm_extract.Extract("a.osm", "1", BOX, changes).source == said
