import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cloudpickle
import psutil
import pytest
from distributed import LocalCluster

from processing import distributed
from processing.distributed import Engine, hands
from processing.errors import BadGeometry, BadParameter, RunFailed
from processing.versions import code_version

# Workers cannot import tests; what is defined here is sent whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

ROOT = Path(__file__).parents[2]
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


def test_a_worker_killed_while_it_starts_is_replaced(monkeypatch):
    """Its nanny gives up then, and without workers nothing would ever end."""
    monkeypatch.setitem(distributed._CONFIG, "distributed.deploy.lost-worker-timeout", "2s")
    killed = set()

    def kill(before=()):
        """Kill the worker that is there, or as soon as it is there."""
        while not (new := set(children()) - set(before)):
            time.sleep(0.01)
        for process in new:
            process.kill()
        killed.update(new)

    with hands(Engine(workers=1)) as one:
        others = set(psutil.Process().children(recursive=True)) - set(mine := worker_of(one))

        def children():
            found = set(psutil.Process().children(recursive=True)) - others
            return {p for p in found if p.status() != psutil.STATUS_ZOMBIE}

        done = one.do(squared, 7, PIECES)
        first = next(done)
        kill()
        kill(before=mine)
        assert dict([first, *done]) == WANTED
    assert len(killed) == 2


def worker_of(opened):
    return [psutil.Process(pid) for pid in opened.client.run(os.getpid).values()]


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


def test_a_scheduler_can_be_named(two):
    with hands(Engine(scheduler=two.client.scheduler.address)) as named:
        assert dict(named.do(squared, 7, PIECES)) == WANTED


def test_workers_of_other_code_are_refused(two, monkeypatch):
    monkeypatch.setattr(distributed, "code_version", other_version)
    with (
        pytest.raises(RunFailed, match=r"the same geoportal .* has another version; install"),
        hands(Engine(scheduler=two.client.scheduler.address)),
    ):
        pass


def other_version():
    return "of another day"


other_version.__module__ = code_version.__module__
other_version.__name__ = code_version.__name__


def test_a_scheduler_without_workers_is_named(monkeypatch):
    monkeypatch.setattr(distributed, "NO_WORKER_S", 0.5)
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", host="127.0.0.1") as empty,
        pytest.raises(RunFailed, match=r"at tcp://.* has no workers; start one"),
        hands(Engine(scheduler=empty.scheduler_address)),
    ):
        pass


@pytest.mark.usefixtures("two")
def test_local_workers_listen_on_loopback_only():
    ours = psutil.Process()
    family = [ours, *ours.children(recursive=True)]
    ports = {
        at.laddr.ip
        for process in family
        for at in process.net_connections("inet")
        if at.status == psutil.CONN_LISTEN
    }
    assert len(family) > 2
    assert ports == {"127.0.0.1"}


PROGRAM = """
import os, sys, time
from processing.distributed import Engine, hands

def slow(common, n):
    print(os.getpid(), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    with hands(Engine(workers=2)) as workers:
        for _ in workers.do(slow, None, [(1, 1), (2, 2)]):
            pass
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_the_run_ends_its_workers(tmp_path, sent):
    """Ctrl-C goes to all processes of a terminal, SIGKILL to one."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
    ) as run:  # fmt: skip
        pids = {int(run.stdout.readline()) for _ in range(2)}
        workers = [psutil.Process(pid) for pid in pids]
        everyone = psutil.Process(run.pid).children(recursive=True)
        if sent == signal.SIGINT:
            os.killpg(run.pid, sent)
        else:
            run.send_signal(sent)
        _, said = run.communicate(timeout=60)
    assert len(workers) == 2
    assert not psutil.wait_procs(everyone, timeout=60)[1]
    if sent == signal.SIGINT:
        assert said.rstrip().endswith("KeyboardInterrupt")
        assert [left.name for left in tmp_path.iterdir()] == ["program.py"]


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(distributed, "CONNECT_S", 0.5)
    with (
        pytest.raises(RunFailed, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9; start"),
        hands(Engine(scheduler="tcp://127.0.0.1:9")),
    ):
        pass


def test_a_negative_number_of_workers_is_refused():
    with pytest.raises(BadParameter, match="workers = -1"):
        Engine(workers=-1)


@pytest.mark.parametrize("address", ["", "here", "here:8786", "tcp://here", "tcp:// :x"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(BadParameter, match="it must be tcp://HOST:PORT"):
        Engine(scheduler=address)
