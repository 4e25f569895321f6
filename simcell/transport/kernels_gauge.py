"""Kernel of the voltammogram of a thin layer: history integral and Newton's method at every step."""

from __future__ import annotations

import numpy as np

from simcell.numerics.jit import njit

STEPS = 60  # of Newton's method, damped
STILL = 1e-13  # change of potential over RT/F at which it ends


@njit
def layer_current(potential, dt, weights, passed, resistance, formal, capacitance, volts, start, current):
    """Current into the liquid [A] at even times for a reversible couple, written to `current`.

    `weights` are increments of what a unit step of surface concentration has passed [m^3], `passed` = nFc [C/m^3].
    """
    n = potential.size
    share = np.empty(n)
    before, last, earlier = start, potential[0], 0.0
    for j in range(n):
        history = 0.0
        for m in range(j):
            history += (share[m] - (start if m == 0 else share[m - 1])) * weights[j - m]
        at, flow, oxidised = last, 0.0, before
        for trial in range(STEPS):  # unknown: potential at the surface, the iR drop taken off
            oxidised = 1.0 / (1.0 + np.exp(-(at - formal) / volts))
            # flow is that of the middle of the step; at its end it is 1.5 times this less half of the one before
            flow = passed / dt * (history + (oxidised - before) * weights[0])
            slope = passed / dt * weights[0] * oxidised * (1.0 - oxidised) / volts
            if j > 0:
                flow += capacitance * (at - last) / dt
                slope += capacitance / dt
            change = potential[j] - at - (1.5 * flow - 0.5 * earlier) * resistance
            change /= 1.0 + 1.5 * slope * resistance
            if trial > 0 and abs(change) <= STILL * volts:
                break
            at += min(max(change, -volts), volts)
        current[j] = 1.5 * flow - 0.5 * earlier if j > 0 else flow
        share[j] = oxidised
        before, last, earlier = oxidised, at, flow
