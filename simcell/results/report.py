"""The end of a run as text: three numbers that matter, when the liquid is steady, warnings, what to do next."""

from __future__ import annotations

import unicodedata

import numpy as np
import xarray as xr

from simcell.results import gather, report_gas, report_growth, report_space, report_transport, space
from simcell.results.provenance import ATTRIBUTE, read_provenance
from simcell.results.schema import extra_dims

MOLAR = 1e-3  # (mol/L) in one mol/m^3
PEROXIDE = "H2O2"
RADICALS = ("OH", "e_aq-", "H", "O2-", "HO2")

# What a console without UTF-8 gets instead; everything else loses its accents or becomes "?".
_PLAIN = {
    "µ": "u", "μ": "u", "Å": "angstrom", "Ω": "ohm", "°": "deg", "·": "*", "×": "x",
    "−": "-", "–": "-", "—": "-", "→": "->", "⇌": "<=>", "±": "+-", "≤": "<=", "≥": ">=", "≈": "~", "…": "...",
    "²": "^2", "³": "^3", "⁻": "^-", "⁺": "^+", "₂": "2", "₃": "3", "“": '"', "”": '"', "‘": "'", "’": "'",
    "█": "#", "━": "-", "─": "-", "│": "|", "✓": "ok", "•": "*",
}  # fmt: skip


def summary(tree: xr.DataTree, file: str = "out.nc", case: str = "case.toml") -> str:
    """Tell a run in a few lines.

    Parameters
    ----------
    tree : xarray.DataTree
    file, case : str
        Names for the next command that is proposed.

    Returns
    -------
    str

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time"], [7.0, 4.65])}}, {"time": [0.0, 1.0]})
    >>> print(summary(tree))
    pH       4.65 after 1 s (7.00 at the start)
    next     simcell plot out.nc
    """
    facts = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}
    rows: list[tuple[str, str]]
    if "transport" in tree.children and not extra_dims(tree):
        rows = report_transport.rows(tree, facts)
    elif "dendrite" in tree.children and not extra_dims(tree):
        rows = report_growth.rows(tree)
    elif "radiolysis" not in tree.children:
        rows = []
    elif extra_dims(tree):
        rows = _range_rows(tree)
    elif space.is_spatial(tree):
        rows = report_space.rows(tree, facts)
    else:
        group = gather.radiolysis(tree)
        settled, beam = _settled(tree), _beam_at_end(tree)
        samples = gather.samples(tree)
        rows = _ph(group, settled, beam, samples, facts)
        rows += [*_gas(group, settled, beam, samples), *_pressure(group, settled, beam), *report_gas.bubble(group)]
        rows += [*_oxidant(group, settled, beam, samples)]
        if gather.always_on(tree):  # what the steady state of a steady beam is says nothing about another
            rows += [*_steady(group), *_members(group)]
    status = facts.get("status", "complete")
    if status != "complete":
        rows.insert(0, ("status", f"{status}: what was computed until then is kept"))
    rows += [("warning", text) for text in dict.fromkeys(facts.get("warnings", []))]
    rows.append(("next", _next(tree, file, case)))
    return "\n".join(f"{name:<8} {text}" for name, text in rows)


def console_safe(text: str, encoding: str | None) -> str:
    """Text that a console can print: as it is where its encoding allows, else in plain letters.

    Parameters
    ----------
    text : str
    encoding : str or None
        As in `sys.stdout.encoding`.

    Returns
    -------
    str

    Examples
    --------
    >>> console_safe("10 µm, 1 Å", "utf-8"), console_safe("10 µm, 1 Å → é", "ascii")
    ('10 µm, 1 Å', '10 um, 1 angstrom -> e')
    """
    encoding = encoding or "ascii"
    text = unicodedata.normalize("NFC", text)  # one letter for each of the two angstrom and ohm signs
    return "".join(character if _fits(character, encoding) else _plainly(character) for character in text)


def concentration(value: float) -> str:
    """A concentration given in mol/m^3 as a chemist writes it, in letters of ASCII.

    Examples
    --------
    >>> concentration(0.65), concentration(1.5e-6), concentration(0.0)
    ('650 uM', '1.5 nM', '0 M')
    """
    return _scaled(value * MOLAR, "M")


def duration(seconds: float) -> str:
    """A time as people say it, in letters of ASCII.

    Examples
    --------
    >>> duration(1.1e-3), duration(100.0), duration(1e5)
    ('1.1 ms', '100 s', '1e+05 s')
    """
    return _scaled(seconds, "s")


def _scaled(value: float, unit: str) -> str:
    for size, prefix in ((1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p")):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g} {prefix}{unit}" if value < 1e3 else f"{value:.4g} {unit}"
    return f"{value:.3g} {unit}"


def _fits(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return character.isascii()
    return True


def _plainly(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    stripped = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return stripped or "?"


def _last(group: xr.Dataset, name: str, settled: bool, beam: str = "") -> tuple[xr.DataArray, str] | None:
    """The steady value where the run came to rest under the beam, else the last one, and words for when."""
    steady = group.get(f"steady_{name}")
    if steady is not None and (settled or name not in group):
        return steady, "at the steady state"
    if name not in group:
        return None
    return group[name].isel(time=-1), f"after {duration(float(group['time'][-1]))}{beam}"


def _settled(tree: xr.DataTree) -> bool:
    group = gather.radiolysis(tree)
    if "time_to_steady" not in group or "time" not in group.coords:
        return "time" not in group.coords
    return gather.always_on(tree) and float(group["time_to_steady"]) <= float(group["time"][-1])


def _beam_at_end(tree: xr.DataTree) -> str:
    if gather.always_on(tree):
        return ""
    return " (beam on)" if gather.on_at_end(tree) else " (beam off)"


def _interval(group: xr.Dataset, name: str, samples: int | None, **where: str) -> str:
    found = gather.last_band(group, name)
    if found is None:
        return ""
    low, high, inside = found
    low_text, high_text = _pair(name, float(low.sel(where)), float(high.sel(where)))
    share = "" if samples is not None and samples < gather.ENOUGH_SAMPLES else f"{100 * inside:.3g} % "
    count = "" if samples is None else f" (of {samples} samples)"
    return f", {share}between {low_text} and {high_text}{count}"


def _pair(name: str, low: float, high: float) -> tuple[str, str]:
    low, high = min(low, high), max(low, high)
    if name == "concentration":
        return concentration(low), concentration(high)
    return (f"{low:.2f}", f"{high:.2f}") if name == "pH" else (f"{low:.2g}", f"{high:.2g}")


def _ph(
    group: xr.Dataset, settled: bool, beam: str, samples: int | None, facts: dict[str, object]
) -> list[tuple[str, str]]:
    found = _last(group, "pH", settled, beam)
    if found is None:
        return []
    start = f" ({gather.start(group, facts)})" if "pH" in group else ""
    return [("pH", f"{float(found[0]):.2f} {found[1]}{_interval(group, 'pH', samples)}{start}")]


def _gas(group: xr.Dataset, settled: bool, beam: str, samples: int | None) -> list[tuple[str, str]]:
    found = _last(group, "gas_saturation", settled, beam)
    if found is None:
        return []
    values, when = found
    crossed = _first_crossing(group)
    gases = [str(gas) for gas in values["gas"].values]
    chosen = crossed[0] if crossed else ("H2" if "H2" in gases else gases[int(np.argmax(values.values))])
    ratio = float(values.sel(gas=chosen))
    text = f"{ratio:.3g} of its saturation {when}{_interval(group, 'gas_saturation', samples, gas=chosen)}"
    if crossed:
        text += f"; {chosen} alone passes 1 atm at {duration(crossed[1])}, other dissolved gases come on top"
    return [(chosen, text)]


def _pressure(group: xr.Dataset, settled: bool, beam: str) -> list[tuple[str, str]]:
    """All gases together, and what of the criteria for a bubble they have passed."""
    found = _last(group, "gas_pressure", settled, beam)
    if found is None or found[0].ndim or "bubble_threshold" not in group:
        return []
    text = f"{report_gas.atmospheres(float(found[0]))} of all gases and vapour {found[1]}"
    return report_gas.criteria(group, text)


def _first_crossing(group: xr.Dataset) -> tuple[str, float] | None:
    """The gas that passes saturation first and when, interpolated between the samples."""
    if "gas_saturation" not in group:
        return None
    time, found = group["time"].values, []
    for gas in (str(name) for name in group["gas"].values):
        ratio = group["gas_saturation"].sel(gas=gas).values
        above = np.flatnonzero(ratio > 1.0)
        if len(above) and (i := int(above[0])) > 0:
            share = (1.0 - ratio[i - 1]) / (ratio[i] - ratio[i - 1])
            found.append((float(time[i - 1] + share * (time[i] - time[i - 1])), gas))
        elif len(above):
            found.append((float(time[0]), gas))
    return (min(found)[1], min(found)[0]) if found else None


def _oxidant(group: xr.Dataset, settled: bool, beam: str, samples: int | None) -> list[tuple[str, str]]:
    found = _last(group, "concentration", settled, beam)
    if found is None:
        return []
    values, when = found
    names = [str(name) for name in values["species"].values]
    present = [name for name in (PEROXIDE, *RADICALS) if name in names]
    if not present:
        return []
    # Peroxide where the mechanism has it, else the most abundant radical.
    name = PEROXIDE if PEROXIDE in names else max(present, key=lambda s: float(values.sel(species=s)))
    amount = concentration(float(values.sel(species=name)))
    return [(name, f"{amount} {when}{_interval(group, 'concentration', samples, species=name)}")]


def _steady(group: xr.Dataset) -> list[tuple[str, str]]:
    if "time_to_steady" not in group:
        return []
    seconds = float(group["time_to_steady"])
    if not np.isfinite(seconds):
        return [("steady", "not within this run")]
    later = " later than this run ends" if seconds > float(group["time"][-1]) else ""
    about = float(f"{seconds:.2g}")  # known to the spacing of its search, some 6 %
    return [("steady", f"after {duration(about)}{',' if later else ''}{later}")]


def _members(group: xr.Dataset) -> list[tuple[str, str]]:
    """What the choice among published mechanisms and sets of G-values alone does."""
    parts, count = [], 0
    wanted: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("pH", "pH", {}),
        ("gas_saturation", "H2", {"gas": "H2"}),
        ("concentration", PEROXIDE, {"species": PEROXIDE}),
    )
    for name, shown, where in wanted:
        found = gather.member_range(group, name)
        if found is None or any(value not in group[dim].values for dim, value in where.items()):
            continue
        count = found[2]
        low, high = _pair(name, float(found[0].sel(where)), float(found[1].sel(where)))
        parts.append(f"{shown} {low} to {high}{' of its saturation' if name == 'gas_saturation' else ''}")
    return [("spread", f"over {count} mechanisms and sets of G-values, steady: {', '.join(parts)}")] if parts else []


def _range_rows(tree: xr.DataTree) -> list[tuple[str, str]]:
    group, dims = gather.radiolysis(tree), extra_dims(tree)
    runs = int(np.prod([group.sizes[dim] for dim in dims]))
    steady = "steady_concentration" in group and gather.always_on(tree)
    rows = [("runs", f"{runs} ({', '.join(dims)})")]
    for name, species in (("pH", None), ("gas_saturation", "H2"), ("concentration", PEROXIDE)):
        found = _last(group, name, steady)
        if found is None:
            continue
        values, when = found
        if species is not None:
            label = "gas" if name == "gas_saturation" else "species"
            if species not in values[label].values:
                continue
            values = values.sel({label: species})
        low, high = float(values.min()), float(values.max())
        if name == "concentration":
            rows.append((PEROXIDE, f"{concentration(low)} to {concentration(high)} {when}"))
        elif name == "pH":
            rows.append(("pH", f"{low:.2f} to {high:.2f} {when}"))
        else:
            rows.append(("H2", f"{low:.3g} to {high:.3g} of its saturation {when}{_where_saturated(values)}"))
    return rows


def _where_saturated(ratio: xr.DataArray) -> str:
    """Where along the one varied number the gas reaches saturation."""
    if ratio.ndim != 1 or ratio[ratio.dims[0]].dtype.kind not in "iuf":
        return ""
    axis = ratio[ratio.dims[0]].sortby(ratio.dims[0])
    unit = str(axis.attrs.get("units", "")).removeprefix("1")
    found = gather.crossings(axis.values.astype(float), ratio.sortby(ratio.dims[0]).values)
    return "".join(f"; saturated at {ratio.dims[0]} = {at:.3g} {unit}".rstrip() for at in found)


def _next(tree: xr.DataTree, file: str, case: str) -> str:
    if "dendrite" in tree.children and not extra_dims(tree):
        return f"simcell plot {_quoted(file)} --movie growth.gif"
    if "transport" in tree.children and not extra_dims(tree):
        return f"simcell plot {_quoted(file)} --csv {_quoted(file.removesuffix('.nc') + '.csv')}"
    if space.is_spatial(tree) and not extra_dims(tree):
        return f"simcell plot {_quoted(file)} --what reach -o reach.png"
    if "radiolysis" in tree.children and not extra_dims(tree):
        group = gather.radiolysis(tree)
        crossed = _first_crossing(group)
        if crossed:
            return f'simcell limit {_quoted(case)} --keep "{crossed[0]}<1 sat"'
        if "throughput" in group and PEROXIDE in group.get("species", []):
            return f"simcell plot {_quoted(file)} --kind throughput --species {PEROXIDE} -o {PEROXIDE}.png"
    if len(extra_dims(tree)) > 1:
        return f"{file} holds more than one range: open it in Python with simcell.open_result"
    return f"simcell plot {_quoted(file)}"


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
