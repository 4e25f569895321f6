"""Figures: the right data on the right axes, readable, the same bytes every time."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from simcell.errors import ResultError
from simcell.results import bars, frame, gather, panels, plots, schema, store, style, words

SPECIES = ["e_aq-", "H+", "OH-", "H2O2", "H2", "O2", "O3", "H2O"]
# mol/m^3 at the end: of the size that water has at 1e7 ... 1e8 Gy/s
LEVEL = np.array([2.5e-3, 2.2e-2, 1.0e-2, 0.65, 0.78, 0.038, 1e-10, 55500.0])
TIME = np.logspace(-9, 3, 61)


def run(time=TIME, species=SPECIES, level=LEVEL, attrs=None, beam=None, **more):
    time = np.asarray(time, float)
    values = np.asarray(level) * (1.0 - np.exp(-time / 1e-4))[:, None]
    variables = {
        "concentration": (("time", "species"), values),
        "pH": (["time"], 4.65 + 2.3 * np.exp(-time / 1e-6)),
        "saturation_concentration": (["gas"], [0.7, 1.27]),
        **more,
    }
    coords = {"time": time, "species": species, "gas": ["H2", "O2"], "quantile": [0.025, 0.5, 0.975]}
    groups = {"beam": {"dose_rate": ([], 7.5e7), **(beam or {})}, "radiolysis": variables}
    return schema.build(groups, coords, attrs)


def swept(rates=(1e3, 1e5, 1e7, 1e9), **more):
    rates = np.asarray(rates, float)
    level = LEVEL[:-1] * np.sqrt(rates / 7.5e7)[:, None]
    ratio = np.stack([np.sqrt(rates / 1e6), np.sqrt(rates) * 1e-9], axis=1)
    dim = "beam_dose_rate"
    variables = {
        "steady_concentration": ((dim, "species"), level),
        "steady_pH": ([dim], 7.0 - 0.25 * np.log10(rates / 1e3)),
        "steady_gas_saturation": ((dim, "gas"), ratio),
        **more,
    }
    coords = {dim: (rates, "Gy/s"), "species": SPECIES[:-1], "gas": ["H2", "O2"], "member": np.arange(5)}
    return schema.build({"radiolysis": variables}, coords)


def texts(figure):
    return [text.get_text() for text in (*figure.texts, *(t for axes in figure.axes for t in axes.texts))]


def data_lines(axes):
    return [line for line in axes.lines if line.get_transform() == axes.transData]


def test_species_draws_molar_concentrations_against_time():
    figure = plots.species(run())
    upper, lower = figure.axes
    assert (upper.get_xscale(), upper.get_yscale()) == ("log", "log")
    assert upper.get_ylabel() == "Concentration (mol/L = M)"
    assert (lower.get_ylabel(), lower.get_xlabel()) == ("pH", "Time")
    ends = sorted(line.get_ydata()[-1] for line in data_lines(upper) if len(line.get_ydata()) == len(TIME))
    np.testing.assert_allclose(ends, np.sort(LEVEL[:6]) * 1e-3)  # neither the solvent nor the one below 1e-6 of it


def test_what_is_not_drawn_is_named():
    found = texts(plots.species(run()))
    assert any("Not shown" in text and words.formula("O3") in text and "0.1 pM" not in text for text in found)
    assert words.formula("H2O") not in found


def test_every_time_label_carries_its_unit():
    figure = plots.species(run())
    FigureCanvasAgg(figure).draw()
    labels = [label.get_text() for label in figure.axes[1].get_xticklabels() if label.get_text()]
    assert labels == ["1 ns", "1 µs", "1 ms", "1 s", "1000 s"]


@pytest.mark.parametrize("count", [2, 8, 14])
def test_labels_at_line_ends_do_not_overlap_and_stay_in_the_picture(count):
    species = SPECIES[:2] + [f"X{i}" for i in range(count - 2)]
    figure = plots.species(run(species=species, level=np.full(count, 1e-3)))
    names = {words.formula(name) for name in species}
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [t.get_window_extent(renderer) for t in figure.axes[0].texts if t.get_text() in names]
    assert len(boxes) == count
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(box.x1 <= figure.bbox.x1 and box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)


def test_a_large_mechanism_shows_the_most_abundant_and_counts_the_rest():
    species = [f"Y{i}" for i in range(42)]
    figure = plots.species(run(species=species, level=np.logspace(0, -3, 42)))
    assert sum(text in {words.formula(s) for s in species} for text in texts(figure)) == panels.MOST
    assert any("and 18 more" in text for text in texts(figure))


def test_saturation_lines_stand_where_the_gas_is_saturated():
    figure = plots.species(run())
    drawn = [list(line.get_ydata()) for line in figure.axes[0].lines]
    levels = sorted(y[0] for y in drawn if len(y) == 2 and y[0] == y[1])
    np.testing.assert_allclose(levels, [0.7e-3, 1.27e-3])
    assert f"{words.formula('H2')} saturated" in texts(figure)


def test_solubility_follows_from_concentration_and_saturation_when_it_is_not_stored():
    tree = run(gas_saturation=(("time", "gas"), run()["radiolysis/concentration"].values[:, [4, 5]] / [0.7, 1.27]))
    group = tree["radiolysis"].to_dataset().drop_vars("saturation_concentration")
    assert gather.solubility(group) == {"H2": pytest.approx(0.7), "O2": pytest.approx(1.27)}


def test_beam_off_is_shaded_and_named():
    time = np.linspace(0.0, 30.0, 61)
    on = ((time >= 5.0) & (time < 20.0)).astype(int)
    figure = plots.species(run(time=time, beam={"on": (["time"], on)}))
    for axes in figure.axes:
        assert [(p.get_x(), p.get_x() + p.get_width()) for p in axes.patches] == [(0.0, 5.0), (20.0, 30.0)]
        assert axes.get_xscale() == "linear"
    assert texts(figure).count("beam off") == 2


def test_a_species_that_dies_with_the_beam_keeps_its_name_at_its_peak():
    time = np.linspace(0.0, 10.0, 101)
    tree = run(time=time, species=["OH", "H2"], level=[1e-2, 1.0])
    values = tree["radiolysis/concentration"].values.copy()
    values[60:, 0] = 0.0
    figure = plots.species(run(time=time, species=["OH", "H2"], concentration=(("time", "species"), values)))
    axes = figure.axes[0]
    label = next(text for text in axes.texts if text.get_text() == words.formula("OH"))
    low, high = np.log10(axes.get_ylim())
    assert label.get_position()[1] == pytest.approx((np.log10(1e-5) - low) / (high - low), abs=1e-3)


def test_many_short_pulses_are_explained_in_the_small_print():
    time = np.linspace(0.0, 30.0, 301)
    figure = plots.species(run(time=time, beam={"on": (["time"], (np.arange(301) % 10 < 5).astype(int))}))
    assert "beam off" not in texts(figure)
    assert any("Shaded: beam off." in text for text in texts(figure))


def test_a_beam_that_is_always_on_leaves_no_trace():
    figure = plots.species(run(beam={"on": (["time"], np.ones(len(TIME)))}))
    assert not figure.axes[0].patches


def test_ensemble_bands_hold_the_stated_share():
    values = run()["radiolysis/concentration"].values
    quantiles = np.stack([0.8 * values, values, 1.3 * values])
    tree = run(
        concentration_quantile=(("quantile", "time", "species"), quantiles),
        pH_quantile=(("quantile", "time"), np.full((3, len(TIME)), [[4.5], [4.6], [4.8]])),
    )
    figure = plots.species(tree)
    bands = figure.axes[0].collections
    assert len(bands) == 6
    assert max(band.get_datalim(figure.axes[0].transData).y1 for band in bands) == pytest.approx(1.3 * 0.78e-3)
    assert any("Bands hold 95 % of the ensemble" in text for text in texts(figure))


def test_the_title_tells_case_dose_rate_and_state():
    facts = store.provenance(
        record={"case": {"title": "My cell µ$"}, "electrolyte": {"pH": 7.0}},
        record_hash="0",
        case={},
        status="interrupted",
    )
    figure = plots.species(run(attrs={"simcell_provenance": facts}, time_to_steady=([], 1.1e-3)))
    found = texts(figure)
    assert any("My cell" in text for text in found)
    assert "7.5×10⁷ Gy/s, pH 7.00 at the start, steady after 1.1 ms, interrupted run" in found


@pytest.mark.parametrize("time", [[1.0], [0.0, 1.0], [1e-9, 1e3], [0.0, 1e-9, 1.0]])
def test_short_runs_are_drawn_too(time, tmp_path):
    plots.save(plots.species(run(time=time)), tmp_path / "a.png")


def test_nothing_but_zeros_is_drawn_too(tmp_path):
    plots.save(plots.species(run(level=0.0 * LEVEL)), tmp_path / "a.png")


def test_dose_response_marks_where_a_gas_saturates():
    figure = plots.dose_response(swept())
    upper, lower = figure.axes
    assert (upper.get_xscale(), lower.get_xlabel()) == ("log", "Dose rate (Gy/s)")
    marks = [
        line.get_xdata()[0] for line in upper.lines if len(line.get_xdata()) == 2 and len(set(line.get_xdata())) == 1
    ]
    assert marks == [pytest.approx(1e6)]  # the ratio is a power law, so the interpolation is exact
    assert any("saturated at\n10⁶ Gy/s" in text for text in texts(figure))
    assert "At the steady state" in texts(figure)


def test_dose_response_does_not_need_sorted_runs():
    rates = np.array([1e9, 1e3, 1e7, 1e5])
    line = data_lines(plots.dose_response(swept(rates)).axes[1])[0]
    np.testing.assert_array_equal(line.get_xdata(), np.sort(rates))
    assert np.all(np.diff(line.get_ydata()) < 0)


def test_dose_response_of_a_flux_has_the_dose_rate_on_its_axis():
    tree = schema.build(
        {
            "beam": {"dose_rate": (["beam_flux"], [10.0, 1e4])},
            "radiolysis": {"concentration": (("beam_flux", "time", "species"), [[[1e-6]], [[1e-3]]])},
        },
        {"beam_flux": ([1e18, 1e21], "1/m^2/s"), "time": [60.0], "species": ["H2"]},
    )
    figure = plots.dose_response(tree)
    assert figure.axes[0].get_xlabel() == "Dose rate (Gy/s)"
    np.testing.assert_allclose(data_lines(figure.axes[0])[0].get_xdata(), [10.0, 1e4])
    assert "After 60 s" in texts(figure)


def test_another_quantity_is_named_with_its_unit():
    tree = schema.build(
        {"radiolysis": {"steady_concentration": (["electrolyte_temperature", "species"], [[1e-6], [1e-3]])}},
        {"electrolyte_temperature": ([298.15, 350.0], "K"), "species": ["H2"]},
    )
    axes = plots.plot(tree).axes[0]
    assert (axes.get_xlabel(), axes.get_xscale()) == ("Electrolyte temperature (K)", "linear")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dim", ["electrolyte_pH", "beam_energy"])
def test_runs_at_one_dose_rate_are_drawn_over_what_was_varied(dim):
    steady = {"steady_concentration": ((dim, "species"), [[1e-6], [1e-3]])}
    steady["steady_gas_saturation"] = ((dim, "gas"), [[0.5], [2.0]])
    groups = {"beam": {"dose_rate": ([dim], [7.5e7, 7.5e7])}, "radiolysis": steady}
    figure = plots.plot(schema.build(groups, {dim: ([0.0, 9.0], "1"), "species": ["H2"], "gas": ["H2"]}))
    axes = figure.axes[0]
    assert "Dose rate" not in axes.get_xlabel()
    assert axes.get_xlim() == (0.0, 9.0)
    np.testing.assert_allclose(data_lines(axes)[0].get_xdata(), [0.0, 9.0])
    assert any("saturated at\n4.5" in text for text in texts(figure))  # half way, as 0.5 is from 2 in logarithms


def test_a_pulsed_beam_is_not_drawn_as_a_steady_one():
    beam = {"pulses": {"on": 1e-3, "off": 9e-3, "count": 10}}
    attrs = {"simcell_provenance": store.provenance(record={"beam": beam}, record_hash="0", case={})}
    one = run(attrs=attrs, beam={"on": (["time"], np.ones(len(TIME)))}, time_to_steady=([], 1.1e-3))
    assert not any("steady" in text for text in texts(plots.plot(one)))
    dim = "beam_dose_rate"
    values = np.array([1e-6, 1e-3])
    group = {
        "concentration": ((dim, "time", "species"), values[:, None, None]),
        "steady_concentration": ((dim, "species"), 5.0 * values[:, None]),
    }
    figure = plots.plot(
        schema.build({"radiolysis": group}, {dim: ([1e3, 1e9], "Gy/s"), "time": [60.0], "species": ["H2"]}, attrs)
    )
    assert "After 60 s" in texts(figure)
    np.testing.assert_allclose(data_lines(figure.axes[0])[0].get_ydata(), values * 1e-3)


@pytest.mark.parametrize(("count", "share"), [(8, "most"), (200, "95 %")])
def test_bands_of_few_samples_claim_no_share(count, share):
    values = run()["radiolysis/concentration"].values
    facts = store.provenance(record={}, record_hash="0", case={}, ensemble={"samples": {"a": count}})
    quantile = (("quantile", "time", "species"), np.stack([0.8 * values, values, 1.3 * values]))
    figure = plots.plot(run(attrs={"simcell_provenance": facts}, concentration_quantile=quantile))
    assert any(f"hold {share} of the {count} samples of the ensemble" in text for text in texts(figure))


def test_members_at_the_steady_state_give_bands():
    members = np.linspace(0.8, 1.2, 5)[:, None] * np.ones((4, 1, 7)) * 1e-3
    tree = swept(ensemble_steady_concentration=(("beam_dose_rate", "member", "species"), members))
    figure = plots.dose_response(tree)
    assert len(figure.axes[0].collections) == 6
    assert any("Bands span the 5 members of the ensemble." in text for text in texts(figure))


REACTIONS = ["2 OH -> H2O2", "e_aq- + H2O2 -> OH + OH-", "H + HO2 -> H2O2", "H+ + OH- -> H2O"]


def worked(rates, **more):
    rates = np.asarray(rates, float)[:, None] * np.ones((1, 2))
    return schema.build(
        {"radiolysis": {"throughput": (("reaction", "time"), rates), **more}},
        {"time": [1.0, 2.0], "reaction": REACTIONS, "species": ["H2O2", "OH"]},
    )


def test_throughput_shows_makers_and_eaters_by_size():
    figure = plots.throughput(worked([1.0, 5.0, 3.0, 9.0]), "H2O2")
    made, eaten = figure.axes
    assert [t.get_text() for t in made.get_yticklabels()] == [
        words.equation(REACTIONS[2]),
        words.equation(REACTIONS[0]),
    ]
    np.testing.assert_allclose([bar.get_width() for bar in made.patches], [3e-3, 1e-3])
    np.testing.assert_allclose([bar.get_width() for bar in eaten.patches], [5e-3])
    assert {"75 %", "25 %", "100 %"} <= set(texts(figure))
    assert eaten.get_xlabel() == "Rate (mol/L/s)"


def test_throughput_takes_the_stored_stoichiometry_and_the_beam():
    counts = [[1, -2], [-1, 1], [1, 0], [0, 0]]
    tree = worked(
        [1.0, 5.0, 3.0, 9.0], stoichiometry=(("reaction", "species"), counts), beam_production=(["species"], [2.0, 8.0])
    )
    group = tree["radiolysis"].to_dataset()
    made = bars.contributions(group, group["throughput"].isel(time=-1), "OH")
    assert made == {REACTIONS[0]: pytest.approx(-2e-3), REACTIONS[1]: pytest.approx(5e-3), "beam": pytest.approx(8e-3)}


@pytest.mark.parametrize(
    ("equation", "species", "count"),
    [
        ("e_aq- + e_aq- + 2 H2O -> H2 + 2 OH-", "OH-", 2),
        ("e_aq- + e_aq- + 2 H2O -> H2 + 2 OH-", "e_aq-", -2),
        ("H+ + OH- -> H2O", "H+", -1),
        ("H2O -> H+ + OH-", "H+", 1),
        ("H + H2O2 -> OH + H2O", "H2O", 1),
        ("OH + H2O2 -> HO2 + H2O", "O2", 0),
        ("not a reaction", "not", 0),
    ],
)
def test_net_count_of_an_equation(equation, species, count):
    assert bars.net_count(equation, species) == count


def test_at_most_ten_bars_and_the_rest_in_one():
    shown = bars._largest({f"R{i}": float(i) for i in range(1, 21)})
    assert [name for name, _, _ in shown] == [f"R{i}" for i in range(20, 10, -1)] + ["10 others"]
    assert sum(share for _, _, share in shown) == pytest.approx(1.0)


def test_figures_that_cannot_be_drawn_say_why():
    only_ph = schema.build({"radiolysis": {"pH": (["time"], [7.0])}}, {"time": [1.0]})
    cases = [
        (lambda: plots.plot(run(), "pie"), 'no figure of kind "pie"'),
        (lambda: plots.plot(schema.build({}, {})), "no group /radiolysis"),
        (lambda: plots.species(swept()), "several runs or places .*isel\\(beam_dose_rate=0\\)"),
        (lambda: plots.dose_response(run()), "--vary beam.dose_rate"),
        (lambda: plots.throughput(run(), "H2"), "holds no throughput"),
        (lambda: plots.throughput(worked([1, 1, 1, 1]), "Au"), 'makes or eats "Au"'),
        (
            lambda: plots.species(only_ph),
            "no concentration",
        ),
    ]
    for draw, message in cases:
        with pytest.raises(ResultError, match=message):
            draw()
    two = schema.build(
        {"radiolysis": {"steady_pH": (["a_x", "b_y"], [[7.0, 6.0]] * 2)}}, {"a_x": ([1, 2], "m"), "b_y": ([1, 2], "m")}
    )
    with pytest.raises(ResultError, match="varies a_x and b_y; choose one"):
        plots.dose_response(two)


def test_plot_chooses_the_figure():
    assert plots.plot(run()).axes[1].get_xlabel() == "Time"
    assert plots.plot(swept()).axes[1].get_xlabel() == "Dose rate (Gy/s)"
    assert plots.plot(worked([1, 1, 1, 1]), "throughput", "OH").axes[-1].get_xlabel() == "Rate (mol/L/s)"
    assert plots.plot(swept(), "dose-response").axes[1].get_xlabel() == "Dose rate (Gy/s)"


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_same_result_gives_the_same_bytes(tmp_path, kind):
    first = plots.save(plots.species(run()), tmp_path / f"a.{kind}").read_bytes()
    second = plots.save(plots.species(run()), tmp_path / f"b.{kind}").read_bytes()
    assert first == second
    assert len(list(tmp_path.iterdir())) == 2


def test_save_refuses_what_it_cannot_do(tmp_path):
    figure = plots.species(run())
    for name, message in (("a.bmp", "saved as .png, .svg or .pdf"), ("no/a.png", "does not exist"), ("a", "saved as")):
        with pytest.raises(ResultError, match=message):
            plots.save(figure, tmp_path / name)
    plots.save(figure, tmp_path / "a.png")
    with pytest.raises(ResultError, match="exists already"):
        plots.save(figure, tmp_path / "a.png", overwrite=False)


def test_pyplot_is_never_loaded():
    code = "import sys, simcell.results.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Machado, Oliveira and Fernandes 2009, table of simulation matrices at severity 1.0, for linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# sRGB to XYZ and the D65 white of IEC 61966-2-1.
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, matrix):
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    x, y, z = XYZ @ np.clip(np.asarray(matrix) @ linear, 0.0, 1.0) / XYZ.sum(axis=1)
    f = [np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_families_differ_in_every_vision(vision):
    colours = [style.look(name).colour for name in ("H2", "H", "O2", "H2O2", "OH", "e_aq-", "HO2", "O3", "H+")]
    points = [lab(colour, VISION[vision]) for colour in colours]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(points, 2)) > 20.0


def test_members_of_a_family_differ_by_their_dash():
    for pair in (("H2O2", "HO2-"), ("OH", "O-"), ("HO2", "O2-"), ("H+", "OH-"), ("O3", "O3-"), ("O3-", "HO3")):
        a, b = (style.look(name) for name in pair)
        assert a.colour == b.colour
        assert a.dash != b.dash
    spare = [style.look(f"Z{i}", i) for i in range(16)]
    assert len(set(spare)) == 16


@pytest.mark.parametrize(("seed", "count"), [(0, 1), (1, 7), (2, 18), (3, 40)])
def test_spread_labels_keep_order_distance_and_limits(seed, count):
    wanted = np.random.default_rng(seed).random(count)
    placed = style.spread(wanted, 0.05, 0.0, 1.0)
    order = np.argsort(wanted)
    gap = min(0.05, 1.0 / max(count - 1, 1))
    assert np.all(np.diff(placed[order]) >= gap - 1e-12)
    assert placed.min() >= -1e-12
    assert placed.max() <= 1.0 + 1e-12


def test_spread_moves_nothing_that_has_room():
    np.testing.assert_allclose(style.spread(np.array([0.9, 0.1, 0.5]), 0.1, 0.0, 1.0), [0.9, 0.1, 0.5])


@pytest.mark.parametrize(
    ("value", "text"), [(1e-9, "1 ns"), (9.9999e-7, "1 µs"), (59.0, "59 s"), (1e3, "1000 s"), (2.5e-3, "2.5 ms")]
)
def test_durations(value, text):
    assert words.duration(value) == text


def test_time_axes_follow_the_samples():
    assert frame.is_linear(np.linspace(0.0, 100.0, 201))
    assert frame.is_linear(np.array([1.0, 2.0]))
    assert not frame.is_linear(np.array([1e-6, 1e-3, 1.0, 100.0]))
    assert not frame.is_linear(np.concatenate([[0.0], TIME]))
