"""The cell: so far only how thick the liquid is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simcell.inputs.fields import Measure, Model


class CellInput(Model):
    """Section ``[cell]``, in SI units.

    Examples
    --------
    >>> CellInput(spacer_height="500 nm").spacer_height
    5e-07
    """

    spacer_height: Annotated[
        float | None, Measure("length", minimum=1e-9, maximum=1e-3, bounds="must be from 1 nm to 1 mm")
    ] = Field(None, examples=['"500 nm"'], description="thickness of the liquid")
