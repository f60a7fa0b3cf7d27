"""The installer of the browser assets, run in a copy of the few files that it reads."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "node_modules"
MAP = Path("geoportal/web/static/vendor/maplibre-gl/maplibre-gl.mjs")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the installed packages and an `npm` that finds nothing to do."""
    if not MODULES.is_dir():
        pytest.skip("the npm packages are not installed: npm ci")
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "vendor_assets.py", tmp_path / "tools")
    shutil.copy(ROOT / "package-lock.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "geoportal" / "web" / "static").mkdir(parents=True)
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\necho called >> calls\n")
    npm.chmod(0o755)
    return tmp_path


def install(checkout: Path, path: str | None = None) -> "subprocess.CompletedProcess[str]":
    search = f"{checkout / 'bin'}:{os.environ['PATH']}" if path is None else path
    return subprocess.run(
        [sys.executable, "tools/vendor_assets.py"],
        cwd=checkout,
        env={"PATH": search},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_copies_the_listed_files_with_their_licences_once(checkout: Path) -> None:
    assert install(checkout).stdout == "map assets: installed\n"
    vendor = checkout / "geoportal" / "web" / "static" / "vendor"
    names = {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()}
    assert {"maplibre-gl/LICENSE.txt", "noto-sans/LICENSE"} <= names
    assert set(json.loads((vendor / "stamp.json").read_text())["files"]) == names - {"stamp.json"}
    assert install(checkout).stdout == "map assets: up to date\n"
    assert (checkout / "calls").read_text() == "called\n"


def test_a_changed_file_is_put_right(checkout: Path) -> None:
    install(checkout)
    (checkout / MAP).write_text("something else")
    assert install(checkout).stdout == "map assets: installed\n"
    original = MODULES / "maplibre-gl" / "dist" / "maplibre-gl.mjs"
    assert (checkout / MAP).read_bytes() == original.read_bytes()


def test_without_npm_it_says_what_to_install(checkout: Path) -> None:
    done = install(checkout, path="")
    assert done.returncode == 1
    assert "install the Debian packages nodejs and npm" in done.stderr
    assert "Traceback" not in done.stderr


def test_when_npm_fails_the_old_files_stay(checkout: Path) -> None:
    install(checkout)
    (checkout / "package-lock.json").write_text("{}")
    (checkout / "bin" / "npm").write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    done = install(checkout)
    assert done.returncode == 1
    assert "no network" in done.stderr
    assert (checkout / MAP).is_file()
