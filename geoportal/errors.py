"""One table: error class of any room -> HTTP status and title; nothing else decides a status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from layers import errors as layers_errors
from processing import errors as processing_errors


class GeoportalError(Exception):
    """Base of the errors of this room; its text is one sentence a person can act on."""


class BadSetting(GeoportalError):
    """An environment variable has a value that it cannot have."""


class BadKey(GeoportalError):
    """An API key cannot be made or ended as asked."""


class ClusterError(GeoportalError):
    """The embedded database cluster cannot be made, started or stopped."""


class ServerError(GeoportalError):
    """The HTTP server cannot be started: port in use, address not of this machine."""


class NotFound(GeoportalError):
    """Nothing is at that address."""


class BadParameter(GeoportalError):
    """A parameter of a request is unknown or has a value that it cannot have."""


class NotAcceptable(GeoportalError):
    """No format that the caller accepts is offered."""


class UnsupportedMediaType(GeoportalError):
    """The body of a request is of a kind that is not understood here."""


class UnsupportedContentCoding(UnsupportedMediaType):
    """The body of a request is compressed or coded in another way."""


class BodyTooLarge(GeoportalError):
    """The body of a request is longer than allowed."""


class HeadersTooLarge(GeoportalError):
    """The headers of a request are longer than allowed."""


class AddressTooLong(GeoportalError):
    """The address of a request is longer than allowed."""


class MethodNotAllowed(GeoportalError):
    """The address exists, but not for that method; `allowed` are the methods it has."""

    def __init__(self, message: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.allowed = allowed


class RangeNotSatisfiable(GeoportalError):
    """No part of a file lies in the ranges asked for; `length` is that of the file, in bytes."""

    def __init__(self, message: str, length: int) -> None:
        super().__init__(message)
        self.length = length


class Unauthorized(GeoportalError):
    """The request needs a key that it does not carry, or carries one that is not valid."""


class Forbidden(GeoportalError):
    """The key of the request does not allow this."""


class PreconditionFailed(GeoportalError):
    """The feature is not any more as the caller saw it."""


class PreconditionRequired(GeoportalError):
    """A change must say which state of the feature it is meant for."""


class NoSuchProcess(GeoportalError):
    """No process of that id is offered."""


class NoSuchJob(GeoportalError):
    """No job of that id is there, or it is somebody else's."""


class ResultNotReady(GeoportalError):
    """The job has no result: it is not over, or was dismissed."""


class TooManyJobs(GeoportalError):
    """The caller has as many jobs that wait or run as anybody may have."""


class ExecutionFailed(GeoportalError):
    """A process ended with an error of its own."""


class PictureFailed(GeoportalError):
    """The process that paints pictures ended instead of painting one."""


class Busy(GeoportalError):
    """The service has no free place for the request now; a retry may succeed."""


class DatabaseUnavailable(GeoportalError):
    """The database does not answer; a retry may succeed."""


class TableMissing(GeoportalError):
    """The table behind a collection is gone, or is not as it was when it was published."""


class QueryTimeout(GeoportalError):
    """A database query took longer than `GEOPORTAL_STATEMENT_TIMEOUT_S` and was ended."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How an error is told over HTTP; `code` is the code of OGC service exceptions."""

    status: int
    title: str
    code: str
    headers: Mapping[str, str] = field(default_factory=dict)
    type: str = "about:blank"


RETRY = {"Retry-After": "5"}
IDENTITY = {"Accept-Encoding": "identity"}
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="geoportal"'}
PROCESS_EXCEPTION = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"

ANSWERS: dict[type[Exception], Answer] = {
    NotFound: Answer(404, "Not found", "NotFound"),
    layers_errors.UnknownLayer: Answer(404, "No such collection", "NotFound"),
    NoSuchProcess: Answer(
        404, "No such process", "NoSuchProcess", type=PROCESS_EXCEPTION + "no-such-process"
    ),
    NoSuchJob: Answer(404, "No such job", "NoSuchJob", type=PROCESS_EXCEPTION + "no-such-job"),
    ResultNotReady: Answer(
        404, "Result not ready", "ResultNotReady", type=PROCESS_EXCEPTION + "result-not-ready"
    ),
    TooManyJobs: Answer(429, "Too many jobs", "NoApplicableCode", {"Retry-After": "60"}),
    BadParameter: Answer(400, "Bad parameter", "InvalidParameterValue"),
    layers_errors.UnknownField: Answer(400, "Unknown property", "InvalidParameterValue"),
    layers_errors.BadValue: Answer(400, "Bad value", "InvalidParameterValue"),
    layers_errors.BadFilter: Answer(400, "Bad filter", "InvalidParameterValue"),
    layers_errors.BadScenario: Answer(422, "Scenario refused", "InvalidParameterValue"),
    layers_errors.TakenName: Answer(409, "Name taken", "InvalidParameterValue"),
    layers_errors.UnknownScenario: Answer(404, "No such scenario", "NotFound"),
    layers_errors.UnknownArea: Answer(400, "Unknown area", "InvalidParameterValue"),
    processing_errors.BadParameter: Answer(400, "Bad input", "InvalidParameterValue"),
    processing_errors.ProcessingError: Answer(422, "Not computable", "InvalidParameterValue"),
    layers_errors.RefusedFeature: Answer(422, "Feature refused", "InvalidParameterValue"),
    Unauthorized: Answer(401, "Key needed", "NoApplicableCode", CHALLENGE),
    Forbidden: Answer(403, "Not allowed", "NoApplicableCode"),
    PreconditionFailed: Answer(412, "Changed in between", "NoApplicableCode"),
    PreconditionRequired: Answer(428, "If-Match needed", "NoApplicableCode"),
    NotAcceptable: Answer(406, "Not acceptable", "InvalidParameterValue"),
    UnsupportedMediaType: Answer(415, "Unsupported media type", "InvalidParameterValue"),
    UnsupportedContentCoding: Answer(
        415, "Unsupported content coding", "InvalidParameterValue", IDENTITY
    ),
    RangeNotSatisfiable: Answer(416, "Range not satisfiable", "InvalidParameterValue"),
    BodyTooLarge: Answer(413, "Body too large", "InvalidParameterValue"),
    HeadersTooLarge: Answer(431, "Request headers too large", "InvalidParameterValue"),
    AddressTooLong: Answer(414, "Address too long", "InvalidParameterValue"),
    MethodNotAllowed: Answer(405, "Method not allowed", "NoApplicableCode"),
    ExecutionFailed: Answer(422, "Execution failed", "NoApplicableCode"),
    PictureFailed: Answer(503, "No picture", "NoApplicableCode", RETRY),
    Busy: Answer(503, "Busy", "NoApplicableCode", RETRY),
    DatabaseUnavailable: Answer(503, "Database unavailable", "NoApplicableCode", RETRY),
    TableMissing: Answer(503, "Collection unavailable", "NoApplicableCode", RETRY),
    QueryTimeout: Answer(503, "Query took too long", "NoApplicableCode", RETRY),
}

UNEXPECTED = Answer(500, "Internal server error", "NoApplicableCode")


def answer_of(error: Exception) -> Answer:
    """Return how an error is told: its own row of the table, else that of its nearest base."""
    for kind in type(error).__mro__:
        if kind in ANSWERS:
            return ANSWERS[kind]
    return UNEXPECTED
