"""What the electron beam does to the liquid in a liquid-cell electron microscope.

Names are loaded on first use, so `import simcell` itself imports neither numba, pint, xarray nor
matplotlib. Everything here takes quantities as text with a unit and gives quantities or labelled arrays back.

Examples
--------
>>> import simcell
>>> rate = simcell.dose_rate(energy="300 kV", flux="10 e/angstrom^2/s")
>>> f"{rate.to('MGy/s'):.1f~P}"
'37.7 MGy/s'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simcell.case import Case
    from simcell.dose import dose_rate, dose_table
    from simcell.errors import InputError, MechanismError, ResultError, SimcellError, SolverError
    from simcell.results.store import read as open_result
    from simcell.results.store import write as save_result
    from simcell.studies.sweeps.gather import open_sweep
    from simcell.units import quantity

__version__ = "0.1.0"

__all__ = [
    "Case",
    "InputError",
    "MechanismError",
    "ResultError",
    "SimcellError",
    "SolverError",
    "dose_rate",
    "dose_table",
    "open_result",
    "open_sweep",
    "quantity",
    "save_result",
]

_HOME = {
    "Case": ("simcell.case", "Case"),
    "InputError": ("simcell.errors", "InputError"),
    "MechanismError": ("simcell.errors", "MechanismError"),
    "ResultError": ("simcell.errors", "ResultError"),
    "SimcellError": ("simcell.errors", "SimcellError"),
    "SolverError": ("simcell.errors", "SolverError"),
    "dose_rate": ("simcell.dose", "dose_rate"),
    "dose_table": ("simcell.dose", "dose_table"),
    "open_result": ("simcell.results.store", "read"),
    "open_sweep": ("simcell.studies.sweeps.gather", "open_sweep"),
    "quantity": ("simcell.units", "quantity"),
    "save_result": ("simcell.results.store", "write"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'simcell' has no attribute {name!r}")
    module, attribute = _HOME[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
