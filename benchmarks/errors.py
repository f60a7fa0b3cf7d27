"""What can go wrong in a measurement."""


class BenchmarkError(Exception):
    """The measurement cannot be made; the message says why."""


class WrongAnswer(BenchmarkError):
    """A server did not answer what was asked."""


class ServerFailed(BenchmarkError):
    """A server did not start or answer."""
