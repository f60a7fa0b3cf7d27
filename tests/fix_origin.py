"""An origin of a source on loopback: what it serves changes, vanishes or breaks off as told."""

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

STATIONS = "weather-stations/belarus_weather_stations.geojson"


def stations(*names: str) -> bytes:
    """The station list in the form of its origin."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [27.5 + number, 53.9]},
            "properties": {
                "id": f"{number:05}", "name_en": name, "wmo": f"{number:05}", "icao": None,
                "active": True, "timezone": "Europe/Minsk", "region": "MI", "elevation_m": 220.5,
                "location_suspect": False, "elevation_suspect": False,
            },
        }
        for number, name in enumerate(names, 1)
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@dataclass
class Origin:
    """A web server; `asked` are the statuses that it answered."""

    url: str = ""
    body: bytes | None = None
    cut_bytes: int = 0
    asked: list[int] = field(default_factory=list)

    def sources(self, folder: Path, **changed: Any) -> Path:
        """A list of sources whose one entry is fetched from here."""
        entry: dict[str, Any] = {
            "id": "weather-stations", "title": dict.fromkeys(("be", "ru", "en"), "Stations"),
            "layers": ["weather_stations"], "origin": self.url, "attribution": "Origin",
            "licence": {"id": "CC-BY-4.0", "title": "CC BY 4.0", "url": None},
            "retrieved": "2026-11-20", "defects": [], "update": "P1D",
            "files": [{"path": STATIONS, "content": "", "url": self.url, "sha256": None}],
        }  # fmt: skip
        path = folder / "sources.yml"
        path.write_text(yaml.safe_dump({"sources": [entry | changed]}), "utf-8")
        return path


@pytest.fixture
def origin() -> Iterator[Origin]:
    """A running origin that serves two stations."""
    given = Origin(body=stations("Minsk", "Orsha"))

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = given.body or b""
            etag = f'"{sha256(body).hexdigest()}"'
            status = 404 if given.body is None else 200
            status = 304 if self.headers["If-None-Match"] == etag else status
            given.asked.append(status)
            self.send_response(status)
            if status == 200:
                self.send_header("ETag", etag)
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status == 200:
                self.wfile.write(body[: len(body) - given.cut_bytes])

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    given.url = f"http://127.0.0.1:{server.server_port}/stations.geojson"
    yield given
    server.shutdown()
    thread.join()
    server.server_close()
