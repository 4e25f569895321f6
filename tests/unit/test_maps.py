"""Pictures of results in space: the right data, outlines and limits, readable labels, for every kind of grid."""

import itertools

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm

from simcell.errors import ResultError
from simcell.results import layers, maps, plots, profiles, reaches, space, words
from tests.in_space import BEAM, LEVEL, SPECIES, TIMES, grid, tree

SPATIAL = ["radial", "plan", "section", "full"]


def texts(figure):
    return [text.get_text() for text in (*figure.texts, *(t for axes in figure.axes for t in axes.texts))]


def panels_of(figure):
    """Axes with a map in them, without those of the colour scales."""
    found = [axes for axes in figure.axes if any(isinstance(c, QuadMesh) for c in axes.collections)]
    return [axes for axes in found if axes.get_position().height * figure.get_size_inches()[1] > 0.1]


def data_lines(axes, count):
    return [line for line in axes.lines if len(line.get_xdata()) == count]


@pytest.mark.parametrize("geometry", SPATIAL)
def test_every_figure_of_every_grid_is_drawn(geometry, tmp_path):
    result = tree(geometry, cells=12)
    for kind in ("auto", "species", "profile", "reach", "pH", "gas"):
        plots.save(plots.plot(result, kind), tmp_path / f"{kind}.svg")


@pytest.mark.parametrize(("geometry", "planes"), [("plan", 1), ("section", 1), ("full", 2)])
def test_a_sheet_shows_six_quantities_with_their_scales(geometry, planes):
    figure = maps.sheet(tree(geometry))
    assert len(panels_of(figure)) == 6 * planes
    assert len(figure.axes) == 6 * (planes + 1)  # and one scale of colours each
    for name in ("e_aq-", "OH", "H2", "H2O2"):
        assert words.formula(name) in texts(figure)
    assert {"pH", "Gas pressure", "beam"} <= set(texts(figure))
    assert any(text.startswith("after 10 s") for text in texts(figure))


def test_a_map_holds_the_values_of_the_chosen_time():
    result = tree("plan")
    figure = maps.single(result, "H2", 0.12)
    mesh = next(c for c in panels_of(figure)[0].collections if isinstance(c, QuadMesh))
    stored = result["radiolysis/concentration"].sel(species="H2", time=0.1).values * 1e-3
    np.testing.assert_allclose(mesh.get_array(), stored)
    assert any("after 100 ms" in text for text in texts(figure))
    np.testing.assert_allclose(panels_of(figure)[0].get_xlim(), (-20.0, 20.0))
    assert panels_of(figure)[0].get_xlabel() == "x (µm)"


def test_concentrations_span_six_decades_at_most_and_fade_below():
    scale = layers.norm(np.array([1e-16, 1e-9, 1e-4]), "concentration")
    assert isinstance(scale, LogNorm)
    assert (scale.vmin, scale.vmax) == (pytest.approx(1e-10), 1e-4)
    colours = layers.colours("concentration")
    under, lowest = np.array(colours(scale(1e-16))), np.array(colours(0.0))
    assert under[:3].sum() < 0.7 * lowest[:3].sum()
    # less than a factor of three is no matter for logarithms; nothing at all still has a scale
    assert not isinstance(layers.norm(np.array([1e-4, 2e-4]), "concentration"), LogNorm)
    assert layers.norm(np.zeros(3), "concentration").vmax > 0.0


@pytest.mark.parametrize("kind", ["concentration", "pH", "gas"])
def test_colours_grow_evenly_in_lightness(kind):
    rgb = layers.colours(kind)(np.linspace(0.0, 1.0, 64))[:, :3]
    grey = (np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]) ** (1 / 3)
    assert np.all(np.diff(grey) > 0.0)


def test_the_beam_is_outlined_at_half_its_dose_rate():
    where = space.place(tree("plan", cells=160))
    axes = maps.style.new_figure(4.0).add_subplot()
    layers.beam_outline(axes, layers.cuts(where)[0], where, 1e-6)
    (path,) = axes.collections[0].get_paths()
    # cells of 0.25 um, and contours are straight between the values at their centres
    np.testing.assert_allclose(np.hypot(*path.vertices.T), 1.0, atol=0.05)


def test_panels_keep_their_proportions_or_say_how_they_are_stretched():
    figure = maps.single(tree("plan"), "H2")
    box, (wide, high) = panels_of(figure)[0].get_position(), figure.get_size_inches()
    assert box.height * high / (box.width * wide) == pytest.approx(30.0 / 40.0, rel=1e-6)
    figure = maps.single(tree("section"), "H2")
    assert any(text for text in texts(figure) if "Heights are stretched 34 times" in text)


def test_a_view_around_the_beam_says_how_much_it_shows():
    figure = maps.single(tree("plan"), "H2", extent=10e-6)
    np.testing.assert_allclose(panels_of(figure)[0].get_xlim(), (-5.0, 5.0), atol=1e-9)
    assert any("10 µm of 40 µm along x" in text for text in texts(figure))
    downstream = panels_of(maps.single(tree("plan", flow=2e-3), "H2", extent=10e-6))[0].get_xlim()
    assert downstream[0] > -5.0
    whole = maps.single(tree("plan"), "H2", extent=np.inf)
    np.testing.assert_allclose(panels_of(whole)[0].get_xlim(), (-20.0, 20.0))


def test_flow_thickness_and_saturation_are_drawn_where_they_are():
    figure = maps.sheet(tree("plan", flow=2e-3, cells=60))
    arrows = [c for axes in panels_of(figure) for c in axes.collections if type(c).__name__ == "Quiver"]
    assert len(arrows) == 5  # the panel with the contours of the thickness has none
    assert arrows[1].U.max() == pytest.approx(2e-3)
    assert any("Arrows: flow, up to 2 mm/s." in text for text in texts(figure))
    assert {"550 nm", "600 nm"} <= set(texts(figure))
    still = maps.sheet(tree("section"))
    assert not [c for axes in panels_of(still) for c in axes.collections if type(c).__name__ == "Quiver"]
    assert any("the gases saturate the liquid" in text for text in texts(still))


def test_where_there_is_no_liquid_the_map_is_blank():
    result = tree("plan", cells=12)
    dry = result["cell/volume"].copy()
    dry[:3] = 0.0
    result["cell"]["volume"] = dry
    mesh = next(c for c in panels_of(maps.single(result, "H2"))[0].collections if isinstance(c, QuadMesh))
    blank = np.ma.getmaskarray(np.ma.masked_invalid(mesh.get_array()))
    assert blank[:3].all() and not blank[3:].any()


@pytest.mark.parametrize(("wide", "bar"), [(40.0, 10e-6), (7.0, 2e-6), (160.0, 50e-6)])
def test_scale_bars_have_round_lengths_of_a_third_at_most(wide, bar):
    axes = maps.style.new_figure(4.0).add_subplot()
    axes.set_xlim(0.0, wide)
    assert layers.scale_bar(axes, 1e-6) == pytest.approx(bar)
    assert axes.texts[0].get_text() == words.length(bar)


@pytest.mark.parametrize("geometry", SPATIAL)
@pytest.mark.parametrize("dose_rate", [7.5e7, 0.0])
def test_one_time_and_no_beam_are_drawn_too(geometry, dose_rate, tmp_path):
    result = tree(geometry, [1.0], dose_rate=dose_rate, cells=12)
    for kind in ("pH", "profile"):
        plots.save(plots.plot(result, kind), tmp_path / f"{kind}.svg")
    if not dose_rate:
        with pytest.raises(ResultError, match="dose rate is zero everywhere"):
            plots.plot(result, "reach")


def test_a_profile_is_drawn_against_the_radius_with_the_beam_marked():
    figure = profiles.profile(tree("radial"))
    upper, lower = figure.axes
    r = grid("radial").centre[2]
    assert (upper.get_xscale(), upper.get_yscale(), lower.get_ylabel()) == ("log", "log", "pH")
    np.testing.assert_allclose(upper.get_xlim(), (r[0], 25e-6), rtol=0.02)
    curves = data_lines(upper, r.size)
    shown = sorted(float(line.get_ydata()[0]) for line in curves)
    np.testing.assert_allclose(shown, np.sort([1e-3 * v for v in LEVEL[:7]]), rtol=1e-6)
    dashed = [line.get_xdata()[0] for line in upper.lines if len(set(line.get_xdata())) == 1]
    np.testing.assert_allclose(dashed, BEAM, rtol=1e-2)
    assert profiles.BEAM in texts(figure)
    assert any("pH 4.70 in the beam" in text for text in texts(figure))


@pytest.mark.parametrize(("geometry", "count"), [("radial", 14), ("plan", 14), ("radial", 40)])
def test_names_beside_a_profile_do_not_overlap_and_stay_in_the_picture(geometry, count):
    species = ["H2", *(f"X{i}" for i in range(count - 1))]
    result = tree(geometry, [1.0], species=species, level=np.full(count, 1e-3), length=np.full(count, 5e-6), cells=12)
    figure = profiles.profile(result)
    names = {words.formula(name) for name in species}
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [t.get_window_extent(renderer) for t in figure.axes[0].texts if t.get_text() in names]
    assert len(boxes) == min(count, 18)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(b.x0 >= 0 and b.x1 <= figure.bbox.x1 and b.y0 >= 0 and b.y1 <= figure.bbox.y1 for b in boxes)


def test_one_species_at_several_times():
    result = tree("radial")
    figure = profiles.evolution(result, "H2", [1e-3, 1.0, 10.0])
    axes = figure.axes[0]
    curves = data_lines(axes, result["radiolysis"].sizes["x"])
    np.testing.assert_allclose(
        [line.get_ydata()[0] for line in curves],
        result["radiolysis/concentration"].sel(species="H2").isel(x=0, time=[1, 3, 4]).values * 1e-3,
    )
    assert [t for t in texts(figure) if t in ("1 ms", "1 s", "10 s")] == ["1 ms", "1 s", "10 s"]
    assert profiles.evolution(result, "pH").axes[0].get_yscale() == "linear"
    assert len(data_lines(profiles.evolution(result, "gas").axes[0], len(curves[0].get_xdata()))) == len(TIMES)


def test_times_are_spread_over_the_run():
    assert profiles.spread_times(np.array([1.0])) == [0]
    assert profiles.spread_times(np.linspace(0.0, 30.0, 31), 6) == [5, 10, 15, 20, 25, 30]
    decades = np.concatenate([[0.0], np.logspace(-9, 2, 111)])
    chosen = decades[profiles.spread_times(decades)]
    np.testing.assert_allclose(chosen, [1e-8, 1e-6, 1e-4, 1e-2, 1.0, 100.0])


def test_reach_is_drawn_by_distance_with_its_numbers():
    figure = reaches.bars(tree("radial"))
    axes = figure.axes[0]
    found = reaches.reaches(tree("radial"))
    assert "H2O" not in found
    # exp(-d / L) falls to a tenth at L ln 10, as far as the grid reaches; the edge lies within a cell of 10 nm
    assert found["H+"] == pytest.approx(5e-6 * np.log(10.0), rel=0.01)
    assert found["OH"] == pytest.approx(5e-8 * np.log(10.0), abs=10e-9)
    assert np.isnan(found["H2"])
    order = [label.get_text() for label in axes.get_yticklabels()]
    assert order[0] == words.formula("H2")
    assert order.index(words.formula("H+")) < order.index("OH") < order.index(words.formula("e_aq-"))
    assert axes.get_xscale() == "log"
    assert "12 µm" in texts(figure)
    assert any(text.startswith("beyond the grid (> 22 µm)") for text in texts(figure))
    assert any("Not outside the beam: O₃" in text for text in texts(figure))


def test_a_stored_reach_is_not_computed_again():
    result = tree("radial", cells=12)
    stored = np.full((len(TIMES), len(SPECIES)), 3e-6)
    result["radiolysis"]["reach"] = xr.DataArray(stored, dims=("time", "species"))
    assert set(reaches.reaches(result).values()) == {3e-6}


def test_what_cannot_be_drawn_is_said():
    plan, radial = tree("plan", cells=12), tree("radial", cells=12)
    cases = [
        (lambda: maps.single(plan, "h202"), 'no species "h202", did you mean "H2O2"'),
        (lambda: maps.single(plan, "Unobtainium"), "There are e_aq-, H"),
        (lambda: maps.single(plan, "H2", 100.0), "100 s is outside the run, which has results from 1 µs to 10 s"),
        (lambda: plots.plot(tree("batch"), "map"), "not resolved in space"),
        (lambda: plots.plot(tree("batch"), "reach"), "not resolved in space"),
        (lambda: plots.plot(radial, "map", "H2"), "a result along one line has no map"),
        (lambda: maps.single(plan, "H2", extent=0.0), "must be positive"),
        (lambda: maps.single(tree("plan", cells=12, without=["gas_pressure", "gas_saturation"]), "gas"), "no gas_sat"),
    ]
    for draw, message in cases:
        with pytest.raises(ResultError, match=message):
            draw()


def test_gas_without_a_pressure_is_the_sum_of_the_saturations():
    result = tree("plan", cells=12, without=["gas_pressure"])
    field = space.field(result, "gas")
    np.testing.assert_allclose(field.values[0], result["radiolysis/gas_saturation"].isel(time=-1).sum("gas"))
    assert field.label == "Gas saturation"


@pytest.mark.parametrize("geometry", SPATIAL)
def test_volumes_that_are_not_stored_follow_from_the_cells(geometry):
    result = tree(geometry, cells=12)
    stored = space.volume(result)
    del result["cell"]["volume"]
    guessed = space.volume(result)
    even = stored / (1.0 if geometry in ("radial", "section") else grid(geometry, 12).volume.sum(axis=0, keepdims=True))
    if geometry in ("radial", "section"):
        np.testing.assert_allclose(guessed / guessed.sum(), even / even.sum(), rtol=0.2)  # graded: faces are guessed
    else:
        assert np.ptp(guessed) < 1e-9 * guessed.max()


def test_at_the_beam_a_result_has_no_space_left():
    result = tree("full", cells=12)
    seen = space.at_beam(result)
    assert not space.is_spatial(seen)
    row, column = space.place(result).beam_cell()
    expected = result["radiolysis/pH"].isel(z=2, y=row, x=column)
    np.testing.assert_allclose(seen["radiolysis/pH"], expected)
    assert any("at the centre of the beam" in text for text in texts(plots.plot(result, "species")))


def test_names_without_regard_to_capitals_only_where_that_is_clear():
    group = tree("radial")["radiolysis"].to_dataset()
    assert space.species_name(group, "h2o2") == "H2O2"
    with pytest.raises(ResultError, match="no species"):
        space.species_name(group.sel(species=["OH", "O3"]), "o")
