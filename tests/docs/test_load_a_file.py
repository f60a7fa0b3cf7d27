"""The pages on loading files tell every code of a finding, and the mapping of one is one."""

import re
from pathlib import Path

from layers.ingest.vector import mapping
from layers.message import templates
from layers.registry import load_layers

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to"
PAGE = (HOW_TO / "load-a-file.md").read_text(encoding="utf-8")
OTHER = (HOW_TO / "load-timetables-and-readings.md").read_text(encoding="utf-8")
CODE = re.compile(r"\b(?:geometry|value|duplicate|soato|raster|series|gtfs)\.[a-z_]+")


def test_the_mapping_of_the_page_fits_its_layer(tmp_path: Path) -> None:
    found = re.search(r"^```yaml\n(.*?)^```", PAGE, re.S | re.M)
    assert found
    (tmp_path / "m.yml").write_text(found[1], encoding="utf-8")
    read = mapping.read_mapping(tmp_path / "m.yml", load_layers()["parcels"])
    assert set(read.model_fields_set) == set(mapping.Mapping.model_fields)


def test_every_code_of_a_finding_is_told() -> None:
    told = set(CODE.findall("\n".join(re.findall(r"^\| (`.*?) \|", PAGE + OTHER, re.M))))
    kinds = {code.removeprefix("kind.") for code in templates("en") if code.startswith("kind.")}
    assert told == {code for code in kinds if not code.startswith("rule.")}


def test_every_rule_is_told() -> None:
    assert [name for name in mapping.Rules.model_fields if f"`{name}" not in PAGE] == []
