"""Source files: found with their checksum, else downloaded whole, else a clear sentence."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from layers.errors import BadLayerFile, CorruptSource, MissingSource
from layers.ingest.sources import Places, SourceFile, find, read_sources

GOOD = b"the very bytes"


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server on loopback and the folder it serves."""
    folder = tmp_path / "origin"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, directory=str(folder), **kwargs)  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    thread.join()
    server.server_close()


def described(url: str | None = None) -> SourceFile:
    sha256 = hashlib.sha256(GOOD).hexdigest()
    return SourceFile(path="set/file.csv", content="", url=url, sha256=sha256)


def put(folder: Path, data: bytes) -> Path:
    path = folder / "set" / "file.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_the_mirror_comes_first(tmp_path: Path) -> None:
    own = put(tmp_path / "mirror", GOOD)
    put(tmp_path / "cache", GOOD)
    assert find(described(), Places(tmp_path / "mirror", tmp_path / "cache")) == own


def test_other_bytes_in_the_mirror_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "mirror", GOOD + b"!")
    with pytest.raises(CorruptSource, match=r"set/file.csv has the sha256 .* records .* restore"):
        find(described(), Places(tmp_path / "mirror", tmp_path / "cache"))


def test_a_download_is_checked_kept_and_not_repeated(
    tmp_path: Path, origin: tuple[str, Path]
) -> None:
    url, folder = origin
    (folder / "f").write_bytes(GOOD)
    places = Places(tmp_path / "empty", tmp_path / "cache")
    found = find(described(f"{url}/f"), places)
    assert found.read_bytes() == GOOD
    (folder / "f").unlink()
    assert find(described(f"{url}/f"), places) == found
    assert [p.name for p in found.parent.iterdir()] == ["file.csv"]


def test_a_download_of_other_bytes_leaves_no_file(tmp_path: Path, origin: tuple[str, Path]) -> None:
    url, folder = origin
    (folder / "f").write_bytes(b"an error page")
    with pytest.raises(CorruptSource, match="gave other bytes than"):
        find(described(f"{url}/f"), Places(None, tmp_path / "cache"))
    assert [p for p in (tmp_path / "cache").rglob("*") if p.is_file()] == []


def test_a_damaged_cache_is_fetched_again(tmp_path: Path, origin: tuple[str, Path]) -> None:
    url, folder = origin
    (folder / "f").write_bytes(GOOD)
    put(tmp_path / "cache", b"half")
    assert find(described(f"{url}/f"), Places(None, tmp_path / "cache")).read_bytes() == GOOD


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("url", [None, "http://127.0.0.1:1/f", "missing on the server"])
def test_what_cannot_be_had_is_named(
    tmp_path: Path, origin: tuple[str, Path], url: str | None
) -> None:
    if url is not None and not url.startswith("http"):
        url = f"{origin[0]}/not-there"
    with pytest.raises(MissingSource, match=r"^set/file.csv is missing.*GEOPORTAL_SOURCES_DIR"):
        find(described(url), Places(tmp_path / "mirror", tmp_path / "cache"))
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_our_list_is_readable_and_names_only_our_layers() -> None:
    sources = read_sources()
    assert {"admin-boundaries", "populated-places", "weather-stations"} <= set(sources)
    assert all(source.files and source.attribution for source in sources.values())


def test_a_malformed_list_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "sources.yml"
    path.write_text("sources:\n  - id: a\n    licence: {id: X}\n")
    with pytest.raises(BadLayerFile, match=r"sources.yml:\d+: .*"):
        read_sources(path)
