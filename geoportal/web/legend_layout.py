"""Where signs and words of a legend stand; both its pictures, SVG and PNG, are drawn from this."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ROW, SIGN, LEFT, WIDTH = 24, 26, 12, 420  # CSS pixels
TITLE_PX, TEXT_PX, NOTE_PX = 15, 13, 10
MUTED, INK = "#555555", "#000000"

Group = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text: left end of its baseline and size in pixels, colour."""

    x: int
    y: int
    text: str
    size: int = TEXT_PX
    colour: str = INK
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """The sign of an entry (a document of `legend.Symbol`) around a middle line."""

    symbol: Mapping[str, Any]
    middle: int

    @property
    def line_width(self) -> float:
        """The width of a line, kept within what a legend has room for."""
        return min(max(float(self.symbol.get("width", 2)), 1.5), 6)

    @property
    def radius(self) -> float:
        """The radius of a circle, kept within what a legend has room for."""
        return min(max(float(self.symbol.get("radius", 5)), 4), 7.5)


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything on a legend, and its size in pixels."""

    height: int
    items: tuple[Words | Sign, ...]
    width: int = WIDTH


def layout(title: str, groups: Sequence[Group], note: str) -> Layout:
    """Return the layout: title, groups of signs with their words, attribution below."""
    items: list[Words | Sign] = [Words(LEFT, LEFT + 16, title, TITLE_PX, bold=True)]
    y = LEFT + 16
    for group in groups:
        if not group["entries"]:
            continue
        if group["title"]:
            y += ROW
            items.append(Words(LEFT, y, group["title"], colour=MUTED))
        for entry in group["entries"]:
            y += ROW
            items.append(Sign(entry["symbol"], y - 5))
            lines = list(_lines(entry["label"], TEXT_PX, WIDTH - 2 * LEFT - SIGN - 10))
            items += [Words(LEFT + SIGN + 10, y + 15 * i, line) for i, line in enumerate(lines)]
            y += 15 * (len(lines) - 1)
    y += ROW - 13
    for line in _lines(note, NOTE_PX, WIDTH - 2 * LEFT):
        y += 13
        items.append(Words(LEFT, y, line, NOTE_PX, MUTED))
    return Layout(y + LEFT, tuple(items))


def _lines(text: str, size: int, room: int) -> Iterator[str]:
    """Cut a text into lines; a letter is taken to be 0.58 of its size wide."""
    yield from textwrap.wrap(text, max(int(room / (0.58 * size)), 10)) or [""]
