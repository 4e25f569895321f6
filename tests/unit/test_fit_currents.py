"""Fits of measured currents: a couple on a line, beam on and off, and files as potentiostats write them."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simcell.case import Case
from simcell.errors import InputError
from simcell.studies.fit import fit
from simcell.studies.outputs import output_of
from simcell.studies.run import run_case
from simcell.studies.traces import Trace, read_trace
from tests.unit.test_controls import cell

CURRENT = "electrode_current.working"
TIMES = np.linspace(0.05, 1.0, 20)


def couple(potential: str = "0.05 V") -> Case:
    """A step of the potential at an electrode in ferrocyanide: kinetics at first, diffusion then."""
    ferro = {"name": "ferro", "oxidised": "Fe(CN)6^3-", "reduced": "Fe(CN)6^4-", "electrons": 1,
             "rate_constant": "5e-5 m/s"}  # fmt: skip
    step = {"technique": "potentiostatic", "potential": potential, "duration": "1 s"}
    data: dict[str, Any] = {
        "case": {"physics": ["transport"], "duration": "1 s"},
        "grid": {"geometry": "line", "extent": "100 um"},
        "electrolyte": {"concentrations": {"K+": "104 mM", "Cl-": "100 mM", "Fe(CN)6^4-": "1 mM"}},
        "electrode": [
            {"name": "working", "role": "working", "area": "1000 um^2", "reaction": [ferro]},
            {"name": "counter", "role": "counter"},
        ],
        "protocol": {"steps": [step]},
    }  # fmt: skip
    return Case.from_dict(data)


def measured(case: Case, times: np.ndarray, noise: float, seed: int) -> Trace:
    """What an instrument would record of a run: at these times, with noise of this share of the largest value."""
    tree = run_case(case.replace("output.times", [f"{t!r} s" for t in times.tolist()]))
    exact = output_of(tree, CURRENT).values
    assert exact.size == times.size
    sigma = noise * np.abs(exact).max()
    values = exact + sigma * np.random.default_rng(seed).normal(size=exact.size)
    return Trace(times, {CURRENT: values * 1e9}, {CURRENT: "nA"}, {CURRENT: np.full(exact.size, sigma * 1e9)})


def test_kinetics_and_area_are_found_from_a_step() -> None:
    """Noise of 1 %: what was put in lies within three standard errors, and these are of the size of the noise."""
    truth = {"electrode.working.area": 1.3e-9, "electrode.working.reaction.ferro.rate_constant": 2e-5}
    case = couple()
    data = measured(case.replace_all({k: f"{v} {u}" for (k, v), u in zip(truth.items(), ("m^2", "m/s"), strict=True)}),
                    TIMES, 0.01, 5)  # fmt: skip
    free = ["electrode.working.area=500um^2..3000um^2",
            "electrode.working.reaction.ferro.rate_constant=1e-6m/s..1e-3m/s:log"]  # fmt: skip
    found = fit(case, data, free)
    for e in found.estimates:
        assert e.identifiable
        assert abs(np.log(e.value / truth[e.key])) < 1.5 * np.log(e.high / e.low) / 2.0
        assert e.high / e.low < 1.5
    assert not found.remarks and found.misfit < 2.5


def test_a_rate_that_diffusion_hides_is_named() -> None:
    """At the limiting current the rate constant leaves no trace: any value above what is needed will do."""
    case = couple("0.5 V")
    found = fit(
        case, measured(case, TIMES, 0.01, 6), ["electrode.working.reaction.ferro.rate_constant=1e-6m/s..1m/s:log"]
    )
    assert [e.identifiable for e in found.estimates] == [False]
    assert "rate_constant is not identifiable" in found.remarks[0]


def test_the_beam_is_taken_out_of_a_trace_with_beam() -> None:
    """On and off together: the scale of the yields comes back, and the corrected trace is the one without beam."""
    case = cell(grid={"geometry": "line", "extent": "2 um", "spacing": "400 nm"})
    times = np.array([0.1, 0.2, 0.3])
    short = case.replace_all({"case.duration": "0.3 s", "output.times": ["0.3 s"], "solver.rtol": 1e-3})
    dark = [{"from": "0 s", "to": "0.3 s", "on": False}]
    on = measured(short.replace("radiolysis.g_scale", 1.3), times, 0.01, 7)
    off = measured(short.replace("beam.schedule", dark), times, 0.01, 8)
    found = fit(short, on, ["radiolysis.g_scale=0.5..2"], off)
    (scale,) = found.estimates
    assert scale.identifiable and scale.low < 1.3 < scale.high
    assert scale.high - scale.low < 0.1
    noise = 1e-9 * on.sigma[CURRENT][0]
    np.testing.assert_allclose(found.corrected[CURRENT], 1e-9 * off.values[CURRENT], rtol=0, atol=5 * noise)
    assert np.abs(found.corrected[CURRENT]).max() < 0.2 * 1e-9 * np.abs(on.values[CURRENT]).max()


def as_mpt(time: np.ndarray, current: np.ndarray, potential: np.ndarray) -> bytes:
    """A text file of EC-Lab with the columns of a voltammogram, decimal commas and degrees included."""
    rows = ["mode\ttime/s\tEwe/V\t<I>/mA\tTemperature/\N{DEGREE SIGN}C"]
    rows += [
        f"2\t{t:.6E}\t{e:.6E}\t{i:.6E}\t25".replace(".", ",") for t, e, i in zip(time, potential, current, strict=True)
    ]
    head = ["EC-Lab ASCII FILE", "Nb header lines : 4", "Chronoamperometry"]
    return ("\r\n".join([*head, *rows]) + "\r\n").encode("latin-1")


def as_mpr(time: np.ndarray, current: np.ndarray, potential: np.ndarray) -> bytes:
    """A binary file of EC-Lab: two modules, of settings and of data with the columns 4, 6 and 8."""

    def module(name: bytes, data: bytes, version: int) -> bytes:
        return b"MODULE" + name.ljust(10) + name.ljust(25) + struct.pack("<II", len(data), version) + b"01/02/26" + data

    head = struct.pack("<IB", time.size, 3) + struct.pack("<3H", 4, 6, 8)
    rows = b"".join(struct.pack("<dff", *row) for row in zip(time, potential, current, strict=True))
    magic = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + b"\0\0\0\0"
    return magic + module(b"VMP Set", b"", 0) + module(b"VMP data", head.ljust(405, b"\0") + rows, 2)


def as_dta(time: np.ndarray, current: np.ndarray, potential: np.ndarray) -> bytes:
    """A file of Gamry's Framework with one curve."""
    rows = ["EXPLAIN", "TAG\tCHRONOA", "TITLE\tLABEL\tstep\tTest", f"CURVE\tTABLE\t{time.size}",
            "\tPt\tT\tVf\tIm\tOver", "\t#\ts\tV vs. Ref.\tA\tbits"]  # fmt: skip
    rows += [
        f"\t{n}\t{t:.8g}\t{e:.8g}\t{i * 1e-3:.8g}\t..........."
        for n, (t, e, i) in enumerate(zip(time, potential, current, strict=True))
    ]
    return ("\r\n".join(rows) + "\r\n").encode()


@pytest.mark.parametrize(("name", "write", "package"), [
    ("a.mpt", as_mpt, "galvani"), ("a.mpr", as_mpr, "galvani"), ("a.DTA", as_dta, "gamry_parser"),
])  # fmt: skip
def test_a_file_of_a_potentiostat_is_read(tmp_path: Path, name: str, write: Any, package: str) -> None:
    """Times that come twice and time zero are left out; units become SI; the working electrode has its name."""
    pytest.importorskip(package)
    time = np.array([0.0, 0.1, 0.2, 0.2, 0.3])
    (tmp_path / name).write_bytes(write(time, -2.5e-6 * time, 0.1 + time))
    found = read_trace(tmp_path / name, "anode")
    np.testing.assert_allclose(found.time, [0.1, 0.2, 0.3], rtol=1e-12)
    np.testing.assert_allclose(found.values["electrode_potential.anode"], 0.1 + found.time, rtol=1e-6)
    np.testing.assert_allclose(found.values["electrode_current.anode"], -2.5e-9 * found.time, rtol=1e-6)
    assert found.unit == {"electrode_current.anode": "A", "electrode_potential.anode": "V"}
    only = read_trace(tmp_path / name, "anode", ["electrode_current.anode"])
    assert list(only.values) == list(only.unit) == ["electrode_current.anode"]
    with pytest.raises(InputError, match=r"pH.*is not in the file, which has electrode_current\.anode"):
        read_trace(tmp_path / name, "anode", ["pH"])


@pytest.mark.parametrize(("name", "package"), [("a.mpt", "galvani"), ("a.mpr", "galvani"), ("a.DTA", "gamry_parser")])
def test_what_is_no_such_file_or_has_no_reader_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    (tmp_path / name).write_bytes(b"time,current\n0,1\n")
    with pytest.MonkeyPatch.context() as patch:
        for module in (package, "galvani.BioLogic"):
            patch.setitem(sys.modules, module, None)
        with pytest.raises(InputError, match=rf'is read by the package {package}: pip install "simcell\[echem\]"'):
            read_trace(tmp_path / name)
    pytest.importorskip(package)
    with pytest.raises(InputError, match=r"cannot be read as a file of this kind|has the columns"):
        read_trace(tmp_path / name)
