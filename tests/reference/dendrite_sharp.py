r"""Sharp planar front in one dimension: an independent second opinion on the phase field.

The liquid between the front s(t) and the reservoir X is stretched to 0..1 (y = (x - s)/(X - s)), finite volumes in y,
scipy's implicit integrator in time. At the front the salt flux is D c' = (1 - t+) i/zF - v c (what the front sweeps
up is
pushed ahead of it), the potential is the integral of Ohm's law, and i is the root of Butler-Volmer's equation.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from simcell.dendrite.stability import FARADAY, Metal


def sharp_front(
    metal: Metal, gap: float, times: np.ndarray, *, potential: float | None = None, current: float | None = None,
    start: np.ndarray | float = 1.0, cells: int = 300,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Thickness grown [m], current density [A/m^2], potential of the metal [V] and c/c0 at the front, at `times`."""
    z_f, d, t = metal.charge * FARADAY, metal.diffusivity, metal.transference
    faces = np.linspace(0.0, 1.0, cells + 1) ** 1.5
    width, middle = np.diff(faces), 0.5 * (faces[1:] + faces[:-1])
    apart = np.diff(np.concatenate([[0.0], middle, [1.0]]))

    def front(c: np.ndarray, length: float) -> tuple[float, float, float]:
        """Current, c at the front, potential of the metal."""

        def surface(i: float) -> float:
            v = metal.speed(i)
            slope = (1.0 - t) * i / (z_f * d * metal.concentration)  # of c/c0, before the swept salt
            reach = apart[0] * length
            return (c[0] - slope * reach) / (1.0 - v * reach / d)

        def needed(i: float) -> float:
            """Potential of the metal that gives the current i."""
            x = surface(i)
            points = np.concatenate([[x], c, [1.0]])
            # kappa is in proportion to c: the integral of dx / c between points with c linear in between
            a, b = points[:-1], points[1:]
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = np.where(np.abs(b - a) > 1e-9 * a, (b - a) / np.log(b / a), 0.5 * (a + b))
            ohmic = i * length * np.sum(apart / mean) / metal.conductivity
            liquid = -metal.f * ohmic + (1.0 - 2.0 * t) * np.log(x)
            drive = brentq(lambda e: float(metal.current(x, e)) - i, -200.0, 200.0, xtol=1e-13)
            return float(liquid - drive) / metal.f

        if current is not None:
            return current, surface(current), needed(current)
        most = c[0] * z_f * d * metal.concentration / ((1.0 - t) * apart[0] * length)
        i = brentq(lambda i: needed(i) - potential, -20.0 * most, most * (1.0 - 1e-12), rtol=1e-14)
        return i, surface(i), potential  # type: ignore[return-value]

    def change(_: float, state: np.ndarray) -> np.ndarray:
        length = gap - state[-1]
        c = state[:-1]
        i, x, _ = front(c, length)
        v = metal.speed(i)
        points = np.concatenate([[x], c, [1.0]])
        flux = -d * np.diff(points) / (apart * length)  # at faces, along x
        at_face = np.interp(faces, np.concatenate([[0.0], middle, [1.0]]), points)
        # cells move: face y has the speed v (1 - y); c * width changes by what passes the moving faces
        passed = flux - v * (1.0 - faces) * at_face
        content = -np.diff(passed)  # of c * width * length
        return np.append((content / width + c * v) / length, v)

    begin = np.append(np.broadcast_to(np.asarray(start, dtype=float), (cells,)), 0.0)
    out = solve_ivp(change, (0.0, times[-1]), begin, method="BDF", t_eval=times, rtol=1e-8, atol=1e-14)
    rows = [front(y[:-1], gap - y[-1]) for y in out.y.T]
    return {
        "thickness": out.y[-1], "current": np.array([r[0] for r in rows]), "surface": np.array([r[1] for r in rows]),
        "potential": np.array([r[2] for r in rows]), "middle": middle,
    }  # fmt: skip
