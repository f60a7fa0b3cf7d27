"""A layer folder that a test may spoil."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from layers import registry


@dataclass(frozen=True)
class Spoilt:
    """A copy of the buildings' folder under a root of its own."""

    root: Path
    folder: Path

    def text(self, file: str) -> str:
        return (self.folder / file).read_text(encoding="utf-8")

    def replace(self, file: str, old: str, new: str) -> None:
        """Change the first place of a file that reads `old`."""
        text = self.text(file)
        assert old in text, f"{file} has no {old!r} to spoil"
        (self.folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    def line(self, file: str, words: str, nth: int = 1) -> int:
        """The line (from 1) of the n-th line that has the words."""
        lines = [n for n, line in enumerate(self.text(file).splitlines(), 1) if words in line]
        return lines[nth - 1]

    def faults(self) -> list[str]:
        """All faults as `file:line: message`."""
        return [
            f"{fault.path.relative_to(self.root)}:{fault.line}: {fault.message}"
            for fault in registry.check(self.root, package=False)
        ]


@pytest.fixture
def spoilt(tmp_path: Path) -> Spoilt:
    folder = tmp_path / "base" / "buildings"
    shutil.copytree(registry.PACKAGE / "base" / "buildings", folder)
    return Spoilt(tmp_path, folder)
