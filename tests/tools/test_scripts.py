"""The shell scripts of the set-up, as far as they can be tried without installing anything."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = [*sorted((ROOT / "tools").glob("*.sh")), ROOT / ".ci" / "run"]


def bash(script: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [shutil.which("bash") or "/bin/bash", str(ROOT / "tools" / script)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def fake(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def tools_only(tmp_path: Path) -> str:
    """A PATH with what the scripts need and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "dirname", "ls", "grep", "sort", "id", "env"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return str(folder)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_has_no_syntax_error(script: Path) -> None:
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_a_python_the_message_says_what_to_install(tools_only: str, tmp_path: Path) -> None:
    done = bash("python.sh", PATH=tools_only, HOME=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "No Python >= 3.12 was found" in done.stderr
    assert "PYTHON=" in done.stderr


def test_an_old_python_and_a_broken_shim_are_passed_over(tools_only: str, tmp_path: Path) -> None:
    fake(
        Path(tools_only), "python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127"
    )
    fake(Path(tools_only), "python3", "exit 1")
    # pyenv has it although no shim is active.
    kept = tmp_path / ".pyenv" / "versions" / "3.12.9" / "bin" / "python3"
    kept.parent.mkdir(parents=True)
    kept.symlink_to(sys.executable)
    done = bash("python.sh", PATH=tools_only, HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith("/")


def test_a_named_python_that_will_not_do_is_refused(tools_only: str, tmp_path: Path) -> None:
    program = fake(tmp_path, "old", "exit 1")
    done = bash("python.sh", PATH=tools_only, HOME=str(tmp_path), PYTHON=str(program))
    assert done.returncode == 1
    assert str(program) in done.stderr


def test_a_python_without_venv_names_the_package(tools_only: str, tmp_path: Path) -> None:
    text = 'case "$2" in *venv*) exit 1;; *print*) echo python3.13;; esac'
    fake(Path(tools_only), "python3", text)
    done = bash("python.sh", PATH=tools_only, HOME=str(tmp_path))
    assert done.returncode == 1
    assert "python3.13-venv" in done.stderr


def test_postgis_that_is_there_is_left_alone() -> None:
    done = bash("postgis.sh", PATH=os.environ["PATH"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_child_process_finds_our_tests_and_not_those_of_a_package() -> None:
    code = "import tests.fix_db; print(tests.fix_db.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == str(ROOT / "tests" / "fix_db.py"), done.stderr
