"""Growth of metal: which metal, in which box, driven how, beginning with what, and on which grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from simcell.inputs.dendrite_forms import FORMS, ChenInput, form_rules
from simcell.inputs.fields import Choice, Flag, Measure, Model, Number, Text, Whole, refuse
from simcell.inputs.protocol import protocol_rules
from simcell.inputs.rules import Given, Rule

SUPPLIES = ("reservoir", "counter")
_PLACE = Measure("position", minimum=-0.1, maximum=0.1, bounds="must be from -10 cm to 10 cm", example="-50 um")
_BOX = {"minimum": 1e-9, "maximum": 1e-2, "bounds": "must be from 1 nm to 1 cm"}


@dataclass(frozen=True)
class AutoLength(Measure):
    """``"auto"`` (or another word), or a length.

    Examples
    --------
    >>> field = AutoLength("length", above=0.0)
    >>> field.check("auto"), field.check("100 nm")
    ('auto', 1e-07)
    """

    words: tuple[str, ...] = ("auto",)

    def check(self, value: Any) -> Any:
        """Return the word, or the length in m."""
        if value in self.words:
            return value
        if isinstance(value, str) and value.strip()[:1].isalpha():
            known = ", ".join(f'"{word}"' for word in self.words)
            refuse(f"must be {known} or a length", f'"{self.example}"')
        return super().check(value)


class AnisotropyInput(Model):
    """How surface energy and kinetics depend on the direction, in SI units; see `simcell.dendrite.crystal`.

    Examples
    --------
    >>> AnisotropyInput(fold=4, energy=0.03).energy
    0.03
    """

    fold: Annotated[int, Whole(2, 6, "4")] = Field(
        examples=["4"], description="4: cubic; 6: hexagonal along its c axis; 2: hexagonal with the c axis in the plane"
    )
    energy: Annotated[float, Number(0.0, 0.99, example="0.03")] = Field(
        0.0, examples=["0.03"], description="of the surface energy; beyond 1/(fold^2 - 1) it has corners"
    )
    kinetics: Annotated[float, Number(-0.99, 0.99, example="0.1")] = Field(
        0.0, examples=["0.1"], description="of the exchange current"
    )
    orientation: Annotated[float, Measure("angle", example="15 deg")] = Field(
        0.0, examples=['"15 deg"'], description="of the electrode's crystal against x"
    )
    corners: Annotated[bool, Flag()] = Field(
        False, examples=["true"], description="make an energy beyond convexity convex: directions are missing"
    )


class SeedInput(Model):
    """A round nucleus on the electrode, in SI units.

    Examples
    --------
    >>> SeedInput(at="5 um", radius="500 nm").radius
    5e-07
    """

    at: Annotated[float, Measure("length", example="5 um")] = Field(
        examples=['"5 um"'], description="place of its centre along the electrode, from 0 to the width"
    )
    radius: Annotated[float, Measure("length", example="500 nm", **_BOX)] = Field(examples=['"500 nm"'])
    orientation: Annotated[float | None, Measure("angle", example="15 deg")] = Field(
        None, examples=['"15 deg"'], description="of its own crystal; default: it goes on with the electrode's"
    )


class NucleationInput(Model):
    """Random nuclei, in SI units; see `simcell.dendrite.nucleation`. Rate and wetting are inputs: none is known.

    Examples
    --------
    >>> NucleationInput(rate="1e14 1/m^2/s", radius="200 nm", wetting=0.01).radius
    2e-07
    """

    rate: Annotated[float, Measure("flux", above=0.0, example="1e14 1/m^2/s")] = Field(
        examples=['"1e14 1/m^2/s"'], description="before the exponential of the barrier, per bare area and time"
    )
    radius: Annotated[float, Measure("length", example="200 nm", **_BOX)] = Field(
        examples=['"200 nm"'], description="with which a nucleus is placed; what it grew until then is not followed"
    )
    wetting: Annotated[float, Number(0.0, 1.0, example="0.01")] = Field(
        1.0, examples=["0.01"], description="share of the barrier that a wetted wall leaves"
    )
    orientation: Annotated[float | None, Measure("angle", example="15 deg")] = Field(
        None, examples=['"15 deg"'], description="of all nuclei; default: at random"
    )


class FilmInput(Model):
    """A film on the metal, in SI units; phenomenological, see `simcell.dendrite.film`.

    Examples
    --------
    >>> FilmInput(resistivity="1e5 ohm*m").fresh
    1e-09
    """

    resistivity: Annotated[float, Measure("resistivity", example="1e5 ohm*m")] = Field(examples=['"1e5 ohm*m"'])
    growth: Annotated[float, Measure("diffusivity", example="1e-18 m^2/s")] = Field(
        0.0, examples=['"1e-18 m^2/s"'], description="k of ds/dt = k/s (1 - s/saturation)"
    )
    saturation: Annotated[float | None, Measure("length", example="200 nm", **_BOX)] = Field(
        None, examples=['"200 nm"'], description="thickness that it does not pass; none without it"
    )
    fresh: Annotated[float, Measure("length", above=0.0, example="1 nm")] = Field(
        1e-9, examples=['"1 nm"'], description="thickness of a new film"
    )
    rupture: Annotated[float | None, Number(1e-6, 1e6, example="0.1")] = Field(
        None, examples=["0.1"], description="strain of the area at which it breaks; never without it"
    )


class DendriteInput(Model):
    """Section ``[dendrite]``, in SI units. Anodic currents are positive: what plates is negative.

    Examples
    --------
    >>> DendriteInput(metal="Li", exchange_current="30 A/m^2", current_density="-25 mA/cm^2").current_density
    -250.0
    """

    metal: Annotated[str | None, Text('"Li"')] = Field(
        None, examples=['"Li"'], description="a shipped metal: simcell info metals"
    )
    model: Annotated[Literal["conservative", "chen2015", "grand-potential"], Choice(FORMS)] = Field(
        "conservative",
        examples=['"conservative"'],
        description="form of the phase field; chen2015 to reproduce papers, grand-potential for thermodynamics",
    )
    chen: ChenInput = Field(
        ChenInput(), examples=['{ reaction = "1e-3 1/s" }'], description='constants of model = "chen2015"'
    )
    # --- how it is driven
    current_density: Annotated[float | None, Measure("current_density", example="-10 mA/cm^2")] = Field(
        None, examples=['"-10 mA/cm^2"'], description="total current over the flat electrode; it is held as it roughens"
    )
    potential: Annotated[
        float | None, Measure("voltage", minimum=-5.0, maximum=5.0, bounds="must be from -5 V to 5 V")
    ] = Field(None, examples=['"-0.2 V"'], description="against the same metal in the fresh electrolyte")
    compliance: Annotated[
        float, Measure("voltage", minimum=1e-3, maximum=5.0, bounds="must be from 1 mV to 5 V", example="0.5 V")
    ] = Field(0.5, examples=['"0.5 V"'], description="with which a current is driven when the salt is used up")
    # --- where
    width: Annotated[float, Measure("length", example="10 um", **_BOX)] = Field(
        10e-6, examples=['"10 um"'], description="length of electrode in the box"
    )
    gap: Annotated[float, Measure("length", example="10 um", **_BOX)] = Field(
        10e-6, examples=['"10 um"'], description="liquid between the electrode and the supply"
    )
    electrode: Annotated[str | float, AutoLength("length", example="2 um", **_BOX, words=("auto", "bare"))] = Field(
        "auto",
        examples=['"2 um"'],
        description="metal in the box at the start, which may dissolve; bare: none but seeds and nuclei on a foreign "
        "electrode",
    )
    supply: Annotated[Literal["reservoir", "counter"], Choice(SUPPLIES)] = Field(
        "reservoir",
        examples=['"reservoir"'],
        description="beyond the gap: fresh electrolyte, or a counter electrode of the same metal",
    )
    beyond: Annotated[float, Measure("length", minimum=0.0, maximum=1e-2, bounds="must be from 0 to 1 cm")] = Field(
        0.0,
        examples=['"40 um"'],
        description="liquid at rest between gap and reservoir, not in the box: the limiting current is that of both",
    )
    cell: Annotated[str | None, Text('"cell.nc"')] = Field(
        None,
        examples=['"cell.nc"'],
        description="instead: a result of transport, from which the edge takes salt and potential",
    )
    position: tuple[Annotated[float, _PLACE], Annotated[float, _PLACE]] | None = Field(
        None,
        examples=['["-50 um", "0 um"]'],
        description="where the box begins there: a point on the electrode",
    )
    direction: Annotated[float, Measure("angle", example="90 deg")] = Field(
        0.0, examples=['"90 deg"'], description="in which the box points there, against x"
    )
    # --- beginning with what
    seeds: tuple[SeedInput, ...] = Field(
        (), examples=['[{ at = "5 um", radius = "500 nm" }]'], max_length=1000, description="nuclei on the electrode"
    )
    roughness: Annotated[float, Measure("length", maximum=1e-3, bounds="must be from 0 to 1 mm", example="20 nm")] = (
        Field(0.0, examples=['"20 nm"'], description="of the electrode, root mean square, drawn with the seed")
    )
    correlation: Annotated[str | float, AutoLength("length", example="1 um", **_BOX)] = Field(
        "auto", examples=['"1 um"'], description="shortest wavelength of the roughness"
    )
    nucleation: NucleationInput | None = Field(
        None,
        examples=['{ rate = "1e14 1/m^2/s", radius = "200 nm", wetting = 0.01 }'],
        description="random nuclei on bare electrode",
    )
    noise: Annotated[bool, Flag()] = Field(False, examples=["true"], description="thermal noise of the reaction")
    film: FilmInput | None = Field(
        None, examples=['{ resistivity = "1e5 ohm*m", growth = "1e-18 m^2/s" }'], description="on the metal (SEI)"
    )
    seed: Annotated[int, Whole(0, 2**63 - 1, "1")] = Field(0, examples=["1"], description="of the random numbers")
    # --- constants that the data do not have, or that are known better
    exchange_current: Annotated[
        float | None, Measure("current_density", above=0.0, maximum=1e7, bounds="must be above 0 and at most 1e7 A/m^2")
    ] = Field(None, examples=['"30 A/m^2"'], description="at the concentration of the electrolyte; no default holds")
    surface_energy: Annotated[
        float | None, Measure("surface_energy", maximum=10.0, bounds="must be from 0 to 10 J/m^2")
    ] = Field(None, examples=['"0.5 J/m^2"'], description="of metal against electrolyte")
    symmetry: Annotated[float, Number(0.05, 0.95, example="0.5")] = Field(
        0.5, examples=["0.5"], description="share of the drive zFE/RT that speeds up deposition"
    )
    diffusivity: Annotated[
        float | None, Measure("diffusivity", above=0.0, maximum=1e-6, bounds="must be above zero, at most 1e-6 m^2/s")
    ] = Field(None, examples=['"3e-10 m^2/s"'], description="of the salt; default: data of the electrolyte")
    transference: Annotated[float | None, Number(0.01, 0.99, example="0.35")] = Field(
        None, examples=["0.35"], description="of the metal ion; default: data of the electrolyte"
    )
    anisotropy: AnisotropyInput | None = Field(None, examples=["{ fold = 4, energy = 0.03 }"])
    # --- on which grid, until when
    interface_width: Annotated[str | float, AutoLength("length", example="100 nm", **_BOX)] = Field(
        "auto", examples=['"100 nm"'], description="delta of the diffuse front; from 10 to 90 % it takes 4.4 of them"
    )
    spacing: Annotated[str | float, AutoLength("length", example="50 nm", **_BOX)] = Field(
        "auto", examples=['"50 nm"'], description="size of a cell, at most interface_width / 1.5"
    )
    stop_at: Annotated[float, Number(0.05, 0.98, example="0.9")] = Field(
        0.9, examples=["0.9"], description="share of the gap: when metal reaches it the run ends as short-circuited"
    )


def dendrite_rules(given: Given) -> Iterator[Rule]:
    """What a run of growth needs and what cannot go together.

    Examples
    --------
    >>> values = {"case": {"physics": ("dendrite",)}, "dendrite": dict(DendriteInput(metal="Li"))}
    >>> [rule.key for rule in dendrite_rules(Given({"dendrite": {"metal": "Li"}}, values, {}))]
    ['electrolyte.preset', 'cell.spacer_height', 'dendrite.exchange_current', ..., 'case.duration']
    """
    if "dendrite" not in (given.value("case", "physics") or ()):
        for key in given.written.get("dendrite", {}):
            yield Rule(f"dendrite.{key}", given.raw("dendrite", key), "is not used", 'case.physics = ["dendrite"]')
            return
        return
    needed = 'is missing, physics = ["dendrite"] needs it'
    for key, example in (("electrolyte.preset", '"LiPF6-EC-DMC"'), ("cell.spacer_height", '"500 nm"')):
        if not given.wrote(*key.split(".")):
            yield Rule(key, None, needed, example)
    for key in ("metal", "exchange_current"):
        if not given.wrote("dendrite", key):
            yield Rule(f"dendrite.{key}", None, _no_default(given) if key != "metal" else needed, _example(given, key))
    yield from _drive(given)
    yield from form_rules(given)
    yield from _crystal(given)
    yield from _beyond_the_box(given)
    yield from _seeds_on_the_electrode(given)
    bare = given.value("dendrite", "electrode") == "bare"
    if bare and not given.value("dendrite", "seeds") and not given.value("dendrite", "nucleation"):
        reason = "is missing: on a bare electrode metal needs seeds, or nucleation, to begin with"
        yield Rule("dendrite.seeds", None, reason, '[{ at = "5 um", radius = "500 nm" }]')
    if given.value("dendrite", "film") and given.value("dendrite", "noise"):
        yield Rule("dendrite.noise", True, "is not modelled with a film on the metal; leave one of them out", "false")
    if given.value("dendrite", "nucleation") and not bare:
        reason = 'needs electrode = "bare": no bare electrode is left otherwise'
        yield Rule("dendrite.nucleation", None, reason, 'electrode = "bare"')
    delta, spacing = given.value("dendrite", "interface_width"), given.value("dendrite", "spacing")
    if isinstance(delta, float) and isinstance(spacing, float) and spacing > delta / 1.5 * (1.0 + 1e-9):
        reason = f"does not resolve an interface of {delta * 1e9:.4g} nm: it needs 1.5 cells or more"
        yield Rule(
            "dendrite.spacing", given.raw("dendrite", "spacing"), reason, f'"{delta / 1.5 * 1e9:.4g} nm" or less'
        )


def _example(given: Given, key: str) -> str:
    return given.example("dendrite", key)


def _drive(given: Given) -> Iterator[Rule]:
    """One way to drive it, and an end."""
    steps = given.value("protocol", "steps") or ()
    ways = [key for key in ("current_density", "potential") if given.wrote("dendrite", key)]
    if not ways and not given.wrote("protocol", "steps"):
        reason = "is missing: say a current density or a potential, or protocol.steps"
        yield Rule("dendrite.current_density", None, reason, '"-10 mA/cm^2"')
    if len(ways) == 2:
        yield Rule("dendrite.potential", given.raw("dendrite", "potential"), "excludes current_density; drop one")
    elif ways and steps:
        yield Rule(f"dendrite.{ways[0]}", given.raw("dendrite", ways[0]), "excludes protocol.steps; drop one")
    duration = given.value("case", "duration")
    if not steps and duration is None:
        yield Rule("case.duration", None, "is missing", '"60 s"')
    for key in ("reference", "ir_compensation"):
        if given.wrote("protocol", key):
            reason = "does not go with dendrites: potentials are against the same metal in fresh electrolyte; drop it"
            yield Rule(f"protocol.{key}", given.raw("protocol", key), reason)
    yield from protocol_rules(given) if steps else ()
    for number, step in enumerate(steps):
        if step.lasts is None and not (number == len(steps) - 1 and duration is not None):
            yield Rule(f"protocol.steps[{number}].duration", None, "is missing: a step without end", '"10 s"')


def _beyond_the_box(given: Given) -> Iterator[Rule]:
    """One supply at the end of the gap."""
    for key in ("beyond", "cell"):
        if given.wrote("dendrite", key) and given.value("dendrite", "supply") == "counter":
            yield Rule(f"dendrite.{key}", given.raw("dendrite", key), 'excludes supply = "counter"; drop one')
    if given.wrote("dendrite", "cell") and given.wrote("dendrite", "beyond"):
        yield Rule("dendrite.beyond", given.raw("dendrite", "beyond"), "is told by dendrite.cell; drop one")
    for key in ("position", "direction"):
        if given.wrote("dendrite", key) and not given.wrote("dendrite", "cell"):
            yield Rule(f"dendrite.{key}", given.raw("dendrite", key), "is a place in dendrite.cell, which is missing")


def _crystal(given: Given) -> Iterator[Rule]:
    """An anisotropy that the model can carry."""
    crystal = given.value("dendrite", "anisotropy")
    if crystal is None:
        return
    if crystal.fold not in (2, 4, 6):
        yield Rule("dendrite.anisotropy.fold", crystal.fold, "must be 4 (cubic), 6 or 2 (hexagonal)", "4")
        return
    limit = 1.0 / (crystal.fold**2 - 1)
    if crystal.energy > limit and not crystal.corners:
        reason = f"is beyond convexity, {limit:.4g} for {crystal.fold} folds: use at most that, or corners = true"
        yield Rule("dendrite.anisotropy.energy", crystal.energy, reason, f"{limit:.2g}")


def _no_default(given: Given) -> str:
    """Why there is no exchange current, and what was published for this metal."""
    from simcell.errors import InputError
    from simcell.inputs.electrolyte_data import load_metal

    try:
        _ = load_metal(str(given.value("dendrite", "metal"))).exchange_current
    except InputError as error:
        problem = error.problems[0]
        if problem.key == "exchange_current":
            return problem.reason
    return "must be given: no value holds for all surfaces"


def _seeds_on_the_electrode(given: Given) -> Iterator[Rule]:
    width = given.value("dendrite", "width")
    if width is None:
        return
    for index, seed in enumerate(given.value("dendrite", "seeds") or ()):
        if seed.at > width * (1.0 + 1e-9):
            reason = f"lies outside the electrode, which reaches from 0 to {width * 1e6:.4g} um"
            yield Rule(f"dendrite.seeds[{index}].at", f"{seed.at * 1e6:.4g} um", reason, f'"{width * 5e5:.4g} um"')


DENDRITE_RULES = (dendrite_rules,)
