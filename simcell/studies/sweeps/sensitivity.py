"""How much each key decides an output: indices of Morris and of Sobol over a finished sweep, by SALib.

Morris (Technometrics 33 (1991) 161): of the change of the output when one key moves by a step, mu* is the mean
magnitude (Campolongo, Cariboni & Saltelli, Environ. Model. Softw. 22 (2007) 1509) and sigma the spread; a sigma as
large as mu* tells of curvature or of keys that act together. Changes count for the whole range of the key. Sobol
(Math. Comput. Simul. 55 (2001) 271): S1 is the share of the variance that a key makes alone, ST with all that it makes
together with others. Both hold for the ranges that were swept, drawn as they were (evenly, or in the logarithm).

Failed runs: a trajectory of Morris, or a base point of Sobol with its k + 2 runs, is left out whole if a run of it is
missing; no value is made up in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simcell.errors import InputError, Problem, ResultError
from simcell.studies.outputs import output_of, usual_outputs
from simcell.studies.sweeps.folder import Folder, load
from simcell.studies.sweeps.gather import results
from simcell.studies.sweeps.plan import LEVELS, problem_of, salib

FEWEST = 4  # trajectories or base points; SALib's intervals mean nothing with less
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Indices:
    """Sensitivity of one output to each key.

    `first` and `total` are mu* and sigma of a Morris design, S1 and ST of a Sobol design; `first_error` and
    `total_error` the half-widths of their 95 % intervals (NaN where there is none).

    Examples
    --------
    >>> i = Indices("pH", "1", "sobol", ("a", "b"), *(np.array([0.1, 0.8]),) * 4, 64, 64)
    >>> i.ranked
    ('b', 'a')
    """

    output: str
    unit: str
    method: str
    keys: tuple[str, ...]
    first: np.ndarray
    first_error: np.ndarray
    total: np.ndarray
    total_error: np.ndarray
    used: int  # trajectories or base points that were complete
    planned: int

    @property
    def ranked(self) -> tuple[str, ...]:
        """Keys, the most important first: by mu* or ST."""
        by = self.first if self.method == "morris" else self.total
        return tuple(self.keys[i] for i in np.argsort(-by))


def sensitivity(path: str | Path, outputs: Sequence[str] = ()) -> list[Indices]:
    """Indices of the outputs of a sweep with the design "morris" or "sobol", at the end of the runs.

    Parameters
    ----------
    path : str or Path
        The folder of the sweep.
    outputs : sequence of str
        As in `simcell.studies.outputs`; default those that most will ask for.

    Returns
    -------
    list of Indices
        One for each output that is not the same in all runs.

    Raises
    ------
    InputError
        If the design allows no indices, or too few runs are complete.

    Examples
    --------
    >>> sensitivity("nowhere")
    Traceback (most recent call last):
    simcell.errors.ResultError: nowhere holds no sweep (no manifest.json)
    """
    folder = load(Path(path))
    design = folder.manifest["design"]
    if design not in ("morris", "sobol"):
        reason = "gives no indices; repeat the sweep with --design morris or sobol"
        raise InputError(Problem("", "design", design, reason))
    values, units = _finals(folder, outputs)
    found = [_indices(folder, name, units[name], row) for name, row in values.items()]
    return [indices for indices in found if indices is not None]


def _finals(folder: Folder, outputs: Sequence[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Value of each output at the end of each run; NaN for a run without one."""
    values: dict[str, np.ndarray] = {}
    units: dict[str, str] = {}
    names = list(outputs)
    for rows, tree in results(folder):
        names = names or usual_outputs(tree)
        for name in names:
            found = output_of(tree, name)
            values.setdefault(name, np.full(len(folder.runs), np.nan))[rows] = found.values[..., -1]
            units[name] = found.unit
    if not values:
        raise ResultError(f"{folder.path}: no run of this sweep is finished yet, or none has a usual output")
    return values, units


def _indices(folder: Folder, name: str, unit: str, values: np.ndarray) -> Indices | None:
    facts = folder.manifest
    design, samples, seed, axes = facts["design"], facts["samples"], facts["seed"], folder.axes
    width = len(axes) + (1 if design == "morris" else 2)
    blocks = values.reshape(samples, width)
    whole = np.isfinite(blocks).all(axis=1)
    kept = blocks[whole].ravel()
    used = int(whole.sum())
    if used < FEWEST:
        reason = (
            f"has {used} complete {'trajectories' if design == 'morris' else 'base points'}; {FEWEST} are the least"
        )
        raise InputError(Problem("", "output", name, reason))
    if np.ptp(kept) <= 1e-12 * np.abs(kept).max():
        return None
    library, problem, keys = salib("analyze"), problem_of(axes), tuple(a.key for a in axes)
    if design == "morris":
        shares = (
            np.array([run["shares"] for run in facts["runs"]]).reshape(samples, width, -1)[whole].reshape(-1, len(axes))
        )
        got = library.morris.analyze(problem, shares, kept, num_levels=LEVELS, seed=seed)
        none = np.full(len(axes), np.nan)
        return Indices(name, unit, design, keys, np.asarray(got["mu_star"]), np.asarray(got["mu_star_conf"]),
                       np.asarray(got["sigma"]), none, used, samples)  # fmt: skip
    got = library.sobol.analyze(problem, kept, calc_second_order=False, conf_level=CONFIDENCE, seed=seed)
    return Indices(name, unit, design, keys, np.asarray(got["S1"]), np.asarray(got["S1_conf"]), np.asarray(got["ST"]),
                   np.asarray(got["ST_conf"]), used, samples)  # fmt: skip
