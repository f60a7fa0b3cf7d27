"""Versions of what makes the numbers: the libraries, and the code of this room itself."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

_LIBRARIES = ("numpy", "scipy", "shapely", "pandas", "geopandas", "pyproj")
_COMPILED = ("numba", "rasterio")


def libraries() -> dict[str, str]:
    """Return the versions of Python and of the libraries that make the numbers."""
    return {"python": platform.python_version()} | {n: metadata.version(n) for n in _LIBRARIES}


@cache
def code_version() -> str:
    """Return a checksum of this room and of its libraries: equal ones give equal bits."""
    versions = libraries() | {name: metadata.version(name) for name in _COMPILED}
    digest = hashlib.sha256(json.dumps(versions, sort_keys=True).encode())
    room = Path(__file__).resolve().parent
    for file in sorted(room.rglob("*.py")):
        name = file.relative_to(room).as_posix().encode()
        digest.update(b"\x1d" + name + b"\x1e" + file.read_bytes())
    return digest.hexdigest()
