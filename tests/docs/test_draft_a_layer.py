"""The file of the page gives the draft that the page shows."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from geoportal.__main__ import cli
from layers.metadata.beside import candidates

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "draft-a-layer.md"
TEXT = PAGE.read_text("utf-8")


def blocks(kind: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.S | re.M)
    return [text for of, text in found if of == kind]


def test_the_page_shows_what_is_drafted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GEOPORTAL_LAYERS_DIR", raising=False)
    (table,) = blocks("csv")
    Path("benches.csv").write_text(table, "utf-8")
    command, shown, places, *_ = blocks("")
    drafted = CliRunner().invoke(cli, command.split()[1:])
    assert drafted.exit_code == 0, drafted.output
    assert shown.strip() in drafted.output
    checked = CliRunner().invoke(cli, ["layers", "check", "my-layers"])
    assert set(places.splitlines()) <= set(checked.output.splitlines())
    folder = Path("my-layers/infrastructure/benches")
    (field,) = blocks("yaml")
    definition = (folder / "layer.yml").read_text("utf-8")
    assert field in definition
    for said in ("type: date", "role: title", "value: betonnaya", "value: derevyannaya"):
        assert said in definition
    assert "key:\n  - inv_no\n" in (folder / "mapping.yml").read_text("utf-8")


def test_the_page_names_where_metadata_are_looked_for() -> None:
    named = re.findall(r"`([\w.]+)`", TEXT.partition("\n## 2")[2])
    order = [one for one in named if one.startswith(("benches.", "metadata."))]
    wanted = [one.name for one in candidates(Path("benches.shp"))]
    assert [one for one in order if one != "benches.shp"][: len(wanted)] == wanted
