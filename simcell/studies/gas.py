"""Gas of a run: the pressure of all dissolved gases, when it passes each criterion, and the bubble that then grows.

The bubble is computed after the run, from the amounts of gas that the run says the closed layer would hold without it.
What is neglected by that: the bubble takes H2 and O2 away from the chemistry, which would make more of them (OH + H2
uses up less), so that its growth is underestimated where gas and radicals are near a steady state; and the beam loses
liquid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from simcell.chemistry import bubble, water
from simcell.chemistry.confined import Closed, Growth, Mixture, grow
from simcell.chemistry.gas import gas_pressure
from simcell.chemistry.network import Array
from simcell.chemistry.shape import Gap
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.gases import load_gases, vapour_pressure
from simcell.radiolysis.setup import Setup

SETTLED = 3.0  # diffusion times across a layer, before which a remark says that growth is not quasi-stationary
Group = dict[str, tuple[list[str], Any]]


@dataclass(frozen=True)
class Gases:
    """The gases among the species of a run, with what their pressures need.

    Examples
    --------
    >>> g = Gases(("H2",), np.array([7.8e-6]), 298.15, 101325.0, 3170.0)
    >>> round(float(g.pressure_of(np.array([[0.78, 55e3]]), ["H2", "H2O"])[0]))
    103170
    """

    names: tuple[str, ...]
    henry: Array  # mol/m^3/Pa
    temperature: float  # K
    liquid_pressure: float  # Pa
    vapour_pressure: float  # Pa

    def of(self, complete: Array, species: list[str], axis: int = -1) -> Array:
        """Concentrations of the gases alone [mol/m^3]."""
        return np.take(complete, [species.index(g) for g in self.names], axis=axis)

    def pressure_of(self, complete: Array, species: list[str], axis: int = -1) -> Array:
        """Pressure [Pa] of all gases and vapour over concentrations whose species lie along an axis."""
        return gas_pressure(self.of(complete, species, axis), self.henry, self.vapour_pressure, axis)


def gases_of(setup: Setup) -> Gases:
    """The gases of a run.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.setup import mechanism_of, setup_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                        "electrolyte": {"atmosphere": "argon"}}).input
    >>> setup, _ = setup_of(case, mechanism_of(case))
    >>> gases = gases_of(setup)
    >>> start = gases.pressure_of(setup.complete(setup.problem.start), list(setup.species))
    >>> gases.names, round(float(start), 6)  # in equilibrium with 1 atm of moist argon
    (('H2', 'O2', 'Ar'), 101325.0)
    """
    t = setup.conditions.temperature
    known = {g: law for g, law in load_gases().items() if g in setup.species}
    return Gases(
        tuple(known), np.array([law.henry(t) for law in known.values()]), t, setup.conditions.pressure,
        vapour_pressure(t),
    )  # fmt: skip


def criteria_of(case: CaseInput, setup: Setup) -> tuple[bubble.Criterion, ...]:
    """The criteria for a bubble in the liquid of a case.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.setup import mechanism_of, setup_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                        "gas": {"nucleus_radius": "50 nm"}}).input
    >>> [c.name for c in criteria_of(case, setup_of(case, mechanism_of(case))[0])]
    ['saturation', 'nucleus 50 nm', 'nucleation']
    """
    c = setup.conditions
    return bubble.criteria(c.pressure, c.temperature, case.gas.nucleus_radius, case.gas.contact_angle)


def bubble_threshold(case: CaseInput, setup: Setup) -> float:
    """Gas pressure [Pa] that must be passed for a bubble: that of the named nucleus, else saturation.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.setup import mechanism_of, setup_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> bubble_threshold(case, setup_of(case, mechanism_of(case))[0])
    101325.0
    """
    return criteria_of(case, setup)[0 if case.gas.nucleus_radius is None else 1].threshold


def gas_group(
    case: CaseInput, setup: Setup, times: Array, complete: Array, pressure: Array | None = None
) -> tuple[Group, dict[str, Any], list[str]]:
    """Thresholds and onsets of a run, its bubble if one is asked for, and warnings.

    Parameters
    ----------
    case : CaseInput
    setup : Setup
    times : (nt,) array
        [s]
    complete : (nt, species) array
        Concentrations in the order of `setup.species` [mol/m^3]; in space, means over the beam.
    pressure : (nt,) array, optional
        Of all gases where it is highest [Pa]; default that of `complete`.

    Returns
    -------
    group, coords, warnings

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.setup import mechanism_of, setup_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> setup, _ = setup_of(case, mechanism_of(case))
    >>> group, coords, _ = gas_group(case, setup, np.array([0.0]), setup.complete(setup.problem.start)[None])
    >>> coords["criterion"][:2], bool(np.isnan(group["bubble_onset"][1]).all())
    (['saturation', 'nucleus 10 nm'], True)
    """
    if pressure is None:
        pressure = gases_of(setup).pressure_of(complete, list(setup.species))
    found = criteria_of(case, setup)
    onsets = np.array([float(bubble.onset(times, pressure, c.threshold)) for c in found])
    group: Group = {
        "bubble_threshold": (["criterion"], np.array([c.threshold for c in found])),
        "bubble_onset": (["criterion"], onsets),
    }
    warnings: list[str] = []
    if case.gas.bubble:
        more, warnings = _bubble(case, setup, times, complete, float(onsets[1]))
        group |= more
    return group, {"criterion": [c.name for c in found]}, warnings


def _bubble(case: CaseInput, setup: Setup, times: Array, complete: Array, start: float) -> tuple[Group, list[str]]:
    gases = gases_of(setup)
    radius, amount = np.zeros(times.size), np.zeros((times.size, len(gases.names)))
    warnings: list[str] = []
    if math.isfinite(start):
        height, reach = case.cell.spacer_height, layer_radius(case)
        assert height is not None and case.gas.nucleus_radius is not None  # checked with the case
        later = times >= start
        gap = Gap(height, case.gas.contact_angle)
        held = gases.of(complete, list(setup.species)) * math.pi * reach**2 * height
        mixture = mixture_of(setup, gases)
        path = grow(
            mixture, gap, Closed(reach, times, held), case.gas.nucleus_radius, times[later],
            start=start,
        )  # fmt: skip
        radius[later], amount[later] = path.radius, path.amount
        slow = reach**2 / float(mixture.diffusivity.min())
        warnings = _remarks(path, start, reach, slow)
    return {
        "bubble_radius": (["time"], radius),
        "bubble_area": (["time"], math.pi * radius**2),
        "bubble_amount": (["time", "gas"], amount),
    }, warnings


def layer_radius(case: CaseInput) -> float:
    """Radius [m] of the liquid that feeds a bubble: as given, or that of the beam.

    Examples
    --------
    >>> from simcell.case import Case
    >>> layer_radius(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                              "gas": {"layer_radius": "5 um"}}).input)
    5e-06
    """
    if case.gas.layer_radius is not None:
        return case.gas.layer_radius
    assert case.beam.diameter is not None  # checked with the case
    return case.beam.diameter / 2.0


def mixture_of(setup: Setup, gases: Gases) -> Mixture:
    """What the physics of a bubble needs to know of a run.

    Raises
    ------
    InputError
        For a gas in it whose diffusivity is not known.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.setup import mechanism_of, setup_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> setup, _ = setup_of(case, mechanism_of(case))
    >>> mixture_of(setup, gases_of(setup)).diffusivity
    array([4.5e-09, 2.1e-09])
    """
    known = load_gases()
    values = {g: setup.mechanism.species[g].diffusivity or known[g].diffusivity for g in gases.names}
    problems = [
        Problem("", f'species."{g}".diffusivity', None, "is not known; a bubble needs it", '"2.0e-9 m^2/s"')
        for g, d in values.items()
        if d is None
    ]
    if problems:
        raise InputError(problems)
    return Mixture(
        gases.names, gases.henry, np.array([d for d in values.values() if d is not None]), gases.temperature,
        gases.liquid_pressure, gases.vapour_pressure, water.surface_tension(gases.temperature),
    )  # fmt: skip


def _remarks(path: Growth, start: float, reach: float, slow: float) -> list[str]:
    found = [
        "the bubble is fed by what the run makes in a closed layer of radius "
        f"{reach * 1e6:.4g} um; that it takes gas away from the chemistry, and liquid away from the beam, is neglected"
    ]
    until = path.ended if math.isfinite(path.ended) else float(path.time[-1])
    if (age := until - start) < SETTLED * slow:
        found.append(
            f"diffusion across that layer takes {slow:.2g} s, the bubble is followed for {age:.2g} s: its diffusion "
            "field is not yet the quasi-stationary one that is taken"
        )
    if path.end == "dissolved":
        found.append(f"the bubble of {start:.3g} s has dissolved at {path.ended:.3g} s; no second one is followed")
    elif path.end == "filled":
        found.append(f"the bubble has filled its layer at {path.ended:.3g} s and is not followed from there on")
    assert path.dissolved is not None
    low = (path.dissolved < 0.0).any(axis=1)
    if low.any():
        found.append(
            f"from {path.time[low][0]:.3g} s on the chemistry of the run uses up gas that the bubble holds: the bubble "
            "means nothing there"
        )
    return found
