"""Where a result comes from: enough to repeat the run, cite its data and see whether it was complete."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any, Literal

import numpy as np
import xarray as xr

from simcell import __version__
from simcell.errors import ResultError

ATTRIBUTE = "simcell_provenance"
SCHEMA = 1
STATUSES = ("complete", "interrupted", "failed")

Status = Literal["complete", "interrupted", "failed"]


def provenance(
    *,
    record: Mapping[str, Any],
    record_hash: str,
    case: Mapping[str, Any] | str,
    data_files: Sequence[Mapping[str, Any]] = (),
    solver: Mapping[str, Any] | None = None,
    seed: int | None = None,
    warnings: Sequence[str] = (),
    status: Status = "complete",
    wall_time: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Collect what the attribute `simcell_provenance` holds, in plain JSON types.

    Parameters
    ----------
    record : mapping
        The resolved case in SI numbers.
    record_hash : str
        Its hash, the identity of the run.
    case : mapping or str
        The case as the user gave it, from which the run is repeated.
    data_files : sequence of mapping
        One entry a file: `name`, `sha256`, `doi`.
    solver : mapping, optional
        Settings and counters of the solver.
    seed : int, optional
        Seed of the random numbers, where any were drawn.
    warnings : sequence of str
        What the user was warned of.
    status : {"complete", "interrupted", "failed"}
    wall_time : float, optional
        Duration of the computation, s.
    **more
        Further facts, for example `ensemble`.

    Returns
    -------
    dict

    Raises
    ------
    ResultError
        When something is not JSON, or the status is unknown.

    Examples
    --------
    >>> facts = provenance(record={"case": {}}, record_hash="1f", case={}, seed=3, status="interrupted")
    >>> facts["status"], facts["seed"], sorted(facts["versions"])
    ('interrupted', 3, ['numba', 'numpy', 'python', 'scipy', 'simcell'])
    """
    if status not in STATUSES:
        raise ResultError(f'status "{status}" is not one of {", ".join(STATUSES)}')
    facts = {
        "schema": SCHEMA,
        "status": status,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "hash": record_hash,
        "record": record,
        "case": case,
        "versions": versions(),
        "data_files": list(data_files),
        "solver": solver or {},
        "seed": seed,
        "warnings": list(warnings),
        "wall_time": wall_time,
        **more,
    }
    try:
        return json.loads(json.dumps(facts, allow_nan=False, default=_plain))
    except (TypeError, ValueError) as error:
        raise ResultError(f"provenance cannot be written as JSON: {error}") from error


def read_provenance(tree: xr.DataTree) -> dict[str, Any]:
    """The provenance of a result.

    Examples
    --------
    >>> facts = provenance(record={}, record_hash="1f", case={})
    >>> read_provenance(xr.DataTree(xr.Dataset(attrs={ATTRIBUTE: json.dumps(facts)})))["hash"]
    '1f'
    """
    text = tree.root.attrs.get(ATTRIBUTE)
    if text is None:
        raise ResultError(f"the result has no attribute {ATTRIBUTE}: it cannot be repeated, so it is refused")
    try:
        facts = json.loads(text)
    except (TypeError, ValueError) as error:
        raise ResultError(f"the attribute {ATTRIBUTE} is not JSON ({error})") from error
    if not isinstance(facts, dict) or facts.get("status") not in STATUSES:
        raise ResultError(f"the attribute {ATTRIBUTE} does not describe a simcell run")
    if facts.get("schema", 0) > SCHEMA:
        made = facts.get("versions", {}).get("simcell", "?")
        raise ResultError(f"the file was written by a newer simcell ({made}); this is {__version__}")
    return facts


def versions() -> dict[str, str]:
    """Versions of Python, of simcell and of the packages that the numbers depend on.

    Examples
    --------
    >>> versions()["simcell"] == __version__
    True
    """
    packages = {name: metadata.version(name) for name in ("numpy", "scipy", "numba")}
    return {"python": platform.python_version(), "simcell": __version__, **packages}


def _plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not a JSON type")
