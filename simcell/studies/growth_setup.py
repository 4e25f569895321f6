"""From what a case says of growth to metal, box, first state and grid, with everything that is missing told at once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simcell.dendrite.crystal import Crystal
from simcell.dendrite.film import Film
from simcell.dendrite.layer import Layer, State, begin, with_metal
from simcell.dendrite.nucleation import Nucleation
from simcell.dendrite.outlook import CELLS, PER_SEED, Mesh, Outlook, mesh, outlook, widest_interface
from simcell.dendrite.stability import FARADAY, Array, Metal
from simcell.errors import InputError, Problem
from simcell.inputs import electrolyte_data
from simcell.inputs.dendrite import DendriteInput
from simcell.numerics.grid import plan
from simcell.studies.growth_forms import Form, form_of
from simcell.studies.growth_stages import Stage, stages_of
from simcell.studies.growth_window import supply_of

if TYPE_CHECKING:
    from simcell.inputs.case import CaseInput

LARGEST = 4_000_000  # cells: beyond, a step takes minutes
BEHIND = 8.0  # interface widths of metal behind the front, where nothing is felt of it
ROOM = 10.0  # the same with noise: the front's tail, to a phase of 1e-4, is 9.2 long; noise grows where it is cut
ROUGHER = 3.0  # the deepest trough of a rough front, in its root mean square
SHORTEST = 2.0  # interface widths in the neutral wavelength; below, ripples of the grid grow [seen as saw teeth]
TEETH = 2.0 * np.pi  # the same, below which they may; estimated in docs/dendrite.md and seen in runs at 2 to 4
THIRD = 1.0 / 3.0  # of the salt left at the front
BENT = 5.0  # least radius of a seed in interface widths


@dataclass(frozen=True)
class Liquid:
    """Which electrolyte: a shipped preset, concentration [mol/m^3], temperature [K], thickness [m], conductivity [S/m].

    Examples
    --------
    >>> Liquid("ZnSO4", 100.0, 298.15).preset
    'ZnSO4'
    """

    preset: str
    concentration: float
    temperature: float
    thickness: float = 500e-9
    conductivity: float | None = None


@dataclass(frozen=True, eq=False)
class Growth:
    """A run that is ready: box, first state, stages, what to expect, and what to know.

    `front` is where the flat electrode ends [m]; `gap` from there to the end of the box, `share` of it where the run
    ends; `end` when, at the latest [s].

    Examples
    --------
    >>> list(Growth.__dataclass_fields__)[:3]
    ['layer', 'state', 'stages']
    """

    layer: Layer
    state: State
    stages: tuple[Stage, ...]
    ahead: Outlook
    mesh: Mesh
    front: float
    gap: float
    share: float
    compliance: float
    verdict: str
    seed: int
    end: float
    warnings: tuple[str, ...]
    form: Form = field(default_factory=Form)

    @property
    def finish(self) -> float:
        """Where metal ends the run [m]."""
        return self.front + self.share * self.gap


def metal_of(case: DendriteInput, liquid: Liquid, file: str = "") -> tuple[Metal, float, list[str]]:
    """Constants of the metal in its electrolyte, the conductivity [S/m], and where they are doubtful.

    Parameters
    ----------
    case : DendriteInput
    liquid : Liquid
    file : str
        For messages.

    Returns
    -------
    (Metal, float, list of str)

    Raises
    ------
    InputError
        With every constant that neither the case nor the data give.

    Examples
    --------
    >>> case = DendriteInput(metal="Zn", exchange_current="30 A/m^2", potential="-0.1 V")
    >>> metal, conductivity, _ = metal_of(case, Liquid("ZnSO4", 100.0, 298.15))
    >>> metal.diffusivity, metal.transference, conductivity
    (6.2e-10, 0.37, 0.9)
    """
    problems: list[Problem] = []
    shipped = electrolyte_data.load_metal(str(case.metal))
    salt = electrolyte_data.load_electrolyte(liquid.preset)
    given = {"diffusivity": case.diffusivity, "transference": case.transference, "conductivity": liquid.conductivity}
    found = {name: value for name, value in given.items() if value is not None}
    for name in (name for name in given if name not in found):
        try:
            found[name] = salt.at(name, liquid.concentration, liquid.temperature)
        except InputError as error:
            if name != "conductivity" or name in salt.properties:
                key = "electrolyte.conductivity" if name == "conductivity" else f"dendrite.{name}"
                problems.append(
                    Problem(file, key, error.problems[0].value, f"of {salt.name} {error.problems[0].reason}")
                )
    remarks = [salt.warning] if salt.warning else []
    if shipped.ion not in salt.ions:
        reason = f"plates from {shipped.ion}, which {salt.name} does not hold ({', '.join(salt.ions)})"
        problems.append(Problem(file, "dendrite.metal", case.metal, reason))
    energy = case.surface_energy
    if energy is None and not shipped.surface_energy:
        problems.append(Problem(file, "dendrite.surface_energy", None, "is not known here: give it", '"0.5 J/m^2"'))
    elif energy is None:
        energy, highest = shipped.surface_energy
        remarks.append(
            f"surface energy {energy:g} J/m^2: the lowest calculated one against vacuum (up to {highest:g}); against "
            "an electrolyte it is lower and not known; wavelengths go as its root"
        )
    if case.exchange_current is None:
        try:
            _ = shipped.exchange_current
        except InputError as error:
            problems.append(Problem(file, "dendrite.exchange_current", None, error.problems[0].reason, '"30 A/m^2"'))
    if problems:
        raise InputError(problems)
    metal = Metal(
        shipped.electrons, shipped.molar_volume, float(energy or 0.0), float(case.exchange_current or 0.0),
        liquid.concentration, found["diffusivity"], found["transference"], case.symmetry, liquid.temperature,
    )  # fmt: skip
    if "conductivity" not in found:
        remarks.append(f"conductivity {metal.conductivity:.3g} S/m: that of the ideal salt (Nernst-Einstein)")
    return metal, found.get("conductivity", metal.conductivity), remarks


def growth_of(case: CaseInput, file: str = "", folder: Path | None = None) -> Growth:
    """Make a run of growth ready from a whole case; see `prepare`.

    Examples
    --------
    >>> from simcell.inputs.case import parse_case
    >>> ready = growth_of(parse_case({
    ...     "case": {"physics": ["dendrite"], "duration": "10 s"}, "cell": {"spacer_height": "500 nm"},
    ...     "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "dendrite": {"metal": "Zn", "exchange_current": "30 A/m^2", "potential": "-0.05 V"}}))
    >>> ready.stages
    (Stage(lasts=10.0, current=None, potential=-0.05, limits=(), step=0),)
    """
    e = case.electrolyte
    liquid = Liquid(
        str(e.preset), float(e.concentration or 0.0), e.temperature, float(case.cell.spacer_height or 0.0),
        e.conductivity,
    )  # fmt: skip
    area = case.dendrite.width * liquid.thickness
    stages = stages_of(case.protocol, case.case.duration, area) if case.protocol.steps else None
    most = np.inf if case.case.duration is None else case.case.duration
    duration = min(most, sum(stage.lasts for stage in stages)) if stages else case.case.seconds
    return prepare(case.dendrite, liquid, duration, file, stages, folder)


def prepare(
    case: DendriteInput, liquid: Liquid, duration: float, file: str = "", stages: tuple[Stage, ...] | None = None,
    folder: Path | None = None,
) -> Growth:  # fmt: skip
    """Make a run of growth ready: choose interface width and grid, lay the electrode.

    Parameters
    ----------
    case : DendriteInput
    liquid : Liquid
    duration : float
        [s]
    file : str
        For messages.
    stages : tuple of Stage, optional
        A protocol; without it the current density or the potential of the case.
    folder : Path, optional
        That the result of a cell is relative to.

    Returns
    -------
    Growth

    Raises
    ------
    InputError
        For missing constants, and for an interface, grid or seed that the model cannot carry, with what would do.

    Examples
    --------
    >>> case = DendriteInput(metal="Zn", exchange_current="30 A/m^2", potential="-0.05 V", width="2 um", gap="20 um")
    >>> prepare(case, Liquid("ZnSO4", 100.0, 298.15), 10.0).layer.shape
    (40, 416)
    """
    metal, conductivity, remarks = metal_of(case, liquid, file)
    area = case.width * liquid.thickness
    if stages is None:
        current = None if case.current_density is None else -case.current_density * area
        stages = (Stage(duration, current, case.potential),)
    supply, beyond, more = supply_of(case, metal, file, folder)
    remarks += more
    ahead = _ahead(stages, metal, case.gap + beyond, area)
    delta, spacing = _widths(case, ahead, file, remarks)
    behind = 0.0 if case.electrode == "bare" else (ROOM if case.noise else BEHIND) * delta + ROUGHER * case.roughness
    if case.noise and case.gap < ROOM * delta:
        remarks.append(
            f"noise: the tail of the front reaches {_nm(9.2 * delta)}, the gap is {_nm(case.gap)}: ripples of noise at "
            f"rest come out too large; an interface width of {_nm(case.gap / ROOM)} or less would do"
        )
    if isinstance(case.electrode, float):
        if case.electrode < behind:
            reason = f"is thinner than the front needs: {BEHIND:g} interface widths and its roughness"
            raise _wrong(file, "electrode", case.electrode, reason, behind)
        behind = case.electrode
    grid = mesh(ahead, case.width, behind, duration, delta=delta, spacing=spacing, share=case.stop_at, gap=case.gap)
    if grid.cells > LARGEST:
        reason = f"makes {grid.cells:.3g} cells, more than the {LARGEST:.3g} that can be run"
        raise _wrong(file, "spacing", grid.spacing, reason, grid.spacing * np.sqrt(grid.cells / LARGEST))
    x, y = np.arange(grid.nx + 1) * grid.spacing, np.arange(grid.ny + 1) * grid.spacing
    layer = Layer(
        metal, plan(x, y, liquid.thickness), delta, {"x+": supply}, conductivity=conductivity, noise=case.noise,
        contact=_floor(grid) if case.electrode == "bare" else None, **_extras(case, delta, file),
    )  # fmt: skip
    front = 0.0 if case.electrode == "bare" else float(x[-1]) - case.gap
    state = _first(case, layer, front, ahead)
    verdict, form = ahead.verdict(duration, case.width), form_of(case, layer, case.gap, stages, file)
    return Growth(
        layer, form.begin(state), stages, ahead, grid, front, case.gap, case.stop_at, case.compliance, verdict,
        case.seed, duration, (*remarks, *form.remarks), form,
    )  # fmt: skip


def _ahead(stages: tuple[Stage, ...], metal: Metal, gap: float, area: float) -> Outlook:
    """Of the stage that deposits fastest."""
    views = [
        outlook(metal, gap, potential=s.potential)
        if s.current is None
        else outlook(metal, gap, current=s.current / area)
        for s in {(s.current, s.potential): s for s in stages}.values()
    ]
    return max(views, key=lambda view: view.current)


def _floor(grid: Mesh) -> NDArray[np.bool_]:
    """The row of cells along the electrode, which need not hold metal."""
    found = np.zeros((grid.ny, grid.nx), dtype=bool)
    found[:, 0] = True
    return found


def _extras(case: DendriteInput, delta: float, file: str) -> dict[str, Any]:
    """Crystal, nucleation and film as the physics takes them."""
    turn, law, film = case.anisotropy, case.nucleation, case.film
    found: dict[str, Any] = {}
    if turn is not None:
        found["crystal"] = Crystal(turn.fold, turn.energy, turn.kinetics, turn.corners)
    if law is not None:
        if law.radius < 2.0 * delta:
            reason = f"cannot be carried by an interface of {_nm(delta)}: 2 interface widths or more"
            raise _wrong(file, "nucleation.radius", law.radius, reason, 2.0 * delta)
        found["nucleation"] = Nucleation(law.rate, law.radius, law.wetting, law.orientation)
    if film is not None:
        cap, breaks = film.saturation, film.rupture
        found["film"] = Film(
            film.resistivity, film.growth, np.inf if cap is None else cap, film.fresh,
            np.inf if breaks is None else breaks,
        )  # fmt: skip
    return found


def _widths(case: DendriteInput, ahead: Outlook, file: str, remarks: list[str]) -> tuple[float, float]:
    """Interface width and cell [m], as given or chosen; what is doubtful is told, what cannot be is refused."""
    seeds = [seed.radius for seed in case.seeds]
    most = widest_interface(ahead, case.width, seeds, case.gap)
    given, cell = case.interface_width, case.spacing
    finest = 1.5 * cell if isinstance(cell, float) else 0.0
    delta = float(given) if isinstance(given, float) else max(min(most.values()), finest)
    spacing = delta / CELLS if cell == "auto" else float(cell)
    if spacing > delta / 1.5 * (1.0 + 1e-9):
        raise _wrong(file, "spacing", spacing, f"does not resolve an interface of {_nm(delta)}", delta / 1.5)
    for seed in case.seeds:
        if seed.radius < BENT * delta * (1.0 - 1e-9):
            reason = f"is too wide for a seed of {_nm(seed.radius)}, which needs {BENT:g} interface widths or more"
            raise _wrong(file, "interface_width", delta, reason, seed.radius / PER_SEED)
    if delta > min(case.width, case.gap) / 8.0:
        reason = f"is too wide for a box of {_nm(case.width)} by {_nm(case.gap)}"
        raise _wrong(file, "interface_width", delta, reason, min(case.width, case.gap) / 20.0)
    neutral = ahead.front.neutral_wavelength if ahead.current > 0.0 else np.inf
    if delta > neutral / SHORTEST * (1.0 + 1e-9):
        reason = f"cannot carry ripples of {_nm(neutral)}, which grow here: the shape would be that of the grid"
        raise _wrong(file, "interface_width", delta, reason, neutral / SHORTEST)
    starved = ahead.front.surface < THIRD * ahead.front.metal.concentration  # else too few e-folds fit into the gap
    if starved and delta > neutral / TEETH * (1.0 + 1e-9):
        remarks.append(
            f"interface width {_nm(delta)}: ripples of the grid may outgrow real ones; {_nm(neutral / TEETH)} or "
            "less keeps the surface energy in charge"
        )
    for name, limit in most.items():
        if delta > limit * (1.0 + 1e-6):
            remarks.append(f"interface width {_nm(delta)}: {name} asks for {_nm(limit)} or less; shapes that fine blur")
    return delta, spacing


def _first(case: DendriteInput, layer: Layer, front: float, ahead: Outlook) -> State:
    """A flat or rough electrode, with seeds on it; those with an orientation are grains of their own."""
    y, x = layer.centre
    flat = front + _roughness(case, y, ahead, layer.delta)
    distance = np.asarray((-1e3 if case.electrode == "bare" else flat) - x)
    discs = [(seed, seed.radius - np.hypot(x - front, y - seed.at)) for seed in case.seeds]
    for seed, disc in discs:
        if seed.orientation is None:
            distance = np.maximum(distance, disc)
    state = begin(layer, distance, angle=0.0 if case.anisotropy is None else case.anisotropy.orientation)
    for seed, disc in discs:
        if seed.orientation is not None:
            state = with_metal(layer, state, disc, seed.orientation)
    return replace(state, charge=0.0, inflow=0.0)  # what is there at the start has not been deposited


def _roughness(case: DendriteInput, y: Array, ahead: Outlook, delta: float) -> Array:
    """Waves with random heights, as many as fit: the same ones on every grid.

    Their heights are drawn wave by wave from the longest, so that a finer cut adds short waves only.
    """
    if case.roughness == 0.0:
        return np.zeros_like(y)
    shortest = case.correlation
    if not isinstance(shortest, float):
        neutral = ahead.front.neutral_wavelength if ahead.current > 0.0 else np.inf
        shortest = max(neutral if np.isfinite(neutral) else 0.0, 8.0 * delta)
    count = max(1, int(2.0 * case.width / shortest))
    heights = np.random.default_rng(case.seed).standard_normal(count)
    heights *= case.roughness / np.sqrt(0.5 * np.square(heights).sum())
    waves = np.arange(1, count + 1)
    return np.asarray((heights * np.cos(np.pi * waves * y / case.width)).sum(axis=1, keepdims=True))


def deposited(metal: Metal, charge: float) -> float:
    """Volume of metal [m^3] that a charge [C] deposits.

    Examples
    --------
    >>> metal, _, _ = metal_of(DendriteInput(metal="Zn", exchange_current="30 A/m^2", potential="-0.1 V"),
    ...                        Liquid("ZnSO4", 100.0, 298.15))
    >>> round(deposited(metal, 1e-9) * 1e18, 4)  # cubic micrometres by a nanocoulomb
    0.0475
    """
    return charge * metal.molar_volume / (metal.charge * FARADAY)


def _nm(length: float) -> str:
    return f"{length * 1e9:.3g} nm"


def _wrong(file: str, key: str, value: float, reason: str, right: float) -> InputError:
    return InputError(Problem(file, f"dendrite.{key}", _nm(value), reason, f'"{_nm(right)}"'))
