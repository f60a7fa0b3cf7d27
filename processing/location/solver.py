"""CBC, the solver that spopt uses, kept on a short lead.

CBC is a child process that writes files of up to some hundred megabytes. Here both live as long as
the call: the files in the caller's folder, the process no longer than its parent, come what may.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pulp
from pulp.apis import coin_api

from processing.errors import SolverFailed

NODES = 100_000
"""Nodes after which CBC gives up: counted, because seconds would depend on the machine."""


@contextmanager
def cbc(folder: Path) -> Iterator[Any]:
    """Give a CBC solver that works in `folder`, an empty folder of the caller's.

    When the block ends, by an error too, the child is ended and its files are gone. Where `setpriv`
    is installed (util-linux) the kernel also ends the child with a killed parent. Raises
    SolverFailed when CBC is missing or fails.
    """
    note = folder / "cbc.pid"
    before = set(folder.iterdir())
    solver = coin_api.COIN_CMD(
        msg=False, path=str(_launcher(folder, note)), maxNodes=NODES, gapRel=0.0, gapAbs=0.0
    )
    solver.tmpDir = str(folder)
    try:
        with warnings.catch_warnings():
            # spopt 0.8 builds its models in a way that PuLP 4 will drop.
            warnings.filterwarnings("ignore", category=DeprecationWarning, module="pulp")
            yield solver
    except pulp.PulpSolverError as error:
        raise SolverFailed(f"CBC gave no answer; look whether it runs here: {error}") from None
    finally:
        _end(note)
        for left in set(folder.iterdir()) - before:
            left.unlink(missing_ok=True)


def _launcher(folder: Path, note: Path) -> Path:
    """Write a script that notes its process id and becomes CBC."""
    program = coin_api.PULP_CBC_CMD.pulp_cbc_path
    if not Path(program).is_file():
        raise SolverFailed("CBC is not installed; install PuLP again, which brings it")
    lead = shutil.which("setpriv")
    words = [lead, "--pdeathsig", "KILL", program] if lead else [program]
    launcher = folder / "cbc"
    launcher.write_text(
        f'#!/bin/sh\necho $$ > {shlex.quote(str(note))}\nexec {shlex.join(words)} "$@"\n'
    )
    launcher.chmod(0o700)
    return launcher


def _end(note: Path) -> None:
    """End the child, should it still be there: it is, when its parent's wait was interrupted."""
    with suppress(OSError, ValueError):
        child = int(note.read_text())
        if os.waitpid(child, os.WNOHANG) == (0, 0):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
