"""The methods that make up `smart-quarter-coverage`, in the order of their layers."""

from __future__ import annotations

from processing.pipelines import (
    accessibility_coverage,
    fibre_coverage,
    lighting_coverage,
    monitoring_coverage,
    radio_coverage,
    service_coverage,
)
from processing.pipelines.model import Pipeline

MEMBERS: tuple[Pipeline, ...] = (
    service_coverage,
    accessibility_coverage,
    radio_coverage,
    fibre_coverage,
    lighting_coverage,
    monitoring_coverage,
)
