"""The embedded cluster, really run: made, killed, started again, refused."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from geoportal import cluster as module
from geoportal import postgres
from geoportal.cluster import Cluster
from geoportal.errors import ClusterError
from geoportal.postgres import within
from tests.fix_db import cluster_in, throw_away_folder


@pytest.fixture(scope="module")
def made() -> Iterator[Cluster]:
    """A running cluster that the tests of this file share."""
    with throw_away_folder() as folder:
        cluster = cluster_in(folder)
        assert cluster.start()
        yield cluster
        cluster.stop()


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().splitlines()[0])


def kill_9(cluster: Cluster) -> None:
    os.kill(postmaster(cluster), signal.SIGKILL)
    assert within(10, lambda: not cluster.running())


def setting(cluster: Cluster, name: str) -> str:
    with cluster.connect() as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def test_starting_again_changes_nothing(made: Cluster) -> None:
    before = postmaster(made)
    assert not made.start()
    assert postmaster(made) == before


def test_nothing_listens_on_the_network(made: Cluster) -> None:
    assert setting(made, "listen_addresses") == ""
    assert (made.socket.stat().st_mode & 0o777) == 0o700
    probe = socket.socket(socket.AF_UNIX)
    with probe:
        probe.connect(str(made.socket / ".s.PGSQL.5432"))


def test_settings_reach_the_server(made: Cluster) -> None:
    assert setting(made, "jit") == "off"
    assert setting(made, "client_connection_check_interval") == "2s"
    assert setting(made, "server_encoding") == "UTF8"


def test_root_hands_the_server_to_an_ordinary_account(made: Cluster) -> None:
    assert Path(f"/proc/{postmaster(made)}").stat().st_uid != 0


def test_url_opens_the_database_of_the_geoportal(made: Cluster) -> None:
    with psycopg.connect(made.url) as connection:
        assert connection.info.dbname == "geoportal"


def test_note_names_data_and_socket(made: Cluster) -> None:
    note = (made.home / "cluster").read_text()
    assert str(made.data) in note
    assert str(made.socket) in note


def test_starts_again_after_kill_9_with_everything_kept(made: Cluster) -> None:
    with made.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        connection.execute("CHECKPOINT")
    kill_9(made)
    assert made.start()
    with made.connect() as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_backend_that_outlives_its_killed_server_does_not_keep_the_next_from_starting(
    made: Cluster,
) -> None:
    with made.connect() as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)  # it cannot notice that its server is gone
        kill_9(made)
        assert made.start()
        assert not postgres.works_in(backend, made.data)
        connection.close()


def test_a_lock_whose_process_number_was_given_to_another_program_is_no_obstacle(
    made: Cluster,
) -> None:
    made.stop()
    stale = f"{os.getpid()}\n{made.data}\n1700000000\n5432\n{made.socket}\n\n\nready   \n"
    (made.data / "postmaster.pid").write_text(stale)
    (made.socket / ".s.PGSQL.5432.lock").write_text(stale)
    assert not made.running()
    assert made.start()


def test_stopping_twice_is_no_error(made: Cluster) -> None:
    assert made.stop()
    assert not made.stop()
    assert made.start()


def test_two_processes_that_start_it_at_once_get_the_same_server(made: Cluster) -> None:
    made.stop()
    program = (
        "import sys; from pathlib import Path; from geoportal.postgres import Account;"
        "from geoportal.cluster import Cluster; home = Path(sys.argv[1]);"
        "account = Account.of_caller();"
        "print(Cluster(home, home / 'data', home / 'socket', account, durable=False).start())"
    )
    command = [sys.executable, "-c", program, str(made.home)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in both)
    assert said == ["False", "True"]
    assert made.running()


def test_a_making_that_was_interrupted_is_begun_anew() -> None:
    with throw_away_folder() as folder:
        cluster = cluster_in(folder)
        half = folder / "data.new"
        half.mkdir()
        (half / "PG_VERSION").write_text("15\n")
        try:
            assert cluster.start()
            assert not half.exists()
        finally:
            cluster.stop()


def test_data_of_another_version_are_refused_and_kept(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, tmp_path / "data", tmp_path / "s", postgres.Account.of_caller())
    cluster.data.mkdir()
    (cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ClusterError, match=r"made by PostgreSQL 9.*postgresql-9-postgis-3"):
        cluster.start()
    assert (cluster.data / "PG_VERSION").read_text() == "9\n"


def test_missing_programs_name_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "PROGRAMS", tmp_path)
    cluster = Cluster(tmp_path, tmp_path / "data", tmp_path / "s", postgres.Account.of_caller())
    with pytest.raises(ClusterError, match=r"postgresql-15-postgis-3.*GEOPORTAL_DATABASE_URL"):
        cluster.start()


def test_programs_without_postgis_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "EXTENSIONS", tmp_path)
    assert postgres.find_programs() == []


def test_a_server_that_cannot_start_says_why(made: Cluster) -> None:
    made.stop()
    control = made.data / "global" / "pg_control"
    control.rename(control.with_name("hidden"))
    try:
        with pytest.raises(ClusterError, match=r"did not start: .*pg_control"):
            made.start()
    finally:
        control.with_name("hidden").rename(control)
    assert made.start()


def test_a_full_disk_is_told_in_words() -> None:
    """Needs root for a small file system of its own."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small disk")
    with throw_away_folder() as folder:
        small = folder / "data"
        small.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("mounting is not allowed here")
        account = postgres.Account.of_caller()
        account.own(folder)
        cluster = Cluster(folder, small / "data", folder / "socket", account, durable=False)
        try:
            with pytest.raises(ClusterError, match=r"the disk that holds .* is full"):
                cluster.start()
            assert not cluster.data.exists()
        finally:
            subprocess.run(["umount", str(small)], check=True)


def test_a_folder_without_permission_is_told_in_words(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    cluster = Cluster(blocked, blocked / "data", tmp_path / "s", postgres.Account.of_caller())
    with pytest.raises(ClusterError, match="could not be run"):
        cluster.start()


def test_an_ordinary_user_keeps_data_in_the_checkout_and_the_socket_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    checkout = tmp_path / ("long" * 40)
    cluster = Cluster.of_checkout(checkout)
    assert cluster.data == checkout / ".geoportal" / "pgdata"
    assert cluster.account.uid is None
    assert len(str(cluster.socket)) < 60
    assert "1234" in cluster.socket.name


def test_root_keeps_data_out_of_a_checkout_that_others_may_not_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    one = Cluster.of_checkout(tmp_path / "one")
    other = Cluster.of_checkout(tmp_path / "other")
    assert one.data.parent == module.SYSTEM_DATA
    assert one.socket.parent == module.SYSTEM_SOCKETS
    assert one.data != other.data


def test_a_path_too_long_for_postgresql_gets_a_shorter_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    checkout = tmp_path.joinpath(*["x" * 200] * 6)
    assert len(str(Cluster.of_checkout(checkout).data)) < 200


def test_a_socket_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    open_folder = tmp_path / "s"
    open_folder.mkdir()
    open_folder.chmod(0o755)
    cluster = Cluster(tmp_path, tmp_path / "data", open_folder, postgres.Account())
    with pytest.raises(ClusterError, match="not only yours"):
        cluster.start()
