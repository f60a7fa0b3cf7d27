"""How good the rows of a layer are: topology rules and measures of ISO 19157, by SQL."""

from layers.quality.boxes import Meeting
from layers.quality.check import Known, check, meeting
from layers.quality.result import Measured, Quality, Ruled

__all__ = ["Known", "Measured", "Meeting", "Quality", "Ruled", "check", "meeting"]
