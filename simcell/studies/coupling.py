"""What acts back in a run of beam and currents together: numbers of the case for the physics, and what a result says.

Charge: of the electrons that hit the working electrode a share stays, `beam.injected_fraction`, which the user gives:
absorbed ones less those that are knocked out. The line stands for what the beam covers, so its electrode is all lit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simcell.constants import ELEMENTARY_CHARGE
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.coupling import FEEDBACKS
from simcell.studies.setup import Beam
from simcell.transport.record import Record

Group = dict[str, tuple[list[str], Any]]


def injected_density(case: CaseInput, beam: Beam) -> float:
    """Electrons that the beam leaves in the working electrode while it is on [A/m^2]; 0 where the case does not ask.

    Raises
    ------
    InputError
        Where the flux is not known.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"energy": "300 kV", "flux": "10 e/nm^2/s"}}).input
    >>> injected_density(case, Beam(1e6, flux=1e19))
    0.0
    """
    if not case.coupling.injected_charge:
        return 0.0
    if beam.flux is None:
        reason = "does not say how many electrons come: give a flux, or a current and a diameter"
        raise InputError(Problem("", "beam", None, reason, 'flux = "10 e/nm^2/s"'))
    return (case.beam.injected_fraction or 0.0) * ELEMENTARY_CHARGE * beam.flux


def feedbacks(case: CaseInput) -> dict[str, bool]:
    """Which of them act.

    Examples
    --------
    >>> from simcell.case import Case
    >>> feedbacks(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input)
    {'heating': False, 'injected_charge': False}
    """
    return {name: bool(getattr(case.coupling, name)) for name in FEEDBACKS}


def coupling_group(case: CaseInput, record: Record, rows: np.ndarray) -> Group:
    """What `/coupling` holds: of each that acts, how much.

    Examples
    --------
    >>> coupling_group.__name__
    'coupling_group'
    """
    group: Group = {}
    liquid = record.liquid_of
    if case.coupling.injected_charge and liquid.bulk is not None:
        lit = np.array([liquid.bulk.factor(t) for t in record.time[rows]])
        group["injected_current_density"] = (["time"], liquid.injected * lit)
        group["injected_charge_density"] = (["time"], record.collected[rows])
    return group
