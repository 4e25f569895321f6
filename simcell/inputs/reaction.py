"""Reactions of an electrode as a case describes them: a metal and its ion, a dissolved couple, or any other.

A reaction whose name is that of a shipped metal and ``-deposition`` (``zn-deposition``) takes ion and number of
electrons from the data of the metal; `oxidised` and `reduced` make a couple of dissolved species; `makes` says what one
turnover in the anodic direction makes. Exchange currents and rate constants are never a default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from simcell.inputs.electrolyte_data import shipped_metals
from simcell.inputs.fields import Choice, Each, Frozen, Measure, Model, Number, Text
from simcell.inputs.rules import Rule

BRANCHES = ("both", "anodic", "cathodic")
_MAKES = '{ "H+" = 2 }'
_REFERENCE = '{ "Zn2+" = "0.1 mol/L" }'
_COEFFICIENT = Number(1e-3, 20.0, "must be from 0.001 to 20: transfer coefficient times electrons", "1.0")


class ReactionInput(Model):
    """One entry of ``[[electrode.reaction]]``, in SI units.

    Examples
    --------
    >>> metal_of(ReactionInput(name="zn-deposition", exchange_current_density="10 A/m^2"))
    'Zn'
    """

    name: Annotated[str, Text('"zn-deposition"', longest=60)] = Field(examples=['"zn-deposition"'])
    exchange_current_density: Annotated[
        float | None,
        Measure("current_density", above=0.0, maximum=1e8, bounds="must be above zero and at most 1e8 A/m^2",
                example="10 A/m^2"),
    ] = Field(None, examples=['"10 A/m^2"'], description="at reference_concentrations; never a default")  # fmt: skip
    rate_constant: Annotated[
        float | None,
        Measure("rate_constant", above=0.0, maximum=1e3, bounds="must be above zero and at most 1000 m/s"),
    ] = Field(None, examples=['"1e-4 m/s"'], description="of a dissolved couple, instead of an exchange current")
    electrons: Annotated[float | None, Number(0.01, 20.0, "must be from 0.01 to 20", "2")] = Field(
        None, examples=["2"], description="set free by one turnover in the anodic direction; default from the metal"
    )
    oxidised: Annotated[str | None, Text('"Fe(CN)6^3-"')] = Field(None, examples=['"Fe(CN)6^3-"'])
    reduced: Annotated[str | None, Text('"Fe(CN)6^4-"')] = Field(None, examples=['"Fe(CN)6^4-"'])
    makes: Annotated[Mapping[str, float], Each(Number(-20.0, 20.0, "must be from -20 to 20", "1"), _MAKES)] = Field(
        Frozen(), examples=[_MAKES], description="dissolved species made (or used up: negative) by one anodic turnover"
    )
    alpha_anodic: Annotated[float | None, _COEFFICIENT] = Field(
        None, examples=["1.0"], description="apparent transfer coefficient; default half the electrons"
    )
    alpha_cathodic: Annotated[float | None, _COEFFICIENT] = Field(
        None, examples=["1.0"], description="apparent transfer coefficient; default half the electrons"
    )
    equilibrium_potential: Annotated[
        float | None, Measure("voltage", minimum=-20.0, maximum=20.0, bounds="must be from -20 V to 20 V")
    ] = Field(None, examples=['"-0.3 V"'], description="at reference_concentrations; default 0 V for a lone reaction")
    reference_concentrations: Annotated[
        Mapping[str, float],
        Each(Measure("concentration", above=0.0, bounds="must be above zero", example="0.1 mol/L"), _REFERENCE),
    ] = Field(Frozen(), examples=[_REFERENCE], description="default: those of the case at the start")
    order: Annotated[float | None, Number(-5.0, 5.0, "must be from -5 to 5", "0.5")] = Field(
        None,
        examples=["0.5"],
        description="of a metal: exponent of its ion in i0; default: dissolution has none",
    )
    direction: Annotated[Literal["both", "anodic", "cathodic"], Choice(BRANCHES)] = Field(
        "both", examples=['"both"'], description="cathodic: the reverse does not happen (Tafel)"
    )


def metal_of(reaction: ReactionInput) -> str | None:
    """Symbol of the metal that a reaction deposits by its name; None for other reactions.

    Examples
    --------
    >>> metal_of(ReactionInput(name="hydrogen evolution", makes={"H+": 2})) is None
    True
    """
    stem, _, kind = reaction.name.partition("-")
    known = {metal.casefold(): metal for metal in shipped_metals()}
    return known.get(stem.casefold()) if kind == "deposition" else None


def reaction_rules(key: str, reaction: ReactionInput) -> Iterator[Rule]:
    """A reaction says what it does once, and how fast it is.

    Examples
    --------
    >>> [rule.key for rule in reaction_rules("r", ReactionInput(name="zn-deposition"))]
    ['r.exchange_current_density']
    """
    metal, couple = metal_of(reaction), reaction.oxidised is not None or reaction.reduced is not None
    if metal is None and not couple and not reaction.makes:
        known = ", ".join(f'"{m.lower()}-deposition"' for m in shipped_metals())
        reason = f"says not what it does: name it {known}, or give oxidised and reduced, or makes"
        yield Rule(f"{key}.name", reaction.name, reason, '"zn-deposition"')
        return
    if couple and None in (reaction.oxidised, reaction.reduced):
        missing = "reduced" if reaction.reduced is None else "oxidised"
        yield Rule(f"{key}.{missing}", None, "is missing: a couple has two sides", '"Fe(CN)6^4-"')
    ways = [what for what, given in (("its name", metal), ("oxidised and reduced", couple), ("makes", reaction.makes))
            if given]  # fmt: skip
    if len(ways) > 1:
        yield Rule(f"{key}.name", reaction.name, f"says what it does more than once: {' and '.join(ways)}")
    if couple and reaction.electrons is None:
        yield Rule(f"{key}.electrons", None, "is missing: a couple needs it", "1")
    elif reaction.electrons is None and metal is None:
        yield Rule(f"{key}.electrons", None, "is missing", "2")
    yield from _speed(key, reaction, metal, couple)


def _speed(key: str, reaction: ReactionInput, metal: str | None, couple: bool) -> Iterator[Rule]:
    given = reaction.exchange_current_density is not None
    if reaction.rate_constant is not None and not couple:
        yield Rule(f"{key}.rate_constant", None, "belongs to a couple of dissolved species", "oxidised and reduced")
    elif reaction.rate_constant is not None and given:
        yield Rule(f"{key}.rate_constant", None, "says the rate a second time; give it or exchange_current_density")
    elif not given and reaction.rate_constant is None:
        yield Rule(f"{key}.exchange_current_density", None, _must_be_given(metal), '"10 A/m^2"')
    if reaction.order is not None and metal is None:
        yield Rule(f"{key}.order", reaction.order, "is that of a metal in its ion; other reactions follow from makes")


def _must_be_given(metal: str | None) -> str:
    from simcell.inputs.electrolyte_data import load_metal

    reason = "is missing, and no value holds for all surfaces"
    published = load_metal(metal).published if metal else ()
    told = "; ".join(f"{value:g} A/m^2 in {conditions}" for value, conditions, _ in published)
    return f"{reason}; published: {told}" if told else f"{reason}; none is published here: fit or estimate it"
