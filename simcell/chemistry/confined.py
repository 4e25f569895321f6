r"""Growth and dissolution of one bubble of several gases, free or between two windows.

    dn_i/dt = D_i K (c_i - H_i p_i),   p_i = x_i (p_bubble - p_vapour),   x_i = n_i / sum n,
    (p_liquid - p_vapour + gamma C(V)) V = R T sum n      (`simcell.chemistry.shape`)

The conductance K [m] is that of quasi-stationary diffusion:

- free liquid: 4 pi r, or with the memory of its start 4 pi r (1 + r/sqrt(pi D t)) (P. S. Epstein, M. S. Plesset, J.
  Chem. Phys. 18 (1950) 1505; needs a radius that changes more slowly than the field around it, c RT/p << 1);
- a layer of radius R_out whose rim has a fixed composition: 1/K = (1/r - 2/h)/(4 pi) + ln(2 R_out/h)/(2 pi h) for a
  sphere, ln(R_out/R)/(2 pi h) for a pancake. Diffusion is spherical up to the windows and plane beyond; both meet at
  r = h/2. A small sphere halfway between windows has 0.19/(2 pi h) more (Green's function), some per cent of the whole;
- a closed layer, from its mean concentration: the same, with the annulus R_o^4/(R_o^2 - R^2)^2 ln(R_o/R) -
  (3 R_o^2 - R^2)/(4 (R_o^2 - R^2)) in place of the logarithm (pseudo-steady flow to a well). What the bubble takes is
  missing in the liquid: amounts in both add up to what was there and what was made, by construction.

Assumptions: ideal gas; vapour in equilibrium; pressure in the liquid constant (the windows or an outlet make room for
the gas); no inertia or viscosity (a bubble of 1 um needs microseconds); no blocked interface; quasi-stationary, so
times longer than R_out^2/D (0.14 s for H2 in 25 um); Henry constants and D of pure water.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simcell.chemistry.shape import Gap
from simcell.constants import GAS_CONSTANT, STANDARD_ATMOSPHERE
from simcell.errors import SolverError

Array = NDArray[np.float64]
FILLED = 0.9  # share of the layer's radius at which a bubble counts as having filled it
SMALLEST = 0.01  # of the first radius, below which a bubble counts as dissolved


@dataclass(frozen=True)
class Mixture:
    """Gases that share a bubble, and the liquid around it, in SI units.

    Examples
    --------
    >>> air = Mixture(("N2", "O2"), np.array([6.5e-6, 1.3e-5]), np.array([2e-9, 2e-9]))
    >>> air.pressure
    98155.2
    """

    names: Sequence[str]
    henry: Array  # mol/m^3/Pa
    diffusivity: Array  # m^2/s
    temperature: float = 298.15  # K
    liquid_pressure: float = STANDARD_ATMOSPHERE  # Pa
    vapour_pressure: float = 3169.8  # Pa, WagnerPruss2002 at 25 degC
    surface_tension: float = 0.07197  # N/m, IAPWS R1-76(2014) at 25 degC

    @property
    def pressure(self) -> float:
        """Pressure [Pa] of the liquid less that of the vapour."""
        return self.liquid_pressure - self.vapour_pressure

    def volume(self, amount: Array, gap: Gap) -> float:
        """Volume [m^3] of a bubble with amounts [mol] of each gas."""
        energy = float(amount.sum()) * GAS_CONSTANT * self.temperature
        return gap.volume_of(energy, self.pressure, self.surface_tension)

    def at_surface(self, amount: Array, volume: float, gap: Gap) -> Array:
        """Concentrations [mol/m^3] at the interface."""
        dry = self.pressure + self.surface_tension * gap.curvature(volume)
        return self.henry * dry * amount / amount.sum()

    def filling(self, radius: float, concentration: Array) -> Array:
        """Amounts [mol] in a sphere [m] whose composition is that of gas over the liquid; an error if it has none."""
        if not (concentration > 0.0).any():
            raise ValueError("no gas is dissolved, so the composition of the bubble must be given")
        volume = 4.0 / 3.0 * math.pi * radius**3
        dry = self.pressure + 2.0 * self.surface_tension / radius
        partial = concentration / self.henry
        return dry * volume / (GAS_CONSTANT * self.temperature) * partial / partial.sum()


@dataclass(frozen=True)
class Far:
    """Surroundings of constant composition: everywhere far away, or at the rim of a layer of radius `reach` [m].

    Examples
    --------
    >>> Far(np.array([0.5])).reach is None
    True
    """

    concentration: Array  # mol/m^3
    reach: float | None = None
    transient: bool = False  # with the memory of the start; free liquid only


@dataclass(frozen=True)
class Closed:
    """A closed layer: amounts [mol] of gas that it would hold at each time if there were no bubble.

    The same for gas of a beam, of an electrode, or none: see `made_at`.

    Examples
    --------
    >>> Closed.made_at(1e-5, 5e-7, np.array([0.5]), np.array([0.1]), 2.0).amount.shape
    (2, 1)
    """

    reach: float  # m
    time: Array  # s
    amount: Array  # (time, gas) mol, straight lines between

    @classmethod
    def made_at(
        cls,
        reach: float,
        height: float,
        concentration: Array,
        rate: Array,
        duration: float,
        radius: float | None = None,
    ) -> Closed:
        """A layer with a first concentration [mol/m^3] and gas made at a rate [mol/m^3/s] within a radius [m]."""
        first = concentration * math.pi * reach**2 * height
        more = rate * math.pi * (reach if radius is None else radius) ** 2 * height * duration
        return cls(reach, np.array([0.0, duration]), np.array([first, first + more]))

    def at(self, time: float) -> Array:
        """Amounts [mol] at a time [s]."""
        i = int(np.clip(np.searchsorted(self.time, time, side="right") - 1, 0, self.time.size - 2))
        share = (time - self.time[i]) / (self.time[i + 1] - self.time[i])
        return self.amount[i] + share * (self.amount[i + 1] - self.amount[i])


@dataclass(frozen=True)
class Growth:
    """What became of a bubble.

    Examples
    --------
    >>> Growth(np.zeros(1), np.ones((1, 2)), np.ones(1), np.ones(1), np.ones(1), None, math.nan, "").end
    ''
    """

    time: Array  # s
    amount: Array  # (time, gas) mol; 0 once it has dissolved, NaN once it has filled its layer
    volume: Array  # m^3, the liquid that it displaces
    radius: Array  # m, seen along the beam
    area: Array  # m^2 of the windows that it covers
    dissolved: Array | None  # (time, gas) mol in the liquid of a closed layer
    ended: float  # s; NaN: still there at the end
    end: str  # "dissolved", "filled" or ""


def conductance(gap: Gap, volume: float, reach: float | None, closed: bool = False) -> float:
    """Flow of gas into a bubble over D times the difference of concentrations [m].

    Parameters
    ----------
    gap : Gap
    volume : float
        Of the bubble [m^3].
    reach : float or None
        Radius of the layer that feeds it [m]; None is free liquid.
    closed : bool
        Whether the difference is to the mean of a closed layer instead of to its rim.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the bubble is wider than the layer.

    Examples
    --------
    >>> k = conductance(Gap(1e-6), Gap(1e-6).touching, 25e-6)
    >>> round(k / (2 * math.pi * 1e-6 / math.log(50.0)), 9)
    1.0
    """
    radius = gap.radius(volume)
    if reach is None:
        return 4.0 * math.pi * radius
    sphere = gap.is_sphere(volume)
    inner = gap.height / 2.0 if sphere else radius
    if inner >= reach:
        raise ValueError(f"a bubble of {inner:.3g} m does not fit into a layer of radius {reach:.3g} m")
    square = (inner / reach) ** 2
    path = -0.5 * math.log(square)
    if closed:
        path = path / (1.0 - square) ** 2 - (3.0 - square) / (4.0 * (1.0 - square))
    near = (1.0 / radius - 2.0 / gap.height) / (4.0 * math.pi) if sphere else 0.0
    return 1.0 / (near + path / (2.0 * math.pi * gap.height))


def grow(
    mixture: Mixture,
    gap: Gap,
    supply: Far | Closed,
    radius: float,
    times: Array,
    *,
    start: float = 0.0,
    amount: Array | None = None,
    rtol: float = 1e-8,
) -> Growth:
    """Follow a bubble from a radius on.

    Parameters
    ----------
    mixture : Mixture
    gap : Gap
    supply : Far or Closed
    radius : float
        Of the nucleus [m]. The gas in it was there before: it does not come out of the liquid.
    times : (nt,) array
        Increasing, not before `start` [s].
    start : float
        When it is there [s].
    amount : (gas,) array, optional
        What is in it [mol], instead of gas in equilibrium with the liquid at that radius.
    rtol : float

    Returns
    -------
    Growth

    Raises
    ------
    ValueError
        If the nucleus does not fit, or free liquid and a layer are mixed up.
    SolverError
        If the integrator gives up.

    Examples
    --------
    >>> n2 = Mixture(("N2",), np.array([6.5e-6]), np.array([2e-9]))
    >>> g = grow(n2, Gap(), Far(np.array([0.1])), 1e-6, np.array([0.0, 1e-4, 1.0]))
    >>> g.end, bool(g.radius[1] < 1e-6), float(g.radius[2])
    ('dissolved', True, 0.0)
    """
    from scipy.integrate import solve_ivp

    _check(gap, supply, radius, times, start)
    layer = _Layer(mixture, gap, supply, start)
    first = mixture.filling(radius, layer.liquid(start)) if amount is None else amount
    layer = replace(layer, nucleus=first)
    transient = isinstance(supply, Far) and supply.transient
    scale, smallest = float(first.sum()), SMALLEST * radius

    def when(x: float) -> float:
        return start + (x * x if transient else x)

    def slope(x: float, y: Array) -> Array:
        rate = layer.flow(when(x), y * scale, x if transient else 0.0) / scale
        return 2.0 * rate if transient else rate  # the time is the square of x, and the flow comes times x

    def gone(x: float, y: Array) -> float:
        return float(gap.radius(mixture.volume(y * scale, gap)) - smallest)

    def full(x: float, y: Array) -> float:
        return FILLED * (supply.reach or math.inf) - gap.radius(mixture.volume(y * scale, gap))

    events = [gone, *([full] if supply.reach is not None else [])]
    for event in events:
        event.terminal = True  # type: ignore[attr-defined]
    last = float(times[-1]) - start
    if last == 0.0:
        path, ended, end = np.repeat(first[None], len(times), 0), math.nan, ""
        return _result(mixture, gap, layer, times, path, ended, end)
    x = np.sqrt(times - start) if transient else times - start
    quick = radius**2 / float(mixture.diffusivity.max())
    span = math.sqrt(last) if transient else last
    found = solve_ivp(
        slope, (0.0, span), first / scale, method="LSODA", dense_output=True, events=events, rtol=rtol,
        atol=rtol * 1e-4, first_step=min(1e-3 * (math.sqrt(quick) if transient else quick), span),
    )  # fmt: skip
    if not found.success:
        raise SolverError(f"the bubble could not be followed beyond t = {when(found.t[-1]):.6g} s: {found.message}")
    ended = when(found.t[-1]) if found.status == 1 else math.nan
    end = "" if found.status != 1 else "dissolved" if found.t_events[0].size else "filled"
    path = np.zeros((len(times), first.size))
    inside = x <= found.t[-1]
    if inside.any():
        path[inside] = found.sol(x[inside]).T * scale
    path[~inside] = math.nan if end == "filled" else 0.0
    return _result(mixture, gap, layer, times, path, ended, end)


@dataclass(frozen=True)
class _Layer:
    """A bubble and what feeds it."""

    mixture: Mixture
    gap: Gap
    supply: Far | Closed
    start: float
    nucleus: Array | None = None  # mol in the bubble at the start

    def left(self, time: float, amount: Array) -> Array:
        """Amounts [mol] in the liquid of a closed layer."""
        assert isinstance(self.supply, Closed) and self.nucleus is not None
        return self.supply.at(time) + (self.nucleus - amount)

    def liquid(self, time: float, amount: Array | None = None) -> Array:
        """Concentrations [mol/m^3] that drive the flow."""
        if isinstance(self.supply, Far):
            return self.supply.concentration
        content = self.supply.at(time) if amount is None else self.left(time, amount)
        return content / (math.pi * self.supply.reach**2 * self.gap.height)

    def flow(self, time: float, amount: Array, root: float = 0.0) -> Array:
        """Flow [mol/s] into the bubble; with `root` = sqrt(t) > 0 or at its start, the flow times the root."""
        m, transient = self.mixture, isinstance(self.supply, Far) and self.supply.transient
        volume = m.volume(amount, self.gap)
        drive = m.diffusivity * (self.liquid(time, amount) - m.at_surface(amount, volume, self.gap))
        k = conductance(self.gap, volume, self.supply.reach, isinstance(self.supply, Closed))
        if not transient:
            return k * drive
        return k * drive * (root + self.gap.radius(volume) / np.sqrt(math.pi * m.diffusivity))


def _check(gap: Gap, supply: Far | Closed, radius: float, times: Array, start: float) -> None:
    if not 0.0 < radius < gap.height / 2.0:
        raise ValueError(f"a nucleus of radius {radius:g} m does not fit between windows {gap.height:g} m apart")
    if len(times) == 0 or times[0] < start or (np.diff(times) < 0.0).any():
        raise ValueError(f"times must increase from {start:g} s on")
    if (supply.reach is None) != math.isinf(gap.height):
        raise ValueError("a bubble between windows needs the radius of its layer, one in free liquid has none")
    if supply.reach is not None and supply.reach <= gap.height / 2.0 / FILLED:
        raise ValueError(f"a layer of radius {supply.reach:g} m is narrower than it is high ({gap.height:g} m)")
    if isinstance(supply, Far) and supply.transient and supply.reach is not None:
        raise ValueError("the memory of the start is known for free liquid only")


def _result(m: Mixture, gap: Gap, layer: _Layer, times: Array, path: Array, ended: float, end: str) -> Growth:
    volume = np.array([m.volume(n, gap) if n.sum() > 0.0 else n.sum() for n in path])  # n.sum(): 0 or NaN
    radius = np.array([gap.radius(v) if v > 0.0 else v for v in volume])
    dissolved = None
    if isinstance(layer.supply, Closed):
        dissolved = np.array([layer.left(t, n) for t, n in zip(times, path, strict=True)])
    return Growth(times, path, volume, radius, math.pi * radius**2, dissolved, ended, end)
