"""What the server tells the child process that makes a file, and what it hears back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from layers.model import Language, Layer
from layers.query import CRS84, Filter, Page


class ExportRefused(Exception):
    """The format cannot hold what is asked for; the text says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class Order:
    """One file to be made at `path`; `about` are facts on the layer that the file shall carry."""

    format: str
    path: str
    database_url: str
    timeout_s: float
    layer: Layer
    rows: Filter
    page: Page
    language: Language
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def crs(self) -> str:
        """The CRS by its EPSG code; files have east before north whatever the code says."""
        return (
            "EPSG:4326" if self.page.crs == CRS84 else f"EPSG:{self.page.crs.uri.rsplit('/')[-1]}"
        )
