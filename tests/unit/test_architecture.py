"""The shape of the package: which ring may import what, how quick it starts, how long its files are."""

from __future__ import annotations

import ast
import inspect
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import simcell

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "simcell"
SOURCES = sorted(PACKAGE.rglob("*.py"))

PHYSICS = {
    "numerics", "cell", "beam", "chemistry", "radiolysis", "transport", "dendrite", "imaging", "coupled",
}  # fmt: skip
BORDER = {"units", "inputs", "case", "dose", "results", "studies", "cli", "commands", "__main__"}
EVERYBODY = {"errors", "constants", "cache"}
BORDER_LIBRARIES = {"pint", "pydantic", "typer", "rich", "xarray", "matplotlib", "h5netcdf", "h5py", "pandas"}
# What couples these three is simcell/coupled.py, nothing else.
SIBLINGS = {"radiolysis", "transport", "dendrite"}
# numerics holds no chemistry; the others stand on it.
BELOW = {
    "numerics": PHYSICS - {"numerics"},
    "cell": PHYSICS - {"numerics", "cell"},
    "beam": PHYSICS - {"numerics", "cell", "beam"},
    "chemistry": PHYSICS - {"numerics", "cell", "beam", "chemistry"},
}


def _imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    """Yield dotted names of modules that `path` imports, not counting those for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skip: set[ast.AST] = set()
    for node in ast.walk(tree):
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and top_level_only
        if typing_only or lazy:
            skip.update(ast.walk(node))
    for node in ast.walk(tree):
        if node in skip:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write absolute imports"
            module = node.module or ""
            # `from simcell import beam` names a part as well
            yield from (f"{module}.{alias.name}" for alias in node.names) if module == "simcell" else [module]


def _part(path: Path) -> str:
    """Return the first name below simcell: the package or module that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def _own(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "simcell" and len(parts) > 1 else None


def _is_kernel(path: Path) -> bool:
    return path.stem.startswith("kernels")


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [p for p in SOURCES if _is_kernel(p)], ids=_id)
def test_kernels_know_only_numpy_and_the_jit_wrapper(path: Path) -> None:
    allowed = {"__future__", "math", "typing", "numpy", "numba", "simcell.numerics.jit"}
    for name in _imports(path):
        other = name.startswith("simcell.") and name.rsplit(".", 1)[-1].startswith("kernels")  # see numerics/jit.py
        assert name in allowed or other or name.split(".")[0] in {"numpy", "numba"}, f"{_id(path)} imports {name}"


@pytest.mark.parametrize("path", [p for p in SOURCES if _part(p) in PHYSICS], ids=_id)
def test_physics_knows_neither_units_nor_labels_nor_pictures(path: Path) -> None:
    part = _part(path)
    closed = BORDER | BELOW.get(part, set()) | ((SIBLINGS - {part}) if part in SIBLINGS else set())
    for name in _imports(path):
        assert name.split(".")[0] not in BORDER_LIBRARIES, f"{_id(path)} imports {name}"
        assert _own(name) not in closed, f"{_id(path)} imports {name}"


@pytest.mark.parametrize("part", sorted(EVERYBODY))
def test_what_everybody_may_import_costs_nothing(part: str) -> None:
    for name in _imports(PACKAGE / f"{part}.py"):
        assert name.split(".")[0] in sys.stdlib_module_names, f"{part} imports {name}"


def test_every_part_has_a_ring() -> None:
    parts = {_part(p) for p in SOURCES} - {"__init__"}
    assert parts <= PHYSICS | BORDER | EVERYBODY


def test_fipy_stays_behind_its_fence() -> None:
    for path in SOURCES:
        if path.name != "fipy_check.py":
            assert not any(name.split(".")[0] == "fipy" for name in _imports(path)), _id(path)


@pytest.mark.parametrize(
    "path",
    [p for p in SOURCES if _part(p) in {"cli", "commands", "__init__"} and p.parent.name != "data"],
    ids=_id,
)
def test_command_line_loads_nothing_heavy_at_module_level(path: Path) -> None:
    heavy = {"numpy", "scipy", "numba", "pint", "pydantic", "xarray", "matplotlib", "pandas", "fipy", "h5py"}
    for name in _imports(path, top_level_only=True):
        assert name.split(".")[0] not in heavy, f"{_id(path)} imports {name} at module level"
        assert _own(name) not in PHYSICS | {"units", "inputs", "case", "dose", "results", "studies"}, name


def _python(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args],
        capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_import_is_lazy_and_quick() -> None:
    heavy = {"numpy", "numba", "matplotlib", "pint", "xarray", "pydantic", "fipy", "scipy", "typer", "rich"}
    lines = _python("-X", "importtime", "-c", "import simcell").stderr.splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in lines if "|" in line]
    times = {name.strip(): total for _, total, name in rows}
    assert heavy.isdisjoint(times)
    # 0.3 s is the aim with the interpreter's own start; the import alone must stay far below it.
    assert int(times["simcell"]) < 200_000


def test_public_names_exist_and_nothing_else_is_promised() -> None:
    for name in simcell.__all__:
        assert getattr(simcell, name) is not None
    assert set(simcell._HOME) == set(simcell.__all__)
    with pytest.raises(AttributeError, match="no attribute 'doserate'"):
        _ = simcell.doserate


def test_files_stay_short() -> None:
    lengths = {_id(p): len(p.read_text(encoding="utf-8").splitlines()) for p in SOURCES}
    assert statistics.median(lengths.values()) < 200
    assert {name: n for name, n in lengths.items() if n > 450} == {}


def _public_nodes(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for child in node.body:
                    if isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
                        yield f"{node.name}.{child.name}", child


@pytest.mark.parametrize("path", SOURCES, ids=_id)
def test_public_names_are_explained(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    missing = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    missing += [name for name, node in _public_nodes(path) if not ast.get_docstring(node)]
    assert missing == []


# Kernels are called with packed arrays only, and commands by typing: their tests are their examples.
WITH_EXAMPLES = [p for p in SOURCES if not _is_kernel(p) and _part(p) not in {"cli", "commands", "__main__"}]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=_id)
def test_public_functions_have_an_example_that_runs(path: Path) -> None:
    top_level = [(name, node) for name, node in _public_nodes(path) if "." not in name]
    assert [name for name, node in top_level if ">>>" not in (ast.get_docstring(node) or "")] == []


@pytest.mark.parametrize("name", simcell.__all__)
def test_what_users_call_is_documented_in_full(name: str) -> None:
    thing = getattr(simcell, name)
    text = inspect.getdoc(thing) or ""
    assert ">>>" in text, "no example that runs"
    if inspect.isfunction(thing):
        assert "Parameters\n---" in text
        gives = inspect.signature(thing).return_annotation not in (None, "None")
        assert not gives or "Returns\n---" in text


def test_no_path_of_a_machine_is_written_down() -> None:
    # Put together here, so that this file does not accuse itself.
    words = ["/" + folder + "/" for folder in ("work", "opt", "root", "home")] + ["C:" + "\\Users"]
    kinds = {".py", ".md", ".toml", ".csv", ".yml", ".cff", ".txt", ""}
    folders = ["simcell", "tests", "docs", "examples", "benchmarks", "validation", ".github", ".ci"]
    files = [p for folder in folders for p in (ROOT / folder).rglob("*") if p.is_file()]
    files += [p for p in ROOT.iterdir() if p.is_file()]
    for path in files:
        if path.suffix in kinds and "__pycache__" not in path.parts:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert [word for word in words if word in text] == [], path
