"""The forms of the model of growth: how each runs, and what a user must know of it before and after."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from simcell.dendrite.chen import Chen, begin_chen, calibrated, grow_chen, unaccounted
from simcell.dendrite.grand_potential import begin_grand, bending, grow_grand
from simcell.dendrite.layer import Layer, State
from simcell.dendrite.model import Run, grow
from simcell.dendrite.stability import limiting_current
from simcell.errors import InputError, Problem
from simcell.inputs.dendrite import DendriteInput
from simcell.studies.growth_stages import Stage

CONSERVATIVE = "conservative phase field; salt, potential and bodies implicit by Newton's method; first order"
CHEN = "Allen-Cahn phase with a Butler-Volmer drive (Chen 2015); ions and one potential implicit; first order"
GRAND = "grand potential with an energy law; phase, salt, potential and bodies implicit by Newton's method; first order"
LARGEST = 40_000  # cells of the form whose steps are factorised directly: some seconds each
BENT, COLLAPSED = 0.1, 1.0  # drive over barrier: a front 2 % slow; no barrier that counts
FORETOLD = "verdict, ripples, steps and time that are foretold are those of the conservative model"
DISTORTED = 0.1  # reaction over relaxation, beyond which a flat front is 2 % slow


def _nothing(layer: Layer, states: Sequence[State]) -> list[str]:
    return []


def _same(state: State) -> State:
    return state


@dataclass(frozen=True)
class Form:
    """How a form is run, from which first state, what solves it, what to know of it at the start and after a run.

    `by_charge` says whether metal follows from the charge.

    Examples
    --------
    >>> Form().solver == CONSERVATIVE
    True
    """

    grow: Callable[..., Run] = grow
    begin: Callable[[State], State] = _same
    solver: str = CONSERVATIVE
    remarks: tuple[str, ...] = ()
    after: Callable[[Layer, Sequence[State]], list[str]] = _nothing
    by_charge: bool = True


def form_of(case: DendriteInput, layer: Layer, gap: float, stages: Sequence[Stage], file: str = "") -> Form:
    """Make the form of a case ready.

    Parameters
    ----------
    case : DendriteInput
    layer : Layer
    gap : float
        Between a flat front and the supply [m].
    stages : sequence of Stage
    file : str
        For messages.

    Returns
    -------
    Form

    Raises
    ------
    InputError
        For a width, drive or grid that the form does not carry, with what would do.

    Examples
    --------
    >>> form_of.__annotations__["return"]
    'Form'
    """
    if case.model == "chen2015":
        return _chen(case, layer, gap)
    if case.model == "grand-potential":
        return _grand(layer, stages, file)
    return Form()


def _chen(case: DendriteInput, layer: Layer, gap: float) -> Form:
    metal, delta, volt, given = layer.metal, layer.delta, float(case.potential or 0.0), case.chen
    constants = calibrated(metal, delta, volt, gap)
    if given.reaction is not None:
        stiff = constants.relaxation / constants.reaction
        constants = replace(constants, reaction=given.reaction, relaxation=stiff * given.reaction)
    constants = Chen(
        constants.reaction, given.relaxation or constants.relaxation, given.cathodic == "mean", given.metal_conductivity
    )
    exchange = constants.exchange_current(metal, delta)
    speed, ratio = constants.front(metal, delta, volt, gap)
    current = speed * exchange / (6.0 * delta * constants.reaction)
    remarks = [
        f"chen2015: with L_eta = {constants.reaction:.3g} 1/s its exchange current is {exchange:.3g} A/m^2 because the "
        f"interface is {delta * 1e9:.3g} nm wide, and in proportion to that width; the cathodic one is "
        f"{exchange * constants.share:.3g} A/m^2, so that a flat front rests at "
        f"{1e3 * constants.rest / metal.f:.3g} mV",
        f"chen2015: curvature moves its front {constants.curvature_excess(metal, delta):.3g} times faster than the "
        "kinetics in equilibrium would",
        f"chen2015: no anion; a flat front takes {current:.3g} A/m^2 at {ratio:.3g} c0, where the salt could bring "
        f"{limiting_current(metal, gap):.3g} A/m^2 at most",
    ]
    bent = constants.distortion(metal, delta, volt, gap)
    if bent > DISTORTED * 1.001:
        remarks.append(
            f"chen2015: the reaction is {bent:.2g} of the relaxation, the profile gives way: chen.relaxation = "
            f'"{constants.relaxation * bent / DISTORTED:.2g} 1/s" or more'
        )
    told = (*remarks, FORETOLD)
    return Form(partial(grow_chen, form=constants), begin_chen, CHEN, told, _unaccounted, by_charge=False)


def _grand(layer: Layer, stages: Sequence[Stage], file: str) -> Form:
    metal, delta, area = layer.metal, layer.delta, layer.shape[0] * layer.cell / layer.spacing
    cells = layer.shape[0] * layer.shape[1]
    if cells > LARGEST:
        reason = f'makes {cells} cells; model = "grand-potential" factorises them at once and takes {LARGEST}'
        right = f'"{1e9 * layer.spacing * (cells / LARGEST) ** 0.5:.3g} nm" or more, or a smaller box'
        raise InputError(Problem(file, "dendrite.spacing", f"{1e9 * layer.spacing:.3g} nm", reason, right))
    if metal.surface_energy == 0.0:
        reason = "is 0, without which the grand-potential form has no front"
        raise InputError(Problem(file, "dendrite.surface_energy", 0.0, reason, '"0.5 J/m^2"'))
    drive = 0.0
    for stage in stages:
        held = 0.0 if stage.current is None else abs(stage.current) / area / metal.exchange_current
        drive = max(drive, abs(stage.potential or 0.0) * metal.f, 2.0 * float(np.arcsinh(0.5 * held)))
    bent = bending(metal, delta, drive)
    told = (
        f"grand-potential: the drive, {1e3 * drive / metal.f:.3g} mV, is {bent:.2g} of the barrier of an interface of "
        f"{1e9 * delta:.3g} nm, which bends its profile and slows it"
    )
    if bent > COLLAPSED:
        right = f'"{1e9 * delta * BENT / bent:.2g} nm", or a drive below {1e3 * BENT * drive / bent / metal.f:.2g} mV'
        raise InputError(Problem(file, "dendrite.interface_width", f"{1e9 * delta:.3g} nm", told, right))
    use = f"; {1e9 * delta * BENT / max(bent, BENT):.2g} nm would do" if bent > BENT else ""
    return Form(grow_grand, partial(begin_grand, layer), GRAND, (*([told + use] if use else []), FORETOLD))


def _unaccounted(layer: Layer, states: Sequence[State]) -> list[str]:
    share = unaccounted(layer, states[0], states[-1])
    if math.isnan(share):
        return []
    return [
        f"chen2015: {100.0 * share:.3g} % of the {states[-1].charge - states[0].charge:.3g} C at the supply is "
        "not in the metal: the form has no balance of charge"
    ]
