r"""Samples of rate constants and yields within their uncertainty.

Rate constants are log-normal, k = k0 f^N(0,1), with the 1-sigma factor f that the source of the constant states, or a
common one where none is stated. The two directions of a reversible reaction share their sample: equilibrium
constants are known far better than rates. Yields are normal and then closed again by charge and element balance,
so that every sample is a possible mechanism.

A case that asks for one sample by number gets the point of that number of a scrambled Sobol sequence (Sobol, USSR
Comput. Math. Math. Phys. 7 (1967) 86; scrambling after Matousek, J. Complexity 14 (1998) 527), so that 64 samples are
the first half of 128.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from simcell.chemistry.consistency import closing_matrix
from simcell.chemistry.mechanism import Mechanism, Reaction, Yields
from simcell.chemistry.network import Array, Network

RATE_FACTOR = 1.15  # assumed 1-sigma factor of a constant whose source states none
YIELD_SIGMA = 0.05  # assumed relative 1-sigma of a yield whose source states none
BALANCING = ("H+", "OH", "H2O")  # species that close a sampled set where the set itself names none
DIMENSIONS = 1024  # of the Sobol sequence: constants take the first of them, what a study adds the last


@lru_cache(maxsize=8)
def shares(sample: int, seed: int) -> Array:
    """Point of the Sobol sequence, in (0, 1).

    Parameters
    ----------
    sample : int
        From 1 on.
    seed : int
        Of the scrambling.

    Returns
    -------
    (1024,) array

    Examples
    --------
    >>> bool((shares(1, 0) != shares(2, 0)).all()), shares(1, 0).shape
    (True, (1024,))
    """
    engine = qmc.Sobol(DIMENSIONS, rng=np.random.default_rng(seed))
    if sample > 1:
        engine.fast_forward(sample - 1)
    point = np.clip(engine.random(1)[0], 1e-12, 1.0 - 1e-12)
    point.flags.writeable = False
    return np.asarray(point)


def sampled(mechanism: Mechanism, sample: int, seed: int, default: float = RATE_FACTOR) -> Mechanism:
    """A mechanism with constants and yields drawn within their uncertainty.

    Parameters
    ----------
    mechanism : Mechanism
    sample : int
        Number of the sample, from 1 on.
    seed : int
    default : float
        1-sigma factor where the source states none.

    Returns
    -------
    Mechanism

    Raises
    ------
    ValueError
        If it has more constants than the sequence has dimensions.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> water = load_mechanism("water")
    >>> drawn = sampled(water, 3, 0)
    >>> drawn.reactions[5].law != water.reactions[5].law, sampled(water, 3, 0) == drawn
    (True, True)
    """
    count = len(mechanism.reactions)
    widest = max((len(y.polynomials) for y in mechanism.yields.values()), default=0)
    if count + widest > DIMENSIONS // 2:
        raise ValueError(f"{count} reactions and {widest} yields are more than {DIMENSIONS // 2} constants to draw")
    normal = ndtri(shares(sample, seed)[: count + widest])
    factors = _factors(mechanism, normal[None, :count], default)[0]
    reactions = tuple(_scaled(r, f) for r, f in zip(mechanism.reactions, factors, strict=True))
    sets = {name: _drawn(chosen, normal[count:]) for name, chosen in mechanism.yields.items()}
    return replace(mechanism, reactions=reactions, yields=sets)


def _scaled(r: Reaction, factor: float) -> Reaction:
    """The same with another constant; a reverse follows its partner by itself."""
    if r.law.kind == "reverse":
        return r
    first, *rest = r.law.parameters
    return replace(r, law=replace(r.law, parameters=(first * factor, *rest)))  # each law is linear in its first


def _drawn(chosen: Yields, normal: Array) -> Yields:
    closing = chosen.balanced_by or BALANCING
    free = {s: p for s, p in chosen.polynomials.items() if s not in closing}
    sigma = YIELD_SIGMA if chosen.uncertainty is None else chosen.uncertainty
    changed = {
        s: tuple(max(0.0, 1.0 + sigma * z) * c for c in p) for (s, p), z in zip(free.items(), normal, strict=False)
    }
    return replace(chosen, polynomials=changed, balanced_by=closing)


def sample_rates(
    mechanism: Mechanism, k: Array, samples: int, rng: np.random.Generator, default: float = RATE_FACTOR
) -> Array:
    """Draw sets of rate constants.

    Parameters
    ----------
    mechanism : Mechanism
    k : (nr,) array
        Nominal constants.
    samples : int
    rng : numpy.random.Generator
    default : float
        1-sigma factor where the source states none.

    Returns
    -------
    (samples, nr) array

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> m = load_mechanism("water")
    >>> k = sample_rates(m, np.ones(73), 5, np.random.default_rng(1))
    >>> k.shape, bool((k > 0).all())
    ((5, 73), True)
    """
    return np.asarray(k * _factors(mechanism, rng.standard_normal((samples, len(mechanism.reactions))), default))


def _factors(mechanism: Mechanism, normal: Array, default: float) -> Array:
    """Factors (samples, nr) on the constants, from standard normal numbers."""
    exponent = normal * np.log([r.uncertainty or default for r in mechanism.reactions])
    for forward, back in reversible_pairs(mechanism):
        exponent[:, back] = exponent[:, forward]
    return np.asarray(np.exp(exponent))


def reversible_pairs(mechanism: Mechanism) -> list[tuple[int, int]]:
    """Numbers of reactions that are each other's reverse.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> (2, 3) in reversible_pairs(load_mechanism("water"))
    True
    """
    first: dict[frozenset[tuple[str, int]], int] = {}
    pairs = []
    for j, r in enumerate(mechanism.reactions):
        reverse = frozenset((s, -n) for s, n in r.change.items())
        if reverse in first:
            pairs.append((first[reverse], j))
        else:
            first[frozenset(r.change.items())] = j
    return pairs


def sample_yields(net: Network, name: str, temperature: float, samples: int, rng: np.random.Generator) -> Array:
    """Draw balanced sets of yields.

    Parameters
    ----------
    net : Network
    name : str
        The set.
    temperature : float
        [K]
    samples : int
    rng : numpy.random.Generator

    Returns
    -------
    (samples, n) array
        [mol/J], kernel order.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> net = Network.of(load_mechanism("water"))
    >>> g = sample_yields(net, "HS300", 298.15, 4, np.random.default_rng(1))
    >>> bool((abs(net.totals(g)) < 1e-20).all())
    True
    """
    m = net.mechanism
    chosen = m.yields[name]
    closing = chosen.balanced_by or BALANCING
    nominal = {s: v for s, v in m.yield_values(name, temperature).items() if s not in closing}
    sigma = YIELD_SIGMA if chosen.uncertainty is None else chosen.uncertainty
    factors = np.maximum(0.0, 1.0 + sigma * rng.standard_normal((samples, len(nominal))))
    free = factors * np.array(list(nominal.values()))
    closed = free @ closing_matrix(m, tuple(nominal), closing).T
    values = dict(zip((*nominal, *closing), np.hstack([free, closed]).T, strict=True))
    return np.stack([values.get(s, np.zeros(samples)) for s in net.names], axis=1)
