"""What moves on a line besides independent ions: pairs that react, a concentrated salt, a reference that drifts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simcell.case import Case
from simcell.errors import InputError
from simcell.inputs.solution import binary_solution
from simcell.studies.line import line_of
from simcell.studies.run import run_case

LITHIUM = [{"name": "li-deposition", "exchange_current_density": "10 A/m^2"}]
ZINC = [{"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}]


def line(preset: str, solution: str, reaction: list[dict[str, Any]], pseudo: dict[str, str] | None = None) -> Case:
    reference = {"name": "ref", "role": "reference", "position": ["20 um"], **({"pseudo": pseudo} if pseudo else {})}
    return Case.from_dict({
        "case": {"physics": ["transport"]}, "transport": {"solution": solution},
        "grid": {"geometry": "line", "extent": "20 um", "spacing": "500 nm"},
        "electrolyte": {"preset": preset, "concentration": "0.1 mol/L" if preset == "ZnSO4" else "1 mol/L"},
        "electrode": [
            {"name": "a", "role": "working", "reaction": reaction},
            {"name": "b", "role": "counter", "reaction": reaction}, *([reference] if pseudo else []),
        ],
        "protocol": {"steps": [{"technique": "galvanostatic", "current_density": "-1 A/m^2", "duration": "2 s"}]},
    })  # fmt: skip


def test_pairs_of_zinc_sulfate_take_part() -> None:
    """A third solute, less conductivity than independent ions have, and the same metal from less free zinc."""
    free, paired = (line_of(line("ZnSO4", s, ZINC).input) for s in ("independent", "speciated"))
    assert {ion.name for ion in paired.liquid.ions} - {ion.name for ion in free.liquid.ions} == {"ZnSO4"}
    assert paired.liquid.bulk is not None
    assert paired.solution.concentrations["Zn2+"] < 0.6 * free.solution.concentrations["Zn2+"]


def test_a_concentrated_salt_conducts_as_its_published_function_says() -> None:
    """The conductivity that the result shows, and the ohmic part of the first moment."""
    tree = run_case(line("LiPF6-EC-EMC", "concentrated", LITHIUM))
    kappa = binary_solution("LiPF6-EC-EMC", 298.15).conductivity(1000.0)
    assert float(tree["cell"].dataset["conductivity"]) == pytest.approx(kappa, rel=1e-12)
    first = float(tree["transport"].dataset["ohmic_drop"].sel(electrode="a")[0])
    # the half cells at both surfaces polarise at once: 2 (1 - t) RT/F dc/c with dc = (1 - t) i/F 250 nm/D is 2 to 4 %
    assert abs(first) == pytest.approx(1.0 * 20e-6 / kappa, rel=0.05)


def test_a_drifting_reference_moves_what_the_instrument_shows() -> None:
    """At a given current the cell does not care, and the shown potential is lower by the reference's own."""
    still, moving = (
        run_case(line("ZnSO4", "independent", ZINC, pseudo))["transport"].dataset
        for pseudo in ({"offset": "0 V"}, {"offset": "20 mV", "drift": "1 mV/s"})
    )
    shift = moving["electrode_potential"].sel(electrode="a") - still["electrode_potential"].sel(electrode="a")
    np.testing.assert_allclose(shift, -(0.02 + 1e-3 * moving["time"]), rtol=0, atol=1e-9)


def test_what_does_not_go_together_is_said() -> None:
    with pytest.raises(InputError, match="follows from the preset"):
        line("ZnSO4", "speciated", ZINC).replace("electrolyte.pH", 3)
    with pytest.raises(InputError, match=r"grid\.geometry = \"line\" in this version"):
        line("ZnSO4", "speciated", ZINC).replace_all({"grid.geometry": "section", "cell.spacer_height": "1 um"})
    with pytest.raises(InputError, match="needs data of your own"):
        line_of(line("CaBH4-THF", "speciated", ZINC).input)
