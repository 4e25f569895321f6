"""What the documents tell people to type works as it stands."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from simcell.cli import execute

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return (language, content) of every fenced block of a page."""
    return re.findall(r"^```([a-z]*)\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.S | re.M)


def commands(page: Path) -> list[list[str]]:
    """Return the simcell commands of a page, in order, without comments."""
    lines = [line for language, text in blocks(page) if not language for line in text.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("simcell ")]


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs" / "five-minutes.md"], ids=lambda p: p.name)
def test_commands_work_in_the_order_of_the_page(
    page: Path, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands(page)
    for command in commands(page):
        assert execute(command) == 0, (command, capsys.readouterr().err)


def test_python_of_the_readme_works(workplace: Path) -> None:
    assert execute(["new", "radiolysis"]) == 0
    for language, text in blocks(ROOT / "README.md"):
        if language == "python":
            exec(compile(text, "README.md", "exec"), {})  # our own text


def test_mechanism_of_the_page_loads(workplace: Path) -> None:
    from simcell.inputs.mechanism import load_mechanism

    whole = [text for language, text in blocks(ROOT / "docs" / "mechanisms.md") if "schema = 1" in text]
    Path("mine.toml").write_text(whole[0], encoding="utf-8")
    mechanism = load_mechanism("mine.toml")
    assert "CH3OH" in mechanism.species
    assert len(mechanism.reactions) == len(load_mechanism("water").reactions) + 1


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    missing = [t for t in targets if not t.startswith(("http", "mailto")) and not (page.parent / t).exists()]
    assert missing == []


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.toml")), ids=lambda p: p.name)
def test_examples_are_cases(example: Path) -> None:
    assert "case" in tomllib.loads(example.read_text(encoding="utf-8"))
    assert execute(["check", str(example)]) == 0


def test_the_readme_holds_exactly_the_two_commands() -> None:
    """The same pattern as in .ci/run, which runs them in fresh environments."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"<!-- ci: (\w+) -->\s*```[a-z]*\n(.*?)\n```", text, flags=re.S)
    assert [name for name, _ in found] == ["main", "tests"]
    assert all("\n" not in command for _, command in found)
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert all(command in workflow for _, command in found)
