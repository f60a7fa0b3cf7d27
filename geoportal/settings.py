"""One frozen Settings, read from GEOPORTAL_* variables once, passed in everywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from geoportal.errors import BadSetting

PREFIX = "GEOPORTAL_"


class Settings(BaseModel):
    """Every setting of the service; its variable is GEOPORTAL_ and the name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str | None = Field(
        None, description="URL of an existing PostGIS database; unset = run an embedded one"
    )
    host: str = Field("127.0.0.1", description="address the server listens on")
    port: int = Field(8000, ge=1, le=65535, description="TCP port the server listens on")
    public_url: str | None = Field(
        None, description="address of the portal in links; unset = made from host and port"
    )
    workers: int = Field(2, ge=1, le=64, description="server processes")
    tile_cache_mb: int = Field(
        64, ge=0, le=65536, description="memory for tiles per worker, MB; 0 = no tile is kept"
    )
    tile_cache_dir: Path | None = Field(
        None, description="folder of tiles kept on disk, shared by all workers; unset = none"
    )
    tile_cache_dir_mb: int = Field(
        10_000, ge=1, description="most that the folder of tiles holds, MB"
    )
    pool_size: int = Field(8, ge=1, le=100, description="database connections per worker")
    statement_timeout_s: float = Field(
        10.0, gt=0, le=600, description="longest database query of a request, s"
    )
    items_limit: int = Field(10_000, ge=1, le=100_000, description="most features on one page")
    execution_timeout_s: float = Field(
        120.0, gt=0, le=86400, description="longest synchronous execution of a process, s"
    )
    processes: str = Field(
        "", description="Python modules with further processes, separated by commas"
    )
    jobs: int = Field(
        2, ge=0, le=64, description="jobs that a worker runs at once; 0 = `up` starts no worker"
    )
    job_timeout_s: float = Field(
        3600.0, gt=0, le=604_800, description="longest run of a job, s, where no deadline is set"
    )
    job_deadlines: dict[str, float] = Field(
        {}, description="longest run of single processes, s: `echo=60,service-coverage=600`"
    )
    job_days: float = Field(
        7.0, gt=0, le=3650, description="how long a job that is over and its results are kept, days"
    )
    job_result_mb: int = Field(
        200, ge=1, le=900, description="most that all outputs of a job take together, MB"
    )
    job_disk_mb: int = Field(
        2000, ge=1, description="largest temporary file that a job may write, MB"
    )
    jobs_per_owner: int = Field(
        20, ge=1, description="most jobs of one API key that wait or run; so all without key"
    )
    exports: int = Field(
        2, ge=1, le=64, description="exports at once per worker; more are asked to come back"
    )
    export_timeout_s: float = Field(
        600.0, gt=0, le=86400, description="longest export of features to a file or stream, s"
    )
    painters: int = Field(
        1, ge=1, le=64, description="processes per worker that paint maps, made when needed"
    )
    map_timeout_s: float = Field(
        30.0, gt=0, le=600, description="longest painting of a map, its queries included, s"
    )
    dask_scheduler: str | None = Field(
        None, description="address of a Dask scheduler for runs by tiles; unset = none"
    )
    sources_dir: Path | None = Field(
        None, description="mirror of the national sources; unset = download from their origin"
    )
    sources_file: Path | None = Field(
        None, description="list of the national sources with schedules; unset = data/sources.yml"
    )
    layers_dir: Path | None = Field(
        None, description="folder of further layer definitions, <theme>/<id>/ as in layers/"
    )
    reference_dir: Path | None = Field(
        None, description="published reference sets, for tests; unset = those tests skip"
    )
    cite_dir: Path | None = Field(
        None, description="OGC executable test suites, for `make conformance`; unset = skipped"
    )
    peers_dir: Path | None = Field(
        None, description="rival servers as programs, for benchmarks; unset = left out"
    )

    @field_validator("job_deadlines", mode="before")
    @classmethod
    def _pairs(cls, given: object) -> object:
        """Read `echo=60,service-coverage=600`."""
        if not isinstance(given, str):
            return given
        return dict(part.strip().partition("=")[::2] for part in given.split(","))

    @field_validator("job_deadlines")
    @classmethod
    def _positive(cls, given: dict[str, float]) -> dict[str, float]:
        if not all(0 < seconds <= 604_800 for seconds in given.values()):  # a week
            raise ValueError("seconds above 0 and at most 604800 are needed")
        return given

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings; raises BadSetting naming the variable and what it may be."""
        environ = os.environ if environ is None else environ
        given = {
            name: environ[PREFIX + name.upper()]
            for name in cls.model_fields
            if environ.get(PREFIX + name.upper(), "") != ""
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            help_text = cls.model_fields[name].description
            message = f"{PREFIX}{name.upper()} = {given[name]!r}: {first['msg']} ({help_text})"
            raise BadSetting(message) from None

    @property
    def base_url(self) -> str:
        """The portal's address in links, without a slash at the end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}"
