"""How tightly the equations are solved."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simcell.inputs.fields import Choice, Measure, Model, Number, Whole

BATCH = (1e-6, 1e-17)  # rtol, and atol [mol/m^3]
SPACE = (1e-4, 1e-10)  # one molecule in 2e4 cubic micrometres; a case in space has 100 times the unknowns and more


class SolverInput(Model):
    """Section ``[solver]``, in SI units; tolerances that are not given follow from the geometry.

    Examples
    --------
    >>> SolverInput(rtol=1e-8).tolerances("batch"), SolverInput().tolerances("radial")
    ((1e-08, 1e-17), (0.0001, 1e-10))
    """

    rtol: Annotated[float | None, Number(1e-13, 0.1, "must be from 1e-13 to 0.1", "1e-6")] = Field(
        None, examples=["1e-6"], description="default 1e-6, in space 1e-4"
    )
    atol: Annotated[
        float | None,
        Measure(
            "concentration",
            above=0.0,
            maximum=1.0,
            bounds="must be above zero and at most 1 mmol/L",
            example="1e-17 mol/m^3",
        ),
    ] = Field(None, examples=['"1e-17 mol/m^3"'], description="default 1e-17 mol/m^3, in space 1e-10 mol/m^3")
    kernel: Annotated[Literal["table", "unrolled"], Choice(("table", "unrolled"))] = Field(
        "table", examples=['"table"'], description="unrolled code is faster and takes seconds to compile"
    )
    max_steps: Annotated[int, Whole(10, 10**12, "1000000")] = Field(1_000_000, examples=["1000000"])

    def tolerances(self, geometry: str) -> tuple[float, float]:
        """Give rtol and atol [mol/m^3]: as written, or the default of the geometry."""
        rtol, atol = BATCH if geometry == "batch" else SPACE
        return (rtol if self.rtol is None else self.rtol, atol if self.atol is None else self.atol)
