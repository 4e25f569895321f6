"""The parser of quantities: what a plain parser gets wrong, and what it must refuse."""

from __future__ import annotations

import math
import subprocess
import sys

import pint
import pytest

from simcell import units
from simcell.constants import AVOGADRO, ELEMENTARY_CHARGE
from simcell.units import UnitError, parse, parse_vary

KILO_VOLT = 1e3 * ELEMENTARY_CHARGE

# kind, SI value, spellings
SAME = [
    ("length", 5e-7, "500 nm | 500nm | 0.5 um | 0.5 µm | 0.5 \u03bcm | 0.5 µm | 5000 Å | 5000 \u212b | 5e3 angstrom"),
    ("length", 5e-7, "+500 nm |  500  nm  | 500\u00a0nm | 5e2 nm | 500. nm | 500 nanometer"),
    ("energy", 300 * KILO_VOLT, "300 kV | 300kV | 300 keV | 0.3 MeV | 300000 V | 4.806529902e-14 J"),
    ("temperature", 298.15, "25 degC | 25degC | 25 °C | 25 ℃ | 298.15 K | 298.15 kelvin"),
    ("flux", 1e21, "1000 e/nm^2/s | 1000 electron/nm^2/s | 1000 electrons/nm^2/s | 10 e/angstrom^2/s | 10 e/Å^2/s"),
    ("flux", 1e21, "10 e/Å²/s | 10 e-/Å²/s | 10 e⁻ Å⁻² s⁻¹ | 1000 1/nm^2/s | 1000/nm^2/s "
     "| 1000e/(nm^2 s) | 1e3e/nm**2/s"),
    ("fluence", 5e19, "50 e/nm^2 | 50 1/nm^2 | 0.5 e/Å^2"),
    ("dose_rate", 7.5e7, "7.5e7 Gy/s | 7.5e7Gy/s | 75 MGy/s | 75 kGy/ms | 7.5e7 W/kg | 7.5e7 J/kg/s | 7.5E+7 Gy/s"),
    ("concentration", 1.0, "1 mM | 1 mmol/L | 1 mol/m^3 | 1e-3 M | 1e3 uM | 1e3 µM | 1e6 nM "
     "| 1 mmol/liter | 1 mol m-3"),
    ("concentration", 1000.0, "1 M | 1 mol/L | 1 mol/dm^3"),
    ("pressure", 1e5, "1 bar | 1000 mbar | 100 kPa | 1e5 Pa | 1e5 N/m^2"),
    ("rate_2", 1.1e7, "1.1e10 L/mol/s | 1.1e10 1/M/s | 1.1e10 M^-1 s^-1 | 1.1e10 L mol-1 s-1 "
     "| 1.1e10 L/(mol s) | 1.1e7 m^3/mol/s"),
    ("rate_1", 2e3, "2e3 1/s | 2e3 /s | 2e3 s^-1 | 2e3 s-1 | 2 kHz"),
    ("rate_3", 1e4, "1e10 L^2/mol^2/s | 1e10 M^-2 s^-1"),
    ("g_value", 2.6 / AVOGADRO / (100 * ELEMENTARY_CHARGE), "2.6/(100 eV) | 2.6 /(100 eV) | 2.6 1/(100 eV) "
     "| 2.6 molecule/(100 eV)"),
    ("g_value", 2.7e-7, "0.27 umol/J | 0.27 µmol/J | 2.7e-7 mol/J"),
    ("diffusivity", 2.3e-9, "2.3e-9 m^2/s | 2.3e-5 cm^2/s | 2300 um^2/s"),
    ("thermal_conductivity", 0.6, "0.6 W/m/K | 0.6 W/(m K) | 6 mW/cm/K"),
    ("number", 1.5, "1.5 | 15e-1"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "texts"), SAME, ids=[f"{row[0]} {row[2][:8]}" for row in SAME])
def test_one_quantity_in_many_spellings(kind, value, texts):
    # equal to the last bit, as the hash of a case must not depend on the unit that it was written in; only where
    # the expected value itself is a quotient may one rounding differ
    found = {text: parse(text, kind) for text in texts.split("|")}
    assert len(set(found.values())) == 1, found
    assert found.popitem()[1] == pytest.approx(value, rel=3e-16, abs=0.0)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("1,5 nm", "length", 'comma; the decimal sign is a point, for example "1.5 nm"'),
        ("1000 e/A^2/s", "flux", "A is ampere"),
        ("1000 e/A2/s", "flux", "A is ampere"),
        ("1000 e A^-2 s^-1", "flux", "not a unit of flux"),
        ("50 e/A^2", "fluence", "angstrom^2"),
        ("1 Mrad/s", "dose_rate", "1 rad = 0.01 Gy"),
        ("1 Mrads/s", "dose_rate", "1 rad = 0.01 Gy"),
        ("1 Sv/s", "dose_rate", "not a unit of dose rate"),
        ("2.6 per 100 eV", "g_value", '"2.6/(100 eV)"'),
        ("2.6/100 eV", "g_value", "needs brackets"),
        ("5", "length", 'needs a unit, for example "5 nm"'),
        (5, "length", 'needs a unit, for example "5 nm"'),
        (1e-9, "length", 'needs a unit, for example "500 nm"'),
        (True, "length", "must be text"),
        (True, "number", "must be a number"),
        (None, "length", "must be text"),
        ("nan nm", "length", "finite"),
        ("NaN", "number", "finite"),
        (math.nan, "number", "finite"),
        (math.inf, "number", "finite"),
        ("-inf s", "time", "finite"),
        ("1e999999999 m", "length", "finite"),
        ("1e-999999999 m", "length", "too small"),
        ("9" * 200 + " m", "length", "longer"),
        ("-5 nm", "length", "below zero"),
        ("\u22125 nm", "length", "below zero"),
        ("0 K", "temperature", "above 0 K"),
        ("25 C", "temperature", "coulomb"),
        ("25 delta_degC", "temperature", "in degC or K"),
        ("0.6 W/m/degC", "thermal_conductivity", "0.6 W/m/K"),
        ("300 KV", "energy", 'did you mean "kV"'),
        ("300 kv", "energy", 'did you mean "kV"'),
        ("1 000 nm", "length", "second number"),
        ("5 nm 3", "length", "second number"),
        ("5 nm; 6 nm", "length", "character"),
        ("5_0 nm", "length", "character"),
        ("five nm", "length", "begin with a number"),
        ("nm", "length", "begin with a number"),
        ("(5 nm)", "length", "begin with a number"),
        ("--5 nm", "length", "begin with a number"),
        ("10^-9 m", "length", "written with e"),
        ("5 × 10^7 Gy/s", "dose_rate", "written with e"),
        ("5x10^7 Gy/s", "dose_rate", "written with e"),
        ("1..2 nm", "length", "range"),
        ("1 nm nm", "length", "not a unit of length"),
        ("1 (((nm", "length", "can read"),
        ("3 nm", "number", "takes no unit"),
        ("1 mM", "length", "not a unit of length"),
        ("1 g/L", "concentration", "write it in mol"),
        ("1 s", "rate_1", "not a unit of first-order rate constant"),
        ("1e10 1/s", "rate_2", "not a unit of second-order rate constant"),
    ],
)
def test_refused_with_a_reason(text, kind, words):
    with pytest.raises(UnitError) as caught:
        parse(text, kind)
    assert words in str(caught.value)
    assert caught.value.example


@pytest.mark.parametrize(
    "text", ["1 m**9**9**9**9", "1 m^9999999999", "1 9**9**9 m", "1 ((m)^12)^12", "1 " + "(" * 110, "1 " + "m/" * 55]
)
def test_no_text_keeps_the_parser_busy(text):
    # pint evaluates powers of whole numbers exactly: 9**9**9 would take hours and all memory
    with pytest.raises(UnitError):
        parse(text, "length")


def test_every_kind_reads_its_own_example_and_its_si_unit():
    for name, kind in units.kinds().items():
        assert math.isfinite(parse(kind.example, name)), name
        assert parse(f"1.0 {kind.si}".strip(), name) == 1.0, name


def test_si_units_are_read_by_pint_and_hold_the_same():
    # the labels that results carry; a result that pint cannot read back would be lost for its users
    registry = pint.UnitRegistry()
    for name, kind in units.kinds().items():
        base = registry.Quantity(1.0, kind.si).to_base_units().magnitude
        assert base == pytest.approx(1.0, rel=1e-15), name


def test_quantities_of_any_registry():
    other = pint.UnitRegistry()
    assert parse(other.Quantity(500, "nm"), "length") == 5e-7
    assert parse(other.Quantity(25, "degC"), "temperature") == 298.15
    assert parse(units.quantity(2.0, "kV"), "energy") == parse("2 kV", "energy")
    with pytest.raises(UnitError, match="not a unit of length"):
        parse(other.Quantity(5, "s"), "length")
    with pytest.raises(UnitError, match="not an array"):
        parse(other.Quantity([1.0, 2.0], "nm"), "length")


def test_plain_numbers_need_no_text():
    assert (parse(1.5, "number"), parse(3, "number")) == (1.5, 3.0)


def test_minus_zero_is_zero():
    assert math.copysign(1.0, parse("-0 nm", "length")) == 1.0


def test_ranges():
    assert parse_vary("100nm..500nm:lin:5", "length") == [1e-7, 2e-7, 3e-7, 4e-7, 5e-7]
    assert parse_vary("20um..200um:5", "length") == parse_vary("20um..200um:lin:5", "length")
    assert parse_vary("1Gy/s .. 1e10Gy/s : log : 11", "dose_rate") == [10.0**n for n in range(11)]
    assert parse_vary("1mm..1nm:log:3", "length") == [1e-3, 1e-6, 1e-9]  # downwards, units mixed
    assert parse_vary("25 degC, 40 degC", "temperature") == [298.15, 313.15]
    assert parse_vary("3..11:lin:9", "number") == [float(n) for n in range(3, 12)]


def test_ends_of_a_range_are_exact():
    values = parse_vary("0.1nm..0.7nm:log:13", "length")
    assert (values[0], values[-1]) == (parse("0.1nm", "length"), parse("0.7nm", "length"))


def test_importing_the_parser_does_not_import_pint():
    code = "import sys, simcell.units; sys.exit('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
