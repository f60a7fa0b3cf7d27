"""What a process is. Imports neither numpy nor geopandas: the web process lists processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg

from layers.model import Language, Text

Schema = Mapping[str, Any]
JSON = "application/json"
GEOJSON = "application/geo+json"


@dataclass(frozen=True, slots=True)
class Input:
    """One input: `schema` is the JSON Schema of one value, `most` how many values may be given.

    With `most` above 1 the process gets a list.
    """

    title: Text
    schema: Schema
    description: Text | None = None
    least: int = 0
    most: int = 1


@dataclass(frozen=True, slots=True)
class Output:
    """One output, encoded as `media_type`."""

    title: Text
    schema: Schema
    description: Text | None = None
    media_type: str = JSON


class Context(Protocol):
    """What a running process is given besides its inputs."""

    @property
    def folder(self) -> Path:
        """The job's own folder for temporary files; it is removed with the job."""

    @property
    def publish(self) -> bool:
        """Whether the caller, who has the right, wants the result layers replaced."""

    @property
    def scheduler(self) -> str | None:
        """Address of the Dask scheduler for what can be computed by tiles, None = there is none."""

    def progress(self, percent: float, message: str = "") -> None:
        """Tell how far it is, 0 to 100."""

    def database(self, role: str) -> AbstractContextManager[psycopg.Connection[Any]]:
        """Give a connection in a role; its queries end with the job."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process: `run` is called in a child process only, and imports what it needs there.

    `inputs` gets the ids of the areas that layers are loaded for, by layer. `check` raises
    ProcessingError for inputs that fit their schemas and still cannot be used; `run` returns a
    value for every output: bytes as they are, anything else becomes JSON.
    """

    id: str
    version: str
    title: Text
    description: Text
    inputs: Callable[[Mapping[str, frozenset[str]], Language], Mapping[str, Input]]
    outputs: Callable[[], Mapping[str, Output]]
    run: Callable[[Mapping[str, Any], Context], Mapping[str, Any]]
    check: Callable[[Mapping[str, Any]], None] = lambda _: None
    publishes: tuple[str, ...] = ()
    """The layers that it can replace."""
    compares: bool = False
    """Whether its input `scenario` is an overlay over the layers of its input `area`."""
    public: bool = False
    """Whether everybody may list its jobs that nobody's key owns."""


def fixed(inputs: Mapping[str, Input]) -> Callable[[object, object], Mapping[str, Input]]:
    """Return the inputs of a process that does not depend on what is loaded."""
    return lambda _areas, _language: inputs
