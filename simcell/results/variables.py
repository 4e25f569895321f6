"""The table of declared variables: what a result may hold, and in which unit.

Units are written so that pint and UDUNITS both read them. Every label dimension (`time`, `species`, ...) is
part of the contract and stays even when it has one entry; dimensions that a study adds come in front of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simcell.results.figures_of_merit import MERITS


@dataclass(frozen=True)
class Variable:
    """One declared variable.

    Parameters
    ----------
    group, name : str
        Where it lives in the tree.
    dims : tuple of str
        Its dimensions, in this order.
    unit : str
        Its SI unit; `1` for a pure number.
    long_name : str
        What it is, in words.
    space : tuple of str
        Dimensions that may follow when the quantity is resolved in space.
    gaps : bool
        Whether NaN is an answer (`not reached`) and not a failure.
    flag : bool
        Whether it holds 0 and 1 only.

    Examples
    --------
    >>> Variable("radiolysis", "pH", ("time",), "1", "pH").path
    '/radiolysis/pH'
    """

    group: str
    name: str
    dims: tuple[str, ...]
    unit: str
    long_name: str
    space: tuple[str, ...] = ()
    gaps: bool = False
    flag: bool = False

    @property
    def path(self) -> str:
        """Where the variable lies in the file."""
        return f"/{self.group}/{self.name}"


PLANE = ("y", "x")
SPACE = ("z", "y", "x")

#: name of a coordinate -> (unit, long name); `member`, `species`, ... are labels and carry no unit.
COORDINATES: dict[str, tuple[str | None, str]] = {
    "time": ("s", "time since the start of the run"),
    "species": (None, "chemical species"),
    "gas": (None, "dissolved gas"),
    "reaction": (None, "reaction of the mechanism"),
    "quantile": ("1", "quantile of the ensemble"),
    "member": (None, "member of the ensemble"),
    "number": (None, "dimensionless number"),
    "criterion": (None, "criterion for a bubble"),
    "moment": ("s", "time since the start of the run, at every step of the solver"),
    "electrode": (None, "electrode"),
    "conserved": (None, "what a run conserves: charge, elements, ions that do not react"),
    "corner": (None, "corner of an outline"),
    "z": ("m", "height above the lower window"),
    "y": ("m", "position along y"),
    "x": ("m", "position along x"),
}

_MOLAR = "mol/m^3"
_RATE = "mol/m^3/s"
_TS = ("time", "species")
_TE = ("time", "electrode")
_NONE = "; NaN: none found"
_BUBBLE = "; 0: there is none; NaN: it has filled its layer"

_GROWN = "; NaN inside the metal"

_DENDRITE: tuple[Variable, ...] = (
    Variable("dendrite", "phase", ("time",), "1", "share of metal", PLANE),
    Variable("dendrite", "concentration", ("time",), _MOLAR, f"concentration of the salt{_GROWN}", PLANE, gaps=True),
    Variable("dendrite", "potential", ("time",), "V", f"potential of the liquid{_GROWN}", PLANE, gaps=True),
    Variable("dendrite", "charge", ("time",), "C", "charge passed since the start, anodic positive"),
    Variable("dendrite", "current", ("time",), "A", "current of the electrode, anodic positive"),
    Variable(
        "dendrite", "electrode_potential", ("time",), "V",
        "potential of the metal against the same metal in fresh electrolyte; NaN: not known at the start", gaps=True,
    ),
    Variable("dendrite", "deposited_volume", ("time",), "m^3", "volume of metal that the charge has deposited"),
    Variable("dendrite", "lowest_concentration", ("time",), _MOLAR, "least concentration of the salt in the liquid"),
    Variable("dendrite", "bodies", ("time",), "1", "pieces of metal; the electrode and what is joined to it are one"),
    Variable("dendrite", "metal_imbalance", ("time",), "1", "metal less that of the charge, over what moved"),
    Variable("dendrite", "ion_imbalance", ("time",), "1", "metal and ions less what came in, over what moved"),
    Variable("dendrite", "energy", ("time",), "J", "grand potential of metal, front and salt, from fresh electrolyte"),
    Variable("dendrite", "tip_position", ("time",), "m", "height of the farthest joined metal over the bare electrode"),
    Variable("dendrite", "tip_velocity", ("time",), "m/s", "velocity of the tip since the output time before"),
    Variable("dendrite", "tip_radius", ("time",), "m", "radius of the tip; NaN: flat or hollow", gaps=True),
    Variable("dendrite", "perimeter", ("time",), "m", "length of the contour of all metal, seen from above"),
    Variable("dendrite", "roughness", ("time",), "m", "root mean square of the height of the deposit"),
    Variable("dendrite", "arm_spacing", ("time",), "m", "mean distance between arms; NaN: there are none", gaps=True),
    Variable("dendrite", "fractal_dimension", ("time",), "1", "box dimension of the contour"),
    Variable("dendrite", "coverage", ("time",), "1", "share of the electrode with metal four interface widths over it"),
    Variable("dendrite", "dead_fraction", ("time",), "1", "share of the metal that is not joined to the electrode"),
    Variable("dendrite", "coulombic_efficiency", (), "1", "charge of dissolution over that of deposition"),
    Variable(
        "dendrite", "time_to_short", (), "s", "when metal crossed the wanted share of the gap; NaN: it did not",
        gaps=True,
    ),
    Variable("dendrite", "limiting_current_density", (), "A/m^2", "largest steady current density of a flat front"),
    Variable("dendrite", "ripple_wavelength", (), "m", "ripple that grows fastest; NaN: none grows", gaps=True),
    Variable("dendrite", "ripple_rate", (), "1/s", "rate at which it grows"),
    Variable("dendrite", "depletion_time", (), "s", "when the salt at a flat front is used up; NaN: never", gaps=True),
)  # fmt: skip

VARIABLES: tuple[Variable, ...] = (
    *_DENDRITE,
    Variable("beam", "dose_rate", (), "Gy/s", "dose rate in the liquid while the beam is on", PLANE),
    Variable("beam", "frame_dose_rate", (), "Gy/s", "dose rate averaged over a scanned frame"),
    Variable("beam", "probe_dose_rate", (), "Gy/s", "dose rate under the probe of a scanned beam"),
    Variable("beam", "flux", (), "1/m^2/s", "electron flux", PLANE),
    Variable("beam", "fluence", (), "1/m^2", "electron fluence of the whole run", PLANE),
    Variable("beam", "dose", (), "Gy", "dose of the whole run", PLANE),
    Variable("beam", "energy", (), "J", "kinetic energy of the beam electrons"),
    Variable("beam", "current", (), "A", "beam current"),
    Variable("beam", "diameter", (), "m", "diameter of the beam on the specimen"),
    Variable("beam", "stopping_power", (), "J*m^2/kg", "mass collision stopping power of the liquid"),
    Variable("beam", "on", ("time",), "1", "whether the beam is on from this time to the next", flag=True),
    Variable("cell", "liquid_thickness", (), "m", "thickness of the liquid between the windows", PLANE),
    Variable("cell", "temperature", (), "K", "temperature of the liquid"),
    Variable("cell", "scale", ("number",), "1", "dimensionless numbers of the cell"),
    Variable("cell", "volume", (), "m^3", "volume of liquid in a cell of the grid", SPACE),
    Variable("cell", "velocity_x", (), "m/s", "velocity of the liquid along x", SPACE),
    Variable("cell", "velocity_y", (), "m/s", "velocity of the liquid along y", SPACE),
    Variable("cell", "pressure", (), "Pa", "pressure of the liquid above that at the outlet", PLANE),
    Variable("cell", "electrode_map", (), "1", "number of the electrode on the floor, from 1; 0: none", PLANE),
    Variable("cell", "electrode_area", (), "m^2", "area of electrode in a column of cells", PLANE),
    Variable("cell", "outline_x", ("electrode", "corner"), "m", "corners of electrodes along x", gaps=True),
    Variable("cell", "outline_y", ("electrode", "corner"), "m", "corners of electrodes along y", gaps=True),
    Variable("cell", "conductivity", (), "A/V/m", "conductivity of the liquid at the start"),
    Variable("transport", "concentration", _TS, _MOLAR, "concentration", SPACE),
    Variable("transport", "potential", ("time",), "V", "potential of the liquid against the reference", SPACE),
    Variable(
        "transport",
        "current_density",
        ("time",),
        "A/m^2",
        "current density into the liquid, anodic positive; NaN: no electrode",
        PLANE,
        gaps=True,
    ),
    Variable("transport", "electrode_current", _TE, "A", "current of the electrode, anodic positive"),
    Variable("transport", "electrode_potential", _TE, "V", "potential of the metal against the reference"),
    Variable("transport", "electrode_charge", _TE, "C", "charge that the electrode has passed, anodic positive"),
    Variable(
        "transport",
        "conservation_error",
        ("conserved",),
        "1",
        "amount at the end less that at the start and what came in, over what is held and was moved",
    ),
    Variable("transport", "reaction_charge", ("time", "reaction"), "C", "charge of the reaction, anodic positive"),
    Variable("transport", "ohmic_drop", _TE, "V", "potential of the liquid at the electrode less at the reference"),
    Variable("transport", "largest_ohmic_drop", _TE, "V", "ohmic drop where it is largest on the electrode"),
    Variable(
        "transport",
        "edge_factor",
        _TE,
        "1",
        "current density on the 5 % of the area with most of it over the mean; NaN: no net current",
        gaps=True,
    ),
    Variable("transport", "reaction_current", ("time", "reaction"), "A", "current of the reaction, anodic positive"),
    Variable(
        "transport",
        "reaction_current_density",
        ("time", "reaction"),
        "A/m^2",
        "current of the reaction over the area of the working electrode, anodic positive",
    ),
    Variable("transport", "charging_current_density", ("time",), "A/m^2", "current into the double layer"),
    Variable("transport", "charge_density", ("time",), "C/m^2", "charge passed by the working electrode"),
    Variable("transport", "step", ("time",), "1", "number of the step of the protocol, from 1"),
    Variable(
        "coupling", "injected_current_density", ("time",), "A/m^2", "electrons that the beam leaves in the electrode"
    ),
    Variable("coupling", "injected_charge_density", ("time",), "C/m^2", "the same since the start"),
    Variable("coupling", "temperature_rise", ("time",), "K", "temperature of the liquid less that of the case"),
    Variable("coupling", "joule_rise", ("time",), "K", "what the current in the liquid has of that"),
    Variable("coupling", "gas_fraction", ("time",), "1", "share of bubbles in the volume", ("x",)),
    Variable("coupling", "gas_amount", ("time", "gas"), "mol/m^2", "gas in bubbles, over the area of the line"),
    Variable("coupling", "blocked_share", ("time",), "1", "share of the working electrode that bubbles cover"),
    Variable("coupling", "displaced", _TS, "mol/m^2", "what was in the liquid that bubbles displaced, over the area"),
    Variable("radiolysis", "concentration", _TS, _MOLAR, "concentration", SPACE),
    Variable("radiolysis", "initial_concentration", ("species",), _MOLAR, "concentration before the beam"),
    Variable("radiolysis", "pH", ("time",), "1", "pH", SPACE),
    Variable("radiolysis", "ionic_strength", ("time",), _MOLAR, "ionic strength", SPACE),
    Variable(
        "radiolysis",
        "charge",
        ("time",),
        _MOLAR,
        "net charge of all species over the Faraday constant",
        SPACE,
    ),
    Variable(
        "radiolysis",
        "gas_saturation",
        ("time", "gas"),
        "1",
        "dissolved gas over its solubility at the pressure of the liquid",
        SPACE,
    ),
    Variable(
        "radiolysis",
        "saturation_concentration",
        ("gas",),
        _MOLAR,
        "solubility of the gas at the pressure of the liquid",
    ),
    Variable("radiolysis", "inventory", _TS, "mol", "amount of the species in the liquid of the grid"),
    Variable("radiolysis", "outflow", _TS, "mol", "amount that has left through the edges of the grid"),
    Variable(
        "radiolysis",
        "reach",
        _TS,
        "m",
        "distance from the edge of the beam at which a tenth of its change is left; NaN: beyond the grid",
        gaps=True,
    ),
    Variable("radiolysis", "gas_pressure", ("time",), "Pa", "pressure of all dissolved gases and of vapour", SPACE),
    Variable(
        "radiolysis",
        "bubble_threshold",
        ("criterion",),
        "Pa",
        "gas pressure that the criterion asks for",
    ),
    Variable(
        "radiolysis",
        "bubble_onset",
        ("criterion",),
        "s",
        "time at which the gas pressure first meets the criterion; NaN: not within the run",
        gaps=True,
    ),
    Variable("radiolysis", "bubble_radius", ("time",), "m", f"radius of the bubble{_BUBBLE}", gaps=True),
    Variable(
        "radiolysis", "bubble_area", ("time",), "m^2", f"area of the window that the bubble covers{_BUBBLE}", gaps=True
    ),
    Variable("radiolysis", "bubble_amount", ("time", "gas"), "mol", f"amount of gas in the bubble{_BUBBLE}", gaps=True),
    Variable("radiolysis", "throughput", ("reaction", "time"), _RATE, "rate of the reaction"),
    Variable("radiolysis", "beam_production", ("species",), _RATE, "what the beam makes of the species"),
    Variable("radiolysis", "stoichiometry", ("reaction", "species"), "1", "molecules made less those used up"),
    Variable(
        "radiolysis",
        "steady_concentration",
        ("species",),
        _MOLAR,
        f"concentration at the steady state{_NONE}",
        SPACE,
        gaps=True,
    ),
    Variable("radiolysis", "steady_pH", (), "1", f"pH at the steady state{_NONE}", SPACE, gaps=True),
    Variable(
        "radiolysis",
        "steady_gas_pressure",
        (),
        "Pa",
        f"pressure of all dissolved gases and of vapour at the steady state{_NONE}",
        SPACE,
        gaps=True,
    ),
    Variable(
        "radiolysis",
        "steady_gas_saturation",
        ("gas",),
        "1",
        f"gas saturation at the steady state{_NONE}",
        SPACE,
        gaps=True,
    ),
    Variable("radiolysis", "steady_throughput", ("reaction",), _RATE, "rate of the reaction in steady state"),
    Variable(
        "radiolysis",
        "time_to_steady",
        (),
        "s",
        "time after which the concentrations stay at their steady values; NaN: not reached",
        gaps=True,
    ),
    Variable(
        "radiolysis",
        "concentration_quantile",
        ("quantile", *_TS),
        _MOLAR,
        "quantiles of the concentration over the ensemble",
    ),
    Variable("radiolysis", "pH_quantile", ("quantile", "time"), "1", "quantiles of pH over the ensemble"),
    Variable(
        "radiolysis",
        "gas_saturation_quantile",
        ("quantile", "time", "gas"),
        "1",
        "quantiles of the gas saturation over the ensemble",
    ),
    Variable(
        "radiolysis",
        "ensemble_steady_concentration",
        ("member", "species"),
        _MOLAR,
        "concentration at the steady state of each member; NaN: its mechanism does not have the species",
        gaps=True,
    ),
    Variable(
        "radiolysis",
        "ensemble_steady_pH",
        ("member",),
        "1",
        "pH at the steady state of each member; NaN: none found",
        gaps=True,
    ),
    Variable(
        "radiolysis",
        "ensemble_steady_gas_saturation",
        ("member", "gas"),
        "1",
        "gas saturation at the steady state of each member; NaN: none found",
        gaps=True,
    ),
    *(
        Variable("controls", f"{name}_quantile", ("quantile", "time"), unit, f"quantiles of the {words} over samples")
        for name, unit, words in (
            ("current_density", "A/m^2", "current density into the liquid"),
            ("electrode_potential", "V", "potential of the working electrode"),
            ("pH", "1", "pH at the working electrode"),
        )
    ),
    *(Variable("design", name, (), m.unit, m.words, gaps=m.gaps) for name, m in MERITS.items()),
    Variable("design", "pareto", (), "1", "whether no other design is better in every objective", flag=True),
)

#: what a potentiostat records at every step, where fields are kept at fewer times
TRACED = ("current_density", "charge_density", "electrode_current", "electrode_potential", "ohmic_drop",
          "reaction_current", "step")  # fmt: skip
VARIABLES += tuple(
    replace(v, group="trace", dims=("moment", *v.dims[1:]), space=(), gaps=False)
    for v in VARIABLES
    if v.group == "transport" and v.name in TRACED
)
