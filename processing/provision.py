"""Plain provision: places (doctors) that there are, against those that the norm asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.seed import ProvisionNorm
from processing.errors import BadParameter
from processing.network import Floats
from processing.scene import Scene, numbers

Amount = float | None
"""A number of places, doctors or persons; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Provision:
    """Supply of an area and the norm; None where it cannot be said, never 0 instead.

    `supply` counts places or doctors, `persons` those for whom they are, `needed` is what the norm
    asks for them, `deficit` what is missing (0 when nothing is), `share` supply against needed.
    """

    supply: float | None
    persons: float | None
    per_1000_persons: float | None
    norm_per_1000_persons: float | None
    needed: float | None
    deficit: float | None
    share: float | None


def provision(
    supply: Amount,
    persons: Amount,
    norm_per_1000_persons: Amount,
) -> Provision:
    """Return the provision; raises BadParameter for a negative number."""
    for name, value in (("supply", supply), ("persons", persons)):
        if value is not None and not value >= 0:
            raise BadParameter(f"{name} = {value} is not allowed; it must be 0 or more")
    rate = 1_000 * supply / persons if supply is not None and persons else None
    needed = None
    if persons is not None and norm_per_1000_persons is not None:
        needed = persons * norm_per_1000_persons / 1_000
    known = supply is not None and needed is not None
    return Provision(
        supply=supply,
        persons=persons,
        per_1000_persons=rate,
        norm_per_1000_persons=norm_per_1000_persons,
        needed=needed,
        deficit=max(needed - supply, 0.0) if known else None,  # type: ignore[operator]
        share=supply / needed if known and needed else None,  # type: ignore[operator]
    )


def supply_of(seen: Scene, norm: ProvisionNorm) -> tuple[Floats, str | None]:
    """Return places (doctors) of every facility of the class, NaN where not known, or why not."""
    here = seen.service_points.iloc[seen.of_class(norm.service_class)]
    supply = numbers(here, norm.supply)
    if norm.supply == "places":
        supply = np.where(np.isnan(supply), numbers(here, "capacity"), supply)
    if seen.closed(norm.service_class):
        return supply, None
    if not len(here):
        return supply, "no facility of the class is loaded"
    if np.isnan(supply).all():
        return supply, f"the {norm.supply} of no facility of the class are known"
    return supply, None
