"""Which values of a field a rule is for: simple enough to intersect and to tell as a filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Domain:
    """A part of a field's values: `only` these, none `but` those, from `low` to below `high`.

    `null` = no value belongs to it; `some` = a value may.
    """

    only: frozenset[Any] | None = None
    but: frozenset[Any] = frozenset()
    low: float | None = None
    high: float | None = None
    null: bool = True
    some: bool = True

    def __and__(self, other: Domain) -> Domain:
        """Return what is in both."""
        sets = [one.only for one in (self, other) if one.only is not None]
        return Domain(
            only=frozenset.intersection(*sets) if sets else None,
            but=self.but | other.but,
            low=max((v for v in (self.low, other.low) if v is not None), default=None),
            high=min((v for v in (self.high, other.high) if v is not None), default=None),
            null=self.null and other.null,
            some=self.some and other.some,
        )

    @property
    def values(self) -> frozenset[Any] | None:
        """The values when they can be counted; None when not."""
        if self.only is None:
            return None if self.some else frozenset()
        return frozenset(v for v in self.only - self.but if self._in_range(v))

    @property
    def empty(self) -> bool:
        """True when nothing is in it."""
        if self.null:
            return False
        ends = self.low is not None and self.high is not None and self.low >= self.high
        return not self.some or ends or self.values == frozenset()

    def _in_range(self, value: Any) -> bool:
        if self.low is None and self.high is None:
            return True
        return (
            isinstance(value, int | float)
            and (self.low is None or value >= self.low)
            and (self.high is None or value < self.high)
        )


ANY = Domain()
NULL = Domain(some=False)
NOT_NULL = Domain(null=False)


@dataclass(frozen=True)
class Where:
    """Domains of several fields at once."""

    domains: Mapping[str, Domain] = MappingProxyType({})

    def and_(self, field: str, domain: Domain) -> Where:
        """Return the part where the field is in the domain as well."""
        return Where({**self.domains, field: self.domains.get(field, ANY) & domain})

    def __and__(self, other: Where) -> Where:
        """Return what is in both."""
        found = self
        for field, domain in other.domains.items():
            found = found.and_(field, domain)
        return found

    @property
    def empty(self) -> bool:
        """True when nothing is in it."""
        return any(domain.empty for domain in self.domains.values())

    def __iter__(self) -> Iterator[tuple[str, Domain]]:
        """Yield the fields that are bound at all."""
        yield from ((name, one) for name, one in self.domains.items() if one != ANY)
