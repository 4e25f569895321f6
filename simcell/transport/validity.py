r"""Which model of the current a layer needs: the numbers, the errors they imply, the rule.

A `plan` averages over the height H. Against the exact integral equation of a band in a layer, 4 to 40 H wide, the
current at the centre and in the edge bin with the closure H / 3 kappa is off by the shares below, as a function of
:math:`L_p / H`, :math:`L_p = \sqrt{\kappa H R_\text{ct}}` (without the closure term). They are bounds over the widths;
between entries the logarithm is interpolated. Features of electrodes narrower than about 3 H are blurred whatever the
kinetics.

In time the average over the height holds after about 0.3 H^2 / D.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcell.transport.film import film_drop

# L_p / H, error at the centre, error at the edge: largest over widths of 4 to 40 H
KNOWN = ((0.7, 0.24, 0.23), (1.0, 0.07, 0.13), (1.5, 0.013, 0.07), (2.0, 0.006, 0.04), (4.0, 0.001, 0.01))
PENETRATION = 1.5  # least L_p / H for a plan
FEATURE = 3.0  # least width of a gap or electrode over H for a plan
RELAXED = 0.3  # least t D / H^2 for an average over the height
FILM_DROP = 1e-3  # V: drop along a film, and
FILM_SHARE = 0.01  # unevenness that it makes, from which it has to be solved


@dataclass(frozen=True)
class Validity:
    """Numbers that say whether a plan suffices, and what it would cost.

    Examples
    --------
    >>> Validity(2.0, 10.0, None, 0.006, 0.04, True, "plan suffices").plan
    True
    """

    penetration: float  # L_p / H without the closure term
    feature: float  # narrowest gap or electrode / H
    relaxation: float | None  # t D / H^2
    centre_error: float  # estimated share of the current density at the centre
    edge_error: float
    plan: bool
    words: str


def judge(
    conductivity: float,
    height: float,
    resistance: float,
    feature: float,
    time: float | None = None,
    diffusivity: float | None = None,
) -> Validity:
    """Judge whether a plan suffices or the height must be resolved.

    Parameters
    ----------
    conductivity : float
        [S/m]
    height : float
        Of the liquid [m].
    resistance : float
        Charge transfer and film at the current of the case [ohm m^2]; 0: primary.
    feature : float
        Narrowest electrode or gap [m].
    time, diffusivity : float, optional
        Shortest time of interest [s] and diffusivity [m^2/s].

    Returns
    -------
    Validity

    Raises
    ------
    ValueError
        If a number is not positive.

    Examples
    --------
    >>> judge(0.9, 0.5e-6, 1.3e-3, 20e-6).plan
    True
    >>> print(judge(0.9, 5e-6, 2e-6, 20e-6).words)
    L_p = 0.6 H is below 1.5 H: take section or full (a plan would be off by 24 % at the centre, 23 % at the edge)
    """
    if not (conductivity > 0.0 and height > 0.0 and feature > 0.0 and resistance >= 0.0):
        raise ValueError("conductivity, height and feature must be positive, the resistance not negative")
    length = float(np.sqrt(conductivity * resistance / height))
    centre, edge = estimated_errors(length)
    reasons = []
    if length < PENETRATION:
        reasons.append(f"L_p = {length:.2g} H is below {PENETRATION:g} H")
    if feature < FEATURE * height:
        reasons.append(f"the narrowest feature, {feature / height:.2g} H, is below {FEATURE:g} H")
    relaxation = None if time is None or diffusivity is None else time * diffusivity / height**2
    if relaxation is not None and relaxation < RELAXED:
        reasons.append(f"t D / H^2 = {relaxation:.2g} is below {RELAXED:g}")
    cost = f"off by {100 * centre:.2g} % at the centre, {100 * edge:.2g} % at the edge"
    words = (
        f"{' and '.join(reasons)}: take section or full (a plan would be {cost})"
        if reasons
        else f"plan suffices: {cost}"
    )
    return Validity(length, feature / height, relaxation, centre, edge, not reasons, words)


def estimated_errors(penetration: float) -> tuple[float, float]:
    """Largest errors of a plan with closure at the centre and at the edge, by L_p / H.

    Examples
    --------
    >>> estimated_errors(2.0)
    (0.006, 0.04)
    """
    at = np.log([row[0] for row in KNOWN])
    x = np.log(max(penetration, KNOWN[0][0]))
    centre, edge = (float(np.exp(np.interp(x, at, np.log([row[n] for row in KNOWN])))) for n in (1, 2))
    return float(f"{centre:.3g}"), float(f"{edge:.3g}")


def level(validity: Validity, asked: str, three_dimensional: bool) -> str:
    """Name the model to run: what was asked, or with ``auto`` the cheapest that holds.

    Parameters
    ----------
    validity : Validity
    asked : str
        ``auto``, ``plan``, ``section`` or ``full``.
    three_dimensional : bool
        Whether the outline varies along both x and y, so that a section cannot stand for it.

    Raises
    ------
    ValueError
        If a plan is asked for that does not hold; the text has the numbers.

    Examples
    --------
    >>> level(judge(0.9, 0.5e-6, 1.3e-3, 20e-6), "auto", True)
    'plan'
    """
    if asked == "auto":
        return "plan" if validity.plan else ("full" if three_dimensional else "section")
    if asked == "plan" and not validity.plan:
        raise ValueError(validity.words)
    if asked not in {"plan", "section", "full"}:
        raise ValueError(f"there is no model {asked!r}: auto, plan, section, full")
    return asked


@dataclass(frozen=True)
class FilmValidity:
    """What the resistance of a thin film of metal does to an electrode.

    Examples
    --------
    >>> FilmValidity(1e-3, 5e-4, 0.02, True, "solve the film").needed
    True
    """

    largest: float  # drop from the lead to the far end [V], were the current even
    mean: float  # V
    unevenness: float  # share by which the film alone makes the current uneven
    needed: bool
    words: str


def judge_film(
    sheet: float, resistance: float, current: float, length: float, width: float, lead: float = 0.0
) -> FilmValidity:
    """Judge whether an electrode may be taken as metal of one potential.

    Over a length l of film with the area resistance R to a liquid of one potential the current falls by
    1 - 1 / cosh(l sqrt(R_s / R)) (`simcell.transport.film`); its drop is that of an even current.

    Parameters
    ----------
    sheet : float
        Resistance of a square of the film [ohm].
    resistance : float
        Charge transfer, film in series and H / 3 kappa at the current of the case [ohm m^2].
    current : float
        [A]
    length, width : float
        Of the electrode away from its lead, and across [m].
    lead : float
        Squares of lead before it.

    Returns
    -------
    FilmValidity

    Raises
    ------
    ValueError
        If a size is not positive.

    Examples
    --------
    >>> judge_film(600.0, 1e-3, 1e-6, 60e-6, 20e-6, lead=10.0).words
    'a sheet resistance of 600 ohm costs up to 6.9 mV and makes the current uneven by 0.11 %: solve the film'
    """
    largest, mean = film_drop(current, sheet, length, width, lead)
    if not resistance > 0.0:
        raise ValueError(f"the resistance between film and liquid is {resistance:g} ohm m^2; it must be positive")
    uneven = float(1.0 - 1.0 / np.cosh(min(length * np.sqrt(sheet / resistance), 700.0)))
    needed = largest > FILM_DROP or uneven > FILM_SHARE
    end = "solve the film" if needed else "its metal may be taken as one potential"
    words = (
        f"a sheet resistance of {sheet:.3g} ohm costs up to {1e3 * largest:.2g} mV and makes the current uneven by "
        f"{100 * uneven:.2g} %: {end}"
    )
    return FilmValidity(largest, mean, uneven, needed, words)
