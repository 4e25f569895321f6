"""Run a protocol on a liquid along a line: steps with error control, exact ends of segments, books.

After every jump implicit Euler makes a step so short that its error is below the tolerance, then a method of order 3
goes on. A limit is met by repeating the step that passes it with other lengths until it ends there. Where
a given current has emptied a surface, the potential runs through any limit in less time than can be told from zero: the
segment ends then, at a potential short of the limit. What reactions,
double layers and ends have passed is summed with the weights of the method, so the books close to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.errors import SolverError
from simcell.numerics.checkpoint import Keeper, State
from simcell.numerics.grid import Array
from simcell.transport.border import Border, packed, unpacked
from simcell.transport.course import Course, Options, Stopped
from simcell.transport.protocol import Limit, Segment
from simcell.transport.record import Record
from simcell.transport.species import Liquid, Surface
from simcell.transport.stepper import Stepper

FULL = 0.95  # share of gas in a cell at which a run ends
SHORTEST = 1e-13  # of the segment: shorter steps mean that there is no solution


def run(
    liquid: Liquid, protocol: Sequence[Segment], options: Options | None = None, course: Course | None = None
) -> Record:
    """Simulate a protocol.

    Parameters
    ----------
    liquid : Liquid
    protocol : sequence of Segment
    options : Options
    course : Course

    Returns
    -------
    Record

    Raises
    ------
    ValueError
        For an empty protocol.
    Stopped
        After Ctrl-C, if anything was reached.
    SolverError
        Where no solution goes on, as at a constant current above what diffusion can bring; it names time, place and
        ion, and `partial` holds the record until then.

    Examples
    --------
    >>> from simcell.transport.protocol import hold
    >>> from simcell.transport.species import Ion, between, couple
    >>> ions = [Ion("O+", 1, 1e-9), Ion("R", 0, 1e-9), Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    >>> start = {"O+": 0.0, "R": 1.0, "K+": 100.0, "Cl-": 100.0}
    >>> cell = Liquid(between(1e-5, 1e-7, other=False), ions, start, Surface((couple("OR", "O+", "R", 1, 1e-3),)))
    >>> run(cell, [hold(0.3, 1e-3)]).books < 1e-9
    True
    """
    if not protocol:
        raise ValueError("the protocol is empty")
    session = _Line(liquid, options or Options())
    session.play(protocol, course or Course())
    return session.record()


class Session:
    """The loop over segments and steps, for any stepper; `session.run` and `ions.run_bath` use it.

    Parameters
    ----------
    stepper : Stepper or BathStepper
    surfaces : sequence of Surface
        Of all electrodes.
    options : Options
    stops : array, optional
        Times since the start [s] that steps must not pass but meet.

    Examples
    --------
    >>> Session.__name__
    'Session'
    """

    def __init__(self, stepper: Any, surfaces: Sequence[Surface], options: Options, stops: ArrayLike = ()) -> None:
        self.stepper, self.options = stepper, options
        self.stops = np.sort(np.atleast_1d(np.asarray(stops, dtype=float)))
        self.time = 0.0
        self.rows: list[dict[str, Any]] = []
        self.before = stepper.inventory()
        self.sums = np.zeros(stepper.width)
        self.ends: list[tuple[int, float, str]] = []
        self.tell: Callable[[float], None] | None = None
        self.keeper: Keeper | None = None
        self.border: Border | None = None
        if not stepper.open_circuit() and any(s.capacitance > 0.0 and s.before is None for s in surfaces):
            raise ValueError("no open-circuit potential at the start: give the electrode `before`, its potential step")

    def play(self, protocol: Sequence[Segment], course: Course) -> None:
        """Run all segments; `Stopped` after Ctrl-C."""
        self.stops = np.unique(np.concatenate([self.stops, np.asarray(course.stops, dtype=float)]))
        total = min(course.until, sum(segment.duration for segment in protocol))
        if course.progress is not None:
            tell = course.progress
            self.tell = lambda time: tell(min(1.0, time / total))
        over: int | None = None
        here = None
        if course.keeper is not None:
            self.keeper = course.keeper
            if course.keeper.state is not None:
                here = self.go_on(course.keeper.state)
                if course.groups and self.ends and self.ends[-1][2] != "time":
                    over = course.groups[self.ends[-1][0]]
        try:
            for number, segment in enumerate(protocol):
                if here is not None and number < here.segment:
                    continue
                left = course.until - (self.time if here is None else here.began)
                if left <= 1e-12 * total:
                    break
                if course.groups and course.groups[number] == over:
                    continue
                cut = replace(segment, duration=left, last=segment.goal(left)) if segment.duration > left else segment
                self.segment(number, cut, here)
                here = None
                self.ended()
                if course.groups and self.ends[-1][2] != "time":
                    over = course.groups[number]
        except KeyboardInterrupt:
            if self.keeper is not None and self.border is not None:
                self.keeper.offer(self.whole, last=True)
            if not self.rows:
                raise
            raise Stopped(self.record()) from None

    @property
    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Rows that have been recorded, by name of the table."""
        ends = [{"segment": number, "time": time, "reason": reason} for number, time, reason in self.ends]
        return {"rows": self.rows, "ends": ends}

    def whole(self) -> State:
        """Arrays from which `go_on` goes on."""
        assert self.border is not None
        upto = {name: [row for row in rows if row["time"] <= self.border.time] for name, rows in self.tables.items()}
        return packed(self.border, upto)

    def go_on(self, content: State) -> Border:
        """Take over what a session before has recorded; the border at which it stood."""
        border, tables = unpacked(content, list(self.tables))
        self.take(tables)
        self.sums = self.rows[-1]["sums"].copy() if self.rows else self.sums
        return border

    def take(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        """Take over tables."""
        self.rows = tables["rows"]
        self.ends = [(row["segment"], row["time"], row["reason"]) for row in tables["ends"]]

    def more(self) -> dict[str, Array]:
        """What the next steps depend on beside the state of the stepper."""
        return {}

    def take_more(self, more: Mapping[str, Array]) -> None:
        """Take that over."""

    def ended(self) -> None:
        """Keep what belongs to the end of a segment."""

    def segment(self, number: int, segment: Segment, here: Border | None = None) -> None:
        """Run one segment to its end, from its beginning or from where it stood."""
        s, o = self.stepper, self.options
        s.control(segment)
        fastest = abs(segment.last - segment.first) / segment.duration if segment.mode == "potential" else 0.0
        longest = min(segment.duration / 4.0, o.volts / fastest if fastest else np.inf)
        if here is None:
            s.began = s.now = self.time
            done, charge, reason = 0.0, self._charge(), "time"
            dt, fresh = min(s.first_step(), 1e-3 * longest), True
            self.jump()
        else:
            s.began, self.time = here.began, here.time
            done, charge, reason, dt, fresh = here.done, here.charge, "time", here.dt, here.fresh
            self.jump()
            s.restore(here.state)
            self.take_more(here.more)
        while done < segment.duration:
            saved = s.save()
            if self.keeper is not None:
                self.border = Border(number, s.began, self.time, done, charge, dt, fresh, saved, self.more())
                self.keeper.offer(self.whole)
            if len(self.rows) > o.steps:
                raise SolverError(f"{o.steps} steps were not enough, reached {self.time:g} s", self.record())
            left, stop = self._left(segment, done)
            dt = min(dt, longest)
            dt = left if left < 1.0001 * dt else (0.5 * left if left < 2.0 * dt else dt)
            error = s.start(segment, done, dt) if fresh else s.advance(segment, done, dt)
            if not 0.0 <= error <= 1.0:
                s.restore(saved)
                dt *= 0.2 if error < 0.0 else max(0.2, 0.9 * error ** (-1.0 / 3.0))
                if dt < SHORTEST * max(done, 1e-9 * segment.duration) or done + dt == done:
                    if self._runs_away(segment):
                        reason = "potential"
                        break
                    raise SolverError(self._stuck(segment), self.record())
                continue
            hit = self._passed(segment, charge)
            if hit is not None:
                dt = self._locate(segment, hit, charge, done, dt, saved, fresh)
                reason = hit.quantity
            met = stop is not None and hit is None and dt == left
            done += dt
            self.time = stop if met and stop is not None else self.time + dt
            fresh = False
            self._accept(number)
            if hit is not None:
                break
            changed = self.settle()
            if (met and self.jump()) or changed:
                dt, fresh = min(s.first_step(), 1e-3 * longest), True
                continue
            dt *= min(o.growth, 0.9 * (error + 1e-9) ** (-1.0 / 3.0))
        self.ends.append((number, self.time, reason))

    def _left(self, segment: Segment, done: float) -> tuple[float, float | None]:
        """Time [s] to the next moment that a step has to meet, and that moment unless it is the end of the segment."""
        left = segment.duration - done
        ahead = self.stops[self.stops > self.time * (1.0 + 1e-12)]
        if ahead.size and ahead[0] - self.time < left * (1.0 - 1e-9):
            return float(ahead[0] - self.time), float(ahead[0])
        return left, None

    def _charge(self) -> float:
        """Charge that the working electrode has passed [C/m^2], the step at hand included."""
        s = self.stepper
        total = self.sums + s.passed
        return float((total[: s.own].sum() + total[s.reactions]) / s.area) + float(getattr(s, "collected", 0.0))

    def _value(self, quantity: str, charge: float) -> float:
        if quantity == "potential":
            return self.stepper.potential
        return self.stepper.current if quantity == "current" else self._charge() - charge

    def _passed(self, segment: Segment, charge: float) -> Limit | None:
        worst = [(limit.beyond(self._value(limit.quantity, charge)), limit) for limit in segment.limits]
        beyond = [limit for excess, limit in worst if excess >= 0.0]
        return beyond[0] if beyond else None

    def _locate(
        self, segment: Segment, hit: Limit, charge: float, done: float, dt: float, saved: tuple[Array, ...], fresh: bool
    ) -> float:
        """Length of the step that ends at the limit; the state is the one there."""
        s = self.stepper
        if fresh:
            return dt  # beyond from the first moment on
        high, at_high = dt, hit.beyond(self._value(hit.quantity, charge))
        s.restore(saved)
        low, at_low = 0.0, hit.beyond(self._value(hit.quantity, charge))
        side = 0
        for _ in range(60):
            middle = high - at_high * (high - low) / (at_high - at_low) if at_low < 0.0 else 0.5 * (low + high)
            if not low + 1e-3 * (high - low) < middle < high - 1e-3 * (high - low):
                middle = 0.5 * (low + high) if not low < middle < high else middle
            s.restore(saved)
            if s.advance(segment, done, middle) < 0.0:
                high, side = middle, 0
                continue
            value = hit.beyond(self._value(hit.quantity, charge))
            size = max(1e-3, abs(hit.below if np.isfinite(hit.below) else hit.above))
            if abs(value) <= 1e-10 * size or high - low <= 1e-14 * dt:
                return middle
            if value > 0.0:
                high, at_high, at_low, side = middle, value, at_low * (0.5 if side > 0 else 1.0), 1
            else:
                low, at_low, at_high, side = middle, value, at_high * (0.5 if side < 0 else 1.0), -1
        return middle

    def _accept(self, number: int) -> None:
        s = self.stepper
        self.sums += s.passed
        s.passed[:] = 0.0
        c = s.nodes()
        lowest = c / s.scale_of_all[:, None]
        if lowest.min() < -10.0 * self.options.rtol:
            k, i = np.unravel_index(int(lowest.argmin()), lowest.shape)
            raise SolverError(f"{s.names[k]} is {c[k, i]:g} mol/m^3 at {self.time:g} s: lower `rtol`", self.record())
        self.rows.append({"time": self.time, "segment": number, "sums": self.sums.copy(), **self.row()})
        if self.tell is not None:
            self.tell(self.time)

    def _runs_away(self, segment: Segment) -> bool:
        """Whether a given current drives the potential to a limit in no time, because nothing is left to react."""
        if segment.mode != "current" or self._emptiest() is None:
            return False
        side = "above" if segment.goal(0.0) > 0.0 else "below"
        return any(x.quantity == "potential" and np.isfinite(getattr(x, side)) for x in segment.limits)

    def _stuck(self, segment: Segment) -> str:
        s = self.stepper
        text = f"no solution beyond {self.time:g} s, where the potential is {s.potential:.4g} V"
        if (empty := self._emptiest()) is not None:
            ion, side, left = empty
            text += f": {s.names[ion]} is down to {left:.3g} mol/m^3 at the {self.place(side)} electrode"
        if segment.mode == "current" and empty is not None:
            least = s.limiting(ion, side)
            text += f"; {segment.goal(0.0):g} A/m^2 is asked for, diffusion now brings {least:.3g} A/m^2"
            text += "; a limit of the potential (`until` of the step) ends it before"
        return text

    def jump(self) -> bool:
        """Set what changes at a stop, which a segment's beginning may be; whether something did, at once."""
        return False

    def settle(self) -> bool:
        """Let what a step has changed act back on the next; whether that is a jump."""
        return False

    def row(self) -> dict[str, Any]:
        """What is kept of a step."""
        raise NotImplementedError

    def place(self, side: int) -> str:
        """Name of an electrode."""
        raise NotImplementedError

    def record(self) -> Any:
        """Record so far."""
        raise NotImplementedError

    def _emptiest(self) -> tuple[int, int, float] | None:
        """Ion (its row), electrode and concentration where least is left of what a reaction there uses up."""
        raise NotImplementedError


class _Line(Session):
    def __init__(self, liquid: Liquid, options: Options) -> None:
        self.liquid = liquid
        other = [liquid.other] if isinstance(liquid.other, Surface) else []
        stops = liquid.bulk.switch if liquid.bulk else ()
        super().__init__(Stepper(liquid, options.rtol, options.atol), [liquid.working, *other], options, stops)

    def jump(self) -> bool:
        """Set what a beam makes and warms from now on."""
        switched = bool(self.stepper.produce(self.time))
        return self.stepper.settle() or switched

    def settle(self) -> bool:
        """Heat of the current, and gas."""
        s = self.stepper
        jump = bool(s.settle())
        if s.share.max() > FULL:
            where = 1e6 * float(s.positions[1 + int(s.share.argmax())])
            raise SolverError(
                f"gas fills {100.0 * FULL:g} % of the cell at {where:.4g} um at {self.time:.4g} s: "
                "beyond it there is no liquid to speak of",
                self.record(),
            )
        return jump

    def row(self) -> dict[str, Any]:
        """Traces and profiles."""
        s = self.stepper
        volts = s.liquid.volts
        return {
            "potential": s.potential, "metal": s.metal[0] * volts, "current": s.current, "ohmic": s.ohmic,
            "collected": s.collected, "rise": s.rise, "joule": s.joule if s.heat else 0.0,
            "gas": s.extra[2][6].copy(), "share": s.foam, "displaced": s.displaced.copy(),
            "rates": s.last_rates() / s.area, "concentration": s.nodes(), "liquid": s.u[:, -1] * volts,
        }  # fmt: skip

    def place(self, side: int) -> str:
        """Name of an electrode."""
        return ("working", "other")[side]

    def _emptiest(self) -> tuple[int, int, float] | None:
        """Ion (its row), end and concentration where least is left of what a reaction there uses up."""
        s, own = self.stepper, len(self.liquid.working.reactions)
        c, rates, found = s.nodes(), s.last_rates(), []
        for r, reaction in enumerate(self.liquid.reactions):
            side = 0 if r < own else 1
            for name, made in reaction.makes.items():
                if made * rates[r] < 0.0:
                    k = s.names.index(name)
                    found.append((float(c[k, -side] / s.scale_of_all[k]), k, side))
        if not found or (least := min(found))[0] > 1e-3:
            return None
        return least[1], least[2], float(c[least[1], -least[2]])

    def _warnings(self, concentration: Array) -> tuple[str, ...]:
        solution = self.liquid.solution
        told = solution.beyond(float(concentration.min()), float(concentration.max())) if solution else ""
        return (told,) if told else ()

    def record(self) -> Record:
        rows, s = self.rows, self.stepper
        if not rows:
            raise SolverError(
                "no step succeeded: what the first step asks for has no solution (at open circuit a reaction may find "
                "nothing on one of its sides: dissolve a trace of it)"
            )

        def stack(key: str) -> Array:
            return np.array([row[key] for row in rows])

        r, k = s.reactions, len(s.names)
        sums, rates = stack("sums"), stack("rates")
        back = np.argsort(self.liquid.order)
        passed = sums[:, r + 2 : r + 2 + 2 * k].reshape(-1, 2, k)[:, :, back]
        concentration = stack("concentration")[:, back]
        numbers: NDArray[np.int64] = np.array([row["segment"] for row in rows], dtype=np.int64)
        return Record(
            time=stack("time"), segment=numbers, potential=stack("potential"), metal=stack("metal"),
            current=stack("current"), ohmic_drop=stack("ohmic"), reactions=tuple(x.name for x in self.liquid.reactions),
            reaction_current=rates[:, :r], charging_current=rates[:, r : r + 2], reaction_charge=sums[:, :r],
            charging_charge=sums[:, r : r + 2], passed=passed, ions=tuple(i.name for i in self.liquid.ions),
            concentration=concentration, liquid=stack("liquid"), position=s.positions,
            ends=tuple(self.ends), inventory=np.stack([self.before, s.inventory()])[:, back],
            made=sums[-1, -3 * k :].reshape(3, k)[:, back],
            collected=stack("collected"), rise=stack("rise"), joule=stack("joule"),
            gas=stack("gas"), share=stack("share"),
            displaced=np.vstack([stack("displaced")[:-1], s.displaced])[:, back],
            liquid_of=self.liquid,
            warnings=self._warnings(concentration),
        )  # fmt: skip
