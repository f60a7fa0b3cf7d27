"""The processes by id."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from geoportal.errors import BadSetting, NoSuchProcess
from geoportal.processes.echo import ECHO
from geoportal.processes.model import Process
from geoportal.processes.pipeline import process_of
from processing.pipelines import PIPELINES


@cache
def processes(modules: str = "") -> Mapping[str, Process]:
    """Return every process; `modules` names further ones, each with a tuple PROCESSES.

    Raises BadSetting for a module that cannot be imported or has none.
    """
    found = {name: process_of(pipeline) for name, pipeline in PIPELINES.items()}
    found[ECHO.id] = ECHO
    for name in filter(None, (part.strip() for part in modules.split(","))):
        try:
            more: tuple[Process, ...] = import_module(name).PROCESSES
        except (ImportError, AttributeError) as error:
            raise BadSetting(f"GEOPORTAL_PROCESSES: {name} gives no processes: {error}.") from None
        found |= {process.id: process for process in more}
    return found


def find(modules: str, process_id: str) -> Process:
    """Return a process; raises NoSuchProcess."""
    try:
        return processes(modules)[process_id]
    except KeyError:
        raise NoSuchProcess(f"There is no process {process_id[:80]!r}.") from None
