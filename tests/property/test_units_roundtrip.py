"""Quantities survive the way out and in, in whatever unit they are written."""

from __future__ import annotations

import contextlib
import math
import string
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from simcell import units
from simcell.case import Case
from simcell.errors import InputError
from simcell.units import UnitError, parse, parse_vary

KINDS = sorted(units.kinds())
PREFIXES = {"": 0, "k": 3, "m": -3, "u": -6, "µ": -6, "n": -9, "M": 6}
# far from the ends of the floats, where a product would leave them
NUMBERS = st.floats(1e-200, 1e200)


@given(kind=st.sampled_from(KINDS), value=NUMBERS)
@settings(deadline=None)
def test_si_text_is_read_back_to_the_last_bit(kind, value):
    assert parse(f"{value!r} {units.kinds()[kind].si}".strip(), kind) == value


@given(value=NUMBERS, prefix=st.sampled_from(sorted(PREFIXES)))
@settings(deadline=None)
def test_a_prefix_is_a_power_of_ten_rounded_once(value, prefix):
    # the exact decimal product, rounded by Python's own reading of the shifted exponent
    digits, _, exponent = f"{value:.16e}".partition("e")
    exact = float(f"{digits}e{int(exponent) + PREFIXES[prefix]}")
    assert parse(f"{digits}e{exponent} {prefix}s", "time") == exact


@given(value=NUMBERS)
@settings(deadline=None)
def test_pint_quantities_and_text_agree(value):
    assert parse(units.quantity(value, "Gy/s"), "dose_rate") == parse(f"{value!r} Gy/s", "dose_rate")


@given(text=st.text(max_size=40) | st.text(alphabet=string.digits + "eE+-.^*/() nmskVGyAÅµ²⁻", max_size=40))
@settings(deadline=None, max_examples=300)
def test_any_text_is_a_number_or_a_unit_error(text):
    for kind in ("length", "flux", "temperature", "number"):
        # any other exception fails the test
        with contextlib.suppress(UnitError):
            assert math.isfinite(parse(text, kind))


@given(
    low=st.floats(1e-12, 1e-3),
    ratio=st.floats(1.001, 1e9),
    points=st.integers(2, 50),
    scale=st.sampled_from(["lin", "log"]),
)
@settings(deadline=None)
def test_ranges_rise_between_their_exact_ends(low, ratio, points, scale):
    high = low * ratio
    values = parse_vary(f"{low!r} A..{high!r} A:{scale}:{points}", "current")
    assert (len(values), values[0], values[-1]) == (points, low, high)
    assert all(a < b for a, b in pairwise(values))
    steps = [b / a if scale == "log" else (b - a) / high for a, b in pairwise(values)]
    # fourteen digits leave 5e-14 of a value; the difference of two steps holds four values
    assert max(steps) - min(steps) <= 4 * 5e-14 * max(1.0, *steps) * 1.1


@given(
    duration=st.floats(1e-6, 1e6),
    rate=st.floats(0.0, 1e11),
    ph=st.floats(0.0, 14.0),
    oxygen=st.floats(0.0, 10.0),
    celsius=st.integers(0, 100),
    count=st.integers(2, 1000),
)
@settings(deadline=None)
def test_a_record_gives_the_same_case_back(duration, rate, ph, oxygen, celsius, count):
    case = Case.from_dict(
        {
            "case": {"duration": f"{duration!r} s"},
            "beam": {"dose_rate": f"{rate!r} Gy/s"},
            "electrolyte": {"pH": ph, "concentrations": {"O2": f"{oxygen!r} mM"}, "temperature": f"{celsius} degC"},
            "output": {"count": count},
        }
    )
    again = Case.from_dict(case.record)
    assert again.record == case.record
    assert again.hash == case.hash


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
KEYS = {
    "case": ["title", "physics", "duration"],
    "beam": ["energy", "dose_rate", "schedule", "pulses", "frame", "mode"],
    "electrolyte": ["concentrations", "gases", "pH", "mechanism"],
    "output": ["times", "count", "from"],
}
SECTIONS = st.fixed_dictionaries(
    {}, optional={name: JSON | st.dictionaries(st.sampled_from(keys), JSON) for name, keys in KEYS.items()}
)


@given(data=JSON | SECTIONS | st.dictionaries(st.text(max_size=10), JSON, max_size=3))
@settings(deadline=None, max_examples=300)
def test_any_data_is_a_case_or_one_input_error(data):
    # any other exception fails the test
    with contextlib.suppress(InputError):
        assert Case.from_dict(data).input.case.duration > 0
