"""Every example runs; one number of each is pinned, with where it comes from."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPECTED = {
    "01_dose": (7.496e7, 1e-3),  # 2.355 MeV cm2/g (ESTAR) x 1 nA / (pi um^2)
    "02_neat_water": (0.7774, 1e-3),  # mol/m^3 of H2, base case of Schneider et al. 2014
    "03_how_much_beam": (33.285, 1e-4),  # Gy/s, computed by this program (guards against change)
    "04_scavenger": (301.2, 1e-3),  # computed by this program (guards against change)
    "05_around_a_beam": (
        4.61,
        1e-3,
    ),  # pH on finer rings that an independent method of lines confirms (tests/reference)
    "06_beam_radius": (52.0, 0.025),  # e/angstrom^2/s, from runs in time on other rings (docs/bubbles.md)
    "07_strips": (1.0, 1e-4),  # closed form of the primary current between two wide strips
    "08_beam_and_bias": (1.0, 2e-3),  # Nernst's law for the shift of the open-circuit potential by the beam
    "10_designs": (0.18949, 1e-3),  # mA/cm^2: z F D c / (1 - t) w (L / H + 0.4413), on paper
    "09_dendrite": (8.187e-7, 1e-3),  # m, height of the nucleus; computed by this program (guards against change)
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_example(name, capsys):
    result = runpy.run_path(str(EXAMPLES / f"{name}.py"))["result"]
    expected, tolerance = EXPECTED[name]
    assert result == pytest.approx(expected, rel=tolerance)
    assert capsys.readouterr().out


def test_no_example_is_left_out():
    assert {p.stem for p in EXAMPLES.glob("[0-9]*.py")} == set(EXPECTED)
