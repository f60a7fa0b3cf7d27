import pytest

from layers.errors import CorruptSource, RefusedLoad
from layers.ingest.vector import encoding

WORDS = "Орша\nЎзда\nІрына\nвуліца Кастрычніцкая\nсярэдняя школа"


@pytest.mark.parametrize("name", ["utf-8", "cp1251"])
def test_belarusian_names_survive(name: str) -> None:
    found = encoding.detect([WORDS.encode(name)], "a file")
    assert WORDS.encode(name).decode(found) == WORDS


@pytest.mark.parametrize("name", ["cp866", "koi8-r", "koi8-u"])
def test_russian_text_is_told_in_the_older_encodings(name: str) -> None:
    words = "Орша\nулица Октябрьская\nсредняя школа номер пять"
    found = encoding.detect([words.encode(name)], "a file")
    assert words.encode(name).decode(found) == words


@pytest.mark.parametrize("name", ["klingon", "base64", "undefined"])
def test_an_encoding_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(RefusedLoad, match=f"no encoding '{name}'"):
        encoding.known(name)


def test_an_encoding_is_known_as_people_write_it() -> None:
    assert encoding.known("ANSI 1251") == "cp1251"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(CorruptSource, match="is not text"):
        encoding.detect([b"\xff\0\x81"], "a file")
