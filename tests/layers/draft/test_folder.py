"""The written folder is a layer but for what is marked; and it is written whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
import yaml
from shapely import Point, Polygon

from layers import registry
from layers.check_sample import BELARUS
from layers.draft.folder import draft, require_free, write
from layers.draft.survey import Asked, survey
from layers.errors import BadValue, DraftExists
from layers.ingest.vector.mapping import read_mapping
from layers.metadata.record import Record
from layers.model import Licence, Theme
from tests import fix_loads
from tests.fix_drafts import benches, fill
from tests.fix_metadata import FULL

THEME: Theme = "infrastructure"
NOTHING = Record()


def drafted(
    root: Path, frame: gpd.GeoDataFrame, record: Record = NOTHING, *, name: str = "benches"
) -> Path:
    found = survey(fix_loads.write(frame, root / f"{name}.gpkg"), Asked())
    out = root / "layers"
    return write(out, THEME, name, draft(name, THEME, found, record, comments=["Drafted: x."]))


def faults(folder: Path) -> list[str]:
    return [str(one) for one in registry.check(folder.parents[1], package=False)]


def test_what_is_left_is_all_that_the_check_finds(tmp_path: Path) -> None:
    folder = drafted(tmp_path, benches())
    found = faults(folder)
    assert found
    assert all("is left to be written" in one for one in found), found
    assert fill(folder) == len(found)
    assert faults(folder) == []
    layer = registry.load_layers(folder.parents[1], package=False)["benches"]
    assert layer.title.be == "Лаўкі"
    mapping = read_mapping(folder / "mapping.yml", layer)
    assert mapping.key == ("source_id",)
    assert mapping.fields["vid"].codes["драўляная"] == "draulyanaya"


def test_metadata_leave_less_to_be_written(tmp_path: Path) -> None:
    folder = drafted(tmp_path, benches(), FULL)
    assert faults(folder) == []
    layer = registry.load_layers(folder.parents[1], package=False)["benches"]
    assert layer.title.en == "Benches"
    assert (layer.licence, layer.access, layer.status) == (FULL.licence, "internal", "official")
    assert (layer.update_period, layer.attribution) == ("P18M", "City of Orsha")
    assert layer.keywords == FULL.keywords
    # Nobody has seen the act: metadata of others put anything there.
    assert layer.legal_basis is None


def test_a_licence_in_words_is_no_id(tmp_path: Path) -> None:
    licence = Licence(id="По договору с городом", title="По договору с городом")
    (fault,) = faults(drafted(tmp_path, benches(), replace(FULL, licence=licence)))
    assert "licence.id: is left to be written: SPDX id" in fault


@pytest.mark.parametrize(
    ("shapes", "scope"),
    [
        ([Point(30.4, 54.5), Point(30.5, 54.6)], "area"),
        ([Point(24, 52), Point(31, 55)], "national"),
        ([Point(15.6, 48.4), Point(15.7, 48.5)], "area"),
        ([Point(-70, 1), Point(70, 2)], "area"),
    ],
)
def test_the_scope_is_told_by_how_far_it_reaches(
    tmp_path: Path, shapes: list[Point], scope: str
) -> None:
    frame = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=shapes, crs=4326)
    folder = drafted(tmp_path, frame, replace(FULL, fields=()))
    assert faults(folder) == []
    assert yaml.safe_load((folder / "layer.yml").read_text("utf-8"))["scope"] == scope


def test_samples_have_the_layer_s_geometry_and_the_file_s_city(tmp_path: Path) -> None:
    square = Polygon([(30.4, 54.5), (30.41, 54.5), (30.41, 54.51)])
    shapes = [square, shapely.MultiPolygon([square])]
    frame = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=shapes, crs=4326)
    folder = drafted(tmp_path, frame, replace(FULL, fields=()))
    assert faults(folder) == []
    sample = json.loads((folder / "sample.geojson").read_text("utf-8"))
    assert {one["geometry"]["type"] for one in sample["features"]} == {"MultiPolygon"}
    assert {one["properties"]["area"] for one in sample["features"]} == {"orsha"}
    for one in sample["features"]:
        west, south, east, north = shapely.geometry.shape(one["geometry"]).bounds
        assert BELARUS[0] < west < east < BELARUS[2]
        assert BELARUS[1] < south < north < BELARUS[3]


def test_words_of_sql_are_columns_in_quotes(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"select": [1], "order": ["x"], "user": ["y"]}, geometry=[Point(30.4, 54.5)], crs=4326
    )
    folder = drafted(tmp_path, frame, replace(FULL, fields=()))
    assert faults(folder) == []
    assert '"select"' in (folder / "table.sql").read_text("utf-8")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = drafted(tmp_path, benches())
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    for attempt in (
        lambda: require_free(tmp_path / "layers", "benches"),
        lambda: write(tmp_path / "layers", THEME, "benches", {"layer.yml": ""}),
        lambda: write(tmp_path / "layers", "planning", "benches", {"layer.yml": ""}),
    ):
        with pytest.raises(DraftExists, match="is there already and is not overwritten"):
            attempt()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / THEME).write_text("a file")
    with pytest.raises(DraftExists, match="cannot be written"):
        write(tmp_path, THEME, "x", {"layer.yml": ""})
    assert sorted(one.name for one in tmp_path.iterdir()) == [THEME]


def test_half_a_draft_is_never_seen(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write(tmp_path, THEME, "x", {"layer.yml": "", "table.sql": None})  # type: ignore[dict-item]
    assert list((tmp_path / THEME).iterdir()) == []


@pytest.mark.parametrize("layer_id", ["Benches", "1st", "", "a-b", "../x", "x" * 50])
def test_an_id_that_no_layer_may_have_is_refused(tmp_path: Path, layer_id: str) -> None:
    found = survey(fix_loads.write(benches(), tmp_path / "a.gpkg"), Asked())
    with pytest.raises(BadValue, match="no layer can be drafted so: id"):
        draft(layer_id, THEME, found, Record())
