"""The static files of the portal, kept in memory: an address is looked up, never joined to a path.

`/static/v-<checksum>/<file>` may be kept for ever; relative imports inside a module or style sheet
stay below that prefix, so one changed file renews all of them. `/static/<file>` is asked anew.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"

MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
}
"""Files of other kinds are not served."""

MAP_LIBRARY = "vendor/maplibre-gl/maplibre-gl.mjs"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is answered; `compressed` only where gzip makes it smaller."""

    content: bytes
    compressed: bytes | None
    media_type: str
    etag: str


@dataclass(frozen=True)
class Assets:
    """Every file by its name below the folder, and the checksum of them all."""

    files: Mapping[str, Asset]
    checksum: str

    @property
    def prefix(self) -> str:
        """The path that pages put before a file's name."""
        return f"/static/v-{self.checksum}"

    @property
    def has_map(self) -> bool:
        """Tell whether the map library is installed."""
        return MAP_LIBRARY in self.files

    def find(self, path: str) -> tuple[Asset, bool] | None:
        """Return the file of an address below /static/ and whether it may be kept for ever."""
        first, _, rest = path.partition("/")
        lasting = first == f"v-{self.checksum}"
        # A page of an older process may ask for its own prefix: it gets today's file, not to keep.
        name = rest if first.startswith("v-") else path
        asset = self.files.get(name)
        return None if asset is None else (asset, lasting)


def read_assets(folder: Path) -> Assets:
    """Read all files of a folder that have a known media type."""
    files: dict[str, Asset] = {}
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        media_type = MEDIA_TYPES.get(path.suffix)
        if media_type is None or not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes()
        checksum = hashlib.sha256(content).hexdigest()
        digest.update(f"{name} {checksum}\n".encode())
        files[name] = Asset(content, _smaller(content), media_type, f'"{checksum[:16]}"')
    return Assets(files, digest.hexdigest()[:12])


def _smaller(content: bytes) -> bytes | None:
    compressed = gzip.compress(content, compresslevel=6, mtime=0)
    return compressed if len(compressed) < 0.9 * len(content) else None


@cache
def assets() -> Assets:
    """Return the files of this installation, read once per process."""
    return read_assets(FOLDER)
