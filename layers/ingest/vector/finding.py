"""What a load finds out about a feature, and what it did about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Action = Literal["repaired", "refused", "noted"]


@dataclass(frozen=True)
class Finding:
    """One fault of one feature; `feature` is its id in the source, `code` names the fault's kind.

    `value` is what stood there, `detail` says in English what is wrong or was done; `lon`, `lat`
    (degrees, WGS 84) are where to look, None when the feature has no usable place.
    """

    code: str
    feature: str
    action: Action
    field: str | None = None
    value: str | None = None
    detail: str = ""
    lon: float | None = None
    lat: float | None = None
