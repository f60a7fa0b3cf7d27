import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pulp
import pytest

from processing.errors import SolverFailed
from processing.location.cover import most_people
from processing.location.solver import cbc
from tests.fix_location import random_problem

# Market split (Cornuejols, Dawande 1998): small, and CBC is busy with it for hours.
BUSY = """
import sys
from pathlib import Path
import numpy as np
import pulp
from processing.location.solver import cbc
model = pulp.LpProblem("split", pulp.LpMinimize)
x = [model.add_variable(f"x{i}", cat="Binary") for i in range(40)]
s = [model.add_variable(f"s{i}", lowBound=0) for i in range(10)]
model += pulp.lpSum(s)
for k in range(5):
    a = np.random.default_rng(k).integers(0, 100, 40)
    total = pulp.lpSum(int(v) * z for v, z in zip(a, x))
    model += total + s[2 * k] - s[2 * k + 1] == int(a.sum() // 2)
with cbc(Path(sys.argv[1])) as solver:
    model.solve(solver)
"""


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


def wait_for(true: object, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.05)
    return bool(true())  # type: ignore[operator]


def test_nothing_is_left_in_the_folder(tmp_path):
    most_people(random_problem(2), 2, limit_m=250, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_nothing_either(tmp_path):
    def interrupted():
        with cbc(tmp_path):
            (tmp_path / "half.mps").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_solver_that_fails_is_named(tmp_path):
    model = pulp.LpProblem("small", pulp.LpMaximize)
    model += pulp.lpSum([model.add_variable("x", upBound=1)])

    def failing():
        with cbc(tmp_path) as solver:
            solver.path = str(tmp_path / "nowhere")
            model.solve(solver)

    with pytest.raises(SolverFailed, match="CBC gave no answer"):
        failing()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_child_ends_with_its_parent_in_the_middle_of_a_solve(tmp_path, how):
    if how == signal.SIGKILL and not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed: a killed parent leaves its child")
    parent = subprocess.Popen([sys.executable, "-c", BUSY, str(tmp_path)], stderr=subprocess.PIPE)
    try:
        note = tmp_path / "cbc.pid"
        assert wait_for(lambda: note.exists() and note.read_text().strip())
        child = int(note.read_text())
        assert wait_for(lambda: "cbc" in Path(f"/proc/{child}/comm").read_text())
        assert not gone(child)
        os.kill(parent.pid, how)
        parent.communicate()
        assert wait_for(lambda: gone(child), 5)
        assert how == signal.SIGKILL or list(tmp_path.iterdir()) == []
    finally:
        parent.kill()
        parent.wait()
