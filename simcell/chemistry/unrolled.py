"""Straight-line kernels for one mechanism: the same loop as `kernels.advance`, four to five times faster a step.

The functions of `kernels.py` that walk through tables are written out for one mechanism (every rate, every entry of
the matrix, every elimination on a line of its own); the rest of that file is taken over as it stands, so there is one
integrator. The text goes to a cache folder under the hash of what it was made from and is compiled once, in some
seconds for 15 species. Compile time grows faster than the text: beyond `LARGEST` the tables are the better choice.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import numpy as np

from simcell.cache import cache_folder
from simcell.chemistry import kernels
from simcell.chemistry.network import Network
from simcell.errors import InputError, Problem
from simcell.numerics import jit

LARGEST = 400  # non-zeros of the factors; 15 species of neat water have 166, 42 species about 900


def unrolled(net: Network) -> ModuleType:
    """Give `kernels` written out for a mechanism, made and compiled on first use.

    Parameters
    ----------
    net : Network

    Returns
    -------
    module
        With the functions `advance` and `advance_batch` of `kernels`.

    Raises
    ------
    InputError
        If the mechanism is too large for this to pay.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> text = source_text(Network.of(load_mechanism("water")))
    >>> "def advance(" in text
    True
    """
    if len(net.nonzero) > LARGEST:
        raise InputError(
            Problem(
                "", "solver.kernel", "unrolled",
                f'"{net.mechanism.name}" has {len(net.nonzero)} matrix entries; beyond {LARGEST} it takes minutes',
                '"table"',
            )
        )  # fmt: skip
    return _module(source_text(net))


def _module(text: str) -> ModuleType:
    made_of = text + inspect.getsource(jit)  # compiled code is kept under this name, and depends on both
    name = f"simcell_unrolled_{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    path = cache_folder() / f"{name}.py"
    try:
        _write_once(path, text)
    except OSError:  # no cache folder can be written: this process only
        path = Path(tempfile.mkdtemp(prefix="simcell-")) / f"{name}.py"
        _write_once(path, text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _write_once(path: Path, text: str) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.tmp")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def source_text(net: Network) -> str:
    """Text of `kernels.py` with the table-driven functions written out for one mechanism.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> "w72 = k[72] * c0" in source_text(Network.of(load_mechanism("water")))
    True
    """
    text = inspect.getsource(kernels)
    # numba caches a namedtuple by its class: keep the one of the package
    text = re.sub(
        r"\nclass Tables\(NamedTuple\):.*?\n\n\n",
        "\nfrom simcell.chemistry.kernels import Tables\n\n\n",
        text,
        flags=re.S,
    )
    for name, body in (
        ("production", _production(net)),
        ("iteration_matrix", _iteration_matrix(net)),
        ("factor", _factor(net)),
        ("solve", _solve(net)),
        ("weigh", _weigh(net)),
        ("restore", _restore(net)),
    ):
        head = re.search(rf"def {name}\(.*?\):\n", text)
        assert head is not None
        end = text.index("\n\n\n", head.end())
        text = text[: head.end()] + "".join(f"    {line}\n" for line in body).rstrip("\n") + text[end:]
    return text


def _product(net: Network, *species: int) -> str:
    return "".join(f" * c{s}" for s in species if s < len(net.names))


def _load(net: Network) -> list[str]:
    return [f"c{i} = c[{i}]" for i in range(len(net.names))]


def _sum(terms: list[tuple[float, str]]) -> str:
    """A signed sum in two halves, which run side by side."""
    text = [f"{'-' if nu < 0 else '+'} {'' if abs(nu) == 1 else f'{abs(nu)!r} * '}{name}" for nu, name in terms]
    half = (len(text) + 1) // 2
    return " + ".join(f"({' '.join(part)})" for part in (text[:half], text[half:]) if part)


def _production(net: Network) -> list[str]:
    t = net.tables
    lines = _load(net)
    lines += [f"w{r} = k[{r}]{_product(net, *map(int, row))}" for r, row in enumerate(t.reactants)]
    for i in range(len(net.names)):
        terms = [(float(t.term_nu[j]), f"w{t.term_reaction[j]}") for j in np.flatnonzero(t.term_species == i)]
        lines.append(f"f[{i}] = source[{i}] + {_sum(terms) or '0.0'}")
    return lines


def _iteration_matrix(net: Network) -> list[str]:
    t, n = net.tables, len(net.names)
    lines = _load(net)
    lines += [f"s{s} = k[{r}]{_product(net, *map(int, t.slope_other[s]))}" for s, r in enumerate(t.slope_reaction)]
    for i, j in sorted(net.nonzero, key=lambda place: place[::-1]):
        place = j * n + i
        terms = [(-float(t.entry_nu[e]), f"s{t.entry_slope[e]}") for e in np.flatnonzero(t.entry_place == place)]
        parts = (["diagonal"] if i == j else []) + ([_sum(terms)] if terms else [])
        lines.append(f"matrix[{place}] = {' + '.join(parts) or '0.0'}")
    return lines


def _factor(net: Network) -> list[str]:
    n = len(net.names)
    lines = [f"m{j * n + i} = matrix[{j * n + i}]" for i, j in sorted(net.nonzero)]
    for p in range(n):
        below = sorted(i for i, j in net.nonzero if j == p and i > p)
        right = sorted(j for i, j in net.nonzero if i == p and j > p)
        lines.append(f"d{p} = 1.0 / m{p * n + p}")
        lines += [f"m{p * n + i} *= d{p}" for i in below]
        lines += [f"m{j * n + i} -= m{p * n + i} * m{j * n + p}" for j in right for i in below]
    lines += [f"matrix[{j * n + i}] = m{j * n + i}" for i, j in sorted(net.nonzero) if i != j]
    return lines + [f"inverse_pivot[{p}] = d{p}" for p in range(n)]


def _solve(net: Network) -> list[str]:
    n = len(net.names)
    lines = [f"x{i} = x[{i}]" for i in range(n)]
    for p in range(n):
        lines.append(f"x{p} = 0.0 if abs(x{p}) <= TINY else x{p}")
        lines += [f"x{i} -= matrix[{p * n + i}] * x{p}" for i in range(p + 1, n) if (i, p) in net.nonzero]
    for p in range(n - 1, -1, -1):
        lines.append(f"x{p} *= inverse_pivot[{p}]")
        lines.append(f"x{p} = 0.0 if abs(x{p}) <= TINY else x{p}")
        lines += [f"x{i} -= matrix[{p * n + i}] * x{p}" for i in range(p) if (i, p) in net.nonzero]
    return lines + [f"x[{i}] = x{i}" for i in range(n)]


def _row(net: Network, p: int, weights: str = "") -> str:
    """Sum of one row of A over species, as text; {i} stands for the number of the species."""
    row = net.tables.invariants[p]
    return _sum([(float(row[i]), weights.format(i=i)) for i in np.flatnonzero(row)]) or "0.0"


def _weigh(net: Network) -> list[str]:
    a = net.tables.invariants
    m = a.shape[0]
    lines = _load(net)
    for p in range(m):
        for q in range(p + 1):
            both = a[p] * a[q]
            terms = [(float(both[i]), f"c{i}") for i in np.flatnonzero(both)]
            lines.append(f"n{p}_{q} = {_sum(terms) or '0.0'}")
    for p in range(m):
        for q in range(p):
            lines += [f"n{p}_{q} -= n{p}_{s} * n{q}_{s} * n{s}_{s}" for s in range(q)]
            lines.append(f"n{p}_{q} = n{p}_{q} / n{q}_{q} if n{q}_{q} > 0.0 else 0.0")
        lines.append(f"scale = n{p}_{p}")
        lines += [f"n{p}_{p} -= n{p}_{s} * n{p}_{s} * n{s}_{s}" for s in range(p)]
        lines += [f"if n{p}_{p} <= 1e-12 * scale:", f"    n{p}_{p} = 0.0"]
    return lines + [f"normal[{p}, {q}] = n{p}_{q}" for p in range(m) for q in range(p + 1)]


def _restore(net: Network) -> list[str]:
    a = net.tables.invariants
    m, n = a.shape
    lines = [f"x{i} = x[{i}]" for i in range(n)]
    for p in range(m):
        lines.append(f"y{p} = target[{p}] - ({_row(net, p, 'x{i}')})")
        lines += [f"y{p} -= normal[{p}, {s}] * y{s}" for s in range(p)]
    for p in range(m - 1, -1, -1):
        lines.append(f"y{p} = y{p} / normal[{p}, {p}] if normal[{p}, {p}] > 0.0 else 0.0")
        lines += [f"y{p} -= normal[{s}, {p}] * y{s}" for s in range(p + 1, m)]
    lines.append("worst = 0.0")
    for i in range(n):
        change = _sum([(float(a[p, i]), f"y{p}") for p in np.flatnonzero(a[:, i])])
        if change:
            lines += [f"change = {change}", f"x[{i}] = x{i} + c[{i}] * change"]
            lines += [f"if c[{i}] > 0.0 and abs(change) > worst:", "    worst = abs(change)"]
    return [*lines, "return worst"]
