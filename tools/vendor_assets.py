"""Install the browser assets of the map with npm and copy the files that are served.

`npm ci` checks every package against the checksums of package-lock.json; then exactly the files
listed below are copied, with their licences, to geoportal/web/static/vendor/<package>/. A stamp
makes a second call a matter of milliseconds; npm is needed only when something changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "geoportal" / "web" / "static" / "vendor"
STAMP = TARGET / "stamp.json"
NPM_TIMEOUT_S = 900

_FONT_FILES = tuple(
    f"files/noto-sans-{script}-{weight}-normal.woff2"
    for script in ("cyrillic", "latin", "latin-ext")
    for weight in (400, 600)
)

FILES: dict[str, tuple[str, ...]] = {
    "maplibre-gl": (
        "dist/maplibre-gl.mjs",
        "dist/maplibre-gl-worker.mjs",  # the main module looks for it beside itself
        "dist/maplibre-gl.css",
        "LICENSE.txt",
    ),
    "@fontsource/noto-sans": (*_FONT_FILES, "LICENSE"),
    # For maps in notebooks, which are one document each (geoportal/client/map.py).
    "leaflet": (
        "dist/leaflet.js",
        "dist/leaflet.css",
        "dist/images/layers.png",
        "dist/images/layers-2x.png",
        "dist/images/marker-icon.png",
        "LICENSE",
    ),
}


class VendorError(Exception):
    """The assets cannot be installed; the text says what to do."""


def target(package: str, name: str) -> Path:
    """Return where a file of a package is served from: flat, without the npm scope."""
    return TARGET / package.rpartition("/")[2] / Path(name).name


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _wanted() -> str:
    """Return a checksum of everything that decides what the folder must hold."""
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    return hashlib.sha256((lock + json.dumps(FILES)).encode()).hexdigest()


def is_current() -> bool:
    """Tell whether the folder already holds the right files, unchanged."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return stamp.get("wanted") == _wanted() and all(
        (TARGET / name).is_file() and _sha256(TARGET / name) == checksum
        for name, checksum in stamp["files"].items()
    )


def _npm_ci() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise VendorError(
            "npm is not installed, and the map needs it once for its assets: "
            "install the Debian packages nodejs and npm, then run this again."
        )
    try:
        done = subprocess.run(
            [npm, "ci"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=NPM_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        slow = f"npm ci took more than {NPM_TIMEOUT_S} s: is npm's registry reachable?"
        raise VendorError(slow) from None
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise VendorError(f"npm ci failed; is npm's registry reachable? It said:\n{last}")


def _copy(folder: Path) -> dict[str, str]:
    """Copy the listed files into a new folder and return their checksums by relative path."""
    checksums: dict[str, str] = {}
    for package, names in FILES.items():
        for name in names:
            source = ROOT / "node_modules" / package / name
            if not source.is_file():
                raise VendorError(f"{package} has no file {name}: its version and FILES disagree.")
            relative = target(package, name).relative_to(TARGET)
            (folder / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / relative)
            checksums[str(relative)] = _sha256(source)
    return checksums


def install() -> bool:
    """Bring the folder up to date; return False when it already was. Raises VendorError."""
    if is_current():
        return False
    _npm_ci()
    new = TARGET.with_name("vendor.new")
    shutil.rmtree(new, ignore_errors=True)
    checksums = _copy(new)
    stamp = {"wanted": _wanted(), "files": checksums}
    (new / STAMP.name).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    shutil.rmtree(TARGET, ignore_errors=True)
    new.rename(TARGET)
    return True


def main() -> int:
    """Install and say in one line what happened."""
    try:
        changed = install()
    except (VendorError, OSError) as error:
        print(f"vendor_assets: {error}", file=sys.stderr)
        return 1
    print("map assets: installed" if changed else "map assets: up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
