"""The ways of homes to the nearest facility of each class, followed at once or by tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processing import access, network, reach
from processing.access import Nearest
from processing.network import NONE, Snapped
from processing.reach import Parts
from processing.reach_tiled import Asked, by_tiles
from processing.scene import Network, join
from processing.spread import Spread
from processing.streets import Streets
from processing.tiled import Rows


@dataclass(frozen=True, slots=True)
class Ways:
    """How homes and facilities join the streets, and for each class what is nearest and reached."""

    streets: Streets
    homes: Snapped
    facilities: Snapped
    nearest: tuple[Nearest, ...]
    parts: tuple[Parts, ...]


def ways(places: Rows, asked: Asked, *, step: str, spread: Spread | None) -> Ways:
    """Return the ways among places, whose positions are their ids; by tiles with `spread`.

    Both give the same bits; `step` names the work among others of the same run.
    """
    if spread is None:
        return _at_once(places, asked)
    facilities = network.snap(places.streets, places.facilities, limit_m=asked.snap_limit_m)
    found = by_tiles(spread, step, places, facilities, asked)
    return Ways(places.streets, found.homes, facilities, found.nearest, found.parts)


def joined(places: Rows, snap_limit_m: float) -> Network:
    """Return homes and facilities joined to the streets."""
    return join(places.streets, places.homes, places.facilities, snap_limit_m=snap_limit_m)


def _at_once(places: Rows, asked: Asked) -> Ways:
    net = joined(places, asked.snap_limit_m)
    farthest_m = asked.search_m if asked.no_further else np.inf
    nearest, parts = [], []
    for k, name in enumerate(asked.classes):
        chosen = np.flatnonzero(places.facility_class == name)
        search = access.search(net.graph, chosen, limit_m=farthest_m)
        nearest.append(_within(access.nearest(net.graph, search, net.homes), farthest_m))
        if asked.limits_m:
            parts.append(reach.reached(net.graph, search, limit_m=asked.limits_m[k]))
    return Ways(places.streets, net.homes, net.facilities, tuple(nearest), tuple(parts))


def _within(near: Nearest, limit_m: float) -> Nearest:
    """Take away what is further: a connector may lead beyond the limit of a search."""
    beyond = near.distance_m > limit_m
    return Nearest(np.where(beyond, np.inf, near.distance_m), np.where(beyond, NONE, near.facility))
