"""Growth of metal: which metal, in which box, driven how, beginning with what, and on which grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from simcell.inputs.fields import Choice, Measure, Model, Number, Text, Whole, refuse
from simcell.inputs.rules import Given, Rule

SUPPLIES = ("reservoir", "counter")
MODELS = ("conservative",)
_BOX = {"minimum": 1e-9, "maximum": 1e-2, "bounds": "must be from 1 nm to 1 cm"}


@dataclass(frozen=True)
class AutoLength(Measure):
    """``"auto"``, or a length.

    Examples
    --------
    >>> field = AutoLength("length", above=0.0)
    >>> field.check("auto"), field.check("100 nm")
    ('auto', 1e-07)
    """

    def check(self, value: Any) -> Any:
        """Return the word, or the length in m."""
        if value == "auto":
            return value
        if isinstance(value, str) and value.strip()[:1].isalpha():
            refuse('must be "auto" or a length', f'"{self.example}"')
        return super().check(value)


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
    model: Annotated[Literal["conservative"], Choice(MODELS, later=("chen2015", "grand-potential"))] = Field(
        "conservative", examples=['"conservative"']
    )
    # --- how it is driven
    current_density: Annotated[float | None, Measure("current_density", example="-10 mA/cm^2")] = Field(
        None, examples=['"-10 mA/cm^2"'], description="total current over the flat electrode; it is held as it roughens"
    )
    potential: Annotated[
        float | None, Measure("voltage", minimum=-5.0, maximum=5.0, bounds="must be from -5 V to 5 V")
    ] = Field(None, examples=['"-0.2 V"'], description="against the same metal in the fresh electrolyte")
    compliance: Annotated[
        float, Measure("voltage", minimum=1e-3, maximum=5.0, bounds="must be from 1 mV to 5 V", example="1 V")
    ] = Field(1.0, examples=['"1 V"'], description="largest voltage with which a current is driven")
    # --- where
    width: Annotated[float, Measure("length", example="10 um", **_BOX)] = Field(
        10e-6, examples=['"10 um"'], description="length of electrode in the box"
    )
    gap: Annotated[float, Measure("length", example="10 um", **_BOX)] = Field(
        10e-6, examples=['"10 um"'], description="liquid between the electrode and the supply"
    )
    thickness: Annotated[float, Measure("length", example="500 nm", **_BOX)] = Field(
        500e-9, examples=['"500 nm"'], description="of the liquid between the windows, which the metal fills"
    )
    electrode: Annotated[str | float, AutoLength("length", example="2 um", **_BOX)] = Field(
        "auto", examples=['"2 um"'], description="metal in the box at the start: what may dissolve"
    )
    supply: Annotated[Literal["reservoir", "counter"], Choice(SUPPLIES)] = Field(
        "reservoir",
        examples=['"reservoir"'],
        description="beyond the gap: fresh electrolyte, or a counter electrode of the same metal",
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
    conductivity: Annotated[
        float | None, Measure("conductivity", above=0.0, maximum=1e3, bounds="must be above zero, at most 1000 S/m")
    ] = Field(None, examples=['"1 S/m"'], description="of the liquid; default: data of the electrolyte")
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
    ['dendrite.exchange_current', 'dendrite.current_density']
    """
    if "dendrite" not in (given.value("case", "physics") or ()):
        for key in given.written.get("dendrite", {}):
            yield Rule(f"dendrite.{key}", given.raw("dendrite", key), "is not used", 'case.physics = ["dendrite"]')
            return
        return
    needed = 'is missing, physics = ["dendrite"] needs it'
    for key in ("metal", "exchange_current"):
        if not given.wrote("dendrite", key):
            yield Rule(f"dendrite.{key}", None, _no_default(given) if key != "metal" else needed, _example(given, key))
    yield from _drive(given)
    yield from _seeds_on_the_electrode(given)
    delta, spacing = given.value("dendrite", "interface_width"), given.value("dendrite", "spacing")
    if isinstance(delta, float) and isinstance(spacing, float) and spacing > delta / 1.5 * (1.0 + 1e-9):
        reason = f"does not resolve an interface of {delta * 1e9:.4g} nm: it needs 1.5 cells or more"
        yield Rule(
            "dendrite.spacing", given.raw("dendrite", "spacing"), reason, f'"{delta / 1.5 * 1e9:.4g} nm" or less'
        )


def _example(given: Given, key: str) -> str:
    return given.example("dendrite", key)


def _drive(given: Given) -> Iterator[Rule]:
    ways = [key for key in ("current_density", "potential") if given.wrote("dendrite", key)]
    if not ways:
        reason = "is missing: say a current density or a potential"
        yield Rule("dendrite.current_density", None, reason, '"-10 mA/cm^2"')
    if len(ways) == 2:
        yield Rule("dendrite.potential", given.raw("dendrite", "potential"), "excludes current_density; drop one")


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
