"""What can go wrong in this room. HTTP statuses are decided in `geoportal/errors.py` only."""

from __future__ import annotations

from layers.message import Message


class ProcessingError(Exception):
    """Base of every error of the processing room; its text is one sentence a person can act on.

    Where a scorecard tells of it in three languages it is made of a message; else `message` is
    None.
    """

    def __init__(self, said: str | Message = "") -> None:
        super().__init__(str(said))
        self.message = said if isinstance(said, Message) else None


class MissingColumn(ProcessingError):
    """An input frame lacks a column that the method needs; the text names frame and column."""


class NotProjected(ProcessingError):
    """An input frame has no CRS, or one in degrees, where metres are measured."""


class MixedCRS(ProcessingError):
    """Two input frames that are measured together have different CRS."""


class BadGeometry(ProcessingError):
    """An input frame holds a geometry type that the method cannot measure."""


class Distorted(ProcessingError):
    """An input reaches so far that lengths in the metric CRS of its area are wrong there."""


class BadValue(ProcessingError):
    """A column of an input frame holds a value that cannot be; the text names column and ids."""


class RepeatedId(ProcessingError):
    """The index of an input frame, its feature ids, is not unique."""


class EmptyInput(ProcessingError):
    """An input frame has no rows where the method needs at least one."""


class UnknownPipeline(ProcessingError):
    """No pipeline of that name is registered; the text lists the known ones."""


class BadParameter(ProcessingError):
    """A parameter of a pipeline or method is unknown, missing or out of range."""


class UnknownDemoLayer(ProcessingError):
    """The demonstration generator does not make a layer of that id."""


class SolverFailed(ProcessingError):
    """A solver of integer programs is missing, fails, or ends without a proven answer."""


class UnfitScenario(ProcessingError):
    """A scenario changes or removes a feature that the base does not have."""


class RunFailed(ProcessingError):
    """A run ended without a result; the text says why, and the published layers are unchanged."""


class NoEngine(RunFailed):
    """The Dask cluster that should compute cannot be used; the text names its addresses."""


class BadPhotometry(ProcessingError):
    """A luminaire file or table is cut short, malformed or of a kind that is not read."""


class NoVariogram(ProcessingError):
    """A variogram cannot be fitted or used: too few stations, one value, a fit without a range."""
