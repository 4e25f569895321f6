r"""Which regime a cell is in, and which model of it suffices: dimensionless numbers and what they mean in words.

Wagner's number :math:`\kappa R_k / (w/2)` and the penetration length over the width say how even the current is; the
current over what lateral diffusion sustains, and the time of the run over the time in which the liquid above the
electrode is empty, say whether concentrations matter; :math:`L_p / H` and :math:`t D / H^2` say whether an average over
the height will do (`simcell.transport.validity`); the Debye length :math:`\sqrt{\varepsilon RT / 2 F^2 I}` over the
height says whether the liquid is neutral (P. Debye, E. Hueckel, Phys. Z. 24 (1923) 185).

Concentrations may be left out (secondary model) while no place has lost more than `SLIGHT` of its ions: the Nernst
potential is then off by RT/nF times that share, 0.6 mV for n = 2. Ions are neutral down to a layer of `NEUTRAL` Debye
lengths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simcell.constants import GAS_CONSTANT, VACUUM_PERMITTIVITY
from simcell.transport.designs import Designs, figures, limiting_current
from simcell.transport.kinetics import FARADAY
from simcell.transport.validity import Validity, judge

SLIGHT = 0.05  # share of the ions that may be missing before concentrations matter
EVEN, UNEVEN = 1.1, 2.0  # edge factors up to which a current is called even, and nearly even
NEUTRAL = 20.0  # Debye lengths in the height of a layer that counts as neutral


@dataclass(frozen=True)
class Regime:
    """What the numbers say.

    Attributes
    ----------
    numbers : mapping of str to float
        Dimensionless numbers by name.
    level : str
        ``primary``, ``secondary``, ``tertiary`` or ``pnp``: the simplest model that suffices.
    validity : Validity
        Whether a plan suffices.
    words : tuple of str
        Sentences.

    Examples
    --------
    >>> Regime({}, "secondary", judge(0.9, 0.5e-6, 1.3e-3, 20e-6), ()).validity.plan
    True
    """

    numbers: Mapping[str, float]
    level: str
    validity: Validity
    words: tuple[str, ...]


def debye_length(ionic_strength: float, permittivity: float, temperature: float) -> float:
    """Debye length [m] at an ionic strength [mol/m^3] and relative permittivity.

    Examples
    --------
    >>> round(debye_length(1.0, 78.4, 298.15) * 1e9, 2)  # 1 mM in water
    9.61
    """
    if not ionic_strength > 0.0:
        raise ValueError(f"the ionic strength is {ionic_strength:g} mol/m^3; it must be positive")
    part = permittivity * VACUUM_PERMITTIVITY * GAS_CONSTANT * temperature
    return float(np.sqrt(part / (2.0 * FARADAY**2 * ionic_strength)))


def regime(
    cell: Designs,
    duration: float | None = None,
    debye: float | None = None,
    sustained: float | None = None,
    lasts: float | None = None,
) -> Regime:
    """Judge one cell.

    Parameters
    ----------
    cell : Designs
        Of single numbers; a current of 0 means that none is known.
    duration : float, optional
        Of the run [s].
    debye : float, optional
        Debye length [m].
    sustained, lasts : float, optional
        Current density that diffusion sustains [A/m^2] and time until the liquid is empty [s], where they are known
        better than for a strip.

    Returns
    -------
    Regime

    Examples
    --------
    >>> zinc = Designs(20e-6, 1e-4, 1e-4, 5e-7, 5e-7, 0.9, 1.3e-3, 10.0, 100.0, 6.2e-10, 0.37, 1e-4, 1e-3, 0.1)
    >>> found = regime(zinc, duration=30.0)
    >>> found.level, found.words[2]
    ('tertiary', '1 mA/cm^2 is 2.11 times what lateral diffusion sustains (0.474 mA/cm^2): there is no steady state')
    """
    found = {name: float(value) for name, value in figures(cell).items()}
    height, width = float(cell.height), float(cell.width)
    resistance, kappa, current = float(cell.resistance), float(cell.conductivity), abs(float(cell.current))
    relaxed = None if duration is None else duration * float(cell.diffusivity) / height**2
    feature = min(width, float(cell.gap))
    validity = judge(kappa, height, resistance, feature, duration, float(cell.diffusivity))
    numbers = {
        "Wagner number": kappa * resistance / (0.5 * width),
        "penetration length / height": validity.penetration,
        "penetration length / width": found["penetration_length"] / width,
        "edge factor": found["edge_factor"],
    }
    limit = float(limiting_current(cell)) if sustained is None else sustained
    until = found["depletion_time"] if lasts is None else lasts
    if current > 0.0:
        if limit > 0.0:
            numbers["current / sustainable current"] = current / limit
        numbers["iR error / (RT/F)"] = found["mean_ir_error"] * FARADAY / (GAS_CONSTANT * cell.temperature)
        if duration is not None:
            numbers["run / time until empty"] = duration / until
    if relaxed is not None:
        numbers["D t / height^2"] = relaxed
    if debye is not None:
        numbers["height / Debye length"] = height / debye
    level, why = _level(cell, limit, found["filling_time"], duration, debye)
    words = [_evenness(found), validity.words]
    if current > 0.0:
        words.append(_supply(current, limit))
    return Regime(numbers, level, validity, (*words, f"{level} model: {why}"))


def _evenness(found: Mapping[str, float]) -> str:
    factor, length = found["edge_factor"], found["penetration_length"]
    grade = "even" if factor <= EVEN else "nearly even" if factor <= UNEVEN else "crowded at the edge"
    reach = f"it enters over {1e6 * length:.3g} um"
    return f"the current is {grade}: the outermost 5 % carry {factor:.3g} times the mean, {reach}"


def _supply(current: float, limit: float) -> str:
    if limit == 0.0:
        return f"nothing sustains {0.1 * current:.3g} mA/cm^2 in this closed cell: there is no steady state"
    ratio, sustained = current / limit, f"what lateral diffusion sustains ({0.1 * limit:.3g} mA/cm^2)"
    if ratio < 1.0:
        return f"{0.1 * current:.3g} mA/cm^2 is {100 * ratio:.2g} % of {sustained}"
    return f"{0.1 * current:.3g} mA/cm^2 is {ratio:.3g} times {sustained}: there is no steady state"


def _level(cell: Designs, limit: float, filling: float, duration: float | None, debye: float | None) -> tuple[str, str]:
    height = float(cell.height)
    if debye is not None and height < NEUTRAL * debye:
        return "pnp", f"the layer is only {height / debye:.2g} Debye lengths high, double layers meet"
    current = abs(float(cell.current))
    if current == 0.0:
        return "tertiary", "no current is given, so concentrations must be followed to know it"
    lost = current / limit if limit > 0.0 else 1.0
    if duration is not None:
        lost = min(lost, duration / filling)
    if lost > SLIGHT:
        share = f"{100 * lost:.2g} %" if lost < 1.0 else "all"
        return "tertiary", f"the liquid above the electrode loses {share} of its ions"
    if float(cell.resistance) == 0.0:
        return "primary", f"no kinetics are given, and the liquid loses {100 * lost:.2g} % of its ions"
    return "secondary", f"the liquid loses only {100 * lost:.2g} % of its ions"
