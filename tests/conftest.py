"""What every test may ask for: databases (fix_db), directories, a browser, golden answers."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = [
    "tests.fix_db",
    "tests.fix_api",
    "tests.fix_server",
    "tests.fix_jobs",
    "tests.fix_portal",
    "tests.fix_probe",
    "tests.fix_loads",
    "tests.fix_editing",
]

OPTIONAL = {
    "GEOPORTAL_TEST_DATABASE_URL": "a throw-away cluster is made",
    "GEOPORTAL_SOURCES_DIR": "tests of the national sources skip",
    "GEOPORTAL_REFERENCE_DIR": "tests against published reference sets skip",
    "GEOPORTAL_CHECKS_DIR": "the list of bad inputs is not sent",
    "GEOPORTAL_CITE_DIR": "the official OGC suites are not run",
    "GEOPORTAL_PEERS_DIR": "rival servers are left out of benchmarks",
}
GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--bless", action="store_true", help="write the golden answers anew instead of comparing"
    )


def pytest_configure() -> None:
    # A shell starts its background jobs with Ctrl-C ignored; what a test starts inherits that.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> list[str]:
    lines = []
    for name, otherwise in OPTIONAL.items():
        value = os.environ.get(name)
        lines.append(f"{name}: {'set' if value else f'not set, {otherwise}'}")
    lines.append(f"chromium: {find_chromium() or 'not found, browser tests skip'}")
    return lines


def directory(variable: str) -> Path:
    """The directory that a variable names, or the reason to skip."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set")
    folder = Path(value)
    if not folder.is_dir():
        pytest.fail(f"{variable} names {folder}, which is not a directory")
    return folder.resolve()


@pytest.fixture(scope="session")
def sources_dir() -> Path:
    """The mirror of the national sources."""
    return directory("GEOPORTAL_SOURCES_DIR")


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """The published reference sets."""
    return directory("GEOPORTAL_REFERENCE_DIR")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium program for the browser tests."""
    found = find_chromium()
    if found is None:
        pytest.skip("chromium is not installed")
    return found


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name in tests/golden; `make bless` writes it anew."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--bless"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.exists(), f"no golden answer {name}: write it with `make bless`"
        assert text == file.read_text(encoding="utf-8"), f"{name} differs: right? `make bless`"

    return compare
