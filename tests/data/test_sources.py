"""data/sources.yml against the layers it feeds and, where there is one, the mirror it describes."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from layers.model import Licence, Text
from layers.registry import load_layers
from layers.seed import data_dir

SOURCES: list[dict[str, Any]] = yaml.safe_load(
    (data_dir() / "sources.yml").read_text(encoding="utf-8")
)["sources"]
FILES = [file for source in SOURCES for file in source["files"]]


def test_the_seven_national_sources():
    assert [source["id"] for source in SOURCES] == [
        "admin-boundaries", "belstat-population", "populated-places", "weather-stations",
        "airspace-zones", "air-pollution-2008-2015", "gomel-osm-bicycle",
    ]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source["id"])
def test_a_source_is_complete(source: dict[str, Any]):
    assert set(source) == {
        "id", "title", "layers", "origin", "licence", "attribution", "retrieved", "defects",
        "files",
    }  # fmt: skip
    Text.model_validate(source["title"])
    Licence.model_validate(source["licence"])
    assert source["attribution"]
    assert source["defects"], "every one of them has known defects; say them"
    assert source["retrieved"].year == 2026
    assert source["origin"].startswith("https://")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source["id"])
def test_a_source_feeds_national_layers_that_exist(source: dict[str, Any]):
    layers = load_layers()
    for layer in source["layers"]:
        assert layers[layer].scope == "national"


def test_every_national_layer_has_a_source():
    fed = {layer for source in SOURCES for layer in source["layers"]}
    assert fed == {layer.id for layer in load_layers().values() if layer.scope == "national"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source["id"])
def test_share_alike_reaches_the_layer(source: dict[str, Any]):
    if source["licence"]["id"] == "ODbL-1.0":
        for layer in source["layers"]:
            published = load_layers()[layer]
            assert published.licence.id == "ODbL-1.0"
            assert "OpenStreetMap contributors" in published.attribution


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["path"])
def test_a_file_has_path_content_checksum_and_a_safe_origin(file: dict[str, Any]):
    assert set(file) == {"path", "content", "url", "sha256"}
    path = Path(file["path"])
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert re.fullmatch(r"[0-9a-f]{64}", file["sha256"])
    # A moving branch would change under its checksum: the address names a commit.
    assert file["url"] is None or re.match(
        r"https://raw\.githubusercontent\.com/[\w.-]+/[\w.-]+/[0-9a-f]{40}/", file["url"]
    )


def test_no_file_is_listed_twice():
    assert len({file["path"] for file in FILES}) == len({file["sha256"] for file in FILES})
    assert len({file["path"] for file in FILES}) == len(FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["path"])
def test_the_checksum_is_that_of_the_mirrored_file(file: dict[str, Any], sources_dir: Path):
    path = sources_dir / file["path"]
    assert path.is_file()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]


def test_nothing_in_the_mirrored_folders_is_forgotten(sources_dir: Path):
    listed = {file["path"] for file in FILES}
    for source in SOURCES:
        for path in (sources_dir / source["id"]).iterdir():
            if path.name != "PROVENANCE.md":
                assert path.relative_to(sources_dir).as_posix() in listed
