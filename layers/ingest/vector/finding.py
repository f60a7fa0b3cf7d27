"""What a load finds out about a feature, and what it did about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from layers.message import Message

Action = Literal["repaired", "refused", "noted"]


@dataclass(frozen=True)
class Finding:
    """One fault of one feature; `feature` is its id in the source, `code` names the fault's kind.

    `value` is what stood there, `message` says what is wrong or was done; `lon`, `lat` (degrees,
    WGS 84) are where to look, None when the feature has no usable place.
    """

    code: str
    feature: str
    action: Action
    field: str | None = None
    value: str | None = None
    message: Message | None = None
    lon: float | None = None
    lat: float | None = None

    @property
    def called(self) -> str:
        """The feature's id; with its title, which is the value where a rule looked at its row."""
        return called(self.feature, self.value if self.code.startswith("rule.") else None)

    @property
    def detail(self) -> str:
        """The message in English."""
        return str(self.message or "")

    def document(self) -> dict[str, Any]:
        """Return the finding as JSON values; the message is its code and parameters."""
        return {
            "code": self.code,
            "feature": self.feature,
            "action": self.action,
            "field": self.field,
            "value": self.value,
            "message": self.message.document() if self.message else None,
            "lon": self.lon,
            "lat": self.lat,
        }


def called(feature: str, title: str | None) -> str:
    """Return a feature's name in its file with its title, where it has one."""
    return f"{feature} ({title})" if title else feature
