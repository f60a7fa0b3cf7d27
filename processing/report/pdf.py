"""The report as PDF, set by Typst (a library in a wheel: no program, no font of the system)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

HERE = Path(__file__).resolve().parent


def render(content: Mapping[str, Any]) -> bytes:
    """Return the PDF of a report's content: A4, fonts embedded."""
    with tempfile.TemporaryDirectory(prefix="geoportal-report-") as folder:
        place = Path(folder)
        data = {name: value for name, value in content.items() if name != "pictures"}
        pictures = []
        for n, picture in enumerate(content["pictures"]):
            (place / f"{n}.svg").write_text(picture["svg"], encoding="utf-8")
            pictures.append({**picture, "svg": f"{n}.svg"})
        text = json.dumps(data | {"pictures": pictures}, ensure_ascii=False)
        (place / "content.json").write_text(text, encoding="utf-8")
        source = place / "report.typ"
        source.write_bytes((HERE / "report.typ").read_bytes())
        made: bytes = typst.compile(str(source), root=str(place), ignore_system_fonts=True)
    return made
