"""The thickness gauge: its model beside closed forms, its fit beside the truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simcell.errors import InputError
from simcell.inputs.voltammogram import read_voltammogram
from simcell.studies.gauge import fit_layer, model_current
from simcell.transport.gauge import Layer, filled, layer_voltammogram
from simcell.transport.voltammetry import film_step, randles_sevcik, thin_layer_peak

RATE = 0.05  # V/s
TIME = np.linspace(0.0, 24.0, 321)
POTENTIAL = 0.3 - np.abs(TIME - 12.0) * RATE
FINGER = Layer(
    thickness=7e-7, diffusivity=7e-10, area=20e-6 * 120e-6, edge=260e-6, concentration=5.0,
    resistance=2e7, formal=0.012, capacitance=2e-11, offset=3e-13,
)  # fmt: skip
NOISE = 0.01 * float(model_current(TIME, POTENTIAL, FINGER).max())


def noisy(seed: int, layer: Layer = FINGER) -> np.ndarray:
    return model_current(TIME, POTENTIAL, layer) + NOISE * np.random.default_rng(seed).normal(size=TIME.size)


def ignorant(**known: float) -> Layer:
    return replace(
        FINGER, **{"thickness": 2e-6, "resistance": 0.0, "formal": 0.0, "capacitance": 0.0, "offset": 0.0, **known}
    )


@pytest.mark.parametrize(("points", "error"), [(301, 1.6e-3), (1201, 1.6e-4)])
def test_peaks(points: int, error: float) -> None:
    """Thin layer without edge, edge without area, thick layer: closed forms of the reversible couple."""
    time = np.linspace(0.0, 12.0, points)
    potential = -0.3 + RATE * time
    bare = Layer(5e-7, 7e-10, 2.5e-9, 0.0, 5.0)
    peak = layer_voltammogram(time, potential, bare).max()
    assert peak == pytest.approx(2.5e-9 * thin_layer_peak(RATE, 1, 5.0, 5e-7), rel=error)
    edge = layer_voltammogram(time, potential, replace(bare, area=1e-20, edge=1e-4)).max()
    assert edge == pytest.approx(1e-4 * 5e-7 * randles_sevcik(RATE, 1, 5.0, 7e-10), rel=error)
    thick = layer_voltammogram(time, potential, replace(bare, thickness=1e-2)).max()
    assert thick == pytest.approx(2.5e-9 * randles_sevcik(RATE, 1, 5.0, 7e-10), rel=error)


def test_step_into_a_film() -> None:
    """The derivative of what has come in is the current of a step, early and late."""
    time = np.array([1e-5, 1e-4, 3e-4, 1e-3])
    h = 1e-4 * time
    flow = (filled(time + h, 1e-9, 1e-6) - filled(time - h, 1e-9, 1e-6)) / (2.0 * h)
    assert flow * 96485.33212 == pytest.approx(film_step(time, 1, 1.0, 1e-9, 1e-6), rel=1e-5)
    assert filled(10.0, 1e-9, 1e-6) == pytest.approx(1e-6, rel=1e-12)


def test_resistance_shifts_and_ferricyanide_mirrors() -> None:
    plain = layer_voltammogram(TIME, POTENTIAL, replace(FINGER, resistance=0.0, offset=0.0))
    drawn = layer_voltammogram(TIME, POTENTIAL, replace(FINGER, offset=0.0))
    shift = POTENTIAL[drawn.argmax()] - POTENTIAL[plain.argmax()]
    assert 0.5 * 2e7 * drawn.max() < shift < 1.5 * 2e7 * drawn.max()
    mirrored = replace(FINGER, oxidised=True, formal=-FINGER.formal, offset=0.0)
    np.testing.assert_allclose(layer_voltammogram(TIME, -POTENTIAL, mirrored), -drawn, atol=1e-9 * drawn.max())


def test_double_layer() -> None:
    """Without a couple: capacitance times rate behind a resistance."""
    layer = replace(FINGER, concentration=1e-12, capacitance=1e-8, resistance=5e7, offset=0.0)
    current = layer_voltammogram(TIME, POTENTIAL, layer)
    assert current[150] == pytest.approx(1e-8 * RATE, rel=1e-3)
    assert current[-1] == pytest.approx(-1e-8 * RATE, rel=1e-3)


def test_truth_lies_in_the_interval_as_often_as_it_should() -> None:
    """30 curves with noise: 95 % of 30 is 28.5, below 24 would happen once in 1,700 ensembles.

    The scatter of the fits is that of the interval as well; 30 of them tell it to 13 % (one sigma).
    """
    free = ("thickness", "diffusivity", "resistance", "formal")
    guess = ignorant(diffusivity=5e-10, capacitance=FINGER.capacitance, offset=FINGER.offset)
    inside, values = dict.fromkeys(free, 0), []
    for seed in range(30):
        fit = fit_layer(TIME, POTENTIAL, noisy(seed), guess, free)
        values.append(np.log(fit.layer.thickness / FINGER.thickness))
        for name in free:
            low, high = fit.intervals[name]
            inside[name] += low <= getattr(FINGER, name) <= high
    assert min(inside.values()) >= 24
    low, high = fit.intervals["thickness"]
    assert 0.5 * np.log(high / low) / 1.97 == pytest.approx(np.std(values), rel=0.45)
    assert abs(np.mean(values)) < 4.0 * np.std(values) / np.sqrt(30)
    assert fit.noise == pytest.approx(NOISE, rel=0.2)


def test_what_a_thin_layer_does_not_hold_is_said() -> None:
    """Without an edge only area times thickness is in the curve, and nothing of the diffusivity."""
    layer = replace(FINGER, edge=0.0)
    free = ("thickness", "area", "formal", "resistance")
    fit = fit_layer(TIME, POTENTIAL, noisy(1, layer), replace(ignorant(edge=0.0), thickness=3e-7), free)
    assert any("area" in text and "thickness" in text for text in fit.words)
    for name in ("thickness", "area"):
        low, high = fit.intervals[name]
        assert high > 4.0 * low
    assert fit.layer.thickness * fit.layer.area == pytest.approx(layer.thickness * layer.area, rel=0.02)
    # area, thickness and diffusivity with an edge: two products for three numbers
    fit = fit_layer(TIME, POTENTIAL, noisy(2), ignorant(), ("thickness", "area", "diffusivity", "formal", "resistance"))
    assert any("only a combination" in text or "is not identifiable" in text for text in fit.words)


def test_priors_hold_what_is_known() -> None:
    loose = fit_layer(TIME, POTENTIAL, noisy(3), ignorant(), ("thickness", "diffusivity", "formal", "resistance"))
    held = fit_layer(
        TIME,
        POTENTIAL,
        noisy(3),
        ignorant(),
        ("thickness", "diffusivity", "formal", "resistance"),
        {"diffusivity": 0.01},
    )
    widths = [np.log(f.intervals["thickness"][1] / f.intervals["thickness"][0]) for f in (loose, held)]
    assert widths[1] < 0.6 * widths[0]
    assert held.layer.diffusivity == pytest.approx(7e-10, rel=0.02)
    assert any("held by what is known" in text for text in held.words)


def test_what_the_model_misses_is_said() -> None:
    """A drift that is no part of the model: correlated residuals, wider intervals."""
    drifting = noisy(4) + 20.0 * NOISE * np.sin(TIME)
    fit = fit_layer(TIME, POTENTIAL, drifting, ignorant(), ("thickness", "formal", "resistance"))
    assert any("residuals are correlated" in text for text in fit.words)
    slow = replace(FINGER, thickness=2e-5)
    fit = fit_layer(TIME, POTENTIAL, noisy(5, slow), replace(slow, thickness=1e-5), ("thickness", "formal"))
    assert any("the layer is not thin" in text for text in fit.words)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"free": ("height",)}, "cannot be fitted: thickness, diffusivity, area"),
        ({"priors": {"area": 0.1}}, "must be a free size"),
        ({"potential": 0.0 * POTENTIAL}, "needs 0.1 V or more"),
        ({"current": 0.0 * TIME}, "nothing to fit"),
        ({"time": TIME[::-1]}, "must increase"),
        ({"time": TIME[:-1]}, "columns of one length"),
        ({"time": TIME[:9], "potential": POTENTIAL[:9], "current": TIME[:9]}, "needs 15 or more finite points, not 9"),
    ],
)
def test_bad_data(change: dict, message: str) -> None:
    data = {"time": TIME, "potential": POTENTIAL, "current": noisy(0)}
    with pytest.raises(InputError, match=message):
        fit_layer(**{**data, "guess": FINGER, **change})


def test_bad_layers() -> None:
    for change, message in (
        ({"thickness": 0.0}, "thickness of the layer is 0; it must be positive"),
        ({"edge": -1.0}, "edge of the layer is -1; it cannot be negative"),
    ):
        with pytest.raises(ValueError, match=message):
            layer_voltammogram(TIME, POTENTIAL, replace(FINGER, **change))
    with pytest.raises(ValueError, match="evenly spaced"):
        layer_voltammogram(TIME**2, POTENTIAL, FINGER)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("potential [V],current [nA]\n0,1\n1,2\n", "has no column of times: give the scan rate"),
        ("time [s],potential [V]\n0,1\n1,2\n", "has no column of current"),
        ("time [s],potential [V],current [kg]\n0,1,1\n1,2,2\n", "kg"),
        ("time [s],potential [V],current [nA]\n0,1,1\n1,2,two\n", 'row 3 = "two": is no number'),
        ("nothing\n", "holds no table"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "cv.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_voltammogram(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_voltammogram(tmp_path / "none.csv")


def test_other_heads(tmp_path: Path) -> None:
    path = tmp_path / "cv.csv"
    path.write_text("# a remark\nEwe/V, I (uA), t/min, temperature\n0.1, -2, 0, 25\n0.2, 3, 0.5, 25\n")
    found = read_voltammogram(path)
    assert found.time.tolist() == [0.0, 30.0]
    assert found.current == pytest.approx([-2e-6, 3e-6])
    path.write_text("potential [V],current [A]\n0.1,1\n0.1,2\n")
    with pytest.raises(InputError, match="repeats a potential"):
        read_voltammogram(path, 0.1)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from simcell.cli import execute

    rows = zip(TIME, 1e3 * POTENTIAL, 1e9 * noisy(6), strict=True)
    path = tmp_path / "cv.csv"
    path.write_text("time [s],potential [mV],current [nA]\n" + "".join(f"{t},{e},{i}\n" for t, e, i in rows))
    given = ["gauge", str(path), "--concentration", "5 mmol/L", "--area", "2400 um^2", "--edge", "260 um"]
    assert execute(given) == 0
    said = capsys.readouterr()
    assert "thickness" in said.out and "diffusivity was held by what is known of it, 8 %" in said.out
    assert (tmp_path / "cv.png").stat().st_size > 10_000
    assert execute([*given, "--free", "thickness,formal", "--json", "-f"]) == 0
    assert '"interval"' in capsys.readouterr().out
    assert execute([*given[:3], "0 mmol/L", *given[4:], "-f"]) == 2
    assert "must be positive" in capsys.readouterr().err
