"""What a route is: one line of the table in `routes`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from geoportal.ogc.media_types import JSON
from geoportal.ogc.request import Answer
from layers.model import Text

LIST_STATUSES = (200, 400, 401, 406, 500, 503)
EDIT_STATUSES = (204, 400, 401, 403, 404, 406, 412, 413, 415, 422, 428, 500, 503)
DELETE_STATUSES = tuple(s for s in EDIT_STATUSES if s not in (415, 422))

Handler = Callable[..., Answer | Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """One address and method, what it takes and gives; `formats[0]` is the default.

    `parameters` are names of `openapi.PARAMETERS`; with `properties` the published fields of the
    collection are parameters too. `page` is the HTML template of a document answer; `accepts` the
    media types of the body. `editing` = only where the layer may be edited; `own_state` = there the
    answer follows from the state of one feature and not from that of its layer; `live` = it follows
    from what no layer knows; `keyed` = it needs an API key and, but for POST, an ETag seen.
    """

    path: str
    name: str
    handler: Handler
    tag: str
    summary: Text
    formats: tuple[str, ...] = ("json", "html")
    parameters: tuple[str, ...] = ()
    properties: bool = False
    page: str = "document"
    method: str = "GET"
    schema: str = "document"
    body: str = "execute"
    statuses: tuple[int, ...] = (200, 304, 400, 404, 406, 500, 503)
    timestamped: bool = False
    accepts: tuple[str, ...] = (JSON,)
    editing: bool = False
    own_state: bool = False
    live: bool = False
    keyed: bool = False

    @property
    def cacheable(self) -> bool:
        """Whether the answer follows from the address and the versions of the layers."""
        return self.method == "GET" and not self.live


def texts(be: str, ru: str, en: str) -> Text:
    """Return a summary in the three languages."""
    return Text(be=be, ru=ru, en=en)
