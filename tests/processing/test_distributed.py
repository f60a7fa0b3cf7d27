import os
import signal
from pathlib import Path

import pytest

from processing.distributed import Engine, hands
from processing.errors import BadParameter, RunFailed

PIECES = [(f"piece {n}", n) for n in range(12)]


@pytest.fixture(scope="module")
def two():
    with hands(Engine(workers=2)) as opened:
        yield opened


def squared(add, n):
    return add + n * n


WANTED = {f"piece {n}": 7 + n * n for n in range(12)}


def dies_once(folder, n):
    """Kill the process that computes piece 5, the first time."""
    marker = Path(folder) / "died"
    if n == 5 and not marker.exists():
        marker.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return 7 + n * n


def test_workers_say_what_one_process_says(two):
    with hands(Engine()) as here:
        assert dict(here.do(squared, 7, PIECES)) == WANTED
    assert dict(two.do(squared, 7, PIECES)) == WANTED


def test_a_killed_worker_changes_nothing(two, tmp_path):
    assert dict(two.do(dies_once, str(tmp_path), PIECES)) == WANTED
    assert (tmp_path / "died").exists()
