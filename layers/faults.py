"""What is wrong with the rows of a load: reasons with counts and the first few ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from layers.message import Message, message

SHOWN = 5
"""How many ids a message names per reason."""


@dataclass
class Faults:
    """Collects faults while rows stream by; memory does not grow with the number of rows."""

    counts: dict[Message, int] = field(default_factory=dict)
    ids: dict[Message, list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.counts)

    def add(self, reason: Message, ids: Iterable[int]) -> None:
        """Record rows, by id, that have one fault."""
        found = list(ids)
        if found:
            self.add_counted(reason, len(found), found)

    def add_counted(self, reason: Message, count: int, first: Sequence[int]) -> None:
        """Record a fault of `count` rows of which only the first ids are known."""
        self.counts[reason] = self.counts.get(reason, 0) + count
        shown = self.ids.setdefault(reason, [])
        shown.extend(first[: SHOWN - len(shown)])

    def told(self) -> Message:
        """Say all faults: `3 rows: no value in kind (ids 1, 2, 3); ...`."""
        return message("row.faults", faults=[self._one(reason) for reason in self.counts])

    def _one(self, reason: Message) -> Message:
        count, ids = self.counts[reason], self.ids[reason]
        code = "row.no_ids" if not ids else "row.id" if count == 1 else "row.ids"
        named = message("row.more_ids" if count > len(ids) > 0 else code, ids=ids)
        one = "row.one" if count == 1 else "row.many"
        return message(one, count=count, why=reason, ids=named)
