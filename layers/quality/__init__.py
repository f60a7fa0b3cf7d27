"""How good the rows of a layer are: topology rules and measures of ISO 19157, by SQL."""

from layers.quality.check import check
from layers.quality.result import Measured, Quality, Ruled

__all__ = ["Measured", "Quality", "Ruled", "check"]
