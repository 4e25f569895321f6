"""What is to be kept under the beam: conditions such as ``"H2<1 sat"``, read, checked and measured."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simcell import units
from simcell.chemistry.network import Array
from simcell.errors import InputError, Problem
from simcell.radiolysis.setup import Setup
from simcell.studies.gas import Gases
from simcell.studies.run import ph
from simcell.studies.setup import gases_in

FORM = re.compile(r"\s*([^<>=\s]+)\s*([<>])\s*(.+?)\s*")
EXAMPLE = '"H2<1 sat", "no bubble", "pH>6", "dpH<0.5" or "H2O2<10 umol/L"'
NO_BUBBLE = "no bubble"
GAS = "gas"  # all dissolved gases and vapour together


@dataclass(frozen=True)
class GasLimits:
    """What conditions on gas are measured by.

    Examples
    --------
    >>> GasLimits(Gases((), np.zeros(0), 298.15, 101325.0, 3170.0), 2e5).threshold
    200000.0
    """

    gases: Gases
    threshold: float  # Pa


@dataclass(frozen=True)
class Condition:
    """One thing to keep: ``"H2<1 sat"``, ``"no bubble"``, ``"pH>6"``, ``"dpH<0.5"``, ``"H2O2<10 umol/L"``.

    Examples
    --------
    >>> c = parse_condition("pH>6")
    >>> c.quantity, c.below, c.bound
    ('pH', False, 6.0)
    """

    text: str
    quantity: str  # pH, dpH, gas (all gases together) or a species
    below: bool
    bound: float  # mol/m^3, Pa for gas, or a pure number for pH, dpH, saturation and the threshold of a bubble
    of_saturation: bool = False
    of_threshold: bool = False  # over the gas pressure that a bubble needs

    def value(
        self, complete: Array, species: Sequence[str], start_pH: float, limits: dict[str, float], gas: GasLimits
    ) -> float:
        """The quantity at one state (..., species) of the liquid: where it is closest to the bound."""
        names = list(species)
        if self.quantity == GAS:
            over = gas.gases.liquid_pressure if self.of_saturation else gas.threshold if self.of_threshold else 1.0
            values = gas.gases.pressure_of(complete, names) / over
        elif self.quantity == "pH":
            values = ph(complete, names)
        elif self.quantity == "dpH":
            values = np.abs(ph(complete, names) - start_pH)
        else:
            values = complete[..., names.index(self.quantity)]
            values = values / limits[self.quantity] if self.of_saturation else values
        return float(np.max(values) if self.below else np.min(values))

    def margin(self, value: float) -> float:
        """Positive where the condition holds: in pH units, or as ln of a ratio."""
        if self.quantity in ("pH", "dpH"):
            return self.bound - value if self.below else value - self.bound
        distance = math.log(self.bound / max(value, 1e-300))
        return distance if self.below else -distance


def parse_condition(text: str) -> Condition:
    """Read one ``--keep`` text.

    ``"no bubble"`` keeps the pressure of all gases below the threshold of the nucleus of the case
    (``gas.nucleus_radius``), or below saturation where it names none; ``"gas<0.5"`` below that share of it, ``"gas<1
    sat"`` below the pressure of the liquid, ``"gas<2 bar"`` below a pressure.

    Raises
    ------
    InputError
        Saying what a condition looks like.

    Examples
    --------
    >>> parse_condition("H2 < 0.5 sat").of_saturation
    True
    >>> parse_condition("H2O2<10 umol/L").bound
    0.01
    """
    if text.split() == NO_BUBBLE.split():
        return Condition(text, GAS, True, 1.0, of_threshold=True)
    match = FORM.fullmatch(text)
    if match is None:
        raise InputError(Problem("", "--keep", text, "is not a condition", EXAMPLE))
    quantity, sign, right = match.groups()
    below = sign == "<"
    try:
        if quantity in ("pH", "dpH"):
            return Condition(text, quantity, below, units.parse(right, "number"))
        if right.endswith("sat"):
            bound = units.parse(right.removesuffix("sat").strip() or "1", "number")
            condition = Condition(text, quantity, below, bound, of_saturation=True)
        elif quantity == GAS:
            condition = _gas_condition(text, below, right)
        else:
            condition = Condition(text, quantity, below, units.parse(right, "concentration"))
    except units.UnitError as error:
        raise InputError(Problem("", "--keep", text, error.reason, error.example or EXAMPLE)) from None
    if condition.bound <= 0.0:
        raise InputError(Problem("", "--keep", text, "the bound must be above zero", EXAMPLE))
    return condition


def _gas_condition(text: str, below: bool, right: str) -> Condition:
    try:
        return Condition(text, GAS, below, units.parse(right, "number"), of_threshold=True)
    except units.UnitError:
        return Condition(text, GAS, below, units.parse(right, "pressure"))


def check_conditions(conditions: Sequence[Condition], setup: Setup) -> None:
    """Refuse conditions on what the liquid of a case does not have.

    Raises
    ------
    InputError

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.setup import mechanism_of, setup_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> check_conditions([parse_condition("CO<1 sat")], setup_of(case, mechanism_of(case))[0])
    Traceback (most recent call last):
    simcell.errors.InputError: --keep = "CO<1 sat": "CO" is not in the mechanism "water"; ...
    """
    gases = gases_in(setup.mechanism)
    found = []
    for c in conditions:
        if c.quantity in ("pH", "dpH", GAS):
            continue
        if c.quantity not in setup.species:
            near = difflib.get_close_matches(c.quantity, [*setup.species, "pH", "dpH", GAS], 1)
            hint = f'did you mean "{near[0]}"?' if near else f"there are pH, dpH, gas, {', '.join(setup.species)}"
            found.append(
                Problem(
                    "", "--keep", c.text, f'"{c.quantity}" is not in the mechanism "{setup.mechanism.name}"; {hint}'
                )
            )
        elif c.of_saturation and c.quantity not in gases:
            found.append(Problem("", "--keep", c.text, f"{c.quantity} is not a gas; gases are {', '.join(gases)}"))
    if found:
        raise InputError(found)
