"""Requests of the client: JSON in and out, one origin, one deadline."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import IO, Any, override
from urllib.parse import urlencode, urlsplit

from geoportal.client.errors import DeadlinePassed, ForeignLink, NotReachable, RequestRefused

_CHUNK = 1 << 18  # bytes
_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address, as a browser compares them."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON answer, where it came from and its headers."""

    url: str
    document: Any
    headers: HTTPMessage


class _SameOrigin(urllib.request.HTTPRedirectHandler):
    """Follows redirections within one origin only."""

    @override
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _require_same_origin(req.full_url, newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Connection:
    """Requests to one API that together end before one deadline.

    `root` is the address of the API (.../ogc), `language` be, ru or en, `timeout_s` the seconds
    from now until the last byte of the last answer.
    """

    def __init__(self, root: str, *, language: str, timeout_s: float) -> None:
        if urlsplit(root).scheme not in _PORTS:
            raise NotReachable(f"{root}: an address begins with http:// or https://.")
        self.root = root
        self._language = language
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s
        self._opener = urllib.request.build_opener(_SameOrigin())

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Reply:
        """Return what is at a path below the API's root; raises ClientError."""
        query = f"?{urlencode(parameters, safe=',:/')}" if parameters else ""
        return self._send(_request(f"{self.root}{path}{query}"))

    def follow(self, url: str) -> Reply:
        """Return what a link of an answer leads to; raises ForeignLink and other ClientErrors."""
        _require_same_origin(self.root, url)
        return self._send(_request(url))

    def post(self, path: str, document: Any) -> Reply:
        """Send a JSON document and return the answer; raises ClientError."""
        body = json.dumps(document, allow_nan=False).encode()
        return self._send(_request(f"{self.root}{path}", body))

    def _send(self, request: urllib.request.Request) -> Reply:
        request.add_header("Accept", "application/geo+json, application/json;q=0.9, */*;q=0.1")
        request.add_header("Accept-Language", self._language)
        url = request.full_url
        try:
            with self._opener.open(request, timeout=self._left(url)) as answer:
                text = self._read(answer, url)
                return Reply(answer.url, json.loads(text), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                raise RequestRefused(_problem(error, self._read(error, url))) from None
        except TimeoutError:
            raise self._late(url) from None
        except (OSError, http.client.HTTPException) as error:
            if isinstance(getattr(error, "reason", None), TimeoutError):
                raise self._late(url) from None
            reason = getattr(error, "reason", None) or error
            raise NotReachable(
                f"{url} does not answer ({reason}): is the geoportal running, and is that its"
                " address?"
            ) from None
        except ValueError:
            raise NotReachable(f"{url} answers, but not with JSON: it is no geoportal.") from None

    def _read(self, answer: Any, url: str) -> bytes:
        """Read all; one call of `read` could wait for ever for a server that drips."""
        parts = []
        while part := answer.read1(_CHUNK):
            parts.append(part)
            self._left(url)
        return b"".join(parts)

    def _left(self, url: str) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._late(url)
        return left

    def _late(self, url: str) -> DeadlinePassed:
        return DeadlinePassed(
            f"{url} was not answered within the {self._timeout_s:g} s of this call: ask for less"
            " (bbox, limit, a property), or open the geoportal with a larger timeout_s."
        )


def _request(url: str, body: bytes | None = None) -> urllib.request.Request:
    headers = {} if body is None else {"Content-Type": "application/json"}
    # The scheme is http or https: `root` was checked, links have its origin.
    return urllib.request.Request(url, body, headers)  # noqa: S310


def _require_same_origin(here: str, there: str) -> None:
    if origin(here) == origin(there):
        return
    scheme, host, port = origin(there)
    raise ForeignLink(
        f"The geoportal at {here} sends its readers to {scheme}://{host}:{port}, another server:"
        " not followed. If that is its public address, open it there."
    )


def _problem(error: urllib.error.HTTPError, body: bytes) -> str:
    """Say what a problem document says, else the status."""
    try:
        document = json.loads(body)
        said = f"{document['title']}: {document['detail']}"
    except (ValueError, KeyError, TypeError):
        said = error.reason
    return f"{error.url} answered {error.code}: {said}"
