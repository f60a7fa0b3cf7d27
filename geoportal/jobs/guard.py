"""The guard of one job: `python -m geoportal.jobs.guard FOLDER JOB ATTEMPT`, started by the worker.

It forks the computation into a process group of its own and waits. When the computation is over, or
standard input ends - the worker closed it, or is dead - it kills the whole group, a solver that the
computation started too, and removes the job's folder. It imports next to nothing, so it is small.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
GROUP = "group"
"""File in the folder: guard and leader of the group, each with the time at which it was started."""


def main() -> int:
    """Run one job to its end; return the exit code of the computation."""
    folder, job_id, attempt = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what leaves the group is still a child of ours
    guard = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(1)
        _compute(folder, job_id, attempt)
    os.setpgid(pid, pid)
    (folder / GROUP).write_text(f"{guard} {started(guard)} {pid} {started(pid)}")
    finished = os.pidfd_open(pid)
    while True:
        ready, _, _ = select.select([0, finished], [], [])
        if finished in ready or os.read(0, 1) == b"":
            break
    code = _end(pid)
    shutil.rmtree(folder, ignore_errors=True)
    return code


def _compute(folder: Path, job_id: str, attempt: int) -> None:
    os.environ["TMPDIR"] = str(folder)
    errors = os.dup(2)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)  # what a solver prints is of no use to anybody
    code = 1
    try:
        from geoportal.jobs.child import main  # noqa: PLC0415 - not in the guard

        code = main(folder, job_id, attempt, errors)
    finally:
        os._exit(code)


def started(pid: int) -> str:
    """Return when a process was started, in ticks of the machine; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def kill_group(pid: int) -> bool:
    """Kill every process of a group; false when there is none left."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _end(pid: int) -> int:
    """Kill the group and all that became our children; return how the computation had ended."""
    code = 1
    kill_group(pid)
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
        if ended == 0:
            kill_group(pid)
            for child in _children():
                os.kill(child, signal.SIGKILL)
            select.select([], [], [], 0.01)


def _children() -> list[int]:
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(number) for number in task.read_text().split()]


if __name__ == "__main__":
    sys.exit(main() & 0xFF)
