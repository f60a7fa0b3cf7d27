"""Which form of a resource a caller gets: the parameter `f`, else the header Accept."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from geoportal.errors import BadParameter, NotAcceptable
from geoportal.ogc.media_types import ALSO, MEDIA_TYPES, SPELLINGS

MOST_RANGES = 50
"""Media ranges read from one header; what follows is passed over."""


class Range(NamedTuple):
    """A media range of an Accept header, its parameters without `q`, and its weight."""

    media_type: str
    options: dict[str, str]
    weight: float


def read_format(formats: tuple[str, ...], f: str | None, accept: str) -> str:
    """Return the format of the answer; raises BadParameter for `f`, NotAcceptable for Accept."""
    if f is None:
        found = preferred(formats, accept)
        if found is not None:
            return found
        offered = ", ".join(MEDIA_TYPES[x].split(";")[0] for x in formats)
        raise NotAcceptable(f"This resource has no form that you accept; it has {offered}.")
    for format_ in formats:
        if f in SPELLINGS.get(format_, (format_,)):
            return format_
    offered = ", ".join(SPELLINGS.get(x, (x,))[0] for x in formats)
    raise BadParameter(f"Parameter f: {f[:40]!r} is not offered here; there is {offered}.")


@lru_cache(maxsize=256)  # browsers and programs send few different ones
def preferred(formats: tuple[str, ...], accept: str) -> str | None:
    """Return the format that a caller likes best, None when it takes none of them.

    Of several ranges that name a format the narrowest decides; of formats liked equally, the one
    named first. Method: RFC 9110, section 12.5.1.
    """
    if not accept.strip():
        return formats[0]
    ranges = [_range(part) for part in accept.lower().split(",")[:MOST_RANGES]]
    best, most = None, (0.0, -MOST_RANGES)
    for format_ in formats:
        narrowest = 0
        liked = (0.0, -MOST_RANGES)
        for place, one in enumerate(ranges):
            narrowness = _narrowness(one, format_)
            if narrowness > narrowest:
                narrowest, liked = narrowness, (one.weight, -place)
        if liked[0] > 0 and liked > most:
            best, most = format_, liked
    return best


def _range(text: str) -> Range:
    media_type, *rest = text.split(";")
    options = dict(_option(part) for part in rest)
    try:
        weight = float(options.pop("q", "1"))
    except ValueError:
        weight = 0.0
    return Range(media_type.strip(), options, weight)


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip().strip('"')


def _narrowness(wanted: Range, format_: str) -> int:
    """Return how narrowly a range names a format, 0 = not at all."""
    own, *rest = MEDIA_TYPES[format_].split(";")
    if wanted.media_type == "*/*":
        return 1
    names = (own, *ALSO.get(format_, ()))
    if wanted.media_type.endswith("/*"):
        return 2 * any(one.startswith(wanted.media_type[:-1]) for one in names)
    if wanted.media_type not in names:
        return 0
    # Another version is another format; what we do not tell of ours (`level`) tells nothing apart.
    told = dict(_option(part) for part in rest)
    told.pop("charset", None)
    alike = all(told.get(name, value) == value for name, value in wanted.options.items())
    return 3 + bool(wanted.options) if alike else 0
