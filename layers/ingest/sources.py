"""The sources of the national layers: read data/sources.yml, find a file or download it.

A file counts only with its recorded checksum, wherever it comes from; only one whose entry says
that it may change (`sha256: null`, in a source with a schedule) has none.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Self

from pydantic import Field as Constraint
from pydantic import ValidationError, model_validator

from layers.document import read_yaml
from layers.errors import BadLayerFile, CorruptSource, MissingSource
from layers.ingest.fetch import fetch
from layers.ingest.schedule import require_schedule
from layers.model import Licence, Name, Text, Value
from layers.seed import data_dir


class SourceFile(Value):
    """One file: its path inside the sources directory, and where its origin has the same bytes.

    Without a checksum the origin may have other bytes every time.
    """

    path: str = Constraint(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-/]*$")
    content: str
    url: str | None = Constraint(pattern=r"^https?://")
    sha256: str | None = Constraint(pattern=r"^[0-9a-f]{64}$")


class Source(Value):
    """A set of files of one origin and licence, and the layers made from it.

    `update` says when it is fetched anew (layers/ingest/schedule.py); None = its files are fixed.
    """

    id: str
    title: Text
    layers: tuple[Name, ...]
    origin: str
    licence: Licence
    attribution: str
    retrieved: date
    defects: tuple[str, ...]
    files: tuple[SourceFile, ...]
    update: str | None = None

    @model_validator(mode="after")
    def _require_changing_files(self) -> Self:
        changing = [file for file in self.files if file.sha256 is None]
        if self.update is not None:
            require_schedule(self.update)
            if not changing:
                raise ValueError(
                    f"{self.id} has `update`, but the checksums of its files are recorded, so"
                    " nothing can change; write `sha256: null` for a file that may"
                )
        for file in changing:
            if self.update is None or file.url is None:
                raise ValueError(
                    f"{file.path} has no checksum: that needs a `url`, and `update` of {self.id};"
                    " else record its sha256"
                )
        return self

    def file(self, name: str) -> SourceFile:
        """Return the file of that name; raises MissingSource when sources.yml does not list it."""
        for file in self.files:
            if Path(file.path).name == name:
                return file
        raise MissingSource(f"data/sources.yml lists no file {name} of the source {self.id}")


class _Sources(Value):
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Places:
    """Where files are looked for: the operator's mirror first, then what was downloaded before.

    `fresh` are files, by path, that may change and were fetched just now.
    """

    sources_dir: Path | None
    cache_dir: Path
    fresh: Mapping[str, Path] = field(default_factory=dict)


def read_sources(path: Path | None = None) -> dict[str, Source]:
    """Return the sources by id, of data/sources.yml unless told otherwise.

    Raises BadLayerFile with file and line when it is malformed.
    """
    document = read_yaml(path or data_dir() / "sources.yml")
    try:
        found = _Sources.model_validate(document.value)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadLayerFile(str(document.fault(first["msg"], *first["loc"]))) from None
    return {source.id: source for source in found.sources}


def find(file: SourceFile, places: Places) -> Path:
    """Return the path of a source file that has its recorded checksum, if one is recorded.

    Looks in the sources directory, then in the cache, then downloads it into the cache. Raises
    CorruptSource when the operator's file has another checksum or the download has, MissingSource
    when there is none.
    """
    if places.sources_dir is not None:
        own = places.sources_dir / file.path
        if own.is_file():
            return _checked(own, file)
    if file.path in places.fresh:
        return places.fresh[file.path]
    cached = places.cache_dir / file.path
    if cached.is_file() and file.sha256 in (None, checksum(cached)):
        return cached
    if file.url is None:
        raise MissingSource(
            f"{file.path} is missing and cannot be downloaded;"
            " set GEOPORTAL_SOURCES_DIR to a directory that has it"
        )
    return _download(file, file.url, cached)


def _checked(path: Path, file: SourceFile) -> Path:
    found = checksum(path)
    if file.sha256 is not None and found != file.sha256:
        raise CorruptSource(
            f"{path} has the sha256 {found[:12]}..., data/sources.yml records"
            f" {file.sha256[:12]}...; restore the file, or record the new checksum"
        )
    return path


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file; raises CorruptSource when it cannot be read."""
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise CorruptSource(f"{path} cannot be read: {error.strerror}") from None


def _download(file: SourceFile, url: str, target: Path) -> Path:
    """Fetch into a temporary file beside the target and rename it, so no half file is ever seen."""
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
            temporary = Path(part.name)
        fetch(url, temporary)
    except (MissingSource, OSError) as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise MissingSource(
            f"{file.path} is missing and cannot be downloaded from its origin ({error});"
            " set GEOPORTAL_SOURCES_DIR to a directory that has it"
        ) from None
    if file.sha256 not in (None, checksum(temporary)):
        temporary.unlink()
        raise CorruptSource(
            f"{url} gave other bytes than data/sources.yml records;"
            " retry, or set GEOPORTAL_SOURCES_DIR to a directory with the right file"
        )
    temporary.replace(target)
    return target
