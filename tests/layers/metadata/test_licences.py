import pytest

from layers.metadata.licences import spdx


@pytest.mark.parametrize(
    ("text", "url", "id_"),
    [
        ("Licence CC-BY-4.0", None, "CC-BY-4.0"),
        ("По лицензии", "https://creativecommons.org/licenses/by-sa/3.0/deed.ru", "CC-BY-SA-3.0"),
        ("", "http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("", "https://opendatacommons.org/licenses/odbl/1-0/", "ODbL-1.0"),
        ("see LIMITS", None, None),
        ("по договору", "https://orsha.example/licence", None),
    ],
)
def test_a_licence_is_known_by_its_name_or_address(
    text: str, url: str | None, id_: str | None
) -> None:
    assert spdx(text, url) == id_
