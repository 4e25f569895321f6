"""What can be said of a case of currents before it runs: regime, supply budget, areas, reference electrode.

One filling, and what comes along the layer, from the bulge and by flow, against what the protocol asks for. From closed
forms for the strip that `simcell.studies.strip` reads out of the case; only the current that the outlines sustain is
solved, by one or two steady diffusion problems on a plan (`simcell.transport.sustain`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from simcell.cell.polygon import area_of
from simcell.chemistry import water
from simcell.errors import SimcellError
from simcell.inputs.case import CaseInput
from simcell.inputs.electrode import ElectrodeInput
from simcell.inputs.electrolyte_data import load_electrolyte
from simcell.numerics.grid import plan
from simcell.studies.cell import gap_of, rim_of
from simcell.studies.electrodes import electrode_on, extents_of, grid_of, outlined, outlines_of
from simcell.studies.reactions import by_role
from simcell.studies.solution import solution_of
from simcell.studies.strip import Strip, strip_of
from simcell.transport.depletion import rectangle_drop
from simcell.transport.designs import figures
from simcell.transport.kinetics import FARADAY
from simcell.transport.outline import covered
from simcell.transport.reference import fin_errors
from simcell.transport.regime import Regime, debye_length, regime
from simcell.transport.supply import carried_current, growth_rate, metal_in_filling, outside_charge
from simcell.transport.sustain import sustained_conductance

Number = tuple[float, str]
ACROSS = 60  # cells along each side of the window, for the volume of liquid in it
LONGEST = 1e9  # s: what lasts longer lasts
OF_WIDTH = 0.2  # of the working electrode: over which supply changes at its edge, for the cells of the plan
FASTEST = 10.0  # m/s, beyond any flow in a cell


@dataclass(frozen=True)
class Prospect:
    """Numbers with their units by heading, sentences, and warnings.

    Examples
    --------
    >>> Prospect({}, (), ()).words
    ()
    """

    numbers: Mapping[str, Mapping[str, Number]]
    words: tuple[str, ...]
    warnings: tuple[str, ...]


def prospect(case: CaseInput, charge: float | None = None) -> Prospect:
    """Work out everything that closed forms say of a case of currents.

    Parameters
    ----------
    case : CaseInput
    charge : float, optional
        A charge whose origin is asked for [C]; default: that of the protocol, where its steps set currents.

    Raises
    ------
    InputError
        Where the case has no strip to speak of; see `simcell.studies.strip.strip_of`.

    Examples
    --------
    >>> from simcell.inputs.case import parse_case
    >>> zinc = {"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}
    >>> case = parse_case({"case": {"physics": ["transport"], "duration": "30 s"}, "cell": {"spacer_height": "500 nm"},
    ...     "grid": {"extent": "220 um"}, "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "working", "role": "working", "reaction": [zinc], "metal": "Zn",
    ...                    "rectangle": {"x": ["-10 um", "10 um"], "y": ["-50 um", "50 um"]}}],
    ...     "protocol": {"steps": [{"technique": "galvanostatic", "current_density": "-160 mA/cm^2"}]}})
    >>> print(prospect(case).warnings[0])
    160 mA/cm^2 cannot last: diffusion along the layer sustains ... mA/cm^2; the liquid above is empty after 9.6 ms ...
    """
    strip = strip_of(case)
    seconds = duration_of(case)
    asked = abs(float(np.asarray(strip.current_density)))
    found = _figures(case, strip)
    judged = regime(strip.designs(), seconds, _debye(case), found["sustained"], found["lasts"])
    supply, told = _supply(case, strip, found, asked, charge_of(case, strip) if charge is None else charge)
    reference, where = _reference(strip, found, asked)
    numbers = {
        "regime": {name: (value, "1") for name, value in judged.numbers.items()},
        "supply": supply,
        "areas": _areas(case),
        "reference": reference,
    }
    warnings = [
        w
        for w in (_unsustainable(found, asked if strip.used else 0.0, seconds), _window_share(numbers["areas"], case))
        if w
    ]
    return Prospect(numbers, (*judged.words, *told, *where), (*warnings, *_of_level(case, judged), *strip.warnings))


def unsustainable(case: CaseInput) -> str:
    """Warning that a current cannot last, with numbers; empty where it can, or where nothing is known of it.

    Examples
    --------
    >>> from simcell.case import Case
    >>> unsustainable(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input)
    ''
    """
    try:
        strip = strip_of(case)
        asked = abs(float(np.asarray(strip.current_density))) if strip.used else 0.0
        return _unsustainable(_figures(case, strip), asked, duration_of(case)) if asked else ""
    except (SimcellError, ValueError):  # a line, or a cell or liquid of which too little is known: nothing to warn of
        return ""


def _figures(case: CaseInput, strip: Strip) -> dict[str, float]:
    """Closed forms for the strip; what a plan sustains, and how long a rectangle lasts, are better than a strip's."""
    found = {name: float(v) for name, v in figures(strip.designs()).items()}
    width, length = (float(np.asarray(v)) for v in (strip.width, strip.length))
    salt = strip.electrons * FARADAY * strip.diffusivity * strip.concentration / (1.0 - strip.transference)
    found["sustained"] = salt * _conductance(case, strip) / (width * length)
    asked, mean = abs(float(np.asarray(strip.current_density))), float(strip.thickness()[0])
    found["lasts"] = np.inf
    if asked:
        time = lambda log: strip.concentration - float(  # noqa: E731
            rectangle_drop(np.exp(log), 0.0, 0.0, asked, strip.electrons, strip.diffusivity, mean, width, length,
                           strip.transference)
        )  # fmt: skip
        start, end = np.log(found["filling_time"]), np.log(LONGEST)
        found["lasts"] = float(np.exp(brentq(time, start - 1e-3, end))) if time(end) < 0.0 else np.inf
    return found


def _conductance(case: CaseInput, strip: Strip) -> float:
    working, counter = by_role(case, "working"), by_role(case, "counter")
    assert working is not None  # `strip_of` has seen it
    grid = grid_of(case, "plan", OF_WIDTH * float(np.asarray(strip.width)))
    gives = counter if strip.dissolving else None
    sides = () if case.grid.edge == "closed" else ("x-", "x+", "y-", "y+")
    on = [None if e is None else electrode_on(grid, case, e, None, 0.0) for e in (working, gives)]
    assert on[0] is not None
    return sustained_conductance(grid, on[0], on[1], sides)


def duration_of(case: CaseInput) -> float | None:
    """How long a case lasts [s]: its duration, or that of the steps, whichever is shorter; None where neither says.

    Examples
    --------
    >>> from simcell.case import Case
    >>> duration_of(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input)
    1.0
    """
    steps = [step.lasts for step in case.protocol.steps]
    whole = sum(t for t in steps if t is not None) if steps and None not in steps else None
    known = [t for t in (case.case.duration, whole) if t is not None]
    return min(known) if known else None


def charge_of(case: CaseInput, strip: Strip) -> float | None:
    """Charge [C] that steps with a current pass through the working electrode, both signs counted as they are.

    Examples
    --------
    >>> charge_of.__name__
    'charge_of'
    """
    area, total = float(np.asarray(strip.width)) * float(np.asarray(strip.length)), 0.0
    for step in case.protocol.steps:
        current = step.current if step.current is not None else (step.current_density or 0.0) * area
        lasts = step.lasts if step.lasts is not None else case.case.duration
        if step.technique == "galvanostatic" and lasts is not None:
            total += current * lasts
    return total or None


def _debye(case: CaseInput) -> float | None:
    solution, e = solution_of(case), case.electrolyte
    if not solution.complete or (e.preset and load_electrolyte(e.preset).solvent != "water"):
        return None
    strength = 0.5 * sum(solution.charges[k] ** 2 * c for k, c in solution.concentrations.items())
    return debye_length(strength, water.permittivity(e.temperature), e.temperature) if strength > 0.0 else None


def _supply(
    case: CaseInput, strip: Strip, found: Mapping[str, float], asked: float, charge: float | None
) -> tuple[dict[str, Number], list[str]]:
    mean = float(strip.thickness()[0])
    spacer, area = float(np.asarray(strip.spacer)), float(np.asarray(strip.width)) * float(np.asarray(strip.length))
    numbers: dict[str, Number] = {"thickness of the liquid above the electrode": (mean, "m")}
    words = []
    if not np.isnan(strip.molar_volume):
        metal = metal_in_filling(strip.concentration, mean, strip.molar_volume)
        numbers["metal in one filling"] = (metal, "m")
        words.append(f"one filling of the layer above the electrode holds {1e9 * metal:.3g} nm of metal")
        if asked:
            rate = growth_rate(asked, strip.electrons, strip.molar_volume)
            numbers["growth at the current asked for"] = (rate, "m/s")
            words[-1] += f"; {_density(asked)} asks for {1e9 * rate:.3g} nm/s, a filling every {_time(metal / rate)}"
    numbers["sustainable current density (diffusion along the layer)"] = (found["sustained"], "A/m^2")
    numbers["sustainable current"] = (found["sustained"] * area, "A")
    numbers["of a strip fed from the counter electrode's side only"] = (found["limiting_current"], "A/m^2")
    if mean > 1.001 * spacer:
        flat = figures(strip.with_values(bulge=0.0 * strip.bulge).designs())["limiting_current"]
        numbers["bulge: liquid above the electrode over the spacer"] = (mean / spacer, "1")
        numbers["bulge: lateral supply over that of a flat cell"] = (found["limiting_current"] / float(flat), "1")
    if asked:
        numbers["time until the liquid above is empty, alone"] = (found["filling_time"], "s")
        if np.isfinite(found["lasts"]):
            numbers["time until its middle is empty, with diffusion"] = (found["lasts"], "s")
        numbers["Sand time of a thick liquid, for comparison"] = (found["sand_time"], "s")
        speed = _needed_speed(strip, mean, asked)
        if speed is not None and asked > found["sustained"]:
            numbers["velocity of a flow that sustains it"] = (speed, "m/s")
            rate = speed * mean * float(np.asarray(strip.length))
            numbers["flow rate through the gap over the electrode"] = (rate, "m^3/s")
    numbers["time in which diffusion renews the layer"] = (found["exchange_time"], "s")
    if charge:
        above = outside_charge(charge, area, strip.electrons, strip.concentration, mean)
        numbers["charge"] = (charge, "C")
        numbers["share that came from beside the electrode, at least"] = (above, "1")
        text = f"of {abs(charge):.3g} C at least {100 * above:.3g} % came from outside the liquid above the electrode"
        volume = _window_volume(case)
        if volume is not None:
            share = outside_charge(charge, 1.0, strip.electrons, strip.concentration, volume)
            numbers["share that came from outside the window, at least"] = (share, "1")
            text += f" and {100 * share:.3g} % from outside the window"
        words.append(text)
    return numbers, words


def _needed_speed(strip: Strip, height: float, asked: float) -> float | None:
    """Velocity at which flow and diffusion sustain the current [m/s]; None where none does."""
    way = min(strip.source, float(np.asarray(strip.gap)))

    def short(log: float) -> float:
        carried = carried_current(strip.electrons, strip.concentration, strip.diffusivity, height,
                                  float(np.asarray(strip.width)), way, np.exp(log), strip.transference)  # fmt: skip
        return carried - asked

    low, high = np.log(1e-12), np.log(FASTEST)
    if short(low) >= 0.0 or short(high) <= 0.0:
        return None
    return float(np.exp(brentq(short, low, high, rtol=1e-6)))


def _window_volume(case: CaseInput) -> float | None:
    rim = rim_of(case.cell)
    if rim is None:
        return None
    centres = [low + (high - low) * (np.arange(ACROSS) + 0.5) / ACROSS for low, high in (rim.x, rim.y)]
    return float(gap_of(case.cell, *centres).height.mean() * (rim.x[1] - rim.x[0]) * (rim.y[1] - rim.y[0]))


def _areas(case: CaseInput) -> dict[str, Number]:
    """Of each electrode: its whole outline, what is wetted, what lies on the window."""
    found: dict[str, Number] = {}
    outlines = outlines_of(case)
    for e in outlined(case):
        whole = area_of(outlines[e.name])
        holes = [np.array(hole) for hole in e.passivated]
        found[f"{e.name}: outline"] = (whole, "m^2")
        found[f"{e.name}: wetted"] = (whole - sum(area_of(h) for h in holes), "m^2")
        on = _on_window(case, e, outlines[e.name])
        if on is not None:
            found[f"{e.name}: wetted on the window"] = (on - sum(_on_window(case, e, h) or 0.0 for h in holes), "m^2")
    return found


def _on_window(case: CaseInput, e: ElectrodeInput, outline: Any) -> float | None:
    rim, spans = rim_of(case.cell), extents_of(case)
    if rim is None:
        return None
    faces = [
        np.unique([min(box[0], -0.5 * span, c.min()), box[0], box[1], max(box[1], 0.5 * span, c.max())])
        for box, span, c in zip((rim.x, rim.y), spans, np.asarray(outline).T, strict=True)
    ]
    grid = plan(faces[0], faces[1], 1.0)
    i, j = (int(np.searchsorted(f, box[0])) for f, box in zip(faces, (rim.x, rim.y), strict=True))
    return float(covered(grid, outline)[j, i] * grid.area[0][0][j, i])


def _reference(strip: Strip, found: Mapping[str, float], asked: float) -> tuple[dict[str, Number], list[str]]:
    """iR error where the reference electrode stands, and behind the working electrode."""
    if not asked:
        return {}, []
    mean, _, _ = strip.thickness()
    cell = (strip.current_density, strip.conductivity, mean, strip.width, strip.resistance())
    numbers: dict[str, Number] = {}
    standing = float(np.asarray(strip.reference))
    drop = found["cell_resistance"] * asked * float(np.asarray(strip.width)) * float(np.asarray(strip.length))
    if np.isfinite(standing):
        numbers["mean iR error, reference where it stands"] = (found["mean_ir_error"], "V")
        numbers["uncompensated fraction, where it stands"] = (found["mean_ir_error"] / drop, "1")
    if strip.sides == 2:
        return numbers, []
    behind, most = (float(v) for v in fin_errors(*cell))
    numbers["mean iR error, reference behind"] = (behind, "V")
    numbers["largest iR error, reference behind"] = (most, "V")
    numbers["uncompensated fraction, behind"] = (behind / drop, "1")
    now = f"; where it stands, {1e3 * found['mean_ir_error']:.3g} mV" if np.isfinite(standing) else ""
    return numbers, [
        "best place for a reference electrode: behind the working electrode, away from the counter electrode: behind a "
        f"long strip no current flows, and only the drop under it is left, {1e3 * behind:.3g} mV{now}"
    ]


def _unsustainable(found: Mapping[str, float], asked: float, seconds: float | None) -> str:
    limit, lasts = found["sustained"], found["lasts"]
    if not asked or asked <= limit or (seconds is not None and seconds < found["filling_time"]):
        return ""
    if seconds is not None and seconds < lasts:
        return ""
    empty = f"the liquid above is empty after {_time(found['filling_time'])} alone"
    if np.isfinite(lasts):
        empty += f", after {_time(lasts)} with diffusion from an endless layer around"
    if limit == 0.0:
        return f"{_density(asked)} cannot last: in this closed cell nothing brings the ion back; {empty}"
    return (
        f"{_density(asked)} cannot last: diffusion along the layer sustains {_density(limit)}; {empty}; it would take "
        f"{asked / limit:.3g} times the thickness or concentration"
    )


def _window_share(areas: Mapping[str, Number], case: CaseInput) -> str:
    for e in outlined(case):
        wetted, on = (areas.get(f"{e.name}: {what}", (0.0, ""))[0] for what in ("wetted", "wetted on the window"))
        if e.role == "working" and 0.0 < on < 0.99 * wetted:
            return (
                f"{100 * (1.0 - on / wetted):.3g} % of the wetted area of {e.name!r} lies outside the window: a "
                f"current over the area on the window overrates the current density {wetted / on:.3g} times"
            )
    return ""


def _of_level(case: CaseInput, judged: Regime) -> list[str]:
    order = ("primary", "secondary", "tertiary", "pnp")
    asked = case.transport.level if case.transport.level != "auto" else None
    runs = asked or ("tertiary" if case.grid.geometry == "line" else "secondary")
    if order.index(judged.level) > order.index(runs):
        return [f"the case runs a {runs} model: {judged.words[-1].replace(' model:', ' would be needed:')}"]
    return []


def _density(value: float) -> str:
    return f"{0.1 * value:.3g} mA/cm^2"


def _time(seconds: float) -> str:
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= 0.95 * size:
            return f"{seconds / size:.2g} {unit}" if seconds < 99.0 * size else f"{seconds / size:.0f} {unit}"
    return f"{1e6 * seconds:.2g} us"
