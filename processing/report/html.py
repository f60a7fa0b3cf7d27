"""The report as one HTML file that needs nothing else: no script, no file, no server."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

HERE = Path(__file__).resolve().parent


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html")


def render(content: Mapping[str, Any]) -> str:
    """Return the HTML of a report's content (UTF-8 text)."""
    return _template().render(**content)
