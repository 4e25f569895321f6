r"""Which current diffusion along a layer can sustain between electrodes of any outline, solved on a plan.

At the limit the liquid at the working electrode is empty. The concentration then solves Laplace's equation: it is the
potential of a primary current distribution in disguise, zero at the working electrode, and

.. math:: I_\text{lim} = \frac{z F D c}{1 - t_+}\, G, \qquad G = \int h\, \partial_n \psi\, ds

with :math:`\psi = c / c_0` (J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, section 17.2 on the
analogy). What else holds :math:`\psi` in place:

- open sides keep :math:`\psi = 1`;
- a counter electrode of the same metal gives back what the working electrode takes;
- in a closed cell with such a counter electrode nothing else does, but the salt is conserved: the mean of
  :math:`\psi` over the liquid is 1, so that the liquid at the counter electrode grows richer, up to twice as rich;
- a closed cell without one sustains nothing.

Walls put in lower it: a strip that is fed along its length only is a lower bound to a rectangle of that length.
"""

from __future__ import annotations

from dataclasses import replace

from simcell.numerics.grid import Grid
from simcell.transport.current import distribute
from simcell.transport.distribution import Distribution
from simcell.transport.electrode import Electrode


def sustained_conductance(
    grid: Grid, working: Electrode, counter: Electrode | None = None, sides: tuple[str, ...] = ()
) -> float:
    """Conductance G [m] of the supply to a working electrode whose liquid is empty.

    Parameters
    ----------
    grid : Grid
        `plan`; its thickness is that of the liquid.
    working : Electrode
        Only where it lies counts.
    counter : Electrode, optional
        One that gives the ion back as it is used up; None: the counter electrode has another reaction.
    sides : tuple of str
        Sides of the grid at which the concentration is kept.

    Returns
    -------
    float
        0 in a closed cell without such a counter electrode; infinite where salt only enters.

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> from simcell.transport.electrode import strip
    >>> g = plan([0.5 * k for k in range(121)], [0.0, 1.0], 0.5)
    >>> cell = strip(g, "WE", 10.0, 20.0), strip(g, "CE", 40.0, 50.0)
    >>> round(sustained_conductance(g, *cell) / (2.0 * 0.5 / 20.0), 2)  # the counter electrode twice as rich
    0.96
    """
    empty = replace(working, potential=0.0, current=None, law=None, film=0.0)
    ends = dict.fromkeys(sides, 1.0)
    if counter is None:
        return _taken(distribute(grid, 1.0, [empty], ends), working) if sides else 0.0
    full = replace(counter, potential=1.0, current=None, law=None, film=0.0)
    if not sides:
        answer = distribute(grid, 1.0, [empty, full])
        mean = float((answer.potential * grid.volume).sum() / grid.volume.sum())
        return _taken(answer, working) / mean
    given = []
    for level in (0.0, 1.0):
        answer = distribute(grid, 1.0, [empty, replace(full, potential=level)], ends)
        given.append((_taken(answer, working), answer.current[counter.name]))
    (taken0, made0), (taken1, made1) = given
    if made1 - made0 <= taken1 - taken0:  # what enters never leaves: the liquid grows richer without end
        return float("inf")
    level = (taken0 - made0) / ((made1 - made0) - (taken1 - taken0))  # where both are equal
    return taken0 + level * (taken1 - taken0)


def _taken(answer: Distribution, working: Electrode) -> float:
    return -answer.current[working.name]
