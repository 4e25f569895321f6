r"""The same current distribution by FiPy: a second opinion by other authors' discretisation, never the fast path.

FiPy (J. E. Guyer, D. Wheeler, J. A. Warren, Computing in Science & Engineering 11 (2009) 6) builds the matrix of
:math:`\nabla\cdot(\kappa h \nabla\varphi) = s` from its own mesh and interpolation to faces. Electrodes are implicit
sources in the cells beside them, with the resistance of half a cell (in a plan: of the closure), film and kinetics in
series; nonlinear kinetics are swept to convergence. Lengths and coefficients are scaled to about 1, because its
iterative solvers compare with absolute numbers; the linear solver is the direct one of scipy. Edges are plain: compare
with ``Options(edges="plain")``.

On triangles that follow slanted outlines (`simcell.transport.gmsh_mesh`) each triangle lies on one electrode or on
none, so nothing hangs on fractions of cells. Their centres are those of the circumscribed circles, between which the
gradient across a face is right; with the centroids that FiPy takes by itself the answer stalls 0.3 % off [measured].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from simcell.errors import SolverError
from simcell.numerics.grid import Array, Grid
from simcell.transport.electrode import Electrode
from simcell.transport.gmsh_mesh import Triangles
from simcell.transport.kinetics import Law, behind

SWEEPS = 50
STILL = 1e-12  # largest change of the potential over its range at which sweeps end


def fipy_distribution(
    grid: Grid, conductivity: ArrayLike, electrodes: Sequence[Electrode], closure: bool = True
) -> tuple[Array, dict[str, float]]:
    """Solve with FiPy for electrodes of given potential.

    Parameters
    ----------
    grid : Grid
        `plan`, `section` or `full` of constant thickness, not periodic, all liquid.
    conductivity : float or (nz, ny, nx) array
        [S/m]
    electrodes : sequence of Electrode
        With potentials.
    closure : bool
        Plan: surface = mean + i h / 3 kappa.

    Returns
    -------
    potential, currents
        (nz, ny, nx) [V]; of each electrode into the liquid [A].

    Raises
    ------
    ValueError
        If the case is beyond what this check covers.
    SolverError
        If the sweeps do not converge.

    Examples
    --------
    >>> fipy_distribution(Grid.__new__(Grid), 1.0, [Electrode("a", np.ones((1, 1)), current=1.0)])
    Traceback (most recent call last):
        ...
    ValueError: the check by FiPy covers electrodes of given potential; 'a' has none
    """
    for e in electrodes:
        if e.potential is None:
            raise ValueError(f"the check by FiPy covers electrodes of given potential; {e.name!r} has none")
    if any(grid.periodic) or not grid.mask.all():
        raise ValueError("the check by FiPy covers grids that are all liquid and not periodic")
    if grid.kind == "full" and np.ptp(grid.volume.sum(axis=0) / grid.area[0][0]) > 1e-12 * grid.distance[0].max():
        raise ValueError("the check by FiPy covers full grids of constant thickness only")
    kappa = np.array(np.broadcast_to(np.asarray(conductivity, dtype=float), grid.shape))
    return _solve(grid, kappa, electrodes, closure)


def _solve(grid: Grid, kappa: Array, electrodes: Sequence[Electrode], closure: bool) -> tuple[Array, dict[str, float]]:
    import fipy
    from fipy.solvers.scipy import LinearLUSolver

    mesh, order, unit = _mesh(grid, fipy)
    height = grid.volume[0] / grid.area[0][0] if grid.kind == "plan" else None
    largest = kappa.max()
    flat = fipy.CellVariable(mesh=mesh, value=np.transpose(kappa / largest, order).ravel())
    coefficient = flat.harmonicFaceValue
    if height is not None:
        thick = fipy.CellVariable(mesh=mesh, value=np.transpose(height[None] / unit, order).ravel())
        coefficient = coefficient * thick.arithmeticFaceValue
        depth = height / 3.0 if closure else 0.0 * height
    else:
        depth = grid.distance[0][0]
    resistance = depth / kappa[0]
    potentials = [float(e.potential) for e in electrodes if e.potential is not None]
    u = fipy.CellVariable(mesh=mesh, value=float(np.mean(potentials)))
    volume = np.asarray(mesh.cellVolumes)
    # conductances [S] per volume of the mesh, in the equation's units: the largest kappa, and lengths of `unit`
    scale = largest * (unit if mesh.dim == 3 or height is not None else float(np.diff(grid.faces[1])[0]))
    sink, source = fipy.CellVariable(mesh=mesh), fipy.CellVariable(mesh=mesh)
    equation = fipy.DiffusionTerm(coeff=coefficient) - fipy.ImplicitSourceTerm(coeff=sink) + source
    solver = LinearLUSolver(tolerance=1e-14, iterations=10)
    reach = max(np.ptp(potentials), 1e-12)
    field = np.empty(grid.shape)
    for _ in range(SWEEPS):
        back = np.asarray(u.value).reshape([grid.shape[axis] for axis in order])
        field = np.transpose(back, np.argsort(order)).copy()
        conductance, push, currents = np.zeros(grid.shape), np.zeros(grid.shape), {}
        for e, potential in zip(electrodes, potentials, strict=True):
            current, slope = _transfer(e, grid, resistance, potential - field[0])
            conductance[0] += slope
            push[0] += current + slope * field[0]
            currents[e.name] = float(current.sum())
        sink.setValue(np.transpose(conductance, order).ravel() / volume / scale)
        source.setValue(np.transpose(push, order).ravel() / volume / scale)
        before = np.array(u.value)
        equation.solve(var=u, solver=solver)
        if np.abs(u.value - before).max() <= STILL * reach:
            return field, currents
    raise SolverError(f"FiPy's sweeps did not converge in {SWEEPS} steps")


def _transfer(e: Electrode, grid: Grid, liquid: Array, step: Array) -> tuple[Array, Array]:
    """Current [A] and its derivative [S] of one electrode in each column."""
    area = e.cover * grid.area[0][0]
    on = area > 0.0
    current, slope = np.zeros(area.shape), np.zeros(area.shape)
    series = liquid[on] + e.film
    density, rise = (step[on] / series, 1.0 / series) if e.law is None else behind(e.law, series, step[on])
    current[on], slope[on] = area[on] * density, area[on] * rise
    return current, slope


def _mesh(grid: Grid, fipy):  # type: ignore[no-untyped-def]
    """Mesh in units of the mean spacing, the order in which its cells run over our axes, and that unit [m]."""
    z, y, x = (np.diff(f) for f in grid.faces)
    unit = float(x.mean())
    if grid.kind == "plan":
        return fipy.Grid2D(dx=x / unit, dy=y / unit), (0, 1, 2), unit
    if grid.kind == "section":
        return fipy.Grid2D(dx=x / unit, dy=z / unit), (1, 0, 2), unit
    thickness = float((grid.volume.sum(axis=0) / grid.area[0][0])[0, 0])
    return fipy.Grid3D(dx=x / unit, dy=y / unit, dz=z * thickness / unit), (0, 1, 2), unit


def fipy_on_triangles(
    mesh: Triangles, conductivity: float, height: float, potentials: Sequence[float], laws: Sequence[Law | None],
    film: float = 0.0,
) -> list[float]:  # fmt: skip
    """Currents of a plan on triangles, with the closure of a parabolic profile; sides are insulated.

    Parameters
    ----------
    mesh : Triangles
    conductivity, height : float
        Of the liquid [S/m], [m].
    potentials, laws : sequences
        Of each outline of the mesh [V]; None: the liquid takes the potential of the metal.
    film : float
        In series, of all electrodes [ohm m^2].

    Returns
    -------
    list of float
        Current of each electrode into the liquid [A].

    Raises
    ------
    SolverError
        If the sweeps do not converge.

    Examples
    --------
    >>> corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0], [1.5, 1.0]])
    >>> mesh = Triangles(corners, np.array([[0, 1, 2], [1, 3, 2]]), np.array([0, 1]))
    >>> i = fipy_on_triangles(mesh, 1.0, 1.0, [1.0, 0.0], [None, None])
    >>> round(i[0], 12) == -round(i[1], 12) > 0.0
    True
    """
    import fipy
    from fipy.solvers.scipy import LinearLUSolver

    unit = float(np.sqrt(mesh.area.mean()))
    flat = _triangular(mesh, unit)
    area, series = mesh.area, height / (3.0 * conductivity) + film
    u = fipy.CellVariable(mesh=flat, value=float(np.mean(potentials)))
    sink, source = fipy.CellVariable(mesh=flat), fipy.CellVariable(mesh=flat)
    equation = fipy.DiffusionTerm(coeff=1.0) - fipy.ImplicitSourceTerm(coeff=sink) + source
    solver = LinearLUSolver(tolerance=1e-14, iterations=10)
    reach = max(np.ptp(potentials), 1e-12)
    for _ in range(SWEEPS):
        value, density, rise = np.array(u.value), np.zeros(area.size), np.zeros(area.size)
        for n, (potential, law) in enumerate(zip(potentials, laws, strict=True)):
            on = mesh.electrode == n
            step = potential - value[on]
            if law is None:
                density[on], rise[on] = step / series, 1.0 / series
            else:
                density[on], rise[on] = behind(law, np.full(step.size, series), step)
        sink.setValue(rise * unit**2 / (conductivity * height))
        source.setValue((density + rise * value) * unit**2 / (conductivity * height))
        equation.solve(var=u, solver=solver)
        if np.abs(u.value - value).max() <= STILL * reach:
            return [float((area * density)[mesh.electrode == n].sum()) for n in range(len(potentials))]
    raise SolverError(f"FiPy's sweeps on triangles did not converge in {SWEEPS} steps")


def _triangular(mesh: Triangles, unit: float):  # type: ignore[no-untyped-def]
    """FiPy's mesh of the triangles in units of length, centred on circumscribed circles."""
    from fipy.meshes.mesh2D import Mesh2D

    corners, cells = mesh.corners / unit, mesh.cells
    sides = np.sort(np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]]), axis=1)
    faces, number = np.unique(sides, axis=0, return_inverse=True)
    a, b, c = (corners[cells[:, k]] for k in range(3))
    u, v = b - a, c - a
    twice = 2.0 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    uu, vv = (u**2).sum(axis=1), (v**2).sum(axis=1)
    centres = a + np.column_stack([v[:, 1] * uu - u[:, 1] * vv, u[:, 0] * vv - v[:, 0] * uu]) / twice[:, None]

    class Circles(Mesh2D):
        def _calcCellCenters(self):  # type: ignore[no-untyped-def]
            return centres.T

    return Circles(vertexCoords=corners.T, faceVertexIDs=faces.T, cellFaceIDs=number.reshape(3, -1))
