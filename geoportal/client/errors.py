"""What can go wrong between a notebook and a geoportal."""

from __future__ import annotations

from geoportal.errors import GeoportalError


class ClientError(GeoportalError):
    """Base of the client's errors; its text names cause and remedy."""


class NotReachable(ClientError):
    """No geoportal answers at that address."""


class RequestRefused(ClientError):
    """The geoportal answered with a problem; the text is what it said."""


class DeadlinePassed(ClientError):
    """The answer was not complete within the deadline of the call."""


class ForeignLink(ClientError):
    """A link or redirection leads to another server than the one that was opened."""


class NoMap(ClientError):
    """The map cannot be drawn: too many features, nothing to draw, or its files are missing."""
