"""Names that a case uses for what is dissolved, and ions that no mechanism knows: they do not react."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Protocol

from simcell.chemistry.mechanism import Mechanism
from simcell.errors import Problem
from simcell.inputs.gases import load_gases
from simcell.inputs.mechanism import load_mechanism, shipped_mechanisms

INERT_IONS = (
    "Li+", "Na+", "K+", "Rb+", "Cs+", "Mg2+", "Ca2+", "Sr2+", "Ba2+", "F-", "ClO4-", "BF4-", "PF6-", "CF3SO3-",
)  # fmt: skip
ION_NAME = re.compile(r"[A-Z][A-Za-z0-9()]*(\^[1-9]?)?[+-]")


class _Liquid(Protocol):
    """A part of a case that names what is dissolved."""

    @property
    def concentrations(self) -> Mapping[str, float]: ...

    @property
    def counter_ion(self) -> str | None: ...


def unknown_names(section: str, liquid: _Liquid, mechanism: Mechanism, own: Mechanism) -> list[Problem]:
    """Tell the names that neither a mechanism nor the list of inert ions has.

    Parameters
    ----------
    section : str
        Where the names stand in the file.
    liquid : ElectrolyteInput or InflowInput
    mechanism, own : Mechanism
        The one that is run, and that of the case.

    Examples
    --------
    >>> from simcell.inputs.electrolyte import ElectrolyteInput
    >>> water = load_mechanism("water")
    >>> unknown_names("electrolyte", ElectrolyteInput(concentrations={"NaCl": "1 mM"}), water, water)[0].key
    'electrolyte.concentrations.NaCl'
    """
    found = []
    for species in liquid.concentrations:
        key = f"{section}.concentrations.{species}"
        if species in ("H+", "OH-", mechanism.solvent):
            found.append(Problem("", key, None, "follows from the pH and the solvent", "pH = 3.0"))
        elif species in load_gases():
            continue  # carried as an inert gas where the mechanism does not know it
        elif species not in mechanism.species and not species.endswith(("+", "-")):
            near = difflib.get_close_matches(species, mechanism.species, 1)
            hint = f'did you mean "{near[0]}"?' if near else f"it knows {', '.join(mechanism.solutes())}"
            hint = _salt_hint(species) or hint
            found.append(Problem("", key, None, f'is not a species of the mechanism "{mechanism.name}"; {hint}'))
        elif species not in mechanism.species and (reason := _no_ion(species, mechanism, own)):
            found.append(Problem("", key, None, reason))
    ion = liquid.counter_ion
    if ion is not None and ion not in mechanism.species and (reason := _no_ion(ion, mechanism, own)):
        found.append(Problem("", f"{section}.counter_ion", ion, reason, '"Na+" or "ClO4-"'))
    return found


def inert_remark(ion: str) -> str:
    """What to say of an ion that is taken along as inert.

    Examples
    --------
    >>> inert_remark("Na+")
    'Na+ is not in the mechanism: it balances charge and does not react'
    """
    knowing = [] if ion in INERT_IONS else _knowing(ion)
    if not knowing:
        return f"{ion} is not in the mechanism: it balances charge and does not react"
    which = f"the mechanism {knowing[0]} knows" if len(knowing) == 1 else f"the mechanisms {', '.join(knowing)} know"
    return f"{ion} is treated as inert here: it balances charge and does not react; {which} its reactions"


def _knowing(ion: str) -> list[str]:
    """Shipped mechanisms that know an ion."""
    return [m for m in shipped_mechanisms() if ion in load_mechanism(m).species]


def _no_ion(ion: str, mechanism: Mechanism, own: Mechanism) -> str:
    """Why an ion that a mechanism does not know cannot be taken as inert; empty if it can."""
    if ion in own.species or ion in INERT_IONS or _knowing(ion):
        return ""
    known = {s for m in shipped_mechanisms() for s in load_mechanism(m).species} | set(own.species) | set(INERT_IONS)
    near = difflib.get_close_matches(ion, sorted(s for s in known if s.endswith(("+", "-"))), 3, 0.5)
    hint = f"; near are {', '.join(near)}" if near else ""
    if not ION_NAME.fullmatch(ion):
        return f"is not the name of an ion (written Na+, Zn2+, SO4^2-){hint}"
    return (
        f'is known neither to "{mechanism.name}" nor to another shipped mechanism, and is none of the inert ions '
        f"({', '.join(INERT_IONS)}){hint}; declare it in a mechanism of your own"
    )


def _salt_hint(name: str) -> str:
    """What to write for a salt such as NaCl; empty for anything else."""
    parts = re.fullmatch(r"(Li|Na|K|Rb|Cs)([A-Z]\w*)", name)
    if not parts:
        return ""
    cation, anion = f"{parts[1]}+", f"{parts[2]}-"
    return f"write {cation} and {anion}" if anion in INERT_IONS or _knowing(anion) else ""
