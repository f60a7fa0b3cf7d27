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


def rows(file: Path, given: str | None = None) -> list[dict[str, str]]:
    name = table.text_encoding(file, given)
    return [row for part in table.read(file, name, 2) for row in part.to_dict("records")]


def test_the_mark_is_no_letter_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("\ufeffназва;x\nОрша;1\n".encode())
    assert rows(tmp_path / "a.csv", "UTF-8") == [{"назва": "Орша", "x": "1"}]


def test_the_line_that_tells_excel_the_separator_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=|\nname|x\na;b|1,5\n")
    assert rows(tmp_path / "a.csv") == [{"name": "a;b", "x": "1,5"}]


def test_the_separator_is_found_over_a_short_record(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n;x;y\n1;30,4;54,5\n2;30,4\n")
    with pytest.raises(CorruptSource, match=r"record 2 has 2 cells, the header 3; .* hold ';'"):
        rows(tmp_path / "a.csv")


def test_rows_after_many_blank_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n;x\n1;2\n" + "\n;\n" * 5 + "3;4\n")
    assert rows(tmp_path / "a.csv") == [{"n": "1", "x": "2"}, {"n": "3", "x": "4"}]


def test_bytes_without_a_zero_may_be_binary_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(bytes(range(1, 256)) * 10)
    with pytest.raises(CorruptSource, match="is binary, not a CSV"):
        table.text_encoding(tmp_path / "a.csv", None)
