"""Runge-Kutta methods with an explicit first stage for stiff systems with constraints.

`THIRD` is ESDIRK3(2)4L[2]SA: four stages, order 3 with an estimate of order 2, L-stable, stiffly accurate, stages of
order 2 (C. A. Kennedy, M. H. Carpenter, Appl. Numer. Math. 44 (2003) 139, the implicit part of ARK3(2)4L[2]SA).
`FIRST` is implicit Euler, which asks nothing of the past and starts after every jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcell.numerics.grid import Array


@dataclass(frozen=True, eq=False)
class Tableau:
    """Coefficients of stages (the last row gives the answer), weights of the error, times of the stages.

    Examples
    --------
    >>> float(THIRD.matrix[-1].sum().round(12))
    1.0
    """

    matrix: Array
    difference: Array

    @property
    def times(self) -> Array:
        """Of the stages, as fractions of the step."""
        return self.matrix.sum(axis=1)


_G = 1767732205903 / 4055673282236
_LAST = (1471266399579 / 7840856788654, -4482444167858 / 7529755066697, 11266239266428 / 11593286722821, _G)
_LOWER = (
    2756255671327 / 12835298489170, -10771552573575 / 22201958757719, 9247589265047 / 10645013368117,
    2193209047091 / 5459859503100,
)  # fmt: skip
THIRD = Tableau(
    np.array(
        [
            [0.0, 0.0, 0.0, 0.0],
            [_G, _G, 0.0, 0.0],
            [2746238789719 / 10658868560708, -640167445237 / 6845629431997, _G, 0.0],
            _LAST,
        ]
    ),
    np.array(_LAST) - np.array(_LOWER),
)
FIRST = Tableau(np.array([[0.0, 0.0], [0.0, 1.0]]), np.zeros(2))
