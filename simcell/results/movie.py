"""Movies: one quantity or a deposit over time, as GIF (by Pillow) or MP4 (by ffmpeg, where it is installed).

All frames share one scale of colours and one view, so that what changes is the chemistry. A frame is an output time of
the run, with its clock; times that are spread by factors pass as such. Like every file, a movie appears whole or not at
all: Ctrl-C leaves none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from simcell.errors import ResultError
from simcell.results import frame, gather, growth_plots, layers, maps, profiles, space, style, words
from simcell.results.files import atomic, check_writable

FORMATS = (".gif", ".mp4")
MOST = 240  # frames; of a longer run every second or third time is shown
DPI = 110
Redraw = Callable[[int], None]


def movie(
    tree: xr.DataTree,
    what: str,
    path: str | os.PathLike[str],
    *,
    fps: float = 12.0,
    extent: float | None = None,
    overwrite: bool = True,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Make a movie of one quantity: of its map, in `radial` of its profile; or of a deposit on the salt.

    Parameters
    ----------
    tree : xarray.DataTree
        One run in space.
    what : str
        A species, `pH` or `gas`; of no concern for a deposit.
    path : path-like
        Ends in .gif or .mp4.
    fps : float
        Frames per second.
    extent : float, optional
        Width of the view, as for `simcell.results.maps.sheet` [m].
    overwrite : bool
        Whether an existing file may be replaced.
    progress : callable, optional
        Called with the fraction of frames that is done.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ResultError
        For another ending, a run with one time only, an MP4 without ffmpeg, or when ffmpeg fails.

    Examples
    --------
    >>> movie(xr.DataTree(), "H2", "movie.avi")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: movie.avi: a movie is saved as .gif or .mp4
    """
    kind = Path(path).suffix.lower()
    if kind not in FORMATS:
        raise ResultError(f"{path}: a movie is saved as {' or '.join(FORMATS)}")
    if not 0.1 <= fps <= 60.0:
        raise ResultError(f"{fps:g} frames per second cannot be shown; choose 0.1 to 60")
    ffmpeg = _ffmpeg(path) if kind == ".mp4" else ""
    target = check_writable(path, overwrite)
    steps = frames_of(tree)
    figure, redraw = _stage(tree, what, steps, extent)
    pictures = _pictures(figure, redraw, range(len(steps)), progress)
    with atomic(target, overwrite) as temporary:
        if ffmpeg:
            _write_mp4(ffmpeg, pictures, temporary, fps)
        else:
            last = next(_pictures(figure, redraw, [len(steps) - 1], None))
            _write_gif(pictures, last, temporary, fps)
    return target


def frames_of(tree: xr.DataTree, most: int = MOST) -> list[int]:
    """Indices of the output times that become frames; the last is always among them.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[7.0, 7.0], [5.0, 7.0]])}},
    ...              {"time": [1.0, 2.0], "x": [1e-6, 2e-6]})
    >>> frames_of(tree)
    [0, 1]
    """
    if growth_plots.is_growth(tree):
        count = growth_plots.group_of(tree)["time"].size
    else:
        space.need_space(tree)
        count = gather.radiolysis(tree)["time"].size
    if count < 2:
        raise ResultError("a movie needs two output times or more; this result holds one")
    step = -(-count // most)
    return list(range((count - 1) % step, count, step))


def _stage(tree: xr.DataTree, what: str, steps: list[int], extent: float | None) -> tuple[Figure, Redraw]:
    if growth_plots.is_growth(tree):
        figure, _, show = growth_plots.picture(tree)
        return figure, lambda number: show(steps[number])
    fields = space.frames(tree, what, steps)
    time = gather.radiolysis(tree)["time"].values[steps]
    clocks = [words.duration(float(f"{t:.2g}")) if t > 0.0 else "0 s" for t in time]
    where = space.place(tree)
    if where.y.size == where.z.size == 1:
        return _stage_line(tree, what, steps, fields[-1], clocks)
    return _stage_map(tree, what, extent, fields, clocks)


def _stage_map(
    tree: xr.DataTree, what: str, extent: float | None, fields: list[space.Field], clocks: list[str]
) -> tuple[Figure, Redraw]:
    scene = maps.scene_of(tree, extent)
    wet = np.stack([np.where(scene.wet, f.values, np.nan) for f in fields])
    scale = layers.norm(wet, fields[0].kind)
    figure, meshes = maps.bare(scene, fields[-1], scale)
    clock = _clock(figure, tree)

    def redraw(number: int) -> None:
        for cut, mesh in zip(scene.cuts, meshes, strict=True):
            mesh.set_array(layers.masked(cut, fields[number], scene.wet))
        clock.set_text(clocks[number])

    return figure, redraw


def _stage_line(
    tree: xr.DataTree, what: str, steps: list[int], field: space.Field, clocks: list[str]
) -> tuple[Figure, Redraw]:
    axes, figure = profiles.stage(tree)
    values = np.stack([profiles.line(tree, what, step) for step in steps])
    profiles.scale_values(axes, values, field)
    axes.set_title(field.name, loc="left", fontsize=style.TEXT + 2, fontweight="bold", color=style.INK)
    along = profiles.distance(tree)
    axes.plot(along, values[0], color=style.FAINT, linewidth=1.0)
    (line,) = axes.plot(along, values[0], color=style.MADE, linewidth=2.2)
    clock = _clock(figure, tree)

    def redraw(number: int) -> None:
        line.set_ydata(values[number])
        clock.set_text(clocks[number])

    return figure, redraw


def _clock(figure: Figure, tree: xr.DataTree) -> Any:
    height = figure.get_size_inches()[1]
    frame.note(figure, [maps.heading(tree, None)[1]])
    return figure.text(
        0.975, 1.0 - 0.3 / height, "", ha="right", fontsize=style.TEXT + 3, fontweight="bold", color=style.INK
    )


def _pictures(
    figure: Figure, redraw: Redraw, numbers: Sequence[int], progress: Callable[[float], None] | None
) -> Iterator[np.ndarray]:
    """Yield each frame as (height, width, 3) bytes, both even, as video needs."""
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    for done, number in enumerate(numbers, 1):
        redraw(number)
        canvas.draw()
        whole = np.asarray(canvas.buffer_rgba())[..., :3]
        yield np.ascontiguousarray(whole[: whole.shape[0] // 2 * 2, : whole.shape[1] // 2 * 2])
        if progress is not None:
            progress(done / len(numbers))


def _write_gif(pictures: Iterator[np.ndarray], last: np.ndarray, path: Path, fps: float) -> None:
    # One palette for all frames, from the last: with a palette each, the colours of still things would flicker.
    palette = Image.fromarray(last).quantize(256, dither=Image.Dither.NONE)
    indexed = [Image.fromarray(p).quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures]
    lasts = [round(1000.0 / fps)] * len(indexed)
    lasts[-1] = max(lasts[-1], 1500)  # rest on the end before it starts again
    indexed[0].save(
        path, format="GIF", save_all=True, append_images=indexed[1:], duration=lasts, loop=0, optimize=False
    )


def _write_mp4(ffmpeg: str, pictures: Iterator[np.ndarray], path: Path, fps: float) -> None:
    first = next(pictures)
    size = f"{first.shape[1]}x{first.shape[0]}"
    command = [
        ffmpeg, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", f"{fps:g}",
        "-i", "-", "-an", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", str(path),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=told)
        try:
            if process.stdin is None:
                raise ResultError("ffmpeg takes no input")
            process.stdin.write(first.tobytes())
            for picture in pictures:
                process.stdin.write(picture.tobytes())
            process.stdin.close()
            code = process.wait()
        except BrokenPipeError:  # it has given up and says why
            code = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if code:
            told.seek(0)
            text = told.read().decode(errors="replace").strip().splitlines()
            raise ResultError(f"ffmpeg failed (exit code {code}): {text[-1] if text else 'it said nothing'}")


def _ffmpeg(path: str | os.PathLike[str]) -> str:
    found = shutil.which("ffmpeg")
    if found is None:
        raise ResultError(
            f"{path}: an MP4 is made by the program ffmpeg, which is not installed or not on the PATH; install it "
            "(ffmpeg.org), or choose a name that ends in .gif"
        )
    return found
