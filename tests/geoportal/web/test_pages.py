"""Home, map, catalogue and static files over the application."""

import pytest
from starlette.testclient import TestClient

from geoportal.web.assets import FOLDER, assets, read_assets
from geoportal.web.headers import SECURITY_HEADERS


@pytest.mark.parametrize("path", ["/", "/map"])
@pytest.mark.parametrize(("asked", "language"), [({"lang": "be"}, "be"), ({}, "en")])
def test_pages_answer_in_the_language(
    client: TestClient, path: str, asked: dict[str, str], language: str
) -> None:
    answer = client.get(path, params=asked, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value


def test_policy_lets_nothing_in_from_outside() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self';" in policy
    assert "http" not in policy
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize("path", ["/", "/map", "/map/catalogue.json"])
def test_unknown_language_is_a_bad_request(client: TestClient, path: str) -> None:
    answer = client.get(path, params={"lang": "../../etc"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_home_lists_the_published_layers(client: TestClient) -> None:
    text = client.get("/", params={"lang": "en"}).text
    assert "/ogc/collections/test_parcels" in text


def test_catalogue_has_the_layers_and_the_words_of_the_map(client: TestClient) -> None:
    found = client.get("/map/catalogue.json", params={"lang": "be"}).json()
    layers = {layer["id"] for theme in found["themes"] for layer in theme["layers"]}
    assert "test_parcels" in layers
    assert found["language"] == "be"
    assert found["texts"]["map.search"] == "Пошук слоя"


def test_static_file_below_the_checksum_may_be_kept_for_ever(client: TestClient) -> None:
    answer = client.get(f"{assets().prefix}/app/main.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.text == (FOLDER / "app" / "main.js").read_text(encoding="utf-8")


def test_static_file_without_or_with_an_old_checksum_is_asked_anew(client: TestClient) -> None:
    for prefix in ("/static", "/static/v-000000000000"):
        answer = client.get(f"{prefix}/css/geoportal.css")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-cache"
        tag = {"If-None-Match": answer.headers["etag"]}
        again = client.get(f"{prefix}/css/geoportal.css", headers=tag)
        assert (again.status_code, again.content) == (304, b"")


def test_static_file_is_sent_plain_to_who_cannot_unpack(client: TestClient) -> None:
    path = f"{assets().prefix}/css/geoportal.css"
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../etc/passwd",
        "/static/..%2f..%2f..%2fetc%2fpasswd",
        "/static/%2e%2e/pages.py",
        "/static/app/../../pages.py",
        "/static/v-x/../../../pages.py",
        "/static/",
        "/static/app",
        "/static/vendor/stamp.json",
        "/static/app/%00main.js",
    ],
)
def test_nothing_but_the_files_is_served(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"


def test_favicon(client: TestClient) -> None:
    answer = client.get("/favicon.ico")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")


def test_files_of_unknown_kinds_are_not_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("static")
    (folder / "a.js").write_text("let a;")
    (folder / "secret.yml").write_text("password")
    before = read_assets(folder)
    assert set(before.files) == {"a.js"}
    assert not before.has_map
    (folder / "a.js").write_text("let b;")
    assert read_assets(folder).checksum != before.checksum
