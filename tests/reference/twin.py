r"""A slow, obvious second opinion on homogeneous radiolysis, in any number type.

It shares no code with the package beyond the parsed mechanism: the text of every equation is read again, rate
constants and yields are evaluated again, rates are summed reaction by reaction, conservation laws are found from the
stoichiometry and not from the declared compositions. Number types: float (for scipy's LSODA and Radau),
`numpy.longdouble` (64-bit mantissa on x86) and `mpmath.mpf` (as many digits as asked for).

Integrators: scipy at tight tolerance, and the extrapolated linearly implicit Euler method (Hairer & Wanner, Solving
ODEs II, sec. IV.9) with partial pivoting: neither has anything in common with the Rosenbrock method under test.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray
from scipy import constants, integrate

from simcell.chemistry.mechanism import Mechanism

Number = Callable[[Any], Any]
Vector = NDArray[Any]


def read_equation(text: str) -> tuple[Counter[str], Counter[str]]:
    """Count both sides of ``2 A + B -> C``."""
    sides = []
    for side in text.split("->"):
        found: Counter[str] = Counter()
        for count, name in re.findall(r"(?:^|\s\+\s)\s*(?:(\d+)\s+)?(\S+)", side.strip()):
            found[name] += int(count or 1)
        sides.append(found)
    left, right = sides
    return left, right


def rate_constants(mechanism: Mechanism, temperature: float) -> list[float]:
    """Effective constants [SI], the solvent's concentration multiplied in where the mechanism says so."""
    water = mechanism.solvent_concentration
    known: dict[str, float] = {}
    for r in mechanism.reactions:
        p = r.law.parameters
        if r.law.kind == "constant":
            value = p[0]
        elif r.law.kind == "exp":
            value = p[0] * np.exp(-p[1] / temperature)
        elif r.law.kind == "log10_polynomial":
            value = p[0] * 10.0 ** np.polynomial.Polynomial(p[1:])(1.0 / temperature)
        else:
            continue
        known[r.equation] = value * water**r.solvent_order
    return [known[r.equation] if r.equation in known else _reverse(mechanism, r, known, temperature)
            for r in mechanism.reactions]  # fmt: skip


def _reverse(mechanism: Mechanism, r: Any, known: Mapping[str, float], temperature: float) -> float:
    """k = k(back) K, with ln K the combination of the declared pK values that makes this reaction (least squares)."""
    left, right = read_equation(r.equation)
    names = sorted(set(mechanism.species) - {mechanism.solvent})
    acids = []
    for e in mechanism.equilibria:
        row = Counter({e.acid: -1, "H+": 1})
        row[e.base] += 1
        acids.append([row[s] for s in names])
    change = np.array([right[s] - left[s] for s in names], dtype=float)
    matrix = np.array(acids, dtype=float).T
    weights, *_ = np.linalg.lstsq(matrix, change, rcond=None)
    assert np.allclose(matrix @ weights, change)
    t = temperature - 273.15
    log_k = -sum(
        w * np.polynomial.Polynomial(e.polynomial)(t) for w, e in zip(weights, mechanism.equilibria, strict=True)
    )
    back = next(k for e, k in known.items() if read_equation(e) == (right, left))
    return float(back * 10.0**log_k * 1000.0 ** change.sum())  # pK on the mol/L scale, k in mol/m^3


def source(mechanism: Mechanism, yields: Mapping[str, float], dose_rate: float, density: float) -> dict[str, float]:
    """Production [mol/m^3/s] from yields in molecules per 100 eV."""
    per_joule = 1.0 / (100.0 * constants.e) / constants.N_A
    return {s: g * per_joule * dose_rate * density for s, g in yields.items() if s != mechanism.solvent}


class Twin:
    """dc/dt = sum over reactions of nu k c c c, plus a source; species in the order of `names`."""

    def __init__(
        self, mechanism: Mechanism, names: Sequence[str], k: Sequence[float], p: Sequence[float], number: Number = float
    ):
        self.names, self.number = list(names), number
        self.k = [number(float(x)) for x in k]
        self.p = [number(float(x)) for x in p]
        place = {s: i for i, s in enumerate(names)}
        self.factors: list[list[int]] = []
        self.changes: list[list[tuple[int, int]]] = []
        for r in mechanism.reactions:
            left, right = read_equation(r.equation)
            law = Counter(r.counted) if r.order < sum(left.values()) - left[mechanism.solvent] else left
            self.factors.append([place[s] for s in law.elements() if s != mechanism.solvent])
            change = {s: right[s] - left[s] for s in left | right}
            self.changes.append([(place[s], nu) for s, nu in change.items() if nu and s in place])

    def zeros(self, *shape: int) -> Vector:
        """Make an array of zeros of the number type."""
        if self.number in (float, np.longdouble):
            return np.zeros(shape, dtype=self.number)
        return np.full(shape, self.number(0), dtype=object)

    def vector(self, values: Sequence[float]) -> Vector:
        """Convert values to the number type."""
        out = self.zeros(len(values))
        for i, v in enumerate(values):
            out[i] = self.number(v)
        return out

    def rates(self, c: Vector) -> Vector:
        """Rate of every reaction."""
        out = self.zeros(len(self.k))
        for r, k in enumerate(self.k):
            w = k
            for i in self.factors[r]:
                w = w * c[i]
            out[r] = w
        return out

    def rhs(self, c: Vector) -> Vector:
        """dc/dt."""
        f = self.vector(self.p)
        for w, change in zip(self.rates(c), self.changes, strict=True):
            for i, nu in change:
                f[i] = f[i] + nu * w
        return f

    def jacobian(self, c: Vector) -> Vector:
        """d(dc/dt)/dc, product rule factor by factor."""
        j = self.zeros(len(c), len(c))
        for r, k in enumerate(self.k):
            for place, by in enumerate(self.factors[r]):
                slope = k
                for other, i in enumerate(self.factors[r]):
                    if other != place:
                        slope = slope * c[i]
                for i, nu in self.changes[r]:
                    j[i, by] = j[i, by] + nu * slope
        return j

    def gross(self, c: Vector) -> Vector:
        """Sum of the sizes of all terms of dc/dt: what rounding is relative to."""
        g = np.array([abs(x) for x in self.p])
        for w, change in zip(self.rates(c), self.changes, strict=True):
            for i, nu in change:
                g[i] = g[i] + abs(nu) * w
        return g

    def conserved(self) -> Vector:
        """Linear combinations that no reaction changes: left null space of the stoichiometry, exact fractions."""
        rows = [[Fraction(dict(change).get(i, 0)) for i in range(len(self.names))] for change in self.changes]
        pivots: list[int] = []
        for column in range(len(self.names)):
            found = next((r for r in range(len(pivots), len(rows)) if rows[r][column]), None)
            if found is None:
                continue
            top = len(pivots)
            rows[top], rows[found] = rows[found], rows[top]
            rows[top] = [x / rows[top][column] for x in rows[top]]
            for r in range(len(rows)):
                if r != top and rows[r][column]:
                    rows[r] = [a - rows[r][column] * b for a, b in zip(rows[r], rows[top], strict=True)]
            pivots.append(column)
        free = [j for j in range(len(self.names)) if j not in pivots]
        laws = []
        for f in free:
            law = [Fraction(0)] * len(self.names)
            law[f] = Fraction(1)
            for r, column in enumerate(pivots):
                law[column] = -rows[r][f]
            whole = math.lcm(*(x.denominator for x in law))
            laws.append([float(whole * x) for x in law])
        return np.array(laws).reshape(len(laws), len(self.names))

    def scipy(self, start: Sequence[float], times: Sequence[float], rtol: float = 1e-9, method: str = "LSODA",
              floor: float = 1e-17) -> NDArray[np.float64]:  # fmt: skip
        """Integrate from 0 through `times`, in units of 1 nmol/L, with the analytic Jacobian of this file."""
        unit = 1e-6  # mol/m^3
        run = integrate.solve_ivp(
            lambda t, y: self.rhs(y * unit) / unit, (0.0, times[-1]), np.asarray(start) / unit, method,
            t_eval=times, rtol=rtol, atol=floor / unit, jac=lambda t, y: self.jacobian(y * unit),
        )  # fmt: skip
        assert run.success, run.message
        return np.asarray(run.y.T * unit)

    def extrapolated(self, start: Sequence[float], times: Sequence[float], rtol: float = 1e-9, floor: float = 1e-18,
                     columns: int = 8) -> Vector:  # fmt: skip
        """Integrate from 0 through `times` by extrapolated linearly implicit Euler, in the number type."""
        c, t = self.vector(start), 0.0
        size = float(abs(np.diag(self.jacobian(c))).max())
        h = 1e-3 / size if size else 1e-3 * times[0]
        out = []
        for end in times:
            while t < end:
                step = min(h, end - t)
                new, error = self._big_step(c, step, rtol, floor, columns)
                if error <= 1.0:
                    c, t = new, (end if step == end - t else t + step)
                grow = 0.8 * max(error, 1e-10) ** (-1.0 / columns)
                h = (max(h, step) if error <= 1.0 else step) * min(10.0, max(0.1, grow))
            out.append(c)
        return np.array(out)

    def _big_step(self, c: Vector, step: float, rtol: float, floor: float, columns: int) -> tuple[Vector, float]:
        jacobian, one, table = self.jacobian(c), self.number(1), []
        for j in range(1, columns + 1):
            h = self.number(step) / j
            matrix = -h * jacobian
            for i in range(len(c)):
                matrix[i, i] = matrix[i, i] + one
            solver = Elimination(matrix)
            y = c
            for _ in range(j):
                y = y + solver(h * self.rhs(y))
            row = [y]
            for back in range(1, j):
                row.append(row[-1] + (row[-1] - table[-1][back - 1]) / (self.number(j) / (j - back) - 1))
            table.append(row)
        new, before = table[-1][-1], table[-1][-2]
        scale = floor + rtol * np.maximum(abs(c), abs(new))
        return new, float((abs(new - before) / scale).max())

    def steady(self, guess: Sequence[float], start: Sequence[float]) -> Vector:
        """Newton for F(c) = 0 on the conserved totals of `start`; relative unknowns, steps of a factor 3 at most."""
        laws = self.conserved()
        c, totals = (
            self.vector(guess),
            [sum(self.number(a) * self.number(x) for a, x in zip(law, start, strict=True)) for law in laws],
        )
        replaced: list[int] = []
        for law in laws:
            weight = [
                abs(a) * float(x) if i not in replaced else -1.0 for i, (a, x) in enumerate(zip(law, c, strict=True))
            ]
            replaced.append(int(np.argmax(weight)))
        for _ in range(60):
            gross = self.gross(c)
            f = self.rhs(c) / gross
            j = self.jacobian(c) * c / gross[:, None]
            for row, law, total in zip(replaced, laws, totals, strict=True):
                terms = self.vector(law) * c
                size = sum(abs(x) for x in terms)
                f[row], j[row] = (sum(terms) - total) / size, terms / size
            change = Elimination(j)(-f)
            c = c * np.array([min(max(1 + x, self.number(1) / 3), self.number(3)) for x in change])
            if max(abs(x) for x in change) < self.epsilon() ** 0.75:
                return c
        raise AssertionError("the twin's Newton did not converge")

    def epsilon(self) -> float:
        """Spacing of the number type at 1."""
        return float(mpmath.mp.eps) if self.number is mpmath.mpf else float(np.finfo(self.number).eps)


class Elimination:
    """LU with partial pivoting after scaling the rows, for any number type."""

    def __init__(self, matrix: Vector):
        self.lu, n = matrix.copy(), len(matrix)
        self.scale = abs(self.lu).max(axis=1)
        self.lu = self.lu / self.scale[:, None]
        self.order = np.arange(n)
        for p in range(n - 1):
            best = p + int(np.argmax(abs(self.lu[p:, p])))
            if best != p:
                self.lu[[p, best]], self.order[[p, best]] = self.lu[[best, p]], self.order[[best, p]]
            self.lu[p + 1 :, p] = self.lu[p + 1 :, p] / self.lu[p, p]
            self.lu[p + 1 :, p + 1 :] = self.lu[p + 1 :, p + 1 :] - np.outer(self.lu[p + 1 :, p], self.lu[p, p + 1 :])

    def __call__(self, b: Vector) -> Vector:
        x, n = (b / self.scale)[self.order], len(b)
        for p in range(n):
            x[p + 1 :] = x[p + 1 :] - self.lu[p + 1 :, p] * x[p]
        for p in range(n - 1, -1, -1):
            x[p] = x[p] / self.lu[p, p]
            x[:p] = x[:p] - self.lu[:p, p] * x[p]
        return x
