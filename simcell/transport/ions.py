r"""Run a protocol on a bath: ions between electrodes in plan view, section or full.

>>> from simcell.numerics.grid import plan
>>> from simcell.transport.bath import Bath, Plate
>>> from simcell.transport.electrode import strip
>>> from simcell.transport.protocol import voltammogram
>>> from simcell.transport.species import Ion, Surface, couple

describe the liquid (`Bath`), its electrodes (`Plate`) and what the potentiostat does (`simcell.transport.protocol`);
`run_bath` gives a `BathRecord`. The loop over segments, limits and the control of errors are those of
`simcell.transport.session`; one step is described in `bath_stepper`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.errors import SolverError
from simcell.numerics.grid import Array
from simcell.transport.bath import Bath
from simcell.transport.bath_layout import grid_shaped
from simcell.transport.bath_record import BathRecord
from simcell.transport.bath_stepper import BathStepper
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import Segment
from simcell.transport.session import Course, Options, Session


def run_bath(
    bath: Bath,
    protocol: Sequence[Segment],
    options: Options | None = None,
    times: ArrayLike = (),
    edges: str = "plain",
    course: Course | None = None,
) -> BathRecord:
    """Simulate a protocol on a grid.

    Parameters
    ----------
    bath : Bath
        Liquid, electrodes, open sides, flow, place of the reference.
    protocol : sequence of Segment
        Potentials of the working electrode against the reference [V] or its mean current density [A/m^2]; divide a
        total current by ``bath.area(name)``.
    options : Options
        Tolerances and largest steps, as along a line.
    times : array
        When to keep fields [s]: steps end there. The end of every segment is always kept. Traces hold every step.
    course : Course
        Parts of the protocol, its end, progress.
    edges : str
        ``plain``, or ``exact``: section and full take the exact field beside electrode edges for conductances, right
        for primary distributions and limiting currents (`simcell.transport.edges`), not for slow kinetics.

    Returns
    -------
    BathRecord

    Raises
    ------
    ValueError
        For an empty protocol or times that are not increasing.
    Stopped
        After Ctrl-C, if anything was reached.
    SolverError
        Where no solution goes on, as at a constant current above what diffusion can bring; it names time, electrode and
        ion, and `partial` holds the record until then.

    Examples
    --------
    >>> run_bath(Bath.__new__(Bath), [])
    Traceback (most recent call last):
        ...
    ValueError: the protocol is empty
    """
    if not protocol:
        raise ValueError("the protocol is empty")
    stops = np.atleast_1d(np.asarray(times, dtype=float))
    if stops.size and not (np.all(np.diff(stops) > 0.0) and stops[0] > 0.0):
        raise ValueError("times of fields must be positive and increasing")
    if edges not in {"plain", "exact"}:
        raise ValueError(f"edges are 'exact' or 'plain', not {edges!r}")
    session = _Bath(bath, options or Options(), stops, edges)
    session.play(protocol, course or Course())
    return session.record()


class _Bath(Session):
    stepper: BathStepper

    def __init__(self, bath: Bath, options: Options, stops: Array, edges: str) -> None:
        self.bath = bath
        self.fields: list[dict[str, Any]] = []
        self.asked = stops
        self.made, self.booked = np.zeros((1 + len(bath.live), len(bath.ions))), 0.0
        stepper = BathStepper(bath, options.rtol, options.atol, edges)
        stops = np.append(stops, bath.bulk.switch if bath.bulk else ())
        super().__init__(stepper, [plate.surface for plate in bath.live], options, stops)

    def jump(self) -> bool:
        """Set what a beam makes from now on."""
        return self.stepper.produce(self.time)

    def row(self) -> dict[str, Any]:
        """Traces; keeps fields where they are asked for."""
        s = self.stepper
        if self.asked.size and np.any(np.abs(self.asked - self.time) <= 1e-9 * self.time):
            self.keep()
        self.made += (self.time - self.booked) * s.bulk.made(s.metals)
        self.booked = self.time
        return {
            "potential": s.potential, "current": s.current, "metal": s.w[: s.metals] * self.bath.volts,
            "ohmic": s.ohmic(), "rates": s.last_rates(),
        }  # fmt: skip

    @property
    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Rows that have been recorded, by name of the table."""
        return {**super().tables, "fields": self.fields}

    def take(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        """Take over tables."""
        super().take(tables)
        self.fields = tables["fields"]

    def more(self) -> dict[str, Array]:
        """The preconditioner, which lasts over many steps, and what the beam has made."""
        kept = {name: np.array(value) for name, value in self.stepper.kept().items()}
        return {**kept, "made": self.made.copy(), "booked": np.array(self.booked)}

    def take_more(self, more: Mapping[str, Array]) -> None:
        """Take that over."""
        self.stepper.take(more)
        self.made[:], self.booked = more["made"], float(more["booked"])

    def ended(self) -> None:
        """The end of every segment is kept."""
        self.keep()

    def keep(self) -> None:
        """Fields of this moment."""
        if self.fields and self.fields[-1]["time"] == self.time:
            return
        s, shape = self.stepper, self.bath.grid.shape
        count, flat = s.count, shape[1] * shape[2]
        column, area = s.layout.place[s.metal], s.layout.patches[4][s.metal]
        density: Array = np.asarray(np.bincount(column, s.answers[0][s.metal, -1] * FARADAY, flat), dtype=float)
        covered: Array = np.asarray(np.bincount(column, area, flat), dtype=float)
        with np.errstate(invalid="ignore"):
            surface = np.array([np.bincount(column, area * c, flat) for c in s.surfaces()]) / covered
            density = density / covered
        back = np.argsort(self.bath.order)
        self.fields.append(
            {
                "time": self.time, "concentration": grid_shaped(s.nodes()[back], shape),
                "liquid": grid_shaped(s.u[:, -1] * self.bath.volts, shape), "density": density.reshape(shape[1:]),
                "surface": surface[back].reshape(count, *shape[1:]),
            }
        )  # fmt: skip

    def place(self, side: int) -> str:
        """Name of an electrode."""
        return self.bath.live[side].name

    def _emptiest(self) -> tuple[int, int, float] | None:
        s, found = self.stepper, []
        c, rates, terminal = s.surfaces(), s.last_rates(), s.layout.patches[2][s.metal]
        for r, (reaction, t) in enumerate(zip(self.bath.reactions, s.layout.ends[4][0], strict=True)):
            for name, made in reaction.makes.items():
                if made * rates[r] < 0.0:
                    k = s.names.index(name)
                    least = float(c[k, terminal == t].min())
                    found.append((least / float(s.scale[k]), k, int(t), least))
        if not found or (worst := min(found))[0] > 1e-3:
            return None
        return worst[1], worst[2], worst[3]

    def record(self) -> BathRecord:
        """Record so far."""
        rows, s, bath = self.rows, self.stepper, self.bath
        if not rows:
            raise SolverError("no step succeeded: the potential or current at the start has no solution")
        if not self.fields:
            self.keep()

        def stack(key: str, of: list[dict[str, Any]] = rows) -> Array:
            return np.array([row[key] for row in of])

        r, m = s.reactions, s.metals
        sums, rates, back = stack("sums"), stack("rates"), np.argsort(bath.order)
        numbers: NDArray[np.int64] = np.array([row["segment"] for row in rows], dtype=np.int64)
        return BathRecord(
            time=stack("time"), segment=numbers, potential=stack("potential"), current=stack("current"),
            electrodes=tuple(plate.name for plate in bath.live),
            electrode_current=np.array([s.electrode_currents(x) for x in rates]), electrode_potential=stack("metal"),
            ohmic_drop=stack("ohmic"), reactions=tuple(x.name for x in bath.reactions),
            reaction_current=rates[:, :r], charging_current=rates[:, r : r + m], reaction_charge=sums[:, :r],
            charging_charge=sums[:, r : r + m], terminals=(*bath.terminals, "outflow"),
            ions=tuple(i.name for i in bath.ions), passed=sums[:, r + m :].reshape(len(rows), -1, s.count)[:, :, back],
            field_time=stack("time", self.fields), concentration=stack("concentration", self.fields),
            liquid=stack("liquid", self.fields), current_density=stack("density", self.fields),
            surface=stack("surface", self.fields), ends=tuple(self.ends),
            inventory=np.stack([self.before, s.inventory()])[:, back], bath=bath,
            made=self.made[:, back], work={
                "steps": len(rows), "newton": s.newtons, "solves": s.linear.solves, "cycles": s.linear.cycles,
                "preconditioners": s.linear.builds,
            },
        )  # fmt: skip
