"""Compiled loops: numba with its cache in a folder that belongs to the sources as they are now.

Numba keeps a compiled function as long as its own file is unchanged, also when a function that it
calls in another file has changed: a wrong number that nobody sees. Here the folder is named after
the text of all the modules that are compiled together.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

_HERE = Path(__file__).parent
_REDUCE = {"nnan", "ninf", "nsz", "reassoc", "contract"}


def compiled[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Return the function compiled at its first call, and kept for later processes.

    Where no folder can be written (an installation that is read-only for a user without a home) it
    is compiled anew in every process; the numbers are the same.
    """
    return _compile(function, fastmath=False)


def reduced[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """As `compiled`, for sums and maxima over a profile without NaN: terms in any order."""
    return _compile(function, fastmath=_REDUCE)


def _compile[**P, R](function: Callable[P, R], *, fastmath: bool | set[str]) -> Callable[P, R]:
    def wrapped(*, cache: bool) -> Callable[P, R]:
        jit: Any = numba.njit(nogil=True, fastmath=fastmath, error_model="numpy", cache=cache)
        made: Callable[P, R] = jit(function)
        return made

    folder = cache_folder()
    if folder is None:
        return wrapped(cache=False)
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)  # numba reads it once, when it wraps the function
    try:
        return wrapped(cache=True)
    except RuntimeError:  # numba finds no place that it can use after all
        return wrapped(cache=False)
    finally:
        config.CACHE_DIR = before


@cache
def cache_folder() -> Path | None:
    """Return the folder of the compiled functions, or None where none can be written."""
    texts = [file.read_bytes() for file in sorted(_HERE.glob("*.py"))]
    compiled_together = b"".join(text for text in texts if b"radio.kernel import" in text)
    name = f"radio-{hashlib.sha256(compiled_together).hexdigest()[:16]}"
    for base in _bases():
        folder = base / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


def _bases() -> list[Path]:
    """Beside the sources, where Python keeps its own; else in the cache of the user."""
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return [_HERE / "__pycache__", Path(home) / "geoportal" / "numba"]
