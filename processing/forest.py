"""The walks of homes to the nearest facility as trees, grown at once or by tiles.

A tile gives the walks of its own homes, with all that they meet beyond it; the trees of several
tiles may share pieces of street, so what people do on a piece is summed over all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from processing import network, routes, tiled, tiles
from processing.network import NONE, Bools, Floats, Ints, Snapped
from processing.reach_tiled import EVERYTHING, FURTHER, Piece, component, covers, cut, owners
from processing.routes import Walks
from processing.spread import Arrays, Spread
from processing.tiled import Held, Rows
from processing.tiles import Halo
from processing.ways import joined

FIRST_M = 1_000.0
"""So far the first round of tiles looks along the streets."""


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees of walks, towards their facilities.

    From a point of the network a walk goes on to the point `onward` (itself: it ends there) over
    the street `edge` (a position in Streets, NONE on the way between a street and a facility) from
    `from_m` to `to_m` along it. `home` are the positions of the homes that set out, each at the
    point `node`.
    """

    onward: Ints
    edge: Ints
    from_m: Floats
    to_m: Floats
    home: Ints
    node: Ints

    @property
    def walks(self) -> Walks:
        """The walks, each point with its own piece."""
        piece = np.where(self.edge == NONE, NONE, np.arange(len(self.edge)))
        return Walks(np.ones(len(self.onward), dtype=bool), self.onward, piece)


def forests(places: Rows, snap_limit_m: float, spread: Spread | None) -> tuple[Forest, ...]:
    """Return the walks of all homes that have one, to the nearest of all facilities.

    `places` holds all rows with their positions as ids. Every home is in one tree; with `spread`
    there are trees of each tile, in which the walks are the same.
    """
    if spread is not None:
        return _by_tiles(spread, places, snap_limit_m)
    net = joined(places, snap_limit_m)
    found = routes.walks(net.graph, np.arange(len(places.facilities)))
    return (_grown(net.graph, net.homes, found, np.arange(len(places.homes))),)


def walk_halo(limit_m: float, snap_limit_m: float) -> Halo:
    """Return the halo of walks of a length, counted from where a home joins its street."""
    return tiles.halo(limit_m + snap_limit_m, snap_limit_m)


def _grown(graph: network.Graph, homes: Snapped, found: Walks, chosen: Ints) -> Forest:
    """Return the trees of some homes, without the points on none of their walks."""
    node = graph.target_node[chosen]
    walking = homes.found[chosen] & found.reached[node]
    home, node = chosen[walking], node[walking]
    met = np.zeros(len(found.onward), dtype=bool)
    front = np.unique(node)
    while len(front):
        met[front] = True
        front = np.unique(found.onward[front])
        front = front[~met[front]]
    kept = np.flatnonzero(met)
    number = np.cumsum(met) - 1
    piece = found.piece[kept]
    on_street = piece != NONE
    edge = np.full(len(kept), NONE, dtype=np.int64)
    from_m, to_m = np.zeros(len(kept)), np.zeros(len(kept))
    edge[on_street] = graph.piece_edge[piece[on_street]]
    from_m[on_street] = graph.piece_from_m[piece[on_street]]
    to_m[on_street] = graph.piece_to_m[piece[on_street]]
    return Forest(number[found.onward[kept]], edge, from_m, to_m, home, number[node])


def _by_tiles(spread: Spread, places: Rows, snap_limit_m: float) -> tuple[Forest, ...]:
    held, owned = Held(places), owners(places, spread.tile_m, streets=False)
    label, parts = component(places.streets)
    facilities = network.snap(places.streets, places.facilities, limit_m=snap_limit_m)
    served = np.zeros(parts + 1, dtype=bool)  # the last one for homes that join no street
    served[label[facilities.edge[facilities.found]]] = True
    found: dict[tiles.Tile, Forest] = {}
    left, limit_m = list(owned), FIRST_M
    while left:
        halo = walk_halo(limit_m, snap_limit_m) if np.isfinite(limit_m) else EVERYTHING
        answers = spread.map(
            f"walks within {limit_m:g} m", of_piece, (limit_m, snap_limit_m), left,
            partial(cut, held, halo),
        )  # fmt: skip
        again = []
        for tile, arrays in answers.items():
            found[tile] = Forest(**{name: arrays[name] for name in _ARRAYS})
            with_way = served[np.append(label, parts)[arrays["street"]]]
            if with_way.sum() > len(found[tile].home):
                again.append(tile)
        left = again if np.isfinite(limit_m) else []
        limit_m = np.inf if all(covers(t, halo, places) for t in left) else limit_m * FURTHER
    return tuple(found[tile] for tile in owned)


_ARRAYS = ("onward", "edge", "from_m", "to_m", "home", "node")


def of_piece(limits_m: tuple[float, float], piece: Piece) -> Arrays:
    """Return the trees of the homes that a tile owns, and the street that each of these joins.

    `limits_m` are how far a walk is followed, and how far a place may join a street.
    """
    limit_m, snap_limit_m = limits_m
    rows, own = piece.rows, piece.own
    both = tiled.join(rows, snap_limit_m)
    if both is None:
        return _empty(own)
    graph, homes = both
    found = routes.walks(graph, np.arange(len(rows.facilities)), limit_m=limit_m)
    grown = _grown(graph, homes, found, np.flatnonzero(own))
    at = np.append(rows.streets.ids, NONE)
    return {
        "onward": grown.onward, "edge": at[grown.edge],
        "from_m": grown.from_m, "to_m": grown.to_m,
        "home": rows.home_ids[grown.home], "node": grown.node,
        "street": at[homes.edge[own]],
    }  # fmt: skip


def _empty(own: Bools) -> Arrays:
    nothing = {name: np.empty(0, dtype=np.int64) for name in _ARRAYS}
    return nothing | {
        "from_m": np.empty(0), "to_m": np.empty(0),
        "street": np.full(int(own.sum()), NONE, dtype=np.int64),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """Pieces of streets, in order along them, and how many people walk over each."""

    edge: Ints
    from_m: Floats
    to_m: Floats
    people: Floats


def passed(trees: Sequence[Forest], residents: Floats) -> Passed:
    """Return the pieces that the residents of the homes walk over.

    `residents` are whole persons of each home: their sums do not hang on the order.
    """
    if not trees:
        return Passed(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), np.empty(0))
    each = [_passed(one, residents) for one in trees]
    edge = np.concatenate([one.edge for one in each])
    from_m, to_m = (np.concatenate(m) for m in ([p.from_m for p in each], [p.to_m for p in each]))
    order = np.lexsort((to_m, from_m, edge))
    edge, from_m, to_m = edge[order], from_m[order], to_m[order]
    people = np.concatenate([one.people for one in each])[order]
    new = np.ones(len(edge), dtype=bool)
    new[1:] = (np.diff(edge) != 0) | (np.diff(from_m) != 0) | (np.diff(to_m) != 0)
    summed = np.bincount(np.cumsum(new) - 1, people, minlength=int(new.sum()))
    return Passed(edge[new], from_m[new], to_m[new], summed)


def _passed(one: Forest, residents: Floats) -> Passed:
    setting_out = np.zeros(len(one.onward))
    np.add.at(setting_out, one.node, residents[one.home])
    people = routes.passing(one.walks, setting_out, pieces=len(one.edge))
    street = one.edge != NONE
    return Passed(one.edge[street], one.from_m[street], one.to_m[street], people[street])
