"""Results in space that are made up, but look like those of a beam in water: for tests of pictures and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import k0e

from simcell.numerics.grid import Grid, batch, full, graded, plan, radial, section
from simcell.results import schema
from simcell.results.provenance import provenance

BEAM = 1e-6  # m, radius
SPECIES = ("e_aq-", "H+", "OH-", "H2O2", "H2", "O2", "OH", "O3", "H2O")
LEVEL = (2.5e-3, 2.2e-2, 1e-2, 0.4, 0.5, 0.038, 4e-3, 1e-13, 55500.0)  # mol/m^3 in the beam
LENGTH = (3e-8, 5e-6, 3e-6, 8e-6, 1.2e-5, 8e-6, 5e-8, 1e-6, np.inf)  # m, how far outside the beam
TIMES = (1e-6, 1e-3, 0.1, 1.0, 10.0)


def grid(geometry: str, cells: int = 40) -> Grid:
    """A grid of each kind with a beam of 1 um radius at its origin."""
    x = np.linspace(-20e-6, 20e-6, cells + 1)
    y = np.linspace(-15e-6, 15e-6, 3 * cells // 4 + 1)
    centre = [0.5 * (f[1:] + f[:-1]) for f in (y, x)]
    bulge = 0.5e-6 + 0.2e-6 * np.outer(np.cos(centre[0] / 12e-6), np.cos(centre[1] / 16e-6))
    makers = {
        "batch": batch,
        "radial": lambda: radial(graded(0.0, 25e-6, {BEAM: 10e-9}), 0.5e-6),
        "plan": lambda: plan(x, y, bulge),
        "section": lambda: section(x, np.linspace(0.0, 0.5e-6, 9)),
        "full": lambda: full(x, y, bulge, 4),
    }
    return makers[geometry]()


def lit(g: Grid) -> np.ndarray:
    """Relative dose rate (ny, nx) with a soft edge."""
    y, x = np.meshgrid(g.centre[1] if g.kind not in ("radial", "section") else [0.0], g.centre[2], indexing="ij")
    return np.asarray(1.0 / (1.0 + np.exp((np.hypot(x, y) - BEAM) / 0.12e-6)))


def tree(
    geometry: str,
    times: Sequence[float] = TIMES,
    *,
    species: Sequence[str] = SPECIES,
    level: Sequence[float] = LEVEL,
    length: Sequence[float] = LENGTH,
    dose_rate: float = 7.5e7,
    flow: float = 0.0,
    cells: int = 40,
    facts: Mapping[str, Any] | None = None,
    without: Sequence[str] = (),
) -> xr.DataTree:
    """A result whose species fall off around the beam, with a tail downstream of a flow along x [m/s]."""
    g = grid(geometry, cells)
    dims = {"batch": [], "radial": ["x"], "plan": ["y", "x"], "section": ["z", "x"], "full": ["z", "y", "x"]}[geometry]
    keep = tuple(slice(None) if dim in dims else 0 for dim in ("z", "y", "x"))
    plane = tuple(slice(None) if dim in dims else 0 for dim in ("y", "x"))
    y, x = np.meshgrid(g.centre[1] if "y" in dims else [0.0], g.centre[2], indexing="ij")
    r = np.maximum(np.hypot(x, y), BEAM)
    time = np.asarray(times, float)
    fields = np.empty((len(species), *g.shape))
    for i, (top, far) in enumerate(zip(level, length, strict=True)):
        if dose_rate == 0.0 and not np.isinf(far):
            top = 0.0
        shape = np.exp(-(r - BEAM) / far)
        if flow and np.isfinite(far):
            p = flow / 2e-9 / 2.0
            shape = (
                k0e(p * r + 0.02)
                / k0e(p * BEAM + 0.02)
                * np.exp(p * (np.minimum(x, r) - r))
                * np.exp(-(r - BEAM) / (4.0 * far))
            )
        fields[i] = top * shape + 1e-13
    growth = 1.0 - np.exp(-time / 0.1)
    c = fields * np.where(np.isinf(length), 1.0, growth[:, None])[:, :, None, None, None]
    start = np.array([top if np.isinf(far) else 0.0 for top, far in zip(level, length, strict=True)])
    acid = c[:, min(1, len(species) - 1)]
    ph = 7.0 - 2.3 * acid / acid.max() * (dose_rate > 0.0)
    h2 = list(species).index("H2") if "H2" in species else 0
    ratio = np.stack([c[:, h2] / 0.45, 0.1 * c[:, h2]], axis=1)
    group: dict[str, Any] = {
        "concentration": (["time", "species", *dims], c[(slice(None), slice(None), *keep)]),
        "initial_concentration": (["species"], start),
        "pH": (["time", *dims], ph[(slice(None), *keep)]),
        "gas_saturation": (["time", "gas", *dims], ratio[(slice(None), slice(None), *keep)]),
        "gas_pressure": (["time", *dims], (1e5 * ratio.sum(axis=1) + 3e3)[(slice(None), *keep)]),
        "outflow": (["time", "species"], 1e-18 * growth[:, None] * np.asarray(level)),
        "inventory": (["time", "species"], (c * g.volume).sum(axis=(2, 3, 4))),
    }
    cell: dict[str, Any] = {}
    if dims:
        cell["volume"] = (dims, g.volume[keep])
    if "y" in dims:
        cell["liquid_thickness"] = (["y", "x"], g.volume.sum(axis=0) / g.area[0][0])
    if flow:
        cell["velocity_x"] = (dims, np.full(g.shape, flow)[keep])
    beam = (
        {"dose_rate": ([d for d in dims if d != "z"], dose_rate * lit(g)[plane])}
        if dims
        else {"dose_rate": ([], dose_rate)}
    )
    coords: dict[str, Any] = {"time": time, "species": list(species), "gas": ["H2", "O2"]}
    coords |= {dim: g.centre[axis] for axis, dim in enumerate(("z", "y", "x")) if dim in dims}
    if geometry == "full":
        coords["z"] = g.centre[0] * 0.6e-6
    groups = {"beam": beam, "cell": cell, "radiolysis": {k: v for k, v in group.items() if k not in without}}
    record = {"record": {}, "record_hash": "0", "case": {}} | dict(facts or {})
    return schema.build(groups, coords, {"geometry": geometry, "simcell_provenance": provenance(**record)})
