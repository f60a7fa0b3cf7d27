"""One table: error class of any room -> HTTP status and title; nothing else decides a status."""


class GeoportalError(Exception):
    """Base of the errors of this room; its text is one sentence a person can act on."""


class BadSetting(GeoportalError):
    """An environment variable has a value that it cannot have."""
