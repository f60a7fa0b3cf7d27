import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cloudpickle
import psutil
import pytest

from processing.distributed import Engine, hands
from processing.errors import BadGeometry, BadParameter, RunFailed

# Workers cannot import tests; what is defined here is sent whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

PIECES = [(f"piece {n}", n) for n in range(12)]
WANTED = {f"piece {n}": 7 + n * n for n in range(12)}


@pytest.fixture(scope="module")
def two():
    with hands(Engine(workers=2)) as opened:
        yield opened


def squared(add, n):
    return add + n * n


def dies(folder, n):
    """Kill the process that computes piece 5; with a folder only the first time."""
    marker = Path(folder) / "died" if folder else None
    if n == 5 and (marker is None or not marker.exists()):
        if marker is not None:
            marker.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return 7 + n * n


def fails(error, n):
    raise error(f"piece {n} is wrong")


class Unpackable:
    def __reduce__(self):
        return __import__, ("no_such_module_anywhere",)


def test_workers_say_what_one_process_says(two):
    with hands(Engine()) as here:
        assert dict(here.do(squared, 7, PIECES)) == WANTED
    assert dict(two.do(squared, 7, PIECES)) == WANTED
    assert dict(two.do(squared, 7, [])) == {}


def test_pieces_are_taken_only_as_they_are_needed(two):
    taken = []

    def pieces():
        for n in range(100):
            taken.append(n)
            yield n, n

    done = two.do(squared, 0, pieces())
    next(done)
    assert len(taken) < 20
    done.close()


def test_a_killed_worker_changes_nothing(two, tmp_path):
    assert dict(two.do(dies, str(tmp_path), PIECES)) == WANTED
    assert (tmp_path / "died").exists()


def test_a_piece_that_kills_every_worker_ends_the_run(two):
    with pytest.raises(RunFailed, match="piece 5: several workers"):
        dict(two.do(dies, None, PIECES))


@pytest.mark.parametrize(
    ("error", "wanted", "said"),
    [
        (BadGeometry, BadGeometry, "^piece 0 is wrong$"),
        (ZeroDivisionError, RunFailed, "^piece 0 could not .*ZeroDivisionError"),
    ],
)
def test_an_error_of_the_work_is_told(two, error, wanted, said):
    with pytest.raises(wanted, match=said):
        dict(two.do(fails, error, PIECES[:1]))


def test_what_a_worker_cannot_unpack_ends_the_run(two):
    """Unpacked by Dask itself it would end the worker, again and again, for ever."""
    with pytest.raises(RunFailed, match="no_such_module_anywhere"):
        dict(two.do(squared, 0, [("piece", Unpackable())]))


def test_a_scheduler_that_is_not_there_is_named():
    with (
        pytest.raises(RunFailed, match="no Dask scheduler answers at tcp://127.0.0.1:9; start"),
        hands(Engine(scheduler="tcp://127.0.0.1:9")),
    ):
        pass


def test_a_negative_number_of_workers_is_refused():
    with pytest.raises(BadParameter, match="workers = -1"):
        Engine(workers=-1)
