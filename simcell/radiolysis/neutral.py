"""Ions move together only where what is given carries no net charge."""

from __future__ import annotations

import numpy as np

from simcell.chemistry.network import Array

NEUTRAL = 1e-6  # net charge over total charge, above which a solution is not called neutral


def check_neutral(charge: Array, **given: Array | None) -> None:
    """Refuse compositions and sources that carry a net charge.

    Parameters
    ----------
    charge : (n,) array
        Charge numbers.
    **given : (n, ...) arrays
        Named as the message names them; None is passed over.

    Raises
    ------
    ValueError
        Naming the first that is charged, and its largest net charge.

    Examples
    --------
    >>> check_neutral(np.array([1.0, -1.0]), start=np.array([2.0, 2.0]), source=None)
    """
    for name, c in given.items():
        if c is None:
            continue
        net, gross = np.abs(np.tensordot(charge, c, 1)), np.tensordot(np.abs(charge), np.abs(c), 1)
        if (net > NEUTRAL * gross).any():
            raise ValueError(
                f"{name} carries a net charge of {float(np.max(net)):.3g} (in its unit): ions move together only in a "
                "neutral solution. Carry every ion, also those without reactions, or pass electroneutral=False"
            )
