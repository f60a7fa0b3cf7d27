"""Every fault of a definition, of the folder and of the tree is found, with file and line."""

import shutil

import pytest

from layers import registry

YML = "base/buildings/layer.yml"

# What is replaced, by what, a word on the line that must be named, words of the message.
DEFINITION_FAULTS = {
    "no YAML": ("theme: base", "theme: [base", "title:", "is not valid YAML"),
    "a tab": ("    type: string", "\ttype: string", "\ttype", "is not valid YAML"),
    "duplicate key": (
        "access: open",
        "access: open\norder: 3",
        "order: 40",
        "order: duplicate key",
    ),
    "duplicate inner key": (
        "    required: true",
        "    required: true\n    required: false",
        "required: false",
        "required: duplicate key, first on line",
    ),
    "alias": ("order: 40", "order: &o 40\nselector: *o\n", "order:", "aliases"),
    "unknown key": ("order: 40", "ordr: 40", "ordr", "ordr: is not a key that is known here; did"),
    "id of another folder": ("id: buildings", "id: houses", "id: houses", "but the folder is"),
    "bad id": ("id: buildings", "id: Buildings", "id:", "id: 'Buildings' does not have the form"),
    "theme of another folder": ("theme: base", "theme: planning", "theme:", "stands in 'base'"),
    "unknown theme": ("theme: base", "theme: houses", "theme:", "theme: must be one of 'base'"),
    "unknown status": ("status: demonstration", "status: fine", "status:", "must be one of"),
    "unknown geometry": ("geometry: Multi", "geometry: Many", "geometry:", "must be one of"),
    "update period": ("irregular", "yearly", "update_period", "'yearly' does not have the form"),
    "zoom out of range": ("max_zoom: 18", "max_zoom: 99", "tiles:", "tiles.max_zoom: "),
    "empty text": ("{be: Адрас,", "{be: '',", "be: ''", "fields.2.title.be: is empty"),
    "title without English": (", en: Address}", "}", "be: Адрас", "fields.2.title.en: is missing"),
    "title is text": ("{be: Адрас, ru: Адрес, en: Address}", "Адрес", "title: Адрес", "a mapping"),
    "YAML's no": ("value: utility", "value: no", "value: no", "YAML reads it as false"),
    "field type": ("type: number", "type: float", "type: float", "fields.4.type: must be one of"),
    "codes of a number": (
        "    type: string",
        "    type: integer",
        "- name: kind",
        "fields.0: field kind: only a string field may have codes",
    ),
    "unit of a text": (
        "title: {be: Адрас",
        "unit: m\n    title: {be: Адрас",
        "- name: address",
        "fields.2: field address: only a number may have a unit",
    ),
    "reserved name": ("- name: address", "- name: area", "id: buildings", "reserved: area"),
    "two fields of one name": ("- name: address", "- name: name", "id:", "have the same name"),
    "rule of no layer": (
        "quality:\n",
        "quality:\n  - {rule: gap, within: nosuch}\n",
        "within: nosuch",
        "quality.0.within: there is no layer 'nosuch'",
    ),
    "rule of lines": (
        "quality:\n",
        "quality:\n  - {rule: crossing}\n",
        "quality:",
        "quality: rule crossing is for layers of LineString",
    ),
    "rule without a limit": (
        "quality:\n",
        "quality:\n  - {rule: gap}\n",
        "- {rule: gap}",
        "must say how many metres",
    ),
    "limit of a rule": (
        "{rule: overlap, limit: 1,",
        "{rule: overlap, reach: 1,",
        "reach: 1",
        "quality.0.reach: is not a key that is known here",
    ),
    "selector": ("order: 40", "order: 40\nselector: name", "id:", "selector name is not a field"),
}


@pytest.mark.parametrize("name", DEFINITION_FAULTS)
def test_a_fault_of_the_definition_is_found_with_its_line(spoilt, name):
    old, new, words, message = DEFINITION_FAULTS[name]
    spoilt.replace("layer.yml", old, new)

    found = spoilt.faults()

    mine = [fault for fault in found if fault.startswith(YML) and message in fault]
    assert mine, found
    if words:
        lines = {n for n, t in enumerate(spoilt.text("layer.yml").splitlines(), 1) if words in t}
        assert int(mine[0].split(":")[1]) in lines, (mine, lines)


def test_a_missing_key_is_named(spoilt):
    spoilt.replace("layer.yml", "geometry: MultiPolygon\n", "")

    assert f"{YML}:1: geometry: is missing" in spoilt.faults()


def test_an_empty_definition_is_said_to_be_empty(spoilt):
    (spoilt.folder / "layer.yml").write_text("", encoding="utf-8")

    assert spoilt.faults() == [f"{YML}:1: is empty"]


def test_all_faults_are_found_at_once_and_sorted(spoilt):
    spoilt.replace("layer.yml", "scope: area", "scope: city")
    spoilt.replace("layer.yml", "type: number", "type: float")
    spoilt.replace("style.json", "{", "")

    lines = [fault.split(":")[:2] for fault in spoilt.faults()]

    assert lines == [
        [YML, str(spoilt.line("layer.yml", "scope:"))],
        [YML, str(spoilt.line("layer.yml", "type: float"))],
        ["base/buildings/style.json", "2"],
    ]


@pytest.mark.parametrize("file", ["layer.yml", "table.sql", "style.json", "sample.geojson"])
def test_each_of_the_four_files_must_be_there(spoilt, file):
    (spoilt.folder / file).unlink()

    assert f"base/buildings/{file}:1: the file is missing" in spoilt.faults()


@pytest.mark.parametrize("file", ["layer.yml", "table.sql", "style.json", "sample.geojson"])
def test_text_that_is_not_utf8_is_refused_with_its_line(spoilt, file):
    (spoilt.folder / file).write_bytes(b"\n\n\xff\xfe")

    assert f"base/buildings/{file}:3: is not UTF-8 text; save it as UTF-8" in spoilt.faults()


def test_a_file_that_is_too_large_is_not_read(spoilt):
    (spoilt.folder / "layer.yml").write_text("# filler\n" * 200_000, encoding="utf-8")

    assert "1800000 bytes" in spoilt.faults()[0]


def test_unknown_files_are_refused_but_not_droppings(spoilt):
    (spoilt.folder / "notes.txt").write_text("x")
    (spoilt.folder / ".DS_Store").write_text("x")
    (spoilt.folder / "__pycache__").mkdir()
    (spoilt.root / "base" / "readme.txt").write_text("x")

    places = [fault.split(": ")[0] for fault in spoilt.faults()]

    assert places == ["base/buildings/notes.txt:1", "base/readme.txt:1"]


def test_a_folder_that_is_no_theme_is_refused(spoilt):
    (spoilt.root / "bases").mkdir()

    assert [f.split(",")[0] for f in spoilt.faults()] == [
        "bases:1: is not a theme; the themes are base"
    ]


def test_a_root_that_is_missing_is_a_fault(tmp_path):
    found = registry.check(tmp_path / "nowhere", package=False)

    assert [str(fault) for fault in found] == [
        f"{tmp_path}/nowhere:1: there is no such folder of layers"
    ]


def test_two_layers_of_one_id_in_two_themes_are_refused(spoilt):
    other = spoilt.root / "planning" / "buildings"
    shutil.copytree(spoilt.folder, other)
    definition = (other / "layer.yml").read_text(encoding="utf-8")
    (other / "layer.yml").write_text(definition.replace("theme: base", "theme: planning"))

    assert spoilt.faults() == [
        f"planning/buildings/layer.yml:1: id: the layer 'buildings' is already defined in "
        f"{spoilt.folder}"
    ]


def test_the_copied_folder_has_no_fault(spoilt):
    assert spoilt.faults() == []
