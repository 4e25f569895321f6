"""What a run of beam and currents together conserves: atoms of every element, charge, metal; and how well it did.

With n the amounts in the liquid (bubbles included) and what came in through electrodes and open sides (reactions of
electrodes by Faraday's law, so that a deposit counts), the error of a law a is

.. math:: \\frac{a\\cdot(n_\\text{end} - n_\\text{start} - n_\\text{in})}{|a|\\cdot(n_\\text{end} + |n_\\text{in}|)}

The solvent is not followed, reactions take and give it. So its elements are told against one another, as in H/2 - O for
water, which no amount of it changes. Ions that do not react are laws of their own.
"""

from __future__ import annotations

import numpy as np

from simcell.chemistry.mechanism import Mechanism
from simcell.numerics.grid import Array


def laws_of(mechanism: Mechanism, ions: dict[str, int]) -> dict[str, Array]:
    """Rows over ions (name -> charge) that are conserved, by name.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> laws = laws_of(load_mechanism("water"), {"H+": 1, "OH-": -1, "Na+": 1})
    >>> list(laws), laws["H/2 - O"]
    (['charge', 'H/2 - O', 'Na+'], array([ 0.5, -0.5,  0. ]))
    """
    known = mechanism.species

    def row(element: str) -> Array:
        return np.array([float(known[s].atoms(element)) if s in known else 0.0 for s in ions])

    found = {"charge": np.array([float(z) for z in ions.values()])}
    solvent = known[mechanism.solvent].composition
    *others, last = solvent
    for element in others:
        name = f"{element}{_over(solvent[element])} - {last}{_over(solvent[last])}"
        found[name] = row(element) / solvent[element] - row(last) / solvent[last]
    for element in mechanism.elements:
        if element not in solvent and row(element).any():
            found[element] = row(element)
    for number, name in enumerate(ions):
        if name not in known or not known[name].composition:
            found[name] = np.eye(len(ions))[number]
    return found


def _over(count: int) -> str:
    return "" if count == 1 else f"/{count}"


def errors(laws: dict[str, Array], start: Array, end: Array, given: Array) -> Array:
    """Error of each law over what is held and was moved, of amounts and of what came in (ions) [mol].

    Examples
    --------
    >>> errors({"Na+": np.array([1.0])}, np.array([1.0]), np.array([3.0]), np.array([2.0]))
    array([0.])
    """
    found = []
    for law in laws.values():
        size = float(np.abs(law) @ (np.abs(end) + np.abs(given)))
        found.append(float(law @ (end - start - given)) / size if size > 0.0 else 0.0)
    return np.array(found)
