"""`simcell plot` of a run in space: pictures, movies, files for other programs, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from simcell.cli import execute
from simcell.results import store
from tests.in_space import tree


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("plot")
    store.write(tree("radial"), found / "radial.nc")
    store.write(tree("plan", cells=12), found / "plan.nc")
    store.write(tree("batch"), found / "batch.nc")
    return found


@pytest.mark.parametrize(
    ("file", "options", "made"),
    [
        ("radial.nc", (), ["radial.png"]),
        ("plan.nc", ("--species", "H2", "--time", "1 s", "--extent", "all", "-o", "h2.svg"), ["h2.svg"]),
        ("radial.nc", ("--what", "reach", "-o", "reach.pdf"), ["reach.pdf"]),
        ("plan.nc", ("--what", "pH", "--movie", "ph.gif"), ["ph.gif"]),
        ("plan.nc", ("--paraview", "a.vtr", "--csv", "a.csv"), ["a.vtr", "a.csv"]),
        ("batch.nc", (), ["batch.png"]),
    ],
)
def test_what_is_asked_for_is_written_and_nothing_else(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, options: tuple[str, ...], made: list[str]
) -> None:
    (tmp_path / file).write_bytes((folder / file).read_bytes())
    monkeypatch.chdir(tmp_path)
    assert execute(["plot", file, *options]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([file, *made])


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        ("plan.nc", ("--time", "1"), 'needs a unit, for example "1 s"'),
        ("plan.nc", ("--time", "99 s"), "outside the run, which has results from 1 µs to 10 s"),
        ("plan.nc", ("--species", "h202"), 'did you mean "H2O2"?'),
        ("plan.nc", ("--what", "pie"), 'no figure of kind "pie"'),
        ("plan.nc", ("--movie", "a.avi"), "its ending must be .gif or .mp4"),
        ("plan.nc", ("--csv", "a.txt"), "its ending must be .csv"),
        ("batch.nc", ("--what", "map"), "not resolved in space"),
        ("batch.nc", ("--movie", "a.gif"), "not resolved in space"),
        ("radial.nc", ("--csv", "kept.csv"), "exists already; add --force"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_reason(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    file: str,
    options: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept.csv").write_text("mine")
    assert (
        execute(
            [
                "plot",
                str(folder / file),
                *options,
                *(() if "--csv" in options or "--movie" in options else ("-o", "a.png")),
            ]
        )
        == 2
    )
    assert message in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["kept.csv"]
