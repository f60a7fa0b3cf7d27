"""How far on foot is near enough: the norm of a class, or what the user gives in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from layers.seed import ServiceNorm
from processing.errors import BadParameter

Form = Literal["multi_storey", "low_rise"]


@dataclass(frozen=True, slots=True)
class Limit:
    """The walking limit of one class in metres; `norm_status` says where it comes from.

    `norm_status` is verified, partly_verified, recalled, or user.
    """

    service_class: str
    limit_m: float
    norm_status: str


def choose(
    classes: Iterable[str],
    given_m: Mapping[str, float],
    norms: Mapping[str, ServiceNorm],
    *,
    form: Form,
    order: Iterable[str],
) -> tuple[Limit, ...]:
    """Return the limit of every class, in metres along the way, in the order of the code list.

    No classes = all that have a norm or a limit given. Norms that are not measured along the way
    are passed over, because such a limit cannot be compared with a distance along the way. Raises
    BadParameter when a class has neither a norm nor a given limit, or a given limit has no class.
    """
    usable = {name: norm for name, norm in norms.items() if norm.measured == "network"}
    chosen = set(classes) or usable.keys() | given_m.keys()
    if idle := [name for name in given_m if name not in chosen]:
        message = f"limits_m.{idle[0]}: {idle[0]} is not among the service_classes"
        raise BadParameter(f"{message}; add it there or leave its limit out")
    return tuple(_limit(name, given_m, usable, form) for name in order if name in chosen)


def _limit(
    name: str, given_m: Mapping[str, float], norms: Mapping[str, ServiceNorm], form: Form
) -> Limit:
    if name in given_m:
        return Limit(name, given_m[name], "user")
    if name not in norms:
        message = f"service_classes: {name} has no norm"
        raise BadParameter(f"{message}; give its limit, 1 to 20000 m, as limits_m.{name}")
    norm = norms[name]
    if form == "multi_storey":
        return Limit(name, norm.limit_multi_storey_m, norm.multi_storey_status)
    return Limit(name, norm.limit_low_rise_m, norm.low_rise_status)
