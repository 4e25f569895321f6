"""What to compute of the radiolysis, and how uncertain its constants are taken to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from simcell.inputs.fields import MAX_LIST, Each, Flag, Frozen, Measure, Model, Number, Text, Whole
from simcell.inputs.rules import Given, Rule

_DIFFUSIVITY = '{ Cl = "2.0e-9 m^2/s" }'


class RadiolysisInput(Model):
    """Section ``[radiolysis]``.

    Examples
    --------
    >>> RadiolysisInput(ensemble=64).seed
    0
    """

    g_values: Annotated[str | None, Text('"HS300"')] = Field(
        None, examples=['"HS300"'], description="name of a G-value set in the mechanism"
    )
    g_scale: Annotated[float, Number(0.0, 100.0, example="1.0")] = Field(
        1.0, examples=["1.0"], description="factor on all G-values"
    )
    electroneutral: Annotated[bool, Flag()] = Field(
        True,
        examples=["false"],
        description="in space: ions move together, so that no current flows; false: each on its own",
    )
    diffusivity: Annotated[
        Mapping[str, float],
        Each(Measure("diffusivity", maximum=1e-6, bounds="must not exceed 1e-6 m^2/s"), _DIFFUSIVITY),
    ] = Field(Frozen(), examples=[_DIFFUSIVITY], description="in space: instead of, or beside, the shipped ones")
    unknown_diffusivity: Annotated[
        float | None,
        Measure("diffusivity", above=0.0, maximum=1e-6, bounds="must be above zero and at most 1e-6 m^2/s"),
    ] = Field(None, examples=['"1.5e-9 m^2/s"'], description="in space: for every species of which none is known")
    ionic_strength_correction: Annotated[bool, Flag()] = Field(False, examples=["true"])
    ensemble: Annotated[int, Whole(2, MAX_LIST, "64", also=0)] = Field(
        0, examples=["64"], description="samples of the uncertain constants; 0 for none"
    )
    sample: Annotated[int | None, Whole(1, MAX_LIST, "3")] = Field(
        None, examples=["3"], description="run with this sample of the uncertain constants and yields"
    )
    seed: Annotated[int, Whole(0, 2**63 - 1, "1")] = Field(0, examples=["1"], description="of the samples")
    rate_uncertainty: Annotated[
        float | None,
        Number(1.0, 100.0, "is a factor (1 sigma of the logarithm) from 1 to 100: 1.2 means 20 per cent", "1.2"),
    ] = Field(None, examples=["1.2"], description="factor for constants whose uncertainty is not published")
    mechanisms: tuple[Annotated[str, Text('"water"')], ...] = Field(
        (), examples=['["water", "water-eb09"]'], max_length=1000, description="mechanisms that join an ensemble"
    )


def sample_rules(given: Given) -> Iterator[Rule]:
    """One sample of the constants, or many of them.

    Examples
    --------
    >>> given = Given({}, {"radiolysis": {"sample": 3, "ensemble": 64}}, {})
    >>> [rule.key for rule in sample_rules(given)]
    ['radiolysis.sample']
    """
    if given.value("radiolysis", "sample") is not None and given.value("radiolysis", "ensemble"):
        reason = "is one sample of the constants, and radiolysis.ensemble draws many: leave one of the two out"
        yield Rule("radiolysis.sample", given.raw("radiolysis", "sample"), reason)


RADIOLYSIS_RULES = (sample_rules,)
