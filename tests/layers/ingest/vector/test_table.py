from pathlib import Path

import pytest

from layers.errors import CorruptSource
from layers.ingest.vector import table


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "cp1251"])
def test_separators_marks_and_quoted_line_breaks(tmp_path: Path, name: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes('назва;x\r\n"Орша;\r\nцэнтр";30,4\r\nЎзда;\r\n'.encode(name))
    found = list(table.read(file, table.text_encoding(file, None), 1))
    assert [f.index.tolist() for f in found] == [[1], [2]]
    assert found[0].iloc[0].tolist() == ["Орша;\r\nцэнтр", "30,4"]
    assert found[1].iloc[0].tolist() == ["Ўзда", None]


def test_a_binary_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n\0\1\2,3\n")
    with pytest.raises(CorruptSource, match="is binary, not a CSV"):
        table.text_encoding(tmp_path / "a.csv", None)
