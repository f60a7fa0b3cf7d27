"""The command line speaks the language of the shell where messages are told in several."""

from pathlib import Path

import pytest

from geoportal.cli.language import language
from tests.geoportal.test_cli import geoportal, refused


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "be_BY.UTF-8"}, "be"),
        ({"LANG": "be_BY.UTF-8@latin"}, "be"),
        ({"LANG": "be_BY.UTF-8", "LC_MESSAGES": "ru_RU"}, "ru"),
        ({"LC_ALL": "", "LANG": "ru"}, "ru"),
        ({"LC_ALL": "C", "LANG": "ru_RU.UTF-8"}, "en"),
        ({"LANG": "pl_PL.UTF-8"}, "en"),
    ],
)
def test_the_language_of_a_shell(environment: dict[str, str], expected: str) -> None:
    assert language(environment) == expected


def test_a_load_and_its_errors_are_told_in_belarusian(database: str, tmp_path: Path) -> None:
    told = {"database_url": database, "locale": "be_BY.UTF-8"}
    made = geoportal("load", "demo", "--buildings", "30", **told)
    assert made.returncode == 0, made.stderr
    assert "buildings, orsha: 30 радкоў, загружана" in made.stderr
    bad = tmp_path / "bad.gpkg"
    bad.write_bytes(b"no geopackage " * 50)
    said = refused(
        geoportal("load", "vector", bad, "--layer", "parcels", "--area", "orsha", **told)
    )
    assert said.startswith("geoportal: bad.gpkg ")
    assert said.endswith("; запытайце яго ў пастаўшчыка зноў")
    listed = geoportal("load", "reports", "parcels", **told).stdout
    assert listed.strip().endswith("; запытайце яго ў пастаўшчыка зноў")
    said = refused(geoportal("load", "undo", "parcels", "--area", "orsha", **told))
    assert said.startswith("geoportal: parcels, тэрыторыя orsha: вяртацца няма да чаго; ")
    said = refused(geoportal("load", "undo", "parcels", "--area", "nosuch", **told))
    assert said.startswith("geoportal: тэрыторыі 'nosuch' няма; вядомыя ")
