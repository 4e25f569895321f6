r"""Samples of rate constants and yields within their uncertainty.

Rate constants are log-normal, k = k0 f^N(0,1), with the 1-sigma factor f that the source of the constant states, or a
common one where none is stated. The two directions of a reversible reaction share their sample: equilibrium
constants are known far better than rates. Yields are normal and then closed again by charge and element balance,
so that every sample is a possible mechanism.
"""

from __future__ import annotations

import numpy as np

from simcell.chemistry.consistency import closing_matrix
from simcell.chemistry.mechanism import Mechanism
from simcell.chemistry.network import Array, Network

RATE_FACTOR = 1.15  # assumed 1-sigma factor of a constant whose source states none
YIELD_SIGMA = 0.05  # assumed relative 1-sigma of a yield whose source states none
BALANCING = ("H+", "OH", "H2O")  # species that close a sampled set where the set itself names none


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
    sigma = np.log([r.uncertainty or default for r in mechanism.reactions])
    normal = rng.standard_normal((samples, sigma.size))
    exponent = normal * sigma
    for forward, back in reversible_pairs(mechanism):
        exponent[:, back] = exponent[:, forward]
    return np.asarray(k * np.exp(exponent))


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
