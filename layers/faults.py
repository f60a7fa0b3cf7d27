"""What is wrong with the rows of a load: reasons with counts and the first few ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

SHOWN = 5
"""How many ids a message names per reason."""


@dataclass
class Faults:
    """Collects faults while rows stream by; memory does not grow with the number of rows."""

    counts: dict[str, int] = field(default_factory=dict)
    ids: dict[str, list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.counts)

    def add(self, reason: str, ids: Iterable[int]) -> None:
        """Record rows, by id, that have one fault."""
        found = list(ids)
        if found:
            self.add_counted(reason, len(found), found)

    def add_counted(self, reason: str, count: int, first: Sequence[int]) -> None:
        """Record a fault of `count` rows of which only the first ids are known."""
        self.counts[reason] = self.counts.get(reason, 0) + count
        shown = self.ids.setdefault(reason, [])
        shown.extend(first[: SHOWN - len(shown)])

    def sentence(self) -> str:
        """Say all faults: `3 rows: no value in kind (ids 1, 2, 3); ...`."""
        parts = []
        for reason, count in self.counts.items():
            shown = ", ".join(str(i) for i in self.ids[reason])
            more = ", ..." if count > len(self.ids[reason]) else ""
            ids = f" (id{'s' if count > 1 else ''} {shown}{more})" if shown else ""
            parts.append(f"{count} row{'s' if count > 1 else ''}: {reason}{ids}")
        return "; ".join(parts)
