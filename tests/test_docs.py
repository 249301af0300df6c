"""Are the documents true? Every command and every Python line in them is run here."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).resolve().parent.parent
THECAL = Path(sys.executable).parent / "thecal"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
STORIES = ("record.md",)  # pages whose commands build on one another
CONSOLE = re.compile(r"^ *```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def console_commands() -> list[tuple[str, str, str]]:
    """Page, command and the output shown under it (empty where none is shown)."""
    found = []
    for page in PAGES:
        for block in CONSOLE.findall(page.read_text(encoding="utf-8")):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                found.append((page.name, command, shown.rstrip("\n")))
    return found


@pytest.mark.parametrize(
    ("page", "command", "shown"), [found for found in console_commands() if found[0] not in STORIES]
)
def test_a_command_in_the_documents_runs_and_prints_what_is_shown(page, command, shown, tmp_path):
    words = shlex.split(command, comments=True)
    assert words[0] == "thecal", f"{page}: only thecal is run in a console block, found {command}"
    arguments = [re.sub(r"^out/", f"{tmp_path}/", word) for word in words[1:]]
    run = subprocess.run([THECAL, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)
    code = re.search(r"# exit (\d)$", command)
    assert run.returncode == (int(code[1]) if code else 0), run.stderr
    assert "Traceback" not in run.stderr  # which ends with 1, too
    if shown:
        assert run.stdout.rstrip("\n") == shown


CHANCE = re.compile(  # codes, times, hashes: other at every run
    r"[PV]-[0-9A-HJKMNP-TV-Z]{10}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\b[0-9a-f]{64}\b"
)


@pytest.mark.parametrize("page", STORIES)
def test_the_commands_of_a_page_run_one_after_another_and_print_what_is_shown(page, tmp_path):
    """A code that the page shows stands for the one that was made by chance."""
    env, made = dict(os.environ), dict[str, str]()

    def as_made(found: re.Match[str]) -> str:
        return made.get(found[0], found[0])

    told = [(command, shown) for name, command, shown in console_commands() if name == page]
    assert len(told) >= 10
    for command, shown in told:
        words = [
            re.sub(r"(^|=)out(?=/|$)", rf"\g<1>{tmp_path}", word)
            for word in shlex.split(CHANCE.sub(as_made, command), comments=True)
        ]
        if words[0] == "export":
            env |= dict([words[1].split("=", 1)])
            continue
        assert words[0] == "thecal", f"{page}: only thecal is run in a console block: {command}"
        run = subprocess.run(
            [THECAL, *words[1:]], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
        )
        code = re.search(r"# exit (\d)$", command)
        assert run.returncode == (int(code[1]) if code else 0), f"{command}\n{run.stderr}"
        assert "Traceback" not in run.stderr
        if shown:
            made |= dict(zip(CHANCE.findall(shown), CHANCE.findall(run.stdout), strict=True))
            assert CHANCE.sub("#", run.stdout.rstrip("\n")) == CHANCE.sub("#", shown)


def test_the_readme_shows_commands():
    """Guards the parser above: a page whose blocks are not found would pass without being run."""
    assert sum(page == "README.md" for page, _, _ in console_commands()) >= 6


WITH_PYTHON = [page for page in PAGES if ">>> " in page.read_text(encoding="utf-8")]
DOCTEST = (
    "import doctest, sys; "
    "sys.exit(doctest.testfile(sys.argv[1], module_relative=False, encoding='utf-8').failed)"
)


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_the_python_lines_of_a_page_give_what_they_show(page):
    """As a reader runs them: in a process of their own, without the type checks of the tests."""
    command = [sys.executable, "-W", "error", "-c", DOCTEST, page]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_pages_for_modellers_show_python():
    """Guards the list above: a page left out of it would pass without being run."""
    assert {"README.md", "modelling.md", "explore.md"} <= {page.name for page in WITH_PYTHON}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_to_a_file_finds_it(page):
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_option_of_every_command_is_in_the_documents():
    from thecal.cli import app

    words = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    groups = [app, *(c for c in app.commands.values() if isinstance(c, click.Group))]
    assert len(groups) >= 5
    for group in groups:
        for name, command in group.commands.items():
            for parameter in command.params:
                for option in parameter.opts:
                    if option.startswith("--"):
                        assert option in words, f"{name} {option} is in no document"


def test_make_targets_named_in_the_documents_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in PAGES:
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: {target}"


def test_no_document_names_an_address_of_a_registry():
    """The lock file holds pins and hashes, and no addresses: it must work behind any index."""
    lock = (ROOT / "requirements.lock.txt").read_text(encoding="utf-8")
    assert "http" not in lock and "file:" not in lock and "--hash=sha256:" in lock
