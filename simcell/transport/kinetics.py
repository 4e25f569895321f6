r"""Laws of electrode reactions: current density against the potential step at the surface, and its inverse.

With v = potential of the metal less that of the liquid beside it, equilibrium value E, overpotential
:math:`\eta = v - E`, exchange current density i0 and apparent transfer coefficients a, c (J. Newman,
K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, sections 8.1-8.3; A. J. Bard, L. R. Faulkner,
Electrochemical Methods, 2nd ed. 2001, section 3.4)

.. math:: i = i_0 \left\{ r\, e^{aF\eta/RT} - o\, e^{-cF\eta/RT} \right\}, \qquad
          i_0 = i_0^\text{ref} \prod_k (c_k / c_k^\text{ref})^{g_k}

with r, o the surface over bulk concentrations of what is oxidised and reduced. Anodic current, from the metal into the
liquid, is positive. Tafel is one of the two terms alone, `Linear` the slope at equilibrium
:math:`R = RT / ((a + c) F i_0)`. Several reactions at one surface add up. A film adds
:math:`i\,R_\text{film}` in series (`behind`).

An exponent above 300 goes on along its tangent: currents of more than 1e130 i0 have no meaning, but an iteration may
pass there and must find its way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from simcell.constants import AVOGADRO, ELEMENTARY_CHARGE, GAS_CONSTANT, ROOM_TEMPERATURE
from simcell.numerics.grid import Array

FARADAY = ELEMENTARY_CHARGE * AVOGADRO  # C/mol
LARGEST = 300.0  # exponent from which the exponential goes on as its tangent


class Law(Protocol):
    """What an electrode surface does; v is the potential of the metal less that of the liquid [V].

    Examples
    --------
    >>> Linear(2.0).current(np.array([1.0]))
    array([0.5])
    """

    @property
    def rest(self) -> float:
        """Potential step [V] at which no current flows."""
        ...

    def current(self, v: Array) -> Array:
        """Current density [A/m^2], anodic positive."""
        ...

    def slope(self, v: Array) -> Array:
        """Derivative [S/m^2], positive."""
        ...

    def potential(self, i: Array) -> Array:
        """Potential step [V] at a current density."""
        ...


@dataclass(frozen=True)
class Linear:
    """A charge-transfer resistance [ohm m^2].

    Examples
    --------
    >>> Linear(2.0, equilibrium=0.5).potential(np.array([3.0]))
    array([6.5])
    """

    resistance: float
    equilibrium: float = 0.0  # V

    def __post_init__(self) -> None:
        _positive("the resistance of charge transfer", self.resistance, "ohm m^2")

    @property
    def rest(self) -> float:
        """Potential step [V] at which no current flows."""
        return self.equilibrium

    def current(self, v: Array) -> Array:
        """Current density [A/m^2]."""
        return (np.asarray(v) - self.equilibrium) / self.resistance

    def slope(self, v: Array) -> Array:
        """Derivative [S/m^2]."""
        return np.full(np.shape(v), 1.0 / self.resistance)

    def potential(self, i: Array) -> Array:
        """Potential step [V] at a current density."""
        return self.equilibrium + self.resistance * np.asarray(i)


@dataclass(frozen=True)
class ButlerVolmer:
    """Butler-Volmer kinetics.

    Parameters
    ----------
    exchange : float
        Exchange current density i0 [A/m^2] at these concentrations, see `exchange_current`.
    anodic, cathodic : float
        Apparent transfer coefficients; their sum is the number of electrons for one elementary step.
    equilibrium : float
        [V]
    temperature : float
        [K]
    reduced, oxidised : float
        Concentrations at the surface over those to which i0 belongs.

    Examples
    --------
    >>> law = ButlerVolmer(10.0, 0.5, 0.5)
    >>> float(law.current(law.potential(np.array([123.0])))[0])
    123.0...
    """

    exchange: float
    anodic: float = 0.5
    cathodic: float = 0.5
    equilibrium: float = 0.0
    temperature: float = ROOM_TEMPERATURE
    reduced: float = 1.0
    oxidised: float = 1.0

    def __post_init__(self) -> None:
        _positive("the exchange current density", self.exchange, "A/m^2")
        _positive("the temperature", self.temperature, "K")
        for name in ("anodic", "cathodic", "reduced", "oxidised"):
            _positive(f"{name} of Butler-Volmer kinetics", getattr(self, name), "")

    @property
    def thermal(self) -> float:
        """RT/F [V]."""
        return GAS_CONSTANT * self.temperature / FARADAY

    @property
    def rest(self) -> float:
        """Potential step [V] at which no current flows: Nernst's shift by the surface concentrations."""
        shift = np.log(self.oxidised / self.reduced) * self.thermal / (self.anodic + self.cathodic)
        return self.equilibrium + float(shift)

    def current(self, v: Array) -> Array:
        """Current density [A/m^2]."""
        x = (np.asarray(v) - self.equilibrium) / self.thermal
        forward = self.reduced * growth(self.anodic * x)
        return self.exchange * (forward - self.oxidised * growth(-self.cathodic * x))

    def slope(self, v: Array) -> Array:
        """Derivative [S/m^2]."""
        x = (np.asarray(v) - self.equilibrium) / self.thermal
        forward = self.reduced * self.anodic * growth(np.minimum(self.anodic * x, LARGEST))
        backward = self.oxidised * self.cathodic * growth(np.minimum(-self.cathodic * x, LARGEST))
        return self.exchange / self.thermal * (forward + backward)

    def potential(self, i: Array) -> Array:
        """Potential step [V] at a current density: Newton's method from the side on which it cannot overshoot."""
        i = np.asarray(i, dtype=float)
        # either exponential alone, with the rest value of the other added, bounds the overpotential from outside
        r0 = self.reduced * np.exp(self.anodic * (self.rest - self.equilibrium) / self.thermal)
        with np.errstate(divide="ignore"):
            up = np.log((np.maximum(i, 0.0) / self.exchange + r0) / self.reduced) / self.anodic
            down = -np.log((np.maximum(-i, 0.0) / self.exchange + r0) / self.oxidised) / self.cathodic
        v = self.equilibrium + self.thermal * np.where(i >= 0.0, up, down)
        for _ in range(60):
            change = (self.current(v) - i) / self.slope(v)
            v = v - change
            if np.all(np.abs(change) <= 1e-15 * (np.abs(v) + self.thermal)):
                break
        return v


@dataclass(frozen=True)
class Tafel:
    """One direction of a reaction alone, far from equilibrium.

    Parameters
    ----------
    exchange : float
        [A/m^2]
    coefficient : float
        Apparent transfer coefficient; positive: anodic, negative: cathodic.
    equilibrium, temperature : float
        [V], [K]

    Examples
    --------
    >>> law = Tafel(1e-3, -0.5)
    >>> float(law.potential(np.array([-10.0]))[0].round(4))
    -0.4733
    """

    exchange: float
    coefficient: float
    equilibrium: float = 0.0
    temperature: float = ROOM_TEMPERATURE

    def __post_init__(self) -> None:
        _positive("the exchange current density", self.exchange, "A/m^2")
        _positive("the temperature", self.temperature, "K")
        _positive("the size of the transfer coefficient", abs(self.coefficient), "")

    @property
    def rest(self) -> float:
        """Far on the other side, where the current is below 1e-130 i0: this law has no equilibrium."""
        return self.equilibrium - LARGEST * self._volts

    @property
    def _volts(self) -> float:
        return GAS_CONSTANT * self.temperature / FARADAY / self.coefficient

    def current(self, v: Array) -> Array:
        """Current density [A/m^2]."""
        return np.sign(self.coefficient) * self.exchange * growth((np.asarray(v) - self.equilibrium) / self._volts)

    def slope(self, v: Array) -> Array:
        """Derivative [S/m^2]."""
        x = np.minimum((np.asarray(v) - self.equilibrium) / self._volts, LARGEST)
        return self.exchange / abs(self._volts) * growth(x)

    def potential(self, i: Array) -> Array:
        """Potential step [V] at a current density, which must have the sign of the coefficient."""
        ratio = np.asarray(i, dtype=float) * np.sign(self.coefficient) / self.exchange
        if np.any(ratio <= 0.0):
            side = "anodic" if self.coefficient > 0.0 else "cathodic"
            raise ValueError(f"a Tafel law with coefficient {self.coefficient:g} has {side} current only")
        return self.equilibrium + self._volts * np.log(ratio)


@dataclass(frozen=True)
class Together:
    """Several reactions at one surface; their currents add up.

    Examples
    --------
    >>> both = Together((Linear(1.0, 0.0), Linear(1.0, 1.0)))
    >>> round(both.rest, 12)
    0.5
    """

    laws: tuple[Law, ...]

    @property
    def rest(self) -> float:
        """Mixed potential [V]."""
        rests = [law.rest for law in self.laws]
        low, high = np.full(1, min(rests)), np.full(1, max(rests))
        return float(_root(lambda v: (self.current(v), self.slope(v)), low, high, 0.5 * (low + high))[0])

    def current(self, v: Array) -> Array:
        """Current density [A/m^2]."""
        return np.sum([law.current(v) for law in self.laws], axis=0)

    def slope(self, v: Array) -> Array:
        """Derivative [S/m^2]."""
        return np.sum([law.slope(v) for law in self.laws], axis=0)

    def potential(self, i: Array) -> Array:
        """Potential step [V] at a current density."""
        i = np.asarray(i, dtype=float)
        start = np.full(i.shape, self.rest)
        reach = np.full(i.shape, 1e-3)
        for _ in range(60):  # double the reach until the root lies between
            short = np.where(i > 0, self.current(start + reach) < i, self.current(start - reach) > i)
            if not short.any():
                break
            reach = np.where(short, 2.0 * reach, reach)
        if short.any():
            raise ValueError(f"no potential gives {np.ravel(i[short])[0]:g} A/m^2 with these reactions")
        low, high = np.where(i > 0, start, start - reach), np.where(i > 0, start + reach, start)
        return _root(lambda v: (self.current(v) - i, self.slope(v)), low, high, 0.5 * (low + high))


def behind(law: Law, resistance: Array, step: Array) -> tuple[Array, Array]:
    """Current through a law with a resistance in series, and its derivative, where only the sum is known.

    Solves v + R i(v) = `step` for v. However steep the law, the answer grows no faster than step / R, which is what
    keeps the iterations of whole cells from overflowing.

    Parameters
    ----------
    law : Law
    resistance : array
        Film and liquid in series [ohm m^2], not negative.
    step : array
        Potential of the metal less that of the liquid behind the resistance [V].

    Returns
    -------
    current, derivative
        [A/m^2], [S/m^2]

    Examples
    --------
    >>> i, slope = behind(ButlerVolmer(1.0), np.array([1e-3]), np.array([1.0]))
    >>> bool(abs(ButlerVolmer(1.0).potential(i) + 1e-3 * i - 1.0)[0] < 1e-12)
    True
    """
    resistance, step = np.broadcast_arrays(np.asarray(resistance, dtype=float), np.asarray(step, dtype=float))
    if isinstance(law, Linear):
        total = law.resistance + resistance
        return (step - law.equilibrium) / total, 1.0 / total
    rest = law.rest
    low, high = np.minimum(rest, step), np.maximum(rest, step)
    most = (step - rest) / np.where(resistance > 0.0, resistance, np.inf)  # all of the step in the resistance
    guess = step.copy()
    limited = most * law.coefficient > 0.0 if isinstance(law, Tafel) else most != 0.0
    if limited.any():
        guess[limited] = np.clip(law.potential(most[limited]), low[limited], high[limited])
    v = _root(lambda v: (v + resistance * law.current(v) - step, 1.0 + resistance * law.slope(v)), low, high, guess)
    slope = law.slope(v)
    # the smaller part of the step holds fewer digits: partial currents that cancel must not speak for it
    ohmic = resistance * slope > 1.0
    i = np.where(ohmic, (step - v) / np.where(ohmic, resistance, 1.0), law.current(v))
    return i, slope / (1.0 + resistance * slope)


def exchange_current(
    reference: float,
    concentration: Mapping[str, float],
    at: Mapping[str, float],
    orders: Mapping[str, float],
) -> float:
    """Exchange current density [A/m^2] at other concentrations than those it was measured at.

    Parameters
    ----------
    reference : float
        [A/m^2] at the concentrations `at`.
    concentration, at : mapping of species to float
        [mol/m^3]
    orders : mapping of species to float
        Exponents g.

    Raises
    ------
    ValueError
        If a concentration is missing or not positive.

    Examples
    --------
    >>> exchange_current(10.0, {"Zn2+": 400.0}, {"Zn2+": 100.0}, {"Zn2+": 0.5})
    20.0
    """
    value = reference
    for name, order in orders.items():
        if name not in concentration or name not in at:
            raise ValueError(f"the exchange current depends on {name}, whose concentration is not given")
        _positive(f"the concentration of {name}", concentration[name], "mol/m^3")
        _positive(f"the concentration of {name} of the reference", at[name], "mol/m^3")
        value *= (concentration[name] / at[name]) ** order
    return value


def growth(x: ArrayLike) -> Array:
    """Exponential that goes on along its tangent above `LARGEST`.

    Examples
    --------
    >>> bool(np.isfinite(growth(1e6)))
    True
    """
    x = np.asarray(x, dtype=float)
    inside = np.minimum(x, LARGEST)
    return np.exp(inside) * (1.0 + (x - inside))


def _root(function, low: Array, high: Array, guess: Array) -> Array:  # type: ignore[no-untyped-def]
    """Root of a growing function between two bounds: Newton, and halving where that leaves them or is slow."""
    low, high, v = low.copy(), high.copy(), guess.copy()
    last = high - low
    for _ in range(200):
        value, slope = function(v)
        high, low = np.where(value > 0.0, v, high), np.where(value <= 0.0, v, low)
        change = value / slope
        new = v - change
        halved = (new < low) | (new > high) | (np.abs(change) > 0.5 * last)
        new = np.where(halved, 0.5 * (low + high), new)
        last = np.abs(new - v)
        v = new
        if np.all(last <= 4e-16 * (np.abs(v) + 1e-3)):
            break
    return v


def _positive(name: str, value: float, unit: str) -> None:
    if not (np.isfinite(value) and value > 0.0):
        raise ValueError(f"{name} is {value:g}{' ' + unit if unit else ''}; it must be positive")
