"""What a draft leaves open is found with its line, in every file of a layer."""

from pathlib import Path

from layers.document import read_json, read_yaml
from layers.placeholder import placeholder, placeholder_faults
from tests.layers.conftest import Spoilt


def test_placeholders_are_found_wherever_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text(
        "title: {be: 'TODO: title', ru: Скамьи}\n"
        "codes:\n  - value: x\n  - value: 'TODO: code'\n"
        "note: TODO\nfine: 'TODOS are no mark'\n"
    )
    assert [(one.line, one.message) for one in placeholder_faults(read_yaml(file))] == [
        (1, "title.be: is left to be written: title"),
        (4, "codes.1.value: is left to be written: code"),
        (5, "note: is left to be written"),
    ]


def test_of_json_too_and_of_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(f'{{"a": [\n"{placeholder("word")}"]}}')
    assert [one.line for one in placeholder_faults(read_json(file))] == [2]
    empty = tmp_path / "b.yml"
    empty.write_text("")
    assert placeholder_faults(read_yaml(empty)) == []


def test_the_check_tells_what_is_left_besides_what_is_wrong(spoilt: Spoilt) -> None:
    spoilt.replace("layer.yml", "status: demonstration", "status: 'TODO: status'")
    spoilt.replace("layer.yml", "be: Будынкі,", "be: 'TODO: title',")
    spoilt.replace("layer.yml", "geometry: MultiPolygon", "geometry: Circle")
    spoilt.replace("sample.geojson", '"demonstration"', '"TODO"')
    (spoilt.folder / "mapping.yml").write_text("status: 'TODO: status'\n")
    faults = spoilt.faults()
    assert len(faults) == 6
    places = (
        ("layer.yml", "title.be: is left to be written: title"),
        ("layer.yml", "geometry: must be one of"),
        ("layer.yml", "status: is left to be written: status"),
        ("layer.yml", "quality: rule overlap is for layers of Polygon"),
        ("mapping.yml", "status: is left to be written: status"),
        ("sample.geojson", "features.0.properties.status: is left to be written"),
    )
    for fault, (file, said) in zip(faults, places, strict=True):
        assert fault.startswith(f"base/buildings/{file}:")
        assert said in fault


def test_texts_alone_keep_a_layer_from_being_published(spoilt: Spoilt) -> None:
    spoilt.replace("layer.yml", "be: Будынкі,", "be: 'TODO: title',")
    line = spoilt.line("layer.yml", "TODO")
    assert spoilt.faults() == [
        f"base/buildings/layer.yml:{line}: title.be: is left to be written: title"
    ]


def test_a_mapping_of_a_sound_layer_is_checked(spoilt: Spoilt) -> None:
    (spoilt.folder / "mapping.yml").write_text("status: 'TODO: status'\nfields: {nosuch: {}}\n")
    assert spoilt.faults() == [
        "base/buildings/mapping.yml:1: status: is left to be written: status"
    ]
    (spoilt.folder / "mapping.yml").write_text("fields:\n  nosuch: {from: x}\n")
    (fault,) = spoilt.faults()
    assert fault.startswith("base/buildings/mapping.yml:2: fields.nosuch: is no field of buildings")
