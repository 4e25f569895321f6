"""Bands on what is beam, bias and both: the four runs again and again, with constants drawn within their uncertainty.

Every sample draws the rate constants and yields of the mechanism (`radiolysis.sample`,
`simcell.radiolysis.uncertainty`) and, evenly over their ranges, whatever other keys are named as uncertain: exchange
currents, areas, dose rates. All four runs of a sample share what was drawn, so that the parts are differences within
a sample; quantiles are taken of the parts. A sample of which a run fails is left out and counted, no value is made up.
Each finished sample is a file of its own, named after the case that it ran, so that an interrupted study goes on where
it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.errors import InputError, Problem, SolverError
from simcell.radiolysis.uncertainty import RATE_FACTOR, YIELD_SIGMA, shares
from simcell.results.effects import BEAM, BIAS, QUANTILES, Effect, bands, effects
from simcell.results.files import atomic
from simcell.results.four_runs import TRACES, trace_of
from simcell.results.provenance import ATTRIBUTE, read_provenance
from simcell.results.schema import attribute, build
from simcell.studies.controls import POLL, Unbiased, controls, four_cases
from simcell.studies.setup import mechanism_of
from simcell.studies.sweeps.plan import Axis, axis
from simcell.studies.sweeps.pool import processes

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

FEW = 40  # samples below which 95 % of them are all of them


def uncertain_keys(texts: Sequence[str], case: Case) -> list[Axis]:
    """What else is not known of a case: ``key=low..high`` or ``key=low..high:log``.

    Raises
    ------
    InputError
        For what is no range, or no key of the case.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> [a.key for a in uncertain_keys(["radiolysis.g_scale=0.9..1.1"], case)]
    ['radiolysis.g_scale']
    """
    found = [axis(text, "lhs") for text in texts]
    for one in found:
        if one.scale == "list":
            reason = "needs the range in which its value lies"
            raise InputError(Problem("", "--uncertain", one.key, reason, '"beam.dose_rate=1e6Gy/s..2e6Gy/s:log"'))
    case.replace_all({a.key: a.draw(0.5)[0] for a in found})
    return found


def sample_of(case: Case, number: int, uncertain: Sequence[Axis] = ()) -> Case:
    """The case of one sample.

    Parameters
    ----------
    case : Case
    number : int
        From 1 on; `radiolysis.seed` draws others.
    uncertain : sequence of Axis
        Other keys; their places in the range are the last coordinates of the point of the Sobol sequence.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> sample_of(case, 3).input.radiolysis.sample
    3
    """
    point = shares(number, case.input.radiolysis.seed)[::-1]
    drawn = {a.key: a.draw(float(u))[0] for a, u in zip(uncertain, point, strict=False)}
    return case.replace_all({"radiolysis.sample": number, **drawn})


def sampled_controls(
    case: Case, tree: xr.DataTree, samples: int, folder: Path, unbiased: Unbiased = "open-circuit",
    uncertain: Sequence[Axis] = (), jobs: int = 1, progress: Callable[[float], None] | None = None,
) -> xr.DataTree:  # fmt: skip
    """Put bands on the result of the four runs.

    Parameters
    ----------
    case : Case
    tree : xarray.DataTree
        Of `simcell.studies.controls.controls`, with the constants as they are published.
    samples : int
    folder : Path
        Where finished samples lie; what is there of this case is not run again.
    unbiased : str
    uncertain : sequence of Axis
        From `uncertain_keys`.
    jobs : int
        Processes; each takes one sample, that is four runs, at a time.
    progress : callable, optional
        Called with the fraction of samples that is done; may raise KeyboardInterrupt.

    Returns
    -------
    xarray.DataTree
        The same with `bands` in its provenance and the quantiles of the traces.

    Raises
    ------
    SolverError
        If no sample could be run, or a process died.

    Examples
    --------
    >>> sampled_controls.__name__
    'sampled_controls'
    """
    members = [sample_of(case, n, uncertain) for n in range(1, samples + 1)]
    files = [folder / f"{member.hash}-{unbiased}.json" for member in members]
    folder.mkdir(exist_ok=True)
    missing = [(m, f) for m, f in zip(members, files, strict=True) if not f.is_file()]
    reasons = _all(missing, unbiased, min(jobs, max(1, len(missing))), progress, samples)
    found = [json.loads(f.read_text(encoding="utf-8")) for f in files if f.is_file()]
    if not found:
        raise SolverError(f"none of the {samples} samples could be run: {reasons[0]}")
    facts = dict(read_provenance(tree))
    own = mechanism_of(case.input, case.folder)
    unstated = sum(r.uncertainty is None for r in own.reactions)
    default = case.input.radiolysis.rate_uncertainty or RATE_FACTOR
    warnings = [
        f"samples: {unstated} of {len(own.reactions)} rate constants have no stated uncertainty and vary by an assumed "
        f"factor of {default:g} (1 sigma; set by radiolysis.rate_uncertainty); yields without one by {YIELD_SIGMA:.0%}"
    ]
    if len(found) < FEW:
        warnings.append(f"of {len(found)} samples the 95 % bands are about the whole range; {FEW} or more tell tails")
    if reasons:
        warnings.append(f"{len(reasons)} of {samples} samples are left out, a run of them failed: {reasons[0]}")
    facts["warnings"] = [*facts["warnings"], *warnings]
    facts["bands"] = {
        name: rows.tolist() for name, rows in bands([[Effect(*e) for e in f["effects"]] for f in found]).items()
    }
    facts["samples"] = {
        "count": samples, "used": len(found), "seed": case.input.radiolysis.seed, "quantiles": list(QUANTILES),
        "uncertain": {a.key: [*(a.numbers or ())][:: max(1, len(a.numbers or ()) - 1)] for a in uncertain},
    }  # fmt: skip
    return _with_traces(tree, facts, found)


def run_sample(case: Case, unbiased: Unbiased, file: Path) -> str:
    """Run the four cases of a sample and keep what bands are made of; returns why it failed, if it did.

    Examples
    --------
    >>> run_sample.__name__
    'run_sample'
    """
    cases = four_cases(case, unbiased)
    try:
        tree = controls(case, unbiased, cases=cases)
    except SolverError as error:
        return str(error)
    if failures := read_provenance(tree)["failures"]:
        return "; ".join(f"{name}: {text}" for name, text in failures.items())
    kept = {
        "effects": [[e.quantity, e.unit, e.neither, e.beam, e.bias, e.both] for e in effects(tree)],
        "traces": {name: _values(tree, name).tolist() for name in TRACES},
        "time": tree["transport"].dataset["time"].values.tolist(),
    }
    with atomic(file, overwrite=True) as temporary:
        temporary.write_text(json.dumps(kept), encoding="utf-8")
    return ""


def _values(tree: xr.DataTree, name: str) -> np.ndarray:
    """A trace of all four runs; where it is the same in all, four times."""
    array = trace_of(tree, name)
    shape = (2, 2, array.sizes["time"])
    return np.broadcast_to(array.transpose(*(d for d in (BEAM, BIAS) if d in array.dims), "time").values, shape)


def _all(
    missing: Sequence[tuple[Case, Path]], unbiased: Unbiased, jobs: int,
    progress: Callable[[float], None] | None, samples: int,
) -> list[str]:  # fmt: skip
    """Run samples; returns why some failed."""
    reasons, done = [], samples - len(missing)

    def tell() -> None:
        if progress is not None:
            progress(done / samples)

    tell()
    if jobs == 1:
        for case, file in missing:
            reasons.append(run_sample(case, unbiased, file))
            done += 1
            tell()
        return [text for text in reasons if text]
    queue = list(missing)[::-1]
    running: set[Future[str]] = set()
    try:
        with processes(jobs) as pool:
            while queue or running:
                while queue and len(running) < jobs:
                    running.add(pool.submit(run_sample, queue[-1][0], unbiased, queue.pop()[1]))
                ready, running = wait(running, timeout=POLL, return_when=FIRST_COMPLETED)
                reasons += [future.result() for future in ready]
                done += len(ready)
                tell()
    except BrokenProcessPool:
        more = "repeat the command with --resume, and with fewer --jobs if memory was short"
        raise SolverError(f"a process died after {done} of {samples} samples, which are kept; {more}") from None
    return [text for text in reasons if text]


def _with_traces(tree: xr.DataTree, facts: dict[str, Any], found: Sequence[dict[str, Any]]) -> xr.DataTree:
    """Add the quantiles of the chief traces at the times that all samples have."""
    time = tree["transport"].dataset["time"].values
    alike = [f for f in found if len(f["time"]) == time.size and np.allclose(f["time"], time, rtol=1e-9, atol=0.0)]
    if len(alike) == len(found):
        coords = {BEAM: ([0.0, 1.0], "1"), BIAS: ([0.0, 1.0], "1"), "quantile": list(QUANTILES), "time": time.tolist()}
        group = {
            f"{name}_quantile": (
                [BEAM, BIAS, "quantile", "time"],
                np.moveaxis(np.quantile([f["traces"][name] for f in found], QUANTILES, axis=0), 0, 2),
            )
            for name in TRACES
        }
        tree = tree.copy()
        tree["controls"] = build({"controls": group}, coords)["controls"]
    else:
        facts["warnings"].append("the samples end at different times, so that their traces have no bands")
    tree.attrs[ATTRIBUTE] = attribute(facts)
    return tree
