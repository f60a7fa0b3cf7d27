"""The pipelines by name. Adding one = one module here and one line below."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from processing.errors import UnknownPipeline
from processing.pipelines import (
    accessibility_coverage,
    fibre_coverage,
    land_coverage,
    lighting_coverage,
    metering_coverage,
    monitoring_coverage,
    radio_coverage,
    service_coverage,
    site_selection,
    smart_quarter_coverage,
)
from processing.pipelines.model import (
    Parameter,
    Pipeline,
    Result,
    parameter_schemas,
    read_params,
    require_tiled,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "PIPELINES",
    "Parameter",
    "Pipeline",
    "Result",
    "get_pipeline",
    "parameter_schemas",
    "read_params",
    "require_tiled",
]

PIPELINES: Mapping[str, Pipeline] = MappingProxyType(
    {
        module.NAME: module
        for module in (
            smart_quarter_coverage,
            service_coverage,
            accessibility_coverage,
            radio_coverage,
            fibre_coverage,
            site_selection,
            lighting_coverage,
            monitoring_coverage,
            metering_coverage,
            land_coverage,
        )
    }
)


def get_pipeline(name: str) -> Pipeline:
    """Return the pipeline of that name; raises UnknownPipeline, which lists the known ones."""
    if name not in PIPELINES:
        known = ", ".join(PIPELINES)
        raise UnknownPipeline(f"there is no pipeline {name!r}; the known pipelines are {known}")
    return PIPELINES[name]
