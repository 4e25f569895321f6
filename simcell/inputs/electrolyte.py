"""The liquid: its mechanism, what is dissolved in it, and how warm it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from simcell.constants import ROOM_TEMPERATURE, ZERO_CELSIUS
from simcell.inputs.electrolyte_data import shipped_electrolytes
from simcell.inputs.fields import Choice, Each, Frozen, Measure, Model, Number, Text
from simcell.inputs.rules import Given, Rule

_CONCENTRATIONS = '{ O2 = "0.255 mmol/L" }'
_IONS = 'concentrations = { "Zn2+" = "0.1 mol/L", "SO4^2-" = "0.1 mol/L" }'
_GASES = '{ H2 = "1 bar" }'
# No salt dissolves to more than about 20 mol/L; Henry's law holds to some tens of bar.
_MAX_CONCENTRATION = 2e4  # mol/m^3
_MAX_PRESSURE = 1e7  # Pa


class InflowInput(Model):
    """Another liquid that flows in, in SI units; what is not said is as in ``[electrolyte]``.

    Examples
    --------
    >>> InflowInput(pH=3, counter_ion="ClO4-").pH
    3.0
    """

    pH: Annotated[float | None, Number(-1.0, 15.0, "must be from -1 to 15, which is as far as water goes", "7.0")] = (
        Field(None, examples=["7.0"])
    )
    concentrations: Annotated[
        Mapping[str, float],
        Each(Measure("concentration", maximum=_MAX_CONCENTRATION, bounds="must not exceed 20 mol/L"), _CONCENTRATIONS),
    ] = Field(Frozen(), examples=[_CONCENTRATIONS], description="instead of those of the same species in the cell")
    counter_ion: Annotated[str | None, Text('"Cl-"')] = Field(None, examples=['"Cl-"'])


class ElectrolyteInput(Model):
    """Section ``[electrolyte]``, in SI units. Names of species are checked against the mechanism when it is loaded.

    Examples
    --------
    >>> ElectrolyteInput(pH=3, concentrations={"O2": "0.255 mM"}).concentrations
    {'O2': 0.255}
    """

    mechanism: Annotated[str, Text('"water"')] = Field(
        "water", examples=['"water"'], description="name of a shipped mechanism, or path of one's own"
    )
    preset: Annotated[str | None, Choice(shipped_electrolytes())] = Field(
        None, examples=['"ZnSO4"'], description="transport: a shipped electrolyte, with concentration"
    )
    concentration: Annotated[
        float | None,
        Measure("concentration", above=0.0, maximum=_MAX_CONCENTRATION, bounds="must be above 0, at most 20 mol/L",
                example="0.1 mol/L"),
    ] = Field(None, examples=['"0.1 mol/L"'], description="transport: of the salt of the preset")  # fmt: skip
    conductivity: Annotated[
        float | None,
        Measure("conductivity", above=0.0, maximum=1e3, bounds="must be above zero and at most 1000 S/m"),
    ] = Field(None, examples=['"0.9 S/m"'], description="transport: measured, before all other sources")
    pH: Annotated[float | None, Number(-1.0, 15.0, "must be from -1 to 15, which is as far as water goes", "7.0")] = (
        Field(None, examples=["7.0"])
    )
    concentrations: Annotated[
        Mapping[str, float],
        Each(Measure("concentration", maximum=_MAX_CONCENTRATION, bounds="must not exceed 20 mol/L"), _CONCENTRATIONS),
    ] = Field(Frozen(), examples=[_CONCENTRATIONS], description="dissolved species before the beam")
    atmosphere: Annotated[str | None, Text('"air"')] = Field(
        None, examples=['"air"'], description="gas with which the liquid was in equilibrium"
    )
    gases: Annotated[
        Mapping[str, float],
        Each(Measure("pressure", maximum=_MAX_PRESSURE, bounds="must not exceed 100 bar"), _GASES),
    ] = Field(Frozen(), examples=[_GASES], description="partial pressures, over those of the atmosphere")
    counter_ion: Annotated[str | None, Text('"Cl-"')] = Field(
        None, examples=['"Cl-"'], description="ion that balances the charge; inert and reported if not named"
    )
    temperature: Annotated[
        float,
        Measure(
            "temperature",
            minimum=ZERO_CELSIUS,
            maximum=ZERO_CELSIUS + 100.0,
            bounds="must be from 0 degC to 100 degC, where water is a liquid",
        ),
    ] = Field(ROOM_TEMPERATURE, examples=['"25 degC"'])
    inflow: InflowInput | None = Field(
        None, examples=['{ pH = 3.0, counter_ion = "ClO4-" }'], description="a changed electrolyte, with cell.flow"
    )


def solute_rules(given: Given) -> Iterator[Rule]:
    """Nothing is said twice: a gas by pressure and amount, the acid by pH and amount.

    Examples
    --------
    >>> given = Given({"electrolyte": {"pH": 3, "concentrations": {"H+": "1 mM"}}}, {}, {})
    >>> [rule.reason for rule in solute_rules(given)]
    ['follows from electrolyte.pH; give one of the two']
    """
    concentrations = given.raw("electrolyte", "concentrations")
    concentrations = concentrations if isinstance(concentrations, Mapping) else {}
    gases = given.raw("electrolyte", "gases")
    for name in concentrations:
        key, value = f"electrolyte.concentrations.{name}", concentrations[name]
        if name in ("pH", "ph", "PH"):
            yield Rule(key, value, "the pH is a key of its own in [electrolyte]", "pH = 7.0")
        elif name in ("H+", "OH-") and given.wrote("electrolyte", "pH"):
            yield Rule(key, value, "follows from electrolyte.pH; give one of the two")
        elif isinstance(gases, Mapping) and name in gases:
            yield Rule(key, value, f"is given by electrolyte.gases.{name} as well; give one of the two")


def inflow_rules(given: Given) -> Iterator[Rule]:
    """A changed electrolyte needs a flow that brings it.

    Examples
    --------
    >>> given = Given({"electrolyte": {"inflow": {"pH": 3}}}, {}, {})
    >>> [rule.reason for rule in inflow_rules(given)]
    ['comes with a flow, which cell.flow and cell.flow_rate describe']
    """
    if given.wrote("electrolyte", "inflow"):
        moving = given.value("cell", "flow_rate") or given.value("cell", "pressure_drop")
        if not moving or given.value("grid", "geometry") in ("batch", "radial", None):
            yield Rule("electrolyte.inflow", None, "comes with a flow, which cell.flow and cell.flow_rate describe")


def preset_rules(given: Given) -> Iterator[Rule]:
    """What only transport reads is told in a case of the beam; a preset has a concentration.

    Examples
    --------
    >>> given = Given({"electrolyte": {"preset": "ZnSO4"}}, {"case": {"physics": ("transport",)}}, {})
    >>> [rule.key for rule in preset_rules(given)]
    ['electrolyte.concentration']
    """
    physics = given.value("case", "physics") or ("radiolysis",)
    written = [key for key in ("preset", "concentration", "conductivity") if given.wrote("electrolyte", key)]
    if "radiolysis" in physics:
        for key in written:
            reason = 'is read by case.physics = ["transport"] alone; give the ions in electrolyte.concentrations'
            yield Rule(f"electrolyte.{key}", given.raw("electrolyte", key), reason, _IONS)
    elif "preset" in written and "concentration" not in written:
        yield Rule("electrolyte.concentration", None, "is missing beside electrolyte.preset", '"0.1 mol/L"')
    elif "concentration" in written and "preset" not in written:
        reason = "is that of the salt of electrolyte.preset; several species stand in electrolyte.concentrations"
        yield Rule("electrolyte.concentration", given.raw("electrolyte", "concentration"), reason, 'preset = "ZnSO4"')


ELECTROLYTE_RULES = (solute_rules, inflow_rules, preset_rules)
