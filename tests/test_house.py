"""The rules of the house, as far as a program can see them."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from geoportal.settings import PREFIX, Settings
from layers import registry

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("geoportal", "processing", "layers")
LAYER_FILES = {"layer.yml", "table.sql", "style.json", "sample.geojson"}
LONGEST_MODULE = 400
LONGEST_BODY = 40

UNITS = re.compile(
    r"_(m|m2|m3|km|km2|km_h|kmh|ha|deg|rad|s|ms|min|h|days|share|percent|w|kw|db|dbm|mhz|ghz|hz"
    r"|mb|bytes|c|ug_m3|lx|lm|cd|person|heights|factor)(_.*)?$"
)
WITHOUT_UNIT = {"lon", "lat", "x", "y", "figure", "times", "sign"}
"""Coordinates, whose CRS says their unit, a figure with its unit beside it, and pure factors."""

# Put together here, so that this file does not hold them itself.
FORBIDDEN = (
    "pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com",
    "deb." + "debian.org", "crates" + ".io", "golang" + ".org", "maven.apache" + ".org",
    "/work" + "/", "/root" + "/", "/opt" + "/wheels",
)  # fmt: skip


def modules(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))


def tracked() -> list[Path]:
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    names = done.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("layer_id", registry.load_layers())
def test_a_layer_folder_is_complete(layer_id: str) -> None:
    folder = registry.folder(layer_id)
    assert {file.name for file in folder.iterdir()} >= LAYER_FILES


def test_no_layer_file_has_a_fault() -> None:
    assert [str(fault) for fault in registry.check()] == []


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_explained(name: str) -> None:
    assert Settings.model_fields[name].description, "its help is missing"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{PREFIX}{name.upper()}" in readme, "README.md does not name it"


def test_the_readme_names_no_setting_that_is_not_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(rf"{PREFIX}([A-Z_]*[A-Z])", readme))
    elsewhere = {"TEST_DATABASE_URL", "CHECKS_DIR"}  # of the tests only
    assert named - {name.upper() for name in Settings.model_fields} - elsewhere == set()


def test_no_module_is_long() -> None:
    files = modules(*ROOMS, "tools", "benchmarks")
    lengths = {shown(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_function_is_long() -> None:
    long = {
        f"{shown(file)}:{function.lineno} {function.name}": body_lines(function)
        for file in modules(*ROOMS, "tools", "benchmarks")
        for function in functions(file)
        if body_lines(function) > LONGEST_BODY
    }
    assert long == {}


def test_tests_are_no_package() -> None:
    assert [shown(file) for file in (ROOT / "tests").rglob("__init__.py")] == []


def test_every_package_says_what_it_is() -> None:
    silent = [
        shown(file)
        for file in modules(*ROOMS)
        if file.name == "__init__.py"
        and ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def test_no_file_names_a_registry_or_a_place_of_one_machine() -> None:
    found = {
        f"{shown(file)}: {word}"
        for file in tracked()
        for word in FORBIDDEN
        if word.encode() in file.read_bytes()
    }
    assert found == set()


def is_number(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation).split(" | ")[0] == "float"


def test_numbers_in_processing_name_their_unit() -> None:
    unnamed = [
        f"{shown(file)}:{argument.lineno} {function.name}({argument.arg})"
        for file in modules("processing")
        for function in functions(file)
        if not function.name.startswith("_") and not file.name.startswith("_")
        for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        if is_number(argument.annotation)
        and argument.arg not in WITHOUT_UNIT
        and not UNITS.search(argument.arg)
    ]
    assert unnamed == []


HEAVY = ("pandas", "geopandas", "scipy", "rasterio", "osmium", "pyogrio")


@pytest.mark.parametrize(
    ("module", "heavy"),
    [("geoportal.app", HEAVY), ("geoportal.jobs.worker", (*HEAVY, "numpy", "shapely"))],
)
def test_long_lived_processes_import_no_analysis_library(
    module: str, heavy: tuple[str, ...]
) -> None:
    """They make them four times as large; pipelines run in processes of their own."""
    program = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
