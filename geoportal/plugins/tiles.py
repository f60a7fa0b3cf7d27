"""What upstream asks about tiles for its collection documents; `ogc.tiles` serves them."""

from __future__ import annotations

from typing import Any

from pygeoapi.provider.base_mvt import BaseMVTProvider


class LayerTiles(BaseMVTProvider):  # type: ignore[misc]
    """Says that a layer has vector tiles."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)
        self.tile_type = "vector"
