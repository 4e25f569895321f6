"""How uncertain the answer is: samples of constants and yields, and the choice between published mechanisms.

Every combination of a mechanism and a G set of it that is published for the liquid takes part with its share of the
samples. Quantiles over all samples therefore hold both kinds of uncertainty; the nominal run of each combination is
kept apart (`member`), because the choice between them is not a matter of chance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.chemistry.mechanism import Mechanism
from simcell.chemistry.network import Array, Network
from simcell.constants import ZERO_CELSIUS
from simcell.errors import InputError
from simcell.radiolysis.homogeneous import integrate_batch
from simcell.radiolysis.setup import Setup
from simcell.radiolysis.steady import steady_state
from simcell.radiolysis.uncertainty import RATE_FACTOR, YIELD_SIGMA, sample_rates, sample_yields
from simcell.studies.run import Group, kernels_of, ph, saturation
from simcell.studies.setup import mechanism_of, setup_of

if TYPE_CHECKING:
    from simcell.case import Case

QUANTILES = (0.025, 0.5, 0.975)
RTOL = 1e-3  # of one sample; delivers some 1e-4, far below the spread


def combinations(case: Case) -> tuple[list[tuple[Mechanism, str]], list[str]]:
    """Mechanisms and G sets that stand for the liquid of a case.

    Those that `radiolysis.mechanisms` lists, or the case's own and its published alternatives. A mechanism that does
    not know a dissolved species, or whose constants do not hold at the temperature, is left out with a remark. A G set
    that the case names is the only one of its mechanism.

    Returns
    -------
    members, remarks

    Examples
    --------
    >>> from simcell.case import Case
    >>> c = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> [f"{m.name}/{g}" for m, g in combinations(c)[0]]
    ['water/HS300', 'water/PAST', 'water/EB25', 'water-eb09/EB']
    """
    own = mechanism_of(case.input, case.folder)
    listed = case.input.radiolysis.mechanisms
    temperature = case.input.electrolyte.temperature
    found, remarks = [own], []
    for name in listed or own.alternatives:
        if name in (own.name, case.input.electrolyte.mechanism):
            continue
        try:
            other = mechanism_of(case.input, case.folder, name)
        except InputError:
            if listed:
                raise
            continue
        if missing := [
            s for s in case.input.electrolyte.concentrations if _inert_in(s, other) and not _inert_in(s, own)
        ]:
            remarks.append(f"{other.name} left out: it does not know {', '.join(missing)}")
        elif not other.temperature_range[0] - 0.05 <= temperature <= other.temperature_range[1] + 0.05:
            low, high = (t - ZERO_CELSIUS for t in other.temperature_range)
            remarks.append(
                f"{other.name} left out: its constants hold at {low:g} to {high:g} degC, "
                f"the case is at {temperature - ZERO_CELSIUS:.4g} degC"
            )
        else:
            found.append(other)
    chosen = case.input.radiolysis.g_values
    members = [(m, g) for m in found for g in m.yields if chosen is None or g == chosen or chosen not in m.yields]
    return members, remarks


def _inert_in(species: str, mechanism: Mechanism) -> bool:
    """True for an ion that a mechanism took in without knowing reactions of it."""
    return not any(species in r.change or species in r.counted for r in mechanism.reactions)


def ensemble_group(
    case: Case, nominal: Setup, times: Array, progress: Callable[[float], None] | None = None
) -> tuple[Group, dict[str, Any], dict[str, Any], list[str]]:
    """Quantiles over the samples and the nominal steady state of each combination.

    Parameters
    ----------
    case : Case
    nominal : Setup
        The nominal run, whose species are reported.
    times : array
        [s]
    progress : callable, optional

    Returns
    -------
    group, coords, facts for the provenance, warnings

    Examples
    --------
    >>> from simcell.case import Case
    >>> c = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s"},
    ...                     "radiolysis": {"ensemble": 8}, "output": {"times": ["1 s"]}})
    >>> setup, _ = setup_of(c.input, mechanism_of(c.input))
    >>> group, coords, facts, _ = ensemble_group(c, setup, np.array([1.0]))
    >>> group["pH_quantile"][1].shape, len(coords["member"])
    ((3, 1), 4)
    """
    rng = np.random.default_rng(case.input.radiolysis.seed)
    chosen, remarks = combinations(case)
    share = _shares(case.input.radiolysis.ensemble, len(chosen))
    species, samples, steady, labels = list(nominal.species), [], [], []
    for number, ((mechanism, name), size) in enumerate(zip(chosen, share, strict=True)):
        net = nominal.problem.net if mechanism is nominal.mechanism else Network.of(mechanism)
        setup, _ = setup_of(case.input, mechanism, net, name)
        labels.append(f"{mechanism.name}/{name}")
        state = steady_state(setup.problem)
        if state.converged:
            steady.append(_in_order(setup, state.concentration, species))
        else:
            steady.append(np.full(len(species), np.nan))
            remarks.append(f"{labels[-1]}: no steady state was found; its steady values are missing")
        if size:
            samples.append(_sampled(case, setup, size, times, rng, species))
        if progress is not None:
            progress((number + 1) / len(chosen))
    drawn = np.concatenate(samples)
    limits = saturation(nominal)
    gas = np.stack([drawn[..., species.index(g)] / c for g, c in limits.items()], axis=-1)
    each = np.array(steady)
    group: Group = {
        "concentration_quantile": (["quantile", "time", "species"], np.nanquantile(drawn, QUANTILES, axis=0)),
        "pH_quantile": (["quantile", "time"], np.quantile(ph(drawn, species), QUANTILES, axis=0)),
        "gas_saturation_quantile": (["quantile", "time", "gas"], np.quantile(gas, QUANTILES, axis=0)),
        "ensemble_steady_concentration": (["member", "species"], each),
        "ensemble_steady_pH": (["member"], ph(each, species)),
        "ensemble_steady_gas_saturation": (
            ["member", "gas"],
            np.stack([each[:, species.index(g)] / c for g, c in limits.items()], axis=-1),
        ),
    }
    default = case.input.radiolysis.rate_uncertainty or RATE_FACTOR
    facts = {"ensemble": {"samples": dict(zip(labels, share, strict=True)), "quantiles": list(QUANTILES)}}
    missing = sum(r.uncertainty is None for r in nominal.mechanism.reactions)
    remark = (
        f"ensemble: {missing} of {len(nominal.mechanism.reactions)} constants of {nominal.mechanism.name} have no "
        f"stated uncertainty and vary by an assumed factor of {default:g} (1 sigma; set by "
        f"radiolysis.rate_uncertainty); yields without one by {YIELD_SIGMA:.0%}"
    )
    return group, {"quantile": list(QUANTILES), "member": labels}, facts, [*remarks, remark]


def _shares(total: int, parts: int) -> list[int]:
    return [total // parts + (1 if i < total % parts else 0) for i in range(parts)]


def _sampled(case: Case, setup: Setup, size: int, times: Array, rng: np.random.Generator, species: list[str]) -> Array:
    """Concentrations (size, time, species) of one combination."""
    p, c = setup.problem, setup.conditions
    default = case.input.radiolysis.rate_uncertainty or RATE_FACTOR
    k = sample_rates(setup.mechanism, p.k, size, rng, default)
    nominal = np.array([setup.mechanism.yield_values(setup.yields, c.temperature).get(s, 0.0) for s in p.net.names])
    scale = np.linalg.norm(p.source) / (np.linalg.norm(nominal) or 1.0)
    source = scale * sample_yields(p.net, setup.yields, c.temperature, size, rng)
    start = np.tile(p.start, (size, 1))
    result, done = integrate_batch(
        p.net,
        k,
        source,
        start,
        p.schedule,
        times,
        RTOL,
        case.input.solver.tolerances("batch")[1],
        using=kernels_of(case, p.net),
    )
    if done < size:
        raise KeyboardInterrupt
    return _in_order(setup, result, species)


def _in_order(setup: Setup, concentration: Array, species: list[str]) -> Array:
    """Concentrations in the order of other species; NaN for those that a mechanism does not know."""
    complete = setup.complete(concentration)
    place = {s: i for i, s in enumerate(setup.species)}
    columns = [complete[..., place[s]] if s in place else np.full(complete.shape[:-1], np.nan) for s in species]
    return np.stack(columns, axis=-1)
