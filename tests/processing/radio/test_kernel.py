import os
import subprocess
import sys
from pathlib import Path

import pytest

from processing.radio import kernel, location

PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from processing.radio import kernel, location;"
    "print(kernel.cache_folder()); print(location.exceeded(0.05))"
)
ROOT = Path(kernel.__file__).parents[2]


def test_the_folder_is_named_after_the_sources(monkeypatch, tmp_path):
    (tmp_path / "one.py").write_text("from processing.radio.kernel import compiled")
    (tmp_path / "two.py").write_text("nothing to compile")
    monkeypatch.setattr(kernel, "_HERE", tmp_path)
    found = []
    for changed in ("two.py", "one.py"):
        kernel.cache_folder.cache_clear()
        found.append(kernel.cache_folder())
        (tmp_path / changed).write_text((tmp_path / changed).read_text() + "  # changed")
    kernel.cache_folder.cache_clear()
    found.append(kernel.cache_folder())
    kernel.cache_folder.cache_clear()
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("home", ["", "cache"])
def test_an_installation_that_cannot_be_written_computes_all_the_same(home, monkeypatch, tmp_path):
    """Beside the sources there is a file where the folder should be; then the user's cache."""
    (tmp_path / "__pycache__").write_text("no folder")
    (tmp_path / "home").write_text("no folder either")
    monkeypatch.setattr(kernel, "_HERE", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / (home or "home")))
    kernel.cache_folder.cache_clear()
    try:
        folder = kernel.cache_folder()
        assert (folder is None) == (home == "")
        doubled = kernel.compiled(_double)
        assert doubled(2.0) == 4.0
    finally:
        kernel.cache_folder.cache_clear()


def _double(x):
    return 2.0 * x


def test_a_second_process_finds_what_the_first_one_compiled():
    location.exceeded(0.05)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT)],
        env=os.environ | {"NUMBA_DEBUG_CACHE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "data loaded from" in done.stdout
    assert "1.64" in done.stdout
