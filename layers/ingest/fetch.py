"""One file from its origin, asked whether it has changed (RFC 9110 section 13); nothing half."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from layers.errors import MissingSource
from layers.model import Value

TIMEOUT_S = 30
BLOCK_BYTES = 1 << 20
NOT_MODIFIED = 304


class Mark(Value):
    """What tells a file of an origin from its next one: its checksum, and what the origin said."""

    sha256: str
    etag: str | None = None
    last_modified: str | None = None


def fetch(url: str, target: Path, known: Mark | None = None) -> Mark | None:
    """Write what an origin has into `target`; None when it says that it is the known file still.

    Raises MissingSource with the reason when the origin gives nothing, or less than it announced.
    """
    headers = {} if known is None else _conditions(known)
    # sources.yml admits http and https only.
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return _save(answer, target)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == NOT_MODIFIED and headers:
                return None
            raise MissingSource(f"it answered {error.code} {error.reason}") from None
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise MissingSource(str(getattr(error, "reason", None) or error)) from None


def _conditions(known: Mark) -> dict[str, str]:
    found = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in found.items() if value is not None}


def _save(answer: Any, target: Path) -> Mark:
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        while block := answer.read(BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            file.write(block)
    announced = answer.headers["Content-Length"]
    if announced is not None and size != int(announced):
        raise MissingSource(f"it broke off after {size} of {announced} bytes")
    return Mark(
        sha256=digest.hexdigest(),
        etag=answer.headers["ETag"],
        last_modified=answer.headers["Last-Modified"],
    )
