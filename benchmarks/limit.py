"""The limit of any server: pgbench running the very SQL that the geoportal runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg
from psycopg import ClientCursor

from benchmarks.errors import ServerFailed
from benchmarks.load import CLIENTS, Load
from benchmarks.place import LAYER, Place
from benchmarks.questions import ZOOM, Question, page_of, tile_of
from layers import query, tiling
from layers.query import Filter, Page, Query
from layers.registry import load_layers
from layers.tile_matrix_set import WEB_MERCATOR_QUAD

NAME = "pgbench"
PAGE = 100


def scripts(place: Place, asked: Sequence[Question], folder: Path) -> Mapping[str, list[Path]]:
    """Write the SQL of a page and of each z14 tile; return the files by question."""
    layer = load_layers(place.layers_dir)[LAYER]
    tiles = [t for q in asked if q.title == tile_of(ZOOM) for t, _ in q.wanted]
    wanted = {
        page_of(PAGE): [query.items(layer, Filter(), Page(limit=PAGE), kept=True)],
        tile_of(ZOOM): [
            next(tiling.tile(layer, tiling.Address(WEB_MERCATOR_QUAD, t.z, t.y, t.x)))
            for t in tiles
        ],
    }
    with psycopg.connect(place.url) as connection:
        return {
            title: [_write(connection, q, folder / f"{title[:3]}{i}.sql") for i, q in enumerate(qs)]
            for title, qs in wanted.items()
        }


def _write(connection: psycopg.Connection[tuple[object, ...]], asked: Query, file: Path) -> Path:
    text = ClientCursor(connection).mogrify(asked.sql.encode(), asked.params or None)
    file.write_text(f"{text};\n")
    return file


def measure(place: Place, files: Sequence[Path], seconds: int) -> Load | None:
    """Run the files at random with as many clients as a server has.

    None without files or pgbench; raises ServerFailed.
    """
    program = shutil.which("pgbench")
    if program is None or not files:
        return None
    command = [program, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1", "-T", str(seconds)]
    done = subprocess.run(
        [*command, *(word for file in files for word in ("-f", str(file))), place.url],
        env=os.environ | {"PGOPTIONS": "-c jit=off"},
        capture_output=True, text=True, timeout=seconds + 60, check=False,
    )  # fmt: skip
    count = re.search(r"number of transactions actually processed: (\d+)", done.stdout)
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or not count or not rate:
        raise ServerFailed(f"pgbench: {done.stderr.strip()[-300:]}")
    return Load(int(count[1]), int(count[1]) / float(rate[1]), CLIENTS / float(rate[1]) * 1e3)
