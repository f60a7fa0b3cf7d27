"""Work spread over tiles: what is finished is taken as kept, the rest is computed and kept."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from processing.distributed import Engine, Hands, hands
from processing.tiles import Tile

Arrays = Mapping[str, NDArray[Any]]
"""What a tile gives: numbers and flags by name."""


class Kept(Protocol):
    """Where finished tiles are kept between runs."""

    def get(self, step: str, tile: str) -> bytes | None:
        """Return what a tile gave, or None."""

    def put(self, step: str, tile: str, content: bytes) -> None:
        """Keep what a tile gave."""


Told = Callable[[str, int, int], None]
"""Called with a step, its number of finished tiles and of all tiles."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Who computes tiles of which size, and where they are kept (None: nowhere).

    `method` tells the steps of one method from those of another in the same run.
    """

    hands: Hands
    tile_m: float
    kept: Kept | None = None
    told: Told | None = None
    method: str = ""

    def of(self, method: str) -> Spread:
        """Return the same for the steps of a method."""
        return replace(self, method=f"{method}, ")

    def map[P, C](
        self,
        step: str,
        work: Callable[[C, P], Arrays],
        common: C,
        tiles: Sequence[Tile],
        cut: Callable[[Tile], P],
    ) -> dict[Tile, Arrays]:
        """Return what `work(common, cut(tile))` gives for each tile, in the order of `tiles`.

        `step` names the work within its run. Raises as `Hands.do`.
        """
        step = self.method + step
        found: dict[Tile, Arrays] = {}
        for tile in tiles:
            content = None if self.kept is None else self.kept.get(step, tile.id)
            if content is not None:
                found[tile] = unpacked(content)
        left = [tile for tile in tiles if tile not in found]
        self._tell(step, found, tiles)
        for tile, arrays in self.hands.do(work, common, ((t, cut(t)) for t in left)):
            if self.kept is not None:
                self.kept.put(step, tile.id, packed(arrays))
            found[tile] = arrays
            self._tell(step, found, tiles)
        return {tile: found[tile] for tile in tiles}

    def _tell(self, step: str, found: dict[Tile, Arrays], tiles: Sequence[Tile]) -> None:
        if self.told is not None:
            self.told(step, len(found), len(tiles))


@contextmanager
def spread(
    engine: Engine, tile_m: float, kept: Kept | None = None, told: Told | None = None
) -> Iterator[Spread]:
    """Open an engine for work by tiles; raises as `hands`."""
    with hands(engine) as opened:
        yield Spread(opened, tile_m, kept, told)


def packed(arrays: Arrays) -> bytes:
    """Return arrays as bytes (NPZ, with checksums), bit by bit."""
    held = io.BytesIO()
    np.savez(held, allow_pickle=False, **arrays)
    return held.getvalue()


def unpacked(content: bytes) -> Arrays:
    """Return the arrays in bytes that `packed` made."""
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        return {name: held[name] for name in held.files}
