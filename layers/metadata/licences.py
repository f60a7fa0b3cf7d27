"""SPDX ids of licences as metadata name them: by address, or within a sentence."""

from __future__ import annotations

import re

_IDS = re.compile(
    r"\b(CC0-1\.0|CC-BY(?:-NC)?(?:-SA|-ND)?-\d\.\d|ODbL-1\.0|ODC-BY-1\.0|PDDL-1\.0|MIT|Apache-2\.0)\b"
)
_CREATIVE = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)")
_ADDRESSES = {
    "creativecommons.org/publicdomain/zero/1.0": "CC0-1.0",
    "opendatacommons.org/licenses/odbl": "ODbL-1.0",
    "opendatacommons.org/licenses/by": "ODC-BY-1.0",
    "opendatacommons.org/licenses/pddl": "PDDL-1.0",
}


def spdx(text: str, url: str | None = None) -> str | None:
    """Return the SPDX id of a licence that a text or an address names, None for another one."""
    said = f"{text} {url or ''}"
    if found := _IDS.search(said):
        return found[1]
    if found := _CREATIVE.search(said):
        return f"CC-{found[1].upper()}-{found[2]}"
    return next((id_ for place, id_ in _ADDRESSES.items() if place in said), None)
