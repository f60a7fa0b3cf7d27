"""What the pages name is there: links, commands, verbs; the list of changes keeps its form."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from geoportal.__main__ import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("notebooks/*.md")])
TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", TEXTS[name])
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not ((ROOT / name).parent / link).exists()] == []


def commands() -> Iterator[tuple[str, str]]:
    """The command lines of `geoportal` in code blocks."""
    for name, text in TEXTS.items():
        for block in re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.S | re.M):
            for line in block.splitlines():
                found = re.match(r"\s*(?:\.venv/bin/)?geoportal (\w.*)", line)
                if found:
                    yield name, found[1]


def parse(command: click.Command, arguments: list[str]) -> None:
    """Read arguments as the command line does, running nothing; raises click.UsageError."""
    if isinstance(command, click.Group):
        name, chosen, rest = command.resolve_command(click.Context(command), arguments)
        assert chosen is not None, name
        parse(chosen, rest)
    else:
        command.make_context(command.name, list(arguments))


@pytest.mark.parametrize(("page", "line"), [pytest.param(*c, id=c[1]) for c in commands()])
def test_a_command_of_a_page_exists(page: str, line: str) -> None:
    try:
        parse(cli, shlex.split(line, comments=True))
    except click.UsageError as error:
        pytest.fail(f"{page}: geoportal {line}: {error.format_message()}")


def test_there_are_commands_to_try() -> None:
    assert len(set(commands())) > 5


def test_verbs_that_pages_name_are_in_the_makefile() -> None:
    verbs = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = {
        verb
        for text in TEXTS.values()
        for verb in re.findall(r"(?:`|^)make (\w+)", text, re.MULTILINE)
    }
    assert named <= verbs
    assert {"run", "test", "check"} <= named


def test_every_verb_of_the_help_is_explained_to_contributors() -> None:
    # Within `make test` this make is not the first, and would say which folder it enters.
    command = ["make", "--no-print-directory", "help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    verbs = {line.split()[0] for line in shown.stdout.splitlines()}
    inner = {"help", "assets", "postgis"}  # other verbs call these
    named = set(re.findall(r"`make (\w+)", TEXTS["CONTRIBUTING.md"]))
    assert verbs - inner <= named


def test_the_list_of_changes_keeps_its_form() -> None:
    text = TEXTS["CHANGES.md"]
    entries = re.findall(r"^- (.*)$", text, re.M)
    assert entries
    assert [e for e in entries if not re.match(r"(add|change|fix|remove): \S", e)] == []
    assert re.search(r"^## \d+\.\d+\.\d+", text, re.M)
