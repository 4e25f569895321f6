"""Runs in space through the case file: what goes in, what comes out, what is refused."""

import re
import tomllib
from importlib import resources

import numpy as np
import pytest

from simcell import units
from simcell.case import Case
from simcell.constants import ELEMENTARY_CHARGE
from simcell.errors import InputError
from simcell.inputs.ions import load_ions
from simcell.radiolysis.homogeneous import Schedule
from simcell.studies.in_space import in_space
from simcell.studies.ions import INERT_IONS
from simcell.studies.layout import layout_of, unmeasured
from simcell.studies.setup import mechanism_of

RADIAL = {
    "case": {"duration": "1 s"},
    "beam": {"dose_rate": "7.5e7 Gy/s", "diameter": "2 um"},
    "cell": {"spacer_height": "500 nm"},
    "grid": {"geometry": "radial", "extent": "25 um", "spacing": "40 nm", "growth": 1.4},
    "output": {"times": ["1 ms", "1 s"]},
}


def case_with(**sections):
    data = {name: {**RADIAL.get(name, {}), **sections.get(name, {})} for name in {*RADIAL, *sections}}
    return Case.from_dict({name: {k: v for k, v in rows.items() if v is not None} for name, rows in data.items()})


@pytest.fixture(scope="module")
def tree():
    return case_with().run()


def test_a_radial_case_gives_rings_and_their_books(tree):
    group = tree["radiolysis"]
    assert tree.attrs["geometry"] == "radial"
    assert group["concentration"].dims == ("time", "species", "x")
    assert "H2O" not in group["species"].values
    volume = tree["cell/volume"]
    assert float(volume.sum()) == pytest.approx(np.pi * 25e-6**2 * 500e-9, rel=1e-12)
    total = (group["concentration"] * volume).sum("x")
    np.testing.assert_allclose(group["inventory"].values, total.values, rtol=1e-12)
    assert tree["beam/dose_rate"].dims == ("x",)
    beam = float((tree["beam/dose_rate"] * volume).sum())
    assert beam == pytest.approx(7.5e7 * np.pi * 1e-12 * 500e-9, rel=1e-12)


def test_hydrogen_leaves_the_beam_and_the_grid(tree):
    hydrogen = tree["radiolysis/concentration"].sel(species="H2").isel(time=-1)
    assert (np.diff(hydrogen.values) < 0).all()
    assert float(tree["radiolysis/outflow"].sel(species="H2")[-1]) > 0.0


def test_ions_move_together_unless_told_otherwise(tree):
    alone = case_with(radiolysis={"electroneutral": False}).run()
    charge, ions = tree["radiolysis/charge"], tree["radiolysis/ionic_strength"]
    assert float(np.abs(charge / ions).max()) < 1e-6
    assert float(np.abs(alone["radiolysis/charge"] / alone["radiolysis/ionic_strength"]).max()) > 0.1
    assert float(alone["radiolysis/pH"][-1, 0] - tree["radiolysis/pH"][-1, 0]) > 0.2  # 0.25 at this dose rate


def test_a_closed_edge_lets_nothing_out():
    closed = case_with(grid={"edge": "closed"}).run()
    assert float(np.abs(closed["radiolysis/outflow"]).max()) == 0.0


def test_ions_without_reactions_are_carried_and_keep_the_liquid_neutral():
    case = case_with(electrolyte={"pH": 3, "counter_ion": "ClO4-"}, output={"times": ["1 ms"]})
    assert in_space(case.input, mechanism_of(case.input)).diffusivity.size == 16
    acid = case.run()["radiolysis"]
    assert float(np.abs(acid["charge"] / acid["ionic_strength"]).max()) < 1e-6
    assert float(acid["concentration"].sel(species="ClO4-")[0, -1]) == pytest.approx(1.0, rel=1e-2)


def test_species_without_a_diffusivity_are_named_until_the_user_gives_one():
    salt = {"electrolyte": {"mechanism": "chloride", "concentrations": {"Na+": "1 mM", "Cl-": "1 mM"}}}
    with pytest.raises(InputError, match=r"radiolysis.unknown_diffusivity: is needed.* Cl, Cl2-.*1.5e-9 m\^2/s"):
        case_with(**salt).run()
    case = case_with(**salt, radiolysis={"unknown_diffusivity": "1.5e-9 m^2/s"})
    ready = in_space(case.input, mechanism_of(case.input))
    assert any("stands for Cl, Cl2-" in text for text in ready.warnings)
    names = ready.setup.problem.net.names
    assert ready.diffusivity[names.index("Na+")] == 1.334e-9
    assert ready.diffusivity[names.index("ClO2")] == 1.5e-9


def test_an_ion_without_a_name_cannot_move():
    with pytest.raises(InputError, match=r"name a real ion with electrolyte\.counter_ion"):
        case_with(electrolyte={"pH": 3}).run()


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"beam": {"diameter": None}}, 'beam.diameter: is missing, grid.geometry = "radial" needs it'),
        ({"grid": {"extent": None}}, "grid.extent: is missing"),
        ({"grid": {"extent": "0.5 um"}}, r"leaves 1 um for a beam of 2 um, for example \"1 um\" or more"),
        ({"grid": {"geometry": "batch"}}, "grid.extent = .* means nothing for one well-mixed volume"),
        ({"grid": {"layers": 3}}, "a radial grid has one layer"),
        ({"grid": {"extent_y": "3 um"}}, "a radial grid has no second length"),
        ({"radiolysis": {"ensemble": 8}}, "samples a well-mixed volume only"),
        ({"radiolysis": {"diffusivity": {"Cl": "1e-9 m^2/s"}}}, "integrates no such species"),
    ],
)
def test_what_makes_no_sense_is_refused(sections, message):
    with pytest.raises(InputError, match=message):
        case_with(**sections).run()


def test_shipped_diffusivities_follow_from_the_conductivities_beside_them():
    text = (resources.files("simcell") / "data" / "ions.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["ions"]
    assert set(INERT_IONS) & set(rows)
    for name, row in rows.items():
        written = re.search(r"(?:\^(\d)|[a-z](\d))?[+-]$", name)  # SO4^2-, Zn2+; the 4 of ClO4- is not a charge
        charge = int(written[1] or written[2] or 1)
        conductivity = float(row["conductivity"].split()[0])
        assert row["conductivity"].split()[1] == "m^2*S/mol"
        from_conductivity = 8.314462618 * 298.15 * conductivity / (96485.33212**2 * charge)
        # both are printed with four digits, the conductivity with three at least
        assert units.parse(row["diffusivity"], "diffusivity") == pytest.approx(from_conductivity, rel=1e-3)
        assert load_ions()[name] == units.parse(row["diffusivity"], "diffusivity")


def test_a_gaussian_falls_on_rings_with_all_its_current():
    beam = {"dose_rate": None, "energy": "300 kV", "current": "1 nA", "diameter": "2 um", "profile": "gaussian"}
    case = case_with(beam=beam, grid={"spacing": "100 nm", "growth": 1.1})
    ready = in_space(case.input, mechanism_of(case.input))
    current = ready.beam.flux * (ready.layout.mean * ready.layout.grid.volume).sum() / 500e-9 * ELEMENTARY_CHARGE
    assert current == pytest.approx(1e-9, rel=1e-12)
    assert any("at the peak" in w for w in ready.warnings)


@pytest.mark.parametrize(
    ("beam", "words"),
    [
        ({"center": ["1 um", "0 um"]}, "round beam around its axis"),
        ({"spots": [{"center": ["9 um", "0 um"]}]}, "round beam around its axis"),
    ],
)
def test_rings_refuse_beams_that_are_not_round(beam, words):
    case = case_with(beam=beam)
    with pytest.raises(InputError, match=words):
        in_space(case.input, mechanism_of(case.input))


def test_the_dose_rate_of_a_followed_scan_is_the_average_over_the_frame_with_its_fly_back():
    scan = {"mode": "stem", "energy": "300 kV", "current": "10 pA", "pixel": "250 nm", "frame": [8, 8], "dwell": "1 us"}
    beam = {"dose_rate": None, "diameter": None, "line_flyback": "8 us", **scan}
    grid = {"geometry": "plan", "extent": "8 um", "spacing": "250 nm"}
    means = []
    for view in ("frame", "line"):
        place = layout_of(case_with(beam={**beam, "resolved": view}, grid=grid).input, Schedule.constant(1e-4))
        assert place.footprint.shape[0] == (1 if view == "frame" else 8)
        means.append(place.mean)
    np.testing.assert_allclose(means[1], means[0], rtol=1e-12, atol=1e-12)


def test_a_bubble_cannot_hold_more_gas_than_the_run_made():
    gas = {"bubble": True, "nucleus_radius": "100 nm", "layer_radius": "5 um"}
    tree = case_with(
        beam={"dose_rate": "1e10 Gy/s"}, case={"duration": "10 ms"}, gas=gas, output={"times": ["1 ms"]}
    ).run()
    group = tree["radiolysis"]
    amount, held = group["bubble_amount"].sel(gas="H2"), group["inventory"].sel(species="H2")
    assert float(group["bubble_onset"][0]) > 0.0
    assert (amount <= held).all()
    with pytest.raises(InputError, match="beyond the grid"):
        in_space(case_with(gas={**gas, "layer_radius": "26 um"}).input, mechanism_of(case_with().input))


def test_amounts_and_flow_in_a_section_refer_to_its_width():
    section = {"geometry": "section", "extent": "20 um", "spacing": "200 nm"}
    flow = {"spacer_height": "500 nm", "flow_rate": "6 nL/min", "flow": {"inlet": "x-", "outlet": "x+"}}
    with pytest.raises(InputError, match=r"grid.extent_y: is missing: a flow rate in a section needs the width"):
        case_with(grid=section, cell=flow)
    case = case_with(grid={**section, "extent_y": "50 um"}, cell=flow)
    place = layout_of(case.input, Schedule.constant(1.0))
    assert place.flow is not None
    assert place.flow.mean_velocity == pytest.approx(6e-12 / 60 / (500e-9 * 50e-6), rel=1e-9)
    assert float(place.grid.volume.sum()) == pytest.approx(20e-6 * 50e-6 * 500e-9, rel=1e-12)
    assert unmeasured(case.input) == []
    assert "1 m into the picture" in unmeasured(case_with(grid=section).input)[0]


def test_what_a_layout_makes_doubtful_is_told():
    wide = in_space(case_with(beam={"diameter": "50 um"}).input, mechanism_of(case_with().input))
    assert any("the beam reaches the edge of the grid at x+" in text for text in wide.warnings)
    flow = {"flow_rate": "600 nL/min", "flow": {"inlet": "x-", "outlet": "x+"}}
    grid = {"geometry": "plan", "extent": "50 um", "spacing": "200 nm"}
    fast = in_space(case_with(grid=grid, cell=flow).input, mechanism_of(case_with().input))
    assert any("Peclet number" in text for text in fast.warnings)
    hot = case_with(beam={"dose_rate": None, "energy": "300 kV", "current": "1 uA", "diameter": "100 nm"})
    assert any(
        "where this chemistry is not valid" in text for text in in_space(hot.input, mechanism_of(hot.input)).warnings
    )


def test_rings_say_that_they_do_not_follow_the_bulge():
    window = {"thickness": "50 nm", "width": "50 um", "length": "200 um"}
    case = case_with(cell={"window": window, "bulge": "2 um"})
    place = in_space(case.input, mechanism_of(case.input))
    assert np.ptp(place.layout.height) == 0.0
    assert place.layout.grid.volume.sum() == pytest.approx(np.pi * 25e-6**2 * 2.5e-6, rel=1e-12)
    assert any("2.5e-06 m thick everywhere" in w for w in place.warnings)


def test_much_memory_is_told():
    plan = {"geometry": "plan", "extent": "50 um", "growth": None, "spacing": None}
    case = case_with(grid=plan, output={"times": None, "count": 10000})
    assert any("GB of memory" in w for w in in_space(case.input, mechanism_of(case.input)).warnings)


def test_a_scan_without_fly_back_has_none():
    """100 x 100 pixels of 1 us: frame time times one minus duty is -2e-18 s."""
    scan = {"energy": "300 kV", "current": "1 nA", "mode": "stem", "pixel": "10 nm", "dwell": "1 us"}
    beam = {"dose_rate": None, "diameter": None, **scan, "frame": [100, 100]}
    case = case_with(beam=beam, grid={"geometry": "plan", "extent": "10 um", "spacing": "100 nm"})
    ready = in_space(case.input, mechanism_of(case.input))
    assert ready.layout.mean.max() == pytest.approx(1.0, rel=1e-12)
