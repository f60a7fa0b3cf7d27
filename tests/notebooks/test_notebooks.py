"""Every notebook runs as it is against a live geoportal, and is saved without output."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from geoportal.client import map as maps
from tests.fix_server import Server

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MAPS = {"01_look_around": 1, "02_service_coverage": 1}
"""How many maps a notebook draws."""

# In a process of its own: a kernel brings threads, loops and warnings of its own.
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs_and_its_maps_hold_all_they_need(
    notebook: Path, portal_server: Server, tmp_path: Path
) -> None:
    if notebook.stem in MAPS and not (maps.LEAFLET / "leaflet.js").is_file():
        pytest.skip("the browser files are not installed: make assets")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GEOPORTAL_")}
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(notebook), str(tmp_path / "done.ipynb")],
        cwd=tmp_path,
        env=kept
        | {
            "GEOPORTAL_PUBLIC_URL": portal_server.url,
            "PYTHONPATH": str(ROOT),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "IPYTHONDIR": str(tmp_path / "ipython"),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    drawn = documents(tmp_path / "done.ipynb")
    assert len(drawn) == MAPS.get(notebook.stem, 0)
    assert [maps.external_addresses(document) for document in drawn] == [[]] * len(drawn)


def documents(executed: Path) -> list[str]:
    """The HTML documents in the frames that a notebook shows."""
    cells = nbformat.read(executed, as_version=4).cells
    shown = [
        output["data"].get("text/html", "")
        for cell in cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    return [
        html.unescape(found)
        for text in shown
        for found in re.findall(r'<iframe srcdoc="([^"]*)"', text)
    ]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_saved_without_output(notebook: Path) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


def test_the_index_names_every_notebook() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\((\w+\.ipynb)\)", readme)) == {file.name for file in NOTEBOOKS}
