"""The forms of the model of growth: constants of the one of Chen 2015, and what each form does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from simcell.inputs.fields import Choice, Measure, Model
from simcell.inputs.rules import Given, Rule

FORMS = ("conservative", "chen2015", "grand-potential")
_ABSENT = ("anisotropy", "film", "nucleation", "noise", "beyond", "cell")  # in both other forms


class ChenInput(Model):
    """Constants of ``model = "chen2015"``, in SI units; see `simcell.dendrite.chen`.

    Examples
    --------
    >>> ChenInput(reaction="1e-3 1/s").reaction
    0.001
    """

    reaction: Annotated[float | None, Measure("rate_1", above=0.0, example="1e-3 1/s")] = Field(
        None,
        examples=['"1e-3 1/s"'],
        description="L_eta; default: that which gives the exchange current at this interface width",
    )
    relaxation: Annotated[float | None, Measure("rate_1", above=0.0, example="10 1/s")] = Field(
        None, examples=['"10 1/s"'], description="L_sigma W; default: ten times the reaction"
    )
    cathodic: Annotated[Literal["mean", "liquid"], Choice(("mean", "liquid"))] = Field(
        "mean", examples=['"liquid"'], description="concentration in its rate: (1 - h) c as in public codes, or c"
    )
    metal_conductivity: Annotated[float, Measure("conductivity", above=0.0, example="1e7 S/m")] = Field(
        1e7, examples=['"1e7 S/m"'], description="of the metal, in the one potential"
    )


def form_rules(given: Given) -> Iterator[Rule]:
    """What the chosen form of the model does not have.

    Examples
    --------
    >>> values = {"dendrite": {"model": "chen2015", "noise": True}}
    >>> [rule.key for rule in form_rules(Given({"dendrite": {"current_density": "-1 A/m^2"}}, values, {}))]
    ['dendrite.noise', 'dendrite.current_density']
    """
    form = given.value("dendrite", "model")
    if form != "chen2015" and given.wrote("dendrite", "chen"):
        yield Rule("dendrite.chen", None, "is read only by the form of Chen 2015", 'model = "chen2015"')
    if form not in ("chen2015", "grand-potential"):
        return
    reason = f'is not in model = "{form}"; leave it out, or use model = "conservative"'
    for key in _ABSENT:
        if given.value("dendrite", key):
            yield Rule(f"dendrite.{key}", given.raw("dendrite", key), reason)
    if form == "grand-potential":
        return
    if given.wrote("dendrite", "current_density"):
        held = f"cannot be held by {form}, which has no balance of charge: give a potential"
        yield Rule("dendrite.current_density", given.raw("dendrite", "current_density"), held, 'potential = "-0.1 V"')
    if given.wrote("protocol", "steps"):
        yield Rule("protocol.steps", None, f"are not read by {form}: give dendrite.potential", 'potential = "-0.1 V"')
    for key, bad, good in (("electrode", "bare", '"auto"'), ("supply", "counter", '"reservoir"')):
        if given.value("dendrite", key) == bad:
            yield Rule(f"dendrite.{key}", bad, reason, good)
