"""The time loop in space: steps of RODASP with error control, across the segments of an exposure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simcell.chemistry.network import Array
from simcell.numerics.checkpoint import State
from simcell.radiolysis import kernels_advance as advance
from simcell.radiolysis.kernels import DONE, GAMMA, NOT_FINITE, RUNNING, STEP_TOO_SMALL
from simcell.radiolysis.kernels_field import Chemistry, Slopes, Space, matrix_blocks
from simcell.radiolysis.kernels_multigrid import factor_lines, gmres, to_coarser

KEPT = (
    "time", "step", "segment", "shortened", "output", "steps", "rejected", "solves", "cycles", "unsolved",
    "worst_linear", "worst_negative", "refused",
)  # fmt: skip


@dataclass
class Stepper:
    """State of one integration; `run` goes on from it.

    `linear` is the error that the linear solver leaves in a stage, in units of the step's tolerance; `first` [s] the
    first step where the beam changes. The counts tell what was done.

    Examples
    --------
    >>> Stepper.__dataclass_fields__["status"].default == RUNNING
    True
    """

    space: Space
    chemistry: Chemistry
    slopes: Slopes
    work: advance.Work
    rtol: float
    atol: float
    linear: float
    first: float
    time: float = 0.0
    step: float = 0.0
    steps: int = 0
    rejected: int = 0
    solves: int = 0
    cycles: int = 0
    unsolved: int = 0
    worst_linear: float = 0.0
    worst_negative: float = 0.0
    refused: tuple[float, int, int] = (0.0, 0, 0)  # most negative value of the last step refused for it, cell, species
    output: int = 0
    segment: int = 0
    shortened: bool = False  # whether the last attempt was refused, after which a step does not grow
    status: int = RUNNING
    left: Array = field(init=False)
    books: advance.Books = field(init=False)
    lines: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        m, rows = self.work.y.shape[1], self.work.invariants.shape[0]
        self.left = np.zeros((6, m))
        self.lines = np.zeros(self.space.shape.shape, dtype=np.int64)
        self.books = advance.Books(
            np.zeros((4, m)), np.zeros(m), np.zeros(m), np.zeros(m), np.zeros((rows, rows + 1)), np.zeros((6, m)),
            np.zeros((6, m)), np.zeros((6, 6, m)), np.zeros((6, m)),
        )  # fmt: skip

    @property
    def state(self) -> Array:
        """Concentrations (cells, n)."""
        return self.work.c[: self.work.y.shape[0], : self.chemistry.f.shape[0]]

    def snapshot(self) -> State:
        """A copy of everything that the next step depends on, and of the counts."""
        numbers = {name: getattr(self, name) for name in KEPT}
        return {"c": self.state.copy(), "left": self.left.copy(), **numbers}

    def restore(self, state: State) -> None:
        """Go back to a snapshot."""
        self.state[:], self.left[:] = state["c"], state["left"]
        for name in KEPT:
            value = np.asarray(state[name])
            setattr(self, name, tuple(value.tolist()) if value.ndim else value.item())

    def run(
        self, switch: Array, scale: Array, pattern: NDArray[np.int64], outputs: Array, max_steps: int,
        keep: Callable[[int], None], look: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        """Integrate to the last switch. Steps end on switches and on outputs, for each of which keep(number) is called.

        `look` is called after each step. `status` tells how it ended; RUNNING if `max_steps` were used up.
        """
        while self.steps + self.rejected < max_steps or self.segment >= scale.size:
            segment = self.segment
            while self.output < outputs.size and outputs[self.output] <= self.time:
                keep(self.output)
                self.output += 1
            if segment >= scale.size:
                self.status = DONE
                return
            end = min(switch[segment + 1], outputs[self.output] if self.output < outputs.size else np.inf)
            aimed = self.step if self.step > 0.0 else self.first
            last = self.time + 1.01 * aimed >= end
            step = end - self.time if last else aimed
            error, negative = self.attempt(step, float(scale[segment]), int(pattern[segment]))
            factor = min(6.0, max(0.1, 0.9 * error**-0.25)) if error > 0.0 else 6.0
            if error > 1.0 or negative < -self.atol:
                self.rejected += 1
                if negative < -self.atol:
                    cell, species = np.unravel_index(int(self.work.y.argmin()), self.work.y.shape)
                    self.refused = (negative, int(cell), int(species))
                self.step, self.shortened = step * min(factor, 0.5), True
                if self.step <= 1e-15 * abs(self.time) or self.step < 1e-24:
                    self.status = NOT_FINITE if error >= 1e30 else STEP_TOO_SMALL
                    return
                continue
            self.time = end if last else self.time + step
            self.work.c[: self.work.y.shape[0]] = self.work.y
            self.left[:] = self.books.new_left
            self.worst_negative = min(self.worst_negative, negative)
            self.steps += 1
            factor = min(factor, 1.0) if self.shortened else factor
            self.shortened = False
            self.step = max(aimed, step * factor) if last else step * factor
            if self.time >= switch[segment + 1]:
                self.segment += 1
                if self.segment < scale.size and (
                    scale[self.segment] != scale[segment] or pattern[self.segment] != pattern[segment]
                ):
                    self.step = 0.0
            if look is not None:
                look()

    def prepare(self, step: float) -> int:
        """Matrix of a step on every level that it needs, from the state averaged to each, and factors of its lines."""
        space, work, slopes = self.space, self.work, self.slopes
        deepest = int(advance.choose(space, work, GAMMA * step, self.lines))
        for level in range(deepest + 1):
            if level > 0:
                to_coarser(space, level - 1, work.c, work.c)
            matrix_blocks(space, self.chemistry, level, work.c, 1.0 / (GAMMA * step), slopes)
            for axis in range(3):
                if (place := self.lines[level, axis]) >= 0:
                    factor_lines(space, slopes, level, axis, slopes.inverse[place], self.books.scratch)
        return deepest

    def attempt(self, step: float, scale: float, pattern: int) -> tuple[float, float]:
        """One step into work.y and books.new_left: its error in units of the tolerance, and the most negative value."""
        space, work, books, n = self.space, self.work, self.books, self.chemistry.f.shape[0]
        deepest = self.prepare(step)
        advance.begin_step(space, self.slopes, work, books, step, n, self.rtol, self.atol)
        reduction = 1.0
        for s in range(6):
            advance.begin_stage(space, self.chemistry, work, books, s, step, scale, pattern)
            cycles, missed, reduction = gmres(
                space, self.slopes, self.lines, deepest, work.weight, work.f, self.linear, reduction, work.basis,
                work.r, work.given, work.d, work.e, books.right, work.u[s],
            )  # fmt: skip
            self.solves, self.cycles = self.solves + 1, self.cycles + cycles
            if not missed <= self.linear:
                self.unsolved += 1
                return 1e30, 0.0
            self.worst_linear = max(self.worst_linear, missed)
            advance.end_stage(space, self.slopes, work, books, s, step, n, self.atol)
        error, negative = advance.end_step(space, work, books, self.left, n, self.rtol, self.atol)
        return (error if error < 1e30 else 1e30), negative
