"""How tightly the equations are solved."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simcell.inputs.fields import Choice, Measure, Model, Number, Whole


class SolverInput(Model):
    """Section ``[solver]``, in SI units.

    Examples
    --------
    >>> SolverInput(rtol=1e-8).kernel
    'table'
    """

    rtol: Annotated[float, Number(1e-13, 0.1, "must be from 1e-13 to 0.1", "1e-6")] = Field(1e-6, examples=["1e-6"])
    atol: Annotated[
        float,
        Measure(
            "concentration",
            above=0.0,
            maximum=1.0,
            bounds="must be above zero and at most 1 mmol/L",
            example="1e-17 mol/m^3",
        ),
    ] = Field(1e-17, examples=['"1e-17 mol/m^3"'])
    kernel: Annotated[Literal["table", "unrolled"], Choice(("table", "unrolled"))] = Field(
        "table", examples=['"table"'], description="unrolled code is faster and takes seconds to compile"
    )
    max_steps: Annotated[int, Whole(10, 10**12, "1000000")] = Field(1_000_000, examples=["1000000"])
