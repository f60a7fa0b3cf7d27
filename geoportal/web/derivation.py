"""What the source of a computed layer says, in parts: the pipeline and the layers it read."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TEXT = re.compile(
    # A pipeline made of others names them and their versions after its own.
    r"(?P<process>[a-z0-9-]+) (?P<version>[0-9.]+)(; [^,]+)?, run [0-9a-f-]{36}: (?P<inputs>.+)"
)
_STATUS = re.compile(r" \(\w+\)$")


@dataclass(frozen=True)
class Derivation:
    """A run of a pipeline, and the layers and rasters it read."""

    process: str
    version: str
    inputs: tuple[str, ...]


def derivation(source: object) -> Derivation | None:
    """Take apart what `processing.provenance.origin` wrote; None for any other source."""
    found = _TEXT.fullmatch(source) if isinstance(source, str) else None
    if found is None:
        return None
    inputs = tuple(_STATUS.sub("", one) for one in found["inputs"].split(", "))
    return Derivation(found["process"], found["version"], inputs)
