"""What can go wrong in this room. HTTP statuses are decided in `geoportal/errors.py` only."""

from __future__ import annotations

from layers.message import Message


class LayersError(Exception):
    """Base of every error of the layers room; its text is one sentence a person can act on.

    Where reports tell of it in three languages it is made of a message; else `message` is None.
    """

    def __init__(self, said: str | Message = "") -> None:
        super().__init__(str(said))
        self.message = said if isinstance(said, Message) else None


class BadLayerFile(LayersError):
    """A file of a layer definition is malformed; the text names file and line."""


class UnknownLayer(LayersError):
    """No layer of that id is defined."""


class UnknownField(LayersError):
    """The layer has no published field of that name."""


class BadValue(LayersError):
    """A value does not have the type of its field."""


class BadFilter(LayersError):
    """A CQL2 filter cannot be read or does not fit its layer; the text names reason and place.

    `at` is the offset (from 0) into CQL2 Text or the JSON pointer into CQL2 JSON.
    """

    def __init__(self, message: str, at: int | str = 0) -> None:
        super().__init__(message)
        self.at = at


class UnknownArea(LayersError):
    """No area of that id exists in the database or the seed tables."""


class UnfitTable(LayersError):
    """A table cannot be published as it is; the text names the remedy."""


class MissingSource(LayersError):
    """A source file is neither in the sources directory nor downloadable."""


class CorruptSource(LayersError):
    """A source file cannot be read or does not have its recorded checksum."""


class RefusedLoad(LayersError):
    """The rows of a load do not fit their layer; nothing was changed."""


class HeldLoad(RefusedLoad):
    """Too many of the rows that are there would vanish; nothing was changed, a person must look."""


class EditedLayer(RefusedLoad):
    """A load would undo edits that people made since the last load; nothing was changed."""


class NothingToUndo(LayersError):
    """No rows from before the last load are kept."""


class RefusedFeature(LayersError):
    """A feature does not fit its layer; `faults` are pairs of a JSON pointer and a reason."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0][0] or '/'}: {faults[0][1]}{more}.")
        self.faults = faults


class BadScenario(RefusedFeature):
    """A scenario is malformed or does not fit its layers; `faults` name the places in it."""


class TakenName(LayersError):
    """A scenario of that name is stored already."""


class UnknownScenario(LayersError):
    """No scenario of that name is stored."""


class StoreFailure(LayersError):
    """The database refused or interrupted a load (disk full, lost); nothing was changed."""


class UnfitDatabase(LayersError):
    """The database cannot hold the layers: too old, without PostGIS, or rights are missing."""


class DraftExists(LayersError):
    """A drafted layer would overwrite what is there, or its folder cannot be made."""
