"""Growth from a case file: the outlook, what is refused, runs and their books, pictures, micrographs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from simcell.case import Case
from simcell.dendrite.arms import arm_spacing, numbers
from simcell.dendrite.outlook import mesh, outlook, widest_interface
from simcell.dendrite.stability import FARADAY, Metal, front_at_current, limiting_current, sand_time
from simcell.errors import InputError
from simcell.inputs.dendrite import DendriteInput
from simcell.inputs.messages import keys_of
from simcell.results import export, movie, plots, store
from simcell.results.provenance import read_provenance
from simcell.studies.growth import run_growth
from simcell.studies.growth_setup import growth_of
from simcell.studies.shape import of_picture, of_result

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
AREA = 0.4e-6 * 0.5e-6


def case(**dendrite: Any) -> Case:
    """A small box of zinc; `duration`, `steps`, `count` and `preset` go to their sections."""
    data: dict[str, Any] = {
        "case": {"physics": ["dendrite"], "duration": dendrite.pop("duration", "0.2 s")},
        "cell": {"spacer_height": "500 nm"},
        "electrolyte": {"preset": dendrite.pop("preset", "ZnSO4"), "concentration": "0.1 mol/L"},
        "output": {"count": dendrite.pop("count", 2)},
    }
    if "steps" in dendrite:
        data["protocol"] = {"steps": dendrite.pop("steps")}
    elif "potential" not in dendrite:
        dendrite.setdefault("current_density", "-10 mA/cm^2")
    small = {"metal": "Zn", "exchange_current": "30 A/m^2", "width": "400 nm", "gap": "3 um"}
    data["dendrite"] = {**small, "interface_width": "50 nm", "spacing": "33 nm", **dendrite}
    return Case.from_dict({k: {n: v for n, v in s.items() if v is not None} for k, s in data.items()})


# --- the outlook


def test_below_the_limiting_current_the_outlook_is_linear_stability() -> None:
    found = outlook(LITHIUM, 9e-6, current=2000.0)
    front = front_at_current(LITHIUM, 2000.0, 9e-6)
    assert found.fastest == front.fastest() and found.depletion == np.inf
    assert found.potential == front.potential
    assert outlook(LITHIUM, 9e-6, potential=front.potential).current == pytest.approx(2000.0, rel=1e-9)


def test_far_above_it_the_salt_lasts_for_sands_time() -> None:
    most = limiting_current(LITHIUM, 9e-6)
    found = outlook(LITHIUM, 9e-6, current=20.0 * most)
    assert found.depletion == pytest.approx(sand_time(LITHIUM, 20.0 * most), rel=1e-9)
    assert "depletes after" in found.verdict(1.0, 1e-5)


@pytest.mark.parametrize(
    ("current", "duration", "width", "words"),
    [
        (-100.0, 1.0, 1e-5, "dissolves"),
        (0.0, 1.0, 1e-5, "at rest"),
        (2000.0, 1.0, 1e-5, "smooth within this run"),
        (2000.0, 1e4, 1e-5, "unstable"),
        (2000.0, 1e4, 0.1e-6, "stable: ripples below"),
    ],
)
def test_verdicts(current: float, duration: float, width: float, words: str) -> None:
    assert outlook(LITHIUM, 9e-6, current=current).verdict(duration, width).startswith(words)


def test_the_grid_holds_the_box_and_finer_cells_cost_more() -> None:
    found = outlook(LITHIUM, 9e-6, current=2000.0)
    delta = min(widest_interface(found, 10e-6, [300e-9]).values())
    assert delta <= 60e-9 + 1e-15  # a fifth of the seed
    coarse, fine = (mesh(found, 10e-6, 1e-6, 60.0, delta=2 * h, spacing=h) for h in (60e-9, 30e-9))
    assert coarse.ny * coarse.spacing == pytest.approx(10e-6, rel=1e-12)
    assert coarse.nx * coarse.spacing >= 10e-6 * (1.0 - 1e-9)
    assert fine.seconds > 8.0 * coarse.seconds * 0.9  # cells by 4, steps by 2 or more


# --- shape numbers


def test_arms_of_a_comb_stand_as_far_apart_as_its_teeth() -> None:
    field = np.zeros((120, 80))
    field[:, :10] = 1.0
    for start in range(3, 120, 12):
        field[start : start + 4, :60] = 1.0
    assert arm_spacing(field, 2e-9) == pytest.approx(24e-9, rel=1e-12)
    found = numbers(field, 2e-9, front=20e-9, above=8e-9)
    assert found["coverage"] == pytest.approx(1.0 / 3.0)
    assert found["tip_position"] == pytest.approx(100e-9, abs=1e-9)  # to half a pixel
    assert found["dead_fraction"] == 0.0
    assert found["roughness"] == pytest.approx(100e-9 * np.sqrt(2.0) / 3.0, rel=1e-9)


def test_a_tip_at_a_wall_is_that_of_its_mirror_image() -> None:
    y, x = np.mgrid[0:60, 0:90] + 0.5
    needle = np.clip(0.5 + (70.0 - y**2 / 24.0 - x) / 2.0, 0.0, 1.0)  # R = 12, its axis on the wall
    found = numbers(needle, 1.0)
    assert found["tip_position"] == pytest.approx(70.0, abs=0.1)
    assert found["tip_radius"] == pytest.approx(12.0, rel=0.05)


def test_loose_metal_is_dead_and_no_tip() -> None:
    y, x = np.mgrid[0:60, 0:90] + 0.5
    field = np.maximum(np.clip(20.0 - x, 0.0, 1.0), np.clip(8.5 - np.hypot(x - 60.0, y - 30.0), 0.0, 1.0))
    found = numbers(field, 1.0, front=10.0)
    assert found["loose"] == 1.0 and found["tip_position"] < 11.0
    assert found["dead_fraction"] == pytest.approx(np.pi * 64.0 / (np.pi * 64.0 + 60.0 * 19.5), rel=0.02)


# --- what is refused, with the number that would do


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spacing": "40 nm"}, 'dendrite.spacing = "40 nm": does not resolve .* for example "33.33 nm" or less'),
        ({"interface_width": "60 nm"}, r'is too wide for a box of 400 nm by .* for example "20 nm"'),
        ({"seeds": [{"at": "1 um", "radius": "300 nm"}]}, r"seeds\[0\].at .* reaches from 0 to 0.4 um"),
        ({"seeds": [{"at": "0.2 um", "radius": "100 nm"}]}, 'needs 5 interface widths or more, for example "20 nm"'),
        ({"anisotropy": {"fold": 6, "energy": 0.1}}, "beyond convexity, 0.02857 for 6 folds"),
        ({"exchange_current": None}, "dendrite.exchange_current: must be given"),
        ({"metal": "Li"}, r"plates from Li\+, which ZnSO4 does not hold"),
        ({"metal": "Ca", "preset": "CaBH4-THF"}, "(?s)dendrite.diffusivity.*is not known here.*dendrite.transference"),
        ({"electrode": "200 nm"}, 'thinner than the front needs.* for example "400 nm"'),
        ({"electrode": "bare"}, "dendrite.seeds: is missing: on a bare electrode"),
        ({"potential": "-0.1 V", "current_density": "-1 mA/cm^2"}, "excludes current_density"),
        ({"spacing": "1 nm", "width": "9 um", "gap": "9 um"}, "makes .* cells, more than"),
        (
            {"potential": "-0.3 V", "gap": "10 um", "width": "2 um", "interface_width": "90 nm"},
            "cannot carry ripples .* for example",
        ),
        ({"model": "chen"}, "did you mean \"chen2015\""),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_told_with_what_would_do(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        growth_of(case(**changes).input)


def test_auto_resolves_the_fastest_ripple() -> None:
    ready = growth_of(case(interface_width="auto", spacing="auto", width="2 um", current_density="-80 mA/cm^2").input)
    assert ready.mesh.delta <= ready.ahead.fastest[0] / 30.0 * (1.0 + 1e-9)
    assert ready.mesh.delta / ready.mesh.spacing >= 2.0 * (1.0 - 1e-9)


def test_roughness_is_the_same_on_every_grid_and_as_large_as_asked() -> None:
    heights = []
    for h in ("33 nm", "16.5 nm"):
        ready = growth_of(case(roughness="10 nm", correlation="300 nm", seed=4, spacing=h, width="1 um").input)
        heights.append(ready.state.xi.sum(axis=1) * ready.layer.spacing)
    assert np.std(heights[0]) == pytest.approx(10e-9, rel=0.02)
    pairs = heights[1].reshape(-1, 2).mean(axis=1) if heights[1].size == 2 * heights[0].size else None
    if pairs is not None:
        assert np.ptp(pairs - heights[0] - (pairs - heights[0]).mean()) < 1e-9


def test_every_key_stands_in_the_record_of_a_case() -> None:
    # a key that the record forgets would make two different runs share one name
    given = {
        "surface_energy": "0.3 J/m^2", "diffusivity": "6e-10 m^2/s", "transference": 0.4, "electrode": "bare",
        "seeds": [{"at": "0.2 um", "radius": "250 nm"}], "anisotropy": {"fold": 4, "energy": 0.01},
        "nucleation": {"rate": "1 1/m^2/s", "radius": "150 nm"}, "roughness": "1 nm", "correlation": "100 nm",
    }  # fmt: skip
    written = {**case(**given).record["dendrite"], **case(potential="-0.1 V").record["dendrite"]}
    place = {"cell": "cell.nc", "position": ["1 um", "0 um"], "direction": "10 deg"}
    written |= case(beyond="1 um").record["dendrite"] | case(**place).record["dendrite"]
    film = case(film={"resistivity": "1 ohm*m"}).record["dendrite"]
    assert set(written) | set(film) == set(keys_of(DendriteInput))


# --- runs


def test_charge_metal_and_names_of_a_run() -> None:
    tree = case(anisotropy={"fold": 6, "energy": 0.02}).run()
    group = tree["dendrite"]
    assert group["time"].values == pytest.approx([0.0, 0.1, 0.2])
    assert group["current"].values[1:] == pytest.approx([-100.0 * AREA] * 2, rel=1e-8)
    assert float(group["charge"][-1]) == pytest.approx(-100.0 * AREA * 0.2, rel=1e-8)
    zinc = 65.38e-3 / 7134.0
    assert float(group["deposited_volume"][-1]) == pytest.approx(20.0 * AREA / (2.0 * FARADAY) * zinc, rel=1e-6)
    assert float(np.abs(group["metal_imbalance"]).max()) < 1e-9
    assert float(np.abs(group["ion_imbalance"]).max()) < 1e-10
    assert float(group["tip_position"][-1] - group["tip_position"][0]) == pytest.approx(
        float(group["deposited_volume"][-1]) / AREA, abs=1e-3 * 33e-9
    )
    facts = read_provenance(tree)
    assert facts["status"] == "complete" and facts["solver"]["steps"] > 0
    assert "surface energy 0.3" in " ".join(facts["warnings"])


def test_what_is_plated_and_stripped_comes_back() -> None:
    steps = [
        {"technique": "galvanostatic", "current_density": "-10 mA/cm^2", "duration": "0.2 s"},
        {"technique": "ocp", "duration": "0.05 s"},
        {"technique": "galvanostatic", "current_density": "10 mA/cm^2", "duration": "0.1 s"},
    ]
    tree = case(steps=steps, duration=None).run()
    assert float(tree["dendrite/time"][-1]) == pytest.approx(0.35)
    assert float(tree["dendrite/coulombic_efficiency"]) == pytest.approx(0.5, rel=1e-6)
    assert float(tree["dendrite/charge"][-1]) == pytest.approx(-100.0 * AREA * 0.1, rel=1e-6)


def test_a_volt_and_a_steep_sweep_give_no_nan() -> None:
    steps = [{"technique": "cv", "potential": "0 V", "vertices": ["-0.03 V"], "scan_rate": "100 V/s", "stop": "0.01 V"}]
    tree = case(steps=steps, duration=None).run()
    assert np.isfinite(tree["dendrite/phase"]).all() and float(tree["dendrite/lowest_concentration"].min()) > 0.0
    sudden = case(potential="-1 V", width="80 nm", gap="300 nm", duration="0.1 us", count=2, interface_width="10 nm",
                  spacing="6.6 nm")  # fmt: skip
    tree = sudden.run()
    assert np.isfinite(tree["dendrite/phase"]).all() and float(tree["dendrite/lowest_concentration"].min()) > 0.0


def test_a_galvanostat_without_salt_goes_on_at_its_compliance() -> None:
    tree = case(
        current_density="-3000 mA/cm^2", gap="1 um", width="300 nm", duration="2 ms", count=4, compliance="0.25 V",
        interface_width="20 nm", spacing="13 nm",
    ).run()  # fmt: skip
    assert "compliance" in " ".join(read_provenance(tree)["warnings"])
    assert float(tree["dendrite/electrode_potential"][-1]) == pytest.approx(-0.25)
    assert np.isfinite(tree["dendrite/phase"]).all()


def test_a_run_ends_when_metal_has_crossed_and_keeps_what_ctrl_c_leaves() -> None:
    ready = growth_of(case(stop_at=0.05, duration="10 s", current_density="-50 mA/cm^2").input)
    found = run_growth(ready, [5.0, 10.0])
    speed = ready.layer.metal.speed(500.0)
    assert found.shorted == pytest.approx(0.05 * 3e-6 / speed, rel=0.4)  # to a cell
    assert found.states[-1].time == found.shorted < 10.0

    def interrupt(fraction: float) -> None:
        if fraction > 0.3:
            raise KeyboardInterrupt

    kept = run_growth(growth_of(case().input), [0.1, 0.2], interrupt)
    assert kept.status == "interrupted" and 0.0 < kept.states[-1].time < 0.2


# --- pictures and micrographs


def test_pictures_movie_paraview_and_shape_of_one_run(tmp_path: Path) -> None:
    seeds = [{"at": "0.6 um", "radius": "250 nm"}]
    tree = case(electrode="bare", seeds=seeds, width="1.2 um", gap="1.5 um").run()
    file = store.write(tree, tmp_path / "growth.nc")
    figure = plots.plot(store.read(file))
    assert len([a for a in figure.axes if a.get_xlabel() == "Time"]) == 3
    made = movie.movie(tree, "", tmp_path / "growth.gif")
    with Image.open(made) as image:
        assert image.n_frames == 3
    parts = export.paraview(tree, tmp_path / "growth.pvd")
    assert len(parts) == 4 and "phase" in parts[1].read_text(encoding="utf-8")

    phase = tree["dendrite/phase"][-1].values
    spacing = float(tree["dendrite/x"][1] - tree["dendrite/x"][0])
    Image.fromarray((255 * (phase > 0.5)).astype(np.uint8)).save(tmp_path / "frame.png")
    seen, known = of_picture(tmp_path / "frame.png", spacing), of_result(file)
    for name in ("tip_position", "roughness"):
        assert seen[name] == pytest.approx(known[name], abs=0.5 * spacing), name
    halo = 0.5 * np.pi * (np.pi * 50e-9) ** 2 / 3.0  # a diffuse half disc holds this much more than a sharp one
    assert seen["area"] + halo == pytest.approx(known["area"], abs=0.25 * spacing * known["perimeter"])
    turned = np.rot90((255 * (phase > 0.5)).astype(np.uint8))  # the electrode is at the bottom now
    Image.fromarray(255 - turned).save(tmp_path / "turned.png")
    assert of_picture(tmp_path / "turned.png", spacing, "bottom", dark=True) == pytest.approx(seen, nan_ok=True)
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "empty.png")
    with pytest.raises(InputError, match=r"is all liquid at 0\.5; its grey levels go from 0 to 0"):
        of_picture(tmp_path / "empty.png", spacing)
